//! The small endpoints, one after the other.

use origin::Origin;

use crate::client::{Client, pairs};

#[test]
fn the_index_shows_the_table_of_endpoints() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    let index = client.ask("GET", "/");
    assert_eq!(index.status, 200);
    assert_eq!(index.header("Content-Type"), Some("text/html; charset=utf-8"));
    assert!(index.text().contains("/response-headers?Name=value&amp;…"));
    assert_eq!(client.ask("GET", "/index.html").body, index.body);
    assert_eq!(client.ask("GET", &origin.url("/?x")).body, index.body, "the absolute form");
}

#[test]
fn head_has_the_head_of_get_everywhere() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    client.ask_with("PUT", "/files/a", "Content-Length: 3\r\n", b"abc");
    for target in [
        "/",
        "/index.html",
        "/echo",
        "/status/404",
        "/response-headers?A=b",
        "/bytes/70000",
        "/chunked/10/3?trailers=1",
        "/drip?bytes=3&pause_ms=1",
        "/redirect/2",
        "/redirect-to?url=/",
        "/cookies",
        "/files/a",
        "/nothing",
    ] {
        let get = client.ask("GET", target);
        let head = client.ask("HEAD", target);
        assert_eq!((head.status, &head.headers), (get.status, &get.headers), "{target}");
    }
    for target in ["/close", "/refuse", "/close-delimited/9"] {
        let get = Client::connect(origin.addr()).ask("GET", target);
        let mut client = Client::connect(origin.addr());
        let head = client.ask("HEAD", target);
        assert_eq!((head.status, &head.headers), (get.status, &get.headers), "{target}");
        assert!(client.is_at_end(), "{target}");
    }
}

#[test]
fn every_status_is_answered_and_some_have_no_body() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    for status in 200..600 {
        let answer = client.ask("GET", &format!("/status/{status}"));
        assert_eq!(answer.status, status);
        let has_length = answer.header("Content-Length").is_some();
        assert_eq!(has_length, status != 204 && status != 304, "{status}");
        assert_eq!(answer.body.is_empty(), matches!(status, 204 | 205 | 304), "{status}");
    }
    assert_eq!(client.ask("GET", "/status/418").reason, "");
    assert_eq!(client.ask("GET", "/status/404").text(), "404 Not Found\n");
    assert!(client.ask("GET", "/status/401").header("WWW-Authenticate").is_some());
    for wrong in ["199", "600", "0200", "+200", "", "x"] {
        let answer = client.ask("GET", &format!("/status/{wrong}"));
        assert_eq!((answer.status, answer.text().contains("nothing at this path")), (404, true), "{wrong}");
    }
}

#[test]
fn response_headers_come_in_order_with_duplicates_decoded() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    let answer = client.ask("GET", "/response-headers?X-A=1&x-b=two+words&X-A=%32%c3%a9&Empty=");
    assert_eq!(answer.status, 200);
    let raw = &answer.headers[..4];
    assert_eq!(raw, pairs([("X-A", "1"), ("x-b", "two words"), ("X-A", "2é"), ("Empty", "")]));
    assert_eq!(answer.header("Content-Type"), Some("application/json"));

    let typed = client.ask("GET", "/response-headers?content-type=text/plain");
    assert_eq!(typed.headers[0], ("content-type".to_owned(), "text/plain".to_owned()));
    assert_eq!(typed.header("Content-Type"), None);

    for wrong in ["A=%0d%0aB:%20c", "A%20b=c", "=c", "Content-Length=1", "transfer-encoding=chunked"] {
        let answer = client.ask("GET", &format!("/response-headers?{wrong}"));
        assert_eq!(answer.status, 400, "{wrong}");
    }
}

#[test]
fn redirects_lead_to_the_index() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    let mut target = "/redirect/3".to_owned();
    for _ in 0..3 {
        let answer = client.ask("GET", &target);
        assert_eq!(answer.status, 302);
        target = answer.header("Location").unwrap().to_owned();
    }
    assert_eq!(target, "/index.html");
    assert_eq!(client.ask("GET", "/redirect/0").status, 200);

    let answer = client.ask("POST", "/redirect-to?url=http%3A%2F%2Fhost%2Fa%3Fb&status=307");
    assert_eq!((answer.status, answer.header("Location")), (307, Some("http://host/a?b")));
    for wrong in ["url=/&status=200", "status=302", "url=%0a", "url=/&status=x"] {
        assert_eq!(client.ask("GET", &format!("/redirect-to?{wrong}")).status, 400, "{wrong}");
    }
}

#[test]
fn anything_and_headers_tell_what_came() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    let answer = client.ask_with(
        "POST",
        "/anything?q=%22",
        "X-a:  1 \r\nx-A: \"2\"\r\nTransfer-Encoding: chunked\r\n",
        b"3\r\na\nb\r\n0\r\nT: z\r\n\r\n",
    );
    assert_eq!(
        answer.text(),
        "{\"method\": \"POST\", \"target\": \"/anything?q=%22\", \"version\": \"HTTP/1.1\", \"headers\": \
         [[\"Host\", \"localhost\"], [\"X-a\", \"1\"], [\"x-A\", \"\\\"2\\\"\"], [\"Transfer-Encoding\", \"chunked\"]], \
         \"body\": \"a\\nb\", \"trailers\": [[\"T\", \"z\"]]}\n"
    );
    let answer = client.ask_with("GET", "/headers", "b: 2\r\nA:\r\n", b"");
    assert_eq!(answer.text(), "{\"headers\": [[\"Host\", \"localhost\"], [\"b\", \"2\"], [\"A\", \"\"]]}\n");

    let answer = client.ask_with("POST", "/anything", "Content-Length: 1048577\r\n", b"");
    assert_eq!((answer.status, answer.header("Connection")), (413, Some("close")));
    assert!(client.is_at_end());
}

#[test]
fn interim_responses_come_before_the_final_one() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    let hint = client.ask("GET", "/early-hints");
    assert_eq!((hint.status, hint.headers.len()), (103, 1));
    assert_eq!(client.answer().header("Link"), hint.header("Link"));

    assert_eq!(client.ask("GET", "/processing/3").status, 102);
    assert_eq!([client.answer().status, client.answer().status, client.answer().status], [102, 102, 200]);
    assert_eq!(client.ask("GET", "/processing/0").status, 200);

    client.send("GET /early-hints HTTP/1.0\r\n\r\n");
    assert_eq!(client.answer().status, 200, "HTTP/1.0 knows no 1xx");
}

#[test]
fn cookies_are_fields_of_their_own() {
    let origin = Origin::start().unwrap();
    let answer = Client::connect(origin.addr()).ask("GET", "/cookies");
    assert_eq!(answer.headers.iter().filter(|(name, _)| name == "Set-Cookie").count(), 3);
}

#[test]
fn forms_are_told_line_by_line() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    let form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 35\r\n";
    let answer = client.ask_with("POST", "/cgi-bin/query", form, b"spam=1&eggs=two+%26+more&spam=&last");
    assert_eq!(answer.text(), "spam = 1\neggs = two & more\nspam = \nlast = \n");

    let answer = client.ask("GET", "/cgi-bin/query");
    assert_eq!((answer.status, answer.header("Allow")), (405, Some("POST")));
}

#[test]
fn files_are_created_replaced_read_and_deleted() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    assert_eq!(client.ask("GET", "/files/a%20b").status, 404);
    let fields = "Content-Type: text/x\r\nContent-Length: 3\r\n";
    let created = client.ask_with("PUT", "/files/a%20b", fields, b"one");
    assert_eq!((created.status, created.header("Location")), (201, Some("/files/a%20b")));
    let chunked = "Transfer-Encoding: chunked\r\n";
    assert_eq!(client.ask_with("PUT", "/files/%61%20b", chunked, b"3\r\ntwo\r\n0\r\n\r\n").status, 204);

    let found = Client::connect(origin.addr()).ask("GET", "/files/a%20b");
    assert_eq!((found.body.as_slice(), found.header("Content-Type")), (&b"two"[..], None));
    assert_eq!(client.ask("HEAD", "/files/a%20b").header("Content-Length"), Some("3"));

    assert_eq!(client.ask("DELETE", "/files/a%20b").status, 204);
    assert_eq!(client.ask("DELETE", "/files/a%20b").status, 404);
    assert_eq!(client.ask("POST", "/files/a").header("Allow"), Some("GET, HEAD, PUT, DELETE"));
    assert_eq!(client.ask("GET", "/files/").status, 404);

    let over = format!("Content-Length: {}\r\nExpect: 100-continue\r\n", 64 * 1024 * 1024 + 1);
    assert_eq!(client.ask_with("PUT", "/files/large", &over, b"").status, 413, "before any 100");
}

#[test]
fn unknown_paths_are_told_so_and_the_connection_stays() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    for target in [
        "/nothing",
        "/index.html/",
        "/echo/",
        "/bytes/",
        "/bytes/-1",
        "/bytes/18446744073709551616",
        "/chunked/9",
        "/chunked/9/0",
    ] {
        assert_eq!(client.ask_with("POST", target, "Content-Length: 2\r\n", b"xy").status, 404, "{target}");
    }
    assert_eq!(client.ask("OPTIONS", "*").status, 200);
    assert_eq!(origin.connections(), 1);
}
