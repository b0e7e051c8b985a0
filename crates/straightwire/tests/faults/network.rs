//! Segments in every cut, connections closed by half, bodies that should not be there.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use origin::Script;
use straightwire::{CloseReason, HttpConnection};

use crate::support::*;

const MESSAGES: [&str; 4] = [
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nA: b\r\n\r\nhello",
    "HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 404 Not\r\nContent-Length:3\r\nA: b\r\n c\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=\"y\"\r\nhello\r\n1\r\n!\r\n0\r\nT: u\r\n\r\n",
    "HTTP/1.0 200\nServer: x\n\nuntil the end",
];

/// All that a caller can see of the response.
fn outcome(conn: &mut HttpConnection) -> String {
    conn.request("GET", "/", (), &[]).unwrap();
    let mut response = conn.get_response().unwrap();
    let body = response.read_all().unwrap();
    format!("{response:?} {:?} {body:?} {:?}", response.interim(), response.trailers())
}

fn outcome_of(script: Script) -> String {
    outcome(&mut client(&serve([script])))
}

#[test]
fn dribble_every_byte_a_segment_of_its_own() {
    for message in MESSAGES {
        let pieces = Script::new().read_request().send_in_pieces(message, 1, Duration::from_micros(200));
        assert_eq!(outcome_of(pieces), outcome_of(answer(message)));
    }
}

#[test]
fn a_pause_at_every_byte() {
    for message in MESSAGES {
        let whole = outcome_of(answer(message));
        for cut in 1..message.len() {
            let (first, rest) = message.split_at(cut);
            let halves = answer(first).pause(Duration::from_millis(1)).send(rest);
            assert_eq!(outcome_of(halves), whole, "cut at {cut}");
        }
    }
}

#[test]
fn half_close_by_the_server() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut conn = builder(listener.local_addr().unwrap()).build().unwrap();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let len = stream.read(&mut [0; 1000]).unwrap();
        stream.shutdown(Shutdown::Read).unwrap();
        stream.write_all(OK.as_bytes()).unwrap();
        len
    });
    conn.request("GET", "/", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    assert!(server.join().unwrap() > 20);
}

#[test]
fn half_close_by_the_client() {
    let server = serve([Script::new().read_request().pause(Duration::from_millis(20)).send(OK)]);
    let mut conn = asked(&server);
    let socket = TcpStream::from(conn.fd().unwrap().try_clone_to_owned().unwrap());
    socket.shutdown(Shutdown::Write).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
}

/// Whether they come at once or later, they are nobody's: not the body's, not the next response's.
#[test]
fn a_body_where_there_is_none() {
    for (method, head) in [
        ("HEAD", "200 OK\r\nContent-Length: 42"),
        ("HEAD", "200 OK\r\nTransfer-Encoding: chunked"),
        ("GET", "204 No Content\r\nContent-Length: 42"),
        ("GET", "204 No Content\r\nTransfer-Encoding: chunked"),
        ("GET", "304 Not Modified\r\nContent-Length: 42"),
    ] {
        let head = format!("HTTP/1.1 {head}\r\n\r\n");
        let at_once = answer(format!("{head}{EVIL}")).hold();
        let later = answer(&*head).pause(Duration::from_millis(5)).send(EVIL).hold();
        for (script, is_late) in [(at_once, false), (later, true)] {
            let server = serve([script, answer_all()]);
            let mut conn = client(&server);
            conn.request(method, "/", (), &[]).unwrap();
            assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"");
            if is_late {
                wait_for_arrival(&conn);
            }
            assert_clean(&server, &mut conn, 1);
            assert_eq!(conn.close_reason(), Some(CloseReason::Unsolicited));
        }
    }
}
