//! The parts of a 206: one, or the several of a `multipart/byteranges` (RFC 9110 14.6 and 15.3.7).

use std::fmt;
use std::io::{self, BufRead, Read};
use std::ops::Range;

use super::ContentRange;
use crate::error::{Error, ErrorKind, Excerpt, Phase, Result};
use crate::proto::{FieldsReader, Headers, Section};
use crate::response::HttpResponse;
use crate::{Limits, Policy, status};

/// The longest boundary (RFC 2046 5.1.1).
const LONGEST_BOUNDARY: usize = 70;

/// The longest line with a boundary in it: that and blanks after it.
const BOUNDARY_LINE: u64 = 1024;

/// What may come before the first boundary, and is read after the last one.
const AROUND: u64 = 64 * 1024;

/// The head of a part has two fields, usually.
const PART_HEAD: u64 = 16 * 1024;

/// More parts than anyone asks for: a `Range` for them would be as long as the longest line.
const MOST_PARTS: u64 = 10_000;

/// The parts of a response to a request for ranges, as they come.
///
/// A server may give the parts in another order than they were asked for, overlapping, or joined to fewer:
/// go by each one's [`range`](RangePart::range). One part may also come by itself, without multipart; it
/// is read the same way.
///
/// ```
/// use straightwire::{ByteRanges, HttpConnection};
/// # let origin = origin::Origin::start()?;
/// # let address = origin.host_port();
///
/// let mut conn = HttpConnection::new(&address)?;
/// let wanted = ByteRanges::new(0..10)?.and_last(10)?.to_string();
/// conn.request("GET", "/bytes/100000", (), &[("Range", &wanted)])?;
/// let mut response = conn.get_response()?;
/// assert_eq!(response.status(), 206);                         // 200 would be all of it
/// let mut parts = response.range_parts()?;
/// # let mut ranges = Vec::new();
/// while let Some(mut part) = parts.next_part()? {
///     println!("{:?}: {:?}", part.range(), part.read_all()?);  // or use Read and BufRead
/// #   ranges.push(part.range());
/// }
/// # assert_eq!(ranges, [0..10, 99_990..100_000]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct RangeParts<R> {
    body: R,
    /// With the two dashes that go before it.
    boundary: Vec<u8>,
    line: Vec<u8>,
    fields: FieldsReader,
    headers: Headers,
    content_range: Option<ContentRange>,
    /// Bytes of the part that are still to come.
    left: u64,
    parts: u64,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    /// Before the first boundary.
    Begin,
    /// Before the one part there is.
    Alone,
    InPart {
        is_alone: bool,
    },
    End,
}

impl<R: BufRead> RangeParts<R> {
    /// The parts of a `multipart/byteranges` with this boundary, in whatever `body` reads.
    ///
    /// # Errors
    /// `BadRange` for a boundary that can't be one.
    pub fn new(body: R, boundary: &str) -> Result<RangeParts<R>> {
        let is_sound = (1..=LONGEST_BOUNDARY).contains(&boundary.len())
            && boundary.bytes().all(|byte| matches!(byte, b' '..=b'~'))
            && !boundary.ends_with(' ');
        if !is_sound {
            let message = format!("no boundary: {}", Excerpt(boundary.as_bytes()));
            return Err(Error::new(ErrorKind::BadRange, message));
        }
        Ok(RangeParts::in_state(body, State::Begin, format!("--{boundary}").into_bytes()))
    }

    fn in_state(body: R, state: State, boundary: Vec<u8>) -> RangeParts<R> {
        RangeParts {
            body,
            boundary,
            line: Vec::new(),
            fields: FieldsReader::default(),
            headers: Headers::new(),
            content_range: None,
            left: 0,
            parts: 0,
            state,
        }
    }

    /// The next part, after skipping what was not read of the one before; `None` after the last.
    ///
    /// # Errors
    /// `BadRange` for parts without a `Content-Range` or of another length than it says; `IncompleteRead`
    /// where the body ends before its last boundary; `TooManyParts`, `HeadTooLarge`, `BadHeader`; those of the
    /// body. After an error there are no more parts.
    pub fn next_part(&mut self) -> Result<Option<RangePart<'_, R>>> {
        let before = self.state;
        self.state = State::End;
        let is_alone = match before {
            State::End => return Ok(None),
            State::Alone => true,
            State::Begin => {
                self.skip_preamble()?;
                false
            }
            State::InPart { is_alone } => {
                self.skip_part()?;
                if is_alone && self.body.fill_buf().is_ok_and(|more| !more.is_empty()) {
                    return Err(bad(format!("part {} is longer than its Content-Range says", self.parts)));
                }
                if is_alone || !self.take_boundary()? {
                    self.skip_epilogue();
                    return Ok(None);
                }
                false
            }
        };
        if !is_alone {
            self.take_head()?;
        }
        self.parts += 1;
        if self.parts > MOST_PARTS {
            return Err(Error::new(ErrorKind::TooManyParts, format!("more than {MOST_PARTS} parts")));
        }
        let Some((content_range, range)) = self.content_range.and_then(|all| Some((all, all.range()?)))
        else {
            return Err(Error::new(ErrorKind::BadRange, format!("part {} has no Content-Range", self.parts)));
        };
        self.left = range.end - range.start;
        self.state = State::InPart { is_alone };
        Ok(Some(RangePart { parts: self, content_range, range }))
    }

    /// Lines up to the first boundary.
    fn skip_preamble(&mut self) -> Result<()> {
        let mut skipped = 0;
        loop {
            skipped += self.take_line(AROUND - skipped)?;
            match self.boundary_in_line() {
                Some(false) => return Ok(()),
                Some(true) => return Err(bad("no part at all".to_owned())),
                None if skipped >= AROUND => return Err(bad(format!("no boundary in {AROUND} bytes"))),
                None => {}
            }
        }
    }

    fn skip_part(&mut self) -> Result<()> {
        while self.left > 0 {
            let len = self.fill_part().map_err(|err| Error::io(Phase::Body, "skipping a part", err))?.len();
            self.consume_part(len);
        }
        Ok(())
    }

    /// The boundary after a part, which a line end goes before; false for the last one.
    fn take_boundary(&mut self) -> Result<bool> {
        self.take_line(BOUNDARY_LINE)?;
        if !matches!(&*self.line, b"\r\n" | b"\n") {
            return Err(self.bad_end());
        }
        self.take_line(BOUNDARY_LINE)?;
        self.boundary_in_line().map(|is_last| !is_last).ok_or_else(|| self.bad_end())
    }

    /// Whether the line is a boundary, and then whether it is the last one (RFC 2046 5.1.1).
    fn boundary_in_line(&self) -> Option<bool> {
        let rest = self.line.strip_prefix(&*self.boundary)?;
        let (is_last, rest) = rest.strip_prefix(b"--").map_or((false, rest), |rest| (true, rest));
        rest.iter().all(|byte| b" \t\r\n".contains(byte)).then_some(is_last)
    }

    fn take_head(&mut self) -> Result<()> {
        let limits = Limits { head: PART_HEAD as usize, ..Limits::default() };
        self.fields.reset();
        let mut head = Vec::new();
        loop {
            let len = self.take_line(PART_HEAD)?;
            head.extend_from_slice(&self.line);
            let is_end = matches!(&*self.line, b"\r\n" | b"\n");
            if !is_end && (head.len() as u64 > PART_HEAD || len == PART_HEAD) {
                let message = format!("the head of part {} is longer than {PART_HEAD} bytes", self.parts + 1);
                return Err(Error::new(ErrorKind::HeadTooLarge, message));
            }
            if is_end {
                break;
            }
        }
        self.fields.read(&head, &mut self.headers, Section::Header, &Policy::strict(), &limits)?;
        self.content_range = ContentRange::of(&self.headers)?;
        Ok(())
    }

    /// Takes a line with its line end, or as much of it as `most`.
    fn take_line(&mut self, most: u64) -> Result<u64> {
        self.line.clear();
        let read = (&mut self.body).take(most).read_until(b'\n', &mut self.line);
        read.map_err(|err| Error::io(Phase::Body, "reading a boundary", err))?;
        let is_cut = self.line.len() < most as usize && !self.line.ends_with(b"\n");
        if is_cut && self.boundary_in_line() != Some(true) {
            return Err(Error::incomplete("the body ended before its last boundary", None));
        }
        Ok(self.line.len() as u64)
    }

    /// What comes after the last boundary is nobody's, but the connection can be kept once it is read.
    fn skip_epilogue(&mut self) {
        // Whatever goes wrong here, all parts are here.
        let _ = io::copy(&mut (&mut self.body).take(AROUND), &mut io::sink());
    }

    #[cold]
    fn bad_end(&self) -> Error {
        let (part, line) = (self.parts, Excerpt(&self.line));
        bad(format!("part {part} is longer than its Content-Range says, or the boundary is missing: {line}"))
    }

    fn fill_part(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Ok(&[]);
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX);
        let ready = self.body.fill_buf()?;
        if ready.is_empty() {
            let message = format!("the body ended in part {}", self.parts);
            return Err(Error::incomplete(message, Some(self.left)).into());
        }
        Ok(&ready[..ready.len().min(most)])
    }

    fn consume_part(&mut self, len: usize) {
        let len = len.min(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= len as u64;
        self.body.consume(len);
    }
}

impl<'conn> HttpResponse<'conn> {
    /// The parts of a response with status 206.
    ///
    /// # Errors
    /// `BadRange` for another status, or where there is neither a `Content-Range` nor a boundary.
    pub fn range_parts(&mut self) -> Result<RangeParts<&mut HttpResponse<'conn>>> {
        if self.status() != status::PARTIAL_CONTENT {
            return Err(bad(format!("the answer has no parts: it is {} {}", self.status(), self.reason())));
        }
        if self.headers().content_type() == "multipart/byteranges" {
            let boundary = self.headers().content_param("boundary").unwrap_or_default();
            return RangeParts::new(self, &boundary);
        }
        let content_range = ContentRange::of(self.headers())?;
        let headers = self.headers().clone();
        let parts = RangeParts::in_state(self, State::Alone, Vec::new());
        Ok(RangeParts { content_range, headers, ..parts })
    }
}

#[cold]
fn bad(message: String) -> Error {
    Error::new(ErrorKind::BadRange, message)
}

impl<R> fmt::Debug for RangeParts<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RangeParts")
            .field("parts", &self.parts)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// One part of [`RangeParts`]: its fields, and its bytes through [`Read`] and [`BufRead`].
///
/// It ends where its `Content-Range` says; a body that ends earlier is `IncompleteRead`.
pub struct RangePart<'a, R> {
    parts: &'a mut RangeParts<R>,
    content_range: ContentRange,
    range: Range<u64>,
}

impl<R: BufRead> RangePart<'_, R> {
    /// Where in the whole its bytes stand, the first one being 0.
    pub fn range(&self) -> Range<u64> {
        self.range.clone()
    }

    /// Its `Content-Range`.
    pub fn content_range(&self) -> ContentRange {
        self.content_range
    }

    /// Its header fields; those of the response where it is the only one.
    pub fn headers(&self) -> &Headers {
        &self.parts.headers
    }

    /// Bytes still to be read.
    pub fn remaining(&self) -> u64 {
        self.parts.left
    }

    /// Reads the rest of it.
    ///
    /// # Errors
    /// `IncompleteRead` and others of the body; what had arrived is in [`Error::partial`].
    pub fn read_all(&mut self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        match self.read_to_end(&mut bytes) {
            Ok(_) => Ok(bytes),
            Err(err) => Err(Error::io(Phase::Body, "reading a part", err).with_received(bytes)),
        }
    }
}

impl<R: BufRead> Read for RangePart<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let ready = self.parts.fill_part()?;
        let len = ready.len().min(buf.len());
        buf[..len].copy_from_slice(&ready[..len]);
        self.parts.consume_part(len);
        Ok(len)
    }
}

impl<R: BufRead> BufRead for RangePart<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.parts.fill_part()
    }

    fn consume(&mut self, len: usize) {
        self.parts.consume_part(len);
    }
}

impl<R> fmt::Debug for RangePart<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RangePart")
            .field("content_range", &self.content_range)
            .field("headers", &self.parts.headers)
            .finish_non_exhaustive()
    }
}
