//! Checksums as trailers: one sent behind an upload, computed while that goes through, and one verified behind a
//! download.
//!
//! ```text
//! straightwire serve --port 8000
//! cargo run -p straightwire --example trailers -- 127.0.0.1:8000
//! ```
//!
//! The name is Amazon S3's. S3 itself wants such a checksum one level further in: with
//! `Content-Encoding: aws-chunked` and `x-amz-trailer: x-amz-checksum-crc32`, the *content* of the body is S3's own
//! chunks, each with its size, and the checksum ends them. HTTP carries that content like any other, under a
//! `Content-Length` or as HTTP's chunks, and has no trailers then. A reader that writes S3's chunks can be sent
//! with `Body::reader`; the digest is computed in the same way.

use std::io::{self, Read};

use base64::prelude::{BASE64_STANDARD, Engine};
use straightwire::{Body, HttpConnection};

/// Computes the CRC of what is read through it.
struct Summed<R> {
    reader: R,
    crc: crc32fast::Hasher,
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = self.reader.read(buf)?;
        self.crc.update(&buf[..len]);
        Ok(len)
    }
}

fn main() -> straightwire::Result<()> {
    let Some(address) = std::env::args().nth(1) else {
        eprintln!("usage: trailers HOST:PORT");
        std::process::exit(2);
    };
    let mut conn = HttpConnection::new(&address)?;

    // Sent: a million bytes, held nowhere, and behind them what they add up to.
    let data = Summed { reader: io::repeat(b'x').take(1_000_000), crc: crc32fast::Hasher::new() };
    let body = Body::with_trailers(data, |data| {
        let sum = data.crc.finalize().to_be_bytes();
        [("x-amz-checksum-crc32", BASE64_STANDARD.encode(sum))]
    });
    conn.request("PUT", "/upload", body, &[("Trailer", "x-amz-checksum-crc32")])?;
    println!("{}", String::from_utf8_lossy(&conn.get_response()?.read_all()?));

    // Received: `TE` says that trailers are welcome. They are there once the body has been read to its end.
    let welcome = [("TE", "trailers"), ("Connection", "TE")];
    conn.request("GET", "/chunked/100000/4096?trailers=1", (), &welcome)?;
    let mut response = conn.get_response()?;
    println!("to come: {}", response.header_or("Trailer", "nothing"));
    let (mut sum, mut count) = (FNV_BASIS, 0);
    let mut piece = [0; 16 * 1024];
    loop {
        let len = response.read_into(&mut piece)?;
        if len == 0 {
            break;
        }
        count += len;
        for &byte in &piece[..len] {
            sum = (sum ^ u64::from(byte)).wrapping_mul(FNV_PRIME);
        }
    }
    println!("{}", response.trailers());
    let promised = response.trailers().get("Checksum");
    if promised.as_deref() != Some(&format!("fnv1a={sum:016x}")) {
        println!("{count} bytes, and they are not those that were sent");
        std::process::exit(1);
    }
    println!("{count} bytes, as they were sent");
    Ok(())
}

/// FNV-1a with 64 bits, in which the server sums up.
const FNV_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;
