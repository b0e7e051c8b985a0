//! The rules certificates have to keep that building a path leaves unchecked: those of RFC 5280, and of the
//! Baseline Requirements (BR) of the CA/Browser Forum where they bear on a client's safety.

use super::certificate::{Certificate, KeyUsage, extension};
use super::der::{self, Broken, Reader, constructed, context};
use super::names::{self, Constraints, GeneralName};
use super::{Problem, Reason, words};

/// Where in the path a certificate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Position {
    EndEntity,
    /// The server's own, and trusted for itself: it may be a CA's, as self-signed ones often are.
    Trusted,
    Intermediate,
    Root,
}

pub(super) fn check(certificate: &Certificate<'_>, position: Position) -> Result<(), Problem> {
    let faults = match position {
        Position::EndEntity | Position::Trusted => {
            common(certificate, position).and_then(|()| end_entity(certificate, position))
        }
        Position::Intermediate | Position::Root => {
            common(certificate, position).and_then(|()| authority(certificate, position))
        }
    };
    faults.map_err(|Fault(what)| {
        let which = match position {
            Position::EndEntity | Position::Trusted => "the certificate".to_owned(),
            Position::Intermediate => format!("the intermediate certificate {}", words::subject(certificate)),
            Position::Root => format!("the root certificate {}", words::subject(certificate)),
        };
        Problem::new(Reason::Profile, format!("{which} breaks the rules for certificates: {what}"))
    })
}

/// Which rule is broken, as the rest of a sentence.
struct Fault(&'static str);

impl From<Broken> for Fault {
    fn from(_: Broken) -> Self {
        Self("a part of it is malformed (RFC 5280 section 4)")
    }
}

fn rule(holds: bool, otherwise: &'static str) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err(Fault(otherwise)) }
}

/// What holds for all certificates.
fn common(certificate: &Certificate<'_>, position: Position) -> Result<(), Fault> {
    rule(certificate.version == 2, "it is not of version 3 (BR section 7.1.1)")?;
    rule(
        certificate.algorithms[0] == certificate.algorithms[1],
        "it names two signature algorithms (RFC 5280 section 4.1.1.2)",
    )?;
    rule(!certificate.issuer.is_empty(), "its issuer has no name (RFC 5280 section 4.1.2.4)")?;
    if position != Position::Root {
        // Roots in wide use have the serial number 0.
        rule(
            is_serial(certificate.serial),
            "its serial number is not positive, or too long (RFC 5280 section 4.1.2.2)",
        )?;
    }
    check_key(certificate.public_key)?;
    check_criticality(certificate)?;
    check_access(certificate)?;
    check_authority_key(certificate, position)
}

/// A positive INTEGER of at most 20 bytes, in as few bytes as there may be.
fn is_serial(serial: &[u8]) -> bool {
    match serial {
        [] | [0] => false,
        [0, second, ..] => serial.len() <= 20 && *second >= 0x80,
        [first, ..] => serial.len() <= 20 && *first < 0x80,
    }
}

/// Keys of a kind and size that is considered safe (BR section 6.1.5, 6.1.6 and 7.1.3.1; RFC 8410).
fn check_key(public_key: &[u8]) -> Result<(), Fault> {
    const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
    const ELLIPTIC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
    const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
    const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
    const P384: &[u8] = &[0x2b, 0x81, 0x04, 0, 0x22];
    const P521: &[u8] = &[0x2b, 0x81, 0x04, 0, 0x23];

    let mut fields = Reader::new(public_key);
    let mut algorithm = Reader::new(fields.expect(der::SEQUENCE)?);
    let key = der::bits(fields.expect(der::BIT_STRING)?)?;
    fields.end()?;
    match algorithm.expect(der::OID)? {
        RSA => {
            let mut key = Reader::sequence(key)?;
            let (modulus, exponent) = (key.expect(der::INTEGER)?, key.expect(der::INTEGER)?);
            key.end()?;
            let modulus = modulus.strip_prefix(&[0]).unwrap_or(modulus);
            let bits = modulus.len() * 8 - modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
            rule(bits >= 2048, "its RSA key is shorter than 2048 bits (BR section 6.1.5)")?;
            rule(bits % 8 == 0, "the size of its RSA key is not a multiple of 8 bits (BR section 6.1.5)")?;
            let odd = exponent.last().is_some_and(|byte| byte % 2 == 1);
            rule(odd && exponent != [1], "the exponent of its RSA key is even or 1 (BR section 6.1.6)")
        }
        ELLIPTIC => {
            const NAMED: &str =
                "the curve of its key is not P-256, P-384 or P-521, by name (BR section 7.1.3.1.2)";
            let named = matches!(algorithm.next()?, (der::OID, P256 | P384 | P521));
            rule(named && algorithm.is_empty(), NAMED)
        }
        ED25519 => Ok(()),
        _ => Err(Fault("its key is of a kind not in use with TLS (BR section 7.1.3.1)")),
    }
}

/// Extensions that must not be critical, and critical ones nobody knows (RFC 5280 section 4.2).
fn check_criticality(certificate: &Certificate<'_>) -> Result<(), Fault> {
    const KNOWN: [&[u8]; 8] = [
        extension::KEY_USAGE,
        extension::SUBJECT_ALT_NAME,
        extension::BASIC_CONSTRAINTS,
        extension::NAME_CONSTRAINTS,
        extension::CERTIFICATE_POLICIES,
        extension::POLICY_CONSTRAINTS,
        extension::EXTENDED_KEY_USAGE,
        extension::INHIBIT_ANY_POLICY,
    ];
    for extension in certificate.extensions.iter().filter(|extension| extension.critical) {
        match extension.oid {
            extension::AUTHORITY_KEY_IDENTIFIER => {
                return Err(Fault("its authority key identifier is critical (RFC 5280 section 4.2.1.1)"));
            }
            extension::SUBJECT_KEY_IDENTIFIER => {
                return Err(Fault("its subject key identifier is critical (RFC 5280 section 4.2.1.2)"));
            }
            extension::AUTHORITY_INFORMATION_ACCESS => {
                return Err(Fault("its authority information is critical (RFC 5280 section 4.2.2.1)"));
            }
            oid => rule(KNOWN.contains(&oid), "it has an unknown critical extension (RFC 5280 section 4.2)")?,
        }
    }
    Ok(())
}

/// Where to learn more about the issuer: one place or more (RFC 5280 section 4.2.2.1).
fn check_access(certificate: &Certificate<'_>) -> Result<(), Fault> {
    let Some(extension) = certificate.extension(extension::AUTHORITY_INFORMATION_ACCESS) else {
        return Ok(());
    };
    let mut list = Reader::sequence(extension.value)?;
    rule(!list.is_empty(), "its authority information is empty (RFC 5280 section 4.2.2.1)")?;
    while !list.is_empty() {
        let mut description = Reader::new(list.expect(der::SEQUENCE)?);
        description.expect(der::OID)?;
        GeneralName::read(&mut description)?;
        description.end()?;
    }
    Ok(())
}

/// Which key it was signed with (RFC 5280 section 4.2.1.1, for roots also BR section 7.1.2.1.3).
fn check_authority_key(certificate: &Certificate<'_>, position: Position) -> Result<(), Fault> {
    const MISSING: &str = "it doesn't identify its issuer's key (RFC 5280 section 4.2.1.1)";
    let Some(extension) = certificate.extension(extension::AUTHORITY_KEY_IDENTIFIER) else {
        // Only one's own key needs no telling.
        let own = matches!(position, Position::Root | Position::Trusted) && certificate.is_self_issued();
        return rule(own, MISSING);
    };
    let mut fields = Reader::sequence(extension.value)?;
    let key = fields.optional(context(0))?;
    let issuer = fields.optional(constructed(1))?;
    let serial = fields.optional(context(2))?;
    fields.end()?;
    rule(key.is_some(), MISSING)?;
    if position == Position::Root {
        rule(
            issuer.is_none() && serial.is_none(),
            "it identifies its issuer's key by issuer or serial number (BR section 7.1.2.1.3)",
        )?;
        if certificate.is_self_issued() {
            rule(key == subject_key(certificate)?, "its two key identifiers differ (BR section 7.1.2.1.3)")?;
        }
    }
    Ok(())
}

fn subject_key<'a>(certificate: &Certificate<'a>) -> Result<Option<&'a [u8]>, Broken> {
    let extension = certificate.extension(extension::SUBJECT_KEY_IDENTIFIER);
    extension.map(|extension| Reader::only(extension.value, der::OCTET_STRING)).transpose()
}

/// What holds for certificates that vouch for others.
fn authority(certificate: &Certificate<'_>, position: Position) -> Result<(), Fault> {
    rule(!certificate.subject.is_empty(), "it is a CA's, but without a name (RFC 5280 section 4.1.2.6)")?;
    let constraints = certificate.extension(extension::BASIC_CONSTRAINTS);
    rule(
        certificate.is_ca()? == Some(true) && constraints.is_some_and(|constraints| constraints.critical),
        "its basic constraints don't say, as a critical extension, that it is a CA's (RFC 5280 section 4.2.1.9)",
    )?;
    rule(
        certificate.key_usage(KeyUsage::CertSign)? != Some(false),
        "its key is not meant to sign certificates (RFC 5280 section 4.2.1.3)",
    )?;
    rule(subject_key(certificate)?.is_some(), "it doesn't identify its key (RFC 5280 section 4.2.1.2)")?;
    if position == Position::Root {
        rule(
            certificate.extension(extension::EXTENDED_KEY_USAGE).is_none(),
            "a root has no extended key usage (BR section 7.1.2.1.2)",
        )?;
    }
    if let Some(constraints) = Constraints::of(certificate)? {
        let critical = certificate.extension(extension::NAME_CONSTRAINTS).is_some_and(|found| found.critical);
        rule(critical, "its name constraints are not critical (RFC 5280 section 4.2.1.10)")?;
        rule(
            !constraints.permitted.is_empty() || !constraints.excluded.is_empty(),
            "its name constraints are empty (RFC 5280 section 4.2.1.10)",
        )?;
        rule(constraints.are_sound(), "its name constraints are malformed (RFC 5280 section 4.2.1.10)")?;
    }
    Ok(())
}

/// What holds for the certificates of servers.
fn end_entity(certificate: &Certificate<'_>, position: Position) -> Result<(), Fault> {
    if position != Position::Trusted {
        rule(certificate.is_ca()? != Some(true), "it is that of a CA (BR section 7.1.2.7.8)")?;
        rule(
            certificate.key_usage(KeyUsage::CertSign)? != Some(true),
            "its key is meant to sign certificates, but it is not a CA's (RFC 5280 section 4.2.1.9)",
        )?;
    }
    rule(
        certificate.extension(extension::NAME_CONSTRAINTS).is_none(),
        "it has name constraints, but is not a CA's (RFC 5280 section 4.2.1.10)",
    )?;
    check_purposes(certificate)?;
    check_server_names(certificate)
}

/// RFC 5280 section 4.2.1.12, BR section 7.1.2.7.10.
fn check_purposes(certificate: &Certificate<'_>) -> Result<(), Fault> {
    const ANY: &[u8] = &[0x55, 0x1d, 37, 0];
    const SERVER: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
    let Some(extension) = certificate.extension(extension::EXTENDED_KEY_USAGE) else { return Ok(()) };
    rule(!extension.critical, "its extended key usage is critical (BR section 7.1.2.7.6)")?;
    let mut list = Reader::sequence(extension.value)?;
    let mut for_servers = false;
    while !list.is_empty() {
        let purpose = list.expect(der::OID)?;
        rule(purpose != ANY, "it is meant for any use (BR section 7.1.2.7.10)")?;
        for_servers |= purpose == SERVER;
    }
    rule(for_servers, "it is not meant for servers (RFC 5280 section 4.2.1.12)")
}

/// RFC 5280 section 4.2.1.6, BR section 7.1.2.7.12 and 7.1.4.
fn check_server_names(certificate: &Certificate<'_>) -> Result<(), Fault> {
    const MISSING: &str = "it names no server (RFC 5280 section 4.2.1.6)";
    let extension = certificate.extension(extension::SUBJECT_ALT_NAME).ok_or(Fault(MISSING))?;
    rule(
        extension.critical == certificate.subject.is_empty(),
        "its alternative names have to be critical if its subject is empty, and else must not be (BR section 7.1.2.7.12)",
    )?;
    let alternatives = names::alternatives(certificate)?;
    rule(!alternatives.is_empty(), MISSING)?;
    let sound = alternatives.iter().all(|name| match name {
        GeneralName::Dns(name) => names::is_host_name(name.strip_prefix(b"*.").unwrap_or(name)),
        GeneralName::Ip(bytes) => names::address(bytes).is_some(),
        GeneralName::Email(_) | GeneralName::Other => true,
    });
    rule(sound, "one of its names is not the name of a host (RFC 5280 section 4.2.1.6)")?;
    for common_name in names::common_names(certificate.subject)? {
        rule(
            is_among(&common_name, &alternatives),
            "its common name is not among the names it is for (BR section 7.1.4.3)",
        )?;
    }
    Ok(())
}

/// Whether the common name, if it means a host, repeats one of the other names letter for letter.
///
/// Two habits do no harm and are let pass: a host's name where all the others are addresses, and `example.com`
/// for `*.example.com`.
fn is_among(common_name: &str, alternatives: &[GeneralName<'_>]) -> bool {
    let is_word = !common_name.contains(char::is_whitespace);
    let is_dotted = common_name.contains('.');
    let last = common_name.rsplit('.').next().unwrap_or_default();
    let is_number = is_dotted && !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
    let is_address = is_word && (common_name.contains(':') || common_name.starts_with("0x") || is_number);
    let is_host = is_word && !is_address && is_dotted;
    if is_address {
        return alternatives.iter().any(|name| match name {
            GeneralName::Ip(bytes) => names::address(bytes).is_some_and(|it| it.to_string() == common_name),
            _ => false,
        });
    }
    let mut hosts = alternatives.iter().filter_map(|name| match name {
        GeneralName::Dns(name) => Some(*name),
        _ => None,
    });
    let repeats = |name: &[u8]| {
        let name_or_base = [name, name.strip_prefix(b"*.").unwrap_or(name)];
        name_or_base.contains(&common_name.as_bytes())
    };
    !is_host || hosts.clone().next().is_none() || hosts.any(repeats)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers_are_positive_and_short() {
        let mut longest = [0xff_u8; 20];
        longest[0] = 0x7f;
        for serial in [&[1][..], &[0x7f], &[0, 0x80], &longest] {
            assert!(is_serial(serial), "{serial:x?}");
        }
        for serial in [&[][..], &[0], &[0x80], &[0, 1], &[0xff; 20], &[1; 21]] {
            assert!(!is_serial(serial), "{serial:x?}");
        }
    }

    #[test]
    fn common_names_that_mean_hosts_repeat_another_name() {
        let host = |name: &'static str| GeneralName::Dns(name.as_bytes());
        let address = GeneralName::Ip(&[192, 168, 1, 1]);
        for (common_name, others, among) in [
            ("a.example", &[host("b.example"), host("a.example")][..], true),
            ("a.example", &[host("b.example")], false),
            ("A.example", &[host("a.example")], false),
            ("example.com", &[host("*.example.com")], true),
            ("*.example.com", &[host("*.example.com")], true),
            ("a.example.com", &[host("*.example.com")], false),
            ("a.example", &[address], true),
            ("192.168.1.1", &[address], true),
            ("192.168.001.001", &[address], false),
            ("192.168.1.1", &[host("a.example")], false),
            ("0xc0a80101", &[address], false),
            ("::1", &[address], false),
            ("::1", &[GeneralName::Ip(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])], true),
            ("Somebody's own server v1.2", &[host("a.example")], true),
            ("router", &[host("a.example")], true),
        ] {
            assert_eq!(is_among(common_name, others), among, "{common_name} among {others:?}");
        }
    }
}
