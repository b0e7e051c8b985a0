//! A body saved to a file, telling how far it is.
//!
//! ```text
//! straightwire serve --port 8000
//! cargo run -p straightwire --example download -- 127.0.0.1:8000 [FILE]
//! ```

use std::fs::File;

use straightwire::{HttpConnection, Progress};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let Some(address) = args.next() else {
        eprintln!("usage: download HOST:PORT [FILE]");
        std::process::exit(2);
    };
    let path = args.next().map_or_else(|| std::env::temp_dir().join("straightwire-download"), Into::into);

    let mut conn = HttpConnection::new(&address)?;
    conn.request("GET", "/bytes/20000000", (), &[])?;
    let mut response = conn.get_response()?;
    println!("{} {}", response.status(), response.reason());

    let mut percent = 0;
    let total = response.remaining();
    let mut file = Progress::new(File::create(&path)?, total, |so_far, total| {
        // With a progress bar, such as indicatif's: bar.set_position(so_far)
        let now = so_far * 100 / total.unwrap_or(so_far).max(1);
        if now >= percent + 20 {
            percent = now;
            println!("{now} %");
        }
    });
    match response.copy_to(&mut file) {
        Ok(len) => println!("{len} bytes are in {path:?}"),
        Err(err) => {
            // What has come is there: a request with `Range` could go on from here.
            println!("only {} bytes are in {path:?}", err.saved());
            return Err(err.into());
        }
    }
    Ok(())
}
