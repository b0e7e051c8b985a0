//! Time runs out in the middle of a TLS record: nothing is written behind half of one.

#![cfg(feature = "tls")]

mod support;

#[path = "support/secure.rs"]
mod secure;

use std::io::{self, ErrorKind as Io, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use origin::Origin;
use secure::{NAME, origin_tls, tls};
use straightwire::transport::Wrapped;
use straightwire::{HttpsConnection, Phase};

/// A socket on which time runs out once, after ten bytes of what is written then.
#[derive(Debug)]
struct Stalling {
    stream: TcpStream,
    /// Writes until that happens.
    before: Arc<AtomicUsize>,
}

impl Read for Stalling {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buf)
    }
}

impl Write for Stalling {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self.before.fetch_sub(1, Ordering::SeqCst) {
            1 => self.stream.write(&buf[..10]),
            0 => Err(Io::TimedOut.into()),
            _ => self.stream.write(buf),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

fn stalling(before: usize) -> (Origin, HttpsConnection, Arc<AtomicUsize>) {
    let origin = origin_tls();
    let stream = TcpStream::connect(origin.addr()).unwrap();
    let before = Arc::new(AtomicUsize::new(before));
    let stream = Wrapped::new(Stalling { stream, before: before.clone() });
    (origin, HttpsConnection::builder(NAME).stream(stream).tls(tls()).build().unwrap(), before)
}

#[test]
fn time_that_runs_out_in_the_last_word_of_a_handshake_is_its_end() {
    let (_origin, mut conn, _) = stalling(2);
    let err = conn.connect().unwrap_err();
    assert!(err.is_timeout() && err.phase() == Some(Phase::Tls), "{err}");
}

#[test]
fn nothing_is_written_behind_half_a_record() {
    let (_origin, mut conn, before) = stalling(usize::MAX / 2);
    let upgrade = [("Connection", "Upgrade"), ("Upgrade", "echo")];
    conn.request("GET", "/upgrade?ahead=first", (), &upgrade).unwrap();
    let mut stream = conn.get_response().unwrap().into_upgraded().unwrap();
    before.store(1, Ordering::SeqCst);
    assert_eq!(stream.write(b"some of this goes").unwrap_err().kind(), Io::TimedOut);
    assert_eq!(stream.write(b"and this does not").unwrap_err().kind(), Io::BrokenPipe);
    let mut ahead = [0; 5];
    stream.read_exact(&mut ahead).unwrap();
    assert_eq!(&ahead, b"first");
}
