//! Sockets of the operating system: TCP and Unix.

#[cfg(target_os = "linux")]
use std::fs::File;
use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

#[cfg(unix)]
use super::poller::poll_for;
#[cfg(target_os = "linux")]
use super::sendfile;
use super::{Interrupt, Readiness, Ready, Transport, deadline_passed, time_left};

/// How much later than asked a wait may end, so that the system need not be told of a deadline before each.
const SLACK: Duration = Duration::from_millis(2);

/// How much is read at a time where there is a deadline to be looked at in between.
const READ_AT_A_TIME: u64 = 64 * 1024;

/// A connected stream socket: TCP, or a Unix socket.
///
/// Waits end where [`set_timeouts`](Transport::set_timeouts) says, by the socket's own timeouts.
#[derive(Debug)]
pub struct Socket {
    /// The standard library's type does for Unix sockets too: its calls are those of any stream socket.
    stream: Arc<TcpStream>,
    each: Option<Duration>,
    until: Option<Instant>,
    /// The timeout that the system knows of.
    armed: Option<Duration>,
}

impl From<TcpStream> for Socket {
    fn from(stream: TcpStream) -> Socket {
        Socket { stream: Arc::new(stream), each: None, until: None, armed: None }
    }
}

#[cfg(unix)]
impl From<std::os::unix::net::UnixStream> for Socket {
    fn from(stream: std::os::unix::net::UnixStream) -> Socket {
        Socket::from(TcpStream::from(std::os::fd::OwnedFd::from(stream)))
    }
}

impl Socket {
    fn arm(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        if self.armed != timeout {
            self.stream.set_read_timeout(timeout)?;
            self.stream.set_write_timeout(timeout)?;
            self.armed = timeout;
        }
        Ok(())
    }

    /// Makes the next wait end at the deadline, if that is sooner than its timeout.
    #[cold]
    fn arm_for(&mut self, until: Instant) -> io::Result<()> {
        let left = time_left(until)?;
        let wanted = self.each.map_or(left, |each| each.min(left));
        match self.armed {
            Some(armed) if armed >= wanted && armed <= wanted + SLACK => Ok(()),
            _ => self.arm(Some(wanted)),
        }
    }

    /// Makes a call that may wait; again, where only a signal handler ended it (as Python since PEP 475).
    fn wait_for<T>(&mut self, mut call: impl FnMut(&TcpStream) -> io::Result<T>) -> io::Result<T> {
        loop {
            if let Some(until) = self.until {
                self.arm_for(until)?;
            }
            match call(&self.stream) {
                Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
                Err(err) if err.kind() == io::ErrorKind::WouldBlock && self.is_late() => {
                    return Err(deadline_passed());
                }
                done => return done,
            }
        }
    }

    #[cold]
    fn is_late(&self) -> bool {
        self.until.is_some_and(|until| until <= Instant::now() + SLACK)
    }
}

impl Read for Socket {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.wait_for(|mut stream| stream.read(buf))
    }
}

impl Write for Socket {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.wait_for(|mut stream| stream.write(buf))
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.wait_for(|mut stream| stream.write_vectored(bufs))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Transport for Socket {
    fn set_timeouts(&mut self, each: Option<Duration>, until: Option<Instant>) -> io::Result<()> {
        (self.each, self.until) = (each, until);
        if until.is_none() { self.arm(each) } else { Ok(()) }
    }

    fn readiness(&mut self) -> Readiness {
        match peek_now(&self.stream) {
            Ok(0) => Readiness::Ended,
            Ok(_) => Readiness::Data,
            Err(err) if err.kind() == io::ErrorKind::WouldBlock => Readiness::Quiet,
            Err(_) => Readiness::Ended,
        }
    }

    #[cfg(unix)]
    fn write_now(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Ok(0);
        }
        loop {
            match send_now(&self.stream, bufs) {
                Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
                done => return done,
            }
        }
    }

    #[cfg(unix)]
    fn wait(&mut self, wanted: Ready, until: Option<Instant>) -> io::Result<Ready> {
        let begun = Instant::now();
        let timeout = self.each.and_then(|each| begun.checked_add(each));
        let end = [until, timeout, self.until].into_iter().flatten().min();
        loop {
            let ready = poll_for(&*self.stream, wanted, end)?;
            if ready != Ready::NEITHER {
                return Ok(ready);
            }
            let now = Instant::now();
            let has_come = |end: Option<Instant>| end.is_some_and(|end| end <= now);
            if has_come(self.until) {
                return Err(deadline_passed());
            }
            if has_come(until) {
                return Ok(Ready::NEITHER);
            }
            if has_come(timeout) {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
    }

    fn read_onto(&mut self, limit: u64, out: &mut Vec<u8>) -> io::Result<usize> {
        if self.until.is_none() {
            // The standard library reads into the vector's spare room without clearing it first.
            return (&*self.stream).take(limit).read_to_end(out);
        }
        let before = out.len();
        let mut left = limit;
        // A read into no room at all would wait like any other.
        while left > 0 {
            let here = out.len();
            out.resize(here + READ_AT_A_TIME.min(left) as usize, 0);
            let read = self.read(&mut out[here..]);
            out.truncate(here + read.as_ref().map_or(0, |&len| len));
            match read? {
                0 => break,
                len => left -= len as u64,
            }
        }
        Ok(out.len() - before)
    }

    #[cfg(target_os = "linux")]
    fn send_file(&mut self, file: &File, len: u64) -> Option<io::Result<u64>> {
        if let Some(Err(err)) = self.until.map(time_left) {
            return Some(Err(err));
        }
        sendfile::send_now(&self.stream, file, len).transpose()
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        match self.stream.shutdown(Shutdown::Write) {
            // Both directions have ended since, by the peer or by a reset, which reading tells.
            Err(err) if err.kind() == io::ErrorKind::NotConnected => Ok(()),
            ended => ended,
        }
    }

    fn addresses(&self) -> Option<(SocketAddr, SocketAddr)> {
        Some((self.stream.local_addr().ok()?, self.stream.peer_addr().ok()?))
    }

    fn interrupter(&self) -> Option<Arc<dyn Interrupt>> {
        Some(Arc::<TcpStream>::clone(&self.stream))
    }

    #[cfg(unix)]
    fn fd(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        Some(std::os::fd::AsFd::as_fd(&*self.stream))
    }
}

impl Interrupt for TcpStream {
    fn interrupt(&self) {
        // One that is not connected any more has nobody waiting on it.
        let _ = self.shutdown(Shutdown::Both);
    }
}

#[cfg(unix)]
fn peek_now(stream: &TcpStream) -> io::Result<usize> {
    use rustix::net::{RecvFlags, recv};
    let mut byte = [0u8];
    let (len, _) = recv(stream, &mut byte, RecvFlags::PEEK | RecvFlags::DONTWAIT)?;
    Ok(len)
}

#[cfg(unix)]
fn send_now(stream: &TcpStream, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
    use rustix::net::{SendAncillaryBuffer, SendFlags, sendmsg};
    let flags = SendFlags::DONTWAIT;
    // Elsewhere the socket itself was told to raise no signal.
    #[cfg(not(target_vendor = "apple"))]
    let flags = flags | SendFlags::NOSIGNAL;
    Ok(sendmsg(stream, bufs, &mut SendAncillaryBuffer::default(), flags)?)
}

#[cfg(not(unix))]
fn peek_now(stream: &TcpStream) -> io::Result<usize> {
    stream.set_nonblocking(true)?;
    let peeked = stream.peek(&mut [0u8]);
    stream.set_nonblocking(false)?;
    peeked
}
