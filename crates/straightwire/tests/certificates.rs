//! Whom to trust and who we are, as settings have it.

#![cfg(feature = "tls")]

mod support;

#[path = "support/secure.rs"]
mod secure;

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process;
use std::time::{Duration, SystemTime};

use origin::certificates::{Authority, self_signed};
use origin::{Origin, Script, TlsSetup};
use secure::{AUTHORITY, NAME, fails, get, https, identity, origin_tls, setup, trusting, with};
use straightwire::{ErrorKind, Tls};
use support::*;

/// A path that is nobody else's.
fn scratch(name: &str) -> PathBuf {
    env::temp_dir().join(format!("straightwire-{name}-{}", process::id()))
}

/// The scratch path that this process was given in a variable. Never another one: whatever the variable
/// names outside of tests is not theirs to write to.
fn scratch_named_by(variable: &str, name: &str) -> PathBuf {
    let path = PathBuf::from(env::var_os(variable).unwrap());
    let file = path.file_name().unwrap().to_str().unwrap();
    assert!(
        path.starts_with(env::temp_dir()) && file.starts_with(&format!("straightwire-{name}-")),
        "{path:?}"
    );
    path
}

/// A file of this test alone.
fn file(name: &str, content: &str) -> PathBuf {
    let path = scratch(name);
    fs::write(&path, content).unwrap();
    path
}

#[test]
fn who_we_are() {
    let clients = Authority::new();
    let origin = Origin::start_tls(&setup().require_clients_of(clients.root_pem())).unwrap();
    let client = clients.leaf(&["client.test"]).for_clients().issue();
    let chain = file("chain.pem", &client.chain_pem());
    let key = file("key.pem", client.key_pem());
    let both = file("both.pem", &format!("{}{}", client.key_pem(), client.chain_pem()));
    for builder in [
        trusting().client_certificate_pem(client.chain_pem(), client.key_pem()),
        trusting().client_certificate_files(&chain, &key),
        trusting().client_certificate_files(&both, &both),
    ] {
        get(&mut with(&origin, builder).build().unwrap());
        assert_eq!(origin.handshakes().last().unwrap().client_certificates.len(), 1);
    }
    let second = clients.intermediate().leaf(&["client.test"]).for_clients().issue();
    let builder = trusting().client_certificate_pem(second.chain_pem(), second.key_pem());
    get(&mut with(&origin, builder).build().unwrap());
    assert_eq!(origin.handshakes().last().unwrap().client_certificates.len(), 2);
    for path in [chain, key, both] {
        fs::remove_file(path).unwrap();
    }
}

/// In TLS 1.3 that is told after the handshake, instead of an answer.
#[test]
fn a_client_that_is_turned_away_is_told_so() {
    let clients = Authority::new();
    let stranger = Authority::new().leaf(&["client.test"]).for_clients().issue();
    let required = || setup().require_clients_of(clients.root_pem());
    for setup in [required().only_1_2(), required().only_1_3()] {
        let origin = Origin::start_tls(&setup).unwrap();
        for (builder, words) in [
            (trusting(), "certificate of ours"),
            (trusting().client_certificate_pem(stranger.chain_pem(), stranger.key_pem()), "our certificate"),
        ] {
            let mut conn = with(&origin, builder).build().unwrap();
            let err =
                conn.request("GET", "/", (), &[]).and_then(|()| conn.get_response().map(drop)).unwrap_err();
            assert_eq!(err.kind(), ErrorKind::Tls, "{err}");
            assert!(err.to_string().contains(words), "{err}");
            assert!(!conn.is_connected());
        }
        assert!(origin.requests().is_empty());
    }
}

#[test]
fn roots_in_files_and_several_of_them() {
    let other = Authority::new();
    let origins = [origin_tls(), Origin::start_tls(&TlsSetup::new(&other.issue(&[NAME]))).unwrap()];
    let own = file("ca.pem", AUTHORITY.root_pem());
    let both = file("cas.pem", &format!("words\n{}\n{}", AUTHORITY.root_pem(), other.root_pem()));
    for builder in [
        Tls::builder().ca_pem(AUTHORITY.root_pem()).ca_pem(other.root_pem()),
        Tls::builder().ca_file(&own).ca_pem(other.root_pem()),
        Tls::builder().ca_file(&both),
        Tls::builder().bundled_roots().ca_file(&both),
    ] {
        let tls = builder.build().unwrap();
        for origin in &origins {
            get(&mut https(origin.addr()).tls(tls.clone()).build().unwrap());
        }
    }
    fails(https(origins[1].addr()), ErrorKind::Certificate);
    fails(
        https(origins[0].addr()).tls(Tls::builder().bundled_roots().build().unwrap()),
        ErrorKind::Certificate,
    );
    for path in [own, both] {
        fs::remove_file(path).unwrap();
    }
}

/// The platform's roots are in the file that a variable names, where it is set (as for OpenSSL).
#[test]
fn the_roots_of_the_platform() {
    const TEST: &str = "the_roots_of_the_platform";
    let own = scratch("roots");
    alone(TEST, &format!("unset SSL_CERT_DIR; export SSL_CERT_FILE={}", own.display()), || {
        let roots = scratch_named_by("SSL_CERT_FILE", "roots");
        fs::write(&roots, AUTHORITY.root_pem()).unwrap();
        let origin = origin_tls();
        let other = Origin::start_tls(&TlsSetup::new(&Authority::new().issue(&[NAME]))).unwrap();
        for tls in [Tls::default(), Tls::new(), Tls::builder().platform_roots().build().unwrap()] {
            get(&mut https(origin.addr()).tls(tls.clone()).build().unwrap());
            fails(https(other.addr()).tls(tls), ErrorKind::Certificate);
        }
        fails(
            https(origin.addr()).tls(Tls::builder().bundled_roots().build().unwrap()),
            ErrorKind::Certificate,
        );
        // Read once for the default, which is made once; anew for each other.
        fs::remove_file(roots).unwrap();
        let err = Tls::builder().build().unwrap_err();
        assert_eq!(err.kind(), ErrorKind::Tls, "{err}");
        get(&mut https(origin.addr()).tls(Tls::default()).build().unwrap());
    });
}

#[test]
fn settings_that_can_not_be() {
    let client = AUTHORITY.leaf(&["client.test"]).for_clients().issue();
    let other = AUTHORITY.leaf(&["client.test"]).for_clients().issue();
    let missing = env::temp_dir().join("straightwire-no-such-file.pem");
    let empty = file("empty.pem", "");
    let broken = "-----BEGIN CERTIFICATE-----\n%%%%\n-----END CERTIFICATE-----\n";
    let no_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (what, builder) in [
        ("no PEM", Tls::builder().ca_pem("nonsense")),
        ("broken PEM", Tls::builder().ca_pem(broken)),
        ("no certificate", Tls::builder().ca_pem(no_certificate)),
        ("a key for a root", Tls::builder().ca_pem(client.key_pem())),
        ("a missing file", Tls::builder().ca_file(&missing)),
        ("an empty file", Tls::builder().ca_file(&empty)),
        ("a directory", Tls::builder().ca_file(env::temp_dir())),
        ("another's key", trusting().client_certificate_pem(client.chain_pem(), other.key_pem())),
        ("no key", trusting().client_certificate_pem(client.chain_pem(), client.chain_pem())),
        ("no chain", trusting().client_certificate_pem(client.key_pem(), client.key_pem())),
        ("missing client files", trusting().client_certificate_files(&missing, &missing)),
        ("no list", trusting().revocation_lists_pem("nonsense")),
        (
            "a broken list",
            trusting().revocation_lists_pem("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"),
        ),
        ("no name", trusting().verified_name("")),
        ("a name with blanks", trusting().verified_name("a b")),
    ] {
        let err = builder.build().err().unwrap_or_else(|| panic!("{what} was accepted"));
        assert_eq!(err.kind(), ErrorKind::InvalidSetting, "{what}: {err}");
        assert!(err.is_caller() && !err.is_tls(), "{what}");
    }
    let err = Tls::builder().ca_file(&missing).build().unwrap_err().to_string();
    assert!(err.contains("straightwire-no-such-file.pem"), "{err}");
    fs::remove_file(empty).unwrap();
}

/// A name that can't be one is told before anything is opened.
#[test]
fn a_server_name_that_can_not_be() {
    let server = serve([Script::new().hold()]);
    let mut conn = https(server.addr()).server_name("a b").build().unwrap();
    assert_eq!(conn.connect().unwrap_err().kind(), ErrorKind::InvalidSetting);
}

#[test]
fn any_certificate_for_who_asks_for_that() {
    let other = Authority::new();
    for identity in [
        self_signed(&["else.test"]),
        other.issue(&["else.test"]),
        other.leaf(&[NAME]).expired().issue(),
        AUTHORITY.leaf(&[NAME]).for_clients().issue(),
    ] {
        let origin = Origin::start_tls(&TlsSetup::new(&identity)).unwrap();
        fails(https(origin.addr()), ErrorKind::Certificate);
        let mut conn = with(&origin, Tls::builder().danger_accept_any_certificate()).build().unwrap();
        get(&mut conn);
        assert_eq!(conn.tls_session().unwrap().peer_certificates().len(), 1);
        assert_eq!(origin.requests().len(), 1);
    }
}

#[test]
fn certificates_judged_as_of_another_time() {
    let origin = Origin::start_tls(&TlsSetup::new(&AUTHORITY.leaf(&[NAME]).not_yet_valid().issue())).unwrap();
    fails(https(origin.addr()), ErrorKind::Certificate);
    let in_a_week = SystemTime::now() + Duration::from_secs(7 * 24 * 3600);
    get(&mut with(&origin, trusting().verify_at(in_a_week)).build().unwrap());
    fails(with(&origin, trusting().verify_at(SystemTime::UNIX_EPOCH)), ErrorKind::Certificate);
}

#[test]
fn certificates_that_were_revoked() {
    let (good, bad) = (identity(), identity());
    let list = AUTHORITY.revocation_list(&[&bad]);
    let settings = || trusting().revocation_lists_pem(&list);
    let origin = Origin::start_tls(&TlsSetup::new(&good)).unwrap();
    get(&mut with(&origin, settings()).build().unwrap());
    let origin = Origin::start_tls(&TlsSetup::new(&bad)).unwrap();
    assert!(fails(with(&origin, settings()), ErrorKind::Certificate).contains("revoked"));
    get(&mut https(origin.addr()).build().unwrap());
}

#[test]
fn how_many_may_stand_in_between() {
    let chain = AUTHORITY.intermediate().intermediate();
    let origin = Origin::start_tls(&TlsSetup::new(&chain.issue(&[NAME]))).unwrap();
    get(&mut https(origin.addr()).build().unwrap());
    get(&mut with(&origin, trusting().max_intermediates(2)).build().unwrap());
    fails(with(&origin, trusting().max_intermediates(1)), ErrorKind::Certificate);
    fails(with(&origin, trusting().max_intermediates(0)), ErrorKind::Certificate);
}

/// Each line is a kind of secret, the client's random and the secret (the format of NSS).
#[test]
fn keys_are_written_where_a_variable_says() {
    const TEST: &str = "keys_are_written_where_a_variable_says";
    let own = scratch("keys");
    alone(TEST, &format!("export SSLKEYLOGFILE={}", own.display()), || {
        let log = scratch_named_by("SSLKEYLOGFILE", "keys");
        let origin = origin_tls();
        get(&mut with(&origin, trusting().key_log(false)).build().unwrap());
        assert!(fs::read_to_string(&log).unwrap_or_default().is_empty());
        get(&mut https(origin.addr()).build().unwrap());
        let keys = fs::read_to_string(&log).unwrap();
        for kind in ["CLIENT_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"]
        {
            assert_eq!(
                keys.lines().filter(|line| line.starts_with(&format!("{kind} "))).count(),
                1,
                "{keys}"
            );
        }
        assert!(keys.lines().all(|line| line.split(' ').count() == 3), "{keys}");
        fs::remove_file(log).unwrap();
    });
}
