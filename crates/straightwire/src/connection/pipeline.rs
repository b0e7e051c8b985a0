//! Several requests on their way at once (RFC 9112 9.3.2).

use std::collections::VecDeque;
use std::io::{self, IoSlice};

use super::HttpConnection;
use crate::body::{Body, Source};
use crate::error::{Error, ErrorKind, Phase, Result};
use crate::proto::{Asked, CloseReason, Exchange, is_idempotent};
use crate::response::HttpResponse;
use crate::tap::Event;
use crate::transport::{Readiness, Ready};

/// Requests sent one after the other without waiting for the answers, which come in the same order: see
/// [`HttpConnection::pipeline`].
///
/// # What is sent when
/// A request goes out as soon as there is room for it, without waiting; what does not go is kept, and goes
/// while answers are waited for. So neither side can be stuck because both have too much to say. A request
/// after one that is not idempotent (such as POST) is held back until the status of that one's answer is
/// there. Nothing goes out after a request that says `Connection: close`. On a stream that can't be
/// [written to without waiting](crate::transport::Transport::write_now), each request goes out when its
/// answer is asked for.
///
/// # When it ends early
/// A server may close at any time: after an answer that says so, or without a word. Then
/// [`get_response`](Self::get_response) fails, and [`unanswered`](Self::unanswered) has the requests that
/// got no answer. Nothing is repeated by itself. Whether a request was carried out is not known if any of it
/// [was sent](PipelinedRequest::was_sent); repeat such a one only if it is
/// [idempotent](PipelinedRequest::is_idempotent). The next pipeline of the connection then begins with one
/// request alone, since whatever ended this one may end the next.
///
/// Read each response to its end before the next is asked for: one that is let go with much of it unread
/// closes the connection, and so does a pipeline that is dropped while answers are due. A
/// [deadline](crate::ConnectionBuilder::deadline) is for each answer, from the call that asks for it.
///
/// # What is told of it
/// Each exchange has [timings](HttpResponse::timings) of its own, which overlap with the others'. `send` begins
/// when the first byte of its request is about to go, so that the time in which it was kept or held back
/// doesn't count; `wait` lasts from its last byte to the first of its response that is read, so that the
/// responses before it, and what you do with them, are part of the wait; the way to the server belongs to the
/// first. A read that brings the beginning of the next response too is counted whole in `received`. The spans of
/// `tracing` are as many, and a [`Tap`](crate::Tap) is told by [`Event::Turn`] which request it is about.
#[derive(Debug)]
pub struct Pipeline<'conn> {
    conn: &'conn mut HttpConnection,
    /// Puts heads together while the connection's own reads.
    writer: Exchange,
    /// Requests without an answer; so many at the front are out.
    queue: VecDeque<PipelinedRequest>,
    out: usize,
    /// How many requests there were.
    count: usize,
    /// Why no more can be sent.
    closed: Option<&'static str>,
    /// Writing has failed. Answers may still be there.
    is_broken: bool,
    /// The stream has taken more than it could pass on, of the last request that it took any of.
    keeps: bool,
    /// The stream can't be written to without waiting.
    one_by_one: bool,
    /// The first request goes alone.
    is_wary: bool,
}

/// A request of a [`Pipeline`].
#[derive(Debug)]
pub struct PipelinedRequest {
    index: usize,
    method: String,
    url: String,
    asked: Asked,
    /// Head and body.
    wire: Vec<u8>,
    sent: usize,
}

impl PipelinedRequest {
    /// Its place among the requests of the pipeline, from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// The method.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The target, as it was given.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether any of it was sent. If not, it can't have been carried out.
    pub fn was_sent(&self) -> bool {
        self.sent > 0
    }

    /// Whether carrying it out twice does no more than once, by its method (RFC 9110 9.2.2).
    pub fn is_idempotent(&self) -> bool {
        is_idempotent(self.method.as_bytes())
    }

    fn is_out(&self) -> bool {
        self.sent == self.wire.len()
    }
}

impl HttpConnection {
    /// Begins a pipeline: several requests are sent before the first answer is read, which saves as many
    /// round trips.
    ///
    /// ```
    /// use straightwire::HttpConnection;
    /// # let origin = origin::Origin::start()?;
    /// # let address = origin.host_port();
    ///
    /// let mut conn = HttpConnection::new(&address)?;
    /// let mut pipeline = conn.pipeline()?;
    /// for length in [10, 20, 30] {
    ///     pipeline.request("GET", &format!("/bytes/{length}"), (), &[])?;
    /// }
    /// for length in [10, 20, 30] {
    ///     assert_eq!(pipeline.get_response()?.read_all()?.len(), length);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `CannotSendRequest` when a request is under way.
    pub fn pipeline(&mut self) -> Result<Pipeline<'_>> {
        self.settle();
        if !self.exchange.may_begin() {
            let message = format!("the connection is in state {}", self.state().name());
            return Err(Error::new(ErrorKind::CannotSendRequest, message));
        }
        self.exchange.reset();
        self.forget_request();
        Ok(Pipeline {
            writer: self.exchange.another(),
            queue: VecDeque::new(),
            out: 0,
            count: 0,
            closed: None,
            is_broken: false,
            keeps: false,
            one_by_one: false,
            is_wary: std::mem::take(&mut self.wary),
            conn: self,
        })
    }
}

impl Pipeline<'_> {
    /// Sends a request, or as much of it as goes without waiting. Head and body are as for
    /// [`HttpConnection::request`].
    ///
    /// # Errors
    /// `InvalidBody` for a body that is not bytes, text or nothing; `InvalidMethod` for CONNECT,
    /// `InvalidHeader` for `Upgrade` and `Expect`, which leave open what comes next on the connection;
    /// `CannotSendRequest` after a request that says `Connection: close`, or once the pipeline has ended;
    /// and as for [`HttpConnection::request`], but for errors of sending: those are told when an answer is
    /// asked for. A request that is refused is not part of the pipeline.
    pub fn request<'a>(
        &mut self,
        method: &str,
        url: &str,
        body: impl Into<Body<'a>>,
        headers: &[(&str, &str)],
    ) -> Result<()> {
        let body = body.into();
        check(method, &body, headers)?;
        let closed = self.closed.or_else(|| {
            (self.count > 0 && self.conn.stream.is_none()).then_some("the connection was closed")
        });
        if let Some(why) = closed {
            return Err(Error::new(ErrorKind::CannotSendRequest, why));
        }
        let (wire, asked) = self.put_together(method, url, &body, headers)?;
        if self.count == 0 {
            self.conn.start_clock()?;
            self.conn.ensure_connected()?;
        }
        if asked.closes() {
            self.closed = Some("the request before is the connection's last: it says Connection: close");
        }
        let (index, method, url) = (self.count, method.to_owned(), url.to_owned());
        self.queue.push_back(PipelinedRequest { index, method, url, asked, wire, sent: 0 });
        self.count += 1;
        self.send_now();
        self.conn.answers_due = self.answers_due();
        Ok(())
    }

    /// Waits for the answer to the first request that has none yet, and reads its head.
    ///
    /// # Errors
    /// `ResponseNotReady` when all requests are answered. `RemoteDisconnected` when the server closed the
    /// connection, or said it would, before this answer; and as for [`HttpConnection::get_response`]. After
    /// any but the first the pipeline has ended, and [`unanswered`](Self::unanswered) tells the rest.
    #[doc(alias = "getresponse")]
    pub fn get_response(&mut self) -> Result<HttpResponse<'_>> {
        if self.queue.is_empty() {
            let message = "all requests of the pipeline are answered";
            return Err(Error::new(ErrorKind::ResponseNotReady, message));
        }
        if self.conn.exchange.is_under_way() {
            // The response before was leaked.
            self.conn.close_for(Some(CloseReason::ResponseUnfinished));
        }
        match self.receive() {
            Ok(()) => Ok(HttpResponse::new(self.conn)),
            Err(err) => {
                self.closed = Some("the pipeline has ended: see which requests are unanswered");
                self.conn.wary = true;
                Err(err)
            }
        }
    }

    /// How many requests have no answer yet.
    pub fn pending(&self) -> usize {
        self.queue.len()
    }

    /// The requests that have no answer yet, in order.
    pub fn unanswered(&self) -> impl ExactSizeIterator<Item = &PipelinedRequest> {
        self.queue.iter()
    }

    fn put_together(
        &mut self,
        method: &str,
        url: &str,
        body: &Body<'_>,
        headers: &[(&str, &str)],
    ) -> Result<(Vec<u8>, Asked)> {
        let index = self.count;
        let conn = &mut *self.conn;
        std::mem::swap(&mut conn.exchange, &mut self.writer);
        let whole = conn.put_lines(method, url, body, headers, false).and_then(|encode| {
            conn.exchange.end_head(&mut conn.out, encode)?;
            conn.tell_pipelined(index);
            if let Source::Bytes(bytes) = &body.0
                && !bytes.is_empty()
            {
                let after = conn.exchange.begin_data(&mut conn.out, bytes.len())?;
                conn.out.extend_from_slice(bytes);
                conn.out.extend_from_slice(after);
            }
            conn.exchange.finish(&mut conn.out, &[])
        });
        let asked = conn.exchange.asked();
        conn.exchange.reset();
        std::mem::swap(&mut conn.exchange, &mut self.writer);
        whole.map(|()| (std::mem::take(&mut conn.out), asked))
    }

    fn answers_due(&self) -> bool {
        self.queue.front().is_some_and(PipelinedRequest::was_sent)
    }

    /// Which request is to be sent next, or the rest of it, if its turn has come.
    fn place(&self) -> Option<usize> {
        let place = self.out;
        let before = place.checked_sub(1).map(|before| &self.queue[before]);
        let held_back =
            before.is_some_and(|before| self.is_wary || self.one_by_one || !before.is_idempotent());
        (place < self.queue.len() && !held_back && !self.is_broken).then_some(place)
    }

    /// Sends what goes without waiting.
    fn send_now(&mut self) {
        while let Some(place) = self.place() {
            self.close_if_unsolicited(place);
            self.conn.turn_to(self.queue[place].index);
            self.conn.enter(Phase::Send);
            let Some(stream) = &mut self.conn.stream else { return };
            let request = &mut self.queue[place];
            match stream.write_now(&[IoSlice::new(&request.wire[request.sent..])]) {
                Ok(0) => self.is_broken = true,
                Ok(len) => {
                    let sent = request.sent..request.sent + len;
                    request.sent = sent.end;
                    self.out += usize::from(request.is_out());
                    self.conn.emit(|_| Event::Sent(&request.wire[sent]));
                    if request.is_out() {
                        self.conn.enter(Phase::Head);
                    }
                }
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => break,
                Err(err) if err.kind() == io::ErrorKind::Unsupported => {
                    self.one_by_one = true;
                    return;
                }
                // What was answered before is still to be had.
                Err(_) => self.is_broken = true,
            }
        }
        if let Some(stream) = &mut self.conn.stream {
            self.keeps = stream.write_now(&[]).is_err_and(|err| err.kind() == io::ErrorKind::WouldBlock);
        }
    }

    /// What is there before a request begins is no answer to it, unless others are due (RFC 9112 9.2).
    fn close_if_unsolicited(&mut self, place: usize) {
        let PipelinedRequest { index, sent, .. } = self.queue[place];
        // The connection itself sees to the first.
        if place > 0 || sent > 0 || index == 0 {
            return;
        }
        let readiness = self.conn.stream.as_mut().map(|stream| stream.readiness());
        if readiness == Some(Readiness::Ended) {
            self.conn.close_for(Some(CloseReason::PeerClosed));
        } else if readiness == Some(Readiness::Data) || !self.conn.input.is_empty() {
            self.conn.close_for(Some(CloseReason::Unsolicited));
        }
    }

    /// Up to the final head of the next answer.
    fn receive(&mut self) -> Result<()> {
        self.conn.start_clock()?;
        loop {
            self.send_now();
            if self.is_broken && !self.queue[0].was_sent() {
                self.conn.close_for(Some(CloseReason::PeerClosed));
            }
            if self.conn.stream.is_none() {
                return Err(self.cut_short());
            }
            if !self.conn.exchange.is_under_way() {
                self.conn.exchange.await_answer(self.queue[0].asked);
            }
            self.conn.turn_to(self.queue[0].index);
            if self.one_by_one && !self.queue[0].was_sent() {
                self.send_first()?;
            }
            self.conn.enter(if self.queue[0].is_out() { Phase::Head } else { Phase::Send });
            if self.conn.read_heads()? {
                break;
            }
            self.wait()?;
        }
        let is_wanted = self.conn.exchange.keep_early_head();
        let Some(request) = self.queue.pop_front() else { return Ok(()) };
        self.out = self.out.saturating_sub(1);
        let is_kept = self.keeps && !self.answers_due();
        let is_out = request.is_out() && !is_kept;
        let is_sent = is_out || (is_wanted && !self.is_broken && self.send_rest(&request)?);
        if !is_sent {
            self.conn.exchange.send_failed();
        }
        self.conn.exchange.take_early_head();
        if self.conn.is_watched() {
            self.conn.enter_body();
        }
        self.is_wary = false;
        self.conn.answers_due = self.answers_due();
        if self.conn.exchange.close_reason().is_some() {
            self.closed = Some("the connection is closed after the answer before");
        }
        Ok(())
    }

    /// Waits for more of an answer, or for room to send more requests.
    fn wait(&mut self) -> Result<()> {
        if self.keeps || self.place().is_some() {
            self.conn.check_cancelled().map_err(|err| self.conn.fail(err))?;
            let Some(stream) = &mut self.conn.stream else { return Ok(()) };
            match stream.wait(Ready::EITHER, None) {
                Ok(ready) if ready.to_read => {}
                Ok(_) => return Ok(()),
                Err(err) => {
                    let err = Error::io(Phase::Head, "waiting for the response", err);
                    return Err(self.conn.fail(err));
                }
            }
        }
        self.conn.fill_head()
    }

    /// Sends the request whose answer is next, waiting for that.
    fn send_first(&mut self) -> Result<()> {
        let request = &mut self.queue[0];
        request.sent = request.wire.len();
        self.out = 1;
        self.conn.out.clone_from(&request.wire);
        self.conn.write([&[], &[]]).map_err(|err| self.conn.fail(err))
    }

    /// Sends what is left of a request that is answered already, by a server that reads on; false if it
    /// doesn't.
    fn send_rest(&mut self, request: &PipelinedRequest) -> Result<bool> {
        self.conn.out.clear();
        match self.conn.write_hearing([&request.wire[request.sent..], &[]]) {
            Ok(()) => Ok(true),
            Err(err) if err.kind() == ErrorKind::AnsweredEarly => Ok(false),
            Err(err) => Err(self.conn.fail(err)),
        }
    }

    #[cold]
    fn cut_short(&self) -> Error {
        let left = match self.queue.len() {
            1 => "a request".to_owned(),
            left => format!("{left} requests"),
        };
        match self.conn.close_reason {
            Some(CloseReason::ResponseUnfinished) => {
                let message = format!("{left} got no answer: a response before was not read whole");
                Error::new(ErrorKind::NotConnected, message)
            }
            Some(reason) => {
                Error::new(ErrorKind::RemoteDisconnected, format!("{left} got no answer: {reason}"))
            }
            None => Error::new(ErrorKind::RemoteDisconnected, format!("{left} got no answer")),
        }
    }
}

impl Drop for Pipeline<'_> {
    fn drop(&mut self) {
        if self.conn.answers_due {
            self.conn.close_for(Some(CloseReason::ResponseUnfinished));
        }
    }
}

/// What can't be one of several requests on their way.
fn check(method: &str, body: &Body<'_>, headers: &[(&str, &str)]) -> Result<()> {
    if method == "CONNECT" {
        let message = "CONNECT in a pipeline: what follows it would be no HTTP";
        return Err(Error::new(ErrorKind::InvalidMethod, message));
    }
    if matches!(body.0, Source::Reader(_) | Source::Pieces(_) | Source::Trailed(_)) {
        let message = "the body of a request in a pipeline has to be there as a whole";
        return Err(Error::new(ErrorKind::InvalidBody, message));
    }
    for (name, _) in headers {
        if ["upgrade", "expect"].iter().any(|refused| name.eq_ignore_ascii_case(refused)) {
            let message = format!("{name} in a pipeline, where nobody waits for what comes of it");
            return Err(Error::new(ErrorKind::InvalidHeader, message));
        }
    }
    body.check()
}
