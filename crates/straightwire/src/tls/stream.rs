//! A stream within a TLS connection over another stream.

use std::fmt;
use std::io::{self, IoSlice, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::TlsSession;
use super::ends::{Truncated, has_gone, no_handshake};
use super::engine::{Engine, FRAGMENT, Taken};
use crate::buffer::ReceiveBuffer;
use crate::error::{Error, Phase, Result};
use crate::transport::{Interrupt, Readiness, Ready, Transport};

/// How much plaintext becomes records at a time.
const WRITTEN_AT_A_TIME: usize = 4 * FRAGMENT;

/// How long taking leave of the peer may take.
const GOODBYE: Duration = Duration::from_millis(100);

/// What a peer may send that is nothing to be read, before it counts as something.
const IDLE_ROUNDS: usize = 16;

/// The plain side of a TLS connection.
pub(super) struct TlsStream {
    engine: Engine,
    stream: Box<dyn Transport>,
    session: TlsSession,
    /// Records that arrived.
    input: ReceiveBuffer,
    /// Records to be sent; the first so many bytes of them have been.
    out: Vec<u8>,
    sent: usize,
    /// Plaintext that has been taken out of its record and not been read yet.
    plain: Plain,
    /// Small pieces that are to be one record.
    gathered: Vec<u8>,
    state: State,
    /// What broke it, until that is told.
    failure: Option<Error>,
    /// We have said that we send no more.
    has_ended: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// The peer has said that it sends no more.
    Ended,
    Broken,
}

/// Plaintext waiting to be read.
#[derive(Default)]
struct Plain {
    bytes: Vec<u8>,
    start: usize,
}

impl Plain {
    fn is_empty(&self) -> bool {
        self.start == self.bytes.len()
    }

    fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Takes at most `most` bytes out.
    fn take(&mut self, most: usize) -> &[u8] {
        let start = self.start;
        self.start += most.min(self.bytes.len() - start);
        &self.bytes[start..self.start]
    }

    /// Forgets what was taken out.
    fn tidy(&mut self) {
        if self.is_empty() {
            self.bytes.clear();
            self.start = 0;
        }
    }
}

impl TlsStream {
    /// Shakes hands.
    pub(super) fn open(engine: Engine, stream: Box<dyn Transport>, name: &str) -> Result<TlsStream> {
        let mut tls = TlsStream {
            session: engine.session(),
            engine,
            stream,
            input: ReceiveBuffer::default(),
            out: Vec::new(),
            sent: 0,
            plain: Plain::default(),
            gathered: Vec::new(),
            state: State::Open,
            failure: None,
            has_ended: false,
        };
        let doing = format!("agreeing on TLS with {name}");
        loop {
            let plain = &mut tls.plain;
            let taken = tls.engine.take_in(&mut tls.input, &mut tls.out, &mut |bytes| {
                plain.push(bytes);
                true
            });
            // A failure is told to the peer too, if it still listens.
            let sent = tls.send_out();
            match taken.map_err(|err| err.in_phase(Phase::Tls))? {
                Taken::All | Taken::Enough => {
                    // A peer that went away may have said why: reading tells.
                    sent.or_else(|err| if has_gone(&err) { Ok(()) } else { Err(err) })
                        .map_err(|err| Error::io(Phase::Tls, &doing, err))?;
                    break;
                }
                Taken::NeedsMore => {}
                Taken::Closed => return Err(no_handshake(name)),
            }
            sent.map_err(|err| Error::io(Phase::Tls, &doing, err))?;
            match tls.input.fill(&mut *tls.stream) {
                Ok((0, _)) => return Err(no_handshake(name)),
                Ok(_) => {}
                Err(err) if err.kind() == io::ErrorKind::UnexpectedEof => return Err(no_handshake(name)),
                Err(err) => return Err(Error::io(Phase::Tls, &doing, err)),
            }
        }
        tls.session = tls.engine.session();
        Ok(tls)
    }

    fn send_out(&mut self) -> io::Result<()> {
        if self.out.is_empty() {
            return Ok(());
        }
        let sent = self.stream.write_all(&self.out[self.sent..]).and_then(|()| self.stream.flush());
        self.forget_sent();
        sent.inspect_err(|_| self.write_no_more())
    }

    /// Sends what goes without waiting, and keeps the rest; `WouldBlock` if there is some.
    fn send_out_now(&mut self) -> io::Result<()> {
        while self.sent < self.out.len() {
            match self.stream.write_now(&[IoSlice::new(&self.out[self.sent..])]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(len) => self.sent += len,
                Err(err) => {
                    if !matches!(err.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Unsupported) {
                        // It will never go, and must not keep us from reading what came before.
                        self.forget_sent();
                        self.write_no_more();
                    }
                    return Err(err);
                }
            }
        }
        self.forget_sent();
        // Below may be TLS again.
        self.stream.write_now(&[]).map(drop)
    }

    /// Sends what reading has to say (a new key, an alert), which nobody waits for: a peer that takes nothing
    /// while it answers must not keep us from hearing it.
    fn send_aside(&mut self) -> io::Result<()> {
        if self.out.is_empty() {
            return Ok(());
        }
        match self.send_out_now() {
            Err(err) if err.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Err(err) if err.kind() == io::ErrorKind::Unsupported => self.send_out(),
            sent => sent,
        }
    }

    fn forget_sent(&mut self) {
        self.out.clear();
        self.sent = 0;
    }

    /// Half a record may be out, and whatever came behind it would be taken for the rest of it.
    fn write_no_more(&mut self) {
        self.has_ended = true;
    }

    /// Puts plaintext behind `out` as records; how much of it that was.
    fn encrypt(&mut self, buf: &[u8]) -> usize {
        let len = buf.len().min(WRITTEN_AT_A_TIME);
        let plain = &mut self.plain;
        let taken = self.engine.encrypt(&buf[..len], &mut self.input, &mut self.out, &mut |bytes| {
            plain.push(bytes);
            true
        });
        self.note_taken(taken);
        len
    }

    /// Says that no more will be sent, unless it was said.
    fn end_writing(&mut self) {
        if !std::mem::replace(&mut self.has_ended, true) {
            let plain = &mut self.plain;
            let taken = self.engine.say_goodbye(&mut self.input, &mut self.out, &mut |bytes| {
                plain.push(bytes);
                true
            });
            self.note_taken(taken);
        }
    }

    /// What has arrived was taken in, by the way.
    fn note_taken(&mut self, taken: Result<Taken>) {
        match taken {
            Ok(Taken::Closed) => self.state = State::Ended,
            Ok(_) => {}
            Err(err) => self.broken_by(err),
        }
    }

    fn check_may_write(&self) -> io::Result<()> {
        if self.has_ended { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(()) }
    }

    /// What there is to be read of the records that are here.
    fn arrived(&mut self) -> Readiness {
        if self.state != State::Open {
            return if self.plain.is_empty() { Readiness::Ended } else { Readiness::Data };
        }
        let plain = &mut self.plain;
        let taken = self.engine.take_in(&mut self.input, &mut self.out, &mut |bytes| {
            plain.push(bytes);
            true
        });
        match taken {
            _ if !self.plain.is_empty() => return Readiness::Data,
            Ok(Taken::Closed) => self.state = State::Ended,
            Ok(_) => {}
            Err(err) => self.broken_by(err),
        }
        if self.state != State::Open || self.send_aside().is_err() {
            return Readiness::Ended;
        }
        Readiness::Quiet
    }

    /// What came of writing: a peer that goes away may have said why, and that is told instead.
    fn written(&mut self, sent: io::Result<usize>) -> io::Result<usize> {
        if sent.is_err() {
            self.readiness();
        }
        match self.failure.take() {
            Some(err) => Err(err.into()),
            None => sent,
        }
    }

    /// Has small pieces written as one record.
    fn gathering(
        &mut self,
        bufs: &[IoSlice<'_>],
        write: impl FnOnce(&mut TlsStream, &[u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let mut bufs = bufs.iter().filter(|buf| !buf.is_empty());
        let Some(first) = bufs.next() else { return write(self, &[]) };
        if first.len() >= FRAGMENT {
            return write(self, first);
        }
        let mut gathered = std::mem::take(&mut self.gathered);
        gathered.clear();
        gathered.extend_from_slice(first);
        for buf in bufs {
            let room = FRAGMENT - gathered.len();
            gathered.extend_from_slice(&buf[..buf.len().min(room)]);
        }
        let written = write(self, &gathered);
        self.gathered = gathered;
        written
    }

    /// Hands plaintext to `plain`, as soon as there is some, until that wants no more; false at the end.
    fn take(&mut self, plain: &mut dyn FnMut(&[u8]) -> bool) -> io::Result<bool> {
        let mut any = false;
        while self.state == State::Open {
            let taken = self.engine.take_in(&mut self.input, &mut self.out, &mut |bytes| {
                any |= !bytes.is_empty();
                plain(bytes)
            });
            let sent = self.send_aside();
            match taken {
                Ok(Taken::Closed) => self.state = State::Ended,
                Ok(_) => {}
                Err(err) => self.broken_by(err),
            }
            if any {
                return Ok(true);
            }
            if self.state != State::Open {
                break;
            }
            sent?;
            if self.input.fill(&mut *self.stream)?.0 == 0 {
                self.state = State::Broken;
            }
        }
        match self.failure.take() {
            Some(err) => Err(err.into()),
            None if self.state == State::Ended => Ok(false),
            None => Err(io::Error::new(io::ErrorKind::UnexpectedEof, Truncated)),
        }
    }

    #[cold]
    fn broken_by(&mut self, err: Error) {
        self.state = State::Broken;
        self.failure = Some(err);
    }
}

impl Read for TlsStream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        let waiting = self.plain.take(buf.len());
        let mut filled = waiting.len();
        buf[..filled].copy_from_slice(waiting);
        self.plain.tidy();
        if filled > 0 {
            return Ok(filled);
        }
        let mut rest = std::mem::take(&mut self.plain);
        let taken = self.take(&mut |bytes| {
            let len = bytes.len().min(buf.len() - filled);
            buf[filled..filled + len].copy_from_slice(&bytes[..len]);
            filled += len;
            rest.push(&bytes[len..]);
            filled < buf.len()
        });
        self.plain = rest;
        taken.map(|_| filled)
    }
}

impl Write for TlsStream {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        self.check_may_write()?;
        let len = self.encrypt(buf);
        let sent = self.send_out().map(|()| len);
        self.written(sent)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.gathering(bufs, |tls, buf| tls.write(buf))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send_out()
    }
}

impl Transport for TlsStream {
    fn set_timeouts(&mut self, each: Option<Duration>, until: Option<Instant>) -> io::Result<()> {
        self.stream.set_timeouts(each, until)
    }

    fn readiness(&mut self) -> Readiness {
        for _ in 0..IDLE_ROUNDS {
            match self.arrived() {
                Readiness::Quiet => {}
                arrived => return arrived,
            }
            match self.stream.readiness() {
                Readiness::Data => match self.input.fill(&mut *self.stream) {
                    Ok((1.., _)) => {}
                    _ => return Readiness::Ended,
                },
                other => return other,
            }
        }
        Readiness::Data
    }

    fn write_now(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        // What is under way goes first; and a stream that can't do this says so before anything is encrypted.
        match self.send_out_now() {
            Err(err) if !matches!(err.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Unsupported) => {
                return self.written(Err(err));
            }
            sent => sent?,
        }
        self.gathering(bufs, |tls, buf| {
            if buf.is_empty() {
                return Ok(0);
            }
            tls.check_may_write()?;
            let len = tls.encrypt(buf);
            let sent = match tls.send_out_now() {
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => Ok(len),
                sent => sent.map(|()| len),
            };
            tls.written(sent)
        })
    }

    fn wait(&mut self, wanted: Ready, until: Option<Instant>) -> io::Result<Ready> {
        loop {
            if wanted.to_read && self.arrived() != Readiness::Quiet {
                return Ok(Ready::READ);
            }
            let ready = self.stream.wait(wanted, until)?;
            if !ready.to_read {
                return Ok(ready);
            }
            // It may be half a record, or nothing that is to be read.
            match self.input.fill(&mut *self.stream) {
                Ok((1.., _)) => {}
                Ok(_) => self.state = State::Broken,
                // It is for whoever waits to say what for.
                Err(err) => return Err(err),
            }
        }
    }

    fn read_onto(&mut self, limit: u64, out: &mut Vec<u8>) -> io::Result<usize> {
        let before = out.len();
        let mut left = usize::try_from(limit).unwrap_or(usize::MAX);
        while left > 0 {
            let waiting = self.plain.take(left);
            left -= waiting.len();
            out.extend_from_slice(waiting);
            self.plain.tidy();
            if left == 0 {
                break;
            }
            let mut rest = std::mem::take(&mut self.plain);
            let more = self.take(&mut |bytes| {
                let (taken, kept) = bytes.split_at(bytes.len().min(left));
                out.extend_from_slice(taken);
                left -= taken.len();
                rest.push(kept);
                left > 0
            });
            self.plain = rest;
            if !more? {
                break;
            }
        }
        Ok(out.len() - before)
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.end_writing();
        let sent = self.send_out().map(|()| 0);
        self.written(sent).map(drop)
    }

    fn say_goodbye(&mut self) {
        if self.state != State::Broken && self.stream.set_timeouts(Some(GOODBYE), None).is_ok() {
            // The peer may have gone already, and need not be told then.
            self.end_writing();
            let _ = self.send_out();
        }
        self.stream.say_goodbye();
    }

    fn addresses(&self) -> Option<(SocketAddr, SocketAddr)> {
        self.stream.addresses()
    }

    fn tls_session(&self) -> Option<&TlsSession> {
        Some(&self.session)
    }

    fn interrupter(&self) -> Option<Arc<dyn Interrupt>> {
        self.stream.interrupter()
    }

    #[cfg(unix)]
    fn fd(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        self.stream.fd()
    }
}

impl fmt::Debug for TlsStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsStream")
            .field("session", &self.session)
            .field("stream", &self.stream)
            .finish_non_exhaustive()
    }
}
