//! What `Content-Range` says a part is.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use crate::error::{Error, ErrorKind, Excerpt, Result};
use crate::proto::{Headers, decimal};

/// The value of a `Content-Range` header in bytes (RFC 9110 14.4): which part of how much this is.
///
/// ```
/// use straightwire::ContentRange;
///
/// let part: ContentRange = "bytes 100-199/1000".parse()?;
/// assert_eq!((part.range(), part.complete_len()), (Some(100..200), Some(1000)));
///
/// let none: ContentRange = "bytes */1000".parse()?;       // with 416
/// assert_eq!((none.range(), none.complete_len()), (None, Some(1000)));
///
/// assert!("bytes 0-+9/10".parse::<ContentRange>().is_err());
/// # Ok::<(), straightwire::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentRange {
    /// First and last byte.
    range: Option<(u64, u64)>,
    complete_len: Option<u64>,
}

impl ContentRange {
    /// What the `Content-Range` among these headers says; `None` where there is none.
    ///
    /// # Errors
    /// `BadRange` for one that makes no sense, is in another unit than bytes, or is there twice.
    pub fn of(headers: &Headers) -> Result<Option<ContentRange>> {
        let mut values = headers.get_all_bytes("Content-Range");
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => read(value).map(Some).ok_or_else(|| unreadable(value)),
            (Some(_), Some(_)) => Err(Error::new(ErrorKind::BadRange, "more than one Content-Range")),
        }
    }

    /// The bytes of the part, the first one being 0; `None` where no byte of what was asked for exists.
    pub fn range(&self) -> Option<Range<u64>> {
        self.range.map(|(first, last)| first..last + 1)
    }

    /// The length of the whole, where the server knows it.
    pub fn complete_len(&self) -> Option<u64> {
        self.complete_len
    }
}

/// `bytes first-last/complete`, where `complete` may be `*`, or `bytes */complete`.
fn read(value: &[u8]) -> Option<ContentRange> {
    let space = value.iter().position(|&byte| byte == b' ')?;
    let (unit, rest) = (&value[..space], &value[space + 1..]);
    let slash = rest.iter().position(|&byte| byte == b'/')?;
    let (part, complete) = (&rest[..slash], &rest[slash + 1..]);
    let complete_len = if complete == b"*" { None } else { Some(exact(complete)?) };
    let range = if part == b"*" {
        None
    } else {
        let dash = part.iter().position(|&byte| byte == b'-')?;
        Some((exact(&part[..dash])?, exact(&part[dash + 1..])?))
    };
    let makes_sense = match (range, complete_len) {
        (Some((first, last)), None) => first <= last && last < u64::MAX,
        (Some((first, last)), Some(complete)) => first <= last && last < complete,
        (None, complete) => complete.is_some(),
    };
    (unit.eq_ignore_ascii_case(b"bytes") && makes_sense).then_some(ContentRange { range, complete_len })
}

/// A number of 64 bits. Beyond them it would be another one.
fn exact(digits: &[u8]) -> Option<u64> {
    let number = decimal(digits)?;
    let significant = digits.len() - digits.iter().take_while(|&&byte| byte == b'0').count();
    (number < u64::MAX || &digits[digits.len() - significant..] == b"18446744073709551615").then_some(number)
}

#[cold]
fn unreadable(value: &[u8]) -> Error {
    Error::new(ErrorKind::BadRange, format!("the Content-Range makes no sense: {}", Excerpt(value)))
}

impl FromStr for ContentRange {
    type Err = Error;

    fn from_str(value: &str) -> Result<ContentRange> {
        read(value.as_bytes()).ok_or_else(|| unreadable(value.as_bytes()))
    }
}

impl fmt::Display for ContentRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.range {
            Some((first, last)) => write!(f, "bytes {first}-{last}/")?,
            None => write!(f, "bytes */")?,
        }
        match self.complete_len {
            Some(len) => write!(f, "{len}"),
            None => write!(f, "*"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_grammar_has_is_read_and_nothing_else() {
        let max = u64::MAX;
        for (value, range, complete_len) in [
            ("bytes 0-0/1", Some(0..1), Some(1)),
            ("BYTES 5-9/*", Some(5..10), None),
            ("bytes */0", None, Some(0)),
            ("bytes 007-09/00010", Some(7..10), Some(10)),
            ("bytes 1-18446744073709551614/18446744073709551615", Some(1..max), Some(max)),
            ("bytes 1-18446744073709551614/*", Some(1..max), None),
        ] {
            let read: ContentRange = value.parse().unwrap();
            assert_eq!((read.range(), read.complete_len()), (range, complete_len), "{value}");
            assert_eq!(read.to_string().parse::<ContentRange>().unwrap(), read);
        }
        for bad in [
            "",
            "bytes",
            "bytes ",
            "bytes 0-0",
            "bytes 0-0/",
            "bytes /1",
            "bytes 0/1",
            "bytes -1/1",
            "bytes 0-/1",
            "bytes 1-0/5",
            "bytes 0-5/5",
            "bytes */*",
            "bytes 0 -0/1",
            "bytes  0-0/1",
            "bytes 0-0/1 ",
            "bytes=0-0/1",
            "bytes +0-0/1",
            "bytes 0-0/+1",
            "bytes 0_0-1/2",
            "lines 0-0/1",
            "bytes 0-0/1/1",
            "bytes 0-0-0/1",
            "bytes 0-18446744073709551615/*",
            "bytes 0-1/18446744073709551616",
            "bytes 0-1,2-3/5",
        ] {
            assert_eq!(bad.parse::<ContentRange>().unwrap_err().kind(), ErrorKind::BadRange, "{bad}");
        }
    }
}
