//! Byte classes of RFC 9110, as tables made from the grammar.

/// `tchar` (RFC 9110 5.6.2): what names, methods and tokens are made of.
pub(crate) const fn is_tchar(byte: u8) -> bool {
    TCHAR[byte as usize]
}

/// One or more `tchar`.
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|&byte| is_tchar(byte))
}

/// A byte that no field value and no reason phrase may hold: a control byte other than HTAB
/// (RFC 9110 5.5).
pub(crate) const fn is_control(byte: u8) -> bool {
    (byte < 0x20 && byte != b'\t') || byte == 0x7f
}

/// `OWS` is made of these (RFC 9110 5.6.3).
pub(crate) const fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// `bytes` without the blanks at its ends. (`trim` would take more than SP and HTAB.)
pub(crate) fn without_blanks(mut bytes: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = bytes
        && is_blank(*first)
    {
        bytes = rest;
    }
    while let [rest @ .., last] = bytes
        && is_blank(*last)
    {
        bytes = rest;
    }
    bytes
}

/// The elements of a comma-separated list without their blanks; empty ones are left out
/// (RFC 9110 5.6.1). A comma within a quoted string parts nothing.
pub(crate) fn list_elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    let mut escaped = false;
    value
        .split(move |&byte| {
            let literal = std::mem::take(&mut escaped);
            match byte {
                _ if literal => false,
                b'\\' => {
                    escaped = quoted;
                    false
                }
                b'"' => {
                    quoted = !quoted;
                    false
                }
                b',' => !quoted,
                _ => false,
            }
        })
        .map(without_blanks)
        .filter(|element| !element.is_empty())
}

const TCHAR: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = matches!(byte as u8,
            b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`'
            | b'|' | b'~' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z');
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_what_the_grammar_says() {
        assert!(is_token(b"Content-Length") && is_token(b"!#$%&'*+-.^_`|~9aZ"));
        for bad in [&b""[..], b"a b", b"a:", b"a\0", b"(a)", b"\xc3\xa9", b"a\x7f"] {
            assert!(!is_token(bad));
        }
    }

    #[test]
    fn list_elements_skip_empty_ones_and_keep_quoted_commas() {
        let all = |value: &'static [u8]| list_elements(value).collect::<Vec<_>>();
        assert_eq!(all(b" a,, b\t,\t"), [b"a", b"b"]);
        assert_eq!(all(b"a;q=\"x,\\\",y\" , b"), [&b"a;q=\"x,\\\",y\""[..], b"b"]);
        assert!(all(b" ,\t, ").is_empty());
    }
}
