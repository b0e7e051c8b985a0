//! Caddy, and so the HTTP/1.1 of Go: files, and as a proxy in front of `server.py`.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::peer::Peer;
use crate::program::CADDY;
use crate::{python, site};

fn start() -> Option<Peer> {
    start_passing_on_to(None)
}

fn start_as_proxy() -> Option<Peer> {
    CADDY.find()?;
    let upstream = python::start()?;
    Some(start_passing_on_to(Some(upstream.port()))?.in_front_of(upstream))
}

fn start_passing_on_to(upstream: Option<u16>) -> Option<Peer> {
    let caddy = CADDY.find()?;
    Some(Peer::start("Caddy", |port, folder| {
        let file = folder.join("Caddyfile");
        fs::write(&file, configuration(port, folder, upstream)).unwrap();
        let mut command = Command::new(&caddy);
        command.args(["run", "--adapter", "caddyfile", "--config"]).arg(file);
        // Where it would keep things otherwise.
        command.env("HOME", folder).env_remove("XDG_DATA_HOME").env_remove("XDG_CONFIG_HOME");
        command
    }))
}

fn configuration(port: u16, folder: &Path, upstream: Option<u16>) -> String {
    let (folder, site) = (folder.display(), site::folder().display());
    let proxy = upstream.map_or(String::new(), |upstream| {
        format!(
            r#"
    @passed path /chunked/* /to-the-end/* /short/* /cut/* /silent /echo /sum
    reverse_proxy @passed 127.0.0.1:{upstream} {{
        flush_interval -1
    }}"#
        )
    });
    format!(
        r#"
{{
    admin off
    auto_https off
    persist_config off
    storage file_system "{folder}/storage"
}}
http://127.0.0.1:{port} {{
    bind 127.0.0.1
    log
    root * "{site}"
    header Peer-Connection {{http.request.remote.port}}
    {proxy}
    file_server {{
        precompressed gzip
    }}
}}
"#
    )
}

checks!(start =>
    connections::a_thousand_requests_go_over_one_connection,
    connections::a_request_to_close_is_the_last_of_its_connection,
    connections::nothing_there_keeps_the_connection,
    connections::an_unread_response_leaves_nothing_behind,
    connections::a_restarted_server_is_connected_to_again,
    connections::a_stopped_server_refuses_and_is_found_again,
    messages::head_has_the_fields_of_get_and_no_body,
    messages::ranges_give_their_bytes,
    messages::a_range_past_the_end_is_refused,
    messages::nothing_there_is_told_and_the_next_request_is_right,
    messages::not_modified_has_no_body,
    messages::gzip_comes_raw,
    messages::gzip_as_a_coding_comes_raw,
    downloads::a_large_body_is_read_whole,
    downloads::a_large_body_is_read_in_blocks,
    downloads::a_large_body_is_read_from_the_buffer,
);

checks!(start_as_proxy =>
    bodies::chunks_are_joined,
    bodies::trailers_come_after_chunks,
    bodies::an_upload_comes_back,
    bodies::an_upload_step_by_step_comes_back,
    bodies::a_large_file_is_uploaded_whole,
    bodies::an_expectation_is_answered_on_the_way,
    bodies::a_body_shorter_than_promised_is_an_error,
    bodies::chunks_that_break_off_are_an_error,
);
