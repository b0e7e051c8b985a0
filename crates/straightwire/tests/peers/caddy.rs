//! Caddy, and so the HTTP/1.1 and the TLS of Go: files, and as a proxy in front of `server.py`.

use std::fs;
use std::path::Path;
use std::process::Command;

use straightwire::TlsVersion;

use crate::peer::Peer;
use crate::program::CADDY;
use crate::site::{self, HELLO};
use crate::{certificates, python};

fn start() -> Option<Peer> {
    start_with(None, Scheme::Http)
}

fn start_as_proxy() -> Option<Peer> {
    CADDY.find()?;
    let upstream = python::start()?;
    Some(start_with(Some(upstream.port()), Scheme::Http)?.in_front_of(upstream))
}

fn start_with_tls() -> Option<Peer> {
    Some(start_with(None, Scheme::Https)?.reached_by(certificates::client))
}

fn start_as_proxy_with_tls() -> Option<Peer> {
    CADDY.find()?;
    let upstream = python::start()?;
    let peer = start_with(Some(upstream.port()), Scheme::Https)?;
    Some(peer.reached_by(certificates::client).in_front_of(upstream))
}

#[derive(Clone, Copy, PartialEq)]
enum Scheme {
    Http,
    Https,
}

fn start_with(upstream: Option<u16>, scheme: Scheme) -> Option<Peer> {
    let caddy = CADDY.find()?;
    Some(Peer::start("Caddy", |port, folder| {
        let file = folder.join("Caddyfile");
        certificates::write(&certificates::sound(), folder);
        fs::write(&file, configuration(port, folder, upstream, scheme)).unwrap();
        let mut command = Command::new(&caddy);
        command.args(["run", "--adapter", "caddyfile", "--config"]).arg(file);
        // Where it would keep things otherwise.
        command.env("HOME", folder).env_remove("XDG_DATA_HOME").env_remove("XDG_CONFIG_HOME");
        command
    }))
}

fn configuration(port: u16, folder: &Path, upstream: Option<u16>, scheme: Scheme) -> String {
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
    let (address, tls) = match scheme {
        Scheme::Http => ("http://127.0.0.1", ""),
        Scheme::Https => ("https://localhost", "tls chain.pem key.pem"),
    };
    format!(
        r#"
{{
    admin off
    auto_https off
    persist_config off
    storage file_system "{folder}/storage"
}}
{address}:{port} {{
    bind 127.0.0.1
    {tls}
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

file_checks!(start);
body_checks!(start_as_proxy);
checks!(start_as_proxy => bodies::trailers_come_after_chunks);

mod with_tls {
    file_checks!(super::start_with_tls);
    body_checks!(super::start_as_proxy_with_tls);
    checks!(super::start_as_proxy_with_tls => bodies::trailers_come_after_chunks);
}

#[test]
fn sessions_are_taken_up_again() {
    let Some(peer) = start_with_tls() else { return };
    let tls = certificates::trusting().build().unwrap();
    let mut conn = certificates::builder(peer.port(), tls).build().unwrap();
    for number in 0..5 {
        conn.request("GET", HELLO, (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), site::contents(HELLO));
        let session = conn.tls_session().unwrap();
        assert_eq!((session.version(), session.alpn()), (TlsVersion::V1_3, Some(&b"http/1.1"[..])));
        assert_eq!(session.is_resumed(), number > 0);
        conn.close();
    }
}
