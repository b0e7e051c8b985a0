//! HEAD: the head of an answer without its body.
//!
//! ```text
//! straightwire serve --port 8000
//! cargo run -p straightwire --example head -- 127.0.0.1:8000
//! ```

use straightwire::HttpConnection;

fn main() -> straightwire::Result<()> {
    let Some(address) = std::env::args().nth(1) else {
        eprintln!("usage: head HOST:PORT");
        std::process::exit(2);
    };

    let mut conn = HttpConnection::new(&address)?;
    conn.request("HEAD", "/index.html", (), &[])?;
    let mut response = conn.get_response()?;
    println!("{} {}", response.status(), response.reason());
    for (name, value) in response.headers() {
        println!("{name}: {value}");
    }
    // Whatever Content-Length says, nothing follows.
    assert_eq!(response.read_all()?, b"");
    Ok(())
}
