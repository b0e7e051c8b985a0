//! Little that stands for much.

use std::io::{self, Write};

use flate2::write::{GzEncoder, ZlibEncoder};
use flate2::{Compress, Compression, FlushCompress};
use straightwire::{DecodeLimits, Decoded, ErrorKind};

use crate::encoders::{CODINGS, encode};
use crate::support::alone;

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// How many bytes come out before the error, and which one it is.
fn blow(encoding: &str, body: &[u8], limits: DecodeLimits) -> (u64, ErrorKind) {
    let mut out = Count(0);
    let mut decoded = Decoded::new(body, encoding, limits).unwrap();
    let err = io::copy(&mut decoded, &mut out).unwrap_err();
    (out.0, err.downcast::<straightwire::Error>().unwrap().kind())
}

struct Count(u64);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_few_bytes_that_stand_for_many_are_refused() {
    let zeros = vec![0; 10_000_000];
    let thrice = gzip(&gzip(&gzip(&zeros)));
    assert!(thrice.len() < 1000, "{}", thrice.len());
    let limits = DecodeLimits::default();
    let bombs = [
        ("gzip, gzip, gzip", thrice),
        ("gzip", gzip(&zeros)),
        ("br", encode("br", &zeros)),
        ("zstd", encode("zstd", &zeros)),
    ];
    for (encoding, bomb) in bombs {
        let (out, kind) = blow(encoding, &bomb, limits);
        assert_eq!(kind, ErrorKind::DecodedTooLarge, "{encoding}");
        let most = limits.free.max(bomb.len() as u64 * limits.ratio);
        assert!(out > limits.free / 2 && out <= most, "{encoding}: {out} of {most}");
        let free = DecodeLimits { ratio: u64::MAX, ..limits };
        let decoded = Decoded::new(&*bomb, encoding, free).unwrap().read_all().unwrap();
        assert!(decoded == zeros, "{encoding}");
    }
}

#[test]
fn a_length_is_a_length() {
    let content = origin::pattern::numbers(70_000);
    for (name, coding) in CODINGS {
        let encoded = encode(name, &content);
        let exact = DecodeLimits { len: 70_000, ..DecodeLimits::default() };
        assert!(Decoded::new(&*encoded, coding, exact).unwrap().read_all().unwrap() == content, "{name}");
        let short = DecodeLimits { len: 69_999, ..exact };
        let err = Decoded::new(&*encoded, coding, short).unwrap().read_all().unwrap_err();
        assert!(err.kind() == ErrorKind::DecodedTooLarge && err.is_limit(), "{name}: {err}");
        assert!(content.starts_with(err.partial()));
    }
}

/// Damage that is found in the same step is no way around the cap.
#[test]
fn a_length_holds_for_damaged_content_too() {
    let content = origin::pattern::numbers(2_000);
    let limits = DecodeLimits { len: 1_000, ..DecodeLimits::default() };
    for (name, coding) in CODINGS {
        let encoded = encode(name, &content);
        for at in 0..encoded.len() {
            let mut damaged = encoded.clone();
            damaged[at] ^= 1;
            let (out, _) = blow(coding, &damaged, limits);
            assert!(out <= limits.len, "{name} damaged at {at}: {out}");
        }
        let (out, _) = blow(coding, &[&encoded[..], b"and more"].concat(), limits);
        assert!(out <= limits.len, "{name}: {out}");
    }
}

/// Stored blocks without data are five bytes each and stand for nothing: all the work is in the coding outside.
#[test]
fn work_that_leads_to_nothing_is_bounded_too() {
    let mut inside = vec![0x78, 0x9c];
    inside.extend([0, 0, 0, 0xff, 0xff].repeat(2_000_000));
    let bomb = encode("br", &inside);
    let (out, kind) = blow("deflate, br", &bomb, DecodeLimits::default());
    assert_eq!((out, kind), (0, ErrorKind::DecodedTooLarge));
}

#[test]
fn content_that_shrinks_well_is_no_bomb() {
    // Below the ratio, and far beyond what is free.
    let content = b"all work and no play makes jack a dull boy\n".repeat(200_000);
    let mut encoded = Vec::new();
    let mut encoder = ZlibEncoder::new(&mut encoded, Compression::fast());
    encoder.write_all(&content).unwrap();
    encoder.finish().unwrap();
    assert!(content.len() / encoded.len() < 1000 && content.len() > 8_000_000);
    assert!(crate::decode("deflate", &encoded).unwrap() == content);
    // The encoder that deflate itself has, with an end of its own.
    let mut compress = Compress::new(Compression::best(), true);
    let mut encoded = Vec::with_capacity(1 << 20);
    compress.compress_vec(&content, &mut encoded, FlushCompress::Finish).unwrap();
    assert!(crate::decode("deflate", &encoded).unwrap() == content);
}

/// Half a gigabyte of zeros goes through in an address space of a quarter, whatever stands on the outside.
#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_what_is_decoded() {
    const LEN: u64 = 512 << 20;
    alone("bombs::memory_does_not_grow_with_what_is_decoded", "ulimit -v 262144", || {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        io::copy(&mut io::Read::take(io::repeat(0), LEN), &mut encoder).unwrap();
        let bomb = gzip(&encoder.finish().unwrap());
        let limits = DecodeLimits { ratio: u64::MAX, ..DecodeLimits::default() };
        let mut out = Count(0);
        io::copy(&mut Decoded::new(&*bomb, "zstd, gzip", limits).unwrap(), &mut out).unwrap();
        assert_eq!(out.0, LEN);
    });
}
