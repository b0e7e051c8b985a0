//! Trailers: sent behind a body that is made as it goes, and received with all that can be wrong with them.

mod support;

use std::io::{self, Read};

use origin::pattern::{self, Fnv1a};
use origin::{Origin, Script};
use straightwire::{Body, ErrorKind, HttpConnection, Limits, Policy, Result};
use support::ways::WAYS;
use support::*;

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/// A digest of all that is read through it.
struct Summed<R> {
    reader: R,
    crc: crc32fast::Hasher,
}

impl<R: Read> Summed<R> {
    fn new(reader: R) -> Summed<R> {
        Summed { reader, crc: crc32fast::Hasher::new() }
    }

    fn trailer(self) -> [(&'static str, String); 1] {
        [("x-amz-checksum-crc32", format!("{:08x}", self.crc.finalize()))]
    }
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = self.reader.read(buf)?;
        self.crc.update(&buf[..len]);
        Ok(len)
    }
}

fn put(conn: &mut HttpConnection, body: Body<'_>) -> Result<()> {
    conn.request("PUT", "/upload", body, &[("Trailer", "x-amz-checksum-crc32")])
}

#[test]
fn a_digest_follows_what_it_is_of() {
    let origin = Origin::start().unwrap();
    let mut conn = HttpConnection::builder(&origin.host_port()).timeout(PATIENCE).build().unwrap();
    for size in [0, 1, 8192, 1_000_000] {
        let data = pattern::bytes(size);
        put(&mut conn, Body::with_trailers(Summed::new(&*data), Summed::trailer)).unwrap();
        assert_eq!(conn.get_response().unwrap().status(), 200);
        let seen = origin.requests().pop().unwrap();
        assert_eq!(
            (seen.header("Transfer-Encoding"), seen.header("Content-Length")),
            (Some("chunked"), None)
        );
        let expected = format!("{:08x}", crc32fast::hash(&data));
        assert_eq!(seen.trailers, [("x-amz-checksum-crc32".to_owned(), expected)], "{size}");
    }
    assert_eq!(origin.connections(), 1);
}

#[test]
fn the_bytes_on_the_wire() {
    let expected = "4\r\nbody\r\n0\r\nA: 1\r\nb: \r\nA: 2\r\n\r\n";
    let body = || Body::with_trailers(&b"body"[..], |_| vec![("A", "1"), ("b", ""), ("A", "2")]);
    let server = serve([answer_all()]);
    let mut conn = client(&server);
    conn.request("PUT", "/", body(), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    let one = head(&server, "PUT /", "Transfer-Encoding: chunked\r\n") + expected;
    assert_eq!(received(&server, 0), one);

    // Step by step it may come behind other pieces, and is the last.
    conn.put_request("PUT", "/").unwrap();
    conn.put_header("Transfer-Encoding", "chunked").unwrap();
    conn.end_headers().unwrap();
    conn.send("some ").unwrap();
    conn.send(body()).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    let two = head(&server, "PUT /", "Transfer-Encoding: chunked\r\n") + "5\r\nsome \r\n" + expected;
    assert_eq!(received(&server, 0), one + &two);

    // No trailers are no trailers.
    let none: [(&str, &str); 0] = [];
    conn.request("PUT", "/", Body::with_trailers(io::empty(), |_| none), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    assert!(received(&server, 0).ends_with("Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"));
}

/// Told before anything is sent; the open connection stays.
#[test]
fn other_framing_takes_no_trailers() {
    let server = serve([answer_all()]);
    let mut conn = client(&server);
    conn.request("GET", "/", (), &[]).unwrap();
    drop(conn.get_response().unwrap());
    let body = || Body::with_trailers(&b"body"[..], |_| [("A", "1")]);
    for headers in [[("Content-Length", "4")], [("Content-Length", "0")], [("Transfer-Encoding", "chunked")]]
    {
        let err = conn.request("PUT", "/", body(), &headers).unwrap_err();
        assert_eq!(err.kind(), ErrorKind::InvalidBody, "{headers:?}: {err}");
    }
    conn.put_request("PUT", "/").unwrap();
    assert_eq!(conn.end_headers_with(body(), true).unwrap_err().kind(), ErrorKind::InvalidBody);
    assert_clean(&server, &mut conn, 0);
}

/// Trailers that can't be sent leave a request that can't be ended.
#[test]
fn what_can_be_no_trailer_is_refused() {
    for (name, value) in [
        ("A\r\nB", "1"),
        ("A", "1\r\nB: 2"),
        ("A", "1\n"),
        ("A", "\0"),
        ("A b", "1"),
        ("", "1"),
        ("A", "\u{20ac}"),
        ("Content-Length", "4"),
        ("transfer-encoding", "chunked"),
        ("Host", "x"),
        ("Trailer", "A"),
        ("TE", "trailers"),
        ("Connection", "close"),
        ("Authorization", "x"),
        ("Content-Encoding", "gzip"),
        ("Content-Type", "text/plain"),
        ("Expect", "100-continue"),
        ("Cookie", "a=b"),
    ] {
        let server =
            serve([Script::new().read_head().hold(), Script::new().read_head().hold(), answer_all()]);
        let mut conn = client(&server);
        let body = Body::with_trailers(&b"body"[..], |_| [("Sound", "1"), (name, value)]);
        let err = conn.request("PUT", "/", body, &[]).unwrap_err();
        assert_eq!(err.kind(), ErrorKind::InvalidHeader, "{name:?}: {value:?}");
        assert!(err.is_caller() && !conn.is_connected());

        conn.put_request("PUT", "/").unwrap();
        conn.put_header("Transfer-Encoding", "chunked").unwrap();
        conn.end_headers().unwrap();
        conn.send("body").unwrap();
        let err = conn.finish_with_trailers(&[("Sound", "1"), (name, value)]).unwrap_err();
        assert_eq!(err.kind(), ErrorKind::InvalidHeader, "{name:?}: {value:?}");
        assert_clean(&server, &mut conn, 2);
        for number in 0..2 {
            assert!(!received(&server, number).contains("Sound"), "{name:?}: {value:?}");
        }
    }
}

#[test]
fn a_reader_that_fails_sends_no_trailers() {
    struct Failing(bool);
    impl Read for Failing {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            if std::mem::replace(&mut self.0, true) {
                return Err(io::Error::other("lost"));
            }
            buf[0] = b'x';
            Ok(1)
        }
    }
    let server = serve([Script::new().read_head().hold(), answer_all()]);
    let mut conn = client(&server);
    let body = Body::with_trailers(Failing(false), |_| -> [(&str, &str); 1] { panic!("not at its end") });
    let err = conn.request("PUT", "/", body, &[]).unwrap_err();
    assert!(err.is_io() && err.to_string().contains("lost"), "{err}");
    assert_clean(&server, &mut conn, 1);
}

/// What was promised for the end comes at the end, and is true.
#[test]
fn a_checksum_that_came_can_be_verified() {
    let origin = Origin::start().unwrap();
    let mut conn = HttpConnection::builder(&origin.host_port()).timeout(PATIENCE).build().unwrap();
    for (way, _, read) in WAYS {
        conn.request("GET", "/chunked/20000/777?trailers=1", (), &[("TE", "trailers"), ("Connection", "TE")])
            .unwrap();
        let mut response = conn.get_response().unwrap();
        assert_eq!(response.header("Trailer").unwrap(), "Checksum, Byte-Count");
        let mut body = Vec::new();
        read(&mut response, &mut body).unwrap();
        let trailers = response.trailers();
        assert_eq!(trailers.get("byte-count").unwrap(), body.len().to_string(), "{way}");
        assert_eq!(trailers.get("checksum").unwrap(), format!("fnv1a={}", Fnv1a::of(&body)), "{way}");
    }
    assert_eq!(origin.connections(), 1);
}

#[test]
fn too_many_or_too_long_are_refused_with_the_body_kept() {
    let limits = Limits { trailer_lines: 3, line: 100, head: 150, ..Limits::default() };
    let long = format!("A: {}\r\n", "x".repeat(100));
    let much = format!("A: {}\r\n", "x".repeat(70)).repeat(3);
    for (trailers, kind) in [
        ("A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n", ErrorKind::TooManyTrailers),
        ("A: 1\r\n b\r\n c\r\n d\r\n", ErrorKind::TooManyTrailers),
        (&long, ErrorKind::LineTooLong),
        (&much, ErrorKind::HeadTooLarge),
    ] {
        for policy in [Policy::strict(), Policy::lenient()] {
            let server = serve([answer(format!("{CHUNKED}4\r\nbody\r\n0\r\n{trailers}\r\n")), answer_all()]);
            let mut conn = builder(server.addr()).limits(limits).policy(policy).build().unwrap();
            conn.request("GET", "/", (), &[]).unwrap();
            let err = conn.get_response().unwrap().read_all().unwrap_err();
            assert_eq!((err.kind(), err.partial()), (kind, &b"body"[..]), "{trailers:?}: {err}");
            assert!(err.is_limit());
            assert_clean(&server, &mut conn, 1);
        }
    }
}

#[test]
fn a_bad_line_is_refused_with_its_number_and_text_or_costs_itself() {
    let trailers = "Sound: 1\r\nno colon here\r\n folded onto it\r\nBad Name: 2\r\nTail: 3\r\n";
    let wire = format!("{CHUNKED}4\r\nbody\r\n0\r\n{trailers}\r\n");
    let err = error_of(&*wire);
    assert_eq!((err.kind(), err.partial()), (ErrorKind::BadHeader, &b"body"[..]));
    assert!(err.to_string().contains("trailer line 2: no colon: \"no colon here\""), "{err}");

    let server = serve([answer(wire).read_request().send(OK).hold()]);
    let mut conn = builder(server.addr()).policy(Policy::lenient()).build().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    let mut response = conn.get_response().unwrap();
    assert_eq!(response.read_all().unwrap(), b"body");
    assert_eq!(response.trailers().keys().collect::<Vec<_>>(), ["Sound", "Tail"]);
    let defects: Vec<_> = response.trailers().defects().iter().map(|bad| (bad.line(), bad.text())).collect();
    let expected: [(usize, &[u8]); 3] = [(2, b"no colon here"), (3, b" folded onto it"), (4, b"Bad Name: 2")];
    assert_eq!(defects, expected);
    assert!(response.headers().defects().is_empty());
    drop(response);
    assert_clean(&server, &mut conn, 0);
}

/// Whatever they claim, they frame nothing, and end no connection.
#[test]
fn what_should_be_no_trailer_changes_nothing() {
    let trailers = "Content-Length: 9\r\nTransfer-Encoding: gzip\r\nConnection: close\r\nSet-Cookie: a=b\r\n";
    let server =
        serve([answer(format!("{CHUNKED}4\r\nbody\r\n0\r\n{trailers}\r\n")).read_request().send(OK).hold()]);
    let mut conn = asked(&server);
    let mut response = conn.get_response().unwrap();
    assert_eq!(response.read_all().unwrap(), b"body");
    assert_eq!((response.trailers().len(), response.close_reason()), (4, None));
    assert_eq!((response.header("Set-Cookie"), response.header("Connection")), (None, None));
    drop(response);
    assert_clean(&server, &mut conn, 0);
}
