//! What encoders can do, whatever carries it.

use std::io::{BufRead, Read, Write};
use std::process::{Command, Stdio};

use flate2::{Compression, Crc, GzBuilder};
use origin::pattern;
use straightwire::{DecodeLimits, Decoded, ErrorKind};
use zstd::stream::raw::CParameter;

use crate::{Pieces, decode};

/// All codings, with the names that `encode` knows them by.
pub(crate) const CODINGS: [(&str, &str); 5] =
    [("gzip", "gzip"), ("deflate", "deflate"), ("raw", "deflate"), ("br", "br"), ("zstd", "zstd")];

pub(crate) fn encode(name: &str, content: &[u8]) -> Vec<u8> {
    encode_in_pieces(name, &[content]).concat()
}

/// Each piece encoded and flushed, so that it can be decoded when it is here; then the end.
pub(crate) fn encode_in_pieces(name: &str, pieces: &[&[u8]]) -> Vec<Vec<u8>> {
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    fn run<W: Write>(mut encoder: W, pieces: &[&[u8]], out: fn(&mut W) -> &mut Vec<u8>) -> (W, Vec<Vec<u8>>) {
        let mut encoded = Vec::new();
        for piece in pieces {
            encoder.write_all(piece).unwrap();
            if pieces.len() > 1 {
                encoder.flush().unwrap();
            }
            encoded.push(std::mem::take(out(&mut encoder)));
        }
        (encoder, encoded)
    }

    let level = Compression::default();
    let (end, mut encoded) = match name {
        "gzip" => {
            let (encoder, encoded) = run(GzEncoder::new(Vec::new(), level), pieces, GzEncoder::get_mut);
            (encoder.finish().unwrap(), encoded)
        }
        "deflate" => {
            let (encoder, encoded) = run(ZlibEncoder::new(Vec::new(), level), pieces, ZlibEncoder::get_mut);
            (encoder.finish().unwrap(), encoded)
        }
        "raw" => {
            let encoder = DeflateEncoder::new(Vec::new(), level);
            let (encoder, encoded) = run(encoder, pieces, DeflateEncoder::get_mut);
            (encoder.finish().unwrap(), encoded)
        }
        "br" => {
            let encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 20);
            let (encoder, encoded) = run(encoder, pieces, brotli::CompressorWriter::get_mut);
            (encoder.into_inner(), encoded)
        }
        "zstd" => {
            let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
            encoder.include_checksum(true).unwrap();
            let (encoder, encoded) = run(encoder, pieces, zstd::Encoder::get_mut);
            (encoder.finish().unwrap(), encoded)
        }
        _ => panic!("no such coding: {name}"),
    };
    encoded.push(end);
    encoded
}

/// Text, noise, and nothing but zeros.
pub(crate) fn contents() -> [Vec<u8>; 4] {
    [Vec::new(), pattern::numbers(60_000), pattern::bytes(40_000), vec![0; 50_000]]
}

#[test]
fn content_is_what_was_encoded_however_it_arrives_and_is_read() {
    for (name, coding) in CODINGS {
        for content in contents() {
            let encoded = encode(name, &content);
            assert!(decode(coding, &encoded).unwrap() == content, "{name}");
            for size in [1, 2, 7, 1000, 40_000] {
                let mut decoded =
                    Decoded::new(Pieces::of(&encoded, size), coding, DecodeLimits::default()).unwrap();
                assert!(decoded.read_all().unwrap() == content, "{name} in pieces of {size}");
                assert_eq!(decoded.bytes_in(), encoded.len() as u64);
                assert_eq!(decoded.read(&mut [0; 10]).unwrap(), 0);
            }
            for size in [1, 100, 32 * 1024, 200_000] {
                let mut decoded = Decoded::new(&*encoded, coding, DecodeLimits::default()).unwrap();
                let (mut read, mut buf) = (Vec::new(), vec![0; size]);
                loop {
                    // Both ways in turn.
                    let len = decoded.read(&mut buf).unwrap();
                    read.extend_from_slice(&buf[..len]);
                    let ready = decoded.fill_buf().unwrap();
                    let taken = ready.len().min(size);
                    read.extend_from_slice(&ready[..taken]);
                    decoded.consume(taken);
                    if len + taken == 0 {
                        break;
                    }
                }
                assert!(read == content, "{name} by {size}");
            }
        }
    }
}

#[test]
fn what_was_flushed_can_be_read_before_more_comes() {
    for (name, coding) in CODINGS {
        let pieces = [&b"hello, "[..], &pattern::numbers(100_000), b"world"];
        let encoded = encode_in_pieces(name, &pieces);
        let mut wire = Pieces { bytes: &encoded.concat(), at: 0, ends: Vec::new() };
        for piece in &encoded {
            wire.ends.push(wire.ends.last().unwrap_or(&0) + piece.len());
        }
        let ends = wire.ends.clone();
        let mut decoded = Decoded::new(wire, coding, DecodeLimits::default()).unwrap();
        for (piece, end) in pieces.iter().zip(ends) {
            let mut read = vec![0; piece.len()];
            decoded.read_exact(&mut read).unwrap();
            assert!(read == *piece, "{name}");
            assert!(decoded.get_ref().at <= end, "{name}: what comes later was asked for");
        }
        assert_eq!(decoded.read_all().unwrap(), b"");
    }
}

#[test]
fn members_and_frames_are_read_one_after_the_other() {
    let parts = [pattern::numbers(5000), Vec::new(), b"x".to_vec(), pattern::bytes(9000)];
    for coding in ["gzip", "x-gzip", "zstd"] {
        let name = if coding == "zstd" { "zstd" } else { "gzip" };
        let mut encoded = parts.iter().flat_map(|part| encode(name, part)).collect::<Vec<_>>();
        if coding == "zstd" {
            // A frame to be skipped (RFC 8878 3.1.2).
            encoded.extend(b"\x5a\x2a\x4d\x18\x05\x00\x00\x00apple");
            encoded.extend(encode(name, b"last"));
        }
        let mut content = parts.concat();
        content.extend(if coding == "zstd" { &b"last"[..] } else { b"" });
        for size in [1, 3, 100_000] {
            let body = Pieces::of(&encoded, size);
            let mut decoded = Decoded::new(body, coding, DecodeLimits::default()).unwrap();
            assert!(decoded.read_all().unwrap() == content, "{coding} by {size}");
        }
    }
}

#[test]
fn gzip_headers_may_have_all_that_there_is() {
    let content = pattern::numbers(1000);
    let builder = GzBuilder::new().extra(b"ab\x02\x00cd".to_vec()).filename("a file").comment("a word");
    let mut encoder = builder.mtime(1).write(Vec::new(), Compression::fast());
    encoder.write_all(&content).unwrap();
    let encoded = encoder.finish().unwrap();
    assert_eq!(decode("gzip", &encoded).unwrap(), content);

    // The same with a checksum of the header, which no encoder that is around makes.
    let header_len = 10 + 2 + 6 + "a file\0".len() + "a word\0".len();
    let mut header = encoded[..header_len].to_vec();
    header[3] |= 2;
    let mut crc = Crc::new();
    crc.update(&header);
    let sum = (crc.sum() as u16).to_le_bytes();
    let checked = [&header, &sum[..], &encoded[header_len..]].concat();
    for size in [1, 1000] {
        let body = Pieces::of(&checked, size);
        let decoded = Decoded::new(body, "GZIP", DecodeLimits::default()).unwrap().read_all();
        assert_eq!(decoded.unwrap(), content);
    }
    let mut wrong = checked;
    wrong[header_len] ^= 1;
    let err = decode("gzip", &wrong).unwrap_err();
    assert!(err.to_string().contains("another checksum of the header"), "{err}");
}

#[test]
fn several_codings_are_undone_in_reverse_order() {
    let content = pattern::numbers(50_000);
    let encoded = encode("zstd", &encode("br", &encode("raw", &encode("gzip", &content))));
    for list in ["gzip, deflate, br, zstd", "identity,GZIP ,,deflate, identity, Br,zstd"] {
        assert!(decode(list, &encoded).unwrap() == content, "{list}");
        let limits = DecodeLimits::default();
        let decoded = Decoded::new(Pieces::of(&encoded, 1), list, limits).unwrap().read_all().unwrap();
        assert!(decoded == content, "{list}, byte by byte");
    }
    assert_eq!(decode("zstd, br", &encoded).unwrap_err().kind(), ErrorKind::BadContentEncoding);
}

#[test]
fn windows_are_as_large_as_the_rfcs_have_them() {
    let content = pattern::bytes(9 << 20);
    let encode = |log: u32| {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.set_parameter(CParameter::WindowLog(log)).unwrap();
        encoder.write_all(&content).unwrap();
        encoder.finish().unwrap()
    };
    assert!(decode("zstd", &encode(23)).unwrap() == content);
    let err = decode("zstd", &encode(24)).unwrap_err();
    assert_eq!(err.kind(), ErrorKind::BadContentEncoding, "{err}");
    assert!(err.partial().is_empty() && err.to_string().contains("memory"), "{err}");

    let encode = |large_window: bool, lgwin: i32| {
        let params =
            brotli::enc::BrotliEncoderParams { quality: 2, lgwin, large_window, ..Default::default() };
        let mut encoded = Vec::new();
        brotli::BrotliCompress(&mut &content[..100_000], &mut encoded, &params).unwrap();
        encoded
    };
    assert!(decode("br", &encode(false, 24)).unwrap() == content[..100_000]);
    assert_eq!(decode("br", &encode(true, 26)).unwrap_err().kind(), ErrorKind::BadContentEncoding);
}

/// Encodes by a program; `None`, and a word about it, where it is not installed.
fn encode_by(program: &str, args: &[&str], content: &[u8]) -> Option<Vec<u8>> {
    let mut command = Command::new(program);
    let spawned =
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let Ok(mut child) = spawned else {
        println!("{program} is not installed: nothing checked");
        return None;
    };
    let mut stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(content).unwrap());
        child.wait_with_output().unwrap()
    });
    assert!(output.status.success(), "{program}");
    Some(output.stdout)
}

#[test]
fn programs_encode_what_is_decoded_here() {
    const PYTHON: &str = "
import gzip, sys, zlib
content = sys.stdin.buffer.read()
encode = {'gzip': gzip.compress, 'zlib': lambda all: zlib.compress(all, 9)}
sys.stdout.buffer.write(encode[sys.argv[1]](content))
";
    for content in contents() {
        for (program, args, coding) in [
            ("gzip", &["-1"][..], "gzip"),
            ("gzip", &["-9"], "gzip"),
            ("python3", &["-c", PYTHON, "gzip"], "gzip"),
            ("python3", &["-c", PYTHON, "zlib"], "deflate"),
            ("zstd", &["-q", "-c", "-1", "--no-check"], "zstd"),
            ("zstd", &["-q", "-c", "-19", "--check"], "zstd"),
            ("brotli", &["-c", "-q", "11"], "br"),
            ("brotli", &["-c", "-q", "1", "-w", "10"], "br"),
        ] {
            if let Some(encoded) = encode_by(program, args, &content) {
                assert!(decode(coding, &encoded).unwrap() == content, "{program} {args:?}");
            }
        }
    }
}
