//! The server that does what it is told.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use origin::{Script, Scripted, Signal};

use crate::client::{Client, NEVER};

const NONE: Duration = Duration::ZERO;

#[test]
fn steps_are_played_in_order_and_bytes_recorded() {
    let script = Script::new()
        .read_head()
        .send("one")
        .read_bytes(3)
        .send_in_pieces(b"two!", 3, NONE)
        .read_request()
        .send(vec![b'3'])
        .close();
    let server = Scripted::start(vec![script]).unwrap();
    let mut client = Client::connect(server.addr());
    let head = "anything goes\nin a head\r\n\r\n";
    client.send(head);
    assert_eq!(client.exactly(3), b"one");
    assert_eq!(server.received(0), head.as_bytes());
    // More than a step wants is there for the next one.
    let rest = "abcPUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n";
    client.send(rest);
    assert_eq!(client.rest(), b"two!3");
    server.join().unwrap();
    assert_eq!(server.received(0), format!("{head}{rest}").as_bytes());
    assert_eq!((server.connections(), server.received(1)), (1, vec![]));
}

#[test]
fn connections_get_their_scripts_and_the_last_one_repeats() {
    let server = Scripted::start(vec![Script::new().send("a"), Script::new().send("b")]).unwrap();
    let answers: Vec<_> = (0..4).map(|_| Client::connect(server.addr()).rest()).collect();
    assert_eq!(answers, [b"a", b"b", b"b", b"b"]);
    server.join().unwrap();
}

#[test]
fn after_a_last_script_for_once_connections_are_refused() {
    let server =
        Scripted::start(vec![Script::new().send("a").once(), Script::new().send("b").once()]).unwrap();
    assert_eq!(Client::connect(server.addr()).rest(), b"a");
    assert_eq!(Client::connect(server.addr()).rest(), b"b");
    server.join().unwrap();
    let begun = Instant::now();
    while TcpStream::connect(server.addr()).is_ok() {
        assert!(begun.elapsed() < NEVER, "the listener stays open");
    }
    assert_eq!(server.connections(), 2);
}

#[test]
fn a_reset_is_seen_as_one_and_a_close_is_not() {
    let scripts =
        vec![Script::new().read_head().send("x").reset(), Script::new().read_head().send("x").close()];
    let server = Scripted::start(scripts).unwrap();
    let mut client = Client::connect(server.addr());
    client.send("\r\n\r\n");
    let mut rest = Vec::new();
    let mut stream = client.stream();
    assert_eq!(stream.read_to_end(&mut rest).unwrap_err().kind(), ErrorKind::ConnectionReset);

    let mut client = Client::connect(server.addr());
    client.send("\r\n\r\nunread");
    assert_eq!(client.rest(), b"x");
    server.join().unwrap();
}

#[test]
fn half_close_ends_one_side_only() {
    let server =
        Scripted::start(vec![Script::new().send("x").half_close().read_bytes(4).wait_for_close()]).unwrap();
    let mut client = Client::connect(server.addr());
    assert_eq!(client.rest(), b"x");
    client.send("late");
    assert_eq!(server.wait_received(0, 4, NEVER), b"late");
    client.stream().shutdown(Shutdown::Write).unwrap();
    server.join().unwrap();
}

#[test]
fn hold_reads_until_the_client_closes() {
    let server = Scripted::start(vec![Script::new().hold()]).unwrap();
    let mut client = Client::connect(server.addr());
    client.send("abc");
    assert_eq!(server.wait_received(0, 3, NEVER), b"abc");
    client.send("def");
    drop(client);
    server.join().unwrap();
    assert_eq!(server.received(0), b"abcdef");
}

#[test]
fn a_script_that_stops_reading_closes_the_window() {
    let script = Script::new().read_head().stop_reading().pause(Duration::from_millis(500)).hold();
    let server = Scripted::start(vec![script]).unwrap();
    let mut client = Client::connect(server.addr());
    client.send("\r\n\r\n");
    assert_eq!(server.wait_received(0, 4, NEVER), b"\r\n\r\n");
    let mut stream = client.stream();
    stream.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    let mut sent = 0;
    let error = loop {
        match stream.write(&[0; 65_536]) {
            Ok(count) => sent += count,
            Err(error) => break error,
        }
        assert!(sent < 64 << 20, "nothing stops the client");
    };
    assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
    assert_eq!(server.received(0), b"\r\n\r\n");
}

#[test]
fn a_flood_ends_with_the_client_or_its_measure() {
    let scripts = vec![Script::new().flood("0123456789", u64::MAX), Script::new().flood("0123456789", 95)];
    let server = Scripted::start(scripts).unwrap();
    let mut client = Client::connect(server.addr());
    assert!(client.exactly(1_000_000).starts_with(b"01234567890"));
    drop(client);
    assert_eq!(Client::connect(server.addr()).rest().len(), 90);
    server.join().unwrap();
}

#[test]
fn join_tells_what_went_wrong_and_where() {
    let failure = |script: Script, wire: &str| {
        let server = Scripted::start(vec![Script::new(), script]).unwrap();
        drop(Client::connect(server.addr()));
        let mut client = Client::connect(server.addr());
        client.send(wire);
        client.stream().shutdown(Shutdown::Write).unwrap();
        let error = server.join().unwrap_err();
        assert_eq!(error.connection, 1);
        (error.step, error.message)
    };
    let told = failure(Script::new().read_head(), "GET / HTTP/1.1\r\n");
    assert_eq!(told, (0, "the client closed before the head was whole".to_owned()));
    let told = failure(Script::new().send("x").read_bytes(9), "12345678");
    assert_eq!(told, (1, "the client closed before 9 bytes were there".to_owned()));
    let told = failure(Script::new().read_request(), "");
    assert_eq!(told, (0, "the client closed before a request came".to_owned()));
    let told =
        failure(Script::new().read_request(), "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabc");
    assert_eq!(told, (0, "the connection ended 2 bytes before the end of the body".to_owned()));
    let told = failure(Script::new().read_request(), "GET / HTTP/1.1\r\n\r\n");
    assert_eq!(told, (0, "no Host field".to_owned()));
}

#[test]
fn sending_to_a_client_that_left_is_an_error() {
    let script = Script::new().read_head().send_in_pieces(vec![b'x'; 10_000], 1, Duration::from_millis(2));
    let server = Scripted::start(vec![script]).unwrap();
    let mut client = Client::connect(server.addr());
    client.send("\r\n\r\n");
    client.exactly(1);
    drop(client);
    let error = server.join().unwrap_err();
    assert!(error.message.starts_with("the client closed before all was sent"), "{error}");
}

#[test]
fn no_script_is_an_error() {
    assert_eq!(Scripted::start(vec![]).err().map(|error| error.kind()), Some(ErrorKind::InvalidInput));
}

#[test]
fn dropping_ends_every_step() {
    let minute = Duration::from_secs(60);
    let scripts = vec![
        Script::new().read_head(),
        Script::new().pause(minute),
        Script::new().wait_for(&Signal::new()),
        Script::new().stop_reading().hold(),
        Script::new().hold(),
        Script::new().flood("x".repeat(1000), u64::MAX),
        Script::new().send_in_pieces("abc", 1, minute),
    ];
    let count = scripts.len();
    let server = Scripted::start(scripts).unwrap();
    let clients: Vec<_> = (0..count).map(|_| Client::connect(server.addr())).collect();
    while server.connections() < count {
        thread::yield_now();
    }
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || {
        drop(server);
        done.send(()).unwrap();
    });
    is_done.recv_timeout(NEVER).expect("the drop hangs");
    drop(clients);
}
