//! Clients that others wrote, where they are installed: an outside check on the origin's HTTP.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use origin::Origin;
use origin::pattern::{self, Fnv1a};

/// Whether a program is installed, and a word about it when it is not.
pub(crate) fn is_there(program: &str, version: &str) -> bool {
    let is_there = Command::new(program).arg(version).output().is_ok_and(|output| output.status.success());
    if !is_there {
        println!("{program} is not installed: nothing checked");
    }
    is_there
}

/// Runs a program with this input; `None`, and a word about it, when it is not installed.
pub(crate) fn run(program: &str, args: &[&str], input: &[u8]) -> Option<Output> {
    if !is_there(program, "--version") {
        return None;
    }
    let mut command = Command::new(program);
    let mut child = command
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that fails before it has read everything is told of by its exit status.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    Some(output)
}

#[test]
fn python_reads_what_the_origin_sends() {
    let origin = Origin::start().unwrap();
    let script = r#"
import http.client, json, sys
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=20)

def ask(method, target, body=None, headers={}, **options):
    connection.request(method, target, body, headers, **options)
    response = connection.getresponse()
    return response, response.read()

response, body = ask("GET", "/bytes/100000")
assert (response.status, len(body), response.will_close) == (200, 100000, False)
response, chunked = ask("GET", "/chunked/100000/777?trailers=1&ext=1")
assert response.chunked and chunked == body
response, empty = ask("HEAD", "/bytes/100000")
assert empty == b"" and response.getheader("Content-Length") == "100000"
response, tail = ask("GET", "/bytes/100000", headers={"Range": "bytes=-5"})
assert response.status == 206 and tail == body[-5:]
response, echoed = ask("POST", "/echo", iter([b"ab", b"c"]), encode_chunked=True)
assert response.chunked and echoed == b"abc"
response, told = ask("POST", "/anything", "caf\u00e9", {"Content-Type": "text/plain; charset=latin-1"})
told = json.loads(told)
assert told["method"] == "POST" and ["Content-Type", "text/plain; charset=latin-1"] in told["headers"]
response, told = ask("PUT", "/upload", body)
print(json.loads(told)["fnv1a"])
response, lines = ask("POST", "/cgi-bin/query", "spam=1&eggs=2")
assert lines == b"spam = 1\neggs = 2\n"
response, nothing = ask("PUT", "/files/f", b"x")
assert (response.status, response.reason, nothing) == (201, "Created", b"")
response, nothing = ask("GET", "/status/204")
assert nothing == b"" and response.getheader("Content-Length") is None
response, nothing = ask("GET", "/cookies")
assert len(response.msg.get_all("Set-Cookie")) == 3
response, rest = ask("GET", "/close-delimited/1000")
assert response.will_close and rest == body[:1000]
response, _ = ask("GET", "/close")
assert response.will_close
"#;
    let port = origin.port().to_string();
    let Some(output) = run("python3", &["-c", script, &port], b"") else { return };
    let hash = Fnv1a::of(&pattern::bytes(100_000)).to_string();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim_end(), hash);
    assert_eq!(origin.connections(), 2, "kept alive but for the one closing answer in between");
}

#[test]
fn curl_follows_resumes_uploads_and_waits_for_the_100() {
    let origin = Origin::start().unwrap();
    let curl = |args: &[&str], target: &str, input: &[u8]| {
        let url = origin.url(target);
        let mut all = vec!["--silent", "--show-error", "--fail", "--noproxy", "*", "--max-time", "20"];
        all.extend(args);
        all.push(&url);
        run("curl", &all, input).map(|output| output.stdout)
    };
    let whole = pattern::bytes(100_000);
    let Some(body) = curl(&[], "/chunked/100000/999?trailers=1&ext=1", b"") else { return };
    assert!(body == whole);
    assert!(curl(&["--range", "5-70000"], "/bytes/100000", b"").unwrap() == whole[5..=70_000]);
    let index = curl(&["--location"], "/redirect/3", b"").unwrap();
    assert!(index.starts_with(b"<!doctype html>"));

    let expected = format!("\"fnv1a\": \"{}\"", Fnv1a::of(&whole));
    for framing in [&["--data-binary", "@-"][..], &["--upload-file", "-"]] {
        let args = [framing, &["--request", "PUT", "--header", "Expect: 100-continue"]].concat();
        let told = String::from_utf8(curl(&args, "/upload", &whole).unwrap()).unwrap();
        assert!(told.contains(&expected), "{told}");
    }
    let heads = curl(&["--include"], "/early-hints", b"").unwrap();
    let heads = String::from_utf8(heads).unwrap();
    assert!(
        heads.starts_with("HTTP/1.1 103 Early Hints\r\n") && heads.contains("\r\nHTTP/1.1 200 OK\r\n"),
        "{heads}"
    );
    let hundred = curl(&["--http1.0"], "/chunked/100/7", b"").unwrap();
    assert_eq!(hundred, whole[..100]);
}
