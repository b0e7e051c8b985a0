//! Bodies that clients send: echo, upload, expectations, early refusals.

use origin::Origin;
use origin::pattern::{self, Fnv1a};

use crate::client::{Client, pairs};

#[test]
fn echo_sends_a_body_of_known_length_back() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    let answer =
        client.ask_with("PATCH", "/echo", "Content-Type: a/b; c=\"é\"\r\nContent-Length: 5\r\n", b"a\0b\r\n");
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"a\0b\r\n"[..]));
    assert_eq!(answer.header("Content-Type"), Some("a/b; c=\"é\""));
    let answer = client.ask("GET", "/echo");
    assert_eq!((answer.header("Content-Length"), answer.header("Content-Type")), (Some("0"), None));

    // Larger than any socket buffer: the client reads nothing before it has sent everything.
    let body = pattern::bytes(12_000_000);
    let answer = client.ask_with("PUT", "/echo", "Content-Length: 12000000\r\n", &body);
    assert!(answer.body == body);
}

#[test]
fn echo_sends_chunks_back_before_it_waits_for_more() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    client.send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    let head = client.exactly(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".len());
    assert!(head.ends_with(b"chunked\r\n\r\n"));
    for round in 0..3 {
        client.send(format!("3\r\nab{round}\r\n"));
        assert_eq!(client.exactly(8), format!("3\r\nab{round}\r\n").as_bytes());
    }
    client.send("0\r\nSum: 9\r\n\r\n");
    assert_eq!(client.exactly(13), b"0\r\nSum: 9\r\n\r\n");
}

#[test]
fn echo_streams_a_long_body_of_known_length() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    let size = 17_000_000;
    let mut sender = client.stream().try_clone().unwrap();
    let sending = std::thread::spawn(move || {
        use std::io::Write;
        let head = format!("PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: {size}\r\n\r\n");
        sender.write_all(head.as_bytes()).and_then(|()| sender.write_all(&pattern::bytes(size))).unwrap();
    });
    assert!(client.answer().body == pattern::bytes(size));
    sending.join().unwrap();
}

#[test]
fn upload_tells_size_hash_framing_and_trailers() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    let body = pattern::bytes(3_000_000);
    let hash = Fnv1a::of(&body);
    let answer = client.ask_with("PUT", "/upload", "Content-Length: 3000000\r\n", &body);
    let expected =
        format!("{{\"bytes\": 3000000, \"fnv1a\": \"{hash}\", \"framing\": \"length\", \"trailers\": []}}\n");
    assert_eq!(answer.text(), expected);

    let mut chunked = Vec::new();
    for piece in body.chunks(100_000) {
        chunked.extend(format!("{:X};n=1\r\n", piece.len()).into_bytes());
        chunked.extend(piece);
        chunked.extend(b"\r\n");
    }
    chunked.extend(b"0\r\nA: 1\r\na: 2\r\n\r\n");
    let answer = client.ask_with("POST", "/upload", "Transfer-Encoding: Chunked\r\n", &chunked);
    let told = format!(
        "\"fnv1a\": \"{hash}\", \"framing\": \"chunked\", \"trailers\": [[\"A\", \"1\"], [\"a\", \"2\"]]"
    );
    assert!(answer.text().contains(&told), "{}", answer.text());

    let answer = client.ask("POST", "/upload?hash=no");
    assert_eq!(answer.text(), "{\"bytes\": 0, \"framing\": \"none\", \"trailers\": []}\n");
    assert_eq!(client.ask("GET", "/upload").header("Allow"), Some("PUT, POST"));

    let requests = origin.requests();
    assert_eq!((requests[0].body_length, requests[0].body.len()), (3_000_000, 65_536));
    assert_eq!(requests[1].trailers, pairs([("A", "1"), ("a", "2")]));
}

#[test]
fn expect_is_met_by_a_100_before_the_body() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    for target in ["/upload", "/echo", "/anything", "/files/a", "/bytes/3"] {
        let fields = "Content-Length: 2\r\nExpect: 100-Continue\r\n";
        let interim = client.ask_with("PUT", target, fields, b"");
        assert_eq!((interim.status, interim.headers.len()), (100, 0), "{target}");
        client.send("ab");
        assert!(matches!(client.answer().status, 200 | 201), "{target}");
    }
    let interim =
        client.ask_with("POST", "/echo", "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n", b"");
    assert_eq!(interim.status, 100);
    client.send("1\r\nx\r\n0\r\n\r\n");
    assert_eq!(client.answer().body, b"x");

    // Nobody waits without a body, and HTTP/1.0 can't.
    assert_eq!(
        client.ask_with("PUT", "/upload", "Content-Length: 0\r\nExpect: 100-continue\r\n", b"").status,
        200
    );
    client.send("PUT /upload HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\nx");
    assert_eq!(client.answer().status, 200);
}

#[test]
fn a_refusal_comes_without_the_body_being_read() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    let answer = client.ask_with("PUT", "/refuse", "Content-Length: 9\r\nExpect: 100-continue\r\n", b"");
    assert_eq!((answer.status, answer.header("Connection")), (417, Some("close")));
    assert!(client.is_at_end());
    assert!(!origin.requests()[0].complete);

    // The answer survives a client that sends on regardless.
    let mut client = Client::connect(origin.addr());
    let answer = client.ask_with(
        "PUT",
        "/refuse?status=413",
        "Content-Length: 4000000\r\n",
        &pattern::bytes(4_000_000),
    );
    assert_eq!(answer.status, 413);

    let mut client = Client::connect(origin.addr());
    let answer = client.ask_with("PUT", "/echo", "Content-Length: 1\r\nExpect: miracles\r\n", b"");
    assert_eq!(answer.status, 417);
    assert!(client.is_at_end());
}
