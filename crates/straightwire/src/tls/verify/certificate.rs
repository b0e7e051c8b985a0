//! A certificate taken apart (RFC 5280 section 4.1), nothing of it judged yet.

use super::der::{self, Broken, Reader, constructed};

/// Extensions, by the contents of their object identifiers.
pub(super) mod extension {
    pub(in super::super) const SUBJECT_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 14];
    pub(in super::super) const KEY_USAGE: &[u8] = &[0x55, 0x1d, 15];
    pub(in super::super) const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 17];
    pub(in super::super) const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 19];
    pub(in super::super) const CRL_NUMBER: &[u8] = &[0x55, 0x1d, 20];
    pub(in super::super) const NAME_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 30];
    pub(in super::super) const CERTIFICATE_POLICIES: &[u8] = &[0x55, 0x1d, 32];
    pub(in super::super) const AUTHORITY_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 35];
    pub(in super::super) const POLICY_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 36];
    pub(in super::super) const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 37];
    pub(in super::super) const INHIBIT_ANY_POLICY: &[u8] = &[0x55, 0x1d, 54];
    pub(in super::super) const AUTHORITY_INFORMATION_ACCESS: &[u8] =
        &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01];
}

/// Borrowed parts of a DER certificate. Names and the like are the contents of their SEQUENCEs.
#[derive(Debug)]
pub(super) struct Certificate<'a> {
    /// 0 stands for version 1, and so on.
    pub(super) version: u8,
    pub(super) serial: &'a [u8],
    pub(super) issuer: &'a [u8],
    /// Seconds since 1970, both inclusive.
    pub(super) not_before: i64,
    pub(super) not_after: i64,
    pub(super) subject: &'a [u8],
    pub(super) public_key: &'a [u8],
    pub(super) extensions: Vec<Extension<'a>>,
    /// The algorithm as named within what is signed, and as named beside it.
    pub(super) algorithms: [&'a [u8]; 2],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extension<'a> {
    pub(super) oid: &'a [u8],
    pub(super) critical: bool,
    pub(super) value: &'a [u8],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyUsage {
    CertSign = 5,
    CrlSign = 6,
}

impl<'a> Certificate<'a> {
    pub(super) fn parse(der: &'a [u8]) -> Result<Self, Broken> {
        let mut outer = Reader::sequence(der)?;
        let mut signed = Reader::new(outer.expect(der::SEQUENCE)?);
        let algorithm_beside = outer.expect(der::SEQUENCE)?;
        outer.expect(der::BIT_STRING)?;
        outer.end()?;

        let version = match signed.optional(constructed(0))? {
            None => 0,
            Some(version) => match Reader::only(version, der::INTEGER)? {
                &[version @ 1..=2] => version,
                _ => return Err(Broken),
            },
        };
        let serial = signed.expect(der::INTEGER)?;
        let algorithm = signed.expect(der::SEQUENCE)?;
        let issuer = signed.expect(der::SEQUENCE)?;
        let mut validity = Reader::new(signed.expect(der::SEQUENCE)?);
        let (not_before, not_after) = (time(&mut validity)?, time(&mut validity)?);
        validity.end()?;
        let subject = signed.expect(der::SEQUENCE)?;
        let public_key = signed.expect(der::SEQUENCE)?;
        // Unique identifiers, which nobody uses.
        signed.optional(der::context(1))?;
        signed.optional(der::context(2))?;
        let extensions = match signed.optional(constructed(3))? {
            Some(list) => extensions(Reader::sequence(list)?)?,
            None => Vec::new(),
        };
        signed.end()?;
        Ok(Self {
            version,
            serial,
            issuer,
            not_before,
            not_after,
            subject,
            public_key,
            extensions,
            algorithms: [algorithm, algorithm_beside],
        })
    }

    pub(super) fn extension(&self, oid: &[u8]) -> Option<&Extension<'a>> {
        self.extensions.iter().find(|extension| extension.oid == oid)
    }

    /// Whether subject and issuer are the same (RFC 5280 section 3.2).
    pub(super) fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }

    /// What the basic constraints (RFC 5280 section 4.2.1.9) say, if there are any: whether this is a CA's.
    pub(super) fn is_ca(&self) -> Result<Option<bool>, Broken> {
        let Some(extension) = self.extension(extension::BASIC_CONSTRAINTS) else { return Ok(None) };
        let mut constraints = Reader::sequence(extension.value)?;
        let ca = constraints.flag()?;
        constraints.optional(der::INTEGER)?;
        constraints.end()?;
        Ok(Some(ca))
    }

    /// Whether the key usage (RFC 5280 section 4.2.1.3), if there is any, has this bit.
    pub(super) fn key_usage(&self, usage: KeyUsage) -> Result<Option<bool>, Broken> {
        let Some(extension) = self.extension(extension::KEY_USAGE) else { return Ok(None) };
        let bits = der::bits(Reader::only(extension.value, der::BIT_STRING)?)?;
        let first = bits.first().copied().unwrap_or_default();
        Ok(Some(first & (0x80 >> usage as u8) != 0))
    }
}

/// Each of a list of extensions, where one is named twice that's a fault (RFC 5280 section 4.2).
pub(super) fn extensions(mut list: Reader<'_>) -> Result<Vec<Extension<'_>>, Broken> {
    let mut extensions: Vec<Extension<'_>> = Vec::new();
    while !list.is_empty() {
        let mut fields = Reader::new(list.expect(der::SEQUENCE)?);
        let oid = fields.expect(der::OID)?;
        let critical = fields.flag()?;
        let value = fields.expect(der::OCTET_STRING)?;
        fields.end()?;
        if extensions.iter().any(|extension| extension.oid == oid) {
            return Err(Broken);
        }
        extensions.push(Extension { oid, critical, value });
    }
    Ok(extensions)
}

/// Seconds since 1970 of a UTCTime or GeneralizedTime in the one form RFC 5280 section 4.1.2.5 allows.
pub(super) fn time(reader: &mut Reader<'_>) -> Result<i64, Broken> {
    let (tag, text) = reader.next()?;
    let two = |at: usize| match text.get(at..at + 2) {
        Some(&[tens @ b'0'..=b'9', ones @ b'0'..=b'9']) => {
            Ok(i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
        }
        _ => Err(Broken),
    };
    let (year, at) = match tag {
        // Two digits stand for 1950 to 2049.
        der::UTC_TIME => (two(0).map(|year| if year < 50 { 2000 + year } else { 1900 + year })?, 2),
        der::GENERALIZED_TIME => (two(0)? * 100 + two(2)?, 4),
        _ => return Err(Broken),
    };
    if text.get(at + 10..) != Some(b"Z") {
        return Err(Broken);
    }
    let (month, day) = (two(at)?, two(at + 2)?);
    let (hour, minute, second) = (two(at + 4)?, two(at + 6)?, two(at + 8)?);
    if hour > 23
        || minute > 59
        || second > 59
        || !(1..=12).contains(&month)
        || day < 1
        || day > days_in(year, month)
    {
        return Err(Broken);
    }
    Ok(days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a day of the Gregorian calendar, counted in years that begin in March.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let before_year = year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // 719 468 days lie between the first of March of the year 0 and 1970.
    before_year + (month * 153 + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_both_forms() {
        let read = |tag: u8, text: &str| {
            let mut value = vec![tag, u8::try_from(text.len()).unwrap()];
            value.extend(text.bytes());
            time(&mut Reader::new(&value))
        };
        assert_eq!(read(der::UTC_TIME, "700101000000Z"), Ok(0));
        assert_eq!(read(der::UTC_TIME, "240229235959Z"), Ok(1_709_251_199));
        assert_eq!(read(der::UTC_TIME, "491231235959Z"), Ok(2_524_607_999));
        assert_eq!(read(der::UTC_TIME, "500101000000Z"), Ok(-631_152_000));
        assert_eq!(read(der::GENERALIZED_TIME, "20500101000000Z"), Ok(2_524_608_000));
        assert_eq!(read(der::GENERALIZED_TIME, "99991231235959Z"), Ok(253_402_300_799));
        for (tag, text) in [
            (der::UTC_TIME, "230229000000Z"),
            (der::UTC_TIME, "231301000000Z"),
            (der::UTC_TIME, "2301010000Z"),
            (der::UTC_TIME, "230101000000+0000"),
            (der::UTC_TIME, "23010100000 Z"),
            (der::GENERALIZED_TIME, "20230101000000.5Z"),
            (der::GENERALIZED_TIME, "19000229000000Z"),
            (der::INTEGER, "230101000000Z"),
            (der::UTC_TIME, ""),
        ] {
            assert_eq!(read(tag, text), Err(Broken), "{text}");
        }
    }
}
