//! Whether a server's certificate is to be believed: a path to a trusted root (RFC 5280 section 6, built by
//! webpki), the name (RFC 9525), and the rules certificates have to keep (the profile). And if not, why, in
//! words for people who have never read any of these.

mod certificate;
mod der;
mod names;
mod profile;
mod revocation;
mod words;

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::fmt;
use std::time::{Duration, SystemTime};

use rustls_pki_types::{
    CertificateDer, CertificateRevocationListDer, ServerName, SignatureVerificationAlgorithm, TrustAnchor,
    UnixTime,
};
use webpki::{EndEntityCert, KeyUsage, VerifiedPath, anchor_from_trusted_cert};

use certificate::Certificate;
use profile::Position;
use revocation::RevocationLists;

/// Whom to trust.
#[derive(Default)]
pub(crate) struct Roots {
    /// The caller's own: each has to be readable, and one that is itself the server's certificate is enough.
    pub(crate) own: Vec<CertificateDer<'static>>,
    /// The platform's: whatever can't be read is left out, as is customary.
    pub(crate) platform: Vec<CertificateDer<'static>>,
    /// Roots of which only name, key and name constraints are known.
    pub(crate) bundled: &'static [TrustAnchor<'static>],
}

pub(crate) struct Settings {
    /// What has been revoked. Certificates no list speaks of count as not revoked.
    pub(crate) crls: Vec<CertificateRevocationListDer<'static>>,
    /// How many certificates may stand between the server's and the root.
    pub(crate) max_intermediates: Option<usize>,
    /// Hold certificates to the rules of RFC 5280 and of the CA/Browser Forum that webpki leaves to others.
    pub(crate) profile: bool,
    /// The time to judge by, instead of now.
    pub(crate) at: Option<SystemTime>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { crls: Vec::new(), max_intermediates: None, profile: true, at: None }
    }
}

/// What kind of fault was found, for whoever has to tell them apart; the words are for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    Expired,
    NotYetValid,
    WrongName,
    UnknownIssuer,
    SelfSigned,
    Revoked,
    /// A revocation list that is out of date or not properly signed.
    RevocationUnknown,
    /// Its issuer allows it for other purposes only.
    NotForServers,
    /// A name or path length its issuers forbid.
    Constraint,
    Malformed,
    BadSignature,
    /// Against the rules for certificates.
    Profile,
    /// More intermediates than allowed, or too many ways to try.
    TooDeep,
}

/// Why a certificate, or something needed to judge one, was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) reason: Reason,
    pub(crate) text: String,
}

impl Problem {
    fn new(reason: Reason, text: impl Into<String>) -> Self {
        Self { reason, text: text.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Problem {}

/// Judges certificates. Meant to be made once and shared.
pub(crate) struct Verifier {
    anchors: Vec<TrustAnchor<'static>>,
    /// `roots[i]` is what `anchors[i]` was made from; bundled anchors come after these.
    roots: Vec<CertificateDer<'static>>,
    /// How many of the roots, from the first, are the caller's own.
    own: usize,
    lists: RevocationLists,
    max_intermediates: Option<usize>,
    profile: bool,
    at: Option<SystemTime>,
}

impl Verifier {
    /// # Errors
    ///
    /// One of the caller's own roots or revocation lists can't be read.
    pub(crate) fn new(roots: Roots, settings: Settings) -> Result<Self, Problem> {
        let Settings { crls, max_intermediates, profile, at } = settings;
        let mut anchors = Vec::with_capacity(roots.own.len() + roots.platform.len() + roots.bundled.len());
        let own = roots.own.len();
        let mut kept = roots.own;
        for (at, root) in kept.iter().enumerate() {
            let anchor = anchor_from_trusted_cert(root).map_err(|_| {
                Problem::new(Reason::Malformed, format!("trusted certificate no. {} can't be read", at + 1))
            })?;
            anchors.push(anchor.to_owned());
        }
        for root in roots.platform {
            let Ok(anchor) = anchor_from_trusted_cert(&root).map(|anchor| anchor.to_owned()) else {
                continue;
            };
            anchors.push(anchor);
            kept.push(root);
        }
        anchors.extend_from_slice(roots.bundled);
        let lists = RevocationLists::new(&crls)?;
        Ok(Self { anchors, roots: kept, own, lists, max_intermediates, profile, at })
    }

    /// Whether the server that presents these certificates is the one named.
    ///
    /// That it holds the key of `end_entity` is for the handshake to show.
    pub(crate) fn verify(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
    ) -> Result<(), Problem> {
        let now = match self.at {
            Some(at) => UnixTime::since_unix_epoch(
                at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO),
            ),
            None => now,
        };
        let certificate = Certificate::parse(end_entity)
            .map_err(|_| Problem::new(Reason::Malformed, "the certificate can't be read: it is malformed"))?;
        let checked = EndEntityCert::try_from(end_entity)
            .map_err(|err| words::certificate_problem(&err, &certificate, &[], now))?;

        // Who trusts exactly this certificate needs nobody to vouch for it (RFC 5280 section 6.2).
        let trusted = self.roots[..self.own].contains(end_entity);
        let audited = if trusted {
            words::check_validity(&certificate, "the certificate", now)?;
            false
        } else {
            self.find_path(&checked, &certificate, intermediates, now, algorithms)?
        };
        names::check_name(&certificate, &checked, name)?;
        if self.profile {
            names::check_wildcard(&certificate, name, audited)?;
            let position = if trusted { Position::Trusted } else { Position::EndEntity };
            profile::check(&certificate, position)?;
        }
        Ok(())
    }

    /// Gives whether the path ends at a root whose CA is audited, that is, at none of the caller's own.
    fn find_path(
        &self,
        checked: &EndEntityCert<'_>,
        certificate: &Certificate<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
    ) -> Result<bool, Problem> {
        // webpki goes on to other paths after a refusal here, and knows nothing of our reasons.
        let refused = RefCell::new(None);
        let check_path = |path: &VerifiedPath<'_>| {
            self.check_path(path, now).map_err(|problem| {
                refused.borrow_mut().get_or_insert(problem);
                webpki::Error::UnknownIssuer
            })
        };
        let found = self.lists.with_options(|revocation| {
            checked
                .verify_for_usage(
                    algorithms,
                    &self.anchors,
                    intermediates,
                    now,
                    KeyUsage::server_auth(),
                    revocation,
                    Some(&check_path),
                )
                .map(|path| self.index_of(path.anchor()).is_none_or(|index| index >= self.own))
        });
        found.map_err(|err| {
            let known: Vec<_> = intermediates.iter().filter_map(|der| Certificate::parse(der).ok()).collect();
            match refused.take() {
                Some(problem) => problem,
                None if self.anchors.is_empty() => {
                    Problem::new(Reason::UnknownIssuer, "no certificate can be verified: no root is trusted")
                }
                None => words::certificate_problem(&err, certificate, &known, now),
            }
        })
    }

    /// What has to hold of the intermediates and the root of a path whose signatures are right.
    fn check_path(&self, path: &VerifiedPath<'_>, now: UnixTime) -> Result<(), Problem> {
        let count = path.intermediate_certificates().count();
        if let Some(most) = self.max_intermediates.filter(|&most| count > most) {
            let text = format!(
                "{count} intermediate certificates stand between the certificate and its root, of {most} allowed"
            );
            return Err(Problem::new(Reason::TooDeep, text));
        }
        let malformed =
            |_| Problem::new(Reason::Malformed, "an issuing certificate can't be read: it is malformed");
        for issuer in path.intermediate_certificates() {
            let der = issuer.der();
            let issuer = Certificate::parse(&der).map_err(malformed)?;
            if self.profile {
                profile::check(&issuer, Position::Intermediate)?;
            }
            self.lists.check_issuer(&issuer, now)?;
        }
        let index = self.index_of(path.anchor());
        if let Some((index, root)) = index.and_then(|index| Some((index, self.roots.get(index)?))) {
            let root = Certificate::parse(root).map_err(malformed)?;
            words::check_validity(&root, &format!("the root certificate {}", words::subject(&root)), now)?;
            if self.profile && index < self.own {
                // Some of the platform's are older than the rules; those it has to judge by itself.
                profile::check(&root, Position::Root)?;
            }
            self.lists.check_issuer(&root, now)?;
        }
        Ok(())
    }

    /// Which anchor this is: several roots may have the same name and key.
    fn index_of(&self, anchor: &TrustAnchor<'_>) -> Option<usize> {
        self.anchors.iter().position(|known| std::ptr::eq(known, anchor))
    }
}
