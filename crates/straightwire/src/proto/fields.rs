//! Field lines into [`Headers`], as they come: header sections and trailer sections alike
//! (RFC 9112 5 and 7.1.2).

use super::grammar::is_blank;
use super::headers::{Defect, Field, Found, Headers};
use super::lines::{Line, LineCaps, LineScanner};
use super::scan::{find_control, token_len};
use crate::error::{Error, ErrorKind, Excerpt, Result};
use crate::{Limits, Policy};

/// Which section is being read: it decides the cap on lines, and what errors call them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Header,
    Trailer,
}

impl Section {
    fn most_lines(self, limits: &Limits) -> usize {
        match self {
            Section::Header => limits.header_lines,
            Section::Trailer => limits.trailer_lines,
        }
    }

    fn line_name(self) -> &'static str {
        match self {
            Section::Header => "header line",
            Section::Trailer => "trailer line",
        }
    }

    fn caps(self, limits: &Limits) -> LineCaps {
        LineCaps { line: limits.line, section: limits.head, what: self.line_name() }
    }
}

/// What became of the line before, which a folded line continues.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Previous {
    #[default]
    None,
    Kept,
    LeftOut,
}

/// Reads a section line by line, taking up where it left off.
#[derive(Clone, Debug, Default)]
pub(crate) struct FieldsReader {
    pub(crate) scanner: LineScanner,
    lines: usize,
    previous: Previous,
    /// What was found so far; `Headers` get it when the section is whole.
    found: Found,
}

impl FieldsReader {
    /// Ready for another section that begins where `buf` does.
    pub(crate) fn reset(&mut self) {
        self.scanner = LineScanner::default();
        self.lines = 0;
        self.previous = Previous::None;
        self.found.clear();
    }

    /// Reads on in `buf`. Gives where the section ends, after its blank line, once that is there; `out`
    /// then holds its fields.
    pub(crate) fn read(
        &mut self,
        buf: &[u8],
        out: &mut Headers,
        section: Section,
        policy: &Policy,
        limits: &Limits,
    ) -> Result<Option<usize>> {
        loop {
            if let Some(end) = self.take_plain_lines(buf, section, limits) {
                out.take(&buf[..end - 2], &mut self.found);
                return Ok(Some(end));
            }
            let Some(line) = self.scanner.next(buf, &section.caps(limits))? else { return Ok(None) };
            if line.start == line.end {
                out.take(&buf[..line.start], &mut self.found);
                return Ok(Some(line.next));
            }
            self.lines += 1;
            self.check_count(section, limits)?;
            if let Err(reason) = self.take_line(buf, line, policy) {
                let text = &buf[line.start..line.end];
                if !policy.skip_bad_header_lines {
                    return Err(self.refusal(section, reason, text));
                }
                self.found.defects.push(Defect { line: self.lines, text: text.to_vec(), reason });
                self.previous = Previous::LeftOut;
            }
        }
    }

    /// The short way for lines that need no second look: `token ":" OWS field-content OWS CRLF`, here
    /// whole, within all limits. Stops before the first line that is anything else; gives the end of the
    /// section if that is the blank line.
    fn take_plain_lines(&mut self, buf: &[u8], section: Section, limits: &Limits) -> Option<usize> {
        let most = section.most_lines(limits);
        loop {
            let start = self.scanner.fresh_line()?;
            let name_end = start + token_len(&buf[start..]);
            match buf.get(name_end)? {
                b':' if name_end > start && self.lines < most => {}
                b'\r'
                    if name_end == start
                        && buf.get(start + 1) == Some(&b'\n')
                        && start + 2 <= limits.head =>
                {
                    self.scanner.skip_to(start + 2);
                    return Some(start + 2);
                }
                _ => return None,
            }
            let end = find_control(buf, name_end + 1);
            let next = end + 2;
            if buf.get(end..next)? != b"\r\n" || next - start > limits.line || next > limits.head {
                return None;
            }
            let mut value = (name_end + 1, end);
            if buf[value.0] == b' ' {
                value.0 += 1;
            }
            // One space before the value is all that most lines have.
            if is_blank(buf[value.0]) || is_blank(buf[end - 1]) {
                value = trimmed(buf, value.0, end);
            }
            self.found.fields.push(Field { name: pair((start, name_end)), value: pair(value) });
            self.lines += 1;
            self.previous = Previous::Kept;
            self.scanner.skip_to(next);
        }
    }

    /// Has the control bytes of a reason phrase made blanks with the rest; gives where it ends without
    /// those at its end.
    pub(crate) fn repair_status_line(&mut self, buf: &[u8], reason: (usize, usize)) -> usize {
        self.found.repairs.push(reason.0..reason.1);
        trimmed(buf, reason.0, reason.1).1
    }

    fn check_count(&self, section: Section, limits: &Limits) -> Result<()> {
        let most = section.most_lines(limits);
        if self.lines > most {
            let (kind, what) = match section {
                Section::Header => (ErrorKind::TooManyHeaders, "headers"),
                Section::Trailer => (ErrorKind::TooManyTrailers, "trailers"),
            };
            return Err(Error::new(kind, format!("got more than {most} {what}")));
        }
        Ok(())
    }

    #[cold]
    fn refusal(&self, section: Section, reason: &str, text: &[u8]) -> Error {
        let what = section.line_name();
        let message = format!("{what} {}: {reason}: {}", self.lines, Excerpt(text));
        Error::new(ErrorKind::BadHeader, message)
    }

    fn take_line(&mut self, buf: &[u8], line: Line, policy: &Policy) -> Result<(), &'static str> {
        let text = &buf[..line.end];
        if is_blank(text[line.start]) {
            return self.take_fold(text, line, policy);
        }
        let mut colon = line.start + token_len(&text[line.start..]);
        let name = (line.start, colon);
        if text.get(colon) != Some(&b':') {
            colon = colon_after_blanks(text, line.start, colon, policy)?;
        }
        if name.0 == name.1 {
            return Err("a field without a name");
        }
        self.check_controls(line, policy)?;
        let value = trimmed(text, colon + 1, line.end);
        self.found.fields.push(Field { name: pair(name), value: pair(value) });
        self.previous = Previous::Kept;
        Ok(())
    }

    /// A line that begins with a blank continues the value before it (`obs-fold`, RFC 9112 5.2).
    fn take_fold(&mut self, text: &[u8], line: Line, policy: &Policy) -> Result<(), &'static str> {
        match self.previous {
            Previous::None => return Err("white space before the first field"),
            Previous::LeftOut => return Err("continues a line that was left out"),
            Previous::Kept => {}
        }
        self.check_controls(line, policy)?;
        let (start, end) = trimmed(text, line.start, line.end);
        if let Some(field) = self.found.fields.last_mut().filter(|_| start < end) {
            let (value_start, value_end) = field.value;
            if value_start == value_end {
                field.value = pair((start, end));
            } else {
                self.found.folds.push(value_end as usize..start);
                field.value.1 = end as u32;
            }
        }
        Ok(())
    }

    fn check_controls(&mut self, line: Line, policy: &Policy) -> Result<(), &'static str> {
        if line.control.is_some() {
            if !policy.control_in_value {
                return Err("a control byte in the value");
            }
            self.found.repairs.push(line.start..line.end);
        }
        Ok(())
    }
}

/// Where the colon stands in a line whose name is not followed by one straight away.
#[cold]
fn colon_after_blanks(
    text: &[u8],
    start: usize,
    name_end: usize,
    policy: &Policy,
) -> Result<usize, &'static str> {
    let blanks = text[name_end..].iter().take_while(|&&byte| is_blank(byte)).count();
    let colon = name_end + blanks;
    if text.get(colon) == Some(&b':') && name_end > start {
        return if policy.space_before_colon { Ok(colon) } else { Err("white space before the colon") };
    }
    if !text[start..].contains(&b':') {
        return Err("no colon");
    }
    Err("a byte in the name that no name may hold")
}

/// The range without the blanks at its ends, nor the bytes that a repair makes blanks.
fn trimmed(text: &[u8], mut start: usize, mut end: usize) -> (usize, usize) {
    let blank = |byte| is_blank(byte) || byte == b'\r' || byte == b'\0';
    while start < end && blank(text[start]) {
        start += 1;
    }
    while start < end && blank(text[end - 1]) {
        end -= 1;
    }
    (start, end)
}

/// `Limits::head` keeps offsets within 32 bits.
fn pair((start, end): (usize, usize)) -> (u32, u32) {
    (start as u32, end as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8], policy: Policy) -> Result<Headers> {
        let mut headers = Headers::new();
        let limits = Limits::default();
        FieldsReader::default().read(text, &mut headers, Section::Header, &policy, &limits)?.expect("whole");
        Ok(headers)
    }

    fn pairs(headers: &Headers) -> Vec<(String, String)> {
        headers.iter().map(|(name, value)| (name.to_owned(), value.into_owned())).collect()
    }

    #[test]
    fn names_and_values_come_as_they_were_without_outer_blanks() {
        let headers = read(b"A: 1\r\nb:\t x  y \t\r\nA:\nC:\xff\r\n\r\n", Policy::strict()).unwrap();
        let expected = [("A", "1"), ("b", "x  y"), ("A", ""), ("C", "\u{ff}")];
        assert!(pairs(&headers).iter().map(|(n, v)| (&n[..], &v[..])).eq(expected));
    }

    #[test]
    fn each_fold_becomes_spaces() {
        let headers = read(b"A: 1\t\r\n\t2\r\n 3 \r\n \r\nB:\r\n \r\n x\r\n\r\n", Policy::strict()).unwrap();
        let squeezed: Vec<String> = headers
            .values()
            .map(|value| value.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(squeezed, ["1 2 3", "x"]);
    }

    #[test]
    fn a_bad_line_costs_only_itself_under_the_lenient_policy() {
        let text = b" early: 1\r\nA: 1\r\nno colon here\r\n folded on\r\n: nameless\r\nB : 2\r\nb\xe9: 3\r\nC: 4\0\r5\r\n\r\n";
        let headers = read(text, Policy::lenient()).unwrap();
        assert_eq!(
            pairs(&headers),
            [("A", "1"), ("B", "2"), ("C", "4  5")].map(|(n, v)| (n.to_owned(), v.to_owned()))
        );
        let lines: Vec<usize> = headers.defects().iter().map(Defect::line).collect();
        assert_eq!(lines, [1, 3, 4, 5, 7]);
        assert_eq!(headers.defects()[1].text(), b"no colon here");
    }

    #[test]
    fn a_bad_line_is_refused_with_its_number_and_text_under_the_strict_policy() {
        for (text, why) in [
            (&b"A: 1\r\nno colon\r\n\r\n"[..], "line 2: no colon: \"no colon\""),
            (b"A: 1\r\nB : 2\r\n\r\n", "line 2: white space before the colon"),
            (b" A: 1\r\n\r\n", "line 1: white space before the first field"),
            (b"A: 1\r\n: 2\r\n\r\n", "line 2: a field without a name"),
            (b"A b: 1\r\n\r\n", "line 1: a byte in the name"),
            (b"A: 1\x01\r\n\r\n", "line 1: a control byte in the value"),
            (b"A: 1\rB: 2\r\n\r\n", "line 1: a control byte in the value"),
        ] {
            let err = read(text, Policy::strict()).unwrap_err();
            assert_eq!(err.kind(), ErrorKind::BadHeader);
            assert!(err.to_string().contains(why), "{err}");
        }
    }
}
