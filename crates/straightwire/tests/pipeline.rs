//! Several requests on their way at once.

#![cfg(feature = "tls")]

mod support;

#[path = "support/secure.rs"]
mod secure;

use std::io::Read;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use origin::{Origin, Script, pattern};
use secure::{https, origin_tls};
use straightwire::transport::Wrapped;
use straightwire::{Body, CloseReason, ErrorKind, HttpConnection, Pipeline};
use support::*;

/// An origin in the clear and one with TLS, and a connection to each.
fn origins() -> [(Origin, HttpConnection); 2] {
    let (plain, secure) = (Origin::start().unwrap(), origin_tls());
    let conn = builder(plain.addr()).build().unwrap();
    let tls = https(secure.addr()).build().unwrap().into();
    [(plain, conn), (secure, tls)]
}

/// The requests without an answer: index, method, target, whether any of them was sent.
fn unanswered(pipeline: &Pipeline<'_>) -> Vec<(usize, String, String, bool)> {
    let left = pipeline.unanswered();
    left.map(|one| (one.index(), one.method().to_owned(), one.url().to_owned(), one.was_sent())).collect()
}

fn read(pipeline: &mut Pipeline<'_>) -> Vec<u8> {
    pipeline.get_response().unwrap().read_all().unwrap()
}

#[test]
fn answers_come_in_the_order_of_the_requests() {
    for (origin, mut conn) in origins() {
        let mut pipeline = conn.pipeline().unwrap();
        for length in 0..50 {
            pipeline.request("GET", &format!("/bytes/{length}"), (), &[]).unwrap();
            pipeline.request("HEAD", &format!("/bytes/{length}"), (), &[]).unwrap();
            pipeline.request("PUT", "/echo", format!("body {length}"), &[("X", "y")]).unwrap();
            pipeline.request("GET", &format!("/chunked/{length}/7"), (), &[]).unwrap();
        }
        assert_eq!(pipeline.pending(), 200);
        for length in 0..50 {
            assert_eq!(read(&mut pipeline), pattern::bytes(length));
            // By its own method: the length is that of no body.
            let mut head = pipeline.get_response().unwrap();
            assert_eq!(head.header("Content-Length").as_deref(), Some(&*length.to_string()));
            assert_eq!(head.read_all().unwrap(), b"");
            drop(head);
            assert_eq!(read(&mut pipeline), format!("body {length}").into_bytes());
            // Some are let go unread.
            drop(pipeline.get_response().unwrap());
        }
        assert_eq!(pipeline.pending(), 0);
        assert_eq!(pipeline.get_response().unwrap_err().kind(), ErrorKind::ResponseNotReady);
        // And on it goes, in the pipeline and after it.
        pipeline.request("GET", "/bytes/3", (), &[]).unwrap();
        assert_eq!(read(&mut pipeline), pattern::bytes(3));
        drop(pipeline);
        conn.request("GET", "/bytes/4", (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), pattern::bytes(4));
        assert_eq!(origin.connections(), 1);
    }
}

#[test]
fn requests_go_out_before_the_first_is_answered() {
    let three = Script::new().read_request().read_request().read_request();
    let server = serve([three.send([OK, OK, OK].concat()).hold()]);
    let mut conn = client(&server);
    let mut pipeline = conn.pipeline().unwrap();
    for url in ["/a", "/b", "/c"] {
        pipeline.request("GET", url, (), &[]).unwrap();
    }
    for _ in 0..3 {
        assert_eq!(read(&mut pipeline), b"ok");
    }
    let wanted = ["GET /a", "GET /b", "GET /c"].map(|line| head(&server, line, "")).concat();
    assert_eq!(received(&server, 0), wanted);
}

/// More in each direction than the buffers on the way hold.
#[test]
fn neither_side_is_stuck_when_both_have_too_much_to_say() {
    const SIZE: usize = 300_000;
    for (origin, mut conn) in origins() {
        let body = pattern::bytes(SIZE);
        let mut pipeline = conn.pipeline().unwrap();
        for _ in 0..80 {
            pipeline.request("PUT", "/echo", &body, &[]).unwrap();
        }
        for _ in 0..80 {
            let mut response = pipeline.get_response().unwrap();
            let mut back = Vec::with_capacity(SIZE);
            response.read_to_end(&mut back).unwrap();
            assert!(back == body);
        }
        drop(pipeline);
        assert_eq!((origin.connections(), origin.requests().len()), (1, 80));
    }
}

/// An answer that begins before its request is whole, as the server echoes while it reads.
#[test]
fn an_answer_that_overtakes_its_request() {
    for (origin, mut conn) in origins() {
        let body = pattern::bytes(600_000);
        let chunked: Vec<u8> = [format!("{:X}\r\n", body.len()).as_bytes(), &body, b"\r\n0\r\n\r\n"].concat();
        let mut pipeline = conn.pipeline().unwrap();
        for _ in 0..3 {
            pipeline.request("PUT", "/echo", &chunked, &[("Transfer-Encoding", "chunked")]).unwrap();
        }
        for _ in 0..3 {
            assert!(read(&mut pipeline) == body);
        }
        drop(pipeline);
        assert_eq!(origin.connections(), 1);
    }
}

#[test]
fn what_follows_a_post_waits_for_its_answer() {
    let server = serve([Script::new().read_request().hold()]);
    let mut conn = client(&server);
    let mut pipeline = conn.pipeline().unwrap();
    pipeline.request("GET", "/a", (), &[]).unwrap();
    pipeline.request("POST", "/b", "body", &[]).unwrap();
    pipeline.request("GET", "/c", (), &[]).unwrap();
    let two = [head(&server, "GET /a", ""), head(&server, "POST /b", "Content-Length: 4\r\n"), "body".into()];
    server.wait_received(0, two.concat().len(), PATIENCE);
    thread::sleep(SHORT);
    assert_eq!(received(&server, 0), two.concat());
    let sent: Vec<bool> = pipeline.unanswered().map(|request| request.was_sent()).collect();
    assert_eq!(sent, [true, true, false]);
    let idempotent: Vec<bool> = pipeline.unanswered().map(|request| request.is_idempotent()).collect();
    assert_eq!(idempotent, [true, false, true]);
    drop(pipeline);

    let origin = Origin::start().unwrap();
    let mut conn = builder(origin.addr()).build().unwrap();
    let mut pipeline = conn.pipeline().unwrap();
    for round in 0..5 {
        pipeline.request("POST", "/echo", format!("{round}"), &[]).unwrap();
        pipeline.request("GET", &format!("/bytes/{round}"), (), &[]).unwrap();
    }
    for round in 0..5 {
        assert_eq!(read(&mut pipeline), format!("{round}").into_bytes());
        assert_eq!(read(&mut pipeline), pattern::bytes(round));
    }
}

#[test]
fn a_server_that_closes_leaves_the_rest_unanswered_and_unrepeated() {
    let last = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
    for second in [last, OK] {
        let server = serve([
            Script::new().read_request().read_request().read_request().send([OK, second].concat()),
            Script::new().read_request().hold(),
        ]);
        let mut conn = client(&server);
        let mut pipeline = conn.pipeline().unwrap();
        for (method, url) in [("GET", "/a"), ("GET", "/b"), ("POST", "/c"), ("GET", "/d")] {
            pipeline.request(method, url, (), &[]).unwrap();
        }
        assert_eq!(read(&mut pipeline), b"ok");
        assert_eq!(read(&mut pipeline), b"ok");
        for _ in 0..2 {
            let err = pipeline.get_response().unwrap_err();
            assert_eq!(err.kind(), ErrorKind::RemoteDisconnected, "{err}");
            assert!(err.is_connection_error());
            let left = unanswered(&pipeline);
            let [c, d] = &left[..] else { panic!("{left:?}") };
            assert_eq!((c.0, &*c.1, &*c.2, c.3), (2, "POST", "/c", true));
            assert_eq!((d.0, &*d.1, &*d.2, d.3), (3, "GET", "/d", false));
        }
        let err = pipeline.request("GET", "/e", (), &[]).unwrap_err();
        assert_eq!(err.kind(), ErrorKind::CannotSendRequest);
        drop(pipeline);
        assert_eq!(server.connections(), 1);
        // What ended it may end the next: one request goes first.
        let mut pipeline = conn.pipeline().unwrap();
        pipeline.request("GET", "/c", (), &[]).unwrap();
        pipeline.request("GET", "/d", (), &[]).unwrap();
        let first = head(&server, "GET /c", "");
        server.wait_received(1, first.len(), PATIENCE);
        thread::sleep(SHORT);
        assert_eq!(received(&server, 1), first);
    }
}

#[test]
fn answers_before_a_reset_are_still_read() {
    // Of the second request enough has come to be answered.
    let script = Script::new().read_request().read_head().send([OK, OK].concat()).reset();
    let server = serve([script, answer_all()]);
    let mut conn = client(&server);
    let mut pipeline = conn.pipeline().unwrap();
    pipeline.request("GET", "/a", (), &[]).unwrap();
    for _ in 0..50 {
        pipeline.request("PUT", "/b", vec![0; 300_000], &[]).unwrap();
    }
    assert_eq!(read(&mut pipeline), b"ok");
    assert_eq!(read(&mut pipeline), b"ok");
    assert!(pipeline.get_response().unwrap_err().is_connection_error());
    assert_eq!(pipeline.pending(), 49);
    drop(pipeline);
    assert_clean(&server, &mut conn, 1);
}

#[test]
fn an_early_refusal_ends_the_pipeline_after_it() {
    let refusal = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nno!";
    let server = serve([Script::new().read_head().send(refusal).stop_reading().hold(), answer_all()]);
    let mut conn = client(&server);
    let mut pipeline = conn.pipeline().unwrap();
    pipeline.request("PUT", "/a", vec![0; 30_000_000], &[]).unwrap();
    pipeline.request("GET", "/b", (), &[]).unwrap();
    let mut response = pipeline.get_response().unwrap();
    assert_eq!((response.status(), response.close_reason()), (413, Some(CloseReason::RequestUnfinished)));
    assert_eq!(response.read_all().unwrap(), b"no!");
    drop(response);
    assert_eq!(pipeline.get_response().unwrap_err().kind(), ErrorKind::RemoteDisconnected);
    assert_eq!(unanswered(&pipeline), [(1, "GET".to_owned(), "/b".to_owned(), false)]);
    drop(pipeline);
    assert_clean(&server, &mut conn, 1);
}

/// Answers that are due to no one.
#[test]
fn a_pipeline_that_is_let_go_takes_its_connection_with_it() {
    let three =
        || Script::new().read_request().read_request().read_request().send([OK, EVIL, EVIL].concat()).hold();
    type LetGo = fn(Pipeline<'_>);
    let ways: [LetGo; 4] = [
        |pipeline| drop(pipeline),
        |mut pipeline| assert_eq!(read(&mut pipeline), b"ok"),
        |pipeline| std::mem::forget(pipeline),
        |mut pipeline| {
            assert_eq!(read(&mut pipeline), b"ok");
            std::mem::forget(pipeline);
        },
    ];
    for let_go in ways {
        let server = serve([three(), answer_all()]);
        let mut conn = client(&server);
        let mut pipeline = conn.pipeline().unwrap();
        for _ in 0..3 {
            pipeline.request("GET", "/", (), &[]).unwrap();
        }
        let_go(pipeline);
        assert_clean(&server, &mut conn, 1);
        assert_eq!(conn.close_reason(), Some(CloseReason::ResponseUnfinished));
    }
    // A response that is leaked.
    let server = serve([three(), answer_all()]);
    let mut conn = client(&server);
    let mut pipeline = conn.pipeline().unwrap();
    for _ in 0..3 {
        pipeline.request("GET", "/", (), &[]).unwrap();
    }
    std::mem::forget(pipeline.get_response().unwrap());
    assert_eq!(pipeline.get_response().unwrap_err().kind(), ErrorKind::NotConnected);
    drop(pipeline);
    assert_clean(&server, &mut conn, 1);
}

/// None of it is taken for the answer to what is sent later.
#[test]
fn answers_nobody_asked_for_close_the_connection() {
    let server = serve([answer([OK, EVIL].concat()).hold(), answer_all()]);
    let mut conn = client(&server);
    let mut pipeline = conn.pipeline().unwrap();
    pipeline.request("GET", "/a", (), &[]).unwrap();
    assert_eq!(read(&mut pipeline), b"ok");
    // It may have been seen already.
    let refused = pipeline.request("GET", "/b", (), &[]).is_err();
    assert!(pipeline.get_response().is_err());
    assert!(refused || unanswered(&pipeline) == [(1, "GET".to_owned(), "/b".to_owned(), false)]);
    drop(pipeline);
    assert_eq!(conn.close_reason(), Some(CloseReason::Unsolicited));
    assert_clean(&server, &mut conn, 1);
}

#[test]
fn what_can_not_be_pipelined_is_refused_and_leaves_the_rest_alone() {
    let server = serve([answer_all()]);
    let mut conn = client(&server);
    let mut pipeline = conn.pipeline().unwrap();
    pipeline.request("GET", "/a", (), &[]).unwrap();
    for (kind, method, body, headers) in [
        (ErrorKind::InvalidMethod, "CONNECT", Body::from(()), &[][..]),
        (ErrorKind::InvalidMethod, "G T", Body::from(()), &[]),
        (ErrorKind::InvalidBody, "PUT", Body::reader(&b"body"[..]), &[]),
        (ErrorKind::InvalidBody, "PUT", Body::chunks(["body"]), &[]),
        (ErrorKind::InvalidBody, "PUT", Body::from("€"), &[]),
        (ErrorKind::InvalidBody, "PUT", Body::from("body"), &[("Content-Length", "5")]),
        (ErrorKind::InvalidHeader, "GET", Body::from(()), &[("Upgrade", "websocket")]),
        (ErrorKind::InvalidHeader, "PUT", Body::from("body"), &[("expect", "100-continue")]),
        (ErrorKind::InvalidHeader, "GET", Body::from(()), &[("A", "b\r\nC: d")]),
    ] {
        let err = pipeline.request(method, "/", body, headers).unwrap_err();
        assert_eq!(err.kind(), kind, "{err}");
    }
    pipeline.request("GET", "/b", (), &[("Connection", "close")]).unwrap();
    let err = pipeline.request("GET", "/c", (), &[]).unwrap_err();
    assert!(err.kind() == ErrorKind::CannotSendRequest && err.to_string().contains("Connection: close"));
    assert_eq!(read(&mut pipeline), b"ok");
    let mut response = pipeline.get_response().unwrap();
    assert_eq!(response.close_reason(), Some(CloseReason::RequestClose));
    assert_eq!(response.read_all().unwrap(), b"ok");
    drop(response);
    drop(pipeline);
    let wanted = head(&server, "GET /a", "") + &head(&server, "GET /b", "Connection: close\r\n");
    assert_eq!(received(&server, 0), wanted);
    conn.put_request("GET", "/").unwrap();
    assert_eq!(conn.pipeline().unwrap_err().kind(), ErrorKind::CannotSendRequest);
}

#[test]
fn an_answer_that_makes_no_sense_ends_it_and_silence_too() {
    let server = serve([answer([OK, "HTPP garbage\r\n\r\n", OK].concat()).hold(), answer_all()]);
    let mut conn = client(&server);
    let mut pipeline = conn.pipeline().unwrap();
    for _ in 0..3 {
        pipeline.request("GET", "/", (), &[]).unwrap();
    }
    assert_eq!(read(&mut pipeline), b"ok");
    assert_eq!(pipeline.get_response().unwrap_err().kind(), ErrorKind::BadStatusLine);
    assert_eq!(pipeline.get_response().unwrap_err().kind(), ErrorKind::RemoteDisconnected);
    assert_eq!(pipeline.pending(), 2);
    drop(pipeline);
    assert_clean(&server, &mut conn, 1);

    for body in [0, 30_000_000] {
        let server = serve([Script::new().stop_reading().hold()]);
        let mut conn = client(&server);
        open_then_bound(&mut conn, SHORT);
        let mut pipeline = conn.pipeline().unwrap();
        pipeline.request("PUT", "/", vec![0; body], &[]).unwrap();
        assert_eq!(pipeline.get_response().unwrap_err().kind(), ErrorKind::Timeout);
    }
    let server = serve([Script::new().stop_reading().hold()]);
    let mut conn = builder(server.addr()).deadline(SHORT).build().unwrap();
    conn.connect().unwrap();
    let mut pipeline = conn.pipeline().unwrap();
    pipeline.request("PUT", "/", vec![0; 30_000_000], &[]).unwrap();
    assert_eq!(pipeline.get_response().unwrap_err().kind(), ErrorKind::Timeout);
}

/// One after the other, so that nothing is stuck there either.
#[test]
fn over_a_stream_that_can_only_read_and_write() {
    let origin = Origin::start().unwrap();
    let stream = TcpStream::connect(origin.addr()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut conn = HttpConnection::builder("x.test").stream(Wrapped::new(stream)).build().unwrap();
    let body = pattern::bytes(500_000);
    let mut pipeline = conn.pipeline().unwrap();
    for _ in 0..30 {
        pipeline.request("PUT", "/echo", &body, &[]).unwrap();
    }
    for _ in 0..30 {
        assert!(read(&mut pipeline) == body);
    }
}

/// A refusal of what was sent whole says nothing of what follows, even where that has to wait for room.
#[test]
fn a_refusal_in_the_middle_ends_nothing() {
    for (origin, mut conn) in origins() {
        let body = pattern::bytes(300_000);
        let mut pipeline = conn.pipeline().unwrap();
        for _ in 0..40 {
            pipeline.request("GET", "/status/404", (), &[]).unwrap();
            pipeline.request("PUT", "/echo", &body, &[]).unwrap();
        }
        for _ in 0..40 {
            assert_eq!(pipeline.get_response().unwrap().status(), 404);
            assert!(read(&mut pipeline) == body);
        }
        drop(pipeline);
        assert_eq!(origin.connections(), 1);
    }
}
