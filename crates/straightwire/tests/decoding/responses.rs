//! Responses whose content is encoded, from the origin and from scripts.

use std::io::{BufRead, Read};

use origin::{Origin, pattern};
use straightwire::{DecodeLimits, ErrorKind, HttpConnection, accept_encoding};

use crate::encoders::{CODINGS, encode, encode_in_pieces};
use crate::support::{OK, answer, asked, assert_clean, serve};

#[test]
fn what_is_accepted_is_what_can_be_decoded() {
    assert_eq!(accept_encoding(), "zstd, br, gzip, deflate");
}

#[test]
fn the_origins_content_is_decoded_and_the_connection_kept() {
    let origin = Origin::start().unwrap();
    let mut conn = HttpConnection::new(&origin.host_port()).unwrap();
    let content = pattern::numbers(300_000);
    for list in ["gzip", "deflate", "raw", "br", "zstd", "gzip,br", "zstd,gzip,raw", "identity"] {
        conn.request(
            "GET",
            &format!("/encoded/{list}/300000"),
            (),
            &[("Accept-Encoding", accept_encoding())],
        )
        .unwrap();
        let mut response = conn.get_response().unwrap();
        let len = response.remaining().unwrap();
        let mut decoded = response.decoded().unwrap();
        let mut first = String::new();
        decoded.read_line(&mut first).unwrap();
        assert_eq!(first, "0\n");
        assert!(decoded.read_all().unwrap() == content[2..], "{list}");
        assert_eq!(decoded.bytes_in(), len, "{list}");
        assert!(response.is_closed() && response.close_reason().is_none(), "{list}");
    }
    assert_eq!(origin.connections(), 1);
}

#[test]
fn a_connection_given_up_in_the_middle_starts_clean() {
    let body = encode("gzip", &pattern::bytes(1_000_000));
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", body.len());
    let server = serve([answer([head.as_bytes(), &body].concat()), answer(OK)]);
    let mut conn = asked(&server);
    conn.get_response().unwrap().decoded().unwrap().read_exact(&mut [0; 100]).unwrap();
    assert_clean(&server, &mut conn, 1);
}

#[test]
fn a_coding_that_is_not_known_is_named_before_anything_is_read() {
    for (list, named) in [
        ("compress", "\"compress\""),
        ("gzip, x-odd", "\"x-odd\""),
        ("gzip;q=1", "\"gzip;q=1\""),
        ("gzip\r\nContent-Encoding: lzma", "\"lzma\""),
        ("gzip, gzip, gzip, gzip, gzip", "more than 4 codings"),
    ] {
        let wire = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {list}\r\nContent-Length: 2\r\n\r\nok");
        let server = serve([answer(wire).read_request().send(OK)]);
        let mut conn = asked(&server);
        let mut response = conn.get_response().unwrap();
        let err = response.decoded().unwrap_err();
        assert_eq!(err.kind(), ErrorKind::UnknownContentEncoding, "{list}");
        assert!(err.is_peer() && err.to_string().contains(named), "{err}");
        assert_eq!(response.read_all().unwrap(), b"ok", "the body is still there");
        drop(response);
        assert_clean(&server, &mut conn, 0);
    }
}

#[test]
fn no_body_is_no_content() {
    for (name, coding) in CODINGS {
        for wire in [
            "HTTP/1.1 204 No Content\r\nContent-Encoding: $\r\n\r\n",
            "HTTP/1.1 304 Not Modified\r\nContent-Encoding: $\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Encoding: $\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Encoding: $\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Encoding: $, $\r\nConnection: close\r\n\r\n",
        ] {
            let server = serve([answer(wire.replace('$', coding)).close()]);
            let mut conn = asked(&server);
            assert_eq!(conn.get_response().unwrap().decoded().unwrap().read_all().unwrap(), b"", "{name}");
        }
    }
    let origin = Origin::start().unwrap();
    let mut conn = HttpConnection::new(&origin.host_port()).unwrap();
    conn.request("HEAD", "/encoded/gzip/1000", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().decoded().unwrap().read_all().unwrap(), b"");
}

#[test]
fn an_end_of_the_connection_is_told_as_that() {
    let content = pattern::numbers(600_000);
    for (name, coding) in CODINGS {
        let body = encode(name, &content);
        for (framing, kind) in [
            (format!("Content-Length: {}\r\n\r\n", body.len() + 1), ErrorKind::IncompleteRead),
            ("Transfer-Encoding: chunked\r\n\r\n fffff\r\n".to_owned(), ErrorKind::BadChunk),
            (
                format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n", body.len() + 1),
                ErrorKind::IncompleteRead,
            ),
            // Here the end of the connection is that of the body, and it comes too soon for the content.
            ("Connection: close\r\n\r\n".to_owned(), ErrorKind::BadContentEncoding),
        ] {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\n{framing}");
            let cut = &body[..body.len() * 3 / 4];
            let server = serve([answer([head.as_bytes(), cut].concat()).close(), answer(OK)]);
            let mut conn = asked(&server);
            let err = conn.get_response().unwrap().decoded().unwrap().read_all().unwrap_err();
            assert_eq!(err.kind(), kind, "{name}: {err}");
            let is_kept = kind == ErrorKind::BadChunk || err.partial().len() > content.len() / 4;
            assert!(is_kept && content.starts_with(err.partial()), "{name}: {}", err.partial().len());
            assert_clean(&server, &mut conn, 1);
        }
    }
}

#[test]
fn what_was_flushed_is_there_though_the_server_goes_silent() {
    for (name, coding) in CODINGS {
        let pieces = encode_in_pieces(name, &[b"tick\n", b"tock\n"]);
        let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\n\r\n");
        let server = serve([answer([head.as_bytes(), &pieces[0]].concat()).hold()]);
        let mut conn = asked(&server);
        let mut response = conn.get_response().unwrap();
        assert_eq!(response.decoded().unwrap().fill_buf().unwrap(), b"tick\n", "{name}");
    }
}

#[test]
fn a_part_of_encoded_content_is_left_as_it_is() {
    let wire = "HTTP/1.1 206 Partial Content\r\nContent-Encoding: $\r\nContent-Range: bytes 5-6/9\r\nContent-Length: 2\r\n\r\nok";
    let server = serve([answer(wire.replace('$', "gzip")), answer(wire.replace('$', "identity"))]);
    let mut conn = asked(&server);
    let mut response = conn.get_response().unwrap();
    assert_eq!(response.decoded().unwrap_err().kind(), ErrorKind::BadContentEncoding);
    assert_eq!(response.read_all().unwrap(), b"ok");
    drop(response);
    conn.close();
    conn.request("GET", "/", (), &[]).unwrap();
    let mut response = conn.get_response().unwrap();
    assert_eq!(response.decoded().unwrap().read_all().unwrap(), b"ok");
}

#[test]
fn limits_can_be_given() {
    let origin = Origin::start().unwrap();
    let mut conn = HttpConnection::new(&origin.host_port()).unwrap();
    conn.request("GET", "/encoded/zstd/100000", (), &[]).unwrap();
    let mut response = conn.get_response().unwrap();
    let limits = DecodeLimits { len: 99_999, ..DecodeLimits::default() };
    let err = response.decoded_within(limits).unwrap().read_all().unwrap_err();
    assert_eq!(err.kind(), ErrorKind::DecodedTooLarge);
    drop(response);
    conn.request("GET", "/encoded/zstd/10", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().decoded().unwrap().read_all().unwrap(), pattern::numbers(10));
}
