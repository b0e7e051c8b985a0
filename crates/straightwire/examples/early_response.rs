//! A server that has heard enough: its answer is there before the body is out.
//!
//! ```text
//! straightwire serve --port 8000
//! cargo run -p straightwire --example early_response -- 127.0.0.1:8000
//! ```

use std::io;

use straightwire::{Body, ErrorKind, HttpConnection};

fn main() -> straightwire::Result<()> {
    let Some(address) = std::env::args().nth(1) else {
        eprintln!("usage: early_response HOST:PORT");
        std::process::exit(2);
    };

    // A body without end. The connection listens while it sends, and stops when it is answered.
    let mut conn = HttpConnection::new(&address)?;
    conn.request("POST", "/refuse?status=413", Body::reader(io::repeat(b'x')), &[])?;
    let response = conn.get_response()?;
    println!("{} {}", response.status(), response.reason());
    println!("closed after it: {:?}", response.close_reason());
    drop(response);

    // Step by step, `send` tells that no more is wanted.
    conn.put_request("POST", "/refuse?status=401")?;
    conn.put_header("Transfer-Encoding", "chunked")?;
    conn.end_headers()?;
    let mut sent = 0;
    loop {
        match conn.send(&[b'x'; 10_000]) {
            Ok(()) => sent += 1,
            Err(err) if err.kind() == ErrorKind::AnsweredEarly => break,
            Err(err) => return Err(err),
        }
    }
    println!("{} after {sent} pieces", conn.get_response()?.status());
    Ok(())
}
