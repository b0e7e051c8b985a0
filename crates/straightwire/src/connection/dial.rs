//! Opening the connection: names to addresses, one address after the other.

use std::io;
use std::net::ToSocketAddrs;

use super::config::Config;
use crate::error::{Error, Phase, Result};
use crate::transport::tcp::TcpTransport;

/// Tries the addresses of the host in the resolver's order; each may take the whole timeout. The last
/// one's error is told, as in `http.client`.
pub(crate) fn dial(config: &Config) -> Result<TcpTransport> {
    let Config { host, port, .. } = config;
    let resolving = || format!("resolving {host}");
    let addresses = (host.as_str(), *port)
        .to_socket_addrs()
        .map_err(|err| Error::io(Phase::Resolve, &resolving(), err))?;
    let mut last = None;
    for address in addresses {
        match TcpTransport::connect(address, config.source_address, config.timeout) {
            Ok(stream) => return Ok(stream),
            Err(err) => {
                last =
                    Some(Error::io(Phase::Connect, &format!("connecting to {host}:{port} ({address})"), err));
            }
        }
    }
    Err(last.unwrap_or_else(|| {
        Error::io(Phase::Resolve, &resolving(), io::Error::other("the host has no address"))
    }))
}
