//! A download that is cut off: an error that keeps what had arrived, or, for those who ask for it, a body that just
//! ends.
//!
//! ```text
//! straightwire serve --port 8000
//! cargo run -p straightwire --example truncation -- 127.0.0.1:8000
//! ```

use straightwire::{ErrorKind, HttpConnection, Policy};

fn main() -> straightwire::Result<()> {
    let Some(address) = std::env::args().nth(1) else {
        eprintln!("usage: truncation HOST:PORT");
        std::process::exit(2);
    };

    // 1000 bytes are promised, and the connection ends after 400.
    let mut conn = HttpConnection::new(&address)?;
    conn.request("GET", "/truncated/1000/400", (), &[])?;
    match conn.get_response()?.read_all() {
        Ok(body) => println!("all {} bytes are here", body.len()),
        Err(err) if err.kind() == ErrorKind::IncompleteRead => {
            println!("{err}");
            println!("missing: {:?}", err.expected());
            println!("kept: {} bytes", err.into_partial().len());
        }
        Err(err) => return Err(err),
    }

    // As http.client's `read(n)` has it: the body ends, and the response tells that it is not whole.
    let policy = Policy { truncated_body: true, ..Policy::strict() };
    let mut conn = HttpConnection::builder(&address).policy(policy).build()?;
    for url in ["/truncated/1000/400", "/truncated/1000/400?chunked=1", "/bytes/400"] {
        conn.request("GET", url, (), &[])?;
        let mut response = conn.get_response()?;
        let body = response.read_all()?;
        println!("{url}: {} bytes, truncated: {}", body.len(), response.is_truncated());
    }
    Ok(())
}
