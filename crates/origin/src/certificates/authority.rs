//! Who signs: roots, intermediates, and revocation lists.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, NameConstraints, RevokedCertParams,
};

use super::{DAY, Identity, Leaf, made, new_key, params};

/// How long authorities are valid, in days; leaves have less.
const DAYS: u32 = 3650;

/// So that no two authorities of a process share a name: clients find issuers by it.
static NUMBER: AtomicUsize = AtomicUsize::new(1);

/// A certification authority: a root of its own, or an intermediate that another one has signed.
///
/// ```
/// let authority = origin::certificates::Authority::new();
/// let identity = authority.issue(&["localhost", "127.0.0.1", "::1"]);
/// # let _ = (authority.root_pem(), identity.chain_pem(), identity.key_pem());
/// ```
pub struct Authority {
    pub(super) issuer: Issuer<'static, KeyPair>,
    /// What a chain carries between its leaf and the root, the leaf's issuer first.
    pub(super) between: String,
    root_pem: String,
}

impl Authority {
    /// A new root.
    pub fn new() -> Authority {
        let params = authority_params("root");
        let key = new_key();
        let root_pem = made(params.self_signed(&key)).pem();
        Authority { issuer: Issuer::new(params, key), between: String::new(), root_pem }
    }

    /// The certificate of the root, for the client's list of those it trusts.
    pub fn root_pem(&self) -> &str {
        &self.root_pem
    }

    /// A server's certificate for these names and addresses, the chain up to the root without the root, and
    /// its key. Valid for 90 days.
    pub fn issue(&self, names: &[&str]) -> Identity {
        self.leaf(names).issue()
    }

    /// A certificate for these names and addresses that may differ from [`issue`](Authority::issue)'s.
    ///
    /// ```
    /// let authority = origin::certificates::Authority::new();
    /// let client = authority.leaf(&["client.test"]).for_clients().issue();
    /// # let _ = client;
    /// ```
    pub fn leaf(&self, names: &[&str]) -> Leaf<'_> {
        Leaf::new(self, names)
    }

    /// An intermediate authority that this one has signed. Any number may follow each other.
    pub fn intermediate(&self) -> Authority {
        self.sign(authority_params("intermediate"))
    }

    /// An intermediate authority for these DNS names and what is below them only, RFC 5280 section 4.2.1.10.
    /// It issues others all the same: a client has to refuse those.
    ///
    /// ```
    /// let constrained = origin::certificates::Authority::new().constrained_to(&["inside.test"]);
    /// let fine = constrained.issue(&["www.inside.test"]);
    /// let refused = constrained.issue(&["outside.test"]);
    /// # let _ = (fine, refused);
    /// ```
    pub fn constrained_to(&self, names: &[&str]) -> Authority {
        let mut params = authority_params("constrained intermediate");
        let permitted_subtrees =
            names.iter().map(|name| GeneralSubtree::DnsName((*name).to_owned())).collect();
        params.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: vec![] });
        self.sign(params)
    }

    /// One that signs with the certificate of a mere server, which gives it no right to do so: a client has
    /// to refuse whatever it issues.
    pub fn impostor(&self) -> Authority {
        let mut params = params(&unique("impostor"), IsCa::ExplicitNoCa, DAYS);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.sign(params)
    }

    /// A list, in PEM, that revokes these certificates; they are this authority's own. Valid from yesterday
    /// on for 30 days.
    ///
    /// ```
    /// let authority = origin::certificates::Authority::new();
    /// let identity = authority.issue(&["localhost"]);
    /// assert!(authority.revocation_list(&[&identity]).starts_with("-----BEGIN X509 CRL-----"));
    /// ```
    pub fn revocation_list(&self, revoked: &[&Identity]) -> String {
        let epoch = rcgen::date_time_ymd(1970, 1, 1);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let this_update = epoch + now.saturating_sub(DAY);
        let revoked_certs = revoked.iter().map(|identity| RevokedCertParams {
            serial_number: identity.serial.clone(),
            revocation_time: this_update,
            reason_code: None,
            invalidity_date: None,
        });
        let list = CertificateRevocationListParams {
            this_update,
            next_update: this_update + 30 * DAY,
            crl_number: 1u64.into(),
            issuing_distribution_point: None,
            revoked_certs: revoked_certs.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        made(made(list.signed_by(&self.issuer)).pem())
    }

    fn sign(&self, params: CertificateParams) -> Authority {
        let key = new_key();
        let own = made(params.signed_by(&key, &self.issuer)).pem();
        Authority {
            issuer: Issuer::new(params, key),
            between: own + &self.between,
            root_pem: self.root_pem.clone(),
        }
    }
}

impl Default for Authority {
    fn default() -> Authority {
        Authority::new()
    }
}

fn authority_params(kind: &str) -> CertificateParams {
    let mut params = params(&unique(kind), IsCa::Ca(BasicConstraints::Unconstrained), DAYS);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn unique(kind: &str) -> String {
    format!("straightwire test {kind} {}", NUMBER.fetch_add(1, Ordering::Relaxed))
}
