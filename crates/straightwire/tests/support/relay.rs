//! What stands between client and server, and passes bytes on as slowly as it is told.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// Passes connections on to a server.
pub(crate) struct Relay {
    addr: SocketAddr,
    pace: Arc<Pace>,
}

#[derive(Default)]
struct Pace {
    /// Microseconds between two bytes to the client; 0 while they go as they come.
    pause: AtomicU64,
    /// How many bytes are passed to the client at a time; 0 for as they come.
    piece: AtomicUsize,
}

impl Relay {
    pub(crate) fn start(server: SocketAddr) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let relay = Relay { addr: listener.local_addr().unwrap(), pace: Arc::default() };
        let pace = Arc::clone(&relay.pace);
        // Lives as long as the test's process.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(server) else { return };
                let (up, down) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                let pace = Arc::clone(&pace);
                thread::spawn(move || {
                    let _ = io::copy(&mut &up, &mut &server);
                    let _ = server.shutdown(Shutdown::Write);
                });
                thread::spawn(move || {
                    let _ = pace.pass_on(&down, &client);
                    let _ = client.shutdown(Shutdown::Write);
                });
            }
        });
        relay
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// From here on, bytes come to the client one at a time with this pause after each.
    pub(crate) fn drip(&self, pause: Duration) {
        self.pace.piece.store(1, Ordering::SeqCst);
        self.pace.pause.store(pause.as_micros() as u64, Ordering::SeqCst);
    }

    /// From here on, bytes come to the client in segments of so many.
    pub(crate) fn cut_into(&self, piece: usize) {
        self.pace.piece.store(piece, Ordering::SeqCst);
        self.pace.pause.store(50, Ordering::SeqCst);
    }
}

impl Pace {
    fn pass_on(&self, mut from: &TcpStream, mut to: &TcpStream) -> io::Result<()> {
        to.set_nodelay(true)?;
        let mut buf = [0; 16 * 1024];
        loop {
            let len = from.read(&mut buf)?;
            if len == 0 {
                return Ok(());
            }
            let mut rest = &buf[..len];
            while !rest.is_empty() {
                let piece = match self.piece.load(Ordering::SeqCst) {
                    0 => rest.len(),
                    most => most.min(rest.len()),
                };
                to.write_all(&rest[..piece])?;
                rest = &rest[piece..];
                thread::sleep(Duration::from_micros(self.pause.load(Ordering::SeqCst)));
            }
        }
    }
}
