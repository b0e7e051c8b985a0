//! Tunnels by CONNECT: the bytes that ask for one, every answer to them, and what goes on inside.

#![cfg(all(feature = "idna", feature = "tls"))]

mod support;

#[path = "support/secure.rs"]
mod secure;

use std::time::Duration;

use origin::{Script, Scripted};
use secure::{NAME, refused, setup, tls};
use straightwire::{
    CloseReason, ConnectionBuilder, ErrorKind, HttpConnection, HttpsConnection, Limits, Phase,
    basic_credentials,
};
use support::*;

const ESTABLISHED: &str = "HTTP/1.1 200 Connection established\r\n\r\n";

/// Grants a tunnel and is then the far end of it.
fn granting(answer: &str) -> Script {
    Script::new().read_head().send(answer).read_request().send(OK).read_request().send(OK)
}

/// Answers CONNECT with this, and waits for what comes then.
fn answering(answer: &str) -> Script {
    Script::new().read_head().send(answer).hold()
}

/// Through the server, which is the proxy, to somewhere that only it knows.
fn through(server: &Scripted) -> ConnectionBuilder<HttpConnection> {
    builder(server.addr()).tunnel("far.test", None, &[])
}

#[track_caller]
fn get(conn: &mut HttpConnection) {
    conn.request("GET", "/x", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
}

#[test]
fn the_bytes_of_the_request() {
    for (host, port, target) in [
        ("far.test", None, "far.test:80"),
        ("far.test", Some(80), "far.test:80"),
        ("far.test:8080", None, "far.test:8080"),
        ("far.test", Some(8080), "far.test:8080"),
        ("far.test:", None, "far.test:80"),
        ("::1", None, "[::1]:80"),
        ("[::1]", None, "[::1]:80"),
        ("[::1]:81", None, "[::1]:81"),
        ("[fe80::1%eth0]:81", None, "[fe80::1]:81"),
        ("::1", Some(443), "[::1]:443"),
        ("127.0.0.1", Some(1), "127.0.0.1:1"),
        ("b\u{fc}cher.test", None, "xn--bcher-kva.test:80"),
    ] {
        let server = serve([granting(ESTABLISHED)]);
        let mut conn = client(&server);
        conn.set_tunnel(host, port, &[]).unwrap();
        get(&mut conn);
        let asked = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n");
        let origin = target.strip_suffix(":80").unwrap_or(target);
        let request = format!("GET /x HTTP/1.1\r\nHost: {origin}\r\nAccept-Encoding: identity\r\n\r\n");
        assert_eq!(received(&server, 0), asked + &request, "{host} {port:?}");
    }
}

#[test]
fn over_tls_the_port_is_443_unless_told() {
    for (host, port, target) in [
        ("far.test", None, "far.test:443"),
        ("far.test:80", None, "far.test:80"),
        ("::1", None, "[::1]:443"),
        ("far.test", Some(8443), "far.test:8443"),
    ] {
        let server = serve([answering("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")]);
        let proxy = server.addr();
        let mut conn = HttpsConnection::builder("127.0.0.1")
            .port(proxy.port())
            .tls(tls())
            .tunnel(host, port, &[])
            .build()
            .unwrap();
        refused(&mut conn);
        assert_eq!(received(&server, 0), format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n"));
    }
}

#[test]
fn headers_for_the_proxy_are_for_the_proxy_alone() {
    let server = serve([granting(ESTABLISHED)]);
    let mut conn = client(&server);
    let credentials = basic_credentials("user", "p\u{e4}ss:word");
    let headers =
        [("Proxy-Authorization", &*credentials), ("User-Agent", "x"), ("Proxy-Authorization", "twice")];
    conn.set_tunnel("far.test", 8080, &headers).unwrap();
    get(&mut conn);
    let asked = format!(
        "CONNECT far.test:8080 HTTP/1.1\r\nHost: far.test:8080\r\nProxy-Authorization: {credentials}\r\n\
         User-Agent: x\r\nProxy-Authorization: twice\r\n\r\n"
    );
    assert_eq!(credentials, "Basic dXNlcjpww6Rzczp3b3Jk");
    assert!(received(&server, 0).starts_with(&asked));
    assert_eq!(received(&server, 0).matches("Proxy-Authorization").count(), 2);
}

#[test]
fn the_host_header_can_be_another() {
    let server = serve([granting(ESTABLISHED)]);
    let mut conn =
        builder(server.addr()).tunnel("far.test", 80, &[("hOST", "other.test:1")]).build().unwrap();
    get(&mut conn);
    assert!(
        received(&server, 0).starts_with("CONNECT far.test:80 HTTP/1.1\r\nhOST: other.test:1\r\n\r\nGET")
    );
}

/// None of it reaches the proxy: it is refused when it is set (CVE-2026-1502).
#[test]
fn nothing_can_be_smuggled_into_the_request() {
    let server = serve([granting(ESTABLISHED)]);
    let mut conn = client(&server);
    for host in
        ["h\r\nX: y", "h\n", "h x", "h/y", "h?y", "h#y", "u@h", "h\0", "", "h:x", "h:65536", "h\\y", "[h"]
    {
        let err = conn.set_tunnel(host, None, &[]).unwrap_err();
        assert_eq!(err.kind(), ErrorKind::InvalidUrl, "{host:?}");
        let err = builder(server.addr()).tunnel(host, None, &[]).build().err().unwrap();
        assert_eq!(err.kind(), ErrorKind::InvalidUrl, "{host:?}");
    }
    for header in [
        ("A", "b\r\nEvil: 1"),
        ("A", "b\nEvil: 1"),
        ("A", "b\r"),
        ("A", "b\0"),
        ("A", "\u{20ac}"),
        ("A: b\r\nEvil", "1"),
        ("A b", "1"),
        ("", "1"),
        ("A:", "1"),
    ] {
        let err = conn.set_tunnel("far.test", None, &[header]).unwrap_err();
        assert_eq!(err.kind(), ErrorKind::InvalidHeader, "{header:?}");
        let err = builder(server.addr()).tunnel("far.test", None, &[header]).build().err().unwrap();
        assert!(err.is_caller(), "{header:?}");
    }
    // What was refused is forgotten: the connection has no tunnel.
    conn.request("GET", "/x", (), &[]).unwrap();
    assert_eq!(conn.host(), "127.0.0.1");
    assert!(received_head(&server).starts_with("GET /x"));
}

fn received_head(server: &Scripted) -> String {
    server.wait_received(0, 20, PATIENCE).into_iter().map(char::from).collect()
}

/// The proxy would take what comes first in the tunnel for the body.
#[test]
fn headers_that_promise_a_body_are_refused() {
    for header in [("Content-Length", "5"), ("transfer-encoding", "chunked")] {
        let err =
            HttpConnection::builder("proxy.test").tunnel("far.test", None, &[header]).build().err().unwrap();
        assert_eq!(err.kind(), ErrorKind::InvalidHeader, "{err}");
    }
}

#[test]
fn an_open_connection_gets_no_tunnel() {
    let server = serve([answer_all()]);
    let mut conn = client(&server);
    conn.connect().unwrap();
    assert_eq!(conn.set_tunnel("far.test", None, &[]).unwrap_err().kind(), ErrorKind::InvalidSetting);
    assert_clean(&server, &mut conn, 0);
    conn.close();
    conn.set_tunnel("far.test", None, &[]).unwrap();
}

/// Every 2xx grants it, and its framing means nothing (RFC 9110 9.3.6).
#[test]
fn any_success_grants_it() {
    for answer in [
        ESTABLISHED,
        "HTTP/1.0 200 OK\r\n\r\n",
        "HTTP/1.1 200\r\n\r\n",
        "HTTP/1.1 201 Made\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 204 Nothing\r\n\r\n",
        "HTTP/1.1 299 Why not\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    ] {
        let server = serve([granting(answer)]);
        let mut conn = through(&server).build().unwrap();
        get(&mut conn);
        get(&mut conn);
        assert_eq!(server.connections(), 1);
        let response = conn.proxy_response().unwrap();
        assert!((200..300).contains(&response.head().status()) && response.body_start().is_empty());
    }
}

#[test]
fn what_the_proxy_says_is_kept_when_it_grants() {
    let server = serve([granting("HTTP/1.1 200 Fine by me\r\nVia: a\r\nX-Tunnel: 7\r\nvia: b\r\n\r\n")]);
    let mut conn = through(&server).build().unwrap();
    assert!(conn.proxy_response().is_none() && conn.proxy_response_headers().is_none());
    get(&mut conn);
    let head = conn.proxy_response().unwrap().head();
    assert_eq!((head.status(), &*head.reason()), (200, "Fine by me"));
    let headers = conn.proxy_response_headers().unwrap();
    assert_eq!(headers.get("x-tunnel").as_deref(), Some("7"));
    assert_eq!(headers.iter().count(), 3);
    conn.close();
    assert!(conn.proxy_response().is_some());
}

/// The body, whole or as far as it came, in every framing; and never a byte of TLS to a proxy that refused.
#[test]
fn a_refusal_is_kept_whole() {
    let stall = "HTTP/1.1 502 Bad Gateway\r\nVia: p\r\nContent-Length: 900\r\n\r\nwho are you?";
    for (answer, status, body) in [
        ("HTTP/1.1 407 Who?\r\nVia: p\r\nContent-Length: 12\r\n\r\nwho are you?", 407, "who are you?"),
        (
            "HTTP/1.1 403 No\r\nVia: p\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nwho\r\n9\r\n are you?\r\n0\r\n\r\n",
            403,
            "who are you?",
        ),
        ("HTTP/1.1 302 There\r\nVia: p\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", 302, ""),
        ("HTTP/1.1 404 No\r\nVia: p\r\n\r\nwho are you?", 404, "who are you?"),
        ("HTTP/1.0 500 Oh\r\nVia: p\r\n\r\nwho are you?", 500, "who are you?"),
        ("HTTP/1.1 304 Same\r\nVia: p\r\nContent-Length: 9\r\n\r\n", 304, ""),
        ("HTTP/1.1 403 No\r\nVia: p\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nwho\r\nzz", 403, "who"),
        ("HTTP/1.1 101 Switching\r\nVia: p\r\nUpgrade: x\r\n\r\n", 101, ""),
        (stall, 502, "who are you?"),
    ] {
        for ends in [false, true] {
            let script = Script::new().read_head().send(answer);
            let server = serve([if ends { script.half_close().hold() } else { script.hold() }]);
            let mut plain = through(&server).build().unwrap();
            let proxy = server.addr().port();
            let builder = HttpsConnection::builder("127.0.0.1").port(proxy).tls(tls()).timeout(PATIENCE);
            let mut secure = builder.tunnel("far.test", 443, &[]).build().unwrap();
            for (number, conn) in [&mut plain, &mut *secure].into_iter().enumerate() {
                let err = refused(conn);
                assert!(err.to_string().contains(&status.to_string()), "{err}");
                let response = conn.proxy_response().unwrap();
                assert_eq!(response.head().status(), status);
                assert_eq!(response.body_start().escape_ascii().to_string(), body, "{answer:?}");
                assert_eq!(conn.proxy_response_headers().unwrap().get("via").as_deref(), Some("p"));
                assert_eq!(conn.get_response().unwrap_err().kind(), ErrorKind::ResponseNotReady);
                let sent = received(&server, number);
                assert!(sent.starts_with("CONNECT far.test:") && sent.ends_with("\r\n\r\n"), "{sent:?}");
                assert!(!sent.contains("secret"), "{sent:?}");
            }
        }
    }
}

#[test]
fn of_a_large_refusal_the_start_is_kept() {
    let head = "HTTP/1.1 403 No\r\nContent-Length: 100000000\r\n\r\n";
    let server = serve([Script::new().read_head().send(head).flood([b'x'; 10_000], 100_000_000)]);
    let mut conn = through(&server).build().unwrap();
    refused(&mut conn);
    let body = conn.proxy_response().unwrap().body_start();
    assert!(body.len() == 64 * 1024 && body.iter().all(|&byte| byte == b'x'));
}

/// The next opening asks again, and what the proxy said before is forgotten by what it says then.
#[test]
fn after_a_refusal_it_can_be_asked_again() {
    let no = answering("HTTP/1.1 407 Who?\r\nContent-Length: 0\r\n\r\n");
    let server = serve([no, granting("HTTP/1.1 200 Oh, you\r\n\r\n")]);
    let mut conn = through(&server).build().unwrap();
    refused(&mut conn);
    conn.set_tunnel("far.test", None, &[("Proxy-Authorization", "Basic eDp5")]).unwrap();
    get(&mut conn);
    assert_eq!(conn.proxy_response().unwrap().head().status(), 200);
    assert!(received(&server, 1).contains("\r\nProxy-Authorization: Basic eDp5\r\n\r\nGET"));
}

/// What comes on the heels of the head comes from the far end.
#[test]
fn bytes_behind_the_head_belong_to_the_tunnel() {
    let early =
        format!("{ESTABLISHED}HTTP/1.1 408 Too slow\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let server = serve([Script::new().read_head().send(early).hold()]);
    let mut conn = through(&server).build().unwrap();
    conn.connect().unwrap();
    // Nobody has asked yet: it is not taken as the answer to a later request.
    conn.put_request("GET", "/").unwrap();
    let _ = conn.end_headers();
    assert_eq!(conn.close_reason(), Some(CloseReason::Unsolicited));

    // The server's part of TLS may as well begin early.
    let script = Script::new().in_clear().read_head().send(ESTABLISHED).handshake().read_request().send(OK);
    let server = Scripted::start_tls(&setup(), vec![script]).unwrap();
    let proxy = server.addr().port();
    let builder = HttpsConnection::builder("127.0.0.1").port(proxy).tls(tls()).timeout(PATIENCE);
    let mut conn = builder.tunnel(NAME, None, &[]).build().unwrap();
    get(&mut conn);
    server.join().unwrap();
}

/// In one segment, in two at every place, byte by byte: the same tunnel.
#[test]
fn the_head_may_come_in_any_pieces() {
    let head = "HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 200 OK\r\nVia: p\r\n\r\n";
    for cut in 1..head.len() {
        let (first, second) = head.split_at(cut);
        let script = Script::new().read_head().send(first).pause(Duration::from_millis(1)).send(second);
        let server = serve([script.read_request().send(OK)]);
        get(&mut through(&server).build().unwrap());
    }
    let script = Script::new().read_head().send_in_pieces(head, 1, Duration::from_micros(200));
    get(&mut through(&serve([script.read_request().send(OK)])).build().unwrap());
}

/// None of it goes on for ever, nor is taken for a tunnel.
#[test]
fn a_broken_answer_is_an_error() {
    for (answer, kind) in [
        ("", ErrorKind::RemoteDisconnected),
        ("HTTP/1.1 2", ErrorKind::IncompleteRead),
        ("HTTP/1.1 200 OK\r\n", ErrorKind::IncompleteRead),
        ("HTTP/1.1 200 OK\r\nA: b\r\n", ErrorKind::IncompleteRead),
        ("HTTP/1.1 100 Go\r\n\r\n", ErrorKind::RemoteDisconnected),
        ("SSH-2.0-OpenSSH\r\n", ErrorKind::BadStatusLine),
        ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", ErrorKind::BadHeader),
        ("HTTP/1.1 2000 OK\r\n\r\n", ErrorKind::BadStatusLine),
        ("HTTP/2.0 200 OK\r\n\r\n", ErrorKind::UnknownProtocol),
    ] {
        let server = serve([Script::new().read_head().send(answer).close()]);
        let mut conn = through(&server).build().unwrap();
        let err = conn.connect().unwrap_err();
        assert_eq!((err.kind(), err.phase()), (kind, Some(Phase::Proxy)), "{answer:?}: {err}");
        assert!(!conn.is_connected() && conn.proxy_response().is_none());
    }
    let server = serve([Script::new().read_head().reset()]);
    let err = through(&server).build().unwrap().connect().unwrap_err();
    assert!(err.is_connection_error() && err.phase() == Some(Phase::Proxy), "{err}");
}

#[test]
fn a_flood_is_cut_off() {
    let most = 1 << 30;
    for (first, piece, kind) in [
        ("HTTP/1.1 200 OK\r\n", "A: b\r\n", ErrorKind::TooManyHeaders),
        ("HTTP/1.1 200 OK\r\nA: ", "xxxxxxxxxxxxxxxxxxxxxxxxx", ErrorKind::LineTooLong),
        ("HTTP/1.1 200 ", "xxxxxxxxxxxxxxxxxxxxxxxxx", ErrorKind::LineTooLong),
        ("", "HTTP/1.1 100 Go\r\n\r\n", ErrorKind::TooManyInterimResponses),
    ] {
        let server = serve([Script::new().read_head().send(first).flood(piece, most)]);
        let err = through(&server).build().unwrap().connect().unwrap_err();
        assert_eq!((err.kind(), err.phase()), (kind, Some(Phase::Proxy)), "{err}");
    }
}

/// The limits of the connection are those of the proxy's answer too.
#[test]
fn limits_hold_for_the_answer() {
    let server = serve([granting("HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n")]);
    let limits = Limits { header_lines: 2, ..Limits::default() };
    let err = through(&server).limits(limits).build().unwrap().connect().unwrap_err();
    assert_eq!(err.kind(), ErrorKind::TooManyHeaders);
}

#[test]
fn a_new_connection_gets_a_new_tunnel() {
    let closing = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
    let once = Script::new().read_head().send(ESTABLISHED).read_request().send(closing);
    let server = serve([once.clone(), once, granting(ESTABLISHED)]);
    let mut conn = through(&server).build().unwrap();
    for _ in 0..3 {
        get(&mut conn);
    }
    assert_eq!(server.connections(), 3);
    for number in 0..3 {
        assert!(received(&server, number).starts_with("CONNECT far.test:80 HTTP/1.1\r\n"));
        assert!(received(&server, number).contains("\r\nHost: far.test\r\n"));
    }
    assert_eq!((conn.host(), conn.port()), ("127.0.0.1", server.addr().port()));
}

/// A builder's tunnel and the call's are the same, and the later one holds.
#[test]
fn the_last_tunnel_holds() {
    let server = serve([granting(ESTABLISHED)]);
    let mut conn = through(&server).build().unwrap();
    conn.set_tunnel("further.test", 81, &[]).unwrap();
    get(&mut conn);
    assert!(received(&server, 0).starts_with("CONNECT further.test:81 "));
    assert!(received(&server, 0).contains("\r\nHost: further.test:81\r\nAccept"));
}
