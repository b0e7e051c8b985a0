//! Streams that the caller brings along, and ways to them.

#![cfg(feature = "tls")]

mod support;

#[path = "support/secure.rs"]
mod secure;

use std::collections::VecDeque;
use std::io::{self, Cursor, ErrorKind as Io, IoSlice, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use origin::{Origin, Script, pattern};
use secure::{NAME, origin_tls, serve_tls, tls};
use straightwire::transport::{Interrupt, Readiness, Ready, Socket, Target, Transport, Wrapped};
use straightwire::{Canceller, ErrorKind, HttpConnection, HttpsConnection, Phase};
use support::*;

type Reads = VecDeque<Result<Vec<u8>, Io>>;

/// Hands out what it was given, and keeps what is written, once that is flushed.
#[derive(Clone, Debug, Default)]
struct Canned {
    /// Each is what one read gives, or fails with.
    input: Arc<Mutex<Reads>>,
    written: Arc<Mutex<Vec<u8>>>,
    flushed: Arc<AtomicUsize>,
}

impl Canned {
    fn of(reads: &[Result<&str, Io>]) -> Canned {
        let canned = Canned::default();
        let reads = reads.iter().map(|read| read.map(|bytes| bytes.as_bytes().to_vec()));
        canned.input.lock().unwrap().extend(reads);
        canned
    }
}

impl Read for Canned {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut input = self.input.lock().unwrap();
        match input.pop_front() {
            None => Ok(0),
            Some(Err(kind)) => Err(kind.into()),
            Some(Ok(mut bytes)) => {
                let rest = bytes.split_off(bytes.len().min(buf.len()));
                buf[..bytes.len()].copy_from_slice(&bytes);
                if !rest.is_empty() {
                    input.push_front(Ok(rest));
                }
                Ok(bytes.len())
            }
        }
    }
}

impl Write for Canned {
    /// Never more than three bytes at a time.
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let len = buf.len().min(3);
        self.written.lock().unwrap().extend_from_slice(&buf[..len]);
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flushed.store(self.written.lock().unwrap().len(), Ordering::SeqCst);
        Ok(())
    }
}

fn over(canned: &Canned) -> HttpConnection {
    HttpConnection::builder("canned.test").stream(Wrapped::new(canned.clone())).build().unwrap()
}

#[test]
fn a_stream_of_one_s_own() {
    let origin = Origin::start().unwrap();
    let mine = TcpStream::connect(origin.addr()).unwrap();
    let local = mine.local_addr().unwrap();
    let builder = HttpConnection::builder("www.test:81").stream(Socket::from(mine)).timeout(PATIENCE);
    let mut conn = builder.build().unwrap();
    assert!(!conn.is_connected());
    for _ in 0..3 {
        conn.request("GET", "/bytes/100000", (), &[]).unwrap();
        assert!(conn.get_response().unwrap().read_all().unwrap() == pattern::bytes(100_000));
    }
    assert_eq!(conn.addresses(), Some((local, origin.addr())));
    assert_eq!((origin.connections(), origin.requests()[0].header("Host")), (1, Some("www.test:81")));
    // Once closed it is gone.
    conn.close();
    for _ in 0..2 {
        assert_eq!(conn.request("GET", "/", (), &[]).unwrap_err().kind(), ErrorKind::NotConnected);
        assert_eq!(conn.connect().unwrap_err().kind(), ErrorKind::NotConnected);
    }
}

#[test]
fn a_stream_is_not_opened_again_by_itself() {
    let closing = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
    let server = serve([answer(closing)]);
    let mine = TcpStream::connect(server.addr()).unwrap();
    let mut conn = HttpConnection::builder("x.test").stream(Socket::from(mine)).build().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    assert_eq!(conn.request("GET", "/", (), &[]).unwrap_err().kind(), ErrorKind::NotConnected);
    assert_eq!(server.connections(), 1);
}

/// A few bytes at a time, in both directions.
#[test]
fn any_reader_and_writer() {
    let body = "x".repeat(20);
    let sent = format!(
        "PUT /x HTTP/1.1\r\nHost: canned.test\r\nAccept-Encoding: identity\r\nContent-Length: 20\r\n\r\n{body}"
    );
    for reads in [
        &[Ok(OK)][..],
        &[Ok("HTTP/1.1 "), Ok("200 OK\r"), Ok("\nContent-Length: 2\r\n\r\no"), Ok("k")],
        &[Ok("HTTP/1.1 200 OK\r\n\r\n"), Ok("ok")],
    ] {
        let canned = Canned::of(reads);
        let mut conn = over(&canned);
        conn.request("PUT", "/x", &body, &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
        assert_eq!(String::from_utf8(canned.written.lock().unwrap().clone()).unwrap(), sent);
        assert!(conn.addresses().is_none() && conn.tls_session().is_none());
    }
}

/// A stream may keep what is written until then, as a `BufWriter` does.
#[test]
fn a_request_is_flushed() {
    let canned = Canned::of(&[Ok(OK), Ok(OK), Ok(OK)]);
    let mut conn = over(&canned);
    let flushed =
        |canned: &Canned| (canned.flushed.load(Ordering::SeqCst), canned.written.lock().unwrap().len());
    conn.request("GET", "/", (), &[]).unwrap();
    let (before, written) = flushed(&canned);
    assert!(before == written && written > 0);
    conn.get_response().unwrap().read_all().unwrap();

    conn.request("PUT", "/", "body", &[]).unwrap();
    let (after, written) = flushed(&canned);
    assert!(after == written && written > before);
    conn.get_response().unwrap().read_all().unwrap();

    conn.put_request("PUT", "/").unwrap();
    conn.put_header("Transfer-Encoding", "chunked").unwrap();
    conn.end_headers().unwrap();
    assert_eq!(flushed(&canned).0, flushed(&canned).1);
    conn.send("piece").unwrap();
    assert_eq!(flushed(&canned).0, flushed(&canned).1);
    conn.get_response().unwrap().read_all().unwrap();
    assert_eq!(flushed(&canned).0, flushed(&canned).1);
    assert!(canned.written.lock().unwrap().ends_with(b"5\r\npiece\r\n0\r\n\r\n"));
}

/// A call that a signal handler ended is made again (as Python since PEP 475).
#[test]
fn interruptions_are_not_noticed() {
    let canned = Canned::of(&[
        Err(Io::Interrupted),
        Ok("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\no"),
        Err(Io::Interrupted),
        Err(Io::Interrupted),
        Ok("k!"),
        Err(Io::Interrupted),
        Ok("!"),
    ]);
    let mut conn = over(&canned);
    conn.request("GET", "/", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok!!");
}

#[test]
fn errors_of_the_stream_are_told() {
    for (kind, is_timeout) in [(Io::TimedOut, true), (Io::WouldBlock, true), (Io::PermissionDenied, false)] {
        let canned = Canned::of(&[Ok("HTTP/1.1 200 OK\r\n\r\nhalf"), Err(kind)]);
        let mut conn = over(&canned);
        conn.request("GET", "/", (), &[]).unwrap();
        let err = conn.get_response().unwrap().read_all().unwrap_err();
        assert_eq!(
            (err.is_timeout(), err.phase(), err.partial()),
            (is_timeout, Some(Phase::Body), &b"half"[..])
        );
        assert_eq!(err.io_error().unwrap().kind(), kind);
    }
    #[derive(Debug)]
    struct Full;
    impl Read for Full {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Ok(0)
        }
    }
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Ok(0)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    for body in ["", "body"] {
        let mut conn = HttpConnection::builder("full.test").stream(Wrapped::new(Full)).build().unwrap();
        let err = conn.request("PUT", "/", body, &[]).unwrap_err();
        assert_eq!(err.io_error().unwrap().kind(), Io::WriteZero, "{err}");
    }
}

#[test]
fn a_deadline_for_what_has_none() {
    #[derive(Debug)]
    struct Drip;
    impl Read for Drip {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            thread::sleep(Duration::from_millis(10));
            buf[..3].copy_from_slice(b"HHH");
            Ok(3)
        }
    }
    impl Write for Drip {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            Ok(buf.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let builder = HttpConnection::builder("drip.test").stream(Wrapped::new(Drip)).deadline(SHORT * 4);
    let mut conn = builder.build().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    let err = conn.get_response().unwrap_err();
    assert_eq!((err.kind(), err.phase()), (ErrorKind::Timeout, Some(Phase::Head)), "{err}");
    assert!(err.partial().starts_with(b"HHH"));

    let stop = Canceller::new();
    let builder = HttpConnection::builder("drip.test").stream(Wrapped::new(Drip)).canceller(&stop);
    let mut conn = builder.build().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    let later = thread::spawn(move || {
        thread::sleep(SHORT);
        stop.cancel();
    });
    assert_eq!(conn.get_response().unwrap_err().kind(), ErrorKind::Cancelled);
    later.join().unwrap();
}

/// How a canceller reaches a stream is the stream's business, and so is what it does it by.
#[test]
fn a_stream_with_an_interrupter_of_its_own() {
    #[derive(Debug)]
    struct Mine(Socket, TcpStream);
    struct Shut(TcpStream);
    impl Interrupt for Shut {
        fn interrupt(&self) {
            let _ = self.0.shutdown(std::net::Shutdown::Both);
        }
    }
    impl Read for Mine {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            self.0.read(buf)
        }
    }
    impl Write for Mine {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            self.0.write(buf)
        }
        fn flush(&mut self) -> io::Result<()> {
            self.0.flush()
        }
    }
    impl Transport for Mine {
        fn set_timeouts(&mut self, each: Option<Duration>, until: Option<Instant>) -> io::Result<()> {
            self.0.set_timeouts(each, until)
        }
        fn readiness(&mut self) -> Readiness {
            self.0.readiness()
        }
        /// Made anew for whoever asks.
        fn interrupter(&self) -> Option<Arc<dyn Interrupt>> {
            Some(Arc::new(Shut(self.1.try_clone().unwrap())))
        }
    }
    let server = serve([Script::new().read_request().hold()]);
    let stream = TcpStream::connect(server.addr()).unwrap();
    let mine = Mine(Socket::from(stream.try_clone().unwrap()), stream);
    let stop = Canceller::new();
    let mut conn =
        HttpConnection::builder("x.test").stream(mine).canceller(&stop).timeout(PATIENCE).build().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    let later = thread::spawn(move || {
        thread::sleep(SHORT);
        stop.cancel();
    });
    assert_eq!(conn.get_response().unwrap_err().kind(), ErrorKind::Cancelled);
    later.join().unwrap();
}

#[test]
fn a_way_of_one_s_own() {
    let server = serve([answer(OK).close(), answer_all()]);
    let addr = server.addr();
    let targets = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&targets);
    let mut conn = HttpConnection::builder("service.test:99")
        .connect_with(move |target: &Target<'_>| {
            seen.lock().unwrap().push((target.host.to_owned(), target.port, target.until.is_some()));
            Ok(Box::new(Socket::from(TcpStream::connect(addr)?)) as Box<dyn Transport>)
        })
        .connect_timeout(PATIENCE)
        .build()
        .unwrap();
    for _ in 0..2 {
        conn.request("GET", "/", (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
        if server.connections() == 1 {
            wait_until_unfit(&mut conn);
        }
    }
    assert_eq!(*targets.lock().unwrap(), vec![("service.test".to_owned(), 99, true); 2]);

    let mut conn = HttpConnection::builder("service.test")
        .connect_with(|_: &Target<'_>| Err(io::Error::new(Io::NotFound, "no way")))
        .build()
        .unwrap();
    let err = conn.request("GET", "/", (), &[]).unwrap_err();
    assert_eq!((err.kind(), err.phase()), (ErrorKind::Io, Some(Phase::Connect)), "{err}");
    assert!(err.to_string().contains("no way") && err.to_string().contains("service.test"), "{err}");
}

#[test]
fn tls_over_a_stream_of_one_s_own() {
    let origin = origin_tls();
    let connect = || TcpStream::connect(origin.addr()).unwrap();
    let socket = HttpsConnection::builder(NAME).stream(Socket::from(connect()));
    let wrapped = HttpsConnection::builder(NAME).stream(Wrapped::new(connect()));
    let addr = origin.addr();
    let way = HttpsConnection::builder(NAME).connect_with(move |_: &Target<'_>| {
        Ok(Box::new(Wrapped::new(TcpStream::connect(addr)?)) as Box<dyn Transport>)
    });
    for builder in [socket, wrapped, way] {
        let mut conn = builder.tls(tls()).timeout(PATIENCE).build().unwrap();
        for url in ["/bytes/300000", "/chunked/300000/7000", "/close-delimited/300000"] {
            conn.request("GET", url, (), &[]).unwrap();
            assert!(conn.get_response().unwrap().read_all().unwrap() == pattern::bytes(300_000));
        }
        assert!(conn.tls_session().is_none());
    }
    assert!(origin.handshakes().iter().all(|handshake| handshake.server_name.as_deref() == Some(NAME)));
}

/// Records are flushed as requests are.
#[test]
fn tls_over_a_stream_that_keeps_what_is_written() {
    #[derive(Debug)]
    struct Kept(io::BufWriter<TcpStream>);
    impl Read for Kept {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            self.0.get_mut().read(buf)
        }
    }
    impl Write for Kept {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            self.0.write(buf)
        }
        fn flush(&mut self) -> io::Result<()> {
            self.0.flush()
        }
    }
    let server = serve_tls([answer_all()]);
    let socket = TcpStream::connect(server.addr()).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let kept = Wrapped::new(Kept(io::BufWriter::with_capacity(1 << 20, socket)));
    let mut conn = HttpsConnection::builder(NAME).stream(kept).tls(tls()).build().unwrap();
    for _ in 0..2 {
        conn.request("PUT", "/", "body", &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    }
}

/// Time that runs out while a request is sent runs out in sending, though it was a read that noticed: there
/// was something to read, and none of it a record yet.
#[test]
fn a_read_that_fails_while_a_request_is_sent_is_told_as_sending() {
    #[derive(Debug)]
    struct Stuck(Socket, Arc<AtomicUsize>);
    impl Stuck {
        fn unless_stuck(&self, kind: Io) -> io::Result<()> {
            if self.1.load(Ordering::SeqCst) > 0 { Err(kind.into()) } else { Ok(()) }
        }
    }
    impl Read for Stuck {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            self.unless_stuck(Io::TimedOut)?;
            self.0.read(buf)
        }
    }
    impl Write for Stuck {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            self.0.write(buf)
        }
        fn flush(&mut self) -> io::Result<()> {
            self.0.flush()
        }
    }
    impl Transport for Stuck {
        fn set_timeouts(&mut self, each: Option<Duration>, until: Option<Instant>) -> io::Result<()> {
            self.0.set_timeouts(each, until)
        }
        fn write_now(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
            self.unless_stuck(Io::WouldBlock)?;
            self.0.write_now(bufs)
        }
        fn wait(&mut self, wanted: Ready, until: Option<Instant>) -> io::Result<Ready> {
            match self.unless_stuck(Io::Other) {
                Ok(()) => self.0.wait(wanted, until),
                Err(_) => Ok(Ready { to_read: wanted.to_read, to_write: false }),
            }
        }
    }
    let server = serve_tls([Script::new().hold()]);
    let stuck = Arc::new(AtomicUsize::new(0));
    let stream = Stuck(TcpStream::connect(server.addr()).unwrap().into(), Arc::clone(&stuck));
    let mut conn =
        HttpsConnection::builder(NAME).stream(stream).tls(tls()).timeout(PATIENCE).build().unwrap();
    conn.connect().unwrap();
    stuck.store(1, Ordering::SeqCst);
    let err = conn.request("PUT", "/", vec![0; 100_000], &[]).unwrap_err();
    assert_eq!((err.kind(), err.phase()), (ErrorKind::Timeout, Some(Phase::Send)), "{err}");
    assert!(!conn.is_connected());
}

/// For what was used before, the bytes that were read already come first.
#[test]
fn a_cursor_is_a_stream_too() {
    let mut conn =
        HttpConnection::builder("c.test").stream(Wrapped::new(Both(Cursor::new(OK.into())))).build().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
}

/// Reads from one, and takes whatever is written.
#[derive(Debug)]
struct Both(Cursor<Vec<u8>>);

impl Read for Both {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }
}

impl Write for Both {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Ok(buf.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
