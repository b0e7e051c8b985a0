//! Who watches a connection, and what they are told of its phases.

use super::HttpConnection;
use super::config::ConnectionBuilder;
use crate::error::{Error, Phase};
use crate::tap::{Event, RequestHead, Tap};
use crate::timings::Timings;
use crate::watchers::told;

impl<C> ConnectionBuilder<C> {
    /// Who watches the connection: see [`Tap`]. May be called again for others, who are told after the ones
    /// before them.
    pub fn tap(mut self, tap: impl Tap + 'static) -> Self {
        self.watchers.add(tap);
        self
    }

    /// Whether [`HttpConnection::timings`] are kept; they aren't unless told, since looking at the clock
    /// costs.
    pub fn timings(mut self, timings: bool) -> Self {
        self.watchers.keep_time(timings);
        self
    }
}

impl HttpConnection {
    /// How long the phases of the exchange under way took, or of the last one; whole once the body has been
    /// read to its end. After an error they go as far as the exchange did. Of a request that was sent once more
    /// they tell the last attempt, and in [`earlier`](Timings::earlier) what those before it took.
    ///
    /// `None` unless [asked for](ConnectionBuilder::timings), and before there was anything to time.
    ///
    /// ```
    /// # use straightwire::HttpConnection;
    /// # let origin = origin::Origin::start()?;
    /// let mut conn = HttpConnection::builder(&origin.host_port()).timings(true).build()?;
    /// conn.request("GET", "/index.html", (), &[])?;
    /// conn.get_response()?.read_all()?;
    /// let first = conn.timings().expect("asked for");
    /// assert!(first.connect.is_some() && first.tls.is_none());
    ///
    /// conn.request("GET", "/index.html", (), &[])?;              // on the same connection
    /// let mut response = conn.get_response()?;
    /// response.read_all()?;
    /// let second = response.timings().expect("asked for");
    /// assert!(second.connect.is_none() && second.wait.is_some());
    /// println!("{second}");                                      // send 0.021 ms, wait 0.207 ms, …
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn timings(&self) -> Option<Timings> {
        self.tap.as_ref()?.timings()
    }

    // Each of these is a test where nobody watches, and the rest out of the way of a plain request.

    /// Another phase begins, if it isn't this one already.
    #[inline]
    pub(super) fn enter(&mut self, phase: Phase) {
        if self.tap.is_some() {
            self.tell_watchers(Event::Phase(phase));
        }
    }

    /// Whether the bytes of a body have to be shown to somebody.
    pub(super) fn shows_bytes(&self) -> bool {
        self.config.debug_level > 0 || self.tap.as_ref().is_some_and(|watchers| watchers.see_bytes())
    }

    /// A head was made, and nothing is in `out` but that.
    #[inline]
    pub(super) fn tell_request(&mut self) {
        if self.tap.is_some() {
            self.tell_head(0);
        }
    }

    /// The same, of a request in a pipeline.
    pub(super) fn tell_pipelined(&mut self, index: usize) {
        if self.tap.is_some() {
            self.tell_head(index);
        }
    }

    /// It is about that request of the pipeline from here on.
    pub(super) fn turn_to(&mut self, index: usize) {
        if self.tap.is_some() {
            self.tell_watchers(Event::Turn(index));
        }
    }

    #[cold]
    fn tell_head(&mut self, index: usize) {
        let head = RequestHead::new(self.config.origin(), index, &self.out);
        told(&mut self.tap, Event::Request(head));
    }

    /// Something was sent. If it was the last of the request, the wait begins.
    #[cold]
    pub(super) fn tell_sent(&mut self) {
        if !self.exchange.may_send() {
            self.tell_watchers(Event::Phase(Phase::Head));
        }
    }

    /// The head is here.
    #[cold]
    pub(super) fn enter_body(&mut self) {
        let next = if self.exchange.is_body_done() { Event::Done } else { Event::Phase(Phase::Body) };
        self.tell_watchers(next);
    }

    /// Something was read. If it was the last of the response, the exchange is over.
    #[inline]
    pub(super) fn tell_done(&mut self) {
        if self.tap.is_some() && self.exchange.is_body_done() {
            self.tell_watchers(Event::Done);
        }
    }

    #[cold]
    pub(super) fn tell_failed(&mut self, err: &Error) {
        told(&mut self.tap, Event::Failed(err));
    }

    #[cold]
    fn tell_watchers(&mut self, event: Event<'static>) {
        told(&mut self.tap, event);
    }
}
