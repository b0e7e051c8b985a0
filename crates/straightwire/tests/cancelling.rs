//! A canceller ends whatever a connection waits for, from another thread.

#![cfg(feature = "tls")]

mod support;

#[path = "support/black_hole.rs"]
mod black_hole;
#[path = "support/caller.rs"]
mod caller;
#[path = "support/secure.rs"]
mod secure;

use std::io::Read;
use std::net::{SocketAddr, TcpListener};
use std::sync::Mutex;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use black_hole::BlackHole;
use caller::Caller;
use origin::{Script, Scripted};
use secure::{https, origin_tls, serve_tls};
use straightwire::{Canceller, ConnectionBuilder, Error, ErrorKind, Event, HttpConnection, Phase, Socks5};
use support::ways::WAYS;
use support::*;

/// Without a timeout: nothing else could end what is cancelled.
fn patient(addr: SocketAddr, stop: &Canceller) -> ConnectionBuilder<HttpConnection> {
    builder(addr).timeout(None).canceller(stop)
}

/// Cancels when `ready` has returned and the call waits; what it ends with.
#[track_caller]
fn cancelled<T>(
    stop: &Canceller,
    phase: Phase,
    ready: impl FnOnce() + Send,
    call: impl FnOnce() -> Result<T, Error>,
) -> Error {
    let caller = Caller::this_thread();
    let waits = || {
        ready();
        caller.wait_asleep();
    };
    cancelled_once(waits, stop, phase, call)
}

/// Cancels when `ready` has returned; what the call ends with.
#[track_caller]
fn cancelled_once<T>(
    ready: impl FnOnce() + Send,
    stop: &Canceller,
    phase: Phase,
    call: impl FnOnce() -> Result<T, Error>,
) -> Error {
    let begun = Instant::now();
    let outcome = thread::scope(|scope| {
        scope.spawn(|| {
            ready();
            stop.cancel();
        });
        call()
    });
    assert!(begun.elapsed() < PATIENCE);
    let Err(err) = outcome else { panic!("it was not ended") };
    assert_eq!((err.kind(), err.phase()), (ErrorKind::Cancelled, Some(phase)), "{err}");
    assert!(err.is_io() && !err.is_peer() && !err.is_caller() && !err.is_timeout());
    err
}

/// The server's connection `number` has this many bytes.
fn heard(server: &Scripted, number: usize, count: usize) {
    assert!(server.wait_received(number, count, PATIENCE).len() >= count);
}

#[test]
fn while_a_name_is_resolved() {
    let (asked, questions) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let (asked, released) = (Mutex::new(asked), Mutex::new(released));
    let stop = Canceller::new();
    let mut conn = HttpConnection::builder("slow.test")
        .resolver(move |_: &str, _: u16| {
            asked.lock().unwrap().send(()).unwrap();
            let _ = released.lock().unwrap().recv();
            Ok(Vec::new())
        })
        .canceller(&stop)
        .build()
        .unwrap();
    cancelled(&stop, Phase::Resolve, move || questions.recv_timeout(PATIENCE).unwrap(), || conn.connect());
    assert!(!conn.is_connected());
    drop(release);
}

#[test]
fn while_connecting() {
    let holes = BlackHole::several(2);
    for timeout in [None, Some(PATIENCE * 10)] {
        for addresses in [vec![holes[0].addr()], holes.iter().map(BlackHole::addr).collect()] {
            let stop = Canceller::new();
            let (tell, trying) = mpsc::channel();
            let mut conn = HttpConnection::builder("silent.test")
                .resolver(move |_: &str, _: u16| Ok(addresses.clone()))
                .tap(move |event: Event<'_>| {
                    if let Event::Trying(_) = event {
                        // The first one is waited for.
                        let _ = tell.send(());
                    }
                })
                .timeout(timeout)
                .canceller(&stop)
                .build()
                .unwrap();
            let ready = move || trying.recv_timeout(PATIENCE).unwrap();
            cancelled(&stop, Phase::Connect, ready, || conn.request("GET", "/", (), &[]));
            assert!(!conn.is_connected());
        }
    }
}

#[test]
fn while_shaking_hands() {
    let server = serve([Script::new().hold()]);
    let stop = Canceller::new();
    let mut conn = https(server.addr()).timeout(None).canceller(&stop).build().unwrap();
    cancelled(&stop, Phase::Tls, || heard(&server, 0, 1), || conn.connect());
    assert!(!conn.is_connected() && conn.tls_session().is_none());
}

#[test]
fn while_a_proxy_is_silent() {
    let server = serve([Script::new().hold()]);
    let stop = Canceller::new();
    let mut conn = patient(server.addr(), &stop).tunnel("far.test", 80, &[]).build().unwrap();
    cancelled(&stop, Phase::Proxy, || heard(&server, 0, 1), || conn.connect());
    assert!(!conn.is_connected() && conn.proxy_response().is_none());

    let proxy = Socks5::new(&server.addr().to_string()).unwrap();
    let stop = Canceller::new();
    let mut conn = HttpConnection::builder("far.test").socks5(proxy).canceller(&stop).build().unwrap();
    cancelled(&stop, Phase::Proxy, || heard(&server, 1, 1), || conn.connect());
}

#[test]
fn while_waiting_for_the_head() {
    for sent in ["", "HTTP/1.1 200 OK\r\nA: b\r\n"] {
        let server = serve([answer(sent).hold()]);
        let stop = Canceller::new();
        let mut conn = patient(server.addr(), &stop).build().unwrap();
        conn.request("GET", "/", (), &[]).unwrap();
        wait_for_bytes(&conn, sent.len());
        let err = cancelled(&stop, Phase::Head, || {}, || conn.get_response());
        assert_eq!(err.partial(), sent.as_bytes());
        assert!(!conn.is_connected());
    }
}

/// However the body is framed and read: what was cancelled has not come to its end.
#[test]
fn while_reading_the_body() {
    for head in
        ["Content-Length: 9\r\n\r\nhalf", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", "\r\nhalf"]
    {
        let wire = format!("HTTP/1.1 200 OK\r\n{head}");
        let server = serve([answer(&*wire).hold()]);
        for (way, _, read) in WAYS {
            let stop = Canceller::new();
            let mut conn = patient(server.addr(), &stop).build().unwrap();
            conn.request("GET", "/", (), &[]).unwrap();
            wait_for_bytes(&conn, wire.len());
            let mut response = conn.get_response().unwrap();
            let mut got = Vec::new();
            let err = cancelled(&stop, Phase::Body, || {}, || read(&mut response, &mut got));
            got.extend_from_slice(err.partial());
            assert_eq!(got.escape_ascii().to_string(), "half", "{way}, {head:?}");
            assert!(response.read_all().is_err(), "{way}");
            drop(response);
            assert!(!conn.is_connected());
        }
    }
}

#[test]
fn while_reading_a_large_body_until_the_end() {
    let endless = Script::new().read_request().send("HTTP/1.1 200 OK\r\n\r\n").flood([b'x'; 4096], 1 << 40);
    let server = serve([endless]);
    let stop = Canceller::new();
    let mut conn = patient(server.addr(), &stop).build().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    let mut response = conn.get_response().unwrap();
    let (tell, reading) = mpsc::channel();
    let ready = move || reading.recv_timeout(PATIENCE).unwrap();
    let err = cancelled_once(ready, &stop, Phase::Body, || {
        response.read_exact(&mut [0; 4096]).map_err(ways::own)?;
        tell.send(()).unwrap();
        std::io::copy(&mut response, &mut std::io::sink()).map_err(ways::own)
    });
    assert!(err.partial().iter().all(|&byte| byte == b'x'));
}

#[test]
fn while_reading_inside_tls() {
    for head in
        ["Content-Length: 9\r\n\r\nhalf", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", "\r\nhalf"]
    {
        let server = serve_tls([answer(format!("HTTP/1.1 200 OK\r\n{head}")).hold()]);
        let stop = Canceller::new();
        let mut conn = https(server.addr()).timeout(None).canceller(&stop).build().unwrap();
        conn.request("GET", "/", (), &[]).unwrap();
        let mut response = conn.get_response().unwrap();
        let err = cancelled(&stop, Phase::Body, || {}, || response.read_all());
        assert_eq!(err.partial(), b"half");
    }
}

#[test]
fn while_sending_to_a_server_that_does_not_read() {
    let server = serve([Script::new().stop_reading().hold()]);
    let stop = Canceller::new();
    let mut conn = patient(server.addr(), &stop).build().unwrap();
    conn.connect().unwrap();
    cancelled(&stop, Phase::Send, || {}, || conn.request("PUT", "/", vec![0; 30_000_000], &[]));
    assert!(!conn.is_connected());
    assert_eq!(conn.get_response().unwrap_err().kind(), ErrorKind::ResponseNotReady);

    let server = serve_tls([Script::new().stop_reading().hold()]);
    let stop = Canceller::new();
    let mut conn = https(server.addr()).timeout(None).canceller(&stop).build().unwrap();
    conn.connect().unwrap();
    cancelled(&stop, Phase::Send, || {}, || conn.request("PUT", "/", vec![0; 30_000_000], &[]));
    assert!(!conn.is_connected());
}

#[test]
fn before_anything_has_begun() {
    let server = serve([answer_all()]);
    let stop = Canceller::new();
    stop.cancel();
    assert!(stop.is_cancelled() && stop.clone().is_cancelled());
    let mut conn = patient(server.addr(), &stop).build().unwrap();
    for _ in 0..2 {
        assert_eq!(conn.connect().unwrap_err().kind(), ErrorKind::Cancelled);
        assert_eq!(conn.request("GET", "/", (), &[]).unwrap_err().kind(), ErrorKind::Cancelled);
    }
    assert_eq!(server.connections(), 0);
    conn.set_canceller(Some(&Canceller::new()));
    assert_clean(&server, &mut conn, 0);
}

/// Later calls end like the one under way, until there is another canceller.
#[test]
fn it_holds_until_there_is_another() {
    let server = serve([answer_all(), answer_all()]);
    let stop = Canceller::new();
    let mut conn = patient(server.addr(), &stop).build().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    conn.get_response().unwrap().read_all().unwrap();
    stop.cancel();
    for _ in 0..3 {
        assert_eq!(conn.request("GET", "/", (), &[]).unwrap_err().kind(), ErrorKind::Cancelled);
        assert_eq!(conn.connect().unwrap_err().kind(), ErrorKind::Cancelled);
    }
    conn.set_canceller(Some(&Canceller::new()));
    assert_clean(&server, &mut conn, 1);

    stop.cancel();
    assert_clean_again(&server, &mut conn);
    conn.set_canceller(None);
    assert_clean_again(&server, &mut conn);
}

/// As `assert_clean`, on the connection that is open.
#[track_caller]
fn assert_clean_again(server: &Scripted, conn: &mut HttpConnection) {
    let before = server.connections();
    conn.request("GET", "/clean", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    assert_eq!(server.connections(), before);
}

/// An answer that is there already is one to a call that came too late.
#[test]
fn what_is_called_after_it_is_refused_though_the_answer_is_there() {
    let server = serve([answer(OK).hold()]);
    let stop = Canceller::new();
    let mut conn = patient(server.addr(), &stop).build().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    wait_for_bytes(&conn, OK.len());
    stop.cancel();
    let err = conn.get_response().unwrap_err();
    assert_eq!((err.kind(), err.phase()), (ErrorKind::Cancelled, Some(Phase::Head)), "{err}");
    assert!(!conn.is_connected());
}

/// Whoever was taken off is not reached any more, with a request under way or without.
#[test]
fn a_canceller_that_was_replaced_has_no_say() {
    let slow = Script::new().read_request().pause(SHORT * 2).send(OK).read_request().send(OK);
    for replacement in [None, Some(Canceller::new())] {
        let server = serve([slow.clone()]);
        let old = Canceller::new();
        let mut conn = patient(server.addr(), &old).build().unwrap();
        conn.request("GET", "/", (), &[]).unwrap();
        conn.set_canceller(replacement.as_ref());
        old.cancel();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
        assert_clean_again(&server, &mut conn);
    }
}

#[test]
fn a_canceller_can_be_given_to_an_open_connection() {
    let server = serve([answer_all().hold()]);
    let mut conn = builder(server.addr()).timeout(None).build().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    conn.get_response().unwrap().read_all().unwrap();
    let stop = Canceller::new();
    conn.set_canceller(Some(&stop));
    let silent = serve([Script::new().read_request().hold()]);
    conn.request("GET", "/", (), &[]).unwrap();
    conn.get_response().unwrap().read_all().unwrap();

    let mut conn = builder(silent.addr()).timeout(None).build().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    conn.set_canceller(Some(&stop));
    cancelled(&stop, Phase::Head, || {}, || conn.get_response());
}

#[test]
fn one_canceller_stops_all_that_hold_it() {
    let server = serve([Script::new().read_request().hold()]);
    let stop = Canceller::new();
    let waiting: Vec<_> = (0..8)
        .map(|_| {
            let mut conn = patient(server.addr(), &stop).build().unwrap();
            thread::spawn(move || {
                conn.request("GET", "/", (), &[])?;
                conn.get_response().map(drop)
            })
        })
        .collect();
    for number in 0..8 {
        heard(&server, number, 1);
    }
    let mut unrelated = client(&server);
    unrelated.connect().unwrap();
    stop.cancel();
    for thread in waiting {
        assert_eq!(thread.join().unwrap().unwrap_err().kind(), ErrorKind::Cancelled);
    }
    unrelated.request("GET", "/", (), &[]).unwrap();
    heard(&server, 8, 1);
}

/// A hundred times at any moment: the call ends with an answer or cancelled, nothing else, and at once.
#[test]
fn at_any_moment() {
    let server = serve([answer(OK).read_request().send("HTTP/1.1 200 OK\r\n\r\nendless").hold()]);
    for round in 0..100 {
        let stop = Canceller::new();
        let mut conn = patient(server.addr(), &stop).build().unwrap();
        let later = stop.clone();
        let thread = thread::spawn(move || {
            thread::sleep(Duration::from_micros(round * 20));
            later.cancel();
        });
        let outcome = (|| {
            conn.request("GET", "/", (), &[])?;
            conn.get_response()?.read_all()?;
            conn.request("GET", "/", (), &[])?;
            conn.get_response()?.read_all()
        })();
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Cancelled);
        thread.join().unwrap();
    }
}

#[test]
fn a_canceller_that_is_not_used_changes_nothing() {
    let origin = origin_tls();
    let stop = Canceller::new();
    let mut conn = https(origin.addr()).canceller(&stop).build().unwrap();
    for _ in 0..3 {
        conn.request("GET", "/bytes/100000", (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap().len(), 100_000);
    }
    drop(conn);
    stop.cancel();
}

/// The socket is closed, not only unused.
#[test]
fn the_server_sees_the_end() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let stop = Canceller::new();
    let mut conn = patient(listener.local_addr().unwrap(), &stop).build().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    cancelled(&stop, Phase::Head, || {}, || conn.get_response());
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    assert!(stream.read_to_end(&mut Vec::new()).is_ok());
}
