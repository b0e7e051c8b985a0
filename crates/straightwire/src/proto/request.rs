//! The head of a request: what may stand in it, and how it is written (RFC 9112 3, RFC 9110 5).

use super::digits::push_decimal;
use super::grammar::is_token;
use super::scan::find_control;
use crate::Policy;
use crate::error::{Error, ErrorKind, Excerpt, Result};

/// What a header's value may be given as.
///
/// Text is sent as ISO-8859-1, as `http.client` does; bytes are sent as they are; numbers in decimal; an
/// array or slice of texts as one comma-separated list (`http.client`'s `putheader` sends several values
/// as a folded line instead, which RFC 9112 5.2 forbids).
///
/// Whatever the value is, one with a line end, a NUL or another control byte is refused before a byte
/// is sent.
pub trait HeaderValue: sealed::Sealed {
    #[doc(hidden)]
    fn append(&self, out: &mut Vec<u8>) -> Result<()>;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! header_value {
    ($(<$($generic:tt),+>)? $type:ty, |$value:ident, $out:ident| $append:expr) => {
        impl<$($($generic)+)?> sealed::Sealed for $type {}
        impl<$($($generic)+)?> HeaderValue for $type {
            fn append(&self, $out: &mut Vec<u8>) -> Result<()> {
                let $value = self;
                $append
            }
        }
    };
}

header_value!(str, |value, out| push_latin1(out, value));
header_value!(String, |value, out| push_latin1(out, value));
header_value!([u8], |value, out| {
    out.extend_from_slice(value);
    Ok(())
});
header_value!(Vec<u8>, |value, out| value.as_slice().append(out));
header_value!(u16, |value, out| u64::from(*value).append(out));
header_value!(u32, |value, out| u64::from(*value).append(out));
header_value!(u64, |value, out| {
    push_decimal(out, *value);
    Ok(())
});
header_value!(usize, |value, out| (*value as u64).append(out));
header_value!(i32, |value, out| i64::from(*value).append(out));
header_value!(i64, |value, out| {
    if *value < 0 {
        out.push(b'-');
    }
    value.unsigned_abs().append(out)
});
header_value!([&str], |value, out| push_list(out, value));

impl<const N: usize> sealed::Sealed for [&str; N] {}
impl<const N: usize> HeaderValue for [&str; N] {
    fn append(&self, out: &mut Vec<u8>) -> Result<()> {
        push_list(out, self)
    }
}

impl<const N: usize> sealed::Sealed for [u8; N] {}
impl<const N: usize> HeaderValue for [u8; N] {
    fn append(&self, out: &mut Vec<u8>) -> Result<()> {
        self.as_slice().append(out)
    }
}

impl<T: HeaderValue + ?Sized> sealed::Sealed for &T {}
impl<T: HeaderValue + ?Sized> HeaderValue for &T {
    fn append(&self, out: &mut Vec<u8>) -> Result<()> {
        (**self).append(out)
    }
}

fn push_list(out: &mut Vec<u8>, values: &[&str]) -> Result<()> {
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            out.extend_from_slice(b", ");
        }
        push_latin1(out, value)?;
    }
    Ok(())
}

fn push_latin1(out: &mut Vec<u8>, text: &str) -> Result<()> {
    if text.is_ascii() {
        out.extend_from_slice(text.as_bytes());
        return Ok(());
    }
    for char in text.chars() {
        let byte = u8::try_from(char).map_err(|_| {
            Error::new(ErrorKind::InvalidHeader, format!("{char:?} in {text:?} is outside ISO-8859-1"))
        })?;
        out.push(byte);
    }
    Ok(())
}

/// Appends `method SP request-target SP HTTP-version CRLF`. An empty target is `/`.
pub(crate) fn push_request_line(
    out: &mut Vec<u8>,
    method: &[u8],
    target: &[u8],
    policy: &Policy,
) -> Result<()> {
    if !is_token(method) {
        let message = format!(
            "{} is not a method: one is made of letters, digits and !#$%&'*+-.^_`|~",
            Excerpt(method)
        );
        return Err(Error::new(ErrorKind::InvalidMethod, message));
    }
    let target = if target.is_empty() { b"/" } else { target };
    check_target(method, target, policy)?;
    out.extend_from_slice(method);
    out.push(b' ');
    out.extend_from_slice(target);
    out.extend_from_slice(b" HTTP/1.1\r\n");
    Ok(())
}

/// The four forms of RFC 9112 3.2: `/path?query`, an absolute URI, `host:port` for CONNECT, `*` for
/// OPTIONS.
fn check_target(method: &[u8], target: &[u8], policy: &Policy) -> Result<()> {
    let refuse = |why: &str| {
        Err(Error::new(ErrorKind::InvalidUrl, format!("the request target {} {why}", Excerpt(target))))
    };
    if let Some(byte) = target.iter().find(|byte| !byte.is_ascii_graphic()) {
        return refuse(&format!("holds '{}': encode it with %", byte.escape_ascii()));
    }
    if policy.any_request_target {
        return Ok(());
    }
    if target.contains(&b'#') {
        return refuse("holds a fragment, which is not sent: cut it off at the #, or write %23");
    }
    match (method, target) {
        (b"CONNECT", [b'/', ..]) => refuse("is not host:port, as CONNECT wants it"),
        (b"CONNECT", _) | (_, [b'/', ..]) | (b"OPTIONS", b"*") => Ok(()),
        _ if std::str::from_utf8(target).is_ok_and(|target| after_scheme(target).is_some()) => Ok(()),
        _ => refuse("must begin with / or be an absolute URI"),
    }
}

/// What comes after the `scheme "://"` that `target` begins with (RFC 3986 3.1).
pub(crate) fn after_scheme(target: &str) -> Option<&str> {
    let (scheme, rest) = target.split_once("://")?;
    let in_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    let is_scheme =
        scheme.starts_with(|first: char| first.is_ascii_alphabetic()) && scheme.bytes().all(in_scheme);
    is_scheme.then_some(rest)
}

/// Appends `name: value CRLF`; gives where in `out` the value stands. On error `out` is as it was.
pub(crate) fn push_field(
    out: &mut Vec<u8>,
    name: &str,
    value: &(impl HeaderValue + ?Sized),
) -> Result<std::ops::Range<usize>> {
    let before = out.len();
    if !is_token(name.as_bytes()) {
        let shown = Excerpt(name.as_bytes());
        let message =
            format!("{shown} is not a header name: one is made of letters, digits and !#$%&'*+-.^_`|~");
        return Err(Error::new(ErrorKind::InvalidHeader, message));
    }
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    let start = out.len();
    let checked = value.append(out).and_then(|()| check_value(name, &out[start..]));
    if let Err(err) = checked {
        out.truncate(before);
        return Err(err);
    }
    let end = out.len();
    out.extend_from_slice(b"\r\n");
    Ok(start..end)
}

fn check_value(name: &str, value: &[u8]) -> Result<()> {
    let at = find_control(value, 0);
    if at == value.len() {
        return Ok(());
    }
    let message =
        format!("the value of {name} holds '{}' at byte {at}: {}", value[at].escape_ascii(), Excerpt(value));
    Err(Error::new(ErrorKind::InvalidHeader, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(method: &str, target: &str, policy: Policy) -> Result<String> {
        let mut out = Vec::new();
        push_request_line(&mut out, method.as_bytes(), target.as_bytes(), &policy)?;
        Ok(String::from_utf8(out).expect("ASCII"))
    }

    #[test]
    fn request_targets_have_four_forms() {
        for (method, target, sent) in [
            ("GET", "", "GET / HTTP/1.1\r\n"),
            ("GET", "/a?b=%20", "GET /a?b=%20 HTTP/1.1\r\n"),
            ("GET", "http://a/", "GET http://a/ HTTP/1.1\r\n"),
            ("CONNECT", "a:443", "CONNECT a:443 HTTP/1.1\r\n"),
            ("OPTIONS", "*", "OPTIONS * HTTP/1.1\r\n"),
            ("M-SEARCH!", "/", "M-SEARCH! / HTTP/1.1\r\n"),
        ] {
            assert_eq!(line(method, target, Policy::strict()).unwrap(), sent);
        }
        for (method, target) in
            [("GET", "a"), ("GET", "*"), ("GET", "/a#b"), ("CONNECT", "/"), ("GET", "1x://a")]
        {
            assert_eq!(line(method, target, Policy::strict()).unwrap_err().kind(), ErrorKind::InvalidUrl);
            assert!(line(method, target, Policy::lenient()).is_ok());
        }
    }

    #[test]
    fn nothing_can_begin_a_line_of_its_own() {
        for policy in [Policy::strict(), Policy::lenient()] {
            for bad in ["GET /", "GET\r\nX:", "G\0", "", "GÉT", "G\x7f"] {
                assert_eq!(line(bad, "/", policy).unwrap_err().kind(), ErrorKind::InvalidMethod);
            }
            for bad in ["/ HTTP/1.1\r\nX: y", "/\n", "/\0", "/\x7f", "/é", "/\t"] {
                assert_eq!(line("GET", bad, policy).unwrap_err().kind(), ErrorKind::InvalidUrl);
            }
        }
        for (name, value) in [
            ("A\r\nB", "1"),
            ("A:", "1"),
            ("", "1"),
            (" A", "1"),
            ("A ", "1"),
            ("Ä", "1"),
            ("A\0", "1"),
            ("A", "1\r\nB: 2"),
            ("A", "1\n 2"),
            ("A", "1\r"),
            ("A", "\0"),
            ("A", "\x7f"),
            ("A", "€"),
        ] {
            let mut out = b"kept".to_vec();
            assert_eq!(push_field(&mut out, name, value).unwrap_err().kind(), ErrorKind::InvalidHeader);
            assert_eq!(out, b"kept");
        }
    }

    #[test]
    fn values_of_every_kind() {
        fn sent(value: impl HeaderValue) -> Vec<u8> {
            let mut out = Vec::new();
            push_field(&mut out, "A", &value).unwrap();
            out
        }
        assert_eq!(sent("é\t"), b"A: \xe9\t\r\n");
        assert_eq!(sent(b"\xff"), b"A: \xff\r\n");
        assert_eq!(sent(-5), b"A: -5\r\n");
        assert_eq!(sent(u64::MAX), b"A: 18446744073709551615\r\n");
        assert_eq!(sent(["x", "y"]), b"A: x, y\r\n");
    }
}
