//! The origin itself: a listener, what its connections share, and how each of them ends.

use std::io::{self, Read};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, ToSocketAddrs};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::call::House;
use crate::conversation::{Ending, converse};
use crate::endpoints::Files;
use crate::journal::{Journal, Request};
use crate::reception::{Reception, Socket};
use crate::sync::{Stop, left};

/// After its last answer the server reads on for so long, and so many bytes, before it lets go of the socket.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 64 * 1024 * 1024;

/// A running HTTP/1.1 origin, see the [crate documentation](crate) for what it answers.
///
/// Dropping it closes the listener and every connection, idle or busy, and joins their threads.
///
/// ```
/// let origin = origin::Origin::start()?;
/// assert_eq!(origin.url("/echo"), format!("http://127.0.0.1:{}/echo", origin.port()));
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Origin {
    reception: Reception,
    house: Arc<House>,
}

impl Origin {
    /// Starts on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When no socket or no thread is to be had.
    pub fn start() -> io::Result<Origin> {
        Origin::bind((Ipv4Addr::LOCALHOST, 0))
    }

    /// Starts on this address; port 0 is any free one.
    ///
    /// ```
    /// let origin = origin::Origin::bind("127.0.0.1:0")?;
    /// assert_ne!(origin.port(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the address can't be resolved or is in use, and as [`start`](Origin::start).
    pub fn bind(addr: impl ToSocketAddrs) -> io::Result<Origin> {
        let listener = TcpListener::bind(addr)?;
        let stop = Arc::new(Stop::default());
        let house = House { journal: Journal::default(), files: Files::default(), stop: Arc::clone(&stop) };
        let house = Arc::new(house);
        let shared = Arc::clone(&house);
        let reception = Reception::open(listener, None, stop, move |_, socket| serve(socket, &shared))?;
        Ok(Origin { reception, house })
    }

    /// The address it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.reception.addr()
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.addr().port()
    }

    /// Address and port as a Host field has them, `127.0.0.1:8080`.
    pub fn host_port(&self) -> String {
        self.addr().to_string()
    }

    /// The `http` URL of a path; the path starts with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr())
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> usize {
        self.reception.accepted()
    }

    /// The latest requests, oldest first: up to 1024 of them, fewer when they are large. A request is here
    /// from the moment its head is read, and thus before its answer arrives. One whose head was refused is
    /// not.
    pub fn requests(&self) -> Vec<Request> {
        self.house.journal.requests()
    }

    /// Serves until the process ends.
    pub fn serve_forever(self) -> ! {
        loop {
            thread::park();
        }
    }
}

fn serve(socket: Socket, house: &House) {
    if converse(socket.clone(), socket.clone(), house) == Ending::Ours {
        linger(socket);
    }
}

/// Ends our side first and reads until the client has ended its own, for a while: to close with unread bytes
/// would send a reset, which can destroy the last answer before the client has read it (RFC 9112 section
/// 9.6).
fn linger(mut socket: Socket) {
    if socket.0.shutdown(Shutdown::Write).is_err() {
        return;
    }
    let deadline = Instant::now() + LINGER;
    let mut scrap = [0; 16 * 1024];
    let mut total = 0;
    while total < LINGER_BYTES
        && let Some(time) = left(deadline)
        && socket.0.set_read_timeout(Some(time)).is_ok()
    {
        match socket.read(&mut scrap) {
            Ok(count) if count > 0 => total += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            _ => return,
        }
    }
}
