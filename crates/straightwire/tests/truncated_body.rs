//! A body cut short, in every way of reading: an error with all that had arrived; and whole, for those who ask
//! for that by name.

#![cfg(feature = "tls")]

mod support;

#[path = "support/secure.rs"]
mod secure;

use std::io::{BufRead, Read};

use origin::{Origin, Script, Scripted, pattern};
use secure::{https, serve_tls};
use straightwire::{CloseReason, Error, ErrorKind, HttpConnection, HttpResponse, Policy};
use support::ways::{WAYS, own};
use support::*;

const FORGIVING: Policy = Policy { truncated_body: true, ..Policy::strict() };

/// What the server sends before it ends the connection, what of it is body, and how much more was to come,
/// where that is known.
const CUT: [(&str, &str, Option<u64>); 7] = [
    ("Content-Length: 20\r\n\r\n", "", Some(20)),
    ("Content-Length: 20\r\n\r\none\ntwo\nthr", "one\ntwo\nthr", Some(9)),
    ("Transfer-Encoding: chunked\r\n\r\n", "", None),
    ("Transfer-Encoding: chunked\r\n\r\n4\r\none\n\r\n9\r\ntwo\nthr", "one\ntwo\nthr", Some(2)),
    ("Transfer-Encoding: chunked\r\n\r\n4\r\none\n\r\n7\r\ntwo\nthr\r", "one\ntwo\nthr", None),
    ("Transfer-Encoding: chunked\r\n\r\n4\r\none\n\r\n7\r\ntwo\nthr\r\n1", "one\ntwo\nthr", None),
    ("Transfer-Encoding: chunked\r\n\r\n4\r\none\n\r\n7\r\ntwo\nthr\r\n0\r\nA: b\r\n", "one\ntwo\nthr", None),
];

/// Only inside TLS can it be seen that this is cut.
const CUT_IN_TLS: (&str, &str, Option<u64>) = ("A: b\r\n\r\none\ntwo\nthr", "one\ntwo\nthr", None);

fn wire(fields: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{fields}")
}

/// All ways to read, each on a connection of its own, and what came of it.
fn each_way(
    server: &Scripted,
    is_tls: bool,
    policy: Policy,
    check: impl Fn(&str, &mut HttpResponse<'_>, &str, Result<(), Error>),
) {
    for (way, _, read) in WAYS {
        let mut secure = https(server.addr()).policy(policy).build().unwrap();
        let mut plain = builder(server.addr()).policy(policy).build().unwrap();
        let conn: &mut HttpConnection = if is_tls { &mut secure } else { &mut plain };
        conn.request("GET", "/", (), &[]).unwrap();
        let mut response = conn.get_response().unwrap();
        let mut got = Vec::new();
        let outcome = read(&mut response, &mut got);
        check(way, &mut response, std::str::from_utf8(&got).unwrap(), outcome);
    }
}

/// A server for each place, which ends the connection there.
fn servers() -> Vec<(Scripted, bool, &'static str, Option<u64>)> {
    let mut servers = Vec::new();
    for (fields, body, more) in CUT {
        servers.push((serve([answer(wire(fields)).close()]), false, body, more));
    }
    for (fields, body, more) in CUT.into_iter().chain([CUT_IN_TLS]) {
        servers.push((serve_tls([answer(wire(fields)).cut().hold()]), true, body, more));
    }
    // The end of a body with framing of its own comes no less early for being announced.
    for (fields, body, more) in CUT {
        servers.push((serve_tls([answer(wire(fields)).close_notify().hold()]), true, body, more));
    }
    servers
}

#[test]
fn it_is_an_error_in_every_way_with_all_that_had_arrived() {
    for (server, is_tls, body, more) in servers() {
        for policy in [Policy::strict(), Policy { truncated_trailers: false, ..Policy::lenient() }] {
            each_way(&server, is_tls, policy, |way, response, got, outcome| {
                let err = outcome.expect_err(way);
                assert_eq!(err.kind(), ErrorKind::IncompleteRead, "{way}: {err}");
                assert_eq!([got.as_bytes(), err.partial()].concat(), body.as_bytes(), "{way}");
                assert_eq!(err.expected(), more, "{way}");
                assert!(!response.is_truncated() && !response.is_closed());
            });
        }
    }
}

#[test]
fn by_name_it_is_whole_in_every_way_and_the_response_tells() {
    for (server, is_tls, body, more) in servers() {
        each_way(&server, is_tls, FORGIVING, |way, response, got, outcome| {
            outcome.unwrap_or_else(|err| panic!("{way}: {err}"));
            assert_eq!(got, body, "{way}");
            assert!(response.is_truncated() && response.is_closed(), "{way}");
            assert_eq!(response.close_reason(), Some(CloseReason::Truncated));
            if let Some(left) = response.remaining() {
                assert_eq!(Some(left), more, "{way}");
            }
            assert!(response.trailers().is_empty());
            // There it ends, however often one asks.
            assert_eq!(response.read_all().unwrap(), b"");
            assert_eq!(response.read(&mut [0; 4]).unwrap(), 0);
        });
    }
}

#[test]
fn lines_end_in_an_error_or_with_the_piece_of_one() {
    for (server, is_tls, body, _) in servers() {
        let lines = |policy| {
            let mut secure = https(server.addr()).policy(policy).build().unwrap();
            let mut plain = builder(server.addr()).policy(policy).build().unwrap();
            let conn: &mut HttpConnection = if is_tls { &mut secure } else { &mut plain };
            conn.request("GET", "/", (), &[]).unwrap();
            let (mut lines, mut err) = (Vec::new(), None);
            for line in conn.get_response().unwrap().lines() {
                match line {
                    Ok(line) => lines.push(line),
                    Err(end) => {
                        err = Some(own(end));
                        break;
                    }
                }
            }
            (lines, err)
        };
        let (whole, err) = lines(FORGIVING);
        assert_eq!((whole.join("\n"), err.is_none()), (body.to_owned(), true));
        let (before, err) = lines(Policy::strict());
        assert_eq!(err.unwrap().kind(), ErrorKind::IncompleteRead);
        assert!(body.starts_with(&before.join("\n")) && before.len() < 3);
    }
}

#[test]
fn large_bodies_keep_what_came() {
    let body = pattern::bytes(300_000);
    let head = wire("Content-Length: 1000000\r\n\r\n");
    let server = serve([answer([head.as_bytes(), &body].concat()).close()]);
    for (way, most, read) in WAYS {
        if most < body.len() {
            continue;
        }
        let mut conn = builder(server.addr()).policy(FORGIVING).build().unwrap();
        conn.request("GET", "/", (), &[]).unwrap();
        let mut response = conn.get_response().unwrap();
        let mut got = Vec::new();
        read(&mut response, &mut got).unwrap();
        assert!(got == body, "{way}: {} bytes", got.len());
        assert_eq!((response.is_truncated(), response.remaining()), (true, Some(700_000)));
    }
}

#[test]
fn the_origins_are_cut_short_too() {
    let origin = Origin::start().unwrap();
    let connect = |policy| {
        HttpConnection::builder(&origin.host_port()).timeout(PATIENCE).policy(policy).build().unwrap()
    };
    for target in ["/truncated/1000/400", "/truncated/1000/400?chunked=1"] {
        let mut conn = connect(Policy::strict());
        conn.request("GET", target, (), &[]).unwrap();
        let err = conn.get_response().unwrap().read_all().unwrap_err();
        assert_eq!((err.kind(), err.expected()), (ErrorKind::IncompleteRead, Some(600)));
        assert_eq!(err.into_partial(), pattern::bytes(400));
        let mut conn = connect(FORGIVING);
        conn.request("GET", target, (), &[]).unwrap();
        let mut response = conn.get_response().unwrap();
        assert_eq!(response.read_all().unwrap(), pattern::bytes(400));
        assert!(response.is_truncated());
    }
    let mut conn = connect(FORGIVING);
    for target in ["/chunked/400/7?trailers=1", "/close-delimited/400", "/truncated/400/400"] {
        conn.request("GET", target, (), &[]).unwrap();
        let mut response = conn.get_response().unwrap();
        assert_eq!(response.read_all().unwrap(), pattern::bytes(400));
        assert!(!response.is_truncated(), "{target}");
    }
}

/// A reset, silence, nonsense and half a head are no end of a body.
#[test]
fn other_failures_are_not_forgiven() {
    let start = wire("Content-Length: 10\r\n\r\nabc");
    let chunk = wire("Transfer-Encoding: chunked\r\n\r\n3\r\nabc");
    let until_close = wire("A: b\r\n\r\nabc");
    for (script, kind) in [
        (answer(&*start).pause(SHORT / 10).reset(), ErrorKind::Io),
        (answer(&*chunk).pause(SHORT / 10).reset(), ErrorKind::Io),
        (answer(&*until_close).pause(SHORT / 10).reset(), ErrorKind::Io),
        (answer(&*start).hold(), ErrorKind::Timeout),
        (answer(format!("{chunk}XX")).close(), ErrorKind::BadChunk),
        (answer(format!("{chunk}\r\n-1\r\n")).close(), ErrorKind::BadChunk),
    ] {
        let server = serve([script]);
        let mut conn = builder(server.addr()).policy(FORGIVING).build().unwrap();
        conn.request("GET", "/", (), &[]).unwrap();
        if kind == ErrorKind::Timeout {
            wait_for_bytes(&conn, start.len());
            conn.set_timeout(SHORT).unwrap();
        }
        let err = conn.get_response().unwrap().read_all().unwrap_err();
        assert_eq!((err.kind(), err.partial()), (kind, &b"abc"[..]), "{err}");
    }
    let server = serve_tls([answer(wire("A: b\r\n\r\nabc")).fatal_alert().hold()]);
    let mut conn = https(server.addr()).policy(FORGIVING).build().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap_err().kind(), ErrorKind::Tls);

    let server = serve([Script::new().read_request().send("HTTP/1.1 200 OK\r\nContent-Le").close()]);
    let mut conn = builder(server.addr()).policy(FORGIVING).build().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap_err().kind(), ErrorKind::IncompleteRead);
}

/// The leniency towards a missing blank line behind the trailers is told in the same way.
#[test]
fn an_end_without_its_blank_line_is_told() {
    for (policy, is_forgiven) in [(Policy::lenient(), true), (FORGIVING, true), (Policy::strict(), false)] {
        let server = serve([answer(wire("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n")).close()]);
        let mut conn = builder(server.addr()).policy(policy).build().unwrap();
        conn.request("GET", "/", (), &[]).unwrap();
        let mut response = conn.get_response().unwrap();
        assert_eq!(response.read_all().is_ok(), is_forgiven);
        assert_eq!(response.is_truncated(), is_forgiven);
    }
}

#[test]
fn the_next_request_starts_clean() {
    for (fields, ..) in CUT {
        for is_read in [true, false] {
            let server = serve([answer(wire(fields)).close(), answer_all()]);
            let mut conn = builder(server.addr()).policy(FORGIVING).build().unwrap();
            conn.request("GET", "/", (), &[]).unwrap();
            let mut response = conn.get_response().unwrap();
            if is_read {
                response.read_all().unwrap();
            }
            drop(response);
            if is_read {
                assert_eq!(conn.close_reason(), Some(CloseReason::Truncated));
            }
            assert_clean(&server, &mut conn, 1);
        }
    }
}
