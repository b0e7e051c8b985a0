//! The protocol without sockets: messages made and read from memory.

use straightwire::proto::{BodyStep, Exchange, Received};

use crate::Result;
use crate::client::{Client, httparse_head};
use crate::messages::{
    HEAD_END, LAST_CHUNK, MEBIBYTE, READ_SIZE, SMALL_BODY, SmallGet, chunked_mebibyte, head,
};

/// Makes the request and reads the answer, `rounds` times.
///
/// # Errors
/// When the answer is not what it should be, or the client has no core.
pub fn exchanges(client: Client, get: &SmallGet, rounds: u64) -> Result<()> {
    let mut out = Vec::with_capacity(get.request.len());
    let mut exchange = Exchange::default();
    let host = "127.0.0.1";
    for _ in 0..rounds {
        let body_len = match client {
            Client::Straightwire => {
                exchange.begin(&mut out, "GET", get.target)?;
                exchange.put_header(&mut out, "Host", host)?;
                exchange.put_header(&mut out, "Accept-Encoding", "identity")?;
                for &(name, value) in get.headers {
                    exchange.put_header(&mut out, name, value)?;
                }
                exchange.end_head(&mut out, true)?;
                let Received::Head { len } = exchange.receive_head(&get.answer)? else {
                    return Err("no whole head".into());
                };
                let BodyStep::Data(range) = exchange.receive_body(&get.answer[len..])? else {
                    return Err("no body".into());
                };
                range.len()
            }
            Client::Raw => {
                copy_request(get, &mut out);
                let at = memchr::memmem::find(&get.answer, HEAD_END).ok_or("no whole head")?;
                get.answer.len() - at - HEAD_END.len()
            }
            Client::Httparse => {
                copy_request(get, &mut out);
                httparse_head(&get.answer)?.ok_or("no whole head")?.2
            }
            _ => return Err("this client has no core to look at".into()),
        };
        if body_len != SMALL_BODY {
            return Err(format!("a body of {body_len} bytes").into());
        }
    }
    Ok(())
}

/// For those that only read.
fn copy_request(get: &SmallGet, out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(&get.request);
}

/// Chunked bodies of one MiB in memory, to be decoded.
#[derive(Debug)]
pub struct Chunked {
    /// The head of the message.
    head: Vec<u8>,
    /// The rest of it.
    wire: Vec<u8>,
}

impl Chunked {
    /// In chunks of so many bytes.
    pub fn new(chunk: usize) -> Chunked {
        let mut wire = chunked_mebibyte(chunk);
        wire.extend_from_slice(LAST_CHUNK);
        Chunked { head: head("HTTP/1.1 200 OK", &[("Transfer-Encoding", "chunked")]), wire }
    }

    /// Decodes the body and copies it out, `rounds` times.
    ///
    /// # Errors
    /// When the body is not what it should be, or the client has no decoder.
    pub fn decode(&self, client: Client, rounds: u64) -> Result<()> {
        let mut sink = Sink::default();
        let mut exchange = Exchange::default();
        let mut out = Vec::new();
        for _ in 0..rounds {
            sink.total = 0;
            let expected = match client {
                Client::Straightwire => {
                    exchange.begin(&mut out, "GET", "/")?;
                    exchange.end_head(&mut out, true)?;
                    exchange.receive_head(&self.head)?;
                    self.decode_by_exchange(&mut exchange, &mut sink)?;
                    MEBIBYTE
                }
                // The bytes as they are: what copying costs.
                Client::Raw => {
                    self.wire.chunks(READ_SIZE).for_each(|block| sink.take(block));
                    self.wire.len()
                }
                Client::Httparse => {
                    self.decode_by_httparse(&mut sink)?;
                    MEBIBYTE
                }
                _ => return Err("this client has no decoder to look at".into()),
            };
            if sink.total != expected {
                return Err(format!("{} of {expected} bytes", sink.total).into());
            }
        }
        Ok(())
    }

    /// In blocks, as from a socket.
    fn decode_by_exchange(&self, exchange: &mut Exchange, sink: &mut Sink) -> Result<()> {
        for block in self.wire.chunks(READ_SIZE) {
            let mut at = 0;
            while at < block.len() {
                match exchange.receive_body(&block[at..])? {
                    BodyStep::Data(range) => {
                        sink.take(&block[at..][range.clone()]);
                        at += range.end;
                    }
                    BodyStep::More => break,
                    BodyStep::End(_) => return Ok(()),
                }
            }
        }
        Err("the body has no end".into())
    }

    /// All at once: httparse keeps no state between blocks.
    fn decode_by_httparse(&self, sink: &mut Sink) -> Result<()> {
        let mut at = 0;
        loop {
            let httparse::Status::Complete((line, size)) =
                httparse::parse_chunk_size(&self.wire[at..]).map_err(|_| "a bad chunk size")?
            else {
                return Err("the body has no end".into());
            };
            if size == 0 {
                return Ok(());
            }
            let start = at + line;
            let end = start + size as usize;
            sink.take(self.wire.get(start..end).ok_or("a chunk cut short")?);
            at = end + b"\r\n".len();
        }
    }
}

/// Where bodies go: a caller's buffer that is used over and over.
#[derive(Default)]
struct Sink {
    bytes: Vec<u8>,
    total: usize,
}

impl Sink {
    fn take(&mut self, data: &[u8]) {
        if self.bytes.len() + data.len() > READ_SIZE {
            self.bytes.clear();
        }
        self.bytes.extend_from_slice(data);
        self.total += data.len();
    }
}
