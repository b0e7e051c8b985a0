//! What happens on a connection, in words for a log.
//!
//! Logs are kept and passed around, so nothing in them is a secret: see [`shown_target`] and [`shown_value`].

#[cfg(feature = "log")]
mod log;
#[cfg(feature = "tracing")]
mod tracing;

use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;

#[cfg(feature = "log")]
pub(crate) use log::LogTap;
#[cfg(feature = "tracing")]
pub(crate) use tracing::TracingTap;

use crate::error::{Error, Phase};
use crate::host::in_brackets;
use crate::tap::{Event, RepeatReason};

/// What log lines are filtered by.
const TARGET: &str = "straightwire";

/// How much one wants to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Detail {
    /// Connections, request lines and statuses.
    Debug,
    /// Heads, addresses and counts of bytes too.
    Trace,
}

/// Where lines go.
trait Sink {
    fn wants(&self, detail: Detail) -> bool;
    fn line(&self, detail: Detail, line: &str);
}

/// Tells one connection's events, each line with the host and port that it is about.
#[derive(Default)]
struct Story {
    place: String,
    /// Where the request goes, which is not where a way through a proxy begins.
    origin: String,
    peer: Option<SocketAddr>,
    phase: Option<Phase>,
    /// A request that has not begun to be sent.
    is_new: bool,
    /// Requests sent on the open connection.
    requests: usize,
}

impl Story {
    fn tell(&mut self, event: Event<'_>, sink: &impl Sink) {
        match event {
            Event::Request(head) => {
                self.is_new = true;
                self.phase = None;
                self.origin = place(head.host(), head.port());
                self.place.clone_from(&self.origin);
            }
            Event::Connecting { host, port } => {
                self.place = place(host, port);
                (self.peer, self.requests) = (None, 0);
            }
            Event::Connected { peer, .. } => self.peer = peer,
            Event::Phase(phase) => self.phase = Some(phase),
            Event::Repeating { .. } => (self.is_new, self.phase) = (true, None),
            _ => {}
        }
        if sink.wants(Detail::Debug) {
            self.debug(event, sink);
        }
        if sink.wants(Detail::Trace) {
            self.trace(event, sink);
        }
        match event {
            Event::Opened if !self.origin.is_empty() => self.place.clone_from(&self.origin),
            Event::Phase(Phase::Send) if self.is_new => {
                self.is_new = false;
                self.requests += 1;
            }
            _ => {}
        }
    }

    fn debug(&self, event: Event<'_>, sink: &impl Sink) {
        let say = |line: fmt::Arguments<'_>| self.say(Detail::Debug, line, sink);
        match event {
            Event::Request(head) => {
                say(format_args!("{} {}", head.method(), shown_target(head.target())));
            }
            Event::Connecting { .. } => say(format_args!("connecting")),
            Event::Unreachable(address, err) => say(format_args!("{address} can't be reached: {err}")),
            Event::Phase(Phase::Proxy) => say(format_args!("asking the proxy")),
            Event::Secured(session) => say(format_args!("{}, {}", session.version(), session.cipher())),
            Event::Opened => match self.peer {
                Some(peer) => say(format_args!("connected to {peer}")),
                None => say(format_args!("connected")),
            },
            Event::Phase(Phase::Send) if self.is_new && self.requests > 0 => {
                say(format_args!("sending on the connection that is open"));
            }
            Event::Interim(head) | Event::Head(head) => {
                let who = if self.phase == Some(Phase::Proxy) { "the proxy says " } else { "" };
                say(format_args!("{who}{:03} {}", head.status(), head.reason()));
            }
            Event::Failed(err) => say(format_args!("failed: {}", Shown(err))),
            Event::Repeating { attempt, reason } => match reason {
                RepeatReason::Closed(err) => say(format_args!("attempt {attempt} follows: {}", Shown(err))),
                RepeatReason::Unexpected(_) => say(format_args!("attempt {attempt} follows, without Expect")),
            },
            Event::Closed(Some(reason)) => say(format_args!("closed: {reason}")),
            Event::Closed(None) => say(format_args!("closed")),
            _ => {}
        }
    }

    fn trace(&self, event: Event<'_>, sink: &impl Sink) {
        let say = |line: fmt::Arguments<'_>| self.say(Detail::Trace, line, sink);
        match event {
            Event::Resolved(addresses) => say(format_args!("the addresses are {addresses:?}")),
            Event::Trying(address) => say(format_args!("trying {address}")),
            Event::Request(head) => {
                for (name, value) in head.headers() {
                    let value: String = value.iter().copied().map(char::from).collect();
                    say(format_args!("> {name}: {}", shown_value(name, &value)));
                }
            }
            Event::Interim(head) | Event::Head(head) => {
                for (name, value) in head.headers() {
                    say(format_args!("< {name}: {}", shown_value(name, &value)));
                }
            }
            Event::Sent(bytes) => say(format_args!("sent {} bytes", bytes.len())),
            Event::SentFile(len) => say(format_args!("sent {len} bytes of a file")),
            Event::Received(bytes) => say(format_args!("received {} bytes", bytes.len())),
            Event::Done => say(format_args!("the response is whole")),
            _ => {}
        }
    }

    fn say(&self, detail: Detail, line: fmt::Arguments<'_>, sink: &impl Sink) {
        // What is no text could forge lines, or steer the terminal that shows them.
        let mut text = format!("{}: {line}", self.place);
        if text.contains(char::is_control) {
            text = text.chars().fold(String::new(), |mut text, char| {
                if char.is_control() {
                    text.extend(char.escape_default());
                } else {
                    text.push(char);
                }
                text
            });
        }
        sink.line(detail, &text);
    }
}

/// An error fit for a log: what is wrong with what a peer has sent is told together with that.
struct Shown<'a>(&'a Error);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_peer() { write!(f, "{:?}", self.0.kind()) } else { self.0.fmt(f) }
    }
}

fn place(host: &str, port: u16) -> String {
    format!("{}:{port}", in_brackets(host))
}

/// A target without what may be a secret in it: its query, and the user and password of a whole URI.
fn shown_target(target: &str) -> String {
    let (path, query) = match target.find(['?', '#']) {
        Some(at) => (&target[..at], "?…"),
        None => (target, ""),
    };
    if let Some(at) = path.find("://") {
        let (scheme, rest) = path.split_at(at + 3);
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        return format!("{scheme}{host}{path}{query}");
    }
    format!("{path}{query}")
}

/// The value of a header, if it is fit for a log: credentials and cookies aren't, and URIs without their
/// secrets are.
fn shown_value<'a>(name: &str, value: &'a str) -> Cow<'a, str> {
    const SECRET: [&str; 4] = ["authorization", "proxy-authorization", "cookie", "set-cookie"];
    const URI: [&str; 3] = ["location", "content-location", "referer"];
    if SECRET.iter().any(|secret| name.eq_ignore_ascii_case(secret)) {
        Cow::Borrowed("(not shown)")
    } else if URI.iter().any(|uri| name.eq_ignore_ascii_case(uri)) {
        Cow::Owned(shown_target(value))
    } else {
        Cow::Borrowed(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_users_and_passwords_are_left_out_of_targets() {
        for (target, shown) in [
            ("/a/b", "/a/b"),
            ("/a?token=1", "/a?…"),
            ("/a#b", "/a?…"),
            ("*", "*"),
            ("host:443", "host:443"),
            ("http://u:p@h:8/a@b?c=d@e", "http://h:8/a@b?…"),
            ("http://h", "http://h"),
            ("http://u@h?x", "http://h?…"),
            ("/go?to=http://u:p@h", "/go?…"),
        ] {
            assert_eq!(shown_target(target), shown);
        }
    }

    #[test]
    fn secret_headers_are_known_in_any_case() {
        for name in ["Authorization", "proxy-authorization", "COOKIE", "Set-Cookie"] {
            assert_eq!(shown_value(name, "s3cret"), "(not shown)");
        }
        assert_eq!(shown_value("Location", "http://u:p@h/?s3cret"), "http://h/?…");
        assert_eq!(shown_value("Accept", "*/*"), "*/*");
    }
}
