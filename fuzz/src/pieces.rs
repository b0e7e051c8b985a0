//! A reader that gives what it has in pieces.

use std::io::{self, BufRead, Read};

/// Bytes that come in pieces of one size.
pub struct Pieces<'a> {
    bytes: &'a [u8],
    size: usize,
    ready: usize,
}

impl<'a> Pieces<'a> {
    /// Of `bytes`, each of `size`.
    pub fn new(bytes: &'a [u8], size: usize) -> Pieces<'a> {
        Pieces { bytes, size: size.max(1), ready: 0 }
    }

    /// How much has not been taken.
    pub fn left(&self) -> usize {
        self.bytes.len()
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = self.fill_buf()?.read(buf)?;
        self.consume(len);
        Ok(len)
    }
}

impl BufRead for Pieces<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.ready == 0 {
            self.ready = self.size.min(self.bytes.len());
        }
        Ok(&self.bytes[..self.ready])
    }

    fn consume(&mut self, len: usize) {
        self.bytes = &self.bytes[len..];
        self.ready -= len;
    }
}
