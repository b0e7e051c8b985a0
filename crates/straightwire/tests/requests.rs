//! What a request looks like on the wire, byte for byte.

mod support;

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, Cursor, Seek, SeekFrom};
use std::sync::mpsc;

use origin::{Script, pattern};
use straightwire::{Body, Error, ErrorKind, Event, HttpConnection, Phase, Result};
use support::*;

const ADDRESS: &str = "127.0.0.1:PORT";
const OWN: &str = "Host: 127.0.0.1:PORT\r\nAccept-Encoding: identity\r\n";

/// What the server gets, with its port as PORT.
fn wire(send: impl FnOnce(&mut HttpConnection) -> Result<()>) -> String {
    let server = serve([Script::new().read_head().send(OK).wait_for_close()]);
    let mut conn = client(&server);
    send(&mut conn).unwrap();
    conn.get_response().unwrap();
    drop(conn);
    server.join().unwrap();
    received(&server, 0).replace(&server.addr().to_string(), ADDRESS)
}

fn wire_of<'a>(method: &str, body: impl Into<Body<'a>>, headers: &[(&str, &str)]) -> String {
    wire(|conn| conn.request(method, "/", body, headers))
}

/// The error of a call that sends nothing, and leaves the connection fit for the next request.
fn refused(send: impl FnOnce(&mut HttpConnection) -> Result<()>) -> Error {
    let server = serve([answer_all()]);
    let mut conn = client(&server);
    conn.connect().unwrap();
    let err = send(&mut conn).unwrap_err();
    assert!(err.is_caller(), "{err}");
    assert_clean(&server, &mut conn, 0);
    err
}

#[test]
fn without_a_body_only_methods_that_have_one_say_so() {
    for method in ["GET", "HEAD", "DELETE", "OPTIONS", "TRACE", "M-SEARCH"] {
        assert_eq!(wire_of(method, (), &[]), format!("{method} / HTTP/1.1\r\n{OWN}\r\n"));
    }
    for method in ["POST", "PUT", "PATCH"] {
        let expected = format!("{method} / HTTP/1.1\r\n{OWN}Content-Length: 0\r\n\r\n");
        assert_eq!(wire_of(method, (), &[]), expected);
        assert_eq!(wire_of(method, None::<&str>, &[]), expected);
    }
}

#[test]
fn bytes_go_with_their_length_whatever_the_method() {
    let expected =
        |method, len, body: &str| format!("{method} / HTTP/1.1\r\n{OWN}Content-Length: {len}\r\n\r\n{body}");
    let odd = expected("GET", 3, "\0\u{ff}\n");
    assert_eq!(wire_of("GET", b"\0\xff\n", &[]), odd);
    assert_eq!(wire_of("GET", &b"\0\xff\n"[..], &[]), odd);
    let owned = b"\0\xff\n".to_vec();
    assert_eq!(wire_of("GET", &owned, &[]), odd);
    assert_eq!(wire_of("GET", owned, &[]), odd);
    assert_eq!(wire_of("GET", Cow::Borrowed(&b"\0\xff\n"[..]), &[]), odd);
    assert_eq!(wire_of("GET", Some(b"\0\xff\n"), &[]), odd);
    for method in ["GET", "DELETE", "POST"] {
        assert_eq!(wire_of(method, b"", &[]), expected(method, 0, ""));
    }
}

#[test]
fn text_goes_as_latin_1() {
    for (text, sent) in [("plain", "plain"), ("", ""), ("caf\u{e9}\u{ff}", "caf\u{e9}\u{ff}")] {
        let len = sent.chars().count();
        let expected = format!("PUT / HTTP/1.1\r\n{OWN}Content-Length: {len}\r\n\r\n{sent}");
        assert_eq!(wire_of("PUT", text, &[]), expected);
        let owned = text.to_owned();
        assert_eq!(wire_of("PUT", &owned, &[]), expected);
        assert_eq!(wire_of("PUT", owned, &[]), expected);
    }
}

#[test]
fn text_outside_latin_1_is_refused_before_anything_is_sent() {
    let err = refused(|conn| conn.request("POST", "/", "5 €", &[]));
    assert_eq!(err.kind(), ErrorKind::InvalidBody);
    assert!(err.to_string().contains('€'), "{err}");
    refused(|conn| conn.request("POST", "/", "5 €".to_owned(), &[("Content-Length", "3")]));
}

#[test]
fn files_and_readers_go_in_blocks_each_a_chunk() {
    let path = std::env::temp_dir().join(format!("straightwire-requests-{}", std::process::id()));
    fs::write(&path, "skipped 0123456789").unwrap();
    let server = serve([answer_all()]);
    let mut conn = builder(server.addr()).blocksize(4).build().unwrap();
    let mut file = File::open(&path).unwrap();

    file.seek(SeekFrom::Start(8)).unwrap();
    conn.request("PUT", "/", &file, &[]).unwrap();
    conn.get_response().unwrap();
    conn.request("PUT", "/", file, &[]).unwrap(); // at its end by now
    conn.get_response().unwrap();
    conn.request("GET", "/", Body::reader(Cursor::new("\u{e9}")), &[]).unwrap(); // bytes as they are
    conn.get_response().unwrap();
    fs::remove_file(&path).unwrap();

    let put = head(&server, "PUT /", "Transfer-Encoding: chunked\r\n");
    let expected = format!("{put}4\r\n0123\r\n4\r\n4567\r\n2\r\n89\r\n0\r\n\r\n{put}0\r\n\r\n");
    let get = head(&server, "GET /", "Transfer-Encoding: chunked\r\n");
    let expected = format!("{expected}{get}2\r\n\u{c3}\u{a9}\r\n0\r\n\r\n");
    assert_eq!(received(&server, 0), expected);
}

#[test]
fn a_reader_is_read_in_blocks_of_8192_bytes_unless_told() {
    let sent = wire_of("POST", Body::reader(Cursor::new(vec![b'x'; 20_000])), &[]);
    let expected = ["2000\r\n", &"x".repeat(8192), "\r\n2000\r\n", &"x".repeat(8192), "\r\nE20\r\n"].concat();
    assert!(sent.contains(&expected));
    assert!(sent.ends_with(&format!("\r\n{}\r\n0\r\n\r\n", "x".repeat(3616))));
}

#[test]
fn each_piece_of_an_iterator_is_a_chunk_and_empty_ones_are_left_out() {
    let chunked = format!("POST / HTTP/1.1\r\n{OWN}Transfer-Encoding: chunked\r\n\r\n");
    let sent = wire_of("POST", Body::chunks(["one", "", "fifteen letters"]), &[]);
    assert_eq!(sent, format!("{chunked}3\r\none\r\nF\r\nfifteen letters\r\n0\r\n\r\n"));
    for empty in [Body::chunks([""; 0]), Body::chunks(["", ""]), Body::reader(io::empty())] {
        assert_eq!(wire_of("POST", empty, &[]), format!("{chunked}0\r\n\r\n"));
    }
    let counted = (1..4).map(|n| Ok(vec![b'0' + n; usize::from(n)]));
    let sent = wire_of("POST", Body::try_chunks(counted), &[]);
    assert_eq!(sent, format!("{chunked}1\r\n1\r\n2\r\n22\r\n3\r\n333\r\n0\r\n\r\n"));
}

#[test]
fn a_failing_iterator_or_reader_ends_the_request_with_its_own_error() {
    struct Failing;
    impl io::Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("no more paper"))
        }
    }
    let failing = [Ok("one"), Err(io::Error::other("no more paper"))];
    for (body, sent) in [(Body::try_chunks(failing), "3\r\none\r\n"), (Body::reader(Failing), "")] {
        let server = serve([Script::new().wait_for_close()]);
        let mut conn = client(&server);
        let err = conn.request("POST", "/", body, &[]).unwrap_err();
        assert_eq!((err.kind(), err.phase()), (ErrorKind::Io, Some(Phase::TakeBody)));
        assert_eq!(err.io_error().unwrap().to_string(), "no more paper");
        // Not ended: no server can take it for whole.
        server.join().unwrap();
        let head = head(&server, "POST /", "Transfer-Encoding: chunked\r\n");
        assert_eq!(received(&server, 0), head + sent);
    }
}

#[test]
fn with_a_content_length_of_the_callers_nothing_is_chunked() {
    let length = [("content-length", "10")];
    let expected = format!("PUT / HTTP/1.1\r\n{OWN}content-length: 10\r\n\r\n0123456789");
    assert_eq!(wire_of("PUT", "0123456789", &length), expected);
    assert_eq!(wire_of("PUT", Body::reader(Cursor::new("0123456789")), &length), expected);
    assert_eq!(wire_of("PUT", Body::chunks(["01", "", "23456789"]), &length), expected);
    let sent = wire(|conn| conn.request_with("PUT", "/", Body::chunks(["0123456789"]), &length, true));
    assert_eq!(sent, expected);
}

#[test]
fn a_content_length_that_does_not_fit_is_refused_before_anything_is_sent() {
    for length in ["0", "2", "4", "+3", "3, 3", "0x3", "-3", "3.0", "", "three"] {
        let err = refused(|conn| conn.request("PUT", "/", "abc", &[("Content-Length", length)]));
        assert!(
            [ErrorKind::InvalidBody, ErrorKind::InvalidHeader].contains(&err.kind()),
            "{length:?}: {err}"
        );
    }
    let both = [("Content-Length", "3"), ("Transfer-Encoding", "chunked")];
    let err = refused(|conn| conn.request("PUT", "/", "abc", &both));
    assert_eq!(err.kind(), ErrorKind::InvalidHeader);
}

#[test]
fn with_a_transfer_encoding_of_the_callers_the_body_is_the_callers_to_encode() {
    let encoding = [("Transfer-Encoding", "chunked")];
    let head = format!("POST / HTTP/1.1\r\n{OWN}Transfer-Encoding: chunked\r\n\r\n");
    let own = "3\r\nabc\r\n0\r\n\r\n";
    let sent = wire_of("POST", own, &encoding);
    assert_eq!(sent, format!("{head}{own}"));
    let sent = wire_of("POST", Body::chunks(["3\r\nabc", "", "\r\n0\r\n\r\n"]), &encoding);
    assert_eq!(sent, format!("{head}{own}"));
}

#[test]
fn with_encode_chunked_it_is_encoded_here_and_always_ended() {
    let encoding = [("transfer-encoding", "gzip, Chunked")];
    let head = format!("POST / HTTP/1.1\r\n{OWN}transfer-encoding: gzip, Chunked\r\n\r\n");
    let encoded = |body: Body<'_>| wire(|conn| conn.request_with("POST", "/", body, &encoding, true));
    for (body, sent) in [
        (Body::from("abc"), "3\r\nabc\r\n0\r\n\r\n"),
        (Body::from(""), "0\r\n\r\n"),
        (Body::from(()), "0\r\n\r\n"),
        (Body::chunks(["a", "bc"]), "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"),
        (Body::reader(Cursor::new("abc")), "3\r\nabc\r\n0\r\n\r\n"),
    ] {
        assert_eq!(encoded(body), format!("{head}{sent}"));
    }
}

/// RFC 9112 6.1: chunked is last and only once, or the server can't tell where the body ends.
#[test]
fn a_transfer_encoding_that_leaves_the_end_open_is_refused() {
    for encodings in [&["gzip"][..], &["chunked, gzip"], &["chunked", "chunked"], &["chunked", "gzip"], &[""]]
    {
        let headers: Vec<_> = encodings.iter().map(|encoding| ("Transfer-Encoding", *encoding)).collect();
        for encode in [true, false] {
            let err = refused(|conn| conn.request_with("POST", "/", "abc", &headers, encode));
            assert_eq!(err.kind(), ErrorKind::InvalidHeader, "{encodings:?}");
        }
    }
}

#[test]
fn headers_go_in_order_with_their_case_and_duplicates_after_the_libraries_own() {
    let headers = [("X-b", "2"), ("x-A", " 1\t"), ("X-b", ""), ("X-c", "\u{e9}=\"q\"")];
    let expected = format!(
        "POST / HTTP/1.1\r\n{OWN}Content-Length: 1\r\nX-b: 2\r\nx-A:  1\t\r\nX-b: \r\nX-c: \u{e9}=\"q\"\r\n\r\nx"
    );
    assert_eq!(wire_of("POST", "x", &headers), expected);
}

#[test]
fn host_and_accept_encoding_of_the_callers_replace_the_libraries_own() {
    let sent = wire_of("GET", (), &[("hOST", "a.example"), ("A", "b")]);
    assert_eq!(sent, "GET / HTTP/1.1\r\nAccept-Encoding: identity\r\nhOST: a.example\r\nA: b\r\n\r\n");
    let sent = wire_of("GET", (), &[("ACCEPT-encoding", "gzip")]);
    assert_eq!(sent, format!("GET / HTTP/1.1\r\nHost: {ADDRESS}\r\nACCEPT-encoding: gzip\r\n\r\n"));
    let sent = wire_of("GET", (), &[("Host", "x"), ("Accept-Encoding", "")]);
    assert_eq!(sent, "GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: \r\n\r\n");
}

#[test]
fn what_step_by_step_calls_leave_out_is_left_out() {
    for (skip_host, skip_accept, own) in [
        (false, false, OWN),
        (false, true, "Host: 127.0.0.1:PORT\r\n"),
        (true, false, "Accept-Encoding: identity\r\n"),
    ] {
        let sent = wire(|conn| {
            conn.put_request_with("GET", "/", skip_host, skip_accept)?;
            if skip_host {
                conn.put_header("Host", "h")?;
            }
            conn.end_headers()
        });
        let host = if skip_host { "Host: h\r\n" } else { "" };
        assert_eq!(sent, format!("GET / HTTP/1.1\r\n{own}{host}\r\n"));
    }
}

#[test]
fn values_of_every_kind_make_one_line_each() {
    let sent = wire(|conn| {
        conn.put_request("GET", "/")?;
        conn.put_header("Accept", ["text/html", "text/plain;q=0.5"])?;
        conn.put_header("Allow", &["GET", "PUT"][..])?;
        conn.put_header("Max-Forwards", 3)?;
        conn.put_header("Big", u64::MAX)?;
        conn.put_header("Raw", b"\xff\x80")?;
        conn.put_header("Owned", "\u{e9}".to_owned())?;
        conn.end_headers()
    });
    assert_eq!(
        sent,
        format!(
            "GET / HTTP/1.1\r\n{OWN}Accept: text/html, text/plain;q=0.5\r\nAllow: GET, PUT\r\nMax-Forwards: 3\r\n\
             Big: 18446744073709551615\r\nRaw: \u{ff}\u{80}\r\nOwned: \u{e9}\r\n\r\n"
        )
    );
}

#[test]
fn targets_of_every_form() {
    for (method, url, line) in [
        ("GET", "", "GET / HTTP/1.1"),
        ("GET", "/a%20b;c?d=e&f=%23'(){}|\"", "GET /a%20b;c?d=e&f=%23'(){}|\" HTTP/1.1"),
        ("OPTIONS", "*", "OPTIONS * HTTP/1.1"),
        ("GET", "//x", "GET //x HTTP/1.1"),
    ] {
        assert_eq!(wire(|conn| conn.request(method, url, (), &[])), format!("{line}\r\n{OWN}\r\n"));
    }
    for url in ["/a b", "/a\tb", "/\r\n", "/\0", "/\u{7f}", "/\u{e9}", "a", "*", "/a#b", " /", "http:/a"] {
        let err = refused(|conn| conn.request("GET", url, (), &[]));
        assert_eq!(err.kind(), ErrorKind::InvalidUrl, "{url:?}");
    }
}

/// RFC 9112 3.2: Host is the authority of the target, without the user.
#[test]
fn an_absolute_uri_says_which_host() {
    for (url, host) in [
        ("http://a.example/b?c", "a.example"),
        ("http://a.example:8080", "a.example:8080"),
        ("https://[::1]:8443/", "[::1]:8443"),
        ("http://[fe80::1%25en0]:8080/", "[fe80::1]:8080"),
        ("http://a%41b/", "a%41b"),
        ("ftp://user:secret@a.example/", "a.example"),
        ("http://a.example?b@c", "a.example"),
    ] {
        let sent = wire(|conn| conn.request("GET", url, (), &[]));
        assert_eq!(sent, format!("GET {url} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: identity\r\n\r\n"));
    }
    let sent = wire(|conn| conn.request("GET", "http://a/", (), &[("Host", "b")]));
    assert_eq!(sent, "GET http://a/ HTTP/1.1\r\nAccept-Encoding: identity\r\nHost: b\r\n\r\n");
}

/// RFC 9110 9.3.6 and RFC 9112 3.2: for CONNECT the target is the authority.
#[test]
fn connect_names_the_host_it_asks_for() {
    let sent = wire(|conn| conn.request("CONNECT", "a.example:443", (), &[]));
    assert_eq!(
        sent,
        "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\nAccept-Encoding: identity\r\n\r\n"
    );
}

#[test]
fn a_body_in_pieces_under_a_content_length() {
    let sent = wire(|conn| {
        conn.put_request("PUT", "/")?;
        conn.put_header("Content-Length", 10)?;
        conn.end_headers()?;
        conn.send("01")?;
        conn.send(b"")?;
        conn.send(Body::chunks(["23", "45"]))?;
        conn.send(Body::reader(Cursor::new("6789")))?;
        conn.finish()
    });
    assert_eq!(sent, format!("PUT / HTTP/1.1\r\n{OWN}Content-Length: 10\r\n\r\n0123456789"));
}

#[test]
fn a_body_in_pieces_as_chunks_with_trailers() {
    let chunked = |end: fn(&mut HttpConnection) -> Result<()>| {
        wire(|conn| {
            conn.put_request("PUT", "/")?;
            conn.put_header("Transfer-Encoding", "chunked")?;
            conn.end_headers()?;
            conn.send("0123456789abcdef")?;
            conn.send("")?;
            conn.send(Body::chunks(["x", "yz"]))?;
            end(conn)
        })
    };
    let head = format!("PUT / HTTP/1.1\r\n{OWN}Transfer-Encoding: chunked\r\n\r\n");
    let data = "10\r\n0123456789abcdef\r\n1\r\nx\r\n2\r\nyz\r\n0\r\n";
    assert_eq!(chunked(|_| Ok(())), format!("{head}{data}\r\n")); // ended by get_response
    assert_eq!(chunked(|conn| conn.finish()), format!("{head}{data}\r\n"));
    let trailers = [("Checksum", "abc"), ("X", "y")];
    let sent = wire(|conn| {
        conn.put_request("PUT", "/")?;
        conn.put_header("Transfer-Encoding", "chunked")?;
        conn.end_headers()?;
        conn.finish_with_trailers(&trailers)
    });
    assert_eq!(sent, format!("{head}0\r\nChecksum: abc\r\nX: y\r\n\r\n"));
}

#[test]
fn the_end_of_the_head_may_carry_the_body() {
    let head = format!("PUT / HTTP/1.1\r\n{OWN}Transfer-Encoding: chunked\r\n\r\n");
    for (body, encode, sent) in [
        (Body::from("abc"), true, "3\r\nabc\r\n0\r\n\r\n"),
        (Body::chunks(["a", "bc"]), true, "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"),
        (Body::from(()), true, "0\r\n\r\n"),
        (Body::from("1\r\nx\r\n0\r\n\r\n"), false, "1\r\nx\r\n0\r\n\r\n"),
    ] {
        let wire = wire(|conn| {
            conn.put_request("PUT", "/")?;
            conn.put_header("Transfer-Encoding", "chunked")?;
            conn.end_headers_with(body, encode)
        });
        assert_eq!(wire, format!("{head}{sent}"));
    }
    let sent = wire(|conn| {
        conn.put_request("PUT", "/")?;
        conn.put_header("Content-Length", 6)?;
        conn.end_headers_with("012", false)?;
        conn.send("345")
    });
    assert_eq!(sent, format!("PUT / HTTP/1.1\r\n{OWN}Content-Length: 6\r\n\r\n012345"));
}

/// The tap is told of what was sent once it was: by then the server can have it all, or it was more than
/// one write.
#[test]
fn head_and_small_body_leave_in_one_write() {
    let server = std::sync::Arc::new(serve([answer_all()]));
    let (seen, counts) = mpsc::channel();
    let whole = head(&server, "POST /", "Content-Length: 4\r\n").len() + 4;
    let watched = server.clone();
    let watch = move |event: Event<'_>| {
        if let Event::Sent(_) = event {
            seen.send(watched.wait_received(0, whole, PATIENCE).len()).unwrap();
        }
    };
    let mut conn = builder(server.addr()).tap(watch).build().unwrap();
    conn.request("POST", "/", "body", &[]).unwrap();
    assert_eq!(counts.recv().unwrap(), whole);
}

#[test]
fn a_large_body_arrives_whole_and_in_order() {
    let body = pattern::bytes(3_000_000);
    let server = serve([answer_all()]);
    let mut conn = client(&server);
    conn.request("PUT", "/", &body, &[]).unwrap();
    conn.get_response().unwrap().read_all().unwrap();
    let head = head(&server, "PUT /", "Content-Length: 3000000\r\n");
    assert!(server.received(0) == [head.as_bytes(), &body].concat());
}

#[test]
fn requests_follow_each_other_on_one_connection() {
    let server = serve([answer_all()]);
    let mut conn = client(&server);
    let mut expected = String::new();
    for path in ["/1", "/2", "/3"] {
        conn.request("GET", path, (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
        expected += &head(&server, &format!("GET {path}"), "");
    }
    assert_eq!((received(&server, 0), server.connections()), (expected, 1));
}

#[test]
fn after_connection_close_in_the_request_the_next_goes_elsewhere() {
    let server = serve([answer(OK).wait_for_close(), answer_all()]);
    let mut conn = client(&server);
    conn.request("GET", "/", (), &[("Connection", "x, Close")]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    assert_clean(&server, &mut conn, 1);
}
