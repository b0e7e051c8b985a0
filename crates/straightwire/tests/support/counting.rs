//! A socket that counts what goes out by `write` and what by `send_file`.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::fs::File;
use std::io::{self, IoSlice, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use straightwire::transport::{Interrupt, Readiness, Ready, Socket, Target, Transport};
use straightwire::{ConnectionBuilder, HttpConnection};

use crate::support::builder;

/// Bytes and calls, by each way.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    written: AtomicU64,
    writes: AtomicU64,
    by_system: AtomicU64,
}

impl Counts {
    pub(crate) fn written(&self) -> u64 {
        self.written.load(Ordering::SeqCst)
    }

    pub(crate) fn writes(&self) -> u64 {
        self.writes.load(Ordering::SeqCst)
    }

    pub(crate) fn by_system(&self) -> u64 {
        self.by_system.load(Ordering::SeqCst)
    }
}

#[derive(Debug)]
pub(crate) struct Counting {
    pub(crate) socket: Socket,
    pub(crate) counts: Arc<Counts>,
    /// Whether it sends files at all.
    pub(crate) sends_files: bool,
}

/// Connections to this address that are counted.
pub(crate) fn counted(
    addr: SocketAddr,
    sends_files: bool,
) -> (ConnectionBuilder<HttpConnection>, Arc<Counts>) {
    let counts = Arc::new(Counts::default());
    let theirs = Arc::clone(&counts);
    let builder = builder(addr).connect_with(move |_: &Target<'_>| {
        let stream = TcpStream::connect(addr)?;
        stream.set_nodelay(true)?;
        let counting = Counting { socket: stream.into(), counts: Arc::clone(&theirs), sends_files };
        Ok(Box::new(counting) as Box<dyn Transport>)
    });
    (builder, counts)
}

impl Counting {
    fn noting(&self, len: usize) -> usize {
        self.counts.written.fetch_add(len as u64, Ordering::SeqCst);
        self.counts.writes.fetch_add(1, Ordering::SeqCst);
        len
    }
}

impl Read for Counting {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.socket.read(buf)
    }
}

impl Write for Counting {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let len = self.socket.write(buf)?;
        Ok(self.noting(len))
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let len = self.socket.write_vectored(bufs)?;
        Ok(self.noting(len))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}

impl Transport for Counting {
    fn set_timeouts(&mut self, each: Option<Duration>, until: Option<Instant>) -> io::Result<()> {
        self.socket.set_timeouts(each, until)
    }

    fn readiness(&mut self) -> Readiness {
        self.socket.readiness()
    }

    fn send_file(&mut self, file: &File, len: u64) -> Option<io::Result<u64>> {
        if !self.sends_files {
            return None;
        }
        let sent = self.socket.send_file(file, len)?;
        if let Ok(sent) = sent {
            self.counts.by_system.fetch_add(sent, Ordering::SeqCst);
        }
        Some(sent)
    }

    fn write_now(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        match self.socket.write_now(bufs)? {
            // Nothing was given: it was about what a stream may have kept.
            0 => Ok(0),
            len => Ok(self.noting(len)),
        }
    }

    fn wait(&mut self, wanted: Ready, until: Option<Instant>) -> io::Result<Ready> {
        self.socket.wait(wanted, until)
    }

    fn interrupter(&self) -> Option<Arc<dyn Interrupt>> {
        self.socket.interrupter()
    }
}
