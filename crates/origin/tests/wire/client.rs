//! A client that sends what it is given and reads answers with as little cleverness as can be.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Stands for "hangs": nothing here takes long.
pub(crate) const NEVER: Duration = Duration::from_secs(20);

pub(crate) struct Client {
    reader: BufReader<TcpStream>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) reason: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// The chunk lines of a chunked answer.
    pub(crate) chunks: Vec<String>,
    pub(crate) trailers: Vec<(String, String)>,
}

impl Client {
    pub(crate) fn connect(addr: SocketAddr) -> Client {
        let stream = TcpStream::connect(addr).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(NEVER)).unwrap();
        stream.set_write_timeout(Some(NEVER)).unwrap();
        Client { reader: BufReader::new(stream) }
    }

    pub(crate) fn stream(&self) -> &TcpStream {
        self.reader.get_ref()
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.reader.get_mut().write_all(bytes.as_ref()).unwrap();
    }

    /// Sends a request line and a Host, and reads the answer.
    pub(crate) fn ask(&mut self, method: &str, target: &str) -> Answer {
        self.ask_with(method, target, "", b"")
    }

    /// As [`ask`](Client::ask), with further field lines (each with its CRLF) and a body.
    pub(crate) fn ask_with(&mut self, method: &str, target: &str, fields: &str, body: &[u8]) -> Answer {
        let mut wire = format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n").into_bytes();
        wire.extend_from_slice(body);
        self.send(wire);
        self.answer_to(method)
    }

    pub(crate) fn answer(&mut self) -> Answer {
        self.answer_to("GET")
    }

    /// Reads one answer, interim ones too.
    pub(crate) fn answer_to(&mut self, method: &str) -> Answer {
        let status_line = self.line();
        let mut words = status_line.splitn(3, ' ');
        assert_eq!(words.next(), Some("HTTP/1.1"), "{status_line}");
        let status = words.next().unwrap().parse().unwrap();
        let reason = words.next().unwrap().to_owned();
        let headers = self.fields();
        let mut answer = Answer { status, reason, headers, body: vec![], chunks: vec![], trailers: vec![] };
        if method == "HEAD" || status < 200 || status == 204 || status == 304 {
            return answer;
        }
        if answer.header("Transfer-Encoding") == Some("chunked") {
            self.read_chunks(&mut answer);
        } else if let Some(length) = answer.header("Content-Length") {
            answer.body = vec![0; length.parse().unwrap()];
            self.reader.read_exact(&mut answer.body).unwrap();
        } else {
            self.reader.read_to_end(&mut answer.body).unwrap();
        }
        answer
    }

    /// Whether the server has closed, with nothing left to read.
    pub(crate) fn is_at_end(&mut self) -> bool {
        self.reader.fill_buf().unwrap().is_empty()
    }

    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        self.reader.read_to_end(&mut rest).unwrap();
        rest
    }

    pub(crate) fn exactly(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.reader.read_exact(&mut bytes).unwrap();
        bytes
    }

    fn read_chunks(&mut self, answer: &mut Answer) {
        loop {
            let line = self.line();
            let size = usize::from_str_radix(line.split(';').next().unwrap(), 16).unwrap();
            answer.chunks.push(line);
            if size == 0 {
                answer.trailers = self.fields();
                return;
            }
            let data = self.exactly(size);
            answer.body.extend(data);
            assert_eq!(self.line(), "");
        }
    }

    fn fields(&mut self) -> Vec<(String, String)> {
        let mut fields = Vec::new();
        loop {
            let line = self.line();
            if line.is_empty() {
                return fields;
            }
            let (name, value) = line.split_once(": ").unwrap();
            fields.push((name.to_owned(), value.to_owned()));
        }
    }

    fn line(&mut self) -> String {
        let mut line = Vec::new();
        self.reader.read_until(b'\n', &mut line).unwrap();
        let line = String::from_utf8(line).unwrap();
        line.strip_suffix("\r\n").unwrap_or_else(|| panic!("a line without CRLF: {line:?}")).to_owned()
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// Pairs as the tests write them.
pub(crate) fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}
