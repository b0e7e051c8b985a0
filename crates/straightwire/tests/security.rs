//! What `http.client` has been attacked with: a test for each entry of its security history, and for each
//! weakness that it still has. Those of TLS and of tunnels come with these.

mod support;

use std::io::{BufRead, Read};

use origin::Script;
use straightwire::{Body, ErrorKind, HttpConnection, Policy, Result};
use support::*;

/// Nothing of what this call is given gets out: the next request is all that the server hears.
#[track_caller]
fn refuses(kind: ErrorKind, call: impl Fn(&mut HttpConnection) -> Result<()>) {
    for policy in [Policy::strict(), Policy::lenient()] {
        let server = serve([answer_all()]);
        let mut conn = builder(server.addr()).policy(policy).build().unwrap();
        conn.connect().unwrap();
        assert_eq!(call(&mut conn).unwrap_err().kind(), kind);
        assert_clean(&server, &mut conn, 0);
    }
}

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

#[test]
fn cve_2013_1752_lines_and_headers_without_end() {
    let long = format!("HTTP/1.1 200 OK\r\nA: {}\r\n\r\n", "x".repeat(65_537));
    assert_eq!(error_of(long).kind(), ErrorKind::LineTooLong);
    assert_eq!(
        error_of(format!("HTTP/1.1 200 {}\r\n\r\n", "x".repeat(65_537))).kind(),
        ErrorKind::LineTooLong
    );
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(101));
    assert_eq!(error_of(many).kind(), ErrorKind::TooManyHeaders);
}

#[test]
fn cve_2016_5699_line_ends_in_headers() {
    for (name, value) in [
        ("A", "b\r\nX: y"),
        ("A", "b\nX: y"),
        ("A", "b\rX: y"),
        ("A", "b\r\n c"),
        ("A", "b\n\tc"),
        ("A", "b\r\n"),
        ("A", "\0"),
        ("A: b\r\nX", "y"),
        ("A\n", "b"),
        ("A:", "b"),
        (" A", "b"),
        ("", "b"),
    ] {
        refuses(ErrorKind::InvalidHeader, |conn| conn.request("GET", "/", (), &[(name, value)]));
        refuses(ErrorKind::InvalidHeader, |conn| {
            conn.put_request("GET", "/")?;
            conn.put_header(name, value)
        });
        refuses(ErrorKind::InvalidHeader, |conn| {
            conn.put_request("GET", "/")?;
            conn.put_header(name, value.as_bytes().to_vec())
        });
    }
    refuses(ErrorKind::InvalidHeader, |conn| {
        conn.put_request("GET", "/")?;
        conn.put_header("A", ["fine", "b\r\nX: y"])
    });
}

/// Characters that ISO-8859-1 would cut down to line ends, if it were done carelessly.
#[test]
fn wide_characters_do_not_become_line_ends() {
    refuses(ErrorKind::InvalidHeader, |conn| conn.request("GET", "/", (), &[("A", "b\u{10d}\u{10a}X: y")]));
    refuses(ErrorKind::InvalidBody, |conn| conn.request("POST", "/", "\u{10d}\u{10a}", &[]));
    refuses(ErrorKind::InvalidUrl, |conn| conn.request("GET", "/\u{10d}\u{10a}", (), &[]));
}

#[test]
fn cve_2019_9740_and_9947_line_ends_and_blanks_in_targets() {
    for url in [
        "/ HTTP/1.1\r\nX: y",
        "/\r\nX: y",
        "/\n",
        "/a b",
        "/\t",
        "/\0",
        "/\u{7f}",
        "http://h/\r\n",
        "/\u{e9}",
    ] {
        refuses(ErrorKind::InvalidUrl, |conn| conn.request("GET", url, (), &[]));
        refuses(ErrorKind::InvalidUrl, |conn| conn.put_request("GET", url));
    }
}

#[test]
fn cve_2019_18348_line_ends_in_hosts() {
    for host in ["h\r\nX: y", "h\n", "h X", "h\0", "h:80\r\nX: y", "[::1]\r\n", "h\u{7f}", "h\t:80"] {
        assert_eq!(HttpConnection::new(host).unwrap_err().kind(), ErrorKind::InvalidUrl, "{host:?}");
        assert_eq!(
            HttpConnection::with_port(host, 80).unwrap_err().kind(),
            ErrorKind::InvalidUrl,
            "{host:?}"
        );
    }
}

#[test]
fn cve_2020_26116_line_ends_in_methods() {
    for method in ["GET / HTTP/1.1\r\nHost: x\r\n", "GET\r\n", "GET ", "G\0", "", "G\u{c9}T", "GET\t/"] {
        refuses(ErrorKind::InvalidMethod, |conn| conn.request(method, "/", (), &[]));
    }
}

#[test]
fn cve_2021_3737_headers_without_end_after_a_100() {
    let wire = format!("HTTP/1.1 100 Continue\r\n{}\r\n{OK}", "A: b\r\n".repeat(101));
    assert_eq!(error_of(wire).kind(), ErrorKind::TooManyHeaders);
}

#[test]
fn ghsa_w4q2_g22w_6fr4_interim_responses_and_trailers_without_end() {
    let wire = "HTTP/1.1 100 Continue\r\n\r\n".repeat(101) + OK;
    assert_eq!(error_of(wire).kind(), ErrorKind::TooManyInterimResponses);
    let wire = format!("{CHUNKED}0\r\n{}\r\n", "A: b\r\n".repeat(101));
    assert_eq!(error_of(wire).kind(), ErrorKind::TooManyTrailers);
}

/// That memory stays flat too is seen in `faults`, in a process of its own.
#[test]
fn cve_2025_13836_a_length_is_not_believed_before_it_has_come() {
    let err = error_of("HTTP/1.1 200 OK\r\nContent-Length: 1000000000000000\r\n\r\nhello");
    assert_eq!((err.kind(), err.partial()), (ErrorKind::IncompleteRead, &b"hello"[..]));
    assert_eq!(err.expected(), Some(1_000_000_000_000_000 - 5));
    assert_eq!(error_of(format!("{CHUNKED}38d7ea4c68000\r\nhello")).partial(), b"hello");
}

#[test]
fn cve_2020_10735_numbers_of_any_length_take_no_time() {
    let digits = "9".repeat(60_000);
    let err = error_of(format!("HTTP/1.1 200 OK\r\nContent-Length: {digits}\r\n\r\nhello"));
    assert_eq!((err.kind(), err.expected()), (ErrorKind::IncompleteRead, None));
    let zeros = "0".repeat(60_000);
    assert_eq!(
        body_of(&format!("HTTP/1.1 200 OK\r\nContent-Length: {zeros}5\r\n\r\nhello")).unwrap(),
        b"hello"
    );
    assert_eq!(error_of(format!("{CHUNKED}{digits}\r\n")).kind(), ErrorKind::BadChunk);
}

#[test]
fn cve_2022_45061_a_long_name_in_other_letters_is_refused_at_once() {
    let err = HttpConnection::new(&"\u{e9}".repeat(100_000)).unwrap_err();
    assert_eq!(err.kind(), ErrorKind::InvalidUrl);
    assert!(err.to_string().len() < 1000);
}

#[test]
fn cve_2019_9636_and_2022_0391_no_character_becomes_a_delimiter_in_a_host() {
    for host in
        ["x\u{ff0f}y", "x\u{2100}y", "x\u{ff03}@y", "x\u{ff1a}80", "x/y", "x#y", "x?y", "x@y", "x\\y", "x\ny"]
    {
        assert_eq!(HttpConnection::new(host).unwrap_err().kind(), ErrorKind::InvalidUrl, "{host:?}");
    }
}

#[test]
fn numbers_with_signs_prefixes_and_underscores() {
    for number in ["+5", "-5", "5_0", "0x5"] {
        let wire = format!("HTTP/1.1 200 OK\r\nContent-Length: {number}\r\n\r\nhello");
        assert_eq!(error_of(wire).kind(), ErrorKind::BadContentLength);
        assert_eq!(error_of(format!("{CHUNKED}{number}\r\nhello\r\n0\r\n\r\n")).kind(), ErrorKind::BadChunk);
        assert_eq!(error_of(format!("HTTP/1.1 {number} OK\r\n\r\n")).kind(), ErrorKind::BadStatusLine);
        assert_eq!(HttpConnection::new(&format!("h:{number}")).unwrap_err().kind(), ErrorKind::InvalidUrl);
    }
}

#[test]
fn no_content_with_an_encoding_does_not_hang() {
    for status in [204, 304] {
        let server =
            serve([answer(format!("HTTP/1.1 {status} X\r\nTransfer-Encoding: chunked\r\n\r\n")).hold()]);
        assert_eq!(asked(&server).get_response().unwrap().read_all().unwrap(), b"");
    }
}

#[test]
fn a_malformed_line_does_not_hide_the_length() {
    for line in ["Bad Name: x", "no colon", ": x", "Na\u{e9}me: x", ">From x", "Name : x"] {
        let wire = format!("HTTP/1.1 200 OK\r\n{line}\r\nContent-Length: 3\r\n\r\nabcd");
        assert_eq!(error_of(&*wire).kind(), ErrorKind::BadHeader, "{line:?}");
        let server = serve([answer(wire).hold()]);
        let mut conn = builder(server.addr()).policy(Policy::lenient()).build().unwrap();
        conn.request("GET", "/", (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"abc", "{line:?}");
    }
}

#[test]
fn no_read_crosses_the_end_of_the_body() {
    let reads: [fn(&mut straightwire::HttpResponse<'_>) -> Vec<u8>; 4] = [
        |response| response.read_all().unwrap(),
        |response| response.read_up_to(usize::MAX).unwrap(),
        |response| {
            let mut buf = [0; 1000];
            let len = response.read_into(&mut buf).unwrap();
            buf[..len].to_vec()
        },
        |response| {
            let mut buf = Vec::new();
            response.read_until(b'!', &mut buf).unwrap();
            buf
        },
    ];
    for read in reads {
        let server = serve([answer(format!("{OK}{EVIL}")).hold()]);
        let mut conn = asked(&server);
        assert_eq!(read(&mut conn.get_response().unwrap()), b"ok");
    }
}

#[test]
fn no_way_of_reading_hides_that_a_body_was_cut() {
    let server = serve([answer("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nline\n")]);
    let response = |read: &dyn Fn(&mut straightwire::HttpResponse<'_>) -> bool| {
        assert!(read(&mut asked(&server).get_response().unwrap()));
    };
    response(&|response| response.read_up_to(9).is_err());
    response(&|response| response.read_into(&mut [0; 9]).is_err());
    response(&|response| response.read_exact(&mut [0; 9]).is_err());
    response(&|response| response.read_to_end(&mut Vec::new()).is_err());
    response(&|response| response.read_to_string(&mut String::new()).is_err());
    response(&|response| response.lines().nth(1).unwrap().is_err());
    response(&|response| response.bytes().nth(5).unwrap().is_err());
    response(&|response| std::io::copy(response, &mut std::io::sink()).is_err());
}

#[test]
fn a_rejected_header_leaves_no_half_a_request_behind() {
    let server = serve([answer_all()]);
    let mut conn = client(&server);
    conn.request("GET", "/first", (), &[("Good", "1"), ("Bad", "\r\n")]).unwrap_err();
    conn.close();
    assert_clean(&server, &mut conn, 0);
}

#[test]
fn a_bare_cr_splits_no_header() {
    let wire = "HTTP/1.1 200 OK\r\nA: 1\rB: 2\r\nC: 3\r\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(error_of(wire).kind(), ErrorKind::BadHeader);
    let server = serve([answer(wire)]);
    let mut conn = builder(server.addr()).policy(Policy::lenient()).build().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    let response = conn.get_response().unwrap();
    assert_eq!(response.header("b"), None);
    assert_eq!(response.header("a").unwrap(), "1 B: 2");
}

#[test]
fn a_look_ahead_shows_nothing_behind_the_body() {
    let server = serve([answer(format!("{OK}{EVIL}")).hold()]);
    let mut conn = asked(&server);
    let mut response = conn.get_response().unwrap();
    assert_eq!(response.fill_buf().unwrap(), b"ok");
    response.consume(1000);
    assert_eq!(response.fill_buf().unwrap(), b"");
}

#[test]
fn a_response_closed_unread_is_not_read_as_the_next_head() {
    let body = EVIL.repeat(1000);
    let wire = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let server = serve([answer(wire).read_request().send(OK).hold(), answer_all()]);
    let mut conn = asked(&server);
    conn.get_response().unwrap().close();
    conn.request("GET", "/", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
}

#[test]
fn an_encoded_body_of_nothing_is_ended_all_the_same() {
    let server = serve([Script::new().read_request().send(OK)]);
    let mut conn = client(&server);
    let body: Body<'_> = ().into();
    conn.request_with("POST", "/", body, &[("Transfer-Encoding", "chunked")], true).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    assert!(received(&server, 0).ends_with("\r\n\r\n0\r\n\r\n"));
}

#[test]
fn host_tells_nobody_the_user_and_password() {
    let server = serve([Script::new().read_head().send(OK)]);
    let mut conn = client(&server);
    conn.request("GET", "http://user:secret@a.example:8080/", (), &[]).unwrap();
    conn.get_response().unwrap();
    assert!(received(&server, 0).contains("\r\nHost: a.example:8080\r\n"));
    assert_eq!(HttpConnection::new("user:secret@a.example").unwrap_err().kind(), ErrorKind::InvalidUrl);
}

/// Under a policy that takes any target, only one that begins with a scheme says which host.
#[test]
fn a_url_within_a_target_does_not_become_the_host() {
    let server = serve([Script::new().read_head().send(OK)]);
    let mut conn = builder(server.addr()).policy(Policy::lenient()).build().unwrap();
    conn.request("GET", "search?next=http://evil.example/", (), &[]).unwrap();
    conn.get_response().unwrap();
    assert!(received(&server, 0).contains(&format!("\r\nHost: {}\r\n", server.addr())));
}
