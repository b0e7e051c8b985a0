//! A connection over a loopback socket, to a server that sends the case's bytes.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use straightwire::{Event, Framing, HttpConnection, Policy};

use super::{copy_fields, copy_head};
use crate::case::Case;
use crate::observation::Observation;

/// A client that waits for so long, on a server that has sent all it will, waits for ever.
const HANG: Duration = Duration::from_secs(10);

/// How long the server puts up with a silent client: longer than the client with the server.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a connection makes of a response that is sent in the pieces that end at `ends`.
///
/// # Errors
/// A sentence, where client and server could not get together.
pub(crate) fn observe(case: &Case, policy: Policy, ends: &[usize]) -> Result<Observation, String> {
    let (conn, stream, received) = connect(policy).map_err(|err| format!("loopback connection: {err}"))?;
    Ok(thread::scope(|scope| {
        // A client may go at any moment; what it saw until then is told by the client.
        scope.spawn(|| serve(stream, case, ends).ok());
        // The connection ends here whatever happens: the server waits for that.
        converse(conn, case, &received)
    }))
}

/// Both ends of a connection, and the count of the bytes that the client has received on it.
fn connect(
    policy: Policy,
) -> Result<(HttpConnection, TcpStream, Arc<AtomicUsize>), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let received = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&received);
    let mut conn = HttpConnection::builder("127.0.0.1")
        .port(listener.local_addr()?.port())
        .timeout(HANG)
        .policy(policy)
        .tap(move |event: Event<'_>| {
            if let Event::Received(bytes) = event {
                counter.fetch_add(bytes.len(), Ordering::Relaxed);
            }
        })
        .build()?;
    conn.connect()?;
    let (stream, _) = listener.accept()?;
    Ok((conn, stream, received))
}

fn converse(mut conn: HttpConnection, case: &Case, received: &AtomicUsize) -> Observation {
    let headers: Vec<(&str, &str)> =
        case.request_headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    if let Err(err) = conn.request(&case.request_method, case.request_target(), (), &headers) {
        return Observation::failed(&err, None, Vec::new());
    }
    let mut response = match conn.get_response() {
        Ok(response) => response,
        Err(err) => return Observation::failed(&err, None, Vec::new()),
    };
    let head = copy_head(response.head());
    let body = match response.read_all() {
        Ok(body) => body,
        Err(err) => return Observation::failed(&err, Some(head), err.partial().to_vec()),
    };
    let trailers = (response.framing() == Framing::Chunked).then(|| copy_fields(response.trailers()));
    drop(response);
    // Bytes after the message may still be on their way, where the connection can't know of them.
    let left_over = received.load(Ordering::Relaxed) < case.response.len();
    Observation::whole(head, body, trailers, conn.is_connected() && !left_over)
}

fn serve(mut stream: TcpStream, case: &Case, ends: &[usize]) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    read_request(&mut stream)?;
    let mut start = 0;
    for &end in ends {
        stream.write_all(&case.response[start..end])?;
        start = end;
        thread::yield_now();
    }
    if case.close {
        stream.shutdown(Shutdown::Write)?;
    }
    // The client is done when it closes. Closing before that could destroy what is still on its way.
    stream.read(&mut [0]).map(drop)
}

/// Reads a request, which has a head only: no case has a body to send.
fn read_request(stream: &mut TcpStream) -> io::Result<()> {
    let mut request = Vec::new();
    let mut block = [0; 1024];
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read(&mut block)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            len => request.extend_from_slice(&block[..len]),
        }
    }
    Ok(())
}
