//! What carries the bytes.

pub(crate) mod tcp;

use std::fmt;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

/// What a look at a stream shows, without taking anything from it or waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readiness {
    /// Nothing has arrived.
    Quiet,
    /// Something can be read.
    Data,
    /// The peer has closed, or the stream is broken.
    Ended,
}

/// A connected stream of bytes.
pub(crate) trait Transport: Read + Write + Send + fmt::Debug {
    /// How long each read and each write may wait; `None`: as long as it takes.
    fn set_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()>;

    /// Whether there is something to read, told without waiting.
    fn readiness(&mut self) -> Readiness;

    /// Reads at most `limit` bytes, or to the end of the stream, behind what is in `out`. Bytes that
    /// came before an error stay there.
    fn read_onto(&mut self, limit: u64, out: &mut Vec<u8>) -> io::Result<usize>;

    /// The local and the peer's address, where there are such things.
    fn addresses(&self) -> Option<(SocketAddr, SocketAddr)>;

    /// The file descriptor, where there is one.
    #[cfg(unix)]
    fn fd(&self) -> Option<std::os::fd::BorrowedFd<'_>>;
}
