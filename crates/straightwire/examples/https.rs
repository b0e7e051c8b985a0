//! HTTPS, trusting a certificate authority of one's own, and taking up the session again.
//!
//! ```text
//! straightwire serve --tls --port 8443           # tells where the authority's certificate is
//! cargo run -p straightwire --example https -- localhost:8443 CA.pem
//! ```

use straightwire::{HttpsConnection, Tls};

fn main() -> straightwire::Result<()> {
    let mut args = std::env::args().skip(1);
    let (Some(address), Some(ca)) = (args.next(), args.next()) else {
        eprintln!("usage: https HOST:PORT CA.pem");
        std::process::exit(2);
    };

    // Made once and cloned: connections with the same `Tls` share their sessions.
    let tls = Tls::builder().ca_file(ca).build()?;
    for _ in 0..2 {
        let mut conn = HttpsConnection::builder(&address).tls(tls.clone()).build()?;
        conn.request("GET", "/index.html", (), &[])?;
        if let Some(session) = conn.tls_session() {
            let how = if session.is_resumed() { "taken up again" } else { "new" };
            println!("{} with {}, {how}", session.version(), session.cipher());
        }
        let mut response = conn.get_response()?;
        let len = response.read_all()?.len();
        println!("{} {}, {len} bytes", response.status(), response.reason());
    }
    Ok(())
}
