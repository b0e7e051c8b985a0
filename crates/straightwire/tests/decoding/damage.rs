//! Content that is cut, damaged, or not what it is said to be.

use straightwire::{DecodeLimits, Decoded, ErrorKind};

use crate::encoders::{CODINGS, encode};
use crate::{Pieces, decode};
use origin::pattern;

#[test]
fn content_that_is_cut_is_an_error_and_keeps_its_beginning() {
    let content = pattern::numbers(100_000);
    for (name, coding) in CODINGS {
        let encoded = encode(name, &content);
        let step = (encoded.len() / 80).max(1);
        let mut longest = 0;
        for end in (1..encoded.len()).step_by(step).chain([encoded.len() - 1]) {
            let err = decode(coding, &encoded[..end]).unwrap_err();
            assert_eq!(err.kind(), ErrorKind::BadContentEncoding, "{name} cut at {end}: {err}");
            assert!(err.to_string().contains("cut short") && err.is_peer(), "{err}");
            assert!(content.starts_with(err.partial()), "{name} cut at {end}");
            longest = longest.max(err.partial().len());
        }
        assert!(longest > content.len() / 2, "{name}: {longest}");
    }
}

#[test]
fn bytes_after_the_end_are_an_error_and_all_content_is_kept() {
    let content = pattern::numbers(10_000);
    for (name, coding) in CODINGS {
        for more in [&b"\n"[..], b"\0\0\0\0", b"more", &[0x1f]] {
            let encoded = [&encode(name, &content), more].concat();
            for size in [1, encoded.len()] {
                let body = Pieces::of(&encoded, size);
                let err =
                    Decoded::new(body, coding, DecodeLimits::default()).unwrap().read_all().unwrap_err();
                assert_eq!(err.kind(), ErrorKind::BadContentEncoding, "{name}: {err}");
                assert!(err.partial() == content, "{name}");
            }
        }
    }
}

#[test]
fn what_is_something_else_is_refused_at_once() {
    for (name, coding) in CODINGS {
        let err = decode(coding, b"<!doctype html>\n<p>not encoded at all</p>\n").unwrap_err();
        assert_eq!(err.kind(), ErrorKind::BadContentEncoding, "{name}: {err}");
        assert!(err.message().to_string().contains(coding), "{err}");
    }
}

/// Whatever is changed: no panic, no endless loop, and the good beginning is handed over. Where there is a
/// checksum nothing false is taken for whole.
#[test]
fn damage_is_found_and_never_worse_than_an_error() {
    let content = pattern::numbers(10_000);
    let mut random = fastrand::Rng::with_seed(1);
    for (name, coding) in CODINGS {
        let encoded = encode(name, &content);
        let has_checksum = matches!(name, "gzip" | "deflate" | "zstd");
        let mut errors = 0;
        for _ in 0..700 {
            let mut damaged = encoded.clone();
            for _ in 0..random.usize(1..4) {
                let at = random.usize(..damaged.len());
                match random.u8(..3) {
                    0 => damaged[at] ^= 1 << random.u8(..8),
                    1 => drop(damaged.remove(at)),
                    _ => damaged.insert(at, random.u8(..)),
                }
            }
            let size = random.usize(1..=damaged.len());
            let body = Pieces::of(&damaged, size);
            match Decoded::new(body, coding, DecodeLimits::default()).unwrap().read_all() {
                Ok(decoded) => assert!(!has_checksum || decoded == content, "{name}"),
                Err(err) => {
                    errors += 1;
                    let kinds = [ErrorKind::BadContentEncoding, ErrorKind::DecodedTooLarge];
                    assert!(kinds.contains(&err.kind()), "{name}: {err}");
                }
            }
        }
        // A header has bytes that mean nothing; bare data has no checksum.
        assert!(errors > if has_checksum { 450 } else { 40 }, "{name}: {errors}");
    }
}

#[test]
fn an_error_stays_one() {
    use std::io::Read;
    for (name, coding) in CODINGS {
        let mut encoded = encode(name, &pattern::numbers(100_000));
        encoded.truncate(encoded.len() / 2);
        let mut decoded = Decoded::new(&*encoded, coding, DecodeLimits::default()).unwrap();
        let first = decoded.read_all().unwrap_err();
        assert_eq!(decoded.read(&mut [0; 100]).unwrap_err().to_string(), first.to_string());
        assert_eq!(decoded.read_all().unwrap_err().kind(), ErrorKind::BadContentEncoding, "{name}");
    }
}
