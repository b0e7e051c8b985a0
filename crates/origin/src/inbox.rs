//! The receive buffer of one connection. It is as large as the largest head and never grows.

use std::io::{self, Read};
use std::ops::Range;

use crate::fault::{Fault, Outcome};

/// The most that is read or written at once, in bytes.
pub(crate) const PIECE: usize = 64 * 1024;

/// A kind of line: its name in a reason, and the status when it does not fit the buffer.
pub(crate) struct Part {
    pub(crate) name: &'static str,
    pub(crate) too_long: u16,
}

pub(crate) const REQUEST_LINE: Part = Part { name: "request line", too_long: 414 };
pub(crate) const FIELD_LINE: Part = Part { name: "field line", too_long: 431 };
pub(crate) const CHUNK_LINE: Part = Part { name: "chunk line", too_long: 400 };

/// Bytes that came and are not used yet: `buffer[start..end]`.
pub(crate) struct Inbox {
    source: Box<dyn Read>,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    /// Up to here there is no line end; so that a line that comes in crumbs is searched once.
    searched: usize,
}

impl Inbox {
    pub(crate) fn new(source: impl Read + 'static) -> Inbox {
        let buffer = vec![0; PIECE].into_boxed_slice();
        Inbox { source: Box::new(source), buffer, start: 0, end: 0, searched: 0 }
    }

    pub(crate) fn buffered(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// The bytes of a range that [`take`](Inbox::take) or [`find_line`](Inbox::find_line) gave, until the
    /// next fill.
    pub(crate) fn slice(&self, range: Range<usize>) -> &[u8] {
        &self.buffer[range]
    }

    /// One read into the free part of the buffer. Zero means that the peer has ended its side.
    pub(crate) fn fill(&mut self) -> io::Result<usize> {
        if self.start == self.end || self.end == self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.searched, self.end) = (self.searched - self.start, self.end - self.start);
            self.start = 0;
        }
        loop {
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(count) => {
                    self.end += count;
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Uses up to `most` buffered bytes.
    pub(crate) fn take(&mut self, most: u64) -> Range<usize> {
        let count = self.buffered().len().min(usize::try_from(most).unwrap_or(usize::MAX));
        self.start += count;
        self.searched = self.start;
        self.start - count..self.start
    }

    /// Uses a whole line, when one is buffered, and gives it without its CRLF. A bare LF ends no line here,
    /// though RFC 9112 section 2.2 would let a recipient take it: two readings of one head are how requests
    /// are smuggled.
    pub(crate) fn find_line(&mut self, part: &Part) -> Outcome<Option<Range<usize>>> {
        let Some(found) = self.buffer[self.searched..self.end].iter().position(|&byte| byte == b'\n') else {
            self.searched = self.end;
            if self.end - self.start == self.buffer.len() {
                return Err(Fault::refused(part.too_long, format!("the {} is too long", part.name)));
            }
            return Ok(None);
        };
        let line = self.start..self.searched + found;
        (self.start, self.searched) = (line.end + 1, line.end + 1);
        match self.buffer[line.clone()].last() {
            Some(b'\r') => Ok(Some(line.start..line.end - 1)),
            _ => Err(Fault::bad(format!("the {} does not end in CRLF", part.name))),
        }
    }

    /// The next line, waiting for it.
    pub(crate) fn line(&mut self, part: &Part) -> Outcome<&[u8]> {
        loop {
            if let Some(line) = self.find_line(part)? {
                return Ok(&self.buffer[line]);
            }
            if self.fill()? == 0 {
                return Err(Fault::ended_inside(part.name));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time.
    struct Crumbs(io::Cursor<Vec<u8>>);

    impl Read for Crumbs {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let most = out.len().min(1);
            self.0.read(&mut out[..most])
        }
    }

    #[test]
    fn lines_come_whole_however_they_arrive() {
        let mut inbox = Inbox::new(Crumbs(io::Cursor::new(b"one\r\n\r\ntwo\r\nrest".to_vec())));
        assert_eq!(inbox.line(&FIELD_LINE).unwrap(), b"one");
        assert_eq!(inbox.line(&FIELD_LINE).unwrap(), b"");
        assert_eq!(inbox.line(&FIELD_LINE).unwrap(), b"two");
        assert!(matches!(inbox.line(&FIELD_LINE), Err(Fault::Refused { status: 400, .. })));
        let rest = inbox.take(2);
        assert_eq!(inbox.slice(rest), b"re");
        assert_eq!(inbox.buffered(), b"st");
    }

    #[test]
    fn a_line_may_fill_the_buffer_and_no_more() {
        let mut text = vec![b'a'; PIECE - 2];
        text.extend(b"\r\n");
        let mut inbox = Inbox::new(io::Cursor::new(text));
        assert_eq!(inbox.line(&FIELD_LINE).unwrap().len(), PIECE - 2);

        let mut inbox = Inbox::new(io::repeat(b'a'));
        assert!(matches!(inbox.line(&REQUEST_LINE), Err(Fault::Refused { status: 414, .. })));
    }

    #[test]
    fn a_bare_line_feed_is_refused() {
        let mut inbox = Inbox::new(&b"one\ntwo\r\n"[..]);
        assert!(matches!(inbox.line(&FIELD_LINE), Err(Fault::Refused { status: 400, .. })));
    }
}
