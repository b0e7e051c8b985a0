//! Seeing every byte as it passes.

use std::net::SocketAddr;

use crate::proto::{CloseReason, ResponseHead};

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
    /// These bytes were sent.
    Sent(&'a [u8]),
    /// These bytes were received.
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
        Event::Sent(bytes) => println!("send: b'{}'", bytes.escape_ascii()),
        Event::Interim(head) | Event::Head(head) => {
            let version = if head.version() == 10 { "HTTP/1.0" } else { "HTTP/1.1" };
            println!("reply: '{version} {:03} {}\\r\\n'", head.status(), head.reason().escape_debug());
            for (name, value) in head.headers() {
                println!("header: {name}: {value}");
            }
        }
        _ => {}
    }
}
