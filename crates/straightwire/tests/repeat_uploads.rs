//! Requests that are sent once more meet a server that answers before it has their body.

mod support;

use std::net::TcpStream;
use std::time::Duration;

use origin::{Script, Scripted};
use straightwire::transport::{Socket, Target, Transport};
use straightwire::{Body, HttpConnection, Repeat};
use support::*;

/// Longer than any test takes.
const LONG: Duration = Duration::from_secs(60);

const EXPECT: (&str, &str) = ("Expect", "100-continue");
const REFUSAL: &str = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nno!";

/// A kept connection to a server that closes on getting the head of the next request; what it does then.
fn kept(then: impl IntoIterator<Item = Script>) -> (Scripted, HttpConnection) {
    let scripts = [answer(OK).read_head().close()].into_iter().chain(then);
    let server = Scripted::start(scripts.collect()).unwrap();
    let mut conn = builder(server.addr())
        .repeat(Repeat::Idempotent)
        .expect_timeout(LONG)
        .retry_without_expect(true)
        .build()
        .unwrap();
    conn.request("GET", "/first", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    (server, conn)
}

#[track_caller]
fn check_answer(conn: &mut HttpConnection, status: u16, body: &[u8]) {
    let mut response = conn.get_response().unwrap();
    assert_eq!((response.status(), response.was_repeated()), (status, true));
    assert_eq!(response.read_all().unwrap(), body);
}

#[test]
fn a_body_that_waits_to_be_wanted_waits_again() {
    let (server, mut conn) =
        kept([Script::new().read_head().send("HTTP/1.1 100 Continue\r\n\r\n").read_bytes(4).send(OK).hold()]);
    conn.request("PUT", "/", "body", &[EXPECT]).unwrap();
    check_answer(&mut conn, 200, b"ok");
    assert_eq!(received(&server, 1).matches("body").count(), 1);
    assert_eq!(server.connections(), 2);
}

#[test]
fn and_is_not_sent_where_it_is_not_wanted() {
    let (server, mut conn) = kept([Script::new().read_head().send(REFUSAL).hold()]);
    conn.request("PUT", "/", "body", &[EXPECT]).unwrap();
    check_answer(&mut conn, 413, b"no!");
    assert!(received(&server, 1).ends_with("\r\n\r\n"));
}

#[test]
fn a_refused_expectation_is_dropped_from_it_too() {
    let refusal = "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n";
    let (server, mut conn) = kept([Script::new().read_head().send(refusal).hold(), answer_all()]);
    conn.request("PUT", "/", "body", &[EXPECT]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    assert_eq!(server.connections(), 3);
    assert!(received(&server, 2).ends_with("\r\n\r\nbody"));
    assert!(!received(&server, 2).contains("Expect"));
}

/// A POST was not sent, but its head was: that alone may have done something.
#[test]
fn only_what_may_be_repeated_is() {
    let (server, mut conn) = kept([answer_all()]);
    assert!(conn.request("POST", "/", "body", &[EXPECT]).unwrap_err().is_connection_error());
    assert_eq!(server.connections(), 1);
    let (server, mut conn) = kept([answer_all()]);
    let pieces = Body::chunks([b"body"]);
    assert!(conn.request("PUT", "/", pieces, &[EXPECT]).unwrap_err().is_connection_error());
    assert_eq!(server.connections(), 1);
}

/// More than there is room for on the way.
#[test]
fn a_large_one_may_be_refused_early() {
    let deaf = Script::new().read_head().send(REFUSAL).stop_reading().hold();
    let server = serve([answer(OK).read_request().close(), deaf, answer_all()]);
    let address = server.addr();
    let mut conn = HttpConnection::builder(&address.to_string())
        .connect_with(move |_: &Target<'_>| {
            let stream = TcpStream::connect(address)?;
            socket2::SockRef::from(&stream).set_send_buffer_size(8 * 1024)?;
            Ok(Box::new(Socket::from(stream)) as Box<dyn Transport>)
        })
        .timeout(PATIENCE)
        .repeat(Repeat::Idempotent)
        .build()
        .unwrap();
    conn.request("GET", "/first", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    conn.request("PUT", "/", vec![b'x'; 1_000_000], &[]).unwrap();
    check_answer(&mut conn, 413, b"no!");
    conn.request("GET", "/next", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    assert_eq!(server.connections(), 3);
}
