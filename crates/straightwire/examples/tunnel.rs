//! HTTPS through a proxy that wants a password.
//!
//! ```text
//! cargo run -p straightwire --example tunnel -- proxy.example:3128 user password www.python.org
//! ```

use straightwire::{ErrorKind, HttpsConnection, basic_credentials};

fn main() -> straightwire::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [proxy, user, password, host] = &*args else {
        eprintln!("usage: tunnel PROXY:PORT USER PASSWORD HOST[:PORT]");
        std::process::exit(2);
    };

    let credentials = basic_credentials(user, password);
    let mut conn = HttpsConnection::new(proxy)?;
    conn.set_tunnel(host, None, &[("Proxy-Authorization", &credentials)])?;
    match conn.request("GET", "/", (), &[]) {
        Err(err) if err.kind() == ErrorKind::TunnelFailed => {
            println!("{err}");
            if let Some(answer) = conn.proxy_response() {
                println!("{}", String::from_utf8_lossy(answer.body_start()));
            }
            return Ok(());
        }
        sent => sent?,
    }
    let mut response = conn.get_response()?;
    let len = response.read_all()?.len();
    println!("{} {}, {len} bytes", response.status(), response.reason());
    Ok(())
}
