//! Whose certificates are taken: nginx shows them, and tells in its log what it was asked.

use std::time::{Duration, Instant, SystemTime};

use origin::certificates::{self as made, Authority, Identity};
use straightwire::{ErrorKind, HttpsConnection, Phase, Tls};

use crate::certificates::{AUTHORITY, NAME, builder, sound, tls, trusting};
use crate::nginx;
use crate::peer::{PATIENCE, Peer};
use crate::site::{self, HELLO};

const UNKNOWN: &str = "which is not among the trusted roots";

/// Trusted, and every request is in the log.
#[track_caller]
fn taken(identity: Identity, tls: Tls) {
    let Some(peer) = nginx::start_as_identity(&identity, "") else { return };
    let mut conn = builder(peer.port(), tls).build().unwrap();
    conn.request("GET", HELLO, (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), site::contents(HELLO));
    assert_eq!(requests_seen(&peer, 1), [HELLO]);
}

/// Refused, saying `why`; and of the request, which has a secret in it, the server sees nothing.
#[track_caller]
fn refused(identity: Identity, tls: Tls, why: &str) {
    let Some(peer) = nginx::start_as_identity(&identity, "") else { return };
    let mut conn = builder(peer.port(), tls).build().unwrap();
    for _ in 0..2 {
        let err = conn.request("POST", "/secret", "secret", &[]).unwrap_err();
        assert_eq!(err.kind(), ErrorKind::Certificate, "{err}");
        assert_eq!(err.phase(), Some(Phase::Tls), "{err}");
        assert!(err.to_string().contains(why), "{err}");
        assert!(!conn.is_connected());
    }
    // Once somebody has got through, all that came before has been logged.
    let anyone = Tls::builder().danger_accept_any_certificate().build().unwrap();
    let mut conn = builder(peer.port(), anyone).build().unwrap();
    conn.request("GET", HELLO, (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), site::contents(HELLO));
    assert_eq!(requests_seen(&peer, 1), [HELLO]);
}

/// The targets of the requests in its log, once there are that many.
fn requests_seen(peer: &Peer, count: usize) -> Vec<String> {
    let begun = Instant::now();
    loop {
        let log = peer.log();
        let lines = log.lines().filter(|line| line.starts_with("127.0.0.1 "));
        let seen: Vec<_> = lines.filter_map(|line| line.split(' ').nth(6)).map(str::to_owned).collect();
        if seen.len() >= count || begun.elapsed() > PATIENCE {
            return seen;
        }
        std::thread::yield_now();
    }
}

#[test]
fn a_sound_one_is_taken() {
    taken(sound(), tls());
}

#[test]
fn one_through_intermediates_is_taken() {
    taken(AUTHORITY.intermediate().intermediate().issue(&[NAME]), tls());
}

#[test]
fn one_for_all_names_of_a_domain_is_taken() {
    let identity = AUTHORITY.issue(&["*.peer.test"]);
    let Some(peer) = nginx::start_as_identity(&identity, "") else { return };
    let mut conn = builder(peer.port(), tls()).server_name("www.peer.test").build().unwrap();
    conn.request("GET", HELLO, (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), site::contents(HELLO));
    drop(conn);
    for name in ["peer.test", "a.www.peer.test", "www.other.test"] {
        let mut conn = builder(peer.port(), tls()).server_name(name).build().unwrap();
        let err = conn.connect().unwrap_err();
        assert_eq!(err.kind(), ErrorKind::Certificate, "{name}: {err}");
        assert!(err.to_string().contains(name), "{err}");
    }
}

/// There is no name to send, then; the certificate names the address.
#[test]
fn one_for_an_address_is_taken() {
    let Some(peer) = nginx::start_as_identity(&AUTHORITY.issue(&["127.0.0.1"]), "") else { return };
    let builder = HttpsConnection::builder("127.0.0.1").port(peer.port()).tls(tls()).timeout(PATIENCE);
    let mut conn = builder.build().unwrap();
    conn.request("GET", HELLO, (), &[]).unwrap();
    let response = conn.get_response().unwrap();
    assert_eq!((response.status(), response.header("Peer-Server-Name")), (200, None));
}

#[test]
fn one_within_the_names_its_issuer_may_sign_for_is_taken() {
    taken(AUTHORITY.constrained_to(&[NAME]).issue(&[NAME]), tls());
}

#[test]
fn one_outside_the_names_its_issuer_may_sign_for_is_refused() {
    refused(AUTHORITY.constrained_to(&["inside.test"]).issue(&[NAME]), tls(), "was not allowed to issue");
}

#[test]
fn an_expired_one_is_refused() {
    refused(AUTHORITY.leaf(&[NAME]).expired().issue(), tls(), "expired on");
}

#[test]
fn one_not_yet_valid_is_refused() {
    refused(AUTHORITY.leaf(&[NAME]).not_yet_valid().issue(), tls(), "is not valid before");
}

#[test]
fn one_for_another_name_is_refused() {
    refused(AUTHORITY.issue(&["other.test"]), tls(), NAME);
}

#[test]
fn one_that_names_nobody_but_in_its_subject_is_refused() {
    refused(AUTHORITY.leaf(&[NAME]).common_name_only().issue(), tls(), NAME);
}

#[test]
fn one_that_signed_itself_is_refused() {
    refused(made::self_signed(&[NAME]), tls(), "self-signed");
}

#[test]
fn one_from_an_unknown_authority_is_refused() {
    refused(Authority::new().issue(&[NAME]), tls(), UNKNOWN);
}

#[test]
fn one_from_an_authority_of_the_tests_is_unknown_to_the_platform_and_to_the_bundle() {
    refused(sound(), Tls::builder().platform_roots().build().unwrap(), UNKNOWN);
    refused(sound(), Tls::builder().bundled_roots().build().unwrap(), UNKNOWN);
}

#[test]
fn one_whose_intermediate_is_not_sent_is_refused() {
    refused(AUTHORITY.intermediate().issue(&[NAME]).without_intermediates(), tls(), UNKNOWN);
}

#[test]
fn one_signed_by_a_mere_server_is_refused() {
    refused(AUTHORITY.impostor().issue(&[NAME]), tls(), "may not issue certificates");
}

#[test]
fn one_for_clients_is_refused() {
    refused(AUTHORITY.leaf(&[NAME]).for_clients().issue(), tls(), "not issued for use by servers");
}

#[test]
fn one_with_an_unknown_critical_extension_is_refused() {
    refused(
        AUTHORITY.leaf(&[NAME]).unknown_extension(true).issue(),
        tls(),
        "an unknown extension that must not be ignored",
    );
    taken(AUTHORITY.leaf(&[NAME]).unknown_extension(false).issue(), tls());
}

#[test]
fn one_that_was_revoked_is_refused() {
    let authority = Authority::new();
    let (revoked, other) = (authority.issue(&[NAME]), authority.issue(&[NAME]));
    let list = authority.revocation_list(&[&revoked]);
    let trusting = Tls::builder().ca_pem(authority.root_pem().as_bytes());
    let tls = trusting.revocation_lists_pem(list.as_bytes()).build().unwrap();
    refused(revoked, tls.clone(), "has been revoked");
    taken(other, tls);
}

#[test]
fn more_intermediates_than_allowed_are_refused() {
    let identity = || AUTHORITY.intermediate().intermediate().issue(&[NAME]);
    taken(identity(), trusting().max_intermediates(2).build().unwrap());
    refused(identity(), trusting().max_intermediates(1).build().unwrap(), "of 1 allowed");
}

/// A certificate that is good on another day.
#[test]
fn the_day_is_what_it_is_told_to_be() {
    let days = |count: u64| Duration::from_secs(count * 24 * 60 * 60);
    let in_days = |count| trusting().verify_at(SystemTime::now() + days(count)).build().unwrap();
    refused(sound(), in_days(200), "expired on");
    taken(AUTHORITY.leaf(&[NAME]).not_yet_valid().issue(), in_days(10));
}
