//! PUT, which makes a file on the server.
//!
//! ```text
//! straightwire serve --port 8000
//! cargo run -p straightwire --example put -- 127.0.0.1:8000
//! cargo run -p straightwire --example put -- 127.0.0.1:8000 some/file
//! ```

use std::fs::File;

use straightwire::{Body, HttpConnection};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let Some(address) = args.next() else {
        eprintln!("usage: put HOST:PORT [FILE]");
        std::process::exit(2);
    };

    // A text has a length to tell; a file is sent in chunks, to wherever it ends.
    let body = match args.next() {
        Some(path) => Body::from(File::open(path)?),
        None => Body::from("What the file is to hold.\n"),
    };
    let mut conn = HttpConnection::new(&address)?;
    conn.request("PUT", "/files/notes.txt", body, &[])?;
    let response = conn.get_response()?;
    println!("{} {}", response.status(), response.reason());
    drop(response);

    conn.request("GET", "/files/notes.txt", (), &[])?;
    println!("{} bytes there now", conn.get_response()?.read_all()?.len());
    Ok(())
}
