//! A body whose length nobody knows yet, sent piece by piece as an iterator gives it.
//!
//! ```text
//! straightwire serve --port 8000
//! cargo run -p straightwire --example chunked_upload -- 127.0.0.1:8000
//! ```

use straightwire::{Body, HttpConnection};

fn main() -> straightwire::Result<()> {
    let Some(address) = std::env::args().nth(1) else {
        eprintln!("usage: chunked_upload HOST:PORT");
        std::process::exit(2);
    };

    let squares = (1..=5).map(|number| format!("{}\n", number * number));
    let mut conn = HttpConnection::new(&address)?;
    conn.request("POST", "/echo", Body::chunks(squares), &[("Content-Type", "text/plain")])?;
    let mut response = conn.get_response()?;
    println!("{} {}", response.status(), response.reason());
    print!("{}", String::from_utf8_lossy(&response.read_all()?));
    Ok(())
}
