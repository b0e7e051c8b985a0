//! One bad header line costs that line at most: under the strict policy it is refused with its number and text,
//! under the lenient one every other line is read, those that frame the body among them.

mod support;

use origin::{Origin, Script};
use straightwire::{CloseReason, Defect, ErrorKind, HttpConnection, HttpResponse, Policy};
use support::*;

fn ask(wire: &[u8], policy: Policy, look: impl FnOnce(HttpResponse<'_>)) -> straightwire::Result<()> {
    let server = serve([answer(wire).read_request().send(OK).hold(), answer_all()]);
    let mut conn = builder(server.addr()).policy(policy).build().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    let response = conn.get_response()?;
    // What may have framed the body leaves in doubt where it ends.
    let frames = |defect: &Defect| {
        let text = String::from_utf8_lossy(defect.text()).to_lowercase();
        text.contains("content-length") || text.contains("transfer-encoding")
    };
    let in_doubt = response.headers().defects().iter().any(frames);
    assert_eq!(response.close_reason(), in_doubt.then_some(CloseReason::LeftOut));
    look(response);
    // The body was found to end where it does.
    assert_clean(&server, &mut conn, usize::from(in_doubt));
    Ok(())
}

/// Lines as servers have been seen to send them, and why they are none.
const BAD: [(&[u8], &str); 18] = [
    (b"a line without a colon", "no colon"),
    (b"HTTP/1.1 200 OK", "no colon"),
    (b"<meta charset=utf-8>", "no colon"),
    (b"\xff\xfe", "no colon"),
    (b"\r", "no colon"),
    (b": a value without a name", "a field without a name"),
    (b"Gr\xc3\xb6\xc3\x9fe: 1", "a byte in the name"), // UTF-8
    (b"Gr\xf6\xdfe: 1", "a byte in the name"),
    (b"\xef\xbb\xbfX-Marked: 1", "a byte in the name"),
    (b"Bad Name: 1", "a byte in the name"),
    (b"Access-Control-Allow-Origin *: 1", "a byte in the name"),
    (b"X\0Y: 1", "a byte in the name"),
    (b"X\rY: 1", "a byte in the name"),
    (b"X\x0bY: 1", "a byte in the name"),
    (b"\"Quoted\": 1", "a byte in the name"),
    (b"Content-Length 9", "no colon"),
    (b"Transfer Encoding: chunked", "a byte in the name"),
    (b"X Transfer-Encoding: chunked", "a byte in the name"),
];

/// The line in the first place, amid others, in the last place, and in all three.
fn places(line: &[u8]) -> [(Vec<u8>, Vec<usize>); 4] {
    let with = |places: &[usize]| {
        let mut wire = b"HTTP/1.1 200 OK\r\n".to_vec();
        for (number, sound) in
            [&b"Set-Cookie: a=1"[..], b"Content-Length: 4", b"Set-Cookie: b=2"].iter().enumerate()
        {
            if places.contains(&number) {
                wire.extend([line, b"\r\n"].concat());
            }
            wire.extend([sound, &b"\r\n"[..]].concat());
        }
        if places.contains(&3) {
            wire.extend([line, b"\r\n"].concat());
        }
        wire.extend(b"\r\nbody");
        wire
    };
    [(with(&[0]), vec![1]), (with(&[1]), vec![2]), (with(&[3]), vec![4]), (with(&[0, 1, 3]), vec![1, 3, 6])]
}

#[test]
fn strict_refuses_it_with_its_number_and_text() {
    for (line, why) in BAD {
        for (wire, numbers) in places(line) {
            let err = ask(&wire, Policy::strict(), |_| panic!("taken for a response")).unwrap_err();
            assert_eq!(err.kind(), ErrorKind::BadHeader, "{}", wire.escape_ascii());
            assert!(err.is_peer());
            let message = err.to_string();
            assert!(message.contains(&format!("header line {}: {why}", numbers[0])), "{message}");
            assert!(message.contains(&format!("\"{}\"", line.escape_ascii())), "{message}");
            assert!(wire.starts_with(err.partial()) && !err.partial().is_empty());
        }
    }
}

#[test]
fn lenient_leaves_it_out_and_reads_all_others() {
    for (line, why) in BAD {
        for (wire, numbers) in places(line) {
            ask(&wire, Policy::lenient(), |mut response| {
                let shown = wire.escape_ascii().to_string();
                let headers = response.headers();
                assert_eq!(headers.get_all("set-cookie").collect::<Vec<_>>(), ["a=1", "b=2"], "{shown}");
                assert_eq!(
                    (headers.len(), headers.get("content-length").as_deref()),
                    (3, Some("4")),
                    "{shown}"
                );
                assert_eq!(
                    headers.defects().iter().map(Defect::line).collect::<Vec<_>>(),
                    numbers,
                    "{shown}"
                );
                for defect in headers.defects() {
                    assert_eq!(defect.text(), line);
                    assert!(defect.reason().starts_with(why), "{}", defect.reason());
                }
                assert_eq!(response.read_all().unwrap(), b"body");
            })
            .unwrap();
        }
    }
}

/// The one flag does it alone; what mends lines has flags of its own.
#[test]
fn each_leniency_has_its_own_flag() {
    let skip = Policy { skip_bad_header_lines: true, ..Policy::strict() };
    for (line, name, mended, policy) in [
        (&b"X : 1"[..], "X", "1", Policy { space_before_colon: true, ..Policy::strict() }),
        (b"X \t: 1", "X", "1", Policy { space_before_colon: true, ..Policy::strict() }),
        (b"X: a\0b\0", "X", "a b", Policy { control_in_value: true, ..Policy::strict() }),
        (b"X: a\rY: b\r", "X", "a Y: b", Policy { control_in_value: true, ..Policy::strict() }),
        (b"X: a\x0b\x0c\x1c\x1d\x1eb", "X", "a\x0b\x0c\x1c\x1d\x1eb", {
            Policy { control_in_value: true, ..Policy::strict() }
        }),
    ] {
        for (wire, _) in places(line) {
            ask(&wire, Policy::strict(), |_| panic!("taken for a response")).unwrap_err();
            ask(&wire, skip, |response| {
                assert_eq!((response.headers().contains(name), response.headers().len()), (false, 3));
                assert_eq!(response.headers().defects()[0].text(), line);
            })
            .unwrap();
            for policy in [policy, Policy::lenient()] {
                ask(&wire, policy, |mut response| {
                    assert_eq!(response.headers().get(name).unwrap(), mended);
                    assert!(response.headers().defects().is_empty());
                    assert_eq!(response.read_all().unwrap(), b"body");
                })
                .unwrap();
            }
        }
    }
}

#[test]
fn a_fold_goes_with_the_line_that_it_continues() {
    let start = "HTTP/1.1 200 OK\r\n";
    let end = "Content-Length: 4\r\nLast: 1\r\n\r\nbody";
    for (lines, kept, left_out) in [
        (" folded onto the status line\r\n", "", vec![1]),
        ("\tA: folded\r\n more\r\n", "", vec![1, 2]),
        ("no colon\r\n more\r\n\tand more\r\nA: 1\r\n 2\r\n", "1 2", vec![1, 2, 3]),
        ("A: 1\r\n 2\r\nno colon\r\n more\r\n", "1 2", vec![3, 4]),
        ("A: 1\r\nB\0: 2\r\n Content-Length: 9\r\n", "1", vec![2, 3]),
    ] {
        let wire = format!("{start}{lines}{end}");
        ask(wire.as_bytes(), Policy::lenient(), |mut response| {
            let value = response.headers().get("A").unwrap_or_default();
            assert_eq!(value.split_whitespace().collect::<Vec<_>>().join(" "), kept, "{lines:?}");
            let defects = response.headers().defects().iter().map(Defect::line);
            assert_eq!(defects.collect::<Vec<_>>(), left_out, "{lines:?}");
            assert_eq!((response.header("Last").as_deref(), response.remaining()), (Some("1"), Some(4)));
            assert_eq!(response.read_all().unwrap(), b"body");
        })
        .unwrap();
    }
}

#[test]
fn chunks_are_chunks_whatever_stands_beside() {
    for bad in ["no colon\r\n", "Bad Name: x\r\n", ": x\r\n", "\u{e9}: x\r\n", "Content-Length 9\r\n"] {
        for encoding in
            ["Transfer-Encoding: chunked", "Transfer-Encoding : chunked", "transfer-encoding:\tchunked\0"]
        {
            let wire = format!(
                "HTTP/1.1 200 OK\r\n{bad}{encoding}\r\n{bad}\r\n4\r\nbody\r\n0\r\n{bad}Tail: 1\r\n\r\n"
            );
            ask(wire.as_bytes(), Policy::lenient(), |mut response| {
                assert_eq!(response.read_all().unwrap(), b"body", "{wire:?}");
                assert_eq!(response.trailers().get("tail").unwrap(), "1");
                assert_eq!((response.headers().defects().len(), response.trailers().defects().len()), (2, 1));
            })
            .unwrap();
        }
    }
}

#[test]
fn blank_lines_before_the_status_line() {
    for blank in ["\r\n", "\n", "\r\n\r\n\n"] {
        let wire = format!("{blank}HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 4\r\n\r\nbody");
        assert_eq!(error_of(&*wire).kind(), ErrorKind::BadStatusLine);
        ask(wire.as_bytes(), Policy::lenient(), |mut response| {
            assert_eq!(response.headers().defects()[0].line(), 1);
            assert_eq!(response.read_all().unwrap(), b"body");
        })
        .unwrap();
    }
}

/// What leaves it unclear where the body ends is no line that could be left out.
#[test]
fn framing_is_never_guessed() {
    for fields in [
        "Content-Length: 4\r\nContent-Length: 5",
        "Content-Length: four",
        "Content-Length: 4\x004",
        "Content-Length: -4",
        "Transfer-Encoding: chunked\0x",
        "Transfer-Encoding: chunked, chunked",
    ] {
        let wire = format!("HTTP/1.1 200 OK\r\nno colon\r\n{fields}\r\n\r\nbody");
        let outcome = ask(wire.as_bytes(), Policy::lenient(), |_| panic!("{fields:?} was read"));
        let kind = outcome.unwrap_err().kind();
        assert!(
            [ErrorKind::BadContentLength, ErrorKind::UnknownTransferEncoding].contains(&kind),
            "{fields:?}: {kind:?}"
        );
    }
}

/// Bad lines count like others: they are no way around the limits.
#[test]
fn bad_lines_are_limited_too() {
    let wire = format!("HTTP/1.1 200 OK\r\n{}Content-Length: 0\r\n\r\n", "no colon\r\n".repeat(100));
    let err = ask(wire.as_bytes(), Policy::lenient(), |_| panic!("taken for a response")).unwrap_err();
    assert_eq!(err.kind(), ErrorKind::TooManyHeaders);
    let wire = format!("HTTP/1.1 200 OK\r\n{}Content-Length: 0\r\n\r\n", "no colon\r\n".repeat(99));
    ask(wire.as_bytes(), Policy::lenient(), |response| assert_eq!(response.headers().defects().len(), 99))
        .unwrap();
}

#[test]
fn in_interim_responses_as_well() {
    let wire = "HTTP/1.1 103 Early Hints\r\nno colon\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let err = ask(wire.as_bytes(), Policy::strict(), |_| panic!("taken for a response")).unwrap_err();
    assert!(err.to_string().contains("header line 1: no colon"), "{err}");
    ask(wire.as_bytes(), Policy::lenient(), |response| {
        let hints = response.interim()[0].headers();
        assert_eq!((hints.get("link").as_deref(), hints.defects().len()), (Some("</a>"), 1));
        assert!(response.headers().defects().is_empty());
    })
    .unwrap();
}

#[test]
fn the_origins_bad_lines() {
    let origin = Origin::start().unwrap();
    let connect = |policy| {
        HttpConnection::builder(&origin.host_port()).timeout(PATIENCE).policy(policy).build().unwrap()
    };
    let mut conn = connect(Policy::strict());
    conn.request("GET", "/bad-headers", (), &[]).unwrap();
    let err = conn.get_response().unwrap_err();
    assert!(err.to_string().contains("header line 1: no colon: \"a line without a colon\""), "{err}");

    let mut conn = connect(Policy::lenient());
    for _ in 0..2 {
        conn.request("GET", "/bad-headers", (), &[]).unwrap();
        let mut response = conn.get_response().unwrap();
        let headers = response.headers();
        assert_eq!(headers.get_all("X-Sound").collect::<Vec<_>>(), ["1", "2", "3", "4", "5", "6"]);
        assert_eq!(
            (headers.get("X-Null").unwrap(), headers.get("X-Blank").unwrap()),
            ("a b".into(), "before the colon".into())
        );
        assert_eq!(headers.get_utf8("X-Text").unwrap(), "na\u{ef}ve");
        assert_eq!(headers.defects().iter().map(Defect::line).collect::<Vec<_>>(), [1, 3, 5, 7]);
        assert_eq!(response.read_all().unwrap(), b"All of the body.\n");
    }
    assert_eq!(origin.connections(), 2);
}

/// A value is bytes; as text it is read as the caller says.
#[test]
fn values_beyond_ascii() {
    for (value, utf8, latin1) in [
        (&b"plain"[..], "plain", "plain"),
        (b"na\xc3\xafve", "na\u{ef}ve", "na\u{c3}\u{af}ve"),
        (b"na\xefve", "na\u{ef}ve", "na\u{ef}ve"),
        (b"\xe2\x82\xac 5", "\u{20ac} 5", "\u{e2}\u{82}\u{ac} 5"),
        (b"\xc2\x85x", "\u{85}x", "\u{c2}\u{85}x"), // NEL is no line end here
        (b"\x85x\xa0", "\u{85}x\u{a0}", "\u{85}x\u{a0}"),
        (b"\xc3", "\u{c3}", "\u{c3}"),
        (b"", "", ""),
    ] {
        for policy in [Policy::strict(), Policy::lenient()] {
            let wire =
                [b"HTTP/1.1 200 OK\r\nX: ", value, b"\r\nContent-Length: 4\r\nX: 2\r\n\r\nbody"].concat();
            ask(&wire, policy, |response| {
                let headers = response.headers();
                assert_eq!(headers.get_bytes("x").unwrap(), value);
                assert_eq!(headers.get_utf8("x").unwrap(), utf8);
                assert_eq!(headers.get("x").unwrap(), latin1);
                assert_eq!((headers.get_utf8("y"), headers.len()), (None, 3));
            })
            .unwrap();
        }
    }
}

/// Byte by byte they are the same lines.
#[test]
fn however_the_head_comes() {
    let wire = b"HTTP/1.1 200 OK\r\n folded\r\nA: 1\r\nno colon\r\n more\r\nB\xe9: 2\r\nC : 3\0\r\nContent-Length: 2\r\n\r\nok";
    let script = Script::new().read_request().send_in_pieces(*wire, 1, std::time::Duration::ZERO);
    let server = serve([script.read_request().send(OK).hold()]);
    let mut conn = builder(server.addr()).policy(Policy::lenient()).build().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    let mut response = conn.get_response().unwrap();
    let pairs: Vec<_> = response.headers().iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(pairs, ["A=1", "C=3", "Content-Length=2"]);
    assert_eq!(response.headers().defects().iter().map(Defect::line).collect::<Vec<_>>(), [1, 3, 4, 5]);
    assert_eq!(response.read_all().unwrap(), b"ok");
    drop(response);
    assert_clean(&server, &mut conn, 0);
}
