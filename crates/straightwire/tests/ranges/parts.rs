//! What `range_parts` reads.

use std::io::{self, BufRead, Read};

use origin::{Origin, pattern};
use straightwire::{ByteRanges, Error, ErrorKind, HttpConnection, RangeParts};

use crate::support::{OK, answer, asked, assert_clean, serve};

/// The range of a part and its bytes.
type Part = (std::ops::Range<u64>, Vec<u8>);

/// All parts, and the error that ended them, if one did.
fn read<R: BufRead>(mut parts: RangeParts<R>) -> (Vec<Part>, Option<Error>) {
    let mut read = Vec::new();
    loop {
        match parts.next_part() {
            Ok(None) => return (read, None),
            Err(err) => {
                assert!(parts.next_part().unwrap().is_none(), "there is more after {err}");
                return (read, Some(err));
            }
            Ok(Some(mut part)) => match part.read_all() {
                Ok(bytes) => read.push((part.range(), bytes)),
                Err(err) => return (read, Some(err)),
            },
        }
    }
}

fn parts_of(body: &[u8]) -> (Vec<Part>, Option<Error>) {
    read(RangeParts::new(body, "B").unwrap())
}

#[test]
fn the_origins_parts_are_read_and_the_connection_kept() {
    let origin = Origin::start().unwrap();
    let mut conn = HttpConnection::new(&origin.host_port()).unwrap();
    let whole = pattern::bytes(200_000);
    let ranges = ByteRanges::new(..10).unwrap().and(50_000..150_000).unwrap().and(5..=5).unwrap();
    let ranges = ranges.and_last(7).unwrap().to_string();
    for _ in 0..3 {
        conn.request("GET", "/bytes/200000", (), &[("Range", &ranges)]).unwrap();
        let mut response = conn.get_response().unwrap();
        let (parts, err) = read(response.range_parts().unwrap());
        assert!(err.is_none() && response.is_closed(), "{err:?}");
        let expected = [0..10, 50_000..150_000, 5..6, 199_993..200_000];
        assert!(parts.iter().map(|part| &part.0).eq(&expected));
        assert!(parts.iter().all(|(range, bytes)| *bytes == whole[range.start as usize..range.end as usize]));
    }
    assert_eq!(origin.connections(), 1);
}

#[test]
fn parts_may_be_left_unread() {
    let origin = Origin::start().unwrap();
    let mut conn = HttpConnection::new(&origin.host_port()).unwrap();
    conn.request("GET", "/bytes/200000", (), &[("Range", "bytes=0-99999,7-8,20-29")]).unwrap();
    let mut response = conn.get_response().unwrap();
    let mut parts = response.range_parts().unwrap();
    let mut part = parts.next_part().unwrap().unwrap();
    assert_eq!(part.headers().content_type(), "application/octet-stream");
    assert_eq!(part.content_range().complete_len(), Some(200_000));
    part.read_exact(&mut [0; 10]).unwrap();
    assert_eq!(part.remaining(), 99_990);
    assert_eq!(parts.next_part().unwrap().unwrap().range(), 7..9);
    assert_eq!(parts.next_part().unwrap().unwrap().read_all().unwrap(), pattern::bytes(30)[20..]);
    assert!(parts.next_part().unwrap().is_none() && parts.next_part().unwrap().is_none());
}

#[test]
fn one_part_needs_no_multipart() {
    let origin = Origin::start().unwrap();
    let mut conn = HttpConnection::new(&origin.host_port()).unwrap();
    for range in ["bytes=5-9", "bytes=5-9,5000-"] {
        conn.request("GET", "/bytes/1000", (), &[("Range", range)]).unwrap();
        let mut response = conn.get_response().unwrap();
        let (parts, err) = read(response.range_parts().unwrap());
        assert!(err.is_none());
        assert_eq!(parts, [(5..10, pattern::bytes(10)[5..].to_vec())]);
    }
}

/// Several ways to write the same three parts.
const SOUND: [&str; 4] = [
    "--B\r\nContent-Range: bytes 5-9/20\r\n\r\nab--B\r\n--B\r\nContent-Type: a/b\r\ncontent-range:bytes 0-0/20\r\n\r\nx\r\n--B\r\nContent-Range: BYTES 4-7/*\r\n\r\n\r\n\r\n\r\n--B--\r\n",
    "\r\n--B\r\nContent-Range: bytes 5-9/20\r\n\r\nab--B\r\n--B\r\nContent-Range: bytes 0-0/20\r\n\r\nx\r\n--B\r\nContent-Range: bytes 4-7/*\r\n\r\n\r\n\r\n\r\n--B--",
    "a word before\r\n--Boundary of something else\r\n--B \t\r\nContent-Range: bytes 5-9/20\r\n\r\nab--B\r\n--B \r\nContent-Range: bytes 0-0/20\r\n\r\nx\r\n--B\r\nContent-Range: bytes 4-7/*\r\n\r\n\r\n\r\n\r\n--B-- \r\nand after",
    "--B\nContent-Range: bytes 5-9/20\n\nab--B\n--B\nContent-Range: bytes 0-0/20\n\nx\n--B\nContent-Range: bytes 4-7/*\n\n\r\n\r\n\n--B--\n",
];

fn expected() -> [Part; 3] {
    [(5..10, b"ab--B".to_vec()), (0..1, b"x".to_vec()), (4..8, b"\r\n\r\n".to_vec())]
}

#[test]
fn parts_come_in_any_order_and_overlap_in_any_sound_form() {
    for body in SOUND {
        let (parts, err) = parts_of(body.as_bytes());
        assert!(err.is_none(), "{err:?}: {body}");
        assert_eq!(parts, expected(), "{body}");
    }
}

#[test]
fn boundaries_are_quoted_or_not_and_bodies_framed_in_any_way() {
    let body = SOUND[2].replace("--B", "--a b:c");
    for (kind, framing) in [
        ("multipart/byteranges; boundary=\"a b:c\"", format!("Content-Length: {}\r\n\r\n{body}", body.len())),
        (
            "Multipart/ByteRanges;x=y; BOUNDARY=\"a\\ b:c\"",
            format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len()),
        ),
    ] {
        let wire = format!("HTTP/1.1 206 Partial Content\r\nContent-Type: {kind}\r\n{framing}")
            .replace("ab--a b:c", "ab--B");
        let wire = wire.replace(
            &format!("Content-Length: {}", body.len()),
            &format!("Content-Length: {}", body.len() - 4),
        );
        let wire = wire.replace(&format!("{:x}\r\n", body.len()), &format!("{:x}\r\n", body.len() - 4));
        let server = serve([answer(wire).read_request().send(OK)]);
        let mut conn = asked(&server);
        let mut response = conn.get_response().unwrap();
        let (parts, err) = read(response.range_parts().unwrap());
        assert!(err.is_none(), "{err:?}");
        assert_eq!(parts, expected());
        drop(response);
        assert_clean(&server, &mut conn, 0);
    }
}

#[test]
fn what_has_no_parts_is_told() {
    for (head, why) in [
        ("200 OK\r\n", "it is 200 OK"),
        ("206 Partial Content\r\n", "no Content-Range"),
        ("206 Partial Content\r\nContent-Range: bytes */5\r\n", "no Content-Range"),
        ("206 Partial Content\r\nContent-Range: bytes 1-x/5\r\n", "makes no sense: \"bytes 1-x/5\""),
        (
            "206 Partial Content\r\nContent-Range: bytes 0-1/5\r\nContent-Range: bytes 0-1/5\r\n",
            "more than one",
        ),
        ("206 Partial Content\r\nContent-Type: multipart/byteranges\r\n", "no boundary"),
        ("206 Partial Content\r\nContent-Type: multipart/byteranges; boundary=\"a \"\r\n", "no boundary"),
        ("206 Partial Content\r\nContent-Type: multipart/byteranges; boundary=\"\u{e9}\"\r\n", "no boundary"),
    ] {
        let wire: Vec<u8> =
            format!("HTTP/1.1 {head}Content-Length: 2\r\n\r\nok").chars().map(|c| c as u8).collect();
        let server = serve([answer(wire)]);
        let mut conn = asked(&server);
        let mut response = conn.get_response().unwrap();
        let err = response.range_parts().and_then(|mut parts| parts.next_part().map(drop)).unwrap_err();
        assert_eq!(err.kind(), ErrorKind::BadRange, "{head}: {err}");
        assert!(err.is_peer() && err.to_string().contains(why), "{err}");
    }
    assert!(RangeParts::new(&b""[..], &"x".repeat(70)).is_ok());
    assert_eq!(RangeParts::new(&b""[..], &"x".repeat(71)).unwrap_err().kind(), ErrorKind::BadRange);
}

#[test]
fn a_body_that_ends_before_its_last_boundary_is_incomplete() {
    let body = SOUND[0].as_bytes();
    let last = body.len() - "\r\n".len();
    for end in 0..last {
        let (parts, err) = parts_of(&body[..end]);
        let err = err.unwrap_or_else(|| panic!("cut at {end}"));
        assert_eq!(err.kind(), ErrorKind::IncompleteRead, "cut at {end}: {err}");
        assert!(expected().starts_with(&parts));
    }
    assert!(parts_of(&body[..last]).1.is_none());
    let (_, err) = parts_of(b"--B\r\nContent-Range: bytes 0-9/10\r\n\r\nhalf");
    let err = err.unwrap();
    assert_eq!((err.partial(), err.expected()), (&b"half"[..], Some(6)));
}

#[test]
fn an_end_of_the_connection_comes_through() {
    let head = "HTTP/1.1 206 Partial Content\r\nContent-Type: multipart/byteranges; boundary=B\r\n";
    for (end, expected) in [(60, 1), (41, 1), (38, 0), (10, 0)] {
        let wire = format!("{head}Content-Length: 200\r\n\r\n{}", &SOUND[0][..end]);
        let server = serve([answer(wire).close(), answer(OK)]);
        let mut conn = asked(&server);
        let mut response = conn.get_response().unwrap();
        let (parts, err) = read(response.range_parts().unwrap());
        assert_eq!((parts.len(), err.unwrap().kind()), (expected, ErrorKind::IncompleteRead));
        drop(response);
        assert_clean(&server, &mut conn, 1);
    }
}

#[test]
fn parts_that_are_not_what_they_say_are_errors() {
    let long_head =
        format!("--B\r\nX: {}\r\nContent-Range: bytes 0-0/1\r\n\r\nx\r\n--B--", "x".repeat(20_000));
    let many_lines = format!("--B\r\n{}Content-Range: bytes 0-0/1\r\n\r\nx\r\n--B--", "X: y\r\n".repeat(100));
    let far = format!("{}--B\r\n", "no boundary\r\n".repeat(6_000));
    let endless_line = "x".repeat(200_000);
    for (body, kind, before) in [
        ("--B\r\nContent-Type: a/b\r\n\r\nx\r\n--B--", ErrorKind::BadRange, 0),
        ("--B\r\nContent-Range: bytes */5\r\n\r\n\r\n--B--", ErrorKind::BadRange, 0),
        ("--B\r\nContent-Range: bytes 0-1/5\r\n\r\nabc\r\n--B--", ErrorKind::BadRange, 1),
        ("--B\r\nContent-Range: bytes 0-9/99\r\n\r\nabc\r\n--B\r\nContent-Range\r\n", ErrorKind::BadRange, 1),
        ("--B\r\nContent-Range: bytes 0-1/5\r\n\r\nab--B--", ErrorKind::BadRange, 1),
        ("--B\r\nContent-Range: bytes 0-1/5\r\n\r\nab\r\n\r\n--B--", ErrorKind::BadRange, 1),
        ("--B\r\nContent-Range: bytes 0-1/5\r\n\r\nab\r\n--Bx\r\n", ErrorKind::BadRange, 1),
        ("--B\r\nno field\r\n\r\n", ErrorKind::BadHeader, 0),
        ("--B--\r\n", ErrorKind::BadRange, 0),
        (&long_head, ErrorKind::HeadTooLarge, 0),
        (&many_lines, ErrorKind::TooManyHeaders, 0),
        (&far, ErrorKind::BadRange, 0),
        (&endless_line, ErrorKind::BadRange, 0),
    ] {
        let (parts, err) = parts_of(body.as_bytes());
        let err = err.unwrap_or_else(|| panic!("{body}"));
        assert_eq!((err.kind(), parts.len()), (kind, before), "{err}");
    }
    let endless = "--B\r\nContent-Range: bytes 0-0/1\r\n\r\nx\r\n".repeat(10_001);
    let (parts, err) = parts_of(endless.as_bytes());
    let err = err.unwrap();
    assert!((parts.len(), err.kind()) == (10_000, ErrorKind::TooManyParts) && err.is_limit());
}

#[test]
fn a_part_by_itself_ends_where_it_says_too() {
    for framing in
        ["Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"]
    {
        let wire = format!("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 3-4/9\r\n{framing}");
        let server = serve([answer(wire)]);
        let mut conn = asked(&server);
        let mut response = conn.get_response().unwrap();
        let (parts, err) = read(response.range_parts().unwrap());
        assert_eq!(parts, [(3..5, b"he".to_vec())]);
        let err = err.unwrap();
        assert!(err.kind() == ErrorKind::BadRange && err.to_string().contains("longer"), "{err}");
    }
}

/// Bytes that come in pieces of these sizes.
struct Pieces<'a> {
    bytes: &'a [u8],
    sizes: fastrand::Rng,
    most: usize,
    ready: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = self.fill_buf()?.read(buf)?;
        self.consume(len);
        Ok(len)
    }
}

impl BufRead for Pieces<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.ready == 0 {
            self.ready = self.sizes.usize(1..=self.most).min(self.bytes.len());
        }
        Ok(&self.bytes[..self.ready])
    }

    fn consume(&mut self, len: usize) {
        self.bytes = &self.bytes[len..];
        self.ready -= len;
    }
}

#[test]
fn parts_are_the_same_however_they_arrive_and_whatever_is_damaged() {
    let mut random = fastrand::Rng::with_seed(1);
    let mut errors = 0;
    for round in 0..8_000 {
        let mut body = SOUND[round % SOUND.len()].as_bytes().to_vec();
        for _ in 0..random.usize(0..4) {
            let at = random.usize(..body.len());
            match random.u8(..4) {
                0 => body[at] ^= 1 << random.u8(..8),
                1 => drop(body.remove(at)),
                2 => body.insert(at, random.choice(*b"\r\n-B0:/ ").unwrap()),
                _ => body.truncate(at.max(1)),
            }
        }
        let tell = |(parts, err): (Vec<Part>, Option<Error>)| {
            (parts, err.map(|err| (err.to_string(), err.into_partial())))
        };
        let whole = tell(parts_of(&body));
        errors += usize::from(whole.1.is_some());
        let pieces = Pieces { bytes: &body, sizes: random.fork(), most: random.usize(1..20), ready: 0 };
        let split = tell(read(RangeParts::new(pieces, "B").unwrap()));
        assert_eq!(whole, split, "{}", body.escape_ascii());
    }
    assert!(errors > 2_000, "{errors}");
}
