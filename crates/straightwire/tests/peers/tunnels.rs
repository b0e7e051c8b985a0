//! `CONNECT` through squid and tinyproxy, to nginx and to Python's server.

use std::io::Read;

use origin::certificates::Authority;
use straightwire::{
    ConnectionBuilder, ErrorKind, HttpConnection, HttpsConnection, Phase, Tls, TlsVersion, basic_credentials,
};

use crate::certificates::{AUTHORITY, NAME, tls, trusting};
use crate::peer::{PATIENCE, Peer};
use crate::proxies::{self, Access, PASSWORD, USER};
use crate::site::{self, BIG, HELLO};
use crate::{nginx, python};

const ASKED_WHO: u16 = 407;

/// TLS to a server, by way of the proxy on this port.
fn https_by(proxy: u16) -> ConnectionBuilder<HttpsConnection> {
    HttpsConnection::builder(NAME).port(proxy).tls(tls()).timeout(PATIENCE)
}

/// The same without TLS.
fn http_by(proxy: u16) -> ConnectionBuilder<HttpConnection> {
    HttpConnection::builder("127.0.0.1").port(proxy).timeout(PATIENCE)
}

/// nginx with TLS, in front of `server.py`, by way of a proxy that wants a password.
fn nginx_behind(start_proxy: fn(Access) -> Option<Peer>) -> Option<Peer> {
    let proxy = start_proxy(Access::Password)?;
    let proxy_port = proxy.port();
    let server = nginx::start_as_proxy_with_tls()?;
    Some(server.reached_through(vec![proxy], move |port| {
        let credentials = basic_credentials(USER, PASSWORD);
        let headers = [("Proxy-Authorization", &*credentials)];
        Box::new(https_by(proxy_port).tunnel(NAME, port, &headers).build().unwrap())
    }))
}

mod through_squid {
    proxy_checks!(|| super::nginx_behind(crate::proxies::squid));
}

mod through_tinyproxy {
    proxy_checks!(|| super::nginx_behind(crate::proxies::tinyproxy));
}

/// TLS inside TLS.
mod through_squid_with_tls {
    use super::*;

    fn start() -> Option<Peer> {
        let proxy = proxies::squid_with_tls(Access::Password)?;
        let proxy_port = proxy.port();
        let server = nginx::start_as_proxy_with_tls()?;
        Some(server.reached_through(vec![proxy], move |port| {
            let credentials = basic_credentials(USER, PASSWORD);
            let headers = [("Proxy-Authorization", &*credentials)];
            let builder = https_by(proxy_port).tls_to_proxy(tls());
            Box::new(builder.tunnel(NAME, port, &headers).build().unwrap())
        }))
    }

    proxy_checks!(start);
}

/// No TLS, to a server that could be reached without a tunnel as well.
mod plain_through_squid {
    use super::*;

    fn start() -> Option<Peer> {
        let proxy = proxies::squid(Access::Free)?;
        let proxy_port = proxy.port();
        Some(python::start()?.reached_through(vec![proxy], move |port| {
            Box::new(Box::new(http_by(proxy_port).tunnel("127.0.0.1", port, &[]).build().unwrap()))
        }))
    }

    checks!(start =>
        connections::a_thousand_requests_go_over_one_connection,
        bodies::trailers_come_after_chunks,
        bodies::an_upload_step_by_step_comes_back,
        bodies::chunks_that_break_off_are_an_error,
    );
}

/// Once a tunnel is there, the server is served through it.
#[track_caller]
fn served(conn: &mut HttpConnection) {
    conn.request("GET", HELLO, (), &[]).unwrap();
    let mut response = conn.get_response().unwrap();
    assert_eq!((response.status(), response.read_all().unwrap()), (200, site::contents(HELLO)));
    drop(response);
    let proxy = conn.proxy_response().unwrap();
    assert_eq!((proxy.head().status(), proxy.body_start()), (200, &b""[..]));
}

/// The tunnel is not granted, for which the proxy has this status.
#[track_caller]
fn refused(conn: &mut HttpConnection, status: u16) {
    let err = conn.request("POST", "/secret", "secret", &[]).unwrap_err();
    assert_eq!((err.kind(), err.phase()), (ErrorKind::TunnelFailed, Some(Phase::Proxy)), "{err}");
    assert!(err.to_string().contains(&status.to_string()), "{err}");
    assert!(!conn.is_connected());
    let reply = conn.proxy_response().expect("the answer is kept");
    assert_eq!(reply.head().status(), status);
    let page = String::from_utf8_lossy(reply.body_start()).to_lowercase();
    assert!(page.contains("<html") && page.trim_end().ends_with("</html>"), "{page}");
    assert!(!conn.proxy_response_headers().unwrap().is_empty());
}

#[test]
fn a_password_that_is_wanted_can_be_given_afterwards() {
    for start_proxy in [proxies::squid, proxies::tinyproxy] {
        let Some(proxy) = start_proxy(Access::Password) else { return };
        let Some(server) = nginx::start_with_tls() else { return };
        let mut conn = https_by(proxy.port()).tunnel(NAME, server.port(), &[]).build().unwrap();
        refused(&mut conn, ASKED_WHO);
        let wanted = conn.proxy_response_headers().unwrap().get("Proxy-Authenticate").unwrap().into_owned();
        assert!(wanted.starts_with("Basic realm="), "{wanted}");

        let wrong = basic_credentials(USER, "wrong");
        conn.set_tunnel(NAME, server.port(), &[("Proxy-Authorization", &wrong)]).unwrap();
        let wrong_is = if proxy.name() == "tinyproxy" { 401 } else { ASKED_WHO };
        refused(&mut conn, wrong_is);

        let right = basic_credentials(USER, PASSWORD);
        conn.set_tunnel(NAME, server.port(), &[("Proxy-Authorization", &right)]).unwrap();
        for _ in 0..3 {
            served(&mut conn);
            conn.close();
        }
        assert!(!server.log().contains("/secret"));
    }
}

#[test]
fn a_port_that_the_proxy_forbids_is_refused() {
    let Some(proxy) = proxies::squid(Access::Free) else { return };
    let mut conn = https_by(proxy.port()).tunnel(NAME, 1, &[]).build().unwrap();
    for _ in 0..2 {
        refused(&mut conn, 403);
        let reply = conn.proxy_response().unwrap();
        let headers = reply.head().headers();
        assert!(headers.get("Server").unwrap().contains("squid"));
        assert_eq!(headers.get("X-Squid-Error").as_deref(), Some("ERR_ACCESS_DENIED 0"));
        assert_eq!(headers.get("Content-Length").unwrap(), reply.body_start().len().to_string());
    }
}

/// On the same connection object, whose proxy is the same all the while.
#[test]
fn a_server_that_is_down_is_told_by_the_proxy() {
    for (start_proxy, status) in [(proxies::squid as fn(_) -> _, 503), (proxies::tinyproxy, 500)] {
        let Some(proxy) = start_proxy(Access::Free) else { return };
        let Some(mut server) = nginx::start_with_tls() else { return };
        let mut conn = https_by(proxy.port()).tunnel(NAME, server.port(), &[]).build().unwrap();
        served(&mut conn);
        server.stop();
        conn.close();
        refused(&mut conn, status);
        server.start_again();
        served(&mut conn);
    }
}

#[test]
fn a_proxy_that_is_down_is_told() {
    let Some(mut proxy) = proxies::tinyproxy(Access::Free) else { return };
    let Some(server) = nginx::start_with_tls() else { return };
    let mut conn = https_by(proxy.port()).tunnel(NAME, server.port(), &[]).build().unwrap();
    served(&mut conn);
    proxy.stop();
    for _ in 0..2 {
        let err = conn.request("GET", HELLO, (), &[]).unwrap_err();
        assert_eq!((err.kind(), err.phase()), (ErrorKind::Io, Some(Phase::Connect)), "{err}");
    }
    proxy.start_again();
    served(&mut conn);
}

/// The certificate is the server's, which the proxy has no part in.
#[test]
fn a_server_nobody_vouches_for_is_refused_in_a_tunnel_too() {
    let Some(proxy) = proxies::squid(Access::Free) else { return };
    let stranger = Authority::new().issue(&[NAME]);
    let Some(server) = nginx::start_as_identity(&stranger, "") else { return };
    let mut conn = https_by(proxy.port()).tunnel(NAME, server.port(), &[]).build().unwrap();
    let err = conn.request("POST", "/secret", "secret", &[]).unwrap_err();
    assert_eq!((err.kind(), err.phase()), (ErrorKind::Certificate, Some(Phase::Tls)), "{err}");
    assert!(!server.log().contains("/secret"));
}

/// It isn't even told where to.
#[test]
fn a_proxy_nobody_vouches_for_is_refused() {
    let Some(proxy) = proxies::squid_with_tls(Access::Free) else { return };
    let other = Tls::builder().ca_pem(Authority::new().root_pem().as_bytes()).build().unwrap();
    let Some(server) = nginx::start_with_tls() else { return };
    let builder = https_by(proxy.port()).tls_to_proxy(other);
    let mut conn = builder.tunnel(NAME, server.port(), &[]).build().unwrap();
    let err = conn.request("GET", HELLO, (), &[]).unwrap_err();
    assert_eq!((err.kind(), err.phase()), (ErrorKind::Certificate, Some(Phase::Tls)), "{err}");
    assert!(conn.proxy_response().is_none());
}

/// Of the two sessions, one in the other, it is the one with the server.
#[test]
fn the_session_is_that_with_the_server() {
    let Some(proxy) = proxies::squid_with_tls(Access::Free) else { return };
    let to_server = trusting().build().unwrap();
    for (line, version) in
        [("ssl_protocols TLSv1.2;", TlsVersion::V1_2), ("ssl_protocols TLSv1.3;", TlsVersion::V1_3)]
    {
        let identity = AUTHORITY.intermediate().issue(&[NAME]);
        let Some(server) = nginx::start_as_identity(&identity, line) else { return };
        let builder = https_by(proxy.port()).tls_to_proxy(tls()).tls(to_server.clone());
        let mut conn = builder.tunnel(NAME, server.port(), &[]).build().unwrap();
        for number in 0..3 {
            served(&mut conn);
            let session = conn.tls_session().unwrap();
            assert_eq!((session.version(), session.is_resumed()), (version, number > 0));
            assert_eq!(session.peer_certificates().len(), 2);
            conn.close();
        }
    }
}

#[test]
fn no_tls_goes_through_a_tunnel_in_tls() {
    let Some(proxy) = proxies::squid_with_tls(Access::Free) else { return };
    let Some(server) = nginx::start() else { return };
    let builder = HttpConnection::builder(NAME).port(proxy.port()).timeout(PATIENCE).tls_to_proxy(tls());
    let mut conn = builder.tunnel("127.0.0.1", server.port(), &[]).build().unwrap();
    for _ in 0..100 {
        served(&mut conn);
    }
}

#[test]
fn a_body_that_ends_with_the_proxy_is_an_error() {
    for start_proxy in [proxies::squid, proxies::tinyproxy] {
        let Some(mut server) = nginx_behind(start_proxy) else { return };
        let mut conn = server.client();
        conn.request("GET", BIG, (), &[]).unwrap();
        let mut response = conn.get_response().unwrap();
        let mut begin = vec![0; 100_000];
        response.read_exact(&mut begin).unwrap();
        server.proxies()[0].stop();
        let err = response.read_all().unwrap_err();
        assert_eq!(err.kind(), ErrorKind::IncompleteRead, "{err}");
        let whole = site::contents(BIG);
        assert!(whole.starts_with(&begin) && whole[begin.len()..].starts_with(err.partial()));
    }
}
