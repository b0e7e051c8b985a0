//! A WebSocket server, and a conversation with it: all of it by a library that knows nothing of this one, but
//! for the opening handshake.

use std::error::Error;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use straightwire::{HttpConnection, Upgraded};
use tungstenite::handshake::client::generate_key;
use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode};
use tungstenite::{Message, WebSocket};

/// Greets at once, right behind its 101, and sends back what it gets.
pub(crate) fn serve() -> SocketAddr {
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
        if let message @ (Message::Text(_) | Message::Binary(_)) = socket.read()? {
            socket.send(message)?;
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
    let response = conn.get_response().unwrap();
    assert_eq!(response.status(), 101);
    assert_eq!(response.header("Sec-WebSocket-Accept").unwrap(), derive_accept_key(key.as_bytes()));
    let stream = response.into_upgraded().unwrap();
    WebSocket::from_raw_socket(stream, Role::Client, Some(WebSocketConfig::default()))
}

/// All kinds of messages there and back, and the closing handshake (RFC 6455 7).
pub(crate) fn converse(conn: &mut HttpConnection) {
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
