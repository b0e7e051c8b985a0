//! The runner of certificate cases as it is run, on cases of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use origin::certificates::{Authority, Identity};
use serde_json::{Value, json};

fn run(file: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_conformance")).arg("--limbo").arg(file).output().unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn corpus(name: &str, cases: &[Value]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, json!({"version": 1, "testcases": cases}).to_string()).unwrap();
    path
}

fn case(id: &str, authority: &Authority, presented: &Identity, expected: &str) -> Value {
    let chain = presented.chain_pem();
    let mut chain = chain.split_inclusive("-----END CERTIFICATE-----\n").filter(|pem| pem.contains("BEGIN"));
    json!({
        "id": id, "validation_kind": "SERVER", "expected_result": expected,
        "trusted_certs": [authority.root_pem()],
        "peer_certificate": chain.next(), "untrusted_intermediates": chain.collect::<Vec<_>>(),
        "peer_certificate_key": presented.key_pem(),
        "expected_peer_name": {"kind": "DNS", "value": "localhost"},
        "validation_time": null, "max_chain_depth": null,
    })
}

#[test]
fn right_verdicts_pass() {
    let authority = Authority::new();
    let deep = authority.intermediate().issue(&["localhost"]);
    let revoked = authority.issue(&["localhost"]);
    let mut too_deep = case("too-deep", &authority, &deep, "FAILURE");
    too_deep["max_chain_depth"] = json!(0);
    let mut too_early = case("too-early", &authority, &deep, "FAILURE");
    too_early["validation_time"] = json!("2001-02-03T04:05:06.789+00:00");
    let mut listed = case("listed", &authority, &revoked, "FAILURE");
    listed["crls"] = json!([authority.revocation_list(&[&revoked])]);
    let mut by_address = case("by-address", &authority, &authority.issue(&["192.0.2.1"]), "SUCCESS");
    by_address["expected_peer_name"] = json!({"kind": "IP", "value": "192.0.2.1"});
    let mut client = case("client", &authority, &deep, "FAILURE");
    client["validation_kind"] = json!("CLIENT");
    let mut keyless = case("keyless", &authority, &deep, "FAILURE");
    keyless["peer_certificate_key"] = json!(null);
    let cases = [
        case("good", &authority, &deep, "SUCCESS"),
        case("expired", &authority, &authority.leaf(&["localhost"]).expired().issue(), "FAILURE"),
        case("other-name", &authority, &authority.issue(&["other.example"]), "FAILURE"),
        too_deep,
        too_early,
        listed,
        by_address,
        client,
        keyless,
    ];
    let output = run(&corpus("right.json", &cases));
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let expected = "9 cases: 7 agree, 0 accepted that must be refused, 0 refused that should pass (0 not listed), \
                    2 not run, 0 broken\n";
    assert!(stdout(&output).ends_with(expected), "{}", stdout(&output));
}

#[test]
fn wrong_verdicts_are_found_out() {
    let authority = Authority::new();
    let good = authority.issue(&["localhost"]);
    let expired = authority.leaf(&["localhost"]).expired().issue();
    for (case, said) in [
        (case("accepted", &authority, &good, "FAILURE"), "accepted: ACCEPTED, but must be refused"),
        (
            case("refused", &authority, &expired, "SUCCESS"),
            "refused: refused, but should pass: Certificate: ",
        ),
        (case("rfc5280::ca-as-leaf", &authority, &good, "SUCCESS"), "passes, but is listed as refused"),
    ] {
        let output = run(&corpus("wrong.json", &[case]));
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(stdout(&output).contains(said), "{}", stdout(&output));
    }
    let listed = case("rfc5280::ca-as-leaf", &authority, &expired, "SUCCESS");
    let output = run(&corpus("listed.json", &[listed]));
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(stdout(&output).contains("\n  listed: "), "{}", stdout(&output));
}

#[test]
fn what_can_not_be_run_is_told_apart_from_what_fails() {
    let no_json = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no.json");
    fs::write(&no_json, "{").unwrap();
    let authority = Authority::new();
    let mut timeless = case("timeless", &authority, &authority.issue(&["localhost"]), "SUCCESS");
    timeless["validation_time"] = json!("yesterday");
    for (file, said) in [
        (corpus("none.json", &[]), "no cases"),
        (PathBuf::from("no/such/file.json"), "no/such/file.json"),
        (no_json, "no.json"),
        (corpus("timeless.json", &[timeless]), "timeless: no time: yesterday"),
    ] {
        let output = run(&file);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(said), "{output:?}");
    }
}
