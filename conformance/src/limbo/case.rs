//! The cases of a file, as far as a client that asks servers for pages can be held to them.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde::Deserialize;

pub(super) struct Case {
    pub(super) id: String,
    pub(super) must_pass: bool,
    pub(super) judges_a_client: bool,
    /// PEM, as all certificates here. The server's own comes first.
    pub(super) chain: Vec<String>,
    pub(super) key: Option<String>,
    pub(super) trusted: Vec<String>,
    pub(super) crls: Vec<String>,
    /// The server's name or address.
    pub(super) name: String,
    /// When to judge; now, if the case doesn't say.
    pub(super) time: Option<SystemTime>,
    pub(super) max_intermediates: Option<usize>,
}

pub(super) fn load(file: &Path) -> Result<Vec<Case>, String> {
    let describe = |err: &dyn std::fmt::Display| format!("{}: {err}", file.display());
    let text = fs::read(file).map_err(|err| describe(&err))?;
    let file: File = serde_json::from_slice(&text).map_err(|err| describe(&err))?;
    file.testcases.into_iter().map(Case::new).collect::<Result<_, _>>().map_err(|err| describe(&err))
}

impl Case {
    fn new(raw: RawCase) -> Result<Case, String> {
        let time = raw
            .validation_time
            .map(|time| parse_time(&time).ok_or_else(|| format!("{}: no time: {time}", raw.id)));
        let mut chain = vec![raw.peer_certificate];
        chain.extend(raw.untrusted_intermediates);
        Ok(Case {
            must_pass: raw.expected_result == Expected::Success,
            judges_a_client: raw.validation_kind == Kind::Client,
            chain,
            key: raw.peer_certificate_key,
            trusted: raw.trusted_certs,
            crls: raw.crls,
            // Where it doesn't say, the name doesn't matter.
            name: raw.expected_peer_name.map_or_else(|| "no.name.example".to_owned(), |name| name.value),
            time: time.transpose()?,
            max_intermediates: raw.max_chain_depth,
            id: raw.id,
        })
    }
}

/// A time like `2024-03-01T00:00:00.999+00:00`, which is always in UTC.
fn parse_time(text: &str) -> Option<SystemTime> {
    let digits = |range: std::ops::Range<usize>| -> Option<u64> {
        let digits = text.get(range)?;
        if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
    };
    let (date, clock) = (text.get(..10)?, text.get(10..19)?);
    let rest = text.get(19..)?.strip_suffix("+00:00").or_else(|| text.get(19..)?.strip_suffix('Z'))?;
    if date.matches('-').count() != 2 || !clock.starts_with('T') || clock.matches(':').count() != 2 {
        return None;
    }
    let nanos = match rest.strip_prefix('.') {
        None if rest.is_empty() => 0,
        Some(fraction) if (1..=9).contains(&fraction.len()) => format!("{fraction:0<9}").parse().ok()?,
        _ => return None,
    };
    let (year, month, day) = (digits(0..4)?, digits(5..7)?, digits(8..10)?);
    let (hour, minute, second) = (digits(11..13)?, digits(14..16)?, digits(17..19)?);
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let lengths = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let month = usize::try_from(month.checked_sub(1)?).ok()?;
    if !(1..=*lengths.get(month)?).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let years: u64 = (1970..year).map(|year| if leap(year) { 366 } else { 365 }).sum();
    let days = years + lengths[..month].iter().sum::<u64>() + day - 1;
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second;
    SystemTime::UNIX_EPOCH.checked_add(Duration::new(seconds, nanos))
}

#[derive(Deserialize)]
struct File {
    testcases: Vec<RawCase>,
}

#[derive(Deserialize)]
struct RawCase {
    id: String,
    validation_kind: Kind,
    trusted_certs: Vec<String>,
    untrusted_intermediates: Vec<String>,
    peer_certificate: String,
    peer_certificate_key: Option<String>,
    validation_time: Option<String>,
    expected_result: Expected,
    expected_peer_name: Option<PeerName>,
    max_chain_depth: Option<usize>,
    #[serde(default)]
    crls: Vec<String>,
}

#[derive(Deserialize)]
struct PeerName {
    value: String,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
enum Kind {
    Client,
    Server,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
enum Expected {
    Success,
    Failure,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_to_the_fraction() {
        let since =
            |text: &str| parse_time(text).map(|time| time.duration_since(SystemTime::UNIX_EPOCH).unwrap());
        assert_eq!(since("1970-01-01T00:00:00+00:00"), Some(Duration::ZERO));
        assert_eq!(since("2024-03-01T00:00:00.999+00:00"), Some(Duration::new(1_709_251_200, 999_000_000)));
        assert_eq!(since("2024-02-29T23:59:59Z"), Some(Duration::from_secs(1_709_251_199)));
        for text in
            ["", "2024-03-01", "2024-03-01T00:00:00", "2024-03-01T00:00:00+01:00", "2024-13-01T00:00:00Z"]
        {
            assert_eq!(since(text), None, "{text}");
        }
    }
}
