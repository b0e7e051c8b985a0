//! Records that no TLS library sends of its own accord, from a server that makes them itself.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use rustls::crypto::cipher::{MessageEncrypter, OutboundPlainMessage};
use rustls::crypto::ring::cipher_suite::{
    TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, TLS13_CHACHA20_POLY1305_SHA256,
};
use rustls::crypto::{CryptoProvider, ring};
use rustls::{
    ConnectionTrafficSecrets, ContentType, ProtocolVersion, ServerConfig, ServerConnection, Stream,
    SupportedCipherSuite,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use straightwire::{Error, ErrorKind, TlsVersion};

use crate::secure::{https, identity};

/// A handshake message of no length that asks for another handshake (RFC 5246 7.4.1.1).
const HELLO_REQUEST: [u8; 4] = [0; 4];

/// What is said to whoever has asked, record by record.
struct Records {
    socket: TcpStream,
    encrypter: Box<dyn MessageEncrypter>,
    sequence: u64,
}

impl Records {
    /// Makes a record of this, and sends it if the client still listens.
    fn send(&mut self, typ: ContentType, payload: &[u8]) -> bool {
        let version = ProtocolVersion::TLSv1_2;
        let message = OutboundPlainMessage { typ, version, payload: payload.into() };
        let record = self.encrypter.encrypt(message, self.sequence).unwrap().encode();
        self.sequence += 1;
        self.socket.write_all(&record).is_ok()
    }

    fn data(&mut self, payload: impl AsRef<[u8]>) -> bool {
        self.send(ContentType::ApplicationData, payload.as_ref())
    }
}

/// Takes one request, and answers it so.
fn server(version: TlsVersion, answer: impl FnOnce(Records) + Send + 'static) -> SocketAddr {
    let suite = match version {
        TlsVersion::V1_3 => TLS13_CHACHA20_POLY1305_SHA256,
        _ => TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    };
    let provider = CryptoProvider { cipher_suites: vec![suite], ..ring::default_provider() };
    let identity = identity();
    let chain = CertificateDer::pem_slice_iter(identity.chain_pem().as_bytes()).map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_slice(identity.key_pem().as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[suite.version()])
        .unwrap();
    let mut config = config.with_no_client_auth().with_single_cert(chain, key).unwrap();
    config.send_tls13_tickets = 0;
    config.enable_secret_extraction = true;
    let mut conn = ServerConnection::new(Arc::new(config)).unwrap();

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            Stream::new(&mut conn, &mut socket).read_exact(&mut byte).unwrap();
            head.extend(byte);
        }
        let secrets = conn.dangerous_extract_secrets().unwrap();
        let (sequence, ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv }) = secrets.tx else {
            panic!("another cipher")
        };
        let encrypter = match suite {
            SupportedCipherSuite::Tls13(suite) => suite.aead_alg.encrypter(key, iv),
            SupportedCipherSuite::Tls12(suite) => suite.aead_alg.encrypter(key, iv.as_ref(), &[]),
        };
        answer(Records { socket, encrypter, sequence });
    });
    addr
}

fn ask(addr: SocketAddr) -> Result<Vec<u8>, Error> {
    let mut conn = https(addr).build().unwrap();
    conn.request("GET", "/", (), &[]).unwrap();
    conn.get_response()?.read_all()
}

const VERSIONS: [TlsVersion; 2] = [TlsVersion::V1_2, TlsVersion::V1_3];

/// They are allowed (RFC 8446 5.1), and mean nothing: no end, for one.
#[test]
fn empty_ones_are_passed_over() {
    for version in VERSIONS {
        for piece in [1, 7, 1000] {
            let addr = server(version, move |mut records| {
                let wire = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
                for piece in wire.as_bytes().chunks(piece) {
                    records.data("");
                    records.data("");
                    records.data(piece);
                }
            });
            assert_eq!(ask(addr).unwrap(), b"hello", "{version}, {piece}");
        }
    }
}

/// Else one could be kept busy for ever with nothing.
#[test]
fn empty_ones_without_end_are_refused() {
    for version in VERSIONS {
        let addr = server(version, |mut records| {
            records.data("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
            for _ in 0..10_000_000 {
                if !records.data("") {
                    return;
                }
            }
            panic!("the client never has enough");
        });
        let err = ask(addr).unwrap_err();
        assert_eq!((err.kind(), err.partial()), (ErrorKind::Tls, &b"hello"[..]), "{version}: {err}");
    }
}

/// The client says no, and goes on with the keys there are; who insists is left.
#[test]
fn another_handshake_is_refused() {
    let addr = server(TlsVersion::V1_2, |mut records| {
        records.data("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
        records.send(ContentType::Handshake, &HELLO_REQUEST);
        records.data("hello");
    });
    assert_eq!(ask(addr).unwrap(), b"hellohello");

    let addr = server(TlsVersion::V1_2, |mut records| {
        records.data("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
        for _ in 0..100_000 {
            if !records.send(ContentType::Handshake, &HELLO_REQUEST) {
                return;
            }
        }
        panic!("the client never has enough");
    });
    let err = ask(addr).unwrap_err();
    assert_eq!((err.kind(), err.partial()), (ErrorKind::Tls, &b"hello"[..]), "{err}");
}
