//! A server that sends malformed header lines: refused, or read for what is sound in it.
//!
//! ```text
//! straightwire serve --port 8000
//! cargo run -p straightwire --example defects -- 127.0.0.1:8000
//! ```

use straightwire::{ErrorKind, HttpConnection, Policy};

fn main() -> straightwire::Result<()> {
    let Some(address) = std::env::args().nth(1) else {
        eprintln!("usage: defects HOST:PORT");
        std::process::exit(2);
    };

    let mut conn = HttpConnection::new(&address)?;
    conn.request("GET", "/bad-headers", (), &[])?;
    match conn.get_response() {
        Err(err) if err.kind() == ErrorKind::BadHeader => println!("{err}"),
        other => println!("status {}", other?.status()),
    }

    // A bad line costs itself and no other.
    let mut conn = HttpConnection::builder(&address).policy(Policy::lenient()).build()?;
    conn.request("GET", "/bad-headers", (), &[])?;
    let mut response = conn.get_response()?;
    println!("\n{} {}\n{}", response.status(), response.reason(), response.headers());
    for defect in response.headers().defects() {
        println!("left out: line {}, {}: {}", defect.line(), defect.reason(), defect.text().escape_ascii());
    }

    // Values are bytes. Read as ISO-8859-1 none is lost; most that go beyond ASCII are meant as UTF-8.
    if let Some(text) = response.headers().get_utf8("X-Text") {
        println!("X-Text in UTF-8: {text}");
    }
    print!("{}", String::from_utf8_lossy(&response.read_all()?));
    Ok(())
}
