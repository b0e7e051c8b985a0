//! Tunnels by SOCKS5: RFC 1928, and RFC 1929 for user and password.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr};

use super::reach::Unreached;
use super::{Asked, Credentials, HostForm, House, Tunnel};
use crate::fault::Outcome;
use crate::grammar::latin1;
use crate::line::Line;

const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;
const NO_METHOD: u8 = 0xff;
const CONNECT: u8 = 1;

/// Replies, RFC 1928 section 6.
const SUCCEEDED: u8 = 0;
const GENERAL_FAILURE: u8 = 1;
const NOT_ALLOWED: u8 = 2;
const HOST_UNREACHABLE: u8 = 4;
const REFUSED: u8 = 5;
const COMMAND_NOT_SUPPORTED: u8 = 7;
const ADDRESS_NOT_SUPPORTED: u8 = 8;

/// Greets, checks credentials and answers the one request; `None` when it is refused, or is none.
pub(super) fn agree(line: &mut Line, house: &House) -> Outcome<Option<Tunnel>> {
    let Some(credentials) = greet(line, house)? else { return Ok(None) };
    let [version, command, _, kind] = take(line)?;
    if version != VERSION {
        return Ok(None);
    }
    let (host, form) = match kind {
        1 => (Ipv4Addr::from(take::<4>(line)?).to_string(), HostForm::Ipv4),
        3 => (latin1(&take_counted(line)?), HostForm::Name),
        4 => (Ipv6Addr::from(take::<16>(line)?).to_string(), HostForm::Ipv6),
        _ => {
            reply(line, ADDRESS_NOT_SUPPORTED)?;
            return Ok(None);
        }
    };
    let port = u16::from_be_bytes(take(line)?);
    let reached = match command {
        CONNECT => house.reach(&host, port).map_err(|unreached| match unreached {
            Unreached::Forbidden => NOT_ALLOWED,
            Unreached::Unknown => HOST_UNREACHABLE,
            Unreached::Failed(error) if error.kind() == io::ErrorKind::ConnectionRefused => REFUSED,
            Unreached::Failed(_) => GENERAL_FAILURE,
        }),
        _ => Err(COMMAND_NOT_SUPPORTED),
    };
    let code = reached.as_ref().err().copied().unwrap_or(SUCCEEDED);
    house.note(Asked { host, port, form, headers: vec![], credentials, answer: code.into() });
    reply(line, code)?;
    Ok(reached.ok().map(|target| Tunnel { target, ahead: vec![] }))
}

/// The choice of a method and, if it is that, user and password. The credentials given, if any; `None` when
/// the client is turned away.
fn greet(line: &mut Line, house: &House) -> Outcome<Option<Option<Credentials>>> {
    let [version] = take(line)?;
    if version != VERSION {
        return Ok(None);
    }
    let offered = take_counted(line)?;
    let wanted = if house.credentials.is_some() { USER_AND_PASSWORD } else { NO_AUTHENTICATION };
    if !offered.contains(&wanted) {
        line.write_all(&[VERSION, NO_METHOD])?;
        return Ok(None);
    }
    line.write_all(&[VERSION, wanted])?;
    if wanted == NO_AUTHENTICATION {
        return Ok(Some(None));
    }
    let [version] = take(line)?;
    let given = (text(take_counted(line)?), text(take_counted(line)?));
    let is_right = version == 1 && house.credentials.as_ref() == Some(&given);
    line.write_all(&[1, u8::from(!is_right)])?;
    Ok(is_right.then_some(Some(given)))
}

/// The address bound is of no use to a client here, so it is told none.
fn reply(line: &mut Line, code: u8) -> io::Result<()> {
    line.write_all(&[VERSION, code, 0, 1, 0, 0, 0, 0, 0, 0])
}

fn take<const N: usize>(line: &mut Line) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    line.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn take_counted(line: &mut Line) -> io::Result<Vec<u8>> {
    let [count] = take(line)?;
    let mut bytes = vec![0; count.into()];
    line.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| latin1(error.as_bytes()))
}
