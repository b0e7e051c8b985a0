//! The end of a response head, and where its fields stand.
//!
//! Only heads that `http.client` and any other reader understand alike are taken: token names, no folded
//! lines, no control bytes. At the first line that is anything else the answer is [`Step::Odd`], before
//! more is waited for, since `http.client` may raise for that line alone.

use straightwire::Limits;
use straightwire::proto::scan::{find_control, token_len};

/// The most bytes in a line, its end included, as in the engine and in `http.client`.
pub(crate) const LINE: usize = 65_536;

/// The caps of the engine. Python's own path has no cap on the whole head and takes over beyond it.
fn head_cap() -> usize {
    Limits::default().head
}

/// Where a field's name and value stand. 32 bits: the head's cap is far below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: (u32, u32),
    pub(crate) value: (u32, u32),
}

/// The status line, and where the reason stands in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct StatusLine {
    /// 10 or 11, as `HTTPResponse.version` has it.
    pub(crate) version: u8,
    pub(crate) status: u16,
    pub(crate) reason: (u32, u32),
}

/// How far a scan came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The head is whole and this long, the blank line included.
    Whole(usize),
    /// More bytes are needed.
    More,
    /// Something for Python to judge.
    Odd,
}

/// What is looked for in the line that begins at `line`.
#[derive(Clone, Copy, Debug)]
enum Part {
    Status,
    Name,
    /// The value, after the colon that stands here.
    Value(usize),
}

/// Takes up where it left off, so that the cost is linear however the head arrives.
#[derive(Debug)]
pub(crate) struct Scan {
    pub(crate) status: StatusLine,
    pub(crate) fields: Vec<Field>,
    part: Part,
    line: usize,
    /// Everything before is known to be good.
    seen: usize,
    most: usize,
}

/// Enough for nearly every response, so that there is one allocation.
const USUAL_FIELDS: usize = 16;

impl Scan {
    /// A whole head with at most `most` header lines.
    pub(crate) fn head(most: usize) -> Scan {
        Scan { part: Part::Status, ..Scan::fields(most) }
    }

    /// Header lines only.
    pub(crate) fn fields(most: usize) -> Scan {
        Scan {
            status: StatusLine::default(),
            fields: Vec::with_capacity(USUAL_FIELDS.min(most)),
            part: Part::Name,
            line: 0,
            seen: 0,
            most,
        }
    }

    /// Reads on in `buf`, which begins with the same bytes at every call.
    pub(crate) fn step(&mut self, buf: &[u8]) -> Step {
        loop {
            let stop = match self.part {
                Part::Status => self.status_line(buf),
                Part::Name => self.name(buf),
                Part::Value(colon) => self.value(buf, colon),
            };
            match stop {
                Ok(()) => {}
                Err(Step::More) if buf.len() - self.line >= LINE || buf.len() >= head_cap() => {
                    return Step::Odd;
                }
                Err(Step::Whole(len)) if len > head_cap() => return Step::Odd,
                Err(step) => return step,
            }
        }
    }

    /// `HTTP/1.x SP 3DIGIT [SP reason]`, the reason in ASCII.
    fn status_line(&mut self, buf: &[u8]) -> Result<(), Step> {
        const STATUS: usize = "HTTP/1.1 200".len();
        let (end, next) = self.line_end(buf)?;
        let line = &buf[self.line..end];
        let (&[b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor, b' ', a, b, c], reason) =
            line.split_first_chunk::<STATUS>().ok_or(Step::Odd)?
        else {
            return Err(Step::Odd);
        };
        let digits = [minor, a, b, c];
        if !digits.iter().all(u8::is_ascii_digit) || a == b'0' || !(reason.is_empty() || reason[0] == b' ') {
            return Err(Step::Odd);
        }
        // Python's `strip` takes more than blanks: separators among the controls, and some beyond ASCII.
        if !reason.is_ascii() || reason.iter().any(u8::is_ascii_control) {
            return Err(Step::Odd);
        }
        let [_, a, b, c] = digits.map(|digit| u16::from(digit - b'0'));
        let from = end - reason.trim_ascii_start().len();
        self.status = StatusLine {
            version: if minor == b'0' { 10 } else { 11 },
            status: a * 100 + b * 10 + c,
            reason: (from as u32, (from + reason.trim_ascii().len()) as u32),
        };
        self.next_line(next);
        Ok(())
    }

    fn name(&mut self, buf: &[u8]) -> Result<(), Step> {
        self.seen += token_len(&buf[self.seen..]);
        match buf[self.seen..] {
            [] => Err(Step::More),
            [b':', ..] if self.seen > self.line && self.fields.len() < self.most => {
                self.part = Part::Value(self.seen);
                self.seen += 1;
                Ok(())
            }
            [b'\n', ..] if self.seen == self.line => Err(Step::Whole(self.seen + 1)),
            [b'\r'] if self.seen == self.line => Err(Step::More),
            [b'\r', b'\n', ..] if self.seen == self.line => Err(Step::Whole(self.seen + 2)),
            _ => Err(Step::Odd),
        }
    }

    fn value(&mut self, buf: &[u8], colon: usize) -> Result<(), Step> {
        let (end, next) = self.line_end(buf)?;
        // Only blanks before the value are left out: `http.client` keeps those after it.
        let blanks = buf[colon + 1..end].iter().take_while(|&&byte| byte == b' ' || byte == b'\t').count();
        let field = Field {
            name: (self.line as u32, colon as u32),
            value: ((colon + 1 + blanks) as u32, end as u32),
        };
        let name = &buf[self.line..colon];
        if name.len() == CONTENT_TYPE.len()
            && name.eq_ignore_ascii_case(CONTENT_TYPE)
            && is_composite(&buf[colon + 1 + blanks..end])
        {
            return Err(Step::Odd);
        }
        self.fields.push(field);
        self.next_line(next);
        Ok(())
    }

    /// Where the line ends, and where the next one begins.
    fn line_end(&mut self, buf: &[u8]) -> Result<(usize, usize), Step> {
        self.seen = find_control(buf, self.seen);
        // DEL is a control byte in the grammar, and text to `http.client`.
        while buf.get(self.seen) == Some(&0x7f) {
            self.seen = find_control(buf, self.seen + 1);
        }
        let end = self.seen;
        let next = match buf[end..] {
            [] | [b'\r'] => return Err(Step::More),
            [b'\n', ..] => end + 1,
            [b'\r', b'\n', ..] => end + 2,
            _ => return Err(Step::Odd),
        };
        if next - self.line > LINE { Err(Step::Odd) } else { Ok((end, next)) }
    }

    fn next_line(&mut self, next: usize) {
        self.line = next;
        self.seen = next;
        self.part = Part::Name;
    }
}

const CONTENT_TYPE: &[u8] = b"content-type";

/// Whether `email.parser` may look for parts in a body of this type.
fn is_composite(value: &[u8]) -> bool {
    let holds = |word: &[u8]| value.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word));
    holds(b"multipart") || holds(b"message")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(head: &[u8], scan: &Scan) -> Vec<(String, String)> {
        let text = |(from, to): (u32, u32)| {
            head[from as usize..to as usize].iter().map(|&byte| char::from(byte)).collect::<String>()
        };
        scan.fields.iter().map(|field| (text(field.name), text(field.value))).collect()
    }

    #[test]
    fn a_plain_head_is_found_however_it_arrives() {
        let head = b"HTTP/1.0 404 Not  Found \r\nA: 1 \t\r\nB:\t\xe9\ty\nEmpty:\r\n\r\nrest";
        let whole = head.len() - 4;
        for step in 1..=head.len() {
            let mut scan = Scan::head(9);
            let mut end = 0;
            let len = loop {
                end = (end + step).min(head.len());
                match scan.step(&head[..end]) {
                    Step::Whole(len) => break len,
                    step => assert_eq!(step, Step::More),
                }
                assert!(end < whole);
            };
            assert_eq!(len, whole);
            let StatusLine { version, status, reason } = scan.status;
            assert_eq!((version, status), (10, 404));
            assert_eq!(&head[reason.0 as usize..reason.1 as usize], b"Not  Found");
            let expected = [("A", "1 \t"), ("B", "\u{e9}\ty"), ("Empty", "")];
            assert_eq!(fields(head, &scan), expected.map(|(name, value)| (name.into(), value.into())));
        }
    }

    #[test]
    fn odd_lines_are_odd_as_soon_as_they_show() {
        for odd in [
            "HTTP/2 200 OK\r\n",
            "HTTP/1.x 200 OK\r\n",
            "HTTP/1.1  200 OK\r\n",
            "HTTP/1.1 099 OK\r\n",
            "HTTP/1.1 2000\r\n",
            "HTTP/1.1 200 \u{a0}\r\n",
            "ICY 200 OK\r\n",
            "HTTP/1.1 200 OK\r\nA b: 1",
            "HTTP/1.1 200 OK\r\n: 1",
            "HTTP/1.1 200 OK\r\nA : 1",
            "HTTP/1.1 200 OK\r\n folded",
            "HTTP/1.1 200 OK\r\nA: 1\r\n\tfolded",
            "HTTP/1.1 200 OK\r\nA: 1\rB",
            "HTTP/1.1 200 OK\r\nA: 1\0",
            "HTTP/1.1 200 OK\r\nA: 1\r\n\rB",
            "HTTP/1.1 200 OK\r\nFrom me\r\n",
            "HTTP/1.1 200 OK\r\ncontent-TYPE:  Multipart/mixed\r\n",
            "HTTP/1.1 200 OK\r\nContent-Type: message/http\r\n",
            "HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\nC: 3\r\nD:",
        ] {
            assert_eq!(Scan::head(3).step(odd.as_bytes()), Step::Odd, "{odd:?}");
        }
        assert_eq!(Scan::head(3).step(&[b'H'; LINE]), Step::Odd);
        let line = [b"A: ".as_slice(), &[b'x'; LINE - 5], b"\r\n\r\n"].concat();
        assert_eq!(Scan::fields(3).step(&line), Step::Whole(LINE + 2));
        let longer = [b"A: ".as_slice(), &[b'x'; LINE - 4], b"\r\n\r\n"].concat();
        assert_eq!(Scan::fields(3).step(&longer), Step::Odd);
    }
}
