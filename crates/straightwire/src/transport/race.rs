//! Connecting to the one of several addresses that answers first (RFC 8305).

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

#[cfg(unix)]
use rustix::io::{Errno, ioctl_fionbio};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use crate::tap::Event;
use crate::watchers::{Watchers, told};

/// How a TCP connection is made.
pub(crate) struct Dialling<'a> {
    pub(crate) source: Option<SocketAddr>,
    pub(crate) interface: Option<&'a str>,
    /// When it must be there.
    pub(crate) until: Option<std::time::Instant>,
    /// Asked now and then; an error ends it.
    pub(crate) check: Option<&'a dyn Fn() -> io::Result<()>>,
}

/// How long an attempt has before the next one begins beside it (RFC 8305 section 5).
#[cfg(unix)]
const STAGGER: Duration = Duration::from_millis(250);

/// How often `check` is asked.
#[cfg(unix)]
const LOOK: Duration = Duration::from_millis(20);

/// The addresses in the order of RFC 8305 section 4: the families take turns, the first one's first.
pub(crate) fn interleaved(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let Some(first) = addresses.first() else { return Vec::new() };
    let (mut same, mut other) = (Vec::new(), Vec::new());
    for &address in addresses {
        let family = if address.is_ipv4() == first.is_ipv4() { &mut same } else { &mut other };
        if !family.contains(&address) {
            family.push(address);
        }
    }
    let mut order = Vec::with_capacity(addresses.len());
    let mut other = other.into_iter();
    for address in same {
        order.push(address);
        order.extend(other.next());
    }
    order.extend(other);
    order
}

/// A socket fit for this address, bound as asked.
fn socket(address: SocketAddr, dialling: &Dialling<'_>) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if let Some(interface) = dialling.interface {
        bind_to_interface(&socket, interface)?;
    }
    if let Some(source) = dialling.source {
        // Attempts side by side come from the same port, where one is named.
        #[cfg(unix)]
        socket.set_reuse_address(source.port() != 0)?;
        socket.bind(&SockAddr::from(source))?;
    }
    Ok(socket)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn bind_to_interface(socket: &Socket, interface: &str) -> io::Result<()> {
    socket.bind_device(Some(interface.as_bytes()))
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn bind_to_interface(_: &Socket, interface: &str) -> io::Result<()> {
    let message = format!("connecting through interface {interface} takes Linux");
    Err(io::Error::new(io::ErrorKind::Unsupported, message))
}

fn connected(socket: Socket) -> io::Result<TcpStream> {
    socket.set_tcp_nodelay(true)?;
    Ok(TcpStream::from(socket))
}

/// Connects to the first address that lets us, each beginning a while after the one before, or as soon as
/// that has failed; all others are closed. Else gives why each failed.
#[cfg(unix)]
pub(crate) fn race(
    addresses: &[SocketAddr],
    dialling: &Dialling<'_>,
    tap: &mut Option<Box<Watchers>>,
) -> Result<TcpStream, Vec<(SocketAddr, io::Error)>> {
    let is_alone = addresses.len() == 1 && dialling.until.is_none() && dialling.check.is_none();
    Race { dialling, tap, is_alone, running: Vec::new(), failed: Vec::new() }.run(addresses)
}

#[cfg(unix)]
struct Race<'a> {
    dialling: &'a Dialling<'a>,
    tap: &'a mut Option<Box<Watchers>>,
    /// Nothing else is to be done while the system connects: it may wait itself, which is cheaper.
    is_alone: bool,
    running: Vec<(SocketAddr, Socket)>,
    failed: Vec<(SocketAddr, io::Error)>,
}

#[cfg(unix)]
impl Race<'_> {
    fn run(mut self, addresses: &[SocketAddr]) -> Result<TcpStream, Vec<(SocketAddr, io::Error)>> {
        use std::time::Instant;

        let mut waiting = addresses.iter();
        let mut next_at = Instant::now();
        loop {
            while (self.running.is_empty() || next_at <= Instant::now())
                && let Some(&address) = waiting.next()
            {
                match self.begin(address) {
                    Ok(None) => next_at = Instant::now() + STAGGER,
                    Ok(Some(stream)) => return Ok(stream),
                    Err(err) => self.fail(address, err),
                }
            }
            if self.running.is_empty() {
                return Err(self.failed);
            }
            let wait = match self.wait(waiting.as_slice().first().map(|_| next_at)) {
                Ok(wait) => wait,
                Err(err) => return Err(self.given_up(err)),
            };
            let running = self.running.len();
            match self.collect(wait) {
                Ok(Some(stream)) => return Ok(stream),
                // One has failed: its turn goes to the next.
                Ok(None) if self.running.len() < running => next_at = Instant::now(),
                Ok(None) => {}
                Err(err) => return Err(self.given_up(err)),
            }
        }
    }

    /// Begins to connect; the stream, if that needs no waiting, or nobody wants anything else done meanwhile.
    fn begin(&mut self, address: SocketAddr) -> io::Result<Option<TcpStream>> {
        told(self.tap, Event::Trying(address));
        let socket = socket(address, self.dialling)?;
        if !self.is_alone {
            ioctl_fionbio(&socket, true)?;
        }
        match socket.connect(&SockAddr::from(address)) {
            Ok(()) => self.won(socket).map(Some),
            // A signal handler that ran ends the wait, not the attempt.
            Err(err)
                if [Some(Errno::INPROGRESS), Some(Errno::INTR)].contains(&Errno::from_io_error(&err)) =>
            {
                self.running.push((address, socket));
                Ok(None)
            }
            Err(err) => Err(err),
        }
    }

    /// How long may be waited now.
    fn wait(&self, next_at: Option<std::time::Instant>) -> io::Result<Option<Duration>> {
        let mut wait = None;
        if let Some(check) = self.dialling.check {
            check()?;
            wait = Some(LOOK);
        }
        if let Some(until) = self.dialling.until {
            let left = super::time_left(until)?;
            wait = Some(wait.map_or(left, |wait: Duration| wait.min(left)));
        }
        if let Some(next_at) = next_at {
            let left = next_at.saturating_duration_since(std::time::Instant::now());
            wait = Some(wait.map_or(left, |wait| wait.min(left)));
        }
        Ok(wait)
    }

    /// Waits for an attempt to end, at most so long; the stream, if one got through.
    fn collect(&mut self, wait: Option<Duration>) -> io::Result<Option<TcpStream>> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};

        let ended: Vec<bool> = {
            let mut polled: Vec<_> =
                self.running.iter().map(|(_, socket)| PollFd::new(socket, PollFlags::OUT)).collect();
            let wait = wait.and_then(|wait| Timespec::try_from(wait).ok());
            match poll(&mut polled, wait.as_ref()) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(err) => return Err(err.into()),
            }
            polled.iter().map(|polled| !polled.revents().is_empty()).collect()
        };
        for index in (0..ended.len()).rev().filter(|&index| ended[index]) {
            let (address, socket) = self.running.remove(index);
            match socket.take_error() {
                Ok(None) => return self.won(socket).map(Some),
                Ok(Some(err)) | Err(err) => self.fail(address, err),
            }
        }
        Ok(None)
    }

    fn fail(&mut self, address: SocketAddr, err: io::Error) {
        told(self.tap, Event::Unreachable(address, &err));
        self.failed.push((address, err));
    }

    fn won(&self, socket: Socket) -> io::Result<TcpStream> {
        if !self.is_alone {
            ioctl_fionbio(&socket, false)?;
        }
        connected(socket)
    }

    /// Why each attempt failed; those under way, because of `err`.
    fn given_up(mut self, err: io::Error) -> Vec<(SocketAddr, io::Error)> {
        let Some((last, _)) = self.running.pop() else { return self.failed };
        let kind = err.kind();
        let running = std::mem::take(&mut self.running);
        self.failed.extend(running.into_iter().map(|(address, _)| (address, kind.into())));
        self.failed.push((last, err));
        self.failed
    }
}

/// Connects to the first address that lets us, one after the other, dividing the time among them.
#[cfg(not(unix))]
pub(crate) fn race(
    addresses: &[SocketAddr],
    dialling: &Dialling<'_>,
    tap: &mut Option<Box<Watchers>>,
) -> Result<TcpStream, Vec<(SocketAddr, io::Error)>> {
    let mut failed = Vec::new();
    for (index, &address) in addresses.iter().enumerate() {
        let connect = || {
            if let Some(check) = dialling.check {
                check()?;
            }
            let socket = socket(address, dialling)?;
            match dialling.until {
                None => socket.connect(&SockAddr::from(address))?,
                Some(until) => {
                    let share: Duration = super::time_left(until)? / (addresses.len() - index) as u32;
                    socket.connect_timeout(&SockAddr::from(address), share)?;
                }
            }
            connected(socket)
        };
        told(tap, Event::Trying(address));
        match connect() {
            Ok(stream) => return Ok(stream),
            Err(err) => {
                told(tap, Event::Unreachable(address, &err));
                failed.push((address, err));
            }
        }
    }
    Err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns_and_none_comes_twice() {
        let of = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<SocketAddr>>();
        let given = of(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "[::1]:1", "1.1.1.2:1"]);
        let order = of(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "1.1.1.2:1", "[::3]:1"]);
        assert_eq!(interleaved(&given), order);
        assert_eq!(interleaved(&of(&["1.1.1.1:1", "1.1.1.2:1"])), of(&["1.1.1.1:1", "1.1.1.2:1"]));
        assert_eq!(interleaved(&[]), []);
    }
}
