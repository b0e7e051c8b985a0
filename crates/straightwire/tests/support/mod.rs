//! What the tests share: servers that follow a script, connections to them, and a process of one's own.

#![allow(dead_code, reason = "each test file uses a part of it")]

pub(crate) mod refusing;
pub(crate) mod ways;

use std::env;
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Output};
use std::thread;
use std::time::{Duration, Instant};

use origin::{Script, Scripted};
use straightwire::{ConnectionBuilder, Error, HttpConnection};

/// Stands for "did not hang": nothing on loopback takes nearly as long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// For what has to run out: long enough that loopback answers sooner.
pub(crate) const SHORT: Duration = Duration::from_millis(150);

/// A whole answer, after which the connection stays open.
pub(crate) const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A whole answer that nobody has asked for.
pub(crate) const EVIL: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";

/// Connection `i` gets script `i`; the last one is played for all later connections.
pub(crate) fn serve<const N: usize>(scripts: [Script; N]) -> Scripted {
    Scripted::start(scripts.into()).unwrap()
}

/// Takes a request and sends this back.
pub(crate) fn answer(wire: impl Into<Vec<u8>>) -> Script {
    Script::new().read_request().send(wire)
}

/// Takes any number of requests (up to 8) and answers each in order.
pub(crate) fn answer_all() -> Script {
    (0..8).fold(Script::new(), |script, _| script.read_request().send(OK))
}

pub(crate) fn builder(addr: SocketAddr) -> ConnectionBuilder<HttpConnection> {
    HttpConnection::builder(&addr.ip().to_string()).port(addr.port()).timeout(PATIENCE)
}

/// A connection to the server, not yet opened.
pub(crate) fn client(server: &Scripted) -> HttpConnection {
    builder(server.addr()).build().unwrap()
}

/// A connection on which a GET was sent.
pub(crate) fn asked(server: &Scripted) -> HttpConnection {
    let mut conn = client(server);
    conn.request("GET", "/", (), &[]).unwrap();
    conn
}

/// What the client gets to read of this answer, after which the server closes.
pub(crate) fn body_of(wire: &str) -> Result<Vec<u8>, Error> {
    let server = serve([answer(wire)]);
    asked(&server).get_response()?.read_all()
}

/// The error that this answer makes of getting the response, or of reading it.
pub(crate) fn error_of(wire: impl Into<Vec<u8>>) -> Error {
    let server = serve([answer(wire)]);
    let mut conn = asked(&server);
    match conn.get_response() {
        Err(err) => err,
        Ok(mut response) => response.read_all().unwrap_err(),
    }
}

/// Opens the connection, and bounds what it waits for from here on: opening takes as long as it takes.
#[track_caller]
pub(crate) fn open_then_bound(conn: &mut HttpConnection, timeout: Duration) {
    conn.connect().unwrap();
    conn.set_timeout(timeout).unwrap();
}

/// The head that `request` sends, up to its blank line, with these lines behind its own.
pub(crate) fn head(server: &Scripted, line: &str, more: &str) -> String {
    format!("{line} HTTP/1.1\r\nHost: {}\r\nAccept-Encoding: identity\r\n{more}\r\n", server.addr())
}

/// What the script of connection `number` has read, each byte as the character with its number.
pub(crate) fn received(server: &Scripted, number: usize) -> String {
    server.received(number).into_iter().map(char::from).collect()
}

/// The next request works, and is all that the server's connection `number` gets from here on.
#[track_caller]
pub(crate) fn assert_clean(server: &Scripted, conn: &mut HttpConnection, number: usize) {
    let before = received(server, number);
    conn.request("GET", "/clean", (), &[]).unwrap();
    let mut response = conn.get_response().unwrap();
    assert_eq!(response.read_all().unwrap().escape_ascii().to_string(), "ok");
    assert_eq!(received(server, number), before + &head(server, "GET /clean", ""));
    assert_eq!(server.connections(), number + 1);
}

/// Waits until there is something to be read from the connection, or its end, unless it was closed because
/// of that already; and a little longer, since what comes on the heels of a response need not be seen before
/// the next request.
pub(crate) fn wait_for_arrival(conn: &HttpConnection) {
    let Some(fd) = conn.fd() else { return };
    let socket = TcpStream::from(fd.try_clone_to_owned().unwrap());
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    // What there is to see may as well be an error: that is an arrival too.
    if let Err(err) = socket.peek(&mut [0]) {
        assert_ne!(err.kind(), std::io::ErrorKind::WouldBlock, "nothing arrived");
    }
    thread::sleep(Duration::from_millis(1));
}

/// Waits until the connection can't carry another request, since the server has closed it or talked on.
pub(crate) fn wait_until_unfit(conn: &mut HttpConnection) {
    let begun = Instant::now();
    while conn.is_reusable() {
        assert!(begun.elapsed() < PATIENCE, "nothing came, and no end");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Waits until all of so many bytes can be read from the connection at once.
pub(crate) fn wait_for_bytes(conn: &HttpConnection, count: usize) {
    let socket = TcpStream::from(conn.fd().unwrap().try_clone_to_owned().unwrap());
    let (mut scrap, begun) = (vec![0; count], Instant::now());
    // To look for none at all would be to wait for one.
    while count > 0 && socket.peek(&mut scrap).unwrap() < count {
        assert!(begun.elapsed() < PATIENCE, "{count} bytes did not arrive");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Runs `inside`, which is the whole of the test of this name, in a process of its own: for what one
/// process has only one of. `limits` go before it, as a shell's `ulimit` takes them.
pub(crate) fn alone(test: &str, limits: &str, inside: impl FnOnce()) -> Option<Output> {
    const MARK: &str = "STRAIGHTWIRE_TEST_ALONE";
    if env::var_os(MARK).is_some_and(|name| name == test) {
        inside();
        return None;
    }
    let output = Command::new("sh")
        .args(["-c", &format!("{limits}; exec \"$0\" \"$@\"")])
        .arg(env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(MARK, test)
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.contains("1 passed"), "{}\n{out}\n{err}", output.status);
    Some(output)
}
