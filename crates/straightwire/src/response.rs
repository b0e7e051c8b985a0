//! The response, as `http.client.HTTPResponse` gives it.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, BufRead, Read};

use crate::connection::HttpConnection;
use crate::error::Result;
use crate::proto::{CloseReason, Framing, Headers, ResponseHead};
use crate::throttle::Ends;
use crate::timings::Timings;
use crate::upgraded::Upgraded;

/// The answer to a request: its head is here, its body is read from it.
///
/// It borrows the connection, which is free again when the response is dropped. A body that was not read
/// to its end is skipped if the rest of it has come already; else the connection is closed. Either way
/// none of its bytes gets into the next response.
///
/// The body is read with [`read_all`](Self::read_all), [`read_up_to`](Self::read_up_to) and
/// [`read_into`](Self::read_into), or through [`Read`] and [`BufRead`]. However it is read, a body that
/// ends too early is an error, [`IncompleteRead`](crate::ErrorKind::IncompleteRead). `chunked` is taken
/// off; other codings, of the transfer or the content, are left as they are.
///
/// ```no_run
/// use std::io::BufRead;
/// # let mut conn = straightwire::HttpConnection::new("localhost:8000")?;
/// conn.request("GET", "/log", (), &[])?;
/// for line in conn.get_response()?.lines() {
///     println!("{}", line?);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "HTTPResponse")]
pub struct HttpResponse<'conn> {
    conn: &'conn mut HttpConnection,
}

impl<'conn> HttpResponse<'conn> {
    pub(crate) fn new(conn: &'conn mut HttpConnection) -> HttpResponse<'conn> {
        HttpResponse { conn }
    }

    /// The protocol version: 10 for HTTP/1.0, 11 for HTTP/1.1.
    pub fn version(&self) -> u8 {
        self.head().version()
    }

    /// The status code.
    #[doc(alias = "getcode")]
    #[doc(alias = "code")]
    pub fn status(&self) -> u16 {
        self.head().status()
    }

    /// The reason phrase, read as ISO-8859-1; may be empty.
    pub fn reason(&self) -> Cow<'_, str> {
        self.head().reason()
    }

    /// The value of a header (case ignored); several of that name are joined by `", "`.
    ///
    /// ```no_run
    /// # let mut conn = straightwire::HttpConnection::new("localhost:8000")?;
    /// # conn.request("GET", "/", (), &[])?;
    /// let response = conn.get_response()?;
    /// let kind = response.header("content-type").unwrap_or("text/plain".into());
    /// # Ok::<(), straightwire::Error>(())
    /// ```
    #[doc(alias = "getheader")]
    pub fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        self.headers().joined(name)
    }

    /// The same, or `default` if there is no such header.
    #[doc(alias = "getheader")]
    pub fn header_or<'a>(&'a self, name: &str, default: &'a str) -> Cow<'a, str> {
        self.header(name).unwrap_or(Cow::Borrowed(default))
    }

    /// All headers, in order, with their case and duplicates.
    #[doc(alias = "getheaders")]
    #[doc(alias = "msg")]
    #[doc(alias = "info")]
    pub fn headers(&self) -> &Headers {
        self.head().headers()
    }

    /// The head: version, status, reason and headers.
    pub fn head(&self) -> &ResponseHead {
        self.conn.exchange().head()
    }

    /// The interim responses (1xx, such as 103 Early Hints) that came before this one. To hear of them as
    /// they come, see [`ConnectionBuilder::on_interim`](crate::ConnectionBuilder::on_interim).
    pub fn interim(&self) -> &[ResponseHead] {
        self.conn.exchange().interim()
    }

    /// The fields that came after a chunked body; empty until the body has been read to its end. They stay
    /// apart from the headers and change nothing about framing (RFC 9110 6.5.1).
    ///
    /// Many servers send trailers only to requests that say `TE: trailers` and `Connection: TE` (RFC 9110
    /// 10.1.4): whether to say so is the caller's choice.
    pub fn trailers(&self) -> &Headers {
        self.conn.exchange().trailers()
    }

    /// Reads the rest of the body.
    ///
    /// Memory grows with what arrives, not with what `Content-Length` promises.
    ///
    /// # Errors
    /// `IncompleteRead` or `BadChunk` when the body is not whole, `Io`, `Timeout`; what had arrived is in
    /// [`Error::partial`](crate::Error::partial).
    #[doc(alias = "read")]
    pub fn read_all(&mut self) -> Result<Vec<u8>> {
        self.take_vec(u64::MAX)
    }

    /// Reads the next `len` bytes of the body; fewer only at its end.
    ///
    /// # Errors
    /// As for [`read_all`](Self::read_all).
    #[doc(alias = "read")]
    pub fn read_up_to(&mut self, len: usize) -> Result<Vec<u8>> {
        self.take_vec(len as u64)
    }

    /// Fills `buf` from the body and gives how many bytes that were; fewer than `buf` takes only at the
    /// body's end. ([`Read::read`] gives what has come, without waiting for more.)
    ///
    /// # Errors
    /// As for [`read_all`](Self::read_all).
    #[doc(alias = "readinto")]
    pub fn read_into(&mut self, buf: &mut [u8]) -> Result<usize> {
        let mut filled = 0;
        while filled < buf.len() && !self.conn.is_body_read() {
            match self.conn.read_body(&mut buf[filled..]) {
                Ok(0) => break,
                Ok(len) => filled += len,
                Err(err) => return Err(err.with_partial(&buf[..filled])),
            }
        }
        Ok(filled)
    }

    /// Reads what has come into `buf`, waiting only while there is nothing; 0 at the body's end. This is
    /// [`Read::read`] with the error of this crate.
    ///
    /// # Errors
    /// As for [`read_all`](Self::read_all).
    #[doc(alias = "read1")]
    pub fn read_some(&mut self, buf: &mut [u8]) -> Result<usize> {
        self.conn.read_body(buf)
    }

    /// Takes the stream after a change of protocol: a 101 that answers `Upgrade` (RFC 9110 7.8), or a 2xx
    /// that answers CONNECT (RFC 9110 9.3.6); [`framing`](Self::framing) is [`Framing::Switched`] then. The
    /// bytes that have come behind the head are the first to be read from it. The connection is free, and
    /// opens a new stream for its next request.
    ///
    /// Whether the new protocol is one that was asked for is for the caller to look up in `Upgrade`. A
    /// [tap](crate::Tap) is told of the [end](crate::Event::Closed), with
    /// [`CloseReason::Switched`], and of nothing after it; bytes that came behind the head in the same
    /// read it has seen.
    ///
    /// ```
    /// use std::io::{Read, Write};
    /// use straightwire::HttpConnection;
    /// # let origin = origin::Origin::start()?;
    /// # let address = origin.host_port();
    ///
    /// let mut conn = HttpConnection::new(&address)?;
    /// conn.request("GET", "/upgrade", (), &[("Connection", "Upgrade"), ("Upgrade", "echo")])?;
    /// let response = conn.get_response()?;
    /// assert_eq!((response.status(), response.header("Upgrade").as_deref()), (101, Some("echo")));
    /// let mut stream = response.into_upgraded()?;
    /// stream.write_all(b"hello")?;
    /// let mut answer = [0; 5];
    /// stream.read_exact(&mut answer)?;
    /// assert_eq!(&answer, b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `NotUpgraded` after any other response, which is let go of: look at [`framing`](Self::framing) first to
    /// read its body. `NotUpgraded` also where the request was not sent whole before the answer came.
    pub fn into_upgraded(self) -> Result<Upgraded> {
        self.conn.hand_over()
    }

    /// Lets go of the response without reading the rest of it.
    pub fn close(self) {}

    /// Whether the body has been read to its end.
    #[doc(alias = "isclosed")]
    #[doc(alias = "closed")]
    pub fn is_closed(&self) -> bool {
        self.conn.is_body_read()
    }

    /// Whether the body was cut short and only the [policy](crate::Policy::truncated_body) has it end as if it
    /// were whole. Known at its end; [`remaining`](Self::remaining) then says how much is missing, where there
    /// is a `Content-Length`.
    pub fn is_truncated(&self) -> bool {
        self.close_reason() == Some(CloseReason::Truncated)
    }

    /// Bytes of the body still to be read, where its length is known.
    #[doc(alias = "length")]
    pub fn remaining(&self) -> Option<u64> {
        self.conn.remaining()
    }

    /// Where the body ends.
    #[doc(alias = "chunked")]
    pub fn framing(&self) -> Framing {
        self.conn.exchange().framing().unwrap_or(Framing::None)
    }

    /// Why the connection won't be used again after this response; `None` if it will.
    #[doc(alias = "will_close")]
    pub fn close_reason(&self) -> Option<CloseReason> {
        if self.conn.is_connected() { self.conn.exchange().close_reason() } else { self.conn.close_reason() }
    }

    /// How long everything took so far: see [`HttpConnection::timings`].
    pub fn timings(&self) -> Option<Timings> {
        self.conn.timings()
    }

    /// Whether the request was sent twice, the kept connection having been closed the first time: see
    /// [`ConnectionBuilder::repeat`](crate::ConnectionBuilder::repeat).
    pub fn was_repeated(&self) -> bool {
        self.conn.was_repeated()
    }

    /// The debug level of the connection.
    #[doc(alias = "debuglevel")]
    pub fn debug_level(&self) -> u32 {
        self.conn.debug_level()
    }

    /// The file descriptor of the connection.
    #[cfg(unix)]
    #[doc(alias = "fileno")]
    pub fn fd(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        self.conn.fd()
    }

    pub(crate) fn ends(&self) -> Ends {
        self.conn.ends()
    }

    fn take_vec(&mut self, limit: u64) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        if let Some(left) = self.remaining() {
            body.reserve(left.min(limit).min(64 * 1024) as usize);
        }
        match self.conn.read_body_to_vec(&mut body, limit) {
            Ok(()) => Ok(body),
            Err(err) => Err(err.with_received(body)),
        }
    }
}

impl Drop for HttpResponse<'_> {
    fn drop(&mut self) {
        self.conn.end_response();
    }
}

/// Gives what has come, waiting only while there is nothing. The error inside an [`io::Error`] is a
/// [`crate::Error`]: see [`io::Error::downcast`].
impl Read for HttpResponse<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        Ok(self.conn.read_body(buf)?)
    }

    fn read_to_end(&mut self, out: &mut Vec<u8>) -> io::Result<usize> {
        let before = out.len();
        self.conn.read_body_to_vec(out, u64::MAX)?;
        Ok(out.len() - before)
    }
}

impl BufRead for HttpResponse<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        Ok(self.conn.fill_ready()?)
    }

    fn consume(&mut self, len: usize) {
        self.conn.consume_ready(len);
    }
}

impl fmt::Debug for HttpResponse<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpResponse")
            .field("version", &self.version())
            .field("status", &self.status())
            .field("reason", &self.reason())
            .field("headers", self.headers())
            .finish()
    }
}
