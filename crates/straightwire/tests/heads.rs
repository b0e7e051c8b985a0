//! Response heads: status line, headers, interim responses, and what they say about the connection.

mod support;

use std::net::TcpStream;
use std::time::Duration;

use origin::Script;
use straightwire::{CloseReason, Error, ErrorKind, Framing, Headers, HttpConnection, HttpResponse, Policy};
use support::*;

/// Looks at the response to this answer.
fn with<T>(wire: &str, look: impl FnOnce(&mut HttpResponse<'_>) -> T) -> T {
    let server = serve([answer(wire)]);
    let mut conn = asked(&server);
    look(&mut conn.get_response().unwrap())
}

fn with_headers<T>(fields: &str, look: impl FnOnce(&Headers) -> T) -> T {
    with(&format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n"), |response| look(response.headers()))
}

#[test]
fn version_status_and_reason() {
    for (line, version, status, reason) in [
        ("HTTP/1.1 200 OK", 11, 200, "OK"),
        ("HTTP/1.0 404 Not Found", 10, 404, "Not Found"),
        ("HTTP/1.1 999 Who  knows? ", 11, 999, "Who  knows? "),
        ("HTTP/1.1 200 ", 11, 200, ""),
        ("HTTP/1.1 200", 11, 200, ""),
        ("HTTP/1.9 500 \t", 11, 500, "\t"),
        ("HTTP/1.1 600 caf\u{e9}", 11, 600, "caf\u{c3}\u{a9}"), // ISO-8859-1, whatever was meant
    ] {
        with(&format!("{line}\r\n\r\n"), |response| {
            let seen = (response.version(), response.status(), response.reason().into_owned());
            assert_eq!(seen, (version, status, reason.to_owned()));
            assert_eq!((response.head().version(), response.head().status()), (version, status));
        });
    }
}

#[test]
fn what_is_no_status_line_is_refused_with_its_text() {
    for (wire, kind) in [
        ("<html>hello</html>\n", ErrorKind::BadStatusLine),
        ("\r\nHTTP/1.1 200 OK\r\n\r\n", ErrorKind::BadStatusLine),
        ("HTTP/1.1 2_0 OK\r\n\r\n", ErrorKind::BadStatusLine),
        ("HTTP/1.1 +20 OK\r\n\r\n", ErrorKind::BadStatusLine),
        ("HTTP/1.1 0200 OK\r\n\r\n", ErrorKind::BadStatusLine),
        ("HTTP/1.1\u{a0}200 OK\r\n\r\n", ErrorKind::BadStatusLine),
        ("http/1.1 200 OK\r\n\r\n", ErrorKind::BadStatusLine),
        ("HTTP/1.x 200 OK\r\n\r\n", ErrorKind::BadStatusLine),
        ("HTTP/2.0 200 OK\r\n\r\n", ErrorKind::UnknownProtocol),
        ("HTTP/0.9 200 OK\r\n\r\n", ErrorKind::UnknownProtocol),
    ] {
        let err = error_of(wire);
        assert_eq!(err.kind(), kind, "{wire:?}");
        assert!(err.is_peer() && err.is_http_exception());
        assert_eq!(err.is_bad_status_line(), kind == ErrorKind::BadStatusLine);
        let first_line = wire.lines().next().unwrap().escape_default().to_string();
        assert!(err.to_string().contains(&first_line[..first_line.len().min(8)]), "{err}");
    }
}

#[test]
fn headers_keep_their_order_case_and_number() {
    with_headers(
        "Set-Cookie: a=1\r\nX:\r\nset-cookie:\t b=2 \t\r\nSet-Cookie: a=1\r\nZ: \u{e9}, : x",
        |headers| {
            let pairs: Vec<_> = headers.iter().map(|(name, value)| (name, value.into_owned())).collect();
            let expected = [
                ("Set-Cookie", "a=1"),
                ("X", ""),
                ("set-cookie", "b=2"),
                ("Set-Cookie", "a=1"),
                ("Z", "\u{c3}\u{a9}, : x"),
            ];
            assert_eq!(pairs, expected.map(|(name, value)| (name, value.to_owned())));
            assert_eq!((headers.len(), headers.is_empty()), (5, false));
            assert_eq!(
                headers.keys().collect::<Vec<_>>(),
                ["Set-Cookie", "X", "set-cookie", "Set-Cookie", "Z"]
            );
            assert_eq!(headers.values().collect::<Vec<_>>()[2], "b=2");
            assert_eq!(headers.get_bytes("z"), Some("\u{e9}, : x".as_bytes()));
            assert!(headers.contains("x") && !headers.contains("set"));
            assert_eq!(headers.get_all("SET-COOKIE").collect::<Vec<_>>(), ["a=1", "b=2", "a=1"]);
            assert!(headers.defects().is_empty());
        },
    );
}

#[test]
fn a_header_is_joined_from_all_of_its_lines() {
    with("HTTP/1.1 200 OK\r\nA: 1\r\nB: x\r\na: 2, 3\r\nEmpty:\r\n\r\n", |response| {
        assert_eq!(response.header("A").as_deref(), Some("1, 2, 3"));
        assert_eq!(response.header("empty").as_deref(), Some(""));
        assert_eq!(response.header("Not-There"), None);
        assert_eq!(response.header_or("Not-There", "default"), "default");
        assert_eq!(response.header_or("b", "default"), "x");
        assert_eq!(response.headers().get("a").as_deref(), Some("1"));
    });
    with("HTTP/1.1 204 No Content\r\n\r\n", |response| {
        assert!(response.headers().is_empty());
        assert_eq!(response.headers().iter().len(), 0);
    });
}

#[test]
fn folded_lines_become_one_value_without_line_ends() {
    with_headers("A: one\r\n two\r\n\t three\r\nB: x", |headers| {
        let a = headers.get("a").unwrap();
        let words: Vec<_> = a.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
        assert_eq!(words, ["one", "two", "three"]);
        assert_eq!(headers.get("b").unwrap(), "x");
    });
}

#[test]
fn the_content_type_is_taken_apart() {
    with_headers("content-TYPE: Text/HTML; Charset=\"UTF-8\"; x=1", |headers| {
        assert_eq!(headers.content_type(), "text/html");
        assert_eq!(headers.content_charset().as_deref(), Some("utf-8"));
        assert_eq!(headers.content_param("X").as_deref(), Some("1"));
    });
    with_headers("A: b", |headers| {
        assert_eq!(
            (headers.content_type().into_owned(), headers.content_charset()),
            ("text/plain".into(), None)
        );
    });
}

#[test]
fn a_bad_header_line_is_an_error_or_left_out_as_the_policy_says() {
    let wire = "HTTP/1.1 200 OK\r\nA: 1\r\nBad Name: x\r\nContent-Length: 2\r\n\r\nok";
    let err = error_of(wire);
    assert_eq!(err.kind(), ErrorKind::BadHeader);
    assert!(err.to_string().contains("line 2") && err.to_string().contains("Bad Name: x"), "{err}");

    let server = serve([answer(wire)]);
    let mut conn = builder(server.addr()).policy(Policy::lenient()).build().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    let mut response = conn.get_response().unwrap();
    assert_eq!(response.headers().keys().collect::<Vec<_>>(), ["A", "Content-Length"]);
    let defects: Vec<_> = response.headers().defects().iter().map(|bad| (bad.line(), bad.text())).collect();
    assert_eq!(defects, [(2, &b"Bad Name: x"[..])]);
    assert_eq!(response.read_all().unwrap(), b"ok");
}

#[test]
fn interim_responses_come_before_the_final_one() {
    let wire = format!(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\nLink: </b>\r\n\r\n\
         HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 199 Odd\r\nContent-Length: 7\r\n\r\n{OK}"
    );
    let whole = answer(wire.clone());
    let pieces = Script::new().read_request().send_in_pieces(wire, 1, Duration::ZERO);
    for script in [whole, pieces] {
        let server = serve([script.read_request().send(OK).hold()]);
        let mut conn = asked(&server);
        let mut response = conn.get_response().unwrap();
        let codes: Vec<_> = response.interim().iter().map(|head| head.status()).collect();
        assert_eq!(codes, [100, 103, 102, 199]);
        assert_eq!(response.interim()[1].headers().joined("link").unwrap(), "</a>, </b>");
        assert_eq!(response.interim()[1].reason(), "Early Hints");
        assert_eq!((response.status(), response.header("link")), (200, None));
        assert_eq!(response.read_all().unwrap(), b"ok");
        drop(response);
        conn.request("GET", "/", (), &[]).unwrap();
        assert!(conn.get_response().unwrap().interim().is_empty());
    }
}

#[test]
fn after_101_the_connection_is_no_longer_http() {
    let wire = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\nContent-Length: 5\r\n\r\nhello";
    let server = serve([answer(wire).hold(), answer_all()]);
    let mut conn = client(&server);
    conn.request("GET", "/", (), &[("Connection", "upgrade"), ("Upgrade", "x")]).unwrap();
    let mut response = conn.get_response().unwrap();
    assert_eq!((response.status(), response.framing()), (101, Framing::Switched));
    assert_eq!(response.close_reason(), Some(CloseReason::Switched));
    assert_eq!(response.read_all().unwrap(), b"");
    drop(response);
    assert_clean(&server, &mut conn, 1);
}

/// RFC 9110 9.3.6: any 2xx, whatever its fields say.
fn check_tunnel(status: u16) {
    let wire = format!("HTTP/1.1 {status} Established\r\nContent-Length: 5\r\n\r\nhello");
    let server = serve([Script::new().read_head().send(wire).hold(), answer_all()]);
    let mut conn = client(&server);
    conn.request("CONNECT", "a.example:443", (), &[]).unwrap();
    let mut response = conn.get_response().unwrap();
    assert_eq!((response.framing(), response.is_closed()), (Framing::Switched, true));
    assert_eq!(response.read_all().unwrap(), b"");
    drop(response);
    assert_clean(&server, &mut conn, 1);
}

#[test]
fn a_success_to_connect_begins_a_tunnel() {
    check_tunnel(200);
    check_tunnel(299);
}

#[test]
fn a_success_to_connect_that_usually_has_no_body_begins_a_tunnel() {
    check_tunnel(204);
}

#[test]
fn a_refusal_of_connect_is_an_ordinary_answer() {
    let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 2\r\n\r\nno";
    let server = serve([Script::new().read_head().send(refusal).read_request().send(OK).hold()]);
    let mut conn = client(&server);
    conn.request("CONNECT", "a.example:443", (), &[]).unwrap();
    let mut response = conn.get_response().unwrap();
    assert_eq!((response.status(), response.framing()), (407, Framing::Length(2)));
    assert_eq!(response.read_all().unwrap(), b"no");
    drop(response);
    assert_clean(&server, &mut conn, 0);
}

/// The reason is told before, the connection closed after the body.
#[test]
fn why_a_connection_is_not_used_again() {
    use CloseReason::*;
    for (head, reason) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", None),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive, not-close\r\n", None),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: CLOSE\r\n", Some(ConnectionClose)),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: a\r\nConnection: b , close\r\n",
            Some(ConnectionClose),
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close, keep-alive\r\n", Some(ConnectionClose)),
        ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n", Some(Http10)),
        ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\nKeep-Alive: timeout=5\r\n", Some(Http10)),
        ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: Keep-Alive\r\n", None),
        ("HTTP/1.1 200 OK\r\n", Some(UntilClose)),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n", Some(UntilClose)),
    ] {
        let ends = matches!(reason, Some(UntilClose));
        let script = answer(format!("{head}\r\nok"));
        let script = if ends { script } else { script.read_request().send(OK).hold() };
        let server = serve([script, answer_all()]);
        let mut conn = asked(&server);
        let mut response = conn.get_response().unwrap();
        assert_eq!(response.close_reason(), reason, "{head}");
        assert_eq!(response.read_all().unwrap(), b"ok");
        assert_eq!(response.close_reason(), reason, "{head}");
        drop(response);
        assert_eq!((conn.close_reason(), conn.is_connected()), (reason, reason.is_none()), "{head}");
        assert_clean(&server, &mut conn, usize::from(reason.is_some()));
    }
}

#[test]
fn an_encoding_where_it_should_not_be_ends_the_connection() {
    for (head, reason) in [
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n",
            CloseReason::LengthAndEncoding,
        ),
        (
            "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n",
            CloseReason::EncodingInHttp10,
        ),
    ] {
        let server = serve([answer(format!("{head}\r\n2\r\nok\r\n0\r\n\r\n")).hold(), answer_all()]);
        let mut conn = asked(&server);
        let mut response = conn.get_response().unwrap();
        assert_eq!((response.framing(), response.close_reason()), (Framing::Chunked, Some(reason)));
        assert_eq!(response.read_all().unwrap(), b"ok");
        drop(response);
        assert_clean(&server, &mut conn, 1);
    }
}

#[test]
fn the_request_may_end_the_connection_too() {
    let server = serve([answer(OK).hold(), answer_all()]);
    let mut conn = client(&server);
    conn.request("GET", "/", (), &[("connection", "close")]).unwrap();
    let mut response = conn.get_response().unwrap();
    assert_eq!(response.close_reason(), Some(CloseReason::RequestClose));
    response.read_all().unwrap();
    drop(response);
    assert_clean(&server, &mut conn, 1);
}

/// After an error the response still says what its head said, and that its connection is gone.
#[test]
fn a_response_whose_body_failed_still_has_its_head() {
    let server = serve([answer("HTTP/1.1 200 Fine\r\nContent-Length: 9\r\nA: b\r\n\r\nhalf")]);
    let mut conn = asked(&server);
    let mut response = conn.get_response().unwrap();
    let err: Error = response.read_all().unwrap_err();
    assert_eq!((err.partial(), err.expected()), (&b"half"[..], Some(5)));
    assert_eq!((response.status(), &*response.reason(), response.version()), (200, "Fine", 11));
    assert_eq!(response.header("a").as_deref(), Some("b"));
    assert!(!response.is_closed());
    assert!(response.close_reason().is_some());
    assert!(response.read_all().is_err(), "the rest must not look like an end");
}

#[test]
fn a_response_names_its_connection() {
    let server = serve([answer_all()]);
    let mut conn: HttpConnection = builder(server.addr()).debug_level(0).build().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    let response = conn.get_response().unwrap();
    assert_eq!(response.debug_level(), 0);
    let fd = response.fd().unwrap().try_clone_to_owned().unwrap();
    assert_eq!(TcpStream::from(fd).peer_addr().unwrap(), server.addr());
    assert!(format!("{response:?}").contains("200"));
    response.close();
    assert_eq!(conn.addresses().unwrap().1, server.addr());
}
