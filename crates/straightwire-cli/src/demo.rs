//! `straightwire demo`: the examples of `http.client`'s documentation, against an origin of its own.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anstyle::{AnsiColor, Style};
use origin::certificates::Authority;
use origin::{Origin, Proxy, TlsSetup, pattern};
use straightwire::{Body, Framing, HttpConnection, HttpResponse, HttpsConnection, Result, Tap, Tls};

use crate::exit::{Code, Failure};
use crate::scratch::Scratch;
use crate::wire::{ANSWERED, ASKED, Line, NOTED, Passed, Wire, agreed};

const TITLE: Style = Style::new().bold();
const RIGHT: Style = AnsiColor::Green.on_default().bold();
const WRONG: Style = AnsiColor::Red.on_default().bold();
const CALL: Style = Style::new().dimmed();

/// What the server with TLS is called behind the proxy.
const NAME: &str = "origin.test";

/// Runs all examples; a failure if an answer is not as it should be.
pub(crate) fn run() -> std::result::Result<(), Failure> {
    let servers = Servers::start()
        .map_err(|err| Failure::new(Code::Interface, format!("can't start the servers: {err}")))?;
    let mut out = anstream::stdout();
    match play(&servers.places(), &mut out) {
        Ok(0) => Ok(()),
        Ok(wrong) => Err(Failure::new(Code::WeirdReply, format!("{wrong} of the checks failed"))),
        Err(Trouble::Output(err)) => Err(Failure::writing("standard output", &err)),
        Err(Trouble::Scratch(err)) => Err(Failure::new(Code::Write, format!("no temporary file: {err}"))),
    }
}

/// Whom the examples talk to.
struct Servers {
    plain: Origin,
    secure: Origin,
    proxy: Proxy,
    authority: Authority,
}

impl Servers {
    fn start() -> io::Result<Servers> {
        let authority = Authority::new();
        let setup = TlsSetup::new(&authority.issue(&[NAME, "127.0.0.1"]));
        Ok(Servers {
            plain: Origin::start()?,
            secure: Origin::start_tls(&setup)?,
            proxy: Proxy::http().name(NAME, [127, 0, 0, 1]).start()?,
            authority,
        })
    }

    fn places(&self) -> Places<'_> {
        Places {
            plain: self.plain.host_port(),
            secure: self.secure.host_port(),
            proxy: self.proxy.addr().to_string(),
            root_pem: self.authority.root_pem(),
        }
    }
}

/// Where they are, and the certificate that the one with TLS is to be trusted by.
struct Places<'a> {
    plain: String,
    secure: String,
    proxy: String,
    root_pem: &'a str,
}

/// What keeps the examples from being shown at all.
#[derive(Debug)]
enum Trouble {
    Output(io::Error),
    Scratch(io::Error),
}

impl From<io::Error> for Trouble {
    fn from(err: io::Error) -> Trouble {
        Trouble::Output(err)
    }
}

/// A call as it is made and as it is shown.
macro_rules! call {
    (|$conn:ident| $call:expr) => {
        (stringify!($call), |$conn: &mut HttpConnection| $call)
    };
}

/// Shows the examples against the servers; how many checks failed.
fn play(places: &Places<'_>, out: &mut dyn Write) -> std::result::Result<usize, Trouble> {
    let version = env!("CARGO_PKG_VERSION");
    writeln!(out, "straightwire {version}: the examples of http.client's documentation")?;
    let mut demo = Demo::new(&places.plain, out)?;
    examples_in_clear(&mut demo)?;
    examples_over_tls(&mut demo, places)?;
    demo.end()
}

fn examples_in_clear(demo: &mut Demo<'_>) -> std::result::Result<(), Trouble> {
    let get = call!(|conn| conn.request("GET", "/index.html", (), &[]));
    demo.example("GET a page", get, WHOLE, |answer| {
        answer.is(200, "OK") && answer.body.starts_with(b"<!doctype html>") && answer.is_of_told_length()
    })?;

    let get = call!(|conn| conn.request("GET", "/parrot.spam", (), &[]));
    demo.example("GET one that is not there, on the same connection", get, WHOLE, |answer| {
        answer.is(404, "Not Found") && answer.is_of_told_length()
    })?;

    let head = call!(|conn| conn.request("HEAD", "/index.html", (), &[]));
    demo.example("HEAD never has a body", head, WHOLE, |answer| {
        answer.is(200, "OK") && answer.body.is_empty() && answer.length > Some(0)
    })?;

    let headers = [("Content-type", "application/x-www-form-urlencoded"), ("Accept", "text/plain")];
    let post = call!(|conn| conn.request("POST", "/cgi-bin/query", "spam=1&eggs=2&bacon=0", &headers));
    demo.example("POST a form", post, WHOLE, |answer| {
        answer.is(200, "OK") && answer.body == b"spam = 1\neggs = 2\nbacon = 0\n"
    })?;

    let scratch = Scratch::new(b"What the file holds.\n").map_err(Trouble::Scratch)?;
    let file = &scratch.file;
    let put = call!(|conn| conn.request("PUT", "/files/notes.txt", file, &[]));
    demo.example("PUT a file", put, WHOLE, |answer| answer.is(201, "Created") && answer.body.is_empty())?;

    let get = call!(|conn| conn.request("GET", "/chunked/1000/300", (), &[]));
    demo.example("GET in pieces of 200, whatever the chunks", get, PIECES, |answer| {
        answer.is(200, "OK")
            && answer.framing == Framing::Chunked
            && answer.pieces == [200; 5]
            && answer.body == pattern::bytes(1000)
    })?;

    let lines = ["spam\n", "eggs\n", "bacon\n"];
    let post = call!(|conn| conn.request("POST", "/echo", Body::chunks(lines), &[]));
    demo.example("POST what an iterator gives, as it comes", post, WHOLE, |answer| {
        answer.is(200, "OK") && answer.body == lines.concat().as_bytes()
    })?;
    Ok(())
}

fn examples_over_tls(demo: &mut Demo<'_>, places: &Places<'_>) -> std::result::Result<(), Trouble> {
    demo.secure(&places.secure, places.root_pem, None)?;
    let get = call!(|conn| conn.request("GET", "/index.html", (), &[]));
    demo.example("GET a page over TLS", get, WHOLE, |answer| {
        answer.is(200, "OK") && answer.is_secure && answer.is_of_told_length()
    })?;

    let port = places.secure.rsplit(':').next().unwrap_or_default();
    let target = format!("{NAME}:{port}");
    demo.secure(&places.proxy, places.root_pem, Some(&target))?;
    let head = call!(|conn| conn.request("HEAD", "/index.html", (), &[]));
    demo.example("HEAD through a proxy's tunnel", head, WHOLE, |answer| {
        answer.is(200, "OK") && answer.is_secure && answer.body.is_empty() && answer.length > Some(0)
    })?;
    Ok(())
}

/// How a body is read.
struct Reading {
    shown: &'static str,
    /// Reads a piece; an empty one is the end.
    piece: fn(&mut HttpResponse<'_>) -> Result<Vec<u8>>,
}

const WHOLE: Reading =
    Reading { shown: "conn.get_response()?.read_all()?", piece: |response| response.read_all() };
const PIECES: Reading = Reading {
    shown: "response.read_up_to(200)? until it is empty",
    piece: |response| response.read_up_to(200),
};

/// What came back.
struct Answer {
    status: u16,
    reason: String,
    framing: Framing,
    /// Content-Length.
    length: Option<usize>,
    /// How long each piece was that was read.
    pieces: Vec<usize>,
    body: Vec<u8>,
    is_secure: bool,
}

impl Answer {
    fn read(conn: &mut HttpConnection, reading: &Reading) -> Result<Answer> {
        let is_secure = conn.tls_session().is_some();
        let mut response = conn.get_response()?;
        let mut answer = Answer {
            status: response.status(),
            reason: response.reason().into_owned(),
            framing: response.framing(),
            length: response.header("Content-Length").and_then(|length| length.parse().ok()),
            pieces: Vec::new(),
            body: Vec::new(),
            is_secure,
        };
        loop {
            let piece = (reading.piece)(&mut response)?;
            if piece.is_empty() {
                return Ok(answer);
            }
            answer.pieces.push(piece.len());
            answer.body.extend(piece);
        }
    }

    fn is(&self, status: u16, reason: &str) -> bool {
        self.status == status && self.reason == reason
    }

    fn is_of_told_length(&self) -> bool {
        self.length == Some(self.body.len())
    }

    /// In a line: status, size, how the body begins.
    fn told(&self) -> String {
        let mut told = format!("{} {}, {}", self.status, self.reason, bytes(self.body.len()));
        if self.pieces.len() > 1 {
            told += &format!(" in {} pieces", self.pieces.len());
        }
        // Of text; the pattern of the origin's bytes is none.
        let line = self.body.split(|&byte| byte == b'\n').next().unwrap_or_default();
        if !line.is_empty() && line.iter().all(|byte| (b' '..=b'~').contains(byte)) {
            told += &format!(": {}", Line(&line[..line.len().min(40)]));
        }
        told
    }
}

/// The wire's heads and handshakes since the last example, and what passed in all.
#[derive(Default)]
struct Seen {
    heads: Vec<(Style, char, Vec<u8>)>,
    connections: usize,
    sent: usize,
    received: usize,
}

impl Seen {
    fn take(&mut self, passed: Passed<'_>) {
        match passed {
            Passed::Connected { .. } => self.connections += 1,
            Passed::Secured(session) => self.heads.push((NOTED, '*', agreed(session).into_bytes())),
            Passed::RequestHead(head) => {
                self.sent += head.len();
                self.heads.push((ASKED, '>', head.to_vec()));
            }
            Passed::ResponseHead(head) | Passed::NoHead(head) => {
                self.received += head.len();
                self.heads.push((ANSWERED, '<', head.to_vec()));
            }
            Passed::SentData(len) => self.sent += len,
            Passed::ReceivedData(len) => self.received += len,
            _ => {}
        }
    }
}

struct Demo<'out> {
    conn: Result<HttpConnection>,
    /// How many of them there were.
    opened: usize,
    seen: Arc<Mutex<Seen>>,
    out: &'out mut dyn Write,
    shown: usize,
    wrong: usize,
}

impl<'out> Demo<'out> {
    /// Begins with a connection to this host and port.
    fn new(place: &str, out: &'out mut dyn Write) -> io::Result<Demo<'out>> {
        writeln!(out, "{CALL}let mut conn = HttpConnection::new(\"{place}\")?;{CALL:#}")?;
        let seen = Arc::default();
        let conn = HttpConnection::builder(place).tap(tap(&seen)).build();
        Ok(Demo { conn, opened: 1, seen, out, shown: 0, wrong: 0 })
    }

    /// Goes on with one over TLS, to this host and port or by a tunnel that they make.
    fn secure(&mut self, place: &str, root_pem: &str, tunnel: Option<&str>) -> io::Result<()> {
        writeln!(self.out, "\n{CALL}let tls = Tls::builder().ca_pem(root).build()?;{CALL:#}")?;
        let start = "let mut conn = HttpsConnection::builder";
        writeln!(self.out, "{CALL}{start}(\"{place}\").tls(tls).build()?;{CALL:#}")?;
        self.conn = Tls::builder().ca_pem(root_pem).build().and_then(|tls| {
            let mut conn = HttpsConnection::builder(place).tls(tls).tap(tap(&self.seen)).build()?;
            if let Some(target) = tunnel {
                conn.set_tunnel(target, None, &[])?;
            }
            Ok(conn.into_inner())
        });
        self.opened += 1;
        match tunnel {
            Some(target) => writeln!(self.out, "{CALL}conn.set_tunnel(\"{target}\", None, &[])?;{CALL:#}"),
            None => Ok(()),
        }
    }

    /// Makes the calls and shows them, the wire, and what came back.
    fn example(
        &mut self,
        title: &str,
        (shown, request): (&str, impl FnOnce(&mut HttpConnection) -> Result<()>),
        reading: Reading,
        is_right: impl FnOnce(&Answer) -> bool,
    ) -> io::Result<()> {
        self.shown += 1;
        writeln!(self.out, "\n{TITLE}{}  {title}{TITLE:#}", self.shown)?;
        writeln!(self.out, "   {CALL}{shown}?;{CALL:#}")?;
        writeln!(self.out, "   {CALL}{};{CALL:#}", reading.shown)?;
        let answer = match &mut self.conn {
            Ok(conn) => {
                request(conn).and_then(|()| Answer::read(conn, &reading)).map_err(|err| err.to_string())
            }
            Err(err) => Err(err.to_string()),
        };
        for (style, mark, head) in std::mem::take(&mut lock(&self.seen).heads) {
            for line in head.split_inclusive(|&byte| byte == b'\n').filter(|line| *line != b"\r\n") {
                writeln!(self.out, "   {style}{mark}{style:#} {}", Line(line))?;
            }
        }
        match answer {
            Ok(answer) => self.check(is_right(&answer), &answer.told()),
            Err(err) => self.check(false, &err),
        }
    }

    fn check(&mut self, is_right: bool, told: &str) -> io::Result<()> {
        if is_right {
            return writeln!(self.out, "   {RIGHT}✓{RIGHT:#} {told}");
        }
        self.wrong += 1;
        writeln!(self.out, "   {WRONG}✗{WRONG:#} {told}")
    }

    /// Closes the connection and sums up; how many checks failed.
    fn end(mut self) -> std::result::Result<usize, Trouble> {
        if let Ok(conn) = &mut self.conn {
            conn.close();
        }
        let seen = std::mem::take(&mut *lock(&self.seen));
        let plural = if seen.connections == 1 { "" } else { "s" };
        let sum = format!(
            "{} exchanges over {} connection{plural}, {} sent, {} received",
            self.shown,
            seen.connections,
            bytes(seen.sent),
            bytes(seen.received),
        );
        writeln!(self.out)?;
        self.check(seen.connections == self.opened, &sum)?;
        Ok(self.wrong)
    }
}

/// Notes what passes.
fn tap(seen: &Arc<Mutex<Seen>>) -> impl Tap + 'static {
    let seen = Arc::clone(seen);
    Wire::new(move |passed| lock(&seen).take(passed))
}

fn bytes(count: usize) -> String {
    format!("{count} byte{}", if count == 1 { "" } else { "s" })
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use origin::{Script, Scripted};

    use super::*;

    fn played(places: &Places<'_>) -> (usize, String) {
        let mut out = Vec::new();
        let wrong = play(places, &mut out).unwrap();
        (wrong, String::from_utf8(out).unwrap())
    }

    /// All that is to be talked to is the same server, without TLS.
    fn played_by(script: Script) -> (usize, String) {
        let server = Scripted::start(vec![script]).unwrap();
        let place = server.addr().to_string();
        let authority = Authority::new();
        let root_pem = authority.root_pem();
        played(&Places { plain: place.clone(), secure: place.clone(), proxy: place, root_pem })
    }

    #[test]
    fn right_servers_pass() {
        let (wrong, shown) = played(&Servers::start().unwrap().places());
        assert_eq!(wrong, 0, "{shown}");
        assert_eq!(shown.matches('✓').count(), 10, "{shown}");
    }

    #[test]
    fn wrong_answers_are_found_and_shown() {
        // Empty, and each on a connection of its own: only the 200 to HEAD could pass, but for its length.
        let script =
            Script::new().read_request().send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").close();
        let (wrong, shown) = played_by(script);
        assert_eq!(wrong, 10, "{shown}");
        assert_eq!(shown.matches('✗').count(), 10, "{shown}");
    }

    #[test]
    fn a_server_without_tls_fails_what_is_over_tls() {
        let servers = Servers::start().unwrap();
        let places = Places { secure: servers.plain.host_port(), ..servers.places() };
        let (wrong, shown) = played(&places);
        assert_eq!(wrong, 2, "{shown}");
        assert_eq!(shown.matches(" Tls: the peer speaks plain HTTP").count(), 2, "{shown}");
    }

    #[test]
    fn errors_are_shown_and_do_not_end_it() {
        let (wrong, shown) = played_by(Script::new().read_request().close());
        assert_eq!(wrong, 10, "{shown}");
        assert_eq!(shown.matches(" RemoteDisconnected: ").count(), 8, "{shown}");
    }
}
