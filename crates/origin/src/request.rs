//! The head of a request: request line and fields, and what they say about body and connection.

use crate::fault::{Fault, Outcome};
use crate::fields::Fields;
use crate::grammar::{decimal, is_tchar, is_token};
use crate::inbox::{Inbox, REQUEST_LINE};

/// How the end of the body is found, RFC 9112 section 6.3.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Framing {
    #[default]
    None,
    Length(u64),
    Chunked,
}

/// One head. It is read into again and again, so that later requests find its memory ready.
#[derive(Debug, Default)]
pub(crate) struct Head {
    line: String,
    method_end: usize,
    target_end: usize,
    minor: u8,
    framing: Framing,
    pub(crate) fields: Fields,
}

impl Head {
    /// Reads the next head; false when the connection ended between two requests.
    pub(crate) fn read(&mut self, inbox: &mut Inbox) -> Outcome<bool> {
        self.line.clear();
        self.fields.clear();
        (self.method_end, self.target_end) = (0, 0);
        // RFC 9112 section 2.2 asks to forgive one empty line before the request line.
        if !begins(inbox)? {
            return Ok(false);
        }
        if inbox.buffered()[0] == b'\r' {
            if !inbox.line(&REQUEST_LINE)?.is_empty() {
                return Err(Fault::bad("a carriage return before the method"));
            }
            if !begins(inbox)? {
                return Ok(false);
            }
        }
        self.read_line(inbox.line(&REQUEST_LINE)?)?;
        self.fields.read(inbox)?;
        self.check_host()?;
        self.framing = self.find_framing()?;
        match self.fields.list("Expect").find(|word| !word.eq_ignore_ascii_case(b"100-continue")) {
            Some(_) if self.minor > 0 => {
                Err(Fault::refused(417, "the only expectation met here is 100-continue"))
            }
            _ => Ok(true),
        }
    }

    pub(crate) fn method(&self) -> &str {
        &self.line[..self.method_end]
    }

    pub(crate) fn target(&self) -> &str {
        &self.line[self.method_end + 1..self.target_end]
    }

    pub(crate) fn version(&self) -> &str {
        &self.line[self.target_end + 1..]
    }

    /// The path of the target, in whichever form the target is; not decoded.
    pub(crate) fn path(&self) -> &str {
        match self.local().split('?').next() {
            None | Some("") => "/",
            Some(path) => path,
        }
    }

    pub(crate) fn query(&self) -> &str {
        self.local().split_once('?').map_or("", |(_, query)| query)
    }

    pub(crate) fn framing(&self) -> Framing {
        self.framing
    }

    /// Whether the client speaks HTTP/1.0: no chunks and no 1xx for it.
    pub(crate) fn is_old(&self) -> bool {
        self.minor == 0
    }

    /// RFC 9112 section 9.3.
    pub(crate) fn is_persistent(&self) -> bool {
        !self.fields.lists("Connection", "close")
            && (self.minor > 0 || self.fields.lists("Connection", "keep-alive"))
    }

    /// Whether the client may be waiting for a 100. One without a body has nothing to wait for, and one of
    /// HTTP/1.0 can't mean it (RFC 9110 section 10.1.1).
    pub(crate) fn waits_for_100(&self) -> bool {
        !matches!(self.framing, Framing::None | Framing::Length(0))
            && self.minor > 0
            && self.fields.has("Expect")
    }

    pub(crate) fn size(&self) -> usize {
        self.line.len() + self.fields.size()
    }

    /// Becomes a copy of `other` in the memory it already has.
    pub(crate) fn copy_from(&mut self, other: &Head) {
        self.line.clone_from(&other.line);
        self.fields.copy_from(&other.fields);
        (self.method_end, self.target_end) = (other.method_end, other.target_end);
        (self.minor, self.framing) = (other.minor, other.framing);
    }

    /// The target without the scheme and authority of its absolute form.
    fn local(&self) -> &str {
        let target = self.target();
        match target.split_once("://") {
            Some((_, rest)) if !target.starts_with('/') => {
                &rest[rest.find(['/', '?']).unwrap_or(rest.len())..]
            }
            _ => target,
        }
    }

    /// RFC 9112 section 3: three words and two single spaces.
    fn read_line(&mut self, line: &[u8]) -> Outcome<()> {
        let mut words = line.split(|&byte| byte == b' ');
        let (Some(method), Some(target), Some(version), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(Fault::bad("the request line is not three words with one space between them"));
        };
        if !is_token(method) {
            return Err(Fault::bad("the method is no token"));
        }
        if !target.iter().all(|&byte| byte.is_ascii_graphic() && byte != b'#') {
            return Err(Fault::bad("the target has a fragment, a control character or one outside ASCII"));
        }
        let sound = match target {
            b"*" => method == b"OPTIONS",
            _ if method == b"CONNECT" => target.contains(&b':') && !target.contains(&b'/'),
            _ => target.starts_with(b"/") || is_absolute(target),
        };
        if !sound {
            return Err(Fault::bad("the target is in no form that fits the method (RFC 9112 section 3.2)"));
        }
        self.minor = match version {
            b"HTTP/1.0" => 0,
            [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'1'..=b'9'] => 1,
            [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9'] => {
                return Err(Fault::refused(505, "only HTTP/1.x is spoken here"));
            }
            _ => return Err(Fault::bad("the version is not HTTP/DIGIT.DIGIT")),
        };
        self.method_end = method.len();
        self.target_end = method.len() + 1 + target.len();
        // All ASCII by now: nothing is replaced.
        self.line.push_str(&String::from_utf8_lossy(line));
        Ok(())
    }

    /// RFC 9112 section 3.2: one Host and no more, which only HTTP/1.0 may leave out.
    fn check_host(&self) -> Outcome<()> {
        let mut hosts = self.fields.all("Host");
        match (hosts.next(), hosts.next()) {
            (None, _) if self.minor > 0 => Err(Fault::bad("no Host field")),
            (Some(_), Some(_)) => Err(Fault::bad("more than one Host field")),
            (Some(host), None) if !is_host(host) => Err(Fault::bad("the Host field is no host and port")),
            _ => Ok(()),
        }
    }

    /// RFC 9112 sections 6.1 to 6.3. Whatever could be read in two ways is refused.
    fn find_framing(&self) -> Outcome<Framing> {
        if self.fields.has("Transfer-Encoding") {
            if self.minor == 0 {
                return Err(Fault::bad("Transfer-Encoding in HTTP/1.0"));
            }
            if self.fields.has("Content-Length") {
                return Err(Fault::bad("both Transfer-Encoding and Content-Length"));
            }
            let is_chunked = |word: &[u8]| word.eq_ignore_ascii_case(b"chunked");
            let count = self.fields.list("Transfer-Encoding").count();
            let first = self.fields.list("Transfer-Encoding").position(is_chunked);
            return match first {
                Some(0) if count == 1 => Ok(Framing::Chunked),
                Some(first) if first + 1 == count => {
                    Err(Fault::refused(501, "the only transfer coding known here is chunked"))
                }
                _ => Err(Fault::bad("chunked is not the last transfer coding, applied once")),
            };
        }
        let mut lengths = self.fields.all("Content-Length");
        match (lengths.next(), lengths.next()) {
            (None, _) => Ok(Framing::None),
            (Some(digits), None) => match decimal(digits) {
                Some(length) => Ok(Framing::Length(length)),
                None => Err(Fault::bad("Content-Length is not a number of 64 bits in decimal digits")),
            },
            (Some(_), Some(_)) => Err(Fault::bad("more than one Content-Length")),
        }
    }
}

/// Waits for the first byte; false when the connection ends instead. A byte that starts no request is refused
/// here, because what comes with it (a TLS handshake, say) may never have a line end to wait for.
fn begins(inbox: &mut Inbox) -> Outcome<bool> {
    if inbox.buffered().is_empty() && inbox.fill()? == 0 {
        return Ok(false);
    }
    match inbox.buffered()[0] {
        b'\r' => Ok(true),
        byte if is_tchar(byte) => Ok(true),
        0x16 => Err(Fault::bad("a TLS handshake, and this port speaks plain HTTP")),
        _ => Err(Fault::bad("the first byte starts no method")),
    }
}

fn is_absolute(target: &[u8]) -> bool {
    let has_scheme = |scheme: &str| {
        target.len() > scheme.len() && target[..scheme.len()].eq_ignore_ascii_case(scheme.as_bytes())
    };
    has_scheme("http://") || has_scheme("https://")
}

/// RFC 3986 sections 3.2.2 and 3.2.3, by their characters. Empty is allowed: an authority may be.
fn is_host(host: &[u8]) -> bool {
    let name_end = match host.iter().rposition(|&byte| byte == b']') {
        Some(bracket) => bracket + 1,
        None => host.iter().position(|&byte| byte == b':').unwrap_or(host.len()),
    };
    let (name, port) = host.split_at(name_end);
    let literal = name.strip_prefix(b"[").and_then(|name| name.strip_suffix(b"]"));
    let sound = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=".contains(byte);
    let name_is_sound = match literal {
        Some(address) => !address.is_empty() && address.iter().all(|byte| *byte == b':' || sound(byte)),
        None => name.iter().all(sound),
    };
    name_is_sound && (port.is_empty() || (port[0] == b':' && port[1..].iter().all(u8::is_ascii_digit)))
}
