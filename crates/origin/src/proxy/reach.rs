//! From a host and a port to a connection, on loopback.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use super::House;
use crate::reception::Socket;

const PATIENCE: Duration = Duration::from_secs(5);

/// Why a target is not reached.
pub(super) enum Unreached {
    /// It is not on loopback.
    Forbidden,
    /// The name is not in the table.
    Unknown,
    /// Nobody listens there, or the system said no.
    Failed(io::Error),
}

impl House {
    /// Connects to a name or to an address, the latter without brackets.
    pub(super) fn reach(&self, host: &str, port: u16) -> Result<Socket, Unreached> {
        let mut result = Err(Unreached::Unknown);
        for address in self.resolve(host) {
            if !address.is_loopback() {
                return Err(Unreached::Forbidden);
            }
            match TcpStream::connect_timeout(&SocketAddr::new(address, port), PATIENCE) {
                Ok(stream) => {
                    // A failure means that the target is gone, and the relay finds that out.
                    let _ = stream.set_nodelay(true);
                    return Ok(Socket(Arc::new(stream)));
                }
                Err(error) => result = Err(Unreached::Failed(error)),
            }
        }
        result
    }

    fn resolve(&self, host: &str) -> Vec<IpAddr> {
        if let Ok(address) = host.parse() {
            return vec![address];
        }
        let in_table: Vec<_> = self
            .names
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(host))
            .map(|(_, address)| *address)
            .collect();
        if in_table.is_empty() && host.eq_ignore_ascii_case("localhost") {
            return vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        }
        in_table
    }
}
