//! A WebSocket library that knows nothing of this one takes over the stream, against a server of its own: plain,
//! through a tunnel, and inside TLS. (With nginx between them: `peers::websocket`.)

#![cfg(feature = "tls")]

mod support;

#[path = "support/secure.rs"]
mod secure;
#[path = "support/websocket.rs"]
mod websocket;

use origin::Proxy;
use secure::{setup, trusting};
use straightwire::HttpConnection;
use support::*;

#[test]
fn plain() {
    let mut conn = builder(websocket::serve()).build().unwrap();
    // One after the other over connections of their own.
    websocket::converse(&mut conn);
    websocket::converse(&mut conn);
}

#[test]
fn through_a_tunnel() {
    let proxy = Proxy::http().start().unwrap();
    let server = websocket::serve();
    let mut conn = builder(proxy.addr()).tunnel("127.0.0.1", server.port(), &[]).build().unwrap();
    websocket::converse(&mut conn);
    assert_eq!(proxy.connections(), 1);
}

#[test]
fn inside_tls() {
    let proxy = Proxy::https(&setup()).start().unwrap();
    let server = websocket::serve();
    let mut conn = HttpConnection::builder("localhost")
        .port(proxy.port())
        .resolve_to("localhost", proxy.port(), &[[127, 0, 0, 1].into()])
        .tls_to_proxy(trusting().build().unwrap())
        .tunnel("127.0.0.1", server.port(), &[])
        .timeout(PATIENCE)
        .build()
        .unwrap();
    websocket::converse(&mut conn);
    assert_eq!(proxy.connections(), 1);
}
