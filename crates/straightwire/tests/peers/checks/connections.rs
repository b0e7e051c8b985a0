//! Which connection a request goes over.

use straightwire::{CloseReason, HttpConnection};

use super::{get, get_file, local_port};
use crate::peer::Peer;
use crate::site::{BIG, HELLO, MISSING, NUMBERS};

/// By both ends' account: each answer says from which port the server saw its request come.
pub(crate) fn a_thousand_requests_go_over_one_connection(peer: Peer) {
    let mut conn = peer.client();
    conn.connect().unwrap();
    let port = local_port(&conn).unwrap();
    let seen = port_seen(&peer, &mut conn);
    for number in 0..1_000 {
        let mut response = get(&mut conn, HELLO);
        assert_eq!(response.status(), 200);
        assert!(response.header_or("Server", "").contains(peer.name()), "{response:?}");
        assert_eq!(response.header_or("Peer-Connection", ""), seen, "request {number}");
        assert_eq!(response.read_all().unwrap(), b"hello, hello, hello, peer\n");
        assert_eq!(response.close_reason(), None);
        drop(response);
        assert_eq!(local_port(&conn), Some(port), "request {number}");
    }
}

pub(crate) fn a_request_to_close_is_the_last_of_its_connection(peer: Peer) {
    let mut conn = peer.client();
    let seen = port_seen(&peer, &mut conn);

    conn.request("GET", NUMBERS, (), &[("Connection", "close")]).unwrap();
    let mut response = conn.get_response().unwrap();
    assert_eq!(response.close_reason(), Some(CloseReason::RequestClose));
    assert_eq!(response.header_or("Peer-Connection", ""), seen);
    assert_eq!(response.read_all().unwrap(), crate::site::contents(NUMBERS));
    drop(response);
    assert!(!conn.is_connected());
    assert_eq!(conn.close_reason(), Some(CloseReason::RequestClose));
    get_file(&mut conn, HELLO);
}

pub(crate) fn nothing_there_keeps_the_connection(peer: Peer) {
    let mut conn = peer.client();
    conn.connect().unwrap();
    let port = local_port(&conn);
    for _ in 0..3 {
        let mut response = get(&mut conn, MISSING);
        assert_eq!((response.status(), &*response.reason()), (404, "Not Found"));
        response.read_all().unwrap();
        drop(response);
        get_file(&mut conn, HELLO);
        assert_eq!(local_port(&conn), port);
    }
}

/// Of a large body some has come when the response is dropped; of a small one, all or nothing.
pub(crate) fn an_unread_response_leaves_nothing_behind(peer: Peer) {
    let mut conn = peer.client();
    for path in [BIG, NUMBERS, HELLO, MISSING].into_iter().cycle().take(40) {
        drop(get(&mut conn, path));
        get_file(&mut conn, HELLO);

        let mut response = get(&mut conn, path);
        response.read_up_to(10).unwrap();
        drop(response);
        get_file(&mut conn, NUMBERS);
    }
}

/// The kept connection is dead when the next request is to go out; nobody but the client need know.
pub(crate) fn a_restarted_server_is_connected_to_again(mut peer: Peer) {
    let mut conn = peer.client();
    for _ in 0..3 {
        get_file(&mut conn, HELLO);
        let kept = conn.is_connected();
        peer.stop();
        peer.start_again();
        get_file(&mut conn, NUMBERS);
        assert!(!kept || conn.close_reason() == Some(CloseReason::PeerClosed));
    }
}

pub(crate) fn a_stopped_server_refuses_and_is_found_again(mut peer: Peer) {
    let mut conn = peer.client();
    get_file(&mut conn, HELLO);
    peer.stop();
    for _ in 0..2 {
        let err = conn.request("GET", HELLO, (), &[]).unwrap_err();
        assert!(err.is_connection_error() && err.is_io(), "{err}");
        assert!(!conn.is_connected());
    }
    peer.start_again();
    get_file(&mut conn, HELLO);
}

/// From which port the server sees requests come. That is the client's own unless a proxy's connection
/// leads to the server.
fn port_seen(peer: &Peer, conn: &mut HttpConnection) -> String {
    let mut response = get(conn, HELLO);
    let seen = response.header_or("Peer-Connection", "").into_owned();
    response.read_all().unwrap();
    drop(response);
    let own = local_port(conn).expect("kept").to_string();
    assert_eq!(seen == own, peer.is_direct(), "{seen}, {own}");
    seen
}
