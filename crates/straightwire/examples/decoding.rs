//! Content that comes compressed, and is read as what it was before.
//!
//! ```text
//! straightwire serve --port 8000
//! cargo run -p straightwire --features decode --example decoding -- 127.0.0.1:8000
//! ```

use std::io::{BufRead, Read};

use straightwire::{HttpConnection, accept_encoding};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Some(address) = std::env::args().nth(1) else {
        eprintln!("usage: decoding HOST:PORT");
        std::process::exit(2);
    };

    let mut conn = HttpConnection::new(&address)?;
    println!("Accept-Encoding: {}", accept_encoding());
    for coding in ["gzip", "deflate", "br", "zstd", "gzip,br"] {
        let target = format!("/encoded/{coding}/100000");
        conn.request("GET", &target, (), &[("Accept-Encoding", accept_encoding())])?;
        let mut response = conn.get_response()?;
        print!("{}: ", response.header_or("Content-Encoding", "as it is"));

        let mut content = response.decoded()?;
        let mut lines = 0;
        for line in content.by_ref().lines() {
            line?;
            lines += 1;
        }
        println!("{lines} lines out of {} bytes", content.bytes_in());
    }
    Ok(())
}
