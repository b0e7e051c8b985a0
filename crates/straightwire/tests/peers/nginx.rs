//! nginx: files, uploads by WebDAV's PUT, and as a proxy in front of `server.py`.

use std::fs;
use std::path::Path;
use std::process::Command;

use straightwire::{Body, CloseReason, Framing, HttpConnection};

use crate::peer::Peer;
use crate::program::NGINX;
use crate::python;
use crate::site::{self, HELLO, NUMBERS};

fn start() -> Option<Peer> {
    start_passing_on_to(None)
}

fn start_as_proxy() -> Option<Peer> {
    // Told first, where both are missing.
    NGINX.find()?;
    let upstream = python::start()?;
    Some(start_passing_on_to(Some(upstream.port()))?.in_front_of(upstream))
}

fn start_passing_on_to(upstream: Option<u16>) -> Option<Peer> {
    let nginx = NGINX.find()?;
    Some(Peer::start("nginx", |port, folder| {
        let file = folder.join("nginx.conf");
        fs::create_dir(folder.join("uploads")).unwrap();
        fs::write(&file, configuration(port, folder, upstream)).unwrap();
        let mut command = Command::new(&nginx);
        command.arg("-p").arg(folder).arg("-c").arg(file);
        command
    }))
}

/// One process, which stays in the foreground, does everything.
fn configuration(port: u16, folder: &Path, upstream: Option<u16>) -> String {
    let (folder, site) = (folder.display(), site::folder().display());
    let proxy = upstream.map_or(String::new(), |upstream| {
        format!(
            r#"
        location ~ ^/(chunked|to-the-end|short|cut|silent|echo|sum) {{
            proxy_pass http://127.0.0.1:{upstream};
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
            proxy_request_buffering off;
        }}"#
        )
    });
    format!(
        r#"
daemon off;
master_process off;
pid "{folder}/pid";
error_log stderr info;
events {{ worker_connections 64; }}
http {{
    access_log /dev/stdout;
    types {{ text/plain txt; application/gzip gz; }}
    default_type application/octet-stream;
    client_body_temp_path "{folder}/body";
    proxy_temp_path "{folder}/proxy";
    fastcgi_temp_path "{folder}/fastcgi";
    uwsgi_temp_path "{folder}/uwsgi";
    scgi_temp_path "{folder}/scgi";
    client_max_body_size 0;
    keepalive_requests 100000;
    server {{
        listen 127.0.0.1:{port};
        root "{site}";
        gzip_static on;
        add_header Peer-Connection $remote_port always;
        # What it includes into is of unknown length, and so comes in chunks.
        location /chunked-here/ {{ alias "{site}/"; ssi on; ssi_types *; }}
        location /ten-a-connection/ {{ alias "{site}/"; keepalive_requests 10; }}
        location /uploads/ {{ root "{folder}"; dav_methods PUT DELETE; }}
        location /small-uploads/ {{ root "{folder}"; dav_methods PUT; client_max_body_size 1k; }}
        {proxy}
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
    bodies::an_upload_comes_back,
    bodies::an_upload_step_by_step_comes_back,
    bodies::a_large_file_is_uploaded_whole,
    bodies::an_expectation_is_answered_on_the_way,
    bodies::a_body_shorter_than_promised_is_an_error,
    bodies::chunks_that_break_off_are_an_error,
);

fn ask(conn: &mut HttpConnection, method: &str, path: &str) -> (u16, Vec<u8>) {
    conn.request(method, path, (), &[]).unwrap();
    let mut response = conn.get_response().unwrap();
    (response.status(), response.read_all().unwrap())
}

#[test]
fn chunks_of_its_own_are_joined() {
    let Some(peer) = start() else { return };
    let mut conn = peer.client();
    for path in [NUMBERS, HELLO, NUMBERS] {
        conn.request("GET", &format!("/chunked-here{path}"), (), &[]).unwrap();
        let mut response = conn.get_response().unwrap();
        assert_eq!(response.framing(), Framing::Chunked);
        assert!(response.read_all().unwrap() == site::contents(path));
        assert_eq!(response.close_reason(), None);
    }
}

#[test]
fn what_was_uploaded_is_there() {
    let Some(peer) = start() else { return };
    let mut conn = peer.client();
    let numbers = site::contents(NUMBERS);
    let bodies = [Body::from(&numbers), Body::reader(&*numbers), Body::chunks(numbers.chunks(5000))];
    for (number, body) in bodies.into_iter().enumerate() {
        let path = format!("/uploads/{number}.txt");
        conn.request("PUT", &path, body, &[]).unwrap();
        let mut response = conn.get_response().unwrap();
        assert_eq!((response.status(), &*response.reason()), (201, "Created"));
        response.read_all().unwrap();
        drop(response);

        assert!(fs::read(peer.folder().join(&path[1..])).unwrap() == numbers);
        assert!(ask(&mut conn, "GET", &path) == (200, numbers.clone()));
        assert_eq!(ask(&mut conn, "DELETE", &path), (204, vec![]));
        assert_eq!(ask(&mut conn, "GET", &path).0, 404);
    }
}

/// It answers before the upload is through and closes; the answer is to be had all the same.
#[test]
fn an_upload_refused_on_the_way_is_told() {
    let Some(peer) = start() else { return };
    let mut conn = peer.client();
    for size in [2 * 1024, 8 * 1024 * 1024] {
        let body = vec![b'x'; size];
        if let Err(err) = conn.request("PUT", "/small-uploads/file", &body, &[]) {
            assert!(err.is_connection_error(), "{err}");
        }
        let mut response = conn.get_response().unwrap();
        assert_eq!((response.status(), &*response.reason()), (413, "Request Entity Too Large"));
        assert_eq!(response.close_reason(), Some(CloseReason::ConnectionClose));
        assert!(!response.read_all().unwrap().is_empty());
        drop(response);
        assert_eq!(ask(&mut conn, "GET", HELLO), (200, site::contents(HELLO)));
    }
}

/// It closes a connection after ten requests, and says so in the tenth answer.
#[test]
fn the_last_answer_of_a_connection_is_taken_at_its_word() {
    let Some(peer) = start() else { return };
    let mut conn = peer.client();
    for number in 1..=35 {
        conn.request("GET", &format!("/ten-a-connection{NUMBERS}"), (), &[]).unwrap();
        let mut response = conn.get_response().unwrap();
        let last = number % 10 == 0;
        assert_eq!(response.close_reason(), last.then_some(CloseReason::ConnectionClose), "{number}");
        assert!(response.read_all().unwrap() == site::contents(NUMBERS));
        drop(response);
        assert_eq!(conn.is_connected(), !last);
    }
}
