//! Bodies that are written.

mod support;

#[path = "support/counting.rs"]
mod counting;

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use counting::counted;
use origin::pattern::{self, Fnv1a};
use origin::{Origin, Script};
use straightwire::{Body, CloseReason, Error, ErrorKind, HttpConnection, Phase, Result};
use support::*;

/// Begins a request with this header.
fn begin(conn: &mut HttpConnection, name: &str, value: &str) {
    conn.put_request("PUT", "/").unwrap();
    conn.put_header(name, value).unwrap();
    conn.end_headers().unwrap();
}

fn chunked(conn: &mut HttpConnection) {
    begin(conn, "Transfer-Encoding", "chunked");
}

/// What the server of connection `number` got after the head.
fn body(server: &origin::Scripted, number: usize) -> String {
    let all = received(server, number);
    all.split_once("\r\n\r\n").unwrap().1.to_owned()
}

/// Takes one request and answers.
fn taking() -> Script {
    Script::new().read_request().send(OK).hold()
}

#[test]
fn small_writes_become_few_pieces() {
    let origin = Origin::start().unwrap();
    let (builder, counts) = counted(origin.addr(), true);
    let mut conn = builder.build().unwrap();
    conn.put_request("PUT", "/upload").unwrap();
    conn.put_header("Transfer-Encoding", "chunked").unwrap();
    conn.end_headers().unwrap();
    let mut writer = conn.body_writer().unwrap();
    let mut all = Vec::new();
    for number in 0..100_000 {
        writeln!(writer, "row {number}").unwrap();
        writeln!(all, "row {number}").unwrap();
    }
    writer.finish_with_trailers(&[("Checksum", "abc")]).unwrap();
    let said = String::from_utf8(conn.get_response().unwrap().read_all().unwrap()).unwrap();
    assert!(said.contains(&Fnv1a::of(&all).to_string()), "{said}");
    assert!(said.contains("Checksum") && said.contains("abc"), "{said}");
    assert!(counts.writes() <= all.len() as u64 / 16_384 + 4, "{counts:?}");
}

#[test]
fn flush_sends_what_is_there() {
    let server = serve([taking()]);
    let mut conn = client(&server);
    chunked(&mut conn);
    let mut writer = conn.body_writer().unwrap();
    let head = server.wait_received(0, 80, PATIENCE).len();
    write!(writer, "fir").unwrap();
    write!(writer, "st").unwrap();
    writer.flush().unwrap();
    server.wait_received(0, head + 10, PATIENCE);
    writer.flush().unwrap();
    writer.write_all(b"second").unwrap();
    writer.finish().unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    assert_eq!(body(&server, 0), "5\r\nfirst\r\n6\r\nsecond\r\n0\r\n\r\n");
}

#[test]
fn under_a_length_it_goes_as_it_is() {
    let server = serve([answer_all()]);
    let mut conn = client(&server);
    begin(&mut conn, "Content-Length", "10");
    let mut writer = conn.body_writer().unwrap();
    writer.write_all(b"01234").unwrap();
    writer.write_all(b"56789").unwrap();
    writer.finish().unwrap();
    conn.get_response().unwrap().read_all().unwrap();
    assert_eq!(body(&server, 0), "0123456789");
    assert_eq!(server.connections(), 1);
}

/// Half a body never looks whole: neither by what comes next nor by itself.
#[test]
fn dropped_unfinished_it_closes_the_connection() {
    for flushed in [false, true] {
        for framing in [("Transfer-Encoding", "chunked"), ("Content-Length", "9")] {
            let server = serve([Script::new().read_head().wait_for_close(), answer_all()]);
            let mut conn = client(&server);
            begin(&mut conn, framing.0, framing.1);
            let mut writer = conn.body_writer().unwrap();
            writer.write_all(b"half").unwrap();
            if flushed {
                writer.flush().unwrap();
            }
            drop(writer);
            assert!(!conn.is_connected());
            assert_eq!(conn.close_reason(), Some(CloseReason::RequestUnfinished));
            assert_eq!(conn.get_response().unwrap_err().kind(), ErrorKind::ResponseNotReady);
            assert_clean(&server, &mut conn, 1);
            server.wait_received(0, usize::MAX, PATIENCE);
            let sent = match (flushed, framing.0) {
                (false, _) => "",
                (true, "Content-Length") => "half",
                (true, _) => "4\r\nhalf\r\n",
            };
            assert_eq!(body(&server, 0), sent);
        }
    }
}

#[test]
fn too_much_and_too_little_are_errors() {
    for (text, flush) in [("more than that", false), ("more than that", true), ("less", false)] {
        let server = serve([Script::new().read_head().wait_for_close(), answer_all()]);
        let mut conn = client(&server);
        begin(&mut conn, "Content-Length", "9");
        let mut writer = conn.body_writer().unwrap();
        writer.write_all(text.as_bytes()).unwrap();
        let outcome = if flush {
            let flushed = writer.flush().map_err(|err| err.downcast::<Error>().unwrap());
            drop(writer);
            flushed
        } else {
            writer.finish()
        };
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::InvalidBody);
        assert_clean(&server, &mut conn, 1);
    }
}

#[test]
fn only_while_a_body_is_due() {
    let server = serve([answer_all()]);
    let mut conn = client(&server);
    assert_eq!(conn.body_writer().unwrap_err().kind(), ErrorKind::CannotSendHeader);
    conn.put_request("PUT", "/").unwrap();
    assert_eq!(conn.body_writer().unwrap_err().kind(), ErrorKind::CannotSendHeader);
    conn.close();
    chunked(&mut conn);
    let writer = conn.body_writer().unwrap();
    let err = writer.finish_with_trailers(&[("Content-Length", "0")]).unwrap_err();
    assert_eq!(err.kind(), ErrorKind::InvalidHeader);
    assert!(!conn.is_connected());
}

#[test]
fn an_answer_that_comes_while_writing_is_returned() {
    let refusal = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nno!";
    let server = serve([Script::new().read_head().send(refusal).reset(), answer_all()]);
    let mut conn = client(&server);
    chunked(&mut conn);
    let mut writer = conn.body_writer().unwrap();
    let err = (0..10_000).find_map(|_| writer.write_all(&[b'x'; 10_000]).err());
    if let Some(err) = err {
        assert!(err.downcast::<Error>().unwrap().is_connection_error());
    }
    drop(writer);
    let mut response = conn.get_response().unwrap();
    assert_eq!((response.status(), response.read_all().unwrap()), (413, b"no!".to_vec()));
    drop(response);
    assert_clean(&server, &mut conn, 1);
}

/// Makes a request with what this function writes.
fn write_by(conn: &mut HttpConnection, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    conn.request("PUT", "/", Body::writer(write), &[])
}

#[test]
fn a_function_writes_the_body() {
    let server = serve([answer_all()]);
    let mut conn = client(&server);
    write_by(&mut conn, |out| {
        out.write_all(b"first")?;
        out.flush()?;
        serde_json::to_writer(out, &[1, 2, 3])?;
        Ok(())
    })
    .unwrap();
    conn.get_response().unwrap().read_all().unwrap();
    assert_eq!(body(&server, 0), "5\r\nfirst\r\n7\r\n[1,2,3]\r\n0\r\n\r\n");

    let large = pattern::bytes(300_000);
    let mut told = 0;
    let body = Body::writer(|out| io::copy(&mut &large[..], out).map(drop)).progress(|sent, total| {
        assert_eq!(total, None);
        told = sent;
    });
    conn.request("PUT", "/", body, &[("Content-Length", "300000")]).unwrap();
    conn.get_response().unwrap().read_all().unwrap();
    assert_eq!(told, 300_000);
    assert!(server.received(0).ends_with(&large));
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_function_that_fails_ends_the_request() {
    let server = serve([Script::new().read_head().wait_for_close(), answer_all()]);
    let mut conn = client(&server);
    let err = write_by(&mut conn, |out| {
        out.write_all(b"half")?;
        out.flush()?;
        Err(io::Error::other("torn"))
    })
    .unwrap_err();
    assert_eq!((err.kind(), err.phase()), (ErrorKind::Io, Some(Phase::TakeBody)), "{err}");
    assert!(err.to_string().contains("torn"), "{err}");
    assert_clean(&server, &mut conn, 1);
    server.wait_received(0, usize::MAX, PATIENCE);
    assert_eq!(body(&server, 0), "4\r\nhalf\r\n");
}

/// It can't make an error go away by not looking.
#[test]
fn a_function_that_ignores_errors_does_not_end_well() {
    let server = serve([Script::new().read_head().reset(), answer_all()]);
    let mut conn = client(&server);
    let err = write_by(&mut conn, |out| {
        for _ in 0..10_000 {
            let _ = out.write_all(&[b'x'; 20_000]);
        }
        Ok(())
    })
    .unwrap_err();
    assert!(err.is_connection_error(), "{err}");
    assert_clean(&server, &mut conn, 1);

    // Nor one that the caller is to blame for.
    let server = serve([Script::new().read_head().wait_for_close(), answer_all()]);
    let mut conn = client(&server);
    let body = Body::writer(|out| {
        let _ = out.write_all(b"much too much").and_then(|()| out.flush());
        Ok(())
    });
    conn.request("PUT", "/", body, &[("Content-Length", "5")]).unwrap_err();
    assert_clean(&server, &mut conn, 1);
}

#[test]
fn a_function_that_panics_leaves_nothing_to_be_continued() {
    let server = serve([Script::new().read_head().wait_for_close(), answer_all()]);
    let mut conn = client(&server);
    let sending = AssertUnwindSafe(|| {
        write_by(&mut conn, |out| {
            out.write_all(b"half").and_then(|()| out.flush())?;
            panic!("torn")
        })
    });
    assert!(catch_unwind(sending).is_err());
    assert_eq!(conn.get_response().unwrap_err().kind(), ErrorKind::ResponseNotReady);
    assert_clean(&server, &mut conn, 1);
    server.wait_received(0, usize::MAX, PATIENCE);
    assert_eq!(body(&server, 0), "4\r\nhalf\r\n");
}
