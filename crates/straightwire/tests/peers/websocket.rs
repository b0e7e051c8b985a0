//! WebSocket through nginx, which passes the change of protocol on and, with TLS, is where that ends.

use crate::nginx;
use crate::peer::Peer;

#[path = "../support/websocket.rs"]
mod shared;

/// What is asked of it goes to a server of its own kind behind nginx.
fn passed_on() -> String {
    format!(
        "location /chat {{
            proxy_pass http://{};
            proxy_http_version 1.1;
            proxy_set_header Connection upgrade;
            proxy_set_header Upgrade $http_upgrade;
        }}",
        shared::serve()
    )
}

fn check(peer: Peer) {
    let mut conn = peer.client();
    shared::converse(&mut conn);
    shared::converse(&mut conn);
    // Where it is not asked for, nginx answers in HTTP.
    conn.request("GET", "/nothing", (), &[("Connection", "Upgrade"), ("Upgrade", "websocket")]).unwrap();
    let err = conn.get_response().unwrap().into_upgraded().unwrap_err();
    assert_eq!(err.kind(), straightwire::ErrorKind::NotUpgraded, "{err}");
}

#[test]
fn plain() {
    if let Some(peer) = nginx::start_with_lines(&passed_on()) {
        check(peer);
    }
}

#[test]
fn with_tls() {
    if let Some(peer) = nginx::start_as_identity(&crate::certificates::sound(), &passed_on()) {
        check(peer);
    }
}
