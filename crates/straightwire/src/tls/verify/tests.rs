//! Chains of certificates from the corpus, whole and damaged.

use std::env;
use std::fs;
use std::path::Path;

use origin::certificates::{Authority, Identity, self_signed};
use rustls_pki_types::pem::PemObject;
use serde_json::Value;
use webpki::ring;

use super::*;

const ALGORITHMS: &[&dyn SignatureVerificationAlgorithm] = &[
    ring::ECDSA_P256_SHA256,
    ring::ECDSA_P256_SHA384,
    ring::ECDSA_P384_SHA256,
    ring::ECDSA_P384_SHA384,
    ring::ED25519,
    ring::RSA_PKCS1_2048_8192_SHA256,
    ring::RSA_PKCS1_2048_8192_SHA384,
    ring::RSA_PKCS1_2048_8192_SHA512,
    ring::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
    ring::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
    ring::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
];

/// A chain, whom it is to convince and what of.
#[derive(Clone)]
struct Case {
    id: String,
    must_pass: bool,
    trusted: Vec<CertificateDer<'static>>,
    intermediates: Vec<CertificateDer<'static>>,
    end_entity: CertificateDer<'static>,
    crls: Vec<CertificateRevocationListDer<'static>>,
    name: ServerName<'static>,
    now: UnixTime,
    max_intermediates: Option<usize>,
}

impl Case {
    fn of(case: &Value) -> Self {
        let pems =
            |field: &str| case[field].as_array().into_iter().flatten().map(|pem| pem.as_str().unwrap());
        let certificate = |pem: &str| CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
        let name = case["expected_peer_name"]["value"].as_str().unwrap_or("no.name.example");
        Self {
            id: case["id"].as_str().unwrap().to_owned(),
            must_pass: case["expected_result"] == "SUCCESS",
            trusted: pems("trusted_certs").map(certificate).collect(),
            intermediates: pems("untrusted_intermediates").map(certificate).collect(),
            end_entity: certificate(case["peer_certificate"].as_str().unwrap()),
            crls: pems("crls")
                .map(|pem| CertificateRevocationListDer::from_pem_slice(pem.as_bytes()).unwrap())
                .collect(),
            name: ServerName::try_from(name.to_owned()).unwrap(),
            now: case["validation_time"].as_str().map_or_else(UnixTime::now, seconds),
            max_intermediates: case["max_chain_depth"].as_u64().map(|most| usize::try_from(most).unwrap()),
        }
    }

    fn verify(&self) -> Result<(), Problem> {
        self.verify_with(Settings {
            crls: self.crls.clone(),
            max_intermediates: self.max_intermediates,
            ..Settings::default()
        })
    }

    fn verify_with(&self, settings: Settings) -> Result<(), Problem> {
        let roots = Roots { own: self.trusted.clone(), ..Roots::default() };
        let verifier = Verifier::new(roots, settings)?;
        verifier.verify(&self.end_entity, &self.intermediates, &self.name, self.now, ALGORITHMS)
    }
}

/// Of a time like `2024-03-01T00:00:00.999+00:00`, the part before the fraction.
fn seconds(time: &str) -> UnixTime {
    let digits: String = time[..19].chars().filter(char::is_ascii_digit).collect();
    let mut value = vec![der::GENERALIZED_TIME, 15];
    value.extend(digits.bytes());
    value.push(b'Z');
    let seconds = certificate::time(&mut der::Reader::new(&value)).unwrap();
    UnixTime::since_unix_epoch(Duration::from_secs(seconds.try_into().unwrap()))
}

/// The chains servers may present, or nothing where the corpus isn't at hand.
fn corpus() -> Vec<Case> {
    let folder = env::var_os("STRAIGHTWIRE_CORPORA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora"), Into::into);
    let Ok(text) = fs::read(folder.join("limbo.json")) else {
        eprintln!("no limbo.json in {}: nothing checked", folder.display());
        return Vec::new();
    };
    let corpus: Value = serde_json::from_slice(&text).unwrap();
    let cases = corpus["testcases"].as_array().unwrap();
    cases.iter().filter(|case| case["validation_kind"] == "SERVER").map(Case::of).collect()
}

#[test]
fn nothing_is_accepted_that_must_be_refused() {
    let cases = corpus();
    let mut wrongly_accepted = Vec::new();
    for case in &cases {
        let result = case.verify();
        if result.is_ok() && !case.must_pass {
            wrongly_accepted.push(&case.id);
        }
        if case.id.starts_with("online::") {
            assert_eq!(result, Ok(()), "{}", case.id);
        }
    }
    assert!(wrongly_accepted.is_empty(), "{wrongly_accepted:#?}");
}

/// What a server presents to a client that trusts the authority, and the client's verdict.
fn judge(trusted: &[&str], presented: &Identity, settings: Settings) -> Result<(), Problem> {
    case(trusted, presented, "localhost").verify_with(settings)
}

fn case(trusted: &[&str], presented: &Identity, name: &str) -> Case {
    let chain = presented.chain_pem();
    let mut chain = CertificateDer::pem_slice_iter(chain.as_bytes()).map(Result::unwrap);
    Case {
        id: String::new(),
        must_pass: true,
        end_entity: chain.next().unwrap(),
        intermediates: chain.collect(),
        trusted: trusted.iter().map(|pem| CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).collect(),
        crls: Vec::new(),
        name: ServerName::try_from(name.to_owned()).unwrap(),
        now: UnixTime::now(),
        max_intermediates: None,
    }
}

#[test]
fn refusals_are_told_in_plain_words() {
    let authority = Authority::new();
    let root = authority.root_pem();
    let refused = |presented: &Identity, name: &str| case(&[root], presented, name).verify().unwrap_err();

    let problem = refused(&authority.leaf(&["localhost"]).expired().issue(), "localhost");
    assert_eq!(problem.reason, Reason::Expired);
    assert!(problem.text.starts_with("the certificate expired on 20"), "{problem}");
    assert!(problem.text.ends_with(" ago)"), "{problem}");

    let problem = refused(&authority.leaf(&["localhost"]).not_yet_valid().issue(), "localhost");
    assert_eq!(problem.reason, Reason::NotYetValid);
    assert!(problem.text.starts_with("the certificate is not valid before 20"), "{problem}");

    let problem = refused(&authority.issue(&["a.example", "*.b.example"]), "c.example");
    assert_eq!(problem.reason, Reason::WrongName);
    assert_eq!(problem.to_string(), "the certificate is for a.example and *.b.example, not for c.example");

    let problem = refused(&self_signed(&["localhost"]), "localhost");
    assert_eq!(problem.reason, Reason::SelfSigned);
    assert_eq!(problem.to_string(), "the certificate is self-signed: nobody vouches for it");

    let other = Authority::new();
    let problem = refused(&other.intermediate().issue(&["localhost"]).without_intermediates(), "localhost");
    assert_eq!(problem.reason, Reason::UnknownIssuer);
    assert!(problem.text.starts_with("the certificate was issued by \""), "{problem}");
    assert!(problem.text.ends_with("\", which is not among the trusted roots"), "{problem}");

    let problem = refused(&authority.leaf(&["localhost"]).for_clients().issue(), "localhost");
    assert_eq!(problem.reason, Reason::NotForServers);
    let problem = refused(&authority.constrained_to(&["a.example"]).issue(&["b.example"]), "b.example");
    assert_eq!(problem.reason, Reason::Constraint);
    assert_eq!(problem.text, "an issuer of the certificate was not allowed to issue one for b.example");
    let problem = refused(&authority.constrained_to(&["a.b.example"]).issue(&["*.b.example"]), "a.b.example");
    assert_eq!(problem.reason, Reason::Constraint);
    let problem = refused(&authority.impostor().issue(&["localhost"]), "localhost");
    assert_eq!(problem.text, "the certificate was issued by one that may not issue certificates");
    let mut forged = case(&[root], &authority.issue(&["localhost"]), "localhost");
    let mut bytes = forged.end_entity.to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    forged.end_entity = bytes.into();
    assert_eq!(forged.verify().unwrap_err().reason, Reason::BadSignature);
    let problem = case(&[], &authority.issue(&["localhost"]), "localhost").verify().unwrap_err();
    assert_eq!(problem.text, "no certificate can be verified: no root is trusted");
}

#[test]
fn settings_say_how_much_is_asked() {
    let authority = Authority::new();
    let root = authority.root_pem();
    let deep = authority.intermediate().issue(&["localhost"]);
    for (most, passes) in [(None, true), (Some(1), true), (Some(0), false)] {
        let verdict = judge(&[root], &deep, Settings { max_intermediates: most, ..Settings::default() });
        assert_eq!(
            verdict.map_err(|problem| problem.reason),
            if passes { Ok(()) } else { Err(Reason::TooDeep) }
        );
    }

    let bare = authority.leaf(&["localhost"]).without_key_identifiers().issue();
    let problem = judge(&[root], &bare, Settings::default()).unwrap_err();
    assert_eq!(problem.reason, Reason::Profile);
    assert!(problem.text.contains("RFC 5280 section 4.2.1.1"), "{problem}");
    assert_eq!(judge(&[root], &bare, Settings { profile: false, ..Settings::default() }), Ok(()));

    let later = SystemTime::now() + Duration::from_secs(100 * 365 * 86_400);
    let problem = judge(&[root], &deep, Settings { at: Some(later), ..Settings::default() }).unwrap_err();
    assert_eq!(problem.reason, Reason::Expired);

    let (kept, revoked) = (authority.issue(&["localhost"]), authority.issue(&["localhost"]));
    let list = authority.revocation_list(&[&revoked]);
    let settings = || Settings {
        crls: vec![CertificateRevocationListDer::from_pem_slice(list.as_bytes()).unwrap()],
        ..Settings::default()
    };
    assert_eq!(judge(&[root], &kept, settings()), Ok(()));
    assert_eq!(judge(&[root], &revoked, settings()).unwrap_err().reason, Reason::Revoked);
}

#[test]
fn a_certificate_may_be_trusted_for_itself() {
    let alone = self_signed(&["localhost"]);
    let trusted = alone.chain_pem();
    assert_eq!(judge(&[&trusted], &alone, Settings::default()), Ok(()));
    let problem = case(&[&trusted], &alone, "other.example").verify().unwrap_err();
    assert_eq!(problem.reason, Reason::WrongName);
    let later = SystemTime::now() + Duration::from_secs(100 * 365 * 86_400);
    let problem =
        judge(&[&trusted], &alone, Settings { at: Some(later), ..Settings::default() }).unwrap_err();
    assert_eq!(problem.reason, Reason::Expired);
}

#[test]
fn unreadable_roots_count_only_as_the_callers_own() {
    let broken = || vec![CertificateDer::from(vec![0x30, 0x01])];
    let problem =
        Verifier::new(Roots { own: broken(), ..Roots::default() }, Settings::default()).err().unwrap();
    assert_eq!(problem.to_string(), "trusted certificate no. 1 can't be read");
    let verifier =
        Verifier::new(Roots { platform: broken(), ..Roots::default() }, Settings::default()).unwrap();
    assert!(verifier.anchors.is_empty());
}

#[test]
fn wildcards_below_public_suffixes_are_for_audited_issuers_to_vouch_for() {
    let authority = Authority::new();
    let check = |host: &str, audited: bool| {
        let presented = authority.issue(&[&format!("*.{}", host.split_once('.').unwrap().1)]);
        let case = case(&[], &presented, host);
        let certificate = Certificate::parse(&case.end_entity).unwrap();
        names::check_wildcard(&certificate, &case.name, audited).is_ok()
    };
    for (host, own, audited) in [
        ("www.example.com", true, true),
        ("example.com", false, false),
        ("example.co.uk", false, false),
        ("somebody.github.io", false, true),
    ] {
        assert_eq!((check(host, false), check(host, true)), (own, audited), "{host}");
    }
}

/// One byte more, one less, one another, or the end cut off.
fn damage(bytes: &[u8], random: &mut fastrand::Rng) -> Vec<u8> {
    let mut damaged = bytes.to_vec();
    let at = random.usize(..bytes.len());
    match random.u8(..6) {
        0 => damaged.truncate(at),
        1 => damaged.insert(at, random.u8(..)),
        2 => drop(damaged.remove(at)),
        _ => damaged[at] ^= random.u8(1..),
    }
    damaged
}

#[test]
fn damaged_certificates_are_refused_and_never_end_in_a_panic() {
    let authority = Authority::new();
    let presented = authority.constrained_to(&["localhost"]).issue(&["localhost"]);
    let whole = case(&[authority.root_pem()], &presented, "localhost");
    assert_eq!(whole.verify(), Ok(()));
    let mut random = fastrand::Rng::with_seed(1);
    for _ in 0..1500 {
        let mut case = whole.clone();
        case.end_entity = damage(&whole.end_entity, &mut random).into();
        assert_ne!(case.verify(), Ok(()), "{:x?}", case.end_entity);
        let mut case = whole.clone();
        case.intermediates[0] = damage(&whole.intermediates[0], &mut random).into();
        assert_ne!(case.verify(), Ok(()), "{:x?}", case.intermediates);
        let mut case = whole.clone();
        case.trusted[0] = damage(&whole.trusted[0], &mut random).into();
        // Nobody signs for a root: what was hit may not matter.
        let _ = case.verify();
    }
}

/// As above, but for the parts that run only once signatures are found right.
#[test]
fn the_profile_never_panics() {
    let authority = Authority::new();
    let whole = case(
        &[authority.root_pem()],
        &authority.constrained_to(&["localhost"]).issue(&["localhost", "*.a.example", "::1"]),
        "b.a.example",
    );
    let list = authority.revocation_list(&[]);
    let list = CertificateRevocationListDer::from_pem_slice(list.as_bytes()).unwrap();
    let mut random = fastrand::Rng::with_seed(2);
    let mut read = 0;
    for _ in 0..20_000 {
        for der in [&whole.end_entity, &whole.intermediates[0], &whole.trusted[0]] {
            let der = CertificateDer::from(damage(der, &mut random));
            let Ok(certificate) = Certificate::parse(&der) else { continue };
            read += 1;
            for position in [Position::EndEntity, Position::Trusted, Position::Intermediate, Position::Root] {
                let _ = profile::check(&certificate, position);
            }
            let _ = names::check_wildcard(&certificate, &whole.name, false);
            let _ = (names::presented(&certificate), words::subject(&certificate));
            let _ = words::check_validity(&certificate, "it", whole.now);
            let _ = words::certificate_problem(&webpki::Error::UnknownIssuer, &certificate, &[], whole.now);
        }
        let _ = RevocationLists::new(&[damage(&list, &mut random).into()]);
    }
    assert!(read > 1000, "only {read} could still be read");
}
