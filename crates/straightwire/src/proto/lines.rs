//! Finding line ends, once per byte however the bytes arrive.

use super::scan::find_control;
use crate::error::{Error, ErrorKind, Excerpt, Result};

/// A whole line within a buffer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    /// Where its first byte stands.
    pub(crate) start: usize,
    /// Where its line end begins: CRLF or a single LF (RFC 9112 2.2).
    pub(crate) end: usize,
    /// Where the next line begins.
    pub(crate) next: usize,
    /// Where the first control byte in it stands, if it holds one.
    pub(crate) control: Option<usize>,
}

/// Remembers how far a line has been looked at, so that a line that arrives in a thousand pieces costs
/// no more than one that arrives whole.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LineScanner {
    start: usize,
    scanned: usize,
    control: Option<usize>,
}

impl LineScanner {
    /// The next line of `buf`, which must begin with the same bytes at every call; `None` until its end
    /// is there.
    pub(crate) fn next(&mut self, buf: &[u8], caps: &LineCaps) -> Result<Option<Line>> {
        loop {
            let at = find_control(buf, self.scanned);
            let end_len = match (buf.get(at), buf.get(at + 1)) {
                (Some(b'\r'), Some(b'\n')) => 2,
                (Some(b'\n'), _) => 1,
                // A CR that may yet become a line end, or no end at all so far.
                (Some(b'\r'), None) | (None, _) => {
                    self.scanned = at;
                    self.check(buf, buf.len(), caps)?;
                    return Ok(None);
                }
                _ => {
                    self.control.get_or_insert(at);
                    self.scanned = at + 1;
                    continue;
                }
            };
            let next = at + end_len;
            self.check(buf, next, caps)?;
            let line = Line { start: self.start, end: at, next, control: self.control };
            self.skip_to(next);
            return Ok(Some(line));
        }
    }

    /// Where the line being looked for begins, which is where everything already looked at ends.
    pub(crate) fn start(&self) -> usize {
        self.start
    }

    /// Where the line being looked for begins, if none of it has been looked at.
    pub(crate) fn fresh_line(&self) -> Option<usize> {
        (self.scanned == self.start).then_some(self.start)
    }

    /// Tells that the lines before `start` were taken by other means.
    pub(crate) fn skip_to(&mut self, start: usize) {
        *self = LineScanner { start, scanned: start, control: None };
    }

    /// Whichever cap is met first is the one that is told, whole or in pieces.
    fn check(&mut self, buf: &[u8], end: usize, caps: &LineCaps) -> Result<()> {
        let line_cap = self.start.saturating_add(caps.line);
        if end <= line_cap.min(caps.section) {
            return Ok(());
        }
        let LineCaps { what, .. } = caps;
        let (kind, cap, of) = if line_cap <= caps.section {
            (ErrorKind::LineTooLong, caps.line, "")
        } else {
            (ErrorKind::HeadTooLarge, caps.section, "a section with ")
        };
        let begin = Excerpt(&buf[self.start..end.min(self.start + 40)]);
        let message = format!("got more than {cap} bytes when reading {of}a {what}, which begins {begin}");
        self.start = line_cap.min(caps.section);
        Err(Error::new(kind, message))
    }
}

/// How long a line, and the section that it stands in, may be.
pub(crate) struct LineCaps {
    pub(crate) line: usize,
    pub(crate) section: usize,
    /// What the line is called in errors.
    pub(crate) what: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAPS: LineCaps = LineCaps { line: 100, section: 100, what: "line" };

    #[test]
    fn lines_are_the_same_whole_and_byte_by_byte() {
        let text = b"one\r\n\ntwo\rhalf\r\r\n\0three\t\n\r\n";
        let mut whole = LineScanner::default();
        let mut lines = Vec::new();
        while let Some(line) = whole.next(text, &CAPS).unwrap() {
            lines.push((&text[line.start..line.end], line.control));
        }
        assert_eq!(
            lines,
            [
                (&b"one"[..], None),
                (b"", None),
                (b"two\rhalf\r", Some(9)),
                (b"\0three\t", Some(17)),
                (b"", None)
            ]
        );

        let mut pieces = LineScanner::default();
        let mut found = Vec::new();
        for len in 0..=text.len() {
            while let Some(line) = pieces.next(&text[..len], &CAPS).unwrap() {
                found.push((&text[line.start..line.end], line.control));
            }
        }
        assert_eq!(found, lines);
    }

    #[test]
    fn the_limit_counts_the_line_end() {
        let next = |text: &[u8]| LineScanner::default().next(text, &LineCaps { line: 6, ..CAPS });
        assert!(next(b"1234\r\n").unwrap().is_some());
        assert!(next(b"123456").unwrap().is_none());
        for long in [&b"12345\r\n"[..], b"1234567", b"123456\n"] {
            assert_eq!(next(long).unwrap_err().kind(), ErrorKind::LineTooLong);
        }
    }
}
