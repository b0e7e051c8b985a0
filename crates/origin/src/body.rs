//! The body of a request, piece by piece, straight from the receive buffer.

use std::ops::Range;

use crate::fault::{Fault, Outcome};
use crate::fields::Fields;
use crate::grammar::{hexadecimal, is_field_value, is_tchar};
use crate::inbox::{CHUNK_LINE, FIELD_LINE, Inbox};
use crate::request::Framing;

/// Fields that would change how the message is read; RFC 9110 section 6.5.1 keeps them out of trailers.
const NEVER_TRAILERS: [&str; 4] = ["Transfer-Encoding", "Content-Length", "Host", "Trailer"];

/// Where in the body the next byte stands.
#[derive(Debug)]
enum State {
    Length(u64),
    ChunkSize,
    ChunkData(u64),
    ChunkEnd,
    Trailers,
    Done,
}

/// What the buffered bytes give.
pub(crate) enum Step {
    /// These bytes of the inbox belong to the body.
    Data(Range<usize>),
    /// Nothing more before the next read.
    More,
    /// The body is whole.
    End,
}

/// Finds the body in the bytes after a head.
pub(crate) struct Decoder {
    state: State,
    pub(crate) trailers: Fields,
}

impl Decoder {
    pub(crate) fn new(framing: Framing) -> Decoder {
        let state = match framing {
            Framing::None | Framing::Length(0) => State::Done,
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::ChunkSize,
        };
        Decoder { state, trailers: Fields::default() }
    }

    pub(crate) fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// As far as the buffered bytes go; never reads from the socket.
    pub(crate) fn step(&mut self, inbox: &mut Inbox) -> Outcome<Step> {
        loop {
            match &mut self.state {
                State::Done => return Ok(Step::End),
                State::Length(left) | State::ChunkData(left) => {
                    let piece = inbox.take(*left);
                    if piece.is_empty() {
                        return Ok(Step::More);
                    }
                    *left -= piece.len() as u64;
                    self.state = match self.state {
                        State::Length(0) => State::Done,
                        State::ChunkData(0) => State::ChunkEnd,
                        _ => return Ok(Step::Data(piece)),
                    };
                    return Ok(Step::Data(piece));
                }
                State::ChunkEnd => match inbox.buffered() {
                    [b'\r', b'\n', ..] => {
                        inbox.take(2);
                        self.state = State::ChunkSize;
                    }
                    [] | [b'\r'] => return Ok(Step::More),
                    _ => return Err(Fault::bad("no CRLF after the data of a chunk")),
                },
                State::ChunkSize => {
                    let Some(line) = inbox.find_line(&CHUNK_LINE)? else { return Ok(Step::More) };
                    self.state = match chunk_size(inbox.slice(line))? {
                        0 => State::Trailers,
                        size => State::ChunkData(size),
                    };
                }
                State::Trailers => {
                    let Some(line) = inbox.find_line(&FIELD_LINE)? else { return Ok(Step::More) };
                    match inbox.slice(line) {
                        [] if NEVER_TRAILERS.iter().any(|name| self.trailers.has(name)) => {
                            return Err(Fault::bad("a trailer that would change the framing"));
                        }
                        [] => self.state = State::Done,
                        line => self.trailers.push(line)?,
                    }
                }
            }
        }
    }

    /// The next piece of the body, waiting for it; empty at the end.
    pub(crate) fn next(&mut self, inbox: &mut Inbox) -> Outcome<Range<usize>> {
        loop {
            match self.step(inbox)? {
                Step::Data(piece) => return Ok(piece),
                Step::End => return Ok(0..0),
                Step::More => self.fill(inbox)?,
            }
        }
    }

    /// Reads once more from the socket; the connection may not end yet.
    pub(crate) fn fill(&self, inbox: &mut Inbox) -> Outcome<()> {
        match (inbox.fill()?, &self.state) {
            (0, State::Length(left)) => {
                Err(Fault::bad(format!("the connection ended {left} bytes before the end of the body")))
            }
            (0, _) => Err(Fault::ended_inside("chunked body")),
            _ => Ok(()),
        }
    }
}

/// RFC 9112 section 7.1: hex digits, then extensions or nothing.
fn chunk_size(line: &[u8]) -> Outcome<u64> {
    let end = line.iter().position(|byte| !byte.is_ascii_hexdigit()).unwrap_or(line.len());
    let Some(size) = hexadecimal(&line[..end]) else {
        return Err(Fault::bad("a chunk size that is not a number of 64 bits in hex digits"));
    };
    if are_extensions(&line[end..]) { Ok(size) } else { Err(Fault::bad("a malformed chunk extension")) }
}

/// RFC 9112 section 7.1.1: `; name`, `; name=token` or `; name="quoted"`, any number of them.
fn are_extensions(mut rest: &[u8]) -> bool {
    while !rest.is_empty() {
        let Some(after) = skip_blanks(rest).strip_prefix(b";") else { return false };
        let Some(after) = after_token(skip_blanks(after)) else { return false };
        rest = after;
        if let Some(value) = skip_blanks(after).strip_prefix(b"=") {
            let value = skip_blanks(value);
            let after = if value.starts_with(b"\"") { after_quoted(&value[1..]) } else { after_token(value) };
            let Some(after) = after else { return false };
            rest = after;
        }
    }
    true
}

fn skip_blanks(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|byte| !matches!(byte, b' ' | b'\t')).unwrap_or(bytes.len());
    &bytes[start..]
}

fn after_token(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes.iter().position(|&byte| !is_tchar(byte)).unwrap_or(bytes.len());
    (end > 0).then(|| &bytes[end..])
}

/// What follows the closing quote of a quoted string whose opening one is already gone.
fn after_quoted(bytes: &[u8]) -> Option<&[u8]> {
    let mut at = 0;
    loop {
        match bytes.get(at)? {
            b'"' => return is_field_value(&bytes[..at]).then(|| &bytes[at + 1..]),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    fn decode(wire: &[u8]) -> Outcome<(Vec<u8>, Fields)> {
        let mut inbox = Inbox::new(io::Cursor::new(wire.to_vec()));
        let mut decoder = Decoder::new(Framing::Chunked);
        let mut body = Vec::new();
        loop {
            let piece = decoder.next(&mut inbox)?;
            if piece.is_empty() {
                return Ok((body, decoder.trailers));
            }
            body.extend_from_slice(inbox.slice(piece));
        }
    }

    #[test]
    fn sound_chunks_give_their_data_and_trailers() {
        let (body, trailers) =
            decode(b"3\r\nabc\r\n0000A;x;y = \"a\\\"b;\";z=1\r\n0123456789\r\n0\r\nT: 1\r\n\r\n").unwrap();
        assert_eq!(body, b"abc0123456789");
        assert_eq!(trailers.to_pairs(), [("T".to_owned(), "1".to_owned())]);
    }

    #[test]
    fn unsound_chunks_are_refused() {
        for wire in [
            "\r\n",
            "+3\r\nabc\r\n0\r\n\r\n",
            "0x3\r\nabc\r\n0\r\n\r\n",
            " 3\r\nabc\r\n0\r\n\r\n",
            "3 \r\nabc\r\n0\r\n\r\n",
            "3\r\nabcd\r\n0\r\n\r\n",
            "3\r\nabc0\r\n\r\n",
            "3\nabc\r\n0\r\n\r\n",
            "10000000000000000\r\n",
            "3;\r\nabc\r\n0\r\n\r\n",
            "3;a=\r\nabc\r\n0\r\n\r\n",
            "3;a=\"b\r\nabc\r\n0\r\n\r\n",
            "3;a=\"b\\\r\nabc\r\n0\r\n\r\n",
            "3,a\r\nabc\r\n0\r\n\r\n",
            "0\r\nContent-Length: 1\r\n\r\n",
            "0\r\n folded\r\n\r\n",
            "0\r\nA : b\r\n\r\n",
            "0\r\n",
            "3\r\nab",
            "3\r\nabc",
        ] {
            assert!(matches!(decode(wire.as_bytes()), Err(Fault::Refused { status: 400, .. })), "{wire:?}");
        }
    }
}
