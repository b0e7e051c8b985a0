//! `Expect: 100-continue`: a large body is sent only once the server wants it.
//!
//! ```text
//! straightwire serve --port 8000
//! cargo run -p straightwire --example expect_continue -- 127.0.0.1:8000
//! ```

use std::time::Duration;

use straightwire::{Expected, HttpConnection};

fn main() -> straightwire::Result<()> {
    let Some(address) = std::env::args().nth(1) else {
        eprintln!("usage: expect_continue HOST:PORT");
        std::process::exit(2);
    };

    let mut conn = HttpConnection::builder(&address).expect_timeout(Duration::from_secs(2)).build()?;
    let video = vec![0; 10_000_000];

    // With the header alone, `request` does all of it: once the server wants the body, and once it doesn't.
    for url in ["/upload", "/refuse?status=401"] {
        conn.request("PUT", url, &video, &[("Expect", "100-continue")])?;
        let response = conn.get_response()?;
        let was_wanted = response.interim().iter().any(|head| head.status() == 100);
        println!("{url}: {} {}, body sent: {was_wanted}", response.status(), response.reason());
    }

    // Step by step, for who wants to know what came of waiting.
    conn.put_request("PUT", "/upload")?;
    conn.put_header("Content-Length", video.len())?;
    conn.put_header("Expect", "100-continue")?;
    conn.end_headers()?;
    let expected = conn.wait_for_continue()?;
    println!("waiting: {expected:?}");
    if expected != Expected::Answer {
        conn.send(&video)?;
    }
    let mut response = conn.get_response()?;
    print!("{} {}", response.status(), String::from_utf8_lossy(&response.read_all()?));
    Ok(())
}
