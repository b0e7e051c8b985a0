//! Looking for a byte of some class, many bytes a step.
//!
//! This is where a head's bytes are looked at, so it is what a head costs. A step works on the eight bytes
//! of one integer at once: in a word of marks, the highest bit of each byte says whether that byte is of
//! the class.

use super::grammar::{is_control, is_tchar};

const ONES: u64 = u64::MAX / 255;
const HIGHS: u64 = ONES * 0x80;

/// Where the first control byte other than HTAB stands at or after `from`; the length if there is none.
/// Line ends and forbidden bytes are found in the same pass (RFC 9110 5.5).
///
/// ```
/// use straightwire::proto::scan::find_control;
///
/// assert_eq!(find_control(b"text/plain\t\r\n", 0), 11);
/// ```
pub fn find_control(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(block) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        let word = u64::from_le_bytes(*block);
        // A quick look first: nothing below 0x20, nothing above 0x7e.
        if (word.wrapping_sub(ONES * 0x20) | word.wrapping_add(ONES) | word) & HIGHS == 0 {
            at += 8;
            continue;
        }
        // A borrow may mark bytes above one that is rightly marked; only the lowest mark is looked at.
        let below_space = word.wrapping_sub(ONES * 0x20) & !word;
        let del = word ^ (ONES * 0x7f);
        let is_del = del.wrapping_sub(ONES) & !del;
        let marks = (below_space | is_del) & HIGHS;
        if marks == 0 {
            at += 8;
            continue;
        }
        at += first(marks);
        if bytes[at] != b'\t' {
            return at;
        }
        at += 1;
    }
    while at < bytes.len() && !is_control(bytes[at]) {
        at += 1;
    }
    at
}

/// How many bytes at the start are `tchar` (RFC 9110 5.6.2).
///
/// ```
/// use straightwire::proto::scan::token_len;
///
/// assert_eq!(token_len(b"Content-Type: text/plain"), 12);
/// ```
pub fn token_len(bytes: &[u8]) -> usize {
    // Names are short: a table costs no more here than eight bytes a step.
    bytes.iter().position(|&byte| !is_tchar(byte)).unwrap_or(bytes.len())
}

/// Where the lowest mark stands.
fn first(marks: u64) -> usize {
    marks.trailing_zeros() as usize / 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn find_control_agrees_with_looking_at_each_byte() {
        for position in 0..20 {
            for byte in 0..=255u8 {
                for filler in [b'a', b'\t', b' ', 0xff, 0x80, 0x1f + 1] {
                    let mut text = [filler; 20];
                    text[position] = byte;
                    for from in 0..=20 {
                        let plain = (from..20).find(|&at| is_control(text[at])).unwrap_or(20);
                        assert_eq!(find_control(&text, from), plain, "{text:?} from {from}");
                    }
                }
            }
        }
    }

    #[test]
    fn token_len_agrees_with_looking_at_each_byte() {
        for position in 0..36 {
            for byte in 0..=255u8 {
                for filler in [b'a', b'Z', b'-', b'_', b'0', b'@', b'['] {
                    let mut text = [filler; 36];
                    text[position] = byte;
                    let plain = text.iter().take_while(|&&byte| is_tchar(byte)).count();
                    assert_eq!(token_len(&text), plain, "{text:?}");
                }
            }
        }
    }
}
