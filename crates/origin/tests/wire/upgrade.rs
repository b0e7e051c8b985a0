//! A change of protocol.

use std::net::Shutdown;

use origin::Origin;

use crate::client::Client;

const ASKED: &str = "Host: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: h2c, Echo\r\n\r\n";
const HEAD: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";

#[test]
fn after_101_all_bytes_come_back() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    // What is sent ahead of the answer belongs to the new protocol too.
    client.send(format!("GET /upgrade?ahead=a%0D%0Ab HTTP/1.1\r\n{ASKED}early"));
    assert_eq!(client.exactly(HEAD.len()), HEAD);
    assert_eq!(client.exactly(9), b"a\r\nbearly");
    let large: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    let mut sender = client.stream().try_clone().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| std::io::Write::write_all(&mut sender, &large).unwrap());
        assert!(client.exactly(large.len()) == large);
    });
    client.stream().shutdown(Shutdown::Write).unwrap();
    assert!(client.is_at_end());
}

#[test]
fn without_being_asked_nothing_changes() {
    let origin = Origin::start().unwrap();
    let mut client = Client::connect(origin.addr());
    for fields in ["", "Upgrade: echo\r\n", "Connection: Upgrade\r\nUpgrade: websocket\r\n"] {
        let answer = client.ask_with("GET", "/upgrade", fields, b"");
        assert_eq!((answer.status, answer.header("Upgrade")), (426, Some("echo")), "{fields:?}");
    }
    let fields = "Connection: Upgrade\r\nUpgrade: echo\r\nContent-Length: 0\r\n";
    assert_eq!(client.ask_with("POST", "/upgrade", fields, b"").status, 405);
    assert_eq!(origin.connections(), 1);

    client.send(format!("GET /upgrade HTTP/1.0\r\n{ASKED}"));
    assert_eq!(client.answer().status, 426);
}
