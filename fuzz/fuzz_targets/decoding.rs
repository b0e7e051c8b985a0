//! Any bytes in any codings, and what encoders make of any bytes: what comes out is the same however it is cut and
//! read, is what the libraries of others make of it, and is never more than its cap.
#![no_main]

use std::io::{Read, Write};

use libfuzzer_sys::fuzz_target;
use straightwire::{DecodeLimits, Decoded, Error, ErrorKind};
use straightwire_fuzz::{Options, Pieces, drain};

const CODINGS: [&str; 4] = ["gzip", "deflate", "br", "zstd"];

/// More than what libFuzzer makes can stand for without the ratio's being looked at.
const ENOUGH: u64 = 2 << 20;

fuzz_target!(|input: &[u8]| {
    let (mut options, bytes) = Options::before(input);
    let codings = (0..options.choice(4)).map(|_| CODINGS[usize::from(options.choice(4))]).collect::<Vec<_>>();
    let list = codings.join(",");
    let size = options.size();
    let (step, other_step) = (options.size(), options.size());

    let limits = DecodeLimits { len: ENOUGH, ratio: u64::MAX, ..DecodeLimits::default() };
    if options.flag() {
        let encoded = codings.iter().fold(bytes.to_vec(), |content, coding| encode(coding, &content));
        let found = decode(&encoded, &list, limits, (size, step));
        assert!(found.error.is_none() && found.content == bytes, "{:?}", found.error);
        assert_eq!(found.taken, encoded.len() as u64);
        return;
    }
    let whole = decode(bytes, &list, limits, (bytes.len(), other_step));
    let pieces = decode(bytes, &list, limits, (size, step));
    assert_eq!(
        (whole.error.is_some(), pieces.error.is_some()),
        (pieces.error.is_some(), whole.error.is_some())
    );
    let [less, more] =
        if whole.content.len() < pieces.content.len() { [&whole, &pieces] } else { [&pieces, &whole] };
    assert!(more.content.starts_with(&less.content), "other content");
    if whole.error.is_none() {
        assert_eq!(pieces.content, whole.content);
        assert_eq!((pieces.taken, whole.taken), (bytes.len() as u64, bytes.len() as u64));
    }
    if let [coding] = codings[..] {
        compare(coding, bytes, &whole);
    }

    if codings.is_empty() {
        return;
    }
    let len = u64::from(options.byte());
    let short = decode(bytes, &list, DecodeLimits { len, ..limits }, (size, step));
    assert!(short.content.len() as u64 <= len, "{} bytes, {len} allowed", short.content.len());
    if codings.len() == 1 {
        assert_eq!(short.error.is_none(), whole.error.is_none() && whole.content.len() as u64 <= len);
    }
    let ratio = u64::from(options.byte());
    let meagre = decode(bytes, &list, DecodeLimits { free: len, ratio, ..limits }, (size, step));
    let most = len.max(ratio.saturating_mul(meagre.taken));
    assert!(meagre.content.len() as u64 <= most, "{} bytes, {most} allowed", meagre.content.len());
});

struct Found {
    content: Vec<u8>,
    error: Option<Error>,
    taken: u64,
}

fn decode(body: &[u8], list: &str, limits: DecodeLimits, (size, step): (usize, usize)) -> Found {
    let mut decoded = Decoded::new(Pieces::new(body, size), list, limits).unwrap();
    let (content, err) = drain(&mut decoded, step);
    let taken = decoded.bytes_in();
    assert_eq!(taken as usize + decoded.get_ref().left(), body.len());
    let error = err.map(|err| {
        let again = decoded.read(&mut [0; 100]).unwrap_err();
        assert_eq!(again.to_string(), err.to_string());
        err.downcast::<Error>().unwrap()
    });
    if let Some(err) = &error {
        let kinds = [ErrorKind::BadContentEncoding, ErrorKind::DecodedTooLarge];
        assert!(kinds.contains(&err.kind()), "{err}");
    }
    Found { content, error, taken }
}

/// What others read there, unless they read something that nobody should send.
fn compare(coding: &str, bytes: &[u8], found: &Found) {
    if bytes.is_empty() || found.error.as_ref().is_some_and(|err| err.kind() == ErrorKind::DecodedTooLarge) {
        return;
    }
    let mut content = Vec::new();
    let mut rest = bytes;
    let read = match coding {
        "gzip" => flate2::bufread::MultiGzDecoder::new(&mut rest).take(ENOUGH).read_to_end(&mut content),
        "deflate" if bytes[0] & 0x0f == 8 => {
            flate2::bufread::ZlibDecoder::new(&mut rest).take(ENOUGH).read_to_end(&mut content)
        }
        "deflate" => flate2::bufread::DeflateDecoder::new(&mut rest).take(ENOUGH).read_to_end(&mut content),
        "br" => brotli::Decompressor::new(&mut rest, 4096).take(ENOUGH).read_to_end(&mut content),
        _ => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(&mut rest).unwrap();
            decoder.window_log_max(23).unwrap();
            decoder.take(ENOUGH).read_to_end(&mut content)
        }
    };
    match (&found.error, read) {
        (None, Ok(_)) => assert!(content == found.content, "other content than others read"),
        (None, Err(err)) => panic!("others don't read this: {err}"),
        // Others stop reading at the end of what they know, and look at fewer checksums.
        (Some(err), Ok(_)) => {
            let is_strict = ["bytes after its end", "checksum of the header", "flags", "cut short"];
            assert!(
                !rest.is_empty() || is_strict.iter().any(|strict| err.to_string().contains(strict)),
                "{err}"
            );
            assert!(content.starts_with(&found.content) || found.content.starts_with(&content));
        }
        (Some(_), Err(_)) => {
            assert!(content.starts_with(&found.content) || found.content.starts_with(&content));
        }
    }
}

fn encode(coding: &str, content: &[u8]) -> Vec<u8> {
    use flate2::write::{GzEncoder, ZlibEncoder};
    let level = flate2::Compression::default();
    let mut encoded = Vec::new();
    match coding {
        "gzip" => {
            let mut encoder = GzEncoder::new(encoded, level);
            encoder.write_all(content).unwrap();
            encoder.finish().unwrap()
        }
        "deflate" => {
            let mut encoder = ZlibEncoder::new(encoded, level);
            encoder.write_all(content).unwrap();
            encoder.finish().unwrap()
        }
        "br" => {
            brotli::CompressorWriter::new(&mut encoded, 4096, 2, 16).write_all(content).unwrap();
            encoded
        }
        _ => zstd::encode_all(content, 1).unwrap(),
    }
}
