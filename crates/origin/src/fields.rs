//! A section of fields, in a head or after the last chunk: kept as one run of bytes with spans into it.

use crate::fault::{Fault, Outcome};
use crate::grammar::{is_field_value, is_token, latin1, trim};
use crate::inbox::{FIELD_LINE, Inbox, PIECE};

/// Names and values in order, with their case and their duplicates.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    bytes: Vec<u8>,
    spans: Vec<Span>,
}

/// One field within `bytes`: the line from `start` to `end`, and where its colon stands.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: usize,
    colon: usize,
    end: usize,
}

impl Fields {
    /// Reads field lines until the empty one.
    pub(crate) fn read(&mut self, inbox: &mut Inbox) -> Outcome<()> {
        loop {
            let line = inbox.line(&FIELD_LINE)?;
            if line.is_empty() {
                return Ok(());
            }
            self.push(line)?;
        }
    }

    /// Takes one line, RFC 9112 section 5: no space before the colon, no folded lines, no control characters.
    pub(crate) fn push(&mut self, line: &[u8]) -> Outcome<()> {
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            return Err(Fault::bad("a folded field line (RFC 9112 section 5.2)"));
        }
        let Some(colon) = line.iter().position(|&byte| byte == b':') else {
            return Err(Fault::bad("a field line without a colon"));
        };
        if !is_token(&line[..colon]) {
            return Err(Fault::bad("a field name that is no token"));
        }
        if !is_field_value(&line[colon + 1..]) {
            return Err(Fault::bad("a control character in a field value"));
        }
        if self.bytes.len() + line.len() > PIECE {
            return Err(Fault::refused(431, "the fields are larger than 64 KiB"));
        }
        let start = self.bytes.len();
        self.bytes.extend_from_slice(line);
        self.spans.push(Span { start, colon: start + colon, end: self.bytes.len() });
        Ok(())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.spans
            .iter()
            .map(|span| (&self.bytes[span.start..span.colon], trim(&self.bytes[span.colon + 1..span.end])))
    }

    /// The values of every field with this name, in any case.
    pub(crate) fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f [u8]> {
        self.iter()
            .filter(move |(found, _)| found.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value)
    }

    /// The value, when exactly one field has this name.
    pub(crate) fn only<'f>(&'f self, name: &'f str) -> Option<&'f [u8]> {
        let mut values = self.all(name);
        values.next().filter(|_| values.next().is_none())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// The members of a comma-separated list over all fields with this name; empty members don't count.
    pub(crate) fn list<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f [u8]> {
        self.all(name)
            .flat_map(|value| value.split(|&byte| byte == b','))
            .map(trim)
            .filter(|word| !word.is_empty())
    }

    /// Whether such a list has this word, in any case.
    pub(crate) fn lists(&self, name: &str, word: &str) -> bool {
        self.list(name).any(|member| member.eq_ignore_ascii_case(word.as_bytes()))
    }

    /// As text for the outside, each byte a character.
    pub(crate) fn to_pairs(&self) -> Vec<(String, String)> {
        self.iter().map(|(name, value)| (latin1(name), latin1(value))).collect()
    }

    pub(crate) fn size(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.spans.clear();
    }

    /// Becomes a copy of `other` in the memory it already has.
    pub(crate) fn copy_from(&mut self, other: &Fields) {
        self.bytes.clone_from(&other.bytes);
        self.spans.clone_from(&other.spans);
    }
}
