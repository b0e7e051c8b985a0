//! rustls as it comes, for the bare socket to speak TLS by.

use std::io::{self, BufReader, IoSlice, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use super::raw::{Open, Tcp};
use crate::server::Peer;
use crate::{Result, tls};

/// How much is read at a time beneath [`BareTlsWide`]: as much as straightwire's buffer grows to.
const WIDE: usize = 256 * 1024;

/// The way that rustls' documentation shows.
pub(crate) struct BareTls {
    tcp: Tcp,
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl BareTls {
    fn over<S: Read + Write>(&self, stream: S) -> Result<StreamOwned<ClientConnection, S>> {
        let conn = ClientConnection::new(Arc::clone(&self.config), self.name.clone())?;
        Ok(StreamOwned::new(conn, stream))
    }
}

impl Open for BareTls {
    type Stream = StreamOwned<ClientConnection, TcpStream>;

    fn new(server: &Peer) -> Result<BareTls> {
        let root_pem = server.root_pem.as_deref().ok_or("no root to trust")?;
        Ok(BareTls {
            tcp: Tcp::new(server)?,
            config: Arc::new(tls::client_config(root_pem)?),
            name: ServerName::IpAddress(server.address.ip().into()),
        })
    }

    fn open(&self) -> Result<Self::Stream> {
        self.over(self.tcp.open()?)
    }
}

/// The same with larger reads below.
pub(crate) struct BareTlsWide(BareTls);

impl Open for BareTlsWide {
    type Stream = StreamOwned<ClientConnection, WideReads>;

    fn new(server: &Peer) -> Result<BareTlsWide> {
        BareTls::new(server).map(BareTlsWide)
    }

    fn open(&self) -> Result<Self::Stream> {
        self.0.over(WideReads(BufReader::with_capacity(WIDE, self.0.tcp.open()?)))
    }
}

/// A socket that is read in large pieces; writes go straight through.
pub(crate) struct WideReads(BufReader<TcpStream>);

impl Read for WideReads {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }
}

impl Write for WideReads {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.get_mut().write(buf)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.get_mut().write_vectored(bufs)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.get_mut().flush()
    }
}
