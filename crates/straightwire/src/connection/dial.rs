//! The way to the server, as far as the first stream.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::config::{Config, Route};
use crate::Canceller;
use crate::error::{Error, ErrorKind, Phase, Result};
use crate::host::in_brackets;
use crate::tap::Event;
use crate::transport::{Dialling, Resolve, Socket, Target, Transport, interleaved, race, time_left};
use crate::watchers::{Watchers, told};

/// How often a wait that can't be interrupted looks whether it was cancelled.
const LOOK: Duration = Duration::from_millis(20);

/// Makes a stream to the host, or to what stands before it.
pub(super) fn dial(
    config: &mut Config,
    tap: &mut Option<Box<Watchers>>,
    until: Option<Instant>,
) -> Result<Box<dyn Transport>> {
    let Config { host, port, route, .. } = config;
    if !matches!(route, Route::Tcp) {
        told(tap, Event::Phase(Phase::Connect));
    }
    match route {
        Route::Tcp => match &config.socks {
            Some(socks) => connect(config, tap, &socks.host, socks.port, until),
            None => connect(config, tap, &config.host, config.port, until),
        },
        #[cfg(unix)]
        Route::Unix(path) => {
            let doing = format!("connecting to {}", path.display());
            unix_stream(path, until, config.canceller.as_ref())
                .map(|stream| Box::new(stream) as Box<dyn Transport>)
                .map_err(|err| Error::io(Phase::Connect, &doing, err))
        }
        #[cfg(not(unix))]
        Route::Unix(_) => {
            Err(Error::new(ErrorKind::InvalidSetting, "there are no Unix sockets on this system"))
        }
        Route::Stream(stream) => stream
            .take()
            .ok_or_else(|| Error::new(ErrorKind::NotConnected, "the stream that was given has been closed")),
        Route::Connect(connect) => connect
            .connect(&Target { host, port: *port, until })
            .map_err(|err| Error::io(Phase::Connect, &format!("connecting to {host}:{port}"), err)),
    }
}

fn connect(
    config: &Config,
    tap: &mut Option<Box<Watchers>>,
    host: &str,
    port: u16,
    until: Option<Instant>,
) -> Result<Box<dyn Transport>> {
    let mut addresses = addresses(config, tap, host, port, until)?;
    told(tap, Event::Phase(Phase::Connect));
    if let Some(source) = config.source_address {
        addresses.retain(|address| address.is_ipv4() == source.is_ipv4());
        if addresses.is_empty() {
            let message = format!("{host} has no address of the family of {source}, to be connected from");
            let err = io::Error::new(io::ErrorKind::AddrNotAvailable, message);
            return Err(Error::io(Phase::Connect, &format!("connecting to {host}:{port}"), err));
        }
    }
    let check = config.canceller.as_ref().map(|canceller| || cancelled(canceller));
    let dialling = Dialling {
        source: config.source_address,
        interface: config.interface.as_deref(),
        until,
        check: check.as_ref().map(|check| check as &dyn Fn() -> io::Result<()>),
    };
    match race(&addresses, &dialling, tap) {
        Ok(stream) => Ok(Box::new(Socket::from(stream))),
        Err(failed) => Err(none_connected(host, port, failed)),
    }
}

/// The last attempt's error, as in `http.client`, and what became of the others.
fn none_connected(host: &str, port: u16, mut failed: Vec<(SocketAddr, io::Error)>) -> Error {
    let Some((last, err)) = failed.pop() else {
        return no_address(host);
    };
    let others: String =
        failed.iter().map(|(address, err)| format!(", after {address} said: {err}")).collect();
    let to = format!("{}:{port}", in_brackets(host));
    let doing = if others.is_empty() && last.to_string() == to {
        format!("connecting to {to}")
    } else {
        format!("connecting to {to} ({last}{others})")
    };
    Error::io(Phase::Connect, &doing, err)
}

fn no_address(host: &str) -> Error {
    Error::io(Phase::Resolve, &resolving(host), io::Error::other("the host has no address"))
}

fn resolving(host: &str) -> String {
    format!("resolving {host}")
}

/// The addresses of a host that we connect to, or have a proxy connect to, in the order of their turns.
pub(super) fn addresses(
    config: &Config,
    tap: &mut Option<Box<Watchers>>,
    host: &str,
    port: u16,
    until: Option<Instant>,
) -> Result<Vec<SocketAddr>> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let given =
        config.addresses.iter().rev().find(|(name, of, _)| *of == port && name.eq_ignore_ascii_case(host));
    let addresses = match given {
        Some((_, _, addresses)) => addresses.iter().map(|&ip| SocketAddr::new(ip, port)).collect(),
        None => {
            told(tap, Event::Phase(Phase::Resolve));
            look_up(config, host, port, until)
                .map_err(|err| Error::io(Phase::Resolve, &resolving(host), err))?
        }
    };
    if addresses.is_empty() {
        return Err(no_address(host));
    }
    let addresses = interleaved(&addresses);
    told(tap, Event::Resolved(&addresses));
    Ok(addresses)
}

/// Asks the resolver: in a thread, where waiting for it must have an end.
fn look_up(config: &Config, host: &str, port: u16, until: Option<Instant>) -> io::Result<Vec<SocketAddr>> {
    let canceller = config.canceller.as_ref();
    if until.is_none() && canceller.is_none() {
        return ask(config.resolver.as_deref(), host, port);
    }
    let (answered, answer) = mpsc::channel();
    let (resolver, name) = (config.resolver.clone(), host.to_owned());
    thread::Builder::new().name("straightwire resolver".to_owned()).spawn(move || {
        // Nobody listens any more where the wait was given up.
        let _ = answered.send(ask(resolver.as_deref(), &name, port));
    })?;
    loop {
        let left = until.map_or(Ok(LOOK), time_left)?;
        let wait = if canceller.is_some() { left.min(LOOK) } else { left };
        match answer.recv_timeout(wait) {
            Ok(addresses) => return addresses,
            Err(mpsc::RecvTimeoutError::Timeout) => canceller.map_or(Ok(()), cancelled)?,
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                return Err(io::Error::other("the resolver panicked"));
            }
        }
    }
}

fn ask(resolver: Option<&dyn Resolve>, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    match resolver {
        Some(resolver) => resolver.resolve(host, port),
        None => Ok((host, port).to_socket_addrs()?.collect()),
    }
}

fn cancelled(canceller: &Canceller) -> io::Result<()> {
    if canceller.is_cancelled() { Err(io::ErrorKind::Interrupted.into()) } else { Ok(()) }
}

/// A socket whose queue is full has us wait, as long as a write may: by it the wait is given its end.
#[cfg(unix)]
fn unix_stream(
    path: &std::path::Path,
    until: Option<Instant>,
    canceller: Option<&Canceller>,
) -> io::Result<Socket> {
    use socket2::{Domain, SockAddr, Type};

    let socket = socket2::Socket::new(Domain::UNIX, Type::STREAM, None)?;
    let address = SockAddr::unix(path)?;
    loop {
        canceller.map_or(Ok(()), cancelled)?;
        let left = until.map(time_left).transpose()?;
        let wait = if canceller.is_some() { Some(left.map_or(LOOK, |left| left.min(LOOK))) } else { left };
        socket.set_write_timeout(wait)?;
        match socket.connect(&address) {
            Ok(()) => break,
            Err(err) if matches!(err.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(err) => return Err(err),
        }
    }
    socket.set_write_timeout(None)?;
    Ok(Socket::from(std::os::unix::net::UnixStream::from(socket)))
}
