//! Messages that break the grammar where it matters: numbers, line ends, control bytes, framing.

use straightwire::{CloseReason, Error, ErrorKind, Framing, HttpResponse, Policy};

use crate::support::*;

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Reads the answer under this policy: its body, or an error and what of the body came with it.
fn read(wire: impl Into<Vec<u8>>, policy: Policy) -> Result<Vec<u8>, Error> {
    with(wire, policy, |response| response.read_all())?
}

fn with<T>(
    wire: impl Into<Vec<u8>>,
    policy: Policy,
    look: impl FnOnce(&mut HttpResponse<'_>) -> T,
) -> Result<T, Error> {
    let server = serve([answer(wire)]);
    let mut conn = builder(server.addr()).policy(policy).build().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    Ok(look(&mut conn.get_response()?))
}

/// An error under every policy.
fn refused(wire: &str) -> Error {
    let lenient = read(wire, Policy::lenient()).expect_err(wire);
    let strict = read(wire, Policy::strict()).expect_err(wire);
    assert_eq!(lenient.kind(), strict.kind(), "{wire:?}");
    strict
}

#[test]
fn a_chunk_size_does_not_wrap_around() {
    for size in ["10000000000000000", "10000000000000005", "fffffffffffffffff", "80000000000000000005"] {
        assert_eq!(refused(&format!("{CHUNKED}{size}\r\nhello\r\n0\r\n\r\n")).kind(), ErrorKind::BadChunk);
    }
    let padded = format!("{CHUNKED}00000000000000000005\r\nhello\r\n0\r\n\r\n");
    assert_eq!(read(padded, Policy::strict()).unwrap(), b"hello");
}

#[test]
fn a_chunk_size_is_hex_digits_and_nothing_else() {
    for size in ["-5", "+5", "0x5", "5_0", " 5", "\t5", "5h", "", ";x", "\u{665}", "5.0", "5,5", "5 5", "\0"]
    {
        let err = refused(&format!("{CHUNKED}{size}\r\nhello\r\n0\r\n\r\n"));
        assert_eq!(err.kind(), ErrorKind::BadChunk, "{size:?}");
    }
}

#[test]
fn a_content_length_is_digits_and_nothing_else() {
    for length in ["-5", "+5", "0x5", "5_0", "5 5", "5;", "5.0", "", "five", "\u{665}", "5, 6", "5,+5", "'5'"]
    {
        let err = refused(&format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nhello"));
        assert_eq!(err.kind(), ErrorKind::BadContentLength, "{length:?}");
    }
    for length in ["5", " \t5 \t", "005", "5, 5", "5,,5\r\nContent-Length: 5"] {
        let wire = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nhello");
        assert_eq!(read(wire, Policy::strict()).unwrap(), b"hello", "{length:?}");
    }
}

#[test]
fn chunk_data_ends_where_its_size_says() {
    for body in
        ["5\r\nhelloXX0\r\n\r\n", "5\r\nhello0\r\n\r\n", "4\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r0\r\n\r\n"]
    {
        assert_eq!(refused(&format!("{CHUNKED}{body}")).kind(), ErrorKind::BadChunk, "{body:?}");
    }
    for body in ["5\rhello\r\n0\r\n\r\n", "5\r\r\nhello\r\n0\r\n\r\n", "5;a\rb\r\nhello\r\n0\r\n\r\n"] {
        assert_eq!(refused(&format!("{CHUNKED}{body}")).kind(), ErrorKind::BadChunk, "{body:?}");
    }
    // A bare LF is a line end here only for who asks for it.
    for body in
        ["5\nhello\r\n0\r\n\r\n", "5\r\nhello\n0\r\n\r\n", "5\r\nhello\r\n0\n\r\n", "5;a\nhello\r\n0\r\n\r\n"]
    {
        let wire = format!("{CHUNKED}{body}");
        assert_eq!(read(&*wire, Policy::strict()).unwrap_err().kind(), ErrorKind::BadChunk, "{body:?}");
        assert_eq!(read(&*wire, Policy::lenient()).unwrap(), b"hello", "{body:?}");
    }
}

#[test]
fn control_bytes_never_reach_the_caller() {
    for byte in ["\0", "\r", "\x01", "\x7f", "\x1b"] {
        let is_repaired = byte == "\0" || byte == "\r";
        let in_value = format!("HTTP/1.1 200 OK\r\nA: x{byte}y\r\nContent-Length: 0\r\n\r\n");
        let in_reason = format!("HTTP/1.1 200 O{byte}K\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(read(&*in_value, Policy::strict()).unwrap_err().kind(), ErrorKind::BadHeader);
        assert_eq!(read(&*in_reason, Policy::strict()).unwrap_err().kind(), ErrorKind::BadStatusLine);
        let shown = if is_repaired { " " } else { byte };
        with(&*in_value, Policy::lenient(), |response| {
            assert_eq!(response.header("a").unwrap(), format!("x{shown}y"));
        })
        .unwrap();
        with(&*in_reason, Policy::lenient(), |response| {
            assert_eq!(response.reason(), format!("O{shown}K"));
        })
        .unwrap();
        let in_name = format!("HTTP/1.1 200 OK\r\nA{byte}B: x\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(read(&*in_name, Policy::strict()).unwrap_err().kind(), ErrorKind::BadHeader);
        with(&*in_name, Policy::lenient(), |response| {
            assert_eq!(response.headers().keys().collect::<Vec<_>>(), ["Content-Length"]);
        })
        .unwrap();
    }
}

#[test]
fn transfer_encoding_goes_before_content_length() {
    let fields = [
        "Content-Length: 3\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 3",
    ];
    for fields in fields {
        let wire = format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
        with(wire, Policy::strict(), |response| {
            assert_eq!(response.framing(), Framing::Chunked);
            assert_eq!(response.close_reason(), Some(CloseReason::LengthAndEncoding));
            assert_eq!(response.read_all().unwrap(), b"hello");
        })
        .unwrap();
    }
}

#[test]
fn a_list_of_encodings_is_read_as_a_list() {
    for fields in ["gzip, chunked", "gzip\r\nTransfer-Encoding: chunked", ",,Chunked,", "chunked \t"] {
        let wire = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: {fields}\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
        assert_eq!(read(wire, Policy::strict()).unwrap(), b"hello", "{fields:?}");
    }
    for fields in ["chunked, gzip", "identity", "xchunked", "gzip;q=\"chunked\""] {
        let wire =
            format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: {fields}\r\nContent-Length: 1\r\n\r\n5\r\n");
        with(wire, Policy::strict(), |response| {
            assert_eq!(response.framing(), Framing::UntilClose, "{fields:?}");
            assert_eq!(response.read_all().unwrap(), b"5\r\n");
        })
        .unwrap();
    }
    for fields in [
        "chunked, chunked",
        "chunked;q=1",
        "\"chunked\"",
        "chunked x",
        "chunked\r\nTransfer-Encoding: chunked",
    ] {
        let err = refused(&format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: {fields}\r\n\r\n0\r\n\r\n"));
        assert_eq!(err.kind(), ErrorKind::UnknownTransferEncoding, "{fields:?}");
    }
}

#[test]
fn lengths_that_differ_are_no_length() {
    for fields in [
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5, 6",
        "Content-Length: 5\r\nA: b\r\ncontent-length: 50",
    ] {
        let err = refused(&format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\nhello!"));
        assert_eq!(err.kind(), ErrorKind::BadContentLength);
    }
}

#[test]
fn a_body_without_a_status_line_is_no_response() {
    assert_eq!(refused("<html>hello</html>\n").kind(), ErrorKind::BadStatusLine);
    assert_eq!(refused("\x16\x03\x01\x02\0\x01\0\n").kind(), ErrorKind::BadStatusLine);
    assert_eq!(refused("ICY 200 OK\r\n\r\n").kind(), ErrorKind::BadStatusLine);
    let err = refused("hello");
    assert!(err.is_peer() && err.partial() == b"hello", "{err}");
}
