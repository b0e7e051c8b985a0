//! What `Download` makes of cuts, and of servers' answers to its going on.

use std::io::{self, Write};

use origin::{Origin, Script, Scripted, pattern};
use straightwire::{Continuation, Download, ErrorKind, HttpConnection, Outcome, Phase, Validator};

use crate::support::{OK, answer, assert_clean, client, received, serve};

const TAG: &str = "\"one\"";

/// All of it, cut after `come`.
fn cut(more: &str, come: &str) -> Script {
    answer(format!("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n{more}\r\n{come}")).close()
}

fn part(content_range: &str, more: &str, body: &str) -> Script {
    let len = body.len();
    answer(format!(
        "HTTP/1.1 206 Partial Content\r\nContent-Range: {content_range}\r\nContent-Length: {len}\r\n{more}\r\n{body}"
    ))
}

fn tag() -> Validator {
    TAG.parse().unwrap()
}

#[test]
fn a_download_goes_on_after_each_cut() {
    let origin = Origin::start().unwrap();
    let whole = pattern::bytes(1_000_000);
    let mut conn = HttpConnection::new(&origin.host_port()).unwrap();
    let mut out = Vec::new();
    let mut download = Download::new("/flaky/1000000?cut=300000").retries(3).header("X-Own", "1");
    assert_eq!(download.run(&mut conn, &mut out).unwrap(), Outcome::Complete);
    assert!(out == whole);
    assert_eq!((download.received(), download.complete_len()), (1_000_000, Some(1_000_000)));
    assert_eq!(download.run(&mut conn, &mut out).unwrap(), Outcome::Complete);
    let requests = origin.requests();
    assert_eq!(requests.len(), 4, "a complete one asks for nothing");
    for (number, request) in requests.iter().enumerate() {
        let range = (number > 0).then(|| format!("bytes={}-", number * 300_000));
        assert_eq!(request.header("Range").map(|value| value.to_string()), range);
        assert_eq!(request.header("If-Range").is_some(), number > 0);
        assert!(request.header("X-Own").is_some());
        assert_eq!(request.header("Accept-Encoding").unwrap(), "identity");
    }
}

#[test]
fn without_retries_the_error_comes_and_the_next_run_goes_on() {
    let origin = Origin::start().unwrap();
    let mut conn = HttpConnection::new(&origin.host_port()).unwrap();
    let mut out = Vec::new();
    let mut download = Download::new("/flaky/100?cut=40");
    for received in [40, 80] {
        let err = download.run(&mut conn, &mut out).unwrap_err();
        assert_eq!((err.kind(), download.received()), (ErrorKind::IncompleteRead, received));
    }
    assert_eq!(download.run(&mut conn, &mut out).unwrap(), Outcome::Complete);
    assert_eq!(out, pattern::bytes(100));
}

#[test]
fn another_run_takes_up_what_an_earlier_one_left() {
    let origin = Origin::start().unwrap();
    let mut conn = HttpConnection::new(&origin.host_port()).unwrap();
    let mut first = Download::new("/flaky/100?cut=70");
    let mut out = Vec::new();
    first.run(&mut conn, &mut out).unwrap_err();
    let kept = first.validator().unwrap().to_string();

    let kept: Validator = kept.parse().unwrap();
    let mut second = Download::new("/flaky/100?cut=70").resume(out.len() as u64, kept.clone());
    assert_eq!(second.run(&mut conn, &mut out).unwrap(), Outcome::Complete);
    assert_eq!(out, pattern::bytes(100));
    // All of it was there already: 416 says so.
    let mut third = Download::new("/bytes/100").resume(100, kept.clone());
    assert_eq!(third.run(&mut conn, &mut out).unwrap(), Outcome::Complete);
    // It is another resource, by its tag.
    let mut other = Download::new("/bytes/101").resume(100, kept);
    assert_eq!(other.run(&mut conn, &mut out).unwrap(), Outcome::Changed);
    assert_eq!(out.len(), 100);
    // Nothing to match it by: all of it is asked for.
    let mut unknown = Download::new("/bytes/100").resume(50, None);
    assert_eq!(unknown.run(&mut conn, &mut out).unwrap(), Outcome::Changed);
    assert_eq!((out.len(), unknown.received()), (100, 0));
    // The caller knows.
    let mut unverified = Download::new("/bytes/103").resume_unverified(100);
    assert_eq!(unverified.run(&mut conn, &mut out).unwrap(), Outcome::Complete);
    assert_eq!(out, pattern::bytes(103));
}

#[test]
fn what_has_changed_is_begun_anew_and_never_joined() {
    let second = answer("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nETag: \"two\"\r\n\r\nnew");
    let server = serve([cut("ETag: \"one\"\r\n", "old"), second]);
    let mut conn = client(&server);
    let mut out = Vec::new();
    let mut download = Download::new("/x").retries(5);
    assert_eq!(download.run(&mut conn, &mut out).unwrap(), Outcome::Changed);
    assert_eq!(out, b"old");
    out.clear();
    conn.close();
    assert_eq!(download.run(&mut conn, &mut out).unwrap(), Outcome::Complete);
    assert_eq!(out, b"new");
    assert!(received(&server, 1).contains("\r\nRange: bytes=3-\r\nIf-Range: \"one\"\r\n"));
    assert!(!received(&server, 2).contains("Range"));
}

#[test]
fn weak_validators_are_no_ground_to_go_on() {
    for weak in [
        "",
        "ETag: W/\"one\"\r\n",
        "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
        "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 1994 08:49:40 GMT\r\n",
    ] {
        let server = serve([cut(weak, "half"), answer(OK)]);
        let mut conn = client(&server);
        let mut download = Download::new("/x").retries(5);
        let err = download.run(&mut conn, &mut Vec::new()).unwrap_err();
        assert_eq!((err.kind(), server.connections()), (ErrorKind::IncompleteRead, 1), "{weak}");
        // The next run begins anew, and says so.
        assert_eq!(download.run(&mut conn, &mut Vec::new()).unwrap(), Outcome::Changed);
        assert!(!received(&server, 1).contains("Range"));
    }
}

#[test]
fn an_old_date_is_strong() {
    let dates = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Mon, 07 Nov 1994 08:49:37 GMT\r\n";
    let server = serve([cut(dates, "01234"), part("bytes 5-9/10", dates, "56789")]);
    let mut out = Vec::new();
    let mut download = Download::new("/x").retries(1);
    assert_eq!(download.run(&mut client(&server), &mut out).unwrap(), Outcome::Complete);
    assert_eq!(out, b"0123456789");
    assert!(received(&server, 1).contains("If-Range: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
}

#[test]
fn a_part_that_does_not_fit_is_an_error_and_nothing_is_written() {
    let two = answer(
        "HTTP/1.1 206 Partial Content\r\nContent-Type: multipart/byteranges; boundary=B\r\nContent-Length: 2\r\n\r\nok",
    );
    for (script, why) in [
        (part("bytes 4-9/10", "", "456789"), "from 5 on, got bytes 4-9/10"),
        (part("bytes 6-9/10", "", "6789"), "from 5 on, got bytes 6-9/10"),
        (part("bytes 5-9/11", "", "56789"), "something else"),
        (part("bytes 5-14/*", "", "5678901234"), "something else"),
        (part("bytes 5-9/10", "ETag: \"two\"\r\n", "56789"), "something else"),
        (part("bytes 5-9/10", "ETag: W/\"one\"\r\n", "56789"), "something else"),
        (part("bytes 5-10/10", "", "56789"), "makes no sense"),
        (part("bytes */10", "", "56789"), "no Content-Range"),
        (part("items 5-9/10", "", "56789"), "makes no sense"),
        (part("bytes 5-6/10", "", "56789"), "more came"),
        (two, "no Content-Range"),
    ] {
        let server = serve([cut("ETag: \"one\"\r\n", "01234"), script, answer(OK)]);
        let mut conn = client(&server);
        let mut out = Vec::new();
        let mut download = Download::new("/x").retries(5);
        let err = download.run(&mut conn, &mut out).unwrap_err();
        assert_eq!(err.kind(), ErrorKind::BadRange, "{err}");
        assert!(err.to_string().contains(why), "{err}");
        assert_eq!((&*out, download.received(), server.connections()), (&b"01234"[..], 5, 2));
        conn.close();
        assert_clean(&server, &mut conn, 2);
    }
    let server = serve([part("bytes 0-1/2", "", "ok")]);
    let err = Download::new("/x").run(&mut client(&server), &mut Vec::new()).unwrap_err();
    assert!(err.to_string().contains("all was asked for"), "{err}");
}

/// Where no length says so before, what fits is written, and just that, however it was cut.
#[test]
fn more_than_a_part_has_is_refused_where_the_part_ends() {
    let head =
        "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 5-9/10\r\nTransfer-Encoding: chunked\r\n\r\n";
    for body in [
        "9\r\n56789more\r\n0\r\n\r\n",
        "2\r\n56\r\n7\r\n789more\r\n0\r\n\r\n",
        "5\r\n56789\r\n4\r\nmore\r\n0\r\n\r\n",
    ] {
        let server = serve([answer(format!("{head}{body}"))]);
        let mut out = b"01234".to_vec();
        let mut download = Download::new("/x").resume(5, tag());
        let err = download.run(&mut client(&server), &mut out).unwrap_err();
        assert_eq!((err.kind(), download.received()), (ErrorKind::BadRange, 10), "{err}");
        assert_eq!(out, b"0123456789");
    }
}

#[test]
fn less_than_was_asked_for_is_gone_on_with() {
    let server = serve([
        cut("ETag: \"one\"\r\n", "012"),
        part("bytes 3-6/10", "", "3456"),
        part("bytes 7-9/10", "", "789"),
    ]);
    let mut out = Vec::new();
    let mut conn = client(&server);
    let mut download = Download::new("/x").retries(1);
    let err = download.run(&mut conn, &mut out).unwrap_err();
    assert_eq!((err.kind(), err.expected()), (ErrorKind::IncompleteRead, Some(3)));
    conn.close();
    assert_eq!(download.run(&mut conn, &mut out).unwrap(), Outcome::Complete);
    assert_eq!(out, b"0123456789");
}

#[test]
fn no_more_bytes_means_complete_or_changed() {
    for (fields, outcome) in [
        ("Content-Range: bytes */5\r\n", Outcome::Complete),
        ("Content-Range: bytes */5\r\nETag: \"one\"\r\n", Outcome::Complete),
        ("Content-Range: bytes */5\r\nETag: \"two\"\r\n", Outcome::Changed),
        ("Content-Range: bytes */4\r\n", Outcome::Changed),
        ("Content-Range: bytes */x\r\n", Outcome::Changed),
        ("", Outcome::Changed),
    ] {
        let refusal = format!("HTTP/1.1 416 Range Not Satisfiable\r\n{fields}Content-Length: 0\r\n\r\n");
        let server = serve([answer(refusal)]);
        let mut download = Download::new("/x").resume(5, tag());
        assert_eq!(download.run(&mut client(&server), &mut Vec::new()).unwrap(), outcome, "{fields}");
        assert_eq!(download.received(), if outcome == Outcome::Complete { 5 } else { 0 });
    }
}

#[test]
fn other_answers_are_not_written() {
    for (status, resumed) in [(404, 0), (404, 5), (416, 0), (503, 5), (304, 5), (204, 5)] {
        let wire = format!("HTTP/1.1 {status} So\r\nContent-Length: 0\r\n\r\n");
        let server = serve([answer(wire)]);
        let mut out = Vec::new();
        let mut download = Download::new("/x").retries(3).resume(resumed, tag());
        assert_eq!(download.run(&mut client(&server), &mut out).unwrap(), Outcome::Refused(status));
        assert_eq!((out.len(), download.received(), server.connections()), (0, resumed, 1));
    }
}

#[test]
fn only_cuts_are_tried_again() {
    let whole = Script::new().read_request().send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    for (first, connections) in [
        (Script::new().read_request().close(), 2),
        (Script::new().read_request().reset(), 2),
        (Script::new().read_request().send("HTTP/1.1 200 OK\r\nETag: \"one\"\r\nContent-").close(), 2),
        (Script::new().read_request().send("no HTTP at all\r\n\r\n"), 1),
    ] {
        let server: Scripted = serve([first, whole.clone()]);
        let result = Download::new("/x").retries(1).run(&mut client(&server), &mut Vec::new());
        assert_eq!((result.is_ok(), server.connections()), (connections == 2, connections), "{result:?}");
    }
}

/// Has room for so many bytes, and keeps the last of them back until it is flushed.
struct Disk {
    bytes: Vec<u8>,
    room: usize,
    flushed: usize,
}

impl Write for Disk {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let len = buf.len().min(self.room - self.bytes.len());
        self.bytes.extend_from_slice(&buf[..len]);
        if len == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(len) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flushed = self.bytes.len();
        if self.flushed == self.room { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

#[test]
fn after_an_error_of_the_writer_the_next_run_goes_on_where_that_stopped() {
    let origin = Origin::start().unwrap();
    let mut conn = HttpConnection::new(&origin.host_port()).unwrap();
    let mut disk = Disk { bytes: Vec::new(), room: 0, flushed: 0 };
    let mut download = Download::new("/bytes/100").retries(5);
    // The last time all has been written, but not flushed.
    for room in [0, 40, 41, 100] {
        disk.room = room;
        let err = download.run(&mut conn, &mut disk).unwrap_err();
        assert_eq!((err.kind(), err.phase()), (ErrorKind::Io, Some(Phase::SaveBody)), "{err}");
        assert_eq!((err.saved(), download.received(), disk.bytes.len()), (room as u64, room as u64, room));
    }
    assert_eq!(origin.requests().len(), 4, "it isn't the connection that was cut");
    disk.room = 200;
    disk.flushed = 0;
    assert_eq!(download.run(&mut conn, &mut disk).unwrap(), Outcome::Complete);
    assert_eq!((disk.flushed, disk.bytes), (100, pattern::bytes(100)));
    assert_eq!(origin.requests().len(), 4, "all of it was there");
}

#[test]
fn each_step_can_be_taken_by_oneself() {
    let origin = Origin::start().unwrap();
    let mut conn = HttpConnection::new(&origin.host_port()).unwrap();
    let mut download = Download::new("/bytes/100").resume_unverified(40);
    let headers = download.request_headers();
    assert_eq!(headers, [("Range".to_owned(), "bytes=40-".to_owned())]);
    conn.put_request("GET", "/bytes/100").unwrap();
    for (name, value) in &headers {
        conn.put_header(name, value).unwrap();
    }
    conn.end_headers().unwrap();
    let mut response = conn.get_response().unwrap();
    assert_eq!(download.judge(response.head()).unwrap(), Continuation::Rest);
    let rest = response.read_all().unwrap();
    download.advance(rest.len() as u64).unwrap();
    assert!(download.is_complete() && rest == pattern::bytes(100)[40..]);
    assert_eq!(download.advance(1).unwrap_err().kind(), ErrorKind::BadRange);
    // From here on there is something to match it by.
    assert_eq!(download.validator().unwrap().to_string(), "\"pattern-100\"");
}
