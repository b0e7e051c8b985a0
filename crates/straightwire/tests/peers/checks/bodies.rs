//! Bodies in chunks, uploads, and bodies cut short. The answers come from `server.py`, some of them
//! through a proxy.

use std::fs::File;
use std::io::BufRead;

use straightwire::{Body, ErrorKind, Framing, HttpConnection, HttpResponse};

use super::{get, get_file, local_port};
use crate::peer::Peer;
use crate::sha256;
use crate::site::{self, BIG, HELLO, NUMBERS};

/// How much `server.py` sends of a body that it cuts short.
const CUT: usize = 4000;

pub(crate) fn chunks_are_joined(peer: Peer) {
    let whole = site::contents(NUMBERS);
    let mut conn = peer.client();
    conn.connect().unwrap();
    let port = local_port(&conn);
    for _ in 0..3 {
        let mut response = get(&mut conn, &format!("/chunked{NUMBERS}"));
        assert_eq!(response.status(), 200);
        assert_eq!(response.framing(), Framing::Chunked);
        assert!(response.read_all().unwrap() == whole);
        drop(response);

        let response = get(&mut conn, &format!("/chunked{NUMBERS}"));
        let lines = response.lines().map(Result::unwrap);
        assert!(lines.eq((0..20_000).map(|number: u32| number.to_string())));
        assert_eq!(local_port(&conn), port);
    }
}

pub(crate) fn trailers_come_after_chunks(peer: Peer) {
    let mut conn = peer.client();
    let mut response = get(&mut conn, &format!("/chunked{BIG}"));
    assert!(response.trailers().is_empty());
    let mut left = site::BIG_LEN;
    while left > 0 {
        let len = response.read_up_to(1024 * 1024 + 1).unwrap().len() as u64;
        assert!(len > 0, "{left} bytes are missing");
        left -= len;
    }
    assert_eq!(response.read_all().unwrap(), b"");
    assert_eq!(response.trailers().get("sha256").as_deref(), Some(sha256::of_big()));
    drop(response);
    get_file(&mut conn, HELLO);
}

pub(crate) fn an_upload_comes_back(peer: Peer) {
    let mut conn = peer.client();
    let numbers = site::contents(NUMBERS);
    for len in [0, 1, 1000, numbers.len()] {
        let body = &numbers[..len];
        conn.request("POST", "/echo", body, &[]).unwrap();
        assert_echo(&peer, conn.get_response().unwrap(), body, Framing::Length(len as u64));

        conn.request("POST", "/echo", Body::reader(body), &[]).unwrap();
        assert_echo(&peer, conn.get_response().unwrap(), body, Framing::Chunked);

        conn.request("POST", "/echo", Body::chunks(body.chunks(777)), &[]).unwrap();
        assert_echo(&peer, conn.get_response().unwrap(), body, Framing::Chunked);
    }
    get_file(&mut conn, HELLO);
}

pub(crate) fn an_upload_step_by_step_comes_back(peer: Peer) {
    let mut conn = peer.client();
    conn.connect().unwrap();
    let port = local_port(&conn);
    let begin = |conn: &mut HttpConnection, name, value| {
        conn.put_request("POST", "/echo").unwrap();
        conn.put_header(name, value).unwrap();
        conn.end_headers().unwrap();
        conn.send("first, ").unwrap();
        conn.send(b"second").unwrap();
    };
    for _ in 0..10 {
        begin(&mut conn, "Transfer-Encoding", "chunked");
        conn.finish_with_trailers(&[("Checksum", "none")]).unwrap();
        assert_echo(&peer, conn.get_response().unwrap(), b"first, second", Framing::Chunked);

        begin(&mut conn, "Content-Length", "13");
        assert_echo(&peer, conn.get_response().unwrap(), b"first, second", Framing::Length(13));
        assert_eq!(local_port(&conn), port);
    }
}

pub(crate) fn a_large_file_is_uploaded_whole(peer: Peer) {
    let mut conn = peer.client();
    let path = site::file(BIG);
    let len = site::BIG_LEN.to_string();
    for headers in [&[][..], &[("Content-Length", &*len)]] {
        conn.request("PUT", "/sum", File::open(&path).unwrap(), headers).unwrap();
        let mut response = conn.get_response().unwrap();
        assert_eq!(response.status(), 200);
        let sum = response.read_all().unwrap();
        assert_eq!(String::from_utf8(sum).unwrap(), sha256::of_big());
    }
    conn.request("PUT", "/sum", Body::file(File::open(&path).unwrap()).unwrap(), &[]).unwrap();
    let sum = conn.get_response().unwrap().read_all().unwrap();
    assert_eq!(String::from_utf8(sum).unwrap(), sha256::of_big());
    get_file(&mut conn, HELLO);
}

pub(crate) fn an_expectation_is_answered_on_the_way(peer: Peer) {
    let mut conn = peer.client();
    for _ in 0..3 {
        conn.request("POST", "/echo", "body", &[("Expect", "100-continue")]).unwrap();
        let response = conn.get_response().unwrap();
        // Behind Caddy there are two: its own and its upstream's, passed on.
        assert!(!response.interim().is_empty());
        assert!(response.interim().iter().all(|head| head.status() == 100));
        assert_echo(&peer, response, b"body", Framing::Length(4));
    }
    get_file(&mut conn, HELLO);
}

pub(crate) fn a_body_shorter_than_promised_is_an_error(peer: Peer) {
    let whole = site::contents(NUMBERS);
    let mut conn = peer.client();
    for _ in 0..3 {
        let mut response = get(&mut conn, &format!("/short{NUMBERS}"));
        assert_eq!(response.framing(), Framing::Length(whole.len() as u64));
        let err = response.read_all().unwrap_err();
        assert_eq!(err.kind(), ErrorKind::IncompleteRead, "{err}");
        assert_eq!(err.partial(), &whole[..CUT]);
        assert_eq!(err.expected(), Some((whole.len() - CUT) as u64));
        drop(response);
        assert!(!conn.is_connected());
        get_file(&mut conn, HELLO);
    }
}

pub(crate) fn chunks_that_break_off_are_an_error(peer: Peer) {
    let whole = site::contents(NUMBERS);
    let mut conn = peer.client();
    for _ in 0..3 {
        let mut response = get(&mut conn, &format!("/cut{NUMBERS}"));
        assert_eq!(response.framing(), Framing::Chunked);
        let err = response.read_all().unwrap_err();
        assert_eq!(err.kind(), ErrorKind::IncompleteRead, "{err}");
        assert_eq!(err.partial(), &whole[..CUT]);
        drop(response);
        assert!(!conn.is_connected());
        get_file(&mut conn, HELLO);
    }
}

/// The body that was sent with this framing has come back.
fn assert_echo(peer: &Peer, mut response: HttpResponse<'_>, body: &[u8], framing: Framing) {
    assert_eq!(response.status(), 200, "{response:?}");
    let received = response.header_or("Received-Framing", "");
    // A proxy frames what it passes on as it likes: nginx tells the length of chunks that it has all of.
    if framing != Framing::Chunked || (peer.is_proxy() && received != "chunked") {
        assert_eq!(received, body.len().to_string());
    } else {
        assert_eq!(received, "chunked");
    }
    let echoed = response.read_all().unwrap();
    assert!(echoed == body, "{} bytes were sent, {} others came back", body.len(), echoed.len());
}
