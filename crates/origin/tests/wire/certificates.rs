//! Certificates, as OpenSSL reads and verifies them: strictly, by the profile of RFC 5280.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, id};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use origin::certificates::{Authority, Identity, self_signed};

use crate::foreign::is_there;

/// Files for a program to read; they go when this does.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Folder {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let name = format!("origin-wire-{}-{}", id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        // Another process of this number may have been killed before it could tidy up.
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).unwrap();
        Folder(path)
    }

    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What `openssl verify` says of a chain; empty when it is content, `None` when it is not installed.
fn verify(root_pem: &str, identity: &Identity, more: &[&str]) -> Option<String> {
    if !is_there("openssl", "version") {
        return None;
    }
    let folder = Folder::new();
    let root = folder.file("root", root_pem);
    let chain = folder.file("chain", &identity.chain_pem());
    let mut args = vec!["verify", "-x509_strict", "-check_ss_sig", "-CAfile", &root, "-untrusted", &chain];
    args.extend(more);
    args.push(&chain);
    let output = Command::new("openssl").args(args).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.success(), told.is_empty(), "{told}");
    Some(told)
}

fn assert_refused(told: Option<String>, why: &str) {
    if let Some(told) = told {
        assert!(told.contains(why), "{why:?} is not in {told:?}");
    }
}

#[test]
fn what_is_issued_is_sound_by_the_strict_rules() {
    let authority = Authority::new();
    let root = authority.root_pem();
    let accepted = |identity: &Identity, more: &[&str]| {
        if let Some(told) = verify(root, identity, more) {
            assert_eq!(told, "");
        }
    };
    let names = ["localhost", "*.origin.test", "127.0.0.1", "::1"];
    let identity = authority.issue(&names);
    let server = ["-purpose", "sslserver"];
    for check in [
        ["-verify_hostname", "localhost"],
        ["-verify_hostname", "www.origin.test"],
        ["-verify_ip", "127.0.0.1"],
        ["-verify_ip", "::1"],
    ] {
        accepted(&identity, &[server, check].concat());
    }
    accepted(&authority.leaf(&["client"]).for_clients().issue(), &["-purpose", "sslclient"]);
    accepted(&authority.leaf(&names).unknown_extension(false).issue(), &server);

    let deep = authority.intermediate().intermediate();
    assert_eq!(deep.root_pem(), root);
    accepted(&deep.issue(&names), &server);
    let constrained = authority.constrained_to(&["inside.test"]);
    accepted(&constrained.issue(&["inside.test", "www.inside.test"]), &server);
    let by_itself = self_signed(&names);
    if let Some(told) = verify(&by_itself.chain_pem(), &by_itself, &server) {
        assert_eq!(told, "");
    }
}

#[test]
fn what_has_to_be_refused_is_refused_for_its_one_reason() {
    let authority = Authority::new();
    let names = ["localhost"];
    let told = |identity: &Identity, more: &[&str]| verify(authority.root_pem(), identity, more);
    assert_refused(told(&authority.leaf(&names).expired().issue(), &[]), "certificate has expired");
    assert_refused(
        told(&authority.leaf(&names).not_yet_valid().issue(), &[]),
        "certificate is not yet valid",
    );
    let host = ["-verify_hostname", "localhost"];
    assert_refused(told(&authority.issue(&["other.test"]), &host), "hostname mismatch");
    assert_refused(told(&Authority::new().issue(&names), &[]), "unable to get local issuer certificate");
    assert_refused(told(&self_signed(&names), &[]), "self-signed certificate");
    let outside = authority.constrained_to(&["inside.test"]).issue(&["outside.test"]);
    assert_refused(told(&outside, &[]), "permitted subtree violation");
    let client = authority.leaf(&names).for_clients().issue();
    assert_refused(told(&client, &["-purpose", "sslserver"]), "certificate purpose");
    let alone = authority.intermediate().issue(&names).without_intermediates();
    assert_refused(told(&alone, &[]), "unable to get local issuer certificate");
    assert_refused(told(&authority.impostor().issue(&names), &[]), "invalid CA certificate");
    let unknown = authority.leaf(&names).unknown_extension(true).issue();
    assert_refused(told(&unknown, &[]), "unhandled critical extension");
    let bare = authority.leaf(&names).without_key_identifiers().issue();
    assert_refused(told(&bare, &[]), "Missing Authority Key Identifier");
}

#[test]
fn a_common_name_counts_for_nothing() {
    if !is_there("openssl", "version") {
        return;
    }
    let identity = Authority::new().leaf(&["localhost"]).common_name_only().issue();
    let text = describe(&identity.chain_pem());
    assert!(text.contains("Subject: CN = localhost\n") && !text.contains("Alternative Name"), "{text}");
}

#[test]
fn validity_is_what_was_asked_for() {
    let year = Duration::from_secs(365 * 86_400);
    let authority = Authority::new();
    let old =
        authority.leaf(&["h"]).valid(SystemTime::UNIX_EPOCH + 10 * year, SystemTime::UNIX_EPOCH + 11 * year);
    let at = (11 * year.as_secs() - 5).to_string();
    let identity = old.issue();
    assert_refused(verify(authority.root_pem(), &identity, &[]), "certificate has expired");
    // At that time the authority itself was not there yet, and that is all there is to say.
    let told = verify(authority.root_pem(), &identity, &["-attime", &at]);
    assert_refused(told.clone(), "not yet valid");
    assert!(!told.unwrap_or_default().contains("error 10 at 0"));
}

#[test]
fn a_revocation_list_takes_back_what_it_names() {
    let authority = Authority::new();
    let (kept, revoked) = (authority.issue(&["a.test"]), authority.issue(&["b.test"]));
    let folder = Folder::new();
    let list = folder.file("list", &authority.revocation_list(&[&revoked]));
    let check = ["-crl_check", "-CRLfile", &list];
    if let Some(told) = verify(authority.root_pem(), &kept, &check) {
        assert_eq!(told, "");
    }
    assert_refused(verify(authority.root_pem(), &revoked, &check), "certificate revoked");
}

#[test]
fn serial_numbers_are_short_and_no_two_are_alike() {
    if !is_there("openssl", "version") {
        return;
    }
    let authority = Authority::new();
    let mut serials: Vec<_> = (0..20)
        .map(|_| {
            let text = describe(&authority.issue(&["a.test"]).chain_pem());
            let after = text.split("Serial Number:").nth(1).unwrap();
            after.trim_start().lines().next().unwrap().trim().to_owned()
        })
        .collect();
    assert!(serials.iter().all(|serial| serial.split(':').count() == 16), "{serials:?}");
    serials.sort();
    serials.dedup();
    assert_eq!(serials.len(), 20);
}

fn describe(pem: &str) -> String {
    let folder = Folder::new();
    let file = folder.file("certificate", pem);
    let output = Command::new("openssl").args(["x509", "-noout", "-text", "-in", &file]).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}
