//! What is wrong with a certificate, in plain words: dates, names, and each of webpki's errors.

use rustls_pki_types::UnixTime;
use webpki::Error;

use super::certificate::Certificate;
use super::names;
use super::{Problem, Reason};

/// A certificate's subject, in quotation marks.
pub(super) fn subject(certificate: &Certificate<'_>) -> String {
    name(certificate.subject)
}

/// A directory name by the part people know it by, in quotation marks.
pub(super) fn name(directory_name: &[u8]) -> String {
    match names::readable(directory_name) {
        Some(text) => format!("\"{text}\""),
        None => "(no name)".to_owned(),
    }
}

/// "a", "a and b", "a, b and c", and of long lists the beginning.
pub(super) fn list(items: &[String]) -> String {
    /// More names than this help nobody.
    const SHOWN: usize = 8;
    match items {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [first @ .., last] if items.len() <= SHOWN => format!("{} and {last}", first.join(", ")),
        _ => format!("{} and {} more", items[..SHOWN - 1].join(", "), items.len() - (SHOWN - 1)),
    }
}

/// Whether the time lies within the certificate's validity, both ends included (RFC 5280 section 4.1.2.5).
pub(super) fn check_validity(
    certificate: &Certificate<'_>,
    which: &str,
    now: UnixTime,
) -> Result<(), Problem> {
    let now = seconds(now);
    if now < certificate.not_before {
        let (date, distance) = apart(certificate.not_before, now);
        let text = format!("{which} is not valid before {date} ({distance} from now)");
        return Err(Problem::new(Reason::NotYetValid, text));
    }
    if now > certificate.not_after {
        let (date, distance) = apart(certificate.not_after, now);
        let text = format!("{which} expired on {date} ({distance} ago)");
        return Err(Problem::new(Reason::Expired, text));
    }
    Ok(())
}

/// What webpki found, told with the facts of the certificate and those that came with it.
pub(super) fn certificate_problem(
    err: &Error,
    certificate: &Certificate<'_>,
    others: &[Certificate<'_>],
    now: UnixTime,
) -> Problem {
    let (reason, text) = match err {
        Error::CertExpired { .. } | Error::CertNotValidYet { .. } => {
            return validity_problem(certificate, others, now);
        }
        Error::UnknownIssuer => return unknown_issuer(certificate, others),
        Error::InvalidSignatureForPublicKey => {
            return match unknown_issuer(certificate, others) {
                // A root of the same name but another key: to whoever reads this, another root.
                problem if problem.reason == Reason::SelfSigned => problem,
                _ => Problem::new(
                    Reason::BadSignature,
                    "a signature in the certificate's chain was not made with the key of its issuer",
                ),
            };
        }
        Error::CaUsedAsEndEntity if certificate.is_self_issued() => {
            return unknown_issuer(certificate, others);
        }
        Error::CaUsedAsEndEntity => (
            Reason::NotForServers,
            "the certificate is that of a certificate authority, not of a server".to_owned(),
        ),
        Error::EndEntityUsedAsCa => (
            Reason::Constraint,
            "the certificate was issued by one that may not issue certificates".to_owned(),
        ),
        Error::CertRevoked => {
            (Reason::Revoked, "the certificate, or one that vouches for it, has been revoked".to_owned())
        }
        Error::CrlExpired { next_update, .. } => {
            let (date, distance) = apart(seconds(*next_update), seconds(now));
            let text = format!("the revocation list should have been renewed on {date} ({distance} ago)");
            (Reason::RevocationUnknown, text)
        }
        Error::UnknownRevocationStatus
        | Error::InvalidCrlSignatureForPublicKey
        | Error::IssuerNotCrlSigner
        | Error::UnsupportedCrlSignatureAlgorithmContext(_)
        | Error::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(_)
        | Error::UnsupportedRevocationReason => (
            Reason::RevocationUnknown,
            "the revocation list of the certificate's issuer is not properly signed".to_owned(),
        ),
        Error::RequiredEkuNotFoundContext(_) | Error::EmptyEkuExtension => (
            Reason::NotForServers,
            "the certificate, or one that vouches for it, was not issued for use by servers".to_owned(),
        ),
        Error::NameConstraintViolation => (
            Reason::Constraint,
            match names::presented(certificate).as_slice() {
                [] => "an issuer of the certificate was not allowed to issue it for that name".to_owned(),
                names => {
                    format!("an issuer of the certificate was not allowed to issue one for {}", list(names))
                }
            },
        ),
        Error::PathLenConstraintViolated => (
            Reason::Constraint,
            "more certificates stand between the certificate and its root than one of them allows".to_owned(),
        ),
        Error::MaximumPathDepthExceeded
        | Error::MaximumPathBuildCallsExceeded
        | Error::MaximumSignatureChecksExceeded
        | Error::MaximumNameConstraintComparisonsExceeded => (
            Reason::TooDeep,
            "the search for a trusted issuer was given up: the server's certificates make it too long"
                .to_owned(),
        ),
        Error::UnsupportedSignatureAlgorithmContext(_)
        | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_)
        | Error::SignatureAlgorithmMismatch => (
            Reason::BadSignature,
            "the certificate's chain is signed in a way that is not considered safe, or not known".to_owned(),
        ),
        Error::UnsupportedCriticalExtension => (
            Reason::Profile,
            "the certificate, or one that vouches for it, has an unknown extension that must not be ignored"
                .to_owned(),
        ),
        Error::UnsupportedCertVersion => {
            (Reason::Profile, "the certificate is not of version 3, the only one in use".to_owned())
        }
        Error::CertDistrusted => (
            Reason::Revoked,
            "the key of the certificate, or of one that vouches for it, is not to be trusted".to_owned(),
        ),
        _ => (Reason::Malformed, "the certificate, or one that vouches for it, is malformed".to_owned()),
    };
    Problem::new(reason, text)
}

/// The first that is out of date: webpki tells the dates but not whose.
fn validity_problem(certificate: &Certificate<'_>, others: &[Certificate<'_>], now: UnixTime) -> Problem {
    let own = check_validity(certificate, "the certificate", now);
    let of_others = || {
        others.iter().try_for_each(|other| {
            check_validity(other, &format!("the intermediate certificate {}", subject(other)), now)
        })
    };
    match own.and_then(|()| of_others()) {
        Err(problem) => problem,
        Ok(()) => Problem::new(Reason::Expired, "the certificate is not valid at this time"),
    }
}

/// Follows the names upwards, to tell whose certificate is missing.
fn unknown_issuer(certificate: &Certificate<'_>, others: &[Certificate<'_>]) -> Problem {
    if certificate.is_self_issued() {
        return Problem::new(Reason::SelfSigned, "the certificate is self-signed: nobody vouches for it");
    }
    let mut top = certificate;
    for _ in others {
        match others.iter().find(|other| other.subject == top.issuer) {
            Some(issuer) if !issuer.is_self_issued() => top = issuer,
            _ => break,
        }
    }
    let by = name(top.issuer);
    let text = if std::ptr::eq(top, certificate) {
        format!("the certificate was issued by {by}, which is not among the trusted roots")
    } else {
        format!(
            "the certificate was issued by {}, and that in the end by {by}, which is not among the trusted roots",
            name(certificate.issuer)
        )
    };
    Problem::new(Reason::UnknownIssuer, text)
}

fn seconds(time: UnixTime) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}

/// The date of a time, and how far from `now` it lies.
fn apart(time: i64, now: i64) -> (String, String) {
    let distance = time.abs_diff(now);
    let (count, unit) = match distance {
        0..120 => (distance, "second"),
        120..7_200 => (distance / 60, "minute"),
        7_200..172_800 => (distance / 3600, "hour"),
        _ => (distance / 86_400, "day"),
    };
    (date(time), format!("{count} {unit}{}", if count == 1 { "" } else { "s" }))
}

/// `2024-04-01`, of the Gregorian calendar in UTC.
fn date(time: i64) -> String {
    // Counted in eras of 400 years that begin on the first of March.
    let days = time.div_euclid(86_400) + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = (era * 400 + year, month);
    let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_distances() {
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(1_709_251_199), "2024-02-29");
        assert_eq!(date(1_709_251_200), "2024-03-01");
        assert_eq!(date(-631_152_000), "1950-01-01");
        assert_eq!(date(253_402_300_799), "9999-12-31");
        assert_eq!(apart(1_711_929_600, 1_711_929_601), ("2024-04-01".to_owned(), "1 second".to_owned()));
        assert_eq!(apart(1_711_929_600, 1_712_188_800).1, "3 days");
        assert_eq!(apart(1_711_929_600, 1_711_929_600 - 7_200).1, "2 hours");
        assert_eq!(apart(1_711_929_600, 1_711_929_600 + 600).1, "10 minutes");
    }

    #[test]
    fn lists_read_as_sentences_do() {
        let items = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>();
        assert_eq!(list(&items(0)), "nothing");
        assert_eq!(list(&items(1)), "0");
        assert_eq!(list(&items(2)), "0 and 1");
        assert_eq!(list(&items(3)), "0, 1 and 2");
        assert_eq!(list(&items(10)), "0, 1, 2, 3, 4, 5, 6 and 3 more");
    }
}
