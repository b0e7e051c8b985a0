//! Whom a connection is to.

use crate::{HTTP_PORT, HTTPS_PORT};

/// Whom connections are made to (RFC 9110 section 4.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Origin<'a> {
    /// Whether TLS is spoken.
    pub scheme: Scheme,
    /// The host's name or address, without brackets.
    pub host: &'a str,
    /// The port.
    pub port: u16,
}

/// The scheme of an [`Origin`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `http`, without TLS.
    Http,
    /// `https`, with TLS.
    Https,
}

impl<'a> Origin<'a> {
    /// That of a URL, whose host and port are told to be these; `None` where there are no such things.
    ///
    /// ```
    /// use straightwire::{Origin, Scheme};
    ///
    /// let origin = Origin::of("https://api.example/items?page=2").unwrap();
    /// assert_eq!(origin, Origin { scheme: Scheme::Https, host: "api.example", port: 443 });
    /// assert_eq!(Origin::of("http://[::1]:8080").unwrap().host, "::1");
    /// assert_eq!(Origin::of("ftp://api.example"), None);
    /// ```
    pub fn of(url: &'a str) -> Option<Origin<'a>> {
        let (scheme, rest) = url.split_once("://")?;
        let (scheme, usual_port) = match scheme {
            _ if scheme.eq_ignore_ascii_case("http") => (Scheme::Http, HTTP_PORT),
            _ if scheme.eq_ignore_ascii_case("https") => (Scheme::Https, HTTPS_PORT),
            _ => return None,
        };
        let authority = rest.split(['/', '?', '#']).next()?;
        // The colons of an IPv6 address stand within brackets.
        let name_end = authority.rfind(']').map_or(0, |bracket| bracket + 1);
        let (host, port) = match authority[name_end..].find(':') {
            Some(colon) => (&authority[..name_end + colon], &authority[name_end + colon + 1..]),
            None => (authority, ""),
        };
        let port = match port {
            "" => usual_port,
            _ if port.bytes().all(|byte| byte.is_ascii_digit()) => port.parse().ok()?,
            _ => return None,
        };
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        // User and password are for a header of the request, not for here.
        (!host.is_empty() && !host.contains(['@', '[', ']'])).then_some(Origin { scheme, host, port })
    }
}

/// A URL that is none as it may be told: without user and password.
pub(super) fn without_credentials(url: &str) -> String {
    let begin = url.find("://").map_or(0, |colon| colon + 3);
    match url[begin..].rfind('@') {
        Some(at) => format!("{}***{}", &url[..begin], &url[begin + at..]),
        None => url.to_owned(),
    }
}
