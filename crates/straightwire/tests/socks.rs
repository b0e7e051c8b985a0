//! SOCKS5: the bytes of the conversation, whatever the proxy answers, and a real one.

#![cfg(all(feature = "idna", feature = "tls"))]

mod support;

#[path = "support/secure.rs"]
mod secure;

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Mutex;
use std::sync::mpsc;
use std::time::Duration;

use origin::{HostForm, Origin, Proxy, Script, Scripted};
use secure::{NAME, origin_tls, tls};
use straightwire::{ConnectionBuilder, Error, ErrorKind, HttpConnection, HttpsConnection, Phase, Socks5};
use support::refusing::refusing;
use support::*;

/// Granted, connected from 127.0.0.1 port 9.
const GRANTED: &[u8] = &[5, 0, 0, 1, 127, 0, 0, 1, 0, 9];

/// A proxy that wants no credentials, up to its answer.
fn open_proxy(asked: u64, answer: &[u8]) -> Script {
    Script::new().read_bytes(3).send([5, 0]).read_bytes(asked).send(answer)
}

/// To `host` through a proxy.
fn to(host: &str, proxy: Socks5) -> ConnectionBuilder<HttpConnection> {
    HttpConnection::builder(host).socks5(proxy).timeout(PATIENCE)
}

fn at(server: &Scripted) -> Socks5 {
    Socks5::new(&server.addr().to_string()).unwrap()
}

#[track_caller]
fn get(conn: &mut HttpConnection) {
    conn.request("GET", "/", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
}

#[track_caller]
fn refused(conn: &mut HttpConnection) -> Error {
    let err = conn.request("GET", "/secret", (), &[]).unwrap_err();
    assert_eq!((err.kind(), err.phase()), (ErrorKind::SocksFailed, Some(Phase::Proxy)), "{err}");
    assert!(err.is_io() && !err.is_caller() && !err.is_peer() && !err.is_http_exception());
    assert!(!conn.is_connected());
    err
}

/// What is asked for, behind the greeting.
fn asked(server: &Scripted, host: &str) -> Vec<u8> {
    let all = server.received(0);
    let request = all.windows(4).position(|here| here == b"GET ").unwrap();
    assert_eq!(all[..3], [5, 1, 0], "{host}");
    all[3..request].to_vec()
}

#[test]
fn the_bytes_for_each_kind_of_host() {
    let name =
        |name: &str, port: [u8; 2]| [&[5, 1, 0, 3, name.len() as u8][..], name.as_bytes(), &port].concat();
    let long = "x".repeat(63) + "." + &"y".repeat(63);
    for (host, bytes) in [
        ("far.test".to_owned(), name("far.test", [0, 80])),
        ("far.test:8080".to_owned(), name("far.test", [31, 144])),
        ("Far.Test:65535".to_owned(), name("Far.Test", [255, 255])),
        (long.clone(), name(&long, [0, 80])),
        ("b\u{fc}cher.test".to_owned(), name("xn--bcher-kva.test", [0, 80])),
        ("127.0.0.2:81".to_owned(), vec![5, 1, 0, 1, 127, 0, 0, 2, 0, 81]),
        ("[::1]".to_owned(), [&[5, 1, 0, 4][..], &Ipv6Addr::LOCALHOST.octets(), &[0, 80]].concat()),
        ("[::1%lo]".to_owned(), [&[5, 1, 0, 4][..], &Ipv6Addr::LOCALHOST.octets(), &[0, 80]].concat()),
        ("[2001:db8::7]:256".to_owned(), {
            let octets = "2001:db8::7".parse::<Ipv6Addr>().unwrap().octets();
            [&[5, 1, 0, 4][..], &octets, &[1, 0]].concat()
        }),
    ] {
        let server = serve([open_proxy(bytes.len() as u64, GRANTED).read_request().send(OK)]);
        let mut conn = to(&host, at(&server)).build().unwrap();
        get(&mut conn);
        assert_eq!(asked(&server, &host), bytes, "{host}");
    }
}

/// The request is for the host, as without a proxy; its address is not looked up.
#[test]
fn the_host_stays_the_host() {
    let server = serve([open_proxy(15, GRANTED).read_request().send(OK)]);
    let mut conn = to("far.test:81", at(&server))
        .resolver(|host: &str, _: u16| -> std::io::Result<Vec<SocketAddr>> { panic!("{host} was looked up") })
        .build()
        .unwrap();
    get(&mut conn);
    assert!(received(&server, 0).contains("\r\nHost: far.test:81\r\n"));
    assert_eq!((conn.host(), conn.port()), ("far.test", 81));
    assert_eq!(conn.addresses().unwrap().1, server.addr());
}

#[test]
fn a_name_that_is_resolved_here() {
    for (address, kind) in [("127.0.0.3", 1), ("::1", 4)] {
        let ip: IpAddr = address.parse().unwrap();
        let octets = match ip {
            IpAddr::V4(ip) => ip.octets().to_vec(),
            IpAddr::V6(ip) => ip.octets().to_vec(),
        };
        let bytes = [&[5, 1, 0, kind][..], &octets, &[0, 80]].concat();
        let server = serve([open_proxy(bytes.len() as u64, GRANTED).read_request().send(OK)]);
        let (tell, looked_up) = mpsc::channel();
        let tell = Mutex::new(tell);
        let mut conn = to("far.test", at(&server).resolve_locally(true))
            .resolver(move |host: &str, port: u16| {
                tell.lock().unwrap().send(host.to_owned()).unwrap();
                Ok(vec![SocketAddr::new(ip, port)])
            })
            .build()
            .unwrap();
        get(&mut conn);
        assert_eq!(asked(&server, address), bytes);
        assert_eq!(looked_up.try_iter().collect::<Vec<_>>(), ["far.test"]);

        let server = serve([open_proxy(bytes.len() as u64, GRANTED).read_request().send(OK)]);
        let builder = to("far.test", at(&server).resolve_locally(true)).resolve_to("far.test", 80, &[ip]);
        get(&mut builder.build().unwrap());
        assert_eq!(asked(&server, address), bytes);
    }
}

#[test]
fn a_name_that_can_not_be_resolved_here() {
    let server = serve([open_proxy(10, GRANTED)]);
    let mut conn = to("far.test", at(&server).resolve_locally(true))
        .resolver(|_: &str, _: u16| Err(std::io::Error::other("nobody knows")))
        .build()
        .unwrap();
    let err = conn.connect().unwrap_err();
    assert_eq!((err.kind(), err.phase()), (ErrorKind::Io, Some(Phase::Resolve)), "{err}");
}

#[test]
fn who_we_are() {
    let server = serve([Script::new()
        .read_bytes(4)
        .send([5, 2])
        .read_bytes(1 + 5 + 9)
        .send([1, 0])
        .read_bytes(15)
        .send(GRANTED)
        .read_request()
        .send(OK)]);
    let proxy = at(&server).credentials("user", "p\u{e4}ssw\u{f6}").unwrap();
    assert!(format!("{proxy:?}").contains("user") && !format!("{proxy:?}").contains("ssw"));
    get(&mut to("far.test", proxy).build().unwrap());
    let told =
        [&[5, 2, 0, 2, 1, 4][..], b"user", &[8], "p\u{e4}ssw\u{f6}".as_bytes(), &[5, 1, 0, 3, 8]].concat();
    assert!(server.received(0).starts_with(&told), "{:?}", server.received(0));
}

/// They are offered, not forced on.
#[test]
fn credentials_that_nobody_asks_for_are_not_told() {
    let server = serve([Script::new()
        .read_bytes(4)
        .send([5, 0])
        .read_bytes(15)
        .send(GRANTED)
        .read_request()
        .send(OK)]);
    get(&mut to("far.test", at(&server).credentials("user", "secret").unwrap()).build().unwrap());
    assert!(!received(&server, 0).contains("secret"));
}

#[test]
fn credentials_that_can_not_be_told() {
    let proxy = || Socks5::new("localhost").unwrap();
    let long = "x".repeat(256);
    for (user, password) in [("", "x"), ("x", ""), (&*long, "x"), ("x", &*long)] {
        assert_eq!(proxy().credentials(user, password).unwrap_err().kind(), ErrorKind::InvalidSetting);
    }
    assert!(proxy().credentials(&long[..255], &long[..255]).is_ok());
}

#[test]
fn a_proxy_that_can_not_be_one() {
    for proxy in ["", "a b", "user:secret@proxy", "proxy:x", "proxy:70000", "proxy/x", "::1]"] {
        assert_eq!(Socks5::new(proxy).unwrap_err().kind(), ErrorKind::InvalidUrl, "{proxy:?}");
    }
    assert!(Socks5::new("[::1]:1080").is_ok() && Socks5::new("::1").is_ok());
}

/// Nothing that is asked inside reaches a proxy that said no.
#[test]
fn each_refusal_says_why() {
    for (code, words) in [
        (1, "general failure"),
        (2, "not allowed"),
        (3, "network unreachable"),
        (4, "host unreachable"),
        (5, "connection refused"),
        (6, "time to live"),
        (7, "can't do that"),
        (8, "kind of address"),
        (9, "no known reason"),
        (255, "no known reason"),
    ] {
        let server = serve([open_proxy(15, &[5, code, 0, 1, 0, 0, 0, 0, 0, 0]).hold()]);
        let err = refused(&mut to("far.test", at(&server)).build().unwrap()).to_string();
        assert!(err.contains(words) && err.contains("far.test:80"), "{code}: {err}");
        assert!(err.contains(&server.addr().to_string()), "{err}");
        assert!(!received(&server, 0).contains("secret"));
    }
}

#[test]
fn what_is_no_socks_is_refused() {
    let greeting: [(&[u8], &str); 7] = [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "SOCKS5"),
        (&[4, 0], "SOCKS5"),
        (&[0, 90, 0, 0, 0, 0, 0, 0], "SOCKS5"),
        (&[5, 1], "not offered"),
        (&[5, 2], "not offered"),
        (&[5, 0x80], "not offered"),
        (&[5, 0xff], "credentials"),
    ];
    for (answer, words) in greeting {
        let server = serve([Script::new().read_bytes(3).send(answer).hold()]);
        let err = refused(&mut to("far.test", at(&server)).build().unwrap()).to_string();
        assert!(err.contains(words), "{answer:?}: {err}");
    }
    let answers: [&[u8]; 4] = [
        &[4, 0, 0, 1, 0, 0, 0, 0, 0, 0],
        &[5, 0, 0, 2, 0, 0, 0, 0, 0, 0],
        &[5, 0, 0, 0, 0, 0],
        b"HTTP/1.1 200 OK",
    ];
    for answer in answers {
        let server = serve([open_proxy(15, answer).hold()]);
        refused(&mut to("far.test", at(&server)).build().unwrap());
    }
}

#[test]
fn credentials_that_are_refused() {
    for answer in [[1, 1], [1, 255], [5, 1]] {
        let server = serve([Script::new().read_bytes(4).send([5, 2]).read_bytes(10).send(answer).hold()]);
        let proxy = at(&server).credentials("user", "bad").unwrap();
        let err = refused(&mut to("far.test", proxy).build().unwrap()).to_string();
        assert!(err.contains("password") && !err.contains("bad"), "{err}");
    }
    let server = serve([Script::new().read_bytes(4).send([5, 0xff]).hold()]);
    refused(&mut to("far.test", at(&server).credentials("user", "bad").unwrap()).build().unwrap());
}

/// At every byte of the conversation.
#[test]
fn a_proxy_that_closes_too_early() {
    let granted = [&[5, 0, 0, 3, 4][..], b"far.", &[0, 9]].concat();
    for cut in 0..2 {
        let server = serve([Script::new().read_bytes(3).send(&[5, 0][..cut]).close()]);
        refused(&mut to("far.test", at(&server)).build().unwrap());
    }
    for cut in 0..granted.len() {
        let server = serve([open_proxy(15, &granted[..cut]).close()]);
        let err = refused(&mut to("far.test", at(&server)).build().unwrap());
        assert!(err.to_string().contains("closed"), "{cut}: {err}");
    }
    let server = serve([Script::new().read_bytes(3).reset()]);
    let err = to("far.test", at(&server)).build().unwrap().connect().unwrap_err();
    assert!(err.is_connection_error() && err.phase() == Some(Phase::Proxy), "{err}");
}

/// In pieces of a byte, with every kind of address, and with the far end's first bytes right behind.
#[test]
fn the_answer_may_come_in_any_form() {
    let name = [&[5, 0, 0, 3, 255][..], &[b'x'; 255], &[0, 9]].concat();
    let empty = vec![5, 0, 0, 3, 0, 0, 9];
    let v6 = [&[5, 0, 0, 4][..], &[7; 16], &[0, 9]].concat();
    for answer in [GRANTED.to_vec(), name, empty, v6] {
        let pieces = Script::new()
            .read_bytes(3)
            .send_in_pieces([5, 0], 1, Duration::from_micros(100))
            .read_bytes(15)
            .send_in_pieces(answer.clone(), 1, Duration::from_micros(100));
        let server = serve([pieces.read_request().send(OK), open_proxy(15, &answer).read_request().send(OK)]);
        for _ in 0..2 {
            get(&mut to("far.test", at(&server)).build().unwrap());
        }
    }
}

/// 253 bytes is the longest name in DNS; what can't be told is not tried.
#[test]
fn a_name_that_is_too_long() {
    for len in [255, 256, 1000] {
        // It hears the longest there can be, and closes.
        let server = serve([Script::new().read_bytes(3).send([5, 0]).read_bytes(7 + 255).close()]);
        let host = "x".repeat(len);
        let Ok(mut conn) = to(&host, at(&server)).build() else { continue };
        let err = conn.connect().unwrap_err();
        assert_eq!(err.kind(), ErrorKind::SocksFailed, "{err}");
        let sent = server.wait_received(0, usize::MAX, PATIENCE);
        if len > 255 {
            assert_eq!(sent, [5, 1, 0]);
            assert!(err.to_string().len() < 2000);
        } else {
            assert_eq!((sent.len(), sent[7]), (3 + 7 + 255, 255));
        }
    }
}

#[test]
fn silence_ends_with_the_timeout() {
    for script in [
        Script::new().hold(),
        Script::new().read_bytes(3).send([5, 0]).hold(),
        open_proxy(15, &[5, 0]).hold(),
    ] {
        let server = serve([script]);
        for builder in
            [to("far.test", at(&server)).timeout(SHORT), to("far.test", at(&server)).deadline(SHORT)]
        {
            let err = builder.build().unwrap().connect().unwrap_err();
            assert_eq!((err.kind(), err.phase()), (ErrorKind::Timeout, Some(Phase::Proxy)), "{err}");
        }
    }
}

#[test]
fn a_proxy_that_is_not_there() {
    let nobody = refusing();
    let err =
        to("far.test", Socks5::new(&nobody.to_string()).unwrap()).build().unwrap().connect().unwrap_err();
    assert_eq!((err.kind(), err.phase()), (ErrorKind::Io, Some(Phase::Connect)), "{err}");
    assert!(err.to_string().contains(&nobody.to_string()), "{err}");
}

#[test]
fn through_a_real_proxy() {
    let (plain, secure) = (Origin::start().unwrap(), origin_tls());
    let start = || Proxy::socks5().name(NAME, [127, 0, 0, 1]);
    for (proxy, credentials) in [
        (start().start().unwrap(), None),
        (start().credentials("user", "secret").start().unwrap(), Some(("user", "secret"))),
    ] {
        let mut socks = Socks5::new(&proxy.addr().to_string()).unwrap();
        if let Some((user, password)) = credentials {
            socks = socks.credentials(user, password).unwrap();
        }
        let mut http = HttpConnection::builder(NAME)
            .port(plain.port())
            .socks5(socks.clone())
            .timeout(PATIENCE)
            .build()
            .unwrap();
        let builder = HttpsConnection::builder(NAME).port(secure.port()).socks5(socks.clone()).tls(tls());
        let mut https = builder.timeout(PATIENCE).build().unwrap();
        let body = vec![b'x'; 500_000];
        for conn in [&mut http, &mut *https] {
            for _ in 0..2 {
                conn.request("POST", "/echo", &body, &[]).unwrap();
                assert!(conn.get_response().unwrap().read_all().unwrap() == body);
            }
        }
        assert_eq!(secure.handshakes().last().unwrap().server_name.as_deref(), Some(NAME));
        assert!(proxy.asked().iter().all(|asked| asked.form == HostForm::Name && asked.host == NAME));
        let builder = HttpConnection::builder("127.0.0.1").port(plain.port()).socks5(socks.clone());
        builder.build().unwrap().connect().unwrap();
        assert_eq!(proxy.asked().last().unwrap().form, HostForm::Ipv4);

        let mut unknown = to("unknown.test", socks.clone()).build().unwrap();
        assert!(refused(&mut unknown).to_string().contains("host unreachable"));
        let nobody = refusing();
        let mut closed = to(&nobody.to_string(), socks).build().unwrap();
        assert!(refused(&mut closed).to_string().contains("connection refused"));
    }
}

#[test]
fn a_real_proxy_that_wants_to_know_who_asks() {
    let origin = Origin::start().unwrap();
    let proxy = Proxy::socks5().credentials("user", "secret").start().unwrap();
    let host = origin.host_port();
    let socks = Socks5::new(&proxy.addr().to_string()).unwrap();
    assert!(refused(&mut to(&host, socks.clone()).build().unwrap()).to_string().contains("credentials"));
    let wrong = socks.credentials("user", "wrong").unwrap();
    assert!(refused(&mut to(&host, wrong).build().unwrap()).to_string().contains("password"));
    assert!(proxy.asked().is_empty() && origin.requests().is_empty());
}

/// SOCKS first, then the tunnel.
#[test]
fn a_tunnel_behind_it() {
    let origin = origin_tls();
    let http = Proxy::http().name(NAME, [127, 0, 0, 1]).start().unwrap();
    let socks = Proxy::socks5().start().unwrap();
    let mut conn = HttpsConnection::builder("127.0.0.1")
        .port(http.port())
        .socks5(Socks5::new(&socks.addr().to_string()).unwrap())
        .tunnel(NAME, origin.port(), &[])
        .tls(tls())
        .timeout(PATIENCE)
        .build()
        .unwrap();
    conn.request("GET", "/bytes/1000", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap().len(), 1000);
    assert_eq!((socks.asked()[0].port, http.asked()[0].port), (http.port(), origin.port()));
}
