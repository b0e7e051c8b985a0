//! A connection that ends too early, at any byte, is told apart from one that ends well: however the body
//! is framed and read, nothing that arrived is lost and nothing that is missing goes unseen.

mod support;

use origin::{Script, pattern};
use straightwire::{Error, ErrorKind, Policy};
use support::ways::WAYS;
use support::*;

/// A message in parts: what frames, and what is body.
struct Message(Vec<Part>);

enum Part {
    Frame(Vec<u8>),
    Data(Vec<u8>),
}

use Part::{Data, Frame};

impl Message {
    fn with_length(head: &str, body: &[u8]) -> Message {
        let head = format!("HTTP/1.1 200 OK\r\n{head}Content-Length: {}\r\n\r\n", body.len());
        Message(vec![Frame(head.into()), Data(body.to_vec())])
    }

    fn chunked(chunks: &[&[u8]], trailers: &str) -> Message {
        let mut parts = vec![Frame(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec())];
        for chunk in chunks {
            parts.push(Frame(format!("{:x};ext=\"1\"\r\n", chunk.len()).into()));
            parts.push(Data(chunk.to_vec()));
            parts.push(Frame(b"\r\n".to_vec()));
        }
        parts.push(Frame(format!("0\r\n{trailers}\r\n").into()));
        Message(parts)
    }

    fn until_close(body: &[u8]) -> Message {
        Message(vec![Frame(b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n".to_vec()), Data(body.to_vec())])
    }

    fn wire(&self) -> Vec<u8> {
        self.0.iter().flat_map(|(Frame(bytes) | Data(bytes))| bytes.clone()).collect()
    }

    fn head_len(&self) -> usize {
        let Frame(head) = &self.0[0] else { unreachable!() };
        head.len()
    }

    /// Of the first `cut` bytes: the body, and how many more bytes of the same run of data were to come,
    /// if that had begun.
    fn arrived(&self, cut: usize) -> (Vec<u8>, Option<u64>) {
        let (mut body, mut at, mut more) = (Vec::new(), 0, None);
        for part in &self.0 {
            let (Frame(bytes) | Data(bytes)) = part;
            let here = bytes.len().min(cut.saturating_sub(at));
            if let Data(data) = part {
                body.extend_from_slice(&data[..here]);
                if at <= cut && here < data.len() {
                    more = Some((data.len() - here) as u64);
                }
            }
            at += bytes.len();
        }
        (body, more)
    }
}

/// How the server ends the connection.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Fin,
    Reset,
}

/// Reads what comes before `cut` in every way that can cope with it. Gives, for each, what was handed over
/// together with what the error holds, and the error.
fn cut_off(message: &Message, cut: usize, end: End, check: impl Fn(&str, &[u8], Option<Error>)) {
    let wire = message.wire();
    let sent = Script::new().read_request().send(&wire[..cut]);
    let server = serve([if end == End::Fin { sent.close() } else { sent.reset() }]);
    for (way, _, read) in WAYS.into_iter().filter(|(_, most, _)| cut <= *most) {
        let mut conn = asked(&server);
        let mut got = Vec::new();
        let outcome = conn.get_response().and_then(|mut response| read(&mut response, &mut got));
        if let Err(err) = &outcome {
            got.extend_from_slice(err.partial());
        }
        check(way, &got, outcome.err());
        assert!(!conn.is_connected() || cut == wire.len());
    }
}

fn check_incomplete(message: &Message, cut: usize) {
    let (body, more) = message.arrived(cut);
    cut_off(message, cut, End::Fin, |way, got, err| {
        let Some(err) = err else { panic!("cut at {cut}, {way}: no error") };
        assert_eq!(err.kind(), ErrorKind::IncompleteRead, "cut at {cut}, {way}: {err}");
        assert!(got == body, "cut at {cut}, {way}: {} of {} bytes", got.len(), body.len());
        assert_eq!(err.expected(), more, "cut at {cut}, {way}");
        assert!(err.is_incomplete_read() && err.is_peer() && err.is_http_exception());
    });
}

fn check_reset(message: &Message, cut: usize) {
    let (body, _) = message.arrived(cut);
    cut_off(message, cut, End::Reset, |way, got, err| {
        let Some(err) = err else { panic!("reset at {cut}, {way}: no error") };
        assert!(err.kind() == ErrorKind::Io && err.is_connection_error(), "reset at {cut}, {way}: {err}");
        // What the system had not handed over yet may be lost with the connection.
        let is_head = cut < message.head_len();
        assert!(is_head || body.starts_with(got), "reset at {cut}, {way}: {} bytes", got.len());
        assert!(cfg!(not(target_os = "linux")) || is_head || got == body, "reset at {cut}, {way}");
    });
}

#[test]
fn a_head_cut_at_any_byte() {
    let message = Message::with_length("A: b\r\n C\r\n", b"body");
    let wire = message.wire();
    let server = |cut| serve([Script::new().read_request().send(&wire[..cut]).close()]);
    let err = asked(&server(0)).get_response().unwrap_err();
    assert_eq!(err.kind(), ErrorKind::RemoteDisconnected);
    assert!(err.is_bad_status_line() && err.is_connection_error() && err.is_http_exception());
    assert_eq!((err.partial(), err.expected()), (&b""[..], None));
    for cut in 1..message.head_len() {
        let err = asked(&server(cut)).get_response().unwrap_err();
        assert_eq!((err.kind(), err.expected()), (ErrorKind::IncompleteRead, None), "cut at {cut}: {err}");
        assert_eq!(err.partial(), &wire[..cut]);
    }
}

/// A line end is no end of the head, not even a whole header is.
#[test]
fn a_head_without_its_blank_line_is_no_response() {
    for wire in [
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\n",
        "HTTP/1.1 204 No Content\r\nA: b\r\n",
        "HTTP/1.1 100 C\r\n",
    ] {
        assert_eq!(error_of(wire).kind(), ErrorKind::IncompleteRead);
    }
}

#[test]
fn after_interim_responses_the_final_one_is_missed() {
    let hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    assert_eq!(error_of(hints).kind(), ErrorKind::RemoteDisconnected);
    let err = error_of(format!("{hints}HTTP/1.1 2"));
    assert_eq!((err.kind(), err.partial()), (ErrorKind::IncompleteRead, &b"HTTP/1.1 2"[..]));
}

#[test]
fn a_reset_in_the_head_keeps_what_had_come() {
    let message = Message::with_length("", b"body");
    let wire = message.wire();
    for cut in [0, 1, 12, message.head_len() - 1] {
        let server = serve([Script::new().read_request().send(&wire[..cut]).reset()]);
        let err = asked(&server).get_response().unwrap_err();
        assert!(err.kind() == ErrorKind::Io && err.is_connection_error() && err.is_io(), "{err}");
        assert!(wire[..cut].starts_with(err.partial()));
        assert!(cfg!(not(target_os = "linux")) || err.partial() == &wire[..cut]);
    }
}

#[test]
fn a_body_with_a_length_cut_at_any_byte() {
    let message = Message::with_length("", b"0123456789");
    for cut in message.head_len()..message.wire().len() {
        check_incomplete(&message, cut);
    }
}

#[test]
fn a_chunked_body_cut_at_any_byte() {
    let message = Message::chunked(&[b"0123456789", b"abc"], "");
    for cut in message.head_len()..message.wire().len() {
        check_incomplete(&message, cut);
    }
}

#[test]
fn trailers_cut_at_any_byte() {
    let message = Message::chunked(&[b"abc"], "A: b\r\nC: d\r\n");
    let all = message.wire().len();
    for cut in all - 17..all {
        check_incomplete(&message, cut);
    }
}

#[test]
fn large_bodies_cut_in_and_around_their_data() {
    let body = pattern::bytes(300_000);
    for message in [Message::with_length("", &body), Message::chunked(&[&body[..9000], &body[9000..]], "")] {
        let (start, end) = (message.head_len(), message.wire().len());
        for cut in [start + 20, start + 8191, start + 9000, start + 9030, start + 100_000, end - 1] {
            check_incomplete(&message, cut);
        }
    }
}

#[test]
fn a_reset_in_a_body_is_an_error_whatever_its_framing() {
    for message in [
        Message::with_length("", b"0123456789"),
        Message::chunked(&[b"0123456789", b"abc"], "A: b\r\n"),
        Message::until_close(b"0123456789"),
    ] {
        let (start, end) = (message.head_len(), message.wire().len());
        for cut in [start, start + 1, start + 5, end - 1] {
            check_reset(&message, cut);
        }
    }
    // There, even behind the last byte: nothing says that it was the last.
    let message = Message::until_close(b"0123456789");
    check_reset(&message, message.wire().len());
}

#[test]
fn a_body_that_ends_with_the_connection_is_whole_wherever_it_ends() {
    let message = Message::until_close(b"0123456789");
    for cut in message.head_len()..=message.wire().len() {
        let (body, _) = message.arrived(cut);
        cut_off(&message, cut, End::Fin, |way, got, err| {
            assert!(err.is_none() && got == body, "cut at {cut}, {way}: {err:?}");
        });
    }
}

#[test]
fn a_whole_message_is_whole_though_the_connection_ends_right_behind_it() {
    for message in [Message::with_length("", b"0123456789"), Message::chunked(&[b"0123456789"], "A: b\r\n")] {
        for end in [End::Fin, End::Reset] {
            let all = message.wire().len();
            cut_off(&message, all, end, |way, got, err| {
                assert!(err.is_none() && got == b"0123456789", "{way}: {err:?}");
            });
        }
    }
}

/// Who asks for that may have a body that lacks nothing but its blank line, and its connection is not used
/// again.
#[test]
fn the_policy_may_forgive_a_missing_end_of_the_trailers() {
    let message = Message::chunked(&[b"0123456789"], "");
    let wire = message.wire();
    let last_chunk = wire.len() - 2;
    for (cut, is_forgiven) in [(last_chunk, true), (last_chunk - 1, false), (last_chunk - 3, false)] {
        let server = serve([Script::new().read_request().send(&wire[..cut]).close(), answer_all()]);
        let mut conn = builder(server.addr()).policy(Policy::lenient()).build().unwrap();
        conn.request("GET", "/", (), &[]).unwrap();
        let outcome = conn.get_response().unwrap().read_all();
        assert_eq!(outcome.is_ok(), is_forgiven, "cut at {cut}: {outcome:?}");
        assert_eq!(outcome.unwrap_or_else(|err| err.into_partial()), b"0123456789");
        assert_clean(&server, &mut conn, 1);
    }
}

/// A chunked body that stops making sense loses nothing of what came before.
#[test]
fn what_came_before_a_broken_chunk_is_kept() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for wrong in [
        "5\r\nhelloXX",
        "5\r\nhello\r\nzz\r\n",
        "3\r\nhel\r\n2\r\nlo\r\n-1\r\n",
        "5\r\nhello\r\n0\r\nno colon\r\n\r\n",
    ] {
        let server = serve([answer(format!("{head}{wrong}"))]);
        for (way, _, read) in WAYS {
            let mut conn = asked(&server);
            let mut got = Vec::new();
            let err = read(&mut conn.get_response().unwrap(), &mut got).unwrap_err();
            assert!([ErrorKind::BadChunk, ErrorKind::BadHeader].contains(&err.kind()), "{way}: {err}");
            got.extend_from_slice(err.partial());
            assert_eq!(got.escape_ascii().to_string(), "hello", "{wrong:?}, {way}");
        }
    }
}

/// After the error the body does not seem to have ended well.
#[test]
fn the_end_is_told_again_to_whoever_asks_again() {
    for message in [Message::with_length("", b"0123456789"), Message::chunked(&[b"0123456789"], "")] {
        let cut = message.wire().len() - 9;
        let server = serve([Script::new().read_request().send(&message.wire()[..cut]).close()]);
        for (way, _, read) in WAYS {
            let mut conn = asked(&server);
            let mut response = conn.get_response().unwrap();
            read(&mut response, &mut Vec::new()).unwrap_err();
            assert!(!response.is_closed());
            assert!(read(&mut response, &mut Vec::new()).is_err(), "{way}");
        }
    }
}
