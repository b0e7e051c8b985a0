//! The calls that take a response in: see [`Exchange`].

use std::fmt;

use super::super::chunked::ChunkStep;
use super::super::framing::{CloseReason, Framing, response_framing};
use super::super::headers::Headers;
use super::super::response::ResponseHead;
use super::super::state::Receiving;
use super::super::status;
use super::{BodyStep, Exchange, Received};
use crate::error::{Error, ErrorKind, Result};

impl Exchange {
    /// Looks for the next head in `input`, which begins with the same bytes at every call until a head is
    /// found.
    ///
    /// # Errors
    /// `ResponseNotReady` when no response is due; `BadStatusLine`, `UnknownProtocol`, `BadHeader`,
    /// `BadContentLength`, `UnknownTransferEncoding`, or one of the limits. The message is lost then.
    pub fn receive_head(&mut self, input: &[u8]) -> Result<Received> {
        if !self.states.may_receive() {
            let state = self.states.projected().name();
            return Err(Error::new(
                ErrorKind::ResponseNotReady,
                format!("the connection is in state {state}"),
            ));
        }
        if input.is_empty() {
            return Ok(Received::More);
        }
        let read = self.reader.read(input, &mut self.head, &self.policy, &self.limits);
        let len = match read {
            Ok(Some(len)) => len,
            Ok(None) => return Ok(Received::More),
            Err(err) => return Err(err.with_partial(&input[..self.reader.position().min(input.len())])),
        };
        self.reader.reset();
        if self.head.is_interim() {
            self.keep_interim(len)?;
            return Ok(Received::Interim { len });
        }
        let (framing, close) =
            response_framing(self.method, &self.head).map_err(|err| err.with_partial(&input[..len]))?;
        self.close = self.close.or(close);
        self.framing = Some(framing);
        self.begin_body(framing);
        Ok(Received::Head { len })
    }

    fn begin_body(&mut self, framing: Framing) {
        match framing {
            Framing::Switched => self.states.switched(),
            Framing::None | Framing::Length(0) => self.states.head_received(false),
            _ => self.states.head_received(true),
        }
        if let Framing::Length(length) = framing {
            self.remaining = length;
        }
    }

    /// The head that was just found came while the request was still being sent: it waits until it is asked
    /// for. Gives whether the rest of the request is still of use, which it is not after a refusal, nor where
    /// the server says that it closes and was not asked to (RFC 9112 9.5 and 9.6).
    pub(crate) fn keep_early_head(&mut self) -> bool {
        use CloseReason::{ConnectionClose, Http10, Switched};
        self.states.answered_early();
        self.head.status() < 400 && !matches!(self.close, Some(ConnectionClose | Http10 | Switched))
    }

    /// Whether a final head is here that nobody has asked for yet.
    pub(crate) fn is_answered(&self) -> bool {
        self.states.is_answered()
    }

    /// It is asked for.
    #[cold]
    pub(crate) fn take_early_head(&mut self) {
        if let Some(framing) = self.framing {
            self.begin_body(framing);
        }
    }

    /// Whether the answer, or what has come of one so far, has the 100 that goes before a body.
    pub(crate) fn may_continue(&self) -> bool {
        self.interim.iter().any(|head| head.status() == status::CONTINUE)
    }

    /// The error of a connection that ended before the head was whole; `input` is what there is of it.
    pub fn end_in_head(&self, input: &[u8]) -> Error {
        if input.is_empty() {
            return Error::new(
                ErrorKind::RemoteDisconnected,
                "the server closed the connection without an answer",
            );
        }
        Error::incomplete("the connection ended within the head", None).with_partial(input)
    }

    /// The head of the response, once there.
    pub fn head(&self) -> &ResponseHead {
        &self.head
    }

    /// The head, taken out.
    pub(crate) fn take_head(&mut self) -> ResponseHead {
        std::mem::take(&mut self.head)
    }

    /// The interim responses (1xx) that came before it.
    pub fn interim(&self) -> &[ResponseHead] {
        &self.interim
    }

    /// Where the body ends; `None` before the head is there.
    pub fn framing(&self) -> Option<Framing> {
        self.framing
    }

    /// Looks for body in `input`, each byte of which is handed in once.
    ///
    /// # Errors
    /// `BadChunk` and the limits of chunked bodies. The connection is of no further use then.
    pub fn receive_body(&mut self, input: &[u8]) -> Result<BodyStep> {
        if self.is_body_done() {
            return Ok(BodyStep::End(0));
        }
        match self.framing {
            Some(Framing::Chunked) => {
                match self.chunks.step(input, &mut self.trailers, &self.policy, &self.limits)? {
                    ChunkStep::Data(range) => Ok(BodyStep::Data(range)),
                    ChunkStep::More => Ok(BodyStep::More),
                    ChunkStep::End(len) => {
                        self.states.body_received();
                        Ok(BodyStep::End(len))
                    }
                }
            }
            _ if input.is_empty() => Ok(BodyStep::More),
            _ => {
                let len = self.direct_len().min(input.len() as u64);
                self.skip_direct(len);
                Ok(BodyStep::Data(0..len as usize))
            }
        }
    }

    /// How many of the next bytes are certainly body, so that they may go straight to where the body
    /// goes. Tell [`skip_direct`](Self::skip_direct) how many did.
    pub fn direct_len(&self) -> u64 {
        match self.framing {
            _ if self.is_body_done() => 0,
            Some(Framing::Length(_)) => self.remaining,
            Some(Framing::Chunked) => self.chunks.data_left(),
            Some(Framing::UntilClose) => u64::MAX,
            _ => 0,
        }
    }

    /// Tells that `len` bytes of body, at most [`direct_len`](Self::direct_len), went past.
    pub fn skip_direct(&mut self, len: u64) {
        match self.framing {
            Some(Framing::Length(_)) => {
                self.remaining -= len;
                if self.remaining == 0 {
                    self.states.body_received();
                }
            }
            Some(Framing::Chunked) => self.chunks.skip_data(len),
            _ => {}
        }
    }

    /// Tells that the connection ended while body was due.
    ///
    /// # Errors
    /// `IncompleteRead` unless the body ends where the connection does, or the policy has it so.
    pub fn end_in_body(&mut self) -> Result<()> {
        if self.was_reset && self.framing == Some(Framing::UntilClose) && !self.is_body_done() {
            return self.cut_off_in_body(&"it was reset while the request was being sent");
        }
        let has_own_end = matches!(self.framing, Some(Framing::Length(_) | Framing::Chunked));
        if self.is_body_done() || !has_own_end {
            self.states.body_received();
            return Ok(());
        }
        let in_trailers = self.framing == Some(Framing::Chunked) && self.chunks.in_trailers();
        let (place, expected) = match self.framing {
            Some(Framing::Chunked) if in_trailers => ("trailers of the body", None),
            Some(Framing::Chunked) => ("chunks of the body", self.chunks.expected()),
            _ => ("body", (self.remaining < u64::MAX / 2).then_some(self.remaining)),
        };
        let is_forgiven = in_trailers && self.policy.truncated_trailers;
        self.end_truncated(is_forgiven, || {
            Error::incomplete(format!("the connection ended within the {place}"), expected)
        })
    }

    /// Tells that the connection was cut off while body was due: that its end was not announced, where the
    /// transport announces ends. A body that ends with the connection may not be whole then (RFC 9112 9.8).
    ///
    /// # Errors
    /// `IncompleteRead`, unless the policy has it otherwise.
    pub fn cut_off_in_body(&mut self, how: &dyn fmt::Display) -> Result<()> {
        if self.framing != Some(Framing::UntilClose) {
            return self.end_in_body();
        }
        self.end_truncated(false, || {
            Error::incomplete(format!("the body may have been cut off: {how}"), None)
        })
    }

    /// Ends the body where it isn't whole, if that is put up with.
    fn end_truncated(&mut self, is_forgiven: bool, err: impl FnOnce() -> Error) -> Result<()> {
        if !(is_forgiven || self.policy.truncated_body) {
            return Err(err());
        }
        self.close = Some(CloseReason::Truncated);
        self.states.body_received();
        Ok(())
    }

    /// Whether the response is whole.
    pub fn is_body_done(&self) -> bool {
        matches!(self.states.receiving, Receiving::Done | Receiving::Switched)
    }

    /// Bytes of the body still to come, where its length is known.
    pub fn remaining(&self) -> Option<u64> {
        match self.framing {
            Some(Framing::Length(_)) => Some(self.remaining),
            Some(Framing::None | Framing::Switched) => Some(0),
            _ => None,
        }
    }

    /// The trailers of a chunked body, once it is whole.
    pub fn trailers(&self) -> &Headers {
        &self.trailers
    }

    #[cold]
    fn keep_interim(&mut self, len: usize) -> Result<()> {
        self.interim_bytes += len;
        if self.interim.len() == self.limits.interim_responses {
            let message = format!("got more than {} interim responses", self.limits.interim_responses);
            return Err(Error::new(ErrorKind::TooManyInterimResponses, message));
        }
        if self.interim_bytes > self.limits.head {
            let message = format!("got more than {} bytes of interim responses", self.limits.head);
            return Err(Error::new(ErrorKind::HeadTooLarge, message));
        }
        self.interim.push(std::mem::take(&mut self.head));
        Ok(())
    }
}
