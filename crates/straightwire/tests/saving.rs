//! Bodies to files, and to whatever can be written to.

mod support;

#[path = "support/scratch.rs"]
mod scratch;

use std::io::{self, Write};

use origin::{Origin, pattern};
use scratch::Scratch;
use straightwire::{ErrorKind, Phase};
use support::*;

#[test]
fn whatever_the_framing_the_file_has_all_of_it() {
    let origin = Origin::start().unwrap();
    let mut conn = builder(origin.addr()).build().unwrap();
    for len in [0, 1, 8191, 300_000, 3_000_000] {
        for url in
            [format!("/bytes/{len}"), format!("/chunked/{len}/7000"), format!("/close-delimited/{len}")]
        {
            let scratch = Scratch::new("saved", b"");
            conn.request("GET", &url, (), &[]).unwrap();
            let mut response = conn.get_response().unwrap();
            assert_eq!(response.copy_to(&mut scratch.for_writing()).unwrap(), len);
            assert!(response.is_closed());
            assert_eq!(response.copy_to(&mut io::sink()).unwrap(), 0);
            assert!(scratch.contents() == pattern::bytes(len as usize));
        }
    }
}

#[test]
fn the_rest_after_a_part_was_read() {
    let origin = Origin::start().unwrap();
    let mut conn = builder(origin.addr()).build().unwrap();
    conn.request("GET", "/bytes/100000", (), &[]).unwrap();
    let mut response = conn.get_response().unwrap();
    let first = response.read_up_to(1000).unwrap();
    let mut rest = Vec::new();
    assert_eq!(response.copy_to(&mut rest).unwrap(), 99_000);
    assert!([first, rest].concat() == pattern::bytes(100_000));
}

/// The file has what had arrived, and the error says how much that is.
#[test]
fn a_truncated_body_is_an_error() {
    let sent = "x".repeat(20_000);
    for (wire, kind, expected) in [
        (format!("Content-Length: 50000\r\n\r\n{sent}"), ErrorKind::IncompleteRead, Some(30_000)),
        (format!("Transfer-Encoding: chunked\r\n\r\n4e20\r\n{sent}\r\n"), ErrorKind::IncompleteRead, None),
        (format!("Transfer-Encoding: chunked\r\n\r\n4e20\r\n{sent}oh"), ErrorKind::BadChunk, None),
    ] {
        let server = serve([answer(format!("HTTP/1.1 200 OK\r\n{wire}")).close(), answer_all()]);
        let scratch = Scratch::new("truncated", b"");
        let mut conn = asked(&server);
        let err = conn.get_response().unwrap().copy_to(&mut scratch.for_writing()).unwrap_err();
        assert_eq!((err.kind(), err.saved(), err.expected()), (kind, 20_000, expected), "{err}");
        assert!(err.to_string().contains("20000 bytes read"), "{err}");
        assert!(scratch.contents() == sent.as_bytes() && err.partial().is_empty());
        assert_clean(&server, &mut conn, 1);
    }
}

/// Takes so many bytes, in small pieces and with interruptions, and then no more.
struct Full {
    taken: Vec<u8>,
    room: usize,
    interrupted: bool,
}

impl Write for Full {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.interrupted ^= true;
        if self.interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let len = buf.len().min(self.room - self.taken.len()).min(999);
        if len == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.taken.extend_from_slice(&buf[..len]);
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_takes_no_more_is_an_error_that_says_how_much_it_took() {
    let origin = Origin::start().unwrap();
    let mut conn = builder(origin.addr()).build().unwrap();
    for room in [0, 100, 5000, 1_000_000] {
        conn.request("GET", "/bytes/2000000", (), &[]).unwrap();
        let mut full = Full { taken: Vec::new(), room, interrupted: false };
        let err = conn.get_response().unwrap().copy_to(&mut full).unwrap_err();
        assert_eq!((err.kind(), err.phase()), (ErrorKind::Io, Some(Phase::SaveBody)), "{err}");
        assert_eq!(err.io_error().unwrap().kind(), io::ErrorKind::StorageFull);
        assert_eq!(err.saved(), room as u64);
        assert!(err.is_io() && !err.is_peer() && !err.is_connection_error());
        // Nothing is lost of what has come.
        let both = [&full.taken, err.partial()].concat();
        assert!(both.len() > room && both == pattern::bytes(both.len()));
        conn.request("GET", "/bytes/3", (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), pattern::bytes(3));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk() {
    let origin = Origin::start().unwrap();
    let mut conn = builder(origin.addr()).build().unwrap();
    let mut disk = std::fs::File::options().write(true).open("/dev/full").unwrap();
    conn.request("GET", "/bytes/2000000", (), &[]).unwrap();
    let err = conn.get_response().unwrap().copy_to(&mut disk).unwrap_err();
    assert_eq!(err.io_error().unwrap().kind(), io::ErrorKind::StorageFull, "{err}");
    assert_eq!((err.phase(), err.saved()), (Some(Phase::SaveBody), 0));

    // Told when it is flushed, where it is buffered.
    conn.request("GET", "/bytes/2000", (), &[]).unwrap();
    let mut buffered = io::BufWriter::new(disk);
    let err = conn.get_response().unwrap().copy_to(&mut buffered).unwrap_err();
    assert_eq!(err.io_error().unwrap().kind(), io::ErrorKind::StorageFull, "{err}");
    drop(buffered.into_parts());
}
