//! Early hints: what a page will need is asked for while the server is still at work on the page.
//!
//! ```text
//! straightwire serve --port 8000
//! cargo run -p straightwire --example interim -- 127.0.0.1:8000
//! ```

use std::sync::mpsc;
use std::thread;

use straightwire::HttpConnection;

fn main() -> straightwire::Result<()> {
    let Some(address) = std::env::args().nth(1) else {
        eprintln!("usage: interim HOST:PORT");
        std::process::exit(2);
    };

    // Called as each 1xx comes, on the thread that waits for the page. The work is done on another.
    let (preload, links) = mpsc::channel();
    let mut conn = HttpConnection::builder(&address)
        .on_interim(move |head| {
            println!("{} {}", head.status(), head.reason());
            for link in head.headers().get_all("Link").filter(|_| head.status() == 103) {
                preload.send(link.into_owned()).ok();
            }
        })
        .build()?;
    let preloading = thread::spawn(move || {
        for link in links {
            // A real client would now ask for it, on a connection of its own.
            println!("to preload: {link}");
        }
    });

    conn.request("GET", "/early-hints", (), &[])?;
    let mut response = conn.get_response()?;
    println!("{} {}", response.status(), response.reason());
    println!("{} came before it", response.interim().len());
    print!("{}", String::from_utf8_lossy(&response.read_all()?));
    drop(response);
    drop(conn);
    preloading.join().expect("it does not panic");
    Ok(())
}
