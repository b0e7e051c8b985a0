//! The deadline: the end of a whole exchange, however often something comes in between.

#![cfg(feature = "tls")]

mod support;

#[path = "support/black_hole.rs"]
mod black_hole;
#[path = "support/relay.rs"]
mod relay;
#[path = "support/secure.rs"]
mod secure;

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use black_hole::BlackHole;
use origin::{Script, Scripted};
use relay::Relay;
use secure::{https, origin_tls, serve_tls};
use straightwire::{Body, ConnectionBuilder, Error, ErrorKind, HttpConnection, Phase, Socks5};
use support::ways::WAYS;
use support::*;

/// Between two bytes; a server that keeps to it is never silent for long.
const DRIP: Duration = Duration::from_millis(10);

/// This call ends because the deadline passed, and before patience does.
#[track_caller]
fn too_late<T>(phase: Phase, call: impl FnOnce() -> Result<T, Error>) -> Error {
    let begun = Instant::now();
    let Err(err) = call() else { panic!("no timeout") };
    assert!(begun.elapsed() < PATIENCE);
    assert_eq!((err.kind(), err.phase()), (ErrorKind::Timeout, Some(phase)), "{err}");
    assert!(err.is_timeout() && err.is_io() && !err.is_peer() && !err.is_caller());
    // While opening it may be the connect timeout as well.
    let is_open = matches!(phase, Phase::Send | Phase::Head | Phase::Body);
    assert!(!is_open || err.to_string().contains("deadline"), "{err}");
    err
}

/// With a timeout too, which never strikes.
fn within(deadline: Duration, addr: SocketAddr) -> ConnectionBuilder<HttpConnection> {
    builder(addr).deadline(deadline)
}

fn dripping(at_once: &str, slowly: &str) -> Scripted {
    serve([answer(at_once).send_in_pieces(slowly, 1, DRIP), answer_all()])
}

#[test]
fn a_head_that_drips() {
    let head = format!("HTTP/1.1 200 OK\r\nA: {}", "x".repeat(2000));
    let server = dripping("", &head);
    let mut conn = asked(&server);
    wait_for_bytes(&conn, 1);
    conn.set_deadline(SHORT).unwrap();
    let err = too_late(Phase::Head, || conn.get_response());
    assert!(!err.partial().is_empty() && head.as_bytes().starts_with(err.partial()));
    assert!(!conn.is_connected());
    conn.set_deadline(PATIENCE).unwrap();
    assert_clean(&server, &mut conn, 1);
}

#[test]
fn interim_responses_that_drip() {
    let server = dripping("", &"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(50));
    let mut conn = within(SHORT, server.addr()).build().unwrap();
    conn.connect().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    too_late(Phase::Head, || conn.get_response());
}

/// Time begins to run when some of the body has come.
#[test]
fn a_body_that_drips() {
    let xs = "x".repeat(2000);
    for (head, slowly) in [
        ("Content-Length: 2000\r\n\r\nx", xs.clone()),
        ("Content-Length: 200000\r\n\r\nx", xs.clone()),
        ("Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n", "1\r\nx\r\n".repeat(300)),
        ("Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n", format!("1;{xs}")),
        ("Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n", format!("T: {xs}")),
        ("\r\nx", xs.clone()),
    ] {
        let at_once = format!("HTTP/1.1 200 OK\r\n{head}");
        let server = serve([answer(&*at_once).send_in_pieces(slowly, 1, DRIP)]);
        for (way, _, read) in WAYS.into_iter().step_by(4) {
            let mut conn = asked(&server);
            wait_for_bytes(&conn, at_once.len());
            conn.set_deadline(SHORT).unwrap();
            let mut response = conn.get_response().unwrap();
            let mut got = Vec::new();
            let err = too_late(Phase::Body, || read(&mut response, &mut got));
            got.extend_from_slice(err.partial());
            assert!(!got.is_empty() && got.iter().all(|&byte| byte == b'x'), "{way}, {head:?}: {got:?}");
            assert!(response.read_all().is_err());
            drop(response);
            assert!(!conn.is_connected());
        }
    }
}

/// No byte of plaintext comes of a record that is not whole.
#[test]
fn records_that_drip() {
    let origin = origin_tls();
    let relay = Relay::start(origin.addr());
    let mut conn = https(relay.addr()).build().unwrap();
    conn.connect().unwrap();
    relay.drip(DRIP);
    conn.set_deadline(SHORT * 2).unwrap();
    conn.request("GET", "/bytes/1000", (), &[]).unwrap();
    let err = too_late(Phase::Head, || conn.get_response());
    assert_eq!(err.partial(), b"");

    let relay = Relay::start(origin.addr());
    let mut conn = https(relay.addr()).deadline(PATIENCE).build().unwrap();
    // More than can be on its way before it drips.
    conn.request("GET", "/bytes/50000000", (), &[]).unwrap();
    wait_for_arrival(&conn);
    conn.set_deadline(SHORT * 6).unwrap();
    let mut response = conn.get_response().unwrap();
    relay.drip(DRIP);
    too_late(Phase::Body, || response.read_all());
}

#[test]
fn a_handshake_that_drips() {
    let origin = origin_tls();
    let relay = Relay::start(origin.addr());
    relay.drip(DRIP);
    for builder in [https(relay.addr()).deadline(SHORT), https(relay.addr()).connect_timeout(SHORT)] {
        let mut conn = builder.build().unwrap();
        too_late(Phase::Tls, || conn.connect());
        assert!(!conn.is_connected());
    }
    assert!(origin.requests().is_empty());
}

#[test]
fn an_answer_to_connect_that_drips() {
    let head = format!("HTTP/1.1 200 OK\r\nA: {}", "x".repeat(2000));
    let server = serve([Script::new().read_head().send_in_pieces(head.clone(), 1, DRIP)]);
    let enough = SHORT * 6;
    for builder in [within(enough, server.addr()), builder(server.addr()).connect_timeout(enough)] {
        let mut conn = builder.tunnel("far.test", 80, &[]).build().unwrap();
        let err = too_late(Phase::Proxy, || conn.connect());
        assert!(!err.partial().is_empty() && head.as_bytes().starts_with(err.partial()));
        assert!(conn.proxy_response().is_none());
    }
}

/// An answer that refuses is told though its body never comes to an end.
#[test]
fn a_refusal_whose_body_drips() {
    let head = "HTTP/1.1 403 No\r\nContent-Length: 60000\r\n\r\n";
    let server = serve([Script::new().read_head().send(head).send_in_pieces("x".repeat(3000), 1, DRIP)]);
    let bounded = within(SHORT * 6, server.addr());
    let unbounded = builder(server.addr()).timeout(None);
    for builder in [bounded, unbounded] {
        let mut conn = builder.tunnel("far.test", 80, &[]).build().unwrap();
        let begun = Instant::now();
        let err = conn.connect().unwrap_err();
        assert!(begun.elapsed() < PATIENCE);
        assert_eq!((err.kind(), err.phase()), (ErrorKind::TunnelFailed, Some(Phase::Proxy)), "{err}");
        let body = conn.proxy_response().unwrap().body_start();
        assert!(!body.is_empty() && body.iter().all(|&byte| byte == b'x'));
    }
}

#[test]
fn an_answer_of_socks_that_drips() {
    let name = [&[5, 0, 5, 0, 0, 3, 255][..], &[b'x'; 255]].concat();
    let server = serve([Script::new().read_bytes(3).send_in_pieces(name, 1, DRIP * 2)]);
    let proxy = Socks5::new(&server.addr().to_string()).unwrap();
    let through = || HttpConnection::builder("far.test").timeout(PATIENCE).socks5(proxy.clone());
    for builder in [through().deadline(SHORT), through().connect_timeout(SHORT)] {
        too_late(Phase::Proxy, || builder.build().unwrap().connect());
    }
}

#[test]
fn opening_is_a_part_of_the_exchange() {
    let hole = BlackHole::new();
    let mut conn =
        HttpConnection::builder("127.0.0.1").port(hole.addr().port()).deadline(SHORT).build().unwrap();
    too_late(Phase::Connect, || conn.request("GET", "/", (), &[]));
}

#[test]
fn sending_to_a_server_that_does_not_read() {
    let server = serve([Script::new().stop_reading().hold()]);
    let mut conn = within(SHORT, server.addr()).build().unwrap();
    conn.connect().unwrap();
    too_late(Phase::Send, || conn.request("PUT", "/", vec![0; 30_000_000], &[]));
    assert!(!conn.is_connected());

    let server = serve_tls([Script::new().stop_reading().hold()]);
    let mut conn = https(server.addr()).build().unwrap();
    conn.connect().unwrap();
    conn.set_deadline(SHORT).unwrap();
    too_late(Phase::Send, || conn.request("PUT", "/", vec![0; 30_000_000], &[]));
    assert!(!conn.is_connected());
}

/// A server that takes a little now and then never lets a single write wait for long.
#[test]
fn sending_to_a_server_that_reads_slowly() {
    let slowly = (0..200).fold(Script::new(), |script, _| script.read_bytes(2000).pause(DRIP));
    let server = serve([slowly.clone(), Script::new().stop_reading()]);
    let mut conn = within(SHORT * 2, server.addr()).build().unwrap();
    conn.connect().unwrap();
    too_late(Phase::Send, || conn.request("PUT", "/", Body::reader(std::io::repeat(0)), &[]));
}

/// Four exchanges that take longer than the deadline together, but not each.
#[test]
fn each_exchange_has_its_own() {
    let pause = Duration::from_millis(400);
    let slow = (0..4).fold(Script::new(), |script, _| script.read_request().pause(pause).send(OK));
    let server = serve([slow]);
    let mut conn = within(Duration::from_millis(1300), server.addr()).build().unwrap();
    for _ in 0..4 {
        conn.request("GET", "/", (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    }
    assert_eq!(server.connections(), 1);
}

#[test]
fn time_between_exchanges_does_not_count() {
    let server = serve([answer_all()]);
    let deadline = Duration::from_secs(1);
    let mut conn = within(deadline, server.addr()).build().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    thread::sleep(deadline);
    conn.request("GET", "/", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    conn.connect().unwrap();
    thread::sleep(deadline);
    conn.request("GET", "/", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
}

/// The caller's own time does, within one.
#[test]
fn it_begins_with_the_request() {
    let server = serve([answer(OK).hold()]);
    let mut conn = within(SHORT, server.addr()).build().unwrap();
    conn.connect().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    thread::sleep(SHORT * 2);
    too_late(Phase::Head, || conn.get_response());
}

#[test]
fn each_wait_still_has_its_timeout() {
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf";
    let server = serve([answer(half).hold()]);
    let mut conn = builder(server.addr()).deadline(PATIENCE * 10).build().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    wait_for_bytes(&conn, half.len());
    conn.set_timeout(SHORT).unwrap();
    let begun = Instant::now();
    let err = conn.get_response().unwrap().read_all().unwrap_err();
    assert!(begun.elapsed() < PATIENCE);
    assert_eq!((err.kind(), err.phase()), (ErrorKind::Timeout, Some(Phase::Body)), "{err}");
    assert!(!err.to_string().contains("deadline"), "{err}");
    assert_eq!(err.partial(), b"half");
}

#[test]
fn it_can_be_taken_off_and_put_on() {
    let slow = Script::new().read_request().send(OK).read_request().pause(SHORT * 7).send(OK);
    let server = serve([slow.read_request().hold(), answer_all()]);
    let mut conn = within(SHORT * 6, server.addr()).build().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    conn.set_deadline(None).unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    // In the midst of an exchange too.
    conn.request("GET", "/", (), &[]).unwrap();
    conn.set_deadline(SHORT).unwrap();
    too_late(Phase::Head, || conn.get_response());
    conn.set_deadline(PATIENCE).unwrap();
    assert_clean(&server, &mut conn, 1);
}

#[test]
fn taken_off_in_the_midst_of_an_exchange_it_ends_nothing() {
    let server = serve([Script::new().read_request().pause(SHORT * 3).send(OK)]);
    let mut conn = within(SHORT, server.addr()).build().unwrap();
    conn.connect().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    conn.set_deadline(None).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
}

#[test]
fn none_of_it_is_refused_and_any_length_works() {
    let builder = HttpConnection::builder("localhost").deadline(Duration::ZERO);
    assert_eq!(builder.build().err().unwrap().kind(), ErrorKind::InvalidSetting);
    let builder = HttpConnection::builder("localhost").connect_timeout(Duration::ZERO);
    assert_eq!(builder.build().err().unwrap().kind(), ErrorKind::InvalidSetting);

    let server = serve([answer_all()]);
    for deadline in [Duration::from_secs(1 << 40), Duration::MAX] {
        let mut conn = within(deadline, server.addr()).connect_timeout(deadline).build().unwrap();
        assert_eq!(conn.set_deadline(Duration::ZERO).unwrap_err().kind(), ErrorKind::InvalidSetting);
        conn.request("GET", "/", (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    }
    let mut conn = within(Duration::from_nanos(1), server.addr()).build().unwrap();
    assert!(conn.request("GET", "/", (), &[]).unwrap_err().is_timeout());
}

/// What came in time is whole.
#[test]
fn a_large_body_in_time() {
    const LONG: Duration = Duration::from_secs(300);
    let begun = Instant::now();
    let origin = origin::Origin::start().unwrap();
    let secure = origin_tls();
    let body = origin::pattern::bytes(3_000_000);
    for url in ["/bytes/3000000", "/chunked/3000000/70000", "/close-delimited/3000000"] {
        for (way, most, read) in WAYS {
            if most < body.len() {
                continue;
            }
            let mut got = Vec::new();
            let mut conn = within(LONG, origin.addr()).build().unwrap();
            conn.request("GET", url, (), &[]).unwrap();
            read(&mut conn.get_response().unwrap(), &mut got).unwrap();
            assert!(got == body, "{url}, {way}");
        }
        let mut conn = https(secure.addr()).deadline(LONG).build().unwrap();
        conn.request("GET", url, (), &[]).unwrap();
        assert!(conn.get_response().unwrap().read_all().unwrap() == body, "{url}");
    }
    assert!(begun.elapsed() < LONG, "a body that is whole needs no deadline to end");
}

/// What opening may take says nothing of how long an answer may.
#[test]
fn the_connect_timeout_is_over_when_the_connection_is_open() {
    let granted = Script::new().read_head().send("HTTP/1.1 200 OK\r\n\r\n");
    let server = serve([
        Script::new().read_request().pause(SHORT * 7).send(OK),
        granted.read_request().pause(SHORT * 7).send(OK),
    ]);
    let at = || builder(server.addr()).timeout(None).connect_timeout(SHORT * 6);
    let mut plain = at().build().unwrap();
    plain.connect().unwrap();
    let mut tunnel = at().tunnel("far.test", None, &[]).build().unwrap();
    tunnel.connect().unwrap();
    let secure = serve_tls([Script::new().read_request().pause(SHORT * 7).send(OK)]);
    let mut https = https(secure.addr()).timeout(None).connect_timeout(SHORT * 6).build().unwrap();
    for conn in [&mut plain, &mut tunnel, &mut *https] {
        conn.request("GET", "/", (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    }
}
