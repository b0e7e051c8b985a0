//! Queries and forms: pairs of names and values, percent-decoded.

use crate::grammar::decimal;

/// The pairs of a query or a form body (the URL standard's application/x-www-form-urlencoded), decoded.
pub(crate) fn pairs(text: &[u8]) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
    text.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let equals = pair.iter().position(|&byte| byte == b'=');
        let (name, value) = match equals {
            Some(at) => (&pair[..at], &pair[at + 1..]),
            None => (pair, &b""[..]),
        };
        (decode(name, true), decode(value, true))
    })
}

/// The first value with this name.
pub(crate) fn value(query: &str, name: &str) -> Option<Vec<u8>> {
    pairs(query.as_bytes()).find(|(found, _)| found == name.as_bytes()).map(|(_, value)| value)
}

/// The first value with this name as a number, `default` when there is none; `None` when it is no number.
pub(crate) fn number(query: &str, name: &str, default: u64) -> Option<u64> {
    value(query, name).map_or(Some(default), |digits| decimal(&digits))
}

/// Replaces each `%XX` by its byte, and `+` by a space where that is the rule. A percent sign without two hex
/// digits stands for itself.
pub(crate) fn decode(text: &[u8], plus_is_space: bool) -> Vec<u8> {
    let digit =
        |at: usize| text.get(at).and_then(|&byte| char::from(byte).to_digit(16)).map(|digit| digit as u8);
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        out.push(match (byte, digit(at), digit(at + 1)) {
            (b'%', Some(high), Some(low)) => {
                at += 2;
                high * 16 + low
            }
            (b'+', ..) if plus_is_space => b' ',
            _ => byte,
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoding_keeps_what_is_not_an_escape() {
        assert_eq!(decode(b"a+b%20c%2B%e2%82%ac", true), "a b c+€".as_bytes());
        assert_eq!(decode(b"a+b", false), b"a+b");
        assert_eq!(decode(b"100%&%4&%zz%41%", true), b"100%&%4&%zzA%");
    }

    #[test]
    fn pairs_come_in_order_with_duplicates_and_empty_parts() {
        let found: Vec<_> = pairs(b"a=1&&a=2=3&b&=x").collect();
        let expected = [("a", "1"), ("a", "2=3"), ("b", ""), ("", "x")];
        assert_eq!(
            found,
            expected.map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
        );
    }

    #[test]
    fn numbers_have_a_default_and_no_excuse() {
        assert_eq!(number("n=7&n=8", "n", 1), Some(7));
        assert_eq!(number("", "n", 1), Some(1));
        assert_eq!(number("n=", "n", 1), None);
        assert_eq!(number("n=-1", "n", 1), None);
    }
}
