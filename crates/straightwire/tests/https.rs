//! HTTP over TLS: requests, sessions, protocols and names.

#![cfg(feature = "tls")]

mod support;

#[path = "support/secure.rs"]
mod secure;

use std::net::Ipv6Addr;
use std::time::Duration;

use origin::{Origin, TlsSetup, pattern};
use secure::{
    AUTHORITY, NAME, asked_tls, fails, get, https, origin_tls, serve_tls, setup, tls, trusting, with,
};
use straightwire::{
    Body, CloseReason, ConnectionBuilder, ErrorKind, HttpConnection, HttpsConnection, TlsVersion,
};
use support::ways::WAYS;
use support::*;

#[test]
fn requests_of_every_kind_on_one_connection() {
    let origin = origin_tls();
    let mut conn = https(origin.addr()).build().unwrap();
    for _ in 0..2 {
        get(&mut conn);
        for url in ["/chunked/300000/7000?trailers=1&ext=1", "/bytes/300000"] {
            conn.request("GET", url, (), &[]).unwrap();
            assert!(conn.get_response().unwrap().read_all().unwrap() == pattern::bytes(300_000));
        }
        conn.request("HEAD", "/bytes/9", (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"");
        conn.request("GET", "/early-hints", (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().interim().len(), 1);
        conn.request("POST", "/echo", "spam=1", &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"spam=1");
        conn.request("POST", "/echo", Body::chunks(["a", "", "b"]), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ab");
    }
    assert_eq!(origin.connections(), 1);
    let requests = origin.requests();
    assert!(
        requests.iter().all(|request| request.header("Host") == Some(&format!("{NAME}:{}", origin.port())))
    );
}

#[test]
fn a_body_until_the_end_of_the_connection() {
    let origin = origin_tls();
    for (way, most, read) in WAYS {
        if most < 200_000 {
            continue;
        }
        let mut conn = https(origin.addr()).build().unwrap();
        conn.request("GET", "/close-delimited/200000", (), &[]).unwrap();
        let mut got = Vec::new();
        read(&mut conn.get_response().unwrap(), &mut got).unwrap();
        assert!(got == pattern::bytes(200_000), "{way}: {}", got.len());
        assert!(!conn.is_connected());
        get(&mut conn);
    }
}

#[test]
fn every_way_to_read_gives_the_same() {
    let origin = origin_tls();
    let mut conn = https(origin.addr()).build().unwrap();
    for len in [0, 1, 16_383, 16_384, 16_385, 150_000] {
        for url in [format!("/bytes/{len}"), format!("/chunked/{len}/5000")] {
            for (way, most, read) in WAYS {
                if len > most {
                    continue;
                }
                conn.request("GET", &url, (), &[]).unwrap();
                let mut got = Vec::new();
                read(&mut conn.get_response().unwrap(), &mut got).unwrap();
                assert!(got == pattern::bytes(len), "{url}, {way}: {}", got.len());
            }
        }
    }
    assert_eq!(origin.connections(), 1);
}

/// The whole pattern, in both directions, whatever the pieces.
#[test]
fn large_bodies_both_ways() {
    let origin = origin_tls();
    let body = pattern::bytes(5_000_000);
    let mut conn = https(origin.addr()).blocksize(100_000).build().unwrap();
    let sum = pattern::Fnv1a::of(&body).to_string();
    for sent in [
        Body::from(&body),
        Body::chunks(body.chunks(10_000)),
        Body::chunks(body.chunks(16_384)),
        Body::reader(&body[..]),
    ] {
        conn.request("PUT", "/upload", sent, &[]).unwrap();
        let report = conn.get_response().unwrap().read_all().unwrap();
        assert!(String::from_utf8(report).unwrap().contains(&sum));
    }
    conn.request("POST", "/echo", &body, &[]).unwrap();
    assert!(conn.get_response().unwrap().read_all().unwrap() == body);
    assert_eq!(origin.connections(), 1);
}

#[test]
fn what_was_agreed_on() {
    let origin = origin_tls();
    let mut conn = https(origin.addr()).build().unwrap();
    assert!(conn.tls_session().is_none());
    conn.connect().unwrap();
    let session = conn.tls_session().unwrap();
    assert_eq!(session.version(), TlsVersion::V1_3);
    assert_eq!(session.alpn(), Some(&b"http/1.1"[..]));
    assert!(session.cipher().starts_with("TLS13_") && !session.is_resumed());
    assert_eq!(session.peer_certificates().len(), 1);
    // An answer shows that the server is through with the handshake too.
    get(&mut conn);
    let handshake = &origin.handshakes()[0];
    assert_eq!(handshake.server_name.as_deref(), Some(NAME));
    assert_eq!(handshake.protocol.as_deref(), Some("http/1.1"));
    assert_eq!((handshake.is_resumed, handshake.client_certificates.len()), (false, 0));
    conn.close();
    assert!(conn.tls_session().is_none());

    let older = Origin::start_tls(&setup().only_1_2()).unwrap();
    let mut conn = https(older.addr()).build().unwrap();
    get(&mut conn);
    let session = conn.tls_session().unwrap();
    assert_eq!(session.version(), TlsVersion::V1_2);
    assert!(session.cipher().starts_with("TLS_ECDHE_"), "{}", session.cipher());
}

#[test]
fn the_lowest_version_that_will_do() {
    let (older, newer) =
        (Origin::start_tls(&setup().only_1_2()).unwrap(), Origin::start_tls(&setup().only_1_3()).unwrap());
    for version in [TlsVersion::V1_2, TlsVersion::V1_3] {
        get(&mut with(&newer, trusting().min_version(version)).build().unwrap());
    }
    get(&mut with(&older, trusting().min_version(TlsVersion::V1_2)).build().unwrap());
    fails(with(&older, trusting().min_version(TlsVersion::V1_3)), ErrorKind::Tls);
    assert!(older.requests().len() == 1);
}

/// A later connection with the same settings goes on from the session of the one before.
#[test]
fn sessions_are_taken_up_again() {
    for setup in [setup().only_1_2(), setup().only_1_3()] {
        let origin = Origin::start_tls(&setup).unwrap();
        let shared = tls();
        let mut conn = https(origin.addr()).tls(shared.clone()).build().unwrap();
        get(&mut conn);
        assert!(!conn.tls_session().unwrap().is_resumed());
        for _ in 0..3 {
            conn.close();
            get(&mut conn);
            let session = conn.tls_session().unwrap();
            assert!(session.is_resumed());
            assert_eq!(session.peer_certificates().len(), 1);
        }
        let mut other = https(origin.addr()).tls(shared).build().unwrap();
        get(&mut other);
        assert!(other.tls_session().unwrap().is_resumed());
        // Other settings know nothing of it, nor does another name.
        let mut stranger = https(origin.addr()).build().unwrap();
        get(&mut stranger);
        assert!(!stranger.tls_session().unwrap().is_resumed());
        let seen: Vec<_> = origin.handshakes().iter().map(|handshake| handshake.is_resumed).collect();
        assert_eq!(seen, [false, true, true, true, true, false]);
    }
    let origin = Origin::start_tls(&setup().tickets(0)).unwrap();
    let mut conn = https(origin.addr()).build().unwrap();
    for _ in 0..2 {
        conn.close();
        get(&mut conn);
        assert!(!conn.tls_session().unwrap().is_resumed());
    }
}

#[test]
fn the_protocols_that_are_offered() {
    let none: [&str; 0] = [];
    let origin = origin_tls();
    let mut conn = with(&origin, trusting().alpn(&none)).build().unwrap();
    get(&mut conn);
    assert_eq!(conn.tls_session().unwrap().alpn(), None);
    let mut conn = with(&origin, trusting().alpn(&["x", "http/1.1"])).build().unwrap();
    get(&mut conn);
    assert_eq!(conn.tls_session().unwrap().alpn(), Some(&b"http/1.1"[..]));
    fails(with(&origin, trusting().alpn(&["h2"])), ErrorKind::Tls);

    let indifferent = Origin::start_tls(&setup().protocols(&[])).unwrap();
    let mut conn = https(indifferent.addr()).build().unwrap();
    get(&mut conn);
    assert_eq!(conn.tls_session().unwrap().alpn(), None);
}

#[test]
fn the_name_that_the_server_is_told() {
    let origin = origin_tls();
    let told = |builder: ConnectionBuilder<HttpsConnection>| {
        let mut conn = builder.build().unwrap();
        get(&mut conn);
        origin.handshakes().last().unwrap().server_name.clone()
    };
    let at = |host: &str| HttpsConnection::builder(host).port(origin.port()).tls(tls()).timeout(PATIENCE);
    assert_eq!(told(https(origin.addr())).as_deref(), Some(NAME));
    assert_eq!(told(at("localhost")).as_deref(), Some("localhost"));
    assert_eq!(told(at("127.0.0.1")), None);
    assert_eq!(told(at("127.0.0.1").server_name(NAME)).as_deref(), Some(NAME));
    assert_eq!(told(https(origin.addr()).server_name("127.0.0.1")), None);
    assert_eq!(told(with(&origin, trusting().send_sni(false))), None);
    assert_eq!(
        told(at("127.0.0.1").tls(trusting().send_sni(false).build().unwrap()).server_name(NAME)),
        None
    );
    // A last dot is none of the name's (RFC 6066 3).
    let dotted = at("origin.test.").resolve_to("origin.test.", origin.port(), &[[127, 0, 0, 1].into()]);
    assert_eq!(told(dotted).as_deref(), Some(NAME));
    // `Host` is the host's all the same.
    let host = origin.requests()[3].header("Host").map(ToOwned::to_owned);
    assert_eq!(host, Some(format!("127.0.0.1:{}", origin.port())));
}

#[test]
fn the_name_that_certificates_are_for() {
    let origin = Origin::start_tls(&TlsSetup::new(&AUTHORITY.issue(&["inner.test"]))).unwrap();
    assert!(fails(https(origin.addr()), ErrorKind::Certificate).contains(NAME));
    let mut conn = with(&origin, trusting().verified_name("inner.test")).build().unwrap();
    get(&mut conn);
    assert_eq!(origin.handshakes().last().unwrap().server_name.as_deref(), Some(NAME));
    get(&mut https(origin.addr()).server_name("inner.test").build().unwrap());
    assert_eq!(origin.handshakes().last().unwrap().server_name.as_deref(), Some("inner.test"));
    fails(https(origin.addr()).server_name("other.test"), ErrorKind::Certificate);
    fails(with(&origin, trusting().verified_name("other.test")), ErrorKind::Certificate);
    // Who is told one name and has to be another is still the latter.
    let both = with(&origin, trusting().verified_name("other.test")).server_name("inner.test");
    fails(both, ErrorKind::Certificate);
    assert_eq!(origin.requests().len(), 2);
}

#[test]
fn addresses_in_certificates() {
    for (names, address, is_fine) in [
        (&["127.0.0.1"][..], "127.0.0.1", true),
        (&["localhost"][..], "127.0.0.1", false),
        (&["127.0.0.2"][..], "127.0.0.1", false),
        (&["::1"][..], "::1", true),
        (&["::2"][..], "::1", false),
    ] {
        let setup = TlsSetup::new(&AUTHORITY.issue(names));
        let Ok(origin) = Origin::bind_tls((address.parse::<std::net::IpAddr>().unwrap(), 0), &setup) else {
            assert_eq!(address.parse(), Ok(Ipv6Addr::LOCALHOST));
            eprintln!("skipped: there is no ::1 here");
            continue;
        };
        let builder = HttpsConnection::builder(address).port(origin.port()).tls(tls()).timeout(PATIENCE);
        if is_fine {
            get(&mut builder.build().unwrap());
        } else {
            fails(builder, ErrorKind::Certificate);
        }
    }
}

/// In files and from memory, in one file or in two.
/// A connection that was made plain can be made this.
#[test]
fn from_a_plain_connection_and_back() {
    let origin = origin_tls();
    let conn = https(origin.addr()).build().unwrap();
    let mut plain: HttpConnection = conn.into();
    get(&mut plain);
    assert!(plain.tls_session().is_some());
    let mut conn = HttpsConnection::from(plain);
    get(&mut conn);
    assert_eq!(origin.connections(), 1);
    get(&mut conn.into_inner());
    assert!(format!("{:?}", https(origin.addr()).build().unwrap()).starts_with("HttpsConnection"));
    assert_eq!(HttpsConnection::new("www.example.org").unwrap().port(), 443);
    assert_eq!(HttpsConnection::with_port("::1", 8443).unwrap().port(), 8443);
}

/// What comes unasked is nobody's answer, inside TLS as outside.
#[test]
fn bytes_that_nobody_asked_for() {
    for script in [
        answer(format!("{OK}{EVIL}")).hold(),
        answer(OK).send(EVIL).hold(),
        answer(OK).pause(Duration::from_millis(5)).send(EVIL).hold(),
    ] {
        let server = serve_tls([script, answer_all()]);
        let mut conn = asked_tls(&server);
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
        wait_until_unfit(&mut conn);
        conn.request("GET", "/", (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
        assert_eq!(server.connections(), 2);
    }
}

/// Closed while idle: the next request opens a new connection.
#[test]
fn a_connection_that_was_closed_while_idle() {
    let pause = Duration::from_millis(20);
    for script in [
        answer(OK).pause(pause).close(),
        answer(OK).pause(pause).close_notify().hold(),
        answer(OK).pause(pause).cut().hold(),
        answer(OK).pause(pause).reset(),
    ] {
        let server = serve_tls([script, answer_all()]);
        let mut conn = asked_tls(&server);
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
        wait_until_unfit(&mut conn);
        conn.request("GET", "/", (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
        assert_eq!((server.connections(), conn.close_reason()), (2, Some(CloseReason::PeerClosed)));
    }
}
