//! What goes wrong in TLS: certificates to be refused, connections cut short, records of every size, and
//! what is no TLS at all.

#![cfg(feature = "tls")]

mod support;

#[path = "support/relay.rs"]
mod relay;
#[path = "support/secure.rs"]
mod secure;

use std::time::Duration;

use origin::certificates::{Authority, Identity, self_signed};
use origin::{Origin, Script, Scripted, TlsSetup, pattern};
use relay::Relay;
use secure::{AUTHORITY, NAME, asked_tls, https, identity, origin_tls, serve_tls, setup, trusting};
use straightwire::{Body, Canceller, Error, ErrorKind, HttpConnection, HttpsConnection, Phase, Socks5};
use support::ways::WAYS;
use support::*;

const LENGTH: &str = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const UNTIL_CLOSE: &str = "HTTP/1.1 200 OK\r\nServer: x\r\n\r\n";

/// No request reaches a server whose certificate is one of these.
#[track_caller]
fn untrusted(what: &str, identity: &Identity) {
    for setup in [TlsSetup::new(identity).only_1_2(), TlsSetup::new(identity).only_1_3()] {
        let server = Scripted::start_tls(&setup, vec![Script::new().hold()]).unwrap();
        let mut conn = https(server.addr()).build().unwrap();
        let err = conn.request("GET", "/secret", (), &[]).unwrap_err();
        assert_eq!((err.kind(), err.phase()), (ErrorKind::Certificate, Some(Phase::Tls)), "{what}: {err}");
        assert!(err.is_tls() && err.is_io() && !err.is_caller() && !err.is_peer());
        assert!(!conn.is_connected() && conn.tls_session().is_none());
        assert!(server.join().is_err(), "{what}: the server must be told");
        assert_eq!(server.received(0), b"", "{what}");
        let seen = server.handshakes();
        assert!(seen[0].error.as_ref().is_some_and(|error| error.contains("lert")), "{what}: {seen:?}");
    }
}

#[test]
fn a_certificate_that_itself_has_signed() {
    untrusted("self-signed", &self_signed(&[NAME]));
}

#[test]
fn a_certificate_of_an_unknown_authority() {
    untrusted("unknown root", &Authority::new().issue(&[NAME]));
    untrusted("unknown intermediate", &Authority::new().intermediate().issue(&[NAME]));
}

#[test]
fn a_certificate_for_another_host() {
    for names in [
        &["other.test"][..],
        &["test"],
        &["sub.origin.test"],
        &["*.origin.test"],
        &["*.test.origin"],
        &["origin.test.evil.test"],
        &["127.0.0.1"],
    ] {
        untrusted(&format!("{names:?}"), &AUTHORITY.issue(names));
    }
}

#[test]
fn a_certificate_out_of_its_time() {
    untrusted("expired", &AUTHORITY.leaf(&[NAME]).expired().issue());
    untrusted("not yet valid", &AUTHORITY.leaf(&[NAME]).not_yet_valid().issue());
}

#[test]
fn a_certificate_that_breaks_the_rules() {
    untrusted("missing intermediate", &AUTHORITY.intermediate().issue(&[NAME]).without_intermediates());
    untrusted("common name only", &AUTHORITY.leaf(&[NAME]).common_name_only().issue());
    untrusted("for clients", &AUTHORITY.leaf(&[NAME]).for_clients().issue());
    untrusted("name constraints", &AUTHORITY.constrained_to(&["inside.test"]).issue(&[NAME]));
    untrusted("signed by a server", &AUTHORITY.impostor().issue(&[NAME]));
}

#[test]
fn a_certificate_that_only_strictness_refuses() {
    let identity = AUTHORITY.leaf(&[NAME]).without_key_identifiers().issue();
    untrusted("no key identifiers", &identity);
    let origin = Origin::start_tls(&TlsSetup::new(&identity)).unwrap();
    let lenient = trusting().lenient_certificates(true).build().unwrap();
    https(origin.addr()).tls(lenient).build().unwrap().connect().unwrap();
}

#[test]
fn certificates_that_are_fine() {
    for identity in [
        identity(),
        AUTHORITY.intermediate().intermediate().issue(&[NAME]),
        AUTHORITY.constrained_to(&[NAME]).issue(&[NAME]),
        AUTHORITY.leaf(&[NAME]).unknown_extension(false).issue(),
    ] {
        let origin = Origin::start_tls(&TlsSetup::new(&identity)).unwrap();
        https(origin.addr()).build().unwrap().connect().unwrap();
    }
}

/// Sends so much of a message in TLS and ends without announcing it; what each way to read makes of it.
fn cut_off(message: &str, head_len: usize, cut: usize, check: impl Fn(&str, &[u8], Option<Error>)) {
    let server = serve_tls([Script::new().read_request().send(&message[..cut]).cut().hold()]);
    for (way, _, read) in WAYS.into_iter().step_by(if cut < head_len { WAYS.len() } else { 2 }) {
        let mut conn = asked_tls(&server);
        let mut got = Vec::new();
        let outcome = conn.get_response().and_then(|mut response| read(&mut response, &mut got));
        if let Err(err) = &outcome {
            got.extend_from_slice(err.partial());
        }
        check(way, &got, outcome.err());
    }
}

#[test]
fn a_head_cut_short() {
    let wire = format!("{LENGTH}0123456789");
    for cut in [0, 1, 9, 17, LENGTH.len() - 2, LENGTH.len() - 1] {
        cut_off(&wire, LENGTH.len(), cut, |way, got, err| {
            let err = err.unwrap_or_else(|| panic!("cut at {cut}, {way}"));
            let kind = if cut == 0 { ErrorKind::RemoteDisconnected } else { ErrorKind::IncompleteRead };
            assert_eq!(err.kind(), kind, "cut at {cut}: {err}");
            assert_eq!(got, &wire.as_bytes()[..cut]);
        });
    }
}

/// Only what frames itself may end so (RFC 9112 9.8).
#[test]
fn a_body_cut_short() {
    for (head, body, whole) in [
        (LENGTH, "0123456789", true),
        (CHUNKED, "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n", true),
        (UNTIL_CLOSE, "0123456789", false),
    ] {
        let wire = format!("{head}{body}");
        for cut in head.len()..=wire.len() {
            let is_whole = whole && cut == wire.len();
            let digits: String = match head {
                CHUNKED => {
                    let data = [3..8, 13..18]
                        .map(|range| range.start.min(cut - head.len())..range.end.min(cut - head.len()));
                    data.map(|range| &body[range]).concat()
                }
                _ => body[..cut - head.len()].to_owned(),
            };
            cut_off(&wire, head.len(), cut, |way, got, err| {
                assert_eq!(got.escape_ascii().to_string(), digits, "{head:?} cut at {cut}, {way}: {err:?}");
                match err {
                    None => assert!(is_whole, "{head:?} cut at {cut}, {way}: no error"),
                    Some(err) => {
                        assert!(!is_whole, "{head:?} cut at {cut}, {way}: {err}");
                        assert_eq!(err.kind(), ErrorKind::IncompleteRead, "{err}");
                    }
                }
            });
        }
    }
}

/// The announced end of the same body is one.
#[test]
fn a_body_until_an_announced_end() {
    for script in [answer(format!("{UNTIL_CLOSE}0123456789")), answer(UNTIL_CLOSE).send("0123456789")] {
        for script in
            [script.clone().close(), script.clone().close_notify().hold(), script.half_close().hold()]
        {
            let server = serve_tls([script]);
            for (way, _, read) in WAYS {
                let mut conn = asked_tls(&server);
                let mut got = Vec::new();
                read(&mut conn.get_response().unwrap(), &mut got).unwrap();
                assert_eq!(got, b"0123456789", "{way}");
            }
        }
    }
}

/// An end that was announced is as premature as any other, where more was to come.
#[test]
fn an_announced_end_too_early() {
    for wire in [format!("{LENGTH}01234"), format!("{CHUNKED}5\r\n01234\r\n")] {
        let server = serve_tls([answer(wire).close_notify().hold()]);
        let err = asked_tls(&server).get_response().unwrap().read_all().unwrap_err();
        assert_eq!((err.kind(), err.partial()), (ErrorKind::IncompleteRead, &b"01234"[..]));
    }
    let server = serve_tls([Script::new().read_request().close_notify().hold()]);
    assert_eq!(asked_tls(&server).get_response().unwrap_err().kind(), ErrorKind::RemoteDisconnected);
}

#[test]
fn a_fatal_alert_is_no_end() {
    for wire in [format!("{LENGTH}01234"), format!("{CHUNKED}5\r\n01234\r\n"), format!("{UNTIL_CLOSE}01234")]
    {
        for pause in [Duration::ZERO, Duration::from_millis(30)] {
            let server = serve_tls([answer(&*wire).pause(pause).fatal_alert().hold()]);
            for (way, _, read) in WAYS.into_iter().step_by(3) {
                let mut conn = asked_tls(&server);
                let mut response = conn.get_response().unwrap();
                let mut got = Vec::new();
                let err = read(&mut response, &mut got).unwrap_err();
                got.extend_from_slice(err.partial());
                assert_eq!(got, b"01234", "{way}");
                assert_eq!(
                    (err.kind(), err.phase()),
                    (ErrorKind::Tls, Some(Phase::Body)),
                    "{way}, {wire:?}: {err}"
                );
                drop(response);
                assert!(!conn.is_connected());
            }
        }
    }
    let server = serve_tls([Script::new().read_request().fatal_alert().hold()]);
    let err = asked_tls(&server).get_response().unwrap_err();
    assert_eq!((err.kind(), err.phase()), (ErrorKind::Tls, Some(Phase::Head)), "{err}");
}

#[test]
fn a_reset_is_an_error() {
    for wire in [format!("{LENGTH}01234"), format!("{UNTIL_CLOSE}01234")] {
        let server = serve_tls([answer(wire).pause(Duration::from_millis(30)).reset()]);
        let err = asked_tls(&server).get_response().unwrap().read_all().unwrap_err();
        assert!(err.is_connection_error(), "{err}");
        assert_eq!(err.partial(), b"01234");
    }
}

/// We announce our end too, whoever ends it and why.
#[test]
fn the_client_says_goodbye() {
    for setup in [setup().only_1_2(), setup().only_1_3()] {
        let whole = Script::new().read_request().send(OK).wait_for_orderly_close();
        let endless = Script::new().read_request().send(format!("{LENGTH}01")).wait_for_orderly_close();
        let silent = Script::new().wait_for_orderly_close();
        let server = Scripted::start_tls(&setup, vec![whole.clone(), whole, endless, silent]).unwrap();

        let mut conn = asked_tls(&server);
        conn.get_response().unwrap().read_all().unwrap();
        conn.close();
        let mut conn = asked_tls(&server);
        conn.get_response().unwrap().read_all().unwrap();
        drop(conn);
        let mut conn = asked_tls(&server);
        drop(conn.get_response().unwrap());
        assert!(!conn.is_connected());
        let mut conn = https(server.addr()).build().unwrap();
        conn.connect().unwrap();
        drop(conn);
        server.join().unwrap();
    }
}

/// Taking leave of a server that takes nothing in is no reason to wait.
#[test]
fn goodbye_to_a_server_that_does_not_listen() {
    let server = serve_tls([Script::new().stop_reading().hold()]);
    let mut conn = https(server.addr()).build().unwrap();
    open_then_bound(&mut conn, SHORT);
    let err = conn.request("PUT", "/", vec![0; 30_000_000], &[]).unwrap_err();
    assert!(err.is_timeout(), "{err}");
    drop(conn);
}

#[test]
fn records_of_any_size() {
    let body = pattern::bytes(40_000);
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    let wire = [head.as_bytes(), &body].concat();
    for size in [1, 2, 17, 1000, 16_383, 16_384] {
        for setup in [setup().only_1_2(), setup().only_1_3()] {
            let script =
                Script::new().read_request().send_in_records(wire.clone(), size).read_request().send(OK);
            let server = Scripted::start_tls(&setup, vec![script]).unwrap();
            let mut conn = asked_tls(&server);
            assert!(conn.get_response().unwrap().read_all().unwrap() == body, "{size}");
            conn.request("GET", "/", (), &[]).unwrap();
            assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
        }
    }
}

/// Every cut of a small message falls between two records once.
#[test]
fn a_record_may_end_anywhere() {
    let wire = "HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
                5;x=\"y\"\r\nhello\r\n1\r\n!\r\n0\r\nT: u\r\n\r\n";
    for cut in 1..wire.len() {
        let server = serve_tls([answer(&wire[..cut]).send(&wire[cut..]).hold()]);
        let mut conn = asked_tls(&server);
        let mut response = conn.get_response().unwrap();
        assert_eq!(response.interim().len(), 1);
        assert_eq!(response.read_all().unwrap(), b"hello!", "cut at {cut}");
    }
}

/// And a segment anywhere in a record.
#[test]
fn a_segment_may_end_anywhere() {
    let origin = origin_tls();
    for piece in [1, 2, 3, 5, 100] {
        let relay = Relay::start(origin.addr());
        relay.cut_into(piece);
        let mut conn = https(relay.addr()).build().unwrap();
        for url in ["/bytes/2000", "/chunked/2000/30"] {
            conn.request("GET", url, (), &[]).unwrap();
            assert!(
                conn.get_response().unwrap().read_all().unwrap() == pattern::bytes(2000),
                "{piece}, {url}"
            );
        }
    }
}

#[test]
fn a_server_that_speaks_no_tls() {
    for (sent, words) in [
        (OK, "plain HTTP"),
        ("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", "plain HTTP"),
        ("220 mail.test ESMTP\r\n", ""),
        ("\0\0\0\0\0\0\0\0\0\0\0\0", ""),
        ("SSH-2.0-x\r\n", ""),
    ] {
        for script in [Script::new().send(sent).hold(), Script::new().read_bytes(20).send(sent).close()] {
            let server = serve([script]);
            let mut conn = https(server.addr()).build().unwrap();
            let err = conn.request("GET", "/secret", (), &[]).unwrap_err();
            assert_eq!((err.kind(), err.phase()), (ErrorKind::Tls, Some(Phase::Tls)), "{sent:?}: {err}");
            assert!(err.to_string().contains(words), "{err}");
            assert!(!received(&server, 0).contains("secret"));
        }
    }
}

#[test]
fn plain_http_to_a_server_that_speaks_tls() {
    let origin = origin_tls();
    let mut conn = builder(origin.addr()).build().unwrap();
    let err = conn.request("GET", "/", (), &[]).and_then(|()| conn.get_response().map(drop)).unwrap_err();
    assert!(err.is_peer() || err.is_connection_error(), "{err}");
    assert!(!conn.is_connected());
    assert!(origin.requests().is_empty());
}

/// What is no record, where records were, is no body.
#[test]
fn plain_bytes_amid_records() {
    // All of its flight, after which only the client's is missing.
    let script = Script::new().in_clear().part_of_handshake(100_000).read_bytes(100).send(OK).hold();
    let server = Scripted::start_tls(&setup().only_1_3(), vec![script]).unwrap();
    let err = asked_tls(&server).get_response().unwrap_err();
    assert_eq!((err.kind(), err.phase()), (ErrorKind::Tls, Some(Phase::Head)), "{err}");
}

/// At every so many bytes of the server's flight: closed at once, or silent until the timeout.
#[test]
fn a_handshake_that_ends_or_stalls() {
    for bytes in [0, 1, 4, 5, 6, 50, 127, 200, 500] {
        let script = Script::new().in_clear().part_of_handshake(bytes);
        let server = Scripted::start_tls(
            &setup(),
            // It goes on to read: what the client says to a closed socket would come back as a reset.
            vec![script.clone().half_close().hold(), script.clone().hold(), script.reset()],
        )
        .unwrap();
        let err = https(server.addr()).build().unwrap().connect().unwrap_err();
        assert_eq!((err.kind(), err.phase()), (ErrorKind::Tls, Some(Phase::Tls)), "{bytes}: {err}");
        let err = https(server.addr()).timeout(SHORT).build().unwrap().connect().unwrap_err();
        assert_eq!((err.kind(), err.phase()), (ErrorKind::Timeout, Some(Phase::Tls)), "{bytes}: {err}");
        let err = https(server.addr()).build().unwrap().connect().unwrap_err();
        assert!(err.is_io() && err.phase() == Some(Phase::Tls), "{bytes}: {err}");
    }
    let server = serve([Script::new().close()]);
    let err = https(server.addr()).build().unwrap().connect().unwrap_err();
    assert!(err.is_tls() || err.is_connection_error(), "{err}");
    assert_eq!(err.phase(), Some(Phase::Tls));
}

/// A flood of what may be part of a handshake has an end.
#[test]
fn a_handshake_that_does_not_end() {
    // A record of type handshake (22) that holds the start of a message of 16 MiB, over and over.
    let record = [&[22, 3, 3, 0x40, 0][..], &[2, 0xff, 0xff, 0xff], &[0; 0x4000 - 4]].concat();
    let server = serve([Script::new().read_bytes(20).flood(record, 1 << 30)]);
    let err = https(server.addr()).build().unwrap().connect().unwrap_err();
    assert!(err.is_tls() || err.is_connection_error(), "{err}");
}

/// Nothing is lost of it, though the server does not take the rest of the body.
#[test]
fn an_early_answer_to_an_upload() {
    let no = "HTTP/1.1 413 Too much\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno";
    for script in [
        Script::new().read_head().send(no).hold(),
        Script::new().read_head().send(no).half_close().hold(),
        Script::new().read_head().send(no).cut().hold(),
    ] {
        let server = serve_tls([script, answer_all()]);
        let mut conn = https(server.addr()).build().unwrap();
        let sent = conn.request("PUT", "/", vec![0; 3_000_000], &[]);
        assert!(sent.as_ref().err().is_none_or(Error::is_connection_error), "{sent:?}");
        let mut response = conn.get_response().unwrap();
        assert_eq!((response.status(), response.read_all().unwrap()), (413, b"no".to_vec()));
        drop(response);
        assert_ok(&mut conn);
    }
    let origin = origin_tls();
    let mut conn = https(origin.addr()).build().unwrap();
    let sent =
        conn.request("PUT", "/refuse?status=413", Body::chunks((0..300).map(|_| vec![0; 10_000])), &[]);
    assert!(sent.as_ref().err().is_none_or(Error::is_connection_error), "{sent:?}");
    assert_eq!(conn.get_response().unwrap().status(), 413);
}

#[track_caller]
fn assert_ok(conn: &mut HttpConnection) {
    conn.request("GET", "/", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
}

/// A server with as small a window as there is gets it all, once and in order.
#[test]
fn an_upload_through_a_small_window() {
    let body = pattern::bytes(300_000);
    // A script that stops reading somewhere has small buffers everywhere.
    let small = Script::new().read_request().send(OK).stop_reading();
    let server = serve_tls([small]);
    let mut conn = https(server.addr()).build().unwrap();
    conn.request("PUT", "/", &body, &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    let all = server.received(0);
    assert!(all.ends_with(&body) && all.len() < body.len() + 500);
}

#[cfg(target_os = "linux")]
#[test]
fn failures_leave_no_file_descriptor_behind() {
    alone("failures_leave_no_file_descriptor_behind", "true", || {
        let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
        let untrusted = Origin::start_tls(&TlsSetup::new(&self_signed(&[NAME]))).unwrap();
        let refusing =
            serve([Script::new().read_head().send("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")]);
        let no_socks = serve([Script::new().read_bytes(3).send([5, 255])]);
        let plain = serve([Script::new().send(OK)]);
        let cut = serve_tls([answer(LENGTH).cut()]);
        let before = open();
        for _ in 0..30 {
            let stop = Canceller::new();
            let socks = Socks5::new(&no_socks.addr().to_string()).unwrap();
            let mut failing = [
                https(untrusted.addr()),
                https(plain.addr()),
                https(refusing.addr()).tunnel("far.test", None, &[]),
                HttpsConnection::builder(NAME).socks5(socks),
                https(cut.addr()),
            ]
            .map(|builder| builder.canceller(&stop).build().unwrap());
            for conn in &mut failing {
                let outcome =
                    conn.request("GET", "/", (), &[]).and_then(|()| conn.get_response()?.read_all());
                assert!(outcome.is_err() && !conn.is_connected());
            }
            // Neither they nor the canceller hold anything, though they live.
            settles_at(before, open);
            stop.cancel();
        }
    });
}

/// The servers let go of theirs in threads of their own.
#[cfg(target_os = "linux")]
#[track_caller]
fn settles_at(count: usize, open: impl Fn() -> usize) {
    for _ in 0..1000 {
        if open() == count {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(open(), count);
}
