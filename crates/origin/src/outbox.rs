//! The send buffer of one connection: small answers leave in one write, large ones in pieces of the buffer's
//! size.

use std::io::{self, Write};

use crate::inbox::PIECE;
use crate::pattern;

/// Bytes to send: `buffer[..len]`.
pub(crate) struct Outbox {
    sink: Box<dyn Write>,
    buffer: Box<[u8]>,
    len: usize,
    /// Whether any byte of this answer has left, so that it can't be taken back.
    has_sent: bool,
}

impl Outbox {
    pub(crate) fn new(sink: impl Write + 'static) -> Outbox {
        Outbox { sink: Box::new(sink), buffer: vec![0; PIECE].into_boxed_slice(), len: 0, has_sent: false }
    }

    /// The pattern from `offset` on, made in place; `seen` is shown each piece.
    pub(crate) fn pattern(&mut self, offset: u64, len: u64, mut seen: impl FnMut(&[u8])) -> io::Result<()> {
        let mut done = 0;
        while done < len {
            self.make_room()?;
            let free = &mut self.buffer[self.len..];
            let count = free.len().min(usize::try_from(len - done).unwrap_or(usize::MAX));
            pattern::fill(offset + done, &mut free[..count]);
            seen(&free[..count]);
            self.len += count;
            done += count as u64;
        }
        Ok(())
    }

    /// A new answer begins.
    pub(crate) fn begin(&mut self) {
        self.has_sent = false;
    }

    /// Takes the answer back; false when some of it has left already.
    pub(crate) fn take_back(&mut self) -> bool {
        self.len = 0;
        !self.has_sent
    }

    fn make_room(&mut self) -> io::Result<()> {
        if self.len == self.buffer.len() { self.flush() } else { Ok(()) }
    }
}

impl Write for Outbox {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.make_room()?;
        let count = bytes.len().min(self.buffer.len() - self.len);
        self.buffer[self.len..self.len + count].copy_from_slice(&bytes[..count]);
        self.len += count;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.len > 0 {
            self.has_sent = true;
            self.sink.write_all(&self.buffer[..self.len])?;
            self.len = 0;
        }
        Ok(())
    }
}
