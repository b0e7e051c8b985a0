//! The line that begins a chunk.

use crate::scan::LINE;

/// What stands at the beginning of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SizeLine {
    /// A chunk of `size` bytes begins after `len` bytes.
    Whole { size: u64, len: usize },
    /// The line end has not come yet.
    More,
    /// Anything that is not plain hexadecimal digits: for Python's `int` to judge.
    Odd,
}

/// The most digits that are read here: sixty bits, so that no sum overflows.
const DIGITS: usize = 15;

/// Reads `1*HEXDIG [BWS] [";" ...] [CR] LF`.
pub(crate) fn size_line(input: &[u8]) -> SizeLine {
    let mut size = 0;
    let mut at = 0;
    while let Some(digit) = input.get(at).and_then(|&byte| char::from(byte).to_digit(16)) {
        if at == DIGITS {
            return SizeLine::Odd;
        }
        size = size << 4 | u64::from(digit);
        at += 1;
    }
    match &input[at..] {
        [] | [b'\r'] => return SizeLine::More,
        _ if at == 0 => return SizeLine::Odd,
        [b'\r', b'\n', ..] => return SizeLine::Whole { size, len: at + 2 },
        [b'\n', ..] => return SizeLine::Whole { size, len: at + 1 },
        _ => {}
    }
    let rest = &input[at..];
    let blanks = rest.iter().take_while(|&&byte| byte == b' ' || byte == b'\t').count();
    match rest.get(blanks) {
        Some(b';' | b'\r' | b'\n') | None => {}
        Some(_) => return SizeLine::Odd,
    }
    match input.iter().take(LINE).position(|&byte| byte == b'\n') {
        // A bare CR ends nothing; before a `;` it spoils the number.
        Some(lf) if rest.get(blanks) == Some(&b'\r') && lf != at + blanks + 1 => SizeLine::Odd,
        Some(lf) => SizeLine::Whole { size, len: lf + 1 },
        None if input.len() >= LINE => SizeLine::Odd,
        None => SizeLine::More,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_lines_are_read_and_others_are_not() {
        for (line, size) in
            [("0\r\n", 0), ("5\n", 5), ("fF;a=b\r\n", 255), ("0000a \t\r\n", 10), ("1 ; x\r y\n", 1)]
        {
            let whole = SizeLine::Whole { size, len: line.len() };
            assert_eq!(size_line(line.as_bytes()), whole, "{line:?}");
            assert_eq!(size_line(format!("{line}more").as_bytes()), whole, "{line:?}");
            for cut in 0..line.len() {
                assert_eq!(size_line(&line.as_bytes()[..cut]), SizeLine::More, "{line:?} cut at {cut}");
            }
        }
        for odd in
            ["\r\nx", "\n", "-1\r\n", "+1\r\n", "0x1\r\n", "1_0\r\n", " 1\r\n", "1 1\r\n", ";\r\n", "1\rx\n"]
        {
            assert_eq!(size_line(odd.as_bytes()), SizeLine::Odd, "{odd:?}");
        }
        assert_eq!(size_line(&[b'0'; 16]), SizeLine::Odd);
        let long = [b"1;", [b'a'; LINE].as_slice()].concat();
        assert_eq!(size_line(&long), SizeLine::Odd);
    }
}
