//! Seeing every byte as it passes.

use std::fmt::{self, Write as _};
use std::io;
use std::net::SocketAddr;

use crate::error::{Error, Phase};
use crate::proto::{CloseReason, ResponseHead};
use crate::tls::TlsSession;

/// Something that happened on a connection.
///
/// An exchange that opens its connection is [`Request`](Event::Request), [`Connecting`](Event::Connecting),
/// then what it takes to get there, [`Opened`](Event::Opened), [`Sent`](Event::Sent),
/// [`Received`](Event::Received), [`Head`](Event::Head), [`Received`](Event::Received) and
/// [`Done`](Event::Done), with a [`Phase`](Event::Phase) wherever one begins.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A request is about to be sent, on a connection that is opened for it now if it isn't open.
    Request(RequestHead<'a>),
    /// In a [pipeline](crate::HttpConnection::pipeline), where several requests are under way: what is told from here
    /// on is about the one with this [index](RequestHead::index), until the next of these or of
    /// [`Request`](Event::Request). Its phase is told again.
    Turn(usize),
    /// This is what is being done from here on, and what was done before is over. (`TakeBody` is not told
    /// apart from `Send`.)
    Phase(Phase),
    /// A connection to this host and port is about to be opened.
    Connecting {
        /// The host's name or address.
        host: &'a str,
        /// The port.
        port: u16,
    },
    /// The addresses that a name turned out to have, in the order in which they are tried.
    Resolved(&'a [SocketAddr]),
    /// This address is being connected to, beside those before it that have not failed yet.
    Trying(SocketAddr),
    /// This address can't be connected to.
    Unreachable(SocketAddr, &'a io::Error),
    /// The first stream is there: to the host, or to the proxy before it.
    Connected {
        /// Our end, where it has an address.
        local: Option<SocketAddr>,
        /// The other end, where it has an address.
        peer: Option<SocketAddr>,
    },
    /// TLS was agreed on, with the server or, before that, with a proxy.
    Secured(&'a TlsSession),
    /// The connection is open, all the way to the server.
    Opened,
    /// These bytes were sent, before TLS has made them unreadable.
    Sent(&'a [u8]),
    /// So many bytes of a file were sent by the system itself. A [`Tap`] is given them as [`Sent`](Self::Sent)
    /// instead, for which they are read; this is for logs and timings, which want no more than their number.
    SentFile(u64),
    /// These bytes were received, after TLS has made them readable.
    Received(&'a [u8]),
    /// An interim response was read.
    Interim(&'a ResponseHead),
    /// The head of the response was read; in [`Phase::Proxy`], that of a proxy's.
    Head(&'a ResponseHead),
    /// All of the response was read, which need not be all that the peer has sent.
    Done,
    /// What was being done has failed.
    Failed(&'a Error),
    /// This attempt was in vain, and the request is sent once more, on a new connection. It is told instead of
    /// [`Failed`](Event::Failed): the exchange goes on, as the same one, until the last attempt is done or has
    /// failed. [`Request`](Event::Request) follows where the head is another one.
    Repeating {
        /// Which attempt is next, from 2 on.
        attempt: usize,
        /// Why.
        reason: RepeatReason<'a>,
    },
    /// The connection was closed; why, where it was not the caller's wish.
    Closed(Option<CloseReason>),
}

/// Why a request is sent once more: see [`Event::Repeating`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum RepeatReason<'a> {
    /// The kept connection turned out to have been closed, which is what this error says: see
    /// [`ConnectionBuilder::repeat`](crate::ConnectionBuilder::repeat).
    Closed(&'a Error),
    /// The answer to `Expect: 100-continue` was 417: see
    /// [`ConnectionBuilder::retry_without_expect`](crate::ConnectionBuilder::retry_without_expect).
    Unexpected(&'a ResponseHead),
}

/// The head of a request, as it is sent.
#[derive(Clone, Copy)]
pub struct RequestHead<'a> {
    host: &'a str,
    port: u16,
    index: usize,
    bytes: &'a [u8],
}

impl<'a> RequestHead<'a> {
    /// `bytes` are what `Exchange` has made, up to the blank line.
    pub(crate) fn new((host, port): (&'a str, u16), index: usize, bytes: &'a [u8]) -> RequestHead<'a> {
        RequestHead { host, port, index, bytes }
    }

    /// Its place among the requests of a [pipeline](crate::HttpConnection::pipeline), from 0; 0 for one that is
    /// in none.
    pub fn index(&self) -> usize {
        self.index
    }

    /// The host that is to answer: the far end of a tunnel where there is one.
    pub fn host(&self) -> &'a str {
        self.host
    }

    /// The port there.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The method.
    pub fn method(&self) -> &'a str {
        self.request_line().0
    }

    /// The target: a path with its query, or a whole URI.
    pub fn target(&self) -> &'a str {
        self.request_line().1
    }

    /// Names and values, in order.
    pub fn headers(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        self.lines().skip(1).filter_map(|line| {
            let colon = line.iter().position(|&byte| byte == b':')?;
            let (name, value) = (&line[..colon], &line[colon + 1..]);
            Some((str::from_utf8(name).ok()?, value.strip_prefix(b" ").unwrap_or(value)))
        })
    }

    /// The bytes of the wire, up to and with the blank line.
    pub fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    fn lines(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.bytes.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
    }

    fn request_line(&self) -> (&'a str, &'a str) {
        let line = self.lines().next().and_then(|line| str::from_utf8(line).ok()).unwrap_or_default();
        let (method, rest) = line.split_once(' ').unwrap_or((line, ""));
        (method, rest.rsplit_once(' ').map_or(rest, |(target, _)| target))
    }
}

impl fmt::Debug for RequestHead<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestHead")
            .field("method", &self.method())
            .field("target", &self.target())
            .finish_non_exhaustive()
    }
}

/// Watches a connection. `-v` of the command is a tap. To know how long everything took, see
/// [`Timings`](crate::Timings).
///
/// ```
/// use std::sync::mpsc;
/// use straightwire::{Event, HttpConnection};
///
/// let (seen, wire) = mpsc::channel();
/// let conn = HttpConnection::builder("localhost")
///     .tap(move |event: Event<'_>| {
///         if let Event::Sent(bytes) = event {
///             seen.send(bytes.to_vec()).ok();
///         }
///     })
///     .build()?;
/// # drop((conn, wire));
/// # Ok::<(), straightwire::Error>(())
/// ```
pub trait Tap: Send {
    /// Called for each event, in order, on the thread that makes it happen, at the moment it does: the time
    /// of the event is [`Instant::now()`](std::time::Instant::now).
    fn event(&mut self, event: Event<'_>);
}

impl<F: FnMut(Event<'_>) + Send> Tap for F {
    fn event(&mut self, event: Event<'_>) {
        self(event);
    }
}

/// What `set_debuglevel(1)` prints in `http.client`, in its format, on standard output.
pub(crate) fn print_debug(event: Event<'_>) {
    match event {
        Event::Sent(bytes) => println!("send: b{}", Quoted(bytes)),
        Event::Interim(head) | Event::Head(head) => {
            println!("reply: {}", Quoted(&[head.status_line(), b"\r\n"].concat()));
            for (name, value) in head.headers() {
                println!("header: {name}: {value}");
            }
        }
        _ => {}
    }
}

/// Bytes as Python's `repr` shows them, but for the `b` before.
struct Quoted<'a>(&'a [u8]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quote = if self.0.contains(&b'\'') && !self.0.contains(&b'"') { '"' } else { '\'' };
        f.write_char(quote)?;
        for &byte in self.0 {
            match byte {
                b'\'' | b'"' if char::from(byte) != quote => f.write_char(byte.into())?,
                _ => write!(f, "{}", byte.escape_ascii())?,
            }
        }
        f.write_char(quote)
    }
}
