//! Hosts and ports: taken apart, checked, and as they stand in `Host`.

use std::borrow::Cow;
use std::net::Ipv6Addr;

use crate::error::{Error, ErrorKind, Excerpt, Result};
use crate::proto::after_scheme;

/// `host`, `host:port`, `[v6]`, `[v6]:port`, or a bare IPv6 address. An empty port is the default one
/// (RFC 9110 4.2.1).
pub(crate) fn split_port(text: &str, default: u16) -> Result<(String, u16)> {
    if text.parse::<Ipv6Addr>().is_ok() {
        return Ok((text.to_owned(), default));
    }
    let bracket = text.rfind(']').map_or(0, |at| at + 1);
    let (host, port) = match text[bracket..].find(':').map(|at| bracket + at) {
        None => (text, ""),
        Some(colon) => (&text[..colon], &text[colon + 1..]),
    };
    let port = if port.is_empty() {
        default
    } else {
        let digits = port.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| port.parse().ok()).flatten().ok_or_else(|| {
            let (port, text) = (Excerpt(port.as_bytes()), Excerpt(text.as_bytes()));
            Error::new(ErrorKind::InvalidUrl, format!("{port} in {text} is not a port"))
        })?
    };
    Ok((canonical(host)?, port))
}

/// Host and port, where the port may be named apart: the host is then taken as it is.
pub(crate) fn host_and_port(host: &str, port: Option<u16>, default: u16) -> Result<(String, u16)> {
    match port {
        Some(port) => Ok((canonical(host)?, port)),
        None => split_port(host, default),
    }
}

/// A host as it is looked up and told: without brackets, in ASCII, checked.
pub(crate) fn canonical(host: &str) -> Result<String> {
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let host = to_ascii(host)?;
    check_host(&host)?;
    Ok(host)
}

/// The longest name in DNS is 253 bytes; no more characters than that can become one (RFC 1035 2.3.4).
#[cfg(feature = "idna")]
const LONGEST_NAME: usize = 253;

/// A name of other than ASCII letters as DNS has it (`xn--…`, UTS 46).
#[cfg(feature = "idna")]
fn to_ascii(host: &str) -> Result<String> {
    if host.is_ascii() {
        return Ok(host.to_owned());
    }
    let refuse = |why: &str| {
        Error::new(ErrorKind::InvalidUrl, format!("{} can't be a host: {why}", Excerpt(host.as_bytes())))
    };
    // Looked at first, so that the time taken has a bound.
    if host.chars().count() > LONGEST_NAME {
        return Err(refuse("it is longer than any name in DNS"));
    }
    // Characters that look like `/`, `@` or `:` come out as these, and are refused like them.
    idna::domain_to_ascii(host).map_err(|_| refuse("it is no international domain name (UTS 46)"))
}

#[cfg(not(feature = "idna"))]
fn to_ascii(host: &str) -> Result<String> {
    if host.is_ascii() {
        return Ok(host.to_owned());
    }
    let message = format!(
        "{} can't be a host: names beyond ASCII take the feature `idna`, or their `xn--` form",
        Excerpt(host.as_bytes())
    );
    Err(Error::new(ErrorKind::InvalidUrl, message))
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
pub(crate) fn without_zone(host: &str) -> &str {
    match host.split_once('%') {
        Some((address, _)) if address.parse::<Ipv6Addr>().is_ok() => address,
        _ => host,
    }
}

/// The host as it stands before a port: IPv6 in brackets, without a zone.
pub(crate) fn in_brackets(host: &str) -> String {
    let host = without_zone(host);
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

/// The value of `Host`, with the port only where it is not the default (RFC 9110 7.2).
pub(crate) fn host_value(host: &str, port: u16, default: u16) -> String {
    let host = in_brackets(host);
    if port == default { host } else { format!("{host}:{port}") }
}

/// The authority of an absolute URI, without user and password, which are nobody else's business, and
/// without an IPv6 zone, which means nothing to others (RFC 9110 7.2 and 4.2.4, RFC 6874 4); `None` for
/// other targets.
pub(crate) fn authority(url: &str) -> Option<Cow<'_, str>> {
    if url.starts_with('/') {
        return None;
    }
    let rest = after_scheme(url)?;
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let zone = authority.starts_with('[').then(|| Some((authority.find('%')?, authority.find(']')?)));
    match zone.flatten() {
        Some((zone, end)) if zone < end => Some([&authority[..zone], &authority[end..]].concat().into()),
        _ => Some(authority.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host_of(text: &str) -> Result<(String, u16, String)> {
        let (host, port) = split_port(text, 80)?;
        let value = host_value(&host, port, 80);
        Ok((host, port, value))
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
            ("100%25.example", "100%25.example", 80, "100%25.example"),
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
            "a:\u{661}",
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
        ] {
            assert_eq!(host_of(text).unwrap_err().kind(), ErrorKind::InvalidUrl, "{text:?}");
        }
    }

    #[cfg(feature = "idna")]
    #[test]
    fn international_names_are_told_as_dns_has_them() {
        for (text, host) in [
            ("bücher.example", "xn--bcher-kva.example"),
            ("BÜCHER.example", "xn--bcher-kva.example"),
            ("straße.de", "xn--strae-oqa.de"),
            ("日本。jp", "xn--wgv71a.jp"),
        ] {
            assert_eq!(host_of(text).unwrap().0, host, "{text}");
        }
        assert_eq!(host_of("bücher.example:8080").unwrap().2, "xn--bcher-kva.example:8080");
    }

    #[cfg(feature = "idna")]
    #[test]
    fn what_looks_like_a_delimiter_is_no_part_of_a_name() {
        for text in ["x\u{ff0f}y", "x\u{ff20}y", "x\u{ff1a}80", "x\u{ff03}y", "x\u{2488}y/é", "é\u{0}", "é b"]
        {
            assert_eq!(host_of(text).unwrap_err().kind(), ErrorKind::InvalidUrl, "{text:?}");
        }
        let long = "é".repeat(100_000);
        assert!(host_of(&long).unwrap_err().to_string().len() < 1000);
    }
}
