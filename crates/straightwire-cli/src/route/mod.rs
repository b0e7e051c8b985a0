//! The way to the server: the options that lay it, and the connection that takes it.

mod interface;
mod progress;
mod proxy;
mod resolve;
mod tls;

use std::time::Duration;

use clap::Args;
use straightwire::transport::Resolve;
use straightwire::{
    ConnectionBuilder, Error, ErrorKind, HttpConnection, HttpsConnection, Phase, Policy, Socks5, Tap,
};

pub(crate) use progress::Progress;

use crate::exit::{Code, Failure};
use crate::request::Request;
use interface::Interface;
use proxy::{Kind, ProxyArgs};
use resolve::{Entry, Names};
use tls::TlsArgs;

#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct RouteArgs {
    /// Longest wait to connect, read or write
    #[arg(long, value_name = "SECS", value_parser = seconds)]
    timeout: Option<Duration>,
    /// Longest time to be connected in, TLS and all
    #[arg(long, value_name = "SECS", value_parser = seconds)]
    connect_timeout: Option<Duration>,
    /// Longest time for the whole exchange
    #[arg(short, long, value_name = "SECS", value_parser = seconds)]
    max_time: Option<Duration>,
    /// Connect to ADDR[,ADDR] for this host (or *)
    #[arg(long, value_name = "HOST:PORT:ADDR")]
    resolve: Vec<Entry>,
    /// Connect from this interface or address
    #[arg(long, value_name = "NAME|IP")]
    interface: Option<Interface>,
    /// Connect to this Unix socket
    #[cfg(unix)]
    #[arg(long, value_name = "PATH", conflicts_with = "proxy")]
    unix_socket: Option<std::path::PathBuf>,

    #[command(flatten)]
    tls: TlsArgs,
    #[command(flatten)]
    proxy: ProxyArgs,
}

/// What a request is to a proxy that it passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passage {
    /// No proxy sees it, or one that knows nothing of HTTP.
    Unseen,
    /// The proxy is asked for it, and asks the server.
    Forwarded,
    /// It goes through a tunnel that the proxy was asked for.
    Tunnelled,
}

impl RouteArgs {
    pub(crate) fn passage(&self, is_https: bool) -> Passage {
        match self.proxy.kind() {
            Some(Kind::Http | Kind::Https) if is_https || self.proxy.tunnels_all() => Passage::Tunnelled,
            Some(Kind::Http | Kind::Https) => Passage::Forwarded,
            Some(Kind::Socks5 { .. }) | None => Passage::Unseen,
        }
    }

    /// The value of `Proxy-Authorization`.
    pub(crate) fn proxy_authorization(&self) -> Option<String> {
        let (user, password) = self.proxy.credentials()?;
        Some(straightwire::basic_credentials(user, password))
    }

    /// What stands before the host that is said to be connected to.
    pub(crate) fn via(&self) -> String {
        #[cfg(unix)]
        if let Some(path) = &self.unix_socket {
            return format!(" by {}", path.display());
        }
        match self.proxy.named() {
            Some(proxy) if matches!(proxy.kind, Kind::Socks5 { .. }) => format!(" by {proxy}"),
            _ => String::new(),
        }
    }

    /// A connection for the request, not yet opened.
    pub(crate) fn connection(
        &self,
        request: &Request,
        lenient: bool,
        tap: impl Tap + 'static,
    ) -> Result<HttpConnection, Failure> {
        let policy = if lenient { Policy::lenient() } else { Policy::strict() };
        let passage = self.passage(request.is_https);
        let (host, port) = match self.proxy.named() {
            Some(proxy) if passage != Passage::Unseen => (&proxy.host, proxy.port),
            _ => (&request.host, request.port),
        };
        if request.is_https {
            let builder = HttpsConnection::builder(host).port(port).tls(self.tls.to_server(lenient)?);
            let conn = self.lay(builder, passage, request)?.policy(policy).tap(tap).timings(true).build();
            conn.map(HttpsConnection::into_inner)
        } else {
            let builder = HttpConnection::builder(host).port(port);
            self.lay(builder, passage, request)?.policy(policy).tap(tap).timings(true).build()
        }
        .map_err(|err| Failure::of(&err))
    }

    fn lay<C: From<HttpConnection>>(
        &self,
        builder: ConnectionBuilder<C>,
        passage: Passage,
        request: &Request,
    ) -> Result<ConnectionBuilder<C>, Failure> {
        let mut builder =
            builder.timeout(self.timeout).connect_timeout(self.connect_timeout).deadline(self.max_time);
        for entry in &self.resolve {
            if let Some(host) = &entry.host {
                builder = builder.resolve_to(host, entry.port, &entry.addresses);
            }
        }
        let names = Names::of_any_host(&self.resolve);
        if !names.is_empty() {
            builder = builder.resolver(move |host: &str, port| names.resolve(host, port));
        }
        match &self.interface {
            Some(Interface::Name(name)) => builder = builder.interface(name),
            Some(Interface::Address(address)) => builder = builder.source_address((*address, 0).into()),
            None => {}
        }
        #[cfg(unix)]
        if let Some(path) = &self.unix_socket {
            builder = builder.unix_socket(path);
        }
        let Some(proxy) = self.proxy.named() else { return Ok(builder) };
        match proxy.kind {
            Kind::Http => {}
            Kind::Https => builder = builder.tls_to_proxy(self.proxy.tls()?),
            Kind::Socks5 { resolve_locally } => {
                let socks = self.socks(resolve_locally).map_err(|err| Failure::of(&err))?;
                builder = builder.socks5(socks);
            }
        }
        if passage == Passage::Tunnelled {
            let headers: Vec<_> =
                request.tunnel_headers.iter().map(|(name, value)| (&**name, &**value)).collect();
            builder = builder.tunnel(&request.host, request.port, &headers);
        }
        Ok(builder)
    }

    fn socks(&self, resolve_locally: bool) -> straightwire::Result<Socks5> {
        let place = self.proxy.named().map(|proxy| format!("{}:{}", proxy.host, proxy.port));
        let socks = Socks5::new(&place.unwrap_or_default())?.resolve_locally(resolve_locally);
        match self.proxy.credentials() {
            Some((user, password)) => socks.credentials(user, password),
            None => Ok(socks),
        }
    }

    /// Why the connection could not be opened, and what can be done about that.
    pub(crate) fn failure(&self, err: &Error, progress: &Progress, conn: &HttpConnection) -> Failure {
        let kind = self.proxy.kind();
        let at_proxy = match kind {
            None => false,
            Some(Kind::Https) => !progress.is_secured(),
            Some(_) => !progress.is_connected(),
        };
        let failure = Failure::of(err);
        match (err.kind(), err.phase()) {
            (ErrorKind::Io, Some(Phase::Resolve)) if at_proxy => failure.with_code(Code::ResolveProxy),
            (ErrorKind::Io, Some(Phase::Resolve)) if kind.is_some() => failure.with_code(Code::Socks),
            (ErrorKind::Io, Some(Phase::Connect)) if self.interface.is_some() && is_no_place(err) => {
                failure.with_code(Code::Interface)
            }
            (ErrorKind::Certificate, _) if at_proxy => failure
                .and("that is the proxy's; --proxy-cacert FILE trusts another CA, --proxy-insecure anybody"),
            (ErrorKind::Certificate, _) => failure.and("--cacert FILE trusts another CA, -k anybody"),
            (ErrorKind::TunnelFailed, _)
                if self.proxy.credentials().is_none()
                    && conn.proxy_response().is_some_and(|response| response.head().status() == 407) =>
            {
                failure.and("-U USER:PASSWORD says who asks")
            }
            // What is wrong with a proxy's answer, curl tells as a failure to receive.
            (ErrorKind::Io | ErrorKind::Timeout | ErrorKind::TunnelFailed | ErrorKind::SocksFailed, _) => {
                failure
            }
            (_, Some(Phase::Proxy)) => failure.with_code(Code::Receive),
            _ => failure,
        }
    }
}

/// Whether there is no such interface or address here.
fn is_no_place(err: &Error) -> bool {
    /// Linux's and BSD's `ENODEV`, for which the standard library has no name.
    const NO_DEVICE: i32 = 19;
    err.io_error().is_some_and(|err| {
        err.kind() == std::io::ErrorKind::AddrNotAvailable || err.raw_os_error() == Some(NO_DEVICE)
    })
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    match seconds {
        Some(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("not a number of seconds above 0".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_a_time() {
        assert_eq!(seconds("0.25"), Ok(Duration::from_millis(250)));
        for wrong in ["0", "-1", "x", "", "inf", "NaN", "1e300"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
