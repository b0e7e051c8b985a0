//! The exit codes of TLS, proxies and time, beside curl's for the same.

use std::process::Command;

use crate::program::{command, run};
use crate::world::World;

struct Case {
    line: &'static str,
    code: i32,
    /// What curl 7.88 gives, where that is not the same for a good reason.
    curl: &'static [i32],
}

const fn case(line: &'static str, code: i32) -> Case {
    Case { line, code, curl: &[] }
}

const fn differs(line: &'static str, code: i32, curl: &'static [i32]) -> Case {
    Case { line, code, curl }
}

const CASES: &[Case] = &[
    // TLS.
    case("--cacert {ca.pem} https://{secure}/", 0),
    case("--cacert {ca.pem} https://localhost:{secure-port}/", 0),
    case("-k https://{secure}/", 0),
    case("-k https://{stranger}/", 0),
    case("--cacert {ca.pem} --tlsv1.2 https://{old}/", 0),
    case("--cacert {ca.pem} --tlsv1.3 https://{old}/", 35),
    case("--cacert {ca.pem} https://{plain}/", 35),
    case("--cacert {ca.pem} https://{hasty}/", 35),
    case("https://{closed}/", 7),
    case("https://a..invalid/", 6),
    case("https://{secure}/", 60),
    case("--cacert {other-ca.pem} https://{secure}/", 60),
    case("--cacert {ca.pem} https://{expired}/", 60),
    case("--cacert {ca.pem} https://{stranger}/", 60),
    case("--cacert {missing.pem} https://{secure}/", 77),
    case("--cacert {no.pem} https://{secure}/", 77),
    case("--cacert {ca.pem} https://{cut}/", 18),
    // Client certificates.
    case("--cacert {ca.pem} -E {client.pem} --key {client.key} https://{members}/", 0),
    case("--cacert {ca.pem} --cert {client-and-key.pem} https://{members}/", 0),
    case("--cacert {ca.pem} https://{members}/", 56),
    case("--cacert {ca.pem} -E {missing.pem} https://{members}/", 58),
    case("--cacert {ca.pem} -E {client.pem} https://{members}/", 58),
    case("--cacert {ca.pem} -E {client.pem} --key {missing.key} https://{members}/", 58),
    case("--cacert {ca.pem} -E {client.pem} --key {foreign.key} https://{members}/", 58),
    // HTTP proxies.
    case("-x {plain} http://{plain}/", 0),
    case("-x http://{proxy} --cacert {ca.pem} https://origin.test:{secure-port}/", 0),
    case("-x {proxy} -p http://origin.test:{plain-port}/", 0),
    case("-x {proxy} http://{plain}/status/200", 0),
    case("-x a..invalid http://{plain}/", 5),
    case("-x https://a..invalid https://{plain}/", 5),
    case("-x {closed} http://{plain}/", 7),
    case("-x {proxy} --cacert {ca.pem} https://unknown.test/", 56),
    case("-x {guarded} --cacert {ca.pem} https://{secure}/", 56),
    case("-x {guarded} -U user:wrong --cacert {ca.pem} https://{secure}/", 56),
    case("-x {guarded} -U user:p@ss --cacert {ca.pem} https://{secure}/", 0),
    case("-x http://user:p%40ss@{guarded} --cacert {ca.pem} https://{secure}/", 0),
    case("-x {rude} https://{secure}/", 56),
    case("-x {curt} https://{secure}/", 56),
    case("-x {proxy} https://{secure}/", 60),
    // HTTPS proxies.
    case("-x https://{discreet} --proxy-cacert {ca.pem} --cacert {ca.pem} https://{secure}/", 0),
    case("-x https://{discreet} --proxy-insecure -k https://origin.test:{secure-port}/", 0),
    case("-x https://{discreet} --proxy-cacert {ca.pem} -p http://{plain}/", 0),
    case("-x https://{discreet} --cacert {ca.pem} https://{secure}/", 60),
    case("-x https://{discreet} -k https://{secure}/", 60),
    // The reason is lost on curl's way through TLS within TLS.
    differs("-x https://{discreet} --proxy-insecure https://{secure}/", 60, &[35, 60]),
    case("-x https://{discreet} --proxy-cacert {missing.pem} -k https://{secure}/", 77),
    case("-x https://{proxy} --proxy-insecure -k https://{secure}/", 35),
    // SOCKS.
    case("-x socks5://{socks} http://{plain}/", 0),
    case("-x socks5h://{socks} http://origin.test:{plain-port}/", 0),
    case("-x socks5h://{socks} --cacert {ca.pem} https://origin.test:{secure-port}/", 0),
    case("-x socks5://user:p%40ss@{guarded-socks} http://{plain}/", 0),
    case("-x socks5h://{guarded-socks} -U user:p@ss http://{plain}/", 0),
    case("-x socks5://{guarded-socks} http://{plain}/", 97),
    case("-x socks5://{guarded-socks} -U user:wrong http://{plain}/", 97),
    case("-x socks5://{socks} http://{closed}/", 97),
    case("-x socks5h://{socks} http://unknown.test/", 97),
    case("-x socks5://{socks} http://a..invalid/", 97),
    // To curl a SOCKS proxy is a host or a proxy here, as its resolver's thread is late or early.
    differs("-x socks5://a..invalid http://{plain}/", 5, &[5, 6]),
    case("-x socks5h://{closed} http://{plain}/", 7),
    case("-x socks5h://{hasty} http://{plain}/", 97),
    // Where it goes.
    case("--resolve origin.test:{plain-port}:127.0.0.1 http://origin.test:{plain-port}/", 0),
    case("--resolve origin.test:1:127.0.0.1 http://a..invalid/", 6),
    case("--resolve *:{plain-port}:127.0.0.1 http://any.test:{plain-port}/", 0),
    case("--interface 127.0.0.1 http://{plain}/", 0),
    case("--interface host!127.0.0.1 http://{plain}/", 0),
    case("--interface 192.0.2.7 http://{plain}/", 45),
    case("--interface if!nosuch http://{plain}/", 45),
    case("--unix-socket {missing.sock} http://{plain}/", 7),
    // Time.
    case("--connect-timeout 40 -m 40.5 http://{plain}/", 0),
    case("-m 0.2 http://{silent}/", 28),
    case("-m 0.2 http://{plain}/drip?bytes=90&piece=1&pause_ms=50", 28),
    case("-m 0.2 -k https://{silent}/", 28),
    case("--connect-timeout 0.2 -k https://{mute-tls}/", 28),
    case("--connect-timeout 0.2 -x {silent} https://{secure}/", 28),
    case("-m 0.2 -x socks5://{silent} http://{plain}/", 28),
];

#[test]
fn each_has_its_code_and_its_sentence() {
    let world = World::new("codes");
    let mut wrong = Vec::new();
    for case in CASES {
        let run = run(command().args(world.words(case.line)), b"");
        let told = match case.code {
            0 => run.stderr.is_empty(),
            code => {
                let sentence = run.stderr.strip_prefix(&format!("straightwire: ({code}) "));
                sentence.is_some_and(|told| told.len() > 10 && told.lines().count() == 1)
            }
        };
        if run.code != Some(case.code) || !told {
            wrong.push(format!("{}: not {}, {run:?}", case.line, case.code));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn curl_gives_the_same() {
    let Ok(version) = Command::new("curl").arg("--version").output() else {
        eprintln!("there is no curl here: its exit codes were not compared");
        return;
    };
    // What is told of curl in the table is told of this version, and of OpenSSL.
    if !version.stdout.starts_with(b"curl 7.88.") {
        eprintln!("curl is another version: its exit codes were not compared");
        return;
    }
    let world = World::new("curl-codes");
    let mut wrong = Vec::new();
    for case in CASES {
        let mut curl = Command::new("curl");
        for name in
            ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"]
        {
            curl.env_remove(name);
        }
        let run = run(curl.args(["-q", "--silent", "--show-error"]).args(world.words(case.line)), b"");
        let expected = if case.curl.is_empty() { &[case.code] } else { case.curl };
        if run.code.is_none_or(|code| !expected.contains(&code)) {
            wrong.push(format!("{}: not {expected:?}, {:?} {}", case.line, run.code, run.stderr));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
