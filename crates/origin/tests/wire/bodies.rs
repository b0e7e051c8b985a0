//! Answers in every framing, for both versions.

use origin::Origin;
use origin::pattern::{self, Fnv1a};

use crate::client::{Client, pairs};

#[test]
fn bytes_are_the_pattern_at_any_size() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    for size in [0, 1, 7, 8, 65_000, 65_536, 1_000_003] {
        let answer = client.ask("GET", &format!("/bytes/{size}"));
        assert_eq!(answer.header("Content-Length"), Some(size.to_string().as_str()));
        assert!(answer.body == pattern::bytes(size), "{size}");
    }
    assert_eq!(origin.connections(), 1);
}

#[test]
fn chunks_have_the_size_asked_for() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    let answer = client.ask("GET", "/chunked/10/4");
    assert_eq!(answer.chunks, ["4", "4", "2", "0"]);
    assert_eq!(answer.body, pattern::bytes(10));
    assert!(answer.trailers.is_empty());

    let answer = client.ask("GET", "/chunked/300000/200000");
    assert_eq!(answer.chunks, ["30d40", "186a0", "0"], "a chunk larger than the buffer is still one");
    assert!(answer.body == pattern::bytes(300_000));
    assert_eq!(client.ask("GET", "/chunked/0/1").chunks, ["0"]);
}

#[test]
fn chunks_carry_trailers_and_extensions_when_asked() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    let answer = client.ask("GET", "/chunked/1000/300?trailers=1&ext=1");
    assert_eq!(answer.header("Trailer"), Some("Checksum, Byte-Count"));
    let checksum = format!("fnv1a={}", Fnv1a::of(&pattern::bytes(1000)));
    assert_eq!(answer.trailers, pairs([("Checksum", checksum.as_str()), ("Byte-Count", "1000")]));
    assert!(answer.chunks.iter().all(|line| line.contains(";kind=pattern;note=\"a; \\\"b\\\"\"")));
}

#[test]
fn http_1_0_gets_no_chunks_and_a_close() {
    let origin = Origin::start().unwrap();
    for target in ["/chunked/1000/3?trailers=1&ext=1", "/close-delimited/1000"] {
        let mut client = Client::connect(origin.addr());
        client.send(format!("GET {target} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
        let answer = client.answer();
        assert_eq!((answer.header("Transfer-Encoding"), answer.header("Content-Length")), (None, None));
        assert_eq!(answer.header("Connection"), Some("close"));
        assert_eq!(answer.body, pattern::bytes(1000));
    }
}

#[test]
fn drips_come_in_pieces_with_the_whole_length_told() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    let answer = client.ask("GET", "/drip?bytes=10&piece=4&pause_ms=1&delay_ms=1");
    assert_eq!(answer.body, pattern::bytes(10));
    assert_eq!(client.ask("GET", "/drip?bytes=x").status, 400);
    assert_eq!(client.ask("GET", "/drip?bytes=2&piece=0&pause_ms=0").body, pattern::bytes(2));
}

#[test]
fn a_reader_that_leaves_early_harms_nobody() {
    let origin = Origin::start().unwrap();
    for target in ["/bytes/18446744073709551615", "/chunked/18446744073709551615/18446744073709551615"] {
        let mut client = Client::connect(origin.addr());
        client.send(format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n"));
        assert!(client.exactly(100_000).starts_with(b"HTTP/1.1 200 OK\r\n"));
    }
    assert_eq!(Client::connect(origin.addr()).ask("GET", "/bytes/1").status, 200);
}
