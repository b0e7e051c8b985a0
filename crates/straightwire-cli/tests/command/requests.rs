//! The options that say what is sent.

use origin::{Origin, Request};

use crate::program::{command, fresh_path, run, straightwire};

/// Runs the command with these arguments and a path of an origin; what arrived there.
#[track_caller]
fn sent(args: &[&str], path: &str) -> Request {
    let origin = Origin::start().unwrap();
    let url = origin.url(path);
    let run = straightwire(&[args, &[&url]].concat());
    assert_eq!(run.code, Some(0), "{run:?}");
    last(&origin)
}

fn last(origin: &Origin) -> Request {
    assert_eq!((origin.requests().len(), origin.connections()), (1, 1));
    origin.requests().pop().unwrap()
}

fn names(request: &Request) -> Vec<&str> {
    request.headers.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn a_plain_request_has_the_defaults_and_no_more() {
    let request = sent(&[], "/headers?a=b");
    assert_eq!((request.method.as_str(), request.target.as_str()), ("GET", "/headers?a=b"));
    assert_eq!(names(&request), ["Host", "User-Agent", "Accept"]);
    let agent = concat!("straightwire/", env!("CARGO_PKG_VERSION"));
    assert_eq!((request.header("user-agent"), request.header("accept")), (Some(agent), Some("*/*")));
}

#[test]
fn the_url_may_lack_scheme_and_path_and_its_fragment_stays_here() {
    let origin = Origin::start().unwrap();
    straightwire(&[origin.host_port()]).text();
    let bare = last(&origin);
    assert_eq!((bare.target.as_str(), bare.header("host")), ("/", Some(&*origin.host_port())));
    assert_eq!(sent(&[], "/anything/%7Ex y?q=a b#part").target, "/anything/%7Ex%20y?q=a%20b");
}

#[test]
fn a_method_stands_before_the_url_or_behind_x() {
    for args in [&["DELETE"][..], &["-X", "DELETE"], &["--request=DELETE"]] {
        assert_eq!(sent(args, "/anything").method, "DELETE");
    }
    assert_eq!(sent(&["-X", "purge"], "/anything").method, "purge");
    assert_eq!(sent(&["OPTIONS", "-i"], "/anything").method, "OPTIONS");
}

#[test]
fn headers_are_added_emptied_and_left_out() {
    let given = ["-H", "X-A: 1", "-H", "x-a:2", "-H", "X-B;", "--header", "Accept:", "-H", "User-Agent: me"];
    let request = sent(&given, "/headers");
    let expected = [("X-A", "1"), ("x-a", "2"), ("X-B", ""), ("User-Agent", "me")];
    let headers = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    assert_eq!(headers.skip(1).collect::<Vec<_>>(), expected);

    let request = sent(&["-H", "X: y", "-H", "Host: other.example"], "/headers");
    assert_eq!(names(&request), ["Host", "User-Agent", "Accept", "X"]);
    assert_eq!(request.header("host"), Some("other.example"));
}

#[test]
fn a_value_goes_out_as_the_bytes_it_was_typed_in() {
    let request = sent(&["-H", "X: caf\u{e9} \u{2713}"], "/headers");
    // The origin gives bytes as the characters of their numbers.
    assert_eq!(request.header("x"), Some("caf\u{c3}\u{a9} \u{e2}\u{9c}\u{93}"));
}

#[test]
fn data_is_a_form_and_several_are_joined() {
    let request = sent(&["-d", "spam=1", "--data", "eggs=2"], "/cgi-bin/query");
    assert_eq!((request.method.as_str(), request.body.as_slice()), ("POST", &b"spam=1&eggs=2"[..]));
    assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(request.header("content-length"), Some("13"));

    let request = sent(&["PUT", "-d", "{}", "-H", "Content-Type: application/json"], "/anything");
    assert_eq!((request.method.as_str(), request.header("content-type")), ("PUT", Some("application/json")));
    assert_eq!(names(&request).iter().filter(|name| **name == "Content-Type").count(), 1);
}

#[test]
fn data_comes_from_files_and_standard_input() {
    let path = fresh_path("data");
    std::fs::write(&path, b"a=1\r\n&b=\0\xff\n").unwrap();
    let file = format!("@{}", path.display());
    assert_eq!(sent(&["-d", &file, "-d", "c"], "/echo").body, b"a=1&b=\xff&c");
    assert_eq!(sent(&["--data-binary", &file], "/echo").body, b"a=1\r\n&b=\0\xff\n");
    std::fs::remove_file(path).unwrap();

    let origin = Origin::start().unwrap();
    let echoed = run(command().args(["-d", "@-", &origin.url("/echo")]), b"typed\n");
    assert_eq!(echoed.text(), "typed");
    assert_eq!(last(&origin).header("content-length"), Some("5"));
}

#[test]
fn data_is_chunked_where_the_headers_say_so() {
    let request = sent(&["-d", "some", "-H", "Transfer-Encoding: chunked"], "/echo");
    assert_eq!((request.body.as_slice(), request.complete), (&b"some"[..], true));
    assert_eq!(request.header("content-length"), None);
}

#[test]
fn methods_with_a_body_say_when_it_is_empty() {
    for (args, length) in
        [(&["POST"][..], Some("0")), (&["PUT"], Some("0")), (&["GET"], None), (&["-d", ""], Some("0"))]
    {
        assert_eq!(sent(args, "/anything").header("content-length"), length, "{args:?}");
    }
}

#[test]
fn head_asks_for_the_head_and_shows_it() {
    let origin = Origin::start().unwrap();
    let url = origin.url("/bytes/9");
    for option in ["-I", "--head"] {
        let head = straightwire(&[option, &url]);
        assert!(head.text().starts_with("HTTP/1.1 200 OK\r\n"), "{head:?}");
        assert!(head.text().contains("\r\nContent-Length: 9\r\n"), "{head:?}");
        assert!(head.text().ends_with("\r\n\r\n"), "{head:?}");
    }
    assert!(origin.requests().iter().all(|request| request.method == "HEAD"));
    assert_eq!(straightwire(&["HEAD", &url]).text(), "");
}

#[test]
fn user_and_password_become_basic_credentials() {
    let origin = Origin::start().unwrap();
    let url = format!("http://Aladdin:open%20sesame@{}/headers", origin.host_port());
    straightwire(&[&url]).text();
    straightwire(&["-H", "Authorization: Bearer x", &url]).text();
    let requests = origin.requests();
    assert_eq!(requests[0].header("authorization"), Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
    assert_eq!(requests[0].header("host"), Some(&*origin.host_port()));
    assert_eq!(requests[1].header("authorization"), Some("Bearer x"));
}
