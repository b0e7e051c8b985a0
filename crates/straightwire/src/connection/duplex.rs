//! Hearing the server while a request is being sent to it.
//!
//! A server may answer before it has read all of a request, and may stop reading then, close, or reset the
//! connection (RFC 9112 9.5 and 9.6). So a body is written without waiting; where nothing more goes, one wait
//! is for both directions; and now and then there is a look at what may have come. A stream that can't do
//! this is written to in the plain way.

use std::io::{self, IoSlice};
use std::time::{Duration, Instant};

use super::HttpConnection;
use super::open::from_now;
use super::send::{tell_written, write_all};
use crate::error::{Error, ErrorKind, Phase, Result};
use crate::transport::Ready;

/// How much is sent between two looks at what may have come, which are a system call each; less where it
/// takes longer than [`LOOK_AFTER`].
const LOOK_EVERY: usize = 128 * 1024;
const LOOK_AFTER: Duration = Duration::from_millis(10);

/// How long the server may take nothing while more of its answer is there than is kept. It may be slow, but
/// most likely it waits for us to read, as we wait for it.
const BOTH_FULL: Duration = Duration::from_secs(1);

/// What goes on while a request is being sent.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// Some of the request is out: what comes can be its answer.
    begun: bool,
    /// Bytes that went since the last look, and when that was.
    unseen: usize,
    looked: Option<Instant>,
}

impl Watch {
    /// The head is out, and a body is to follow.
    pub(super) fn over_body() -> Watch {
        Watch { begun: true, unseen: 0, looked: Some(Instant::now()) }
    }

    pub(super) fn note_sent(&mut self, len: usize) {
        self.begun = true;
        self.unseen += len;
    }

    fn is_due(&mut self) -> bool {
        let looked = *self.looked.get_or_insert_with(Instant::now);
        self.unseen >= LOOK_EVERY || looked.elapsed() >= LOOK_AFTER
    }
}

impl HttpConnection {
    /// Writes `out` and then `rest`, hearing the server all the while.
    ///
    /// # Errors
    /// `AnsweredEarly` once sending is of no more use.
    pub(super) fn write_hearing(&mut self, rest: [&[u8]; 2]) -> Result<()> {
        let out = std::mem::take(&mut self.out);
        let mut slices = [IoSlice::new(&out), IoSlice::new(rest[0]), IoSlice::new(rest[1])];
        self.enter(Phase::Send);
        let written = self.write_slices(&mut slices);
        self.out = out;
        if written.is_ok() && self.is_watched() {
            self.tell_sent();
        }
        written
    }

    fn write_slices(&mut self, mut slices: &mut [IoSlice<'_>]) -> Result<()> {
        IoSlice::advance_slices(&mut slices, 0);
        loop {
            let Some(stream) = &mut self.stream else { return Err(closed_under_way()) };
            match stream.write_now(slices) {
                // Without bytes it was about what the stream itself had kept.
                Ok(_) if slices.is_empty() => return Ok(()),
                Ok(0) => return Err(self.write_failed(io::ErrorKind::WriteZero.into())),
                Ok(len) => {
                    tell_written(slices, len, (&mut self.tap, self.config.debug_level));
                    self.watch.note_sent(len);
                    IoSlice::advance_slices(&mut slices, len);
                    if !slices.is_empty() {
                        self.look_if_due()?;
                    }
                }
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => self.wait_to_write()?,
                Err(err) if err.kind() == io::ErrorKind::Unsupported => {
                    let watchers = (&mut self.tap, self.config.debug_level);
                    return write_all(&mut **stream, slices, watchers).map_err(|err| self.write_failed(err));
                }
                Err(err) => return Err(self.write_failed(err)),
            }
        }
    }

    /// A piece of body is to go, so that the head is out.
    pub(super) fn look_before_piece(&mut self) -> Result<()> {
        self.watch.begun = true;
        self.look_if_due()
    }

    /// Looks whether an answer has come, if it is time to.
    fn look_if_due(&mut self) -> Result<()> {
        if !self.watch.is_due() {
            return Ok(());
        }
        let now = Instant::now();
        (self.watch.unseen, self.watch.looked) = (0, Some(now));
        if !self.has_room() {
            return Ok(());
        }
        let Some(stream) = &mut self.stream else { return Err(closed_under_way()) };
        match stream.wait(Ready::READ, Some(now)) {
            Ok(ready) if ready.to_read => self.hear(),
            Ok(_) => Ok(()),
            Err(err) if err.kind() == io::ErrorKind::Unsupported => Ok(()),
            Err(err) => Err(self.write_failed(err)),
        }
    }

    /// Waits until more can be written, taking in what comes before.
    pub(super) fn wait_to_write(&mut self) -> Result<()> {
        let has_room = self.has_room();
        let Some(stream) = &mut self.stream else { return Err(closed_under_way()) };
        match stream.wait(Ready::EITHER, None) {
            Ok(ready) if ready.to_read && has_room => return self.hear(),
            Ok(ready) if ready.to_write => return Ok(()),
            Ok(_) => {}
            Err(err) => return Err(self.write_failed(err)),
        }
        match stream.wait(Ready::WRITE, from_now(BOTH_FULL)) {
            Ok(ready) if ready.to_write => Ok(()),
            Ok(_) => Err(self.answer_in_the_way()),
            // A deadline says so.
            Err(err) if err.kind() == io::ErrorKind::TimedOut && err.get_ref().is_none() => {
                Err(self.answer_in_the_way())
            }
            Err(err) => Err(self.write_failed(err)),
        }
    }

    /// Whether more of an answer may be taken in. A head has limits of its own.
    fn has_room(&self) -> bool {
        !self.exchange.is_answered() || self.input.may_grow()
    }

    /// Takes in what has come.
    fn hear(&mut self) -> Result<()> {
        let has_ended = match self.take_in() {
            Ok(len) => len == 0,
            Err(err) if err.kind() == io::ErrorKind::UnexpectedEof => true,
            Err(err) => return Err(self.write_failed(err)),
        };
        if !self.exchange.is_answered() && self.read_heads()? && !self.exchange.keep_early_head() {
            return Err(self.stop_sending());
        }
        if !has_ended {
            Ok(())
        } else if self.exchange.is_answered() {
            Err(self.stop_sending())
        } else {
            let err = self.exchange.end_in_head(self.input.data()).in_phase(Phase::Send);
            if self.check_cancelled().is_err() {
                return Err(self.fail(err));
            }
            self.exchange.send_failed();
            Err(err)
        }
    }

    /// The answer is here, and the rest of the request of no more use.
    #[cold]
    pub(super) fn stop_sending(&mut self) -> Error {
        self.exchange.send_failed();
        self.exchange.answered_early()
    }

    #[cold]
    fn answer_in_the_way(&mut self) -> Error {
        self.exchange.send_failed();
        let message = "the server is answering, and takes no more of the request until its answer is read";
        Error::new(ErrorKind::AnswerInTheWay, message).in_phase(Phase::Send)
    }

    /// Writing a head has failed, which most likely nobody has seen any of.
    #[cold]
    pub(super) fn head_failed(&mut self, err: io::Error) -> Error {
        self.watch.begun = false;
        self.write_failed(err)
    }

    /// A broken connection may still hold an answer, which is then what matters; any other failure ends it.
    #[cold]
    pub(super) fn write_failed(&mut self, err: io::Error) -> Error {
        // The server reads no more, but has answered. (A deadline is the end of all.)
        if self.exchange.is_answered()
            && err.kind() == io::ErrorKind::TimedOut
            && err.get_ref().is_none()
            && self.check_cancelled().is_ok()
        {
            return self.stop_sending();
        }
        let was_reset = err.kind() == io::ErrorKind::ConnectionReset;
        let err = Error::io(Phase::Send, "sending the request", err);
        if !err.is_connection_error() || self.check_cancelled().is_err() {
            return self.fail(err);
        }
        self.exchange.send_failed();
        if was_reset {
            self.exchange.saw_reset();
        }
        // What came before any of the request went out is no answer to it.
        if self.watch.begun && self.finds_answer() { self.exchange.answered_early() } else { err }
    }

    /// Whether a final head is there already. Heads are bounded, and so is this.
    fn finds_answer(&mut self) -> bool {
        loop {
            if self.exchange.is_answered() {
                return true;
            }
            match self.read_heads() {
                Ok(true) => {
                    self.exchange.keep_early_head();
                    return true;
                }
                Ok(false) => {}
                Err(_) => return false,
            }
            let Some(stream) = &mut self.stream else { return false };
            if !stream.wait(Ready::READ, Some(Instant::now())).is_ok_and(|ready| ready.to_read)
                || !matches!(self.take_in(), Ok(1..))
            {
                return false;
            }
        }
    }
}

#[cold]
pub(super) fn closed_under_way() -> Error {
    Error::new(ErrorKind::NotConnected, "the connection was closed while a request was under way")
}
