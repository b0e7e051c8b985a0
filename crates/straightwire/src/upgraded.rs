//! The stream after a change of protocol.

use std::fmt;
use std::io::{self, IoSlice, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::Canceller;
use crate::error::{Error, ErrorKind};
use crate::halves::Waits;
use crate::tls::TlsSession;
use crate::transport::{Interrupt, Leftover, Readiness, Ready, Transport, Wrapped};

/// What is left of a connection that speaks another protocol now: a stream of bytes, whose first ones are
/// those that came right behind the head of the response. See
/// [`HttpResponse::into_upgraded`](crate::HttpResponse::into_upgraded).
///
/// It is [`Read`] and [`Write`], which is what a WebSocket library, say, goes on with; and a [`Transport`],
/// which has timeouts, addresses, the file descriptor, and makes it fit to carry
/// [another connection](crate::ConnectionBuilder::stream). Inside TLS or a tunnel it stays there. Bytes may be
/// waiting here that the file descriptor knows nothing of: ask for the [readiness](Transport::readiness) before
/// polling that.
///
/// The connection's timeout holds until it is [changed](Transport::set_timeouts), its deadline no longer
/// does. Its [`Canceller`] still ends what waits here: reads and writes then fail with
/// [`ConnectionAborted`](io::ErrorKind::ConnectionAborted), inside which is this crate's
/// [`Error`] of kind [`Cancelled`](ErrorKind::Cancelled). [`shutdown_write`](Transport::shutdown_write) ends one
/// direction, and [`split`](Self::split) makes two halves of it, for two threads. Dropping it takes leave of the peer, where TLS has a
/// word for that, and closes it.
///
/// ```
/// use std::time::Duration;
/// use straightwire::HttpConnection;
/// use straightwire::transport::Transport;
/// # let origin = origin::Origin::start()?;
/// # let proxy = origin::Proxy::http().start()?;
///
/// // A tunnel made by hand, and HTTP through it.
/// let mut conn = HttpConnection::new(&proxy.addr().to_string())?;
/// conn.request("CONNECT", &origin.host_port(), (), &[])?;
/// let mut tunnel = conn.get_response()?.into_upgraded()?;
/// tunnel.set_timeouts(Some(Duration::from_secs(10)), None)?;
///
/// let mut inner = HttpConnection::builder(&origin.host_port()).stream(tunnel).build()?;
/// inner.request("GET", "/index.html", (), &[])?;
/// assert_eq!(inner.get_response()?.status(), 200);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Upgraded {
    stream: Leftover,
    /// Who may end it from another thread, and what keeps it within reach.
    canceller: Option<(Canceller, Arc<dyn Interrupt>)>,
    /// What its timeouts are.
    pub(crate) waits: Waits,
    has_left: bool,
}

impl Upgraded {
    /// Its reads and writes wait for `each` at most.
    pub(crate) fn new(
        stream: Leftover,
        canceller: Option<(Canceller, Arc<dyn Interrupt>)>,
        each: Option<Duration>,
    ) -> Upgraded {
        Upgraded { stream, canceller, waits: Waits { each, until: None }, has_left: false }
    }

    /// The bytes that were read too early and are still to be read, and the stream that the rest comes from.
    /// The connection's [`Canceller`] lets go of it.
    pub fn into_parts(mut self) -> (Vec<u8>, Box<dyn Transport>) {
        if let Some((canceller, interrupter)) = self.canceller.take() {
            canceller.forget(&interrupter);
        }
        let gone = Leftover::new(Box::new(Wrapped::new(io::empty())), Vec::new());
        std::mem::replace(&mut self.stream, gone).into_parts()
    }

    /// What a call gave, unless cancelling is what is behind it. A stream that is shut down just ends.
    fn or_cancelled<T>(&self, done: io::Result<T>, is_end: impl Fn(&T) -> bool) -> io::Result<T> {
        let is_over = done.as_ref().map_or(true, is_end);
        match &self.canceller {
            Some((canceller, _)) if is_over && canceller.is_cancelled() => {
                Err(Error::new(ErrorKind::Cancelled, "the connection's canceller was used").into())
            }
            _ => done,
        }
    }
}

impl Read for Upgraded {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(buf);
        self.or_cancelled(read, |len| *len == 0 && !buf.is_empty())
    }
}

impl Write for Upgraded {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let written = self.stream.write(buf);
        self.or_cancelled(written, |_| false)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let written = self.stream.write_vectored(bufs);
        self.or_cancelled(written, |_| false)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl Transport for Upgraded {
    fn set_timeouts(&mut self, each: Option<Duration>, until: Option<Instant>) -> io::Result<()> {
        self.waits = Waits { each, until };
        self.stream.set_timeouts(each, until)
    }

    fn readiness(&mut self) -> Readiness {
        self.stream.readiness()
    }

    fn write_now(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let written = self.stream.write_now(bufs);
        self.or_cancelled(written, |_| false)
    }

    fn wait(&mut self, wanted: Ready, until: Option<Instant>) -> io::Result<Ready> {
        let ready = self.stream.wait(wanted, until);
        self.or_cancelled(ready, |_| false)
    }

    fn read_onto(&mut self, limit: u64, out: &mut Vec<u8>) -> io::Result<usize> {
        let read = self.stream.read_onto(limit, out);
        self.or_cancelled(read, |len| (*len as u64) < limit)
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        let ended = self.stream.shutdown_write();
        self.or_cancelled(ended, |()| false)
    }

    fn say_goodbye(&mut self) {
        if !std::mem::replace(&mut self.has_left, true) {
            self.stream.say_goodbye();
        }
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

impl Drop for Upgraded {
    fn drop(&mut self) {
        self.say_goodbye();
    }
}

impl fmt::Debug for Upgraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Upgraded").field(&self.stream).finish()
    }
}
