//! `Expect: 100-continue`: the body waits until the server wants it.

#![cfg(feature = "tls")]

mod support;

#[path = "support/secure.rs"]
mod secure;

use std::io::{self, Cursor, Read};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use origin::{Origin, Script, Scripted};
use secure::{https, origin_tls, serve_tls};
use straightwire::transport::Wrapped;
use straightwire::{Body, CloseReason, ConnectionBuilder, ErrorKind, Expected, HttpConnection};
use support::*;

const EXPECT: (&str, &str) = ("Expect", "100-continue");

const GO_ON: &str = "HTTP/1.1 100 Continue\r\n\r\n";

const REFUSAL: &str = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nno!";

const FAILED: &str = "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n";

/// A wait that ends only when something comes.
const LONG: Duration = Duration::from_secs(3600);

/// Both in the clear and inside TLS, with this much patience.
fn each_way(patience: Duration, script: &dyn Fn() -> Script, check: &dyn Fn(&Scripted, HttpConnection)) {
    let server = serve([script(), answer_all()]);
    check(&server, builder(server.addr()).expect_timeout(patience).build().unwrap());
    let server = serve_tls([script(), answer_all()]);
    check(&server, https(server.addr()).expect_timeout(patience).build().unwrap().into());
}

/// A server that has not been asked to read the body before it has answered.
fn refusing(answer: &str) -> Script {
    Script::new().read_head().pause(Duration::from_millis(50)).send(answer).wait_for_close()
}

/// All that the first connection carried is a head.
#[track_caller]
fn check_only_head(server: &Scripted) {
    let sent = server.wait_received(0, usize::MAX, PATIENCE);
    assert!(sent.ends_with(b"\r\n\r\n"), "{}", sent.escape_ascii());
    assert_eq!(sent.windows(4).filter(|four| four == b"\r\n\r\n").count(), 1, "{}", sent.escape_ascii());
}

fn bodies() -> Vec<Body<'static>> {
    vec![
        Body::from("the body"),
        Body::from(vec![b'x'; 1_000_000]),
        Body::reader(Cursor::new("the body")),
        Body::chunks(["the", " body"]),
    ]
}

/// That it does not go before is shown by the answers that it never goes to.
#[test]
fn the_body_goes_when_it_is_wanted() {
    let inviting = || {
        Script::new().read_head().pause(Duration::from_millis(30)).send(GO_ON).read_bytes(8).send(OK).hold()
    };
    each_way(LONG, &inviting, &|server, mut conn| {
        conn.request("PUT", "/", "the body", &[EXPECT]).unwrap();
        let mut response = conn.get_response().unwrap();
        assert_eq!((response.interim()[0].status(), response.close_reason()), (100, None));
        assert_eq!(response.read_all().unwrap(), b"ok");
        let sent = received(server, 0);
        assert!(sent.contains("Expect: 100-continue\r\n") && sent.ends_with("\r\n\r\nthe body"), "{sent}");
    });
}

#[test]
fn interim_responses_of_other_kinds_do_not_end_the_wait_and_are_kept() {
    let all = ["HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", GO_ON].concat();
    let server = serve([Script::new().read_head().send(all).read_bytes(8).send(OK).hold()]);
    let mut conn = builder(server.addr()).expect_timeout(LONG).build().unwrap();
    conn.request("PUT", "/", "the body", &[EXPECT]).unwrap();
    let response = conn.get_response().unwrap();
    let interim: Vec<u16> = response.interim().iter().map(|head| head.status()).collect();
    assert_eq!((response.status(), interim), (200, vec![103, 100]));

    let silent_but_hints =
        Script::new().read_head().send("HTTP/1.1 102 Processing\r\n\r\n").read_bytes(8).send(OK);
    let server = serve([silent_but_hints]);
    let mut conn = builder(server.addr()).expect_timeout(SHORT).build().unwrap();
    conn.request("PUT", "/", "the body", &[EXPECT]).unwrap();
    assert_eq!(conn.get_response().unwrap().status(), 200);
}

#[test]
fn the_body_goes_when_nothing_has_come_in_time() {
    each_way(SHORT, &|| answer(OK).read_request().send(OK).hold(), &|server, mut conn| {
        for body in ["the body", "another"] {
            conn.request("PUT", "/", body, &[EXPECT]).unwrap();
            assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
            assert!(received(server, 0).ends_with(body));
        }
        assert_eq!(server.connections(), 1);
    });
    // The connection's own timeout is no failure of the request, only the end of the wait.
    each_way(LONG, &|| answer(OK).hold(), &|_, mut conn| {
        open_then_bound(&mut conn, SHORT);
        conn.request("PUT", "/", "the body", &[EXPECT]).unwrap();
        conn.set_timeout(PATIENCE).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    });
    // Nor is a wait of no time at all one.
    each_way(Duration::ZERO, &|| answer(OK).hold(), &|_, mut conn| {
        conn.request("PUT", "/", "the body", &[EXPECT]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    });
}

#[test]
fn a_final_answer_instead_leaves_the_body_unsent() {
    for status in [REFUSAL, OK, "HTTP/1.1 303 See Other\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", FAILED]
    {
        for index in 0..bodies().len() {
            each_way(LONG, &|| refusing(status), &|server, mut conn| {
                let body = bodies().into_iter().nth(index).unwrap();
                conn.request("PUT", "/", body, &[EXPECT]).unwrap();
                let mut response = conn.get_response().unwrap();
                assert!(status.contains(&response.status().to_string()));
                // The server may wait for the body still: nothing else may go where it would stand.
                assert_eq!(response.close_reason(), Some(CloseReason::RequestUnfinished));
                response.read_all().unwrap();
                drop(response);
                check_only_head(server);
                conn.request("GET", "/", (), &[]).unwrap();
                assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
                assert_eq!(server.connections(), 2);
            });
        }
    }
}

/// Not a byte is taken from it.
struct Untouched;

impl Read for Untouched {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the body was read"))
    }
}

#[test]
fn a_reader_is_not_read_before_the_body_is_wanted() {
    each_way(LONG, &|| refusing(REFUSAL), &|_, mut conn| {
        conn.request("PUT", "/", Body::reader(Untouched), &[EXPECT]).unwrap();
        assert_eq!(conn.get_response().unwrap().status(), 413);
    });
}

#[test]
fn a_refused_expectation_is_dropped_where_that_is_asked_for() {
    for index in 0..bodies().len() {
        let server = serve([refusing(FAILED), answer(OK).hold()]);
        let mut conn =
            builder(server.addr()).expect_timeout(LONG).retry_without_expect(true).build().unwrap();
        let body = bodies().into_iter().nth(index).unwrap();
        conn.request("PUT", "/x", body, &[("A", "b"), EXPECT, ("C", "d")]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
        check_only_head(&server);
        let again = received(&server, 1);
        assert!(again.starts_with("PUT /x ") && again.contains("A: b\r\nC: d\r\n"), "{again}");
        assert!(!again.contains("Expect"), "{again}");
        assert_eq!(server.connections(), 2);
    }
    // Another answer is one.
    let server = serve([refusing(REFUSAL)]);
    let mut conn = builder(server.addr()).expect_timeout(LONG).retry_without_expect(true).build().unwrap();
    conn.request("PUT", "/x", "body", &[EXPECT]).unwrap();
    assert_eq!(conn.get_response().unwrap().status(), 413);
    // And so is a second one of the kind.
    let server = serve([refusing(FAILED), answer(FAILED).hold()]);
    let mut conn = builder(server.addr()).expect_timeout(LONG).retry_without_expect(true).build().unwrap();
    conn.request("PUT", "/x", "body", &[EXPECT]).unwrap();
    assert_eq!(conn.get_response().unwrap().status(), 417);
    assert_eq!(server.connections(), 2);
}

#[test]
fn nothing_is_repeated_where_it_is_not_asked_for_or_can_not_be() {
    let server = serve([refusing(FAILED), answer_all()]);
    let mut conn = builder(server.addr()).expect_timeout(LONG).build().unwrap();
    conn.request("PUT", "/", "body", &[EXPECT]).unwrap();
    assert_eq!(conn.get_response().unwrap().status(), 417);
    assert_eq!(server.connections(), 1);
    // Too late: the body is out.
    let server = serve([Script::new().read_request().send(FAILED).hold(), answer_all()]);
    let mut conn = builder(server.addr()).expect_timeout(SHORT).retry_without_expect(true).build().unwrap();
    conn.request("PUT", "/", "body", &[EXPECT]).unwrap();
    assert_eq!(conn.get_response().unwrap().status(), 417);
    assert_eq!(server.connections(), 1);
    // There is no second connection to be had.
    let server = serve([refusing(FAILED)]);
    let stream = straightwire::transport::Socket::from(TcpStream::connect(server.addr()).unwrap());
    let builder = HttpConnection::builder("x.test").stream(stream).expect_timeout(LONG);
    let mut conn = builder.retry_without_expect(true).build().unwrap();
    conn.request("PUT", "/", "body", &[EXPECT]).unwrap();
    assert_eq!(conn.get_response().unwrap().status(), 417);
}

fn begin(conn: &mut HttpConnection, length: u64) {
    conn.put_request("PUT", "/").unwrap();
    conn.put_header("Content-Length", length).unwrap();
    conn.put_header("Expect", "100-continue").unwrap();
    conn.end_headers().unwrap();
}

#[test]
fn step_by_step_the_first_piece_waits() {
    each_way(LONG, &|| refusing(REFUSAL), &|server, mut conn| {
        begin(&mut conn, 4);
        let err = conn.send("body").unwrap_err();
        assert_eq!(err.kind(), ErrorKind::AnsweredEarly, "{err}");
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"no!");
        check_only_head(server);
    });
    // So does whatever else would send it.
    each_way(LONG, &|| refusing(REFUSAL), &|server, mut conn| {
        conn.put_request("PUT", "/").unwrap();
        conn.put_header("Content-Length", 4).unwrap();
        conn.put_header("Expect", "100-continue").unwrap();
        assert_eq!(conn.end_headers_with("body", true).unwrap_err().kind(), ErrorKind::AnsweredEarly);
        assert_eq!(conn.get_response().unwrap().status(), 413);
        check_only_head(server);
    });
    // And who asks for the answer at once gets it.
    each_way(LONG, &|| refusing(REFUSAL), &|server, mut conn| {
        begin(&mut conn, 4);
        assert_eq!(conn.get_response().unwrap().status(), 413);
        check_only_head(server);
    });
    each_way(
        LONG,
        &|| Script::new().read_head().send(GO_ON).read_bytes(4).send(OK).hold(),
        &|_, mut conn| {
            begin(&mut conn, 4);
            conn.send("bo").unwrap();
            conn.send("dy").unwrap();
            assert_eq!(conn.get_response().unwrap().interim().len(), 1);
        },
    );
}

#[test]
fn who_waits_is_told_what_came() {
    each_way(
        LONG,
        &|| Script::new().read_head().send(GO_ON).read_bytes(4).send(OK).hold(),
        &|_, mut conn| {
            begin(&mut conn, 4);
            for _ in 0..2 {
                assert_eq!(conn.wait_for_continue().unwrap(), Expected::Continue);
            }
            conn.send("body").unwrap();
            assert_eq!(conn.get_response().unwrap().status(), 200);
        },
    );
    each_way(SHORT, &|| Script::new().read_request().send(OK).hold(), &|_, mut conn| {
        begin(&mut conn, 4);
        for _ in 0..2 {
            assert_eq!(conn.wait_for_continue().unwrap(), Expected::Silence);
        }
        conn.send("body").unwrap();
        assert_eq!(conn.get_response().unwrap().status(), 200);
    });
    each_way(LONG, &|| refusing(REFUSAL), &|server, mut conn| {
        begin(&mut conn, 4);
        for _ in 0..2 {
            assert_eq!(conn.wait_for_continue().unwrap(), Expected::Answer);
        }
        assert_eq!(conn.send("body").unwrap_err().kind(), ErrorKind::AnsweredEarly);
        assert_eq!(conn.get_response().unwrap().status(), 413);
        check_only_head(server);
    });
    let mut conn = HttpConnection::new("localhost:1").unwrap();
    assert_eq!(conn.wait_for_continue().unwrap_err().kind(), ErrorKind::CannotSendHeader);
}

#[test]
fn without_a_body_or_the_expectation_nothing_waits() {
    let patience = |server: &Scripted| -> ConnectionBuilder<HttpConnection> {
        HttpConnection::builder("127.0.0.1").port(server.addr().port()).expect_timeout(LONG)
    };
    for (body, headers) in [
        (Body::from(()), &[EXPECT][..]),
        (Body::from(""), &[EXPECT]),
        (Body::from(()), &[EXPECT, ("Transfer-Encoding", "chunked")]),
        (Body::from("body"), &[("Expect", "200-ok")]),
        (Body::from("body"), &[("X-Expect", "100-continue")]),
    ] {
        // The server's own reader knows one expectation and no other.
        let server = serve([Script::new().read_head().send(OK).hold()]);
        let mut conn = patience(&server).build().unwrap();
        conn.request_with("POST", "/", body, headers, true).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    }
    // One of a list, and in any case.
    for value in ["100-Continue", "a=b, 100-CONTINUE"] {
        let server = serve([refusing(REFUSAL)]);
        let mut conn = patience(&server).build().unwrap();
        conn.request("POST", "/", "body", &[("expect", value)]).unwrap();
        assert_eq!(conn.get_response().unwrap().status(), 413);
        check_only_head(&server);
    }
}

/// What can be known before is told before, and nothing has been sent.
#[test]
fn a_body_of_the_wrong_length_is_refused_before_the_head_goes() {
    let server = serve([answer_all()]);
    let mut conn = builder(server.addr()).expect_timeout(LONG).build().unwrap();
    conn.connect().unwrap();
    let err = conn.request("PUT", "/", "four", &[EXPECT, ("Content-Length", "5")]).unwrap_err();
    assert_eq!(err.kind(), ErrorKind::InvalidBody);
    assert_clean(&server, &mut conn, 0);
}

#[test]
fn waiting_ends_with_the_deadline_the_connection_or_the_canceller() {
    let silent = || Script::new().read_head().hold();
    each_way(LONG, &silent, &|_, mut conn| {
        conn.connect().unwrap();
        conn.set_deadline(SHORT).unwrap();
        let err = conn.request("PUT", "/", "body", &[EXPECT]).unwrap_err();
        assert!(err.is_timeout() && err.to_string().contains("the deadline passed"), "{err}");
        assert!(!conn.is_connected());
    });
    each_way(LONG, &|| Script::new().read_head(), &|server, mut conn| {
        let err = conn.request("PUT", "/", "body", &[EXPECT]).unwrap_err();
        assert_eq!(err.kind(), ErrorKind::RemoteDisconnected, "{err}");
        conn.request("GET", "/", (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
        assert_eq!(server.connections(), 2);
    });
    each_way(LONG, &silent, &|_, mut conn| {
        let stop = straightwire::Canceller::new();
        conn.set_canceller(Some(&stop));
        let stopper = thread::spawn(move || {
            thread::sleep(SHORT);
            stop.cancel();
        });
        let err = conn.request("PUT", "/", "body", &[EXPECT]).unwrap_err();
        assert_eq!(err.kind(), ErrorKind::Cancelled, "{err}");
        stopper.join().unwrap();
    });
}

/// There is no way to wait for it, and so it is as if nothing had come.
#[test]
fn a_stream_that_can_only_read_and_write_does_not_wait() {
    let server = serve([answer(OK).hold()]);
    let stream = Wrapped::new(TcpStream::connect(server.addr()).unwrap());
    let mut conn = HttpConnection::builder("x.test").stream(stream).expect_timeout(LONG).build().unwrap();
    conn.request("PUT", "/", "body", &[EXPECT]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
}

#[test]
fn with_a_server_that_knows_expectations() {
    let plain = Origin::start().unwrap();
    let secure = origin_tls();
    let conns = [
        builder(plain.addr()).expect_timeout(LONG).build().unwrap(),
        https(secure.addr()).expect_timeout(LONG).build().unwrap().into(),
    ];
    for mut conn in conns {
        for body in bodies() {
            conn.request("PUT", "/upload", body, &[EXPECT]).unwrap();
            let response = conn.get_response().unwrap();
            assert_eq!((response.status(), response.interim()[0].status()), (200, 100));
        }
        conn.request("PUT", "/refuse?status=401", "body", &[EXPECT]).unwrap();
        assert_eq!(conn.get_response().unwrap().status(), 401);
    }
    assert_eq!(plain.connections(), 1);
}
