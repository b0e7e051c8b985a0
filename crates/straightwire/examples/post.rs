//! POST of a form.
//!
//! ```text
//! straightwire serve --port 8000
//! cargo run -p straightwire --example post -- 127.0.0.1:8000
//! ```

use straightwire::HttpConnection;

fn main() -> straightwire::Result<()> {
    let Some(address) = std::env::args().nth(1) else {
        eprintln!("usage: post HOST:PORT");
        std::process::exit(2);
    };

    let params = "spam=1&eggs=2&bacon=0";
    let headers = [("Content-type", "application/x-www-form-urlencoded"), ("Accept", "text/plain")];
    let mut conn = HttpConnection::new(&address)?;
    conn.request("POST", "/cgi-bin/query", params, &headers)?;
    let mut response = conn.get_response()?;
    println!("{} {}", response.status(), response.reason());
    print!("{}", String::from_utf8_lossy(&response.read_all()?));
    Ok(())
}
