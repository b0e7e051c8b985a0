//! A body that is written while it is sent: here JSON, row by row, and then a whole document.
//!
//! ```text
//! straightwire serve --port 8000
//! cargo run -p straightwire --example body_writer -- 127.0.0.1:8000
//! ```

use std::io::Write;

use straightwire::{Body, HttpConnection};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Some(address) = std::env::args().nth(1) else {
        eprintln!("usage: body_writer HOST:PORT");
        std::process::exit(2);
    };

    // Step by step: between the writes anything else may happen.
    let mut conn = HttpConnection::new(&address)?;
    conn.put_request("POST", "/upload")?;
    conn.put_header("Transfer-Encoding", "chunked")?;
    conn.put_header("Trailer", "Row-Count")?;
    conn.end_headers()?;
    let mut body = conn.body_writer()?;
    for number in 1..=10_000 {
        writeln!(body, r#"{{"row": {number}, "square": {}}}"#, number * number)?;
    }
    body.finish_with_trailers(&[("Row-Count", "10000")])?;
    let mut response = conn.get_response()?;
    println!("{} {}", response.status(), response.reason());
    println!("{}", String::from_utf8_lossy(&response.read_all()?));
    drop(response);

    // In one go: whatever writes to a `Write` can be the body.
    let document = serde_json::json!({ "spam": [1, 2, 3], "eggs": null });
    let body = Body::writer(|out| Ok(serde_json::to_writer_pretty(out, &document)?));
    conn.request("POST", "/echo", body, &[("Content-Type", "application/json")])?;
    let mut response = conn.get_response()?;
    println!("{} {}", response.status(), response.reason());
    println!("{}", String::from_utf8_lossy(&response.read_all()?));
    Ok(())
}
