//! Addresses where connections are refused.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::mem;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use socket2::{Domain, Socket, Type};

/// A port that is taken, so that nobody gets it meanwhile, and where nobody listens. (One that was let go of
/// may be anybody's by the time it is dialled.)
pub(crate) struct Refusing(Socket);

impl Refusing {
    pub(crate) fn new() -> Refusing {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        // Whoever names the port may come from it, too. Elsewhere this means something else.
        #[cfg(target_os = "linux")]
        socket.set_reuse_address(true).unwrap();
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
        Refusing(socket)
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.0.local_addr().unwrap().as_socket().unwrap()
    }

    /// From here on somebody does.
    pub(crate) fn listen(self) -> TcpListener {
        self.0.listen(128).unwrap();
        self.0.into()
    }
}

/// Such an address, for as long as the process lives.
pub(crate) fn refusing() -> SocketAddr {
    let refusing = Refusing::new();
    let addr = refusing.addr();
    mem::forget(refusing);
    addr
}
