//! SOCKS through microsocks, to nginx and to Python's server.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use straightwire::{ConnectionBuilder, ErrorKind, HttpConnection, HttpsConnection, Phase, Socks5};

use crate::certificates::{AUTHORITY, NAME, tls};
use crate::peer::{Client, PATIENCE, Peer};
use crate::proxies::{self, Access, PASSWORD, USER};
use crate::site::{self, HELLO};
use crate::{nginx, python};

/// The proxy on this port.
fn proxy_at(port: u16) -> Socks5 {
    Socks5::new(&format!("127.0.0.1:{port}")).unwrap()
}

/// The same, which wants a password and is told this one.
fn proxy_told(port: u16, user: &str, password: &str) -> Socks5 {
    proxy_at(port).credentials(user, password).unwrap()
}

/// TLS to the server on this port, whose name the proxy looks up.
fn https_by(proxy: Socks5, port: u16) -> ConnectionBuilder<HttpsConnection> {
    // The proxy's own address is none to look up.
    let nobody = |host: &str, _: u16| -> io::Result<Vec<SocketAddr>> { panic!("{host} is looked up") };
    let builder = HttpsConnection::builder(NAME).port(port).tls(tls()).timeout(PATIENCE);
    builder.resolver(nobody).socks5(proxy)
}

#[track_caller]
fn served(conn: &mut HttpConnection) {
    conn.request("GET", HELLO, (), &[]).unwrap();
    let mut response = conn.get_response().unwrap();
    assert_eq!((response.status(), response.read_all().unwrap()), (200, site::contents(HELLO)));
}

#[track_caller]
fn refused(conn: &mut HttpConnection, why: &str) {
    for _ in 0..2 {
        let err = conn.request("POST", "/secret", "secret", &[]).unwrap_err();
        assert_eq!((err.kind(), err.phase()), (ErrorKind::SocksFailed, Some(Phase::Proxy)), "{err}");
        assert!(err.to_string().contains(why), "{err}");
        assert!(!conn.is_connected());
    }
}

/// TLS to nginx, in front of `server.py`, by way of a proxy that wants a password.
fn nginx_with_tls() -> Option<Peer> {
    let proxy = proxies::microsocks(Access::Password)?;
    let proxy_port = proxy.port();
    let server = nginx::start_as_proxy_with_tls()?;
    Some(server.reached_through(vec![proxy], move |port| {
        let socks = proxy_told(proxy_port, USER, PASSWORD);
        Box::new(https_by(socks, port).build().unwrap())
    }))
}

proxy_checks!(nginx_with_tls);

mod plain {
    use super::*;

    fn start() -> Option<Peer> {
        let proxy = proxies::microsocks(Access::Free)?;
        let proxy_port = proxy.port();
        Some(python::start()?.reached_through(vec![proxy], move |port| -> Client {
            let builder = HttpConnection::builder("127.0.0.1").port(port).timeout(PATIENCE);
            Box::new(Box::new(builder.socks5(proxy_at(proxy_port)).build().unwrap()))
        }))
    }

    checks!(start =>
        connections::a_thousand_requests_go_over_one_connection,
        bodies::trailers_come_after_chunks,
        bodies::an_upload_step_by_step_comes_back,
        bodies::chunks_that_break_off_are_an_error,
    );
}

/// A name that only the client knows.
#[test]
fn a_name_can_be_looked_up_here() {
    let name = "nowhere.test";
    let Some(proxy) = proxies::microsocks(Access::Free) else { return };
    let Some(server) = nginx::start_as_identity(&AUTHORITY.issue(&[name]), "") else { return };
    let socks = proxy_at(proxy.port()).resolve_locally(true);
    let builder = HttpsConnection::builder(name).port(server.port()).tls(tls()).timeout(PATIENCE);
    let builder = builder.resolve_to(name, server.port(), &[IpAddr::V4(Ipv4Addr::LOCALHOST)]);
    served(&mut builder.socks5(socks).build().unwrap());
}

#[test]
fn a_password_that_is_wrong_or_missing_is_told() {
    let Some(proxy) = proxies::microsocks(Access::Password) else { return };
    let Some(server) = nginx::start_with_tls() else { return };
    let told = |user, password| proxy_told(proxy.port(), user, password);
    for wrong in [told(USER, "wrong"), told("nobody", PASSWORD)] {
        refused(&mut https_by(wrong, server.port()).build().unwrap(), "password");
    }
    refused(&mut https_by(proxy_at(proxy.port()), server.port()).build().unwrap(), "");
    served(&mut https_by(told(USER, PASSWORD), server.port()).build().unwrap());
    assert!(!server.log().contains("/secret"));
}

/// A password that nobody asks for does no harm.
#[test]
fn a_password_may_be_there_for_nothing() {
    let Some(proxy) = proxies::microsocks(Access::Free) else { return };
    let Some(server) = nginx::start_with_tls() else { return };
    let socks = proxy_told(proxy.port(), USER, PASSWORD);
    served(&mut https_by(socks, server.port()).build().unwrap());
}

#[test]
fn a_server_that_is_down_is_told_by_the_proxy() {
    let Some(proxy) = proxies::microsocks(Access::Free) else { return };
    let Some(mut server) = nginx::start_with_tls() else { return };
    let mut conn = https_by(proxy_at(proxy.port()), server.port()).build().unwrap();
    served(&mut conn);
    server.stop();
    conn.close();
    refused(&mut conn, "refused");
    server.start_again();
    served(&mut conn);
}

#[test]
fn a_proxy_that_is_down_is_told() {
    let Some(mut proxy) = proxies::microsocks(Access::Free) else { return };
    let Some(server) = nginx::start_with_tls() else { return };
    let mut conn = https_by(proxy_at(proxy.port()), server.port()).build().unwrap();
    served(&mut conn);
    proxy.stop();
    for _ in 0..2 {
        let err = conn.request("GET", HELLO, (), &[]).unwrap_err();
        assert_eq!((err.kind(), err.phase()), (ErrorKind::Io, Some(Phase::Connect)), "{err}");
    }
    proxy.start_again();
    served(&mut conn);
}

/// What listens is a server of HTTP, which makes nothing of the greeting.
#[test]
fn what_is_no_proxy_is_told() {
    let Some(server) = nginx::start() else { return };
    let mut conn = https_by(proxy_at(server.port()), server.port()).build().unwrap();
    refused(&mut conn, "");
}

/// First through one that speaks SOCKS, then through one of HTTP.
#[test]
fn proxies_can_stand_in_a_row() {
    let Some(socks) = proxies::microsocks(Access::Password) else { return };
    let Some(proxy) = proxies::squid_with_tls(Access::Free) else { return };
    let Some(server) = nginx::start_with_tls() else { return };
    let first = proxy_told(socks.port(), USER, PASSWORD);
    let builder = https_by(first, proxy.port()).tls_to_proxy(tls());
    let mut conn = builder.tunnel(NAME, server.port(), &[]).build().unwrap();
    for _ in 0..3 {
        served(&mut conn);
        assert_eq!(conn.proxy_response().unwrap().head().status(), 200);
        conn.close();
    }
}
