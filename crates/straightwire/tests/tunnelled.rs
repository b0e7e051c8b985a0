//! What goes on inside a tunnel, through a proxy that relays: plain HTTP, TLS, and TLS within TLS.

#![cfg(all(feature = "idna", feature = "tls"))]

mod support;

#[path = "support/secure.rs"]
mod secure;

use origin::certificates::Authority;
use origin::{HostForm, Origin, Proxy, TlsSetup};
use secure::{NAME, identity, origin_tls, refused, tls, trusting};
use straightwire::{ErrorKind, HttpConnection, HttpsConnection, Phase, Tls, basic_credentials};
use support::*;

#[test]
fn plain_http_through_a_real_proxy() {
    let origin = Origin::start().unwrap();
    let proxy = Proxy::http().credentials("user", "secret").name("far.test", [127, 0, 0, 1]).start().unwrap();
    let credentials = basic_credentials("user", "secret");
    let headers = [("Proxy-Authorization", &*credentials)];
    let mut conn = builder(proxy.addr()).tunnel("far.test", origin.port(), &headers).build().unwrap();
    for _ in 0..3 {
        conn.request("POST", "/echo", vec![b'x'; 300_000], &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), vec![b'x'; 300_000]);
    }
    let host = format!("far.test:{}", origin.port());
    assert!(origin.requests().iter().all(|request| request.header("Host") == Some(&host)));
    assert_eq!((proxy.connections(), proxy.asked().len()), (1, 1));
    assert_eq!((proxy.asked()[0].form, proxy.asked()[0].answer), (HostForm::Name, 200));
    assert!(conn.tls_session().is_none());

    let mut conn = builder(proxy.addr()).tunnel("far.test", origin.port(), &[]).build().unwrap();
    let err = refused(&mut conn);
    assert!(err.to_string().contains("407"), "{err}");
    assert!(!conn.proxy_response().unwrap().body_start().is_empty());
    assert!(conn.proxy_response_headers().unwrap().get("Proxy-Authenticate").unwrap().starts_with("Basic"));
    let mut conn = builder(proxy.addr()).tunnel("unknown.test", None, &headers).build().unwrap();
    refused(&mut conn);
}

#[test]
fn tls_through_a_proxy() {
    let origin = origin_tls();
    let proxy = Proxy::http().name(NAME, [127, 0, 0, 1]).name("other.test", [127, 0, 0, 1]).start().unwrap();
    let through = || HttpsConnection::builder("127.0.0.1").port(proxy.port()).tls(tls()).timeout(PATIENCE);
    let mut conn = through().tunnel(NAME, origin.port(), &[]).build().unwrap();
    for _ in 0..3 {
        conn.request("GET", "/bytes/100000", (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap().len(), 100_000);
    }
    assert_eq!(origin.handshakes()[0].server_name.as_deref(), Some(NAME));
    assert_eq!(origin.requests()[0].header("Host"), Some(&*format!("{NAME}:{}", origin.port())));
    assert_eq!(origin.connections(), 1);

    // It is the far end that has to prove who it is: not the proxy, and not by the proxy's name.
    let mut conn = through().tunnel("other.test", origin.port(), &[]).build().unwrap();
    let err = conn.connect().unwrap_err();
    assert_eq!((err.kind(), err.phase()), (ErrorKind::Certificate, Some(Phase::Tls)), "{err}");
    assert_eq!(conn.proxy_response().unwrap().head().status(), 200);
    let mut conn = through().tunnel("other.test", origin.port(), &[]).server_name(NAME).build().unwrap();
    conn.connect().unwrap();
}

/// Each layer with its own trust, and its own name.
#[test]
fn tls_within_tls() {
    let origin = origin_tls();
    let other = Authority::new();
    let proxy_tls = Tls::builder().ca_pem(other.root_pem()).build().unwrap();
    let certificate = TlsSetup::new(&other.issue(&["proxy.test"]));
    let proxy = Proxy::https(&certificate).name(NAME, [127, 0, 0, 1]).start().unwrap();
    let through = |outer: &Tls, inner: &Tls| {
        HttpsConnection::builder("proxy.test")
            .port(proxy.port())
            .resolve_to("proxy.test", proxy.port(), &[[127, 0, 0, 1].into()])
            .timeout(PATIENCE)
            .deadline(PATIENCE)
            .tls_to_proxy(outer.clone())
            .tls(inner.clone())
            .tunnel(NAME, origin.port(), &[])
            .build()
            .unwrap()
    };
    let mut conn = through(&proxy_tls, &tls());
    let body = vec![b'x'; 1_000_000];
    for _ in 0..2 {
        conn.request("POST", "/echo", &body, &[]).unwrap();
        assert!(conn.get_response().unwrap().read_all().unwrap() == body);
        conn.request("GET", "/close-delimited/500000", (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap().len(), 500_000);
    }
    assert_eq!(proxy.handshakes()[0].server_name.as_deref(), Some("proxy.test"));
    assert_eq!(origin.handshakes()[0].server_name.as_deref(), Some(NAME));

    for (outer, inner) in [(&tls(), &tls()), (&proxy_tls, &proxy_tls)] {
        let before = origin.requests().len();
        let err = through(outer, inner).connect().unwrap_err();
        assert_eq!((err.kind(), err.phase()), (ErrorKind::Certificate, Some(Phase::Tls)), "{err}");
        assert_eq!(origin.requests().len(), before);
    }
}

#[test]
fn plain_http_through_a_proxy_with_tls() {
    let origin = Origin::start().unwrap();
    let proxy = Proxy::https(&TlsSetup::new(&identity())).start().unwrap();
    let mut conn = HttpConnection::builder("localhost")
        .port(proxy.port())
        .resolve_to("localhost", proxy.port(), &[[127, 0, 0, 1].into()])
        .tls_to_proxy(trusting().build().unwrap())
        .tunnel("localhost", origin.port(), &[])
        .timeout(PATIENCE)
        .build()
        .unwrap();
    conn.request("GET", "/bytes/1000", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap().len(), 1000);
    drop(conn);
}
