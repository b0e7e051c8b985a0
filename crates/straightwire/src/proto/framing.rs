//! How long is the body, and may the connection be used again?

use std::fmt;

use super::digits::decimal;
use super::grammar::{is_token, list_elements, without_blanks};
use super::headers::Headers;
use super::response::ResponseHead;
use crate::error::{Error, ErrorKind, Excerpt, Result};

/// Where a response's body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Framing {
    /// There is no body, whatever the fields say.
    None,
    /// After this many bytes. A length beyond 64 bits is `u64::MAX`.
    Length(u64),
    /// After the last chunk and the trailers.
    Chunked,
    /// Where the connection ends.
    UntilClose,
    /// There is no body, and what follows is no longer HTTP: 101, or a 2xx answer to CONNECT.
    Switched,
}

/// Why a connection is not used for another request after a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CloseReason {
    /// The response says `Connection: close` (RFC 9112 9.6).
    ConnectionClose,
    /// The request said `Connection: close`.
    RequestClose,
    /// HTTP/1.0 without `Connection: keep-alive` (RFC 9112 9.3).
    Http10,
    /// The body ends where the connection does (RFC 9112 6.3 rule 8).
    UntilClose,
    /// Both `Transfer-Encoding` and `Content-Length` (RFC 9112 6.3 rule 3).
    LengthAndEncoding,
    /// `Transfer-Encoding` in HTTP/1.0 (RFC 9112 6.1).
    EncodingInHttp10,
    /// A header line that was left out may have told where the body ends, or that the connection does: see
    /// [`Headers::defects`].
    LeftOut,
    /// The connection speaks another protocol now.
    Switched,
    /// The connection ended before the body did, and the [`Policy`](crate::Policy) takes it for whole.
    Truncated,
    /// The request was not sent whole.
    RequestUnfinished,
    /// The response was not read whole, and what is left was too much to skip.
    ResponseUnfinished,
    /// The server closed it without a word, or it broke, while nothing was under way (RFC 9112 9.5).
    PeerClosed,
    /// Something arrived that no request had asked for (RFC 9112 9.2).
    Unsolicited,
    /// An error left it in doubt.
    Failed,
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CloseReason::ConnectionClose => "the server closes the connection",
            CloseReason::RequestClose => "the request asked for the connection to be closed",
            CloseReason::Http10 => "HTTP/1.0 without keep-alive",
            CloseReason::UntilClose => "the body ends where the connection does",
            CloseReason::LengthAndEncoding => "both Transfer-Encoding and Content-Length",
            CloseReason::EncodingInHttp10 => "Transfer-Encoding in HTTP/1.0",
            CloseReason::LeftOut => "a header line that was left out may have told where the body ends",
            CloseReason::Switched => "the connection speaks another protocol now",
            CloseReason::Truncated => "the body was cut short",
            CloseReason::RequestUnfinished => "the request was not sent whole",
            CloseReason::ResponseUnfinished => "the response was not read whole",
            CloseReason::PeerClosed => "the server closed the idle connection",
            CloseReason::Unsolicited => "something arrived that nobody had asked for",
            CloseReason::Failed => "an error left it in doubt",
        })
    }
}

/// What the request had to do with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum MethodKind {
    Head,
    Connect,
    #[default]
    Other,
}

impl MethodKind {
    /// Methods are case-sensitive (RFC 9110 9.1).
    pub(crate) fn of(method: &[u8]) -> MethodKind {
        match method {
            b"HEAD" => MethodKind::Head,
            b"CONNECT" => MethodKind::Connect,
            _ => MethodKind::Other,
        }
    }
}

/// Whether a request of this method may be sent twice without harm (RFC 9110 9.2.2).
pub(crate) fn is_idempotent(method: &[u8]) -> bool {
    matches!(method, b"GET" | b"HEAD" | b"PUT" | b"DELETE" | b"OPTIONS" | b"TRACE")
}

/// The fields that framing looks at, found in one pass.
#[derive(Default)]
struct FramingFields<'a> {
    /// The first `Content-Length`, and whether there are more.
    length: Option<&'a [u8]>,
    more_lengths: bool,
    encoding: bool,
    /// The first `Connection`, and whether there are more.
    connection: Option<&'a [u8]>,
    more_connections: bool,
}

/// RFC 9112 6.3, rule by rule, for the response to a request; with it RFC 9112 9.3 on persistence.
pub(crate) fn response_framing(
    request: MethodKind,
    head: &ResponseHead,
) -> Result<(Framing, Option<CloseReason>)> {
    let found = find_fields(&head.headers);
    let mut close = persistence(head, &found);
    if close.is_none() && head.headers.defects().iter().any(|defect| may_frame(defect.text())) {
        close = Some(CloseReason::LeftOut);
    }

    // Rule 2, which goes before rule 1 where both apply: a 2xx answer to CONNECT begins the tunnel.
    if head.status == 101 || (request == MethodKind::Connect && matches!(head.status, 200..=299)) {
        return Ok((Framing::Switched, Some(CloseReason::Switched)));
    }
    // Rule 1: no body after HEAD, 1xx, 204 and 304.
    if request == MethodKind::Head || matches!(head.status, 100..=199 | 204 | 304) {
        return Ok((Framing::None, close));
    }
    // Rules 3 and 4: Transfer-Encoding goes before Content-Length.
    if found.encoding {
        if head.version < 11 {
            close = close.or(Some(CloseReason::EncodingInHttp10));
        }
        if found.length.is_some() {
            close = close.or(Some(CloseReason::LengthAndEncoding));
        }
        return if ends_in_chunked(&head.headers)? {
            Ok((Framing::Chunked, close))
        } else {
            Ok((Framing::UntilClose, close.or(Some(CloseReason::UntilClose))))
        };
    }
    // Rules 5 and 6: one valid length, or an error that can't be recovered from.
    if let Some(value) = found.length {
        let plain = if found.more_lengths { None } else { decimal(value) };
        let length = plain.map_or_else(|| content_length(&head.headers), Ok)?;
        return Ok((Framing::Length(length), close));
    }
    // Rule 7 is about requests. Rule 8: until the connection ends.
    Ok((Framing::UntilClose, close.or(Some(CloseReason::UntilClose))))
}

fn find_fields(headers: &Headers) -> FramingFields<'_> {
    let mut found = FramingFields::default();
    for field in headers.fields() {
        let name = headers.slice(field.name);
        match field.name.1 - field.name.0 {
            10 if is_name(name, b"connection") => {
                found.more_connections = found.connection.is_some();
                found.connection.get_or_insert(headers.slice(field.value));
            }
            14 if is_name(name, b"content-length") => {
                found.more_lengths = found.length.is_some();
                found.length.get_or_insert(headers.slice(field.value));
            }
            17 if is_name(name, b"transfer-encoding") => found.encoding = true,
            _ => {}
        }
    }
    found
}

/// Whether a token is `lower`, which is made of 8 to 24 small letters and hyphens, case ignored. A token has
/// no byte but those two that setting the bit of small letters turns into them, so eight go at a time.
fn is_name<const N: usize>(token: &[u8], lower: &[u8; N]) -> bool {
    const SMALL: u64 = u64::MAX / 255 * 0x20;
    let same = |at: usize| {
        let word = |bytes: &[u8]| bytes[at..].first_chunk().map(|word| u64::from_le_bytes(*word) | SMALL);
        word(token) == word(lower)
    };
    token.len() == N && same(0) && same(N - 8) && (N <= 16 || same(8))
}

/// Whether a line that was left out may have been meant as one that this file goes by. Whoever can read it so takes
/// what follows for another message (RFC 9112 11.2).
#[cold]
fn may_frame(line: &[u8]) -> bool {
    let names: [&[u8]; 3] = [b"transfer-encoding", b"content-length", b"connection"];
    names.iter().any(|name| line.windows(name.len()).any(|part| part.eq_ignore_ascii_case(name)))
}

/// RFC 9112 9.3: `close` in any line means close; HTTP/1.1 persists; HTTP/1.0 does if it says so.
fn persistence(head: &ResponseHead, found: &FramingFields<'_>) -> Option<CloseReason> {
    let has_option = |option: &[u8]| match found.connection {
        None => false,
        Some(value) if !found.more_connections => list_names(value, option),
        Some(_) => head.headers.get_all_bytes("connection").any(|value| list_names(value, option)),
    };
    if has_option(b"close") {
        return Some(CloseReason::ConnectionClose);
    }
    if head.version >= 11 || has_option(b"keep-alive") {
        return None;
    }
    Some(CloseReason::Http10)
}

/// Whether a comma-separated list of tokens holds `option` (case ignored).
pub(crate) fn list_names(value: &[u8], option: &[u8]) -> bool {
    value.split(|&byte| byte == b',').any(|element| without_blanks(element).eq_ignore_ascii_case(option))
}

/// Whether `chunked` is the final transfer coding (RFC 9112 6.1 and 7). An error where the codings can't
/// be told: a reader that guesses here reads another message than the sender wrote.
fn ends_in_chunked(headers: &Headers) -> Result<bool> {
    let refuse = |why: &str, value: &[u8]| {
        let message = format!("Transfer-Encoding: {}: {why}", Excerpt(value));
        Err(Error::new(ErrorKind::UnknownTransferEncoding, message))
    };
    let mut seen = false;
    let mut last = false;
    for value in headers.get_all_bytes("transfer-encoding") {
        for element in list_elements(value) {
            let name_len = element.iter().position(|&byte| byte == b';').unwrap_or(element.len());
            let name = without_blanks(&element[..name_len]);
            if !is_token(name) {
                return refuse("not a list of transfer codings", value);
            }
            last = name.eq_ignore_ascii_case(b"chunked");
            if last && name_len < element.len() {
                return refuse("chunked takes no parameters", value);
            }
            if last && seen {
                return refuse("chunked more than once", value);
            }
            seen |= last;
        }
    }
    Ok(last)
}

/// The one length that all `Content-Length` fields agree on (RFC 9110 8.6).
#[cold]
fn content_length(headers: &Headers) -> Result<u64> {
    let refuse = |why: &str, value: &[u8]| {
        let message = format!("Content-Length: {}: {why}", Excerpt(value));
        Err(Error::new(ErrorKind::BadContentLength, message))
    };
    let mut agreed = None;
    for value in headers.get_all_bytes("content-length") {
        let mut any = false;
        for element in value.split(|&byte| byte == b',').map(without_blanks) {
            if element.is_empty() {
                continue;
            }
            any = true;
            let Some(length) = decimal(element) else { return refuse("not a number of bytes", value) };
            if agreed.is_some_and(|agreed| agreed != length) {
                return refuse("differs from another Content-Length", value);
            }
            agreed = Some(length);
        }
        if !any {
            return refuse("not a number of bytes", value);
        }
    }
    Ok(agreed.unwrap_or(0))
}

/// A `Content-Length` that the caller gives for a request: digits only.
pub(crate) fn request_length(value: &[u8]) -> Result<u64> {
    decimal(without_blanks(value)).ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidHeader,
            format!("Content-Length: {}: not a number of bytes", Excerpt(value)),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::response::HeadReader;
    use super::*;
    use crate::{Limits, Policy};

    fn framing(request: &str, head: &str) -> Result<(Framing, Option<CloseReason>)> {
        let text = format!("{}\r\n\r\n", head.replace('\n', "\r\n"));
        let mut parsed = ResponseHead::default();
        HeadReader::default()
            .read(text.as_bytes(), &mut parsed, &Policy::strict(), &Limits::default())?
            .expect("whole");
        response_framing(MethodKind::of(request.as_bytes()), &parsed)
    }

    #[test]
    fn the_rules_of_section_6_3_in_their_order() {
        use CloseReason::*;
        let until_close = |reason| (Framing::UntilClose, Some(reason));
        for (request, head, expected) in [
            ("HEAD", "HTTP/1.1 200 OK\nContent-Length: x", (Framing::None, None)),
            ("head", "HTTP/1.1 200 OK\nContent-Length: 3", (Framing::Length(3), None)),
            ("GET", "HTTP/1.1 204 No\nTransfer-Encoding: chunked", (Framing::None, None)),
            ("GET", "HTTP/1.1 304 No\nContent-Length: 9", (Framing::None, None)),
            ("GET", "HTTP/1.1 101 Up\nContent-Length: 9", (Framing::Switched, Some(Switched))),
            ("CONNECT", "HTTP/1.1 201 Yes\nContent-Length: 9", (Framing::Switched, Some(Switched))),
            ("CONNECT", "HTTP/1.1 407 No\nContent-Length: 9", (Framing::Length(9), None)),
            ("GET", "HTTP/1.1 200 OK\nTransfer-Encoding: Chunked", (Framing::Chunked, None)),
            (
                "GET",
                "HTTP/1.1 200 OK\nTransfer-Encoding: gzip\nTransfer-Encoding: ,chunked,",
                (Framing::Chunked, None),
            ),
            (
                "GET",
                "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nContent-Length: 5",
                (Framing::Chunked, Some(LengthAndEncoding)),
            ),
            (
                "GET",
                "HTTP/1.0 200 OK\nConnection: keep-alive\nTransfer-Encoding: chunked",
                (Framing::Chunked, Some(EncodingInHttp10)),
            ),
            ("GET", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked, gzip", until_close(UntilClose)),
            ("GET", "HTTP/1.1 200 OK\nTransfer-Encoding: ,", until_close(UntilClose)),
            ("GET", "HTTP/1.1 200 OK\nContent-Length: 3, 03\nContent-Length: 3,", (Framing::Length(3), None)),
            (
                "GET",
                "HTTP/1.1 200 OK\nContent-Length: 99999999999999999999",
                (Framing::Length(u64::MAX), None),
            ),
            ("GET", "HTTP/1.1 200 OK", until_close(UntilClose)),
            (
                "GET",
                "HTTP/1.1 200 OK\nContent-Length: 0\nConnection: x\nConnection: Foo,CLOSE",
                (Framing::Length(0), Some(ConnectionClose)),
            ),
            ("GET", "HTTP/1.1 200 OK\nContent-Length: 0\nConnection: not-close", (Framing::Length(0), None)),
            ("GET", "HTTP/1.0 200 OK\nContent-Length: 0", (Framing::Length(0), Some(Http10))),
            ("GET", "HTTP/1.0 200 OK\nContent-Length: 0\nConnection: Keep-Alive", (Framing::Length(0), None)),
        ] {
            assert_eq!(framing(request, head).unwrap(), expected, "{request} {head:?}");
        }
    }

    #[test]
    fn a_line_left_out_that_may_frame_closes_the_connection() {
        let policy = Policy { skip_bad_header_lines: true, ..Policy::strict() };
        for (line, expected) in [
            ("Transfer-Encoding : chunked", Some(CloseReason::LeftOut)),
            ("\x01tRansfer-encodinG: chunked", Some(CloseReason::LeftOut)),
            ("X(Content-Length: 9", Some(CloseReason::LeftOut)),
            ("CONNECTION\u{a0}: close", Some(CloseReason::LeftOut)),
            ("no colon", None),
            ("Content -Type: text/plain", None),
        ] {
            let text = format!("HTTP/1.1 200 OK\r\n{line}\r\nContent-Length: 5\r\n\r\n");
            let mut parsed = ResponseHead::default();
            HeadReader::default()
                .read(text.as_bytes(), &mut parsed, &policy, &Limits::default())
                .unwrap()
                .expect("whole");
            assert_eq!(parsed.headers.defects().len(), 1, "{line:?}");
            let framing = response_framing(MethodKind::Other, &parsed).unwrap();
            assert_eq!(framing, (Framing::Length(5), expected), "{line:?}");
        }
    }

    #[test]
    fn what_leaves_the_framing_unclear_is_an_error() {
        for (fields, kind) in [
            ("Content-Length: ", ErrorKind::BadContentLength),
            ("Content-Length: +5", ErrorKind::BadContentLength),
            ("Content-Length: 5 5", ErrorKind::BadContentLength),
            ("Content-Length: 5\nContent-Length: 6", ErrorKind::BadContentLength),
            ("Content-Length: 5, 6", ErrorKind::BadContentLength),
            ("Content-Length: 5\nContent-Length: ,", ErrorKind::BadContentLength),
            ("Transfer-Encoding: chunked, chunked", ErrorKind::UnknownTransferEncoding),
            ("Transfer-Encoding: chunked\nTransfer-Encoding: chunked", ErrorKind::UnknownTransferEncoding),
            ("Transfer-Encoding: chunked;q=1", ErrorKind::UnknownTransferEncoding),
            ("Transfer-Encoding: chunked x", ErrorKind::UnknownTransferEncoding),
            ("Transfer-Encoding: \"chunked\"", ErrorKind::UnknownTransferEncoding),
        ] {
            let err = framing("GET", &format!("HTTP/1.1 200 OK\n{fields}")).unwrap_err();
            assert_eq!(err.kind(), kind, "{fields:?}");
        }
    }
}
