//! What a TLS handshake agreed on.

use std::fmt;

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5246).
    V1_2,
    /// TLS 1.3 (RFC 8446).
    V1_3,
}

impl fmt::Display for TlsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TlsVersion::V1_2 => "TLSv1.2",
            TlsVersion::V1_3 => "TLSv1.3",
        })
    }
}

/// What a TLS handshake agreed on, and who the peer said it was.
#[derive(Clone, Debug)]
pub struct TlsSession {
    pub(crate) version: TlsVersion,
    pub(crate) cipher: String,
    pub(crate) alpn: Option<Vec<u8>>,
    pub(crate) resumed: bool,
    pub(crate) peer_certificates: Vec<Vec<u8>>,
}

impl TlsSession {
    /// The version of the protocol.
    pub fn version(&self) -> TlsVersion {
        self.version
    }

    /// The name of the cipher suite, such as `TLS13_AES_256_GCM_SHA384`.
    pub fn cipher(&self) -> &str {
        &self.cipher
    }

    /// The protocol that the server chose of those offered by ALPN (RFC 7301), if it chose.
    pub fn alpn(&self) -> Option<&[u8]> {
        self.alpn.as_deref()
    }

    /// Whether an earlier session was taken up again, which saves a round of the handshake.
    pub fn is_resumed(&self) -> bool {
        self.resumed
    }

    /// The peer's certificates in DER, its own first, as it sent them (in a resumed session: when the
    /// session was new).
    pub fn peer_certificates(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.peer_certificates.iter().map(Vec::as_slice)
    }
}
