//! The ureq crate.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use ureq::config::AutoHeaderValue;
use ureq::http::Response;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body, RequestBuilder, SendBody};

use super::{Bodies, Requests, check};
use crate::Result;
use crate::messages::{Download, READ_SIZE, SMALL_BODY, SmallGet};
use crate::server::Peer;

pub(crate) struct UreqClient {
    /// Scheme and host of all URLs.
    site: String,
    keeping: Agent,
    /// Keeps no connection.
    single: Agent,
    buffer: Vec<u8>,
}

/// Sends the headers that the others send, and looks for no proxy.
fn agent(idle: usize, root_pem: Option<&str>) -> Result<Agent> {
    let mut tls = TlsConfig::builder();
    if let Some(pem) = root_pem {
        let root = Certificate::from_pem(pem.as_bytes())?;
        tls = tls
            .root_certs(RootCerts::new_with_certs(&[root]))
            .unversioned_rustls_crypto_provider(Arc::new(ring::default_provider()));
    }
    Ok(Agent::config_builder()
        .tls_config(tls.build())
        .proxy(None)
        .user_agent(AutoHeaderValue::None)
        .accept(AutoHeaderValue::None)
        .accept_encoding("identity")
        .max_idle_connections(idle)
        .build()
        .new_agent())
}

impl UreqClient {
    fn url(&self, target: &str) -> String {
        format!("{}{target}", self.site)
    }

    fn drain(&mut self, mut response: Response<Body>, expected: u64) -> Result<()> {
        let mut body = response.body_mut().as_reader();
        let mut total = 0;
        loop {
            match body.read(&mut self.buffer)? {
                0 => break,
                len => total += len as u64,
            }
        }
        check(response.status().as_u16(), total, expected)
    }
}

fn with_headers<B>(request: RequestBuilder<B>, headers: &[(&str, &str)]) -> RequestBuilder<B> {
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
}

impl Requests for UreqClient {
    fn new(server: &Peer) -> Result<Self> {
        let root_pem = server.root_pem.as_deref();
        let scheme = if root_pem.is_some() { "https" } else { "http" };
        let site = format!("{scheme}://{}", server.address);
        let (keeping, single) = (agent(1, root_pem)?, agent(0, root_pem)?);
        Ok(UreqClient { site, keeping, single, buffer: vec![0; READ_SIZE] })
    }

    fn get(&mut self, get: &SmallGet) -> Result<()> {
        let response = with_headers(self.keeping.get(self.url(get.target)), get.headers).call()?;
        self.drain(response, SMALL_BODY as u64)
    }

    fn get_once(&mut self, get: &SmallGet) -> Result<()> {
        let response = with_headers(self.single.get(self.url(get.target)), get.headers).call()?;
        self.drain(response, SMALL_BODY as u64)
    }
}

impl Bodies for UreqClient {
    fn download(&mut self, download: &Download) -> Result<()> {
        let response = self.keeping.get(self.url(&download.target)).call()?;
        self.drain(response, download.len)
    }

    fn read_all(&mut self, download: &Download) -> Result<()> {
        let mut response = self.keeping.get(self.url(&download.target)).call()?;
        let body = response.body_mut().with_config().limit(u64::MAX).read_to_vec()?;
        check(response.status().as_u16(), body.len() as u64, download.len)
    }

    fn upload(&mut self, path: &Path, chunked: bool) -> Result<()> {
        let mut file = File::open(path)?;
        let request = self.keeping.put(self.url("/upload"));
        // Given a file it asks for the length itself; given a reader it sends chunks.
        let response =
            if chunked { request.send(SendBody::from_reader(&mut file))? } else { request.send(file)? };
        self.drain(response, 0)
    }
}
