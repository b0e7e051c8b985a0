//! The timeout: what it bounds, and what is left when it ran out.

mod support;

use std::io::{ErrorKind as Io, Read};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use origin::{Script, Scripted};
use socket2::{Domain, Socket, Type};
use straightwire::{Error, ErrorKind, HttpConnection, Phase};
use support::ways::WAYS;
use support::*;

/// For waiting in vain when all that will come has come.
const BRIEF: Duration = Duration::from_millis(5);

/// This call ends with a timeout, and before patience does.
#[track_caller]
fn times_out<T>(phase: Phase, call: impl FnOnce() -> Result<T, Error>) -> Error {
    let begun = Instant::now();
    let Err(err) = call() else { panic!("no timeout") };
    assert!(begun.elapsed() < PATIENCE);
    assert_eq!((err.kind(), err.phase()), (ErrorKind::Timeout, Some(phase)), "{err}");
    assert!(
        err.is_timeout() && err.is_io() && !err.is_peer() && !err.is_caller() && !err.is_http_exception()
    );
    assert!(matches!(err.io_error().unwrap().kind(), Io::TimedOut | Io::WouldBlock));
    err
}

/// An open connection that waits for nothing for long.
fn hasty(server: &Scripted) -> HttpConnection {
    let mut conn = client(server);
    open_then_bound(&mut conn, SHORT);
    conn
}

/// A listener whose queue is full drops what else comes, as a network that swallows packets does.
#[test]
fn connecting_to_where_nobody_answers() {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    socket.listen(0).unwrap();
    let addr = socket.local_addr().unwrap().as_socket().unwrap();
    let queued: Vec<_> = (0..100).map_while(|_| TcpStream::connect_timeout(&addr, SHORT).ok()).collect();
    assert!(queued.len() < 100, "the queue never fills here");

    let mut conn = builder(addr).timeout(SHORT).build().unwrap();
    times_out(Phase::Connect, || conn.connect());
    times_out(Phase::Connect, || conn.request("GET", "/", (), &[]));
    assert!(!conn.is_connected());
    assert_eq!(conn.get_response().unwrap_err().kind(), ErrorKind::ResponseNotReady);
}

#[test]
fn waiting_for_an_answer_that_does_not_come() {
    for sent in
        ["", "H", "HTTP/1.1 200 OK", "HTTP/1.1 200 OK\r\nA: b\r\n", "HTTP/1.1 100 Continue\r\n\r\nHTTP"]
    {
        let server = serve([answer(sent).hold()]);
        let mut conn = asked(&server);
        wait_for_bytes(&conn, sent.len());
        conn.set_timeout(SHORT).unwrap();
        let err = times_out(Phase::Head, || conn.get_response());
        assert_eq!(err.partial(), sent.rsplit("\r\n\r\n").next().unwrap().as_bytes());
        // Told once; then there is no connection any more.
        assert!(!conn.is_connected());
        assert_eq!(conn.get_response().unwrap_err().kind(), ErrorKind::ResponseNotReady);
    }
}

#[test]
fn waiting_for_the_rest_of_a_body() {
    for (wire, arrived) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf".to_owned(), "half".to_owned()),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nha\r\n9\r\nlf".to_owned(),
            "half".to_owned(),
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\n".to_owned(),
            "half".to_owned(),
        ),
        ("HTTP/1.1 200 OK\r\n\r\nhalf".to_owned(), "half".to_owned()),
        (
            format!("HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n{}", "x".repeat(60_000)),
            "x".repeat(60_000),
        ),
    ] {
        let server = serve([answer(&*wire).hold()]);
        for (way, _, read) in WAYS.into_iter().filter(|(_, most, _)| arrived.len() < *most) {
            let mut conn = asked(&server);
            wait_for_bytes(&conn, wire.len());
            conn.set_timeout(BRIEF).unwrap();
            let mut response = conn.get_response().unwrap();
            let mut got = Vec::new();
            let err = times_out(Phase::Body, || read(&mut response, &mut got));
            got.extend_from_slice(err.partial());
            assert!(got == arrived.as_bytes(), "{way}: {} of {} bytes", got.len(), arrived.len());
            // What did not come must not look like an end.
            let again = response.read_all().unwrap_err();
            assert_ne!(again.kind(), ErrorKind::Timeout, "{way}");
            drop(response);
            assert!(!conn.is_connected());
        }
    }
}

#[test]
fn through_the_standard_traits_a_timeout_is_timed_out() {
    let server = serve([answer("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n").hold()]);
    let mut conn = hasty(&server);
    conn.request("GET", "/", (), &[]).unwrap();
    let err = conn.get_response().unwrap().read(&mut [0; 9]).unwrap_err();
    assert_eq!(err.kind(), Io::TimedOut);
    assert_eq!(err.downcast::<Error>().unwrap().kind(), ErrorKind::Timeout);
}

#[test]
fn sending_to_a_server_that_does_not_read() {
    let server = serve([Script::new().stop_reading().hold()]);
    let mut conn = hasty(&server);
    times_out(Phase::Send, || conn.request("PUT", "/", vec![0; 30_000_000], &[]));
    assert!(!conn.is_connected());
    assert_eq!(conn.get_response().unwrap_err().kind(), ErrorKind::ResponseNotReady);

    let mut conn = hasty(&server);
    conn.put_request("PUT", "/").unwrap();
    conn.put_header("Transfer-Encoding", "chunked").unwrap();
    conn.end_headers().unwrap();
    times_out(Phase::Send, || (0..1000).try_for_each(|_| conn.send(&[0; 100_000])));
    assert!(!conn.is_connected());
}

/// It bounds each wait, not their sum.
#[test]
fn a_slow_body_that_keeps_coming_is_read() {
    let pieces = Script::new().read_request().send_in_pieces(
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789",
        4,
        Duration::from_millis(100),
    );
    let server = serve([pieces]);
    let mut conn = builder(server.addr()).timeout(Duration::from_secs(1)).build().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"0123456789");
}

#[test]
fn it_can_be_changed_on_an_open_connection() {
    let slow = answer(OK).read_request().hold();
    let server = serve([slow]);
    let mut conn = builder(server.addr()).timeout(None).build().unwrap();
    assert_eq!(conn.timeout(), None);
    conn.request("GET", "/", (), &[]).unwrap();
    conn.get_response().unwrap().read_all().unwrap();
    conn.set_timeout(SHORT).unwrap();
    assert_eq!(conn.timeout(), Some(SHORT));
    conn.request("GET", "/", (), &[]).unwrap();
    times_out(Phase::Head, || conn.get_response());
    assert_eq!(server.connections(), 1);
    conn.set_timeout(None).unwrap();
    assert_eq!(conn.timeout(), None);
}

#[test]
fn without_a_timeout_an_answer_is_waited_for() {
    let server = serve([Script::new().read_request().pause(SHORT * 2).send(OK)]);
    let mut conn = builder(server.addr()).timeout(None).build().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
}

#[test]
fn a_timeout_of_nothing_is_refused() {
    let err = HttpConnection::builder("localhost").timeout(Duration::ZERO).build().err().unwrap();
    assert_eq!(err.kind(), ErrorKind::InvalidSetting);
    let mut conn = HttpConnection::new("localhost").unwrap();
    assert_eq!(conn.set_timeout(Duration::ZERO).unwrap_err().kind(), ErrorKind::InvalidSetting);
    assert_eq!(conn.timeout(), None);
}

/// The largest there is must not overflow what the system takes, nor become none or nothing.
#[test]
fn very_small_and_very_large_timeouts_work() {
    let server = serve([answer_all()]);
    for timeout in [Duration::from_secs(1 << 40), Duration::from_secs(u64::MAX), Duration::MAX] {
        let mut conn = builder(server.addr()).timeout(timeout).build().unwrap();
        conn.request("GET", "/", (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    }
    let silent = serve([Script::new().read_request().hold()]);
    let mut conn = client(&silent);
    conn.request("GET", "/", (), &[]).unwrap();
    conn.set_timeout(Duration::from_nanos(1)).unwrap();
    times_out(Phase::Head, || conn.get_response());
}
