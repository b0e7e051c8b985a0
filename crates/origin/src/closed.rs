//! A port where nobody listens.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use socket2::{Domain, Socket, Type};

/// A port of 127.0.0.1 where nobody listens, nor will as long as this is held: connections to it are refused.
///
/// A port that was free a moment ago can be another's by now. So can one that a connection goes out from: the system
/// may connect a client that asks for it with itself, from that very port.
///
/// ```
/// let closed = origin::Closed::new()?;
/// let refused = std::net::TcpStream::connect(closed.addr()).unwrap_err();
/// assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Closed {
    addr: SocketAddr,
    /// Bound, and that is all.
    _socket: Socket,
}

impl Closed {
    /// Takes a free port.
    ///
    /// # Errors
    /// When no socket is to be had.
    pub fn new() -> io::Result<Closed> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
        let addr = socket.local_addr()?.as_socket();
        let addr = addr.ok_or_else(|| io::Error::other("no address of the Internet"))?;
        Ok(Closed { addr, _socket: socket })
    }

    /// Where nobody is.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}
