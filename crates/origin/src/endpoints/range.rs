//! The byte ranges of a request, RFC 9110 section 14.2.

use crate::fields::Fields;
use crate::grammar::{decimal, trim};

/// A request for more parts than this gets everything: section 17.15 warns of them.
const MOST_PARTS: usize = 100;

/// What part of a representation is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it: no range, one that is malformed or of another unit, or too many.
    Whole,
    /// From byte `first` to byte `last`, both included.
    Part { first: u64, last: u64 },
    /// Several of these, first and last byte, in the order asked for.
    Parts(Vec<(u64, u64)>),
    /// Ranges that no byte lies in.
    Nothing,
}

/// Reads the Range field of a GET for `total` bytes.
pub(super) fn wanted(fields: &Fields, total: u64) -> Wanted {
    let set = fields.only("Range").and_then(|value| {
        let equals = value.iter().position(|&byte| byte == b'=')?;
        value[..equals].eq_ignore_ascii_case(b"bytes").then(|| &value[equals + 1..])
    });
    let Some(set) = set else { return Wanted::Whole };
    let mut parts = Vec::new();
    for (count, range) in set.split(|&byte| byte == b',').map(trim).enumerate() {
        match one(range, total) {
            _ if count == MOST_PARTS => return Wanted::Whole,
            None => return Wanted::Whole,
            Some(Wanted::Part { first, last }) => parts.push((first, last)),
            Some(_) => {}
        }
    }
    match parts[..] {
        [] => Wanted::Nothing,
        [(first, last)] => Wanted::Part { first, last },
        _ => Wanted::Parts(parts),
    }
}

/// One range of the set; `None` if it is malformed.
fn one(range: &[u8], total: u64) -> Option<Wanted> {
    let dash = range.iter().position(|&byte| byte == b'-')?;
    let (first, last) = (&range[..dash], &range[dash + 1..]);
    match (number(first), number(last)) {
        (None, Some(suffix)) if first.is_empty() => Some(match suffix.min(total) {
            0 => Wanted::Nothing,
            suffix => Wanted::Part { first: total - suffix, last: total - 1 },
        }),
        (Some(first), None) if last.is_empty() => Some(from_to(first, u64::MAX, total)),
        (Some(first), Some(last)) if first <= last => Some(from_to(first, last, total)),
        _ => None,
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
            ("bytes=0-1,3-4", 10, Wanted::Parts(vec![(0, 1), (3, 4)])),
            ("bytes=-2 , 0-1,\t0-", 10, Wanted::Parts(vec![(8, 9), (0, 1), (0, 9)])),
            ("bytes=0-1,20-30", 10, part(0, 1)),
            ("bytes=10-,20-30", 10, Wanted::Nothing),
            ("bytes=0-1,", 10, Wanted::Whole),
            ("bytes=0-1,b", 10, Wanted::Whole),
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
        let many = |count: usize| {
            let mut fields = Fields::default();
            fields.push(format!("Range: bytes={}", vec!["0-0"; count].join(",")).as_bytes()).unwrap();
            wanted(&fields, 10)
        };
        assert_eq!(many(100), Wanted::Parts(vec![(0, 0); 100]));
        assert_eq!(many(101), Wanted::Whole);
    }
}
