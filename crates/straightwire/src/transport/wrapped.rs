//! Transports made of other streams.

use std::fmt;
use std::fs::File;
use std::io::{self, IoSlice, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Interrupt, Readiness, Ready, Transport, time_left};
use crate::tls::TlsSession;

/// Any stream of bytes as a [`Transport`], for what has no timeouts of its own: a pipe, an SSH channel, a
/// script of a test.
///
/// A deadline is looked at before each read and write; one that waits already is not ended by it.
///
/// ```
/// use std::io::{self, Cursor, Read, Write};
/// use straightwire::HttpConnection;
/// use straightwire::transport::Wrapped;
///
/// #[derive(Debug)]
/// struct Canned(Cursor<&'static [u8]>);
///
/// impl Read for Canned {
///     fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
///         self.0.read(buf)
///     }
/// }
///
/// impl Write for Canned {
///     fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
///         Ok(buf.len())
///     }
///     fn flush(&mut self) -> io::Result<()> {
///         Ok(())
///     }
/// }
///
/// let canned = Canned(Cursor::new(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"));
/// let mut conn = HttpConnection::builder("canned.example").stream(Wrapped::new(canned)).build()?;
/// conn.request("GET", "/", (), &[])?;
/// assert_eq!(conn.get_response()?.read_all()?, b"hi");
/// # Ok::<(), straightwire::Error>(())
/// ```
#[derive(Debug)]
pub struct Wrapped<S> {
    stream: S,
    until: Option<Instant>,
}

impl<S: Read + Write + Send + fmt::Debug> Wrapped<S> {
    /// Wraps `stream`.
    pub fn new(stream: S) -> Wrapped<S> {
        Wrapped { stream, until: None }
    }

    /// Makes a call; again, where only a signal handler ended it.
    fn in_time(&mut self, mut call: impl FnMut(&mut S) -> io::Result<usize>) -> io::Result<usize> {
        loop {
            if let Some(until) = self.until {
                time_left(until)?;
            }
            match call(&mut self.stream) {
                Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
                done => return done,
            }
        }
    }
}

impl<S: Read + Write + Send + fmt::Debug> Read for Wrapped<S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.in_time(|stream| stream.read(buf))
    }
}

impl<S: Read + Write + Send + fmt::Debug> Write for Wrapped<S> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.in_time(|stream| stream.write(buf))
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.in_time(|stream| stream.write_vectored(bufs))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl<S: Read + Write + Send + fmt::Debug> Transport for Wrapped<S> {
    fn set_timeouts(&mut self, _: Option<Duration>, until: Option<Instant>) -> io::Result<()> {
        self.until = until;
        Ok(())
    }
}

/// A stream of which some bytes were read too early, by what stood in its place before.
#[derive(Debug)]
pub(crate) struct Leftover {
    bytes: io::Cursor<Vec<u8>>,
    stream: Box<dyn Transport>,
}

impl Leftover {
    /// `bytes` come first, then the rest of `stream`.
    pub(crate) fn new(stream: Box<dyn Transport>, bytes: Vec<u8>) -> Leftover {
        Leftover { bytes: io::Cursor::new(bytes), stream }
    }

    /// The same, without a layer where there are no such bytes.
    pub(crate) fn before(stream: Box<dyn Transport>, bytes: &[u8]) -> Box<dyn Transport> {
        if bytes.is_empty() { stream } else { Box::new(Leftover::new(stream, bytes.to_vec())) }
    }

    /// What of the bytes has not been read, and the stream behind them.
    pub(crate) fn into_parts(self) -> (Vec<u8>, Box<dyn Transport>) {
        let read = self.bytes.position() as usize;
        let mut bytes = self.bytes.into_inner();
        bytes.drain(..read);
        (bytes, self.stream)
    }

    fn has_bytes(&self) -> bool {
        self.bytes.position() < self.bytes.get_ref().len() as u64
    }
}

impl Read for Leftover {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.has_bytes() { self.bytes.read(buf) } else { self.stream.read(buf) }
    }
}

impl Write for Leftover {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.stream.write(buf)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.stream.write_vectored(bufs)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl Transport for Leftover {
    fn set_timeouts(&mut self, each: Option<Duration>, until: Option<Instant>) -> io::Result<()> {
        self.stream.set_timeouts(each, until)
    }

    fn readiness(&mut self) -> Readiness {
        if self.has_bytes() { Readiness::Data } else { self.stream.readiness() }
    }

    fn write_now(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.stream.write_now(bufs)
    }

    fn wait(&mut self, wanted: Ready, until: Option<Instant>) -> io::Result<Ready> {
        if wanted.to_read && self.has_bytes() {
            return Ok(Ready::READ);
        }
        self.stream.wait(wanted, until)
    }

    fn read_onto(&mut self, limit: u64, out: &mut Vec<u8>) -> io::Result<usize> {
        let first = Read::take(&mut self.bytes, limit).read_to_end(out)?;
        let rest = limit - first as u64;
        if rest == 0 { Ok(first) } else { Ok(first + self.stream.read_onto(rest, out)?) }
    }

    fn send_file(&mut self, file: &File, len: u64) -> Option<io::Result<u64>> {
        self.stream.send_file(file, len)
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.stream.shutdown_write()
    }

    fn say_goodbye(&mut self) {
        self.stream.say_goodbye();
    }

    fn addresses(&self) -> Option<(SocketAddr, SocketAddr)> {
        self.stream.addresses()
    }

    fn tls_session(&self) -> Option<&TlsSession> {
        self.stream.tls_session()
    }

    fn interrupter(&self) -> Option<Arc<dyn Interrupt>> {
        self.stream.interrupter()
    }

    #[cfg(unix)]
    fn fd(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        self.stream.fd()
    }
}
