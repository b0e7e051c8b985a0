//! Who watches sees every byte once, in order; and what the debug level prints.

mod support;

use std::sync::{Arc, Mutex};

use origin::{Script, pattern};
use straightwire::{Body, CloseReason, Event, HttpConnection};
use support::refusing::refusing;
use support::ways::{WAYS, Way};
use support::*;

/// What a tap has seen: bytes each way, and everything else as a word.
#[derive(Default)]
struct Seen {
    sent: Vec<u8>,
    received: Vec<u8>,
    events: Vec<String>,
}

/// A connection and what is seen of it.
fn watched(server: &origin::Scripted) -> (HttpConnection, Arc<Mutex<Seen>>) {
    let seen = Arc::new(Mutex::new(Seen::default()));
    let notes = seen.clone();
    let watch = move |event: Event<'_>| {
        let mut seen = notes.lock().unwrap();
        let word = match event {
            Event::Sent(bytes) => {
                seen.sent.extend_from_slice(bytes);
                "sent".to_owned()
            }
            Event::Received(bytes) => {
                assert!(!bytes.is_empty());
                seen.received.extend_from_slice(bytes);
                "received".to_owned()
            }
            Event::Connecting { host, port } => format!("connecting {host} {port}"),
            Event::Connected { local, peer } => {
                assert!(local.is_some());
                format!("connected {}", peer.unwrap())
            }
            Event::Request(head) => format!("{} {}", head.method(), head.target()),
            Event::Phase(phase) => format!("{phase:?}"),
            Event::Interim(head) => format!("interim {}", head.status()),
            Event::Head(head) => format!("head {}", head.status()),
            Event::Closed(reason) => format!("closed {reason:?}"),
            other => format!("{other:?}"),
        };
        if seen.events.last() != Some(&word) {
            seen.events.push(word);
        }
    };
    (builder(server.addr()).tap(watch).build().unwrap(), seen)
}

fn check(wire: &[u8], body: &[u8], (way, _, read): (&str, usize, Way)) {
    let server = serve([Script::new().read_request().send(wire).close()]);
    let (mut conn, seen) = watched(&server);
    conn.request("POST", "/", "a body", &[("A", "b")]).unwrap();
    let mut got = Vec::new();
    read(&mut conn.get_response().unwrap(), &mut got).unwrap();
    conn.close();
    server.join().unwrap();
    let seen = seen.lock().unwrap();
    assert_eq!(seen.sent.escape_ascii().to_string(), server.received(0).escape_ascii().to_string(), "{way}");
    assert!(seen.received == wire, "{way}: {} of {} bytes", seen.received.len(), wire.len());
    assert!(got == body, "{way}");
}

#[test]
fn every_byte_is_seen_once_and_in_order_however_the_body_is_read() {
    for size in [0, 5, 100_000] {
        let body = pattern::bytes(size);
        let length = format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n");
        let hints = "HTTP/1.1 103 Hints\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\n";
        for way in WAYS.into_iter().filter(|(_, most, _)| *most > size) {
            check(&[length.as_bytes(), &body].concat(), &body, way);
            check(&[hints.as_bytes(), &body].concat(), &body, way);
            check(&chunked(&body), &body, way);
        }
    }
}

fn chunked(body: &[u8]) -> Vec<u8> {
    let mut wire = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for chunk in body.chunks(30_000) {
        wire.extend(format!("{:x};a\r\n", chunk.len()).into_bytes());
        wire.extend_from_slice(chunk);
        wire.extend(b"\r\n");
    }
    wire.extend(b"0\r\nT: u\r\n\r\n");
    wire
}

#[test]
fn what_is_skipped_unread_is_seen_too() {
    let wire = chunked(&pattern::bytes(3000));
    let server = serve([answer(wire.clone()).read_request().send(OK).hold()]);
    let (mut conn, seen) = watched(&server);
    conn.request("GET", "/", (), &[]).unwrap();
    wait_for_bytes(&conn, wire.len());
    drop(conn.get_response().unwrap());
    conn.request("GET", "/", (), &[]).unwrap();
    conn.get_response().unwrap().read_all().unwrap();
    assert!(seen.lock().unwrap().received == [&*wire, OK.as_bytes()].concat());
    assert_eq!(server.connections(), 1);
}

#[test]
fn what_arrives_before_an_error_is_seen_too() {
    for wire in ["garbage\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "HTTP/1.1 200 O", ""] {
        let server = serve([answer(wire)]);
        let (mut conn, seen) = watched(&server);
        conn.request("GET", "/", (), &[]).unwrap();
        conn.get_response().and_then(|mut response| response.read_all()).unwrap_err();
        assert_eq!(seen.lock().unwrap().received, wire.as_bytes());
        assert_eq!(seen.lock().unwrap().events.last().unwrap(), "closed Some(Failed)");
    }
}

#[test]
fn bodies_of_every_kind_are_seen_as_they_were_sent() {
    let bytes = pattern::bytes(2_000_000);
    for body in [Body::from(&bytes), Body::reader(&bytes[..]), Body::chunks(bytes.chunks(300_000))] {
        let server = serve([Script::new().stop_reading().read_request().send(OK).hold()]);
        let (mut conn, seen) = watched(&server);
        conn.request("PUT", "/", body, &[]).unwrap();
        conn.get_response().unwrap().read_all().unwrap();
        assert!(seen.lock().unwrap().sent == server.received(0));
    }
}

/// Of a request that could not be sent whole, what did go out.
#[test]
fn what_was_sent_before_an_error_is_seen_and_no_more() {
    let server = serve([Script::new().wait_for_close()]);
    let (mut conn, seen) = watched(&server);
    let pieces = [Ok("one"), Err(std::io::Error::other("torn"))];
    conn.request("PUT", "/", Body::try_chunks(pieces), &[]).unwrap_err();
    server.join().unwrap();
    assert_eq!(seen.lock().unwrap().sent, server.received(0));
    assert!(server.received(0).ends_with(b"3\r\none\r\n"));
}

#[test]
fn a_refused_call_is_not_seen() {
    let server = serve([answer_all()]);
    let (mut conn, seen) = watched(&server);
    conn.request("GET", "/ ", (), &[]).unwrap_err();
    conn.get_response().unwrap_err();
    conn.close();
    assert!(seen.lock().unwrap().events.is_empty());
}

#[test]
fn events_come_in_the_order_of_what_happens() {
    let hints = format!("HTTP/1.1 103 Hints\r\n\r\n{OK}");
    let closing = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let server = serve([answer(hints).read_request().send(closing).hold(), answer(OK).hold()]);
    let (mut conn, seen) = watched(&server);
    for _ in 0..3 {
        conn.request("GET", "/", (), &[]).unwrap();
        conn.get_response().unwrap().read_all().unwrap();
    }
    conn.close();
    assert_eq!(conn.close_reason(), None);
    let addr = server.addr();
    let connecting = format!("connecting {} {}", addr.ip(), addr.port());
    let connected = format!("connected {addr}");
    let closed = format!("closed {:?}", Some(CloseReason::ConnectionClose));
    let trying = format!("Trying({addr})");
    let open = [&*connecting, "Connect", &trying, &connected, "Opened"];
    let asked = ["Send", "sent", "Head", "received"];
    let expected = [
        &["GET /"],
        &open[..],
        &asked,
        &["interim 103", "head 200", "Body", "Done", "GET /"],
        &asked,
        &["head 404", "Done", &closed, "GET /"],
        &open,
        &asked,
        &["head 200", "Body", "Done", "closed None"],
    ]
    .concat();
    assert_eq!(seen.lock().unwrap().events, expected);
}

#[test]
fn a_refused_connection_is_seen_as_an_attempt() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let notes = seen.clone();
    let watch = move |event: Event<'_>| {
        let word = format!("{event:?}");
        notes.lock().unwrap().push(word.split(['(', ' ']).next().unwrap().to_owned());
    };
    builder(refusing()).tap(watch).build().unwrap().connect().unwrap_err();
    assert_eq!(*seen.lock().unwrap(), ["Connecting", "Phase", "Trying", "Unreachable", "Failed"]);
}

/// The lines that `print` prints while this runs in a process of its own; `PORT` stands for the port.
fn printed(test: &str, wire: &'static str, ask: impl FnOnce(&mut HttpConnection)) -> Option<Vec<String>> {
    let output = alone(test, "true", || {
        let server = serve([answer(wire).hold()]);
        println!("port {}", server.addr().port());
        let mut conn = builder(server.addr()).debug_level(1).build().unwrap();
        ask(&mut conn);
        conn.get_response().unwrap().read_all().unwrap();
        conn.set_debug_level(0);
        conn.close();
    })?;
    let text = String::from_utf8(output.stdout).unwrap();
    let at = text.find("port ").unwrap();
    let (port, rest) = text[at + 5..].split_once('\n').unwrap();
    let lines = rest.replace(port, "PORT");
    let is_debug = |line: &&str| ["send", "reply", "header"].iter().any(|word| line.starts_with(word));
    Some(lines.lines().filter(is_debug).map(str::to_owned).collect())
}

#[test]
fn the_debug_level_prints_what_http_client_prints() {
    let wire = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: a\r\nset-cookie: b\r\n\r\nok";
    let lines = printed("the_debug_level_prints_what_http_client_prints", wire, |conn| {
        conn.request("PUT", "/it", b"\x00\xffbody\n", &[]).unwrap();
    });
    let Some(lines) = lines else { return };
    let head = "send: b'PUT /it HTTP/1.1\\r\\nHost: 127.0.0.1:PORT\\r\\nAccept-Encoding: identity\\r\\nContent-Length: 7\\r\\n\\r\\n'";
    let expected = [
        head,
        "send: b'\\x00\\xffbody\\n'",
        "reply: 'HTTP/1.1 200 OK\\r\\n'",
        "header: Content-Length: 2",
        "header: Set-Cookie: a",
        "header: set-cookie: b",
    ];
    assert_eq!(lines, expected);
}

/// Python writes quotes of the other kind as they are.
#[test]
fn debug_lines_quote_as_python_does() {
    let wire = "HTTP/1.1 418 I'm a Teapot\r\nETag: \"a\"\r\nContent-Length: 0\r\n\r\n";
    let lines = printed("debug_lines_quote_as_python_does", wire, |conn| {
        conn.request("GET", "/", (), &[("Host", "h"), ("If-None-Match", "\"abc\"")]).unwrap();
    });
    let Some(lines) = lines else { return };
    let expected = [
        "send: b'GET / HTTP/1.1\\r\\nAccept-Encoding: identity\\r\\nHost: h\\r\\nIf-None-Match: \"abc\"\\r\\n\\r\\n'",
        "reply: \"HTTP/1.1 418 I'm a Teapot\\r\\n\"",
        "header: ETag: \"a\"",
        "header: Content-Length: 0",
    ];
    assert_eq!(lines, expected);
}

/// As it came: without a reason, or in a version of HTTP/1 that is to come.
#[test]
fn debug_lines_show_the_status_line_itself() {
    let wire = "HTTP/1.7 100\r\n\r\nHTTP/1.1 102 \r\n\r\nHTTP/1.0 204\r\nA: b\r\n\r\n";
    let lines = printed("debug_lines_show_the_status_line_itself", wire, |conn| {
        conn.request("GET", "/", (), &[]).unwrap();
    });
    let Some(lines) = lines else { return };
    let expected = [
        "reply: 'HTTP/1.7 100\\r\\n'",
        "reply: 'HTTP/1.1 102 \\r\\n'",
        "reply: 'HTTP/1.0 204\\r\\n'",
        "header: A: b",
    ];
    assert_eq!(lines[1..], expected);
}

#[test]
fn without_a_debug_level_nothing_is_printed() {
    let test = "without_a_debug_level_nothing_is_printed";
    let output = alone(test, "true", || {
        let server = serve([answer(OK)]);
        asked(&server).get_response().unwrap().read_all().unwrap();
    });
    let Some(output) = output else { return };
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!["send:", "reply:", "header:"].iter().any(|word| text.contains(word)), "{text}");
}
