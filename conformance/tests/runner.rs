//! The runner as it is run: what it prints and how it exits, on cases of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};

fn run(args: &[&str], file: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_conformance")).args(args).arg(file).output().unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn last_line(output: &Output) -> &str {
    stdout(output).lines().last().unwrap_or_default()
}

fn corpus(name: &str, cases: &[Value]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let lines: String = cases.iter().map(|case| format!("{case}\n")).collect();
    fs::write(&path, lines).unwrap();
    path
}

fn base64(text: &str) -> String {
    BASE64_STANDARD.encode(text)
}

fn case(id: &str, response: &str, close: bool, expect: Value) -> Value {
    json!({
        "id": id, "request_method": "GET", "request_headers": [["Accept", "*/*"]],
        "response_b64": base64(response), "close": close, "expect": expect,
        "also_ok": [], "classes": ["a-class"], "level": "must",
    })
}

fn chunked() -> Value {
    let response = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n";
    let expect = json!({
        "outcome": "ok", "status": 200, "reason_b64": base64("OK"),
        "headers": [["Transfer-Encoding", "chunked"]], "body_b64": base64("hello"),
        "trailers": [["A", "b"]], "keep_alive": true,
    });
    case("chunked", response, false, expect)
}

fn truncated() -> Value {
    let response = "HTTP/1.0 203 Half\r\nContent-Length: 10\r\n\r\nhello";
    let expect = json!({
        "outcome": "error", "status": 203, "reason_b64": base64("Half"),
        "headers": [["Content-Length", "10"]], "body_b64": base64("hello"),
        "trailers": null, "keep_alive": null,
    });
    case("truncated", response, true, expect)
}

/// Two responses in one: what is left over speaks against using the connection again.
fn surplus() -> Value {
    let response = "HTTP/1.1 204 \r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    case(
        "surplus",
        response,
        false,
        json!({"outcome": "ok", "status": 204, "body_b64": "", "keep_alive": false}),
    )
}

/// Both results are permitted; the expected one is not the strict reader's.
fn blank_first() -> Value {
    let response = "\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let mut case = case("blank-first", response, true, json!({"outcome": "ok", "status": 200}));
    case["also_ok"] = json!([{"outcome": "error"}]);
    case
}

fn requests() -> [Value; 4] {
    let with = |method: &str, headers: Value, response: &str| {
        let mut case = case(method, response, false, json!({"outcome": "ok", "body_b64": ""}));
        case["request_method"] = json!(method);
        case["request_headers"] = headers;
        case
    };
    let upgrade = json!([["Connection", "Upgrade"], ["Upgrade", "echo"]]);
    [
        with("HEAD", json!([]), "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"),
        with("POST", json!([]), "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"),
        with("CONNECT", json!([]), "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"),
        with("OPTIONS", upgrade, "HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhi"),
    ]
}

#[test]
fn right_expectations_pass_under_either_policy() {
    let mut cases = vec![chunked(), truncated(), surplus(), blank_first()];
    cases.extend(requests());
    let file = corpus("right.jsonl", &cases);
    for (policy, agreeing) in [("strict", 7), ("lenient", 8)] {
        let output = run(&["--face", "rust", "--policy", policy, "--seed", "7", "--list-latitude"], &file);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert_eq!(last_line(&output), "8 passed, 0 failed");
        assert!(stdout(&output).contains(&format!("8 cases, {agreeing} agree, 8 conform\n")));
        assert_eq!(stdout(&output).contains("  a-class: 1\n    blank-first\n"), policy == "strict");
    }
}

#[test]
fn every_wrong_expectation_is_reported() {
    let mut cases = Vec::new();
    for (right, field, value) in [
        (chunked(), "outcome", json!("error")),
        (chunked(), "status", json!(204)),
        (chunked(), "reason_b64", json!(base64("Ok"))),
        (chunked(), "headers", json!([])),
        (chunked(), "body_b64", json!(base64("hello!"))),
        (chunked(), "trailers", json!([])),
        (chunked(), "keep_alive", json!(false)),
        (truncated(), "outcome", json!("ok")),
        (truncated(), "status", json!(200)),
        (truncated(), "body_b64", json!(base64("hell"))),
        (truncated(), "keep_alive", json!(true)),
        (surplus(), "keep_alive", json!(true)),
    ] {
        let mut wrong = right;
        wrong["id"] = json!(format!("{} with {field} {value}", wrong["id"].as_str().unwrap()));
        wrong["expect"][field] = value;
        cases.push(wrong);
    }
    cases.push(chunked());
    let output = run(&[], &corpus("wrong.jsonl", &cases));
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(last_line(&output), "1 passed, 12 failed");
    for case in &cases[..12] {
        assert!(stdout(&output).contains(&format!("FAIL {}\n", case["id"].as_str().unwrap())), "{case}");
    }
    assert!(!stdout(&output).contains("FAIL chunked\n"));
}

#[test]
fn a_client_that_waits_for_ever_is_found_out() {
    let response = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello";
    let cases = [case("waits", response, false, json!({"outcome": "error"}))];
    let output = run(&[], &corpus("waits.jsonl", &cases));
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(last_line(&output), "0 passed, 1 failed");
    let ways = "whole, byte by byte, split 1, split 2, split 3, split 4, split 5, socket, socket in pieces";
    assert!(stdout(&output).contains(&format!("  delivered {ways}: fails\n")), "{}", stdout(&output));
    assert!(stdout(&output).contains("got: hang\n"), "{}", stdout(&output));
}

#[test]
fn what_can_not_be_run_is_told_apart_from_what_fails() {
    let right = corpus("usage.jsonl", &[chunked()]);
    let no_json = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no.jsonl");
    fs::write(&no_json, format!("{}\n{{", chunked())).unwrap();
    let empty = corpus("empty.jsonl", &[]);
    for (args, file, said) in [
        (&[][..], empty.as_path(), "no cases"),
        (&[][..], Path::new("no/such/file.jsonl"), "no/such/file.jsonl"),
        (&[][..], &no_json, "no.jsonl:2"),
        (&["--face", "c"][..], &right, "[possible values: rust, python]"),
        (&["--policy", "odd"][..], &right, "[possible values: strict, lenient]"),
        (&["--seed", "x"][..], &right, "--seed"),
        (&["--face", "python", "--python", "no/such/python"][..], &right, "no/such/python"),
    ] {
        let output = run(args, file);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(said), "{output:?}");
        assert!(output.stdout.is_empty());
    }
}
