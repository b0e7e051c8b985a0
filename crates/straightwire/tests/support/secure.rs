//! Servers that speak TLS, and connections to them that trust them.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::LazyLock;

use origin::certificates::{Authority, Identity};
use origin::{Origin, Script, Scripted, TlsSetup, pattern};
use straightwire::{
    ConnectionBuilder, Error, ErrorKind, HttpConnection, HttpsConnection, Phase, Tls, TlsBuilder,
};

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

/// To the origin with these settings.
pub(crate) fn with(origin: &Origin, tls: TlsBuilder) -> ConnectionBuilder<HttpsConnection> {
    https(origin.addr()).tls(tls.build().unwrap())
}

/// A page, byte for byte.
#[track_caller]
pub(crate) fn get(conn: &mut HttpConnection) {
    conn.request("GET", "/bytes/1000", (), &[]).unwrap();
    assert!(conn.get_response().unwrap().read_all().unwrap() == pattern::bytes(1000));
}

/// The kind and phase of what connecting ends with, and its words.
#[track_caller]
pub(crate) fn fails(builder: ConnectionBuilder<HttpsConnection>, kind: ErrorKind) -> String {
    let mut conn = builder.build().unwrap();
    let err = conn.request("GET", "/secret", (), &[]).unwrap_err();
    assert_eq!((err.kind(), err.phase()), (kind, Some(Phase::Tls)), "{err}");
    assert!(!conn.is_connected() && conn.tls_session().is_none());
    err.to_string()
}

/// A proxy refuses the tunnel.
#[track_caller]
pub(crate) fn refused(conn: &mut HttpConnection) -> Error {
    let err = conn.request("GET", "/secret", (), &[]).unwrap_err();
    assert_eq!((err.kind(), err.phase()), (ErrorKind::TunnelFailed, Some(Phase::Proxy)), "{err}");
    assert!(err.is_io() && !err.is_peer() && !err.is_caller());
    assert!(!conn.is_connected());
    err
}
