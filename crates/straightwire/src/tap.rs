//! Seeing every byte as it passes.

use std::fmt::{self, Write as _};
use std::net::SocketAddr;

use crate::proto::{CloseReason, ResponseHead};
use crate::tls::TlsSession;

/// Something that happened on a connection.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A connection to this host and port is about to be opened.
    Connecting {
        /// The host's name or address.
        host: &'a str,
        /// The port.
        port: u16,
    },
    /// It is open.
    Connected {
        /// Our end, where it has an address.
        local: Option<SocketAddr>,
        /// The other end, where it has an address.
        peer: Option<SocketAddr>,
    },
    /// TLS was agreed on, with the server or, before that, with a proxy.
    Secured(&'a TlsSession),
    /// These bytes were sent, before TLS has made them unreadable.
    Sent(&'a [u8]),
    /// These bytes were received, after TLS has made them readable.
    Received(&'a [u8]),
    /// An interim response was read.
    Interim(&'a ResponseHead),
    /// The head of the response was read.
    Head(&'a ResponseHead),
    /// The connection was closed; why, where it was not the caller's wish.
    Closed(Option<CloseReason>),
}

/// Watches a connection. `-v` of the command and the debug level are taps.
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
    /// Called for each event, in order, on the thread that makes it happen.
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
            let version = if head.version() == 10 { "1.0" } else { "1.1" };
            let line = format!("HTTP/{version} {:03} {}\r\n", head.status(), head.reason());
            // The reason was read as ISO-8859-1, so each character is a byte again.
            let line: Vec<u8> = line.chars().map(|char| char as u8).collect();
            println!("reply: {}", Quoted(&line));
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
