//! Files as bodies, which the system sends by itself where it can.

#![cfg(feature = "tls")]

mod support;

#[path = "support/caller.rs"]
mod caller;
#[path = "support/counting.rs"]
mod counting;
#[path = "support/scratch.rs"]
mod scratch;
#[path = "support/secure.rs"]
mod secure;

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use caller::Caller;
use counting::counted;
use origin::pattern::{self, Fnv1a};
use origin::{Origin, Script, Scripted};
use scratch::Scratch;
use secure::{https, origin_tls};
use straightwire::transport::{Socket, Target, Transport};
use straightwire::{Body, Canceller, Error, ErrorKind, Event, HttpConnection, Phase};
use support::*;

/// More than three pieces, and not a whole number of them.
const LEN: usize = 3 * 1024 * 1024 + 12_345;

/// What `/upload` says of these bytes.
fn receipt(bytes: &[u8], framing: &str) -> String {
    format!(r#""bytes":{},"fnv1a":"{}","framing":"{framing}""#, bytes.len(), Fnv1a::of(bytes))
}

/// Uploads this; what came of it.
fn upload(conn: &mut HttpConnection, body: Body<'_>, headers: &[(&str, &str)]) -> String {
    conn.request("PUT", "/upload", body, headers).unwrap();
    let mut response = conn.get_response().unwrap();
    assert_eq!(response.status(), 200);
    let said = String::from_utf8(response.read_all().unwrap()).unwrap();
    said.chars().filter(|char| !char.is_whitespace()).collect()
}

#[track_caller]
fn assert_received(said: &str, bytes: &[u8], framing: &str) {
    assert!(said.contains(&receipt(bytes, framing)), "{said}");
}

/// How much the system sends by itself of that much.
fn by_system(len: usize) -> u64 {
    if cfg!(target_os = "linux") { len as u64 } else { 0 }
}

#[test]
fn a_file_under_its_length_is_sent_by_the_system() {
    let origin = Origin::start().unwrap();
    let contents = pattern::bytes(LEN);
    let scratch = Scratch::new("whole", &contents);
    let (builder, counts) = counted(origin.addr(), true);
    let mut conn = builder.build().unwrap();

    assert_received(&upload(&mut conn, Body::file(scratch.open()).unwrap(), &[]), &contents, "length");
    // The last piece is too small to be worth it.
    let first = by_system(3 * 1024 * 1024);
    assert_eq!(counts.by_system(), first);
    assert!(counts.written() < LEN as u64 - first + 1000, "{counts:?}");

    let declared = [("Content-Length", &*LEN.to_string())];
    let said = upload(&mut conn, (&scratch.open()).into(), &declared);
    assert_received(&said, &contents, "length");
    assert_eq!(counts.by_system(), 2 * first);
    assert_eq!(origin.connections(), 1);
}

#[test]
fn a_file_in_chunks_goes_in_blocks() {
    let origin = Origin::start().unwrap();
    let contents = pattern::bytes(LEN);
    let scratch = Scratch::new("chunks", &contents);
    let (builder, counts) = counted(origin.addr(), true);
    let mut conn = builder.build().unwrap();
    assert_received(&upload(&mut conn, scratch.open().into(), &[]), &contents, "chunked");
    // The head, the blocks, and the last chunk.
    assert_eq!((counts.by_system(), counts.writes()), (0, LEN.div_ceil(8192) as u64 + 2));
}

#[test]
fn who_watches_sees_every_byte() {
    let origin = Origin::start().unwrap();
    let contents = pattern::bytes(LEN);
    let scratch = Scratch::new("watched", &contents);
    let (builder, counts) = counted(origin.addr(), true);
    let (seen, events) = mpsc::channel();
    let tap = move |event: Event<'_>| {
        if let Event::Sent(bytes) = event {
            seen.send(bytes.to_vec()).unwrap();
        }
    };
    let mut conn = builder.tap(tap).build().unwrap();
    assert_received(&upload(&mut conn, Body::file(scratch.open()).unwrap(), &[]), &contents, "length");
    assert_eq!(counts.by_system(), 0);
    let sent: Vec<u8> = events.try_iter().flatten().collect();
    assert!(sent.ends_with(&contents) && sent.starts_with(b"PUT /upload HTTP/1.1\r\n"));
}

#[test]
fn where_the_stream_cannot_it_goes_in_blocks() {
    let contents = pattern::bytes(LEN);
    let scratch = Scratch::new("blocks", &contents);
    let origin = Origin::start().unwrap();
    let (builder, counts) = counted(origin.addr(), false);
    let mut conn = builder.build().unwrap();
    assert_received(&upload(&mut conn, Body::file(scratch.open()).unwrap(), &[]), &contents, "length");
    assert!(counts.written() > LEN as u64);

    let origin = origin_tls();
    let mut conn = https(origin.addr()).build().unwrap();
    assert_received(&upload(&mut conn, Body::file(scratch.open()).unwrap(), &[]), &contents, "length");
}

#[cfg(unix)]
#[test]
fn over_a_unix_socket() {
    use std::os::unix::net::UnixStream;

    let contents = pattern::bytes(LEN);
    let scratch = Scratch::new("unix", &contents);
    let (mine, theirs) = UnixStream::pair().unwrap();
    let reader = thread::spawn(move || {
        let mut received = vec![0; LEN + 200];
        let mut len = 0;
        while !received[..len].ends_with(&contents[LEN - 1000..]) {
            len += std::io::Read::read(&mut &theirs, &mut received[len..]).unwrap();
        }
        (&theirs).write_all(OK.as_bytes()).unwrap();
        assert!(received[..len].ends_with(&contents));
    });
    let socket = Socket::from(mine);
    let mut conn = HttpConnection::builder("daemon.test").stream(socket).timeout(PATIENCE).build().unwrap();
    conn.request("PUT", "/", Body::file(scratch.open()).unwrap(), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    reader.join().unwrap();
}

#[test]
fn from_where_it_stands() {
    let origin = Origin::start().unwrap();
    let contents = pattern::bytes(200_000);
    let scratch = Scratch::new("position", &contents);
    let mut conn = HttpConnection::new(&origin.host_port()).unwrap();
    for start in [0, 1, 100_000, 199_999, 200_000, 300_000] {
        let rest = &contents[start.min(contents.len())..];
        let mut file = scratch.open();
        file.seek(SeekFrom::Start(start as u64)).unwrap();
        // Shared, it is left at its end.
        let file = Arc::new(file);
        let body = Body::file(Arc::clone(&file)).unwrap();
        assert_received(&upload(&mut conn, body, &[]), rest, "length");
        assert_eq!((&*file).stream_position().unwrap(), start.max(200_000) as u64);
    }
    assert_eq!(origin.connections(), 1);
}

/// `/proc` says of its files that they are empty.
#[cfg(target_os = "linux")]
#[test]
fn what_has_no_length_is_sent_in_chunks() {
    let origin = Origin::start().unwrap();
    let mut conn = HttpConnection::new(&origin.host_port()).unwrap();
    let path = "/proc/version";
    let body = Body::file(File::open(path).unwrap()).unwrap();
    assert_received(&upload(&mut conn, body, &[]), &std::fs::read(path).unwrap(), "chunked");

    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(b"through a pipe").unwrap();
    drop(writer);
    let pipe = File::from(std::os::fd::OwnedFd::from(reader));
    assert_received(&upload(&mut conn, Body::file(pipe).unwrap(), &[]), b"through a pipe", "chunked");
}

#[test]
fn a_file_that_grows_is_sent_as_long_as_it_was() {
    let origin = Origin::start().unwrap();
    let contents = pattern::bytes(LEN);
    let scratch = Scratch::new("grown", &contents);
    let mut conn = HttpConnection::new(&origin.host_port()).unwrap();
    let body = Body::file(scratch.open()).unwrap();
    let mut file = scratch.for_writing();
    file.seek(SeekFrom::End(0)).unwrap();
    file.write_all(b"and more").unwrap();
    assert_received(&upload(&mut conn, body, &[]), &contents, "length");
}

/// Whichever way it goes, and wherever it ends.
#[test]
fn a_file_that_is_not_open_to_be_read_is_told_as_such() {
    for sends_files in [true, false] {
        let server = serve([Script::new().read_head().wait_for_close(), answer_all()]);
        let scratch = Scratch::new("unread", &pattern::bytes(LEN));
        let (builder, _) = counted(server.addr(), sends_files);
        let mut conn = builder.build().unwrap();
        let body = Body::file(scratch.for_writing_alone()).unwrap();
        let err = conn.request("PUT", "/", body, &[]).unwrap_err();
        assert_eq!((err.kind(), err.phase()), (ErrorKind::Io, Some(Phase::TakeBody)), "{err}");
        assert_clean(&server, &mut conn, 1);
        assert_eq!(body_len(&server), 0);
    }
}

#[test]
fn a_file_that_shrinks_is_an_error() {
    const MIB: usize = 1024 * 1024;
    for (sends_files, len, left) in [
        (true, LEN, LEN / 2),
        (true, LEN, 0),
        (true, LEN, LEN - 1),
        (true, 3 * MIB, MIB),
        (true, 3 * MIB, 3 * MIB - 1),
        (false, LEN, LEN / 2),
        (false, 3 * MIB, 2 * MIB),
    ] {
        let server = serve([Script::new().read_head().wait_for_close(), answer_all()]);
        let scratch = Scratch::new("shrunk", &pattern::bytes(len));
        let (builder, _) = counted(server.addr(), sends_files);
        let mut conn = builder.build().unwrap();
        let body = Body::file(scratch.open()).unwrap();
        scratch.for_writing().set_len(left as u64).unwrap();
        let err = conn.request("PUT", "/", body, &[]).unwrap_err();
        assert_eq!(err.kind(), ErrorKind::InvalidBody, "{err}");
        assert!(!conn.is_connected());
        assert_clean(&server, &mut conn, 1);
        assert_eq!(body_len(&server), left);
    }
}

/// How much came after the head on the first connection, which is closed.
fn body_len(server: &Scripted) -> usize {
    let received = server.wait_received(0, usize::MAX, PATIENCE);
    received.len() - received.windows(4).position(|end| end == b"\r\n\r\n").unwrap() - 4
}

/// Nor is any of it where what is declared ends with a piece: it would look whole.
#[test]
fn a_file_longer_than_declared_is_an_error_before_any_of_it_is_sent() {
    let scratch = Scratch::new("longer", &pattern::bytes(LEN));
    for declared in [0, 1000, 1024 * 1024, LEN - 1] {
        let server = serve([Script::new().read_head().wait_for_close(), answer_all()]);
        let mut conn = client(&server);
        let body = Body::file(scratch.open()).unwrap();
        let err = conn.request("PUT", "/", body, &[("Content-Length", &declared.to_string())]).unwrap_err();
        assert_eq!(err.kind(), ErrorKind::InvalidBody, "{err}");
        assert_clean(&server, &mut conn, 1);
        assert_eq!(body_len(&server), 0);
    }
}

/// Sends a file that is too large for any buffer to a server that doesn't read; the error.
fn send_to_nobody(conn: &mut HttpConnection, name: &str) -> Error {
    let scratch = Scratch::sparse(name, 64 * 1024 * 1024);
    let begun = Instant::now();
    let err = conn.request("PUT", "/", Body::file(scratch.open()).unwrap(), &[]).unwrap_err();
    assert!(begun.elapsed() < PATIENCE);
    assert!(!conn.is_connected());
    assert_eq!(err.phase(), Some(Phase::Send), "{err}");
    err
}

#[test]
fn timeout_and_deadline_hold() {
    let server = serve([Script::new().stop_reading().hold()]);
    let (timeout, _) = counted(server.addr(), true);
    let mut conn = timeout.build().unwrap();
    open_then_bound(&mut conn, SHORT);
    let err = send_to_nobody(&mut conn, "timeout");
    assert_eq!(err.kind(), ErrorKind::Timeout);
    let (deadline, _) = counted(server.addr(), true);
    let mut conn = deadline.deadline(SHORT).build().unwrap();
    conn.connect().unwrap();
    let err = send_to_nobody(&mut conn, "deadline");
    assert_eq!(err.kind(), ErrorKind::Timeout);
    assert!(err.to_string().contains("deadline"), "{err}");
}

/// A server that takes a little now and then never lets a single wait be long. With little room at this end
/// the system would send on and on in one call.
#[test]
fn the_deadline_holds_where_a_server_reads_slowly() {
    let slowly = (0..700).fold(Script::new().stop_reading(), |script, _| {
        script.read_bytes(2000).pause(Duration::from_millis(20))
    });
    let server = serve([slowly]);
    let addr = server.addr();
    let narrow = move |_: &Target<'_>| {
        let stream = TcpStream::connect(addr)?;
        socket2::SockRef::from(&stream).set_send_buffer_size(16 * 1024)?;
        Ok(Box::new(Socket::from(stream)) as Box<dyn Transport>)
    };
    let mut conn = builder(addr).connect_with(narrow).deadline(SHORT * 4).build().unwrap();
    conn.connect().unwrap();
    assert_eq!(send_to_nobody(&mut conn, "slowly").kind(), ErrorKind::Timeout);
}

#[test]
fn a_canceller_ends_it() {
    let server = serve([Script::new().stop_reading().hold()]);
    let stop = Canceller::new();
    let mut conn = builder(server.addr()).timeout(None).canceller(&stop).build().unwrap();
    conn.connect().unwrap();
    let caller = Caller::this_thread();
    let err = thread::scope(|scope| {
        scope.spawn(|| {
            caller.wait_asleep();
            stop.cancel();
        });
        send_to_nobody(&mut conn, "cancelled")
    });
    assert_eq!(err.kind(), ErrorKind::Cancelled);
}

#[test]
fn an_early_answer_is_returned() {
    let refusal = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nno!";
    let server = serve([Script::new().read_head().send(refusal).reset(), answer_all()]);
    let scratch = Scratch::sparse("refused", 64 * 1024 * 1024);
    let mut conn = client(&server);
    if let Err(err) = conn.request("PUT", "/", Body::file(scratch.open()).unwrap(), &[]) {
        assert!(err.is_connection_error(), "{err}");
    }
    let mut response = conn.get_response().unwrap();
    assert_eq!((response.status(), response.read_all().unwrap()), (413, b"no!".to_vec()));
    drop(response);
    assert_clean(&server, &mut conn, 1);
}

#[test]
fn progress_and_throttle_leave_it_to_the_system() {
    let origin = Origin::start().unwrap();
    let contents = pattern::bytes(LEN);
    let scratch = Scratch::new("progress", &contents);
    let (builder, counts) = counted(origin.addr(), true);
    let mut conn = builder.build().unwrap();
    let (calls, mut last) = (AtomicUsize::new(0), (0, None));
    let body = Body::file(scratch.open()).unwrap().throttle(1 << 40).progress(|sent, total| {
        calls.fetch_add(1, Ordering::Relaxed);
        assert!(sent > last.0);
        last = (sent, total);
    });
    assert_received(&upload(&mut conn, body, &[]), &contents, "length");
    assert_eq!(counts.by_system(), by_system(3 * 1024 * 1024));
    // Three pieces, and the rest in two blocks.
    assert_eq!((calls.into_inner(), last), (5, (LEN as u64, Some(LEN as u64))));
}
