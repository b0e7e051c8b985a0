//! A body read in pieces, never held whole.
//!
//! ```text
//! straightwire serve --port 8000
//! cargo run -p straightwire --example streamed_read -- 127.0.0.1:8000
//! ```

use straightwire::HttpConnection;

fn main() -> straightwire::Result<()> {
    let Some(address) = std::env::args().nth(1) else {
        eprintln!("usage: streamed_read HOST:PORT");
        std::process::exit(2);
    };

    let mut conn = HttpConnection::new(&address)?;
    conn.request("GET", "/chunked/1000/300", (), &[])?;
    let mut response = conn.get_response()?;
    println!("{} {}, {:?}", response.status(), response.reason(), response.framing());
    let mut piece = [0; 200];
    loop {
        let len = response.read_into(&mut piece)?;
        if len == 0 {
            break;
        }
        println!("{len} bytes: {}...", piece[..len.min(10)].escape_ascii());
    }
    Ok(())
}
