//! What a connection is told before it is opened.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::HttpConnection;
use crate::error::{Error, ErrorKind, Excerpt, Result};
use crate::tap::Tap;
use crate::{Limits, Policy};

/// How many bytes of a reader are sent at a time, as in `http.client`.
pub(crate) const DEFAULT_BLOCKSIZE: usize = 8192;

/// The settings of a connection.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) timeout: Option<Duration>,
    pub(crate) source_address: Option<SocketAddr>,
    pub(crate) blocksize: usize,
    pub(crate) auto_open: bool,
    pub(crate) debug_level: u32,
}

/// Builds an [`HttpConnection`] with other than the usual settings.
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
#[must_use = "call build()"]
pub struct HttpConnectionBuilder {
    host: String,
    port: Option<u16>,
    config: Config,
    policy: Policy,
    limits: Limits,
    tap: Option<Box<dyn Tap>>,
}

impl HttpConnectionBuilder {
    pub(crate) fn new(host: &str) -> HttpConnectionBuilder {
        HttpConnectionBuilder {
            host: host.to_owned(),
            port: None,
            config: Config {
                host: String::new(),
                port: 0,
                timeout: None,
                source_address: None,
                blocksize: DEFAULT_BLOCKSIZE,
                auto_open: true,
                debug_level: 0,
            },
            policy: Policy::strict(),
            limits: Limits::default(),
            tap: None,
        }
    }

    /// The port; the host is then taken as it is, without looking for one in it.
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// How long connecting to one address, one read and one write may each take. Without it they take as
    /// long as the operating system lets them.
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.config.timeout = timeout.into();
        self
    }

    /// The local address and port to connect from; port 0 lets the system choose.
    pub fn source_address(mut self, address: SocketAddr) -> Self {
        self.config.source_address = Some(address);
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

    /// Who watches the connection: see [`Tap`].
    pub fn tap(mut self, tap: impl Tap + 'static) -> Self {
        self.tap = Some(Box::new(tap));
        self
    }

    /// The connection, not yet opened.
    ///
    /// # Errors
    /// `InvalidUrl` for a host or port that can't be one; `InvalidSetting` for a timeout or block size of
    /// zero.
    pub fn build(self) -> Result<HttpConnection> {
        let mut config = self.config;
        if config.timeout == Some(Duration::ZERO) || config.blocksize == 0 {
            let message = "a timeout or block size of zero would never let anything through";
            return Err(Error::new(ErrorKind::InvalidSetting, message));
        }
        (config.host, config.port) = match self.port {
            Some(port) => (without_brackets(&self.host).to_owned(), port),
            None => split_port(&self.host, crate::status::HTTP_PORT)?,
        };
        check_host(&config.host)?;
        Ok(HttpConnection::from_parts(config, self.policy, self.limits, self.tap))
    }
}

/// `host`, `host:port`, `[v6]`, `[v6]:port`, or a bare IPv6 address. An empty port is the default one
/// (RFC 9110 4.2.1).
fn split_port(text: &str, default: u16) -> Result<(String, u16)> {
    if text.parse::<Ipv6Addr>().is_ok() {
        return Ok((text.to_owned(), default));
    }
    let bracket = text.rfind(']').map_or(0, |at| at + 1);
    let Some(colon) = text[bracket..].find(':').map(|at| bracket + at) else {
        return Ok((without_brackets(text).to_owned(), default));
    };
    let (host, port) = (&text[..colon], &text[colon + 1..]);
    if port.is_empty() {
        return Ok((without_brackets(host).to_owned(), default));
    }
    let number = port
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| port.parse::<u16>().ok())
        .flatten()
        .ok_or_else(|| {
        Error::new(ErrorKind::InvalidUrl, format!("{port:?} in {text:?} is not a port"))
    })?;
    Ok((without_brackets(host).to_owned(), number))
}

fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// A name or address that can stand in `Host` and be resolved: no blanks or control bytes, and nothing
/// that would end the host in a URL.
fn check_host(host: &str) -> Result<()> {
    let refuse = |why: &str| {
        let message = format!("{} can't be a host: {why}", Excerpt(host.as_bytes()));
        Err(Error::new(ErrorKind::InvalidUrl, message))
    };
    if host.is_empty() {
        return refuse("it is empty");
    }
    if let Some(bad) =
        host.bytes().find(|byte| !byte.is_ascii_graphic() || b"/?#@\\[]<>\"^`{|}".contains(byte))
    {
        return refuse(&format!("it holds '{}'", bad.escape_ascii()));
    }
    if host.contains(':') && without_zone(host).parse::<Ipv6Addr>().is_err() {
        return refuse("with a colon in it, it would have to be an IPv6 address");
    }
    Ok(())
}

/// An IPv6 address without its zone, which means nothing to the other side (RFC 9110 4.2).
fn without_zone(host: &str) -> &str {
    host.split_once('%').map_or(host, |(address, _)| address)
}

impl Config {
    /// The value of `Host`: brackets around IPv6, no zone, the port only where it is not the default.
    pub(crate) fn host_value(&self) -> String {
        let host = without_zone(&self.host);
        let host = if host.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv6()) {
            format!("[{host}]")
        } else {
            self.host.clone()
        };
        if self.port == crate::status::HTTP_PORT { host } else { format!("{host}:{}", self.port) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host_of(text: &str) -> Result<(String, u16, String)> {
        let conn = HttpConnection::new(text)?;
        Ok((conn.host().to_owned(), conn.port(), conn.config.host_value()))
    }

    #[test]
    fn hosts_and_ports_are_told_apart() {
        for (text, host, port, value) in [
            ("a.example", "a.example", 80, "a.example"),
            ("a.example:", "a.example", 80, "a.example"),
            ("a.example:8080", "a.example", 8080, "a.example:8080"),
            ("10.0.0.1:1", "10.0.0.1", 1, "10.0.0.1:1"),
            ("[::1]", "::1", 80, "[::1]"),
            ("[::1]:8080", "::1", 8080, "[::1]:8080"),
            ("::1", "::1", 80, "[::1]"),
            ("[fe80::1%eth0]:81", "fe80::1%eth0", 81, "[fe80::1]:81"),
        ] {
            assert_eq!(host_of(text).unwrap(), (host.to_owned(), port, value.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_can_not_be_a_host_is_refused() {
        for text in [
            "",
            ":80",
            "a:x",
            "a:+80",
            "a: 80",
            "a:8_0",
            "a:-1",
            "a:65536",
            "a:99999999999",
            "user:pw@a",
            "a b",
            "a\r\nX: y",
            "a\0",
            "a/b",
            "a?b",
            "a#b",
            "a\\b",
            "a@b",
            "[::1",
            "::1]",
            "[a]:80:80",
            "a:1:2",
            "é.example",
        ] {
            assert_eq!(host_of(text).unwrap_err().kind(), ErrorKind::InvalidUrl, "{text:?}");
        }
    }
}
