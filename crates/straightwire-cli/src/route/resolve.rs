//! Addresses given by hand, as `--resolve` has them.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::str::FromStr;

use straightwire::transport::Resolve;

/// The addresses for a host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// In ASCII; `None` for any host.
    pub(crate) host: Option<String>,
    pub(crate) port: u16,
    pub(crate) addresses: Vec<IpAddr>,
}

impl FromStr for Entry {
    type Err = String;

    /// `HOST:PORT:ADDR[,ADDR…]`. curl's `+` before it, which is about how long it holds, changes nothing.
    fn from_str(text: &str) -> Result<Entry, String> {
        if text.starts_with('-') {
            return Err("there is nothing yet that could be forgotten".to_owned());
        }
        let mut parts = text.strip_prefix('+').unwrap_or(text).splitn(3, ':');
        let (Some(host), Some(port), Some(addresses)) = (parts.next(), parts.next(), parts.next()) else {
            return Err("HOST:PORT:ADDR is wanted".to_owned());
        };
        let host = match host {
            "*" => None,
            host => {
                let host = url::Host::parse(host).map_err(|err| format!("{host:?} is no host: {err}"))?;
                Some(host.to_string())
            }
        };
        let port = super::proxy::port(port)?;
        let addresses = addresses.split(',').map(address).collect::<Result<_, _>>()?;
        Ok(Entry { host, port, addresses })
    }
}

/// An address; one of IPv6 may have its brackets.
fn address(text: &str) -> Result<IpAddr, String> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().map_err(|_| format!("{text:?} is no IP address"))
}

/// Resolves any host by what is given for `*` and its port, else as the system does.
#[derive(Debug)]
pub(crate) struct Names(Vec<Entry>);

impl Names {
    /// What is given for `*`.
    pub(crate) fn of_any_host(entries: &[Entry]) -> Names {
        Names(entries.iter().filter(|entry| entry.host.is_none()).cloned().collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Resolve for Names {
    fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        match self.0.iter().rev().find(|entry| entry.port == port) {
            Some(entry) => Ok(entry.addresses.iter().map(|&ip| SocketAddr::new(ip, port)).collect()),
            None => Ok((host, port).to_socket_addrs()?.collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_host_port_and_addresses() {
        let of = |text: &str| {
            let Entry { host, port, addresses } = text.parse().ok()?;
            let addresses: Vec<_> = addresses.iter().map(ToString::to_string).collect();
            Some((host.unwrap_or_default(), port, addresses.join(" ")))
        };
        let some = |host: &str, port, addresses: &str| Some((host.to_owned(), port, addresses.to_owned()));
        assert_eq!(of("a.test:80:127.0.0.1"), some("a.test", 80, "127.0.0.1"));
        assert_eq!(of("+a.test:80:127.0.0.1"), some("a.test", 80, "127.0.0.1"));
        assert_eq!(of("A.test:443:127.0.0.1,[::1],::2"), some("a.test", 443, "127.0.0.1 ::1 ::2"));
        assert_eq!(of("b\u{fc}cher.test:1:::1"), some("xn--bcher-kva.test", 1, "::1"));
        assert_eq!(of("*:1:::1"), some("", 1, "::1"));
        for wrong in
            ["", "a", "a:80", "a:80:", "a:x:::1", "a:65536:::1", "a:1:b", "-a:1", ":1:::1", "a b:1:::1"]
        {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
