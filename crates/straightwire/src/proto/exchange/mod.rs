//! One exchange after another over one connection, without the connection: calls become bytes, bytes
//! become events.

mod asked;
mod receiving;
mod sending;

use std::ops::Range;

pub(crate) use asked::Asked;

use super::chunked::ChunkDecoder;
use super::framing::{CloseReason, Framing, MethodKind};
use super::headers::Headers;
use super::response::{HeadReader, ResponseHead};
use super::state::{ConnectionState, Sending, States};
use crate::{Limits, Policy};

/// What a look at received bytes found: see [`Exchange::receive_head`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// The head is not whole yet: call again with more, beginning with the same bytes.
    More,
    /// An interim response, `len` bytes long, is in [`Exchange::interim`]. Drop them and go on.
    Interim {
        /// Bytes of the input that it took.
        len: usize,
    },
    /// The final head, `len` bytes long, is in [`Exchange::head`].
    Head {
        /// Bytes of the input that it took.
        len: usize,
    },
}

/// What a look at received bytes found: see [`Exchange::receive_body`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyStep {
    /// These bytes of the input are body; all up to their end are used up.
    Data(Range<usize>),
    /// All of the input is used up, and more is to come.
    More,
    /// The body is whole; so many bytes of the input belonged to it.
    End(usize),
}

/// How the body of a request is put on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum BodyEncoder {
    #[default]
    None,
    Length(u64),
    Chunked,
    /// Encoded by the caller.
    Raw,
}

/// The protocol of one connection: a request goes out, responses come in, and again.
///
/// There is no I/O here. Calls append to a buffer what is to be sent; received bytes are handed in as
/// they come, in pieces of any size. [`HttpConnection`](crate::HttpConnection) is this and a socket.
///
/// ```
/// use straightwire::proto::{BodyStep, Exchange, Received};
///
/// let mut exchange = Exchange::default();
/// let mut out = Vec::new();
/// exchange.begin(&mut out, "GET", "/index.html")?;
/// exchange.put_header(&mut out, "Host", "www.python.org")?;
/// exchange.end_head(&mut out, true)?;
/// assert_eq!(out, b"GET /index.html HTTP/1.1\r\nHost: www.python.org\r\n\r\n");
///
/// let input = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
/// assert_eq!(exchange.receive_head(&input[..9])?, Received::More);
/// let Received::Head { len } = exchange.receive_head(input)? else { unreachable!() };
/// assert_eq!((exchange.head().status(), &*exchange.head().reason()), (200, "OK"));
/// assert_eq!(exchange.receive_body(&input[len..])?, BodyStep::Data(0..5));
/// assert!(exchange.is_body_done() && exchange.close_reason().is_none());
/// # Ok::<(), straightwire::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Exchange {
    policy: Policy,
    limits: Limits,
    states: States,
    method: MethodKind,
    encoder: BodyEncoder,
    declared: Declared,
    reader: HeadReader,
    head: ResponseHead,
    interim: Vec<ResponseHead>,
    interim_bytes: usize,
    framing: Option<Framing>,
    /// Bytes of a `Framing::Length` body still to come.
    remaining: u64,
    chunks: ChunkDecoder,
    trailers: Headers,
    close: Option<CloseReason>,
    /// The head asks for a 100 before the body, which has not been waited for yet.
    expects: bool,
    /// A reset was seen while the request was being sent: what ends there was cut off.
    was_reset: bool,
}

/// What the headers of the request say about its body and the connection.
#[derive(Clone, Copy, Debug, Default)]
struct Declared {
    length: Option<u64>,
    encoding: bool,
    chunked: bool,
    close: bool,
    expects: bool,
}

impl Exchange {
    /// With the given leniencies and caps.
    pub fn new(policy: Policy, limits: Limits) -> Exchange {
        Exchange { policy, limits: limits.clamped(), ..Exchange::default() }
    }

    /// A new one of the same leniencies and caps.
    pub(crate) fn another(&self) -> Exchange {
        Exchange { policy: self.policy, limits: self.limits, ..Exchange::default() }
    }

    /// Where the exchange stands, as `http.client` tells it.
    pub fn state(&self) -> ConnectionState {
        self.states.projected()
    }

    /// Why the connection can't be used after this exchange; `None` while nothing speaks against it.
    pub fn close_reason(&self) -> Option<CloseReason> {
        self.close
    }

    /// Whether request and response are both whole, and the connection may carry another.
    pub fn is_reusable(&self) -> bool {
        self.states.is_complete() && self.close.is_none()
    }

    /// Whether a request may begin.
    pub(crate) fn may_begin(&self) -> bool {
        self.states.may_begin()
    }

    /// Whether an exchange is under way: a head was begun, and the response is not whole.
    pub(crate) fn is_under_way(&self) -> bool {
        self.states.sending != Sending::Idle && !self.states.is_complete()
    }

    /// Forgets everything: the next request is the first of its connection.
    pub fn reset(&mut self) {
        self.states = States::default();
        self.method = MethodKind::Other;
        self.encoder = BodyEncoder::None;
        self.declared = Declared::default();
        self.reader.reset();
        self.interim.clear();
        self.interim_bytes = 0;
        self.framing = None;
        self.remaining = 0;
        self.chunks.reset();
        self.trailers.clear();
        self.close = None;
        self.expects = false;
        self.was_reset = false;
    }
}
