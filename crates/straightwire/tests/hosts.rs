//! Hosts: what can be one, and how it is told to the resolver, the server, a proxy and TLS.

#![cfg(all(feature = "idna", feature = "tls"))]

mod support;

#[path = "support/secure.rs"]
mod secure;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use origin::{Origin, TlsSetup};
use secure::{AUTHORITY, tls};
use straightwire::{ErrorKind, HttpConnection, HttpsConnection};
use support::*;

/// The name that the resolver is asked for and the `Host` that the server gets, at this port of ours.
fn told(host: &str) -> (String, String) {
    let server = serve([answer_all()]);
    let addr = server.addr();
    let asked = Arc::new(Mutex::new(String::new()));
    let name = Arc::clone(&asked);
    let mut conn = HttpConnection::builder(host)
        .resolver(move |host: &str, _: u16| {
            host.clone_into(&mut name.lock().unwrap());
            Ok(vec![addr])
        })
        .timeout(PATIENCE)
        .build()
        .unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    conn.get_response().unwrap().read_all().unwrap();
    let sent = received(&server, 0);
    let line = sent.lines().find_map(|line| line.strip_prefix("Host: ")).unwrap().to_owned();
    let asked = asked.lock().unwrap().clone();
    (asked, line)
}

#[test]
fn names_as_they_are_looked_up_and_told() {
    for (host, name, line) in [
        ("www.example", "www.example", "www.example"),
        ("www.example:80", "www.example", "www.example"),
        ("www.example:", "www.example", "www.example"),
        ("www.example:8080", "www.example", "www.example:8080"),
        ("WWW.Example", "WWW.Example", "WWW.Example"),
        ("www.example.", "www.example.", "www.example."),
        ("under_score.example", "under_score.example", "under_score.example"),
        ("b\u{fc}cher.example", "xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("B\u{dc}CHER.example:81", "xn--bcher-kva.example", "xn--bcher-kva.example:81"),
        ("\u{65e5}\u{672c}\u{3002}jp", "xn--wgv71a.jp", "xn--wgv71a.jp"),
        ("fa\u{df}.de", "xn--fa-hia.de", "xn--fa-hia.de"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("[fe80::1%nosuch]:81", "fe80::1%nosuch", "[fe80::1]:81"),
    ] {
        assert_eq!(told(host), (name.to_owned(), line.to_owned()), "{host}");
    }
}

/// Nothing can be added to a request by way of its host (CVE-2019-18348), nor the host become another
/// (CVE-2019-9636).
#[test]
fn what_can_not_be_a_host() {
    for host in [
        "",
        ":80",
        "a\r\nX: y",
        "a\nb",
        "a\rb",
        "a\0b",
        "a\tb",
        "a b",
        " a",
        "a ",
        "a\u{7f}",
        "a\u{a0}b",
        "a\u{2028}b",
        "http://a",
        "a/b",
        "a?b",
        "a#b",
        "a\\b",
        "user@a",
        "user:secret@a",
        "a:b:c",
        "a:80:80",
        "a:x",
        "a:-1",
        "a:+80",
        "a: 80",
        "a:0x50",
        "a:8_0",
        "a:65536",
        "a:\u{661}",
        "[::1",
        "::1]",
        "[::1]x",
        "[::1]x:80",
        "[a]b",
        "[[::1]]",
        "[]",
        "[::g]",
        "[::1%]\r\n:80",
        "x\u{ff0f}y",
        "x\u{ff20}y",
        "x\u{ff1a}80",
        "x\u{ff03}y",
        "x\u{ff1f}y",
        "x\u{2100}y",
        "x\u{2488}y/\u{e9}",
        "\u{ad}",
        "xn--a\u{e9}",
    ] {
        let err = HttpConnection::new(host).err().unwrap_or_else(|| panic!("{host:?} was accepted"));
        assert_eq!(err.kind(), ErrorKind::InvalidUrl, "{host:?}");
        assert!(err.is_caller());
        assert_eq!(HttpsConnection::new(host).unwrap_err().kind(), ErrorKind::InvalidUrl, "{host:?}");
        if !host.contains("a:") && !host.starts_with(':') {
            let err =
                HttpConnection::with_port(host, 80).err().unwrap_or_else(|| panic!("{host:?} was accepted"));
            assert_eq!(err.kind(), ErrorKind::InvalidUrl, "{host:?}");
        }
    }
}

/// A hundred thousand letters are looked at once, if at all (CVE-2022-45061).
#[test]
fn very_long_hosts_take_no_time() {
    for letter in ["\u{e9}", "x", "\u{e9}.", "\u{65e5}", "1", ":", "[", "xn--"] {
        let begun = Instant::now();
        if let Err(err) = HttpConnection::new(&letter.repeat(100_000)) {
            assert!(err.to_string().len() < 1000);
        }
        assert!(begun.elapsed() < PATIENCE / 10, "{letter:?}: {:?}", begun.elapsed());
    }
}

#[test]
fn a_host_with_its_port_apart_is_taken_as_it_is() {
    for (host, port, line) in
        [("::1", 81, "[::1]:81"), ("[::1]", 80, "[::1]"), ("www.example", 81, "www.example:81")]
    {
        let conn = HttpConnection::with_port(host, port).unwrap();
        assert_eq!(conn.port(), port);
        let shown =
            if conn.host().contains(':') { format!("[{}]", conn.host()) } else { conn.host().to_owned() };
        assert_eq!(if port == 80 { shown } else { format!("{shown}:{port}") }, line);
    }
    // Then a port in it is no port.
    assert_eq!(HttpConnection::with_port("a:1", 80).unwrap_err().kind(), ErrorKind::InvalidUrl);
}

fn ipv6() -> bool {
    let is_there = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    if !is_there {
        eprintln!("skipped: there is no ::1 here");
    }
    is_there
}

/// A zone is between us and our system: it helps to connect, and nobody else hears of it.
#[test]
fn a_zone_is_not_told() {
    if !ipv6() {
        return;
    }
    let setup = TlsSetup::new(&AUTHORITY.issue(&["::1"]));
    let (plain, secure) = (Origin::bind("[::1]:0").unwrap(), Origin::bind_tls("[::1]:0", &setup).unwrap());
    // The first interface is the loopback one.
    for zone in ["1", "lo"] {
        let mut conn = HttpConnection::new(&format!("[::1%{zone}]:{}", plain.port())).unwrap();
        if zone == "lo" && conn.connect().is_err() {
            // Names of zones are for link-local addresses.
            continue;
        }
        conn.request("GET", "/bytes/9", (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap().len(), 9);
        let host = format!("[::1]:{}", plain.port());
        assert_eq!(plain.requests().last().unwrap().header("Host"), Some(&*host));

        let builder = HttpsConnection::builder(&format!("[::1%{zone}]:{}", secure.port())).tls(tls());
        let mut conn = builder.timeout(PATIENCE).build().unwrap();
        conn.request("GET", "/bytes/9", (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap().len(), 9);
        assert_eq!(secure.handshakes().last().unwrap().server_name, None);
    }
}

/// An address is no name: TLS does not tell it, but its certificate has to be for it.
#[test]
fn addresses_are_not_told_by_tls() {
    let setup = || TlsSetup::new(&AUTHORITY.issue(&["127.0.0.1", "::1"]));
    let mut origins = vec![Origin::start_tls(&setup()).unwrap()];
    if ipv6() {
        origins.push(Origin::bind_tls("[::1]:0", &setup()).unwrap());
    }
    for origin in origins {
        let builder = HttpsConnection::builder(&origin.host_port()).tls(tls()).timeout(PATIENCE);
        let mut conn = builder.build().unwrap();
        conn.request("GET", "/bytes/9", (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap().len(), 9);
        assert_eq!(origin.handshakes()[0].server_name, None);
        assert_eq!(origin.requests()[0].header("Host"), Some(&*origin.host_port()));
    }
}

/// In TLS it is the name as DNS has it, and certificates are for that.
#[test]
fn international_names_in_tls() {
    let origin = Origin::start_tls(&TlsSetup::new(&AUTHORITY.issue(&["xn--bcher-kva.test"]))).unwrap();
    let port = origin.port();
    for host in ["b\u{fc}cher.test", "B\u{dc}cher.test", "xn--bcher-kva.test"] {
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut conn = HttpsConnection::builder(host)
            .port(port)
            .resolver(move |_: &str, _: u16| Ok(vec![addr]))
            .tls(tls())
            .timeout(PATIENCE)
            .build()
            .unwrap();
        conn.request("GET", "/bytes/9", (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap().len(), 9);
        assert_eq!(origin.handshakes().last().unwrap().server_name.as_deref(), Some("xn--bcher-kva.test"));
    }
    let mut conn = HttpsConnection::builder("127.0.0.1")
        .port(port)
        .server_name("b\u{fc}cher.test")
        .tls(tls())
        .timeout(PATIENCE)
        .build()
        .unwrap();
    conn.connect().unwrap();
}
