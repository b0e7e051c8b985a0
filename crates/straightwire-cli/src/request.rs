//! The request that the options ask for.

use std::fs::File;
use std::io::{self, Read};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use straightwire::HttpConnection;
use url::{Position, Url};

use crate::args::{Header, RequestArgs};
use crate::exit::{Code, Failure};

const USER_AGENT: &str = concat!("straightwire/", env!("CARGO_PKG_VERSION"));
const FORM: &str = "application/x-www-form-urlencoded";

/// Where to connect, and what to send there.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) body: Option<Vec<u8>>,
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
        Ok(Request {
            host: url.host_str().unwrap_or_default().to_owned(),
            port: url.port_or_known_default().unwrap_or(straightwire::HTTP_PORT),
            method: method.to_owned(),
            target: url[Position::BeforePath..Position::AfterQuery].to_owned(),
            own_host: is_given(&args.headers, "Host"),
            headers: headers(&args.headers, &url, method, body.as_deref()),
            body,
        })
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
        "http" => Ok(url),
        "https" => {
            let message = "https is not supported by this build, which has no TLS";
            Err(Failure::new(Code::UnsupportedProtocol, message))
        }
        scheme => {
            let message = format!("{scheme} is not supported: straightwire speaks http");
            Err(Failure::new(Code::UnsupportedProtocol, message))
        }
    }
}

/// All headers in curl's order, but for the `Host` that the library makes. One of the user's own takes the
/// place of a default of that name.
fn headers(given: &[Header], url: &Url, method: &str, body: Option<&[u8]>) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    let add_default = |headers: &mut Vec<_>, name: &str, value: String| {
        if !is_given(given, name) {
            headers.push((name.to_owned(), value));
        }
    };
    let of_host = |header: &&Header| header.name.eq_ignore_ascii_case("Host");
    let values = |header: &Header| Some((header.name.clone(), header.value.clone()?));

    headers.extend(given.iter().filter(of_host).filter_map(values));
    if let Some(credentials) = basic(url) {
        add_default(&mut headers, "Authorization", credentials);
    }
    add_default(&mut headers, "User-Agent", USER_AGENT.to_owned());
    add_default(&mut headers, "Accept", "*/*".to_owned());
    headers.extend(given.iter().filter(|header| !of_host(header)).filter_map(values));

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

fn is_given(given: &[Header], name: &str) -> bool {
    given.iter().any(|header| header.name.eq_ignore_ascii_case(name))
}

/// User and password of the URL as `Authorization` has them (RFC 7617).
fn basic(url: &Url) -> Option<String> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let decode = |text| percent_encoding::percent_decode_str(text).collect::<Vec<u8>>();
    let user = decode(url.username());
    let password = decode(url.password().unwrap_or_default());
    Some(format!("Basic {}", STANDARD.encode([user, password].join(&b':'))))
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
        ] {
            assert_eq!(parse_url(text).unwrap().as_str(), url, "{text}");
        }
    }

    #[test]
    fn credentials_are_decoded_then_encoded() {
        let of = |text| basic(&parse_url(text).unwrap());
        assert_eq!(of("h"), None);
        assert_eq!(of("Aladdin:open%20sesame@h").as_deref(), Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
        assert_eq!(of("a@h").as_deref(), Some("Basic YTo="));
        assert_eq!(of(":b@h").as_deref(), Some("Basic OmI="));
    }
}
