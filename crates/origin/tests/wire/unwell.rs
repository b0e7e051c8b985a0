//! Answers that are not whole, or not sound.

use origin::Origin;
use origin::pattern;

use crate::client::Client;

#[test]
fn truncated_answers_end_where_they_were_told_to() {
    let origin = Origin::start().unwrap();
    for (target, framing, start) in [
        ("/truncated/1000/400", "Content-Length: 1000\r\n\r\n", ""),
        ("/truncated/1000/400?chunked=1", "Transfer-Encoding: chunked\r\n\r\n", "3e8\r\n"),
        ("/truncated/400/400", "Content-Length: 400\r\n\r\n", ""),
        ("/truncated/18446744073709551615/400", "Content-Length: 18446744073709551615\r\n\r\n", ""),
    ] {
        let mut client = Client::connect(origin.addr());
        client.send(format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n"));
        let answer = client.rest();
        let head = format!("{framing}{start}");
        let at = answer.windows(head.len()).position(|window| window == head.as_bytes()).unwrap();
        assert!(!answer[..at].windows(10).any(|window| window == b"Connection"));
        assert_eq!(answer[at + head.len()..], pattern::bytes(400), "{target}");
    }
    for target in ["/truncated/1/2", "/truncated/1", "/truncated/x/1", "/truncated/1/"] {
        assert_eq!(Client::connect(origin.addr()).ask("GET", target).status, 404, "{target}");
    }
}

#[test]
fn bad_header_lines_stand_between_sound_ones() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    client.send("GET /bad-headers HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    let answer = String::from_utf8(client.rest()).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, "All of the body.\n");
    let lines: Vec<&str> = head.split("\r\n").collect();
    for (number, pair) in lines[1..13].chunks(2).enumerate() {
        assert_eq!(pair[1], format!("X-Sound: {}", number + 1), "{pair:?}");
    }
    assert_eq!(lines[1], "a line without a colon");
    assert_eq!(lines[9], "X-Null: a\0b");
    assert!(lines[13..].contains(&"X-Text: na\u{ef}ve") && lines[13..].contains(&"Content-Length: 17"));
}
