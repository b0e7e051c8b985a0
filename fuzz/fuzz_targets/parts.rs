//! Any bytes as a `multipart/byteranges`, cut anywhere: the same parts as whole, those that a simple reading
//! finds, each as long as it says.
#![no_main]

use std::ops::Range;

use libfuzzer_sys::fuzz_target;
use straightwire::{ContentRange, Error, RangeParts};
use straightwire_fuzz::{MANY_STEPS, Options, Pieces, drain};

const BOUNDARY: &[u8] = b"--B";

fuzz_target!(|input: &[u8]| {
    let (mut options, body) = Options::before(input);
    let whole = read(body, body.len(), Some(body.len().max(1)));
    assert_eq!(read(body, options.size(), Some(options.size())), whole);
    let skipped = read(body, options.size(), None);
    assert_eq!((skipped.ranges(), skipped.kind), (whole.ranges(), whole.kind));

    let mut rest = body;
    for (place, (range, bytes)) in whole.parts.iter().enumerate() {
        let len = range.end - range.start;
        let is_cut = whole.kind.is_some() && place + 1 == whole.parts.len();
        assert!(bytes.len() as u64 == len || (is_cut && (bytes.len() as u64) < len));
        let at = rest.windows(bytes.len().max(1)).position(|window| bytes.is_empty() || window == bytes);
        rest = &rest[at.map_or(rest.len(), |at| at + bytes.len())..];
        assert!(bytes.is_empty() || at.is_some(), "what was never sent");
    }
    assert!(whole.error.is_some() || boundaries(body) > whole.parts.len(), "a boundary that is none");
    if let Some(simple) = simple_reading(body) {
        assert_eq!((&whole.parts, &whole.error), (&simple, &None));
    }
});

/// Which bytes of the whole, and what came of them.
type Part = (Range<u64>, Vec<u8>);

#[derive(Debug, Default, PartialEq)]
struct Found {
    parts: Vec<Part>,
    kind: Option<straightwire::ErrorKind>,
    error: Option<String>,
}

impl Found {
    fn ranges(&self) -> Vec<&Range<u64>> {
        self.parts.iter().map(|part| &part.0).collect()
    }

    fn ending(mut self, err: Option<Error>) -> Found {
        self.kind = err.as_ref().map(Error::kind);
        self.error = err.map(|err| err.to_string());
        self
    }
}

/// What is found in `body` where it comes in pieces of `size`, read in steps or skipped.
fn read(body: &[u8], size: usize, step: Option<usize>) -> Found {
    let mut parts = RangeParts::new(Pieces::new(body, size), "B").unwrap();
    let mut found = Found::default();
    for _ in 0..MANY_STEPS {
        match parts.next_part() {
            Ok(Some(mut part)) => {
                let (bytes, err) = step.map_or((Vec::new(), None), |step| drain(&mut part, step));
                assert_eq!(step.is_some() && err.is_none(), step.is_some() && part.remaining() == 0);
                found.parts.push((part.range(), bytes));
                if let Some(err) = err {
                    return found.ending(err.downcast::<Error>().ok());
                }
            }
            Ok(None) => return found.ending(None),
            Err(err) => {
                assert!(parts.next_part().unwrap().is_none(), "there is more after {err}");
                return found.ending(Some(err));
            }
        }
    }
    panic!("no end");
}

/// Lines that are boundaries.
fn boundaries(body: &[u8]) -> usize {
    let is_one = |line: &&[u8]| {
        let rest = line.strip_prefix(BOUNDARY).map(|rest| rest.strip_prefix(b"--").unwrap_or(rest));
        rest.is_some_and(|rest| rest.iter().all(|byte| b" \t\r".contains(byte)))
    };
    body.split(|&byte| byte == b'\n').filter(is_one).count()
}

/// The parts, by a reading that has all of `body` before it and no opinion on what is the least bit odd.
fn simple_reading(body: &[u8]) -> Option<Vec<Part>> {
    let (mut parts, mut rest) = (Vec::new(), body.strip_prefix(BOUNDARY)?.strip_prefix(b"\r\n")?);
    loop {
        let mut content_range = None;
        loop {
            let end = rest.windows(2).position(|two| two == b"\r\n")?;
            let line = std::str::from_utf8(&rest[..end]).ok()?;
            rest = &rest[end + 2..];
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(": ")?;
            let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
            let is_name =
                !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            if !is_name || !is_plain(value) || value.trim() != value {
                return None;
            }
            if name.eq_ignore_ascii_case("Content-Range")
                && content_range.replace(value.parse::<ContentRange>().ok()?.range()?).is_some()
            {
                return None;
            }
        }
        let range: Range<u64> = content_range?;
        let len = usize::try_from(range.end - range.start).ok()?;
        parts.push((range, rest.get(..len)?.to_vec()));
        rest = rest[len..].strip_prefix(b"\r\n")?.strip_prefix(BOUNDARY)?;
        match rest.strip_prefix(b"\r\n") {
            Some(after) => rest = after,
            None => return rest.starts_with(b"--\r\n").then_some(parts),
        }
    }
}
