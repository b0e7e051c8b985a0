//! One byte range of a request, RFC 9110 section 14.2.

use crate::fields::Fields;
use crate::grammar::decimal;

/// What part of a representation is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it: no range, one that is malformed or of another unit, or several, which nobody has to serve.
    Whole,
    /// From byte `first` to byte `last`, both included.
    Part { first: u64, last: u64 },
    /// A range that no byte lies in.
    Nothing,
}

/// Reads the Range field of a GET for `total` bytes.
pub(super) fn wanted(fields: &Fields, total: u64) -> Wanted {
    let parts = fields.only("Range").and_then(|value| {
        let equals = value.iter().position(|&byte| byte == b'=')?;
        let (unit, range) = (&value[..equals], &value[equals + 1..]);
        let dash = range.iter().position(|&byte| byte == b'-')?;
        unit.eq_ignore_ascii_case(b"bytes").then(|| (&range[..dash], &range[dash + 1..]))
    });
    let Some((first, last)) = parts else { return Wanted::Whole };
    match (number(first), number(last)) {
        (None, Some(suffix)) if first.is_empty() => match suffix.min(total) {
            0 => Wanted::Nothing,
            suffix => Wanted::Part { first: total - suffix, last: total - 1 },
        },
        (Some(first), None) if last.is_empty() => from_to(first, u64::MAX, total),
        (Some(first), Some(last)) if first <= last => from_to(first, last, total),
        _ => Wanted::Whole,
    }
}

fn from_to(first: u64, last: u64, total: u64) -> Wanted {
    if first >= total { Wanted::Nothing } else { Wanted::Part { first, last: last.min(total - 1) } }
}

/// A position beyond 64 bits is beyond every end, and as good as the largest one.
fn number(digits: &[u8]) -> Option<u64> {
    let are_digits = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    are_digits.then(|| decimal(digits).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_rfc_has_them() {
        let part = |first, last| Wanted::Part { first, last };
        for (value, total, expected) in [
            ("bytes=0-0", 10, part(0, 0)),
            ("bytes=2-4", 10, part(2, 4)),
            ("BYTES=2-4", 10, part(2, 4)),
            ("bytes=2-", 10, part(2, 9)),
            ("bytes=-3", 10, part(7, 9)),
            ("bytes=-30", 10, part(0, 9)),
            ("bytes=9-99", 10, part(9, 9)),
            ("bytes=0-99999999999999999999", 10, part(0, 9)),
            ("bytes=1-", u64::MAX, part(1, u64::MAX - 1)),
            ("bytes=10-", 10, Wanted::Nothing),
            ("bytes=99999999999999999999-", u64::MAX, Wanted::Nothing),
            ("bytes=-0", 10, Wanted::Nothing),
            ("bytes=0-", 0, Wanted::Nothing),
            ("bytes=-5", 0, Wanted::Nothing),
            ("bytes=4-2", 10, Wanted::Whole),
            ("bytes=0-1,3-4", 10, Wanted::Whole),
            ("bytes=-", 10, Wanted::Whole),
            ("bytes=a-b", 10, Wanted::Whole),
            ("bytes=+1-2", 10, Wanted::Whole),
            ("bytes 0-1", 10, Wanted::Whole),
            ("lines=0-1", 10, Wanted::Whole),
        ] {
            let mut fields = Fields::default();
            fields.push(format!("Range: {value}").as_bytes()).unwrap();
            assert_eq!(wanted(&fields, total), expected, "{value} of {total}");
        }
        assert_eq!(wanted(&Fields::default(), 10), Wanted::Whole);
    }
}
