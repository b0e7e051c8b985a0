//! The origin inside TLS, as OpenSSL sees it: through Python's ssl, curl and `openssl s_client`.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Instant;

use origin::certificates::{Authority, Identity};
use origin::{Handshake, Origin, TlsSetup, pattern};

use crate::certificates::Folder;
use crate::client::NEVER;
use crate::foreign::run;

pub(crate) const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// What each script begins with. `open` connects and trusts the root of the first argument.
const PRELUDE: &str = r#"
import socket, ssl, sys
root, port = sys.argv[1], int(sys.argv[2])

def context(version=None):
    context = ssl.create_default_context(cafile=root)
    context.set_alpn_protocols(["http/1.1"])
    if version:
        context.minimum_version = context.maximum_version = version
    return context

def open(context=context(), name="localhost", **options):
    plain = socket.create_connection(("127.0.0.1", port), timeout=20)
    return context.wrap_socket(plain, server_hostname=name, suppress_ragged_eofs=False, **options)

def refused(call):
    try:
        call()
    except OSError as error:
        return str(error)
    raise AssertionError("nothing was refused")
"#;

/// Runs a Python script against a server; false when there is no Python.
pub(crate) fn python(authority: &Authority, port: u16, script: &str, more: &[&str]) -> bool {
    let folder = Folder::new();
    let root = folder.file("root", authority.root_pem());
    let (script, port) = (format!("{PRELUDE}{script}"), port.to_string());
    run("python3", &[&["-c", &script, &root, &port], more].concat(), b"").is_some()
}

fn start(setup: impl FnOnce(TlsSetup) -> TlsSetup) -> (Authority, Origin) {
    let authority = Authority::new();
    let setup = setup(TlsSetup::new(&authority.issue(&NAMES)));
    let origin = Origin::start_tls(&setup).unwrap();
    (authority, origin)
}

#[test]
fn requests_are_served_and_the_end_is_announced() {
    let (authority, origin) = start(|setup| setup);
    let script = r#"
import http.client
connection = http.client.HTTPSConnection("localhost", port, context=context(), timeout=20)
for length in 5, 100000, 3000000:
    connection.request("GET", f"/bytes/{length}")
    assert len(connection.getresponse().read()) == length
connection.request("POST", "/echo", iter([b"x" * 70000] * 9), encode_chunked=True)
assert connection.getresponse().read() == b"x" * 630000
for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
    secure = open(context(version))
    assert secure.selected_alpn_protocol() == "http/1.1"
    secure.sendall(b"GET /close HTTP/1.1\r\nHost: h\r\n\r\n")
    answer = b""
    while piece := secure.recv(65536):
        answer += piece
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n"), answer
    secure = open(context(version))
    secure.sendall(b"GET /bytes/5 HTTP/1.1\r\nHost: h\r\n\r\n")
    assert secure.recv(65536)
    secure.unwrap()
"#;
    if python(&authority, origin.port(), script, &[]) {
        let handshake = |version: &str| Handshake {
            server_name: Some("localhost".to_owned()),
            version: Some(version.to_owned()),
            protocol: Some("http/1.1".to_owned()),
            ..Handshake::default()
        };
        let handshakes = origin.handshakes();
        assert_eq!(handshakes[1..], ["TLSv1_2", "TLSv1_2", "TLSv1_3", "TLSv1_3"].map(handshake));
        assert_eq!((origin.requests().len(), origin.connections()), (8, 5));
    }
}

#[test]
fn curl_is_served_by_name_and_by_address() {
    let (authority, origin) = start(|setup| setup);
    let folder = Folder::new();
    let root = folder.file("root", authority.root_pem());
    for host in ["localhost", "127.0.0.1"] {
        let url = format!("https://{host}:{}/chunked/100000/999", origin.port());
        let args = [
            "--silent",
            "--show-error",
            "--fail",
            "--noproxy",
            "*",
            "--max-time",
            "20",
            "--cacert",
            &root,
            &url,
        ];
        let Some(output) = run("curl", &args, b"") else { return };
        assert!(output.stdout == pattern::bytes(100_000));
    }
    assert_eq!(origin.handshakes()[1].server_name, None, "an address is no server name");
}

#[test]
fn one_version_may_be_all_there_is() {
    let script = r#"
has, lacks = (getattr(ssl.TLSVersion, name) for name in sys.argv[3:5])
assert open(context(has)).version() == has.name.replace("_", ".")
told = refused(lambda: open(context(lacks)))
assert "PROTOCOL_VERSION" in told or "VERSION" in told, told
"#;
    let (authority, origin) = start(TlsSetup::only_1_2);
    python(&authority, origin.port(), script, &["TLSv1_2", "TLSv1_3"]);
    let (authority, origin) = start(TlsSetup::only_1_3);
    python(&authority, origin.port(), script, &["TLSv1_3", "TLSv1_2"]);
}

#[test]
fn sessions_are_resumed_while_there_are_tickets() {
    let script = r#"
def visit(context, session=None):
    secure = open(context, session=session)
    secure.sendall(b"GET /bytes/5 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    while secure.recv(65536):
        pass
    return secure

for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
    shared = context(version)
    first = visit(shared)
    again = visit(shared, first.session)
    assert not first.session_reused and str(again.session_reused) == sys.argv[3]
"#;
    for (tickets, is_resumed) in [(2, "True"), (0, "False")] {
        let (authority, origin) = start(|setup| setup.tickets(tickets));
        if python(&authority, origin.port(), script, &[is_resumed]) {
            let resumed: Vec<_> = origin.handshakes().iter().map(|handshake| handshake.is_resumed).collect();
            let again = tickets > 0;
            assert_eq!(resumed, [false, again, false, again]);
        }
    }
}

#[test]
fn clients_without_a_certificate_are_turned_away() {
    let clients = Authority::new();
    let (authority, origin) = start(|setup| setup.require_clients_of(clients.root_pem()));
    let folder = Folder::new();
    let files = |name: &str, identity: &Identity| {
        (folder.file(name, &identity.chain_pem()), folder.file(&format!("{name}.key"), identity.key_pem()))
    };
    let (chain, key) = files("known", &clients.intermediate().leaf(&["client"]).for_clients().issue());
    let (stranger, its_key) = files("stranger", &Authority::new().leaf(&["client"]).for_clients().issue());
    let script = r#"
def visit(certificate=None):
    own = context()
    if certificate:
        own.load_cert_chain(*certificate)
    secure = open(own)
    secure.sendall(b"GET /bytes/5 HTTP/1.1\r\nHost: h\r\n\r\n")
    return secure.recv(12)

known, stranger = sys.argv[3:5], sys.argv[5:7]
assert visit(known) == b"HTTP/1.1 200"
assert "certificate required" in refused(visit).lower().replace("_", " "), refused(visit)
assert "unknown ca" in refused(lambda: visit(stranger)).lower().replace("_", " ")
"#;
    if python(&authority, origin.port(), script, &[&chain, &key, &stranger, &its_key]) {
        let handshakes = origin.handshakes();
        assert_eq!((handshakes[0].client_certificates.len(), &handshakes[0].error), (2, &None));
        assert!(handshakes[1..].iter().all(|handshake| handshake.error.is_some()), "{handshakes:?}");
    }
}

#[test]
fn what_the_client_holds_against_the_server_is_recorded() {
    let (_, origin) = start(|setup| setup);
    let script = r#"
assert "CERTIFICATE_VERIFY_FAILED" in refused(open)
own = context()
own.check_hostname, own.verify_mode = False, ssl.CERT_NONE
own.set_alpn_protocols(["h2"])
told = refused(lambda: open(own))
assert "no application protocol" in told.lower().replace("_", " "), told
"#;
    if python(&Authority::new(), origin.port(), script, &[]) {
        // The client may be gone before the server has noted that.
        let begun = Instant::now();
        while origin.handshakes().len() < 2 && begun.elapsed() < NEVER {
            thread::yield_now();
        }
        let errors: Vec<_> =
            origin.handshakes().into_iter().map(|handshake| handshake.error.unwrap()).collect();
        assert!(errors.iter().any(|error| error.contains("UnknownCA")) && errors.len() == 2, "{errors:?}");
        assert_eq!(origin.requests(), []);
    }
}

#[test]
fn s_client_verifies_the_chain_with_its_intermediate() {
    let authority = Authority::new();
    let setup = TlsSetup::new(&authority.intermediate().issue(&NAMES));
    let origin = Origin::start_tls(&setup).unwrap();
    let folder = Folder::new();
    let (root, target) = (folder.file("root", authority.root_pem()), origin.host_port());
    if !crate::foreign::is_there("openssl", "version") {
        return;
    }
    let mut child = std::process::Command::new("openssl")
        .args(["s_client", "-connect", &target, "-CAfile", &root, "-verify_return_error", "-x509_strict"])
        .args(["-verify_hostname", "localhost", "-quiet", "-no_ign_eof"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"GET /bytes/26 HTTP/1.0\r\n\r\n").unwrap();
    let output = child.wait_with_output().unwrap();
    drop(input);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && output.stdout.ends_with(&pattern::bytes(26)), "{told}");
}

#[test]
fn what_is_no_handshake_gets_an_alert() {
    let (_, origin) = start(|setup| setup);
    let mut stream = TcpStream::connect(origin.addr()).unwrap();
    stream.set_read_timeout(Some(NEVER)).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    // An alert record of two bytes, the first of which says: fatal.
    assert_eq!((answer[0], &answer[3..6]), (21, &[0, 2, 2][..]), "{answer:?}");
    assert!(origin.handshakes()[0].error.is_some());
}

#[test]
fn a_setup_that_can_not_be_is_refused_at_once() {
    let authority = Authority::new();
    let (one, other) = (authority.issue(&NAMES), authority.issue(&NAMES));
    let wrong = [
        TlsSetup::from_pem("", one.key_pem()),
        TlsSetup::from_pem(one.chain_pem(), "no key"),
        TlsSetup::from_pem(one.chain_pem(), other.key_pem()),
        TlsSetup::new(&one).require_clients_of("no certificate"),
    ];
    for setup in wrong {
        let error = Origin::start_tls(&setup).err().map(|error| error.kind());
        assert_eq!(error, Some(std::io::ErrorKind::InvalidInput));
    }
}
