//! Two requests on one connection.
//!
//! ```text
//! straightwire serve --port 8000
//! cargo run -p straightwire --example get -- 127.0.0.1:8000
//! ```

use straightwire::HttpConnection;

fn main() -> straightwire::Result<()> {
    let Some(address) = std::env::args().nth(1) else {
        eprintln!("usage: get HOST:PORT");
        std::process::exit(2);
    };

    let mut conn = HttpConnection::new(&address)?;
    conn.request("GET", "/index.html", (), &[])?;
    let mut response = conn.get_response()?;
    println!("{} {}", response.status(), response.reason());
    let page = response.read_all()?;
    println!("{} bytes", page.len());
    drop(response);

    conn.request("GET", "/parrot.spam", (), &[])?;
    let mut response = conn.get_response()?;
    println!("{} {}", response.status(), response.reason());
    println!("{}", String::from_utf8_lossy(&response.read_all()?));
    Ok(())
}
