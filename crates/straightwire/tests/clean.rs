//! After any error the next request starts with its own first byte and gets its own answer.

mod support;

use std::io::{self, Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use origin::Script;
use straightwire::{Body, ErrorKind, HttpConnection, Limits, Result};
use support::refusing::Refusing;
use support::*;

/// A call that fails leaves the connection `number` of the server to be the next request's.
#[track_caller]
fn fails(
    number: usize,
    kind: ErrorKind,
    first: Script,
    call: impl FnOnce(&mut HttpConnection) -> Result<()>,
) {
    let server = serve([first, answer_all()]);
    let mut conn = client(&server);
    conn.connect().unwrap();
    let err = call(&mut conn).unwrap_err();
    assert_eq!(err.kind(), kind, "{err}");
    assert_clean(&server, &mut conn, number);
}

/// What the server answers makes reading fail, and the next request go to a new connection.
#[track_caller]
fn answer_fails(kind: ErrorKind, wire: &str) {
    fails(1, kind, answer(wire), |conn| {
        conn.request("GET", "/", (), &[])?;
        conn.get_response()?.read_all().map(drop)
    });
}

#[test]
fn after_a_refused_call_the_open_connection_is_used_as_if_nothing_had_been() {
    use ErrorKind::*;
    let long = "x".repeat(10_000);
    fails(0, InvalidUrl, answer_all(), |conn| conn.request("GET", "/a b", (), &[]));
    fails(0, InvalidMethod, answer_all(), |conn| conn.request("GE T", "/", (), &[]));
    fails(0, InvalidHeader, answer_all(), |conn| conn.request("GET", "/", (), &[("A", &long), ("B", "\n")]));
    fails(0, InvalidHeader, answer_all(), |conn| {
        conn.put_request("GET", "/")?;
        conn.put_header("A", "fine")?;
        conn.put_header("B", "fine")?;
        conn.put_header("C", "b\0d")
    });
    fails(0, InvalidHeader, answer_all(), |conn| {
        conn.put_request("PUT", "/")?;
        conn.put_header("Content-Length", 3)?;
        conn.put_header("Transfer-Encoding", "chunked")
    });
    fails(0, InvalidBody, answer_all(), |conn| conn.request("PUT", "/", "€", &[]));
    fails(0, InvalidBody, answer_all(), |conn| conn.request("PUT", "/", "abc", &[("Content-Length", "4")]));
    fails(0, InvalidBody, answer_all(), |conn| {
        conn.put_request("PUT", "/")?;
        conn.put_header("Content-Length", 2)?;
        conn.end_headers_with("abc", false)
    });
    fails(0, InvalidBody, answer_all(), |conn| {
        conn.put_request("GET", "/")?;
        conn.end_headers_with("a body that nothing declares", false)
    });
}

/// These are found when the head is out already.
#[test]
fn after_a_body_that_can_not_be_sent_the_next_request_goes_to_a_new_connection() {
    use ErrorKind::*;
    let length = [("Content-Length", "5")];
    let taking = || Script::new().read_head().hold();
    let too_short = || Body::reader(Cursor::new("1234"));
    let too_long = || Body::chunks(["123", "456"]);
    fails(1, InvalidBody, taking(), |conn| conn.request("PUT", "/", too_short(), &length));
    fails(1, InvalidBody, taking(), |conn| conn.request("PUT", "/", too_long(), &length));
    fails(1, InvalidBody, taking(), |conn| conn.request("PUT", "/", too_long(), &[("Content-Length", "0")]));
    fails(1, Io, taking(), |conn| {
        let pieces = [Ok("1"), Err(io::Error::other("torn"))];
        conn.request("PUT", "/", Body::try_chunks(pieces), &[])
    });
    let begun = |conn: &mut HttpConnection| {
        conn.put_request("PUT", "/")?;
        conn.put_header("Content-Length", 5)?;
        conn.end_headers()?;
        conn.send("1234")
    };
    fails(1, InvalidBody, taking(), |conn| begun(conn).and_then(|()| conn.send("56")));
    fails(1, InvalidBody, taking(), |conn| begun(conn).and_then(|()| conn.finish()));
    fails(1, InvalidBody, taking(), |conn| begun(conn).and_then(|()| conn.get_response().map(drop)));
    fails(1, InvalidBody, taking(), |conn| {
        begun(conn).and_then(|()| conn.finish_with_trailers(&[("A", "b")]))
    });
    fails(1, InvalidHeader, taking(), |conn| {
        conn.put_request("PUT", "/")?;
        conn.put_header("Transfer-Encoding", "chunked")?;
        conn.end_headers()?;
        conn.finish_with_trailers(&[("A", "b"), ("Content-Length", "0")])
    });
}

/// A piece that is refused ends the request like any other error that is no wrong time.
#[test]
fn after_a_refused_piece_of_body_a_new_request_may_begin() {
    let begun = |length: u64| {
        move |conn: &mut HttpConnection| {
            conn.put_request("PUT", "/")?;
            conn.put_header("Content-Length", length)?;
            conn.end_headers()
        }
    };
    let taking = || Script::new().read_head().hold();
    fails(1, ErrorKind::InvalidBody, taking(), |conn| begun(5)(conn).and_then(|()| conn.send("€")));
    fails(1, ErrorKind::InvalidBody, taking(), |conn| {
        begun(0)(conn)?;
        conn.send("more than there is")
    });
    fails(1, ErrorKind::InvalidBody, taking(), |conn| {
        begun(0)(conn)?;
        conn.finish_with_trailers(&[("A", "b")])
    });
}

/// A panic is no error; but neither may it leave half a request to be continued by the next, or to be ended.
#[test]
fn after_a_panic_in_what_gives_the_body_nothing_is_continued() {
    /// Gives a piece, and then none of these: another, or an end.
    struct Torn(bool);

    impl Read for Torn {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            assert!(std::mem::take(&mut self.0), "torn");
            buf[..3].copy_from_slice(b"one");
            Ok(3)
        }
    }

    let bodies: [fn() -> Body<'static>; 6] = [
        || Body::chunks((0..2).map(|piece| if piece == 0 { "one" } else { panic!("torn") })),
        || Body::reader(Torn(true)),
        || Body::reader(Torn(true)).progress(|_, _| ()),
        || Body::reader(Cursor::new("one")).progress(|_, _| panic!("torn")),
        || Body::with_trailers(Torn(true), |_| [("A", "b")]),
        || Body::with_trailers(Cursor::new("one"), |_| -> [(&str, &str); 1] { panic!("torn") }),
    ];
    for body in bodies {
        for asks in [false, true] {
            let server = serve([Script::new().read_head().wait_for_close(), answer_all()]);
            let mut conn = client(&server);
            let sending = AssertUnwindSafe(|| conn.request("POST", "/", body(), &[]));
            assert!(catch_unwind(sending).is_err());
            if asks {
                assert_eq!(conn.get_response().unwrap_err().kind(), ErrorKind::ResponseNotReady);
            }
            assert_clean(&server, &mut conn, 1);
            let all = server.wait_received(0, usize::MAX, PATIENCE);
            assert!(all.ends_with(b"\r\n\r\n3\r\none\r\n"), "{}", all.escape_ascii());
        }
    }
}

/// What ended one body is not told of the next.
#[test]
fn after_an_error_that_was_not_asked_for() {
    let broken = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX";
    let server = serve([answer(broken), answer_all()]);
    let mut conn = asked(&server);
    wait_for_bytes(&conn, broken.len());
    assert_eq!(conn.get_response().unwrap().read(&mut [0; 100]).unwrap(), 5);
    assert_clean(&server, &mut conn, 1);
}

#[test]
fn after_a_refused_connect() {
    let nobody = Refusing::new();
    let mut conn = builder(nobody.addr()).build().unwrap();
    for _ in 0..2 {
        let err = conn.request("PUT", "/", "body", &[]).unwrap_err();
        assert_eq!(err.io_error().unwrap().kind(), io::ErrorKind::ConnectionRefused);
        assert!(err.is_connection_error() && !conn.is_connected());
        assert_eq!(conn.get_response().unwrap_err().kind(), ErrorKind::ResponseNotReady);
    }
    // The server is back on the same port.
    let back = nobody.listen();
    conn.request("GET", "/", (), &[]).unwrap();
    let mut first = [0; 6];
    back.accept().unwrap().0.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"GET / ");
}

#[test]
fn after_a_broken_write() {
    let server = serve([Script::new().read_head().reset(), answer_all()]);
    let mut conn = client(&server);
    let err = conn.request("PUT", "/", vec![0; 30_000_000], &[]).unwrap_err();
    assert!(err.is_connection_error() && err.kind() == ErrorKind::Io, "{err}");
    assert_clean(&server, &mut conn, 1);
}

#[test]
fn after_a_broken_write_and_no_answer() {
    let server = serve([Script::new().read_head().reset(), answer_all()]);
    let mut conn = client(&server);
    conn.request("PUT", "/", vec![0; 30_000_000], &[]).unwrap_err();
    assert!(conn.get_response().unwrap_err().is_connection_error());
    assert_clean(&server, &mut conn, 1);
}

#[test]
fn after_a_timeout_of_each_kind() {
    let silent = || Script::new().read_head().hold();
    let half = || answer("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf").hold();
    let in_head = || answer("HTTP/1.1 200 OK\r\nConte").hold();
    for script in [silent(), half(), in_head()] {
        fails(1, ErrorKind::Timeout, script, |conn| {
            conn.request("GET", "/", (), &[])?;
            conn.set_timeout(SHORT)?;
            let outcome = conn.get_response().and_then(|mut response| response.read_all());
            conn.set_timeout(PATIENCE)?;
            outcome.map(drop)
        });
    }
    fails(1, ErrorKind::Timeout, Script::new().stop_reading().hold(), |conn| {
        conn.set_timeout(SHORT)?;
        let outcome = conn.request("PUT", "/", vec![0; 30_000_000], &[]);
        conn.set_timeout(PATIENCE)?;
        outcome
    });
}

#[test]
fn after_an_answer_that_makes_no_sense() {
    use ErrorKind::*;
    let ok = |fields: &str| format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n");
    answer_fails(BadStatusLine, &format!("garbage\r\n\r\n{EVIL}"));
    answer_fails(UnknownProtocol, &format!("HTTP/2.0 200 OK\r\n\r\n{EVIL}"));
    answer_fails(BadHeader, &(ok("no colon") + EVIL));
    answer_fails(BadContentLength, &(ok("Content-Length: 4\r\nContent-Length: 5") + EVIL));
    answer_fails(UnknownTransferEncoding, &(ok("Transfer-Encoding: chunked, chunked") + EVIL));
    answer_fails(BadChunk, &(ok("Transfer-Encoding: chunked") + "zz\r\n" + EVIL));
    answer_fails(BadChunk, &(ok("Transfer-Encoding: chunked") + "1\r\nabc" + EVIL));
    answer_fails(BadHeader, &(ok("Transfer-Encoding: chunked") + "0\r\nno colon\r\n\r\n" + EVIL));
}

#[test]
fn after_an_answer_that_is_cut_short() {
    use ErrorKind::*;
    let ok = |fields: &str| format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n");
    answer_fails(RemoteDisconnected, "");
    answer_fails(IncompleteRead, "HTTP/1.1 200 OK");
    answer_fails(IncompleteRead, "HTTP/1.1 200 OK\r\nContent-Le");
    answer_fails(IncompleteRead, &(ok("Content-Length: 9") + "four"));
    answer_fails(IncompleteRead, &(ok("Transfer-Encoding: chunked") + "9\r\nfour"));
}

#[test]
fn after_an_answer_beyond_a_limit() {
    use ErrorKind::*;
    let ok = |fields: &str| format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n");
    let chunked = ok("Transfer-Encoding: chunked");
    for (kind, wire) in [
        (LineTooLong, ok(&format!("A: {}", "x".repeat(300)))),
        (TooManyHeaders, ok("A: 1\r\nA: 2\r\nA: 3\r\nA: 4")),
        (HeadTooLarge, ok(&["A: ", &"x".repeat(180), "\r\nB: ", &"x".repeat(180)].concat())),
        (TooManyInterimResponses, "HTTP/1.1 103 Hints\r\n\r\n".repeat(3)),
        (TooManyTrailers, format!("{chunked}0\r\nA: 1\r\nA: 2\r\nA: 3\r\n\r\n")),
        (ChunkExtensionsTooLarge, format!("{chunked}1;{}\r\nx\r\n", "e".repeat(30))),
    ] {
        let limits = Limits {
            line: 200,
            head: 300,
            header_lines: 3,
            interim_responses: 2,
            trailer_lines: 2,
            chunk_extensions: 20,
        };
        let server = serve([answer(wire + EVIL), answer_all()]);
        let mut conn = builder(server.addr()).limits(limits).build().unwrap();
        conn.request("GET", "/", (), &[]).unwrap();
        let err = conn.get_response().and_then(|mut response| response.read_all()).unwrap_err();
        assert_eq!(err.kind(), kind, "{err}");
        assert!(err.is_limit() && err.is_peer());
        assert_clean(&server, &mut conn, 1);
    }
}
