//! `https://`, and the options that say whom to trust.

use origin::certificates::Authority;
use origin::{Origin, TlsSetup, pattern};

use crate::program::{command, fresh_path, run, straightwire};
use crate::world::World;

fn play(world: &World, line: &str) -> crate::program::Run {
    straightwire(&world.words(line))
}

#[test]
fn a_page_comes_over_tls_byte_for_byte() {
    let world = World::new("https");
    let page = play(&world, "--cacert {ca.pem} https://{secure}/bytes/300000");
    assert!(page.bytes() == pattern::bytes(300_000), "{} bytes differ", page.stdout.len());
    let head = play(&world, "-I --cacert {ca.pem} https://{secure}/bytes/9");
    assert!(head.text().starts_with("HTTP/1.1 200 OK\r\n"), "{head:?}");
    let posted = run(command().args(world.words("-k -d @- https://{secure}/echo")), b"typed");
    assert_eq!(posted.text(), "typed");
    for handshake in world.secure.handshakes() {
        assert_eq!(handshake.protocol.as_deref(), Some("http/1.1"));
        assert_eq!((handshake.version.as_deref(), handshake.error), (Some("TLSv1_3"), None));
        // An address is no name to tell (RFC 6066 section 3).
        assert_eq!(handshake.server_name, None);
    }
}

#[test]
fn what_is_wrong_with_a_certificate_is_told_with_what_to_do() {
    let world = World::new("wrong");
    let advice = "; --cacert FILE trusts another CA, -k anybody\n";
    for line in [
        "https://{secure}/",
        "--cacert {ca.pem} https://{expired}/",
        "--cacert {ca.pem} https://{stranger}/",
        "-x {proxy} https://{secure}/",
    ] {
        let run = play(&world, line);
        assert!(run.code == Some(60) && run.stderr.ends_with(advice), "{line}: {run:?}");
        assert!(run.stderr.starts_with("straightwire: (60) "), "{line}: {run:?}");
    }
    let run = play(&world, "-x https://{discreet} -k https://{secure}/");
    assert!(
        run.stderr.contains("; that is the proxy's; ") && run.stderr.contains("--proxy-insecure"),
        "{run:?}"
    );
    assert_eq!(world.secure.requests().len(), 0);
}

#[test]
fn a_sloppy_authority_takes_lenience() {
    let authority = Authority::new();
    let sloppy = authority.leaf(&["127.0.0.1"]).without_key_identifiers().issue();
    let origin = Origin::start_tls(&TlsSetup::new(&sloppy)).unwrap();
    let ca = fresh_path("sloppy-ca");
    std::fs::write(&ca, authority.root_pem()).unwrap();
    let words = ["--cacert", ca.to_str().unwrap(), &origin.url("/bytes/3")];
    let strict = straightwire(&words);
    assert!(strict.code == Some(60) && strict.stderr.contains("lenient"), "{strict:?}");
    let lenient = straightwire(&[&["--lenient"], &words[..]].concat());
    assert_eq!(lenient.bytes(), pattern::bytes(3), "{lenient:?}");
}

#[test]
fn our_own_certificate_is_shown() {
    let world = World::new("members");
    for line in [
        "--cacert {ca.pem} -E {client.pem} --key {client.key} https://{members}/",
        "--cacert {ca.pem} --cert {client-and-key.pem} https://{members}/",
    ] {
        assert!(play(&world, line).text().starts_with("<!doctype html>"), "{line}");
    }
    assert!(world.members.handshakes().iter().all(|handshake| handshake.client_certificates.len() == 1));

    let key = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAAwAA==\n-----END ENCRYPTED PRIVATE KEY-----\n";
    std::fs::write(world.file("locked.key"), key).unwrap();
    let locked = play(&world, "-k -E {client.pem} --key {locked.key} https://{members}/");
    assert_eq!(locked.code, Some(58), "{locked:?}");
    assert!(locked.stderr.ends_with("decrypted first, with openssl pkey\n"), "{locked:?}");
}

#[test]
fn the_version_can_be_told_to_be_new() {
    let authority = Authority::new();
    let setup = TlsSetup::new(&authority.issue(&["127.0.0.1"])).only_1_2();
    let old = Origin::start_tls(&setup).unwrap();
    let told = |option: &str| straightwire(&["-kv", option, &old.url("/")]);
    let run = told("--tlsv1.2");
    assert!(run.stderr.contains("\n* TLSv1.2, TLS_ECDHE_"), "{run:?}");
    assert!(run.text().starts_with("<!doctype html>"));
    let run = told("--tlsv1.3");
    assert_eq!(run.code, Some(35), "{run:?}");
    // The last one counts.
    let run = straightwire(&["-k", "--tlsv1.3", "--tlsv1.2", &old.url("/")]);
    assert_eq!(run.code, Some(0), "{run:?}");
}

#[test]
fn the_wire_is_shown_as_it_is_inside() {
    let world = World::new("inside");
    let run = play(&world, "-v --cacert {ca.pem} https://{secure}/bytes/5");
    let lines: Vec<&str> = run.stderr.lines().collect();
    assert_eq!(lines[0], format!("* Connecting to {}", world.secure.addr()));
    assert!(lines[1].starts_with("* Connected to "), "{run:?}");
    assert_eq!(lines[2], "* TLSv1.3, TLS13_AES_256_GCM_SHA384, http/1.1");
    assert_eq!(lines[3..5], ["> GET /bytes/5 HTTP/1.1", &format!("> Host: {}", world.secure.addr())]);
    assert_eq!(lines[lines.len() - 2..], ["{ [5 bytes data]", "* Closed the connection"]);
}

#[test]
fn openssl_is_understood() {
    let Some(server) = Openssl::start() else {
        eprintln!("there is no openssl here: its server was not tried");
        return;
    };
    let url = format!("https://localhost:{}/", server.port);
    let cacert = server.folder.join("cert.pem");
    let trusting = straightwire(&["--cacert", cacert.to_str().unwrap(), &url]);
    assert!(trusting.text().contains("Ciphers supported in s_server"), "{trusting:?}");
    let stranger = straightwire(&[&url]);
    assert_eq!(stranger.code, Some(60), "{stranger:?}");
}

/// `openssl s_server`, which answers with a page on the handshake.
struct Openssl {
    child: std::process::Child,
    port: u16,
    folder: std::path::PathBuf,
}

impl Openssl {
    fn start() -> Option<Openssl> {
        use std::io::{BufRead, BufReader};
        use std::process::{Command, Stdio};

        Command::new("openssl").arg("version").output().ok()?;
        let folder = fresh_path("openssl");
        std::fs::create_dir_all(&folder).unwrap();
        let made = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 9 \
                    -subj /CN=localhost \
                    -keyout key.pem -out cert.pem -addext subjectAltName=DNS:localhost";
        let made =
            Command::new("openssl").args(made.split_whitespace()).current_dir(&folder).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        let serve = "s_server -accept 127.0.0.1:0 -cert cert.pem -key key.pem -www";
        let mut child = Command::new("openssl")
            .args(serve.split_whitespace())
            .current_dir(&folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let mut told = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        for _ in 0..10 {
            if lines.read_line(&mut told).unwrap() == 0 || told.contains("ACCEPT 127.0.0.1:") {
                break;
            }
        }
        let port = told.trim_end().rsplit(':').next().and_then(|port| port.parse().ok());
        let port = port.unwrap_or_else(|| panic!("openssl s_server said: {told}"));
        Some(Openssl { child, port, folder })
    }
}

impl Drop for Openssl {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::fs::remove_dir_all(&self.folder).unwrap();
    }
}
