//! The steps that `request` is made of, for what it can't say: here a body sent in pieces, and trailers.
//!
//! ```text
//! straightwire serve --port 8000
//! cargo run -p straightwire --example step_by_step -- 127.0.0.1:8000
//! ```

use straightwire::HttpConnection;

fn main() -> straightwire::Result<()> {
    let Some(address) = std::env::args().nth(1) else {
        eprintln!("usage: step_by_step HOST:PORT");
        std::process::exit(2);
    };

    let mut conn = HttpConnection::new(&address)?;
    conn.put_request("POST", "/anything")?;
    conn.put_header("Accept", ["application/json", "text/plain"])?;
    conn.put_header("Transfer-Encoding", "chunked")?;
    conn.put_header("Trailer", "Pieces")?;
    conn.end_headers()?;
    conn.send("first, ")?;
    conn.send("second")?;
    conn.finish_with_trailers(&[("Pieces", "2")])?;

    let mut response = conn.get_response()?;
    println!("{} {}", response.status(), response.reason());
    print!("{}", String::from_utf8_lossy(&response.read_all()?));
    Ok(())
}
