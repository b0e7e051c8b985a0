//! One request with everything an endpoint needs to answer it.

use std::ops::Range;
use std::time::Duration;
use std::{io, sync::Arc};

use crate::answer::Answer;
use crate::body::{Decoder, Step};
use crate::endpoints::Files;
use crate::fault::{Fault, Outcome};
use crate::fields::Fields;
use crate::inbox::Inbox;
use crate::journal::Journal;
use crate::outbox::Outbox;
use crate::request::{Framing, Head};
use crate::sync::Stop;

/// What all connections of an origin share.
pub(crate) struct House {
    pub(crate) journal: Journal,
    pub(crate) files: Files,
    pub(crate) stop: Arc<Stop>,
}

/// A request and its answer to be.
pub(crate) struct Call<'c> {
    pub(crate) head: &'c Head,
    pub(crate) body: Incoming<'c>,
    pub(crate) answer: Answer<'c>,
    pub(crate) house: &'c House,
}

/// The body of the request; what is read of it is noted in the journal.
pub(crate) struct Incoming<'c> {
    inbox: &'c mut Inbox,
    decoder: Decoder,
    journal: &'c Journal,
    number: u64,
    waits_for_100: bool,
}

impl<'c> Call<'c> {
    pub(crate) fn new(
        head: &'c Head,
        inbox: &'c mut Inbox,
        outbox: &'c mut Outbox,
        house: &'c House,
    ) -> Call<'c> {
        let body = Incoming {
            inbox,
            decoder: Decoder::new(head.framing()),
            journal: &house.journal,
            number: house.journal.begin(head),
            waits_for_100: head.waits_for_100(),
        };
        Call { head, body, answer: Answer::new(outbox, head), house }
    }

    /// Sends the 100 that the client waits for. Comes before any byte of the answer and before the body is
    /// read.
    pub(crate) fn invite(&mut self) -> Outcome<()> {
        if self.body.waits_for_100 {
            self.body.waits_for_100 = false;
            self.answer.interim(100, &[])?;
        }
        Ok(())
    }

    /// Reads the body to its end and keeps nothing.
    pub(crate) fn drain(&mut self) -> Outcome<()> {
        if !self.body.decoder.is_done() {
            self.invite()?;
            while !self.body.next()?.is_empty() {}
        }
        Ok(())
    }

    /// The whole body, unless it is longer than `most`: then 413, before a 100 where the length is known.
    pub(crate) fn collect(&mut self, most: u64) -> Outcome<Vec<u8>> {
        let too_long = || Fault::refused(413, format!("bodies end at {most} bytes here"));
        if matches!(self.head.framing(), Framing::Length(length) if length > most) {
            return Err(too_long());
        }
        self.invite()?;
        let mut whole = Vec::new();
        loop {
            let piece = self.body.next()?;
            if piece.is_empty() {
                return Ok(whole);
            }
            if (whole.len() + piece.len()) as u64 > most {
                return Err(too_long());
            }
            whole.extend_from_slice(piece);
        }
    }

    /// Sleeps, unless the server stops meanwhile.
    pub(crate) fn pause(&self, time: Duration) -> Outcome<()> {
        if self.house.stop.pause(time) {
            return Err(Fault::Io(io::Error::other("the server is stopping")));
        }
        Ok(())
    }

    /// 404, for paths that lead nowhere.
    pub(crate) fn not_found(&mut self) -> Outcome<()> {
        Ok(self.answer.text(404, "There is nothing at this path. See / for what there is.\n")?)
    }

    /// Whether the method is one of these; if not, 405 is the answer and it is given.
    pub(crate) fn allows(&mut self, methods: &[&str]) -> Outcome<bool> {
        let is_allowed = methods.contains(&self.head.method());
        if !is_allowed {
            self.drain()?;
            self.answer.start(405)?;
            self.answer.field("Allow", methods.join(", "))?;
            self.answer.finish_whole(crate::answer::TEXT, b"This path does not take that method.\n")?;
        }
        Ok(is_allowed)
    }

    /// Sends back what comes, after these first bytes, until the client ends: no longer HTTP.
    pub(crate) fn echo(&mut self, first: &[u8]) -> Outcome<()> {
        self.answer.raw(first)?;
        self.answer.close_after();
        loop {
            self.answer.flush()?;
            if self.body.inbox.buffered().is_empty() && self.body.inbox.fill()? == 0 {
                return Ok(());
            }
            let here = self.body.inbox.take(u64::MAX);
            self.answer.raw(self.body.inbox.slice(here))?;
        }
    }

    /// Sends what is left of the answer; whether another request may follow.
    pub(crate) fn finish(&mut self) -> Outcome<bool> {
        self.answer.flush()?;
        Ok(!self.answer.closes() && self.body.decoder.is_done())
    }
}

impl Incoming<'_> {
    /// The next piece, waiting for it; empty at the end.
    pub(crate) fn next(&mut self) -> Outcome<&[u8]> {
        let was_done = self.decoder.is_done();
        let piece = self.decoder.next(self.inbox)?;
        Ok(self.note(piece, was_done))
    }

    /// The next piece if it came already; `None` when it has to be waited for.
    pub(crate) fn next_buffered(&mut self) -> Outcome<Option<&[u8]>> {
        let was_done = self.decoder.is_done();
        match self.decoder.step(self.inbox)? {
            Step::Data(piece) => Ok(Some(self.note(piece, was_done))),
            Step::End => Ok(Some(self.note(0..0, was_done))),
            Step::More => Ok(None),
        }
    }

    /// Waits for more bytes, after [`next_buffered`](Incoming::next_buffered) gave `None`.
    pub(crate) fn wait(&mut self) -> Outcome<()> {
        self.decoder.fill(self.inbox)
    }

    /// Waits until something of another request has come, or the end of the connection.
    pub(crate) fn wait_for_another(&mut self) -> Outcome<()> {
        if self.inbox.buffered().is_empty() {
            self.inbox.fill()?;
        }
        Ok(())
    }

    /// The fields after the last chunk, once the body is read to its end.
    pub(crate) fn trailers(&self) -> &Fields {
        &self.decoder.trailers
    }

    fn note(&mut self, piece: Range<usize>, was_done: bool) -> &[u8] {
        let bytes = self.inbox.slice(piece);
        if !bytes.is_empty() {
            self.journal.body(self.number, bytes);
        }
        if self.decoder.is_done() && !was_done {
            self.journal.end(self.number, &self.decoder.trailers);
        }
        bytes
    }
}
