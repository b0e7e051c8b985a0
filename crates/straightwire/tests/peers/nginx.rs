//! nginx: files, uploads by WebDAV's PUT, and as a proxy in front of `server.py`; all of it with TLS too.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use origin::certificates::Identity;
use straightwire::{Body, CloseReason, Framing, HttpConnection, HttpsConnection, Repeat};

use crate::peer::{PATIENCE, Peer};
use crate::program::{NGINX, PYTHON};
use crate::site::{self, BIG, HELLO, NUMBERS};
use crate::{certificates, python, sha256};

pub(crate) fn start() -> Option<Peer> {
    start_as(None, None, "")
}

/// With these lines in the configuration of the server.
pub(crate) fn start_with_lines(lines: &str) -> Option<Peer> {
    start_as(None, None, lines)
}

fn start_as_proxy() -> Option<Peer> {
    // Told first, where both are missing.
    NGINX.find()?;
    let upstream = python::start()?;
    Some(start_as(Some(upstream.port()), None, "")?.in_front_of(upstream))
}

/// Reached with TLS.
pub(crate) fn start_with_tls() -> Option<Peer> {
    start_as_identity(&certificates::sound(), "")
}

/// Reached with TLS, with this certificate, and with these lines in the configuration of the server.
pub(crate) fn start_as_identity(identity: &Identity, lines: &str) -> Option<Peer> {
    Some(start_as(None, Some(identity), lines)?.reached_by(certificates::client))
}

/// Reached with TLS, which `server.py` behind it is not.
pub(crate) fn start_as_proxy_with_tls() -> Option<Peer> {
    NGINX.find()?;
    let upstream = python::start()?;
    let peer = start_as(Some(upstream.port()), Some(&certificates::sound()), "")?;
    Some(peer.reached_by(certificates::client).in_front_of(upstream))
}

fn start_as(upstream: Option<u16>, identity: Option<&Identity>, lines: &str) -> Option<Peer> {
    let nginx = NGINX.find()?;
    Some(Peer::start("nginx", |port, folder| {
        let file = folder.join("nginx.conf");
        fs::create_dir_all(folder.join("uploads")).unwrap();
        let mut lines = lines.to_owned();
        if let Some(identity) = identity {
            certificates::write(identity, folder);
            lines += WITH_TLS;
        }
        let listen = if identity.is_some() { format!("{port} ssl") } else { port.to_string() };
        fs::write(&file, configuration(&listen, folder, upstream, &lines)).unwrap();
        let mut command = Command::new(&nginx);
        command.arg("-p").arg(folder).arg("-c").arg(file);
        command
    }))
}

/// The fields tell what it made of the client.
const WITH_TLS: &str = "
        ssl_certificate chain.pem;
        ssl_certificate_key key.pem;
        ssl_session_cache shared:sessions:1m;
        add_header Peer-Protocol $ssl_protocol always;
        add_header Peer-Server-Name $ssl_server_name always;
        add_header Peer-Session $ssl_session_reused always;
        add_header Peer-Client $ssl_client_s_dn always;
        add_header Peer-Client-Verified $ssl_client_verify always;";

/// One process, which stays in the foreground, does everything.
fn configuration(listen: &str, folder: &Path, upstream: Option<u16>, lines: &str) -> String {
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
        listen 127.0.0.1:{listen};
        {lines}
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

file_checks!(start);
body_checks!(start_as_proxy);

mod with_tls {
    file_checks!(super::start_with_tls);
    body_checks!(super::start_as_proxy_with_tls);
}

/// It encodes as it sends, and sends a file that lies there encoded.
#[cfg(feature = "decode")]
#[test]
fn what_it_encodes_is_decoded() {
    let lines = "gzip on; gzip_types *; gzip_min_length 1;";
    let Some(peer) = start_as(None, None, lines) else { return };
    let mut conn = peer.client();
    for (path, is_chunked) in [(NUMBERS, true), (HELLO, false), (NUMBERS, true)] {
        conn.request("GET", path, (), &[("Accept-Encoding", straightwire::accept_encoding())]).unwrap();
        let mut response = conn.get_response().unwrap();
        assert_eq!(response.header_or("Content-Encoding", ""), "gzip", "{path}");
        assert_eq!(response.framing() == Framing::Chunked, is_chunked);
        let mut decoded = response.decoded().unwrap();
        assert!(decoded.read_all().unwrap() == site::contents(path), "{path}");
        assert!(decoded.bytes_in() > 0 && response.close_reason().is_none());
    }
    // Without being asked it encodes nothing.
    conn.request("GET", NUMBERS, (), &[]).unwrap();
    let mut response = conn.get_response().unwrap();
    assert_eq!(response.header("Content-Encoding"), None);
    assert!(response.decoded().unwrap().read_all().unwrap() == site::contents(NUMBERS));
}

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

/// 100 MiB, sent and saved by the ways that are for files.
#[test]
fn a_large_file_goes_up_and_comes_down() {
    let Some(peer) = start() else { return };
    let mut conn = peer.client();
    let file = File::open(site::file(BIG)).unwrap();
    let mut told = (0, None);
    let body = Body::file(file).unwrap().progress(|sent, total| told = (sent, total));
    conn.request("PUT", "/uploads/big.bin", body, &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().status(), 201);
    assert_eq!(told, (site::BIG_LEN, Some(site::BIG_LEN)));

    let saved = peer.folder().join("saved.bin");
    conn.request("GET", "/uploads/big.bin", (), &[]).unwrap();
    let len = conn.get_response().unwrap().copy_to(&mut File::create(&saved).unwrap()).unwrap();
    assert_eq!(len, site::BIG_LEN);
    if PYTHON.find().is_some() {
        for copy in [peer.folder().join("uploads/big.bin"), saved] {
            assert_eq!(sha256::of_file(&copy), sha256::of_big());
        }
    }
}

/// It answers before the upload is through and closes; the answer is to be had all the same.
#[test]
fn an_upload_refused_on_the_way_is_told() {
    let Some(peer) = start() else { return };
    let mut conn = peer.client();
    for size in [2 * 1024, 8 * 1024 * 1024] {
        let body = vec![b'x'; size];
        conn.request("PUT", "/small-uploads/file", &body, &[]).unwrap();
        let mut response = conn.get_response().unwrap();
        assert_eq!((response.status(), &*response.reason()), (413, "Request Entity Too Large"));
        // A small body is out at once; of a large one, some may be left when the answer is heard.
        let reason = response.close_reason().unwrap();
        let unfinished = reason == CloseReason::RequestUnfinished && size > 1024 * 1024;
        assert!(reason == CloseReason::ConnectionClose || unfinished, "{reason}");
        assert!(!response.read_all().unwrap().is_empty());
        drop(response);
        assert_eq!(ask(&mut conn, "GET", HELLO), (200, site::contents(HELLO)));
    }
}

/// Which it says without having seen any of it.
#[test]
fn an_upload_it_does_not_expect_is_not_sent() {
    let Some(peer) = start() else { return };
    let mut conn = peer.client();
    let unread = Body::reader(std::io::repeat(b'x'));
    let headers = [("Content-Length", "8000000"), ("Expect", "100-continue")];
    conn.request("PUT", "/small-uploads/file", unread, &headers).unwrap();
    let response = conn.get_response().unwrap();
    assert_eq!((response.status(), response.interim().len()), (413, 0));
    assert_eq!(response.close_reason(), Some(CloseReason::RequestUnfinished));
    drop(response);
    assert_eq!(ask(&mut conn, "GET", HELLO), (200, site::contents(HELLO)));
}

#[test]
fn requests_on_their_way_are_answered_in_order() {
    let Some(peer) = start() else { return };
    let mut conn = peer.client();
    let mut pipeline = conn.pipeline().unwrap();
    for _ in 0..30 {
        pipeline.request("GET", NUMBERS, (), &[]).unwrap();
        pipeline.request("HEAD", NUMBERS, (), &[]).unwrap();
        pipeline.request("GET", HELLO, (), &[]).unwrap();
    }
    for _ in 0..30 {
        assert!(pipeline.get_response().unwrap().read_all().unwrap() == site::contents(NUMBERS));
        assert_eq!(pipeline.get_response().unwrap().read_all().unwrap(), b"");
        assert!(pipeline.get_response().unwrap().read_all().unwrap() == site::contents(HELLO));
    }
    drop(pipeline);
    // The tenth of these is the last that it answers.
    let mut pipeline = conn.pipeline().unwrap();
    for _ in 0..12 {
        pipeline.request("GET", &format!("/ten-a-connection{HELLO}"), (), &[]).unwrap();
    }
    let answered = std::iter::from_fn(|| pipeline.get_response().ok()?.read_all().ok()).count();
    assert_eq!((answered + pipeline.pending(), pipeline.pending() > 1), (12, true));
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

/// It closes connections that were idle for 20 ms, as requests come in at about that time. Some find the
/// connection closed, some are swallowed: all get an answer.
#[test]
fn the_race_against_its_idle_timeout_is_lost_by_no_request() {
    let Some(peer) = start_as(None, None, "keepalive_timeout 20ms;") else { return };
    let builder = HttpConnection::builder("127.0.0.1").port(peer.port()).timeout(PATIENCE);
    let mut conn = builder.repeat(Repeat::Idempotent).build().unwrap();
    let mut reopened = 0;
    for round in 0..100 {
        assert_eq!(ask(&mut conn, "GET", HELLO), (200, site::contents(HELLO)));
        thread::sleep(Duration::from_micros(19_500 + 20 * round));
        reopened += usize::from(!conn.is_reusable());
    }
    assert!(reopened > 0);
}

/// Its socket lies in a folder instead of having a port.
#[cfg(unix)]
#[test]
fn a_socket_in_a_folder_is_as_good() {
    let name = certificates::NAME;
    let Some(peer) = start_as(None, None, "listen unix:socket;") else { return };
    let socket = peer.folder().join("socket");
    wait_for_socket(&socket);
    let builder = HttpConnection::builder(name).unix_socket(&socket).timeout(PATIENCE);
    ask_over_socket(&mut builder.build().unwrap());
    drop(peer);

    let Some(peer) = start_as_identity(&certificates::sound(), "listen unix:socket ssl;") else { return };
    let socket = peer.folder().join("socket");
    wait_for_socket(&socket);
    let builder = HttpsConnection::builder(name).unix_socket(&socket).timeout(PATIENCE);
    ask_over_socket(&mut builder.tls(certificates::tls()).build().unwrap());
}

/// It listens on its port a little before it does on its socket.
#[cfg(unix)]
fn wait_for_socket(socket: &Path) {
    let begun = Instant::now();
    while std::os::unix::net::UnixStream::connect(socket).is_err() {
        assert!(begun.elapsed() < PATIENCE, "nobody listens on {}", socket.display());
        thread::sleep(Duration::from_millis(10));
    }
}

#[cfg(unix)]
fn ask_over_socket(conn: &mut HttpConnection) {
    for _ in 0..100 {
        assert_eq!(ask(conn, "GET", HELLO), (200, site::contents(HELLO)));
        assert!(ask(conn, "GET", &format!("/chunked-here{NUMBERS}")).1 == site::contents(NUMBERS));
    }
    assert!(ask(conn, "GET", BIG).1 == site::contents(BIG));
}
