//! A server without a network, which answers with what it was given.

use std::collections::VecDeque;
use std::io::{self, IoSlice, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use straightwire::transport::{Readiness, Ready, Target, Transport};
use straightwire::{ConnectionBuilder, HttpConnection};

/// What a server sends, answer by answer.
///
/// Answers are parted by `%%k`, `%%c` and `%%r`: each comes once something was sent after the one before was taken.
/// After a `k` the connection is kept and silent, after a `c` it is closed, after an `r` reset, and at the end
/// closed. A new connection goes on with the next answer.
#[derive(Clone, Debug)]
pub struct Script(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    answers: VecDeque<(Vec<u8>, End)>,
    /// The most that a read gives.
    cut: usize,
    /// How much can be written until there is a wait; `None` where nothing can be written without waiting.
    room: Option<usize>,
    steps: usize,
    most_steps: usize,
    /// Bytes of an answer that nobody has taken.
    left: usize,
    is_kept: bool,
    connections: usize,
    sent: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Kept,
    Closed,
    Reset,
}

impl Script {
    /// What `wire` says, in reads of at most `cut` bytes.
    pub fn new(wire: &[u8], cut: usize, room: Option<usize>) -> Script {
        let (mut answers, mut rest) = (VecDeque::new(), wire);
        let ends = [(b"%%k", End::Kept), (b"%%c", End::Closed), (b"%%r", End::Reset)];
        let end_of = |window: &[u8]| ends.iter().find(|(mark, _)| *mark == window).map(|(_, end)| *end);
        while let Some((at, end)) =
            rest.windows(3).enumerate().find_map(|(at, window)| Some((at, end_of(window)?)))
        {
            answers.push_back((rest[..at].to_vec(), end));
            rest = &rest[at + 3..];
        }
        answers.push_back((rest.to_vec(), End::Closed));
        let most_steps = 10_000 + 16 * wire.len();
        let (steps, left, is_kept, connections, sent) = (0, 0, true, 0, Vec::new());
        let cut = cut.max(1);
        Script(Arc::new(Mutex::new(Inner {
            answers,
            cut,
            room,
            steps,
            most_steps,
            left,
            is_kept,
            connections,
            sent,
        })))
    }

    /// Connections to this server.
    pub fn builder(&self) -> ConnectionBuilder<HttpConnection> {
        let script = self.clone();
        HttpConnection::builder("a.test").expect_timeout(Duration::from_nanos(1)).connect_with(
            move |_: &Target<'_>| {
                let mut inner = script.step();
                inner.connections += 1;
                (inner.left, inner.is_kept) = (0, true);
                let room = inner.room.unwrap_or(0);
                let stream = Stream { script: script.clone(), here: VecDeque::new(), end: None, room };
                Ok(Box::new(stream) as Box<dyn Transport>)
            },
        )
    }

    /// Whether the open connection has taken all that came, and nothing is to come unasked, not even an end: what
    /// does may be noticed before the next request or after it.
    pub fn is_settled(&self) -> bool {
        let inner = self.step();
        inner.left == 0 && inner.is_kept
    }

    /// Connections made so far.
    pub fn connections(&self) -> usize {
        self.step().connections
    }

    /// All that was sent, each byte a character.
    pub fn sent(&self) -> String {
        self.step().sent.iter().map(|&byte| char::from(byte)).collect()
    }

    /// Whoever takes many steps goes round in circles.
    fn step(&self) -> MutexGuard<'_, Inner> {
        let mut inner = self.0.lock().unwrap();
        inner.steps += 1;
        assert!(inner.steps < inner.most_steps, "no end");
        inner
    }
}

/// One connection.
#[derive(Debug)]
struct Stream {
    script: Script,
    here: VecDeque<u8>,
    /// What comes after it.
    end: Option<End>,
    room: usize,
}

impl Stream {
    fn take(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let len = bytes.len();
        let mut inner = self.script.step();
        inner.most_steps += 16 + len;
        inner.sent.extend_from_slice(bytes);
        if !self.here.is_empty() {
            return Ok(len);
        }
        match self.end {
            None | Some(End::Kept) => {
                let (bytes, end) = inner.answers.pop_front().unwrap_or((Vec::new(), End::Closed));
                (inner.left, inner.is_kept) = (bytes.len(), end == End::Kept);
                (self.here, self.end) = (bytes.into(), Some(end));
                Ok(len)
            }
            Some(End::Closed) => Ok(len),
            Some(End::Reset) => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut inner = self.script.step();
        match self.end {
            _ if !self.here.is_empty() => {
                let cut = buf.len().min(inner.cut);
                let len = self.here.read(&mut buf[..cut])?;
                inner.left -= len;
                Ok(len)
            }
            None | Some(End::Kept) => Err(io::ErrorKind::TimedOut.into()),
            Some(End::Closed) => Ok(0),
            Some(End::Reset) => Err(io::ErrorKind::ConnectionReset.into()),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.take(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Transport for Stream {
    fn set_timeouts(&mut self, _: Option<Duration>, _: Option<Instant>) -> io::Result<()> {
        Ok(())
    }

    fn readiness(&mut self) -> Readiness {
        drop(self.script.step());
        match self.end {
            _ if !self.here.is_empty() => Readiness::Data,
            None | Some(End::Kept) => Readiness::Quiet,
            Some(End::Closed | End::Reset) => Readiness::Ended,
        }
    }

    fn write_now(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let Some(whole) = self.script.step().room else { return Err(io::ErrorKind::Unsupported.into()) };
        let Some(wanted) = bufs.iter().find(|buf| !buf.is_empty()) else { return Ok(0) };
        if self.room == 0 && whole > 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let len = if whole == 0 { wanted.len() } else { wanted.len().min(self.room) };
        self.room = self.room.saturating_sub(len);
        self.take(&wanted[..len])
    }

    /// Time passes when nothing else does.
    fn wait(&mut self, wanted: Ready, until: Option<Instant>) -> io::Result<Ready> {
        let Some(whole) = self.script.step().room else { return Err(io::ErrorKind::Unsupported.into()) };
        let to_read = wanted.to_read && self.readiness() != Readiness::Quiet;
        if wanted.to_write && self.room == 0 && self.here.is_empty() {
            self.room = whole;
        }
        let to_write = wanted.to_write && (self.room > 0 || whole == 0);
        if !to_read && !to_write && until.is_none() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(Ready { to_read, to_write })
    }
}
