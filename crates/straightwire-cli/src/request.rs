//! The request that the options ask for.

use std::fs::File;
use std::io::{self, Read};

use straightwire::{HttpConnection, basic_credentials};
use url::{Position, Url};

use crate::args::{Header, RequestArgs};
use crate::exit::{Code, Failure};
use crate::route::Passage;

const USER_AGENT: &str = concat!("straightwire/", env!("CARGO_PKG_VERSION"));
const FORM: &str = "application/x-www-form-urlencoded";
const PROXY_AUTHORIZATION: &str = "Proxy-Authorization";

/// Where it goes, and what is sent there.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) is_https: bool,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) body: Option<Vec<u8>>,
    /// What a proxy is told when it is asked for a tunnel.
    pub(crate) tunnel_headers: Vec<(String, String)>,
    method: String,
    target: String,
    /// `Host` is left to the library unless one was given, or left out on purpose.
    own_host: bool,
    headers: Vec<(String, String)>,
}

impl Request {
    /// Reads the data that the options name, too.
    pub(crate) fn new(args: &RequestArgs) -> Result<Request, Failure> {
        let (method, url) = args.method_and_url()?;
        let url = parse_url(url)?;
        let body = read_body(args)?;
        let method = method.unwrap_or(if body.is_some() { "POST" } else { "GET" });
        let passage = args.route.passage(url.scheme() == "https");
        let proxy_authorization = args.route.proxy_authorization();
        let tunnel_headers = tunnel_headers(&args.headers, proxy_authorization.as_deref());
        let mut given = args.headers.clone();
        if args.compressed && !is_given(&given, "Accept-Encoding") {
            let value = Some(straightwire::accept_encoding().to_owned());
            given.insert(0, Header { name: "Accept-Encoding".to_owned(), value });
        }
        let mut credentials =
            basic(&url)?.map(|value| ("Authorization", value)).into_iter().collect::<Vec<_>>();
        match passage {
            Passage::Unseen => {}
            Passage::Forwarded => {
                credentials.extend(proxy_authorization.map(|value| (PROXY_AUTHORIZATION, value)));
            }
            Passage::Tunnelled => given.retain(|header| !is_for_proxy(header)),
        }
        Ok(Request {
            is_https: url.scheme() == "https",
            host: url.host_str().unwrap_or_default().to_owned(),
            port: url.port_or_known_default().unwrap_or(straightwire::HTTP_PORT),
            method: method.to_owned(),
            target: target(&url, passage),
            own_host: is_given(&given, "Host"),
            headers: headers(&given, credentials, method, body.as_deref()),
            tunnel_headers,
            body,
        })
    }

    /// Sends these too, unless there is one of that name.
    pub(crate) fn add(&mut self, headers: Vec<(String, String)>) {
        for (name, value) in headers {
            if !self.headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(&name)) {
                self.headers.push((name, value));
            }
        }
    }

    /// The target, as the server gets it.
    pub(crate) fn target(&self) -> &str {
        &self.target
    }

    /// Begins the request on `conn`. Nothing is sent yet, but what can't be sent is found out.
    pub(crate) fn put(&self, conn: &mut HttpConnection) -> straightwire::Result<()> {
        conn.put_request_with(&self.method, &self.target, self.own_host, true)?;
        for (name, value) in &self.headers {
            // As bytes, because the terminal gives UTF-8 and gets to send it.
            conn.put_header(name, value.as_bytes())?;
        }
        Ok(())
    }
}

/// A URL in which the scheme may be missing.
fn parse_url(text: &str) -> Result<Url, Failure> {
    let has_scheme = text.split_once("://").is_some_and(|(scheme, _)| {
        scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    });
    let full = if has_scheme { text.to_owned() } else { format!("http://{text}") };
    let url = Url::parse(&full)
        .map_err(|err| Failure::new(Code::MalformedUrl, format!("{text:?} is not a URL: {err}")))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        scheme => {
            let message = format!("{scheme} is not supported: straightwire speaks http and https");
            Err(Failure::new(Code::UnsupportedProtocol, message))
        }
    }
}

/// The target as the server wants it, or the whole URL for a proxy that forwards the request
/// (RFC 9112 3.2.2).
fn target(url: &Url, passage: Passage) -> String {
    let path = &url[Position::BeforePath..Position::AfterQuery];
    match passage {
        // User and password are nobody's business (RFC 9110 4.2.4).
        Passage::Forwarded => format!("http://{}{path}", &url[Position::BeforeHost..Position::AfterPort]),
        Passage::Unseen | Passage::Tunnelled => path.to_owned(),
    }
}

/// What a proxy is told of us before it makes a tunnel: nothing of the request that goes through it.
fn tunnel_headers(given: &[Header], authorization: Option<&str>) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    let defaults = [(PROXY_AUTHORIZATION, authorization), ("User-Agent", Some(USER_AGENT))];
    for (name, value) in defaults {
        if let Some(value) = value.filter(|_| !is_given(given, name)) {
            headers.push((name.to_owned(), value.to_owned()));
        }
    }
    let told = |header: &&Header| is_for_proxy(header) || header.name.eq_ignore_ascii_case("User-Agent");
    headers.extend(given.iter().filter(told).filter_map(pair));
    headers
}

/// `Proxy-Authorization` and its like: what is inside a tunnel, no proxy sees.
fn is_for_proxy(header: &Header) -> bool {
    header.name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("Proxy-"))
}

/// All headers in curl's order, but for the `Host` that the library makes. One of the user's own takes the
/// place of a default of that name.
fn headers(
    given: &[Header],
    credentials: Vec<(&str, String)>,
    method: &str,
    body: Option<&[u8]>,
) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    let add_default = |headers: &mut Vec<_>, name: &str, value: String| {
        if !is_given(given, name) {
            headers.push((name.to_owned(), value));
        }
    };
    let of_host = |header: &&Header| header.name.eq_ignore_ascii_case("Host");

    headers.extend(given.iter().filter(of_host).filter_map(pair));
    for (name, value) in credentials {
        add_default(&mut headers, name, value);
    }
    add_default(&mut headers, "User-Agent", USER_AGENT.to_owned());
    add_default(&mut headers, "Accept", "*/*".to_owned());
    headers.extend(given.iter().filter(|header| !of_host(header)).filter_map(pair));

    // These methods have a body, if an empty one (RFC 9110 8.6).
    let has_length = body.is_some() || matches!(method, "POST" | "PUT" | "PATCH");
    if has_length && !is_given(given, "Transfer-Encoding") {
        add_default(&mut headers, "Content-Length", body.unwrap_or_default().len().to_string());
    }
    if body.is_some() {
        add_default(&mut headers, "Content-Type", FORM.to_owned());
    }
    headers
}

fn pair(header: &Header) -> Option<(String, String)> {
    Some((header.name.clone(), header.value.clone()?))
}

fn is_given(given: &[Header], name: &str) -> bool {
    given.iter().any(|header| header.name.eq_ignore_ascii_case(name))
}

/// User and password of the URL as `Authorization` has them (RFC 7617).
fn basic(url: &Url) -> Result<Option<String>, Failure> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(None);
    }
    let decode = |text| {
        let decoded = percent_encoding::percent_decode_str(text).decode_utf8();
        decoded.map_err(|_| Failure::new(Code::MalformedUrl, "user and password have to be UTF-8"))
    };
    let (user, password) = (decode(url.username())?, decode(url.password().unwrap_or_default())?);
    Ok(Some(basic_credentials(&user, &password)))
}

/// The pieces of data joined by `&`.
fn read_body(args: &RequestArgs) -> Result<Option<Vec<u8>>, Failure> {
    let (data, as_is) =
        if args.data_binary.is_empty() { (&args.data, false) } else { (&args.data_binary, true) };
    if data.is_empty() {
        return Ok(None);
    }
    let pieces = data.iter().map(|data| read_data(data, as_is)).collect::<Result<Vec<_>, _>>()?;
    Ok(Some(pieces.join(&b'&')))
}

/// Data as given, or read from `@file` or, for `@-`, from standard input; unless wanted as it is, without
/// line ends and NULs, as curl has it.
fn read_data(data: &str, as_is: bool) -> Result<Vec<u8>, Failure> {
    let Some(path) = data.strip_prefix('@') else { return Ok(data.as_bytes().to_vec()) };
    let mut bytes = Vec::new();
    let read = match path {
        "-" => io::stdin().lock().read_to_end(&mut bytes),
        path => File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)),
    };
    read.map_err(|err| Failure::new(Code::Read, format!("{path} can't be read: {err}")))?;
    if !as_is {
        bytes.retain(|byte| !b"\r\n\0".contains(byte));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_may_lack_its_scheme() {
        for (text, url) in [
            ("h", "http://h/"),
            ("h:81/a?b#c", "http://h:81/a?b#c"),
            ("HTTP://h", "http://h/"),
            ("h/?to=http://x", "http://h/?to=http://x"),
            ("[::1]:81", "http://[::1]:81/"),
            ("u:p@h", "http://u:p@h/"),
            ("h/a b", "http://h/a%20b"),
            ("https://h:443/", "https://h/"),
            ("https://B\u{fc}cher.test", "https://xn--bcher-kva.test/"),
        ] {
            assert_eq!(parse_url(text).unwrap().as_str(), url, "{text}");
        }
    }

    #[test]
    fn credentials_are_decoded_then_encoded() {
        let of = |text| basic(&parse_url(text).unwrap()).unwrap();
        assert_eq!(of("h"), None);
        assert_eq!(of("Aladdin:open%20sesame@h").as_deref(), Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
        assert_eq!(of("a@h").as_deref(), Some("Basic YTo="));
        assert_eq!(of(":b@h").as_deref(), Some("Basic OmI="));
        assert!(basic(&parse_url("%ff@h").unwrap()).is_err());
    }

    #[test]
    fn a_proxy_gets_the_whole_url_without_user_and_fragment() {
        for (text, whole) in [
            ("u:p@h", "http://h/"),
            ("h:81/a?b#c", "http://h:81/a?b"),
            ("http://[::1]:80", "http://[::1]/"),
            ("B\u{fc}cher.test?q", "http://xn--bcher-kva.test/?q"),
        ] {
            let url = parse_url(text).unwrap();
            assert_eq!(target(&url, Passage::Forwarded), whole, "{text}");
            assert!(whole.ends_with(&target(&url, Passage::Unseen)), "{text}");
        }
    }
}
