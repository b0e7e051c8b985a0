//! What has been received and not been asked for yet.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::chunk::{SizeLine, size_line};
use crate::scan::{LINE, Scan, Step};
use crate::socket::{RECEIVE, Socket};

/// Bytes of the stream.
#[derive(Default)]
pub(crate) struct Buffered {
    received: Option<Py<PyBytes>>,
    /// Several receives in one piece, or what was received right here; in use if it isn't empty.
    joined: Vec<u8>,
    start: usize,
    /// The last receive was as large as it could be: more is likely to be there.
    flowing: bool,
    /// How far somebody has come who reads the chunks' framing by lines.
    pub(crate) framing: Framing,
}

/// Where the last line that was read stands in a body of chunks.
#[derive(Clone, Copy, Default, PartialEq)]
pub(crate) enum Framing {
    #[default]
    Before,
    /// After the size line of the last chunk: trailers follow, and an empty line.
    Trailers,
    Ended,
}

impl Framing {
    pub(crate) fn after(self, line: &[u8]) -> Framing {
        match self {
            Framing::Trailers if line.trim_ascii_end().is_empty() => Framing::Ended,
            Framing::Trailers => Framing::Trailers,
            _ => match size_line(line) {
                SizeLine::Whole { size: 0, .. } => Framing::Trailers,
                _ => Framing::Before,
            },
        }
    }
}

/// The room for a receive that will mostly be a head and a small body: `recv` makes all of it, and gives back
/// what it didn't need.
const FIRST: usize = 16 * 1024;

/// The most of a head that is gathered before it is read: twice the longest line.
const GATHERED: usize = 2 * LINE;

impl Buffered {
    pub(crate) fn bytes<'a>(&'a self, py: Python<'a>) -> &'a [u8] {
        let all = match &self.received {
            Some(received) if self.joined.is_empty() => received.as_bytes(py),
            _ => &self.joined,
        };
        &all[self.start..]
    }

    pub(crate) fn is_empty(&self, py: Python<'_>) -> bool {
        self.bytes(py).is_empty()
    }

    /// Takes away the first `len` bytes of what is there.
    pub(crate) fn consume(&mut self, py: Python<'_>, len: usize) {
        if len >= self.bytes(py).len() {
            self.clear();
        } else {
            self.start += len;
        }
    }

    pub(crate) fn clear(&mut self) {
        self.received = None;
        self.joined.clear();
        self.start = 0;
    }

    /// Receives once more, behind what is there; gives how much, 0 at the end of the stream.
    pub(crate) fn fill(&mut self, py: Python<'_>, socket: &Socket) -> PyResult<usize> {
        let room = if self.flowing { RECEIVE } else { FIRST };
        self.join(py);
        let len = match socket.append(py, &mut self.joined, room)? {
            Some(len) => len,
            None => {
                let data = socket.receive(py, room)?;
                let len = data.as_bytes().len();
                if self.joined.is_empty() {
                    self.received = (len > 0).then(|| data.unbind());
                } else {
                    self.joined.extend_from_slice(data.as_bytes());
                }
                len
            }
        };
        self.flowing = len == room;
        Ok(len)
    }

    /// Has what is there, and nothing else, in `joined`.
    fn join(&mut self, py: Python<'_>) {
        match self.received.take() {
            Some(received) if self.joined.is_empty() => {
                self.joined.extend_from_slice(&received.as_bytes(py)[self.start..]);
            }
            _ => drop(self.joined.drain(..self.start)),
        }
        self.start = 0;
    }

    /// Scans on until the head is whole, or odd, or the stream ends in it; nothing is taken.
    pub(crate) fn find_head(
        &mut self,
        py: Python<'_>,
        socket: &Socket,
        scan: &mut Scan,
    ) -> PyResult<Option<usize>> {
        loop {
            match scan.step(self.bytes(py)) {
                Step::Whole(len) => return Ok(Some(len)),
                Step::Odd => return Ok(None),
                Step::More if self.fill(py, socket)? == 0 => return Ok(None),
                Step::More => {}
            }
        }
    }

    /// Receives until there is a blank line, so much that whoever reads lines has to judge it, or the end.
    pub(crate) fn gather_head(&mut self, py: Python<'_>, socket: &Socket) -> PyResult<bool> {
        let mut seen = 0;
        loop {
            let bytes = self.bytes(py);
            let after_line =
                |end: usize| bytes[end..].starts_with(b"\n") || bytes[end..].starts_with(b"\r\n");
            let ends = bytes[seen..].iter().enumerate().filter(|&(_, &byte)| byte == b'\n');
            let mut ends = ends.map(|(at, _)| seen + at + 1);
            if after_line(0) || ends.any(after_line) || bytes.len() > GATHERED {
                return Ok(true);
            }
            // The blank line may be here in part.
            seen = bytes.len().saturating_sub(2);
            if self.fill(py, socket)? == 0 {
                return Ok(true);
            }
        }
    }

    /// The length of the line that comes next, its LF included: no more than `limit`, and less if the
    /// stream ends.
    pub(crate) fn find_line(
        &mut self,
        py: Python<'_>,
        socket: &Socket,
        limit: Option<usize>,
    ) -> PyResult<usize> {
        let limit = limit.unwrap_or(usize::MAX);
        let mut seen = 0;
        loop {
            let bytes = self.bytes(py);
            let bytes = &bytes[..bytes.len().min(limit)];
            if let Some(lf) = bytes[seen..].iter().position(|&byte| byte == b'\n') {
                return Ok(seen + lf + 1);
            }
            seen = bytes.len();
            // io's readers have taken a line's beginning out before they fail.
            if seen == limit || self.fill(py, socket).inspect_err(|_| self.clear())? == 0 {
                return Ok(seen);
            }
        }
    }
}
