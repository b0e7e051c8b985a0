//! The same faults inside TLS, where what is read is not what arrives.

use std::io::{self, ErrorKind as Io};
use std::time::Duration;

use origin::{Script, Scripted};
use straightwire::{CloseReason, Error, ErrorKind, HttpConnection, Phase};

use crate::secure::{asked_tls, https, origin_tls, serve_tls, setup};
use crate::support::*;
use crate::system::{exchanges, in_a_storm};

const LENGTH: &str = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/// What getting and reading the answer ends with.
#[track_caller]
fn error_in_tls(script: Script) -> Error {
    error_once(script, |_| {})
}

/// The same where something is to be done to the connection before the answer is asked for.
#[track_caller]
fn error_once(script: Script, ready: impl FnOnce(&mut HttpConnection)) -> Error {
    // No tickets: all that comes is the answer.
    let server = Scripted::start_tls(&setup().tickets(0), vec![script, answer_all()]).unwrap();
    let mut conn = https(server.addr()).build().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    ready(&mut conn);
    let err = conn.get_response().and_then(|mut response| response.read_all()).unwrap_err();
    assert!(!conn.is_connected(), "{err}");
    conn.set_timeout(PATIENCE).unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    err
}

#[test]
fn silence_runs_into_the_timeout() {
    for (sent, phase, arrived) in [
        ("", Phase::Head, ""),
        ("H", Phase::Head, "H"),
        ("HTTP/1.1 200 OK\r\nA: b\r\n", Phase::Head, "HTTP/1.1 200 OK\r\nA: b\r\n"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234", Phase::Body, "01234"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n01234", Phase::Body, "01234"),
        ("HTTP/1.1 200 OK\r\n\r\n01234", Phase::Body, "01234"),
    ] {
        let err = error_once(answer(sent).hold(), |conn| {
            if !sent.is_empty() {
                wait_for_arrival(conn);
            }
            conn.set_timeout(SHORT).unwrap();
        });
        assert_eq!((err.kind(), err.phase()), (ErrorKind::Timeout, Some(phase)), "{sent:?}: {err}");
        assert_eq!(err.partial().escape_ascii().to_string(), arrived.escape_default().to_string());
    }
}

#[test]
fn a_reset_in_the_head() {
    for sent in ["", "HTTP/1.1 2", "HTTP/1.1 200 OK\r\nA: b\r\n"] {
        let err = error_in_tls(answer(sent).pause(Duration::from_millis(30)).reset());
        assert!(err.is_connection_error(), "{sent:?}: {err}");
        assert_eq!(err.partial().escape_ascii().to_string(), sent.escape_default().to_string());
    }
}

#[test]
fn floods() {
    let most = 128 << 20;
    let trailers = format!("{CHUNKED}0\r\n");
    for (start, piece, kind) in [
        ("", "HTTP/1.1 100 Continue\r\n\r\n", ErrorKind::TooManyInterimResponses),
        ("", "x", ErrorKind::LineTooLong),
        ("HTTP/1.1 200 ", "x", ErrorKind::LineTooLong),
        ("HTTP/1.1 200 OK\r\nA: ", "x", ErrorKind::LineTooLong),
        ("HTTP/1.1 200 OK\r\nContent-Length: ", "9", ErrorKind::LineTooLong),
        ("HTTP/1.1 200 OK\r\n", "A: b\r\n", ErrorKind::TooManyHeaders),
        (CHUNKED, "1;a=bcdefghij\r\nx\r\n", ErrorKind::ChunkExtensionsTooLarge),
        (&trailers, "A: b\r\n", ErrorKind::TooManyTrailers),
    ] {
        let block = piece.repeat(16_000 / piece.len());
        let err = error_in_tls(answer(start).flood(block, most));
        assert_eq!(err.kind(), kind, "{start:?}: {err}");
    }
}

#[test]
fn a_promise_is_not_believed() {
    for wire in [
        "HTTP/1.1 200 OK\r\nContent-Length: 4611686018427387904\r\n\r\nhello".to_owned(),
        format!("{CHUNKED}3fffffffffffffff\r\nhello"),
    ] {
        let err = error_in_tls(answer(wire).close_notify().close());
        assert_eq!((err.kind(), err.partial()), (ErrorKind::IncompleteRead, &b"hello"[..]));
    }
}

#[test]
fn messages_that_break_the_grammar() {
    for (wire, kind) in [
        (format!("{CHUNKED}10000000000000005\r\nhello\r\n0\r\n\r\n"), ErrorKind::BadChunk),
        (format!("{CHUNKED}-5\r\nhello\r\n0\r\n\r\n"), ErrorKind::BadChunk),
        (format!("{CHUNKED}5\r\nhelloXX0\r\n\r\n"), ErrorKind::BadChunk),
        ("HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello".to_owned(), ErrorKind::BadContentLength),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello".to_owned(), ErrorKind::BadContentLength),
        ("<html>hello</html>\n".to_owned(), ErrorKind::BadStatusLine),
    ] {
        let err = error_in_tls(answer(&*wire).hold());
        assert_eq!(err.kind(), kind, "{wire:?}: {err}");
    }
}

#[test]
fn a_body_where_there_is_none() {
    for (method, head) in [
        ("HEAD", "200 OK\r\nContent-Length: 42"),
        ("GET", "204 No Content\r\nTransfer-Encoding: chunked"),
        ("GET", "304 Not Modified\r\nContent-Length: 42"),
    ] {
        let server = serve_tls([answer(format!("HTTP/1.1 {head}\r\n\r\n{EVIL}")).hold(), answer_all()]);
        let mut conn = https(server.addr()).build().unwrap();
        conn.request(method, "/", (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"");
        conn.request("GET", "/", (), &[]).unwrap();
        assert_eq!(conn.close_reason(), Some(CloseReason::Unsolicited));
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
        assert_eq!(server.connections(), 2);
    }
}

/// The proxy's refusal is heard, and nothing that looks like TLS was sent to it.
#[test]
fn a_refused_tunnel_gets_no_handshake() {
    let server =
        serve([Script::new().read_head().send("HTTP/1.1 407 Who?\r\nContent-Length: 0\r\n\r\n").hold()]);
    let mut conn = https(server.addr()).tunnel("far.test", 443, &[]).build().unwrap();
    let err = conn.request("GET", "/secret", (), &[]).unwrap_err();
    assert_eq!((err.kind(), err.phase()), (ErrorKind::TunnelFailed, Some(Phase::Proxy)), "{err}");
    let sent = received(&server, 0);
    assert!(sent.starts_with("CONNECT far.test:443 ") && sent.ends_with("\r\n\r\n"), "{sent:?}");
}

#[test]
fn a_storm_of_signals_is_not_noticed() {
    in_a_storm(|| {
        let origin = origin_tls();
        exchanges(&mut https(origin.addr()).build().unwrap());
    });
}

#[test]
fn without_memory_for_a_body_reading_fails() {
    alone("in_tls::without_memory_for_a_body_reading_fails", "ulimit -v 300000", || {
        for head in
            [LENGTH.replace("10", "1073741824"), CHUNKED.to_owned(), "HTTP/1.1 200 OK\r\n\r\n".to_owned()]
        {
            // As chunks: of 4 KiB each.
            let block = format!("ffe\r\n{}\r\n", "x".repeat(0xffe)).repeat(4);
            let endless = Script::new().read_request().send(head).flood(block, 1 << 30);
            let server = Scripted::start_tls(&setup(), vec![endless]).unwrap();
            let mut conn = asked_tls(&server);
            let err = conn.get_response().unwrap().read_all().unwrap_err();
            assert_eq!(err.io_error().map(io::Error::kind), Some(Io::OutOfMemory), "{err}");
            assert!(!conn.is_connected());
        }
    });
}
