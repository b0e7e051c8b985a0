//! A server that sends a little at a time, for ever: the deadline ends it, and what came is kept. Enter ends it
//! sooner, from another thread.
//!
//! ```text
//! straightwire serve --port 8000
//! cargo run -p straightwire --example deadline -- 127.0.0.1:8000
//! ```

use std::thread;
use std::time::Duration;

use straightwire::{Canceller, HttpConnection};

fn main() -> straightwire::Result<()> {
    let Some(address) = std::env::args().nth(1) else {
        eprintln!("usage: deadline HOST:PORT");
        std::process::exit(2);
    };

    let stop = Canceller::new();
    let mut conn = HttpConnection::builder(&address)
        .timeout(Duration::from_secs(2)) // each wait: never reached here
        .deadline(Duration::from_secs(5)) // all of it
        .canceller(&stop)
        .build()?;
    thread::spawn(move || {
        // At the end of the input nobody is there to stop anything.
        if matches!(std::io::stdin().read_line(&mut String::new()), Ok(1..)) {
            stop.cancel();
        }
    });

    conn.request("GET", "/drip?bytes=120&piece=1&pause_ms=500", (), &[])?;
    match conn.get_response()?.read_all() {
        Ok(body) => println!("all {} bytes came", body.len()),
        Err(err) => println!("{err} (phase {:?}, {} bytes came)", err.phase(), err.partial().len()),
    }
    Ok(())
}
