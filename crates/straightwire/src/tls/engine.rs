//! The TLS protocol, without I/O: records in, plaintext out, and the other way round. The only file that
//! names rustls.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ClientConnectionData, Resumption, UnbufferedClientConnection};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::unbuffered::{ConnectionState, EncodeError, EncodeTlsData, EncryptError, InsufficientSizeError};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError,
    HandshakeKind, InvalidMessage, KeyLogFile, NoKeyLog, OtherError, ProtocolVersion, SignatureScheme,
    version,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};

use super::verify::{Problem, Reason, Verifier};
use super::{TlsSession, TlsVersion};
use crate::buffer::ReceiveBuffer;
use crate::error::{Error, ErrorKind, Phase, Result};

/// Sessions that are kept to be taken up again.
const SESSIONS: usize = 256;

/// The most plaintext of one record (RFC 8446 5.1).
pub(super) const FRAGMENT: usize = 16 * 1024;

/// More than any version of TLS adds to a record.
const RECORD_OVERHEAD: usize = 64;

/// Who we are.
pub(super) struct Identity {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
}

/// What all connections with the same settings share.
pub(super) struct Config {
    config: Arc<ClientConfig>,
}

impl Config {
    /// Without a verifier any certificate is accepted. Certificates have to be for `verified_name`, or else
    /// for the name of the server.
    pub(super) fn new(
        verifier: Option<Verifier>,
        verified_name: Option<ServerName<'static>>,
        identity: Option<Identity>,
        alpn: Vec<Vec<u8>>,
        sni: bool,
        min_version: TlsVersion,
        key_log: bool,
    ) -> Result<Config> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions = match min_version {
            TlsVersion::V1_2 => &[&version::TLS13, &version::TLS12][..],
            TlsVersion::V1_3 => &[&version::TLS13],
        };
        let invalid = |err: TlsError| Error::new(ErrorKind::InvalidSetting, err.to_string());
        let check = Arc::new(Check { verifier, name: verified_name, provider: Arc::clone(&provider) });
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .map_err(invalid)?
            .dangerous()
            .with_custom_certificate_verifier(check);
        let mut config = match identity {
            None => builder.with_no_client_auth(),
            Some(Identity { chain, key }) => builder.with_client_auth_cert(chain, key).map_err(invalid)?,
        };
        config.alpn_protocols = alpn;
        config.enable_sni = sni;
        config.key_log = if key_log { Arc::new(KeyLogFile::new()) } else { Arc::new(NoKeyLog) };
        config.resumption = Resumption::in_memory_sessions(SESSIONS);
        Ok(Config { config: Arc::new(config) })
    }

    /// A connection to the server of this name.
    pub(super) fn engine(&self, name: ServerName<'static>) -> Result<Engine> {
        match UnbufferedClientConnection::new(Arc::clone(&self.config), name) {
            Ok(conn) => Ok(Engine { conn, has_failed: false }),
            Err(err) => Err(failure(&err, b"")),
        }
    }
}

/// Where taking in what has arrived came to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// More has to arrive before anything else can happen.
    NeedsMore,
    /// The handshake is over, and all that has arrived was taken in.
    All,
    /// The receiver of plaintext wants no more of it.
    Enough,
    /// The peer has said that it sends no more.
    Closed,
}

/// One connection's state.
pub(super) struct Engine {
    conn: UnbufferedClientConnection,
    has_failed: bool,
}

impl Engine {
    /// Takes in what has arrived: plaintext goes to `plain` until that says `false`, what is to be sent
    /// goes behind `out`.
    pub(super) fn take_in(
        &mut self,
        input: &mut ReceiveBuffer,
        out: &mut Vec<u8>,
        plain: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<Taken> {
        self.run(input, out, plain, None)
    }

    /// Puts plaintext, at most four records of it, behind `out` as records. What has arrived is taken in
    /// before.
    pub(super) fn encrypt(
        &mut self,
        data: &[u8],
        input: &mut ReceiveBuffer,
        out: &mut Vec<u8>,
        plain: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<Taken> {
        self.run(input, out, plain, Some(Outgoing::Data(data)))
    }

    /// Puts the word that no more will be sent behind `out`. What has arrived is taken in before.
    pub(super) fn say_goodbye(
        &mut self,
        input: &mut ReceiveBuffer,
        out: &mut Vec<u8>,
        plain: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<Taken> {
        self.run(input, out, plain, Some(Outgoing::CloseNotify))
    }

    fn run(
        &mut self,
        input: &mut ReceiveBuffer,
        out: &mut Vec<u8>,
        plain: &mut dyn FnMut(&[u8]) -> bool,
        outgoing: Option<Outgoing<'_>>,
    ) -> Result<Taken> {
        if self.has_failed {
            return Err(failed("the TLS connection has failed before"));
        }
        let mut is_peer_done = false;
        loop {
            let status = self.conn.process_tls_records(input.data_mut());
            let mut discard = status.discard;
            let mut end = None;
            match status.state {
                Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                    while let Some(record) = traffic.next_record() {
                        let record = record.map_err(|err| failure(&err, b""))?;
                        discard += record.discard;
                        // Once something is to be sent, all that came has to be taken in before.
                        if !plain(record.payload) && outgoing.is_none() {
                            end = Some(Taken::Enough);
                        }
                    }
                }
                Ok(ConnectionState::EncodeTlsData(mut data)) => encode(&mut data, out)?,
                // It is behind `out`, and from there it is sent before anything else.
                Ok(ConnectionState::TransmitTlsData(data)) => data.done(),
                // It is said only once, and what is to be sent may be sent after it.
                Ok(ConnectionState::PeerClosed) if outgoing.is_some() => is_peer_done = true,
                Ok(ConnectionState::PeerClosed | ConnectionState::Closed) => end = Some(Taken::Closed),
                Ok(ConnectionState::WriteTraffic(mut traffic)) => {
                    match outgoing {
                        None => {}
                        Some(Outgoing::Data(data)) => {
                            let records = data.len() / FRAGMENT + 1;
                            let len = data.len() + records * RECORD_OVERHEAD;
                            extend(out, len, |room| traffic.encrypt(data, room).map_err(short))?;
                        }
                        Some(Outgoing::CloseNotify) => {
                            extend(out, RECORD_OVERHEAD, |room| {
                                traffic.queue_close_notify(room).map_err(short)
                            })?;
                        }
                    }
                    end = Some(if is_peer_done { Taken::Closed } else { Taken::All });
                }
                Ok(_) => end = Some(Taken::NeedsMore),
                Err(err) => {
                    let err = failure(&err, input.data());
                    input.consume(discard);
                    self.take_alert(input, out);
                    return Err(err);
                }
            }
            input.consume(discard);
            if let Some(end) = end {
                return Ok(end);
            }
        }
    }

    /// Puts behind `out` what the peer is to be told of a failure. The input has to be the one that the
    /// failure was found in, since places in it are remembered; and nothing may be asked of rustls after.
    fn take_alert(&mut self, input: &mut ReceiveBuffer, out: &mut Vec<u8>) {
        self.has_failed = true;
        if let Ok(ConnectionState::EncodeTlsData(mut data)) =
            self.conn.process_tls_records(input.data_mut()).state
        {
            // Without room there is no alert; the failure is told to the caller all the same.
            let _ = encode(&mut data, out);
        }
    }

    /// What was agreed on, once the handshake is over.
    pub(super) fn session(&self) -> TlsSession {
        TlsSession {
            version: match self.conn.protocol_version() {
                Some(ProtocolVersion::TLSv1_2) => TlsVersion::V1_2,
                _ => TlsVersion::V1_3,
            },
            cipher: self
                .conn
                .negotiated_cipher_suite()
                .and_then(|suite| suite.suite().as_str())
                .unwrap_or_default()
                .to_owned(),
            alpn: self.conn.alpn_protocol().map(<[u8]>::to_vec),
            resumed: self.conn.handshake_kind() == Some(HandshakeKind::Resumed),
            peer_certificates: self
                .conn
                .peer_certificates()
                .unwrap_or_default()
                .iter()
                .map(|certificate| certificate.to_vec())
                .collect(),
        }
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

#[derive(Clone, Copy)]
enum Outgoing<'a> {
    Data(&'a [u8]),
    CloseNotify,
}

/// Puts a message of the handshake, or an alert, behind `out`.
fn encode(data: &mut EncodeTlsData<'_, ClientConnectionData>, out: &mut Vec<u8>) -> Result<()> {
    extend(out, 0, |room| {
        data.encode(room).map_err(|err| match err {
            EncodeError::InsufficientSize(short) => Some(short),
            EncodeError::AlreadyEncoded => None,
        })
    })
}

fn short(err: EncryptError) -> Option<InsufficientSizeError> {
    match err {
        EncryptError::InsufficientSize(short) => Some(short),
        EncryptError::EncryptExhausted => None,
    }
}

/// Has `write` write behind `out`, where there is room for `len` bytes, or for as many as it asks for.
fn extend(
    out: &mut Vec<u8>,
    len: usize,
    mut write: impl FnMut(&mut [u8]) -> Result<usize, Option<InsufficientSizeError>>,
) -> Result<()> {
    let before = out.len();
    out.resize(before + len, 0);
    let mut written = write(&mut out[before..]);
    if let Err(Some(InsufficientSizeError { required_size })) = written {
        out.resize(before + required_size, 0);
        written = write(&mut out[before..]);
    }
    out.truncate(before + written.as_ref().map_or(0, |&len| len));
    written.map(drop).map_err(|_| failed("the connection has carried all that its keys are good for"))
}

/// Judges the peer's certificate, and that it holds the key; without a verifier neither, since not even
/// the key can be read from just any certificate.
struct Check {
    verifier: Option<Verifier>,
    name: Option<ServerName<'static>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Check {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let Some(verifier) = &self.verifier else { return Ok(ServerCertVerified::assertion()) };
        let name = self.name.as_ref().unwrap_or(server_name);
        let algorithms = self.provider.signature_verification_algorithms.all;
        match verifier.verify(end_entity, intermediates, name, now, algorithms) {
            Ok(()) => Ok(ServerCertVerified::assertion()),
            Err(problem) => {
                Err(TlsError::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(problem)))))
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        if self.verifier.is_none() {
            return Ok(HandshakeSignatureValid::assertion());
        }
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        if self.verifier.is_none() {
            return Ok(HandshakeSignatureValid::assertion());
        }
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check").finish_non_exhaustive()
    }
}

/// The error in plain words. `input` is what it was found in.
#[cold]
fn failure(err: &TlsError, input: &[u8]) -> Error {
    match err {
        TlsError::InvalidCertificate(CertificateError::Other(OtherError(problem))) => {
            match problem.downcast_ref::<Problem>() {
                Some(problem) if problem.reason == Reason::Profile => {
                    refused(&format_args!("{problem}; lenient settings put up with that"))
                }
                Some(problem) => refused(problem),
                None => refused(problem),
            }
        }
        TlsError::InvalidCertificate(CertificateError::BadSignature) => {
            refused(&"the server does not hold the key of its certificate")
        }
        TlsError::InvalidCertificate(problem) => refused(problem),
        TlsError::NoCertificatesPresented => refused(&"the server showed none"),
        TlsError::AlertReceived(alert) => failed(format!("the peer broke off: {}", told(*alert))),
        TlsError::PeerIncompatible(why) => {
            failed(format!("the peer and we have too little in common: {why:?}"))
        }
        TlsError::InvalidMessage(InvalidMessage::InvalidContentType) if input.starts_with(b"HTTP/") => {
            failed("the peer speaks plain HTTP, not TLS")
        }
        TlsError::InvalidMessage(why) => failed(format!("what the peer sent is no TLS: {why:?}")),
        TlsError::DecryptError => failed("a record was changed on its way"),
        other => failed(other.to_string()),
    }
}

fn refused(problem: &dyn fmt::Display) -> Error {
    let message = format!("the server's certificate is not accepted: {problem}");
    Error::new(ErrorKind::Certificate, message).in_phase(Phase::Tls)
}

fn failed(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Tls, message)
}

/// An alert in plain words (RFC 8446 6.2).
fn told(alert: AlertDescription) -> String {
    let meaning = match alert {
        AlertDescription::HandshakeFailure => {
            "it found nothing in common to agree on, or wants a certificate of ours"
        }
        AlertDescription::CertificateRequired => "it wants a certificate of ours",
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::AccessDenied => "it does not accept our certificate",
        AlertDescription::CertificateExpired => "our certificate has expired",
        AlertDescription::CertificateRevoked => "our certificate was revoked",
        AlertDescription::UnknownCA => "it does not know the issuer of our certificate",
        AlertDescription::ProtocolVersion => "it speaks no version of TLS that we do",
        AlertDescription::UnrecognisedName => "it has nothing of that name",
        AlertDescription::NoApplicationProtocol => "it does not speak HTTP/1.1",
        _ => return format!("alert {alert:?}"),
    };
    format!("{meaning} (alert {alert:?})")
}
