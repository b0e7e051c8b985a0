//! Partial content of `/bytes/N`.

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
fn what_is_no_single_range_of_a_get_gets_everything() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    for fields in
        ["Range: bytes=0-1,4-5\r\n", "Range: bytes=5-4\r\n", "Range: bytes=0-0\r\nRange: bytes=1-1\r\n"]
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
