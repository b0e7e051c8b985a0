//! The chunked transfer coding (RFC 9112 7.1): one state per step of its grammar.

use std::ops::Range;

use super::digits::{hex, push_hex};
use super::fields::{FieldsReader, Section};
use super::grammar::{is_control, is_tchar};
use super::headers::Headers;
use crate::error::{Error, ErrorKind, Result};
use crate::{Limits, Policy};

/// Where in the grammar the decoder stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Before the first digit of a chunk size.
    #[default]
    SizeStart,
    /// Within the digits.
    Size,
    /// In blanks after the digits, or after an extension's value: only `;` may follow.
    Blanks,
    /// Before an extension's name.
    NameStart,
    /// Within it.
    Name,
    /// In blanks after it: `=` or `;` may follow.
    NameBlanks,
    /// After `=`, before the value.
    ValueStart,
    /// Within a value that is a token.
    Value,
    /// Within a value in quotes.
    Quoted,
    /// After a backslash in quotes.
    QuotedPair,
    /// After the closing quote.
    QuotedEnd,
    /// In an extension that is skipped unread.
    Skip,
    /// After the CR of a size line.
    SizeLf,
    Data,
    DataCr,
    DataLf,
    /// After the last chunk: trailers and the final blank line.
    Trailers,
    Done,
}

/// The most digits that a 64-bit size needs.
const MOST_DIGITS: usize = 16;

/// What one step of decoding found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ChunkStep {
    /// These bytes of the input are data; everything up to their end is used up.
    Data(Range<usize>),
    /// All of the input is used up, and more is to come.
    More,
    /// The body is whole; so many bytes of the input belonged to it.
    End(usize),
}

/// Decodes a chunked body from pieces of any size, each byte looked at once.
#[derive(Clone, Debug, Default)]
pub(crate) struct ChunkDecoder {
    state: State,
    /// Of the chunk under way: its size while that is read, then what is left of its data.
    remaining: u64,
    line_bytes: usize,
    extension_bytes: usize,
    trailer_bytes: Vec<u8>,
    trailers: FieldsReader,
}

impl ChunkDecoder {
    /// Ready for another body.
    pub(crate) fn reset(&mut self) {
        self.state = State::SizeStart;
        self.remaining = 0;
        self.line_bytes = 0;
        self.extension_bytes = 0;
        self.trailer_bytes.clear();
        self.trailers.reset();
    }

    /// How many of the next bytes are certainly data, so that they may go straight to where data goes.
    pub(crate) fn data_left(&self) -> u64 {
        if self.state == State::Data { self.remaining } else { 0 }
    }

    /// Tells that `len` bytes of data, at most [`data_left`](Self::data_left), went past.
    pub(crate) fn skip_data(&mut self, len: u64) {
        self.remaining -= len;
        if self.remaining == 0 {
            self.state = State::DataCr;
        }
    }

    /// Whether only the end of the trailer section is missing.
    pub(crate) fn in_trailers(&self) -> bool {
        matches!(self.state, State::Trailers | State::Done)
    }

    /// What is left of the chunk under way, where its size is known.
    pub(crate) fn expected(&self) -> Option<u64> {
        matches!(self.state, State::Data).then_some(self.remaining)
    }

    /// Reads on in `input`, up to the next data, the end of the input or the end of the body.
    pub(crate) fn step(
        &mut self,
        input: &[u8],
        trailers: &mut Headers,
        policy: &Policy,
        limits: &Limits,
    ) -> Result<ChunkStep> {
        let mut at = 0;
        while at < input.len() {
            match self.state {
                State::Data => {
                    let len = self.remaining.min((input.len() - at) as u64);
                    self.skip_data(len);
                    return Ok(ChunkStep::Data(at..at + len as usize));
                }
                State::Trailers => return self.read_trailers(input, at, trailers, policy, limits),
                State::Done => break,
                State::DataCr | State::DataLf => {
                    self.state = self.after_data(input[at], policy)?;
                    at += 1;
                }
                _ => {
                    if self.state == State::SizeStart {
                        let len = self.plain_size_line(&input[at..], limits);
                        if len > 0 {
                            at += len;
                            continue;
                        }
                    }
                    self.state = self.size_line(input[at], policy)?;
                    at += 1;
                    self.line_bytes += 1;
                    if self.line_bytes > limits.line {
                        return Err(self.too_long(limits));
                    }
                    if self.extension_bytes > limits.chunk_extensions {
                        let message =
                            format!("got more than {} bytes of chunk extensions", limits.chunk_extensions);
                        return Err(Error::new(ErrorKind::ChunkExtensionsTooLarge, message));
                    }
                }
            }
        }
        if self.state == State::Done { Ok(ChunkStep::End(at)) } else { Ok(ChunkStep::More) }
    }

    /// The short way for the line that nearly all chunks have, if it is here whole: digits and CRLF.
    /// Gives its length, or 0 where the long way is to look at it.
    fn plain_size_line(&mut self, input: &[u8], limits: &Limits) -> usize {
        let mut size = 0;
        for (len, &byte) in input.iter().take(MOST_DIGITS).enumerate() {
            if let Some(digit) = hex(byte) {
                size = size << 4 | u64::from(digit);
            } else if len > 0 && input[len..].starts_with(b"\r\n") && len + 2 <= limits.line {
                self.remaining = size;
                self.state = self.size_line_end();
                return len + 2;
            } else {
                return 0;
            }
        }
        0
    }

    /// `chunk-size [ chunk-ext ] CRLF`, byte by byte. Gives the next state.
    fn size_line(&mut self, byte: u8, policy: &Policy) -> Result<State> {
        use State::*;
        if self.state == SizeStart {
            // A new line: what an earlier one held is told.
            self.remaining = 0;
            self.line_bytes = 0;
        }
        match self.state {
            SizeStart | Size => {
                if let Some(digit) = hex(byte) {
                    if self.remaining >> 60 != 0 {
                        return Err(self.fault("the chunk size does not fit 64 bits"));
                    }
                    self.remaining = self.remaining << 4 | u64::from(digit);
                    // Zeros beyond what a size can need are ballast like extensions.
                    self.extension_bytes += usize::from(self.line_bytes >= MOST_DIGITS);
                    return Ok(Size);
                }
                if self.state == SizeStart {
                    return Err(self.bad_byte("the chunk size", byte));
                }
            }
            SizeLf if byte == b'\n' => return Ok(self.size_line_end()),
            SizeLf => return Err(self.bad_byte("the line end after a chunk size", byte)),
            _ => self.extension_bytes += 1,
        }
        match byte {
            b'\r' if self.may_end(policy) => return Ok(SizeLf),
            b'\n' if policy.bare_lf_in_chunks && self.may_end(policy) => return Ok(self.size_line_end()),
            b'\r' | b'\n' => return Err(self.bad_byte("a chunk-size line", byte)),
            _ => {}
        }
        let next = match (self.state, byte) {
            (Skip, _) => Some(Skip),
            (Size | Blanks, b';') if policy.any_chunk_extension => Some(Skip),
            (Size | Blanks | Name | NameBlanks | Value | QuotedEnd, b';') => Some(NameStart),
            (Size | Blanks | Value | QuotedEnd, b' ' | b'\t') => Some(Blanks),
            (Name | NameBlanks, b' ' | b'\t') => Some(NameBlanks),
            (Name | NameBlanks, b'=') => Some(ValueStart),
            (NameStart | ValueStart, b' ' | b'\t') => Some(self.state),
            (NameStart | Name, _) if is_tchar(byte) => Some(Name),
            (ValueStart, b'"') => Some(Quoted),
            (ValueStart | Value, _) if is_tchar(byte) => Some(Value),
            (Quoted, b'"') => Some(QuotedEnd),
            (Quoted, b'\\') => Some(QuotedPair),
            (Quoted, _) if !is_control(byte) => Some(Quoted),
            (QuotedPair, _) if !is_control(byte) => Some(Quoted),
            _ => None,
        };
        next.ok_or_else(|| self.bad_byte("a chunk extension", byte))
    }

    /// Whether the size line may end in this state.
    fn may_end(&self, policy: &Policy) -> bool {
        match self.state {
            State::Size | State::Name | State::Value | State::QuotedEnd | State::Skip => true,
            State::Blanks => policy.space_after_chunk_size,
            _ => false,
        }
    }

    fn size_line_end(&mut self) -> State {
        if self.remaining == 0 { State::Trailers } else { State::Data }
    }

    /// `CRLF` after the data of a chunk.
    fn after_data(&mut self, byte: u8, policy: &Policy) -> Result<State> {
        match (self.state, byte) {
            (State::DataCr, b'\r') => Ok(State::DataLf),
            (State::DataLf, b'\n') => Ok(State::SizeStart),
            (State::DataCr, b'\n') if policy.bare_lf_in_chunks => Ok(State::SizeStart),
            _ => Err(self.bad_byte("the line end after the data of a chunk", byte)),
        }
    }

    fn read_trailers(
        &mut self,
        input: &[u8],
        at: usize,
        trailers: &mut Headers,
        policy: &Policy,
        limits: &Limits,
    ) -> Result<ChunkStep> {
        let rest = &input[at..];
        if self.trailer_bytes.is_empty() && rest.starts_with(b"\r\n") {
            self.state = State::Done;
            return Ok(ChunkStep::End(at + 2));
        }
        let before = self.trailer_bytes.len();
        // No more than one byte over the cap is needed to see that it is passed.
        let take = rest.len().min(limits.head.saturating_add(1).saturating_sub(before).max(1));
        self.trailer_bytes.extend_from_slice(&rest[..take]);
        match self.trailers.read(&self.trailer_bytes, trailers, Section::Trailer, policy, limits)? {
            Some(end) => {
                self.state = State::Done;
                Ok(ChunkStep::End(at + end - before))
            }
            None => Ok(ChunkStep::More),
        }
    }

    #[cold]
    fn bad_byte(&self, place: &str, byte: u8) -> Error {
        self.fault(&format!("'{}' in {place}", byte.escape_ascii()))
    }

    #[cold]
    fn fault(&self, why: &str) -> Error {
        Error::new(ErrorKind::BadChunk, why)
    }

    #[cold]
    fn too_long(&self, limits: &Limits) -> Error {
        let message = format!("got more than {} bytes when reading a chunk-size line", limits.line);
        Error::new(ErrorKind::LineTooLong, message)
    }
}

/// Appends the line that begins a chunk of `len` bytes; after the data comes [`CHUNK_END`].
pub(crate) fn push_chunk_start(out: &mut Vec<u8>, len: usize) {
    push_hex(out, len as u64);
    out.extend_from_slice(CHUNK_END);
}

/// What ends the data of a chunk.
pub(crate) const CHUNK_END: &[u8] = b"\r\n";

/// The last chunk; after it come the trailers and a blank line.
pub(crate) const LAST_CHUNK: &[u8] = b"0\r\n";

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes `input`, given in pieces of `piece` bytes: the data, and how it ended.
    fn decode(input: &[u8], piece: usize, policy: &Policy) -> (Vec<u8>, Option<Result<Headers, ErrorKind>>) {
        let limits = Limits { line: 40, chunk_extensions: 30, trailer_lines: 2, ..Limits::default() };
        let (mut decoder, mut trailers, mut data) = (ChunkDecoder::default(), Headers::new(), Vec::new());
        for mut rest in input.chunks(piece) {
            while !rest.is_empty() {
                match decoder.step(rest, &mut trailers, policy, &limits) {
                    Ok(ChunkStep::Data(range)) => {
                        data.extend_from_slice(&rest[range.clone()]);
                        rest = &rest[range.end..];
                    }
                    Ok(ChunkStep::More) => rest = &[],
                    Ok(ChunkStep::End(_)) => return (data, Some(Ok(trailers))),
                    Err(err) => return (data, Some(Err(err.kind()))),
                }
            }
        }
        (data, None)
    }

    fn check(input: &[u8], policy: Policy, data: &[u8], end: Option<Result<usize, ErrorKind>>) {
        for piece in 1..=input.len().max(1) {
            let (got, how) = decode(input, piece, &policy);
            let how = how.map(|how| how.map(|trailers| trailers.len()));
            assert_eq!((&*got, how), (data, end), "{} in pieces of {piece}", input.escape_ascii());
        }
    }

    #[test]
    fn well_formed_bodies() {
        let strict = Policy::strict();
        check(b"0\r\n\r\n", strict, b"", Some(Ok(0)));
        check(b"5\r\nhello\r\n1 ; a\r\n!\r\n000\r\n\r\n", strict, b"hello!", Some(Ok(0)));
        check(b"A;a;b=c ; d = \"x\\\"\r\n0123456789", strict, b"", Some(Err(ErrorKind::BadChunk)));
        check(
            b"A;a;b=c ; d = \"\\\"\"\r\n0123456789\r\n0\r\nX: 1\r\nY: 2\r\n\r\n",
            strict,
            b"0123456789",
            Some(Ok(2)),
        );
        check(b"00000000000000000000a\r\n0123456789\r\n0\r\n\r\n", strict, b"0123456789", Some(Ok(0)));
        check(b"a\r\n01234", strict, b"01234", None);
    }

    #[test]
    fn faults_are_found_wherever_the_input_is_cut() {
        let bad = Some(Err(ErrorKind::BadChunk));
        for policy in [Policy::strict(), Policy::lenient()] {
            for input in [
                &b"\r\n"[..],
                b"g\r\n",
                b"-1\r\n",
                b"+1\r\n",
                b"0x1\r\n",
                b"1_0\r\n",
                b" 1\r\n",
                b"5 5\r\n",
                b"1\rx",
                b"10000000000000000\r\n",
                b"5 = x\r\n",
                b"1;a\rb",
            ] {
                check(input, policy, b"", bad);
            }
            check(b"1\r\nab", policy, b"a", bad);
            check(b"1\r\na\rb", policy, b"a", bad);
            check(b"0\r\nA: 1\r\nB: 1\r\nC: 1\r\n\r\n", policy, b"", Some(Err(ErrorKind::TooManyTrailers)));
        }
    }

    #[test]
    fn leniencies_are_off_until_asked_for() {
        let bad = Some(Err(ErrorKind::BadChunk));
        for (input, data) in [
            (&b"1\na\n0\n\n"[..], &b"a"[..]),
            (b"1 \t\r\na\r\n0\r\n\r\n", b"a"),
            (b"1;\r\na\r\n0\r\n\r\n", b"a"),
            (b"1;a b \x01=\r\na\r\n0\r\n\r\n", b"a"),
        ] {
            check(input, Policy::strict(), b"", bad);
            check(input, Policy::lenient(), data, Some(Ok(0)));
        }
        check(b"1\r\na\n0\r\n\r\n", Policy::strict(), b"a", bad);
    }

    #[test]
    fn lines_and_extensions_have_caps() {
        for policy in [Policy::strict(), Policy::lenient()] {
            check(&[b'0'; 50], policy, b"", Some(Err(ErrorKind::LineTooLong)));
            let extended = b"1;aaaaaaaaaaaaaa\r\nx\r\n".repeat(3);
            check(&extended, policy, b"xx", Some(Err(ErrorKind::ChunkExtensionsTooLarge)));
        }
    }

    #[test]
    fn the_encoder_writes_what_the_decoder_reads() {
        let mut out = Vec::new();
        for piece in [&b"hello"[..], &[b'x'; 300]] {
            push_chunk_start(&mut out, piece.len());
            out.extend_from_slice(piece);
            out.extend_from_slice(CHUNK_END);
        }
        out.extend_from_slice(LAST_CHUNK);
        out.extend_from_slice(b"\r\n");
        check(&out, Policy::strict(), &[b"hello".as_slice(), &[b'x'; 300]].concat(), Some(Ok(0)));
    }
}
