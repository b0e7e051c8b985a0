//! A change of protocol: the connection becomes a stream of bytes, which speaks whatever was agreed on. A WebSocket
//! library takes over in just this way.
//!
//! ```text
//! straightwire serve --port 8000
//! cargo run -p straightwire --example upgrade -- 127.0.0.1:8000
//! ```

use std::io::{Read, Write};
use std::time::Duration;

use straightwire::transport::Transport;
use straightwire::{Framing, HttpConnection};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Some(address) = std::env::args().nth(1) else {
        eprintln!("usage: upgrade HOST:PORT");
        std::process::exit(2);
    };

    let mut conn = HttpConnection::new(&address)?;
    let headers = [("Connection", "Upgrade"), ("Upgrade", "echo")];
    conn.request("GET", "/upgrade?ahead=welcome", (), &headers)?;
    let mut response = conn.get_response()?;
    println!("{} {}", response.status(), response.reason());
    if response.framing() != Framing::Switched {
        // A server need not change; then this is an ordinary answer.
        println!("{}", String::from_utf8_lossy(&response.read_all()?));
        return Ok(());
    }
    println!("Upgrade: {}", response.header_or("Upgrade", "not told"));

    // From here on it is no longer HTTP. What came right behind the head is read first.
    let mut stream = response.into_upgraded()?;
    stream.set_timeouts(Some(Duration::from_secs(5)), None)?;
    let mut greeting = [0; 7];
    stream.read_exact(&mut greeting)?;
    println!("first: {}", greeting.escape_ascii());
    for word in ["one", "two", "three"] {
        stream.write_all(word.as_bytes())?;
        let mut back = vec![0; word.len()];
        stream.read_exact(&mut back)?;
        println!("echo: {}", back.escape_ascii());
    }
    drop(stream);

    // The connection opens a new stream for its next request.
    conn.request("GET", "/index.html", (), &[])?;
    println!("and again HTTP: {}", conn.get_response()?.status());
    Ok(())
}
