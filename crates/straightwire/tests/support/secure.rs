//! Servers that speak TLS, and connections to them that trust them.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::LazyLock;

use origin::certificates::{Authority, Identity};
use origin::{Origin, Script, Scripted, TlsSetup};
use straightwire::{ConnectionBuilder, HttpsConnection, Tls, TlsBuilder};

use crate::support::PATIENCE;

/// Who vouches for the servers.
pub(crate) static AUTHORITY: LazyLock<Authority> = LazyLock::new(Authority::new);

/// What the servers are called.
pub(crate) const NAME: &str = "origin.test";

pub(crate) fn identity() -> Identity {
    AUTHORITY.issue(&[NAME, "localhost", "127.0.0.1", "::1"])
}

pub(crate) fn setup() -> TlsSetup {
    TlsSetup::new(&identity())
}

pub(crate) fn origin_tls() -> Origin {
    Origin::start_tls(&setup()).unwrap()
}

/// As `support::serve`, inside TLS.
pub(crate) fn serve_tls<const N: usize>(scripts: [Script; N]) -> Scripted {
    Scripted::start_tls(&setup(), scripts.into()).unwrap()
}

pub(crate) fn trusting() -> TlsBuilder {
    Tls::builder().ca_pem(AUTHORITY.root_pem())
}

pub(crate) fn tls() -> Tls {
    trusting().build().unwrap()
}

/// To the server at this address, by its name.
pub(crate) fn https(addr: SocketAddr) -> ConnectionBuilder<HttpsConnection> {
    HttpsConnection::builder(NAME)
        .port(addr.port())
        .resolve_to(NAME, addr.port(), &[Ipv4Addr::LOCALHOST.into()])
        .tls(tls())
        .timeout(PATIENCE)
}

/// A connection to the server on which a GET was sent.
pub(crate) fn asked_tls(server: &Scripted) -> HttpsConnection {
    let mut conn = https(server.addr()).build().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    conn
}
