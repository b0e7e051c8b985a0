//! The other side: ready-made answers, a thread for each connection, nothing that could be the bottleneck.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use memchr::memmem;
use rustls::{ServerConnection, StreamOwned};
use serde::{Deserialize, Serialize};

use crate::messages::{HEAD_END, LAST_CHUNK, MEBIBYTE, SmallGet, chunked_mebibyte, head, pattern};
use crate::scenario::{Group, Scenario};
use crate::{Result, tls};

/// A client that is silent for so long is stuck, and not just waiting for its turn.
const SILENCE: Duration = Duration::from_secs(600);

/// How much the server encrypts before it writes.
const ENCRYPTED_AT_A_TIME: usize = 256 * 1024;

/// What a client has to know of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Where it listens.
    pub address: SocketAddr,
    /// The root that vouches for it, in PEM; where there is one, TLS is spoken.
    pub root_pem: Option<String>,
}

/// The server in a process of its own, so that its work is not the client's. It ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    process: Child,
    /// The server ends when its standard input does.
    input: Option<ChildStdin>,
    listening: Listening,
}

/// What the server says when it has started, in a line of JSON.
#[derive(Debug, Serialize, Deserialize)]
struct Listening {
    plain: SocketAddr,
    tls: SocketAddr,
    root_pem: String,
}

impl Server {
    /// Starts `program server`.
    ///
    /// # Errors
    /// When it can't be run or says something else than where it listens.
    pub fn start(program: &Path) -> Result<Server> {
        let mut process =
            Command::new(program).arg("server").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        if let Some(output) = process.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        let listening = serde_json::from_str(&line).map_err(|_| format!("the server said {line:?}"))?;
        Ok(Server { input: process.stdin.take(), process, listening })
    }

    /// The side of it that a scenario is about.
    pub fn peer(&self, scenario: Scenario) -> Peer {
        let Listening { plain, tls, root_pem } = &self.listening;
        match scenario.group() {
            Group::Tls => Peer { address: *tls, root_pem: Some(root_pem.clone()) },
            _ => Peer { address: *plain, root_pem: None },
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.input.take());
        self.process.wait().ok();
    }
}

/// Says where it listens and serves until standard input ends.
///
/// # Errors
/// When it can't listen.
pub fn serve_until_input_ends() -> Result<()> {
    let address = IpAddr::from(Ipv4Addr::LOCALHOST);
    let (config, root_pem) = tls::server_config(address)?;
    let config = Arc::new(config);
    let (plain, tls) = (TcpListener::bind((address, 0))?, TcpListener::bind((address, 0))?);
    let listening = Listening { plain: plain.local_addr()?, tls: tls.local_addr()?, root_pem };
    println!("{}", serde_json::to_string(&listening)?);
    let answers = Arc::new(Answers::new(listening.plain));
    accept(plain, &answers, Ok);
    accept(tls, &answers, move |stream| {
        let mut conn = ServerConnection::new(Arc::clone(&config)).map_err(io::Error::other)?;
        conn.set_buffer_limit(Some(ENCRYPTED_AT_A_TIME));
        Ok(StreamOwned::new(conn, stream))
    });
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}

/// Has every connection served by a thread of its own, over what `over` makes of it.
fn accept<S: Read + Write>(
    listener: TcpListener,
    answers: &Arc<Answers>,
    over: impl Fn(TcpStream) -> io::Result<S> + Clone + Send + 'static,
) {
    let answers = Arc::clone(answers);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (answers, over) = (Arc::clone(&answers), over.clone());
            // A client that goes away in the middle is the client's business.
            thread::spawn(move || Conversation::new(over(prepared(stream)?)?).serve(&answers));
        }
    });
}

fn prepared(stream: TcpStream) -> io::Result<TcpStream> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(SILENCE))?;
    stream.set_write_timeout(Some(SILENCE))?;
    Ok(stream)
}

/// What is sent, made once.
struct Answers {
    few: Vec<u8>,
    h25: Vec<u8>,
    uploaded: Vec<u8>,
    plain: Vec<u8>,
    chunks_16k: Vec<u8>,
    chunks_100: Vec<u8>,
}

impl Answers {
    fn new(address: SocketAddr) -> Answers {
        Answers {
            few: SmallGet::few(address).answer,
            h25: SmallGet::h25(address).answer,
            uploaded: head("HTTP/1.1 200 OK", &[("Content-Length", "0")]),
            plain: pattern(MEBIBYTE).collect(),
            chunks_16k: chunked_mebibyte(16 * 1024),
            chunks_100: chunked_mebibyte(100),
        }
    }
}

struct Conversation<S> {
    stream: S,
    buffer: Vec<u8>,
    filled: usize,
}

impl<S: Read + Write> Conversation<S> {
    fn new(stream: S) -> Conversation<S> {
        Conversation { stream, buffer: vec![0; 256 * 1024], filled: 0 }
    }

    fn serve(mut self, answers: &Answers) -> io::Result<()> {
        while let Some(head_len) = self.read_head()? {
            let head = &self.buffer[..head_len];
            let line = head.split(|&byte| byte == b'\r').next().unwrap_or_default();
            let target = line.split(|&byte| byte == b' ').nth(1).unwrap_or_default();
            let target = String::from_utf8_lossy(target).into_owned();
            let parts: Vec<&str> = target.split('/').skip(1).collect();
            match parts[..] {
                ["few"] => self.stream.write_all(&answers.few)?,
                ["h25"] => self.stream.write_all(&answers.h25)?,
                ["length", mebibytes] => {
                    let mebibytes = number(mebibytes)?;
                    let length = (mebibytes * MEBIBYTE as u64).to_string();
                    self.send_body(("Content-Length", &length), &answers.plain, mebibytes, b"")?;
                }
                ["chunks", size, mebibytes] => {
                    let block = if size == "100" { &answers.chunks_100 } else { &answers.chunks_16k };
                    self.send_body(("Transfer-Encoding", "chunked"), block, number(mebibytes)?, LAST_CHUNK)?;
                }
                ["upload"] => {
                    self.take_upload(head_len)?;
                    self.stream.write_all(&answers.uploaded)?;
                    continue;
                }
                _ => return Err(bad(&format!("asked for {target}"))),
            }
            self.drop_front(head_len);
        }
        Ok(())
    }

    /// `None` when the client is done.
    fn read_head(&mut self) -> io::Result<Option<usize>> {
        loop {
            if let Some(at) = memmem::find(&self.buffer[..self.filled], HEAD_END) {
                return Ok(Some(at + HEAD_END.len()));
            }
            if self.fill()? == 0 {
                return Ok(None);
            }
        }
    }

    fn fill(&mut self) -> io::Result<usize> {
        let len = self.stream.read(&mut self.buffer[self.filled..])?;
        self.filled += len;
        Ok(len)
    }

    fn drop_front(&mut self, len: usize) {
        self.buffer.copy_within(len..self.filled, 0);
        self.filled -= len;
    }

    fn send_body(&mut self, framing: (&str, &str), block: &[u8], blocks: u64, end: &[u8]) -> io::Result<()> {
        self.stream.write_all(&head("HTTP/1.1 200 OK", &[framing]))?;
        for _ in 0..blocks {
            self.stream.write_all(block)?;
        }
        self.stream.write_all(end)
    }

    /// Takes a body, whose bytes are never looked at but for the end of a chunked one.
    fn take_upload(&mut self, head_len: usize) -> io::Result<()> {
        let head = String::from_utf8_lossy(&self.buffer[..head_len]).to_ascii_lowercase();
        self.drop_front(head_len);
        let length = head.split("\r\n").find_map(|line| line.strip_prefix("content-length:"));
        let mut left = length.map(|text| number(text.trim())).transpose()?;
        loop {
            let done = match &mut left {
                Some(left) => {
                    *left = left.saturating_sub(self.filled as u64);
                    self.filled = 0;
                    *left == 0
                }
                None => {
                    let done = self.buffer[..self.filled].ends_with(LAST_CHUNK);
                    self.drop_front(self.filled.saturating_sub(LAST_CHUNK.len()));
                    done
                }
            };
            if done {
                self.filled = 0;
                return Ok(());
            }
            if self.fill()? == 0 {
                return Err(bad("the upload ended early"));
            }
        }
    }
}

fn number(text: &str) -> io::Result<u64> {
    text.parse().map_err(|_| bad("no number"))
}

fn bad(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}
