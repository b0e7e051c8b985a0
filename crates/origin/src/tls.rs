//! The server's side of TLS. The only file that names the library for it.

use std::io::{self, Read, Write};
use std::ops::Range;
use std::sync::{Arc, Mutex};

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{HandshakeKind, RootCertStore, ServerConfig, ServerConnection, SupportedProtocolVersion};

use crate::certificates::Identity;
use crate::reception::Socket;
use crate::sync::lock;

/// As much as a record holds at most.
const PIECE: usize = 16 * 1024;
/// So many handshakes are remembered, the latest ones.
const MEMORY: usize = 1024;

static ONLY_1_2: &[&SupportedProtocolVersion] = &[&rustls::version::TLS12];
static ONLY_1_3: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13];

/// How a server speaks TLS: with which identity, to which clients, in which versions.
///
/// ```
/// use origin::certificates::Authority;
/// use origin::{Origin, TlsSetup};
///
/// let authority = Authority::new();
/// let setup = TlsSetup::new(&authority.issue(&["localhost", "127.0.0.1"]))
///     .require_clients_of(authority.root_pem())
///     .only_1_3()
///     .tickets(0);
/// let origin = Origin::start_tls(&setup)?;
/// assert_eq!(origin.url("/"), format!("https://127.0.0.1:{}/", origin.port()));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct TlsSetup {
    chain_pem: String,
    key_pem: String,
    client_root: Option<String>,
    versions: &'static [&'static SupportedProtocolVersion],
    protocols: Vec<Vec<u8>>,
    tickets: usize,
}

/// What was agreed in a handshake, as the server saw it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Handshake {
    /// The name that the client asked for (SNI, RFC 6066 section 3).
    pub server_name: Option<String>,
    /// `TLSv1_2` or `TLSv1_3`.
    pub version: Option<String>,
    /// The protocol chosen by ALPN, RFC 7301.
    pub protocol: Option<String>,
    /// Whether it went on from an earlier session.
    pub is_resumed: bool,
    /// The certificates that the client showed, in DER, its own first.
    pub client_certificates: Vec<Vec<u8>>,
    /// Why there is no session: an alert of the client, for example.
    pub error: Option<String>,
}

impl TlsSetup {
    /// TLS 1.2 and 1.3 with this identity, for any client, with ALPN for `http/1.1` and two tickets.
    pub fn new(identity: &Identity) -> TlsSetup {
        TlsSetup::from_pem(identity.chain_pem(), identity.key_pem())
    }

    /// As [`new`](TlsSetup::new), from a chain and a private key that are at hand in PEM. Whether they are
    /// of use shows when a server starts.
    ///
    /// ```
    /// let identity = origin::certificates::self_signed(&["localhost"]);
    /// let setup = origin::TlsSetup::from_pem(identity.chain_pem(), identity.key_pem());
    /// # let _ = setup;
    /// ```
    pub fn from_pem(chain: impl Into<String>, key: impl Into<String>) -> TlsSetup {
        TlsSetup {
            chain_pem: chain.into(),
            key_pem: key.into(),
            client_root: None,
            versions: rustls::ALL_VERSIONS,
            protocols: vec![b"http/1.1".to_vec()],
            tickets: 2,
        }
    }

    /// Serves only clients with a certificate from this root.
    pub fn require_clients_of(mut self, root_pem: &str) -> TlsSetup {
        self.client_root = Some(root_pem.to_owned());
        self
    }

    /// Speaks TLS 1.2 and nothing newer.
    pub fn only_1_2(mut self) -> TlsSetup {
        self.versions = ONLY_1_2;
        self
    }

    /// Speaks TLS 1.3 and nothing older.
    pub fn only_1_3(mut self) -> TlsSetup {
        self.versions = ONLY_1_3;
        self
    }

    /// The protocols for ALPN. A client that offers none of them is turned away; with an empty list nobody
    /// is, and nothing is agreed.
    pub fn protocols(mut self, names: &[&str]) -> TlsSetup {
        self.protocols = names.iter().map(|name| name.as_bytes().to_vec()).collect();
        self
    }

    /// How many tickets a client gets after a handshake of TLS 1.3. With none, no session of any version can
    /// be resumed.
    pub fn tickets(mut self, count: usize) -> TlsSetup {
        self.tickets = count;
        self
    }

    fn config(&self) -> Result<ServerConfig, String> {
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(self.versions)
            .map_err(|error| error.to_string())?;
        let builder = match &self.client_root {
            None => builder.with_no_client_auth(),
            Some(pem) => {
                let mut roots = RootCertStore::empty();
                for root in certificates(pem)? {
                    roots.add(root).map_err(|error| error.to_string())?;
                }
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
                builder.with_client_cert_verifier(verifier.map_err(|error| error.to_string())?)
            }
        };
        let key = PrivateKeyDer::from_pem_slice(self.key_pem.as_bytes());
        let key = key.map_err(|error| format!("no private key: {error}"))?;
        let mut config = builder
            .with_single_cert(certificates(&self.chain_pem)?, key)
            .map_err(|error| error.to_string())?;
        config.alpn_protocols.clone_from(&self.protocols);
        config.send_tls13_tickets = self.tickets;
        if self.tickets == 0 {
            config.session_storage = Arc::new(NoServerSessionStorage {});
        }
        Ok(config)
    }
}

fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|error| format!("no certificate: {error}"))
}

/// What the connections of a server with TLS share.
pub(crate) struct Tls {
    config: Arc<ServerConfig>,
    handshakes: Mutex<Vec<Handshake>>,
}

impl Tls {
    pub(crate) fn new(setup: &TlsSetup) -> io::Result<Tls> {
        let config = setup.config().map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why))?;
        Ok(Tls { config: Arc::new(config), handshakes: Mutex::default() })
    }

    pub(crate) fn handshakes(&self) -> Vec<Handshake> {
        lock(&self.handshakes).clone()
    }

    /// The handshake; `ahead` came from the client already.
    pub(crate) fn accept(&self, socket: &Socket, ahead: &[u8]) -> io::Result<TlsStream> {
        let mut stream = self.stream(socket, ahead)?;
        let result = stream.shake_hands();
        let mut handshake = stream.session.handshake();
        handshake.error = result.as_ref().err().map(ToString::to_string);
        let mut handshakes = lock(&self.handshakes);
        if handshakes.len() == MEMORY {
            handshakes.remove(0);
        }
        handshakes.push(handshake);
        result.map(|()| stream)
    }

    /// Hears the client's first flight and sends so many bytes of the answer to it.
    pub(crate) fn begin(&self, socket: &Socket, ahead: &[u8], count: usize) -> io::Result<()> {
        let mut stream = self.stream(socket, ahead)?;
        let mut flight = Vec::new();
        while flight.is_empty() {
            stream.take_in()?;
            flight = stream.session.pending()?;
        }
        stream.socket.write_all(&flight[..count.min(flight.len())])
    }

    fn stream(&self, socket: &Socket, ahead: &[u8]) -> io::Result<TlsStream> {
        let mut state = ServerConnection::new(Arc::clone(&self.config)).map_err(io::Error::other)?;
        // What is written is sent at once, so nothing piles up.
        state.set_buffer_limit(None);
        let mut coming = vec![0; PIECE.max(ahead.len())].into_boxed_slice();
        coming[..ahead.len()].copy_from_slice(ahead);
        let session = Arc::new(Session { state: Mutex::new(state), turn: Mutex::default() });
        Ok(TlsStream { session, socket: socket.clone(), coming, fresh: 0..ahead.len() })
    }
}

/// A connection inside TLS. Of several handles one and the same does all the reading; any may write.
pub(crate) struct TlsStream {
    session: Arc<Session>,
    socket: Socket,
    coming: Box<[u8]>,
    /// The part of `coming` that came and was not looked at.
    fresh: Range<usize>,
}

/// The state is locked for moments only, never while the socket makes wait, so that one thread can read while
/// another one is stuck in a write. Whoever writes has the `turn`, so records leave in order.
struct Session {
    state: Mutex<ServerConnection>,
    turn: Mutex<()>,
}

impl Session {
    /// The records that wait to be sent.
    fn pending(&self) -> io::Result<Vec<u8>> {
        let (mut records, mut state) = (Vec::new(), lock(&self.state));
        while state.wants_write() {
            state.write_tls(&mut records)?;
        }
        Ok(records)
    }

    fn handshake(&self) -> Handshake {
        let state = lock(&self.state);
        Handshake {
            server_name: state.server_name().map(str::to_owned),
            version: state.protocol_version().map(|version| format!("{version:?}")),
            protocol: state.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned()),
            is_resumed: state.handshake_kind() == Some(HandshakeKind::Resumed),
            client_certificates: state
                .peer_certificates()
                .map(|chain| chain.iter().map(|certificate| certificate.to_vec()).collect())
                .unwrap_or_default(),
            error: None,
        }
    }
}

impl TlsStream {
    /// Says that nothing follows. The socket stays open.
    pub(crate) fn close_notify(&mut self) -> io::Result<()> {
        self.send(|state| {
            state.send_close_notify();
            Ok(())
        })
    }

    /// Sends all bytes in records of so many, as few writes as go.
    pub(crate) fn write_records(&mut self, bytes: &[u8], size: usize) -> io::Result<()> {
        self.send(|state| bytes.chunks(size).try_for_each(|piece| state.writer().write_all(piece)))
    }

    /// Ends the session by a fatal `bad_record_mac`: what a server sends when a record was damaged on the
    /// way, as the one made up here.
    pub(crate) fn fatal_alert(&mut self) -> io::Result<()> {
        let mut damaged = [0; 5 + 64];
        damaged[..5].copy_from_slice(&[23, 3, 3, 0, 64]);
        self.send(|state| {
            state.read_tls(&mut &damaged[..])?;
            match state.process_new_packets() {
                Ok(_) => Err(io::Error::other("a damaged record was not noticed")),
                Err(_) => Ok(()),
            }
        })
    }

    fn shake_hands(&mut self) -> io::Result<()> {
        while lock(&self.session.state).is_handshaking() {
            if self.take_in()? == 0 {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the client closed in the handshake",
                ));
            }
            self.send(|_| Ok(()))?;
        }
        Ok(())
    }

    /// Changes the state and sends what comes of it.
    fn send<T>(&mut self, change: impl FnOnce(&mut ServerConnection) -> io::Result<T>) -> io::Result<T> {
        let _turn = lock(&self.session.turn);
        let result = change(&mut lock(&self.session.state))?;
        let records = self.session.pending()?;
        self.socket.write_all(&records)?;
        Ok(result)
    }

    /// Takes in what came, waiting for it; zero at the end.
    fn take_in(&mut self) -> io::Result<usize> {
        if self.fresh.is_empty() {
            self.fresh = 0..self.socket.read(&mut self.coming)?;
        }
        let (count, result) = {
            let mut state = lock(&self.session.state);
            let count = state.read_tls(&mut &self.coming[self.fresh.clone()])?;
            (count, state.process_new_packets())
        };
        self.fresh.start += count;
        match result {
            Ok(_) => Ok(count),
            Err(error) => {
                // The alert that goes with it; the client may be past hearing it.
                let _ = self.send(|_| Ok(()));
                Err(io::Error::new(io::ErrorKind::InvalidData, error))
            }
        }
    }
}

impl Clone for TlsStream {
    fn clone(&self) -> TlsStream {
        let coming = self.coming.clone();
        let (session, socket) = (Arc::clone(&self.session), self.socket.clone());
        TlsStream { session, socket, coming, fresh: self.fresh.clone() }
    }
}

impl Read for TlsStream {
    /// Zero after the client's close_notify; without one the end is an error, `UnexpectedEof`.
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            match lock(&self.session.state).reader().read(out) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return result,
            }
            self.take_in()?;
        }
    }
}

impl Write for TlsStream {
    /// One record, or as many as the bytes fill, in one write of the socket.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.send(|state| state.writer().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
