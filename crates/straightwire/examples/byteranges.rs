//! Several parts of a resource by one request.
//!
//! ```text
//! straightwire serve --port 8000
//! cargo run -p straightwire --example byteranges -- 127.0.0.1:8000
//! ```

use straightwire::{ByteRanges, HttpConnection};

fn main() -> straightwire::Result<()> {
    let Some(address) = std::env::args().nth(1) else {
        eprintln!("usage: byteranges HOST:PORT");
        std::process::exit(2);
    };

    let wanted = ByteRanges::new(..100)?.and(5_000..=5_009)?.and_last(50)?.to_string();
    println!("Range: {wanted}");
    let mut conn = HttpConnection::new(&address)?;
    conn.request("GET", "/bytes/100000", (), &[("Range", &wanted)])?;
    let mut response = conn.get_response()?;
    println!("{} {}", response.status(), response.reason());

    let mut parts = response.range_parts()?;
    while let Some(mut part) = parts.next_part()? {
        let bytes = part.read_all()?;
        println!("{}: {} bytes, {:02x?}...", part.content_range(), bytes.len(), &bytes[..4]);
    }
    Ok(())
}
