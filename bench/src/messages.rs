//! The bytes of both sides: what is asked for, and the answers that the server has ready.

use std::net::SocketAddr;

/// Bytes in the body of a small answer.
pub const SMALL_BODY: usize = 1024;

/// Bytes of body in a [`MEBIBYTE`]-sized block.
pub const MEBIBYTE: usize = 1024 * 1024;

/// How much of a body is asked for at a time.
pub const READ_SIZE: usize = 64 * 1024;

/// Ends a head.
pub const HEAD_END: &[u8] = b"\r\n\r\n";

/// Ends a chunked body that has no trailers.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// What stands in the requests beside `Host` and `Accept-Encoding`, which all clients send.
const FEW_ASKED: &[(&str, &str)] = &[];

const H25_ASKED: &[(&str, &str)] = &[
    ("User-Agent", "bench/1.0 (measuring; loopback)"),
    ("Accept", "application/octet-stream, */*;q=0.5"),
    ("Accept-Language", "en-GB, en;q=0.8, nl;q=0.5"),
    ("Authorization", "Bearer 3q2-7wAAAAC6ra_erb7v_gECAwQFBgcICQoLDA0ODw"),
    ("Cache-Control", "max-age=0"),
    ("X-Request-Id", "7f0c2d0e-55a1-4b6e-9d55-0a8c6f1e2b34"),
];

const FEW_ANSWERED: &[(&str, &str)] = &[
    ("Server", "bench"),
    ("Date", "Thu, 01 Jan 2026 00:00:00 GMT"),
    ("Content-Type", "text/plain"),
    ("Content-Length", "1024"),
];

/// An object out of a store, seen through the caches before it.
const H25_ANSWERED: &[(&str, &str)] = &[
    ("Date", "Thu, 01 Jan 2026 00:00:00 GMT"),
    ("Content-Type", "application/octet-stream"),
    ("Content-Length", "1024"),
    ("Connection", "keep-alive"),
    ("Server", "ObjectStore"),
    ("Last-Modified", "Wed, 31 Dec 2025 21:14:07 GMT"),
    ("ETag", "\"0f343b0931126a20f133d67c2b018a3b\""),
    ("Accept-Ranges", "bytes"),
    ("Cache-Control", "public, max-age=31536000, immutable"),
    ("Expires", "Fri, 01 Jan 2027 00:00:00 GMT"),
    ("Age", "86121"),
    ("Via", "1.1 varnish, 1.1 4c29c0a1.edge.example (CloudCache)"),
    ("Vary", "Accept-Encoding, Origin"),
    ("Access-Control-Allow-Origin", "*"),
    ("Strict-Transport-Security", "max-age=63072000; includeSubDomains; preload"),
    ("Alt-Svc", "h3=\":443\"; ma=86400"),
    ("x-cache", "HIT, HIT"),
    ("x-cache-hits", "17, 3"),
    ("x-served-by", "cache-ams21052-AMS, cache-lhr7380-LHR"),
    ("x-timer", "S1767225600.112233,VS0,VE1"),
    ("x-store-id", "txRk1C9fKuOwl5yVQ3b4HqkYw0xJtD8mSaG2nZ7eBpU6oLiXcVhRfNsEzMdWvTgA"),
    ("x-store-request-id", "9A1F7C3E5B2D4860"),
    ("x-store-version-id", "3HL4kqtJlcpXroDTDmjVBH40Nrjfkd"),
    ("x-store-storage-class", "STANDARD"),
    ("x-store-checksum-sha256", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
];

/// A small GET, and the answer that it gets.
#[derive(Clone, Debug)]
pub struct SmallGet {
    /// The path.
    pub target: &'static str,
    /// What goes with it, beside `Host` and `Accept-Encoding`.
    pub headers: &'static [(&'static str, &'static str)],
    /// The whole request, ready to be sent.
    pub request: Vec<u8>,
    /// The whole answer.
    pub answer: Vec<u8>,
}

impl SmallGet {
    /// With few headers.
    pub fn few(server: SocketAddr) -> SmallGet {
        SmallGet::new(server, "/few", FEW_ASKED, FEW_ANSWERED)
    }

    /// With many.
    pub fn h25(server: SocketAddr) -> SmallGet {
        SmallGet::new(server, "/h25", H25_ASKED, H25_ANSWERED)
    }

    fn new(
        server: SocketAddr,
        target: &'static str,
        headers: &'static [(&'static str, &'static str)],
        answered: &[(&str, &str)],
    ) -> SmallGet {
        let mut answer = head("HTTP/1.1 200 OK", answered);
        answer.extend(pattern(SMALL_BODY));
        SmallGet { target, headers, request: request_head("GET", target, server, headers), answer }
    }
}

/// A large GET.
#[derive(Clone, Debug)]
pub struct Download {
    /// The path, which says how much and how.
    pub target: String,
    /// The whole request, ready to be sent.
    pub request: Vec<u8>,
    /// Bytes of body.
    pub len: u64,
    /// Bytes between the head and the end of the message.
    pub wire_len: u64,
}

impl Download {
    /// So many MiB under `Content-Length`.
    pub fn with_length(server: SocketAddr, mebibytes: u64) -> Download {
        Download::new(server, format!("/length/{mebibytes}"), mebibytes, mebibytes * MEBIBYTE as u64)
    }

    /// So many MiB in chunks.
    pub fn in_chunks(server: SocketAddr, chunk: usize, mebibytes: u64) -> Download {
        let wire_len = mebibytes * chunked_mebibyte(chunk).len() as u64 + LAST_CHUNK.len() as u64;
        Download::new(server, format!("/chunks/{chunk}/{mebibytes}"), mebibytes, wire_len)
    }

    fn new(server: SocketAddr, target: String, mebibytes: u64, wire_len: u64) -> Download {
        let request = request_head("GET", &target, server, &[]);
        Download { target, request, len: mebibytes * MEBIBYTE as u64, wire_len }
    }
}

/// A request head with what all clients send and `headers`.
pub fn request_head(method: &str, target: &str, server: SocketAddr, headers: &[(&str, &str)]) -> Vec<u8> {
    let host = server.to_string();
    let common = [("Host", host.as_str()), ("Accept-Encoding", "identity")];
    head(&format!("{method} {target} HTTP/1.1"), &[&common, headers].concat())
}

/// A first line and headers.
pub fn head(first: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("{first}\r\n{lines}\r\n").into_bytes()
}

/// The bytes that bodies are made of. Nothing in them looks like the end of a message.
pub fn pattern(len: usize) -> impl Iterator<Item = u8> {
    (b'a'..=b'z').cycle().take(len)
}

/// One MiB of body in chunks of `chunk` bytes and, if need be, a smaller last one.
pub fn chunked_mebibyte(chunk: usize) -> Vec<u8> {
    let data: Vec<u8> = pattern(MEBIBYTE).collect();
    let mut wire = Vec::new();
    for piece in data.chunks(chunk) {
        wire.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        wire.extend_from_slice(piece);
        wire.extend_from_slice(b"\r\n");
    }
    wire
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_have_as_many_headers_as_the_scenarios_say() {
        let server = SocketAddr::from(([127, 0, 0, 1], 80));
        for (get, asked, answered) in [(SmallGet::few(server), 2, 4), (SmallGet::h25(server), 8, 25)] {
            let lines = |head: &[u8]| {
                let end = memchr::memmem::find(head, HEAD_END).unwrap();
                memchr::memmem::find_iter(&head[..end], b"\r\n").count()
            };
            assert_eq!((lines(&get.request), lines(&get.answer)), (asked, answered));
        }
    }

    #[test]
    fn a_chunked_mebibyte_is_one() {
        for (chunk, chunks) in [(16 * 1024, 64), (100, 10_486)] {
            let wire = chunked_mebibyte(chunk);
            let mut rest = &wire[..];
            let mut sizes = Vec::new();
            while let Some(at) = rest.iter().position(|&byte| byte == b'\r') {
                let size = usize::from_str_radix(std::str::from_utf8(&rest[..at]).unwrap(), 16).unwrap();
                assert!(rest[at + 2 + size..].starts_with(b"\r\n"));
                rest = &rest[at + 2 + size + 2..];
                sizes.push(size);
            }
            assert!(rest.is_empty());
            assert_eq!((sizes.len(), sizes.iter().sum::<usize>()), (chunks, MEBIBYTE));
        }
    }
}
