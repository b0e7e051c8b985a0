//! A stream after a change of protocol, read by one thread and written by another.

use std::fmt;
use std::io::{self, IoSlice, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::transport::{Poller, Ready, Transport, deadline_passed};
use crate::upgraded::Upgraded;

impl Upgraded {
    /// Parts it into a half that reads and one that writes, for a thread each. The bytes that were read too
    /// early are the first to be read.
    ///
    /// Any stream over a socket can be parted, TLS and tunnels in between included. Both halves hold one
    /// lock while they use the stream, which TLS needs since each side of it may have to speak for the other;
    /// neither holds it while it waits, so they don't wait for each other. The timeout is that of each half by
    /// itself. The connection's [`Canceller`](crate::Canceller) ends what waits in either. The stream is closed when
    /// both are dropped; to end writing before that, see [`UpgradedWriter::shutdown`].
    ///
    /// ```
    /// use std::io::{Read, Write};
    /// use std::thread;
    /// use straightwire::HttpConnection;
    /// # let origin = origin::Origin::start()?;
    ///
    /// let mut conn = HttpConnection::new(&origin.host_port())?;
    /// conn.request("GET", "/upgrade", (), &[("Connection", "Upgrade"), ("Upgrade", "echo")])?;
    /// let (mut reader, mut writer) = conn.get_response()?.into_upgraded()?.split()?;
    /// let writing = thread::spawn(move || {
    ///     writer.write_all(b"spam and eggs")?;
    ///     writer.shutdown()
    /// });
    /// let mut echo = String::new();
    /// reader.read_to_string(&mut echo)?;
    /// assert_eq!(echo, "spam and eggs");
    /// writing.join().unwrap()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`NotSplit`], which has the stream, where that is no socket's: it must have a
    /// [file descriptor](Transport::fd) and be able to [wait](Transport::wait) and to
    /// [write without waiting](Transport::write_now). On other systems than Unix none is.
    pub fn split(mut self) -> Result<(UpgradedReader, UpgradedWriter), NotSplit> {
        let waits = self.waits;
        match self.prepare_to_split() {
            Err(why) => Err(NotSplit { why, stream: self }),
            Ok(poller) => {
                let shared = Arc::new(Shared { stream: Mutex::new(self), poller });
                let reader = UpgradedReader { shared: Arc::clone(&shared), waits };
                Ok((reader, UpgradedWriter { shared, waits }))
            }
        }
    }

    fn prepare_to_split(&mut self) -> io::Result<Poller> {
        let poller = Poller::of(self)?;
        self.wait(Ready::READ, Some(Instant::now()))?;
        match self.write_now(&[]) {
            Err(err) if err.kind() != io::ErrorKind::WouldBlock => return Err(err),
            _ => {}
        }
        // Each half looks after its own.
        self.set_timeouts(self.waits.each, None)?;
        Ok(poller)
    }
}

/// Why a stream can't be parted, and the stream, as it was: see [`Upgraded::split`].
#[derive(Debug)]
pub struct NotSplit {
    why: io::Error,
    stream: Upgraded,
}

impl NotSplit {
    /// The error and the stream.
    pub fn into_parts(self) -> (io::Error, Upgraded) {
        (self.why, self.stream)
    }
}

impl fmt::Display for NotSplit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the stream can't be read by one thread and written by another: {}", self.why)
    }
}

impl std::error::Error for NotSplit {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.why)
    }
}

impl From<NotSplit> for io::Error {
    fn from(err: NotSplit) -> io::Error {
        err.why
    }
}

/// The half of a stream that reads: see [`Upgraded::split`].
pub struct UpgradedReader {
    shared: Arc<Shared>,
    waits: Waits,
}

/// The half of a stream that writes: see [`Upgraded::split`].
pub struct UpgradedWriter {
    shared: Arc<Shared>,
    waits: Waits,
}

impl UpgradedReader {
    /// How long each read may wait, and when all of them must be over.
    pub fn set_timeouts(&mut self, each: Option<Duration>, until: Option<Instant>) {
        self.waits = Waits { each, until };
    }
}

impl UpgradedWriter {
    /// How long each write may wait, and when all of them must be over.
    pub fn set_timeouts(&mut self, each: Option<Duration>, until: Option<Instant>) {
        self.waits = Waits { each, until };
    }

    /// Says that nothing more will be written: see [`Transport::shutdown_write`].
    ///
    /// # Errors
    /// As writing.
    pub fn shutdown(&mut self) -> io::Result<()> {
        self.flush()?;
        let wait = self.waits.begin();
        loop {
            {
                // With room for it, it is written without waiting.
                let mut stream = self.shared.lock();
                if stream.wait(Ready::WRITE, Some(Instant::now()))?.to_write {
                    return stream.shutdown_write();
                }
            }
            wait.until(&self.shared.poller, Ready::WRITE)?;
        }
    }

    /// Does what doesn't wait by itself, as soon as it needn't.
    fn when_writable<T>(&self, mut call: impl FnMut(&mut Upgraded) -> io::Result<T>) -> io::Result<T> {
        let wait = self.waits.begin();
        loop {
            let done = call(&mut self.shared.lock());
            match done {
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => {
                    wait.until(&self.shared.poller, Ready::WRITE)?;
                }
                done => return done,
            }
        }
    }
}

impl Read for UpgradedReader {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let wait = self.waits.begin();
        loop {
            {
                let mut stream = self.shared.lock();
                if buf.is_empty() || stream.wait(Ready::READ, Some(Instant::now()))?.to_read {
                    return stream.read(buf);
                }
            }
            wait.until(&self.shared.poller, Ready::READ)?;
        }
    }
}

impl Write for UpgradedWriter {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(buf)])
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let len = self.when_writable(|stream| stream.write_now(bufs))?;
        // TLS may keep some of it. It was taken all the same: if it doesn't go, the next call tells.
        let _ = self.flush();
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.when_writable(|stream| stream.write_now(&[])).map(drop)
    }
}

/// What both halves use.
struct Shared {
    stream: Mutex<Upgraded>,
    poller: Poller,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Upgraded> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long a stream, or half of one, may wait.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Waits {
    pub(crate) each: Option<Duration>,
    pub(crate) until: Option<Instant>,
}

impl Waits {
    fn begin(self) -> Wait {
        Wait { timeout: self.each.and_then(|each| Instant::now().checked_add(each)), until: self.until }
    }
}

/// One of them, with the moments at which it is over.
struct Wait {
    timeout: Option<Instant>,
    until: Option<Instant>,
}

impl Wait {
    /// Waits until then.
    fn until(&self, poller: &Poller, wanted: Ready) -> io::Result<()> {
        let end = [self.timeout, self.until].into_iter().flatten().min();
        let is_ready = poller.wait(wanted, end)? != Ready::default();
        let has_come = |end: Option<Instant>| end.is_some_and(|end| end <= Instant::now());
        if is_ready {
            Ok(())
        } else if has_come(self.until) {
            Err(deadline_passed())
        } else if has_come(self.timeout) {
            Err(io::ErrorKind::TimedOut.into())
        } else {
            Ok(())
        }
    }
}

impl fmt::Debug for UpgradedReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UpgradedReader").field(&*self.shared.lock()).finish()
    }
}

impl fmt::Debug for UpgradedWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UpgradedWriter").field(&*self.shared.lock()).finish()
    }
}
