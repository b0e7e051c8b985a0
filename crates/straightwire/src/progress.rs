//! Telling how far a transfer is.

use std::fmt;
use std::io::{self, Read, Write};

/// Tells how many bytes have been read from, or written to, what it wraps, and how many there are in all,
/// where that is known.
///
/// For downloads it wraps the response or where the body goes; for uploads see
/// [`Body::progress`](crate::Body::progress).
///
/// ```
/// # use straightwire::{HttpConnection, Progress};
/// # let origin = origin::Origin::start()?;
/// # let mut conn = HttpConnection::new(&origin.host_port())?;
/// conn.request("GET", "/bytes/1000000", (), &[])?;
/// let mut response = conn.get_response()?;
/// let mut last = (0, None);
/// let total = response.remaining();
/// let mut saved = Vec::new();
/// response.copy_to(&mut Progress::new(&mut saved, total, |so_far, total| last = (so_far, total)))?;
/// assert_eq!(last, (1_000_000, Some(1_000_000)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Progress<T, F> {
    stream: T,
    so_far: u64,
    total: Option<u64>,
    tell: F,
}

impl<T, F: FnMut(u64, Option<u64>)> Progress<T, F> {
    /// Calls `tell` with the bytes so far and the `total`, after each read and write that moved any.
    pub fn new(stream: T, total: Option<u64>, tell: F) -> Progress<T, F> {
        Progress { stream, so_far: 0, total, tell }
    }

    /// What was wrapped.
    pub fn into_inner(self) -> T {
        self.stream
    }

    fn count(&mut self, len: usize) -> usize {
        if len > 0 {
            self.so_far += len as u64;
            (self.tell)(self.so_far, self.total);
        }
        len
    }
}

impl<T: Read, F: FnMut(u64, Option<u64>)> Read for Progress<T, F> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = self.stream.read(buf)?;
        Ok(self.count(len))
    }
}

impl<T: Write, F: FnMut(u64, Option<u64>)> Write for Progress<T, F> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let len = self.stream.write(buf)?;
        Ok(self.count(len))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl<T: fmt::Debug, F> fmt::Debug for Progress<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress")
            .field("stream", &self.stream)
            .field("so_far", &self.so_far)
            .field("total", &self.total)
            .finish()
    }
}
