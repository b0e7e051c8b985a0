//! Connections: kept, closed, sent ahead on, counted; and a server that stops.

use std::net::TcpStream;
use std::sync::mpsc;
use std::thread;

use origin::{Origin, pattern};

use crate::client::{Client, NEVER, pairs};

#[test]
fn a_connection_is_kept_unless_one_side_says_otherwise() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    for _ in 0..3 {
        assert_eq!(client.ask("GET", "/bytes/1").header("Connection"), None);
    }
    assert_eq!(
        client.ask_with("GET", "/bytes/1", "Connection: x, Close\r\n", b"").header("Connection"),
        Some("close")
    );
    assert!(client.is_at_end());

    let mut client = Client::connect(origin.addr());
    assert_eq!(client.ask("GET", "/close").header("Connection"), Some("close"));
    assert!(client.is_at_end());

    let mut client = Client::connect(origin.addr());
    for _ in 0..2 {
        client.send("GET /bytes/1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        assert_eq!(client.answer().header("Connection"), Some("keep-alive"));
    }
    client.send("GET /bytes/1 HTTP/1.0\r\n\r\n");
    assert_eq!(client.answer().header("Connection"), Some("close"));
    assert!(client.is_at_end());
    assert_eq!(origin.connections(), 3);
}

#[test]
fn requests_sent_ahead_are_answered_in_order() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    let mut wire = String::new();
    for number in 1..=500 {
        wire += &format!(
            "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{number:03}\r\n0\r\n\r\n"
        );
        wire += &format!("GET /bytes/{number} HTTP/1.1\r\nHost: h\r\n\r\n");
    }
    client.send(wire);
    for number in 1..=500 {
        assert_eq!(client.answer().text(), format!("{number:03}"));
        assert_eq!(client.answer().body, pattern::bytes(number));
    }
}

#[test]
fn requests_are_recorded_as_they_came() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    client.ask_with(
        "PoST",
        "/echo?a",
        "x-B: \u{e9}\r\nX-b:2\r\nTransfer-Encoding: chunked\r\n",
        b"2\r\nhi\r\n0\r\nT: 1\r\n\r\n",
    );
    let requests = origin.requests();
    let request = &requests[0];
    assert_eq!(
        (request.method.as_str(), request.target.as_str(), request.version.as_str()),
        ("PoST", "/echo?a", "HTTP/1.1")
    );
    let expected = pairs([
        ("Host", "localhost"),
        ("x-B", "\u{c3}\u{a9}"),
        ("X-b", "2"),
        ("Transfer-Encoding", "chunked"),
    ]);
    assert_eq!(request.headers, expected);
    assert_eq!(request.header("X-B"), Some("\u{c3}\u{a9}"));
    assert_eq!((request.body.as_slice(), request.body_length, request.complete), (&b"hi"[..], 2, true));
    assert_eq!(request.trailers, pairs([("T", "1")]));

    for _ in 0..1100 {
        client.ask("GET", "/bytes/0");
    }
    assert_eq!(origin.requests().len(), 1024);
}

#[test]
fn many_clients_are_served_at_once() {
    let origin = Origin::start().unwrap();
    let addr = origin.addr();
    let clients: Vec<_> = (0..32)
        .map(|number| {
            thread::spawn(move || {
                let mut client = Client::connect(addr);
                for round in 0..20 {
                    let size = number * 1000 + round;
                    assert!(client.ask("GET", &format!("/bytes/{size}")).body == pattern::bytes(size));
                }
            })
        })
        .collect();
    for client in clients {
        client.join().unwrap();
    }
    assert_eq!(origin.connections(), 32);
}

#[test]
fn dropping_ends_idle_busy_and_waiting_connections() {
    let origin = Origin::start().unwrap();
    let addr = origin.addr();
    let mut idle = Client::connect(addr);
    idle.ask("GET", "/bytes/1");
    let mut half = Client::connect(addr);
    half.send("POST /upload HTTP/1.1\r\nContent-Le");
    let mut pausing = Client::connect(addr);
    pausing.send("GET /drip?pause_ms=60000 HTTP/1.1\r\nHost: h\r\n\r\n");
    let mut flooded = Client::connect(addr);
    flooded.send("GET /bytes/18446744073709551615 HTTP/1.1\r\nHost: h\r\n\r\n");
    flooded.exactly(1);
    let mut lingering = Client::connect(addr);
    lingering.ask("GET", "/close");

    let (done, is_done) = mpsc::channel();
    thread::spawn(move || {
        drop(origin);
        done.send(()).unwrap();
    });
    is_done.recv_timeout(NEVER).expect("the drop hangs");
    assert!(idle.is_at_end());
    assert!(lingering.is_at_end());
    assert!(TcpStream::connect(addr).is_err());
}

#[test]
fn addresses_are_told_in_every_form() {
    let origin = Origin::bind(("127.0.0.1", 0)).unwrap();
    assert_eq!(origin.host_port(), format!("127.0.0.1:{}", origin.port()));
    assert_eq!(origin.url("/a?b"), format!("http://127.0.0.1:{}/a?b", origin.port()));
    assert!(Origin::bind(origin.addr()).is_err(), "the address is in use");
    match Origin::bind("[::1]:0") {
        Ok(origin) => {
            assert_eq!(origin.host_port(), format!("[::1]:{}", origin.port()));
            assert_eq!(Client::connect(origin.addr()).ask("GET", "/bytes/1").status, 200);
        }
        Err(error) => println!("no IPv6 here: {error}"),
    }
}
