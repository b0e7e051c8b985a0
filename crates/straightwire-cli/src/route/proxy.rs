//! Proxies, as `-x` names them.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use straightwire::Tls;

use super::tls::{made, trust};
use crate::exit::{Code, Failure};

const HTTPS_PORT: u16 = 443;
/// For all but HTTPS.
const USUAL_PORT: u16 = 1080;

#[derive(Debug, Args)]
#[command(next_help_heading = "Proxy (the environment names none)")]
pub(crate) struct ProxyArgs {
    /// By this proxy: [http|https|socks5|socks5h://]
    /// [USER:PASS@]HOST[:PORT]; socks5h resolves names
    #[arg(short = 'x', long, value_name = "PROXY", verbatim_doc_comment)]
    proxy: Option<Proxy>,
    /// Who we are, to the proxy
    #[arg(short = 'U', long, value_name = "USER:PASS", value_parser = user_and_password)]
    #[arg(requires = "proxy")]
    proxy_user: Option<Credentials>,
    /// Go through a tunnel for http:// too
    #[arg(short = 'p', long, requires = "proxy")]
    proxytunnel: bool,
    /// Trust the CAs in FILE (PEM) for an HTTPS proxy
    #[arg(long, value_name = "FILE", requires = "proxy")]
    proxy_cacert: Option<PathBuf>,
    /// Accept any certificate of an HTTPS proxy
    #[arg(long, requires = "proxy")]
    proxy_insecure: bool,
}

impl ProxyArgs {
    pub(super) fn named(&self) -> Option<&Proxy> {
        self.proxy.as_ref()
    }

    pub(super) fn kind(&self) -> Option<Kind> {
        self.proxy.as_ref().map(|proxy| proxy.kind)
    }

    /// Whether plain requests take a tunnel, too.
    pub(super) fn tunnels_all(&self) -> bool {
        self.proxytunnel
    }

    /// Those in the proxy's URL, or else those given apart.
    pub(super) fn credentials(&self) -> Option<(&str, &str)> {
        let proxy = self.proxy.as_ref()?;
        let Credentials { user, password } = proxy.credentials.as_ref().or(self.proxy_user.as_ref())?;
        Some((user, password))
    }

    /// TLS as it is spoken to the proxy.
    pub(super) fn tls(&self) -> Result<Tls, Failure> {
        made(trust(self.proxy_cacert.as_deref(), self.proxy_insecure), Code::CaFile)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proxy {
    pub(crate) kind: Kind,
    /// In ASCII; an IPv6 address has brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    credentials: Option<Credentials>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Http,
    Https,
    Socks5 { resolve_locally: bool },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Credentials {
    user: String,
    password: String,
}

impl FromStr for Proxy {
    type Err = String;

    fn from_str(text: &str) -> Result<Proxy, String> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let (kind, usual_port) = match &*scheme.to_ascii_lowercase() {
            "http" => (Kind::Http, USUAL_PORT),
            "https" => (Kind::Https, HTTPS_PORT),
            "socks5" => (Kind::Socks5 { resolve_locally: true }, USUAL_PORT),
            "socks5h" => (Kind::Socks5 { resolve_locally: false }, USUAL_PORT),
            other => return Err(format!("{other:?} is none of http, https, socks5 and socks5h")),
        };
        // What a URL may have behind the port means nothing to a proxy.
        let rest = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (credentials, place) = match rest.rsplit_once('@') {
            Some((credentials, place)) => (Some(decoded(credentials)?), place),
            None => (None, rest),
        };
        let (host, given_port) = match place.rsplit_once(':') {
            // A colon inside brackets is none before a port.
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (place, None),
        };
        let host = url::Host::parse(host).map_err(|err| format!("{host:?} is no host: {err}"))?.to_string();
        let port = given_port.filter(|port| !port.is_empty()).map_or(Ok(usual_port), port)?;
        Ok(Proxy { kind, host, port, credentials })
    }
}

/// Without user and password.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.kind {
            Kind::Http => "http",
            Kind::Https => "https",
            Kind::Socks5 { resolve_locally: true } => "socks5",
            Kind::Socks5 { resolve_locally: false } => "socks5h",
        };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

pub(super) fn port(text: &str) -> Result<u16, String> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let port = digits.then(|| text.parse().ok()).flatten().filter(|&port| port > 0);
    port.ok_or_else(|| format!("{text:?} is no port"))
}

fn user_and_password(text: &str) -> Result<Credentials, String> {
    let (user, password) = text.split_once(':').unwrap_or((text, ""));
    Ok(Credentials { user: user.to_owned(), password: password.to_owned() })
}

/// Those of a URL, where `%XX` is a byte.
fn decoded(text: &str) -> Result<Credentials, String> {
    let decode = |text: &str| {
        let decoded = percent_encoding::percent_decode_str(text).decode_utf8();
        decoded.map(String::from).map_err(|_| "user and password have to be UTF-8".to_owned())
    };
    let Credentials { user, password } = user_and_password(text)?;
    Ok(Credentials { user: decode(&user)?, password: decode(&password)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_a_url_of_which_most_may_be_missing() {
        for (text, shown) in [
            ("a", "http://a:1080"),
            ("a:3128", "http://a:3128"),
            ("a:80", "http://a:80"),
            ("a:", "http://a:1080"),
            ("http://a:8080/", "http://a:8080"),
            ("HTTPS://a", "https://a:443"),
            ("https://a:80", "https://a:80"),
            ("socks5://a", "socks5://a:1080"),
            ("socks5h://127.0.0.1:9050", "socks5h://127.0.0.1:9050"),
            ("[::1]", "http://[::1]:1080"),
            ("[::1]:3128", "http://[::1]:3128"),
            ("u:p@b\u{fc}cher.test:1", "http://xn--bcher-kva.test:1"),
        ] {
            assert_eq!(text.parse::<Proxy>().unwrap().to_string(), shown, "{text}");
        }
        for wrong in [
            "",
            "http://",
            ":80",
            "a:x",
            "a:0",
            "a:65536",
            "a:+1",
            "::1",
            "[::1",
            "a b",
            "ftp://a",
            "socks4://a",
        ] {
            assert!(wrong.parse::<Proxy>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn credentials_are_decoded_in_a_url_alone() {
        let given = |text: &str| {
            let credentials = text.parse::<Proxy>().unwrap().credentials?;
            Some((credentials.user, credentials.password))
        };
        let pair = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(given("a"), None);
        assert_eq!(given("u@a"), pair("u", ""));
        assert_eq!(given("u:p:q@a:1"), pair("u", "p:q"));
        assert_eq!(given("socks5://u%40v:open%20sesame@a"), pair("u@v", "open sesame"));
        assert!("%ff@a".parse::<Proxy>().is_err());
        let apart = user_and_password("u%40:p%20:q").unwrap();
        assert_eq!((&*apart.user, &*apart.password), ("u%40", "p%20:q"));
    }
}
