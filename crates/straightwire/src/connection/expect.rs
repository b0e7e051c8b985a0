//! `Expect: 100-continue` (RFC 9110 10.1.1): the body waits until the server wants it.

use std::io;
use std::time::Duration;

use super::open::from_now;
use super::{ConnectionBuilder, HttpConnection};
use crate::body::Body;
use crate::error::{Error, Phase, Result};
use crate::proto::{CloseReason, list_names, status};
use crate::tap::{Event, RepeatReason};
use crate::transport::Ready;
use crate::watchers::told;

/// How long a server may take to say that it wants the body, unless told: what curl gives it.
pub(super) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(1);

/// What came of waiting for a `100 Continue`: see [`HttpConnection::wait_for_continue`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It came: the server wants the body.
    Continue,
    /// Nothing came in time. Send the body: a server may know nothing of expectations.
    Silence,
    /// The final answer is here. The body is not sent;
    /// [`get_response`](HttpConnection::get_response) gives the answer.
    Answer,
}

impl<C: From<HttpConnection>> ConnectionBuilder<C> {
    /// How long a body whose head says `Expect: 100-continue` waits for the server to want it; 1 second
    /// unless told, and never longer than [`timeout`](Self::timeout). After that it is sent all the same.
    /// With zero it waits for nothing.
    ///
    /// ```
    /// use std::time::Duration;
    /// use straightwire::HttpConnection;
    /// # let origin = origin::Origin::start()?;
    /// # let address = origin.host_port();
    ///
    /// let mut conn = HttpConnection::builder(&address).expect_timeout(Duration::from_secs(3)).build()?;
    /// // This server has its reasons, and gets none of the body.
    /// let video = vec![0; 1_000_000];
    /// conn.request("PUT", "/refuse?status=413", &video, &[("Expect", "100-continue")])?;
    /// assert_eq!(conn.get_response()?.status(), 413);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn expect_timeout(mut self, timeout: Duration) -> Self {
        self.config().expect_timeout = timeout;
        self
    }

    /// Whether [`request`](HttpConnection::request) repeats a request whose expectation is answered with 417
    /// (Expectation Failed), without the `Expect` header: some proxy on the way knows nothing of it, and the
    /// body has not been touched. It isn't unless told.
    ///
    /// The repeated request goes out on a new connection, since the server may still wait for the body of
    /// the first; so it isn't repeated where none can be opened. A [`Tap`](crate::Tap) is told by
    /// [`Event::Repeating`](crate::Event::Repeating).
    pub fn retry_without_expect(mut self, retry: bool) -> Self {
        self.config().retry_without_expect = retry;
        self
    }
}

impl HttpConnection {
    /// Waits for the server to want the body of a request whose head is out, at most for
    /// [`expect_timeout`](ConnectionBuilder::expect_timeout).
    ///
    /// With `Expect: 100-continue` among the headers, whatever sends the body waits by itself. This is for
    /// who wants to know, or to wait again after [`Expected::Silence`]. Other interim responses (1xx) don't
    /// end the wait. On a stream that can't be [waited](crate::transport::Transport::wait) for, there is
    /// nothing but silence.
    ///
    /// ```
    /// use straightwire::{Expected, HttpConnection};
    /// # let origin = origin::Origin::start()?;
    /// # let mut conn = HttpConnection::new(&origin.host_port())?;
    ///
    /// conn.put_request("PUT", "/upload")?;
    /// conn.put_header("Content-Length", 5)?;
    /// conn.put_header("Expect", "100-continue")?;
    /// conn.end_headers()?;
    /// if conn.wait_for_continue()? != Expected::Answer {
    ///     conn.send("hello")?;
    /// }
    /// assert_eq!(conn.get_response()?.status(), 200);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `CannotSendHeader` before the head is out; those of [`get_response`](Self::get_response); `Timeout`
    /// when the [deadline](ConnectionBuilder::deadline) passes.
    pub fn wait_for_continue(&mut self) -> Result<Expected> {
        if !self.exchange.is_answered() {
            self.exchange.check_in_body()?;
        }
        let wait = self
            .config
            .timeout
            .map_or(self.config.expect_timeout, |each| self.config.expect_timeout.min(each));
        let until = from_now(wait);
        self.enter(Phase::Head);
        let expected = loop {
            if self.exchange.is_answered() {
                break Expected::Answer;
            }
            if self.read_heads()? {
                let is_wanted = self.exchange.keep_early_head();
                if self.exchange.expects() || (!is_wanted && self.exchange.may_send()) {
                    self.exchange.send_failed();
                }
                // What is expected stays so: none of the body has been sent.
                return Ok(Expected::Answer);
            }
            if self.exchange.may_continue() {
                break Expected::Continue;
            }
            self.check_cancelled().map_err(|err| self.fail(err))?;
            let Some(stream) = &mut self.stream else { return Err(super::duplex::closed_under_way()) };
            match stream.wait(Ready::READ, until) {
                Ok(ready) if ready.to_read => self.fill_head()?,
                Ok(_) => break Expected::Silence,
                Err(err) if err.kind() == io::ErrorKind::Unsupported => break Expected::Silence,
                Err(err) => {
                    let err = Error::io(Phase::Head, "waiting for 100 Continue", err);
                    return Err(self.fail(err));
                }
            }
        };
        if expected != Expected::Answer {
            self.exchange.expects_no_more();
        }
        Ok(expected)
    }

    /// Waits before the body, if it is to.
    pub(super) fn await_continue(&mut self) -> Result<()> {
        if self.exchange.expects() && self.wait_for_continue()? == Expected::Answer {
            return Err(self.exchange.answered_early());
        }
        Ok(())
    }

    /// Sends a request that was put together with its body, whose head ends at `head_len`: first the head,
    /// then the rest.
    #[cold]
    pub(super) fn send_in_two(&mut self, head_len: usize, body: &[u8], tail: &[u8]) -> Result<()> {
        let framing = self.out.split_off(head_len);
        self.write([&[], &[]])?;
        self.out = framing;
        self.watch = super::duplex::Watch::over_body();
        match self.await_continue() {
            Ok(()) => self.write_hearing([body, tail]),
            Err(err) if self.will_repeat() && !err.is_answered_early() => self.repeat_after(err),
            Err(err) => Err(err),
        }
    }

    /// The server has answered `request` before its end, which is no error. If it was to say that it does
    /// not do expectations, the request is repeated without.
    #[cold]
    pub(super) fn answered_request(
        &mut self,
        method: &str,
        url: &str,
        mut body: Body<'_>,
        headers: &[(&str, &str)],
        encode_chunked: bool,
    ) -> Result<()> {
        let refused = self.exchange.expects() && self.exchange.head().status() == status::EXPECTATION_FAILED;
        if !(self.config.retry_without_expect && refused && self.config.may_open_anew()) {
            return Ok(());
        }
        let until = self.until;
        let (attempt, reason) = (self.next_attempt(), RepeatReason::Unexpected(self.exchange.head()));
        told(&mut self.tap, Event::Repeating { attempt, reason });
        self.close_for(Some(CloseReason::RequestUnfinished));
        let headers: Vec<_> = headers.iter().copied().filter(|header| !is_expectation(*header)).collect();
        let encode = self.put_head(method, url, &body, &headers, encode_chunked)?;
        // It is still the same exchange.
        self.until = until;
        match self.send_request(&mut body, encode, true) {
            Err(err) if err.is_answered_early() => Ok(()),
            sent => sent,
        }
    }
}

fn is_expectation((name, value): (&str, &str)) -> bool {
    name.eq_ignore_ascii_case("expect") && list_names(value.as_bytes(), b"100-continue")
}
