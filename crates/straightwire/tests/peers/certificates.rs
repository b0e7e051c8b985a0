//! Certificates for the servers, and clients that trust who signed them.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::LazyLock;

use origin::certificates::{Authority, Identity};
use straightwire::{ConnectionBuilder, HttpsConnection, Tls, TlsBuilder};

use crate::peer::{Client, PATIENCE};

/// What the servers are called.
pub(crate) const NAME: &str = "localhost";

/// Signs what the servers show.
pub(crate) static AUTHORITY: LazyLock<Authority> = LazyLock::new(Authority::new);

/// A server's certificate with nothing wrong.
pub(crate) fn sound() -> Identity {
    AUTHORITY.issue(&[NAME, "127.0.0.1"])
}

/// Puts what a server shows into its folder: `chain.pem`, `key.pem`, and `authority.pem` to check clients
/// against.
pub(crate) fn write(identity: &Identity, folder: &Path) {
    fs::write(folder.join("chain.pem"), identity.chain_pem()).unwrap();
    fs::write(folder.join("key.pem"), identity.key_pem()).unwrap();
    fs::write(folder.join("authority.pem"), AUTHORITY.root_pem()).unwrap();
}

/// Trusts the authority and no other.
pub(crate) fn trusting() -> TlsBuilder {
    Tls::builder().ca_pem(AUTHORITY.root_pem().as_bytes())
}

/// The same for all, and so with one store of sessions for all.
pub(crate) fn tls() -> Tls {
    static TLS: LazyLock<Tls> = LazyLock::new(|| trusting().build().unwrap());
    TLS.clone()
}

/// To a server with TLS on this port.
pub(crate) fn client(port: u16) -> Client {
    Box::new(builder(port, tls()).build().unwrap())
}

/// To a server with TLS on this port, which is looked for at 127.0.0.1 alone.
pub(crate) fn builder(port: u16, tls: Tls) -> ConnectionBuilder<HttpsConnection> {
    let builder = HttpsConnection::builder(NAME).port(port).tls(tls).timeout(PATIENCE);
    builder.resolve_to(NAME, port, &[IpAddr::V4(Ipv4Addr::LOCALHOST)])
}
