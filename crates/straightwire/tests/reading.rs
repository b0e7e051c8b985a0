//! Bodies: every framing, read in every way.

mod support;

use std::io::{BufRead, Read};
use std::time::Duration;

use origin::{Script, pattern};
use straightwire::{ErrorKind, Framing};
use support::ways::WAYS;
use support::*;

const SIZES: [usize; 10] = [0, 1, 2, 100, 8191, 8192, 8193, 20_000, 150_000, 2_000_000];

/// A body as chunks of this size.
fn chunks(body: &[u8], size: usize) -> Vec<u8> {
    let mut wire = Vec::with_capacity(body.len() * 2);
    for chunk in body.chunks(size) {
        wire.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
        wire.extend_from_slice(chunk);
        wire.extend(b"\r\n");
    }
    wire.extend(b"0\r\n\r\n");
    wire
}

fn message(head: &str, body: &[u8]) -> Vec<u8> {
    [b"HTTP/1.1 200 OK\r\n", head.as_bytes(), b"\r\n", body].concat()
}

/// Reads the answer in every way that can cope with it. Where the connection is kept, it carries all of
/// them.
fn check(wire: &[u8], body: &[u8], framing: Framing) {
    let is_kept = framing != Framing::UntilClose;
    let ways = || WAYS.iter().filter(|(_, most, _)| body.len() <= *most);
    let one = || Script::new().read_request().send(wire);
    let server = if is_kept {
        serve([ways().fold(Script::new(), |script, _| script.read_request().send(wire))])
    } else {
        serve([one()])
    };
    let mut conn = client(&server);
    for (way, _, read) in ways() {
        conn.request("GET", "/", (), &[]).unwrap();
        let mut response = conn.get_response().unwrap();
        assert_eq!(response.framing(), framing);
        let mut got = Vec::new();
        read(&mut response, &mut got).unwrap();
        assert!(got == body, "{framing:?}, {} bytes by {way}: {} bytes", body.len(), got.len());
        assert!(response.is_closed());
        // At the end there is no more, however it is asked for.
        assert_eq!(response.read_all().unwrap(), b"");
        assert_eq!(response.read_into(&mut [0; 4]).unwrap(), 0);
        assert_eq!(response.fill_buf().unwrap(), b"");
    }
    assert_eq!(server.connections(), if is_kept { 1 } else { ways().count() });
}

#[test]
fn bodies_with_a_length_in_every_way() {
    for size in SIZES {
        let body = pattern::bytes(size);
        let wire = message(&format!("Content-Length: {size}\r\n"), &body);
        check(&wire, &body, Framing::Length(size as u64));
    }
}

#[test]
fn bodies_that_end_with_the_connection_in_every_way() {
    for size in SIZES {
        let body = pattern::bytes(size);
        check(&message("", &body), &body, Framing::UntilClose);
    }
}

#[test]
fn chunked_bodies_in_every_way() {
    for size in SIZES {
        let body = pattern::bytes(size);
        for chunk in [1, 2, 15, 16, 17, 4000, 8192, 8193, 100_000, 1_000_000] {
            let is_worthwhile = chunk < size.max(2) && size / chunk <= 20_000;
            if is_worthwhile {
                let wire = message("Transfer-Encoding: chunked\r\n", &chunks(&body, chunk));
                check(&wire, &body, Framing::Chunked);
            }
        }
    }
}

#[test]
fn chunks_with_all_that_the_grammar_allows() {
    let chunks = "3;a\r\nabc\r\n0004;b=c ; d=\"e;\\\"f\"\r\ndefg\r\nA\t;x\r\n0\r\n\r\n56789\r\na\r\n0123456789\r\n00\r\nT: u\r\n\r\n";
    let wire = message("Transfer-Encoding: gzip, Chunked\r\n", chunks.as_bytes());
    check(&wire, b"abcdefg0\r\n\r\n567890123456789", Framing::Chunked);
}

#[test]
fn what_has_no_body_is_closed_from_the_start() {
    for (method, head) in [
        ("HEAD", "200 OK\r\nContent-Length: 1000"),
        ("HEAD", "200 OK\r\nTransfer-Encoding: chunked"),
        ("HEAD", "404 Not Found"),
        ("GET", "204 No Content"),
        ("GET", "204 No Content\r\nTransfer-Encoding: chunked"),
        ("GET", "304 Not Modified\r\nContent-Length: 1000"),
        ("POST", "304 Not Modified\r\nTransfer-Encoding: chunked"),
    ] {
        for (way, _, read) in WAYS {
            let server = serve([answer(format!("HTTP/1.1 {head}\r\n\r\n")).read_request().send(OK).hold()]);
            let mut conn = client(&server);
            conn.request(method, "/", (), &[]).unwrap();
            let mut response = conn.get_response().unwrap();
            assert_eq!(
                (response.framing(), response.remaining()),
                (Framing::None, Some(0)),
                "{method} {head}"
            );
            assert!(response.is_closed());
            let mut got = Vec::new();
            read(&mut response, &mut got).unwrap();
            assert_eq!(got, b"", "{way}");
            drop(response);
            assert_clean(&server, &mut conn, 0);
        }
    }
}

#[test]
fn head_is_head_only_in_capitals() {
    let server = serve([Script::new().read_head().send(OK).hold()]);
    let mut conn = client(&server);
    conn.request("Head", "/", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
}

#[test]
fn a_length_of_zero_is_a_body_that_is_over() {
    for fields in ["Content-Length: 0", "Content-Length: 000", "Content-Length: 0, 0"] {
        let server = serve([answer(message(&format!("{fields}\r\n"), b"")).read_request().send(OK).hold()]);
        let mut conn = asked(&server);
        let mut response = conn.get_response().unwrap();
        assert_eq!((response.framing(), response.remaining()), (Framing::Length(0), Some(0)));
        assert!(response.is_closed());
        assert_eq!(response.read_all().unwrap(), b"");
        drop(response);
        assert_clean(&server, &mut conn, 0);
    }
}

#[test]
fn remaining_and_is_closed_follow_the_reading() {
    let server = serve([answer(message("Content-Length: 10\r\n", b"0123456789"))]);
    let mut conn = asked(&server);
    let mut response = conn.get_response().unwrap();
    assert_eq!((response.remaining(), response.is_closed()), (Some(10), false));
    assert_eq!(response.read_up_to(4).unwrap(), b"0123");
    assert_eq!((response.remaining(), response.is_closed()), (Some(6), false));
    assert_eq!(response.read_into(&mut [0; 5]).unwrap(), 5);
    assert_eq!((response.remaining(), response.is_closed()), (Some(1), false));
    assert_eq!(response.read_up_to(1).unwrap(), b"9");
    assert_eq!((response.remaining(), response.is_closed()), (Some(0), true));

    let server = serve([answer(message("Transfer-Encoding: chunked\r\n", b"3\r\nabc\r\n0\r\n\r\n"))]);
    let mut conn = asked(&server);
    let mut response = conn.get_response().unwrap();
    assert_eq!((response.remaining(), response.is_closed()), (None, false));
    response.read_all().unwrap();
    assert!(response.is_closed());

    let server = serve([answer(message("", b"abc"))]);
    let mut conn = asked(&server);
    let mut response = conn.get_response().unwrap();
    assert_eq!(response.read_up_to(3).unwrap(), b"abc");
    // Whether that was all is for the connection's end to tell.
    assert_eq!((response.remaining(), response.is_closed()), (None, false));
    assert_eq!(response.read_up_to(1).unwrap(), b"");
    assert!(response.is_closed());
}

/// What a look through `BufRead` shows is not handed over before it is consumed.
#[test]
fn remaining_is_the_same_whichever_way_the_body_is_read() {
    let server = serve([answer(message("Content-Length: 10\r\n", b"0123456789"))]);
    let mut conn = asked(&server);
    let mut response = conn.get_response().unwrap();
    assert_eq!(response.fill_buf().unwrap(), b"0123456789");
    response.consume(4);
    assert_eq!((response.remaining(), response.is_closed()), (Some(6), false));
    assert_eq!(response.read_up_to(4).unwrap(), b"4567");
    assert_eq!((response.remaining(), response.is_closed()), (Some(2), false));
}

#[test]
fn asking_for_nothing_gives_nothing_and_changes_nothing() {
    let silent = message("Content-Length: 3\r\n", b"");
    let server = serve([answer(silent).hold()]);
    let mut conn = asked(&server);
    let mut response = conn.get_response().unwrap();
    assert_eq!(response.read_up_to(0).unwrap(), b"");
    assert_eq!(response.read_into(&mut []).unwrap(), 0);
    assert_eq!(response.read(&mut []).unwrap(), 0);
    response.consume(0);
    assert_eq!((response.remaining(), response.is_closed()), (Some(3), false));
}

#[test]
fn read_gives_what_is_here_and_the_others_wait_for_all() {
    for half in
        [message("Content-Length: 6\r\n", b"abc"), message("Transfer-Encoding: chunked\r\n", b"6\r\nabc")]
    {
        let server = serve([answer(&*half).hold()]);
        let mut conn = asked(&server);
        wait_for_bytes(&conn, half.len());
        assert_eq!(conn.get_response().unwrap().read(&mut [0; 6]).unwrap(), 3);

        let mut conn = asked(&server);
        wait_for_bytes(&conn, half.len());
        assert_eq!(conn.get_response().unwrap().fill_buf().unwrap(), b"abc");

        for (way, _, read) in WAYS.into_iter().filter(|(way, ..)| way.contains('_')) {
            let mut conn = asked(&server);
            wait_for_bytes(&conn, half.len());
            conn.set_timeout(Duration::from_millis(5)).unwrap();
            let mut response = conn.get_response().unwrap();
            let mut got = Vec::new();
            let err = read(&mut response, &mut got).unwrap_err();
            assert_eq!(err.kind(), ErrorKind::Timeout, "{way}");
            assert_eq!([&*got, err.partial()].concat(), b"abc", "{way}");
        }
    }
}

#[test]
fn lines_are_found_across_chunks_and_segments() {
    let text = "first\n\nthird\r\nlast without an end";
    let bodies = [
        message(&format!("Content-Length: {}\r\n", text.len()), text.as_bytes()),
        message("Transfer-Encoding: chunked\r\n", &chunks(text.as_bytes(), 3)),
        message("", text.as_bytes()),
    ];
    for wire in bodies {
        let server = serve([Script::new().read_request().send_in_pieces(wire, 7, Duration::from_millis(1))]);
        let lines: Vec<String> = asked(&server).get_response().unwrap().lines().map(Result::unwrap).collect();
        assert_eq!(lines, ["first", "", "third", "last without an end"]);
    }
}

#[test]
fn lines_and_then_the_rest() {
    let server =
        serve([answer(message("Transfer-Encoding: chunked\r\n", &chunks(b"head: 1\n\nbody body", 5)))]);
    let mut conn = asked(&server);
    let mut response = conn.get_response().unwrap();
    let mut line = String::new();
    response.read_line(&mut line).unwrap();
    assert_eq!(line, "head: 1\n");
    response.read_line(&mut line).unwrap();
    assert_eq!(response.read_all().unwrap(), b"body body");
}

#[test]
fn what_was_partly_consumed_stays_until_it_is_read() {
    let server =
        serve([answer(message("Transfer-Encoding: chunked\r\n", b"6\r\nabcdef\r\n2\r\ngh\r\n0\r\n\r\n"))]);
    let mut conn = asked(&server);
    let mut response = conn.get_response().unwrap();
    assert_eq!(response.fill_buf().unwrap(), b"abcdef");
    assert_eq!(response.fill_buf().unwrap(), b"abcdef");
    response.consume(1);
    assert_eq!(response.fill_buf().unwrap(), b"bcdef");
    assert_eq!(response.read_up_to(2).unwrap(), b"bc");
    let mut two = [0; 2];
    response.read_exact(&mut two).unwrap();
    assert_eq!(&two, b"de");
    assert!(!response.is_closed());
    assert_eq!(response.read_all().unwrap(), b"fgh");
}

#[test]
fn trailers_are_there_at_the_end_and_stay_out_of_the_headers() {
    let body = b"3\r\nabc\r\n0\r\nX-Sum: 1\r\nx-sum: 2\r\nContent-Length: 9\r\n\r\n";
    let wire = message("Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n", body);
    for (way, _, read) in WAYS {
        let server = serve([answer(wire.clone()).read_request().send(OK).hold()]);
        let mut conn = asked(&server);
        let mut response = conn.get_response().unwrap();
        assert!(response.trailers().is_empty());
        read(&mut response, &mut Vec::new()).unwrap();
        let trailers: Vec<_> =
            response.trailers().iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(trailers, ["X-Sum=1", "x-sum=2", "Content-Length=9"], "{way}");
        assert_eq!(response.trailers().joined("X-SUM").unwrap(), "1, 2");
        assert_eq!((response.header("x-sum"), response.header("content-length")), (None, None));
        drop(response);
        // They belong to their own response.
        conn.request("GET", "/", (), &[]).unwrap();
        assert!(conn.get_response().unwrap().trailers().is_empty());
    }
}
