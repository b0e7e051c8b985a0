//! Writing a response: heads, bodies by length, in chunks or to the end of the connection, interim responses.

use std::fmt::Display;
use std::io::{self, Write};

use crate::fields::Fields;
use crate::outbox::Outbox;
use crate::reasons::reason;
use crate::request::Head;

/// The answer to one request. Calls come in the order of the wire: [`start`](Answer::start), fields, one of
/// [`sized`](Answer::sized), [`chunked`](Answer::chunked), [`until_close`](Answer::until_close) or
/// [`bodiless`](Answer::bodiless), and data.
pub(crate) struct Answer<'c> {
    outbox: &'c mut Outbox,
    is_head: bool,
    is_old: bool,
    is_chunked: bool,
    closes: bool,
    hangs_up: bool,
}

impl<'c> Answer<'c> {
    /// The answer to this request.
    pub(crate) fn new(outbox: &'c mut Outbox, head: &Head) -> Answer<'c> {
        Answer {
            outbox,
            is_head: head.method() == "HEAD",
            is_old: head.is_old(),
            is_chunked: false,
            closes: !head.is_persistent(),
            hangs_up: false,
        }
    }

    /// The connection ends after this answer, and its head says so.
    pub(crate) fn close_after(&mut self) {
        self.closes = true;
    }

    /// The connection ends after this answer, and nothing says so.
    pub(crate) fn hang_up_after(&mut self) {
        self.hangs_up = true;
    }

    /// Whether the answer is to HEAD: data is left out then, and there is no need to make it.
    pub(crate) fn is_head(&self) -> bool {
        self.is_head
    }

    pub(crate) fn closes(&self) -> bool {
        self.closes || self.hangs_up
    }

    /// A 1xx, sent at once. HTTP/1.0 knows none (RFC 9110 section 15.2).
    pub(crate) fn interim(&mut self, status: u16, fields: &[(&str, &str)]) -> io::Result<()> {
        if self.is_old {
            return Ok(());
        }
        self.start(status)?;
        for (name, value) in fields {
            self.field(name, value)?;
        }
        self.outbox.write_all(b"\r\n")?;
        self.flush()?;
        self.outbox.begin();
        Ok(())
    }

    pub(crate) fn start(&mut self, status: u16) -> io::Result<()> {
        write!(self.outbox, "HTTP/1.1 {status} {}\r\n", reason(status))
    }

    pub(crate) fn field(&mut self, name: &str, value: impl Display) -> io::Result<()> {
        write!(self.outbox, "{name}: {value}\r\n")
    }

    /// A line of the head as it is, be it a field line or not.
    pub(crate) fn line(&mut self, line: &[u8]) -> io::Result<()> {
        self.outbox.write_all(line)?;
        self.outbox.write_all(b"\r\n")
    }

    /// A field whose bytes came from the client.
    pub(crate) fn raw_field(&mut self, name: &[u8], value: &[u8]) -> io::Result<()> {
        for part in [name, b": ", value, b"\r\n"] {
            self.outbox.write_all(part)?;
        }
        Ok(())
    }

    /// Ends the head of an answer with so many bytes of body.
    pub(crate) fn sized(&mut self, length: u64) -> io::Result<()> {
        self.field("Content-Length", length)?;
        self.end_head()
    }

    /// Ends the head of an answer in chunks; for HTTP/1.0, which has none, of one that the close ends.
    pub(crate) fn chunked(&mut self) -> io::Result<()> {
        if self.is_old {
            return self.until_close();
        }
        self.is_chunked = true;
        self.field("Transfer-Encoding", "chunked")?;
        self.end_head()
    }

    /// Ends the head of an answer that the end of the connection ends.
    pub(crate) fn until_close(&mut self) -> io::Result<()> {
        self.close_after();
        self.end_head()
    }

    /// Ends the head of a 204 or 304.
    pub(crate) fn bodiless(&mut self) -> io::Result<()> {
        self.end_head()
    }

    /// More of the body; a chunk of its own when the answer is in chunks. Empty data is nothing.
    pub(crate) fn data(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.is_head || bytes.is_empty() {
            return Ok(());
        }
        self.open_chunk(bytes.len() as u64, "")?;
        self.outbox.write_all(bytes)?;
        self.close_chunk()
    }

    /// Bytes of the pattern, within a chunk when the answer is in chunks; `seen` is shown each piece.
    pub(crate) fn pattern(&mut self, offset: u64, len: u64, seen: impl FnMut(&[u8])) -> io::Result<()> {
        if self.is_head { Ok(()) } else { self.outbox.pattern(offset, len, seen) }
    }

    pub(crate) fn open_chunk(&mut self, size: u64, extensions: &str) -> io::Result<()> {
        if self.is_chunked && !self.is_head {
            write!(self.outbox, "{size:x}{extensions}\r\n")
        } else {
            Ok(())
        }
    }

    pub(crate) fn close_chunk(&mut self) -> io::Result<()> {
        if self.is_chunked && !self.is_head { self.outbox.write_all(b"\r\n") } else { Ok(()) }
    }

    /// The last chunk and the trailers; nothing when the answer is not in chunks.
    pub(crate) fn last_chunk(&mut self, extensions: &str, trailers: &Fields) -> io::Result<()> {
        if self.is_chunked && !self.is_head {
            self.open_chunk(0, extensions)?;
            for (name, value) in trailers.iter() {
                self.raw_field(name, value)?;
            }
            self.close_chunk()?;
        }
        Ok(())
    }

    /// What is not HTTP any more.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.outbox.write_all(bytes)
    }

    /// A whole small answer.
    pub(crate) fn whole(&mut self, status: u16, content_type: &str, body: &[u8]) -> io::Result<()> {
        self.start(status)?;
        self.finish_whole(content_type, body)
    }

    /// The rest of a small answer whose status and further fields are written.
    pub(crate) fn finish_whole(&mut self, content_type: &str, body: &[u8]) -> io::Result<()> {
        self.field("Content-Type", content_type)?;
        self.sized(body.len() as u64)?;
        self.data(body)
    }

    pub(crate) fn text(&mut self, status: u16, body: &str) -> io::Result<()> {
        self.whole(status, TEXT, body.as_bytes())
    }

    pub(crate) fn json(&mut self, body: &str) -> io::Result<()> {
        self.whole(200, "application/json", body.as_bytes())
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.outbox.flush()
    }

    /// RFC 9112 section 9.3: HTTP/1.0 is told that the connection stays, HTTP/1.1 that it does not.
    fn end_head(&mut self) -> io::Result<()> {
        match (self.closes, self.is_old) {
            (true, _) => self.field("Connection", "close")?,
            (false, true) => self.field("Connection", "keep-alive")?,
            (false, false) => {}
        }
        self.outbox.write_all(b"\r\n")
    }
}

pub(crate) const TEXT: &str = "text/plain; charset=utf-8";
