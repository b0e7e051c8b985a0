//! Playing the steps of a script on one connection.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::sync::Arc;
use std::time::{Duration, Instant};

use socket2::SockRef;

use crate::body::Decoder;
use crate::fault::{Fault, Outcome};
use crate::inbox::Inbox;
use crate::line::Line;
use crate::reception::Socket;
use crate::request::Head;
use crate::script::Step;
use crate::scripted::Stage;
use crate::signal::Signal;
use crate::sync::left;
use crate::tls::{Tls, TlsStream};

/// A step that reads gives up when nothing comes for so long, and one that sends when nothing goes.
const SILENCE: Duration = Duration::from_secs(30);
/// How often who waits for a signal looks whether the server is to stop.
const LOOK: Duration = Duration::from_millis(20);
const HOLD: Duration = Duration::from_secs(30);
const CLOSE: Duration = Duration::from_secs(10);
/// A client that sends faster than it is read can't keep a close from happening.
const MOST_FILLS: usize = 1024;

pub(crate) struct Player<'s> {
    stage: &'s Arc<Stage>,
    number: usize,
    socket: Socket,
    line: Line,
    inbox: Inbox,
    /// False after [`Step::StopReading`], until a step that reads.
    reads: bool,
    /// Whether the sending side has ended, announced or not.
    has_ended: bool,
}

/// How far a client has come with closing.
#[derive(Debug, PartialEq, Eq)]
enum Closing {
    NotYet,
    Orderly,
    Abrupt,
}

/// Reads from the connection and records what it hears.
struct Ears {
    line: Line,
    stage: Arc<Stage>,
    number: usize,
}

impl Read for Ears {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.line.read(out)?;
        self.stage.hear(self.number, &out[..count]);
        Ok(count)
    }
}

impl Player<'_> {
    pub(crate) fn new(stage: &Arc<Stage>, number: usize, socket: Socket) -> Player<'_> {
        // A failure shows up as one of the first step that uses the socket.
        let _ = socket.0.set_read_timeout(Some(SILENCE));
        let _ = socket.0.set_write_timeout(Some(SILENCE));
        let line = Line::Plain(socket.clone());
        let inbox = Inbox::new(Ears { line: line.clone(), stage: Arc::clone(stage), number });
        Player { stage, number, socket, line, inbox, reads: true, has_ended: false }
    }

    /// Plays one step; false when it is the last one.
    ///
    /// # Errors
    /// What happened instead.
    pub(crate) fn play(&mut self, step: &Step) -> Result<bool, String> {
        self.try_play(step).map_err(tell)
    }

    fn try_play(&mut self, step: &Step) -> Outcome<bool> {
        match step {
            Step::ReadHead => self.read_head()?,
            Step::ReadRequest => self.read_request()?,
            Step::ReadBytes(count) => self.read_bytes(*count)?,
            Step::Send(bytes) => self.send(bytes)?,
            Step::SendInPieces { bytes, piece, pause } => {
                for (index, piece) in bytes.chunks(*piece).enumerate() {
                    if index > 0 && self.stage.stop.pause(*pause) {
                        return Ok(false);
                    }
                    self.send(piece)?;
                }
            }
            Step::SendInRecords { bytes, size } => {
                self.secure()?.write_records(bytes, *size).map_err(not_sent)?;
            }
            Step::Flood { piece, most } => {
                let rounds = most / (piece.len().max(1) as u64);
                // The client may well have had enough: that is what floods are for.
                let _ = (0..rounds).try_for_each(|_| self.line.write_all(piece));
            }
            Step::Pause(time) => return Ok(!self.stage.stop.pause(*time)),
            Step::WaitFor(signal) => return self.wait_for(signal),
            Step::Handshake => self.handshake()?,
            Step::PartOfHandshake(count) => {
                let ahead = self.ahead();
                self.tls()?.begin(&self.socket, &ahead, *count)?;
            }
            Step::HalfClose => {
                self.has_ended = true;
                self.line.end(&self.socket)?;
            }
            Step::CloseNotify => self.secure()?.close_notify().map_err(not_sent)?,
            Step::Cut => {
                self.has_ended = true;
                self.socket.0.shutdown(Shutdown::Write)?;
            }
            Step::FatalAlert => {
                self.has_ended = true;
                self.secure()?.fatal_alert().map_err(not_sent)?;
            }
            Step::StopReading => self.reads = false,
            Step::Hold if self.reads => {
                self.read_to_end(HOLD)?;
            }
            Step::Hold => return Ok(!self.stage.stop.pause(HOLD)),
            Step::WaitForClose => {
                if self.read_to_end(CLOSE)? == Closing::NotYet {
                    return Err(Fault::bad("the client did not close"));
                }
            }
            Step::WaitForOrderlyClose => match self.read_to_end(CLOSE)? {
                Closing::Orderly => {}
                Closing::NotYet => return Err(Fault::bad("the client did not close")),
                Closing::Abrupt => return Err(Fault::bad("the client closed and did not announce it")),
            },
            Step::Reset => {
                SockRef::from(&*self.socket.0).set_linger(Some(Duration::ZERO))?;
                return Ok(false);
            }
            Step::Close => {
                self.close();
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn wait_for(&self, signal: &Signal) -> Outcome<bool> {
        let end = Instant::now() + SILENCE;
        while !signal.is_given_within(LOOK) {
            if self.stage.stop.asked() {
                return Ok(false);
            }
            if left(end).is_none() {
                return Err(Fault::bad("the signal was not given within 30 seconds"));
            }
        }
        Ok(true)
    }

    fn handshake(&mut self) -> Outcome<()> {
        if self.line.secure().is_some() {
            return Err(Fault::bad("there is TLS on this connection already"));
        }
        let ahead = self.ahead();
        let accepted = self.tls()?.accept(&self.socket, &ahead);
        let stream = accepted.map_err(|error| {
            // The client has yet to read the alert.
            self.socket.linger();
            Fault::bad(format!("the handshake failed: {error}"))
        })?;
        self.line = Line::Secure(stream);
        let ears = Ears { line: self.line.clone(), stage: Arc::clone(self.stage), number: self.number };
        self.inbox = Inbox::new(ears);
        Ok(())
    }

    fn tls(&self) -> Outcome<&Tls> {
        self.stage.tls.as_ref().ok_or_else(|| Fault::bad("this server has no identity for TLS"))
    }

    fn secure(&mut self) -> Outcome<&mut TlsStream> {
        self.line.secure().ok_or_else(|| Fault::bad("there is no TLS on this connection"))
    }

    /// What came with an earlier step's bytes and belongs to the handshake.
    fn ahead(&mut self) -> Vec<u8> {
        let range = self.inbox.take(u64::MAX);
        self.inbox.slice(range).to_vec()
    }

    fn read_head(&mut self) -> Outcome<()> {
        self.reads = true;
        // Four bytes are kept back at most, so a head of any size passes through the buffer.
        let mut last = [0; 4];
        loop {
            while !self.inbox.buffered().is_empty() {
                let byte = self.inbox.take(1);
                last.rotate_left(1);
                last[3] = self.inbox.slice(byte)[0];
                if last == *b"\r\n\r\n" {
                    return Ok(());
                }
            }
            self.fill("the head was whole")?;
        }
    }

    fn read_request(&mut self) -> Outcome<()> {
        self.reads = true;
        let mut head = Head::default();
        if !head.read(&mut self.inbox)? {
            return Err(Fault::bad("the client closed before a request came"));
        }
        let mut body = Decoder::new(head.framing());
        while !body.next(&mut self.inbox)?.is_empty() {}
        Ok(())
    }

    fn read_bytes(&mut self, count: u64) -> Outcome<()> {
        self.reads = true;
        let mut left = count;
        loop {
            left -= self.inbox.take(left).len() as u64;
            if left == 0 {
                return Ok(());
            }
            self.fill(&format!("{count} bytes were there"))?;
        }
    }

    fn fill(&mut self, before: &str) -> Outcome<()> {
        match self.inbox.fill()? {
            0 => Err(Fault::bad(format!("the client closed before {before}"))),
            _ => Ok(()),
        }
    }

    /// Reads until the client closes.
    fn read_to_end(&mut self, limit: Duration) -> Outcome<Closing> {
        self.reads = true;
        let deadline = Instant::now() + limit;
        while let Some(time) = left(deadline) {
            self.socket.0.set_read_timeout(Some(time))?;
            self.inbox.take(u64::MAX);
            match self.inbox.fill() {
                Ok(0) => return Ok(Closing::Orderly),
                Ok(_) => {}
                Err(error) if is_timeout(&error) => break,
                Err(_) => return Ok(Closing::Abrupt),
            }
        }
        self.socket.0.set_read_timeout(Some(SILENCE))?;
        Ok(Closing::NotYet)
    }

    fn send(&mut self, bytes: &[u8]) -> Outcome<()> {
        self.line.write_all(bytes).map_err(not_sent)
    }

    /// Takes in what is there without waiting. Nobody else uses the socket by now, so its mode does not
    /// matter.
    fn close(&mut self) {
        if !self.has_ended
            && let Some(stream) = self.line.secure()
        {
            // A client that is gone needs no goodbye.
            let _ = stream.close_notify();
        }
        if self.reads && self.socket.0.set_nonblocking(true).is_ok() {
            for _ in 0..MOST_FILLS {
                self.inbox.take(u64::MAX);
                if !matches!(self.inbox.fill(), Ok(count) if count > 0) {
                    return;
                }
            }
        }
    }
}

fn not_sent(error: io::Error) -> Fault {
    match is_timeout(&error) {
        true => Fault::bad("the client took nothing for 30 seconds"),
        false => Fault::bad(format!("the client closed before all was sent: {error}")),
    }
}

fn tell(fault: Fault) -> String {
    match fault {
        Fault::Refused { reason, .. } => reason.into_owned(),
        Fault::Io(error) if is_timeout(&error) => "nothing came for 30 seconds".to_owned(),
        Fault::Io(error) => error.to_string(),
    }
}

/// A timeout of a blocking socket shows as either, by platform.
fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}
