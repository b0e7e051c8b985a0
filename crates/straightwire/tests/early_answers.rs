//! A server answers before it has read the request: the answer is heard, whatever becomes of the connection.

#![cfg(feature = "tls")]

mod support;

#[path = "support/secure.rs"]
mod secure;

use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use origin::{Origin, Script, Scripted, pattern};
use secure::{NAME, https, origin_tls, serve_tls, tls};
use straightwire::transport::Wrapped;
use straightwire::{Body, Canceller, CloseReason, ErrorKind, Expected, HttpConnection, HttpsConnection};
use support::*;

/// More than socket buffers take in.
const LARGE: usize = 30_000_000;

const REFUSAL: &str = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nno!";

/// The bodies that one may come with.
fn bodies() -> [Body<'static>; 4] {
    let pieces = (0..LARGE / 50_000).map(|_| vec![b'x'; 50_000]);
    [
        Body::from(vec![b'x'; LARGE]),
        Body::chunks(pieces),
        Body::reader(std::io::repeat(b'x')),
        Body::chunks([vec![b'x'; LARGE]]),
    ]
}

/// Both in the clear and inside TLS.
fn each_way(script: &dyn Fn() -> Script, check: &dyn Fn(&Scripted, HttpConnection)) {
    let server = serve([script(), answer_all()]);
    check(&server, client(&server));
    let server = serve_tls([script(), answer_all()]);
    check(&server, https(server.addr()).build().unwrap().into());
}

/// The answer is the refusal, and the connection is not used again.
#[track_caller]
fn check_refusal(conn: &mut HttpConnection) {
    let mut response = conn.get_response().unwrap();
    assert_eq!((response.status(), response.close_reason()), (413, Some(CloseReason::RequestUnfinished)));
    assert_eq!(response.read_all().unwrap(), b"no!");
    drop(response);
    assert!(!conn.is_connected());
    assert_eq!(conn.close_reason(), Some(CloseReason::RequestUnfinished));
}

/// The next request works, on a connection of its own.
#[track_caller]
fn check_next(server: &Scripted, conn: &mut HttpConnection) {
    conn.request("GET", "/next", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    assert_eq!(server.connections(), 2);
}

/// Closed, reset, or nothing read any more: the caller sees the same.
#[test]
fn whatever_the_server_does_after_its_answer() {
    let refusing = || Script::new().read_head().send(REFUSAL);
    let endings: [fn(Script) -> Script; 4] = [
        Script::close,
        Script::reset,
        // Nobody reads, and the connection stays open.
        |script| script.stop_reading().hold(),
        |script| script.stop_reading().pause(Duration::from_millis(20)).reset(),
    ];
    for ending in endings {
        each_way(&|| ending(refusing()), &|server, mut conn| {
            conn.request("PUT", "/", vec![b'x'; LARGE], &[]).unwrap();
            check_refusal(&mut conn);
            check_next(server, &mut conn);
        });
    }
}

#[test]
fn whatever_the_body_is_made_of() {
    for index in 0..bodies().len() {
        each_way(
            &|| Script::new().stop_reading().read_head().send(REFUSAL).stop_reading().hold(),
            &|_, mut conn| {
                let [a, b, c, d] = bodies();
                let body = [a, b, c, d].into_iter().nth(index).unwrap();
                conn.request("PUT", "/", body, &[]).unwrap();
                check_refusal(&mut conn);
            },
        );
    }
}

#[test]
fn step_by_step_sending_ends_with_an_error_of_its_own() {
    each_way(&|| Script::new().read_head().send(REFUSAL).hold(), &|server, mut conn| {
        conn.put_request("PUT", "/").unwrap();
        conn.put_header("Transfer-Encoding", "chunked").unwrap();
        conn.end_headers().unwrap();
        // Never as much as would fill a buffer: this is about looking, not about being stuck.
        let err = (0..2000)
            .find_map(|_| {
                thread::sleep(Duration::from_millis(4));
                conn.send(b"piece").err()
            })
            .expect("an early answer is seen");
        assert_eq!(err.kind(), ErrorKind::AnsweredEarly);
        assert!(err.is_connection_error() && err.is_io() && !err.is_peer());
        assert!(!err.is_improper_connection_state() && err.to_string().contains("413 Content Too Large"));
        assert_eq!(conn.send("more").unwrap_err().kind(), ErrorKind::AnsweredEarly);
        assert_eq!(conn.finish().unwrap_err().kind(), ErrorKind::AnsweredEarly);
        check_refusal(&mut conn);
        check_next(server, &mut conn);
    });
}

/// The caller need not ask for the answer.
#[test]
fn an_answer_that_nobody_asks_for_is_forgotten() {
    each_way(&|| Script::new().read_head().send(REFUSAL).hold(), &|server, mut conn| {
        conn.request("PUT", "/", vec![b'x'; LARGE], &[]).unwrap();
        check_next(server, &mut conn);
    });
}

#[test]
fn a_server_that_answers_well_and_reads_on_gets_the_rest() {
    let reading_on = || {
        Script::new()
            .read_head()
            .send(["HTTP/1.1 103 Hints\r\nA: b\r\n\r\n", OK].concat())
            .read_bytes(LARGE as u64)
            .read_request()
            .send(OK)
            .hold()
    };
    each_way(&reading_on, &|server, mut conn| {
        conn.request("PUT", "/", vec![b'x'; LARGE], &[]).unwrap();
        let mut response = conn.get_response().unwrap();
        assert_eq!((response.interim()[0].status(), response.close_reason()), (103, None));
        assert_eq!(response.read_all().unwrap(), b"ok");
        drop(response);
        conn.request("GET", "/", (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
        assert_eq!(server.connections(), 1);
    });
}

#[test]
fn a_server_that_says_it_closes_gets_no_more_unless_it_was_asked_to() {
    let closing = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
    let server = serve([Script::new().read_head().send(closing).stop_reading().hold()]);
    let mut conn = client(&server);
    conn.request("PUT", "/", vec![b'x'; LARGE], &[]).unwrap();
    let mut response = conn.get_response().unwrap();
    assert_eq!(response.close_reason(), Some(CloseReason::RequestUnfinished));
    assert_eq!(response.read_all().unwrap(), b"ok");
    drop(response);

    let server = serve([Script::new().read_head().send(closing).read_bytes(LARGE as u64)]);
    let mut conn = client(&server);
    conn.request("PUT", "/", vec![b'x'; LARGE], &[("Connection", "close")]).unwrap();
    let mut response = conn.get_response().unwrap();
    assert_eq!(response.close_reason(), Some(CloseReason::RequestClose));
    assert_eq!(response.read_all().unwrap(), b"ok");
    drop(response);
    server.join().unwrap();
}

/// Each side waits for the other to read.
#[test]
fn an_answer_in_the_way_is_an_error_and_can_still_be_read() {
    // Where one side reads for a while, its buffers may grow to 32 MiB (`tcp_rmem`), and those of both fill.
    let body = pattern::bytes(1_000_000).repeat(100);
    for (origin, mut conn) in [
        {
            let origin = Origin::start().unwrap();
            let conn = builder(origin.addr()).build().unwrap();
            (origin, conn)
        },
        {
            let origin = origin_tls();
            let conn = https(origin.addr()).build().unwrap().into();
            (origin, conn)
        },
    ] {
        let err = conn.request("PUT", "/echo", &body, &[]).unwrap_err();
        assert_eq!(err.kind(), ErrorKind::AnswerInTheWay, "{err}");
        assert!(err.is_io() && !err.is_connection_error() && !err.is_peer());
        let mut response = conn.get_response().unwrap();
        assert_eq!(response.status(), 200);
        // All that was echoed of what was sent.
        assert!(response.read_up_to(1_000_000).unwrap() == body[..1_000_000]);
        drop(response);
        conn.request("GET", "/bytes/10", (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), pattern::bytes(10));
        assert_eq!(origin.connections(), 2);
        // What fits into the buffers on the way is no trouble.
        conn.request("PUT", "/echo", Body::chunks(body[..300_000].chunks(1000)), &[]).unwrap();
        assert!(conn.get_response().unwrap().read_all().unwrap() == body[..300_000]);
    }
}

/// Only half of it came, and no length says so.
#[test]
fn a_reset_is_no_end_of_a_body() {
    let refusal = "HTTP/1.1 413 Content Too Large\r\n\r\nno";
    for pause in [0, 30] {
        let resetting =
            || Script::new().read_head().send(refusal).pause(Duration::from_millis(pause)).reset();
        each_way(&resetting, &|server, mut conn| {
            conn.request("PUT", "/", vec![b'x'; LARGE], &[]).unwrap();
            let err = conn.get_response().unwrap().read_all().unwrap_err();
            assert!(
                err.partial() == b"no" && (err.is_incomplete_read() || err.is_connection_error()),
                "{err}"
            );
            check_next(server, &mut conn);
        });
    }
}

#[test]
fn no_answer_is_an_error() {
    for ending in [Script::close, Script::reset] {
        each_way(
            &|| ending(Script::new().read_head().pause(Duration::from_millis(20))),
            &|server, mut conn| {
                let err = conn.request("PUT", "/", Body::reader(std::io::repeat(0)), &[]).unwrap_err();
                assert!(err.is_connection_error() && err.kind() != ErrorKind::AnsweredEarly, "{err}");
                assert!(!conn.get_response().unwrap_err().is_improper_connection_state());
                check_next(server, &mut conn);
            },
        );
    }
}

#[test]
fn an_answer_that_makes_no_sense_is_an_error() {
    each_way(&|| Script::new().read_head().send("HTPP nonsense\r\n\r\n").hold(), &|server, mut conn| {
        let err = conn.request("PUT", "/", vec![0; LARGE], &[]).unwrap_err();
        assert_eq!(err.kind(), ErrorKind::BadStatusLine, "{err}");
        check_next(server, &mut conn);
    });
}

/// It refused nothing, but reads nothing either.
#[test]
fn an_answer_is_had_where_time_runs_out_behind_it() {
    let answering = || Script::new().read_head().send(OK).stop_reading().hold();
    each_way(&answering, &|server, mut conn| {
        conn.put_request("PUT", "/").unwrap();
        conn.put_header("Content-Length", LARGE).unwrap();
        conn.end_headers().unwrap();
        while conn.wait_for_continue().unwrap() != Expected::Answer {}
        conn.set_timeout(SHORT).unwrap();
        let err = conn.send(vec![b'x'; LARGE]).unwrap_err();
        assert_eq!(err.kind(), ErrorKind::AnsweredEarly, "{err}");
        conn.set_timeout(PATIENCE).unwrap();
        let mut response = conn.get_response().unwrap();
        assert_eq!(response.read_all().unwrap(), b"ok");
        assert_eq!(response.close_reason(), Some(CloseReason::RequestUnfinished));
        drop(response);
        check_next(server, &mut conn);
    });
}

#[test]
fn time_runs_out_where_nothing_is_read_and_nothing_is_said() {
    let deaf = || Script::new().stop_reading().hold();
    each_way(&deaf, &|_, mut conn| {
        open_then_bound(&mut conn, SHORT);
        let err = conn.request("PUT", "/", vec![0; LARGE], &[]).unwrap_err();
        assert!(err.is_timeout() && !conn.is_connected(), "{err}");
    });
    each_way(&deaf, &|_, mut conn| {
        conn.connect().unwrap();
        conn.set_deadline(SHORT * 2).unwrap();
        let err = conn.request("PUT", "/", vec![0; LARGE], &[]).unwrap_err();
        assert!(err.is_timeout() && err.to_string().contains("the deadline passed"), "{err}");
    });
    each_way(&deaf, &|_, mut conn| {
        let stop = Canceller::new();
        conn.set_canceller(Some(&stop));
        let stopper = thread::spawn(move || {
            thread::sleep(SHORT);
            stop.cancel();
        });
        let err = conn.request("PUT", "/", vec![0; LARGE], &[]).unwrap_err();
        assert_eq!(err.kind(), ErrorKind::Cancelled, "{err}");
        stopper.join().unwrap();
    });
}

#[test]
fn through_a_tunnel_too() {
    let tunnel = Script::new()
        .in_clear()
        .read_head()
        .send("HTTP/1.1 200 OK\r\n\r\n")
        .handshake()
        .read_head()
        .send(REFUSAL)
        .stop_reading()
        .hold();
    let server = serve_tls([tunnel]);
    let addr = server.addr();
    let mut conn = HttpsConnection::builder(&addr.ip().to_string())
        .port(addr.port())
        .tunnel(NAME, 443, &[])
        .tls(tls())
        .timeout(PATIENCE)
        .build()
        .unwrap();
    conn.request("PUT", "/", vec![0; LARGE], &[]).unwrap();
    check_refusal(&mut conn);
}

#[cfg(unix)]
#[test]
fn over_a_unix_socket_too() {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;
    use straightwire::transport::Socket;

    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let deaf = thread::spawn(move || {
        assert!(theirs.read(&mut [0; 100]).unwrap() > 0);
        theirs.write_all(REFUSAL.as_bytes()).unwrap();
        theirs
    });
    let mut conn =
        HttpConnection::builder("unix.test").stream(Socket::from(ours)).timeout(PATIENCE).build().unwrap();
    conn.request("PUT", "/", vec![0; LARGE], &[]).unwrap();
    check_refusal(&mut conn);
    drop(deaf.join().unwrap());
}

/// A stream that only reads and writes: the write breaks, and then the answer is there for who asks.
#[test]
fn a_stream_that_can_only_read_and_write() {
    let server = serve([Script::new().read_head().send(REFUSAL).reset(), answer_all()]);
    let mut conn = HttpConnection::builder("x.test")
        .stream(Wrapped::new(TcpStream::connect(server.addr()).unwrap()))
        .build()
        .unwrap();
    let err = conn.request("PUT", "/", vec![0; LARGE], &[]).unwrap_err();
    assert!(err.is_connection_error() && err.kind() == ErrorKind::Io, "{err}");
    check_refusal(&mut conn);
}
