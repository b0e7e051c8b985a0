//! A server behind a Unix socket, such as Docker's.
//!
//! ```text
//! cargo run -p straightwire --example unix_socket -- /var/run/docker.sock /_ping
//! ```

#[cfg(unix)]
fn main() -> straightwire::Result<()> {
    let mut args = std::env::args().skip(1);
    let (Some(socket), Some(path)) = (args.next(), args.next()) else {
        eprintln!("usage: unix_socket SOCKET PATH");
        std::process::exit(2);
    };

    // The host is what the server is told in `Host`; nobody looks it up.
    let mut conn = straightwire::HttpConnection::builder("localhost").unix_socket(socket).build()?;
    conn.request("GET", &path, (), &[])?;
    let mut response = conn.get_response()?;
    println!("{} {}", response.status(), response.reason());
    println!("{}", String::from_utf8_lossy(&response.read_all()?));
    Ok(())
}

#[cfg(not(unix))]
fn main() {
    eprintln!("there are no Unix sockets on this system");
}
