//! After a change of protocol the stream is the caller's, with every byte that came behind the head; and the
//! connection is as good as new.

#![cfg(feature = "tls")]

mod support;

#[path = "support/secure.rs"]
mod secure;

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use origin::{Origin, Proxy, Script, Scripted, pattern};
use secure::{NAME, https, origin_tls, serve_tls, tls};
use straightwire::transport::{Readiness, Transport, Wrapped};
use straightwire::{
    Canceller, CloseReason, Error, ErrorKind, Event, Framing, HttpConnection, HttpsConnection, Upgraded,
};
use support::*;

const SWITCHED: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";
const UPGRADE: [(&str, &str); 2] = [("Connection", "Upgrade"), ("Upgrade", "echo")];

/// Asks the origin for its echo.
fn echo(conn: &mut HttpConnection, target: &str) -> Upgraded {
    conn.request("GET", target, (), &UPGRADE).unwrap();
    conn.get_response().unwrap().into_upgraded().unwrap()
}

/// Asks a server that answers 101, or grants a tunnel.
fn switched(server: &Scripted) -> Upgraded {
    asked(server).get_response().unwrap().into_upgraded().unwrap()
}

fn rest_of(stream: &mut impl Read) -> String {
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    rest.escape_ascii().to_string()
}

/// Sends and reads at the same time as much as no buffer holds.
fn check_echo(stream: &mut Upgraded) {
    let sent = pattern::bytes(2_000_000);
    for piece in sent.chunks(50_000) {
        stream.write_all(piece).unwrap();
        stream.flush().unwrap();
        let mut back = vec![0; piece.len()];
        stream.read_exact(&mut back).unwrap();
        assert!(back == piece);
    }
}

#[test]
fn the_origin_changes_to_an_echo() {
    let origin = Origin::start().unwrap();
    let mut conn = builder(origin.addr()).build().unwrap();
    let mut stream = echo(&mut conn, "/upgrade?ahead=first");
    let mut first = [0; 5];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"first");
    check_echo(&mut stream);
    let (local, peer) = stream.addresses().unwrap();
    assert_eq!(peer, origin.addr());
    assert_ne!(local, peer);

    // Beside it the connection begins anew, as often as one likes.
    assert_eq!((conn.is_connected(), conn.close_reason()), (false, Some(CloseReason::Switched)));
    conn.request("GET", "/bytes/1000", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), pattern::bytes(1000));
    assert_eq!(conn.close_reason(), Some(CloseReason::Switched));
    let mut other = echo(&mut conn, "/upgrade");
    other.write_all(b"there").unwrap();
    stream.write_all(b"here").unwrap();
    let (mut here, mut there) = ([0; 4], [0; 5]);
    stream.read_exact(&mut here).unwrap();
    other.read_exact(&mut there).unwrap();
    assert_eq!((&here, &there), (b"here", b"there"));
    assert_eq!(origin.connections(), 2);
}

#[test]
fn no_byte_behind_the_head_is_lost_however_it_comes() {
    let ahead = "HTTP/1.1 200 OK\r\n\r\nnot http\0\n";
    let wire = format!("HTTP/1.1 102 Processing\r\n\r\n{SWITCHED}{ahead}");
    let escaped = ahead.as_bytes().escape_ascii().to_string();
    let mut scripts = vec![
        answer(&*wire).close(),
        Script::new().read_request().send_in_pieces(&*wire, 1, Duration::ZERO).close(),
        Script::new().read_request().send_in_pieces(&*wire, 60, Duration::from_millis(2)).close(),
    ];
    // Cut before, in and behind the end of the head.
    let end = wire.len() - ahead.len();
    scripts.extend(
        [end - 1, end, end + 1, end + 5]
            .map(|cut| answer(&wire[..cut]).pause(Duration::from_millis(5)).send(&wire[cut..]).close()),
    );
    let count = scripts.len();
    let server = Scripted::start(scripts).unwrap();
    for number in 0..count {
        assert_eq!(rest_of(&mut switched(&server)), escaped, "script {number}");
    }
}

#[test]
fn what_was_read_too_early_can_be_taken_out() {
    let server = serve([answer(format!("{SWITCHED}early and late")).send(", later").close()]);
    let mut conn = asked(&server);
    wait_for_bytes(&conn, SWITCHED.len() + 14);
    let mut stream = conn.get_response().unwrap().into_upgraded().unwrap();
    assert_eq!(stream.readiness(), Readiness::Data);
    let mut first = [0; 6];
    stream.read_exact(&mut first).unwrap();
    let (mut bytes, mut stream) = stream.into_parts();
    stream.read_onto(u64::MAX, &mut bytes).unwrap();
    assert_eq!((&first, &*bytes), (b"early ", &b"and late, later"[..]));
}

#[test]
fn any_success_to_connect_gives_the_tunnel() {
    for status in [200, 201, 204, 299] {
        let granted = format!("HTTP/1.1 {status} Yes\r\nContent-Length: 3\r\n\r\nfrom the far end");
        let server = serve([Script::new().read_head().send(granted).read_bytes(4).close()]);
        let mut conn = client(&server);
        conn.request("CONNECT", "far.test:7", (), &[]).unwrap();
        let mut stream = conn.get_response().unwrap().into_upgraded().unwrap();
        stream.write_all(b"ping").unwrap();
        assert_eq!(rest_of(&mut stream), "from the far end");
        server.join().unwrap();
        assert!(received(&server, 0).starts_with("CONNECT far.test:7 HTTP/1.1\r\nHost: far.test:7\r\n"));
        assert!(server.received(0).ends_with(b"\r\n\r\nping"));
    }
}

#[test]
fn other_responses_are_no_switch_and_spoil_nothing() {
    let body = "HTTP/1.1 426 Upgrade Required\r\nUpgrade: y\r\nContent-Length: 2\r\n\r\nno";
    let server = serve([answer(body).read_request().send(OK).hold(), answer_all()]);
    let mut conn = client(&server);
    conn.request("GET", "/", (), &UPGRADE).unwrap();
    let response = conn.get_response().unwrap();
    assert_eq!(response.framing(), Framing::Length(2));
    let err = response.into_upgraded().unwrap_err();
    assert_eq!(err.kind(), ErrorKind::NotUpgraded);
    assert!(err.is_caller() && !err.is_peer() && !err.is_io() && !err.is_http_exception());
    assert!(err.to_string().contains("\"426 Upgrade Required\""), "{err}");
    assert_eq!(io::Error::from(err).kind(), io::ErrorKind::InvalidInput);
    assert_clean(&server, &mut conn, 0);
    for refusal in ["407 No\r\nContent-Length: 0", "502 Bad Gateway"] {
        let server = serve([Script::new().read_head().send(format!("HTTP/1.1 {refusal}\r\n\r\n"))]);
        let mut conn = client(&server);
        conn.request("CONNECT", "far.test:7", (), &[]).unwrap();
        let err = conn.get_response().unwrap().into_upgraded().unwrap_err();
        assert_eq!(err.kind(), ErrorKind::NotUpgraded);
    }
}

/// Breaks when it has taken in the head of a request, and has an answer ready.
#[derive(Debug)]
struct Breaking(io::Cursor<Vec<u8>>, usize);

impl Read for Breaking {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }
}

impl Write for Breaking {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.1 += 1;
        if self.1 > 1 { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(buf.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The peer would take the rest of the request for the new protocol.
#[test]
fn a_switch_before_the_request_is_whole_is_none() {
    let stream = Breaking(io::Cursor::new(format!("{SWITCHED}hello").into()), 0);
    let mut conn = HttpConnection::builder("canned.test").stream(Wrapped::new(stream)).build().unwrap();
    conn.put_request("POST", "/").unwrap();
    conn.put_header("Content-Length", 4).unwrap();
    conn.end_headers().unwrap();
    assert!(conn.send("body").unwrap_err().is_connection_error());
    let response = conn.get_response().unwrap();
    assert_eq!(response.framing(), Framing::Switched);
    let err = response.into_upgraded().unwrap_err();
    assert_eq!(err.kind(), ErrorKind::NotUpgraded);
    assert!(err.to_string().contains("whole request"), "{err}");
    assert!(!conn.is_connected());
}

#[test]
fn inside_tls_and_through_a_tunnel() {
    let origin = origin_tls();
    let proxy = Proxy::https(&secure::setup()).name(NAME, [127, 0, 0, 1]).start().unwrap();
    let direct = https(origin.addr()).build().unwrap();
    let tunnelled = https(proxy.addr()).tls_to_proxy(tls()).tunnel(NAME, origin.port(), &[]).build().unwrap();
    for mut conn in [direct, tunnelled] {
        let mut stream = echo(&mut conn, "/upgrade?ahead=secret");
        assert!(conn.tls_session().is_none());
        assert!(stream.tls_session().is_some() && stream.fd().is_some());
        let mut first = [0; 6];
        stream.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"secret");
        check_echo(&mut stream);
        conn.request("GET", "/bytes/10", (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), pattern::bytes(10));
    }
}

/// A tunnel made by hand carries another connection, with TLS of its own.
#[test]
fn tls_over_the_stream() {
    let origin = origin_tls();
    let proxy = Proxy::http().name(NAME, [127, 0, 0, 1]).start().unwrap();
    let mut conn = builder(proxy.addr()).build().unwrap();
    conn.request("CONNECT", &format!("{NAME}:{}", origin.port()), (), &[]).unwrap();
    let tunnel = conn.get_response().unwrap().into_upgraded().unwrap();
    let mut inner =
        HttpsConnection::builder(NAME).port(origin.port()).tls(tls()).stream(tunnel).build().unwrap();
    for _ in 0..3 {
        inner.request("GET", "/bytes/100000", (), &[]).unwrap();
        assert!(inner.get_response().unwrap().read_all().unwrap() == pattern::bytes(100_000));
    }
    assert_eq!((origin.connections(), proxy.connections()), (1, 1));
}

/// TLS has a word for the end: said by us once, and missed where it is missing.
#[test]
fn goodbye_is_said_and_heard() {
    let script = || answer(format!("{SWITCHED}bye"));
    let server =
        serve_tls([script().wait_for_orderly_close(), script().close_notify().hold(), script().cut().hold()]);
    let ask = || secure::asked_tls(&server).get_response().unwrap().into_upgraded().unwrap();
    drop(ask());
    assert_eq!(rest_of(&mut ask()), "bye");
    let mut got = Vec::new();
    let err = ask().read_to_end(&mut got).unwrap_err();
    assert_eq!((err.kind(), &*got), (io::ErrorKind::UnexpectedEof, &b"bye"[..]));
    server.join().unwrap();
}

#[test]
fn dropping_it_closes_it() {
    let server = serve([answer(SWITCHED).wait_for_orderly_close()]);
    drop(switched(&server));
    server.join().unwrap();
}

/// The timeout goes with the stream, the deadline was for the exchange.
#[test]
fn the_timeout_holds_and_the_deadline_does_not() {
    let silent = answer(SWITCHED).read_bytes(2).send("hi").hold();
    let server = serve([silent]);
    let mut conn = client(&server);
    conn.request("GET", "/", (), &[]).unwrap();
    wait_for_bytes(&conn, SWITCHED.len());
    conn.set_timeout(SHORT).unwrap();
    conn.set_deadline(SHORT * 2).unwrap();
    let mut stream = conn.get_response().unwrap().into_upgraded().unwrap();
    thread::sleep(SHORT * 2);
    for _ in 0..2 {
        let err = stream.read(&mut [0; 8]).unwrap_err();
        assert!(matches!(err.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut), "{err}");
        assert!(err.get_ref().is_none(), "a deadline: {err}");
    }
    stream.set_timeouts(Some(PATIENCE), None).unwrap();
    stream.write_all(b"go").unwrap();
    let mut answer = [0; 2];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"hi");
}

#[test]
fn the_canceller_still_ends_what_waits() {
    let server = serve([answer(format!("{SWITCHED}x")).hold()]);
    for is_parted in [false, true] {
        let stop = Canceller::new();
        let mut conn = builder(server.addr()).timeout(None).canceller(&stop).build().unwrap();
        conn.request("GET", "/", (), &[]).unwrap();
        let mut stream = conn.get_response().unwrap().into_upgraded().unwrap();
        drop(conn);
        stream.read_exact(&mut [0]).unwrap();
        if is_parted {
            // From then on it is nobody's business but the owner's.
            let (_, mut stream) = stream.into_parts();
            stream.set_timeouts(Some(SHORT), None).unwrap();
            stop.cancel();
            let err = stream.read(&mut [0]).unwrap_err();
            assert!(matches!(err.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut), "{err}");
            continue;
        }
        let waiter = thread::spawn(move || {
            let err = stream.read(&mut [0; 8]).unwrap_err();
            (err, stream.write(b"more").unwrap_err())
        });
        stop.cancel();
        let (read, written) = waiter.join().unwrap();
        for err in [read, written] {
            assert_eq!(err.kind(), io::ErrorKind::ConnectionAborted);
            assert_eq!(err.downcast::<Error>().unwrap().kind(), ErrorKind::Cancelled);
        }
    }
}

#[test]
fn a_tap_sees_the_switch_and_no_more() {
    let server = serve([answer(format!("{SWITCHED}seen")).read_bytes(6).send("unseen").close()]);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&seen);
    let mut conn = builder(server.addr())
        .tap(move |event: Event<'_>| {
            notes.lock().unwrap().push(match event {
                Event::Received(bytes) => format!("received {}", bytes.len()),
                Event::Head(head) => format!("head {}", head.status()),
                Event::Closed(reason) => format!("closed {reason:?}"),
                _ => return,
            });
        })
        .build()
        .unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    wait_for_bytes(&conn, SWITCHED.len() + 4);
    let mut stream = conn.get_response().unwrap().into_upgraded().unwrap();
    stream.write_all(b"unseen").unwrap();
    assert_eq!(rest_of(&mut stream), "seenunseen");
    drop((stream, conn));
    let expected =
        [format!("received {}", SWITCHED.len() + 4), "head 101".into(), "closed Some(Switched)".into()];
    assert_eq!(*seen.lock().unwrap(), expected);
}

/// A response that is not taken over ends its connection, whatever follows it.
#[test]
fn a_switch_that_nobody_takes_ends_the_connection() {
    let server = serve([answer(format!("{SWITCHED}{EVIL}")).hold(), answer_all()]);
    let mut conn = asked(&server);
    drop(conn.get_response().unwrap());
    assert_clean(&server, &mut conn, 1);
}

/// The connection's own stream can't be opened again.
#[test]
fn a_stream_of_the_callers_is_handed_on_once() {
    let server = serve([answer(format!("{SWITCHED}hi")).close()]);
    let mine = straightwire::transport::Socket::from(TcpStream::connect(server.addr()).unwrap());
    let mut conn = HttpConnection::builder("x.test").stream(mine).build().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    let mut stream = conn.get_response().unwrap().into_upgraded().unwrap();
    assert_eq!(rest_of(&mut stream), "hi");
    assert_eq!(conn.request("GET", "/", (), &[]).unwrap_err().kind(), ErrorKind::NotConnected);
}
