//! What the documentation of `http.client` names is here, and its examples work.

mod support;

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use origin::Origin;
use straightwire::{
    ConnectionState, Error, ErrorKind, HTTP_PORT, HTTPS_PORT, HttpConnection, Limits, Phase, Policy, Result,
    responses, status,
};
use support::*;

macro_rules! constants {
    ($($name:ident)*) => { [$((stringify!($name), status::$name)),*] };
}

/// Every constant there is, with its number and its phrase.
const ALL: [(u16, &str, &str); 62] = [
    (100, "CONTINUE", "Continue"),
    (101, "SWITCHING_PROTOCOLS", "Switching Protocols"),
    (102, "PROCESSING", "Processing"),
    (103, "EARLY_HINTS", "Early Hints"),
    (200, "OK", "OK"),
    (201, "CREATED", "Created"),
    (202, "ACCEPTED", "Accepted"),
    (203, "NON_AUTHORITATIVE_INFORMATION", "Non-Authoritative Information"),
    (204, "NO_CONTENT", "No Content"),
    (205, "RESET_CONTENT", "Reset Content"),
    (206, "PARTIAL_CONTENT", "Partial Content"),
    (207, "MULTI_STATUS", "Multi-Status"),
    (208, "ALREADY_REPORTED", "Already Reported"),
    (226, "IM_USED", "IM Used"),
    (300, "MULTIPLE_CHOICES", "Multiple Choices"),
    (301, "MOVED_PERMANENTLY", "Moved Permanently"),
    (302, "FOUND", "Found"),
    (303, "SEE_OTHER", "See Other"),
    (304, "NOT_MODIFIED", "Not Modified"),
    (305, "USE_PROXY", "Use Proxy"),
    (307, "TEMPORARY_REDIRECT", "Temporary Redirect"),
    (308, "PERMANENT_REDIRECT", "Permanent Redirect"),
    (400, "BAD_REQUEST", "Bad Request"),
    (401, "UNAUTHORIZED", "Unauthorized"),
    (402, "PAYMENT_REQUIRED", "Payment Required"),
    (403, "FORBIDDEN", "Forbidden"),
    (404, "NOT_FOUND", "Not Found"),
    (405, "METHOD_NOT_ALLOWED", "Method Not Allowed"),
    (406, "NOT_ACCEPTABLE", "Not Acceptable"),
    (407, "PROXY_AUTHENTICATION_REQUIRED", "Proxy Authentication Required"),
    (408, "REQUEST_TIMEOUT", "Request Timeout"),
    (409, "CONFLICT", "Conflict"),
    (410, "GONE", "Gone"),
    (411, "LENGTH_REQUIRED", "Length Required"),
    (412, "PRECONDITION_FAILED", "Precondition Failed"),
    (413, "CONTENT_TOO_LARGE", "Content Too Large"),
    (414, "URI_TOO_LONG", "URI Too Long"),
    (415, "UNSUPPORTED_MEDIA_TYPE", "Unsupported Media Type"),
    (416, "RANGE_NOT_SATISFIABLE", "Range Not Satisfiable"),
    (417, "EXPECTATION_FAILED", "Expectation Failed"),
    (418, "IM_A_TEAPOT", "I'm a Teapot"),
    (421, "MISDIRECTED_REQUEST", "Misdirected Request"),
    (422, "UNPROCESSABLE_CONTENT", "Unprocessable Content"),
    (423, "LOCKED", "Locked"),
    (424, "FAILED_DEPENDENCY", "Failed Dependency"),
    (425, "TOO_EARLY", "Too Early"),
    (426, "UPGRADE_REQUIRED", "Upgrade Required"),
    (428, "PRECONDITION_REQUIRED", "Precondition Required"),
    (429, "TOO_MANY_REQUESTS", "Too Many Requests"),
    (431, "REQUEST_HEADER_FIELDS_TOO_LARGE", "Request Header Fields Too Large"),
    (451, "UNAVAILABLE_FOR_LEGAL_REASONS", "Unavailable For Legal Reasons"),
    (500, "INTERNAL_SERVER_ERROR", "Internal Server Error"),
    (501, "NOT_IMPLEMENTED", "Not Implemented"),
    (502, "BAD_GATEWAY", "Bad Gateway"),
    (503, "SERVICE_UNAVAILABLE", "Service Unavailable"),
    (504, "GATEWAY_TIMEOUT", "Gateway Timeout"),
    (505, "HTTP_VERSION_NOT_SUPPORTED", "HTTP Version Not Supported"),
    (506, "VARIANT_ALSO_NEGOTIATES", "Variant Also Negotiates"),
    (507, "INSUFFICIENT_STORAGE", "Insufficient Storage"),
    (508, "LOOP_DETECTED", "Loop Detected"),
    (510, "NOT_EXTENDED", "Not Extended"),
    (511, "NETWORK_AUTHENTICATION_REQUIRED", "Network Authentication Required"),
];

#[test]
fn status_constants_by_their_names_of_today() {
    let constants = constants! {
        CONTINUE SWITCHING_PROTOCOLS PROCESSING EARLY_HINTS OK CREATED ACCEPTED NON_AUTHORITATIVE_INFORMATION
        NO_CONTENT RESET_CONTENT PARTIAL_CONTENT MULTI_STATUS ALREADY_REPORTED IM_USED MULTIPLE_CHOICES
        MOVED_PERMANENTLY FOUND SEE_OTHER NOT_MODIFIED USE_PROXY TEMPORARY_REDIRECT PERMANENT_REDIRECT BAD_REQUEST
        UNAUTHORIZED PAYMENT_REQUIRED FORBIDDEN NOT_FOUND METHOD_NOT_ALLOWED NOT_ACCEPTABLE
        PROXY_AUTHENTICATION_REQUIRED REQUEST_TIMEOUT CONFLICT GONE LENGTH_REQUIRED PRECONDITION_FAILED
        CONTENT_TOO_LARGE URI_TOO_LONG UNSUPPORTED_MEDIA_TYPE RANGE_NOT_SATISFIABLE EXPECTATION_FAILED IM_A_TEAPOT
        MISDIRECTED_REQUEST UNPROCESSABLE_CONTENT LOCKED FAILED_DEPENDENCY TOO_EARLY UPGRADE_REQUIRED
        PRECONDITION_REQUIRED TOO_MANY_REQUESTS REQUEST_HEADER_FIELDS_TOO_LARGE UNAVAILABLE_FOR_LEGAL_REASONS
        INTERNAL_SERVER_ERROR NOT_IMPLEMENTED BAD_GATEWAY SERVICE_UNAVAILABLE GATEWAY_TIMEOUT
        HTTP_VERSION_NOT_SUPPORTED VARIANT_ALSO_NEGOTIATES INSUFFICIENT_STORAGE LOOP_DETECTED NOT_EXTENDED
        NETWORK_AUTHENTICATION_REQUIRED
    };
    assert_eq!(constants, ALL.map(|(code, name, _)| (name, code)));
}

#[test]
fn status_constants_by_their_names_of_before() {
    let constants = constants! {
        REQUEST_ENTITY_TOO_LARGE REQUEST_URI_TOO_LONG REQUESTED_RANGE_NOT_SATISFIABLE UNPROCESSABLE_ENTITY
    };
    assert_eq!(constants.map(|(_, code)| code), [413, 414, 416, 422]);
}

#[test]
fn responses_has_the_phrase_of_every_code() {
    assert_eq!(status::RESPONSES, ALL.map(|(code, _, phrase)| (code, phrase)));
    for code in 0..=u16::MAX {
        let known = ALL.iter().find(|(known, ..)| *known == code);
        assert_eq!(responses(code), known.map(|(.., phrase)| *phrase));
    }
    assert_eq!(responses(status::NOT_FOUND), Some("Not Found"));
}

#[test]
fn ports() {
    assert_eq!((HTTP_PORT, HTTPS_PORT), (80, 443));
}

#[test]
fn all_forms_of_the_constructor() {
    let conn = |conn: Result<HttpConnection>| conn.map(|conn| (conn.host().to_owned(), conn.port())).unwrap();
    let same = ("www.cwi.nl".to_owned(), 80);
    assert_eq!(conn(HttpConnection::new("www.cwi.nl")), same);
    assert_eq!(conn(HttpConnection::new("www.cwi.nl:80")), same);
    assert_eq!(conn(HttpConnection::with_port("www.cwi.nl", 80)), same);
    let with_timeout = HttpConnection::builder("www.cwi.nl").port(80).timeout(Duration::from_secs(10));
    assert_eq!(conn(with_timeout.build()), same);
    assert_eq!(conn(HttpConnection::new("[::1]:8080")), ("::1".to_owned(), 8080));
    assert_eq!(conn(HttpConnection::with_port("[::1]", 8080)), ("::1".to_owned(), 8080));
    assert_eq!(HttpConnection::new("www.cwi.nl:eighty").unwrap_err().kind(), ErrorKind::InvalidUrl);
}

#[test]
fn defaults() {
    let conn = HttpConnection::new("www.cwi.nl").unwrap();
    assert_eq!(
        (conn.blocksize(), conn.timeout(), conn.source_address(), conn.debug_level()),
        (8192, None, None, 0)
    );
    assert!(!conn.is_connected() && conn.addresses().is_none() && conn.fd().is_none());
    assert_eq!(Policy::default(), Policy::strict());
    assert!(Policy { any_request_target: true, ..Policy::strict() } != Policy::default());
    let Limits { line, header_lines, interim_responses, trailer_lines, .. } = Limits::default();
    assert_eq!((line, header_lines, interim_responses, trailer_lines), (65_536, 100, 100, 100));
}

#[test]
fn settings_are_kept() {
    let source: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let mut conn = HttpConnection::builder("a.example")
        .timeout(Duration::from_secs(10))
        .source_address(source)
        .blocksize(100)
        .debug_level(2)
        .build()
        .unwrap();
    assert_eq!(conn.timeout(), Some(Duration::from_secs(10)));
    assert_eq!((conn.blocksize(), conn.source_address(), conn.debug_level()), (100, Some(source), 2));
    conn.set_debug_level(0);
    assert_eq!(conn.debug_level(), 0);
    let err = HttpConnection::builder("a.example").blocksize(0).build().unwrap_err();
    assert_eq!(err.kind(), ErrorKind::InvalidSetting);
}

#[test]
fn the_source_address_is_where_the_connection_comes_from() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let source: SocketAddr = "127.0.0.7:0".parse().unwrap();
    let mut conn = builder(listener.local_addr().unwrap()).source_address(source).build().unwrap();
    conn.connect().unwrap();
    let (_, from) = listener.accept().unwrap();
    assert_eq!(from.ip(), source.ip());
    assert_eq!(conn.addresses().unwrap(), (from, listener.local_addr().unwrap()));
}

#[test]
fn a_host_may_be_a_name_or_an_address_of_either_kind() {
    for (bind, host) in [("127.0.0.1:0", "127.0.0.1"), ("localhost:0", "localhost"), ("[::1]:0", "[::1]")] {
        let origin = match Origin::bind(bind) {
            Ok(origin) => origin,
            Err(_) if bind.starts_with('[') => continue, // a machine without IPv6
            Err(err) => panic!("{bind}: {err}"),
        };
        let authority = format!("{host}:{}", origin.port());
        let mut conn = HttpConnection::new(&authority).unwrap();
        conn.request("GET", "/", (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().status(), 200);
        assert_eq!(origin.requests()[0].header("host"), Some(&*authority));
    }
}

/// `except` clauses by family: what each exception of `http.client` also is.
#[test]
fn families_of_errors() {
    let mut idle = HttpConnection::new("localhost").unwrap();
    let state = [
        (idle.put_header("A", "b").unwrap_err(), ErrorKind::CannotSendHeader),
        (idle.get_response().unwrap_err(), ErrorKind::ResponseNotReady),
        (
            idle.put_request("GET", "/").and_then(|()| idle.put_request("GET", "/")).unwrap_err(),
            ErrorKind::CannotSendRequest,
        ),
    ];
    for (err, kind) in state {
        assert_eq!(err.kind(), kind);
        assert!(err.is_improper_connection_state() && err.is_http_exception() && err.is_caller());
        assert!(!err.is_peer() && !err.is_io() && !err.is_bad_status_line() && !err.is_connection_error());
    }

    let gone = error_of("");
    assert_eq!(gone.kind(), ErrorKind::RemoteDisconnected);
    assert!(
        gone.is_bad_status_line() && gone.is_connection_error() && gone.is_http_exception() && gone.is_peer()
    );
    assert_eq!(std::io::Error::from(gone).kind(), std::io::ErrorKind::ConnectionReset);

    let cut = error_of("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
    assert!(cut.is_incomplete_read() && cut.is_http_exception() && !cut.is_connection_error());
    assert!(cut.to_string().contains("5 bytes read, 5 more expected"), "{cut}");
    assert_eq!(cut.into_partial(), b"hello");

    let long = error_of(format!("HTTP/1.1 200 {}\r\n", "x".repeat(70_000)));
    assert!(long.is_limit() && long.is_http_exception());
    assert!(long.to_string().contains("got more than 65536 bytes when reading a status line"), "{long}");

    let is_value_error = |err: Error| !err.is_http_exception() && err.is_caller();
    assert!(is_value_error(fresh_error("G T", &[])));
    assert!(is_value_error(fresh_error("GET", &[("A", "\n")])));
    let url = HttpConnection::new("localhost").unwrap().put_request("GET", "/ ").unwrap_err();
    assert!(url.kind() == ErrorKind::InvalidUrl && url.is_http_exception() && url.is_caller());
}

/// A name that no resolver takes, so that none is asked.
#[test]
fn a_host_that_can_not_be_resolved_is_told_as_that() {
    let mut conn = HttpConnection::new(&"x".repeat(300)).unwrap();
    let err = conn.request("GET", "/", (), &[]).unwrap_err();
    assert_eq!((err.kind(), err.phase()), (ErrorKind::Io, Some(Phase::Resolve)));
    assert_eq!(conn.state(), ConnectionState::Idle);
}

#[test]
fn an_error_is_told_in_words_with_its_kind_before_them() {
    let err = error_of("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
    assert_eq!(err.to_string(), format!("IncompleteRead: {}", err.message()));
    assert_eq!((format!("{err:?}"), err.phase()), (err.to_string(), None));
    let err = fresh_error("GET", &[("A\r\nB", "\r\n")]);
    assert!(!err.to_string().contains(['\r', '\n']), "{err}");
}

fn fresh_error(method: &str, headers: &[(&str, &str)]) -> Error {
    HttpConnection::new("localhost").unwrap().request(method, "/", (), headers).unwrap_err()
}

/// The examples of the two documentation pages, in their order.
mod examples {
    use super::*;

    fn conn(origin: &Origin) -> HttpConnection {
        HttpConnection::new(&origin.host_port()).unwrap()
    }

    #[test]
    fn get() {
        let origin = Origin::start().unwrap();
        let mut conn = conn(&origin);
        conn.request("GET", "/index.html", (), &[]).unwrap();
        let mut r1 = conn.get_response().unwrap();
        assert_eq!(format!("{} {}", r1.status(), r1.reason()), "200 OK");
        let length = r1.header("Content-Length").unwrap().into_owned();
        let data1 = r1.read_all().unwrap(); // this will return the entire content
        assert_eq!(data1.len().to_string(), length);
        drop(r1);
        conn.request("GET", "/parrot.spam", (), &[]).unwrap();
        let mut r2 = conn.get_response().unwrap();
        assert_eq!(format!("{} {}", r2.status(), r2.reason()), "404 Not Found");
        r2.read_all().unwrap();
        drop(r2);
        conn.close();
        assert!(!conn.is_connected());
        assert_eq!(origin.connections(), 1);
    }

    #[test]
    fn reading_in_blocks() {
        let origin = Origin::start().unwrap();
        let mut conn = conn(&origin);
        conn.request("GET", "/bytes/1050", (), &[]).unwrap();
        let mut r1 = conn.get_response().unwrap();
        let mut blocks = Vec::new();
        while !r1.is_closed() {
            blocks.push(r1.read_up_to(200).unwrap()); // 200 bytes
        }
        assert_eq!(blocks.iter().map(Vec::len).collect::<Vec<_>>(), [200, 200, 200, 200, 200, 50]);
        assert_eq!(blocks.concat(), origin::pattern::bytes(1050));
    }

    #[test]
    fn an_invalid_request() {
        let origin = Origin::start().unwrap();
        let mut conn = conn(&origin);
        conn.request("GET", "/parrot.spam", (), &[]).unwrap();
        let mut response = conn.get_response().unwrap();
        assert_eq!((response.status(), &*response.reason()), (404, "Not Found"));
        assert_eq!(response.version(), 11);
        response.read_all().unwrap();
    }

    #[test]
    fn head() {
        let origin = Origin::start().unwrap();
        let mut conn = conn(&origin);
        conn.request("HEAD", "/index.html", (), &[]).unwrap();
        let mut res = conn.get_response().unwrap();
        assert_eq!(format!("{} {}", res.status(), res.reason()), "200 OK");
        let data = res.read_all().unwrap();
        assert_eq!(data.len(), 0);
        assert!(data == b"");
    }

    #[test]
    fn post() {
        let origin = Origin::start().unwrap();
        let mut conn = conn(&origin);
        let params = "spam=1&eggs=2&bacon=0";
        let headers = [("Content-type", "application/x-www-form-urlencoded"), ("Accept", "text/plain")];
        conn.request("POST", "/cgi-bin/query", params, &headers).unwrap();
        let mut response = conn.get_response().unwrap();
        assert_eq!(format!("{} {}", response.status(), response.reason()), "200 OK");
        let data = String::from_utf8(response.read_all().unwrap()).unwrap();
        for line in ["spam = 1", "eggs = 2", "bacon = 0"] {
            assert!(data.lines().any(|found| found == line), "{data}");
        }
        drop(response);
        conn.close();
    }

    #[test]
    fn put() {
        let origin = Origin::start().unwrap();
        let mut conn = conn(&origin);
        let body = "***filecontents***";
        conn.request("PUT", "/files/file", body, &[]).unwrap();
        let mut response = conn.get_response().unwrap();
        assert_eq!((response.status(), &*response.reason()), (201, "Created"));
        response.read_all().unwrap();
        drop(response);
        conn.request("GET", "/files/file", (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), body.as_bytes());
    }

    #[test]
    fn step_by_step() {
        let origin = Origin::start().unwrap();
        let mut conn = conn(&origin);
        conn.connect().unwrap();
        conn.put_request_with("POST", "/echo", false, true).unwrap();
        conn.put_header("Accept-Encoding", ["gzip", "deflate"]).unwrap();
        conn.put_header("Content-Length", 5).unwrap();
        conn.end_headers().unwrap();
        conn.send("hello").unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"hello");
        let request = &origin.requests()[0];
        assert_eq!(request.header("accept-encoding"), Some("gzip, deflate"));
        assert_eq!(request.header("host"), Some(&*origin.host_port()));
    }
}
