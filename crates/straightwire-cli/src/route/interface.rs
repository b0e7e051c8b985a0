//! Where connections start from, as `--interface` says it.

use std::net::IpAddr;
use std::str::FromStr;

/// An interface by its name, or an address of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Interface {
    Name(String),
    Address(IpAddr),
}

impl FromStr for Interface {
    type Err = String;

    /// Takes an address for one, anything else for a name; `if!` and `host!` leave no choice.
    fn from_str(text: &str) -> Result<Interface, String> {
        let named = |name: &str| match name {
            "" => Err("an interface has a name".to_owned()),
            name => Ok(Interface::Name(name.to_owned())),
        };
        if let Some(name) = text.strip_prefix("if!") {
            return named(name);
        }
        match text.strip_prefix("host!") {
            Some(address) => {
                address.parse().map(Interface::Address).map_err(|_| format!("{address:?} is no IP address"))
            }
            None => text.parse().map(Interface::Address).or_else(|_| named(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_names() {
        let local = Interface::Address([127, 0, 0, 1].into());
        let named = Interface::Name("eth0".to_owned());
        assert_eq!("127.0.0.1".parse(), Ok(local.clone()));
        assert_eq!("host!127.0.0.1".parse(), Ok(local));
        assert_eq!("eth0".parse(), Ok(named.clone()));
        assert_eq!("if!eth0".parse(), Ok(named));
        assert_eq!("if!::1".parse(), Ok(Interface::Name("::1".to_owned())));
        for wrong in ["", "if!", "host!", "host!eth0"] {
            assert!(wrong.parse::<Interface>().is_err(), "{wrong}");
        }
    }
}
