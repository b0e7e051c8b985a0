//! Where the time went: a pause is in the phase that it was made in, all of it. And how the phases are told to
//! taps.

#![cfg(feature = "tls")]

mod support;

#[path = "support/secure.rs"]
mod secure;

use std::io::{self, Read};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use origin::{Script, Signal};
use secure::{https, serve_tls};
use straightwire::transport::{Socket, Target, Transport};
use straightwire::{Body, ConnectionBuilder, Event, HttpConnection, Phase, Socks5, Tap, Timings};
use support::refusing::refusing;
use support::*;

const PAUSE: Duration = Duration::from_millis(60);

/// What a connection timed of an exchange that works.
fn timed<C: From<HttpConnection> + Into<HttpConnection>>(builder: ConnectionBuilder<C>) -> Timings {
    let mut conn: HttpConnection = builder.timings(true).build().unwrap().into();
    exchange(&mut conn)
}

#[track_caller]
fn exchange(conn: &mut HttpConnection) -> Timings {
    conn.request("GET", "/", (), &[]).unwrap();
    let mut response = conn.get_response().unwrap();
    assert_eq!(response.read_all().unwrap(), b"ok");
    let timings = response.timings().unwrap();
    drop(response);
    assert_eq!(conn.timings(), Some(timings), "it is over: no time goes by");
    timings
}

/// These are the phases that there were.
#[track_caller]
fn check(timings: &Timings, phases: &str) {
    let names: Vec<&str> = timings.phases().map(|(name, _)| name).collect();
    assert_eq!(names.join(" "), phases);
}

/// All of the pause was in this one of them: whoever paused began when the phase had begun.
#[track_caller]
fn check_slow(timings: &Timings, phases: &str, slow: Option<Duration>) {
    check(timings, phases);
    assert!(slow.unwrap() >= PAUSE && timings.total() >= PAUSE, "{timings:?}");
}

/// Gives the signal when this happens, of which the stopwatch has been told before.
fn when(signal: &Signal, happens: impl Fn(Event<'_>) -> bool + Send + 'static) -> impl Tap + 'static {
    let signal = signal.clone();
    move |event: Event<'_>| {
        if happens(event) {
            signal.give();
        }
    }
}

/// Gives the signal when this phase has begun.
fn in_phase(signal: &Signal, phase: Phase) -> impl Tap + 'static {
    when(signal, move |event| matches!(event, Event::Phase(begun) if begun == phase))
}

#[test]
fn looking_up() {
    let server = serve([answer(OK)]);
    let addr = server.addr();
    let resolver = move |_: &str, _: u16| {
        thread::sleep(PAUSE);
        Ok(vec![addr])
    };
    let timings = timed(HttpConnection::builder("slow.test").resolver(resolver));
    check_slow(&timings, "resolve connect send wait receive", timings.resolve);
    assert_eq!((timings.peer, timings.tried), (Some(addr), 1));
}

#[test]
fn connecting() {
    let server = serve([answer(OK)]);
    let addr = server.addr();
    let connect = move |_: &Target<'_>| {
        thread::sleep(PAUSE);
        Ok(Box::new(Socket::from(TcpStream::connect(addr)?)) as Box<dyn Transport>)
    };
    let timings = timed(HttpConnection::builder("far.test").connect_with(connect));
    check_slow(&timings, "connect send wait receive", timings.connect);
}

/// An address that refuses, then one that doesn't.
#[test]
fn addresses_that_are_tried_in_vain() {
    let server = serve([answer(OK)]);
    let refusing: IpAddr = [127, 0, 0, 9].into();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let notes = seen.clone();
    let port = server.addr().port();
    let builder = HttpConnection::builder("two.test")
        .port(port)
        .resolve_to("two.test", port, &[refusing, server.addr().ip()])
        .tap(move |event: Event<'_>| match event {
            Event::Resolved(all) => notes.lock().unwrap().push(format!("resolved {all:?}")),
            Event::Trying(address) => notes.lock().unwrap().push(format!("trying {address}")),
            Event::Unreachable(address, err) => {
                notes.lock().unwrap().push(format!("unreachable {address} {:?}", err.kind()));
            }
            _ => {}
        });
    let timings = timed(builder);
    assert_eq!((timings.peer, timings.tried, timings.resolve), (Some(server.addr()), 2, None));
    let refusing = SocketAddr::new(refusing, port);
    let expected = [
        format!("resolved [{refusing}, {}]", server.addr()),
        format!("trying {refusing}"),
        format!("unreachable {refusing} ConnectionRefused"),
        format!("trying {}", server.addr()),
    ];
    assert_eq!(*seen.lock().unwrap(), expected);
}

#[test]
fn a_tunnel() {
    let granted = "HTTP/1.1 200 OK\r\n\r\n";
    let asking = Signal::new();
    let script = Script::new().read_head().wait_for(&asking).pause(PAUSE).send(granted);
    let server = serve([script.read_request().send(OK)]);
    let builder = builder(server.addr()).tunnel("far.test", None, &[]);
    let timings = timed(builder.tap(in_phase(&asking, Phase::Proxy)));
    check_slow(&timings, "connect proxy send wait receive", timings.proxy);
    let all = server.received(0);
    let request = all.windows(4).position(|here| here == b"GET ").unwrap();
    assert_eq!(timings.sent, (all.len() - request) as u64, "the request alone");
    assert_eq!(timings.received, OK.len() as u64);
}

#[test]
fn socks() {
    let granted = [5, 0, 0, 1, 127, 0, 0, 1, 0, 9];
    let asking = Signal::new();
    let script = Script::new().read_bytes(3).send([5, 0]).read_bytes(15);
    let script = script.wait_for(&asking).pause(PAUSE).send(granted);
    let server = serve([script.read_request().send(OK)]);
    let proxy = Socks5::new(&server.addr().to_string()).unwrap();
    let builder = HttpConnection::builder("far.test").socks5(proxy);
    let timings = timed(builder.tap(in_phase(&asking, Phase::Proxy)));
    check_slow(&timings, "connect proxy send wait receive", timings.proxy);
}

#[test]
fn tls() {
    let agreeing = Signal::new();
    let script = Script::new().in_clear().wait_for(&agreeing).pause(PAUSE);
    let server = serve_tls([script.handshake().read_request().send(OK)]);
    let timings = timed(https(server.addr()).tap(in_phase(&agreeing, Phase::Tls)));
    check_slow(&timings, "connect tls send wait receive", timings.tls);
    assert_eq!(timings.sent, server.received(0).len() as u64);
    assert_eq!(timings.received, OK.len() as u64);
}

/// A body that its owner is slow to give.
struct Slow(usize);

impl Read for Slow {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        thread::sleep(PAUSE);
        self.0 -= 1;
        buf[0] = b'x';
        Ok(self.0.min(1))
    }
}

#[test]
fn sending() {
    let server = serve([answer(OK).hold()]);
    let mut conn = builder(server.addr()).timings(true).build().unwrap();
    conn.request("PUT", "/", Body::reader(Slow(3)), &[]).unwrap();
    conn.get_response().unwrap().read_all().unwrap();
    let timings = conn.timings().unwrap();
    check_slow(&timings, "connect send wait receive", timings.send);
    assert!(timings.send.unwrap() >= 3 * PAUSE);
    assert_eq!(timings.sent, server.received(0).len() as u64);
}

/// With a body that is the caller's own to encode, only asking for the response tells that it is over.
#[test]
fn sending_step_by_step() {
    let server = serve([answer(OK)]);
    let mut conn = builder(server.addr()).timings(true).build().unwrap();
    conn.put_request("PUT", "/").unwrap();
    conn.put_header("Transfer-Encoding", "chunked").unwrap();
    conn.end_headers_with((), false).unwrap();
    conn.send("1\r\nx\r\n").unwrap();
    thread::sleep(PAUSE);
    conn.send("0\r\n\r\n").unwrap();
    conn.get_response().unwrap().read_all().unwrap();
    let timings = conn.timings().unwrap();
    check_slow(&timings, "connect send wait receive", timings.send);
}

#[test]
fn waiting() {
    let waiting = Signal::new();
    let server = serve([Script::new().read_request().wait_for(&waiting).pause(PAUSE).send(OK)]);
    let timings = timed(builder(server.addr()).tap(in_phase(&waiting, Phase::Head)));
    check_slow(&timings, "connect send wait receive", timings.wait);
}

/// The request is out, whatever its body was: what the caller does before the response is asked for is no
/// part of sending.
#[test]
fn waiting_begins_with_the_last_byte_of_the_request() {
    for body in [Body::from(()), Body::from("abc"), Body::chunks(["a", "b"]), Body::reader(&b"abc"[..])] {
        let server = serve([answer(OK)]);
        let mut conn = builder(server.addr()).timings(true).build().unwrap();
        conn.request("PUT", "/", body, &[]).unwrap();
        thread::sleep(PAUSE);
        conn.get_response().unwrap().read_all().unwrap();
        let timings = conn.timings().unwrap();
        check_slow(&timings, "connect send wait receive", timings.wait);
    }
}

/// An interim response is not what was waited for.
#[test]
fn waiting_after_an_interim_response() {
    let hints = "HTTP/1.1 103 Early Hints\r\n\r\n";
    let hinted = Signal::new();
    let server = serve([answer(hints).wait_for(&hinted).pause(PAUSE).send(OK)]);
    let tap = when(&hinted, |event| matches!(event, Event::Interim(_)));
    let timings = timed(builder(server.addr()).tap(tap));
    check_slow(&timings, "connect send wait receive", timings.wait);
    assert_eq!(timings.received, (hints.len() + OK.len()) as u64);
}

#[test]
fn receiving_however_the_body_ends() {
    for (head, end) in [
        ("Content-Length: 2\r\n\r\n", "ok"),
        ("Transfer-Encoding: chunked\r\n\r\n2\r\n", "ok\r\n0\r\n\r\n"),
        ("\r\n", "ok"),
    ] {
        let head = format!("HTTP/1.1 200 OK\r\n{head}");
        let receiving = Signal::new();
        let server = serve([answer(&*head).wait_for(&receiving).pause(PAUSE).send(end)]);
        let timings = timed(builder(server.addr()).tap(in_phase(&receiving, Phase::Body)));
        check_slow(&timings, "connect send wait receive", timings.receive);
        assert_eq!(timings.received, (head.len() + end.len()) as u64);
    }
}

#[test]
fn a_kept_connection_has_no_way_to_go() {
    let empty = "HTTP/1.1 204 No Content\r\n\r\n";
    let server = serve([answer_all().send(empty).read_request().send(OK)]);
    let mut conn = builder(server.addr()).timings(true).build().unwrap();
    check(&exchange(&mut conn), "connect send wait receive");
    for _ in 0..3 {
        let timings = exchange(&mut conn);
        check(&timings, "send wait receive");
        assert_eq!((timings.peer, timings.tried), (None, 0));
        assert_eq!(timings.received, OK.len() as u64);
    }
    assert_eq!(server.connections(), 1);
}

#[test]
fn one_that_was_dropped_is_opened_for_the_next_request() {
    let server = serve([answer(OK).close(), answer_all()]);
    let mut conn = builder(server.addr()).timings(true).build().unwrap();
    exchange(&mut conn);
    wait_for_arrival(&conn);
    check(&exchange(&mut conn), "connect send wait receive");
    check(&exchange(&mut conn), "send wait receive");
}

/// Before the request, or in the midst of it.
#[test]
fn a_connection_is_opened_for_the_request_that_follows() {
    let server = serve([answer_all()]);
    let mut conn = builder(server.addr()).timings(true).build().unwrap();
    for _ in 0..2 {
        conn.connect().unwrap();
        let opened = conn.timings().unwrap();
        check(&opened, "connect");
        thread::sleep(Duration::from_millis(1));
        assert_eq!(conn.timings(), Some(opened), "open, and nothing asked: no time goes by");
        let timings = exchange(&mut conn);
        check(&timings, "connect send wait receive");
        assert_eq!((timings.connect, timings.tried), (opened.connect, 1));
    }
    conn.put_request("GET", "/").unwrap();
    conn.connect().unwrap();
    conn.end_headers().unwrap();
    conn.get_response().unwrap().read_all().unwrap();
    check(&conn.timings().unwrap(), "connect send wait receive");
    check(&exchange(&mut conn), "send wait receive");
}

#[test]
fn errors_leave_the_timings_of_what_was_done() {
    let (waiting, receiving) = (Signal::new(), Signal::new());
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
    let server = serve([
        Script::new().read_request().wait_for(&waiting).pause(PAUSE).close(),
        answer(head).wait_for(&receiving).pause(PAUSE).close(),
        answer_all(),
    ]);
    let taps = (in_phase(&waiting, Phase::Head), in_phase(&receiving, Phase::Body));
    let mut conn = builder(server.addr()).timings(true).tap(taps.0).tap(taps.1).build().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    conn.get_response().unwrap_err();
    let timings = conn.timings().unwrap();
    check_slow(&timings, "connect send wait", timings.wait);
    assert_eq!(conn.timings(), Some(timings));

    conn.request("GET", "/", (), &[]).unwrap();
    conn.get_response().unwrap().read_all().unwrap_err();
    let timings = conn.timings().unwrap();
    check_slow(&timings, "connect send wait receive", timings.receive);
    assert_eq!(conn.timings(), Some(timings));
    check(&exchange(&mut conn), "connect send wait receive");

    let mut conn = builder(refusing()).timings(true).build().unwrap();
    conn.request("GET", "/", (), &[]).unwrap_err();
    let timings = conn.timings().unwrap();
    check(&timings, "connect");
    assert_eq!((timings.tried, timings.peer, timings.sent), (1, None, 0));
    assert_eq!(conn.timings(), Some(timings));
}

#[test]
fn a_response_that_is_dropped_ends_there() {
    let server = serve([answer("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf").hold()]);
    let mut conn = builder(server.addr()).timings(true).build().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    drop(conn.get_response().unwrap());
    let timings = conn.timings().unwrap();
    thread::sleep(Duration::from_millis(1));
    assert_eq!(conn.timings(), Some(timings));
}

#[test]
fn nothing_is_timed_unless_asked_for_or_before_there_is_anything() {
    let server = serve([answer_all()]);
    let mut conn = client(&server);
    conn.request("GET", "/", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().timings(), None);
    assert_eq!(conn.timings(), None);
    let mut conn = builder(server.addr()).timings(true).build().unwrap();
    assert_eq!(conn.timings(), None);
    conn.request("GET", "/ ", (), &[]).unwrap_err();
    assert_eq!(conn.timings(), None);
}

#[test]
fn timings_are_a_line_for_people() {
    let server = serve([answer(OK)]);
    let timings = timed(builder(server.addr()));
    let line = timings.to_string();
    let millis = |time: Option<Duration>| format!("{:.3} ms", time.unwrap().as_secs_f64() * 1e3);
    let expected = format!(
        "connect {}, send {}, wait {}, receive {}, total {}, sent {} bytes, received 40 bytes",
        millis(timings.connect),
        millis(timings.send),
        millis(timings.wait),
        millis(timings.receive),
        millis(Some(timings.total())),
        server.received(0).len(),
    );
    assert_eq!(line, expected);
}

/// A server, and the phases and ends that a tap is told of, each as a word.
fn phases<C: From<HttpConnection> + Into<HttpConnection>>(builder: ConnectionBuilder<C>) -> String {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let notes = seen.clone();
    let watch = move |event: Event<'_>| {
        let word = match event {
            Event::Request(head) => head.method().to_owned(),
            Event::Phase(phase) => format!("{phase:?}"),
            Event::Opened => "opened".to_owned(),
            Event::Done => "done".to_owned(),
            Event::Failed(err) => format!("failed {:?}", err.kind()),
            Event::Closed(_) => "closed".to_owned(),
            _ => return,
        };
        notes.lock().unwrap().push(word);
    };
    let mut conn: HttpConnection = builder.tap(watch).build().unwrap().into();
    let _ = conn
        .request("PUT", "/", Body::chunks(["a", "b"]), &[])
        .and_then(|()| conn.get_response().and_then(|mut response| response.read_all()));
    conn.close();
    drop(conn);
    Arc::into_inner(seen).unwrap().into_inner().unwrap().join(" ")
}

#[test]
fn taps_are_told_of_each_phase_once() {
    let server = serve([answer(OK)]);
    assert_eq!(phases(builder(server.addr())), "PUT Connect opened Send Head Body done closed");
    let server = serve([answer("HTTP/1.1 204 No Content\r\n\r\n")]);
    assert_eq!(phases(builder(server.addr())), "PUT Connect opened Send Head done closed");
    let server = serve([answer("what?\r\n")]);
    assert_eq!(phases(builder(server.addr())), "PUT Connect opened Send Head failed BadStatusLine closed");
    let server = serve([Script::new().read_head().send("HTTP/1.1 403 No\r\n\r\n")]);
    assert_eq!(
        phases(builder(server.addr()).tunnel("far.test", None, &[])),
        "PUT Connect Proxy failed TunnelFailed"
    );
    let nobody = |_: &str, _: u16| Err(io::Error::other("nobody"));
    assert_eq!(phases(HttpConnection::builder("far.test").resolver(nobody)), "PUT Resolve failed Io");
}

#[test]
fn taps_are_told_in_the_order_in_which_they_were_given() {
    let server = serve([answer(OK)]);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let watch = |name: char| {
        let notes = seen.clone();
        move |event: Event<'_>| {
            let what = format!("{event:?}").split(['(', ' ']).next().unwrap().to_owned();
            notes.lock().unwrap().push((name, what));
        }
    };
    let builder = builder(server.addr()).tap(watch('a')).tap(watch('b')).timings(true);
    let mut conn = builder.tap(watch('c')).build().unwrap();
    exchange(&mut conn);
    let seen = seen.lock().unwrap();
    assert!(seen.len() > 20);
    for told in seen.chunks(3) {
        assert_eq!(told.iter().map(|(name, _)| *name).collect::<String>(), "abc");
        assert!(told.iter().all(|(_, what)| *what == told[0].1), "{told:?}");
    }
}

#[test]
fn a_tap_can_read_the_request() {
    let server = serve([answer(OK)]);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let notes = seen.clone();
    let watch = move |event: Event<'_>| {
        if let Event::Request(head) = event {
            let headers: Vec<String> =
                head.headers().map(|(name, value)| format!("{name}={}", value.escape_ascii())).collect();
            let to = format!("{}:{}", head.host(), head.port());
            let mut notes = notes.lock().unwrap();
            notes.push(format!("{to} {} {} {}", head.method(), head.target(), headers.join(" ")));
            notes.push(head.as_bytes().escape_ascii().to_string());
        }
    };
    let mut conn = builder(server.addr()).tap(watch).build().unwrap();
    conn.request("PUT", "/a?b=c:d", "x", &[("A", "b: \u{e9}"), ("E", "")]).unwrap();
    conn.get_response().unwrap().read_all().unwrap();
    let to = server.addr();
    let sent = server.received(0);
    let expected = [
        format!("{to} PUT /a?b=c:d Host={to} Accept-Encoding=identity Content-Length=1 A=b: \\xe9 E="),
        sent.strip_suffix(b"x").unwrap().escape_ascii().to_string(),
    ];
    assert_eq!(*seen.lock().unwrap(), expected);
}
