//! Any answers to a download: it never joins what doesn't fit, asks for what is missing and nothing else, and ends;
//! and any text as the values of the headers that it goes by.
#![no_main]

use libfuzzer_sys::fuzz_target;
use straightwire::{ContentRange, Continuation, Download, Error, Headers, Outcome, Validator};
use straightwire_fuzz::{Options, Script};

fuzz_target!(|input: &[u8]| {
    let (mut options, rest) = Options::before(input);
    let (value, wire) = rest.split_at(rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len()));
    let wire = wire.get(1..).unwrap_or_default();
    let value = String::from_utf8_lossy(value);
    check_content_range(&value);
    let validator = check_validator(&value);

    let had = options.size() as u64 - 1;
    let download = match options.choice(3) {
        0 => Download::new("/"),
        1 => Download::new("/").resume(had, validator),
        _ => Download::new("/").resume_unverified(had),
    };
    let download = download.retries(u32::from(options.choice(4)));
    if options.flag() {
        step_by_step(download, wire);
        return;
    }
    let whole = run(download.clone(), Script::new(wire, usize::MAX, None));
    let cut = run(download, Script::new(wire, options.size(), None));
    // What a kept connection brings may be noticed before the next request, or after it.
    assert!(whole.2 || cut.2 || whole == cut, "{whole:?} {cut:?}");
});

/// What came of it, what was written, and whether a connection was used twice.
type Ran = (String, Vec<u8>, bool);

fn run(mut download: Download, script: Script) -> Ran {
    let mut conn = script.builder().build().unwrap();
    let had = download.received();
    let is_resumed = !download.request_headers().is_empty();
    let mut out = Vec::new();
    let ended = download.run(&mut conn, &mut out);
    match ended {
        Ok(Outcome::Complete) => {
            assert!(download.complete_len().is_none_or(|len| len == download.received()));
            assert!(had == 0 || is_resumed || download.received() == had);
            assert_eq!(download.received(), had + out.len() as u64);
        }
        Ok(Outcome::Changed) => assert_eq!(download.received(), 0),
        Ok(Outcome::Refused(status)) => assert!(status != 200 && status != 206),
        Err(_) => assert!(download.received() == had + out.len() as u64 || had > 0),
    }
    let sent = script.sent();
    let requests = sent.split_inclusive("\r\n\r\n").map(String::from).collect::<Vec<_>>();
    assert!(requests.len() <= 5, "{} requests", requests.len());
    let mut asked_before = 0;
    for request in &requests {
        assert!(request.starts_with("GET / HTTP/1.1\r\n") && request.ends_with("\r\n\r\n"), "{request}");
        if let Some(from) = field(request, "Range") {
            let from = from.strip_prefix("bytes=").and_then(|range| range.strip_suffix('-')).unwrap();
            let from = from.parse::<u64>().unwrap();
            assert!(from > 0 && asked_before <= from && from <= had + out.len() as u64);
            asked_before = from;
        }
        assert_eq!(
            request.lines().count(),
            4 + 2 * usize::from(request.contains("\r\nIf-Range: "))
                + usize::from(request.contains("\r\nRange: ") && !request.contains("\r\nIf-Range: "))
        );
    }
    (format!("{ended:?} {download:?} {requests:?}"), out, requests.len() != script.connections())
}

fn field<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    let found = |line: &'a str| line.split_once(": ").filter(|(found, _)| *found == name);
    request.lines().find_map(found).map(|(_, value)| value)
}

/// Each answer judged by itself, as somebody does who sends requests of their own.
fn step_by_step(mut download: Download, wire: &[u8]) {
    let script = Script::new(wire, usize::MAX, None);
    let mut conn = script.builder().build().unwrap();
    for _ in 0..4 {
        let before = download.clone();
        let headers = download.request_headers();
        assert!(headers.len() <= 2 && (headers.is_empty() || before.received() > 0));
        let headers = headers.iter().map(|(name, value)| (&**name, &**value)).collect::<Vec<_>>();
        if conn.request("GET", "/", (), &headers).is_err() {
            return;
        }
        let Ok(mut response) = conn.get_response() else { continue };
        let head = response.head();
        match download.judge(head) {
            Ok(Continuation::Whole) => assert!(head.status() == 200 && download.received() == 0),
            Ok(Continuation::Rest) => {
                let told = ContentRange::of(head.headers()).unwrap().unwrap();
                assert!(head.status() == 206 && !headers.is_empty());
                assert_eq!(told.range().unwrap().start, before.received());
                let is_less = |len: Option<u64>| len.is_none_or(|len| told.range().unwrap().end <= len);
                assert!(is_less(before.complete_len()) && is_less(download.complete_len()));
                assert!(before.validator().is_none_or(|known| fits(known, head.headers())));
            }
            Ok(Continuation::Complete) => {
                assert_eq!((head.status(), download.complete_len()), (416, Some(before.received())));
                assert!(before.validator().is_none_or(|known| fits(known, head.headers())));
            }
            Ok(Continuation::Changed) => {
                assert!(head.status() == 416 && download.request_headers().is_empty());
            }
            Ok(Continuation::Refused) => {
                assert!(head.status() != 200 && head.status() != 206);
                assert_eq!(format!("{download:?}"), format!("{before:?}"));
            }
            Err(err) => {
                assert!(err.kind() == straightwire::ErrorKind::BadRange, "{err}");
                assert_eq!(format!("{download:?}"), format!("{before:?}"));
                continue;
            }
        }
        let body = response.read_all().unwrap_or_else(Error::into_partial);
        for piece in body.chunks(7) {
            let received = download.received();
            match download.advance(piece.len() as u64) {
                Ok(()) => assert!(download.complete_len().is_none_or(|len| download.received() <= len)),
                Err(_) => assert_eq!(download.received(), received),
            }
        }
    }
}

fn fits(known: &Validator, headers: &Headers) -> bool {
    let name = if known.to_string().starts_with('"') { "ETag" } else { "Last-Modified" };
    headers.get_all(name).all(|value| value == known.to_string())
}

fn check_content_range(value: &str) {
    let digits =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().ok())?;
    let simple = || {
        let (unit, rest) = value.split_once(' ')?;
        let (part, complete) = rest.split_once('/')?;
        let complete = if complete == "*" { None } else { Some(digits(complete)?) };
        let range = match part.split_once('-') {
            Some((first, last)) => Some((digits(first)?, digits(last)?)),
            None if part == "*" && complete.is_some() => None,
            None => return None,
        };
        let is_sound = range.is_none_or(|(first, last)| first <= last && last < complete.unwrap_or(u64::MAX));
        (unit.eq_ignore_ascii_case("bytes") && is_sound).then_some((range.map(|(a, b)| a..b + 1), complete))
    };
    let read = value.parse::<ContentRange>().ok();
    assert_eq!(read.map(|read| (read.range(), read.complete_len())), simple());
    assert!(read.is_none_or(|read| read.to_string().parse::<ContentRange>().unwrap() == read));
}

fn check_validator(value: &str) -> Option<Validator> {
    let read = value.parse::<Validator>().ok()?;
    assert_eq!(read.to_string(), value);
    assert!(!value.contains(|char: char| char.is_ascii_control()) && !value.starts_with("W/"));
    Some(read)
}
