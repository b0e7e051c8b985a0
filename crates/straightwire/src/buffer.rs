//! The receive buffer: filled at its end, consumed at its front.

use std::io;

use crate::transport::Transport;

/// Where the buffer starts: one read takes in most whole answers.
const FIRST_SIZE: usize = 8 * 1024;

/// Up to where it grows while reads fill it whole. Larger ones measure no faster.
const LARGEST_SIZE: usize = 256 * 1024;

/// Received bytes that nothing has used yet.
#[derive(Debug, Default)]
pub(crate) struct ReceiveBuffer {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl ReceiveBuffer {
    pub(crate) fn data(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    #[cfg(feature = "tls")]
    pub(crate) fn data_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..self.end]
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Whether it may hold more without becoming larger than it ever needs to be.
    pub(crate) fn may_grow(&self) -> bool {
        self.end - self.start < LARGEST_SIZE
    }

    pub(crate) fn consume(&mut self, len: usize) {
        self.start += len;
        debug_assert!(self.start <= self.end);
        if self.is_empty() {
            self.start = 0;
            self.end = 0;
        }
    }

    /// Empties it, and gives back what it grew by.
    pub(crate) fn clear(&mut self) {
        self.start = 0;
        self.end = 0;
        if self.bytes.len() > FIRST_SIZE {
            self.bytes = Vec::new();
        }
    }

    /// One read from `stream` behind what is there; gives how many bytes came, 0 at the end, and whether
    /// there was room for more. The caller bounds how far the buffer grows: it stops asking once a cap is
    /// passed.
    pub(crate) fn fill(&mut self, stream: &mut dyn Transport) -> io::Result<(usize, bool)> {
        self.make_room();
        let room = self.bytes.len() - self.end;
        let len = stream.read(&mut self.bytes[self.end..])?;
        self.end += len;
        if len == room && self.bytes.len() < LARGEST_SIZE {
            self.bytes.resize(self.bytes.len() * 2, 0);
        }
        Ok((len, len < room))
    }

    /// Room for a read that is worth its system call.
    fn make_room(&mut self) {
        let room = self.bytes.len() - self.end;
        if room > self.bytes.len() / 2 {
            return;
        }
        // What is left of a chunk or a record moves to the front: never more than was consumed before it,
        // so that no byte moves often.
        let left = self.end - self.start;
        if self.start > 0 && (left <= self.start || room == 0) {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end = left;
            self.start = 0;
        } else if room == 0 {
            self.bytes.resize((self.bytes.len() * 2).max(FIRST_SIZE), 0);
        }
    }
}
