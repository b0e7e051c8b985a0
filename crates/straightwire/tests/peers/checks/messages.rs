//! Heads, and what they say of the body.

use straightwire::{ByteRanges, Framing};

use super::{get, get_file, local_port};
use crate::peer::Peer;
use crate::site::{self, HELLO, HELLO_GZ, MISSING, NUMBERS};

pub(crate) fn head_has_the_fields_of_get_and_no_body(peer: Peer) {
    let mut conn = peer.client();
    for path in [NUMBERS, HELLO] {
        let len = site::contents(path).len();
        conn.request("HEAD", path, (), &[]).unwrap();
        let mut response = conn.get_response().unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.framing(), Framing::None);
        assert_eq!(response.header_or("Content-Length", ""), len.to_string());
        let kind = response.header_or("Content-Type", "").into_owned();
        assert_eq!(response.read_all().unwrap(), b"");
        drop(response);

        let response = get(&mut conn, path);
        assert_eq!(response.framing(), Framing::Length(len as u64));
        assert_eq!(response.header_or("Content-Type", ""), kind);
        drop(response);
        get_file(&mut conn, path);
    }
}

pub(crate) fn ranges_give_their_bytes(peer: Peer) {
    let whole = site::contents(NUMBERS);
    let len = whole.len();
    let mut conn = peer.client();
    conn.connect().unwrap();
    let port = local_port(&conn);
    for (range, wanted) in [
        ("0-0".to_owned(), 0..1),
        ("100-299".to_owned(), 100..300),
        ("5000-".to_owned(), 5000..len),
        ("-77".to_owned(), len - 77..len),
        (format!("{}-{}", len - 1, len + 10), len - 1..len),
    ] {
        conn.request("GET", NUMBERS, (), &[("Range", &format!("bytes={range}"))]).unwrap();
        let mut response = conn.get_response().unwrap();
        assert_eq!((response.status(), &*response.reason()), (206, "Partial Content"), "{range}");
        let told = format!("bytes {}-{}/{len}", wanted.start, wanted.end - 1);
        assert_eq!(response.header_or("Content-Range", ""), told);
        assert_eq!(response.framing(), Framing::Length(wanted.len() as u64));
        assert_eq!(response.read_all().unwrap(), whole[wanted], "{range}");
    }
    assert_eq!(local_port(&conn), port);
}

pub(crate) fn several_ranges_are_parts_of_one_answer(peer: Peer) {
    let whole = site::contents(NUMBERS);
    let len = whole.len() as u64;
    let mut conn = peer.client();
    conn.connect().unwrap();
    let port = local_port(&conn);
    let wanted = ByteRanges::new(100..300).unwrap().and(..5).unwrap().and(9_000..60_000).unwrap();
    let wanted = wanted.and_last(77).unwrap().to_string();
    for _ in 0..3 {
        conn.request("GET", NUMBERS, (), &[("Range", &wanted)]).unwrap();
        let mut response = conn.get_response().unwrap();
        assert_eq!(response.status(), 206);
        assert_eq!(response.headers().content_type(), "multipart/byteranges");
        let mut parts = response.range_parts().unwrap();
        for expected in [100..300, 0..5, 9_000..60_000, len - 77..len] {
            let mut part = parts.next_part().unwrap().unwrap();
            assert_eq!((part.range(), part.content_range().complete_len()), (expected.clone(), Some(len)));
            assert!(part.read_all().unwrap() == whole[expected.start as usize..expected.end as usize]);
        }
        assert!(parts.next_part().unwrap().is_none());
        assert!(response.is_closed() && response.close_reason().is_none(), "{response:?}");
    }
    assert_eq!(local_port(&conn), port);
}

pub(crate) fn a_range_past_the_end_is_refused(peer: Peer) {
    let len = site::contents(NUMBERS).len();
    let mut conn = peer.client();
    conn.connect().unwrap();
    let port = local_port(&conn);
    conn.request("GET", NUMBERS, (), &[("Range", &format!("bytes={len}-"))]).unwrap();
    let mut response = conn.get_response().unwrap();
    assert_eq!(response.status(), 416);
    assert_eq!(response.header_or("Content-Range", ""), format!("bytes */{len}"));
    response.read_all().unwrap();
    drop(response);
    get_file(&mut conn, HELLO);
    assert_eq!(local_port(&conn), port);
}

pub(crate) fn nothing_there_is_told_and_the_next_request_is_right(peer: Peer) {
    let mut conn = peer.client();
    for _ in 0..3 {
        let mut response = get(&mut conn, MISSING);
        assert_eq!(response.status(), 404);
        let length = response.header("Content-Length").map(|text| text.into_owned());
        let page = response.read_all().unwrap();
        assert!(length.is_none_or(|length| length == page.len().to_string()));
        drop(response);
        get_file(&mut conn, HELLO);
    }
}

pub(crate) fn not_modified_has_no_body(peer: Peer) {
    let mut conn = peer.client();
    let response = get(&mut conn, NUMBERS);
    let changed = response.header("Last-Modified").expect("a date").into_owned();
    drop(response);

    conn.request("GET", NUMBERS, (), &[("If-Modified-Since", &changed)]).unwrap();
    let mut response = conn.get_response().unwrap();
    assert_eq!(response.status(), 304);
    assert_eq!(response.framing(), Framing::None);
    assert_eq!(response.read_all().unwrap(), b"");
    drop(response);
    get_file(&mut conn, HELLO);
}

/// Bodies are handed over as they are on the wire: decoding them is the caller's.
pub(crate) fn gzip_comes_raw(peer: Peer) {
    let mut conn = peer.client();
    let response = get(&mut conn, HELLO_GZ);
    assert!(response.header_or("Content-Type", "").contains("gzip"), "{response:?}");
    drop(response);
    get_file(&mut conn, HELLO_GZ);
}

/// Of a file that lies there gzipped as well, whoever accepts gzip gets that.
pub(crate) fn gzip_as_a_coding_comes_raw(peer: Peer) {
    let mut conn = peer.client();
    conn.request("GET", HELLO, (), &[("Accept-Encoding", "gzip")]).unwrap();
    let mut response = conn.get_response().unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.header_or("Content-Encoding", ""), "gzip");
    assert_eq!(response.read_all().unwrap(), site::contents(HELLO_GZ));
    drop(response);
    get_file(&mut conn, HELLO);
}
