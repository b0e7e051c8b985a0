//! What carries the bytes: sockets, what wraps them, and ways of the caller's own.
//!
//! A [`Transport`] is a connected stream of bytes, a [`Connect`] makes one. This crate has [`Socket`] (TCP
//! and Unix), TLS and SOCKS5; with these two traits anything else can stand in their place, below TLS and
//! tunnels too.
//!
//! ```
//! use std::net::TcpStream;
//! use straightwire::HttpConnection;
//! use straightwire::transport::Socket;
//! # let origin = origin::Origin::start()?;
//! # let address = origin.addr();
//!
//! let mine = TcpStream::connect(address)?;                    // opened, and perhaps used, elsewhere
//! let mut conn = HttpConnection::builder("www.example").stream(Socket::from(mine)).build()?;
//! conn.request("GET", "/index.html", (), &[])?;
//! assert_eq!(conn.get_response()?.status(), 200);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod poller;
mod race;
#[cfg(target_os = "linux")]
mod sendfile;
mod socket;
pub(crate) mod socks;
mod wrapped;

use std::fmt;
use std::fs::File;
use std::io::{self, IoSlice, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(crate) use poller::Poller;
pub(crate) use race::{Dialling, interleaved, race};
pub use socket::Socket;
pub(crate) use wrapped::Leftover;
pub use wrapped::Wrapped;

use crate::tls::TlsSession;

/// What a look at a stream shows, without taking anything from it or waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// Nothing has arrived, as far as can be told.
    Quiet,
    /// Something can be read.
    Data,
    /// The peer has closed, or the stream is broken.
    Ended,
}

/// The ways in which a stream is to be used, or can be without waiting: see [`Transport::wait`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ready {
    /// A read does not wait: there is something, or the end.
    pub to_read: bool,
    /// A write does not wait: there is room, or nobody to write to.
    pub to_write: bool,
}

impl Ready {
    pub(crate) const READ: Ready = Ready { to_read: true, to_write: false };
    pub(crate) const WRITE: Ready = Ready { to_read: false, to_write: true };
    pub(crate) const EITHER: Ready = Ready { to_read: true, to_write: true };
    const NEITHER: Ready = Ready { to_read: false, to_write: false };
}

/// A connected stream of bytes.
///
/// Reads give what has come, waiting only while there is nothing; 0 is the end. A read or write that
/// waited too long fails with [`io::ErrorKind::TimedOut`] or [`WouldBlock`](io::ErrorKind::WouldBlock).
/// Dropping a transport closes it.
pub trait Transport: Read + Write + Send + fmt::Debug {
    /// How long each read and each write may wait (`None`: as long as it takes), and when all of them
    /// must be over.
    ///
    /// # Errors
    /// What the system says to such a timeout.
    fn set_timeouts(&mut self, each: Option<Duration>, until: Option<Instant>) -> io::Result<()>;

    /// Whether there is something to read, told without waiting. A stream that can't tell is quiet.
    fn readiness(&mut self) -> Readiness {
        Readiness::Quiet
    }

    /// Writes as much as goes without waiting. The stream itself may keep some of what it took: called
    /// without bytes, it writes what it kept.
    ///
    /// With this and [`wait`](Self::wait) an answer is heard while a request is still being sent. A stream
    /// without them is written to as if nobody could answer before.
    ///
    /// # Errors
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) where nothing goes now, or, without bytes, where some of
    /// what was kept is left; [`Unsupported`](io::ErrorKind::Unsupported) where only
    /// [`write`](Write::write) can be used; else as writing.
    fn write_now(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let _ = bufs;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Waits until the stream can be used in one of the `wanted` ways, or until then; what it gives says in
    /// which, and is empty where only the time had come.
    ///
    /// # Errors
    /// [`Unsupported`](io::ErrorKind::Unsupported) where that can't be told; as reading, when it has waited
    /// for as long as a read may.
    fn wait(&mut self, wanted: Ready, until: Option<Instant>) -> io::Result<Ready> {
        let _ = (wanted, until);
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Reads at most `limit` bytes, or to the end of the stream, behind what is in `out`. Bytes that
    /// came before an error stay there.
    ///
    /// # Errors
    /// As reading.
    fn read_onto(&mut self, limit: u64, out: &mut Vec<u8>) -> io::Result<usize> {
        Read::take(self, limit).read_to_end(out)
    }

    /// Sends the next bytes of `file`, at most `len`, without their passing through this process; how many
    /// those were, 0 at the file's end. `None` where this can't be done, and nothing was.
    ///
    /// # Errors
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) where nothing can be sent without waiting, which
    /// [`wait`](Self::wait) then does; and as writing.
    fn send_file(&mut self, file: &File, len: u64) -> Option<io::Result<u64>> {
        let _ = (file, len);
        None
    }

    /// Says that nothing more will be written, behind all that was; reading goes on. A socket is shut down in
    /// this direction. TLS says `close_notify`, and the socket below stays open; a peer that speaks TLS 1.2 may
    /// take that for the end of both directions (RFC 8446 6.1). Writing fails from then on.
    ///
    /// # Errors
    /// [`Unsupported`](io::ErrorKind::Unsupported) where the stream has no word for it; else as writing.
    fn shutdown_write(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Takes leave of the peer, where the protocol has a word for that, without waiting for an answer.
    fn say_goodbye(&mut self) {}

    /// The local and the peer's address, where there are such things.
    fn addresses(&self) -> Option<(SocketAddr, SocketAddr)> {
        None
    }

    /// What TLS has agreed on, where that is spoken here.
    fn tls_session(&self) -> Option<&TlsSession> {
        None
    }

    /// Ends, from another thread, a read or write that waits. Without one a call is stopped only when it
    /// stops waiting by itself.
    fn interrupter(&self) -> Option<Arc<dyn Interrupt>> {
        None
    }

    /// The file descriptor, where there is one.
    #[cfg(unix)]
    fn fd(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        None
    }
}

/// Ends a wait on another thread: see [`Transport::interrupter`].
pub trait Interrupt: Send + Sync {
    /// Makes reads and writes that wait return, now and later.
    fn interrupt(&self);
}

/// A way of the caller's own to make a stream to a server. Closures are such ways.
///
/// ```
/// use std::net::TcpStream;
/// use straightwire::HttpConnection;
/// use straightwire::transport::{Socket, Target, Transport};
/// # let origin = origin::Origin::start()?;
/// # let address = origin.addr();
///
/// let mut conn = HttpConnection::builder("service.internal")
///     .connect_with(move |_: &Target<'_>| {
///         let stream = TcpStream::connect(address)?;          // or whatever reaches the service
///         Ok(Box::new(Socket::from(stream)) as Box<dyn Transport>)
///     })
///     .build()?;
/// conn.request("GET", "/index.html", (), &[])?;
/// assert_eq!(conn.get_response()?.status(), 200);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Connect: Send {
    /// Makes a stream to the target.
    ///
    /// # Errors
    /// Why there is none.
    fn connect(&mut self, target: &Target<'_>) -> io::Result<Box<dyn Transport>>;
}

impl<F: FnMut(&Target<'_>) -> io::Result<Box<dyn Transport>> + Send> Connect for F {
    fn connect(&mut self, target: &Target<'_>) -> io::Result<Box<dyn Transport>> {
        self(target)
    }
}

/// Where a connection is to go.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Target<'a> {
    /// The host's name or address, without brackets.
    pub host: &'a str,
    /// The port.
    pub port: u16,
    /// When the stream must be there.
    pub until: Option<Instant>,
}

/// Names to addresses, by a way of the caller's own. Closures are such ways.
pub trait Resolve: Send + Sync {
    /// The addresses of a host, the best first.
    ///
    /// # Errors
    /// Why there are none.
    fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>>;
}

impl<F: Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync> Resolve for F {
    fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        self(host, port)
    }
}

/// What an [`io::Error`] of kind `TimedOut` holds when the deadline passed, rather than one wait's timeout.
#[derive(Debug)]
pub(crate) struct DeadlinePassed;

impl fmt::Display for DeadlinePassed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("time ran out")
    }
}

impl std::error::Error for DeadlinePassed {}

pub(crate) fn deadline_passed() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, DeadlinePassed)
}

/// The time left until then.
pub(crate) fn time_left(until: Instant) -> io::Result<Duration> {
    match until.saturating_duration_since(Instant::now()) {
        Duration::ZERO => Err(deadline_passed()),
        left => Ok(left),
    }
}
