//! A WebSocket library that knows nothing of this one takes over the stream, against a server of its own: plain,
//! through a tunnel, and inside TLS.

#![cfg(feature = "tls")]

mod support;

#[path = "support/secure.rs"]
mod secure;

use std::error::Error;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use origin::Proxy;
use secure::{setup, trusting};
use straightwire::{HttpConnection, HttpResponse, Upgraded};
use support::*;
use tungstenite::handshake::client::generate_key;
use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode};
use tungstenite::{Message, WebSocket};

/// Greets at once, right behind its 101, and sends back what it gets.
fn websocket_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    // Lives as long as the test's process.
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // Its end, which is an error too, is for the other side to see.
            thread::spawn(move || chat(stream).is_ok());
        }
    });
    addr
}

fn chat(stream: TcpStream) -> Result<(), Box<dyn Error>> {
    let mut socket = tungstenite::accept(stream)?;
    socket.send(Message::text("welcome"))?;
    loop {
        match socket.read()? {
            message @ (Message::Text(_) | Message::Binary(_)) => socket.send(message)?,
            _ => {}
        }
    }
}

/// The opening handshake (RFC 6455 4.1), by this library.
fn open(conn: &mut HttpConnection) -> WebSocket<Upgraded> {
    let key = generate_key();
    let headers = [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", &*key),
    ];
    conn.request("GET", "/chat", (), &headers).unwrap();
    let response: HttpResponse<'_> = conn.get_response().unwrap();
    assert_eq!(response.status(), 101);
    assert_eq!(response.header("Sec-WebSocket-Accept").unwrap(), derive_accept_key(key.as_bytes()));
    let stream = response.into_upgraded().unwrap();
    WebSocket::from_raw_socket(stream, Role::Client, Some(WebSocketConfig::default()))
}

fn converse(conn: &mut HttpConnection) {
    let mut socket = open(conn);
    assert_eq!(socket.read().unwrap(), Message::text("welcome"));
    let large: Vec<u8> = origin::pattern::bytes(1_000_000);
    for message in [
        Message::text("na\u{ef}ve"),
        Message::binary(large),
        Message::text(""),
        Message::binary(vec![0; 125]),
    ] {
        socket.send(message.clone()).unwrap();
        assert!(socket.read().unwrap() == message);
    }
    socket.send(Message::Ping(b"there?".as_slice().into())).unwrap();
    assert_eq!(socket.read().unwrap(), Message::Pong(b"there?".as_slice().into()));

    let goodbye = CloseFrame { code: CloseCode::Normal, reason: "done".into() };
    socket.close(Some(goodbye)).unwrap();
    let answer = socket.read().unwrap();
    assert!(matches!(&answer, Message::Close(Some(frame)) if frame.code == CloseCode::Normal), "{answer}");
    assert!(matches!(socket.read().unwrap_err(), tungstenite::Error::ConnectionClosed));
}

#[test]
fn plain() {
    let mut conn = builder(websocket_server()).build().unwrap();
    // One after the other over connections of their own.
    converse(&mut conn);
    converse(&mut conn);
}

#[test]
fn through_a_tunnel() {
    let proxy = Proxy::http().start().unwrap();
    let server = websocket_server();
    let mut conn = builder(proxy.addr()).tunnel("127.0.0.1", server.port(), &[]).build().unwrap();
    converse(&mut conn);
    assert_eq!(proxy.connections(), 1);
}

#[test]
fn inside_tls() {
    let proxy = Proxy::https(&setup()).start().unwrap();
    let server = websocket_server();
    let mut conn = HttpConnection::builder("localhost")
        .port(proxy.port())
        .resolve_to("localhost", proxy.port(), &[[127, 0, 0, 1].into()])
        .tls_to_proxy(trusting().build().unwrap())
        .tunnel("127.0.0.1", server.port(), &[])
        .timeout(PATIENCE)
        .build()
        .unwrap();
    converse(&mut conn);
    assert_eq!(proxy.connections(), 1);
}
