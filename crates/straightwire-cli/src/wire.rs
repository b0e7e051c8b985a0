//! What passes on the wire: the library's events sorted into heads and data, and how `-v` shows them.

use std::fmt;
use std::io::Write;
use std::net::SocketAddr;

use anstyle::{AnsiColor, Style};
use straightwire::{CloseReason, Event, Tap, TlsSession};

/// Something that passed. Heads are the bytes of the wire, blank line included.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Passed<'a> {
    Connecting {
        host: &'a str,
        port: u16,
    },
    Connected {
        local: Option<SocketAddr>,
        peer: Option<SocketAddr>,
    },
    /// TLS was agreed on, with a proxy or with the server.
    Secured(&'a TlsSession),
    RequestHead(&'a [u8]),
    /// So many bytes after a request head, framing included.
    SentData(usize),
    /// Of an interim response, or of the final one.
    ResponseHead(&'a [u8]),
    /// What came where a head was due and was none.
    NoHead(&'a [u8]),
    /// So many bytes after a response head, framing included.
    ReceivedData(usize),
    Closed(Option<CloseReason>),
}

/// A [`Tap`] that sorts what passes and hands it to a closure. Data is summed up, and told when it is over:
/// at the next head or handshake, at the close, or when the connection is dropped. A request for a tunnel and
/// its answer pass like any other.
pub(crate) struct Wire<S: FnMut(Passed<'_>)> {
    sink: S,
    /// Bytes of the request head, until its blank line has passed.
    asking: Vec<u8>,
    asked: bool,
    /// Bytes received that no head has taken yet.
    answer: Vec<u8>,
    answered: bool,
    sent: usize,
    received: usize,
}

impl<S: FnMut(Passed<'_>)> Wire<S> {
    pub(crate) fn new(sink: S) -> Wire<S> {
        Wire {
            sink,
            asking: Vec::new(),
            asked: false,
            answer: Vec::new(),
            answered: false,
            sent: 0,
            received: 0,
        }
    }

    fn sent(&mut self, bytes: &[u8]) {
        // What is sent after an answer is the next request.
        if self.answered {
            self.settle();
        }
        if self.asked {
            self.sent += bytes.len();
            return;
        }
        self.asking.extend_from_slice(bytes);
        if let Some(end) = head_end(&self.asking) {
            (self.sink)(Passed::RequestHead(&self.asking[..end]));
            self.sent = self.asking.len() - end;
            self.asking.clear();
            self.asked = true;
        }
    }

    fn received(&mut self, bytes: &[u8]) {
        self.settle_sent();
        if self.answered {
            self.received += bytes.len();
        } else {
            self.answer.extend_from_slice(bytes);
        }
    }

    fn head(&mut self) {
        let end = head_end(&self.answer).unwrap_or(self.answer.len());
        (self.sink)(Passed::ResponseHead(&self.answer[..end]));
        self.answer.drain(..end);
    }

    fn settle_sent(&mut self) {
        if !self.asking.is_empty() {
            (self.sink)(Passed::RequestHead(&self.asking));
            self.asking.clear();
        }
        if self.sent > 0 {
            (self.sink)(Passed::SentData(self.sent));
            self.sent = 0;
        }
    }

    /// Tells what was not told yet, and is ready for the next request.
    fn settle(&mut self) {
        self.settle_sent();
        if !self.answer.is_empty() {
            (self.sink)(Passed::NoHead(&self.answer));
            self.answer.clear();
        }
        if self.received > 0 {
            (self.sink)(Passed::ReceivedData(self.received));
            self.received = 0;
        }
        self.asked = false;
        self.answered = false;
    }
}

impl<S: FnMut(Passed<'_>) + Send> Tap for Wire<S> {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Connecting { host, port } => {
                self.settle();
                (self.sink)(Passed::Connecting { host, port });
            }
            Event::Connected { local, peer } => (self.sink)(Passed::Connected { local, peer }),
            Event::Secured(session) => {
                self.settle();
                (self.sink)(Passed::Secured(session));
            }
            Event::Sent(bytes) => self.sent(bytes),
            Event::Received(bytes) => self.received(bytes),
            Event::Interim(_) => self.head(),
            Event::Head(_) => {
                self.head();
                self.received = self.answer.len();
                self.answer.clear();
                self.answered = true;
            }
            Event::Closed(reason) => {
                self.settle();
                (self.sink)(Passed::Closed(reason));
            }
            _ => {}
        }
    }
}

impl<S: FnMut(Passed<'_>)> Drop for Wire<S> {
    fn drop(&mut self) {
        self.settle();
    }
}

/// Shows what passed as curl's `-v` does; `via` is what connections go by. Nothing can be done about an
/// error, so none is told.
pub(crate) fn show(passed: Passed<'_>, via: &str, out: &mut impl Write) {
    let mut text = Vec::new();
    match passed {
        Passed::Connecting { host, port } => {
            let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
            note(&mut text, format_args!("Connecting to {host}:{port}{via}"));
        }
        Passed::Connected { local: Some(local), peer: Some(peer) } => {
            note(&mut text, format_args!("Connected to {peer} from {local}"));
        }
        Passed::Connected { .. } => note(&mut text, format_args!("Connected")),
        Passed::Secured(session) => note(&mut text, format_args!("{}", agreed(session))),
        Passed::RequestHead(head) => lines(&mut text, ASKED, '>', head),
        Passed::ResponseHead(head) | Passed::NoHead(head) => lines(&mut text, ANSWERED, '<', head),
        Passed::SentData(len) => data(&mut text, ASKED, '}', len),
        Passed::ReceivedData(len) => data(&mut text, ANSWERED, '{', len),
        Passed::Closed(None) => note(&mut text, format_args!("Closed the connection")),
        Passed::Closed(Some(reason)) => {
            note(&mut text, format_args!("Closed the connection: {reason}"));
        }
    }
    let _ = out.write_all(&text);
}

/// Shows the body of an answer that ended it all, as a proxy's refusal does.
pub(crate) fn show_refusal(body: &[u8], out: &mut impl Write) {
    let mut text = Vec::new();
    lines(&mut text, ANSWERED, '<', &body[..body.len().min(REFUSAL)]);
    let _ = out.write_all(&text);
}

/// As much as is shown of such a body: it is for the eye.
const REFUSAL: usize = 2048;

/// What a handshake came to, in a line.
pub(crate) fn agreed(session: &TlsSession) -> String {
    let mut told = format!("{}, {}", session.version(), session.cipher());
    if let Some(protocol) = session.alpn() {
        told += &format!(", {}", Line(protocol));
    }
    if session.is_resumed() {
        told += " (resumed)";
    }
    told
}

pub(crate) const ASKED: Style = AnsiColor::Blue.on_default();
pub(crate) const ANSWERED: Style = AnsiColor::Green.on_default();
pub(crate) const NOTED: Style = Style::new().dimmed();

fn note(out: &mut Vec<u8>, text: fmt::Arguments<'_>) {
    let _ = writeln!(out, "{NOTED}* {text}{NOTED:#}");
}

fn data(out: &mut Vec<u8>, style: Style, mark: char, len: usize) {
    let _ = writeln!(out, "{style}{mark}{style:#} [{len} bytes data]");
}

/// A head line by line, each behind a mark.
fn lines(out: &mut Vec<u8>, style: Style, mark: char, head: &[u8]) {
    for line in head.split_inclusive(|&byte| byte == b'\n') {
        let _ = writeln!(out, "{style}{mark}{style:#} {}", Line(line));
    }
}

/// A line of a head, fit for a terminal: its line end left out, what is no text or would steer the terminal
/// escaped.
pub(crate) struct Line<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.0.strip_suffix(b"\n").unwrap_or(self.0);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        for chunk in line.utf8_chunks() {
            for char in chunk.valid().chars() {
                match char {
                    '\t' => f.write_str("\t")?,
                    char if char.is_control() => write!(f, "\\x{:02x}", u32::from(char))?,
                    char => write!(f, "{char}")?,
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// Where the first head in `bytes` ends: behind the first blank line that follows another line.
fn head_end(bytes: &[u8]) -> Option<usize> {
    let mut start = 0;
    let mut any = false;
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        start += line.len();
        match line {
            b"\n" | b"\r\n" if any => return Some(start),
            b"\n" | b"\r\n" => {}
            _ => any = true,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_end_at_their_blank_line() {
        for (bytes, end) in [
            (&b"A\r\nB\r\n\r\nrest"[..], Some(8)),
            (b"A\n\nrest", Some(3)),
            (b"\r\nA\r\n\r\n", Some(7)),
            (b"A\r\nB\r\n", None),
            (b"A\r\n\r", None),
            (b"", None),
        ] {
            assert_eq!(head_end(bytes), end, "{:?}", bytes.escape_ascii().to_string());
        }
    }

    #[test]
    fn a_line_keeps_text_and_escapes_the_rest() {
        assert_eq!(Line(b"A:\tb\xc3\xa9\xff\x1b[2J\r\r\n").to_string(), "A:\tb\u{e9}\\xff\\x1b[2J\\x0d");
    }
}
