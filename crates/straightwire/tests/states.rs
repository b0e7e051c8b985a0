//! Idle, Request-started, Request-sent: which call is right when, and that a wrong one changes nothing.

mod support;

use origin::{Script, Scripted};
use straightwire::{ConnectionState, ErrorKind, HttpConnection, Result};
use support::*;

type Call = fn(&mut HttpConnection) -> Result<()>;

const BEGIN: [(&str, Call); 3] = [
    ("request", |conn| conn.request("GET", "/wrong", (), &[])),
    ("put_request", |conn| conn.put_request("GET", "/wrong")),
    ("request with a bad method", |conn| conn.request("\r\n", "\r\n", "€", &[("\r\n", "")])),
];

const HEAD: [(&str, Call); 5] = [
    ("put_header", |conn| conn.put_header("Wrong", "time")),
    ("put_header with a bad name", |conn| conn.put_header("\r\n", "time")),
    ("end_headers", |conn| conn.end_headers()),
    ("end_headers_with a body", |conn| conn.end_headers_with("wrong", true)),
    ("end_headers_with a bad body", |conn| conn.end_headers_with("€", false)),
];

const BODY: [(&str, Call); 3] = [
    ("send", |conn| conn.send("wrong")),
    ("finish", |conn| conn.finish()),
    ("send nothing", |conn| conn.send("")),
];

const RECEIVE: [(&str, Call); 1] = [("get_response", |conn| conn.get_response().map(drop))];

/// Each call gives this kind, names the state, and leaves it.
fn wrong(conn: &mut HttpConnection, calls: &[(&str, Call)], kind: ErrorKind) {
    for (name, call) in calls {
        let before = conn.state();
        let Err(err) = call(conn) else { panic!("{name} in state {before:?} was no error") };
        assert_eq!(err.kind(), kind, "{name} in state {before:?}: {err}");
        assert!(err.is_improper_connection_state() && err.is_caller() && err.is_http_exception(), "{name}");
        assert_eq!(conn.state(), before, "{name}");
    }
}

#[test]
fn a_request_goes_through_the_three_states() {
    let server = serve([answer_all()]);
    let mut conn = client(&server);
    assert_eq!((conn.state(), conn.is_connected()), (ConnectionState::Idle, false));
    for _ in 0..2 {
        conn.put_request("POST", "/").unwrap();
        assert_eq!(conn.state(), ConnectionState::RequestStarted);
        conn.put_header("Content-Length", 2).unwrap();
        assert_eq!(conn.state(), ConnectionState::RequestStarted);
        conn.end_headers().unwrap();
        assert_eq!((conn.state(), conn.is_connected()), (ConnectionState::RequestSent, true));
        conn.send("hi").unwrap();
        assert_eq!(conn.state(), ConnectionState::RequestSent);
        drop(conn.get_response().unwrap());
        assert_eq!(conn.state(), ConnectionState::Idle);
    }
    assert_eq!(server.connections(), 1);
}

#[test]
fn states_have_the_names_of_http_client() {
    use ConnectionState::*;
    assert_eq!(
        [Idle, RequestStarted, RequestSent].map(ConnectionState::name),
        ["Idle", "Request-started", "Request-sent"]
    );
    let mut conn = HttpConnection::new("localhost").unwrap();
    assert!(conn.get_response().unwrap_err().to_string().contains("Idle"));
    conn.put_request("GET", "/").unwrap();
    assert!(conn.put_request("GET", "/").unwrap_err().to_string().contains("Request-started"));
}

#[test]
fn nothing_is_opened_or_sent_before_the_end_of_the_head() {
    let server = serve([answer_all()]);
    let mut conn = client(&server);
    conn.put_request("GET", "/").unwrap();
    conn.put_header("A", "b").unwrap();
    assert_eq!((conn.is_connected(), server.connections()), (false, 0));
}

/// Every call that is wrong in each state, all in the course of one exchange, which then looks as if none
/// of them had been made.
#[test]
fn a_call_at_the_wrong_time_gives_its_kind_and_changes_nothing() {
    let server = serve([answer_all()]);
    let mut conn = client(&server);
    for _ in 0..2 {
        wrong(&mut conn, &HEAD, ErrorKind::CannotSendHeader);
        wrong(&mut conn, &BODY[..2], ErrorKind::CannotSendHeader);
        wrong(&mut conn, &RECEIVE, ErrorKind::ResponseNotReady);

        conn.put_request("POST", "/right").unwrap();
        let in_head = |conn: &mut HttpConnection| {
            wrong(conn, &BEGIN, ErrorKind::CannotSendRequest);
            wrong(conn, &BODY[..2], ErrorKind::CannotSendHeader);
            wrong(conn, &RECEIVE, ErrorKind::ResponseNotReady);
        };
        in_head(&mut conn);
        conn.put_header("Content-Length", 4).unwrap();
        in_head(&mut conn);

        conn.end_headers().unwrap();
        wrong(&mut conn, &BEGIN, ErrorKind::CannotSendRequest);
        wrong(&mut conn, &HEAD, ErrorKind::CannotSendHeader);
        conn.send("ri").unwrap();
        wrong(&mut conn, &BEGIN, ErrorKind::CannotSendRequest);
        wrong(&mut conn, &HEAD, ErrorKind::CannotSendHeader);
        conn.send("gh").unwrap();
        wrong(&mut conn, &BEGIN, ErrorKind::CannotSendRequest);
        wrong(&mut conn, &HEAD, ErrorKind::CannotSendHeader);

        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    }
    let once = head(&server, "POST /right", "Content-Length: 4\r\n") + "righ";
    assert_eq!((received(&server, 0), server.connections()), (once.repeat(2), 1));
}

/// `send` is wrong before the end of the head whatever it is given.
#[test]
fn sending_nothing_at_the_wrong_time_is_wrong_too() {
    let mut conn = HttpConnection::new("localhost").unwrap();
    wrong(&mut conn, &BODY[2..], ErrorKind::CannotSendHeader);
    conn.put_request("GET", "/").unwrap();
    wrong(&mut conn, &BODY[2..], ErrorKind::CannotSendHeader);
}

#[test]
fn after_an_error_a_request_may_begin_and_nothing_else() {
    let server = serve([answer("garbage\r\n\r\n"), answer_all()]);
    let mut conn = asked(&server);
    assert_eq!(conn.get_response().unwrap_err().kind(), ErrorKind::BadStatusLine);
    assert_eq!((conn.state(), conn.is_connected()), (ConnectionState::Idle, false));
    wrong(&mut conn, &HEAD, ErrorKind::CannotSendHeader);
    wrong(&mut conn, &BODY[..2], ErrorKind::CannotSendHeader);
    wrong(&mut conn, &RECEIVE, ErrorKind::ResponseNotReady);
    assert_clean(&server, &mut conn, 1);
}

#[test]
fn a_refused_header_puts_the_request_back_to_idle() {
    let server = serve([answer_all()]);
    let mut conn = client(&server);
    conn.put_request("GET", "/").unwrap();
    assert_eq!(conn.put_header("A", "b\r\nC: d").unwrap_err().kind(), ErrorKind::InvalidHeader);
    assert_eq!(conn.state(), ConnectionState::Idle);
    wrong(&mut conn, &HEAD, ErrorKind::CannotSendHeader);
    assert_clean(&server, &mut conn, 0);
}

#[test]
fn close_ends_every_state() {
    let steps: [Call; 4] = [
        |_| Ok(()),
        |conn| conn.put_request("POST", "/").and_then(|()| conn.put_header("Content-Length", 2)),
        |conn| conn.end_headers(),
        |conn| conn.send("x"),
    ];
    for reached in 1..=steps.len() {
        let opened = usize::from(reached > 2);
        let scripts = [Script::new().wait_for_close(), answer_all()];
        let server = Scripted::start(scripts[1 - opened..].to_vec()).unwrap();
        let mut conn = client(&server);
        steps[..reached].iter().for_each(|step| step(&mut conn).unwrap());
        conn.close();
        assert_eq!((conn.state(), conn.is_connected()), (ConnectionState::Idle, false));
        assert_eq!(conn.close_reason(), None);
        wrong(&mut conn, &RECEIVE, ErrorKind::ResponseNotReady);
        assert_clean(&server, &mut conn, opened);
    }
}

/// The head stays here until it is ended, so that it goes whole to whatever connection is open then.
#[test]
fn a_connection_opened_within_a_head_gets_the_whole_head() {
    let server = serve([Script::new().wait_for_close(), answer_all()]);
    let mut conn = client(&server);
    conn.connect().unwrap();
    conn.put_request("GET", "/").unwrap();
    conn.connect().unwrap();
    conn.put_header("A", "b").unwrap();
    conn.end_headers().unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    assert_eq!(received(&server, 0), "");
    assert_eq!(received(&server, 1), head(&server, "GET /", "A: b\r\n"));
}

/// A new connection knows nothing of what went out on the one before: no answer comes on it.
#[test]
fn a_connection_opened_after_a_request_forgets_the_request() {
    let server = serve([Script::new().wait_for_close(), answer_all()]);
    let mut conn = client(&server);
    conn.request("GET", "/", (), &[]).unwrap();
    conn.connect().unwrap();
    wrong(&mut conn, &RECEIVE, ErrorKind::ResponseNotReady);
    assert_clean(&server, &mut conn, 1);
}

/// Nor may the rest of a body become the beginning of what the new connection hears.
#[test]
fn a_connection_opened_within_a_body_does_not_get_the_rest_of_it() {
    let server = serve([Script::new().wait_for_close(), answer_all()]);
    let mut conn = client(&server);
    conn.put_request("POST", "/").unwrap();
    conn.put_header("Content-Length", 30).unwrap();
    conn.end_headers().unwrap();
    conn.send("first, ").unwrap();
    conn.connect().unwrap();
    let rest = conn.send("GET /smuggled HTTP/1.1\r\n");
    assert!(rest.is_err());
    assert_clean(&server, &mut conn, 1);
}

#[test]
fn without_auto_open_the_caller_opens() {
    let server =
        serve([answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"), answer_all()]);
    let mut conn = builder(server.addr()).auto_open(false).build().unwrap();
    for _ in 0..2 {
        let err = conn.request("GET", "/", (), &[]).unwrap_err();
        assert_eq!(err.kind(), ErrorKind::NotConnected);
        assert_eq!((conn.state(), server.connections()), (ConnectionState::Idle, 0));
    }
    conn.connect().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    conn.get_response().unwrap();
    assert_eq!(conn.request("GET", "/", (), &[]).unwrap_err().kind(), ErrorKind::NotConnected);
    conn.connect().unwrap();
    assert_clean(&server, &mut conn, 1);
}
