//! What tells one state of a resource from another, for certain.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, ErrorKind, Excerpt, Result};
use crate::proto::{Headers, decimal};

/// How much older than the response a representation has to be, in seconds, so that its date can stand for
/// it. RFC 9110 8.8.2.2 asks for one second between clocks that are the same, and for more where they
/// may not be.
const SETTLED: u64 = 60;

/// A strong validator of a representation (RFC 9110 8.8.1): as long as it is the same, so is every byte.
/// It is what `If-Range` may say.
///
/// Keep it beside what was downloaded, as text, to go on with that later: see [`Download`](crate::Download).
///
/// ```
/// use straightwire::Validator;
///
/// let kept: Validator = "\"33a64df5\"".parse()?;
/// assert_eq!(kept.to_string(), "\"33a64df5\"");
/// assert!("W/\"33a64df5\"".parse::<Validator>().is_err());    // weak: bytes may differ
/// # Ok::<(), straightwire::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validator(String);

impl Validator {
    /// The strong validator among these headers: an entity tag that isn't weak, or, where there is no
    /// tag at all (RFC 9110 13.1.5), a `Last-Modified` a minute before `Date` at least.
    pub fn of(headers: &Headers) -> Option<Validator> {
        if headers.contains("ETag") {
            return only(headers, "ETag").filter(|tag| is_strong_tag(tag)).map(Validator);
        }
        let modified = only(headers, "Last-Modified")?;
        let date = seconds(only(headers, "Date")?.as_bytes())?;
        (seconds(modified.as_bytes())?.checked_add(SETTLED)? <= date).then_some(Validator(modified))
    }

    /// Whether these headers are of another representation, as far as they say.
    pub(super) fn contradicts(&self, headers: &Headers) -> bool {
        let name = if self.0.starts_with('"') { "ETag" } else { "Last-Modified" };
        headers.get_all(name).any(|value| value != self.0)
    }
}

fn only(headers: &Headers, name: &str) -> Option<String> {
    let mut values = headers.get_all(name);
    values.next().filter(|_| values.next().is_none()).map(String::from)
}

impl FromStr for Validator {
    type Err = Error;

    /// # Errors
    /// `InvalidSetting` for what is neither a strong entity tag nor a date.
    fn from_str(text: &str) -> Result<Validator> {
        if is_strong_tag(text) || seconds(text.as_bytes()).is_some() {
            return Ok(Validator(text.to_owned()));
        }
        let message = format!("no strong entity tag and no date: {}", Excerpt(text.as_bytes()));
        Err(Error::new(ErrorKind::InvalidSetting, message))
    }
}

impl fmt::Display for Validator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `opaque-tag` (RFC 9110 8.8.3), each character a byte of ISO-8859-1.
fn is_strong_tag(text: &str) -> bool {
    let inside = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inside.is_some_and(|tag| tag.chars().all(|char| matches!(char, '!' | '#'..='~' | '\u{80}'..='\u{ff}')))
}

/// Seconds from the year 1 on of a date in the one form that is still generated, `IMF-fixdate` (RFC 9110 5.6.7);
/// `None` for others, which then stand for nothing.
fn seconds(date: &[u8]) -> Option<u64> {
    const DAYS: [&[u8; 3]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
    const MONTHS: [&[u8; 3]; 12] =
        [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    const DAYS_BEFORE: [u64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let [n1, n2, n3, b',', b' ', d1, d2, b' ', m1, m2, m3, b' ', y1, y2, y3, y4, b' ', time @ ..] = date
    else {
        return None;
    };
    let [h1, h2, b':', i1, i2, b':', s1, s2, b' ', b'G', b'M', b'T'] = time else { return None };
    // Not whether it was that day: only that it is one, and fit for a header.
    DAYS.iter().find(|&&name| name == &[*n1, *n2, *n3])?;
    let month = MONTHS.iter().position(|&name| name == &[*m1, *m2, *m3])?;
    let [year, day] = [decimal(&[*y1, *y2, *y3, *y4])?, decimal(&[*d1, *d2])?];
    let [hour, minute, second] = [decimal(&[*h1, *h2])?, decimal(&[*i1, *i2])?, decimal(&[*s1, *s2])?];
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let years = year.checked_sub(1)?;
    let days = years * 365 + years / 4 - years / 100
        + years / 400
        + DAYS_BEFORE[month]
        + u64::from(is_leap && month > 1)
        + day.checked_sub(1)?;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{Exchange, Received};

    fn of(fields: &str) -> Option<String> {
        let mut exchange = Exchange::default();
        let mut out = Vec::new();
        exchange.begin(&mut out, "GET", "/").unwrap();
        exchange.end_head(&mut out, true).unwrap();
        let wire = format!("HTTP/1.1 200 OK\r\n{fields}\r\n");
        assert!(matches!(exchange.receive_head(wire.as_bytes()).unwrap(), Received::Head { .. }));
        Validator::of(exchange.head().headers()).map(|validator| validator.to_string())
    }

    #[test]
    fn only_what_is_strong_counts() {
        assert_eq!(of("ETag: \"a\"\r\n").as_deref(), Some("\"a\""));
        assert_eq!(of("ETag: \"\"\r\n").as_deref(), Some("\"\""));
        let modified = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
        let old = "Date: Sun, 06 Nov 1994 08:50:37 GMT\r\n";
        let young = "Date: Sun, 06 Nov 1994 08:50:36 GMT\r\n";
        assert_eq!(of(&[modified, old].concat()).as_deref(), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
        for weak in [
            "",
            "ETag: W/\"a\"\r\n",
            "ETag: a\r\n",
            "ETag: \"a\r\n",
            "ETag: \"\r\n",
            "ETag: \"a b\"\r\n",
            "ETag: \"a\"\r\nETag: \"b\"\r\n",
            modified,
            &[modified, young].concat(),
            // Who has a tag goes by it.
            &["ETag: W/\"a\"\r\n", modified, old].concat(),
            &["Last-Modified: Sunday, 06-Nov-94 08:49:37 GMT\r\n", old].concat(),
        ] {
            assert_eq!(of(weak), None, "{weak}");
        }
    }

    #[test]
    fn dates_are_in_order_and_leap_years_are_known() {
        let of = |date: &str| seconds(date.as_bytes()).unwrap();
        let day = 24 * 60 * 60;
        let dates = ["Wed, 28 Feb 2024", "Thu, 29 Feb 2024", "Fri, 01 Mar 2024", "Sat, 02 Mar 2024"];
        let dates = dates.map(|date| of(&format!("{date} 00:00:00 GMT")));
        assert!(dates.windows(2).all(|two| two[1] - two[0] == day));
        assert_eq!(of("Mon, 01 Jan 2001 00:00:00 GMT") - of("Fri, 31 Dec 1999 23:59:59 GMT"), 366 * day + 1);
        assert_eq!(of("Sun, 06 Nov 1994 08:49:37 GMT") - of("Thu, 01 Jan 1970 00:00:00 GMT"), 784_111_777);
        for bad in [
            "",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 0000 08:49:37 GMT",
            "S\0n, 06 Nov 1994 08:49:37 GMT",
        ] {
            assert_eq!(seconds(bad.as_bytes()), None);
        }
    }
}
