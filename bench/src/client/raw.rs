//! A bare socket. It knows beforehand what is sent and how long the answer is, and looks for nothing but
//! the end of the head: what is left is what the system costs.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;

use memchr::memmem::Finder;

use super::{Bodies, Requests, check};
use crate::Result;
use crate::messages::{Download, HEAD_END, LAST_CHUNK, READ_SIZE, SMALL_BODY, SmallGet, request_head};
use crate::server::Peer;

/// Room before a block of an upload for `10000\r\n`.
const CHUNK_START: usize = 7;

/// Opens one kind of stream.
pub(crate) trait Open: Sized {
    type Stream: Read + Write;

    fn new(server: &Peer) -> Result<Self>;

    fn open(&self) -> Result<Self::Stream>;
}

/// A socket as it is.
pub(crate) struct Tcp(SocketAddr);

impl Open for Tcp {
    type Stream = TcpStream;

    fn new(server: &Peer) -> Result<Tcp> {
        Ok(Tcp(server.address))
    }

    fn open(&self) -> Result<TcpStream> {
        let stream = TcpStream::connect(self.0)?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

pub(crate) struct RawClient<O: Open> {
    server: SocketAddr,
    opener: O,
    head_end: Finder<'static>,
    stream: Option<O::Stream>,
    buffer: Vec<u8>,
}

impl<O: Open> RawClient<O> {
    fn stream(&mut self) -> Result<&mut O::Stream> {
        if self.stream.is_none() {
            self.stream = Some(self.opener.open()?);
        }
        self.stream.as_mut().ok_or_else(|| "just opened".into())
    }

    /// Reads until `expected` bytes came after a head.
    fn answer(&mut self, expected: u64) -> Result<()> {
        let Some(stream) = &mut self.stream else { return Err("not open".into()) };
        let mut filled = 0;
        let mut total = loop {
            match stream.read(&mut self.buffer[filled..])? {
                0 => return Err("the answer ended early".into()),
                len => filled += len,
            }
            if let Some(at) = self.head_end.find(&self.buffer[..filled]) {
                break (filled - at - HEAD_END.len()) as u64;
            }
        };
        while total < expected {
            match stream.read(&mut self.buffer)? {
                0 => return Err("the answer ended early".into()),
                len => total += len as u64,
            }
        }
        check(200, total, expected)
    }
}

impl<O: Open> Requests for RawClient<O> {
    fn new(server: &Peer) -> Result<Self> {
        let head_end = Finder::new(HEAD_END);
        let (opener, buffer) = (O::new(server)?, vec![0; READ_SIZE]);
        Ok(RawClient { server: server.address, opener, head_end, stream: None, buffer })
    }

    fn get(&mut self, get: &SmallGet) -> Result<()> {
        self.stream()?.write_all(&get.request)?;
        self.answer(SMALL_BODY as u64)
    }

    fn get_once(&mut self, get: &SmallGet) -> Result<()> {
        self.stream = Some(self.opener.open()?);
        self.get(get)?;
        self.stream = None;
        Ok(())
    }
}

impl<O: Open> Bodies for RawClient<O> {
    fn download(&mut self, download: &Download) -> Result<()> {
        self.stream()?.write_all(&download.request)?;
        self.answer(download.wire_len)
    }

    fn read_all(&mut self, download: &Download) -> Result<()> {
        self.stream()?.write_all(&download.request)?;
        let mut body = Vec::with_capacity(download.len as usize);
        let Some(stream) = &mut self.stream else { return Err("not open".into()) };
        // The head apart, the rest straight into the vector.
        let filled = stream.read(&mut self.buffer)?;
        let at = self.head_end.find(&self.buffer[..filled]).ok_or("a head in two pieces")?;
        body.extend_from_slice(&self.buffer[at + HEAD_END.len()..filled]);
        stream.take(download.len - body.len() as u64).read_to_end(&mut body)?;
        check(200, body.len() as u64, download.len)
    }

    fn upload(&mut self, path: &Path, chunked: bool) -> Result<()> {
        let mut file = File::open(path)?;
        let server = self.server;
        let mut block = vec![0; CHUNK_START + READ_SIZE + 2];
        let stream = self.stream()?;
        let length = file.metadata()?.len().to_string();
        let framing =
            if chunked { ("Transfer-Encoding", "chunked") } else { ("Content-Length", length.as_str()) };
        stream.write_all(&request_head("PUT", "/upload", server, &[framing]))?;
        loop {
            let len = file.read(&mut block[CHUNK_START..CHUNK_START + READ_SIZE])?;
            if len == 0 {
                break;
            }
            let end = CHUNK_START + len;
            if chunked {
                write!(&mut block[..CHUNK_START], "{len:05x}\r\n")?;
                block[end..end + 2].copy_from_slice(b"\r\n");
                stream.write_all(&block[..end + 2])?;
            } else {
                stream.write_all(&block[CHUNK_START..end])?;
            }
        }
        if chunked {
            stream.write_all(LAST_CHUNK)?;
        }
        self.answer(0)
    }
}
