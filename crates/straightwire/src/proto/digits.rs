//! The numbers of the wire, by hand: no signs, no blanks, no underscores, no wrap-around.
//!
//! Library parsers take more than the grammar does (`str::parse` takes `+5`, `from_str_radix` too), and
//! each such kindness has been a way to smuggle a request somewhere.

/// `1*DIGIT` as a number; `None` if it is anything else. A number too large for 64 bits is read as
/// `u64::MAX`: more than can ever arrive, so that a body of that length ends as incomplete
/// (RFC 9110 8.6 wants large numerals foreseen).
pub(crate) fn decimal(digits: &[u8]) -> Option<u64> {
    /// So many digits can't overflow.
    const SAFE_LEN: usize = 19;
    if digits.is_empty() || digits.len() > SAFE_LEN {
        return long_decimal(digits);
    }
    digits.iter().try_fold(0, |value, &byte| Some(value * 10 + u64::from(digit(byte)?)))
}

#[cold]
fn long_decimal(digits: &[u8]) -> Option<u64> {
    let first = u64::from(digit(*digits.first()?)?);
    digits[1..].iter().try_fold(first, |value, &byte| {
        Some(value.saturating_mul(10).saturating_add(u64::from(digit(byte)?)))
    })
}

fn digit(byte: u8) -> Option<u8> {
    let digit = byte.wrapping_sub(b'0');
    (digit <= 9).then_some(digit)
}

/// `3DIGIT` (RFC 9112 4).
pub(crate) fn status_code(digits: [u8; 3]) -> Option<u16> {
    digits.into_iter().try_fold(0, |code, byte| Some(code * 10 + u16::from(digit(byte)?)))
}

/// The value of a `HEXDIG` (RFC 5234 B.1; either case).
pub(crate) fn hex(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// Appends `value` in decimal.
pub(crate) fn push_decimal(out: &mut Vec<u8>, value: u64) {
    push(out, value, 10);
}

/// Appends `value` in upper-case hexadecimal, as `http.client` writes chunk sizes.
pub(crate) fn push_hex(out: &mut Vec<u8>, value: u64) {
    push(out, value, 16);
}

fn push(out: &mut Vec<u8>, mut value: u64, base: u64) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let start = out.len();
    loop {
        out.push(DIGITS[(value % base) as usize]);
        value /= base;
        if value == 0 {
            break;
        }
    }
    out[start..].reverse();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_takes_digits_only() {
        assert_eq!(decimal(b"0"), Some(0));
        assert_eq!(decimal(b"0042"), Some(42));
        assert_eq!(decimal(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(decimal(b"18446744073709551616"), Some(u64::MAX));
        assert_eq!(decimal(&[b'9'; 60_000]), Some(u64::MAX));
        for bad in ["", "+5", "-5", " 5", "5 ", "5_0", "0x5", "5.0", "٥"] {
            assert_eq!(decimal(bad.as_bytes()), None, "{bad:?}");
        }
    }

    #[test]
    fn status_code_takes_three_digits() {
        assert_eq!(status_code(*b"200"), Some(200));
        assert_eq!(status_code(*b"007"), Some(7));
        for bad in [b"2_0", b"+20", b"20 ", b"-12"] {
            assert_eq!(status_code(*bad), None);
        }
    }

    #[test]
    fn hex_matches_the_standard_library_on_single_digits() {
        for byte in 0..=255u8 {
            let standard = char::from(byte).to_digit(16).map(|digit| digit as u8);
            assert_eq!(hex(byte), standard);
        }
    }

    #[test]
    fn pushed_numbers_match_format() {
        for value in [0, 1, 9, 10, 15, 16, 255, 65_536, 1 << 40, u64::MAX] {
            let mut out = Vec::new();
            push_decimal(&mut out, value);
            assert_eq!(out, value.to_string().into_bytes());
            out.clear();
            push_hex(&mut out, value);
            assert_eq!(out, format!("{value:X}").into_bytes());
        }
    }
}
