//! Requests that break the grammar: each gets its status, a reason, and the end of the connection.

use std::net::Shutdown;

use origin::Origin;

use crate::client::Client;

/// The answer to these bytes, sent as they are, after which the client ends its side.
fn refused(origin: &Origin, wire: &[u8], status: u16) {
    let shown = String::from_utf8_lossy(&wire[..wire.len().min(200)]).into_owned();
    let mut client = Client::connect(origin.addr());
    client.send(wire);
    client.stream().shutdown(Shutdown::Write).unwrap();
    let answer = client.answer();
    assert_eq!(answer.status, status, "{shown:?}: {}", answer.text());
    assert_eq!(answer.header("Connection"), Some("close"), "{shown:?}");
    assert!(answer.body.len() > 10, "a reason for {shown:?}");
    assert!(client.is_at_end(), "{shown:?}");
}

#[test]
fn request_lines() {
    let origin = Origin::start().unwrap();
    for (line, status) in [
        ("GET /", 400),
        ("GET  / HTTP/1.1", 400),
        ("GET / HTTP/1.1 ", 400),
        (" GET / HTTP/1.1", 400),
        ("GET\t/ HTTP/1.1", 400),
        ("G(T / HTTP/1.1", 400),
        ("GET / http/1.1", 400),
        ("GET / HTTP/1.10", 400),
        ("GET / HTTP/1", 400),
        ("GET / HTTP/2.0", 505),
        ("GET / HTTP/0.9", 505),
        ("GET path HTTP/1.1", 400),
        ("GET * HTTP/1.1", 400),
        ("GET /#fragment HTTP/1.1", 400),
        ("GET /\u{e9} HTTP/1.1", 400),
        ("GET /\u{1} HTTP/1.1", 400),
        ("GET http:// HTTP/1.1 x", 400),
        ("GET ftp://h/ HTTP/1.1", 400),
        ("GET h:80 HTTP/1.1", 400),
        ("CONNECT / HTTP/1.1", 400),
        ("CONNECT h:80 HTTP/1.1", 501),
        ("\u{16}\u{3}\u{1}\u{2}", 400),
        ("\rGET / HTTP/1.1", 400),
    ] {
        refused(&origin, format!("{line}\r\nHost: h\r\n\r\n").as_bytes(), status);
    }
    refused(&origin, b"\x16\x03\x01\x02\x00\x01", 400);
    refused(&origin, b"GET / HTTP/1.1\nHost: h\n\n", 400);
    refused(&origin, b"\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", 400);
    refused(&origin, &[b"GET /", [b'a'; 70_000].as_slice(), b" HTTP/1.1\r\nHost: h\r\n\r\n"].concat(), 414);
    assert!(origin.requests().iter().all(|request| request.method == "CONNECT"));
}

#[test]
fn field_lines() {
    let origin = Origin::start().unwrap();
    for (fields, status) in [
        ("", 400),
        ("Host: a\r\nHost: a\r\n", 400),
        ("Host: a b\r\n", 400),
        ("Host: a/b\r\n", 400),
        ("Host: user@a\r\n", 400),
        ("Host: a:8o\r\n", 400),
        ("Host: ::1\r\n", 400),
        ("Host: [::1\r\n", 400),
        ("Host: []\r\n", 400),
        ("Host: h\r\nA : b\r\n", 400),
        ("Host: h\r\n: b\r\n", 400),
        ("Host: h\r\nA\r\n", 400),
        ("Host: h\r\nA: b\r\n c\r\n", 400),
        (" Host: h\r\n", 400),
        ("Host: h\r\nA: b\rc\r\n", 400),
        ("Host: h\r\nA: \0\r\n", 400),
        ("Host: h\r\nA: \u{7f}\r\n", 400),
        ("Host: h\r\nA: b\n", 400),
        ("Host: h\r\nContent-Length: +1\r\n", 400),
        ("Host: h\r\nContent-Length: 1, 1\r\n", 400),
        ("Host: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n", 400),
        ("Host: h\r\nContent-Length: 18446744073709551616\r\n", 400),
        ("Host: h\r\nContent-Length:\r\n", 400),
        ("Host: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n", 400),
        ("Host: h\r\nTransfer-Encoding: identity\r\n", 400),
        ("Host: h\r\nTransfer-Encoding:\r\n", 400),
        ("Host: h\r\nTransfer-Encoding: chunked, gzip\r\n", 400),
        ("Host: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400),
        ("Host: h\r\nTransfer-Encoding: xchunked\r\n", 400),
        ("Host: h\r\nTransfer-Encoding: gzip, chunked\r\n", 501),
    ] {
        refused(&origin, format!("POST /echo HTTP/1.1\r\n{fields}\r\n").as_bytes(), status);
    }
    refused(&origin, b"POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400);
    let many = "A: 0123456789\r\n".repeat(6000);
    refused(&origin, format!("GET / HTTP/1.1\r\nHost: h\r\n{many}\r\n").as_bytes(), 431);
    assert!(origin.requests().is_empty());
}

#[test]
fn bodies() {
    let origin = Origin::start().unwrap();
    let head = |path: &str| format!("POST {path} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    let broken = ["2\r\nabc\r\n0\r\n\r\n", "2\r\nab\r\nx\r\n\r\n", "2\r\nab\r\n0\r\nA b: c\r\n\r\n"];
    let truncated = ["2\r\nab\r\n0\r\n", "2\r\na"];
    for path in ["/upload", "/anything", "/bytes/1"] {
        for body in broken.iter().chain(&truncated) {
            refused(&origin, format!("{}{body}", head(path)).as_bytes(), 400);
        }
        refused(
            &origin,
            format!("POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nabc").as_bytes(),
            400,
        );
    }
    // An answer that streams takes itself back as long as nothing of it has left, and breaks off after that.
    for body in broken {
        refused(&origin, format!("{}{body}", head("/echo")).as_bytes(), 400);
    }
    for body in truncated {
        let mut client = Client::connect(origin.addr());
        client.send(format!("{}{body}", head("/echo")));
        client.stream().shutdown(Shutdown::Write).unwrap();
        let answer = String::from_utf8(client.rest()).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && !answer.contains("\r\n0\r\n"), "{answer:?}");
    }
    assert!(origin.requests().iter().all(|request| !request.complete));
}

#[test]
fn heads_that_end_too_early() {
    let origin = Origin::start().unwrap();
    for wire in [
        "G",
        "GET / HTTP/1.1",
        "GET / HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\n\r",
    ] {
        refused(&origin, wire.as_bytes(), 400);
    }
    let mut client = Client::connect(origin.addr());
    client.stream().shutdown(Shutdown::Write).unwrap();
    assert!(client.is_at_end(), "nothing asked, nothing answered");
}

#[test]
fn what_is_unusual_but_right_is_served() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    for wire in [
        "\r\nGET /status/200 HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /status/200 HTTP/1.7\r\nhOST:\th:80 \r\n\r\n",
        "GET /status/200 HTTP/1.1\r\nHost:\r\n\r\n",
        "GET /status/200 HTTP/1.1\r\nHost: [::1]:8080\r\nEmpty:\r\n\r\n",
        "GET HTTP://other:1/status/200 HTTP/1.1\r\nHost: h\r\n\r\n",
        "M-!#$%&'*+.^_`|~ /status/200?a=/?&%zz HTTP/1.1\r\nHost: h\r\n\r\n",
        "PUT /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 0000\r\n\r\n",
        "PUT /upload HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: , CHUNKED ,\r\n\r\n00;a=\"\\\"\"\r\n\r\n",
        "GET /status/200 HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
    ] {
        client.send(wire);
        assert_eq!(client.answer().status, 200, "{wire:?}");
    }
    // The same, one byte at a time.
    for byte in
        b"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nT: u\r\n\r\n"
    {
        client.send([*byte]);
    }
    let answer = client.answer();
    assert_eq!((answer.body.as_slice(), answer.trailers.len()), (&b"ab"[..], 1));
}
