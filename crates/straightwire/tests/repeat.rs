//! Requests that a closed connection has swallowed, and which of them are sent again.

mod support;

#[cfg(feature = "tls")]
#[path = "support/secure.rs"]
mod secure;

use std::io::{Cursor, Read, Write};
use std::net::TcpStream;
use std::sync::mpsc;

use origin::{Origin, Script, Scripted};
use straightwire::transport::Socket;
use straightwire::{
    Body, CloseReason, ConnectionBuilder, Error, ErrorKind, Event, HttpConnection, Phase, Repeat,
    RepeatReason, Result,
};
use support::*;

/// What a server does with its first request.
fn answered() -> Script {
    answer(OK)
}

/// What it may do with the second: it has read it, and closes.
fn endings() -> [Script; 2] {
    [answered().read_request().close(), answered().read_request().reset()]
}

fn repeating(server: &Scripted, repeat: Repeat) -> HttpConnection {
    builder(server.addr()).repeat(repeat).build().unwrap()
}

/// The first exchange, after which the connection is a kept one.
fn exchange(conn: &mut HttpConnection) {
    conn.request("GET", "/first", (), &[]).unwrap();
    let mut response = conn.get_response().unwrap();
    assert!(!response.was_repeated());
    assert_eq!(response.read_all().unwrap(), b"ok");
}

/// The second goes to a server that ends like this, with a good one behind it.
fn second(
    repeat: Repeat,
    ending: Script,
    call: impl FnOnce(&mut HttpConnection) -> Result<()>,
) -> (Scripted, std::result::Result<bool, Error>) {
    let server = serve([ending, answer_all()]);
    let mut conn = repeating(&server, repeat);
    exchange(&mut conn);
    let outcome = call(&mut conn).and_then(|()| {
        let mut response = conn.get_response()?;
        assert_eq!(response.read_all()?, b"ok");
        Ok(response.was_repeated())
    });
    (server, outcome)
}

/// It is sent once more, byte for byte the same.
#[track_caller]
fn is_repeated(repeat: Repeat, call: impl Fn(&mut HttpConnection) -> Result<()>) {
    for ending in endings() {
        let (server, outcome) = second(repeat, ending, &call);
        assert!(outcome.unwrap());
        assert_eq!(server.connections(), 2);
        let first = head(&server, "GET /first", "");
        assert_eq!(first + &received(&server, 1), received(&server, 0));
    }
}

/// It is the caller's to judge.
#[track_caller]
fn is_not_repeated(
    repeat: Repeat,
    ending: Script,
    call: impl FnOnce(&mut HttpConnection) -> Result<()>,
) -> Error {
    let (server, outcome) = second(repeat, ending, call);
    let err = outcome.unwrap_err();
    assert_eq!(server.connections(), 1, "{err}");
    err
}

#[test]
fn idempotent_requests_are_repeated() {
    for method in ["GET", "OPTIONS", "DELETE", "TRACE"] {
        is_repeated(Repeat::Idempotent, |conn| conn.request(method, "/", (), &[("A", "b")]));
    }
    for body in ["", "text", &"x".repeat(50_000)] {
        is_repeated(Repeat::Idempotent, |conn| conn.request("PUT", "/", body, &[]));
    }
}

/// That it was HEAD is known of the second one, too.
#[test]
fn a_head_is_repeated_as_one() {
    for ending in endings() {
        let server =
            serve([ending, answer("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n").read_request().send(OK)]);
        let mut conn = repeating(&server, Repeat::Idempotent);
        exchange(&mut conn);
        conn.request("HEAD", "/", (), &[]).unwrap();
        let mut response = conn.get_response().unwrap();
        assert!(response.was_repeated() && response.is_closed());
        assert_eq!(response.read_all().unwrap(), b"");
        drop(response);
        exchange(&mut conn);
        assert_eq!(server.connections(), 2);
    }
}

#[test]
fn what_was_asked_of_the_connection_holds_for_the_next_one() {
    let server = serve([answered().read_head().close(), answer_all()]);
    let mut conn = repeating(&server, Repeat::Idempotent);
    exchange(&mut conn);
    conn.request("GET", "/", (), &[("Connection", "close")]).unwrap();
    let response = conn.get_response().unwrap();
    assert!(response.was_repeated());
    assert_eq!(response.close_reason(), Some(CloseReason::RequestClose));
    drop(response);
    assert!(!conn.is_connected());
}

#[test]
fn others_are_repeated_only_where_the_caller_vouches_for_them() {
    let post = |conn: &mut HttpConnection| conn.request("POST", "/", "spam=1", &[]);
    let patch = |conn: &mut HttpConnection| conn.request("PATCH", "/", "spam=1", &[]);
    let odd = |conn: &mut HttpConnection| conn.request("get", "/", (), &[]);
    for call in [post, patch, odd] {
        is_repeated(Repeat::Any, call);
        let [closed, reset] = endings();
        assert_eq!(is_not_repeated(Repeat::Idempotent, closed, call).kind(), ErrorKind::RemoteDisconnected);
        let err = is_not_repeated(Repeat::Idempotent, reset, call);
        assert!(err.is_connection_error() && err.is_io(), "{err}");
    }
}

#[test]
fn nothing_is_repeated_unless_asked_for() {
    for ending in endings() {
        let err = is_not_repeated(Repeat::default(), ending, |conn| conn.request("GET", "/", (), &[]));
        assert!(err.is_connection_error());
    }
    let server = serve([answered().read_head().close(), answer_all()]);
    let mut conn = client(&server);
    exchange(&mut conn);
    conn.request("GET", "/", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap_err().kind(), ErrorKind::RemoteDisconnected);
    assert_clean(&server, &mut conn, 1);
}

#[test]
fn requests_step_by_step_are_repeated_where_they_went_out_whole() {
    is_repeated(Repeat::Idempotent, |conn| {
        conn.put_request("GET", "/")?;
        conn.put_header("Accept", "*/*")?;
        conn.end_headers()
    });
    is_repeated(Repeat::Any, |conn| {
        conn.put_request("POST", "/")?;
        conn.put_header("Content-Length", 4)?;
        conn.end_headers_with("body", false)
    });
    is_repeated(Repeat::Any, |conn| {
        conn.put_request("POST", "/")?;
        conn.put_header("Transfer-Encoding", "chunked")?;
        conn.end_headers_with("body", true)
    });
}

#[test]
fn bodies_in_pieces_are_not_to_be_had_again() {
    let ending = || answered().read_request().close();
    is_not_repeated(Repeat::Any, ending(), |conn| {
        conn.request("PUT", "/", Body::reader(Cursor::new("body")), &[])
    });
    is_not_repeated(Repeat::Any, ending(), |conn| conn.request("PUT", "/", Body::chunks(["bo", "dy"]), &[]));
    is_not_repeated(Repeat::Any, ending(), |conn| {
        conn.put_request("PUT", "/")?;
        conn.put_header("Content-Length", 4)?;
        conn.end_headers()?;
        conn.send("body")
    });
}

/// Nor one that is too large for a copy; up to there it is.
#[test]
fn large_bodies_are_not_kept() {
    let body = vec![b'x'; 1024 * 1024];
    let ending = || answered().read_request().close();
    is_not_repeated(Repeat::Any, ending(), |conn| conn.request("PUT", "/", &body, &[]));
    let (server, outcome) =
        second(Repeat::Any, ending(), |conn| conn.request("PUT", "/", &body[..1_000_000], &[]));
    assert!(outcome.unwrap());
    assert!(server.received(1).ends_with(&body[..1_000_000]));
}

/// One byte is enough: the server has begun to deal with the request.
#[test]
fn once_something_of_an_answer_has_come_nothing_is_repeated() {
    let get = |conn: &mut HttpConnection| conn.request("GET", "/", (), &[]);
    let interim = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n";
    for wire in
        ["H", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no", interim]
    {
        for ending in [answered().read_head().send(wire).close(), answered().read_head().send(wire).reset()] {
            is_not_repeated(Repeat::Any, ending, get);
        }
    }
    let garbage = answered().read_head().send("garbage\r\n\r\n").close();
    assert_eq!(is_not_repeated(Repeat::Any, garbage, get).kind(), ErrorKind::BadStatusLine);
}

#[test]
fn an_answer_that_comes_before_the_request_is_out_is_the_answer() {
    const REFUSAL: &str = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nno!";
    let server = serve([answered().stop_reading().read_head().send(REFUSAL).reset(), answer_all()]);
    let mut conn = repeating(&server, Repeat::Any);
    exchange(&mut conn);
    conn.request("PUT", "/", vec![b'x'; 1_000_000], &[]).unwrap();
    let mut response = conn.get_response().unwrap();
    assert!(response.status() == 413 && !response.was_repeated());
    assert_eq!(response.read_all().unwrap(), b"no!");
    drop(response);
    assert_clean(&server, &mut conn, 1);
}

#[test]
fn a_timeout_is_not_repeated() {
    let server = serve([answered().read_head().hold(), answer_all()]);
    let mut conn = repeating(&server, Repeat::Any);
    exchange(&mut conn);
    conn.set_timeout(SHORT).unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    assert!(conn.get_response().unwrap_err().is_timeout());
    conn.set_timeout(PATIENCE).unwrap();
    assert_clean(&server, &mut conn, 1);
}

/// The time that the first one took is not given back.
#[test]
fn the_deadline_goes_on_counting() {
    let late = answered().read_head().pause(SHORT * 3).close();
    let server = serve([late, Script::new().read_head().pause(SHORT * 7).send(OK).hold()]);
    let mut conn = repeating(&server, Repeat::Idempotent);
    exchange(&mut conn);
    conn.set_deadline(SHORT * 8).unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    let err = conn.get_response().unwrap_err();
    assert!(err.is_timeout(), "{err}");
    assert_eq!(server.connections(), 2);
}

#[test]
fn a_second_failure_is_not_repeated_again() {
    for ending in endings() {
        let swallowing = Script::new().read_head().close();
        let server = serve([ending, swallowing, answer_all()]);
        let mut conn = repeating(&server, Repeat::Any);
        exchange(&mut conn);
        conn.request("GET", "/", (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap_err().kind(), ErrorKind::RemoteDisconnected);
        assert_eq!(server.connections(), 2);
        assert_clean(&server, &mut conn, 2);
    }
}

#[test]
fn a_server_that_is_gone_refuses_the_second_one() {
    let server = serve([answered().read_head().close().once()]);
    let mut conn = repeating(&server, Repeat::Any);
    exchange(&mut conn);
    conn.request("GET", "/", (), &[]).unwrap();
    let err = conn.get_response().unwrap_err();
    assert!(err.is_connection_error() && err.phase() == Some(Phase::Connect), "{err}");
    assert!(!conn.is_connected());
}

/// What breaks at its first request was not closed for having been idle.
#[test]
fn nothing_is_repeated_on_a_fresh_connection() {
    for ending in [Script::new().read_head().close(), Script::new().read_head().reset()] {
        let server = serve([ending.clone(), ending, answer_all()]);
        let mut conn = repeating(&server, Repeat::Any);
        conn.connect().unwrap();
        for number in 1..=2 {
            conn.request("GET", "/", (), &[]).unwrap();
            assert!(conn.get_response().unwrap_err().is_connection_error());
            assert_eq!(server.connections(), number);
        }
        assert_clean(&server, &mut conn, 2);
    }
}

/// Each request has its own second chance.
#[test]
fn the_next_request_may_be_repeated_as_well() {
    let swallowing = || answered().read_request().send(OK).read_head().close();
    let server = serve([swallowing(), swallowing(), answer_all()]);
    let mut conn = repeating(&server, Repeat::Idempotent);
    let repeated: Vec<bool> = (0..5)
        .map(|_| {
            conn.request("GET", "/", (), &[]).unwrap();
            conn.get_response().unwrap().was_repeated()
        })
        .collect();
    assert_eq!(repeated, [false, false, true, false, true]);
}

/// Closed before: the look finds it, and the request goes out once.
#[test]
fn a_connection_found_closed_is_opened_anew_without_repeating() {
    let server = serve([answered().close(), answer_all()]);
    let mut conn = repeating(&server, Repeat::Idempotent);
    exchange(&mut conn);
    wait_for_arrival(&conn);
    exchange(&mut conn);
    assert_eq!(received(&server, 0), head(&server, "GET /first", ""));
    assert_eq!(server.connections(), 2);
}

#[test]
fn what_only_the_caller_can_open_is_not_opened() {
    let server = serve([answered().read_head().close(), answer_all()]);
    let without = builder(server.addr()).auto_open(false).repeat(Repeat::Any).build().unwrap();
    let server_of_stream = serve([answered().read_head().close(), answer_all()]);
    let stream = Socket::from(TcpStream::connect(server_of_stream.addr()).unwrap());
    let with_stream = HttpConnection::builder("h").stream(stream).repeat(Repeat::Any).build().unwrap();
    for (mut conn, server) in [(without, server), (with_stream, server_of_stream)] {
        conn.connect().unwrap();
        exchange(&mut conn);
        conn.request("GET", "/", (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap_err().kind(), ErrorKind::RemoteDisconnected);
        assert_eq!(server.connections(), 1);
    }
}

#[test]
fn a_tap_sees_it_happen() {
    let server = serve([answered().read_head().close(), answer_all()]);
    let (seen, events) = mpsc::channel();
    let tap = move |event: Event<'_>| {
        let told = match event {
            Event::Sent(bytes) => format!("sent {}", bytes.len()),
            Event::Closed(reason) => format!("closed: {reason:?}"),
            Event::Repeating { attempt, reason: RepeatReason::Closed(err) } => {
                format!("attempt {attempt}: {:?}", err.kind())
            }
            Event::Failed(_) | Event::Repeating { .. } => format!("{event:?}"),
            Event::Connected { .. } => "connected".to_owned(),
            _ => return,
        };
        seen.send(told).unwrap();
    };
    let mut conn = builder(server.addr()).repeat(Repeat::Idempotent).tap(tap).build().unwrap();
    exchange(&mut conn);
    conn.request("GET", "/again", (), &[]).unwrap();
    conn.get_response().unwrap();
    let sent = |path: &str| format!("sent {}", head(&server, path, "").len());
    let told: Vec<String> = events.try_iter().collect();
    assert_eq!(
        told,
        [
            "connected".to_owned(),
            sent("GET /first"),
            sent("GET /again"),
            "attempt 2: RemoteDisconnected".to_owned(),
            "closed: Some(Failed)".to_owned(),
            "connected".to_owned(),
            sent("GET /again"),
        ]
    );
}

/// A server that keeps to the protocol and gets tired all the same.
#[test]
fn an_origin_that_hangs_up_is_asked_again() {
    let origin = Origin::start().unwrap();
    let mut conn = builder(origin.addr()).repeat(Repeat::Idempotent).build().unwrap();
    for path in ["/hang-up?when=asked", "/hang-up", "/hang-up?when=asked", "/index.html", "/index.html"] {
        conn.request("GET", path, (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().status(), 200);
    }
    assert_eq!(origin.requests().len(), 5);
    assert_eq!(origin.connections(), 4);
}

#[cfg(feature = "tls")]
#[test]
fn over_tls_too() {
    use secure::{https, serve_tls};
    for ending in [
        answered().read_head().close(),
        answered().read_head().cut().wait_for_close(),
        answered().read_head().reset(),
        answered().read_head().close_notify().hold(),
    ] {
        let server = serve_tls([ending, answer_all()]);
        let mut conn = https(server.addr()).repeat(Repeat::Idempotent).build().unwrap();
        exchange(&mut conn);
        conn.request("PUT", "/", "body", &[]).unwrap();
        let mut response = conn.get_response().unwrap();
        assert!(response.was_repeated());
        assert_eq!(response.read_all().unwrap(), b"ok");
        drop(response);
        assert!(received(&server, 1).starts_with("PUT / ") && received(&server, 1).ends_with("\r\n\r\nbody"));
        assert_eq!(server.connections(), 2);
    }
    // What breaks TLS is no orderly way to close.
    let server = serve_tls([answered().read_head().fatal_alert().wait_for_close(), answer_all()]);
    let mut conn = https(server.addr()).repeat(Repeat::Any).build().unwrap();
    exchange(&mut conn);
    conn.request("GET", "/", (), &[]).unwrap();
    assert!(conn.get_response().unwrap_err().is_tls());
    assert_eq!(server.connections(), 1);
}

#[cfg(unix)]
#[test]
fn over_a_unix_socket_too() {
    use std::os::unix::net::UnixListener;

    let path = std::env::temp_dir().join(format!("straightwire-repeat-{}", std::process::id()));
    let listener = UnixListener::bind(&path).unwrap();
    let server = std::thread::spawn(move || {
        let mut seen = Vec::new();
        for answers in [1, 2] {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            for number in 0..2 {
                let mut request = [0; 1000];
                let len = stream.read(&mut request).unwrap();
                seen.push(String::from_utf8(request[..len].to_vec()).unwrap());
                if number < answers {
                    stream.write_all(OK.as_bytes()).unwrap();
                }
            }
        }
        seen
    });
    let mut conn = HttpConnection::builder("h")
        .unix_socket(&path)
        .repeat(Repeat::Idempotent)
        .timeout(PATIENCE)
        .build()
        .unwrap();
    exchange(&mut conn);
    conn.request("DELETE", "/it", (), &[]).unwrap();
    assert!(conn.get_response().unwrap().was_repeated());
    exchange(&mut conn);
    drop(conn);
    let seen = server.join().unwrap();
    assert!(seen[1] == seen[2] && seen[1].starts_with("DELETE /it "), "{seen:?}");
    std::fs::remove_file(&path).unwrap();
}

/// More than a Unix socket takes in before anybody reads: the write itself fails.
#[cfg(unix)]
#[test]
fn a_request_that_could_not_be_sent_to_its_end_is_repeated() {
    use std::os::unix::net::UnixListener;

    let path = std::env::temp_dir().join(format!("straightwire-repeat-unsent-{}", std::process::id()));
    let listener = UnixListener::bind(&path).unwrap();
    let body = vec![b'x'; 1_000_000];
    let end = body.len();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        assert!(stream.read(&mut [0; 1000]).unwrap() > 0);
        stream.write_all(OK.as_bytes()).unwrap();
        assert!(stream.read(&mut [0; 1000]).unwrap() > 0);
        drop(stream);
        let (mut stream, _) = listener.accept().unwrap();
        let head =
            "PUT / HTTP/1.1\r\nHost: h\r\nAccept-Encoding: identity\r\nContent-Length: 1000000\r\n\r\n";
        let mut seen = vec![0; head.len() + end];
        stream.read_exact(&mut seen).unwrap();
        assert!(seen.starts_with(head.as_bytes()) && seen.ends_with(b"xxxx"));
        stream.write_all(OK.as_bytes()).unwrap();
    });
    let builder = HttpConnection::builder("h").unix_socket(&path).repeat(Repeat::Idempotent);
    let mut conn = builder.timeout(PATIENCE).build().unwrap();
    exchange(&mut conn);
    conn.request("PUT", "/", &body, &[]).unwrap();
    let mut response = conn.get_response().unwrap();
    assert!(response.was_repeated());
    assert_eq!(response.read_all().unwrap(), b"ok");
    server.join().unwrap();
    std::fs::remove_file(&path).unwrap();
}

/// The builder takes it like any other setting.
#[test]
fn never_is_the_default() {
    assert_eq!(Repeat::default(), Repeat::Never);
    let _: ConnectionBuilder<HttpConnection> = HttpConnection::builder("h").repeat(Repeat::Never);
}
