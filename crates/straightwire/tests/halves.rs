//! A stream after a change of protocol: half of it ended, and its halves used by two threads.

#![cfg(all(feature = "tls", unix))]

mod support;

#[path = "support/secure.rs"]
mod secure;

use std::io::{self, Cursor, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Instant;

use origin::{Origin, Proxy, Signal, pattern};
use secure::{NAME, https, origin_tls, serve_tls, tls};
use straightwire::transport::{Socket, Transport, Wrapped};
use straightwire::{Canceller, Error, ErrorKind, HttpConnection, Upgraded};
use support::*;

const SWITCHED: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";
const UPGRADE: [(&str, &str); 2] = [("Connection", "Upgrade"), ("Upgrade", "echo")];

fn upgraded(conn: &mut HttpConnection, target: &str) -> Upgraded {
    conn.request("GET", target, (), &UPGRADE).unwrap();
    conn.get_response().unwrap().into_upgraded().unwrap()
}

fn rest_of(stream: &mut impl Read) -> String {
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    rest.escape_ascii().to_string()
}

fn is_timeout(err: &io::Error) -> bool {
    matches!(err.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// Writes more than all buffers hold, with nobody else reading what comes back, and reads that in another
/// thread. One thread would be stuck.
fn check_both_ways(stream: Upgraded, ahead: &str) {
    let (mut reader, mut writer) = stream.split().unwrap();
    let sent = pattern::bytes(8_000_000);
    let mut back = Vec::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            for piece in sent.chunks(70_000) {
                writer.write_all(piece).unwrap();
            }
            writer.shutdown().unwrap();
            assert_eq!(writer.write(b"more").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        });
        reader.read_to_end(&mut back).unwrap();
    });
    assert!(back == [ahead.as_bytes(), &sent].concat(), "{} bytes", back.len());
}

#[test]
fn two_threads_read_and_write_at_the_same_time() {
    let (plain, secure) = (Origin::start().unwrap(), origin_tls());
    let proxy = Proxy::https(&secure::setup()).name(NAME, [127, 0, 0, 1]).start().unwrap();
    let through = https(proxy.addr()).tls_to_proxy(tls()).tunnel(NAME, secure.port(), &[]);
    for mut conn in [
        builder(plain.addr()).build().unwrap(),
        https(secure.addr()).build().unwrap().into(),
        through.build().unwrap().into(),
    ] {
        check_both_ways(upgraded(&mut conn, "/upgrade?ahead=first"), "first");
    }
}

#[test]
fn over_a_unix_socket_too() {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let server = thread::spawn(move || {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            theirs.read_exact(&mut byte).unwrap();
            head.extend(byte);
        }
        theirs.write_all(format!("{SWITCHED}first").as_bytes()).unwrap();
        io::copy(&mut theirs.try_clone().unwrap(), &mut theirs).unwrap();
        theirs.shutdown(Shutdown::Write).unwrap();
    });
    let mut conn = HttpConnection::builder("h").stream(Socket::from(ours)).build().unwrap();
    check_both_ways(upgraded(&mut conn, "/"), "first");
    server.join().unwrap();
}

/// The server answers once it has read to the end of what we write.
#[test]
fn after_the_end_of_writing_reading_goes_on() {
    let script = || answer(format!("{SWITCHED}early ")).wait_for_orderly_close().send("and late").close();
    let ended = [script(), script()];
    let (plain, secure) = (serve(ended.clone()), serve_tls(ended));
    for is_split in [false, true] {
        for mut conn in [client(&plain), https(secure.addr()).build().unwrap().into()] {
            let mut stream = upgraded(&mut conn, "/");
            stream.write_all(b"all").unwrap();
            if is_split {
                let (mut reader, mut writer) = stream.split().unwrap();
                writer.shutdown().unwrap();
                writer.shutdown().unwrap();
                assert_eq!(rest_of(&mut reader), "early and late");
                continue;
            }
            stream.shutdown_write().unwrap();
            assert_eq!(stream.write(b"more").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
            assert_eq!(rest_of(&mut stream), "early and late");
        }
    }
    for server in [plain, secure] {
        server.join().unwrap();
        assert!((0..2).all(|number| server.received(number).ends_with(b"\r\n\r\nall")));
    }
}

/// What the peer says to be its end may come with what is read, and be found while we write.
#[test]
fn writing_after_the_peers_end_hides_nothing_of_it() {
    let switched = Signal::new();
    let script = answer(SWITCHED).wait_for(&switched).send_in_records("spam", 2).close_notify();
    let server = serve_tls([script.read_bytes(4)]);
    let mut conn = https(server.addr()).build().unwrap().into();
    let mut stream = upgraded(&mut conn, "/");
    switched.give();
    // Most likely all of it is there then, and one read of the socket takes it in.
    thread::sleep(SHORT);
    let mut first = [0; 2];
    stream.read_exact(&mut first).unwrap();
    stream.write_all(b"eggs").unwrap();
    assert_eq!((&first, &*rest_of(&mut stream)), (b"sp", "am"));
    server.join().unwrap();
    assert!(server.received(0).ends_with(b"eggs"));
}

/// Canned: there is nothing to wait for.
#[derive(Debug)]
struct Canned(Cursor<Vec<u8>>);

impl Read for Canned {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }
}

impl Write for Canned {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_stream_that_is_no_sockets_is_given_back() {
    let canned = Canned(Cursor::new(format!("{SWITCHED}all of it").into()));
    let mut conn = HttpConnection::builder("h").stream(Wrapped::new(canned)).build().unwrap();
    let mut stream = upgraded(&mut conn, "/");
    assert_eq!(stream.shutdown_write().unwrap_err().kind(), io::ErrorKind::Unsupported);
    let err = stream.split().unwrap_err();
    assert!(err.to_string().contains("by another"), "{err}");
    let (err, mut stream) = err.into_parts();
    assert_eq!(err.kind(), io::ErrorKind::Unsupported);
    assert_eq!(rest_of(&mut stream), "all of it");
}

/// The stream's timeout is that of each half, until it is given another.
#[test]
fn each_half_has_timeouts_of_its_own() {
    let signal = Signal::new();
    let script = || answer(SWITCHED).stop_reading().wait_for(&signal).send("hi").hold();
    let (plain, secure) = (serve([script()]), serve_tls([script()]));
    let mut halves = Vec::new();
    for mut conn in [client(&plain), https(secure.addr()).build().unwrap().into()] {
        let mut stream = upgraded(&mut conn, "/");
        stream.set_timeouts(Some(SHORT), None).unwrap();
        let (mut reader, mut writer) = stream.split().unwrap();
        assert!(is_timeout(&reader.read(&mut [0; 8]).unwrap_err()));
        reader.set_timeouts(None, Some(Instant::now() + SHORT));
        let err = reader.read(&mut [0; 8]).unwrap_err();
        assert!(is_timeout(&err) && err.get_ref().is_some(), "a deadline: {err}");
        // Nobody reads it.
        let err = writer.write_all(&vec![0; 30_000_000]).unwrap_err();
        assert!(is_timeout(&err) && err.get_ref().is_none(), "{err}");
        reader.set_timeouts(Some(PATIENCE), None);
        halves.push((reader, writer));
    }
    signal.give();
    for (mut reader, _writer) in halves {
        let mut hi = [0; 2];
        reader.read_exact(&mut hi).unwrap();
        assert_eq!(&hi, b"hi");
    }
}

#[test]
fn the_canceller_ends_both() {
    let script = || answer(SWITCHED).stop_reading().hold();
    let (plain, secure) = (serve([script()]), serve_tls([script()]));
    let stop = Canceller::new();
    let one = builder(plain.addr()).timeout(None).canceller(&stop).build().unwrap();
    let other = https(secure.addr()).timeout(None).canceller(&stop).build().unwrap().into();
    let halves = [one, other].map(|mut conn| upgraded(&mut conn, "/").split().unwrap());
    thread::scope(|scope| {
        for (mut reader, mut writer) in halves {
            let check = |err: io::Error| {
                assert_eq!(err.kind(), io::ErrorKind::ConnectionAborted, "{err}");
                assert_eq!(err.downcast::<Error>().unwrap().kind(), ErrorKind::Cancelled);
            };
            scope.spawn(move || check(reader.read(&mut [0; 8]).unwrap_err()));
            scope.spawn(move || check(writer.write_all(&vec![0; 30_000_000]).unwrap_err()));
        }
        thread::sleep(SHORT);
        stop.cancel();
    });
}

/// Dropping one half is no end: the other goes on, and leave is taken when that is dropped too.
#[test]
fn the_stream_is_closed_when_both_are_gone() {
    let script = || answer(SWITCHED).read_bytes(2);
    let scripts = [script().wait_for_orderly_close(), script().send("hi").wait_for_orderly_close()];
    let (plain, secure) = (serve(scripts.clone()), serve_tls(scripts));
    for mut conn in [client(&plain), https(secure.addr()).build().unwrap().into()] {
        let (reader, mut writer) = upgraded(&mut conn, "/").split().unwrap();
        drop(reader);
        writer.write_all(b"ho").unwrap();
        drop(writer);
        let (mut reader, mut writer) = upgraded(&mut conn, "/").split().unwrap();
        writer.write_all(b"ho").unwrap();
        drop(writer);
        let mut hi = [0; 2];
        reader.read_exact(&mut hi).unwrap();
        assert_eq!(&hi, b"hi");
    }
    plain.join().unwrap();
    secure.join().unwrap();
}
