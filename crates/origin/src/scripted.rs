//! A server that plays scripts.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use std::{error, fmt, io};

use socket2::{Domain, Type};

use crate::player::Player;
use crate::reception::{Reception, Socket};
use crate::script::{Script, Step};
use crate::sync::{Stop, lock, wait_until};
use crate::tls::{Handshake, Tls, TlsSetup};

/// [`Scripted::join`] waits a little longer than the longest step.
const JOIN: Duration = Duration::from_secs(35);
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
        Scripted::open(scripts, None)
    }

    /// As [`start`](Scripted::start), speaking TLS: scripts begin when the handshake is done. One that fails
    /// is an error of step 0.
    ///
    /// ```
    /// use origin::certificates::Authority;
    /// use origin::{Script, Scripted, TlsSetup};
    ///
    /// let authority = Authority::new();
    /// let setup = TlsSetup::new(&authority.issue(&["localhost"]));
    /// let truncated = Script::new().read_request().send("HTTP/1.1 200 OK\r\n\r\nhal").cut();
    /// let server = Scripted::start_tls(&setup, vec![truncated])?;
    /// # let _ = server;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` when the identity is none, and as [`start`](Scripted::start).
    pub fn start_tls(setup: &TlsSetup, scripts: Vec<Script>) -> io::Result<Scripted> {
        Scripted::open(scripts, Some(Tls::new(setup)?))
    }

    fn open(scripts: Vec<Script>, tls: Option<Tls>) -> io::Result<Scripted> {
        let Some(last) = scripts.last() else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "no script to play"));
        };
        let most = last.is_once.then_some(scripts.len());
        let listener = listen(scripts.iter().any(Script::stops_reading))?;
        let stop = Arc::new(Stop::default());
        let (lanes, changed) = (Mutex::default(), Condvar::new());
        let stage = Arc::new(Stage { lanes, changed, stop: Arc::clone(&stop), tls });
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

    /// The latest handshakes, up to 1024, oldest first; those that failed too.
    pub fn handshakes(&self) -> Vec<Handshake> {
        self.stage.tls.as_ref().map(Tls::handshakes).unwrap_or_default()
    }

    /// The bytes that the script of connection `number` has read so far; empty when there is no such
    /// connection. Inside TLS those are what the records held.
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
pub(crate) struct Stage {
    lanes: Mutex<Vec<Lane>>,
    changed: Condvar,
    pub(crate) stop: Arc<Stop>,
    pub(crate) tls: Option<Tls>,
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
        let mut player = Player::new(self, number, socket);
        let begin = (self.tls.is_some() && !script.is_clear).then_some((0, &Step::Handshake));
        let steps = script.steps.iter().chain([&Step::Close]).enumerate();
        for (step, action) in begin.into_iter().chain(steps) {
            self.change(number, |lane| lane.step = step);
            match player.play(action) {
                Ok(true) => {}
                Ok(false) => break,
                Err(_) if self.stop.asked() => break,
                Err(message) => {
                    let error = ScriptError { connection: number, step, message };
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

    /// Bytes of a connection came.
    pub(crate) fn hear(&self, number: usize, bytes: &[u8]) {
        self.change(number, |lane| lane.received.extend_from_slice(bytes));
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
