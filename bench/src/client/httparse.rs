//! The httparse crate over a bare socket: the least that still reads the head.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use httparse::{EMPTY_HEADER, Response};

use super::{Requests, check};
use crate::Result;
use crate::messages::{READ_SIZE, SMALL_BODY, SmallGet};
use crate::server::Peer;

/// As many headers as straightwire takes.
const MOST_HEADERS: usize = 100;

pub(crate) struct HttparseClient {
    server: SocketAddr,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
}

impl Requests for HttparseClient {
    fn new(server: &Peer) -> Result<Self> {
        Ok(HttparseClient { server: server.address, stream: None, buffer: vec![0; READ_SIZE] })
    }

    fn get(&mut self, get: &SmallGet) -> Result<()> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            closed => {
                let stream = TcpStream::connect(self.server)?;
                stream.set_nodelay(true)?;
                closed.insert(stream)
            }
        };
        stream.write_all(&get.request)?;
        let mut filled = 0;
        loop {
            match stream.read(&mut self.buffer[filled..])? {
                0 => return Err("the answer ended early".into()),
                len => filled += len,
            }
            if let Some((status, head_len, body_len)) = parse(&self.buffer[..filled])?
                && filled >= head_len + body_len
            {
                return check(status, body_len as u64, SMALL_BODY as u64);
            }
        }
    }

    fn get_once(&mut self, get: &SmallGet) -> Result<()> {
        self.stream = None;
        self.get(get)?;
        self.stream = None;
        Ok(())
    }
}

/// Status, length of the head and length of the body, once the head is whole.
pub(crate) fn parse(bytes: &[u8]) -> Result<Option<(u16, usize, usize)>> {
    let mut headers = [EMPTY_HEADER; MOST_HEADERS];
    let mut response = Response::new(&mut headers);
    let httparse::Status::Complete(head_len) = response.parse(bytes)? else { return Ok(None) };
    let length = response
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("content-length"))
        .and_then(|header| std::str::from_utf8(header.value).ok()?.parse().ok())
        .ok_or("no length")?;
    Ok(Some((response.code.unwrap_or(0), head_len, length)))
}
