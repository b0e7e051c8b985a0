//! Python's `http.server`, speaking HTTP/1.1: see `server.py`.

use std::path::Path;
use std::process::Command;

use straightwire::{CloseReason, ErrorKind, Framing};

use crate::peer::Peer;
use crate::program::PYTHON;
use crate::site::{self, HELLO, NUMBERS};

/// Starts it, for tests and behind the proxies of others.
pub(crate) fn start() -> Option<Peer> {
    let python = PYTHON.find()?;
    Some(Peer::start("Python", |port, _| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/server.py");
        let mut command = Command::new(&python);
        command.arg(script).arg(port.to_string()).arg(site::folder());
        command
    }))
}

checks!(start =>
    connections::a_thousand_requests_go_over_one_connection,
    connections::a_request_to_close_is_the_last_of_its_connection,
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
    bodies::chunks_are_joined,
    bodies::trailers_come_after_chunks,
    bodies::an_upload_comes_back,
    bodies::an_upload_step_by_step_comes_back,
    bodies::a_large_file_is_uploaded_whole,
    bodies::an_expectation_is_answered_on_the_way,
    bodies::a_body_shorter_than_promised_is_an_error,
    bodies::chunks_that_break_off_are_an_error,
);

#[test]
fn the_end_of_the_connection_ends_a_body_without_length() {
    let Some(peer) = start() else { return };
    let mut conn = peer.client();
    for _ in 0..3 {
        conn.request("GET", &format!("/to-the-end{NUMBERS}"), (), &[]).unwrap();
        let mut response = conn.get_response().unwrap();
        assert_eq!(response.framing(), Framing::UntilClose);
        assert_eq!(response.close_reason(), Some(CloseReason::ConnectionClose));
        assert!(response.read_all().unwrap() == site::contents(NUMBERS));
        drop(response);
        assert!(!conn.is_connected());
    }
}

#[test]
fn no_answer_at_all_is_told_and_the_next_request_is_right() {
    let Some(peer) = start() else { return };
    let mut conn = peer.client();
    for _ in 0..3 {
        conn.request("GET", "/silent", (), &[]).unwrap();
        let err = conn.get_response().unwrap_err();
        assert_eq!(err.kind(), ErrorKind::RemoteDisconnected, "{err}");
        conn.request("GET", HELLO, (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), site::contents(HELLO));
    }
}
