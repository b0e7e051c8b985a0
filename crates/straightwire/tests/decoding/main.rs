//! Content codings, made by encoders that others wrote and undone here.

#[path = "../support/mod.rs"]
mod support;

mod bombs;
mod damage;
mod encoders;
mod responses;

use std::io::{self, BufRead, Read};

use straightwire::{DecodeLimits, Decoded, Error};

/// Bytes that come in pieces which end at these places.
struct Pieces<'a> {
    bytes: &'a [u8],
    at: usize,
    ends: Vec<usize>,
}

impl<'a> Pieces<'a> {
    /// Of so many bytes each.
    fn of(bytes: &'a [u8], size: usize) -> Pieces<'a> {
        Pieces { bytes, at: 0, ends: (0..bytes.len()).step_by(size).skip(1).collect() }
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
        let next = self.ends.partition_point(|&end| end <= self.at);
        let end = self.ends.get(next).copied().unwrap_or(self.bytes.len());
        Ok(&self.bytes[self.at..end])
    }

    fn consume(&mut self, len: usize) {
        self.at += len;
    }
}

/// What these bytes in this coding stand for.
fn decode(coding: &str, encoded: &[u8]) -> Result<Vec<u8>, Error> {
    Decoded::new(encoded, coding, DecodeLimits::default())?.read_all()
}
