//! A file, sent no faster than it should be, telling how far it is.
//!
//! ```text
//! straightwire serve --port 8000
//! cargo run -p straightwire --example upload_file -- 127.0.0.1:8000 [FILE [BYTES_PER_SECOND]]
//! ```
//!
//! With nobody watching the wire, Linux sends a large file by itself (`sendfile`).

use std::fs::File;

use straightwire::{Body, HttpConnection};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let Some(address) = args.next() else {
        eprintln!("usage: upload_file HOST:PORT [FILE [BYTES_PER_SECOND]]");
        std::process::exit(2);
    };
    // This program itself, if no other file is named.
    let path = args.next().map_or_else(std::env::current_exe, |path| Ok(path.into()))?;
    let rate = args.next().map_or(Ok(100_000_000), |rate| rate.parse())?;

    let mut percent = 0;
    let body = Body::file(File::open(&path)?)?.throttle(rate).progress(|sent, total| {
        // With a progress bar, such as indicatif's: bar.set_position(sent)
        let now = sent * 100 / total.unwrap_or(sent).max(1);
        if now >= percent + 20 {
            percent = now;
            println!("{now} % of {path:?}");
        }
    });
    let mut conn = HttpConnection::new(&address)?;
    conn.request("PUT", "/upload", body, &[])?;
    let mut response = conn.get_response()?;
    println!("{} {}", response.status(), response.reason());
    println!("{}", String::from_utf8_lossy(&response.read_all()?));
    Ok(())
}
