//! A proxy that makes tunnels: by CONNECT, over TCP or over TLS, or by SOCKS5. It reaches loopback only.

mod connect;
mod reach;
mod relay;
mod socks;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::{Arc, Mutex, Weak};
use std::thread;

use crate::line::Line;
use crate::reception::{Reception, Socket};
use crate::sync::{Stop, lock};
use crate::tls::{Handshake, Tls, TlsSetup};

/// So many entries of the journal are kept, the latest ones.
const MEMORY: usize = 1024;

/// A running proxy. Dropping it ends every tunnel.
///
/// ```
/// use std::io::{Read, Write};
/// use origin::{Origin, Proxy};
///
/// let origin = Origin::start()?;
/// let proxy = Proxy::http().name("origin.test", [127, 0, 0, 1]).start()?;
/// let mut stream = std::net::TcpStream::connect(proxy.addr())?;
/// let target = format!("origin.test:{}", origin.port());
/// write!(stream, "CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n")?;
/// write!(stream, "GET /bytes/0 HTTP/1.0\r\n\r\n")?;
/// let mut answers = String::new();
/// stream.read_to_string(&mut answers)?;
///
/// assert!(answers.starts_with("HTTP/1.1 200 Connection Established\r\n"));
/// assert_eq!((proxy.asked()[0].host.as_str(), proxy.asked()[0].answer), ("origin.test", 200));
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Proxy {
    reception: Reception,
    house: Arc<House>,
    scheme: &'static str,
}

/// A proxy to be: [`Proxy::http`], [`Proxy::https`], [`Proxy::socks5`].
#[derive(Clone)]
pub struct ProxyBuilder {
    kind: Kind,
    credentials: Option<Credentials>,
    names: Vec<(String, IpAddr)>,
}

#[derive(Clone)]
enum Kind {
    Http,
    Https(TlsSetup),
    Socks5,
}

/// What a client asked the proxy for, and what it was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The host as it was sent: in CONNECT an IPv6 address has brackets, in SOCKS it has none.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether the proxy got a name or an address of which kind.
    pub form: HostForm,
    /// The fields of the CONNECT in order, each byte of a value a character; none in SOCKS.
    pub headers: Vec<(String, String)>,
    /// User and password, right or wrong.
    pub credentials: Option<(String, String)>,
    /// The status of the answer to CONNECT, or the reply code of SOCKS (RFC 1928 section 6).
    pub answer: u16,
}

/// How a host was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostForm {
    /// A name, for the proxy to resolve.
    Name,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
}

/// User and password.
type Credentials = (String, String);

/// What all connections of a proxy share.
struct House {
    credentials: Option<Credentials>,
    names: Vec<(String, IpAddr)>,
    asked: Mutex<Vec<Asked>>,
    /// The far ends of the tunnels, so that they can be shut down under their threads.
    targets: Mutex<Vec<Weak<TcpStream>>>,
    stop: Arc<Stop>,
    tls: Option<Tls>,
}

impl Proxy {
    /// A proxy for CONNECT (RFC 9110 section 9.3.6). Other methods get 405.
    pub fn http() -> ProxyBuilder {
        ProxyBuilder::of(Kind::Http)
    }

    /// A proxy for CONNECT that is itself spoken to inside TLS.
    ///
    /// ```
    /// use origin::certificates::Authority;
    /// use origin::{Proxy, TlsSetup};
    ///
    /// let authority = Authority::new();
    /// let proxy = Proxy::https(&TlsSetup::new(&authority.issue(&["127.0.0.1"]))).start()?;
    /// assert_eq!(proxy.url(), format!("https://127.0.0.1:{}", proxy.port()));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn https(setup: &TlsSetup) -> ProxyBuilder {
        ProxyBuilder::of(Kind::Https(setup.clone()))
    }

    /// A proxy for the CONNECT of SOCKS5 (RFC 1928), with or without user and password (RFC 1929).
    ///
    /// ```
    /// let proxy = origin::Proxy::socks5().credentials("user", "secret").start()?;
    /// assert_eq!(proxy.url(), format!("socks5://127.0.0.1:{}", proxy.port()));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn socks5() -> ProxyBuilder {
        ProxyBuilder::of(Kind::Socks5)
    }

    /// The address it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.reception.addr()
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.addr().port()
    }

    /// As a client is told of it: `http://`, `https://` or `socks5://`, address and port.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.addr())
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> usize {
        self.reception.accepted()
    }

    /// The latest requests for a tunnel, up to 1024, oldest first. One is here before its answer is sent.
    /// What is not understood is not, and neither is a SOCKS client that gives no or wrong credentials: it
    /// never gets to ask.
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.house.asked).clone()
    }

    /// The latest handshakes with the proxy itself, up to 1024, oldest first; those that failed too.
    pub fn handshakes(&self) -> Vec<Handshake> {
        self.house.tls.as_ref().map(Tls::handshakes).unwrap_or_default()
    }

    /// Serves until the process ends.
    pub fn serve_forever(self) -> ! {
        loop {
            thread::park();
        }
    }
}

impl Drop for Proxy {
    /// The reception ends the clients' side, once this is done.
    fn drop(&mut self) {
        self.house.stop.ask();
        for target in lock(&self.house.targets).iter().filter_map(Weak::upgrade) {
            let _ = target.shutdown(Shutdown::Both);
        }
    }
}

impl ProxyBuilder {
    fn of(kind: Kind) -> ProxyBuilder {
        ProxyBuilder { kind, credentials: None, names: Vec::new() }
    }

    /// Serves only who gives this user and password: others get 407, or in SOCKS the reply of RFC 1929.
    pub fn credentials(mut self, user: &str, password: &str) -> ProxyBuilder {
        self.credentials = Some((user.to_owned(), password.to_owned()));
        self
    }

    /// Resolves this name, in any case, to this address; more than one call gives it more than one. No other
    /// names are known but `localhost`, and the system is not asked.
    pub fn name(mut self, name: &str, address: impl Into<IpAddr>) -> ProxyBuilder {
        self.names.push((name.to_owned(), address.into()));
        self
    }

    /// Starts on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// `InvalidInput` when the identity for TLS is none; when no socket or no thread is to be had.
    pub fn start(self) -> io::Result<Proxy> {
        self.bind((Ipv4Addr::LOCALHOST, 0))
    }

    /// Starts on this address; port 0 is any free one.
    ///
    /// # Errors
    /// When the address can't be resolved or is in use, and as [`start`](ProxyBuilder::start).
    pub fn bind(self, addr: impl ToSocketAddrs) -> io::Result<Proxy> {
        let (scheme, tls) = match &self.kind {
            Kind::Http => ("http", None),
            Kind::Https(setup) => ("https", Some(Tls::new(setup)?)),
            Kind::Socks5 => ("socks5", None),
        };
        let listener = TcpListener::bind(addr)?;
        let stop = Arc::new(Stop::default());
        let ProxyBuilder { kind, credentials, names } = self;
        let (asked, targets) = Default::default();
        let house = House { credentials, names, asked, targets, stop: Arc::clone(&stop), tls };
        let house = Arc::new(house);
        let shared = Arc::clone(&house);
        let is_socks = matches!(kind, Kind::Socks5);
        let reception =
            Reception::open(listener, None, stop, move |_, socket| shared.serve(&socket, is_socks))?;
        Ok(Proxy { reception, house, scheme })
    }
}

/// A tunnel to be: the target, and what the client sent ahead of the answer.
struct Tunnel {
    target: Socket,
    ahead: Vec<u8>,
}

impl House {
    /// Talks until there is a tunnel, and is one from then on.
    fn serve(&self, socket: &Socket, is_socks: bool) {
        let Ok(mut line) = Line::open(socket, self.tls.as_ref()) else {
            // The client has yet to read the alert.
            return socket.linger();
        };
        let agreed = if is_socks { socks::agree(&mut line, self) } else { connect::agree(&mut line, self) };
        match agreed {
            Ok(Some(tunnel)) => {
                self.list(&tunnel.target);
                relay::relay(line, socket, tunnel);
            }
            Ok(None) => {
                if line.end(socket).is_ok() {
                    socket.linger();
                }
            }
            // Nobody listens any more.
            Err(_) => {}
        }
    }

    fn list(&self, target: &Socket) {
        let mut targets = lock(&self.targets);
        targets.retain(|target| target.strong_count() > 0);
        targets.push(Arc::downgrade(&target.0));
        if self.stop.asked() {
            let _ = target.0.shutdown(Shutdown::Both);
        }
    }

    fn note(&self, asked: Asked) {
        let mut all = lock(&self.asked);
        if all.len() == MEMORY {
            all.remove(0);
        }
        all.push(asked);
    }
}
