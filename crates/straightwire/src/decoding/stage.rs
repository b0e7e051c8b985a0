//! One coding undone on top of what comes from below: the body, or another coding.

use std::io::{self, BufRead, Read};

use super::DecodeLimits;
use crate::error::{Error, ErrorKind};

/// Decoded bytes that are kept for who reads them from the buffer.
const BUFFER: usize = 32 * 1024;

/// Undoes one coding, step by step. What has been given of a stream is given whatever comes after it.
pub(super) trait Decode: Send {
    /// What `Content-Encoding` calls it.
    fn name(&self) -> &'static str;

    /// Takes from `input`, gives to `output`, as far as either goes.
    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Step;

    /// Whether what was taken so far is whole.
    fn is_whole(&self) -> bool;
}

/// What a step took and gave, and what ended it where that is damage.
#[derive(Debug, Default)]
pub(super) struct Step {
    pub(super) taken: usize,
    pub(super) given: usize,
    pub(super) damage: Option<&'static str>,
}

/// Said of bytes that follow encoded content which is whole.
#[cfg(any(feature = "brotli", feature = "deflate", feature = "gzip"))]
pub(super) const MORE: &str = "bytes after its end";

/// What content is read from.
pub(super) enum Layer<R> {
    Body { body: R, taken: u64 },
    Coded(Box<Stage<R>>),
}

pub(super) struct Stage<R> {
    decoder: Box<dyn Decode>,
    from: Layer<R>,
    limits: DecodeLimits,
    /// What was decoded into it and is not yet read: from `start` to `end`.
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    decoded: u64,
    state: State,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    /// Nothing has come yet.
    Fresh,
    /// All that could be made of what was taken has been given.
    Hungry,
    /// There was no room for all of it.
    Full,
    /// What was given is good, what comes next is this.
    Failing(Failure),
}

#[derive(Clone, Copy, PartialEq)]
enum Failure {
    Damage(&'static str),
    TooLarge,
}

impl<R> Layer<R> {
    pub(super) fn body(body: R) -> Layer<R> {
        Layer::Body { body, taken: 0 }
    }

    pub(super) fn coded(self, decoder: Box<dyn Decode>, limits: DecodeLimits) -> Layer<R> {
        let buffer = vec![0; BUFFER].into_boxed_slice();
        let (start, end, decoded, state) = (0, 0, 0, State::Fresh);
        Layer::Coded(Box::new(Stage { decoder, from: self, limits, buffer, start, end, decoded, state }))
    }

    pub(super) fn get_ref(&self) -> &R {
        match self {
            Layer::Body { body, .. } => body,
            Layer::Coded(stage) => stage.from.get_ref(),
        }
    }

    /// How much of the body was taken.
    pub(super) fn taken(&self) -> u64 {
        match self {
            Layer::Body { taken, .. } => *taken,
            Layer::Coded(stage) => stage.from.taken(),
        }
    }
}

impl<R: BufRead> Stage<R> {
    /// Decodes into `out`, or into the buffer where that is `None`: a byte at least, unless the content ends.
    fn decode(&mut self, mut out: Option<&mut [u8]>) -> io::Result<usize> {
        loop {
            let out = out.as_deref_mut().unwrap_or(&mut self.buffer);
            let input = match self.state {
                State::Failing(failure) => return Err(self.error(failure).into()),
                // It has more to give without being given more, which would have to be waited for.
                State::Full => &[],
                State::Fresh | State::Hungry => self.from.fill_buf()?,
            };
            let is_end = self.state != State::Full && input.is_empty();
            if is_end && (self.state == State::Fresh || self.decoder.is_whole()) {
                return Ok(0);
            }
            let step = self.decoder.step(input, out);
            let is_stuck = !input.is_empty() && step.taken == 0 && step.given == 0;
            let is_full = step.given == out.len();
            self.from.consume(step.taken);
            self.decoded += step.given as u64;
            self.state = match step.damage {
                // Looked at first: damage in the same step makes it no less.
                _ if self.is_too_large() => State::Failing(Failure::TooLarge),
                Some(damage) => State::Failing(Failure::Damage(damage)),
                None if is_stuck => State::Failing(Failure::Damage("data that leads nowhere")),
                None if is_end && step.given == 0 => State::Failing(Failure::Damage("cut short")),
                None if is_full => State::Full,
                None => State::Hungry,
            };
            if step.given > 0 && self.state != State::Failing(Failure::TooLarge) {
                return Ok(step.given);
            }
        }
    }

    /// Each coding is held to it, so that codings one inside the other can't hide what they cost.
    fn is_too_large(&self) -> bool {
        let DecodeLimits { len, ratio, free, .. } = self.limits;
        self.decoded > len.min(free.max(self.from.taken().saturating_mul(ratio)))
    }

    #[cold]
    fn error(&self, failure: Failure) -> Error {
        let (name, taken, decoded) = (self.decoder.name(), self.from.taken(), self.decoded);
        let (kind, message) = match failure {
            Failure::Damage(damage) => (
                ErrorKind::BadContentEncoding,
                format!("no sound {name}: {damage} (after {taken} bytes of the body, {decoded} decoded)"),
            ),
            Failure::TooLarge => (
                ErrorKind::DecodedTooLarge,
                format!("{taken} bytes of {name} give {decoded} bytes and more, too many"),
            ),
        };
        Error::new(kind, message).in_phase(crate::Phase::Body)
    }
}

impl<R: BufRead> Read for Layer<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        match self {
            Layer::Body { body, taken } => body.read(out).inspect(|len| *taken += *len as u64),
            Layer::Coded(stage) if stage.start == stage.end && out.len() >= BUFFER => stage.decode(Some(out)),
            Layer::Coded(_) => {
                let ready = self.fill_buf()?;
                let len = ready.len().min(out.len());
                out[..len].copy_from_slice(&ready[..len]);
                self.consume(len);
                Ok(len)
            }
        }
    }
}

impl<R: BufRead> BufRead for Layer<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self {
            Layer::Body { body, .. } => body.fill_buf(),
            Layer::Coded(stage) => {
                if stage.start == stage.end {
                    (stage.start, stage.end) = (0, 0);
                    stage.end = stage.decode(None)?;
                }
                Ok(&stage.buffer[stage.start..stage.end])
            }
        }
    }

    fn consume(&mut self, len: usize) {
        match self {
            Layer::Body { body, taken } => {
                body.consume(len);
                *taken += len as u64;
            }
            Layer::Coded(stage) => stage.start = (stage.start + len).min(stage.end),
        }
    }
}
