//! Several requests on their way at once, answered in order.
//!
//! ```text
//! straightwire serve --port 8000
//! cargo run -p straightwire --example pipelining -- 127.0.0.1:8000
//! ```

use straightwire::HttpConnection;

fn main() -> straightwire::Result<()> {
    let Some(address) = std::env::args().nth(1) else {
        eprintln!("usage: pipelining HOST:PORT");
        std::process::exit(2);
    };

    let mut conn = HttpConnection::new(&address)?;
    let mut pipeline = conn.pipeline()?;
    for length in 1..=5 {
        pipeline.request("GET", &format!("/bytes/{length}00000"), (), &[])?;
    }
    println!("{} requests are out or on their way", pipeline.pending());
    while pipeline.pending() > 0 {
        println!("{} bytes", pipeline.get_response()?.read_all()?.len());
    }

    // A server may close at any time. What it has not answered is told, and nothing is repeated by itself.
    for url in ["/index.html", "/close", "/bytes/10"] {
        pipeline.request("GET", url, (), &[])?;
    }
    let failed = loop {
        match pipeline.get_response() {
            Ok(mut response) => println!("{} with {} bytes", response.status(), response.read_all()?.len()),
            Err(err) => break err,
        }
    };
    println!("{failed}");
    let again: Vec<String> = pipeline
        .unanswered()
        .filter(|request| request.is_idempotent() || !request.was_sent())
        .map(|request| request.url().to_owned())
        .collect();
    drop(pipeline);
    for url in again {
        conn.request("GET", &url, (), &[])?;
        println!("{url} again: {}", conn.get_response()?.status());
    }
    Ok(())
}
