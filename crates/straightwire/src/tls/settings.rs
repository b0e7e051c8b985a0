//! How TLS is to be spoken: the public face, without a word of the library behind it.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, ServerName};

use super::engine::{Config, Identity};
use super::stream::TlsStream;
use super::verify::{Roots, Settings, Verifier};
use super::{Secure, TlsVersion};
use crate::error::{Error, ErrorKind, Excerpt, Phase, Result};
use crate::host::{canonical, without_zone};
use crate::transport::Transport;

/// How TLS is spoken: whom to trust, who we are, what to agree on. What `ssl.SSLContext` is to
/// `http.client`.
///
/// Made once and cloned for each connection: clones share their sessions, so that a later connection to the
/// same server shakes hands faster. The default trusts the platform's roots.
///
/// ```no_run
/// use straightwire::{HttpsConnection, Tls};
///
/// let tls = Tls::builder().ca_file("our-ca.pem").build()?;
/// let mut conn = HttpsConnection::builder("intranet.example").tls(tls.clone()).build()?;
/// # Ok::<(), straightwire::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Tls(Option<Arc<Config>>);

impl Tls {
    /// The default: TLS 1.2 or 1.3, the platform's roots, ALPN `http/1.1`.
    pub fn new() -> Tls {
        Tls::default()
    }

    /// Begins with other than the usual settings.
    pub fn builder() -> TlsBuilder {
        TlsBuilder::default()
    }

    fn config(&self) -> Result<&Config> {
        /// Loaded once: the platform's roots are many.
        static USUAL: OnceLock<Result<Tls, String>> = OnceLock::new();
        if let Some(config) = &self.0 {
            return Ok(config);
        }
        let usual =
            USUAL.get_or_init(|| TlsBuilder::default().build().map_err(|err| err.message().to_string()));
        match usual {
            Ok(Tls(Some(config))) => Ok(config),
            Ok(Tls(None)) => Err(failed("TLS has no settings")),
            Err(why) => Err(failed(why)),
        }
    }
}

impl Secure for Tls {
    fn secure(&self, stream: Box<dyn Transport>, server_name: &str) -> Result<Box<dyn Transport>> {
        let engine = self.config()?.engine(parse_name(server_name)?)?;
        Ok(Box::new(TlsStream::open(engine, stream, server_name)?))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

/// Builds a [`Tls`] with other than the usual settings.
///
/// # Whom to trust
/// The platform's roots, unless [`ca_pem`](Self::ca_pem), [`ca_file`](Self::ca_file),
/// [`bundled_roots`](Self::bundled_roots) or [`platform_roots`](Self::platform_roots) say otherwise; of
/// these, all that are asked for are trusted together.
#[must_use = "call build()"]
#[derive(Default)]
pub struct TlsBuilder {
    own_roots: Vec<CertificateDer<'static>>,
    platform_roots: bool,
    bundled_roots: bool,
    accept_any: bool,
    lenient: bool,
    revocation_lists: Vec<CertificateRevocationListDer<'static>>,
    max_intermediates: Option<usize>,
    at: Option<SystemTime>,
    identity: Option<Identity>,
    alpn: Option<Vec<Vec<u8>>>,
    no_sni: bool,
    verified_name: Option<String>,
    min_version: Option<TlsVersion>,
    no_key_log: bool,
    /// The first thing that was wrong, told by `build`.
    wrong: Option<Error>,
}

impl TlsBuilder {
    /// Trusts the certificates in this PEM text.
    #[doc(alias = "cadata")]
    pub fn ca_pem(self, pem: impl AsRef<[u8]>) -> Self {
        self.ca("the given text", pem.as_ref())
    }

    /// Trusts the certificates in this PEM file.
    #[doc(alias = "cafile")]
    pub fn ca_file(mut self, path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        match std::fs::read(path) {
            Ok(pem) => self.ca(&path.display().to_string(), &pem),
            Err(err) => {
                self.wrong(unreadable(path, &err));
                self
            }
        }
    }

    fn ca(mut self, from: &str, pem: &[u8]) -> Self {
        let before = self.own_roots.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            match certificate {
                Ok(certificate) => self.own_roots.push(certificate),
                Err(err) => self.wrong(setting(format!("{from}: a certificate can't be read: {err}"))),
            }
        }
        if self.own_roots.len() == before {
            self.wrong(setting(format!("{from} holds no certificate in PEM")));
        }
        self
    }

    /// Trusts the roots of the platform: those in the operating system's store, or where `SSL_CERT_FILE`
    /// and `SSL_CERT_DIR` say.
    #[doc(alias = "load_default_certs")]
    pub fn platform_roots(mut self) -> Self {
        self.platform_roots = true;
        self
    }

    /// Trusts the roots that Mozilla trusts, as they were when this program was built.
    pub fn bundled_roots(mut self) -> Self {
        self.bundled_roots = true;
        self
    }

    /// Accepts any certificate, from anybody, for any name: **the connection can be read and changed by
    /// whoever stands in between**. For tests.
    #[doc(alias = "_create_unverified_context")]
    pub fn danger_accept_any_certificate(mut self) -> Self {
        self.accept_any = true;
        self
    }

    /// Puts up with certificates that break rules of RFC 5280 and of the CA/Browser Forum without being
    /// untrustworthy for it, such as those of many a home-made CA (Python: a context without
    /// `VERIFY_X509_STRICT`).
    pub fn lenient_certificates(mut self, lenient: bool) -> Self {
        self.lenient = lenient;
        self
    }

    /// Refuses certificates that are on one of these revocation lists (PEM).
    pub fn revocation_lists_pem(mut self, pem: impl AsRef<[u8]>) -> Self {
        for list in CertificateRevocationListDer::pem_slice_iter(pem.as_ref()) {
            match list {
                Ok(list) => self.revocation_lists.push(list),
                Err(err) => self.wrong(setting(format!("a revocation list can't be read: {err}"))),
            }
        }
        if self.revocation_lists.is_empty() {
            self.wrong(setting("the given text holds no revocation list in PEM"));
        }
        self
    }

    /// How many certificates may stand between the server's own and a root.
    pub fn max_intermediates(mut self, most: usize) -> Self {
        self.max_intermediates = Some(most);
        self
    }

    /// Judges certificates as of this time rather than of now: for machines without a clock, and tests.
    pub fn verify_at(mut self, time: SystemTime) -> Self {
        self.at = Some(time);
        self
    }

    /// Shows this certificate to servers that ask for one: the chain, our own first, and its key, in PEM.
    pub fn client_certificate_pem(mut self, chain: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Self {
        match identity(chain.as_ref(), key.as_ref()) {
            Ok(identity) => self.identity = Some(identity),
            Err(err) => self.wrong(err),
        }
        self
    }

    /// The same, from files; both may be the same.
    #[doc(alias = "load_cert_chain")]
    #[doc(alias = "cert_file")]
    #[doc(alias = "key_file")]
    pub fn client_certificate_files(mut self, chain: impl AsRef<Path>, key: impl AsRef<Path>) -> Self {
        let read = |path: &Path| std::fs::read(path).map_err(|err| unreadable(path, &err));
        match (read(chain.as_ref()), read(key.as_ref())) {
            (Ok(chain), Ok(key)) => self.client_certificate_pem(chain, key),
            (Err(err), _) | (_, Err(err)) => {
                self.wrong(err);
                self
            }
        }
    }

    /// The protocols offered by ALPN (RFC 7301); `http/1.1` unless told, none if empty.
    #[doc(alias = "set_alpn_protocols")]
    pub fn alpn<P: AsRef<[u8]>>(mut self, protocols: &[P]) -> Self {
        self.alpn = Some(protocols.iter().map(|protocol| protocol.as_ref().to_vec()).collect());
        self
    }

    /// Whether the server is told which name we look for (SNI, RFC 6066); it is unless told.
    pub fn send_sni(mut self, send: bool) -> Self {
        self.no_sni = !send;
        self
    }

    /// The name that certificates have to be for, where that is not the name told to the server.
    pub fn verified_name(mut self, name: &str) -> Self {
        self.verified_name = Some(name.to_owned());
        self
    }

    /// The lowest version that will do; TLS 1.2 unless told. Lower ones are not spoken at all.
    #[doc(alias = "minimum_version")]
    pub fn min_version(mut self, version: TlsVersion) -> Self {
        self.min_version = Some(version);
        self
    }

    /// Whether the keys of connections are written to the file that the variable `SSLKEYLOGFILE` names,
    /// if it is set, so that tools can read what they captured; they are unless told, as in Python and curl.
    #[doc(alias = "keylog_filename")]
    pub fn key_log(mut self, write: bool) -> Self {
        self.no_key_log = !write;
        self
    }

    /// The settings, ready for connections.
    ///
    /// # Errors
    /// `InvalidSetting` for a file that can't be read, a certificate, key or name that can't be one, a
    /// client certificate whose key is another's; `Tls` if the platform has no roots.
    pub fn build(self) -> Result<Tls> {
        if let Some(wrong) = self.wrong {
            return Err(wrong);
        }
        let verifier = if self.accept_any {
            None
        } else {
            let platform = self.platform_roots || (self.own_roots.is_empty() && !self.bundled_roots);
            let roots = Roots {
                own: self.own_roots,
                platform: if platform { platform_roots()? } else { Vec::new() },
                bundled: if self.bundled_roots { webpki_roots::TLS_SERVER_ROOTS } else { &[] },
            };
            let settings = Settings {
                crls: self.revocation_lists,
                max_intermediates: self.max_intermediates,
                profile: !self.lenient,
                at: self.at,
            };
            Some(Verifier::new(roots, settings).map_err(|problem| setting(problem.to_string()))?)
        };
        let config = Config::new(
            verifier,
            self.verified_name.as_deref().map(parse_name).transpose()?,
            self.identity,
            self.alpn.unwrap_or_else(|| vec![b"http/1.1".to_vec()]),
            !self.no_sni,
            self.min_version.unwrap_or(TlsVersion::V1_2),
            !self.no_key_log,
        )?;
        Ok(Tls(Some(Arc::new(config))))
    }

    fn wrong(&mut self, err: Error) {
        self.wrong.get_or_insert(err);
    }
}

impl fmt::Debug for TlsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsBuilder").finish_non_exhaustive()
    }
}

fn platform_roots() -> Result<Vec<CertificateDer<'static>>> {
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        let why = found.errors.first().map_or_else(String::new, |err| format!(": {err}"));
        return Err(failed(format!(
            "the platform has no root certificates that could be loaded{why}; name some of your own, or use \
             the bundled ones"
        )));
    }
    Ok(found.certs)
}

fn identity(chain: &[u8], key: &[u8]) -> Result<Identity> {
    let chain = CertificateDer::pem_slice_iter(chain)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|err| setting(format!("the client certificate can't be read: {err}")))?;
    if chain.is_empty() {
        return Err(setting("the client certificate holds no certificate in PEM"));
    }
    if key.windows(9).any(|bytes| bytes == b"ENCRYPTED") {
        return Err(setting("the client certificate's key is encrypted: decrypt it first"));
    }
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|err| setting(format!("the client certificate's key can't be read: {err}")))?;
    Ok(Identity { chain, key })
}

/// A host as TLS has it: a name without its last dot, or an address without a zone.
fn parse_name(host: &str) -> Result<ServerName<'static>> {
    let refuse = |why: &dyn fmt::Display| {
        setting(format!("no certificate could be for the name {}: {why}", Excerpt(host.as_bytes())))
            .in_phase(Phase::Tls)
    };
    let name = canonical(host).map_err(|err| refuse(&err.message()))?;
    let name = without_zone(&name);
    let name = name.strip_suffix('.').unwrap_or(name);
    ServerName::try_from(name.to_owned()).map_err(|err| refuse(&err))
}

fn unreadable(path: &Path, err: &std::io::Error) -> Error {
    setting(format!("{} can't be read: {err}", path.display()))
}

fn setting(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidSetting, message)
}

fn failed(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Tls, message).in_phase(Phase::Tls)
}
