//! Looking whether a kept connection is still good, and sending a request once more where it wasn't.

use super::HttpConnection;
use super::config::ConnectionBuilder;
use super::duplex::Watch;
use super::send::AT_ONCE;
use crate::body::Source;
use crate::error::{Error, Result};
use crate::proto::{Asked, is_idempotent};

/// The longest request that is kept to be repeated, head and body together. A larger one is rather sent
/// again by who has its body anyway.
const LONGEST_KEPT: usize = 1024 * 1024;

/// Up to this size the memory of a kept request is used again.
const USUAL: usize = 16 * 1024;

/// Which requests may be sent once more by themselves: see [`ConnectionBuilder::repeat`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Repeat {
    /// None.
    #[default]
    Never,
    /// Those that can be repeated without harm by their method: GET, HEAD, PUT, DELETE, OPTIONS and TRACE
    /// (RFC 9110 section 9.2.2).
    Idempotent,
    /// All. The caller vouches that doing twice what they ask for is no harm, or that the server knows a
    /// repeated one when it sees it.
    Any,
}

/// What is known of the request that is out, if it may have to be sent again.
#[derive(Debug, Default)]
pub(super) struct Repeating {
    /// Its bytes.
    request: Vec<u8>,
    asked: Asked,
    /// Where its body begins, if that has to be wanted first.
    waits_at: Option<usize>,
    /// It may be sent again: not one byte of an answer has come.
    is_possible: bool,
    /// The open connection has brought an answer before.
    is_reused: bool,
    was_repeated: bool,
}

impl<C: From<HttpConnection>> ConnectionBuilder<C> {
    /// Has requests sent once more by themselves where a kept connection turns out to have been closed; none
    /// is unless told.
    ///
    /// A server may close a connection at any time, and so also while the next request is on its way (RFC 9112
    /// section 9.5): nothing can be told before. All that is left is to repeat the request, which does no
    /// harm where its method is idempotent. It is repeated if
    /// * the connection has carried an exchange before: a fresh one that breaks tells of another trouble;
    /// * it ended, or was reset, before a single byte of an answer, interim ones included;
    /// * the request can be had again: it has no body, or one of bytes or text that was given with the head,
    ///   and is no longer than 1 MiB in all, of which a copy is kept until the answer comes. A body that
    ///   [waits](Self::expect_timeout) to be wanted waits again.
    ///
    /// It is repeated once, on a new connection, by [`get_response`](HttpConnection::get_response), or where a
    /// body waits to be wanted by [`request`](HttpConnection::request); which
    /// fails as usual if that doesn't work either. A [deadline](Self::deadline) goes on counting. Nothing is
    /// repeated after a timeout, after an answer that makes no sense, or without
    /// [`auto_open`](Self::auto_open). A [`Tap`](crate::Tap) is told by
    /// [`Event::Repeating`](crate::Event::Repeating), the caller by
    /// [`HttpResponse::was_repeated`](crate::HttpResponse::was_repeated) and by
    /// [`Timings::earlier`](crate::Timings::earlier).
    ///
    /// ```
    /// use straightwire::{HttpConnection, Repeat};
    /// # let origin = origin::Origin::start()?;
    /// # let address = origin.host_port();
    ///
    /// let mut conn = HttpConnection::builder(&address).repeat(Repeat::Idempotent).build()?;
    /// conn.request("GET", "/hang-up?when=asked", (), &[])?;     // closes as the next request comes in
    /// conn.get_response()?.read_all()?;
    /// conn.request("GET", "/index.html", (), &[])?;
    /// let response = conn.get_response()?;
    /// assert!(response.status() == 200 && response.was_repeated());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn repeat(mut self, repeat: Repeat) -> Self {
        self.config().repeat = repeat;
        self
    }
}

impl HttpConnection {
    /// Whether the connection is open and free for a request, told without waiting: no exchange is under way,
    /// nothing said that it would be closed, the server has not closed it, and nothing has come that nobody
    /// asked for. For pools, and for whoever would rather open a new one ahead of time.
    ///
    /// It costs one system call, or none within 100 µs of the last exchange. A request takes the same
    /// look by itself and opens the connection anew where it has to.
    ///
    /// ```
    /// # use straightwire::HttpConnection;
    /// # let origin = origin::Origin::start()?;
    /// # let mut conn = HttpConnection::new(&origin.host_port())?;
    /// assert!(!conn.is_reusable());                               // not open yet
    /// conn.request("GET", "/index.html", (), &[])?;
    /// assert!(!conn.is_reusable());                               // an answer is due
    /// conn.get_response()?.read_all()?;
    /// assert!(conn.is_reusable());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn is_reusable(&mut self) -> bool {
        let is_free = !self.exchange.is_under_way() && self.exchange.close_reason().is_none();
        is_free && self.input.is_empty() && self.check_cancelled().is_ok() && self.is_quiet()
    }

    /// Keeps a request that is about to go out, with its body, if it may be repeated.
    #[cold]
    pub(super) fn keep_request(&mut self, head_len: usize, body: &Source<'_>, tail: &[u8]) {
        let repeating = &mut self.repeating;
        repeating.was_repeated = false;
        repeating.is_possible = false;
        if !repeating.is_reused || self.exchange.may_send() {
            return;
        }
        if !self.config.may_open_anew() {
            return;
        }
        let method = self.out.split(|&byte| byte == b' ').next().unwrap_or(b"");
        if self.config.repeat == Repeat::Idempotent && !is_idempotent(method) {
            return;
        }
        let body = match body {
            Source::None => b"",
            Source::Bytes(bytes) => &**bytes,
            Source::Unfit(_) | Source::Reader(_) | Source::Pieces(_) | Source::Trailed(_) => return,
        };
        let parts = [&self.out, body, tail];
        if parts.iter().map(|part| part.len()).sum::<usize>() > LONGEST_KEPT {
            return;
        }
        repeating.request.clear();
        repeating.request.shrink_to(USUAL);
        for part in parts {
            repeating.request.extend_from_slice(part);
        }
        repeating.asked = self.exchange.asked();
        repeating.waits_at = self.exchange.expects().then_some(head_len);
        repeating.is_possible = true;
    }

    /// Sending failed, and what was sent is kept: whether there is an answer all the same, or it has to be
    /// sent again, is found out by whoever asks for the response.
    pub(super) fn will_repeat(&self) -> bool {
        self.repeating.is_possible
    }

    /// Whether this error is that of a connection the server had closed, and the request can be sent once more.
    #[cold]
    pub(super) fn will_repeat_after(&self, err: &Error) -> bool {
        self.repeating.is_possible && err.is_connection_error() && err.partial().is_empty()
    }

    /// Which attempt at the request follows this one.
    pub(super) fn next_attempt(&self) -> usize {
        2 + usize::from(self.repeating.was_repeated)
    }

    pub(crate) fn was_repeated(&self) -> bool {
        self.repeating.was_repeated
    }

    /// Something of an answer has come: what comes of the request now is not for us to mend.
    pub(super) fn forget_request(&mut self) {
        self.repeating.is_possible = false;
    }

    /// The head of the response is here.
    pub(super) fn note_answer(&mut self) {
        self.repeating.is_possible = false;
        self.repeating.is_reused = true;
    }

    /// The connection that is open now is a new one.
    pub(super) fn note_new_connection(&mut self) {
        self.repeating.is_reused = false;
    }

    /// Sends the request once more if this error is that of a connection the server had closed; else, and the
    /// second time, it remains the error.
    #[cold]
    pub(super) fn repeat_after(&mut self, err: Error) -> Result<()> {
        let will_repeat = self.will_repeat_after(&err);
        self.forget_request();
        if !will_repeat {
            return Err(err);
        }
        self.open()?;
        self.repeating.was_repeated = true;
        self.exchange.await_answer(self.repeating.asked);
        std::mem::swap(&mut self.out, &mut self.repeating.request);
        match self.send_kept() {
            // There may be an answer all the same.
            Err(err) if err.is_connection_error() && !err.is_answered_early() => Ok(()),
            sent => sent,
        }
    }

    /// Sends the request that was kept as it was sent the first time: the server may answer before its end.
    fn send_kept(&mut self) -> Result<()> {
        self.watch = Watch::default();
        let Some(head_len) = self.repeating.waits_at else {
            let is_small = self.out.len() <= AT_ONCE;
            return if is_small { self.write([&[], &[]]) } else { self.write_hearing([&[], &[]]) };
        };
        let rest = self.out.split_off(head_len);
        self.write([&[], &[]])?;
        self.watch = Watch::over_body();
        self.exchange.expects_anew();
        self.await_continue()?;
        self.out = rest;
        self.write_hearing([&[], &[]])
    }
}
