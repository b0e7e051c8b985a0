//! DER, as far as certificates need it (ITU-T X.690): definite lengths in the fewest bytes, one-byte tags.

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OID: u8 = 0x06;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// The tag `[number]` around a primitive value.
pub(super) const fn context(number: u8) -> u8 {
    0x80 | number
}

/// The tag `[number]` around other values.
pub(super) const fn constructed(number: u8) -> u8 {
    0xa0 | number
}

/// What was read is not DER, or not what stands here in a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Broken;

/// Reads one value after the other. Never panics, whatever the input.
#[derive(Debug, Clone)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The contents of the one value with this tag that `bytes` consist of.
    pub(super) fn only(bytes: &'a [u8], tag: u8) -> Result<&'a [u8], Broken> {
        let mut reader = Self::new(bytes);
        let content = reader.expect(tag)?;
        reader.end()?;
        Ok(content)
    }

    /// The values within the one SEQUENCE that `bytes` consist of.
    pub(super) fn sequence(bytes: &'a [u8]) -> Result<Self, Broken> {
        Self::only(bytes, SEQUENCE).map(Self::new)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Nothing may follow.
    pub(super) fn end(&self) -> Result<(), Broken> {
        if self.is_empty() { Ok(()) } else { Err(Broken) }
    }

    /// The next value: its tag and contents.
    pub(super) fn next(&mut self) -> Result<(u8, &'a [u8]), Broken> {
        let (&tag, rest) = self.rest.split_first().ok_or(Broken)?;
        if tag & 0x1f == 0x1f {
            return Err(Broken);
        }
        let (&first, mut rest) = rest.split_first().ok_or(Broken)?;
        let length = if first < 0x80 {
            usize::from(first)
        } else {
            // Four bytes of length are beyond every certificate.
            let count = usize::from(first & 0x7f);
            if !(1..=4).contains(&count) || rest.len() < count {
                return Err(Broken);
            }
            let (bytes, after) = rest.split_at(count);
            rest = after;
            let length = bytes.iter().fold(0_u64, |length, &byte| length << 8 | u64::from(byte));
            if bytes[0] == 0 || length < 0x80 {
                return Err(Broken);
            }
            usize::try_from(length).map_err(|_| Broken)?
        };
        let content = rest.get(..length).ok_or(Broken)?;
        self.rest = &rest[length..];
        Ok((tag, content))
    }

    /// The contents of the next value, which must have this tag.
    pub(super) fn expect(&mut self, tag: u8) -> Result<&'a [u8], Broken> {
        match self.next()? {
            (found, content) if found == tag => Ok(content),
            _ => Err(Broken),
        }
    }

    /// The contents of the next value if it has this tag.
    pub(super) fn optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>, Broken> {
        if self.rest.first() == Some(&tag) { self.expect(tag).map(Some) } else { Ok(None) }
    }

    /// A BOOLEAN that defaults to false, and so stands there only when true.
    pub(super) fn flag(&mut self) -> Result<bool, Broken> {
        match self.optional(BOOLEAN)? {
            None => Ok(false),
            Some([0xff]) => Ok(true),
            Some(_) => Err(Broken),
        }
    }
}

/// The bits of a BIT STRING, the first bit in the highest place of the first byte.
pub(super) fn bits(content: &[u8]) -> Result<&[u8], Broken> {
    match content.split_first() {
        Some((&unused, bytes)) if unused < 8 && (unused == 0 || !bytes.is_empty()) => Ok(bytes),
        _ => Err(Broken),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_in_turn() {
        let mut reader = Reader::new(&[0x02, 1, 5, 0x30, 2, 0x05, 0, 0x01, 1, 0xff]);
        assert_eq!(reader.optional(SEQUENCE), Ok(None));
        assert_eq!(reader.expect(INTEGER), Ok(&[5][..]));
        assert_eq!(reader.expect(SEQUENCE), Ok(&[5, 0][..]));
        assert_eq!(reader.end(), Err(Broken));
        assert_eq!(reader.flag(), Ok(true));
        assert_eq!(reader.flag(), Ok(false));
        assert_eq!(reader.end(), Ok(()));
        assert_eq!(reader.next(), Err(Broken));
    }

    #[test]
    fn lengths_must_be_definite_short_and_within() {
        let mut long = vec![0x04, 0x81, 0x80];
        long.extend([7; 0x80]);
        assert_eq!(Reader::new(&long).next(), Ok((OCTET_STRING, &[7; 0x80][..])));
        for broken in [
            &[0x04][..],
            &[0x04, 2, 1],
            &[0x04, 0x80, 0, 0],
            &[0x04, 0x81, 1, 0],
            &[0x04, 0x82, 0, 1, 0],
            &[0x04, 0x82, 1],
            &[0x04, 0x84, 0xff, 0xff, 0xff, 0xff],
            &[0x04, 0x85, 1, 0, 0, 0, 0],
            &[0x1f, 1, 0],
        ] {
            assert_eq!(Reader::new(broken).next(), Err(Broken), "{broken:x?}");
        }
        assert_eq!(Reader::new(&[0x01, 1, 1]).flag(), Err(Broken));
        assert_eq!(bits(&[8, 0]), Err(Broken));
        assert_eq!(bits(&[1]), Err(Broken));
        assert_eq!(bits(&[1, 6]), Ok(&[6][..]));
    }
}
