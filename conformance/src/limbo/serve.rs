//! A TLS server that presents whatever chain it is given, unlooked at.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ServerConfig, ServerConnection, StreamOwned, crypto::ring};

use super::PATIENCE;

/// Serves one connection on a loopback port of its own.
pub(super) struct Server {
    port: u16,
    thread: JoinHandle<io::Result<()>>,
}

impl Server {
    /// # Errors
    ///
    /// Why this chain can't be presented.
    pub(super) fn start(chain: &[String], key: &str) -> Result<Server, String> {
        let config = config(chain, key)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|err| err.to_string())?;
        let port = listener.local_addr().map_err(|err| err.to_string())?.port();
        let thread = thread::spawn(move || serve(listener.accept()?.0, config));
        Ok(Server { port, thread })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// What became of the connection.
    pub(super) fn stop(self) -> String {
        // A client that gave up before it connected would leave the server waiting.
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
        match self.thread.join() {
            Ok(Ok(())) => "served".to_owned(),
            Ok(Err(err)) => err.to_string(),
            Err(_) => "panicked".to_owned(),
        }
    }
}

fn config(chain: &[String], key: &str) -> Result<Arc<ServerConfig>, String> {
    let chain =
        chain.iter().map(|pem| CertificateDer::from_pem_slice(pem.as_bytes())).collect::<Result<_, _>>();
    let chain: Vec<_> = chain.map_err(|err| format!("a certificate is no PEM: {err}"))?;
    let key =
        PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|err| format!("the key is no PEM: {err}"))?;
    let key =
        ring::sign::any_supported_type(&key).map_err(|_| "no TLS server signs with such a key".to_owned())?;
    let resolver = SingleCertAndKey::from(CertifiedKey::new(chain, key));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|err| err.to_string())?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(resolver));
    Ok(Arc::new(config))
}

/// Answers one request.
fn serve(stream: TcpStream, config: Arc<ServerConfig>) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let connection = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut stream = BufReader::new(StreamOwned::new(connection, stream));
    let mut line = String::new();
    while stream.read_line(&mut line)? > 2 {
        line.clear();
    }
    let stream = stream.get_mut();
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")?;
    stream.conn.send_close_notify();
    stream.flush()
}
