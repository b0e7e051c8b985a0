//! A server that closes kept connections without a word. One found closed is opened anew; where it closes while
//! the next request is on its way, the request is sent once more, if the connection may do so.
//!
//! ```text
//! straightwire serve --port 8000
//! cargo run -p straightwire --example stale -- 127.0.0.1:8000
//! ```

use std::thread;
use std::time::Duration;

use straightwire::{HttpConnection, Repeat};

fn main() -> straightwire::Result<()> {
    let Some(address) = std::env::args().nth(1) else {
        eprintln!("usage: stale HOST:PORT");
        std::process::exit(2);
    };

    // This server answers as if the connection stayed, and closes it right after.
    let mut conn = HttpConnection::new(&address)?;
    get(&mut conn, "/hang-up")?;
    while conn.is_reusable() {
        thread::sleep(Duration::from_millis(10));
    }
    println!("closed by now");
    get(&mut conn, "/index.html")?; // looks first, and opens a new one

    // This one closes when the next request comes in: no look could have told.
    get(&mut conn, "/hang-up?when=asked")?;
    if let Err(err) = get(&mut conn, "/index.html") {
        println!("GET /index.html: {err}");
    }

    // GET can do no harm twice (RFC 9110 section 9.2.2), so it may be repeated.
    let mut conn = HttpConnection::builder(&address).repeat(Repeat::Idempotent).build()?;
    get(&mut conn, "/hang-up?when=asked")?;
    get(&mut conn, "/index.html")
}

fn get(conn: &mut HttpConnection, path: &str) -> straightwire::Result<()> {
    conn.request("GET", path, (), &[])?;
    let response = conn.get_response()?;
    let again = if response.was_repeated() { ", sent twice" } else { "" };
    println!("GET {path}: {}{again}", response.status());
    Ok(())
}
