//! Whatever is left of a response, and whatever comes unasked, never becomes part of the next one.

mod support;

use std::io::{BufRead, Read};
use std::mem;
use std::time::Duration;

use origin::{Script, pattern};
use straightwire::{CloseReason, ConnectionState, HttpConnection};
use support::*;

/// Takes so much of the body and no more.
fn leave_unread(conn: &mut HttpConnection, taken: usize) {
    let mut response = conn.get_response().unwrap();
    assert_eq!(response.read_up_to(taken).unwrap().len(), taken);
}

#[test]
fn a_response_dropped_unread_does_not_leak() {
    let large = |len| String::from_utf8(vec![b'x'; len]).unwrap();
    let length = |body: &str| format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let chunked = |body: &str| {
        format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\nA: b\r\n\r\n",
            body.len()
        )
    };
    for body in [EVIL.to_owned(), EVIL.repeat(100), large(100_000) + EVIL, large(5_000_000) + EVIL] {
        for wire in [length(&body), chunked(&body), format!("HTTP/1.0 200 OK\r\n\r\n{body}")] {
            for taken in [0, 1, 40] {
                // On whichever connection, the client gets its own answer.
                let server = serve([
                    Script::new().read_request().flood(&*wire, wire.len() as u64).read_request().send(OK),
                    answer_all(),
                ]);
                let mut conn = asked(&server);
                leave_unread(&mut conn, taken);
                conn.request("GET", "/next", (), &[]).unwrap();
                assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
            }
        }
    }
}

/// A look ahead that was not used is no reason to keep anything.
#[test]
fn a_response_dropped_after_a_look_does_not_leak() {
    for wire in [
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{EVIL}", EVIL.len()),
        format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{EVIL}\r\n0\r\n\r\n",
            EVIL.len()
        ),
    ] {
        for consumed in [0, 1, EVIL.len()] {
            let server = serve([answer(&*wire).read_request().send(OK).hold()]);
            let mut conn = asked(&server);
            wait_for_bytes(&conn, wire.len());
            let mut response = conn.get_response().unwrap();
            response.fill_buf().unwrap();
            response.consume(consumed);
            drop(response);
            assert_clean(&server, &mut conn, 0);
        }
    }
}

#[test]
fn the_small_rest_of_a_response_is_skipped_and_its_connection_kept() {
    let wires = [
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nA: b\r\n\r\n",
    ];
    for wire in wires {
        for taken in 0..=3 {
            let server = serve([answer(wire).read_request().send(OK).hold()]);
            let mut conn = asked(&server);
            leave_unread(&mut conn, taken);
            assert_clean(&server, &mut conn, 0);
        }
    }
}

#[test]
fn a_response_that_is_not_here_yet_is_not_waited_for() {
    let slow = answer("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na").hold();
    let server = serve([slow, answer_all()]);
    let mut conn = asked(&server);
    leave_unread(&mut conn, 1);
    assert_eq!(conn.close_reason(), Some(CloseReason::ResponseUnfinished));
    assert_clean(&server, &mut conn, 1);
}

#[test]
fn unsolicited_bytes_in_the_same_segment_close_the_connection() {
    for extra in [EVIL, "\r\n", "x"] {
        for method in ["GET", "HEAD"] {
            let wire = if method == "HEAD" { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" } else { OK };
            let server = serve([answer(format!("{wire}{extra}")).hold(), answer_all()]);
            let mut conn = client(&server);
            conn.request(method, "/", (), &[]).unwrap();
            let body = conn.get_response().unwrap().read_all().unwrap();
            assert_eq!(body, if method == "HEAD" { "" } else { "ok" }.as_bytes());
            assert_eq!(conn.close_reason(), Some(CloseReason::Unsolicited));
            assert_clean(&server, &mut conn, 1);
        }
    }
}

/// Longer bodies go past the receive buffer: what comes after them is still with the system when the next
/// request is sent, right away.
#[test]
fn unsolicited_bytes_right_behind_a_longer_body_are_no_answer() {
    let body = pattern::bytes(20_000);
    let wire = [b"HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n", &*body, EVIL.as_bytes()].concat();
    let all = wire.len();
    for _ in 0..20 {
        let server = serve([answer(wire.clone()).read_request().send(OK), answer_all()]);
        let mut conn = asked(&server);
        wait_for_bytes(&conn, all);
        assert!(conn.get_response().unwrap().read_all().unwrap() == body);
        conn.request("GET", "/next", (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap().escape_ascii().to_string(), "ok");
    }
}

#[test]
fn unsolicited_bytes_on_an_idle_connection_are_no_answer() {
    for extra in [EVIL, "x"] {
        let wire = Script::new().read_request().send(OK).pause(Duration::from_millis(20)).send(extra).hold();
        let server = serve([wire, answer_all()]);
        let mut conn = asked(&server);
        conn.get_response().unwrap().read_all().unwrap();
        wait_for_arrival(&conn);
        assert_clean(&server, &mut conn, 1);
        assert_eq!(conn.close_reason(), Some(CloseReason::Unsolicited));
    }
}

/// A connection that was opened ahead of its first request is idle, too.
#[test]
fn what_comes_before_the_first_request_is_no_answer() {
    let server = serve([Script::new().send(EVIL).read_request().send(OK), answer_all()]);
    let mut conn = client(&server);
    conn.connect().unwrap();
    wait_for_arrival(&conn);
    conn.request("GET", "/", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap().escape_ascii().to_string(), "ok");
}

#[test]
fn a_connection_that_went_stale_is_reopened_without_an_error() {
    for (method, body) in [("GET", ""), ("POST", "not sent twice")] {
        let server = serve([answer(OK).close(), answer_all()]);
        let mut conn = asked(&server);
        conn.get_response().unwrap().read_all().unwrap();
        wait_for_arrival(&conn);
        conn.request(method, "/", body, &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
        assert_eq!(received(&server, 0), head(&server, "GET /", ""));
        assert_eq!(server.connections(), 2);
    }
}

#[test]
fn a_connection_that_was_closed_before_its_first_request_is_reopened_without_an_error() {
    let server = serve([Script::new().close(), answer_all()]);
    let mut conn = client(&server);
    conn.connect().unwrap();
    wait_for_arrival(&conn);
    assert_clean(&server, &mut conn, 1);
}

#[test]
fn a_reset_idle_connection_is_reopened_without_an_error() {
    let server = serve([answer(OK).reset(), answer_all()]);
    let mut conn = asked(&server);
    conn.get_response().unwrap().read_all().unwrap();
    wait_for_arrival(&conn);
    assert_clean(&server, &mut conn, 1);
}

type Leave = fn(&mut HttpConnection);

/// Whatever was read of it, a response that was forgotten rather than dropped leaves nothing behind that
/// could be taken for the next one.
#[test]
fn a_forgotten_response_can_not_desync() {
    const FORGET: [(&str, Leave); 5] = [
        ("unread", |conn| mem::forget(conn.get_response().unwrap())),
        ("partly read", |conn| {
            let mut response = conn.get_response().unwrap();
            response.read_exact(&mut [0; 10]).unwrap();
            mem::forget(response);
        }),
        ("looked at", |conn| {
            let mut response = conn.get_response().unwrap();
            assert!(!response.fill_buf().unwrap().is_empty());
            mem::forget(response);
        }),
        ("partly consumed", |conn| {
            let mut response = conn.get_response().unwrap();
            response.fill_buf().unwrap();
            response.consume(7);
            mem::forget(response);
        }),
        ("read", |conn| {
            let mut response = conn.get_response().unwrap();
            response.read_all().unwrap();
            mem::forget(response);
        }),
    ];
    let length = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{EVIL}", EVIL.len());
    let chunked = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{EVIL}\r\n0\r\n\r\n",
        EVIL.len()
    );
    for wire in [length, chunked] {
        for after in ["", EVIL] {
            for (how, forget) in FORGET {
                let server = serve([answer(format!("{wire}{after}")).read_request().send(OK), answer_all()]);
                let mut conn = asked(&server);
                forget(&mut conn);
                // A request may be refused, but then only until the connection is closed.
                if conn.request("GET", "/next", (), &[]).is_err() {
                    conn.close();
                    conn.request("GET", "/next", (), &[]).unwrap();
                }
                let body = conn.get_response().and_then(|mut response| response.read_all());
                assert!(matches!(&body, Ok(body) if body == b"ok"), "{how}, then {after:?}: {body:?}");
            }
        }
    }
}

#[test]
fn a_forgotten_response_that_ends_its_connection_ends_it() {
    let wire = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let server = serve([answer(wire).hold(), answer_all()]);
    let mut conn = asked(&server);
    mem::forget(conn.get_response().unwrap());
    assert_clean(&server, &mut conn, 1);
}

/// While no request may begin, the state does not say that one may.
#[test]
fn a_forgotten_response_leaves_no_state_that_is_not_so() {
    let server = serve([answer("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf").hold(), answer_all()]);
    let mut conn = asked(&server);
    mem::forget(conn.get_response().unwrap());
    let claims_idle = conn.state() == ConnectionState::Idle;
    assert_eq!(conn.request("GET", "/", (), &[]).is_ok(), claims_idle);
}

/// `ConnectionClose` is for a server that said so.
#[test]
fn a_connection_that_went_without_a_word_is_not_said_to_have_been_announced() {
    for ending in [answer(OK).close(), answer(OK).reset()] {
        let server = serve([ending, answer_all()]);
        let mut conn = asked(&server);
        conn.get_response().unwrap().read_all().unwrap();
        wait_for_arrival(&conn);
        assert_clean(&server, &mut conn, 1);
        assert!(conn.close_reason().is_some_and(|reason| reason != CloseReason::ConnectionClose));
    }
}
