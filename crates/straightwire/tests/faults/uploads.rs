//! A body that meets trouble on its way.

use std::time::Duration;

use origin::{Origin, Script, pattern};
use straightwire::{Body, ErrorKind, HttpConnection};

use crate::support::*;

/// More than socket buffers take in.
const LARGE: usize = 30_000_000;

const REFUSAL: &str = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nno!";

/// The same from a server that will close.
const LAST_REFUSAL: &str =
    "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno!";

/// Sends a large body, which the server may not let happen.
fn upload(conn: &mut HttpConnection) {
    conn.request("PUT", "/upload", vec![b'x'; LARGE], &[]).unwrap();
}

fn check_refusal(conn: &mut HttpConnection) {
    let mut response = conn.get_response().unwrap();
    assert_eq!((response.status(), &*response.reason()), (413, "Content Too Large"));
    assert_eq!(response.read_all().unwrap(), b"no!");
}

#[test]
fn an_early_answer_is_returned_though_the_server_closes_at_once() {
    let refusal = Script::new().read_head().send(LAST_REFUSAL);
    for ending in [refusal.clone().close(), refusal.reset()] {
        let server = serve([ending, answer_all()]);
        let mut conn = client(&server);
        upload(&mut conn);
        check_refusal(&mut conn);
        assert_clean(&server, &mut conn, 1);
    }
}

#[test]
fn an_early_answer_to_chunks_is_returned_too() {
    let server = serve([Script::new().read_head().send(REFUSAL).reset(), answer_all()]);
    let mut conn = client(&server);
    conn.put_request("PUT", "/").unwrap();
    conn.put_header("Transfer-Encoding", "chunked").unwrap();
    conn.end_headers().unwrap();
    let err = (0..1000).find_map(|_| conn.send(&[b'x'; 100_000]).err()).unwrap();
    assert!(err.is_connection_error() && err.kind() == ErrorKind::AnsweredEarly, "{err}");
    // Sending is over; only the answer is left.
    assert_eq!(conn.send("more").unwrap_err().kind(), ErrorKind::AnsweredEarly);
    check_refusal(&mut conn);
    assert_clean(&server, &mut conn, 1);
}

#[test]
fn an_early_answer_from_a_server_that_reads_on_is_an_ordinary_one() {
    let server =
        serve([Script::new().read_head().send(OK).read_bytes(LARGE as u64).read_request().send(OK).hold()]);
    let mut conn = client(&server);
    upload(&mut conn);
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    conn.request("GET", "/", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    assert_eq!(server.connections(), 1);
}

#[test]
fn an_origin_that_refuses_a_body_is_heard() {
    let origin = Origin::start().unwrap();
    let mut conn = builder(origin.addr()).build().unwrap();
    conn.request("POST", "/refuse?status=413", vec![b'x'; LARGE], &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().status(), 413);
    conn.request("GET", "/bytes/10", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), pattern::bytes(10));
}

#[test]
fn a_reset_without_an_answer_is_an_error_and_no_more() {
    for body in [Body::from(vec![0; LARGE]), Body::chunks(vec![vec![0; 100_000]; 300])] {
        let server = serve([Script::new().read_head().reset(), answer_all()]);
        let mut conn = client(&server);
        let err = conn.request("PUT", "/", body, &[]).unwrap_err();
        assert!(err.is_connection_error() && err.is_io(), "{err}");
        let err = conn.get_response().unwrap_err();
        assert!(err.is_connection_error(), "{err}");
        assert_clean(&server, &mut conn, 1);
    }
}

/// With receive buffers as small as they get, each write takes a little of what it is given.
#[test]
fn short_writes_lose_and_double_nothing() {
    let body = pattern::bytes(1_500_000);
    let slow =
        || Script::new().stop_reading().pause(Duration::from_millis(20)).read_request().send(OK).hold();
    let server = serve([slow()]);
    let mut conn = client(&server);
    conn.request("PUT", "/", &body, &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    let head = head(&server, "PUT /", &format!("Content-Length: {}\r\n", body.len()));
    assert!(server.received(0) == [head.as_bytes(), &body].concat());

    let mut conn = client(&server);
    conn.request("PUT", "/", Body::chunks(body.chunks(700_000)), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    let sent = server.received(1);
    let start = sent.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let mut expected = Vec::new();
    for piece in body.chunks(700_000) {
        expected.extend(format!("{:X}\r\n", piece.len()).into_bytes());
        expected.extend_from_slice(piece);
        expected.extend(b"\r\n");
    }
    expected.extend(b"0\r\n\r\n");
    assert!(sent[start..] == expected);
}

#[test]
fn the_largest_body_is_counted_and_hashed_right_by_the_origin() {
    let origin = Origin::start().unwrap();
    let mut conn = builder(origin.addr()).build().unwrap();
    let body = pattern::bytes(LARGE);
    for body_of in [Body::from(&body), Body::reader(&body[..])] {
        conn.request("PUT", "/upload", body_of, &[]).unwrap();
        let report = String::from_utf8(conn.get_response().unwrap().read_all().unwrap()).unwrap();
        assert!(report.contains(&LARGE.to_string()), "{report}");
        assert!(report.contains(&pattern::Fnv1a::of(&body).to_string()), "{report}");
    }
}
