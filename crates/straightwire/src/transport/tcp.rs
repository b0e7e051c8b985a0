//! Plain TCP.

use std::io::{self, IoSlice, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use super::{Readiness, Transport};

/// A TCP connection with Nagle's delay off.
#[derive(Debug)]
pub(crate) struct TcpTransport(TcpStream);

impl TcpTransport {
    /// Connects to one address, waiting at most `timeout`, from `source` if given.
    pub(crate) fn connect(
        address: SocketAddr,
        source: Option<SocketAddr>,
        timeout: Option<Duration>,
    ) -> io::Result<TcpTransport> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        if let Some(source) = source {
            socket.bind(&SockAddr::from(source))?;
        }
        match timeout {
            Some(timeout) => socket.connect_timeout(&address.into(), timeout)?,
            None => socket.connect(&address.into())?,
        }
        let stream = TcpStream::from(socket);
        stream.set_nodelay(true)?;
        let mut stream = TcpTransport(stream);
        if timeout.is_some() {
            stream.set_timeout(timeout)?;
        }
        Ok(stream)
    }
}

impl Read for TcpTransport {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        uninterrupted(|| self.0.read(buf))
    }
}

impl Write for TcpTransport {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        uninterrupted(|| self.0.write(buf))
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        uninterrupted(|| self.0.write_vectored(bufs))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Transport for TcpTransport {
    fn set_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.set_read_timeout(timeout)?;
        self.0.set_write_timeout(timeout)
    }

    fn readiness(&mut self) -> Readiness {
        match peek_now(&self.0) {
            Ok(0) => Readiness::Ended,
            Ok(_) => Readiness::Data,
            Err(err) if err.kind() == io::ErrorKind::WouldBlock => Readiness::Quiet,
            Err(_) => Readiness::Ended,
        }
    }

    fn read_onto(&mut self, limit: u64, out: &mut Vec<u8>) -> io::Result<usize> {
        // The standard library reads into the vector's spare room without clearing it first.
        (&self.0).take(limit).read_to_end(out)
    }

    fn addresses(&self) -> Option<(SocketAddr, SocketAddr)> {
        Some((self.0.local_addr().ok()?, self.0.peer_addr().ok()?))
    }

    #[cfg(unix)]
    fn fd(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        Some(std::os::fd::AsFd::as_fd(&self.0))
    }
}

/// A signal handler that ran is no reason to stop (as in Python since PEP 475).
fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

#[cfg(unix)]
fn peek_now(stream: &TcpStream) -> io::Result<usize> {
    use rustix::net::{RecvFlags, recv};
    let mut byte = [0u8];
    let (len, _) = recv(stream, &mut byte, RecvFlags::PEEK | RecvFlags::DONTWAIT)?;
    Ok(len)
}

#[cfg(not(unix))]
fn peek_now(stream: &TcpStream) -> io::Result<usize> {
    stream.set_nonblocking(true)?;
    let peeked = stream.peek(&mut [0u8]);
    stream.set_nonblocking(false)?;
    peeked
}
