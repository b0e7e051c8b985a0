//! Unix sockets: exchanges over them, and every wait on them.

#![cfg(all(unix, feature = "tls"))]

mod support;

#[path = "support/place.rs"]
mod place;
#[path = "support/secure.rs"]
mod secure;

use std::io::ErrorKind as Io;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::thread;
use std::time::Instant;

use origin::{Origin, pattern};
use place::Place;
use secure::{NAME, origin_tls, tls};
use straightwire::{Canceller, ErrorKind, HttpConnection, HttpsConnection, Phase};
use support::*;

#[test]
fn over_a_unix_socket() {
    let origin = Origin::start().unwrap();
    let place = Place::passing_on("plain", origin.addr());
    for timeout in [None, Some(PATIENCE)] {
        let builder = HttpConnection::builder("daemon.test").unix_socket(&place.0).timeout(timeout);
        let mut conn = builder.build().unwrap();
        for url in ["/bytes/300000", "/chunked/300000/7000", "/close-delimited/300000", "/bytes/300000"] {
            conn.request("GET", url, (), &[]).unwrap();
            assert!(conn.get_response().unwrap().read_all().unwrap() == pattern::bytes(300_000));
        }
        assert!(conn.fd().is_some() && conn.addresses().is_none());
    }
    assert!(origin.requests().iter().all(|request| request.header("Host") == Some("daemon.test")));

    let secure = origin_tls();
    let place = Place::passing_on("secure", secure.addr());
    let mut conn = HttpsConnection::builder(NAME).unix_socket(&place.0).tls(tls()).build().unwrap();
    conn.request("GET", "/bytes/300000", (), &[]).unwrap();
    assert!(conn.get_response().unwrap().read_all().unwrap() == pattern::bytes(300_000));
}

#[test]
fn a_unix_socket_that_is_not_there() {
    let place = Place::new("missing");
    for timeout in [None, Some(PATIENCE)] {
        let builder = HttpConnection::builder("daemon.test").unix_socket(&place.0).timeout(timeout);
        let err = builder.build().unwrap().connect().unwrap_err();
        assert_eq!((err.kind(), err.phase()), (ErrorKind::Io, Some(Phase::Connect)), "{err}");
        assert_eq!(err.io_error().unwrap().kind(), Io::NotFound);
        assert!(err.to_string().contains("straightwire-missing"), "{err}");
    }
    let long = PathBuf::from("/").join("x".repeat(500));
    let err = HttpConnection::builder("d.test").unix_socket(long).build().unwrap().connect().unwrap_err();
    assert_eq!(err.phase(), Some(Phase::Connect));
    // Nobody listens there any more.
    drop(UnixListener::bind(&place.0).unwrap());
    let builder = HttpConnection::builder("d.test").unix_socket(&place.0).timeout(PATIENCE);
    let err = builder.build().unwrap().connect().unwrap_err();
    assert_eq!(err.io_error().unwrap().kind(), Io::ConnectionRefused, "{err}");
}

#[test]
fn a_silent_unix_socket() {
    let place = Place::new("silent");
    let _listener = UnixListener::bind(&place.0).unwrap();
    let at = || HttpConnection::builder("d.test").unix_socket(&place.0);
    for builder in [at().timeout(SHORT), at().deadline(SHORT)] {
        let mut conn = builder.build().unwrap();
        conn.connect().unwrap();
        conn.request("GET", "/", (), &[]).unwrap();
        let err = conn.get_response().unwrap_err();
        assert_eq!((err.kind(), err.phase()), (ErrorKind::Timeout, Some(Phase::Head)), "{err}");
    }
    let mut conn = at().timeout(SHORT).build().unwrap();
    let err = conn.request("PUT", "/", vec![0; 30_000_000], &[]).unwrap_err();
    assert_eq!((err.kind(), err.phase()), (ErrorKind::Timeout, Some(Phase::Send)), "{err}");

    let stop = Canceller::new();
    let mut conn = at().canceller(&stop).build().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    let later = thread::spawn(move || {
        thread::sleep(SHORT);
        stop.cancel();
    });
    let err = conn.get_response().unwrap_err();
    assert_eq!((err.kind(), err.phase()), (ErrorKind::Cancelled, Some(Phase::Head)), "{err}");
    later.join().unwrap();
}

/// With a full queue a Unix socket has callers wait, who then get in, or run out of time, or are cancelled.
#[cfg(target_os = "linux")]
#[test]
fn a_busy_unix_socket() {
    use socket2::{Domain, SockAddr, Type};

    let place = Place::new("busy");
    let listener = socket2::Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
    listener.bind(&SockAddr::unix(&place.0).unwrap()).unwrap();
    listener.listen(0).unwrap();
    let _queued = UnixStream::connect(&place.0).unwrap();
    let at = || HttpConnection::builder("d.test").unix_socket(&place.0);
    for builder in [at().connect_timeout(SHORT), at().deadline(SHORT)] {
        let begun = Instant::now();
        let err = builder.build().unwrap().connect().unwrap_err();
        assert_eq!((err.kind(), err.phase()), (ErrorKind::Timeout, Some(Phase::Connect)), "{err}");
        assert!(begun.elapsed() >= SHORT, "{err}");
    }
    let stop = Canceller::new();
    let later = stop.clone();
    let thread = thread::spawn(move || {
        thread::sleep(SHORT);
        later.cancel();
    });
    let err = at().canceller(&stop).build().unwrap().connect().unwrap_err();
    assert_eq!((err.kind(), err.phase()), (ErrorKind::Cancelled, Some(Phase::Connect)), "{err}");
    thread.join().unwrap();

    let accepting = thread::spawn(move || {
        thread::sleep(SHORT);
        [listener.accept().unwrap(), listener.accept().unwrap()]
    });
    let mut conn = at().timeout(PATIENCE).build().unwrap();
    conn.connect().unwrap();
    accepting.join().unwrap();
}
