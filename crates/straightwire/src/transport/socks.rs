//! SOCKS5 (RFC 1928) with user and password (RFC 1929): a proxy that relays any stream.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};

use super::Transport;
use crate::error::{Error, ErrorKind, Phase, Result};
use crate::host::split_port;

const DEFAULT_PORT: u16 = 1080;

const VERSION: u8 = 5;
const NO_CREDENTIALS: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;
const NONE_OF_THESE: u8 = 0xff;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// A SOCKS5 proxy, which the connection goes through.
///
/// Names are resolved by the proxy, unless told otherwise.
///
/// ```
/// use straightwire::{HttpConnection, Socks5};
///
/// let proxy = Socks5::new("localhost:1080")?.credentials("user", "secret")?;
/// let conn = HttpConnection::builder("www.python.org").socks5(proxy).build()?;
/// # Ok::<(), straightwire::Error>(())
/// ```
#[derive(Clone)]
pub struct Socks5 {
    pub(crate) host: String,
    pub(crate) port: u16,
    credentials: Option<(String, String)>,
    pub(crate) resolve_locally: bool,
}

impl Socks5 {
    /// The proxy at `host`, `host:port` or `[v6]:port`; port 1080 where none is named.
    ///
    /// # Errors
    /// `InvalidUrl` for what can't be a host or port.
    pub fn new(proxy: &str) -> Result<Socks5> {
        let (host, port) = split_port(proxy, DEFAULT_PORT)?;
        Ok(Socks5 { host, port, credentials: None, resolve_locally: false })
    }

    /// Who we are, if the proxy asks; 1 to 255 bytes each (RFC 1929).
    ///
    /// # Errors
    /// `InvalidSetting` for a user or password of another length.
    pub fn credentials(mut self, user: &str, password: &str) -> Result<Socks5> {
        if [user, password].iter().any(|text| text.is_empty() || text.len() > 255) {
            let message = "a SOCKS user or password has 1 to 255 bytes";
            return Err(Error::new(ErrorKind::InvalidSetting, message));
        }
        self.credentials = Some((user.to_owned(), password.to_owned()));
        Ok(self)
    }

    /// Whether names are resolved here, so that the proxy sees addresses only. It sees names unless told.
    #[must_use]
    pub fn resolve_locally(mut self, locally: bool) -> Socks5 {
        self.resolve_locally = locally;
        self
    }

    /// Has the proxy at the other end of `stream` connect to the host.
    pub(crate) fn open(&self, stream: &mut dyn Transport, to: &Destination<'_>) -> Result<()> {
        let method = self.agree(stream)?;
        if method == USER_AND_PASSWORD {
            self.sign_in(stream)?;
        }
        self.ask(stream, to)
    }

    /// Offers ways to sign in; the one that the proxy chose.
    fn agree(&self, stream: &mut dyn Transport) -> Result<u8> {
        let offer: &[u8] = match self.credentials {
            Some(_) => &[VERSION, 2, NO_CREDENTIALS, USER_AND_PASSWORD],
            None => &[VERSION, 1, NO_CREDENTIALS],
        };
        let [version, method] = exchange(stream, offer)?;
        match method {
            _ if version != VERSION => {
                Err(self.failed(format!("it does not speak SOCKS5 (its first byte is {version})")))
            }
            NO_CREDENTIALS => Ok(method),
            USER_AND_PASSWORD if self.credentials.is_some() => Ok(method),
            NONE_OF_THESE if self.credentials.is_none() => {
                Err(self.failed("it wants to be told who we are, and no credentials were given"))
            }
            NONE_OF_THESE => Err(self.failed("it takes neither a password nor its absence")),
            other => Err(self.failed(format!("it chose method {other}, which was not offered"))),
        }
    }

    fn sign_in(&self, stream: &mut dyn Transport) -> Result<()> {
        let Some((user, password)) = &self.credentials else { return Ok(()) };
        let mut out = vec![1];
        for text in [user, password] {
            out.push(text.len() as u8);
            out.extend_from_slice(text.as_bytes());
        }
        match exchange(stream, &out)? {
            [_, 0] => Ok(()),
            [_, _] => Err(self.failed("it refused user and password")),
        }
    }

    fn ask(&self, stream: &mut dyn Transport, to: &Destination<'_>) -> Result<()> {
        let mut out = vec![VERSION, CONNECT, 0];
        let port = match *to {
            Destination::Name(name, port) => {
                let len = u8::try_from(name.len())
                    .map_err(|_| self.failed(format!("the name {name:?} is longer than 255 bytes")))?;
                out.extend_from_slice(&[NAME, len]);
                out.extend_from_slice(name.as_bytes());
                port
            }
            Destination::Address(address) => {
                match address.ip() {
                    IpAddr::V4(ip) => {
                        out.push(IPV4);
                        out.extend_from_slice(&ip.octets());
                    }
                    IpAddr::V6(ip) => {
                        out.push(IPV6);
                        out.extend_from_slice(&ip.octets());
                    }
                }
                address.port()
            }
        };
        out.extend_from_slice(&port.to_be_bytes());
        let [version, reply, _, kind] = exchange(stream, &out)?;
        if version != VERSION {
            return Err(self.failed(format!("its answer begins with {version}, not with version 5")));
        }
        if reply != 0 {
            return Err(self.failed(format!("it could not connect to {to}: {}", meaning(reply))));
        }
        // The address that the proxy connects from means nothing to us, but stands before what comes next.
        let len = match kind {
            IPV4 => 4,
            IPV6 => 16,
            NAME => usize::from(receive::<1>(stream)?[0]),
            other => return Err(self.failed(format!("its answer has an address of unknown type {other}"))),
        };
        let mut scrap = [0; 257];
        receive_into(stream, &mut scrap[..len + 2])
    }

    #[cold]
    fn failed(&self, why: impl fmt::Display) -> Error {
        let message = format!("SOCKS proxy {}:{}: {why}", self.host, self.port);
        Error::new(ErrorKind::SocksFailed, message).in_phase(Phase::Proxy)
    }
}

impl fmt::Debug for Socks5 {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socks5")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("user", &self.credentials.as_ref().map(|(user, _)| user))
            .field("resolve_locally", &self.resolve_locally)
            .finish_non_exhaustive()
    }
}

/// What the proxy is to connect to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Destination<'a> {
    Name(&'a str, u16),
    Address(SocketAddr),
}

impl fmt::Display for Destination<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Destination::Name(name, port) => write!(f, "{name}:{port}"),
            Destination::Address(address) => write!(f, "{address}"),
        }
    }
}

/// RFC 1928 section 6.
fn meaning(reply: u8) -> &'static str {
    match reply {
        1 => "general failure",
        2 => "not allowed by its rules",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "time to live expired",
        7 => "it can't do that",
        8 => "it can't use that kind of address",
        _ => "for no known reason",
    }
}

const DOING: &str = "talking to the SOCKS proxy";

fn exchange<const N: usize>(stream: &mut dyn Transport, out: &[u8]) -> Result<[u8; N]> {
    let sent = stream.write_all(out).and_then(|()| stream.flush());
    sent.map_err(|err| Error::io(Phase::Proxy, DOING, err))?;
    receive(stream)
}

fn receive<const N: usize>(stream: &mut dyn Transport) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    receive_into(stream, &mut bytes)?;
    Ok(bytes)
}

fn receive_into(stream: &mut dyn Transport, bytes: &mut [u8]) -> Result<()> {
    stream.read_exact(bytes).map_err(|err| match err.kind() {
        io::ErrorKind::UnexpectedEof => {
            let message = "the SOCKS proxy closed the connection before its answer was whole";
            Error::new(ErrorKind::SocksFailed, message).in_phase(Phase::Proxy)
        }
        _ => Error::io(Phase::Proxy, DOING, err),
    })
}
