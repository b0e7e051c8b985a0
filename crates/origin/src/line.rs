//! A connection as those who talk over it see it: plain, or inside TLS.

use std::io::{self, Read, Write};
use std::net::Shutdown;

use crate::reception::Socket;
use crate::tls::{Tls, TlsStream};

/// Of several handles one and the same does all the reading; any may write.
#[derive(Clone)]
pub(crate) enum Line {
    Plain(Socket),
    Secure(TlsStream),
}

impl Line {
    /// With the handshake behind it, where there is to be one.
    pub(crate) fn open(socket: &Socket, tls: Option<&Tls>) -> io::Result<Line> {
        match tls {
            None => Ok(Line::Plain(socket.clone())),
            Some(tls) => tls.accept(socket, &[]).map(Line::Secure),
        }
    }

    /// The session inside TLS, where there is one.
    pub(crate) fn secure(&mut self) -> Option<&mut TlsStream> {
        match self {
            Line::Plain(_) => None,
            Line::Secure(stream) => Some(stream),
        }
    }

    /// Ends the sending side in good order: inside TLS the close is announced first.
    pub(crate) fn end(&mut self, socket: &Socket) -> io::Result<()> {
        if let Line::Secure(stream) = self {
            stream.close_notify()?;
        }
        socket.0.shutdown(Shutdown::Write)
    }
}

impl Read for Line {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Line::Plain(socket) => socket.read(out),
            Line::Secure(stream) => stream.read(out),
        }
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Line::Plain(socket) => socket.write(bytes),
            Line::Secure(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
