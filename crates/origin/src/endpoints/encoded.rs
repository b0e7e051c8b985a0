//! Content in codings (RFC 9110 section 8.4.1), made by the encoders that are in use elsewhere.

use std::io::{self, Write};
use std::thread;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use crate::answer::TEXT;
use crate::call::Call;
use crate::fault::Outcome;
use crate::grammar::decimal;
use crate::pattern;

/// It is made and encoded in memory.
const LONGEST: u64 = 64 * 1024 * 1024;
/// Codings, one on top of the other.
const MOST: usize = 10;

/// `/encoded/CODING/N`, whatever the request accepts.
pub(super) fn encoded(call: &mut Call<'_>, rest: &str) -> Outcome<()> {
    let asked = rest.split_once('/').and_then(|(list, size)| {
        let codings = list.split(',').collect::<Vec<_>>();
        let size = decimal(size.as_bytes()).filter(|&size| size <= LONGEST)?;
        (codings.len() <= MOST).then_some((codings, size))
    });
    let Some((codings, size)) = asked else { return call.not_found() };
    // Encoders want more stack than the threads of connections have.
    let encoded = thread::scope(|scope| scope.spawn(|| encode_all(&codings, size as usize)).join());
    let encoded = encoded.map_err(|_| io::Error::other("an encoder panicked"))??;
    let Some((names, content)) = encoded else { return call.not_found() };
    call.answer.start(200)?;
    call.answer.field("Content-Encoding", names.join(", "))?;
    call.answer.field("Vary", "Accept-Encoding")?;
    Ok(call.answer.finish_whole(TEXT, &content)?)
}

/// The text in these codings, one on top of the other, and what the field calls them.
fn encode_all(codings: &[&str], size: usize) -> io::Result<Option<(Vec<&'static str>, Vec<u8>)>> {
    let mut content = pattern::numbers(size);
    let mut names = Vec::new();
    for coding in codings {
        let Some((name, encoded)) = encode(coding, &content)? else { return Ok(None) };
        names.push(name);
        content = encoded;
    }
    Ok(Some((names, content)))
}

/// What the field calls the coding, and the content in it; `None` for one that nobody knows.
fn encode(coding: &str, content: &[u8]) -> io::Result<Option<(&'static str, Vec<u8>)>> {
    let level = Compression::default();
    Ok(Some(match coding {
        "gzip" => {
            let mut encoder = GzEncoder::new(Vec::new(), level);
            encoder.write_all(content)?;
            ("gzip", encoder.finish()?)
        }
        "deflate" => {
            let mut encoder = ZlibEncoder::new(Vec::new(), level);
            encoder.write_all(content)?;
            ("deflate", encoder.finish()?)
        }
        "raw" => {
            let mut encoder = DeflateEncoder::new(Vec::new(), level);
            encoder.write_all(content)?;
            ("deflate", encoder.finish()?)
        }
        "br" => {
            let mut encoded = Vec::new();
            let params = brotli::enc::BrotliEncoderParams { quality: 5, ..Default::default() };
            brotli::BrotliCompress(&mut &*content, &mut encoded, &params)?;
            ("br", encoded)
        }
        "zstd" => ("zstd", zstd::encode_all(content, 0)?),
        "identity" => ("identity", content.to_vec()),
        _ => return Ok(None),
    }))
}
