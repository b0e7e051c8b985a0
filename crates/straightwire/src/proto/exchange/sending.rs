//! The calls that make a request: see [`Exchange`].

use super::super::chunked::{CHUNK_END, LAST_CHUNK, push_chunk_start};
use super::super::framing::{CloseReason, MethodKind, list_names, request_length};
use super::super::request::{HeaderValue, push_field, push_request_line};
use super::super::state::{ConnectionState, Sending};
use super::{BodyEncoder, Declared, Exchange};
use crate::error::{Error, ErrorKind, Phase, Result};

impl Exchange {
    /// Begins a request: checks method and target and appends the request line to `out`, which is
    /// emptied first.
    ///
    /// # Errors
    /// `CannotSendRequest` when one is under way, `InvalidMethod`, `InvalidUrl`.
    pub fn begin(&mut self, out: &mut Vec<u8>, method: &str, target: &str) -> Result<()> {
        if !self.states.may_begin() {
            let state = self.states.projected().name();
            return Err(Error::new(
                ErrorKind::CannotSendRequest,
                format!("the connection is in state {state}"),
            ));
        }
        self.reset();
        out.clear();
        push_request_line(out, method.as_bytes(), target.as_bytes(), &self.policy)?;
        self.method = MethodKind::of(method.as_bytes());
        self.states.begin();
        Ok(())
    }

    /// Appends a header.
    ///
    /// # Errors
    /// `CannotSendHeader` outside a request head. `InvalidHeader` for a name that is no token, a value
    /// with a control byte, a bad `Content-Length`, or `Content-Length` beside `Transfer-Encoding`
    /// (RFC 9112 6.2); the request is then abandoned, and `out` empty.
    pub fn put_header(
        &mut self,
        out: &mut Vec<u8>,
        name: &str,
        value: &(impl HeaderValue + ?Sized),
    ) -> Result<()> {
        self.check_in_head()?;
        let done = push_field(out, name, value).and_then(|range| self.declare(name, &out[range]));
        if done.is_err() {
            out.clear();
            self.reset();
        }
        done
    }

    /// Appends header lines that were checked when they were made, and say nothing about framing.
    pub(crate) fn put_checked_lines(&mut self, out: &mut Vec<u8>, lines: &[u8]) {
        debug_assert!(self.states.may_put_header() && lines.ends_with(b"\r\n"));
        out.extend_from_slice(lines);
    }

    /// Ends the head. From then on [`begin_data`](Self::begin_data) frames the body as the headers
    /// declared it; with `encode` false, a body with a `Transfer-Encoding` is the caller's to encode.
    ///
    /// # Errors
    /// `CannotSendHeader` outside a request head; `InvalidHeader` for a `Transfer-Encoding` that does not end
    /// in chunked, without which a server can't tell where the body ends. The request is then abandoned.
    pub fn end_head(&mut self, out: &mut Vec<u8>, encode: bool) -> Result<()> {
        self.check_in_head()?;
        if self.declared.encoding && !self.declared.chunked {
            out.clear();
            self.reset();
            let message = "a Transfer-Encoding whose last coding is not chunked (RFC 9112 6.1)";
            return Err(Error::new(ErrorKind::InvalidHeader, message));
        }
        out.extend_from_slice(b"\r\n");
        self.encoder = match self.declared {
            Declared { encoding: true, .. } if encode => BodyEncoder::Chunked,
            Declared { encoding: true, .. } => BodyEncoder::Raw,
            Declared { length: Some(length), .. } => BodyEncoder::Length(length),
            _ => BodyEncoder::None,
        };
        if self.declared.close {
            self.close = Some(CloseReason::RequestClose);
        }
        let has_body = !matches!(self.encoder, BodyEncoder::None | BodyEncoder::Length(0));
        self.states.head_sent(has_body);
        self.expects = self.declared.expects && has_body;
        Ok(())
    }

    /// Makes room for `len` bytes of body: appends to `out` what goes before them, gives what goes after.
    /// An empty piece is not to be sent at all: it would end a chunked body.
    ///
    /// # Errors
    /// `CannotSendHeader` before the head is out or after the body is; `InvalidBody` for more than the
    /// declared `Content-Length`, or if no body was declared.
    pub fn begin_data(&mut self, out: &mut Vec<u8>, len: usize) -> Result<&'static [u8]> {
        self.check_in_body()?;
        if !self.states.may_send() {
            let message =
                "the request has no more body: declare one with Content-Length or Transfer-Encoding";
            return Err(Error::new(ErrorKind::InvalidBody, message));
        }
        match &mut self.encoder {
            BodyEncoder::Chunked => {
                push_chunk_start(out, len);
                Ok(CHUNK_END)
            }
            BodyEncoder::Length(left) => {
                let Some(after) = left.checked_sub(len as u64) else {
                    let message = format!("{len} bytes given where Content-Length leaves {left}");
                    return Err(Error::new(ErrorKind::InvalidBody, message));
                };
                *left = after;
                if after == 0 {
                    self.states.body_sent();
                }
                Ok(b"")
            }
            BodyEncoder::Raw | BodyEncoder::None => Ok(b""),
        }
    }

    /// Ends the body: appends the last chunk, with trailers, where the body is chunked.
    ///
    /// # Errors
    /// `CannotSendHeader` before the head is out; `InvalidBody` where fewer bytes were sent than declared,
    /// or trailers are given for a body that has none; `InvalidHeader` for a bad trailer.
    pub fn finish(&mut self, out: &mut Vec<u8>, trailers: &[(&str, &str)]) -> Result<()> {
        self.check_in_body()?;
        let chunked = self.encoder == BodyEncoder::Chunked && self.states.may_send();
        if !trailers.is_empty() && !chunked {
            return Err(Error::new(
                ErrorKind::InvalidBody,
                "only a chunked body that is not yet done has trailers",
            ));
        }
        match self.encoder {
            _ if !self.states.may_send() => return Ok(()),
            BodyEncoder::Chunked => {
                out.extend_from_slice(LAST_CHUNK);
                for (name, value) in trailers {
                    check_trailer_name(name)?;
                    push_field(out, name, *value)?;
                }
                out.extend_from_slice(b"\r\n");
            }
            BodyEncoder::Length(left) => {
                let message = format!("the body is {left} bytes shorter than its Content-Length");
                return Err(Error::new(ErrorKind::InvalidBody, message));
            }
            BodyEncoder::None | BodyEncoder::Raw => {}
        }
        self.states.body_sent();
        Ok(())
    }

    /// An error unless the head of a request is out and its response has not been asked for.
    pub(crate) fn check_in_body(&self) -> Result<()> {
        if self.states.sending == Sending::Failed || self.state() != ConnectionState::RequestSent {
            if self.is_answered() {
                return Err(self.answered_early());
            }
            let message = match self.states.sending {
                Sending::Failed => "sending has failed: only the response is left".to_owned(),
                _ => format!("no body is due: the connection is in state {}", self.state().name()),
            };
            return Err(Error::new(ErrorKind::CannotSendHeader, message));
        }
        Ok(())
    }

    /// Whether pieces of the body become chunks here.
    pub(crate) fn encodes_chunks(&self) -> bool {
        self.encoder == BodyEncoder::Chunked
    }

    /// How much body is due, where its length was declared.
    pub(crate) fn body_due(&self) -> Option<u64> {
        if let BodyEncoder::Length(left) = self.encoder { Some(left) } else { None }
    }

    /// Whether body is due.
    pub(crate) fn may_send(&self) -> bool {
        self.states.may_send()
    }

    /// Whether the request is out whole.
    pub(crate) fn is_request_sent(&self) -> bool {
        self.states.sending == Sending::Done
    }

    /// The error of whoever goes on sending a request that is answered.
    #[cold]
    pub(crate) fn answered_early(&self) -> Error {
        let line = format!("{} {}", self.head.status(), self.head.reason());
        let message = format!("the server has answered before the end of the request: {}", line.trim_end());
        Error::new(ErrorKind::AnsweredEarly, message).in_phase(Phase::Send)
    }

    /// Whether the body waits for a 100 (RFC 9110 10.1.1).
    pub(crate) fn expects(&self) -> bool {
        self.expects
    }

    /// It is sent once more, and waits again.
    pub(crate) fn expects_anew(&mut self) {
        self.expects = true;
    }

    /// It has waited.
    pub(crate) fn expects_no_more(&mut self) {
        self.expects = false;
    }

    /// Tells that the connection was reset: a body that ends there is not whole.
    pub(crate) fn saw_reset(&mut self) {
        self.was_reset = true;
    }

    /// Tells that the request could not be sent whole. An answer may still be received; the connection
    /// is of no further use.
    pub fn send_failed(&mut self) {
        self.states.send_failed();
        self.close = Some(CloseReason::RequestUnfinished);
    }

    fn check_in_head(&self) -> Result<()> {
        if self.states.may_put_header() {
            return Ok(());
        }
        let state = self.states.projected().name();
        let message = format!("no request head is open: the connection is in state {state}");
        Err(Error::new(ErrorKind::CannotSendHeader, message))
    }

    /// Takes note of the headers that say something about framing and persistence.
    fn declare(&mut self, name: &str, value: &[u8]) -> Result<()> {
        match name.len() {
            6 if name.eq_ignore_ascii_case("expect") => {
                self.declared.expects |= list_names(value, b"100-continue");
            }
            10 if name.eq_ignore_ascii_case("connection") => {
                self.declared.close |= list_names(value, b"close");
            }
            14 if name.eq_ignore_ascii_case("content-length") => {
                let length = request_length(value)?;
                if self.declared.length.is_some_and(|other| other != length) {
                    return Err(Error::new(
                        ErrorKind::InvalidHeader,
                        "two Content-Length headers that differ",
                    ));
                }
                self.declared.length = Some(length);
            }
            17 if name.eq_ignore_ascii_case("transfer-encoding") => {
                if self.declared.chunked {
                    let message = "a Transfer-Encoding after one that ends in chunked (RFC 9112 6.1)";
                    return Err(Error::new(ErrorKind::InvalidHeader, message));
                }
                self.declared.encoding = true;
                self.declared.chunked =
                    list_names(value.rsplit(|&byte| byte == b',').next().unwrap_or(b""), b"chunked");
            }
            _ => return Ok(()),
        }
        if self.declared.encoding && self.declared.length.is_some() {
            let message = "Content-Length and Transfer-Encoding in one request (RFC 9112 6.2)";
            return Err(Error::new(ErrorKind::InvalidHeader, message));
        }
        Ok(())
    }
}

/// Fields that mean nothing, or something else, behind the body: what frames, routes, authenticates, modifies the
/// request or says how to read the content (RFC 9110 6.5.1).
fn check_trailer_name(name: &str) -> Result<()> {
    const FORBIDDEN: [&str; 17] = [
        "authorization",
        "cache-control",
        "connection",
        "content-encoding",
        "content-length",
        "content-range",
        "content-type",
        "cookie",
        "expect",
        "host",
        "max-forwards",
        "proxy-authorization",
        "range",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    if FORBIDDEN.iter().any(|forbidden| name.eq_ignore_ascii_case(forbidden)) {
        return Err(Error::new(
            ErrorKind::InvalidHeader,
            format!("{name} can't be a trailer (RFC 9110 6.5.1)"),
        ));
    }
    Ok(())
}
