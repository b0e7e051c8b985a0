//! A peer that sends too much of something is refused after a bounded number of bytes; one that promises
//! too much gets no memory for it.

use std::fs;
use std::io::{ErrorKind as Io, Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use straightwire::{Error, ErrorKind, Event, HttpConnection, Limits, Policy};

use crate::support::*;

/// What a flood has to give: far more than any limit and any socket buffers.
const OFFERED: usize = 128 << 20;

/// The most that is read before a limit is noticed: the limit itself and a receive buffer.
const MOST_READ: usize = 600 << 10;

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Sends `start` and then `piece` over and over; the client reads to an error of this kind.
#[track_caller]
fn flood(kind: ErrorKind, start: &str, piece: &str) {
    for policy in [Policy::strict(), Policy::lenient()] {
        let err = flooded(start, piece, policy);
        assert_eq!(err.kind(), kind, "{err}");
        assert!(err.is_limit() && err.is_peer());
        assert!(err.to_string().len() < 500, "{err}");
    }
}

#[track_caller]
fn flooded(start: &str, piece: &str, policy: Policy) -> Error {
    let ask = |conn: &mut HttpConnection| conn.get_response().and_then(|mut response| response.read_all());
    watch_flood(start, piece, policy, ask).expect_err("a flood has no end")
}

/// What comes of asking a server that sends `start` and then `piece` over and over; however it comes out,
/// little was read and the connection is closed.
#[track_caller]
fn watch_flood<T>(start: &str, piece: &str, policy: Policy, ask: impl FnOnce(&mut HttpConnection) -> T) -> T {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let read = Arc::new(AtomicUsize::new(0));
    let count = read.clone();
    let mut conn = builder(listener.local_addr().unwrap())
        .policy(policy)
        .tap(move |event: Event<'_>| {
            if let Event::Received(bytes) = event {
                count.fetch_add(bytes.len(), Ordering::SeqCst);
            }
        })
        .build()
        .unwrap();
    let block = piece.repeat((100_000 / piece.len()).max(1));
    let start = start.to_owned();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        assert!(stream.read(&mut [0; 1000]).unwrap() > 0);
        stream.write_all(start.as_bytes()).unwrap();
        let mut sent = 0;
        while sent < OFFERED && stream.write_all(block.as_bytes()).is_ok() {
            sent += block.len();
        }
        sent
    });
    conn.request("GET", "/", (), &[]).unwrap();
    let outcome = ask(&mut conn);
    assert!(!conn.is_connected());
    let (sent, read) = (server.join().unwrap(), read.load(Ordering::SeqCst));
    assert!(sent < OFFERED && read < MOST_READ, "{sent} bytes sent, {read} read");
    outcome
}

#[test]
fn interim_responses() {
    flood(ErrorKind::TooManyInterimResponses, "", "HTTP/1.1 100 Continue\r\n\r\n");
    flood(ErrorKind::TooManyInterimResponses, "", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
    let large = format!("HTTP/1.1 103 Early Hints\r\nLink: {}\r\n\r\n", "x".repeat(50_000));
    flood(ErrorKind::HeadTooLarge, "", &large);
}

#[test]
fn a_hundred_interim_responses_are_not_too_many() {
    let wire = "HTTP/1.1 102 Processing\r\n\r\n".repeat(100) + OK;
    let server = serve([answer(wire)]);
    let mut conn = asked(&server);
    let mut response = conn.get_response().unwrap();
    assert_eq!((response.interim().len(), response.status()), (100, 200));
    assert_eq!(response.read_all().unwrap(), b"ok");
}

#[test]
fn header_lines() {
    flood(ErrorKind::TooManyHeaders, "HTTP/1.1 200 OK\r\n", "A: b\r\n");
    flood(ErrorKind::TooManyHeaders, "HTTP/1.1 200 OK\r\nA: b\r\n", " folded\r\n");
    flood(ErrorKind::TooManyHeaders, "HTTP/1.1 100 Continue\r\n", "A: b\r\n");
    flood(ErrorKind::HeadTooLarge, "HTTP/1.1 200 OK\r\n", &format!("A: {}\r\n", "b".repeat(20_000)));
    assert_eq!(
        flooded("HTTP/1.1 200 OK\r\n", "bad line\r\n", Policy::lenient()).kind(),
        ErrorKind::TooManyHeaders
    );
}

#[test]
fn a_hundred_header_lines_are_not_too_many() {
    let wire = |lines| format!("HTTP/1.1 200 OK\r\n{}Content-Length: 0\r\n\r\n", "A: b\r\n".repeat(lines));
    assert_eq!(body_of(&wire(99)).unwrap(), b"");
    assert_eq!(error_of(wire(100)).kind(), ErrorKind::TooManyHeaders);
}

#[test]
fn limits_are_the_callers_to_choose() {
    let wire = format!("HTTP/1.1 200 OK\r\n{}Content-Length: 2\r\n\r\nok", "A: b\r\n".repeat(5000));
    let server = serve([answer(wire)]);
    let limits = Limits { header_lines: 5001, ..Limits::default() };
    let mut conn = builder(server.addr()).limits(limits).build().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    let mut response = conn.get_response().unwrap();
    assert_eq!(response.headers().len(), 5001);
    assert_eq!(response.read_all().unwrap(), b"ok");
}

#[test]
fn a_line_without_an_end() {
    for start in [
        "",
        "HTTP/1.1 200 ",
        "HTTP/1.1 200 OK\r\nA",
        "HTTP/1.1 200 OK\r\nA: ",
        "HTTP/1.1 200 OK\r\nA: b\r\n ",
    ] {
        flood(ErrorKind::LineTooLong, start, "x");
    }
    assert_eq!(flooded("HTTP/1.1 200 OK\r\nA: ", "\r", Policy::lenient()).kind(), ErrorKind::LineTooLong);
}

#[test]
fn a_line_of_65536_bytes_is_not_too_long() {
    let wire =
        |len: usize| format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: {}\r\n\r\n", "x".repeat(len - 5));
    assert_eq!(body_of(&wire(65_536)).unwrap(), b"");
    assert_eq!(error_of(wire(65_537)).kind(), ErrorKind::LineTooLong);
}

#[test]
fn blank_lines_where_they_are_skipped() {
    assert!(flooded("", "\r\n", Policy::lenient()).is_limit());
}

#[test]
fn chunk_extensions() {
    flood(ErrorKind::ChunkExtensionsTooLarge, CHUNKED, "1;a=bcdefghij\r\nx\r\n");
    flood(ErrorKind::ChunkExtensionsTooLarge, CHUNKED, &format!("1;{}\r\nx\r\n", "e".repeat(4096)));
    for start in ["1;", "1;a=", "1;a=\"", "1;a=\"b\";c"] {
        let err = flooded(&format!("{CHUNKED}{start}"), "x", Policy::strict());
        assert!(err.is_limit(), "{err}");
    }
    flood(ErrorKind::LineTooLong, CHUNKED, "0");
}

#[test]
fn trailers() {
    flood(ErrorKind::TooManyTrailers, &format!("{CHUNKED}0\r\n"), "A: b\r\n");
    flood(ErrorKind::LineTooLong, &format!("{CHUNKED}0\r\n"), "x");
    flood(ErrorKind::HeadTooLarge, &format!("{CHUNKED}0\r\n"), &format!("A: {}\r\n", "b".repeat(20_000)));
    let wire = |lines: usize| format!("{CHUNKED}0\r\n{}\r\n", "A: b\r\n".repeat(lines));
    assert_eq!(body_of(&wire(100)).unwrap(), b"");
    assert_eq!(error_of(wire(101)).kind(), ErrorKind::TooManyTrailers);
}

#[test]
fn a_body_without_an_end_that_nobody_reads() {
    let drop_it = |conn: &mut HttpConnection| drop(conn.get_response().unwrap());
    let read_a_little = |conn: &mut HttpConnection| {
        assert_eq!(conn.get_response().unwrap().read_up_to(10).unwrap().len(), 10);
    };
    for (start, piece) in [
        (CHUNKED, "a\r\n0123456789\r\n"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n", "x"),
        ("HTTP/1.1 200 OK\r\n\r\n", "x"),
    ] {
        watch_flood(start, piece, Policy::strict(), drop_it);
        watch_flood(start, piece, Policy::strict(), read_a_little);
    }
}

#[test]
fn a_million_digits_of_length() {
    flood(ErrorKind::LineTooLong, "HTTP/1.1 200 OK\r\nContent-Length: ", "9");
}

/// What was promised, and what the error says is missing after five bytes.
const PROMISES: [(&str, &str, Option<u64>); 4] = [
    ("Content-Length: 4611686018427387904\r\n\r\n", "hello", Some((1 << 62) - 5)),
    ("Content-Length: 1000000000000000000000000000000\r\n\r\n", "hello", None),
    ("Transfer-Encoding: chunked\r\n\r\n", "3fffffffffffffff\r\nhello", Some((1 << 62) - 6)),
    ("Transfer-Encoding: chunked\r\n\r\n", "ffffffffffffffff\r\nhello", Some(u64::MAX - 5)),
];

#[test]
fn a_promise_gets_no_memory() {
    alone("floods::a_promise_gets_no_memory", "true", || {
        for (fields, body, missing) in PROMISES {
            let server = serve([answer(format!("HTTP/1.1 200 OK\r\n{fields}{body}"))]);
            let before = peak_memory();
            let ask = |read: &dyn Fn(&mut HttpConnection) -> Error| {
                let err = read(&mut asked(&server));
                assert_eq!((err.kind(), err.partial()), (ErrorKind::IncompleteRead, &b"hello"[..]));
                assert_eq!(err.expected(), missing);
            };
            ask(&|conn| conn.get_response().unwrap().read_all().unwrap_err());
            ask(&|conn| conn.get_response().unwrap().read_up_to(usize::MAX).unwrap_err());
            let mut out = Vec::new();
            let err = asked(&server).get_response().unwrap().read_to_end(&mut out).unwrap_err();
            assert_eq!((err.kind(), &*out), (Io::UnexpectedEof, &b"hello"[..]));
            let grown = peak_memory() - before;
            assert!(cfg!(not(target_os = "linux")) || grown < 32 << 10, "{fields}: {grown} KiB");
        }
    });
}

/// The most memory that this process has ever had, in KiB; 0 where the system doesn't tell.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")).map_or(0, |kib| kib.parse().unwrap())
}
