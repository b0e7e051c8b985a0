//! HTTP/1.1, straight to the wire: one connection, no magic, every byte in the caller's hands.
//!
//! This is Python's `http.client` done again in Rust. The calls are the same, in Rust's spelling:
//!
//! ```
//! use straightwire::HttpConnection;
//! # let origin = origin::Origin::start()?;
//! # let address = origin.host_port();
//!
//! let mut conn = HttpConnection::new(&address)?;              // or "www.python.org", "[::1]:8080"
//! conn.request("GET", "/index.html", (), &[])?;               // opens the connection
//! let mut response = conn.get_response()?;
//! assert_eq!((response.status(), &*response.reason()), (200, "OK"));
//! let page = response.read_all()?;
//! drop(response);                                             // the connection is free again
//!
//! conn.request("GET", "/parrot.spam", (), &[("Accept", "text/html")])?;
//! let response = conn.get_response()?;
//! assert_eq!(response.status(), straightwire::status::NOT_FOUND);
//! # assert!(!page.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A HEAD request, whose response never has a body:
//!
//! ```
//! # use straightwire::HttpConnection;
//! # let origin = origin::Origin::start()?;
//! # let mut conn = HttpConnection::new(&origin.host_port())?;
//! conn.request("HEAD", "/index.html", (), &[])?;
//! let mut response = conn.get_response()?;
//! assert_eq!(response.status(), 200);
//! assert_eq!(response.read_all()?, b"");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A form by POST, a file by PUT, and a body that is made as it is sent:
//!
//! ```
//! # use straightwire::{Body, HttpConnection};
//! # let origin = origin::Origin::start()?;
//! # let mut conn = HttpConnection::new(&origin.host_port())?;
//! let headers = [("Content-type", "application/x-www-form-urlencoded"), ("Accept", "text/plain")];
//! conn.request("POST", "/cgi-bin/query", "spam=1&eggs=2&bacon=0", &headers)?;
//! assert_eq!(conn.get_response()?.status(), 200);
//!
//! # let path = std::env::temp_dir().join(format!("straightwire-doc-{}", std::process::id()));
//! # std::fs::write(&path, "some text")?;
//! let file = std::fs::File::open(&path)?;
//! conn.request("PUT", "/files/notes.txt", file, &[])?;        // in chunks: a file's length may change
//! assert_eq!(conn.get_response()?.status(), 201);
//! # std::fs::remove_file(&path)?;
//!
//! let rows = (1..=3).map(|n| format!("row {n}\n"));
//! conn.request("POST", "/echo", Body::chunks(rows), &[])?;    // a chunk for each row
//! assert_eq!(conn.get_response()?.read_all()?, b"row 1\nrow 2\nrow 3\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A response read piece by piece, whatever its framing:
//!
//! ```
//! # use straightwire::HttpConnection;
//! # let origin = origin::Origin::start()?;
//! # let mut conn = HttpConnection::new(&origin.host_port())?;
//! # let mut pieces = 0;
//! conn.request("GET", "/chunked/100000/5000", (), &[])?;
//! let mut response = conn.get_response()?;
//! loop {
//!     let piece = response.read_up_to(20_000)?;               // or use Read and BufRead
//!     if piece.is_empty() {
//!         break;
//!     }
//! #   pieces += 1;
//! }
//! # assert_eq!(pieces, 5);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! And a request step by step:
//!
//! ```
//! # use straightwire::HttpConnection;
//! # let origin = origin::Origin::start()?;
//! # let mut conn = HttpConnection::new(&origin.host_port())?;
//! conn.put_request("PUT", "/upload")?;
//! conn.put_header("Content-Length", 11)?;
//! conn.put_header("Accept", ["text/plain", "application/json"])?;
//! conn.end_headers()?;
//! conn.send("hello ")?;
//! conn.send(b"world")?;
//! assert_eq!(conn.get_response()?.status(), 200);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What can be relied on
//! * **Errors** say whose fault it was, name the line or byte, and keep what had arrived: see [`Error`].
//! * **After any error** the next request starts clean, on a new connection where the old one is in doubt.
//!   No request is sent twice by itself, unless [`ConnectionBuilder::repeat`] allows it.
//! * **An early answer is heard**: a server that refuses a body before it has all of it is not sent the rest,
//!   and its answer is the response.
//! * **Responses don't mix.** A response dropped unread, bytes nobody asked for, a body cut short: none of
//!   it can get into the next response.
//! * **Truncation is an error**, however the body is read.
//! * **Nothing that is passed in can add a line** to a request: methods, targets, hosts, header names and
//!   values are checked before a byte is sent.
//! * **A peer has limits**: see [`Limits`]. Memory grows with what has arrived, never with what was
//!   promised.
//! * **Strict by default**: see [`Policy`] for what a lenient reader puts up with.
//! * **Costs**: one `write` and one `read` for a small exchange, and no allocation after the first.
//!
//! # Where to find what `http.client` has
//! Searching these pages for the Python name finds the Rust one. The main ones:
//!
//! | `http.client` | here |
//! |---|---|
//! | `HTTPConnection(host, port, timeout, source_address, blocksize)` | [`HttpConnection::new`], [`HttpConnection::builder`] |
//! | `request`, `getresponse` | [`HttpConnection::request`], [`HttpConnection::get_response`] |
//! | `putrequest`, `putheader`, `endheaders`, `send` | [`HttpConnection::put_request`] and the ones after it |
//! | `HTTPResponse.read`, `readinto`, iteration | [`HttpResponse::read_all`], [`HttpResponse::read_up_to`], [`HttpResponse::read_into`], `Read`, `BufRead` |
//! | `getheader`, `getheaders`, `HTTPMessage` | [`HttpResponse::header`], [`Headers`] |
//! | exceptions | [`ErrorKind`] and the families of [`Error`] |
//! | `responses`, `NOT_FOUND`, … | [`responses`], [`status`] |
//! | `set_debuglevel` | [`HttpConnection::set_debug_level`], [`Tap`] |
//!
//! # What it has beyond that
//!
//! | for | there is |
//! |---|---|
//! | uploads | [`ConnectionBuilder::expect_timeout`], answers that come early ([`ErrorKind::AnsweredEarly`]), [`BodyWriter`], [`Body::writer`], [`Body::file`], [`Body::with_trailers`], [`Body::progress`], [`Body::throttle`] |
//! | responses | [`ConnectionBuilder::on_interim`], [`HttpResponse::trailers`], [`HttpResponse::into_upgraded`], [`HttpResponse::copy_to`] |
//! | content | `HttpResponse::decoded` (with a feature of those below), [`ByteRanges`], [`HttpResponse::range_parts`], [`Download`] |
//! | kept connections | [`HttpConnection::is_reusable`], [`ConnectionBuilder::repeat`], [`HttpConnection::pipeline`], [`Pool`] |
//! | the way to the server | [`ConnectionBuilder`], [`transport`], [`Canceller`] |
//!
//! # Seeing what happens
//! A [`Tap`] is told of every step and every byte, and [`Timings`] are how long each phase took.
//!
//! With the feature `log` or `tracing` the same goes to the program's logger or subscriber, with
//! `straightwire` as target: connections, request lines and statuses at debug, heads and counts of bytes
//! at trace. `tracing` has a span for each exchange, `exchange`, with `method`, `target`, `host`, `port`,
//! `status` and `error`. A request that is sent once more ([`ConnectionBuilder::repeat`],
//! [`ConnectionBuilder::retry_without_expect`]) stays one exchange: its span then has `attempts`, `status` is the
//! last one's, and a line at debug says why. No secrets are told: of targets the query and any user and
//! password are left out, of heads the values of `Authorization`, `Proxy-Authorization`, `Cookie` and
//! `Set-Cookie`, and bodies altogether.
//!
//! # Features
//! `tls` and `idna` (host names beyond ASCII) are on unless switched off. `gzip`, `deflate`, `brotli` and `zstd`
//! (all of them: `decode`), `log` and `tracing` are off.
//!
//! The engine without sockets, for other kinds of I/O, is [`proto`].

#![forbid(unsafe_code)]

mod body;
mod buffer;
mod canceller;
mod connection;
mod credentials;
mod decoding;
mod error;
mod halves;
mod host;
mod limits;
#[cfg(any(feature = "log", feature = "tracing"))]
mod logging;
mod policy;
mod pool;
mod progress;
pub mod proto;
mod ranges;
mod response;
mod saving;
mod tap;
mod throttle;
mod timings;
mod tls;
pub mod transport;
mod turns;
mod upgraded;
mod watchers;

// The public interface is:
pub use body::Body;
pub use canceller::Canceller;
#[cfg(feature = "tls")]
pub use connection::HttpsConnection;
pub use connection::{
    BodyWriter, ConnectionBuilder, Expected, HttpConnection, Pipeline, PipelinedRequest, ProxyResponse,
    Repeat,
};
pub use credentials::basic_credentials;
pub use decoding::{DecodeLimits, Decoded, accept_encoding};
pub use error::{Error, ErrorKind, Phase, Result};
pub use halves::{NotSplit, UpgradedReader, UpgradedWriter};
pub use limits::Limits;
pub use policy::Policy;
pub use pool::{Lease, Origin, Pool, PoolBuilder, PoolError, Scheme};
pub use progress::Progress;
pub use proto::status::{self, HTTP_PORT, HTTPS_PORT, responses};
pub use proto::{CloseReason, ConnectionState, Defect, Framing, HeaderValue, Headers, ResponseHead};
pub use ranges::{
    ByteRanges, ContentRange, Continuation, Download, Outcome, RangePart, RangeParts, Validator,
};
pub use response::HttpResponse;
pub use tap::{Event, RepeatReason, RequestHead, Tap};
pub use throttle::Throttle;
pub use timings::Timings;
#[cfg(feature = "tls")]
pub use tls::{Tls, TlsBuilder};
pub use tls::{TlsSession, TlsVersion};
pub use transport::socks::Socks5;
pub use upgraded::Upgraded;
