//! A body that comes in pieces, and where they go.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::time::Duration;

use super::Source;
use crate::error::{Error, Phase, Result};

/// How much of a body that is here already is sent at a time, where somebody counts or waits in between.
const COUNTED: usize = 64 * 1024;

/// A body that comes in pieces.
pub(crate) trait Pieces {
    /// How much there is in all, where the body frames itself by that.
    fn len(&self) -> Option<u64> {
        None
    }

    /// Sends the next piece; false when there are no more. An error that isn't the sink's is the body's own.
    fn send_next(&mut self, sink: &mut dyn Sink) -> Result<bool>;
}

/// Where pieces go: a connection, or what stands before it.
pub(crate) trait Sink {
    /// How much of a reader is sent at a time.
    fn blocksize(&self) -> usize;

    /// Sends a piece; an empty one is left out.
    fn send(&mut self, piece: &[u8]) -> Result<()>;

    /// Whether a file may be handed over as such. Not where it becomes chunks: their size is told before them.
    fn takes_files(&self) -> bool;

    /// Sends the next bytes of a file, at most so many; how many those were.
    fn send_file(&mut self, file: &File, len: u64) -> Result<u64>;

    /// Lets this time pass.
    fn pause(&mut self, time: Duration) -> Result<()>;
}

/// The items of an iterator.
pub(super) struct Iter<I>(pub(super) I);

impl<T: AsRef<[u8]>, I: Iterator<Item = io::Result<T>>> Pieces for Iter<I> {
    fn send_next(&mut self, sink: &mut dyn Sink) -> Result<bool> {
        match self.0.next() {
            None => Ok(false),
            Some(Ok(piece)) => sink.send(piece.as_ref()).map(|()| true),
            Some(Err(err)) => Err(Error::io(Phase::TakeBody, "taking the next piece of the body", err)),
        }
    }
}

/// Bytes, divided.
struct Bytes<'a> {
    bytes: Cow<'a, [u8]>,
    sent: usize,
}

impl Pieces for Bytes<'_> {
    fn len(&self) -> Option<u64> {
        Some(self.bytes.len() as u64)
    }

    fn send_next(&mut self, sink: &mut dyn Sink) -> Result<bool> {
        let rest = &self.bytes[self.sent..];
        let piece = &rest[..rest.len().min(COUNTED)];
        self.sent += piece.len();
        sink.send(piece).map(|()| !piece.is_empty())
    }
}

/// The blocks of a reader.
pub(crate) struct Blocks<R> {
    pub(crate) reader: R,
    /// Room for one of them.
    pub(crate) block: Vec<u8>,
}

impl<R: Read> Pieces for Blocks<R> {
    fn send_next(&mut self, sink: &mut dyn Sink) -> Result<bool> {
        self.block.resize(sink.blocksize(), 0);
        let len = read_block(&mut self.reader, &mut self.block)?;
        sink.send(&self.block[..len]).map(|()| len > 0)
    }
}

/// Reads the next block of a body; again, where only a signal handler ended the read.
pub(super) fn read_block(reader: &mut dyn Read, block: &mut [u8]) -> Result<usize> {
    loop {
        match reader.read(block) {
            Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
            read => {
                return read.map_err(|err| Error::io(Phase::TakeBody, "reading the body to be sent", err));
            }
        }
    }
}

impl<'a> Source<'a> {
    /// As pieces; what has none, or can't be sent at all, as it is.
    pub(super) fn into_pieces(self) -> Result<Box<dyn Pieces + 'a>, Source<'a>> {
        match self {
            Source::Bytes(bytes) => Ok(Box::new(Bytes { bytes, sent: 0 })),
            Source::Reader(reader) => Ok(Box::new(Blocks { reader, block: Vec::new() })),
            Source::Pieces(pieces) => Ok(pieces),
            Source::None | Source::Unfit(_) | Source::Trailed(_) => Err(self),
        }
    }
}
