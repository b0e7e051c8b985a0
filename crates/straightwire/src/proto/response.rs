//! The head of a response: its status line (RFC 9112 4), then its fields.

use std::borrow::Cow;

use super::digits::status_code;
use super::fields::{FieldsReader, Section};
use super::grammar::{is_blank, is_control};
use super::headers::{Headers, latin1};
use super::lines::{Line, LineCaps};
use super::scan::find_control;
use crate::error::{Error, ErrorKind, Excerpt, Result};
use crate::{Limits, Policy};

/// A response head: version, status, reason and fields.
#[derive(Clone, Debug, Default)]
pub struct ResponseHead {
    pub(crate) version: u8,
    pub(crate) status: u16,
    /// Where in the headers' arena the reason stands.
    reason: (u32, u32),
    pub(crate) headers: Headers,
}

impl ResponseHead {
    /// 10 for HTTP/1.0, 11 for HTTP/1.1 and any later HTTP/1 (RFC 9110 2.5).
    pub fn version(&self) -> u8 {
        self.version
    }

    /// The status code: three digits, 0 to 999. Treat one outside 100 to 599 as 500 (RFC 9110 15).
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The reason phrase, read as ISO-8859-1; may be empty.
    pub fn reason(&self) -> Cow<'_, str> {
        latin1(self.headers.slice(self.reason))
    }

    /// The header fields.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The status line as it came, without its line end.
    pub(crate) fn status_line(&self) -> &[u8] {
        // Before it may be blank lines that a lenient policy has passed over.
        let line = self.headers.slice((0, self.reason.1));
        &line[line.iter().take_while(|&&byte| matches!(byte, b'\r' | b'\n')).count()..]
    }

    fn clear(&mut self) {
        self.reason = (0, 0);
        self.headers.clear();
    }

    /// Whether this is an interim response, after which another comes: any 1xx but 101 (RFC 9110 15.2).
    pub(crate) fn is_interim(&self) -> bool {
        matches!(self.status, 100 | 102..=199)
    }
}

/// Reads a head that arrives in any pieces, looking at each byte once.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeadReader {
    fields: FieldsReader,
    /// Where the reason stands, once the status line is read.
    reason: Option<(u32, u32)>,
}

impl HeadReader {
    /// Ready for the next head, which begins where the next `buf` does.
    pub(crate) fn reset(&mut self) {
        self.fields.reset();
        self.reason = None;
    }

    /// Reads on in `buf`, which begins with the same bytes at every call. Gives the length of the head
    /// once all of it is there; `head` then holds it.
    pub(crate) fn read(
        &mut self,
        buf: &[u8],
        head: &mut ResponseHead,
        policy: &Policy,
        limits: &Limits,
    ) -> Result<Option<usize>> {
        let reason = match self.reason {
            Some(reason) => reason,
            None => {
                head.clear();
                let plain = self.plain_status_line(buf, head, limits);
                let Some(reason) = plain.map_or_else(
                    || self.read_status_line(buf, head, policy, limits),
                    |plain| Ok(Some(plain)),
                )?
                else {
                    return Ok(None);
                };
                self.reason = Some(reason);
                reason
            }
        };
        let end = self.fields.read(buf, &mut head.headers, Section::Header, policy, limits)?;
        if end.is_some() {
            head.reason = reason;
        }
        Ok(end)
    }

    /// How many bytes belong to whole lines that were read: after an error, up to the line at fault.
    pub(crate) fn position(&self) -> usize {
        self.fields.scanner.start()
    }

    /// The short way for the status line that nearly all responses have, if it is here whole.
    fn plain_status_line(
        &mut self,
        buf: &[u8],
        head: &mut ResponseHead,
        limits: &Limits,
    ) -> Option<(u32, u32)> {
        const REASON: usize = "HTTP/1.1 200 ".len();
        self.fields.scanner.fresh_line().filter(|&start| start == 0)?;
        let [b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor, b' ', a, b, c, b' '] =
            *buf.first_chunk::<REASON>()?
        else {
            return None;
        };
        let end = find_control(buf, REASON);
        let next = end + 2;
        if buf.get(end..next)? != b"\r\n" || next > limits.line.min(limits.head) {
            return None;
        }
        set(head, minor, [a, b, c])?;
        self.fields.scanner.skip_to(next);
        Some((REASON as u32, end as u32))
    }

    fn read_status_line(
        &mut self,
        buf: &[u8],
        head: &mut ResponseHead,
        policy: &Policy,
        limits: &Limits,
    ) -> Result<Option<(u32, u32)>> {
        let caps = LineCaps { line: limits.line, section: limits.head, what: "status line" };
        while let Some(line) = self.fields.scanner.next(buf, &caps)? {
            if line.start == line.end && policy.skip_blank_lines {
                continue;
            }
            let mut reason = parse_exact(buf, line, head)
                .or_else(|| policy.loose_status_line.then(|| parse_words(buf, line, head)).flatten())
                .ok_or_else(|| refusal(&buf[line.start..line.end]))?;
            if line.control.is_some() && buf[reason.0..reason.1].iter().any(|&byte| is_control(byte)) {
                if !policy.control_in_reason {
                    let text = Excerpt(&buf[line.start..line.end]);
                    let message = format!("a control byte in the reason phrase: {text}");
                    return Err(Error::new(ErrorKind::BadStatusLine, message));
                }
                reason.1 = self.fields.repair_status_line(buf, reason);
            }
            return Ok(Some((reason.0 as u32, reason.1 as u32)));
        }
        Ok(None)
    }
}

/// `status-line = HTTP-version SP status-code [ SP reason-phrase ]`, where the RFC's second SP may be
/// missing together with the reason. Gives the range of the reason.
fn parse_exact(buf: &[u8], line: Line, head: &mut ResponseHead) -> Option<(usize, usize)> {
    let text = &buf[line.start..line.end];
    let (version, rest) = text.split_first_chunk::<8>()?;
    let [b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor] = *version else { return None };
    let (&[b' ', a, b, c], reason) = rest.split_first_chunk::<4>()? else { return None };
    let reason_start = match reason {
        [] => line.end,
        [b' ', ..] => line.end - reason.len() + 1,
        _ => return None,
    };
    set(head, minor, [a, b, c])?;
    Some((reason_start, line.end))
}

/// The same by words parted by any white space, as RFC 9112 4 allows a lenient recipient.
#[cold]
fn parse_words(buf: &[u8], line: Line, head: &mut ResponseHead) -> Option<(usize, usize)> {
    let space = |byte: u8| is_blank(byte) || matches!(byte, 0x0b | 0x0c | b'\r');
    let skip = |at: usize| at + buf[at..line.end].iter().take_while(|&&byte| space(byte)).count();
    let word = |at: usize| at + buf[at..line.end].iter().take_while(|&&byte| !space(byte)).count();
    let version = skip(line.start);
    let version_end = word(version);
    let code = skip(version_end);
    let code_end = word(code);
    let &[b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor] = &buf[version..version_end] else { return None };
    set(head, minor, buf[code..code_end].try_into().ok()?)?;
    let reason = skip(code_end);
    let blanks_after = buf[reason..line.end].iter().rev().take_while(|&&byte| space(byte)).count();
    Some((reason, line.end - blanks_after))
}

fn set(head: &mut ResponseHead, minor: u8, code: [u8; 3]) -> Option<()> {
    head.version = match minor {
        b'0' => 10,
        b'1'..=b'9' => 11,
        _ => return None,
    };
    head.status = status_code(code)?;
    Some(())
}

#[cold]
fn refusal(text: &[u8]) -> Error {
    let shown = Excerpt(text);
    if let Some([b'H', b'T', b'T', b'P', b'/', major, b'.', minor, b' ']) = text.first_chunk::<9>()
        && major.is_ascii_digit()
        && *major != b'1'
        && minor.is_ascii_digit()
    {
        return Error::new(ErrorKind::UnknownProtocol, format!("not HTTP/1: {shown}"));
    }
    let why = match text {
        [] => "a blank line where the status line should be",
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'0'..=b'9', b' ', ..] => {
            "the status code is not three digits"
        }
        _ => "not a status line",
    };
    Error::new(ErrorKind::BadStatusLine, format!("{why}: {shown}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str, policy: Policy) -> Result<ResponseHead> {
        let mut head = ResponseHead::default();
        let text = format!("{line}\r\n\r\n");
        HeadReader::default().read(text.as_bytes(), &mut head, &policy, &Limits::default())?.expect("whole");
        Ok(head)
    }

    #[test]
    fn status_lines_are_read_strictly() {
        for (line, version, status, reason) in [
            ("HTTP/1.1 200 OK", 11, 200, "OK"),
            ("HTTP/1.0 404 Not  Found ", 10, 404, "Not  Found "),
            ("HTTP/1.1 204", 11, 204, ""),
            ("HTTP/1.1 204 ", 11, 204, ""),
            ("HTTP/1.7 099 \u{e9}", 11, 99, "Ã©"),
        ] {
            let head = read(line, Policy::strict()).unwrap();
            assert_eq!((head.version(), head.status(), &*head.reason()), (version, status, reason));
        }
        for (line, kind) in [
            ("HTTP/2.0 200 OK", ErrorKind::UnknownProtocol),
            ("HTTP/0.9 200 OK", ErrorKind::UnknownProtocol),
            ("HTTP/2 200 OK", ErrorKind::BadStatusLine),
            ("HTTP/1.10 200 OK", ErrorKind::BadStatusLine),
            ("http/1.1 200 OK", ErrorKind::BadStatusLine),
            ("HTTP/1.1 +20 OK", ErrorKind::BadStatusLine),
            ("HTTP/1.1 2_0 OK", ErrorKind::BadStatusLine),
            ("HTTP/1.1 2000 OK", ErrorKind::BadStatusLine),
            ("HTTP/1.1 200OK", ErrorKind::BadStatusLine),
            ("HTTP/1.1  200 OK", ErrorKind::BadStatusLine),
            ("HTTP/1.1\t200 OK", ErrorKind::BadStatusLine),
            (" HTTP/1.1 200 OK", ErrorKind::BadStatusLine),
            ("HTTP/1.1 200 O\x07K", ErrorKind::BadStatusLine),
            ("<html>", ErrorKind::BadStatusLine),
            ("", ErrorKind::BadStatusLine),
        ] {
            assert_eq!(read(line, Policy::strict()).unwrap_err().kind(), kind, "{line:?}");
        }
    }

    #[test]
    fn the_lenient_policy_reads_words_but_not_other_digits() {
        for (line, reason) in [
            ("\r\n\nHTTP/1.1 200 OK", "OK"),
            (" HTTP/1.1\t\x0b200\x0c OK \r", "OK"),
            ("HTTP/1.1  200", ""),
            ("HTTP/1.1 200 O\0K", "O K"),
        ] {
            assert_eq!(read(line, Policy::lenient()).unwrap().reason(), reason, "{line:?}");
        }
        for line in ["HTTP/1.1 2_0", "HTTP/1.1 20", "HTTP/2 200", "HTTP/1.x 200", "ICY 200 OK"] {
            assert!(read(line, Policy::lenient()).unwrap_err().is_peer(), "{line:?}");
        }
    }
}
