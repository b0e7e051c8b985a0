//! The calls of `http.client.HTTPConnection`, in its order.

mod config;
mod dial;
mod duplex;
mod expect;
mod files;
mod head;
#[cfg(feature = "tls")]
mod https;
mod interim;
mod open;
mod pieces;
mod pipeline;
mod properties;
mod receive;
mod repeat;
mod send;
mod trailers;
mod tunnel;
mod upgrade;
mod watching;
mod writer;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

pub use config::ConnectionBuilder;
pub use expect::Expected;
#[cfg(feature = "tls")]
pub use https::HttpsConnection;
pub use pipeline::{Pipeline, PipelinedRequest};
pub use repeat::Repeat;
pub use tunnel::ProxyResponse;
pub use writer::BodyWriter;

use crate::body::Body;
use crate::buffer::ReceiveBuffer;
use crate::error::{Error, Result};
use crate::host::authority;
use crate::proto::{CloseReason, ConnectionState, Exchange, HeaderValue};
use crate::response::HttpResponse;
use crate::transport::{Interrupt, Transport};
use crate::watchers::Watchers;
use crate::{Limits, Policy};
use config::Config;
use duplex::Watch;
use repeat::Repeating;

/// What is said of encodings where the caller says nothing: a body that was asked for as it is needs no
/// decoding.
const ACCEPT_LINE: &str = "Accept-Encoding: identity\r\n";

/// One connection to one server: requests go out, responses come in, one after the other.
///
/// Nothing is opened until the first request. A response borrows the connection, so that the compiler
/// sees to it that one response is done with before the next request begins; dropping a response that
/// was not read to its end is fine.
///
/// ```no_run
/// use straightwire::HttpConnection;
///
/// let mut conn = HttpConnection::new("www.python.org")?;
/// conn.request("GET", "/index.html", (), &[])?;
/// let mut response = conn.get_response()?;
/// println!("{} {}", response.status(), response.reason());
/// let body = response.read_all()?;
/// drop(response);
///
/// conn.request("GET", "/parrot.spam", (), &[("Accept", "text/html")])?;
/// assert_eq!(conn.get_response()?.status(), 404);
/// # drop(body);
/// # Ok::<(), straightwire::Error>(())
/// ```
///
/// # Step by step
/// [`put_request`](Self::put_request), [`put_header`](Self::put_header),
/// [`end_headers`](Self::end_headers), [`send`](Self::send) and [`get_response`](Self::get_response) are
/// the steps that [`request`](Self::request) is made of.
///
/// # After an error
/// A call at the wrong time (see [`Error::is_improper_connection_state`]) changes nothing. Any other
/// error ends the request under way: the next one starts with its own first byte, on a new connection
/// where the old one is in doubt.
///
/// # Early answers
/// A server may answer before it has read all of a request (with 413, say), and close. The connection
/// listens while it sends (RFC 9112 9.5): such an answer ends the sending, [`request`](Self::request) is `Ok`,
/// [`get_response`](Self::get_response) gives the answer, and the connection is closed after it. Step by step,
/// [`send`](Self::send) ends with [`AnsweredEarly`](crate::ErrorKind::AnsweredEarly), and the answer is had
/// the same way. An answer below 400 of a server that does not say it closes is let wait until the request
/// is out.
#[doc(alias = "HTTPConnection")]
pub struct HttpConnection {
    config: Config,
    /// `Host` and `Accept-Encoding`, made and checked once.
    own_lines: Vec<u8>,
    exchange: Exchange,
    stream: Option<Box<dyn Transport>>,
    /// The request head, or the framing around a piece of body.
    out: Vec<u8>,
    /// The block of a reader's body that is being sent.
    block: Vec<u8>,
    input: ReceiveBuffer,
    /// Bytes at the front of `input` that are known to be body.
    ready: usize,
    /// What ended the body, told once what came before it has been handed over.
    late_error: Option<Error>,
    /// Until when the open connection, last seen to have nothing more to read and with nothing under way, is
    /// taken to be so still.
    quiet_until: Option<Instant>,
    /// The last read got less than it had room for: nothing was left behind.
    drained: bool,
    close_reason: Option<CloseReason>,
    /// When the exchange under way must be over.
    until: Option<Instant>,
    /// What goes on while a request is being sent.
    watch: Watch,
    /// More answers are due after this one: see [`Pipeline`].
    answers_due: bool,
    /// A pipeline was cut short: the next one tries the connection with one request first.
    wary: bool,
    /// What the canceller wakes the stream by.
    interrupter: Option<Arc<dyn Interrupt>>,
    repeating: Repeating,
    proxy_response: Option<ProxyResponse>,
    tap: Option<Box<Watchers>>,
}

impl HttpConnection {
    /// A connection to `host`, `host:port`, `[v6]` or `[v6]:port`; port 80 where none is named. It is
    /// opened by the first request.
    ///
    /// ```
    /// use straightwire::HttpConnection;
    ///
    /// assert_eq!(HttpConnection::new("www.cwi.nl")?.port(), 80);
    /// assert_eq!(HttpConnection::new("www.cwi.nl:8080")?.port(), 8080);
    /// assert_eq!(HttpConnection::new("[::1]:8080")?.host(), "::1");
    /// # Ok::<(), straightwire::Error>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidUrl` for what can't be a host or a port.
    pub fn new(host: &str) -> Result<HttpConnection> {
        HttpConnection::builder(host).build()
    }

    /// The same with the port apart: `host` is then taken as it is.
    ///
    /// # Errors
    /// `InvalidUrl` for what can't be a host.
    pub fn with_port(host: &str, port: u16) -> Result<HttpConnection> {
        HttpConnection::builder(host).port(port).build()
    }

    /// Begins a connection with timeout, source address, policy and the like: see
    /// [`ConnectionBuilder`].
    pub fn builder(host: &str) -> ConnectionBuilder<HttpConnection> {
        ConnectionBuilder::new(host, crate::status::HTTP_PORT)
    }

    pub(crate) fn from_parts(
        config: Config,
        policy: Policy,
        limits: Limits,
        tap: Option<Box<Watchers>>,
    ) -> HttpConnection {
        HttpConnection {
            own_lines: own_lines(&config),
            config,
            exchange: Exchange::new(policy, limits),
            stream: None,
            out: Vec::new(),
            block: Vec::new(),
            input: ReceiveBuffer::default(),
            ready: 0,
            late_error: None,
            quiet_until: None,
            drained: false,
            close_reason: None,
            until: None,
            watch: Watch::default(),
            answers_due: false,
            wary: false,
            interrupter: None,
            repeating: Repeating::default(),
            proxy_response: None,
            tap,
        }
    }

    /// Sends a request: head and body.
    ///
    /// `url` is the path with its query, an absolute URI for a proxy, `host:port` for CONNECT, or `*` for
    /// OPTIONS; empty means `/`. It is sent as it is: encode what needs encoding.
    ///
    /// `Host` and `Accept-Encoding: identity` go first unless `headers` has them; then `Content-Length` or
    /// `Transfer-Encoding: chunked`, as [`Body`] says, unless `headers` has either; then `headers` in
    /// order. With a `Transfer-Encoding` of yours the body is sent as given, encoded by you; to have it
    /// chunked see [`request_with`](Self::request_with).
    ///
    /// ```no_run
    /// # let mut conn = straightwire::HttpConnection::new("localhost:8000")?;
    /// let headers = [("Content-type", "application/x-www-form-urlencoded"), ("Accept", "text/plain")];
    /// conn.request("POST", "/cgi-bin/query", "spam=1&eggs=2&bacon=0", &headers)?;
    /// # Ok::<(), straightwire::Error>(())
    /// ```
    ///
    /// # Errors
    /// `CannotSendRequest` when another request is under way; `InvalidMethod`, `InvalidUrl`,
    /// `InvalidHeader` or `InvalidBody` before anything is sent; `Io` or `Timeout` from connecting or
    /// sending; `AnswerInTheWay` where the server answers while it reads, and neither side can go on;
    /// `NotConnected` if opening is left to [`connect`](Self::connect).
    pub fn request<'a>(
        &mut self,
        method: &str,
        url: &str,
        body: impl Into<Body<'a>>,
        headers: &[(&str, &str)],
    ) -> Result<()> {
        self.request_with(method, url, body, headers, false)
    }

    /// The same, saying who encodes a body whose `Transfer-Encoding` is among `headers`: with
    /// `encode_chunked` true it is chunked here, else it is sent as given.
    ///
    /// # Errors
    /// As for [`request`](Self::request).
    pub fn request_with<'a>(
        &mut self,
        method: &str,
        url: &str,
        body: impl Into<Body<'a>>,
        headers: &[(&str, &str)],
        encode_chunked: bool,
    ) -> Result<()> {
        let mut body = body.into();
        let encode = self.put_head(method, url, &body, headers, encode_chunked)?;
        match self.send_request(&mut body, encode, true) {
            Err(err) if err.is_answered_early() => {
                self.answered_request(method, url, body, headers, encode_chunked)
            }
            sent => sent,
        }
    }

    /// Waits for the response to the request that was sent, and reads its head.
    ///
    /// Interim responses are read on the way: see [`HttpResponse::interim`]. A body that was sent in
    /// pieces is ended first.
    ///
    /// # Errors
    /// `ResponseNotReady` when no request was sent; `RemoteDisconnected`, `BadStatusLine`,
    /// `UnknownProtocol`, `BadHeader` and others of [`Error::is_peer`]; `Io` or `Timeout`; `InvalidBody`
    /// if less was sent than `Content-Length` declared. After any but the first the connection is closed.
    #[doc(alias = "getresponse")]
    pub fn get_response(&mut self) -> Result<HttpResponse<'_>> {
        while let Err(err) = self.receive_head() {
            match self.repeat_after(err) {
                Err(err) if err.is_answered_early() => {}
                sent => sent?,
            }
        }
        self.note_answer();
        Ok(HttpResponse::new(self))
    }

    /// Above 0, requests and response heads are printed to standard output as they pass, as
    /// `http.client` prints them. For anything else see [`Tap`](crate::Tap).
    #[doc(alias = "set_debuglevel")]
    pub fn set_debug_level(&mut self, level: u32) {
        self.config.debug_level = level;
    }

    /// The debug level: see [`set_debug_level`](Self::set_debug_level).
    #[doc(alias = "debuglevel")]
    pub fn debug_level(&self) -> u32 {
        self.config.debug_level
    }

    /// Opens the connection, closing one that is open and forgetting a request that was sent on it. Requests
    /// do it by themselves, unless [`auto_open`](ConnectionBuilder::auto_open) is off.
    ///
    /// # Errors
    /// `Io` or `Timeout`, naming the addresses that were tried; `Certificate`, `Tls`, `TunnelFailed`,
    /// `SocksFailed`, `Cancelled`. A request that was begun with [`put_request`](Self::put_request) stays
    /// begun: it can be checked before anything is opened.
    pub fn connect(&mut self) -> Result<()> {
        if self.state() != ConnectionState::RequestStarted {
            // What went out on the old connection is not answered on the new one.
            self.exchange.reset();
            self.start_clock()?;
        }
        self.open()
    }

    /// Closes the connection and forgets any request under way. The next request opens it again.
    pub fn close(&mut self) {
        self.close_for(None);
    }

    /// Begins a request step by step: request line, `Host` and `Accept-Encoding: identity`. Nothing is
    /// sent before [`end_headers`](Self::end_headers).
    ///
    /// # Errors
    /// `CannotSendRequest`, `InvalidMethod`, `InvalidUrl`.
    #[doc(alias = "putrequest")]
    pub fn put_request(&mut self, method: &str, url: &str) -> Result<()> {
        self.put_request_with(method, url, false, false)
    }

    /// The same, leaving out `Host` or `Accept-Encoding`.
    ///
    /// # Errors
    /// As for [`put_request`](Self::put_request).
    pub fn put_request_with(
        &mut self,
        method: &str,
        url: &str,
        skip_host: bool,
        skip_accept_encoding: bool,
    ) -> Result<()> {
        self.settle();
        self.begin_head(method, url, skip_host, skip_accept_encoding)?;
        self.start_clock()
    }

    #[inline(always)]
    fn begin_head(
        &mut self,
        method: &str,
        url: &str,
        skip_host: bool,
        skip_accept_encoding: bool,
    ) -> Result<()> {
        self.exchange.begin(&mut self.out, method, url)?;
        let authority = if method == "CONNECT" { Some(Cow::Borrowed(url)) } else { authority(url) };
        if authority.is_none() && !skip_host && !skip_accept_encoding {
            self.exchange.put_checked_lines(&mut self.out, &self.own_lines);
            return Ok(());
        }
        let (host_line, accept_line) = self.own_lines.split_at(self.own_lines.len() - ACCEPT_LINE.len());
        match authority {
            _ if skip_host => {}
            Some(authority) => self.exchange.put_header(&mut self.out, "Host", &*authority)?,
            None => self.exchange.put_checked_lines(&mut self.out, host_line),
        }
        if !skip_accept_encoding {
            self.exchange.put_checked_lines(&mut self.out, accept_line);
        }
        Ok(())
    }

    /// Adds a header. Several values make one comma-separated list: see [`HeaderValue`].
    ///
    /// ```
    /// # let mut conn = straightwire::HttpConnection::new("localhost")?;
    /// conn.put_request("GET", "/")?;
    /// conn.put_header("Accept", ["text/html", "text/plain"])?;
    /// conn.put_header("Max-Forwards", 3)?;
    /// # Ok::<(), straightwire::Error>(())
    /// ```
    ///
    /// # Errors
    /// `CannotSendHeader` before [`put_request`](Self::put_request). `InvalidHeader` for a name that is no
    /// token, a value with a control byte, text outside ISO-8859-1, a `Content-Length` that is no number,
    /// or one beside a `Transfer-Encoding`; the request is then abandoned.
    #[doc(alias = "putheader")]
    pub fn put_header(&mut self, name: &str, value: impl HeaderValue) -> Result<()> {
        self.exchange.put_header(&mut self.out, name, &value)
    }

    /// Ends the head and sends it. If the headers declare a body, [`send`](Self::send) it next; pieces
    /// are made chunks where they say `Transfer-Encoding: chunked`.
    ///
    /// # Errors
    /// `CannotSendHeader` before [`put_request`](Self::put_request); `Io`, `Timeout`, `NotConnected`.
    #[doc(alias = "endheaders")]
    pub fn end_headers(&mut self) -> Result<()> {
        self.send_request(&mut Body::default(), true, false)
    }

    /// Ends the head and sends it with a body. With a `Transfer-Encoding` among the headers, the body is
    /// made chunks and ended if `encode_chunked` is true; else it is sent as given, encoded by you, and
    /// so is what [`send`](Self::send) sends after it.
    ///
    /// # Errors
    /// As for [`end_headers`](Self::end_headers) and [`send`](Self::send), and `InvalidBody` for more bytes
    /// than `Content-Length` says, or bytes where the headers declare none.
    pub fn end_headers_with<'a>(&mut self, body: impl Into<Body<'a>>, encode_chunked: bool) -> Result<()> {
        self.send_request(&mut body.into(), encode_chunked, false)
    }

    /// Sends a piece of the body, or all of it, framed as the headers declared it: as it is under
    /// `Content-Length`, as a chunk under `Transfer-Encoding: chunked`. (`http.client`'s `send` never
    /// makes chunks; for that, see [`end_headers_with`](Self::end_headers_with).)
    ///
    /// ```no_run
    /// # let mut conn = straightwire::HttpConnection::new("localhost:8000")?;
    /// conn.put_request("POST", "/upload")?;
    /// conn.put_header("Transfer-Encoding", "chunked")?;
    /// conn.end_headers()?;
    /// conn.send("first, ")?;
    /// conn.send("second")?;
    /// let response = conn.get_response()?;
    /// # Ok::<(), straightwire::Error>(())
    /// ```
    ///
    /// # Errors
    /// `CannotSendHeader` before [`end_headers`](Self::end_headers); `InvalidBody` for more than was
    /// declared; `AnsweredEarly`, `AnswerInTheWay`, `Io`, `Timeout`, and whatever a reader or iterator of
    /// yours reports.
    pub fn send<'a>(&mut self, data: impl Into<Body<'a>>) -> Result<()> {
        self.exchange.check_in_body()?;
        self.send_body(&mut data.into())
    }

    /// Ends a body that was sent in pieces. [`get_response`](Self::get_response) does it by itself.
    ///
    /// # Errors
    /// `InvalidBody` if less was sent than `Content-Length` declared; `Io`, `Timeout`.
    pub fn finish(&mut self) -> Result<()> {
        self.finish_with_trailers(&[])
    }

    /// Ends a chunked body with trailers. Announce their names in a `Trailer` header (RFC 9110 6.6.2). Where
    /// the body is given whole, [`Body::with_trailers`] does it.
    ///
    /// # Errors
    /// As for [`finish`](Self::finish); `InvalidHeader` for a trailer that can't be one, `InvalidBody` if
    /// the body isn't chunked.
    pub fn finish_with_trailers(&mut self, trailers: &[(&str, &str)]) -> Result<()> {
        self.exchange.check_in_body()?;
        self.send_finish(trailers)
    }
}

/// `Host` and `Accept-Encoding`.
fn own_lines(config: &Config) -> Vec<u8> {
    format!("Host: {}\r\n{ACCEPT_LINE}", config.host_value()).into_bytes()
}

impl Drop for HttpConnection {
    fn drop(&mut self) {
        self.drop_stream(None);
    }
}

impl fmt::Debug for HttpConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpConnection")
            .field("host", &self.config.host)
            .field("port", &self.config.port)
            .field("state", &self.state())
            .field("stream", &self.stream)
            .finish()
    }
}
