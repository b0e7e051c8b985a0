//! What a connection is told before it is opened.

use std::fmt;
use std::marker::PhantomData;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::interim::OnInterim;
use super::repeat::Repeat;
use super::tunnel::Tunnel;
use super::{HttpConnection, expect};
use crate::error::{Error, ErrorKind, Result};
use crate::host::{host_and_port, host_value};
use crate::tls::Secure;
use crate::transport::{Connect, Resolve, Transport};
use crate::watchers::Watchers;
use crate::{Canceller, Limits, Policy, Socks5};

/// How many bytes of a reader are sent at a time, as in `http.client`.
const DEFAULT_BLOCKSIZE: usize = 8192;

/// The settings of a connection.
pub(crate) struct Config {
    /// In ASCII, without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) default_port: u16,
    pub(crate) timeout: Option<Duration>,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) deadline: Option<Duration>,
    pub(crate) source_address: Option<SocketAddr>,
    pub(crate) interface: Option<String>,
    pub(crate) resolver: Option<Arc<dyn Resolve>>,
    /// Addresses of hosts that are not asked of anybody.
    pub(crate) addresses: Vec<(String, u16, Vec<IpAddr>)>,
    pub(crate) route: Route,
    pub(crate) socks: Option<Socks5>,
    pub(crate) proxy_tls: Option<Arc<dyn Secure>>,
    pub(crate) tunnel: Option<Tunnel>,
    pub(crate) tls: Option<Arc<dyn Secure>>,
    /// Who the server has to prove it is, where that is not the host.
    pub(crate) server_name: Option<String>,
    pub(crate) canceller: Option<Canceller>,
    pub(crate) on_interim: Option<OnInterim>,
    pub(crate) expect_timeout: Duration,
    pub(crate) retry_without_expect: bool,
    pub(crate) blocksize: usize,
    pub(crate) auto_open: bool,
    pub(crate) repeat: Repeat,
    pub(crate) debug_level: u32,
}

/// How the first stream is made, to the host or to what stands before it.
pub(crate) enum Route {
    Tcp,
    Unix(PathBuf),
    /// The caller's own, until it has been used.
    Stream(Option<Box<dyn Transport>>),
    Connect(Box<dyn Connect>),
}

impl Config {
    /// Whom requests go to: the far end of the tunnel where there is one.
    pub(crate) fn origin(&self) -> (&str, u16) {
        match &self.tunnel {
            Some(tunnel) => (&tunnel.host, tunnel.port),
            None => (&self.host, self.port),
        }
    }

    /// The value of `Host`.
    pub(crate) fn host_value(&self) -> String {
        let (host, port) = self.origin();
        host_value(host, port, self.default_port)
    }

    /// Whether there is a second connection to be had. The caller's own stream is there once.
    pub(crate) fn may_open_anew(&self) -> bool {
        self.auto_open && !matches!(self.route, Route::Stream(_))
    }
}

/// Builds an [`HttpConnection`] or `HttpsConnection` with other than the usual settings.
///
/// ```
/// use std::time::Duration;
/// use straightwire::HttpConnection;
///
/// let conn = HttpConnection::builder("www.cwi.nl")
///     .port(8080)
///     .timeout(Duration::from_secs(10))
///     .source_address("0.0.0.0:0".parse().unwrap())
///     .build()?;
/// assert_eq!((conn.host(), conn.port()), ("www.cwi.nl", 8080));
/// # Ok::<(), straightwire::Error>(())
/// ```
///
/// # The way to the server
/// Layer by layer, each where it is asked for: a stream ([TCP](Self::resolver), a
/// [Unix socket](Self::unix_socket), [yours](Self::stream)), SOCKS ([`socks5`](Self::socks5)), TLS to a
/// proxy (`tls_to_proxy`), a [tunnel](Self::tunnel) through it, TLS to the server.
///
/// # Time
/// [`timeout`](Self::timeout) is for each wait, [`connect_timeout`](Self::connect_timeout) for opening the
/// connection as a whole, [`deadline`](Self::deadline) for the whole exchange.
#[must_use = "call build()"]
pub struct ConnectionBuilder<C> {
    host: String,
    port: Option<u16>,
    config: Config,
    tunnel: Option<Result<Tunnel>>,
    policy: Policy,
    limits: Limits,
    pub(super) watchers: Watchers,
    makes: PhantomData<fn() -> C>,
}

impl<C: From<HttpConnection>> ConnectionBuilder<C> {
    pub(crate) fn new(host: &str, default_port: u16) -> ConnectionBuilder<C> {
        ConnectionBuilder {
            host: host.to_owned(),
            port: None,
            config: Config {
                host: String::new(),
                port: 0,
                default_port,
                timeout: None,
                connect_timeout: None,
                deadline: None,
                source_address: None,
                interface: None,
                resolver: None,
                addresses: Vec::new(),
                route: Route::Tcp,
                socks: None,
                proxy_tls: None,
                tunnel: None,
                tls: None,
                server_name: None,
                canceller: None,
                on_interim: None,
                expect_timeout: expect::DEFAULT_TIMEOUT,
                retry_without_expect: false,
                blocksize: DEFAULT_BLOCKSIZE,
                auto_open: true,
                repeat: Repeat::Never,
                debug_level: 0,
            },
            tunnel: None,
            policy: Policy::strict(),
            limits: Limits::default(),
            watchers: Watchers::of_all(),
            makes: PhantomData,
        }
    }

    pub(crate) fn config(&mut self) -> &mut Config {
        &mut self.config
    }

    /// The port; the host is then taken as it is, without looking for one in it.
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// How long each read and each write may wait. Without it they take as long as the operating system
    /// lets them.
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.config.timeout = timeout.into();
        self
    }

    /// How long opening the connection may take in all: the look-up, all addresses together, proxies and
    /// the TLS handshake. As long as [`timeout`](Self::timeout) unless told.
    pub fn connect_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.config.connect_timeout = timeout.into();
        self
    }

    /// How long a whole exchange may take, from the call that begins the request (or opens the connection
    /// for it) to the last byte of the body, however often something comes in between.
    pub fn deadline(mut self, deadline: impl Into<Option<Duration>>) -> Self {
        self.config.deadline = deadline.into();
        self
    }

    /// The local address and port to connect from; port 0 lets the system choose. Only addresses of the
    /// same family are tried then.
    pub fn source_address(mut self, address: SocketAddr) -> Self {
        self.config.source_address = Some(address);
        self
    }

    /// The network interface to connect through, such as `eth0` (Linux).
    pub fn interface(mut self, name: &str) -> Self {
        self.config.interface = Some(name.to_owned());
        self
    }

    /// Who turns names into addresses; the operating system unless told.
    ///
    /// With several addresses the families take turns, and each attempt has 250 ms before the next begins
    /// beside it (Happy Eyeballs, RFC 8305): the first to connect is taken.
    pub fn resolver(mut self, resolver: impl Resolve + 'static) -> Self {
        self.config.resolver = Some(Arc::new(resolver));
        self
    }

    /// The addresses of one host and port, for which nobody is asked then. May be called again for others.
    ///
    /// ```
    /// # use straightwire::HttpConnection;
    /// let conn = HttpConnection::builder("www.example.org")
    ///     .resolve_to("www.example.org", 80, &["192.0.2.7".parse().unwrap()])
    ///     .build()?;
    /// # Ok::<(), straightwire::Error>(())
    /// ```
    pub fn resolve_to(mut self, host: &str, port: u16, addresses: &[IpAddr]) -> Self {
        self.config.addresses.push((host.to_owned(), port, addresses.to_vec()));
        self
    }

    /// Connects to this Unix socket instead of to the host, which is then only told to the server.
    #[cfg(unix)]
    pub fn unix_socket(mut self, path: impl Into<PathBuf>) -> Self {
        self.config.route = Route::Unix(path.into());
        self
    }

    /// Uses this stream, which stands for one to the host. Once closed it can't be opened again: requests
    /// then end with `NotConnected`.
    pub fn stream(mut self, stream: impl Transport + 'static) -> Self {
        self.config.route = Route::Stream(Some(Box::new(stream)));
        self
    }

    /// Opens streams by a way of the caller's own: see [`Connect`].
    pub fn connect_with(mut self, connect: impl Connect + 'static) -> Self {
        self.config.route = Route::Connect(Box::new(connect));
        self
    }

    /// Goes through this SOCKS proxy.
    pub fn socks5(mut self, proxy: Socks5) -> Self {
        self.config.socks = Some(proxy);
        self
    }

    /// Goes through a tunnel to `host`: see [`HttpConnection::set_tunnel`].
    pub fn tunnel(mut self, host: &str, port: impl Into<Option<u16>>, headers: &[(&str, &str)]) -> Self {
        self.tunnel = Some(Tunnel::new(host, port.into(), self.config.default_port, headers));
        self
    }

    /// Who may stop the connection's calls from another thread.
    pub fn canceller(mut self, canceller: &Canceller) -> Self {
        self.config.canceller = Some(canceller.clone());
        self
    }

    /// How many bytes of a reader are sent at a time; 8,192 unless told.
    pub fn blocksize(mut self, bytes: usize) -> Self {
        self.config.blocksize = bytes;
        self
    }

    /// Whether a request opens the connection by itself where there is none; it does unless told.
    pub fn auto_open(mut self, auto_open: bool) -> Self {
        self.config.auto_open = auto_open;
        self
    }

    /// See [`HttpConnection::set_debug_level`].
    pub fn debug_level(mut self, level: u32) -> Self {
        self.config.debug_level = level;
        self
    }

    /// Which departures from the RFCs are put up with; none unless told.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// How much of everything a response may have.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The connection, not yet opened.
    ///
    /// # Errors
    /// `InvalidUrl` for a host or port that can't be one; `InvalidSetting` for a time or block size of
    /// zero; `InvalidHeader` for a header of the tunnel that can't be one.
    pub fn build(self) -> Result<C> {
        let mut config = self.config;
        for time in [config.timeout, config.connect_timeout, config.deadline] {
            check_time(time)?;
        }
        if config.blocksize == 0 {
            let message = "a block size of zero would never let anything through";
            return Err(Error::new(ErrorKind::InvalidSetting, message));
        }
        (config.host, config.port) = host_and_port(&self.host, self.port, config.default_port)?;
        for (host, port, _) in &mut config.addresses {
            *host = host_and_port(host, Some(*port), *port)?.0;
        }
        config.tunnel = self.tunnel.transpose()?;
        Ok(HttpConnection::from_parts(config, self.policy, self.limits, self.watchers.any()).into())
    }
}

impl<C> fmt::Debug for ConnectionBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionBuilder").field("host", &self.host).finish_non_exhaustive()
    }
}

/// A time that something can be done in.
pub(super) fn check_time(time: Option<Duration>) -> Result<()> {
    if time == Some(Duration::ZERO) {
        let message = "a timeout or deadline of zero would never let anything through";
        return Err(Error::new(ErrorKind::InvalidSetting, message));
    }
    Ok(())
}
