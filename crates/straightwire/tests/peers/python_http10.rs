//! `python3 -m http.server` as it is: HTTP/1.0, a connection for each request.

use std::process::Command;

use straightwire::{CloseReason, HttpConnection, HttpResponse};

use crate::peer::Peer;
use crate::program::PYTHON;
use crate::site::{self, HELLO, NUMBERS};

fn start() -> Option<Peer> {
    let python = PYTHON.find()?;
    Some(Peer::start("SimpleHTTP", |port, _| {
        let mut command = Command::new(&python);
        command.args(["-m", "http.server", "--bind", "127.0.0.1", "--directory"]);
        command.arg(site::folder()).arg(port.to_string());
        command
    }))
}

checks!(start =>
    connections::an_unread_response_leaves_nothing_behind,
    connections::a_restarted_server_is_connected_to_again,
    connections::a_stopped_server_refuses_and_is_found_again,
    messages::head_has_the_fields_of_get_and_no_body,
    messages::nothing_there_is_told_and_the_next_request_is_right,
    messages::not_modified_has_no_body,
    messages::gzip_comes_raw,
    downloads::a_large_body_is_read_whole,
    downloads::a_large_body_is_read_in_blocks,
    downloads::a_large_body_is_read_from_the_buffer,
);

fn ask<'conn>(conn: &'conn mut HttpConnection, method: &str, path: &str) -> HttpResponse<'conn> {
    conn.request(method, path, (), &[]).unwrap();
    conn.get_response().unwrap()
}

#[test]
fn each_request_opens_a_connection() {
    let Some(peer) = start() else { return };
    let mut conn = peer.client();
    for _ in 0..20 {
        let mut response = ask(&mut conn, "GET", NUMBERS);
        assert_eq!((response.version(), response.status()), (10, 200));
        assert!(response.header_or("Server", "").contains(peer.name()), "{response:?}");
        assert_eq!(response.close_reason(), Some(CloseReason::Http10));
        assert!(response.read_all().unwrap() == site::contents(NUMBERS));
        drop(response);
        assert!(!conn.is_connected());
    }
}

#[test]
fn folders_redirect_to_their_listing() {
    let Some(peer) = start() else { return };
    let mut conn = peer.client();
    let mut response = ask(&mut conn, "GET", "/folder");
    assert_eq!((response.status(), &*response.header_or("Location", "")), (301, "/folder/"));
    assert_eq!(response.read_all().unwrap(), b"");
    drop(response);
    let page = ask(&mut conn, "GET", "/").read_all().unwrap();
    assert!(String::from_utf8(page).unwrap().contains(&HELLO[1..]));
}

#[test]
fn what_it_does_not_do_is_told() {
    let Some(peer) = start() else { return };
    let mut conn = peer.client();
    for method in ["POST", "PUT", "DELETE", "BREW"] {
        let mut response = ask(&mut conn, method, HELLO);
        assert_eq!(response.status(), 501);
        assert!(response.reason().contains(method), "{response:?}");
        response.read_all().unwrap();
    }
    assert_eq!(ask(&mut conn, "GET", HELLO).read_all().unwrap(), site::contents(HELLO));
}
