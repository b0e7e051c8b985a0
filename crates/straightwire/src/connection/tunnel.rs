//! A tunnel through a proxy: CONNECT (RFC 9110 9.3.6).

use std::io::Write;
use std::time::{Duration, Instant};

use super::open::{from_now, tell};
use super::{HttpConnection, own_lines};
use crate::buffer::ReceiveBuffer;
use crate::error::{Error, ErrorKind, Phase, Result};
use crate::host::{host_and_port, in_brackets};
use crate::proto::{BodyStep, Exchange, Headers, Received, ResponseHead};
use crate::tap::Event;
use crate::transport::{Leftover, Transport};

/// How much of the body is kept of an answer that refuses a tunnel, and how long reading it may take.
const KEPT_BODY: usize = 64 * 1024;
const PATIENCE: Duration = Duration::from_secs(1);

const DOING: &str = "asking the proxy for a tunnel";

/// Where the proxy is to connect to, and what it is told.
#[derive(Debug)]
pub(crate) struct Tunnel {
    pub(crate) host: String,
    pub(crate) port: u16,
    headers: Vec<(String, String)>,
}

impl Tunnel {
    pub(crate) fn new(
        host: &str,
        port: Option<u16>,
        default_port: u16,
        headers: &[(&str, &str)],
    ) -> Result<Tunnel> {
        let (host, port) = host_and_port(host, port, default_port)?;
        // A proxy would take the first bytes in the tunnel for the body (RFC 9110 9.3.6).
        let framing = ["content-length", "transfer-encoding"];
        if let Some((name, _)) =
            headers.iter().find(|(name, _)| framing.iter().any(|framing| name.eq_ignore_ascii_case(framing)))
        {
            let message = format!("a request for a tunnel has no body, so no {name} either");
            return Err(Error::new(ErrorKind::InvalidHeader, message));
        }
        let headers = headers.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        let tunnel = Tunnel { host, port, headers };
        // What can't be sent is told now, not when the connection is opened.
        tunnel.head(&mut Exchange::default())?;
        Ok(tunnel)
    }

    fn head(&self, exchange: &mut Exchange) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        let target = format!("{}:{}", in_brackets(&self.host), self.port);
        exchange.begin(&mut out, "CONNECT", &target)?;
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            exchange.put_header(&mut out, "Host", &*target)?;
        }
        for (name, value) in &self.headers {
            exchange.put_header(&mut out, name, &**value)?;
        }
        exchange.end_head(&mut out, false)?;
        Ok(out)
    }
}

/// What a proxy answered when it was asked for a tunnel.
#[derive(Debug)]
pub struct ProxyResponse {
    head: ResponseHead,
    body_start: Vec<u8>,
}

impl ProxyResponse {
    /// Status, reason and headers.
    pub fn head(&self) -> &ResponseHead {
        &self.head
    }

    /// The body, or its first 64 KiB, of an answer that refuses; a tunnel begins where an answer that
    /// grants it has ended.
    pub fn body_start(&self) -> &[u8] {
        &self.body_start
    }
}

impl HttpConnection {
    /// Goes through a tunnel: the host of this connection is a proxy, which is asked to connect to `host`
    /// (and `port`; the default one where none is named) whenever the connection is opened. Requests are
    /// then for that host. `headers` are for the proxy; `Host` is sent unless it is among them.
    ///
    /// For a proxy that wants to know who asks, add `Proxy-Authorization`: see
    /// [`basic_credentials`](crate::basic_credentials).
    ///
    /// ```no_run
    /// use straightwire::{HttpsConnection, basic_credentials};
    ///
    /// let mut conn = HttpsConnection::new("proxy.example:3128")?;
    /// let credentials = basic_credentials("user", "secret");
    /// conn.set_tunnel("www.python.org", None, &[("Proxy-Authorization", &credentials)])?;
    /// conn.request("HEAD", "/", (), &[])?;
    /// # Ok::<(), straightwire::Error>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidSetting` if the connection is open; `InvalidUrl` for what can't be a host or port,
    /// `InvalidHeader` for what can't be a header.
    pub fn set_tunnel(
        &mut self,
        host: &str,
        port: impl Into<Option<u16>>,
        headers: &[(&str, &str)],
    ) -> Result<()> {
        if self.stream.is_some() {
            let message = "a tunnel can't be set up for a connection that is open already";
            return Err(Error::new(ErrorKind::InvalidSetting, message));
        }
        self.config.tunnel = Some(Tunnel::new(host, port.into(), self.config.default_port, headers)?);
        self.own_lines = own_lines(&self.config);
        Ok(())
    }

    /// What the proxy answered when it was last asked for a tunnel, whether it granted it or not.
    pub fn proxy_response(&self) -> Option<&ProxyResponse> {
        self.proxy_response.as_ref()
    }

    /// The headers of that answer.
    #[doc(alias = "get_proxy_response_headers")]
    pub fn proxy_response_headers(&self) -> Option<&Headers> {
        Some(self.proxy_response.as_ref()?.head().headers())
    }

    /// Asks the proxy at the other end of `stream` for a tunnel; what is in it.
    pub(super) fn open_tunnel(
        &mut self,
        mut stream: Box<dyn Transport>,
        until: Option<Instant>,
    ) -> Result<Box<dyn Transport>> {
        let Some(tunnel) = &self.config.tunnel else { return Ok(stream) };
        let mut exchange = self.exchange.another();
        let out = tunnel.head(&mut exchange)?;
        let mut input = ReceiveBuffer::default();
        stream
            .write_all(&out)
            .and_then(|()| stream.flush())
            .map_err(|err| Error::io(Phase::Proxy, DOING, err))?;
        self.emit(|_| Event::Sent(&out));
        let head = self.proxy_head(&mut exchange, &mut *stream, &mut input)?;
        // A 101 switches to another protocol, which was not asked for.
        let granted = (200..300).contains(&head.status());
        let mut body_start = Vec::new();
        if !granted {
            let until = until.into_iter().chain(from_now(PATIENCE)).min();
            stream
                .set_timeouts(self.config.timeout, until)
                .map_err(|err| Error::io(Phase::Proxy, DOING, err))?;
            self.keep_body(&mut exchange, &mut *stream, &mut input, &mut body_start);
        }
        let line = format!("{} {}", head.status(), head.reason());
        self.proxy_response = Some(ProxyResponse { head, body_start });
        if granted {
            return Ok(Leftover::before(stream, input.data()));
        }
        stream.say_goodbye();
        let message = format!("Tunnel connection failed: {}", line.trim_end());
        Err(Error::new(ErrorKind::TunnelFailed, message).in_phase(Phase::Proxy))
    }

    fn proxy_head(
        &mut self,
        exchange: &mut Exchange,
        stream: &mut dyn Transport,
        input: &mut ReceiveBuffer,
    ) -> Result<ResponseHead> {
        loop {
            match exchange.receive_head(input.data()).map_err(|err| err.in_phase(Phase::Proxy))? {
                Received::More => {
                    let filled = self.fill_from_proxy(stream, input);
                    if filled.map_err(|err| err.with_partial(input.data()))? == 0 {
                        return Err(exchange.end_in_head(input.data()).in_phase(Phase::Proxy));
                    }
                }
                Received::Interim { len } => {
                    input.consume(len);
                    if let Some(head) = exchange.interim().last() {
                        tell(&mut self.tap, self.config.debug_level, Event::Interim(head));
                    }
                }
                Received::Head { len } => {
                    input.consume(len);
                    if self.is_watched() {
                        tell(&mut self.tap, self.config.debug_level, Event::Head(exchange.head()));
                    }
                    return Ok(exchange.take_head());
                }
            }
        }
    }

    /// As much of the body as is to be had: whatever is wrong with it, the answer is more telling.
    fn keep_body(
        &mut self,
        exchange: &mut Exchange,
        stream: &mut dyn Transport,
        input: &mut ReceiveBuffer,
        body: &mut Vec<u8>,
    ) {
        while !exchange.is_body_done() && body.len() < KEPT_BODY {
            if input.is_empty() && !matches!(self.fill_from_proxy(stream, input), Ok(1..)) {
                return;
            }
            match exchange.receive_body(input.data()) {
                Ok(BodyStep::Data(range)) => {
                    let room = KEPT_BODY - body.len();
                    body.extend(input.data()[range.clone()].iter().take(room));
                    input.consume(range.end);
                }
                Ok(BodyStep::More) => input.consume(input.data().len()),
                Ok(BodyStep::End(_)) | Err(_) => return,
            }
        }
    }

    fn fill_from_proxy(&mut self, stream: &mut dyn Transport, input: &mut ReceiveBuffer) -> Result<usize> {
        let before = input.data().len();
        let (len, _) = match input.fill(stream) {
            Err(err) if err.kind() == std::io::ErrorKind::UnexpectedEof => (0, false),
            filled => filled.map_err(|err| Error::io(Phase::Proxy, DOING, err))?,
        };
        self.emit_received(&input.data()[before..]);
        Ok(len)
    }
}
