//! Partial content of `/bytes/N`.

use std::io::{Read, Write};
use std::net::TcpStream;

use origin::{Origin, pattern};

use crate::client::Client;

#[test]
fn a_range_gives_its_part_of_the_pattern() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    let whole = pattern::bytes(200_000);
    for (range, first, last) in
        [("0-0", 0, 0), ("3-130003", 3, 130_003), ("199999-", 199_999, 199_999), ("-7", 199_993, 199_999)]
    {
        let answer = client.ask_with("GET", "/bytes/200000", &format!("Range: bytes={range}\r\n"), b"");
        assert_eq!(answer.status, 206, "{range}");
        let expected = format!("bytes {first}-{last}/200000");
        assert_eq!(answer.header("Content-Range"), Some(expected.as_str()));
        assert!(answer.body == whole[first..=last], "{range}");
    }
}

#[test]
fn a_range_without_bytes_is_416_and_the_size_is_told() {
    let origin = Origin::start().unwrap();
    let answer = Client::connect(origin.addr()).ask_with("GET", "/bytes/10", "Range: bytes=10-\r\n", b"");
    assert_eq!((answer.status, answer.header("Content-Range")), (416, Some("bytes */10")));
}

#[test]
fn what_is_no_sound_range_of_a_get_gets_everything() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    for fields in
        ["Range: bytes=0-1,5-4\r\n", "Range: bytes=5-4\r\n", "Range: bytes=0-0\r\nRange: bytes=1-1\r\n"]
    {
        let answer = client.ask_with("GET", "/bytes/10", fields, b"");
        assert_eq!((answer.status, answer.body.len()), (200, 10), "{fields}");
    }
    assert_eq!(
        client.ask_with("HEAD", "/bytes/10", "Range: bytes=0-0\r\n", b"").header("Content-Length"),
        Some("10")
    );
}

#[test]
fn several_ranges_are_parts_of_one_body() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    let answer = client.ask_with("GET", "/bytes/1000", "Range: bytes=2-3, -1,2000-\r\n", b"");
    assert_eq!((answer.status, answer.header("Content-Range")), (206, None));
    let kind = answer.header("Content-Type").unwrap();
    let boundary = kind.strip_prefix("multipart/byteranges; boundary=").unwrap();
    let part = |range: &str, bytes: &[u8]| {
        let binary = "Content-Type: application/octet-stream";
        let head = format!("\r\n--{boundary}\r\n{binary}\r\nContent-Range: bytes {range}/1000\r\n\r\n");
        [head.as_bytes(), bytes].concat()
    };
    let whole = pattern::bytes(1000);
    let end = format!("\r\n--{boundary}--\r\n").into_bytes();
    let expected = [part("2-3", &whole[2..4]), part("999-999", &whole[999..]), end].concat();
    assert_eq!(answer.body.escape_ascii().to_string(), expected.escape_ascii().to_string());
    assert_eq!(client.ask("GET", "/bytes/1").status, 200);
}

#[test]
fn a_flaky_one_breaks_off_and_gives_the_rest_when_asked() {
    let origin = Origin::start().unwrap();
    let ask = |fields: &str| {
        let mut stream = TcpStream::connect(origin.addr()).unwrap();
        let request = format!("GET /flaky/100?cut=60 HTTP/1.1\r\nHost: h\r\n{fields}\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut wire = Vec::new();
        stream.read_to_end(&mut wire).unwrap();
        wire
    };
    let whole = pattern::bytes(100);
    let wire = ask("");
    assert!(
        wire.starts_with(b"HTTP/1.1 200 OK\r\n") && wire.ends_with(&[b"\r\n\r\n", &whole[..60]].concat())
    );
    assert!(wire.windows(19).any(|window| window == b"Content-Length: 100"));
    let mut client = Client::connect(origin.addr());
    let fields = "Range: bytes=60-\r\nIf-Range: \"pattern-100\"\r\n";
    let rest = client.ask_with("GET", "/flaky/100?cut=60", fields, b"");
    assert_eq!((rest.status, &rest.body[..]), (206, &whole[60..]));
    assert_eq!(client.ask("HEAD", "/flaky/100?cut=60").header("Content-Length"), Some("100"));
    assert_eq!(client.ask("GET", "/flaky/x").status, 404);
}

#[test]
fn if_range_compares_the_tag_strongly() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    let tag = client.ask("GET", "/bytes/10").header("ETag").unwrap().to_owned();
    assert_ne!(client.ask("GET", "/bytes/11").header("ETag"), Some(tag.as_str()));
    let weak = format!("W/{tag}");
    for (value, status) in [
        (tag.as_str(), 206),
        (weak.as_str(), 200),
        ("\"other\"", 200),
        ("Sat, 29 Oct 1994 19:43:31 GMT", 200),
    ] {
        let fields = format!("Range: bytes=1-2\r\nIf-Range: {value}\r\n");
        assert_eq!(client.ask_with("GET", "/bytes/10", &fields, b"").status, status, "{value}");
    }
    for (value, status) in [(tag.as_str(), 304), (weak.as_str(), 304), ("*", 304), ("\"a\", \"b\"", 200)] {
        let answer = client.ask_with("GET", "/bytes/10", &format!("If-None-Match: {value}\r\n"), b"");
        assert_eq!(answer.status, status, "{value}");
    }
}

#[test]
fn sizes_reach_to_64_bits() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    let largest = format!("/bytes/{}", u64::MAX);
    assert_eq!(client.ask("HEAD", &largest).header("Content-Length"), Some("18446744073709551615"));
    let answer = client.ask_with("GET", &largest, "Range: bytes=-100\r\n", b"");
    let mut expected = [0; 100];
    pattern::fill(u64::MAX - 100, &mut expected);
    assert_eq!(answer.body, expected);
}
