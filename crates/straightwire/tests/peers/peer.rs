//! A server that runs while a test lasts.

use std::fs::{self, OpenOptions};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::ops::DerefMut;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use straightwire::HttpConnection;

/// Stands for "did not hang": nothing on loopback takes nearly as long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// How often a server that ended at once is tried again, on another port.
const TRIES: usize = 5;

/// How much of a log is shown.
const LOG_TAIL: usize = 8 * 1024;

/// A connection over whatever, which is an `HttpConnection` all the same.
pub(crate) type Client = Box<dyn DerefMut<Target = HttpConnection>>;

/// A server of someone else's. Dropping it stops it and removes its folder.
pub(crate) struct Peer {
    name: &'static str,
    port: u16,
    folder: Folder,
    command: Command,
    process: Child,
    upstream: Option<Box<Peer>>,
    proxies: Vec<Peer>,
    client: Box<dyn Fn(u16) -> Client>,
}

impl Peer {
    /// Starts a server, and waits until it takes connections. `command` says how, given the port to
    /// listen on and an empty folder, in which it is run. `name` stands in the `Server` field of its
    /// answers.
    pub(crate) fn start(name: &'static str, command: impl Fn(u16, &Path) -> Command) -> Peer {
        for _ in 0..TRIES {
            let port = free_port();
            let folder = Folder::new(port);
            let log = OpenOptions::new().create(true).append(true).open(folder.0.join("log")).unwrap();
            let mut command = command(port, &folder.0);
            command.current_dir(&folder.0).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
            let process = command.spawn().unwrap_or_else(|err| panic!("{command:?}: {err}"));
            let (upstream, proxies, client) = (None, Vec::new(), Box::new(plain_client));
            let mut peer = Peer { name, port, folder, command, process, upstream, proxies, client };
            if peer.is_up() {
                return peer;
            }
            peer.show_log();
        }
        panic!("{name} did not start");
    }

    /// Keeps another server, which this one passes requests on to, for as long as this one.
    pub(crate) fn in_front_of(mut self, upstream: Peer) -> Peer {
        self.upstream = Some(Box::new(upstream));
        self
    }

    /// Has its clients made in another way, which is given its port: with TLS, say.
    pub(crate) fn reached_by(mut self, client: impl Fn(u16) -> Client + 'static) -> Peer {
        self.client = Box::new(client);
        self
    }

    /// The same through these proxies, which are kept for as long as this server.
    pub(crate) fn reached_through(
        mut self,
        proxies: Vec<Peer>,
        client: impl Fn(u16) -> Client + 'static,
    ) -> Peer {
        self.proxies = proxies;
        self.reached_by(client)
    }

    /// What its `Server` field names.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Whether another server stands behind it.
    pub(crate) fn is_proxy(&self) -> bool {
        self.upstream.is_some()
    }

    /// Whether its connections are those of its clients, with no proxy between.
    pub(crate) fn is_direct(&self) -> bool {
        self.proxies.is_empty()
    }

    /// The proxies on the way to it, the one that clients connect to first.
    pub(crate) fn proxies(&mut self) -> &mut [Peer] {
        &mut self.proxies
    }

    /// The port it listens on.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The folder it runs in.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder.0
    }

    /// A connection to it, not yet opened.
    pub(crate) fn client(&self) -> Client {
        (self.client)(self.port)
    }

    /// What it has said so far.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&self.log_bytes()).into_owned()
    }

    /// Ends it as a crash would: at once, with all its connections.
    pub(crate) fn stop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it again on the same port.
    pub(crate) fn start_again(&mut self) {
        self.process = self.command.spawn().unwrap();
        assert!(self.is_up(), "{} did not start again", self.name);
    }

    /// Waits for it to take connections; false if it ended instead.
    fn is_up(&mut self) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
                return true;
            }
            if self.process.try_wait().unwrap().is_some() {
                return false;
            }
            thread::sleep(Duration::from_millis(10));
        }
        false
    }

    fn log_bytes(&self) -> Vec<u8> {
        fs::read(self.folder.0.join("log")).unwrap_or_default()
    }

    fn show_log(&self) {
        let log = self.log_bytes();
        let tail = &log[log.len().saturating_sub(LOG_TAIL)..];
        println!("---- log of {}\n{}----", self.name, String::from_utf8_lossy(tail));
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // A peer that has ended by itself needs no stopping.
        let _ = self.process.kill();
        let _ = self.process.wait();
        if thread::panicking() {
            self.show_log();
        }
    }
}

fn plain_client(port: u16) -> Client {
    Box::new(Box::new(HttpConnection::builder("127.0.0.1").port(port).timeout(PATIENCE).build().unwrap()))
}

/// A folder that is there while its server is.
struct Folder(PathBuf);

impl Folder {
    fn new(port: u16) -> Folder {
        let name = format!("{}-{port}", process::id());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder).unwrap();
        Folder(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What can't be removed stays in the target folder and harms nobody.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A port that nobody listens on. They come from below the ranges that systems take the ports of
/// outgoing connections from, so that no connection gets it before the server does.
fn free_port() -> u16 {
    const FIRST: u16 = 20_000;
    const COUNT: u16 = 12_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = (process::id() * 37 % u32::from(COUNT)) as u16;
    (0..COUNT)
        .map(|_| FIRST + (start + NEXT.fetch_add(1, Ordering::Relaxed) % COUNT) % COUNT)
        .find(|&port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
        .expect("a free port")
}
