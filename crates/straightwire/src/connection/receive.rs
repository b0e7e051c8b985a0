//! Taking responses off the wire.

use std::io;

use super::HttpConnection;
use super::open::{quiet_from_now, tell};
use crate::error::{Error, Phase, Result};
use crate::proto::{BodyStep, CloseReason, Exchange, Received};
use crate::tap::Event;
use crate::transport::Readiness;

/// A read at least this large goes past the buffer, straight to where the body goes.
const DIRECT_READ: u64 = 8 * 1024;

/// The most that [`HttpConnection::read_body_to_vec`] makes room for before any of it has come. Beyond
/// it, room grows with what arrives, whatever length the peer has promised.
const FIRST_ROOM: u64 = 1024 * 1024;

/// How much of an unread body is skipped so that the connection can be kept.
const CHEAP_TO_SKIP: usize = 64 * 1024;

impl HttpConnection {
    pub(crate) fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// Up to the end of the final head.
    pub(super) fn receive_head(&mut self) -> Result<()> {
        if self.exchange.may_send()
            && let Err(err) = self.send_finish(&[])
            && !err.is_connection_error()
        {
            return Err(err);
        }
        if self.exchange.is_answered() {
            self.exchange.take_early_head();
        } else {
            while !self.read_heads()? {
                self.fill_head()?;
            }
        }
        if self.is_watched() {
            self.enter_body();
        }
        Ok(())
    }

    /// More of a head, waiting for it.
    pub(super) fn fill_head(&mut self) -> Result<()> {
        if self.fill(Phase::Head)? == 0 {
            let err = self.exchange.end_in_head(self.input.data());
            return Err(self.fail(err));
        }
        Ok(())
    }

    /// The heads that have arrived, up to the final one; whether that is among them.
    #[inline(always)]
    pub(super) fn read_heads(&mut self) -> Result<bool> {
        loop {
            match self.exchange.receive_head(self.input.data()) {
                Ok(Received::More) => return Ok(false),
                Ok(Received::Interim { len }) => {
                    self.input.consume(len);
                    self.tell_interim();
                    self.forget_request();
                }
                Ok(Received::Head { len }) => {
                    self.input.consume(len);
                    if self.is_watched() {
                        tell(&mut self.tap, self.config.debug_level, Event::Head(self.exchange.head()));
                    }
                    return Ok(true);
                }
                Err(err) if err.is_improper_connection_state() => return Err(err),
                Err(err) => return Err(self.fail(err)),
            }
        }
    }

    /// Reads body into `buf`: at least a byte unless the body is at its end, and no more system calls
    /// than that takes.
    pub(crate) fn read_body(&mut self, buf: &mut [u8]) -> Result<usize> {
        let mut filled = 0;
        self.check_late_error()?;
        while filled < buf.len() {
            let room = buf.len() - filled;
            let here = self.here(room as u64);
            if here > 0 {
                buf[filled..filled + here].copy_from_slice(&self.input.data()[..here]);
                filled += here;
                self.take_here(here);
            } else if self.exchange.is_body_done() || (filled > 0 && self.input.is_empty()) {
                break;
            } else if !self.input.is_empty() {
                match self.decode() {
                    Err(err) if filled > 0 => {
                        self.late_error = Some(err);
                        break;
                    }
                    decoded => decoded?,
                }
            } else {
                let direct = self.exchange.direct_len().min(room as u64);
                if direct < DIRECT_READ {
                    self.fill_body()?;
                } else {
                    filled += self.read_direct(&mut buf[filled..filled + direct as usize])?;
                }
            }
        }
        self.tell_done();
        Ok(filled)
    }

    /// Appends at most `limit` bytes of body to `out`; fewer only at the body's end. What came before an
    /// error stays in `out`.
    pub(crate) fn read_body_to_vec(&mut self, out: &mut Vec<u8>, limit: u64) -> Result<()> {
        self.check_late_error()?;
        let mut left = limit;
        while left > 0 {
            let here = self.here(left);
            if here > 0 {
                make_room(out, here).map_err(|err| self.fail(err))?;
                out.extend_from_slice(&self.input.data()[..here]);
                left -= here as u64;
                self.take_here(here);
            } else if self.exchange.is_body_done() {
                break;
            } else if !self.input.is_empty() {
                self.decode()?;
            } else {
                let direct = self.exchange.direct_len().min(left);
                if direct < DIRECT_READ {
                    self.fill_body()?;
                } else {
                    left -= self.read_direct_to_vec(out, direct)?;
                }
            }
        }
        self.tell_done();
        Ok(())
    }

    fn check_late_error(&mut self) -> Result<()> {
        self.late_error.take().map_or(Ok(()), Err)
    }

    /// How many bytes at the front of the buffer are body, up to `most`.
    fn here(&self, most: u64) -> usize {
        let known = if self.ready > 0 { self.ready as u64 } else { self.exchange.direct_len() };
        known.min(most).min(self.input.data().len() as u64) as usize
    }

    /// Takes them out of the buffer.
    fn take_here(&mut self, len: usize) {
        if self.ready > 0 {
            self.ready -= len;
        } else {
            self.exchange.skip_direct(len as u64);
        }
        self.input.consume(len);
    }

    /// Body that has arrived, waiting for some if none has; empty at the body's end.
    pub(crate) fn fill_ready(&mut self) -> Result<&[u8]> {
        self.check_late_error()?;
        while self.ready == 0 && !self.exchange.is_body_done() {
            if self.input.is_empty() {
                self.fill_body()?;
            } else {
                self.decode()?;
            }
        }
        self.tell_done();
        Ok(&self.input.data()[..self.ready])
    }

    pub(crate) fn consume_ready(&mut self, len: usize) {
        let len = len.min(self.ready);
        self.ready -= len;
        self.input.consume(len);
    }

    /// Bytes of the body still to be handed over, where its length is known.
    pub(crate) fn remaining(&self) -> Option<u64> {
        self.exchange.remaining().map(|left| left + self.ready as u64)
    }

    /// Whether all of the body has been received and handed over.
    pub(crate) fn is_body_read(&self) -> bool {
        self.exchange.is_body_done() && self.ready == 0
    }

    /// The response has been let go: the connection is free, or closed if it can't be.
    pub(crate) fn end_response(&mut self) {
        if self.stream.is_none() {
            return;
        }
        let reason = if !self.skip_rest() {
            Some(self.exchange.close_reason().unwrap_or(CloseReason::ResponseUnfinished))
        } else if let Some(reason) = self.exchange.close_reason() {
            Some(reason)
        } else if !self.exchange.is_reusable() {
            Some(CloseReason::RequestUnfinished)
        } else if !self.input.is_empty() && !self.answers_due {
            Some(CloseReason::Unsolicited)
        } else {
            None
        };
        self.tell_done();
        match reason {
            Some(reason) => self.close_for(Some(reason)),
            None => self.quiet_until = self.drained.then(quiet_from_now),
        }
    }

    /// Skips what is left of the body as far as that is here already; true if it is whole then.
    fn skip_rest(&mut self) -> bool {
        let mut skipped = 0;
        loop {
            self.consume_ready(self.ready);
            if self.exchange.is_body_done() {
                return true;
            }
            if !self.input.is_empty() {
                if self.decode().is_err() {
                    return false;
                }
                continue;
            }
            let worthwhile = self.exchange.close_reason().is_none()
                && self.exchange.remaining().is_none_or(|left| left <= (CHEAP_TO_SKIP - skipped) as u64);
            let here = self.stream.as_mut().is_some_and(|stream| stream.readiness() == Readiness::Data);
            if !worthwhile || !here || skipped >= CHEAP_TO_SKIP {
                return false;
            }
            match self.fill_body() {
                Ok(len) => skipped += len,
                Err(_) => return false,
            }
        }
    }

    /// Takes a step through what is in the buffer.
    fn decode(&mut self) -> Result<()> {
        match self.exchange.receive_body(self.input.data()) {
            Ok(BodyStep::Data(range)) => {
                self.ready = range.len();
                self.input.consume(range.start);
            }
            Ok(BodyStep::More) => self.input.consume(self.input.data().len()),
            Ok(BodyStep::End(len)) => self.input.consume(len),
            Err(err) => return Err(self.fail(err)),
        }
        Ok(())
    }

    /// One read into the buffer; at the connection's end, the body's end or an error.
    fn fill_body(&mut self) -> Result<usize> {
        let len = self.fill(Phase::Body)?;
        if len == 0 {
            self.end_in_body()?;
        }
        Ok(len)
    }

    fn read_direct(&mut self, buf: &mut [u8]) -> Result<usize> {
        self.check_wanted(Phase::Body)?;
        let Some(stream) = &mut self.stream else { return Err(not_open()) };
        match stream.read(buf) {
            Ok(0) => self.end_in_body().map(|()| 0),
            Ok(len) => {
                self.drained = len < buf.len();
                if self.tap.is_some() {
                    tell(&mut self.tap, self.config.debug_level, Event::Received(&buf[..len]));
                }
                self.exchange.skip_direct(len as u64);
                Ok(len)
            }
            Err(err) => self.body_cut_off(err).map(|()| 0),
        }
    }

    fn read_direct_to_vec(&mut self, out: &mut Vec<u8>, limit: u64) -> Result<u64> {
        let before = out.len();
        let round = limit.min(FIRST_ROOM.max(before as u64));
        if limit < u64::MAX {
            make_room(out, round as usize).map_err(|err| self.fail(err))?;
        }
        self.check_wanted(Phase::Body)?;
        let Some(stream) = &mut self.stream else { return Err(not_open()) };
        let result = stream.read_onto(round, out);
        self.drained = false;
        let len = (out.len() - before) as u64;
        if self.tap.is_some() && len > 0 {
            tell(&mut self.tap, self.config.debug_level, Event::Received(&out[before..]));
        }
        self.exchange.skip_direct(len);
        match result {
            Ok(_) if len < round => self.end_in_body()?,
            Ok(_) => {}
            Err(err) => self.body_cut_off(err)?,
        }
        Ok(len)
    }

    fn end_in_body(&mut self) -> Result<()> {
        self.check_wanted(Phase::Body)?;
        self.exchange.end_in_body().map_err(|err| self.fail(err))
    }

    /// A read of the body failed. A stream that was cut off says so, which is more than one that just ends.
    #[cold]
    fn body_cut_off(&mut self, err: io::Error) -> Result<()> {
        if err.kind() != io::ErrorKind::UnexpectedEof {
            return Err(self.fail(Error::io(Phase::Body, "reading the body", err)));
        }
        self.check_wanted(Phase::Body)?;
        self.exchange.cut_off_in_body(&err).map_err(|err| self.fail(err))
    }

    /// A cancelled stream waits for nothing, and its end is none of the peer's.
    fn check_wanted(&mut self, phase: Phase) -> Result<()> {
        self.check_cancelled().map_err(|err| {
            let arrived = if phase == Phase::Head { self.input.data() } else { b"" };
            let err = err.in_phase(phase).with_partial(arrived);
            self.fail(err)
        })
    }

    fn fill(&mut self, phase: Phase) -> Result<usize> {
        self.check_wanted(phase)?;
        self.enter(phase);
        if self.stream.is_none() {
            return Err(not_open());
        }
        match self.take_in() {
            Ok(len) => Ok(len),
            Err(err) if phase == Phase::Body => self.body_cut_off(err).map(|()| 0),
            Err(err) if err.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
            Err(err) => {
                let err = Error::io(phase, "waiting for the response", err).with_partial(self.input.data());
                Err(self.fail(err))
            }
        }
    }

    /// One read into the buffer; 0 at the end.
    pub(super) fn take_in(&mut self) -> io::Result<usize> {
        let Some(stream) = &mut self.stream else { return Ok(0) };
        let before = self.input.data().len();
        let (len, drained) = self.input.fill(&mut **stream)?;
        self.drained = drained;
        if self.tap.is_some() && len > 0 {
            let received = &self.input.data()[before..];
            tell(&mut self.tap, self.config.debug_level, Event::Received(received));
        }
        Ok(len)
    }
}

/// Room in `out`, or an error where the allocator has none: a large body is no reason to abort.
fn make_room(out: &mut Vec<u8>, len: usize) -> Result<()> {
    out.try_reserve(len)
        .map_err(|_| Error::io(Phase::Body, "making room for the body", io::ErrorKind::OutOfMemory.into()))
}

#[cold]
fn not_open() -> Error {
    Error::new(crate::ErrorKind::NotConnected, "the connection was closed")
}
