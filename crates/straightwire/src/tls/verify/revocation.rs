//! Certificate revocation lists (RFC 5280 section 5): webpki searches them, here is what it leaves to others.

use rustls_pki_types::{CertificateRevocationListDer, UnixTime};
use webpki::{
    CertRevocationList, ExpirationPolicy, OwnedCertRevocationList, RevocationOptions,
    RevocationOptionsBuilder, UnknownStatusPolicy,
};

use super::certificate::{self, Certificate, KeyUsage, extension};
use super::der::{self, Broken, Reader, constructed};
use super::{Problem, Reason, words};

pub(super) struct RevocationLists {
    lists: Vec<CertRevocationList<'static>>,
    facts: Vec<Facts>,
}

struct Facts {
    issuer: Vec<u8>,
    /// Seconds since 1970.
    this_update: i64,
}

impl RevocationLists {
    pub(super) fn new(ders: &[CertificateRevocationListDer<'_>]) -> Result<Self, Problem> {
        let mut lists = Vec::with_capacity(ders.len());
        let mut facts = Vec::with_capacity(ders.len());
        for (at, der) in ders.iter().enumerate() {
            let refuse = |what: &str| {
                let text = format!("revocation list no. {} {what}", at + 1);
                Problem::new(Reason::RevocationUnknown, text)
            };
            let list = OwnedCertRevocationList::from_der(der).map_err(|_| refuse("can't be read"))?;
            facts.push(Facts::of(der).map_err(|_| {
                refuse("breaks the rules: it has to have a number, which must not be critical (RFC 5280 section 5.2.3)")
            })?);
            lists.push(CertRevocationList::Owned(list));
        }
        Ok(Self { lists, facts })
    }

    /// Hands on how webpki is to use the lists; none without lists.
    pub(super) fn with_options<T>(&self, then: impl FnOnce(Option<RevocationOptions<'_>>) -> T) -> T {
        let lists: Vec<&CertRevocationList<'_>> = self.lists.iter().collect();
        let options = RevocationOptionsBuilder::new(&lists).ok().map(|builder| {
            builder
                .with_status_policy(UnknownStatusPolicy::Allow)
                .with_expiration_policy(ExpirationPolicy::Enforce)
                .build()
        });
        then(options)
    }

    /// Whether the lists by this issuer, if any, may be relied on.
    pub(super) fn check_issuer(&self, issuer: &Certificate<'_>, now: UnixTime) -> Result<(), Problem> {
        for facts in self.facts.iter().filter(|facts| facts.issuer == issuer.subject) {
            // RFC 5280 section 6.3.3 (f); webpki can't tell for roots.
            if issuer.key_usage(KeyUsage::CrlSign) == Ok(Some(false)) {
                let text =
                    format!("{} has a revocation list it was not allowed to sign", words::subject(issuer));
                return Err(Problem::new(Reason::RevocationUnknown, text));
            }
            // RFC 5280 section 5.1.2.4: the list was issued by then.
            if i64::try_from(now.as_secs()).unwrap_or(i64::MAX) < facts.this_update {
                let text = format!("the revocation list of {} is not valid yet", words::subject(issuer));
                return Err(Problem::new(Reason::RevocationUnknown, text));
            }
        }
        Ok(())
    }
}

impl Facts {
    fn of(der: &[u8]) -> Result<Self, Broken> {
        let mut outer = Reader::sequence(der)?;
        let mut signed = Reader::new(outer.expect(der::SEQUENCE)?);
        signed.optional(der::INTEGER)?;
        signed.expect(der::SEQUENCE)?;
        let issuer = signed.expect(der::SEQUENCE)?.to_vec();
        let this_update = certificate::time(&mut signed)?;
        if !signed.is_empty()
            && signed
                .clone()
                .next()
                .is_ok_and(|(tag, _)| matches!(tag, der::UTC_TIME | der::GENERALIZED_TIME))
        {
            certificate::time(&mut signed)?;
        }
        signed.optional(der::SEQUENCE)?;
        let extensions = signed.optional(constructed(0))?.ok_or(Broken)?;
        signed.end()?;
        let extensions = certificate::extensions(Reader::sequence(extensions)?)?;
        // RFC 5280 section 5.2.3: every list has a number, and that is not critical.
        let number =
            extensions.iter().find(|extension| extension.oid == extension::CRL_NUMBER).ok_or(Broken)?;
        if number.critical { Err(Broken) } else { Ok(Self { issuer, this_update }) }
    }
}
