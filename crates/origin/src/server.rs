//! The origin itself: a listener, what its connections share, and how each of them ends.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, ToSocketAddrs};
use std::sync::Arc;
use std::thread;

use crate::call::House;
use crate::conversation::{Ending, converse};
use crate::endpoints::Files;
use crate::journal::{Journal, Request};
use crate::line::Line;
use crate::reception::{Reception, Socket};
use crate::sync::Stop;
use crate::tls::{Handshake, Tls, TlsSetup};

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
    tls: Option<Arc<Tls>>,
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
        Origin::open(TcpListener::bind(addr)?, None)
    }

    /// As [`start`](Origin::start), speaking TLS. Every end of a connection is announced by a close_notify.
    ///
    /// ```
    /// use origin::certificates::Authority;
    /// use origin::{Origin, TlsSetup};
    ///
    /// let authority = Authority::new();
    /// let origin = Origin::start_tls(&TlsSetup::new(&authority.issue(&["127.0.0.1"])))?;
    /// assert!(origin.url("/").starts_with("https://127.0.0.1:"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` when the identity is none, and as [`start`](Origin::start).
    pub fn start_tls(setup: &TlsSetup) -> io::Result<Origin> {
        Origin::bind_tls((Ipv4Addr::LOCALHOST, 0), setup)
    }

    /// As [`bind`](Origin::bind), speaking TLS.
    ///
    /// # Errors
    /// As [`start_tls`](Origin::start_tls) and [`bind`](Origin::bind).
    pub fn bind_tls(addr: impl ToSocketAddrs, setup: &TlsSetup) -> io::Result<Origin> {
        let tls = Tls::new(setup)?;
        Origin::open(TcpListener::bind(addr)?, Some(Arc::new(tls)))
    }

    fn open(listener: TcpListener, tls: Option<Arc<Tls>>) -> io::Result<Origin> {
        let stop = Arc::new(Stop::default());
        let house = House { journal: Journal::default(), files: Files::default(), stop: Arc::clone(&stop) };
        let house = Arc::new(house);
        let (shared, secure) = (Arc::clone(&house), tls.clone());
        let reception = Reception::open(listener, None, stop, move |_, socket| {
            serve(&socket, &shared, secure.as_deref());
        })?;
        Ok(Origin { reception, house, tls })
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

    /// The URL of a path, `http` or, with TLS, `https`; the path starts with a slash.
    pub fn url(&self, path: &str) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.addr())
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

    /// The latest handshakes, up to 1024, oldest first; those that failed too. One is here before the client
    /// can have an answer. Without TLS there are none.
    pub fn handshakes(&self) -> Vec<Handshake> {
        self.tls.as_ref().map(|tls| tls.handshakes()).unwrap_or_default()
    }

    /// Serves until the process ends.
    pub fn serve_forever(self) -> ! {
        loop {
            thread::park();
        }
    }
}

fn serve(socket: &Socket, house: &House, tls: Option<&Tls>) {
    let Ok(mut line) = Line::open(socket, tls) else {
        // The client has yet to read the alert.
        return socket.linger();
    };
    let ending = converse(line.clone(), line.clone(), house);
    // Inside TLS every end is announced, whoever began it (RFC 8446 section 6.1).
    let is_open = ending == Ending::Ours || tls.is_some();
    if is_open && line.end(socket).is_ok() && ending == Ending::Ours {
        socket.linger();
    }
}
