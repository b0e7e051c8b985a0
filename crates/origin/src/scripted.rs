//! A server that plays scripts.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};
use std::{error, fmt};

use socket2::{Domain, SockRef, Type};

use crate::body::Decoder;
use crate::fault::{Fault, Outcome};
use crate::inbox::Inbox;
use crate::reception::{Reception, Socket};
use crate::request::Head;
use crate::script::{Script, Step};
use crate::sync::{Stop, left, lock, wait_until};

/// A step that reads gives up when nothing comes for so long, and one that sends when nothing goes.
const SILENCE: Duration = Duration::from_secs(30);
const HOLD: Duration = Duration::from_secs(30);
const CLOSE: Duration = Duration::from_secs(10);
/// [`Scripted::join`] waits a little longer than the longest step.
const JOIN: Duration = Duration::from_secs(35);
/// A client that sends faster than it is read can't keep a close from happening.
const MOST_FILLS: usize = 1024;
/// The system raises this to its own minimum.
const TINY: usize = 1024;

/// A server on a free port of 127.0.0.1 that does what its scripts say and nothing else: connection `i`,
/// counting from 0, gets script `i`.
///
/// Dropping it ends every script and closes every connection.
///
/// ```
/// use std::io::{Read, Write};
/// use origin::{Script, Scripted};
///
/// let script = Script::new().read_request().send("HTTP/1.1 200 OK\r\n\r\nhi").close();
/// let server = Scripted::start(vec![script])?;
/// let mut stream = std::net::TcpStream::connect(server.addr())?;
/// stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
/// let mut answer = String::new();
/// stream.read_to_string(&mut answer)?;
///
/// assert!(answer.ends_with("hi"));
/// server.join()?;
/// assert_eq!(server.received(0), b"GET / HTTP/1.0\r\n\r\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Scripted {
    reception: Reception,
    stage: Arc<Stage>,
    scripts: usize,
}

/// A step of a script that could not be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptError {
    /// The number of the connection, from 0.
    pub connection: usize,
    /// The number of the step in its script, from 0.
    pub step: usize,
    /// What happened.
    pub message: String,
}

impl Scripted {
    /// Starts to listen. The last script is played for all further connections, unless it is marked
    /// [`once`](Script::once).
    ///
    /// # Errors
    /// When there is no script, or no socket or thread to be had.
    pub fn start(scripts: Vec<Script>) -> io::Result<Scripted> {
        let Some(last) = scripts.last() else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "no script to play"));
        };
        let most = last.is_once.then_some(scripts.len());
        let listener = listen(scripts.iter().any(Script::stops_reading))?;
        let stop = Arc::new(Stop::default());
        let stage =
            Arc::new(Stage { lanes: Mutex::default(), changed: Condvar::new(), stop: Arc::clone(&stop) });
        let count = scripts.len();
        let shared = Arc::clone(&stage);
        let reception = Reception::open(listener, most, stop, move |number, socket| {
            shared.play(number, socket, &scripts[number.min(scripts.len() - 1)]);
        })?;
        Ok(Scripted { reception, stage, scripts: count })
    }

    /// The address it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.reception.addr()
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> usize {
        self.reception.accepted()
    }

    /// The bytes that the script of connection `number` has read so far; empty when there is no such
    /// connection.
    pub fn received(&self, number: usize) -> Vec<u8> {
        lock(&self.stage.lanes).get(number).map(|lane| lane.received.clone()).unwrap_or_default()
    }

    /// As [`received`](Scripted::received), once there are at least `count` bytes, the script has ended, or
    /// `limit` has passed.
    pub fn wait_received(&self, number: usize, count: usize, limit: Duration) -> Vec<u8> {
        let enough = |lanes: &Vec<Lane>| {
            lanes.get(number).is_some_and(|lane| lane.has_ended || lane.received.len() >= count)
        };
        let lanes = wait_until(&self.stage.lanes, &self.stage.changed, limit, enough);
        lanes.get(number).map(|lane| lane.received.clone()).unwrap_or_default()
    }

    /// Waits until every script was played to its end, for at most 35 seconds.
    ///
    /// # Errors
    /// The first step that could not be done, at once; or, in the end, a script for which no connection came,
    /// or which is still being played.
    pub fn join(&self) -> Result<(), ScriptError> {
        let failed = |lanes: &Vec<Lane>| lanes.iter().find_map(|lane| lane.error.clone());
        let is_over =
            |lanes: &Vec<Lane>| lanes.len() >= self.scripts && lanes.iter().all(|lane| lane.has_ended);
        let lanes = wait_until(&self.stage.lanes, &self.stage.changed, JOIN, |lanes| {
            failed(lanes).is_some() || is_over(lanes)
        });
        if let Some(error) = failed(&lanes) {
            return Err(error);
        }
        if is_over(&lanes) {
            return Ok(());
        }
        let connection = lanes.iter().position(|lane| !lane.has_ended).unwrap_or(lanes.len());
        let (step, message) = match lanes.get(connection) {
            Some(lane) => (lane.step, "the script is still being played"),
            None => (0, "no connection came"),
        };
        Err(ScriptError { connection, step, message: message.to_owned() })
    }
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "connection {}, step {}: {}", self.connection, self.step, self.message)
    }
}

impl error::Error for ScriptError {}

/// What is known of all connections.
struct Stage {
    lanes: Mutex<Vec<Lane>>,
    changed: Condvar,
    stop: Arc<Stop>,
}

/// What is known of one connection.
#[derive(Default)]
struct Lane {
    received: Vec<u8>,
    step: usize,
    has_ended: bool,
    error: Option<ScriptError>,
}

impl Stage {
    fn play(self: &Arc<Stage>, number: usize, socket: Socket, script: &Script) {
        self.change(number, |_| ());
        // A failure shows up as one of the first step that uses the socket.
        let _ = socket.0.set_read_timeout(Some(SILENCE));
        let _ = socket.0.set_write_timeout(Some(SILENCE));
        let ears = Ears { socket: socket.clone(), stage: Arc::clone(self), number };
        let mut player = Player { inbox: Inbox::new(ears), socket, stop: &self.stop, reads: true };
        for (step, action) in script.steps.iter().chain([&Step::Close]).enumerate() {
            self.change(number, |lane| lane.step = step);
            match player.play(action) {
                Ok(true) => {}
                Ok(false) => break,
                Err(_) if self.stop.asked() => break,
                Err(fault) => {
                    let error = ScriptError { connection: number, step, message: tell(fault) };
                    self.change(number, |lane| lane.error = Some(error));
                    break;
                }
            }
        }
        // The socket goes first, so that whoever waited for the end finds the connection closed but for the
        // list's own handle, which goes right after.
        drop(player);
        self.change(number, |lane| lane.has_ended = true);
    }

    fn change(&self, number: usize, change: impl FnOnce(&mut Lane)) {
        let mut lanes = lock(&self.lanes);
        if lanes.len() <= number {
            lanes.resize_with(number + 1, Lane::default);
        }
        change(&mut lanes[number]);
        self.changed.notify_all();
    }
}

/// Reads from the socket and records what it hears.
struct Ears {
    socket: Socket,
    stage: Arc<Stage>,
    number: usize,
}

impl Read for Ears {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.socket.read(out)?;
        self.stage.change(self.number, |lane| lane.received.extend_from_slice(&out[..count]));
        Ok(count)
    }
}

struct Player<'s> {
    inbox: Inbox,
    socket: Socket,
    stop: &'s Stop,
    /// False after [`Step::StopReading`], until a step that reads.
    reads: bool,
}

impl Player<'_> {
    /// Plays one step; false when it is the last one.
    fn play(&mut self, step: &Step) -> Outcome<bool> {
        match step {
            Step::ReadHead => self.read_head()?,
            Step::ReadRequest => self.read_request()?,
            Step::ReadBytes(count) => self.read_bytes(*count)?,
            Step::Send(bytes) => self.send(bytes)?,
            Step::SendInPieces { bytes, piece, pause } => {
                for (index, piece) in bytes.chunks(*piece).enumerate() {
                    if index > 0 && self.stop.pause(*pause) {
                        return Ok(false);
                    }
                    self.send(piece)?;
                }
            }
            Step::Flood { piece, most } => {
                let rounds = most / (piece.len().max(1) as u64);
                // The client may well have had enough: that is what floods are for.
                let _ = (0..rounds).try_for_each(|_| self.socket.write_all(piece));
            }
            Step::Pause(time) => return Ok(!self.stop.pause(*time)),
            Step::HalfClose => self.socket.0.shutdown(Shutdown::Write)?,
            Step::StopReading => self.reads = false,
            Step::Hold if self.reads => {
                self.read_to_end(HOLD)?;
            }
            Step::Hold => return Ok(!self.stop.pause(HOLD)),
            Step::WaitForClose => {
                if !self.read_to_end(CLOSE)? {
                    return Err(Fault::bad("the client did not close"));
                }
            }
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

    /// Reads until the client closes, in whatever manner; false when it has not after `limit`.
    fn read_to_end(&mut self, limit: Duration) -> Outcome<bool> {
        self.reads = true;
        let deadline = Instant::now() + limit;
        while let Some(time) = left(deadline) {
            self.socket.0.set_read_timeout(Some(time))?;
            self.inbox.take(u64::MAX);
            match self.inbox.fill() {
                Ok(0) => return Ok(true),
                Ok(_) => {}
                Err(error) if is_timeout(&error) => break,
                Err(_) => return Ok(true),
            }
        }
        self.socket.0.set_read_timeout(Some(SILENCE))?;
        Ok(false)
    }

    fn send(&mut self, bytes: &[u8]) -> Outcome<()> {
        self.socket.write_all(bytes).map_err(|error| match is_timeout(&error) {
            true => Fault::bad("the client took nothing for 30 seconds"),
            false => Fault::bad(format!("the client closed before all was sent: {error}")),
        })
    }

    /// Takes in what is there without waiting. Nobody else uses the socket by now, so its mode does not
    /// matter.
    fn close(&mut self) {
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

impl Script {
    fn stops_reading(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::StopReading))
    }
}

/// The size of the receive buffer has to be set before connections exist: the window is agreed in their
/// handshake.
fn listen(has_tiny_buffer: bool) -> io::Result<TcpListener> {
    let socket = socket2::Socket::new(Domain::IPV4, Type::STREAM, None)?;
    if has_tiny_buffer {
        socket.set_recv_buffer_size(TINY)?;
    }
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    socket.listen(128)?;
    Ok(socket.into())
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
