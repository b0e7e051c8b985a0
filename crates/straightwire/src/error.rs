//! What can go wrong, named as in `http.client`.

use std::{error, fmt, io};

use crate::transport::DeadlinePassed;

/// The result of everything here that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error: its [kind](ErrorKind), a sentence that says what was wrong and where, and what had already
/// been received.
///
/// The families of `http.client`'s exceptions are the `is_…` methods, so that code which catches
/// `ImproperConnectionState` asks [`is_improper_connection_state`](Error::is_improper_connection_state).
///
/// After any error the connection is usable: the next request starts with its own first byte, on a new
/// connection wherever the old one is in doubt.
///
/// ```
/// use straightwire::{ErrorKind, HttpConnection};
///
/// let mut conn = HttpConnection::new("localhost")?;
/// let err = conn.put_header("Accept", "*/*").unwrap_err();   // no put_request yet
/// assert_eq!(err.kind(), ErrorKind::CannotSendHeader);
/// assert!(err.is_improper_connection_state() && err.is_caller());
/// # Ok::<(), straightwire::Error>(())
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    detail: String,
    partial: Vec<u8>,
    expected: Option<u64>,
    saved: u64,
    phase: Option<Phase>,
    source: Option<io::Error>,
}

/// What was being done when an I/O error or a timeout struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Looking up the host's addresses.
    Resolve,
    /// Connecting to one of them.
    Connect,
    /// Having a proxy pass the connection on.
    Proxy,
    /// Agreeing on TLS.
    Tls,
    /// Taking the next piece of the body from the caller's reader or iterator.
    TakeBody,
    /// Sending the request.
    Send,
    /// Waiting for the head of the response, or reading it.
    Head,
    /// Reading the body of the response.
    Body,
    /// Writing it to where the caller wants it.
    SaveBody,
}

/// What kind of thing went wrong. The first group has the names of `http.client`'s exceptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// There is no connection, and opening one by itself is switched off.
    NotConnected,
    /// A host, port or request target that can't be one.
    #[doc(alias = "InvalidURL")]
    InvalidUrl,
    /// The answer is in a protocol that is not HTTP/1.
    UnknownProtocol,
    /// The `Transfer-Encoding` of a response says nothing clear. (`http.client` has the exception and
    /// never raises it.)
    UnknownTransferEncoding,
    /// Kept for its name: `http.client` has the exception and never raises it; neither does this crate.
    UnimplementedFileMode,
    /// The connection ended before the message did. What had arrived is in [`Error::partial`].
    IncompleteRead,
    /// The base of the three below; never an error's own kind.
    ImproperConnectionState,
    /// A request was begun while another was under way.
    CannotSendRequest,
    /// A header, body or end of headers was sent outside a request.
    CannotSendHeader,
    /// A response was asked for when no request had been sent.
    ResponseNotReady,
    /// The answer does not begin with a status line.
    BadStatusLine,
    /// A line is longer than [`Limits::line`](crate::Limits::line).
    LineTooLong,
    /// The connection ended before the first byte of the answer. Belongs to the families of
    /// `BadStatusLine` and of connection resets, as in `http.client`.
    RemoteDisconnected,

    /// A method that is no token (`http.client`: `ValueError`).
    InvalidMethod,
    /// A header to be sent whose name or value is not allowed (`http.client`: `ValueError`).
    InvalidHeader,
    /// A body that can't be sent as declared: text outside ISO-8859-1, or more or fewer bytes than its
    /// `Content-Length`.
    InvalidBody,
    /// A setting that makes no sense, such as a timeout of zero.
    InvalidSetting,
    /// The stream was asked for after a response with which no other protocol begins: see
    /// [`HttpResponse::into_upgraded`](crate::HttpResponse::into_upgraded).
    NotUpgraded,

    /// A header or trailer line of a response that is no field line.
    BadHeader,
    /// A `Content-Length` that is no number, or several that differ.
    BadContentLength,
    /// A chunked body that breaks the chunk grammar. `http.client` raises `IncompleteRead` for these;
    /// [`Error::is_incomplete_read`] is true of both.
    BadChunk,

    /// The content is in a coding that can't be undone here: see [`Decoded`](crate::Decoded).
    UnknownContentEncoding,
    /// The content is not what its `Content-Encoding` says, or is damaged or cut short in there.
    BadContentEncoding,
    /// The answer to a request for a part is none: its `Content-Range` makes no sense or is for another
    /// part, or the parts of a `multipart/byteranges` are not where they have to be.
    BadRange,

    /// More header lines than [`Limits::header_lines`](crate::Limits::header_lines).
    TooManyHeaders,
    /// More trailer lines than [`Limits::trailer_lines`](crate::Limits::trailer_lines).
    TooManyTrailers,
    /// More interim responses than [`Limits::interim_responses`](crate::Limits::interim_responses).
    TooManyInterimResponses,
    /// A head, or a trailer section, longer than [`Limits::head`](crate::Limits::head).
    HeadTooLarge,
    /// More chunk extensions than [`Limits::chunk_extensions`](crate::Limits::chunk_extensions).
    ChunkExtensionsTooLarge,
    /// More decoded content than [`DecodeLimits`](crate::DecodeLimits) allows.
    DecodedTooLarge,
    /// More parts than a [`RangeParts`](crate::RangeParts) takes.
    TooManyParts,

    /// The peer's certificate was not accepted; the message says what is wrong with it.
    #[doc(alias = "SSLCertVerificationError")]
    Certificate,
    /// TLS could not be spoken, or was broken off.
    #[doc(alias = "SSLError")]
    Tls,
    /// The proxy refused to pass the connection on: see
    /// [`HttpConnection::proxy_response`](crate::HttpConnection::proxy_response). (`http.client`:
    /// `OSError`.)
    TunnelFailed,
    /// The SOCKS proxy refused to pass the connection on, or speaks another protocol.
    SocksFailed,

    /// The server has answered before the request was sent whole, and wants no more of it (RFC 9112 9.5):
    /// [`get_response`](crate::HttpConnection::get_response) gives the answer. Only where a request is sent
    /// step by step. Belongs to the family of connection errors, as `BrokenPipeError` does, which it is in
    /// `http.client`.
    AnsweredEarly,
    /// The server is answering while the request is being sent, and reads no more of that until more of its
    /// answer is read: [`get_response`](crate::HttpConnection::get_response) gives the answer.
    AnswerInTheWay,

    /// A [`Canceller`](crate::Canceller) was used.
    Cancelled,
    /// A timeout or the deadline ran out while connecting, reading or writing.
    Timeout,
    /// The operating system, or the caller's reader or iterator, reported an error: see
    /// [`Error::io_error`].
    Io,
}

impl Error {
    #[cold]
    pub(crate) fn new(kind: ErrorKind, detail: impl Into<String>) -> Error {
        Error(Box::new(Inner {
            kind,
            detail: detail.into(),
            partial: Vec::new(),
            expected: None,
            saved: 0,
            phase: None,
            source: None,
        }))
    }

    #[cold]
    pub(crate) fn incomplete(detail: impl Into<String>, expected: Option<u64>) -> Error {
        let mut err = Error::new(ErrorKind::IncompleteRead, detail);
        err.0.expected = expected;
        err
    }

    /// Wraps an I/O error; `doing` says what was being done ("connecting to a:80", "reading the head").
    #[cold]
    pub(crate) fn io(phase: Phase, doing: &str, source: io::Error) -> Error {
        // An error of ours that travelled through a `Read` or `Write` comes back as itself.
        let source = match source.downcast::<Error>() {
            Ok(own) => return own.in_phase(phase),
            Err(source) => source,
        };
        let timed_out = matches!(source.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock);
        let late = source.get_ref().is_some_and(|inner| inner.is::<DeadlinePassed>());
        let (kind, detail) = if late {
            // While opening it may as well be the connect timeout.
            let is_open = !matches!(phase, Phase::Resolve | Phase::Connect | Phase::Proxy | Phase::Tls);
            let what = if is_open { "the deadline passed" } else { "time ran out" };
            (ErrorKind::Timeout, format!("{what} while {doing}"))
        } else if timed_out {
            (ErrorKind::Timeout, format!("timed out while {doing}"))
        } else {
            (ErrorKind::Io, format!("while {doing}: {source}"))
        };
        let mut err = Error::new(kind, detail);
        err.0.phase = Some(phase);
        err.0.source = Some(source);
        err
    }

    /// Says when it struck, unless it says so already.
    #[cold]
    pub(crate) fn in_phase(mut self, phase: Phase) -> Error {
        self.0.phase.get_or_insert(phase);
        self
    }

    #[cold]
    pub(crate) fn with_partial(mut self, received: &[u8]) -> Error {
        self.0.partial.splice(0..0, received.iter().copied());
        self
    }

    /// The same, without a copy where this is all there is.
    #[cold]
    pub(crate) fn with_received(mut self, received: Vec<u8>) -> Error {
        if self.0.partial.is_empty() {
            self.0.partial = received;
            return self;
        }
        self.with_partial(&received)
    }

    #[cold]
    pub(crate) fn with_saved(mut self, saved: u64) -> Error {
        self.0.saved = saved;
        self
    }

    /// What kind of error this is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The bytes that had arrived when the error struck, as far as no call had handed them over yet:
    /// of the body for an error in the body, of the head for an error in the head.
    pub fn partial(&self) -> &[u8] {
        &self.0.partial
    }

    /// The bytes that had arrived, taken out of the error: see [`Error::partial`].
    pub fn into_partial(self) -> Vec<u8> {
        self.0.partial
    }

    /// How many more bytes were to come, where that was known.
    pub fn expected(&self) -> Option<u64> {
        self.0.expected
    }

    /// How many bytes of the body had been written to where they should go, by
    /// [`copy_to`](crate::HttpResponse::copy_to).
    pub fn saved(&self) -> u64 {
        self.0.saved
    }

    /// What was being done when an I/O error or a timeout struck.
    pub fn phase(&self) -> Option<Phase> {
        self.0.phase
    }

    /// The sentence alone, without the name of the kind that [`Display`](fmt::Display) puts before it.
    pub fn message(&self) -> impl fmt::Display + '_ {
        Message(&self.0)
    }

    /// The I/O error behind this one, if there is one.
    pub fn io_error(&self) -> Option<&io::Error> {
        self.0.source.as_ref()
    }

    /// The family of `ImproperConnectionState`: a call at the wrong time. Nothing was changed by it.
    pub fn is_improper_connection_state(&self) -> bool {
        use ErrorKind::*;
        matches!(
            self.kind(),
            ImproperConnectionState | CannotSendRequest | CannotSendHeader | ResponseNotReady
        )
    }

    /// The family of `BadStatusLine`, which in `http.client` `RemoteDisconnected` belongs to.
    pub fn is_bad_status_line(&self) -> bool {
        matches!(self.kind(), ErrorKind::BadStatusLine | ErrorKind::RemoteDisconnected)
    }

    /// The family of `IncompleteRead`: the message ended, or stopped making sense, before it was whole.
    pub fn is_incomplete_read(&self) -> bool {
        matches!(self.kind(), ErrorKind::IncompleteRead | ErrorKind::BadChunk)
    }

    /// The family of Python's `ConnectionError`: the peer went away, or listens no more, which includes
    /// `RemoteDisconnected` and `AnsweredEarly`.
    #[doc(alias = "ConnectionError")]
    pub fn is_connection_error(&self) -> bool {
        use io::ErrorKind::*;
        matches!(self.kind(), ErrorKind::RemoteDisconnected | ErrorKind::AnsweredEarly)
            || self.io_error().is_some_and(|err| {
                matches!(err.kind(), ConnectionReset | ConnectionAborted | ConnectionRefused | BrokenPipe)
            })
    }

    /// Nothing has failed but sending: there is an answer.
    pub(crate) fn is_answered_early(&self) -> bool {
        self.kind() == ErrorKind::AnsweredEarly
    }

    /// A timeout or the deadline ran out.
    pub fn is_timeout(&self) -> bool {
        self.kind() == ErrorKind::Timeout
    }

    /// The family of `HTTPException`: what `http.client` has an exception of its own for, rather than a
    /// `ValueError` or an `OSError`.
    #[doc(alias = "HTTPException")]
    pub fn is_http_exception(&self) -> bool {
        use ErrorKind::*;
        let is_value =
            matches!(self.kind(), InvalidMethod | InvalidHeader | InvalidBody | InvalidSetting | NotUpgraded);
        !(self.is_io() || is_value)
    }

    /// The caller asked for something that can't be done: mending the call mends the error.
    pub fn is_caller(&self) -> bool {
        use ErrorKind::*;
        self.is_improper_connection_state()
            || matches!(
                self.kind(),
                NotConnected
                    | InvalidUrl
                    | InvalidMethod
                    | InvalidHeader
                    | InvalidBody
                    | InvalidSetting
                    | NotUpgraded
            )
    }

    /// The peer broke the protocol.
    pub fn is_peer(&self) -> bool {
        use ErrorKind::*;
        matches!(
            self.kind(),
            UnknownProtocol
                | UnknownTransferEncoding
                | IncompleteRead
                | BadStatusLine
                | RemoteDisconnected
                | BadHeader
                | BadContentLength
                | BadChunk
                | UnknownContentEncoding
                | BadContentEncoding
                | BadRange
        ) || self.is_limit()
    }

    /// The peer sent more of something than [`Limits`](crate::Limits), or whatever reads its content,
    /// allows.
    pub fn is_limit(&self) -> bool {
        use ErrorKind::*;
        matches!(
            self.kind(),
            LineTooLong
                | TooManyHeaders
                | TooManyTrailers
                | TooManyInterimResponses
                | HeadTooLarge
                | ChunkExtensionsTooLarge
                | DecodedTooLarge
                | TooManyParts
        )
    }

    /// TLS failed, or the peer's certificate was not accepted.
    #[doc(alias = "SSLError")]
    pub fn is_tls(&self) -> bool {
        matches!(self.kind(), ErrorKind::Certificate | ErrorKind::Tls)
    }

    /// The family of Python's `OSError`: the way to the server failed (network, TLS, proxy), it took too
    /// long or was cancelled, or a reader of the caller's failed.
    #[doc(alias = "OSError")]
    pub fn is_io(&self) -> bool {
        use ErrorKind::*;
        self.is_tls()
            || matches!(
                self.kind(),
                TunnelFailed | SocksFailed | AnsweredEarly | AnswerInTheWay | Cancelled | Timeout | Io
            )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.0.kind, self.message())
    }
}

struct Message<'a>(&'a Inner);

impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, detail, partial, expected, saved, .. } = self.0;
        let read = partial.len() as u64 + saved;
        f.write_str(detail)?;
        match (kind, expected) {
            // Whoever reads piece by piece has had the others.
            (ErrorKind::IncompleteRead, Some(more)) if read == 0 => {
                write!(f, " ({more} more bytes expected)")
            }
            (ErrorKind::IncompleteRead, Some(more)) => {
                write!(f, " ({read} bytes read, {more} more expected)")
            }
            (ErrorKind::IncompleteRead | ErrorKind::BadChunk, None) if read > 0 => {
                write!(f, " ({read} bytes read)")
            }
            _ => Ok(()),
        }
    }
}

/// As [`Display`](fmt::Display), since this is what a `main` that returns the error prints.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl error::Error for Error {
    /// What is behind the I/O error, whose own words are in this error's already.
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.0.source.as_ref()?.get_ref().map(|source| source as _)
    }
}

/// For the standard traits, whose errors are [`io::Error`]: the error itself travels inside and comes
/// back with [`io::Error::downcast`].
impl From<Error> for io::Error {
    fn from(err: Error) -> io::Error {
        use ErrorKind::*;
        let kind = match err.kind() {
            IncompleteRead => io::ErrorKind::UnexpectedEof,
            RemoteDisconnected => io::ErrorKind::ConnectionReset,
            NotConnected => io::ErrorKind::NotConnected,
            Timeout => io::ErrorKind::TimedOut,
            TunnelFailed | SocksFailed => io::ErrorKind::ConnectionRefused,
            Cancelled => io::ErrorKind::ConnectionAborted,
            AnsweredEarly => io::ErrorKind::BrokenPipe,
            AnswerInTheWay => io::ErrorKind::WouldBlock,
            Io => err.io_error().map_or(io::ErrorKind::Other, io::Error::kind),
            _ if err.is_caller() => io::ErrorKind::InvalidInput,
            _ => io::ErrorKind::InvalidData,
        };
        io::Error::new(kind, err)
    }
}

/// Bytes from the wire as they may stand in a message: escaped, and cut where they are long.
pub(crate) struct Excerpt<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 120;
        let shown = &self.0[..self.0.len().min(LONGEST)];
        write!(f, "\"{}\"", shown.escape_ascii())?;
        if shown.len() < self.0.len() {
            write!(f, " and {} bytes more", self.0.len() - shown.len())?;
        }
        Ok(())
    }
}
