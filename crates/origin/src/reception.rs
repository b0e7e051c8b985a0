//! Accepting connections, a thread for each, and ending all of them.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use socket2::SockRef;

use crate::sync::{Stop, left, lock};

/// Nothing here recurses or keeps buffers on the stack.
pub(crate) const STACK: usize = 256 * 1024;
/// After its last answer a server reads on for so long, and so many bytes, before it lets go of the socket.
const LINGER: Duration = Duration::from_secs(10);
const LINGER_BYTES: usize = 64 * 1024 * 1024;

/// A listener and the threads of its connections. Dropping it ends them all, whatever they wait for.
pub(crate) struct Reception {
    addr: SocketAddr,
    desk: Arc<Desk>,
    acceptor: Option<JoinHandle<()>>,
}

struct Desk {
    stop: Arc<Stop>,
    accepted: AtomicUsize,
    guests: Mutex<HashMap<usize, Guest>>,
}

/// An open connection; the socket is here so that it can be shut down under its thread.
struct Guest {
    socket: Socket,
    thread: JoinHandle<()>,
}

/// A connected socket with several owners: it closes when the last one lets go.
#[derive(Clone)]
pub(crate) struct Socket(pub(crate) Arc<TcpStream>);

impl Socket {
    /// Ends our side first and reads until the client has ended its own, for a while: to close with unread
    /// bytes would send a reset, which can destroy the last answer before the client has read it (RFC 9112
    /// section 9.6).
    pub(crate) fn linger(&self) {
        if self.0.shutdown(Shutdown::Write).is_err() {
            return;
        }
        let deadline = Instant::now() + LINGER;
        let mut scrap = [0; 16 * 1024];
        let mut total = 0;
        while total < LINGER_BYTES
            && let Some(time) = left(deadline)
            && self.0.set_read_timeout(Some(time)).is_ok()
        {
            match (&*self.0).read(&mut scrap) {
                Ok(count) if count > 0 => total += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                _ => return,
            }
        }
    }
}

impl Read for Socket {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        (&*self.0).read(out)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self.0).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Reception {
    /// Runs `serve` for each connection, with its number from 0, in a thread of its own. After `most`
    /// connections the listener closes.
    pub(crate) fn open(
        listener: TcpListener,
        most: Option<usize>,
        stop: Arc<Stop>,
        serve: impl Fn(usize, Socket) + Send + Sync + 'static,
    ) -> io::Result<Reception> {
        let addr = listener.local_addr()?;
        let desk = Desk { stop, accepted: AtomicUsize::new(0), guests: Mutex::default() };
        let desk = Arc::new(desk);
        let accepting = Arc::clone(&desk);
        let name = "origin-accept".to_owned();
        let acceptor = thread::Builder::new()
            .name(name)
            .stack_size(STACK)
            .spawn(move || accepting.accept(listener, most, &Arc::new(serve)))?;
        Ok(Reception { addr, desk, acceptor: Some(acceptor) })
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Connections accepted so far.
    pub(crate) fn accepted(&self) -> usize {
        self.desk.accepted.load(Ordering::SeqCst)
    }

    /// Makes the accepting thread look at the order to stop, by a connection. Without one to be had (no free
    /// file descriptor, say) that thread is left behind, blocked: better than to hang.
    fn wake(&self, acceptor: &JoinHandle<()>) -> bool {
        let mut addr = self.addr;
        match addr.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => addr.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(ip) if ip.is_unspecified() => addr.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        for _ in 0..50 {
            if acceptor.is_finished() || TcpStream::connect_timeout(&addr, Duration::from_millis(200)).is_ok()
            {
                return true;
            }
            thread::sleep(Duration::from_millis(10));
        }
        false
    }
}

impl Drop for Reception {
    fn drop(&mut self) {
        self.desk.stop.ask();
        if let Some(acceptor) = self.acceptor.take()
            && self.wake(&acceptor)
        {
            let _ = acceptor.join();
        }
        let guests = std::mem::take(&mut *lock(&self.desk.guests));
        for guest in guests.values() {
            let _ = guest.socket.0.shutdown(Shutdown::Both);
        }
        for guest in guests.into_values() {
            drop(guest.socket);
            let _ = guest.thread.join();
        }
    }
}

impl Desk {
    fn accept<F>(self: &Arc<Desk>, listener: TcpListener, most: Option<usize>, serve: &Arc<F>)
    where
        F: Fn(usize, Socket) + Send + Sync + 'static,
    {
        let (mut listener, mut number) = (Some(Door(listener)), 0);
        while let Some(open) = &listener {
            let accepted = open.0.accept();
            if self.stop.asked() {
                return;
            }
            let Ok((stream, _)) = accepted else {
                // Out of file descriptors, or the client left already: no reason to spin, nor to give up.
                self.stop.pause(Duration::from_millis(10));
                continue;
            };
            // A failure means that the client is gone, and the thread finds that out.
            let _ = stream.set_nodelay(true);
            if most == Some(number + 1) {
                // Before the last guest is served, who may look right afterwards whether anybody listens.
                listener = None;
            }
            self.seat(number, Socket(Arc::new(stream)), Arc::clone(serve));
            number += 1;
        }
    }

    fn seat<F>(self: &Arc<Desk>, number: usize, socket: Socket, serve: Arc<F>)
    where
        F: Fn(usize, Socket) + Send + Sync + 'static,
    {
        // Held until the guest is listed, so that a thread that is done at once finds its own entry.
        let mut guests = lock(&self.guests);
        self.accepted.fetch_add(1, Ordering::SeqCst);
        let leave = Leave { desk: Arc::clone(self), number };
        let own = socket.clone();
        let thread =
            thread::Builder::new().name(format!("origin-{number}")).stack_size(STACK).spawn(move || {
                let _leave = leave;
                serve(number, own);
            });
        // Without a thread the connection just closes.
        if let Ok(thread) = thread {
            guests.insert(number, Guest { socket, thread });
        }
    }
}

/// Listens until it is dropped, and no longer.
struct Door(TcpListener);

impl Drop for Door {
    fn drop(&mut self) {
        // A program that is being started at this moment has a copy of the listener until it runs: closing alone
        // would leave it listening. Where listeners can't be shut down they are just closed.
        let _ = SockRef::from(&self.0).shutdown(Shutdown::Both);
    }
}

/// Takes a connection off the list when its thread is done, even by a panic.
struct Leave {
    desk: Arc<Desk>,
    number: usize,
}

impl Drop for Leave {
    fn drop(&mut self) {
        lock(&self.desk.guests).remove(&self.number);
    }
}
