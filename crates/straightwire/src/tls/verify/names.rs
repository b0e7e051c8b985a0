//! The names in certificates: those of servers, those of authorities, and the constraints on them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rustls_pki_types::ServerName;
use webpki::EndEntityCert;

use super::certificate::{Certificate, extension};
use super::der::{self, Broken, Reader, constructed, context};
use super::{Problem, Reason, words};

/// The contents of the object identifiers of parts of a directory name, as people prefer them.
const COMMON_NAME: &[u8] = &[0x55, 0x04, 3];
const ORGANIZATION: &[u8] = &[0x55, 0x04, 10];
const ORGANIZATIONAL_UNIT: &[u8] = &[0x55, 0x04, 11];

/// RFC 5280 section 4.2.1.6, and as the base of a constraint section 4.2.1.10.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GeneralName<'a> {
    Email(&'a [u8]),
    Dns(&'a [u8]),
    /// 4 or 16 bytes; with a mask, as a constraint, twice as many.
    Ip(&'a [u8]),
    Other,
}

impl<'a> GeneralName<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Broken> {
        let (tag, content) = reader.next()?;
        Ok(match tag {
            _ if tag == context(1) => Self::Email(content),
            _ if tag == context(2) => Self::Dns(content),
            _ if tag == context(7) => Self::Ip(content),
            _ if tag == context(6) || tag == context(8) => Self::Other,
            _ if [0, 3, 4, 5].map(constructed).contains(&tag) => Self::Other,
            _ => return Err(Broken),
        })
    }
}

/// The names the certificate is for, none if it has no extension for them.
pub(super) fn alternatives<'a>(certificate: &Certificate<'a>) -> Result<Vec<GeneralName<'a>>, Broken> {
    let Some(extension) = certificate.extension(extension::SUBJECT_ALT_NAME) else { return Ok(Vec::new()) };
    let mut list = Reader::sequence(extension.value)?;
    let mut names = Vec::new();
    while !list.is_empty() {
        names.push(GeneralName::read(&mut list)?);
    }
    Ok(names)
}

/// The names of servers among them, to be shown.
pub(super) fn presented(certificate: &Certificate<'_>) -> Vec<String> {
    let names = alternatives(certificate).unwrap_or_default();
    let shown = names.iter().filter_map(|name| match name {
        GeneralName::Dns(name) => {
            let name = clean(&String::from_utf8_lossy(name));
            // An address that was entered as a name is for no server at all.
            Some(if name.parse::<IpAddr>().is_ok() { format!("a host called \"{name}\"") } else { name })
        }
        GeneralName::Ip(bytes) => address(bytes).map(|address| address.to_string()),
        _ => None,
    });
    shown.collect()
}

/// Whether the certificate is for this name.
pub(super) fn check_name(
    certificate: &Certificate<'_>,
    checked: &EndEntityCert<'_>,
    name: &ServerName<'_>,
) -> Result<(), Problem> {
    checked.verify_is_valid_for_subject_name(name).map_err(|_| {
        let wanted = name.to_str();
        let names = presented(certificate);
        let text = if names.is_empty() {
            format!("the certificate names no server it is for, so it is not for {wanted}")
        } else {
            format!("the certificate is for {}, not for {wanted}", words::list(&names))
        };
        Problem::new(Reason::WrongName, text)
    })
}

/// A wildcard must not stand for whatever is registered below a public suffix (CA/Browser Forum, Baseline
/// Requirements, section 3.2.2.6).
///
/// Who runs a suffix that isn't a registry's (`github.io`) may have a wildcard for it if an audited CA has
/// made sure of that; anybody else's word for it doesn't do.
pub(super) fn check_wildcard(
    certificate: &Certificate<'_>,
    name: &ServerName<'_>,
    audited: bool,
) -> Result<(), Problem> {
    let ServerName::DnsName(wanted) = name else { return Ok(()) };
    let wanted = wanted.as_ref().trim_end_matches('.').to_ascii_lowercase();
    let Some((_, base)) = wanted.split_once('.') else { return Ok(()) };
    let suffix = psl::suffix(base.as_bytes());
    let public = suffix.is_some_and(|suffix| {
        suffix.as_bytes() == base.as_bytes() && !(audited && suffix.typ() == Some(psl::Type::Private))
    });
    if !public {
        return Ok(());
    }
    let names = alternatives(certificate).unwrap_or_default();
    if names
        .iter()
        .any(|name| matches!(name, GeneralName::Dns(name) if name.eq_ignore_ascii_case(wanted.as_bytes())))
    {
        return Ok(());
    }
    let text =
        format!("the certificate is for any name below {base}, which belongs to many, so not for {wanted}");
    Err(Problem::new(Reason::WrongName, text))
}

/// RFC 5280 section 4.2.1.10.
#[derive(Debug)]
pub(super) struct Constraints<'a> {
    pub(super) permitted: Vec<GeneralName<'a>>,
    pub(super) excluded: Vec<GeneralName<'a>>,
}

impl<'a> Constraints<'a> {
    pub(super) fn of(certificate: &Certificate<'a>) -> Result<Option<Self>, Broken> {
        let Some(extension) = certificate.extension(extension::NAME_CONSTRAINTS) else { return Ok(None) };
        let mut fields = Reader::sequence(extension.value)?;
        let permitted = Self::subtrees(fields.optional(constructed(0))?)?;
        let excluded = Self::subtrees(fields.optional(constructed(1))?)?;
        fields.end()?;
        Ok(Some(Self { permitted, excluded }))
    }

    fn subtrees(list: Option<&'a [u8]>) -> Result<Vec<GeneralName<'a>>, Broken> {
        let mut list = Reader::new(list.unwrap_or_default());
        let mut bases = Vec::new();
        while !list.is_empty() {
            let mut subtree = Reader::new(list.expect(der::SEQUENCE)?);
            bases.push(GeneralName::read(&mut subtree)?);
            // The minimum is always 0 and there is no maximum, so neither stands there.
            subtree.end()?;
        }
        Ok(bases)
    }

    /// Whether each base is well-formed.
    pub(super) fn are_sound(&self) -> bool {
        self.permitted.iter().chain(&self.excluded).all(|base| match base {
            GeneralName::Dns(b"") => true,
            GeneralName::Dns(name) => is_host_name(name),
            GeneralName::Ip(bytes) => {
                let (address, mask) = bytes.split_at(bytes.len() / 2);
                matches!(address.len(), 4 | 16) && address.len() == mask.len() && is_prefix(mask)
            }
            GeneralName::Email(mailbox) => mailbox.iter().filter(|&&byte| byte == b'@').count() <= 1,
            GeneralName::Other => true,
        })
    }
}

/// Whether all bits set come before all that aren't (RFC 4632).
fn is_prefix(mask: &[u8]) -> bool {
    let rest: Vec<u8> = mask.iter().copied().skip_while(|&byte| byte == 0xff).collect();
    match rest.split_first() {
        None => true,
        Some((first, rest)) => {
            first.leading_ones() + first.trailing_zeros() >= 8 && rest.iter().all(|&byte| byte == 0)
        }
    }
}

/// The preferred syntax of RFC 1034 section 3.5, as RFC 5280 section 4.2.1.6 requires it, and nothing that
/// could be taken for an IPv4 address.
pub(super) fn is_host_name(name: &[u8]) -> bool {
    let label = |label: &[u8]| {
        (1..=63).contains(&label.len())
            && label.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
            && label.first() != Some(&b'-')
            && label.last() != Some(&b'-')
    };
    let last = name.rsplit(|&byte| byte == b'.').next().unwrap_or_default();
    name.len() <= 253 && name.split(|&byte| byte == b'.').all(label) && !last.iter().all(u8::is_ascii_digit)
}

pub(super) fn address(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(bytes) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(bytes).into());
    }
    <[u8; 16]>::try_from(bytes).ok().map(|bytes| Ipv6Addr::from(bytes).into())
}

/// The common names in a directory name.
pub(super) fn common_names(directory_name: &[u8]) -> Result<Vec<String>, Broken> {
    let all = attributes(directory_name)?;
    Ok(all.into_iter().filter(|(oid, _)| *oid == COMMON_NAME).map(|(_, text)| text).collect())
}

/// What people call the owner of this directory name, fit to be shown.
pub(super) fn readable(directory_name: &[u8]) -> Option<String> {
    let all = attributes(directory_name).ok()?;
    let named = |wanted: &[u8]| all.iter().find(|(oid, _)| *oid == wanted);
    let (_, text) =
        [COMMON_NAME, ORGANIZATION, ORGANIZATIONAL_UNIT].into_iter().find_map(named).or(all.first())?;
    Some(clean(text))
}

/// Object identifiers and texts of a directory name's attributes (RFC 5280 section 4.1.2.4).
fn attributes(directory_name: &[u8]) -> Result<Vec<(&[u8], String)>, Broken> {
    /// BMPString, in UTF-16.
    const BMP_STRING: u8 = 0x1e;
    let mut attributes = Vec::new();
    let mut name = Reader::new(directory_name);
    while !name.is_empty() {
        let mut set = Reader::new(name.expect(der::SET)?);
        while !set.is_empty() {
            let mut attribute = Reader::new(set.expect(der::SEQUENCE)?);
            let oid = attribute.expect(der::OID)?;
            let (tag, value) = attribute.next()?;
            let text = if tag == BMP_STRING {
                let units: Vec<u16> =
                    value.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
                String::from_utf16_lossy(&units)
            } else {
                String::from_utf8_lossy(value).into_owned()
            };
            attributes.push((oid, text));
        }
    }
    Ok(attributes)
}

/// What a stranger wrote, fit to be shown: in one line, of bounded length.
fn clean(text: &str) -> String {
    /// Longer than any host name or honest company name that still helps.
    const SHOWN: usize = 100;
    let mut shown: String = text
        .chars()
        .take(SHOWN)
        .map(|c| if c.is_control() || c == '"' { char::REPLACEMENT_CHARACTER } else { c })
        .collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_are_letters_digits_and_inner_hyphens() {
        for name in ["a", "localhost", "a-b.example", "xn--n3h.com", "1.example", "4.4.4.4a"] {
            assert!(is_host_name(name.as_bytes()), "{name}");
        }
        let long = vec!["a".repeat(63); 4].join(".");
        for name in [
            "",
            ".",
            "a.",
            ".a",
            "a..b",
            "a_b.example",
            "*.a",
            "-a",
            "a-",
            "1.2.3.4",
            "8",
            "ü.de",
            long.as_str(),
        ] {
            assert!(!is_host_name(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn masks_are_prefixes() {
        for mask in [&[0xff, 0xff, 0xff, 0][..], &[0; 4], &[0xff; 4], &[0xff, 0xf0, 0, 0]] {
            assert!(is_prefix(mask), "{mask:x?}");
        }
        for mask in [&[0xff, 0, 0xff, 0][..], &[0, 0, 0, 1], &[0xf1, 0, 0, 0], &[0xff, 0x7f, 0, 0]] {
            assert!(!is_prefix(mask), "{mask:x?}");
        }
    }

    #[test]
    fn what_strangers_wrote_stays_on_one_short_line() {
        assert_eq!(clean("a\r\nb\u{1b}[1m\"c"), "a\u{fffd}\u{fffd}b\u{fffd}[1m\u{fffd}c");
        assert_eq!(clean(&"x".repeat(5000)).chars().count(), 101);
    }
}
