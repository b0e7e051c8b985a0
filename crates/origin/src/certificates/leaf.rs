//! What is issued: certificates of servers and clients, sound and otherwise.

use std::time::SystemTime;

use rcgen::{
    CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, SanType,
    SerialNumber,
};

use super::{Authority, DAY, made, new_key, params, set_validity};

const DAYS: u32 = 90;
/// Within the 20 octets of RFC 5280 section 4.1.2.2, and enough that no two are ever alike.
const SERIAL_OCTETS: usize = 16;

/// A certificate with its chain and its private key.
#[derive(Clone)]
pub struct Identity {
    own: String,
    between: String,
    key: String,
    pub(super) serial: SerialNumber,
}

impl Identity {
    /// The certificate and the intermediates up to the root, which is left out: what a server sends.
    pub fn chain_pem(&self) -> String {
        format!("{}{}", self.own, self.between)
    }

    /// The private key, PKCS #8.
    pub fn key_pem(&self) -> &str {
        &self.key
    }

    /// The same without the intermediates: a common mistake of servers, and one that a client can't mend.
    pub fn without_intermediates(mut self) -> Identity {
        self.between.clear();
        self
    }
}

/// A certificate to be, see [`Authority::leaf`].
pub struct Leaf<'a> {
    authority: &'a Authority,
    params: CertificateParams,
}

impl Leaf<'_> {
    pub(super) fn new<'a>(authority: &'a Authority, names: &[&str]) -> Leaf<'a> {
        Leaf { authority, params: leaf_params(names) }
    }

    /// Valid within this time only.
    pub fn valid(mut self, from: SystemTime, to: SystemTime) -> Self {
        set_validity(&mut self.params, from, to);
        self
    }

    /// Valid until yesterday.
    pub fn expired(self) -> Self {
        let now = SystemTime::now();
        self.valid(now - 60 * DAY, now - DAY)
    }

    /// Valid from tomorrow on.
    pub fn not_yet_valid(self) -> Self {
        let now = SystemTime::now();
        self.valid(now + DAY, now + 60 * DAY)
    }

    /// For clients instead of servers: the extended key usage is clientAuth.
    pub fn for_clients(mut self) -> Self {
        self.params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self
    }

    /// The first name stands in the subject's common name and nowhere else, as before RFC 2818 was followed
    /// (RFC 9110 section 4.3.4 says to ignore it).
    pub fn common_name_only(mut self) -> Self {
        self.params.subject_alt_names.clear();
        self
    }

    /// Without authority and subject key identifiers and without basic constraints; RFC 5280 sections 4.2.1.1
    /// and 4.2.1.2 ask for the identifiers.
    pub fn without_key_identifiers(mut self) -> Self {
        self.params.use_authority_key_identifier_extension = false;
        self.params.is_ca = IsCa::NoCa;
        self
    }

    /// With an extension that nobody knows. A client has to refuse the certificate when it is critical, RFC
    /// 5280 section 4.2.
    pub fn unknown_extension(mut self, critical: bool) -> Self {
        // Below the arc for examples, 2.999; the content is a NULL.
        let mut extension = CustomExtension::from_oid_content(&[2, 999, 1], vec![5, 0]);
        extension.set_criticality(critical);
        self.params.custom_extensions.push(extension);
        self
    }

    /// Makes the key and signs the certificate.
    pub fn issue(self) -> Identity {
        let Leaf { authority, mut params } = self;
        let key = new_key();
        let serial = serial_of(&key);
        params.serial_number = Some(serial.clone());
        let own = made(params.signed_by(&key, &authority.issuer)).pem();
        Identity { own, between: authority.between.clone(), key: key.serialize_pem(), serial }
    }
}

/// A server's certificate that its own key has signed.
///
/// ```
/// let identity = origin::certificates::self_signed(&["localhost"]);
/// assert_eq!(identity.chain_pem().matches("BEGIN CERTIFICATE").count(), 1);
/// ```
pub fn self_signed(names: &[&str]) -> Identity {
    let mut params = leaf_params(names);
    let key = new_key();
    let serial = serial_of(&key);
    params.serial_number = Some(serial.clone());
    let own = made(params.self_signed(&key)).pem();
    Identity { own, between: String::new(), key: key.serialize_pem(), serial }
}

fn leaf_params(names: &[&str]) -> CertificateParams {
    // An upper bound of RFC 5280 appendix A.1, ub-common-name.
    let first = names.first().filter(|name| name.len() <= 64).unwrap_or(&"straightwire test leaf");
    let mut params = params(first, IsCa::ExplicitNoCa, DAYS);
    params.subject_alt_names = names.iter().map(|name| alternative(name)).collect();
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params
}

fn alternative(name: &str) -> SanType {
    match name.parse() {
        Ok(address) => SanType::IpAddress(address),
        Err(_) => SanType::DnsName(made(name.try_into())),
    }
}

/// The key is new, and thus as random as anything. The two bits in front keep the number positive and its
/// encoding minimal.
fn serial_of(key: &KeyPair) -> SerialNumber {
    let point = key.public_key_raw();
    let mut octets = point[point.len() - SERIAL_OCTETS..].to_vec();
    octets[0] = octets[0] & 0x3f | 0x40;
    SerialNumber::from(octets)
}
