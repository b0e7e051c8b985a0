//! Tunnels by CONNECT, RFC 9110 section 9.3.6.

use std::io::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::reach::Unreached;
use super::{Asked, Credentials, HostForm, House, Tunnel};
use crate::answer::TEXT;
use crate::fault::{Fault, Outcome};
use crate::grammar::{decimal, latin1, trim};
use crate::inbox::Inbox;
use crate::line::Line;
use crate::reasons::reason;
use crate::request::{Framing, Head};

/// Answers requests until one opens a tunnel; `None` when the connection ends without.
pub(super) fn agree(line: &mut Line, house: &House) -> Outcome<Option<Tunnel>> {
    let mut inbox = Inbox::new(line.clone());
    let mut head = Head::default();
    loop {
        match read(&mut head, &mut inbox) {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(Fault::Refused { status, reason }) => {
                refuse(line, status, &["Connection: close"], &reason)?;
                return Ok(None);
            }
            Err(lost) => return Err(lost),
        }
        if head.method() != "CONNECT" {
            let fields = ["Allow: CONNECT", "Connection: close"];
            refuse(line, 405, &fields, "this proxy makes tunnels and nothing else")?;
            return Ok(None);
        }
        if let Some(tunnel) = open(&head, &mut inbox, line, house)? {
            return Ok(Some(tunnel));
        }
        if !head.is_persistent() {
            return Ok(None);
        }
    }
}

/// Reads a head that is fit for an answer; false at the end of the connection.
fn read(head: &mut Head, inbox: &mut Inbox) -> Outcome<bool> {
    if !head.read(inbox)? {
        return Ok(false);
    }
    if head.method() == "CONNECT" {
        if head.framing() != Framing::None {
            return Err(Fault::bad("a CONNECT with a body, which would be part of the tunnel or not"));
        }
        target(head.target())?;
    }
    Ok(true)
}

/// One CONNECT and its answer.
fn open(head: &Head, inbox: &mut Inbox, line: &mut Line, house: &House) -> Outcome<Option<Tunnel>> {
    let (host, port, form) = target(head.target())?;
    let credentials = head.fields.only("Proxy-Authorization").and_then(basic);
    let note = |answer| {
        house.note(Asked {
            host: host.to_owned(),
            port,
            form,
            headers: head.fields.to_pairs(),
            credentials: credentials.clone(),
            answer,
        });
    };
    if house.credentials.is_some() && credentials != house.credentials {
        note(407);
        let challenge = "Proxy-Authenticate: Basic realm=\"origin\", charset=\"UTF-8\"";
        refuse(line, 407, &[challenge], "this proxy wants user and password")?;
        return Ok(None);
    }
    match house.reach(host.trim_matches(['[', ']']), port) {
        Ok(target) => {
            note(200);
            line.write_all(
                b"HTTP/1.1 200 Connection Established\r\nProxy-Agent: straightwire-origin\r\n\r\n",
            )?;
            let ahead = inbox.take(u64::MAX);
            Ok(Some(Tunnel { target, ahead: inbox.slice(ahead).to_vec() }))
        }
        Err(unreached) => {
            let (status, text) = match unreached {
                Unreached::Forbidden => (403, "this proxy reaches loopback only".to_owned()),
                Unreached::Unknown => (502, format!("the name {host} is not known here")),
                Unreached::Failed(error) => (502, format!("{host}:{port}: {error}")),
            };
            note(status);
            refuse(line, status, &[], &text)?;
            Ok(None)
        }
    }
}

/// The target in authority form, RFC 9112 section 3.2.3: the host as it stands there, and the port.
fn target(target: &str) -> Outcome<(&str, u16, HostForm)> {
    let bad = || Fault::bad("the target of CONNECT is not a host and a port (RFC 9112 section 3.2.3)");
    let (host, port) = target.rsplit_once(':').ok_or_else(bad)?;
    let port = decimal(port.as_bytes()).and_then(|port| u16::try_from(port).ok()).ok_or_else(bad)?;
    let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let form = match literal {
        Some(address) if address.parse::<std::net::Ipv6Addr>().is_ok() => HostForm::Ipv6,
        Some(_) => return Err(bad()),
        None if host.is_empty() || host.contains(['[', ']', ':']) => return Err(bad()),
        None if host.parse::<std::net::Ipv4Addr>().is_ok() => HostForm::Ipv4,
        None => HostForm::Name,
    };
    Ok((host, port, form))
}

/// User and password of Basic credentials, RFC 7617.
fn basic(value: &[u8]) -> Option<Credentials> {
    let (scheme, token) = value.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"Basic ") {
        return None;
    }
    let pair = BASE64_STANDARD.decode(trim(token)).ok()?;
    let pair = String::from_utf8(pair).unwrap_or_else(|error| latin1(error.as_bytes()));
    let (user, password) = pair.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

fn refuse(line: &mut Line, status: u16, fields: &[&str], text: &str) -> std::io::Result<()> {
    let (phrase, length) = (reason(status), text.len() + 1);
    let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
    let head = format!("HTTP/1.1 {status} {phrase}\r\nContent-Type: {TEXT}\r\nContent-Length: {length}\r\n");
    line.write_all(format!("{head}{fields}\r\n{text}\n").as_bytes())
}
