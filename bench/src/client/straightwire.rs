//! This project, as its documentation says to use it.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use straightwire::{HttpConnection, HttpsConnection, Tls};

use super::{Bodies, Requests, check};
use crate::Result;
use crate::messages::{Download, READ_SIZE, SMALL_BODY, SmallGet};
use crate::server::Peer;

pub(crate) struct StraightwireClient {
    host: String,
    port: u16,
    /// Shared by all connections.
    tls: Option<Tls>,
    conn: HttpConnection,
    buffer: Vec<u8>,
}

fn connection(host: &str, port: u16, tls: Option<&Tls>) -> Result<HttpConnection> {
    Ok(match tls {
        None => HttpConnection::with_port(host, port)?,
        Some(tls) => HttpsConnection::builder(host).port(port).tls(tls.clone()).build()?.into_inner(),
    })
}

fn get(conn: &mut HttpConnection, get: &SmallGet, buffer: &mut [u8]) -> Result<()> {
    conn.request("GET", get.target, (), get.headers)?;
    let mut response = conn.get_response()?;
    let len = response.read_into(buffer)?;
    check(response.status(), len as u64, SMALL_BODY as u64)
}

impl Requests for StraightwireClient {
    fn new(server: &Peer) -> Result<Self> {
        let (host, port) = (server.address.ip().to_string(), server.address.port());
        let tls = server.root_pem.as_ref().map(|pem| Tls::builder().ca_pem(pem).build()).transpose()?;
        let conn = connection(&host, port, tls.as_ref())?;
        Ok(StraightwireClient { host, port, tls, conn, buffer: vec![0; READ_SIZE] })
    }

    fn get(&mut self, small: &SmallGet) -> Result<()> {
        get(&mut self.conn, small, &mut self.buffer)
    }

    fn get_once(&mut self, small: &SmallGet) -> Result<()> {
        let mut conn = connection(&self.host, self.port, self.tls.as_ref())?;
        get(&mut conn, small, &mut self.buffer)
    }
}

impl Bodies for StraightwireClient {
    fn download(&mut self, download: &Download) -> Result<()> {
        self.conn.request("GET", &download.target, (), &[])?;
        let mut response = self.conn.get_response()?;
        let mut total = 0;
        loop {
            match response.read(&mut self.buffer)? {
                0 => return check(response.status(), total, download.len),
                len => total += len as u64,
            }
        }
    }

    fn read_all(&mut self, download: &Download) -> Result<()> {
        self.conn.request("GET", &download.target, (), &[])?;
        let mut response = self.conn.get_response()?;
        let body = response.read_all()?;
        check(response.status(), body.len() as u64, download.len)
    }

    fn upload(&mut self, path: &Path, chunked: bool) -> Result<()> {
        let file = File::open(path)?;
        if chunked {
            self.conn.request("PUT", "/upload", file, &[])?;
        } else {
            let length = file.metadata()?.len().to_string();
            self.conn.request("PUT", "/upload", file, &[("Content-Length", &length)])?;
        }
        check(self.conn.get_response()?.status(), 0, 0)
    }
}
