//! Scripts inside TLS: every manner of ending, and handshakes that come to nothing.

use std::time::Duration;

use origin::certificates::Authority;
use origin::{Script, Scripted, TlsSetup};

use crate::tls::{NAMES, python};

/// Plays a script against a Python client in both versions of TLS.
fn play(script: Script, client: &str) -> Option<Scripted> {
    let mut last = None;
    for only in [TlsSetup::only_1_2, TlsSetup::only_1_3] {
        let authority = Authority::new();
        let setup = only(TlsSetup::new(&authority.issue(&NAMES)));
        let server = Scripted::start_tls(&setup, vec![script.clone()]).unwrap();
        if !python(&authority, server.addr().port(), client, &[]) {
            return None;
        }
        server.join().unwrap();
        last = Some(server);
    }
    last
}

#[test]
fn a_close_is_announced_and_a_cut_is_not() {
    let orderly =
        "secure = open(); secure.send(b'hi'); assert secure.recv(9) == b'yo' and secure.recv(9) == b''";
    let server = play(Script::new().read_bytes(2).send("yo"), orderly);
    if let Some(server) = server {
        assert_eq!(server.received(0), b"hi");
        assert_eq!(server.handshakes().len(), 1);
    }
    play(Script::new().read_bytes(2).send("yo").half_close().wait_for_close(), orderly);
    let open = "secure = open(); assert secure.recv(9) == b''; secure.send(b'still here'); secure.close()";
    play(Script::new().close_notify().read_bytes(10).wait_for_close(), open);
    let cut = r#"
secure = open()
assert secure.recv(9) == b"yo"
assert "EOF" in refused(lambda: secure.recv(9))
"#;
    play(Script::new().send("yo").cut().wait_for_close(), cut);
    play(Script::new().send("yo").cut(), cut);
    // Python's ssl makes an end of a reset; the socket below it does not.
    let reset = r#"
secure = open()
secure.send(b"hi")
plain = socket.socket(fileno=secure.detach())
plain.settimeout(20)
def rest():
    while plain.recv(9999):
        pass
assert "reset" in refused(rest)
"#;
    play(Script::new().read_bytes(2).reset(), reset);
    let alert = r#"
secure = open()
assert secure.recv(9) == b"yo"
told = refused(lambda: secure.recv(9)).lower().replace("_", " ")
assert "bad record mac" in told, told
"#;
    play(Script::new().send("yo").fatal_alert().wait_for_close(), alert);
}

#[test]
fn records_are_as_large_as_told() {
    // OpenSSL gives what one record holds and no more.
    let client = r#"
secure = open()
sizes = []
while piece := secure.recv(65536):
    sizes.append(len(piece))
assert sizes == [1] * 100 + [1] * 5 + [16384, 1616, 4000, 4000, 2000], sizes
"#;
    let script = Script::new()
        .send_in_records("x".repeat(100), 1)
        .send_in_pieces("x".repeat(5), 1, Duration::ZERO)
        .send("x".repeat(18_000))
        .send_in_records("x".repeat(10_000), 4000);
    play(script, client);
}

#[test]
fn how_the_client_closes_can_be_told() {
    let orderly = "secure = open(); secure.send(b'hi'); secure.unwrap()";
    play(Script::new().read_bytes(2).wait_for_orderly_close(), orderly);
    let authority = Authority::new();
    let setup = TlsSetup::new(&authority.issue(&NAMES));
    let script = Script::new().read_bytes(2).wait_for_orderly_close();
    let server = Scripted::start_tls(&setup, vec![script]).unwrap();
    if python(&authority, server.addr().port(), "secure = open(); secure.send(b'hi'); secure.close()", &[]) {
        let error = server.join().unwrap_err();
        assert_eq!(error.message, "the client closed and did not announce it");
    }
}

#[test]
fn handshakes_can_stall_end_and_turn_out_to_be_none() {
    let ended = "told = refused(open); assert 'EOF' in told or 'reset' in told, told";
    play(Script::new().in_clear().part_of_handshake(0).close(), ended);
    play(Script::new().in_clear().part_of_handshake(60).close(), ended);
    play(Script::new().in_clear().read_bytes(1), ended);
    let plain = "assert 'WRONG_VERSION_NUMBER' in refused(open)";
    play(Script::new().in_clear().send("HTTP/1.1 400 Bad Request\r\n\r\n").wait_for_close(), plain);
    let stalled = r#"
plain = socket.create_connection(("127.0.0.1", port), timeout=0.3)
assert "timed out" in refused(lambda: context().wrap_socket(plain, server_hostname="localhost"))
plain.close()
"#;
    play(Script::new().in_clear().hold(), stalled);
    play(Script::new().in_clear().part_of_handshake(60).hold(), stalled);
}

#[test]
fn tls_can_begin_in_the_middle() {
    let client = r#"
plain = socket.create_connection(("127.0.0.1", port), timeout=20)
plain.sendall(b"CONNECT h:1 HTTP/1.1\r\n\r\n")
assert plain.recv(9) == b"go"
secure = context().wrap_socket(plain, server_hostname="localhost")
secure.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
assert secure.recv(9) == b"inside"
secure.close()
"#;
    let script = Script::new().in_clear().read_head().send("go").handshake().read_request().send("inside");
    if let Some(server) = play(script.wait_for_close(), client) {
        assert_eq!(server.received(0), b"CONNECT h:1 HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n");
    }
}

#[test]
fn steps_for_tls_need_it() {
    let failure = |script: Script| {
        let server = Scripted::start(vec![script]).unwrap();
        let client = crate::client::Client::connect(server.addr());
        let error = server.join().unwrap_err();
        drop(client);
        error.message
    };
    for script in
        [Script::new().close_notify(), Script::new().fatal_alert(), Script::new().send_in_records("x", 1)]
    {
        assert_eq!(failure(script), "there is no TLS on this connection");
    }
    for script in [Script::new().handshake(), Script::new().part_of_handshake(1)] {
        assert_eq!(failure(script), "this server has no identity for TLS");
    }
}

#[test]
fn a_handshake_that_fails_is_an_error_of_the_first_step() {
    let setup = TlsSetup::new(&Authority::new().issue(&NAMES));
    let server = Scripted::start_tls(&setup, vec![Script::new().send("x")]).unwrap();
    let mut client = crate::client::Client::connect(server.addr());
    client.send("GET / HTTP/1.1\r\n\r\n");
    client.rest();
    drop(client);
    let error = server.join().unwrap_err();
    assert!(error.step == 0 && error.message.starts_with("the handshake failed: "), "{error}");
    assert!(server.handshakes()[0].error.is_some());
}
