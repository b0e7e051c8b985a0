//! Certificates made at run time: a certification authority of one's own, what it issues, and what a careful
//! client has to refuse.
//!
//! Keys are ECDSA on P-256 and new each time. Unless a name here says otherwise, certificates keep to the
//! profile of RFC 5280: key identifiers, a positive serial number of at most 20 octets, critical basic
//! constraints and key usage.
//!
//! ```
//! use origin::certificates::{Authority, self_signed};
//!
//! let authority = Authority::new();
//! let trusted = authority.root_pem();
//! let fine = authority.issue(&["localhost", "127.0.0.1", "::1"]);
//! let expired = authority.leaf(&["localhost"]).expired().issue();
//! let with_intermediate = authority.intermediate().issue(&["localhost"]);
//! let from_elsewhere = Authority::new().issue(&["localhost"]);
//! let by_itself = self_signed(&["localhost"]);
//!
//! assert!(trusted.starts_with("-----BEGIN CERTIFICATE-----"));
//! assert!(fine.key_pem().starts_with("-----BEGIN PRIVATE KEY-----"));
//! assert_eq!(with_intermediate.chain_pem().matches("BEGIN CERTIFICATE").count(), 2);
//! # let _ = (expired, from_elsewhere, by_itself);
//! ```
//!
//! # Panics
//! Everything that makes a certificate panics when the system gives no randomness, or when a name is neither
//! an IP address nor ASCII.

mod authority;
mod leaf;

pub use authority::Authority;
pub use leaf::{Identity, Leaf, self_signed};

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{CertificateParams, DnType, Error, IsCa, KeyPair, PKCS_ECDSA_P256_SHA256};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What every certificate here has: the key identifiers, and a validity from yesterday on.
fn params(common_name: &str, kind: IsCa, days: u32) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.is_ca = kind;
    params.use_authority_key_identifier_extension = true;
    set_validity(&mut params, SystemTime::now() - DAY, SystemTime::now() + days * DAY);
    params
}

fn set_validity(params: &mut CertificateParams, from: SystemTime, to: SystemTime) {
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let since = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap_or_default();
    params.not_before = epoch + since(from);
    params.not_after = epoch + since(to);
}

fn new_key() -> KeyPair {
    made(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256))
}

fn made<T>(result: Result<T, Error>) -> T {
    result.unwrap_or_else(|error| panic!("no certificate can be made: {error}"))
}
