//! Waiting for a socket, beside whoever uses it.

use std::io;
use std::time::Instant;

use super::{Ready, Transport};

/// Waits for the socket below a stream, without the stream.
#[cfg(unix)]
#[derive(Debug)]
pub(crate) struct Poller(std::os::fd::OwnedFd);

#[cfg(unix)]
impl Poller {
    pub(crate) fn of(stream: &dyn Transport) -> io::Result<Poller> {
        let Some(fd) = stream.fd() else { return Err(io::ErrorKind::Unsupported.into()) };
        Ok(Poller(fd.try_clone_to_owned()?))
    }

    /// Neither way where the time had come, or a signal.
    pub(crate) fn wait(&self, wanted: Ready, end: Option<Instant>) -> io::Result<Ready> {
        poll_for(&self.0, wanted, end)
    }
}

/// Neither way where the time had come, or a signal.
#[cfg(unix)]
pub(super) fn poll_for(fd: impl std::os::fd::AsFd, wanted: Ready, end: Option<Instant>) -> io::Result<Ready> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::io::Errno;
    let mut flags = PollFlags::empty();
    flags.set(PollFlags::IN, wanted.to_read);
    flags.set(PollFlags::OUT, wanted.to_write);
    let mut polled = [PollFd::new(&fd, flags)];
    let left = end.map(|end| end.saturating_duration_since(Instant::now()));
    match poll(&mut polled, left.and_then(|left| Timespec::try_from(left).ok()).as_ref()) {
        Ok(_) | Err(Errno::INTR) => {}
        Err(err) => return Err(err.into()),
    }
    // What is broken waits neither way.
    let is = |flag| polled[0].revents().intersects(flag | PollFlags::ERR | PollFlags::HUP);
    Ok(Ready {
        to_read: wanted.to_read && is(PollFlags::IN),
        to_write: wanted.to_write && is(PollFlags::OUT),
    })
}

/// There is none.
#[cfg(not(unix))]
#[derive(Debug)]
pub(crate) enum Poller {}

#[cfg(not(unix))]
impl Poller {
    pub(crate) fn of(_: &dyn Transport) -> io::Result<Poller> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn wait(&self, _: Ready, _: Option<Instant>) -> io::Result<Ready> {
        match *self {}
    }
}
