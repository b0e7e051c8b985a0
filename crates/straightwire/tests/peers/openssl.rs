//! OpenSSL's `s_server`, which can be told in detail how to speak TLS. It answers with the files of its
//! folder, heads and all, and takes one connection after the other.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use straightwire::{ErrorKind, Framing, HttpsConnection, Phase, Tls, TlsVersion};

use crate::certificates::{self, AUTHORITY, NAME, builder, sound, tls, trusting};
use crate::peer::{PATIENCE, Peer};
use crate::program::OPENSSL;
use crate::site::{self, BIG, NUMBERS};

/// A whole response, whose length is told.
const WITH_LENGTH: &str = "/with-length";
/// The same, which the end of the connection ends.
const TO_THE_END: &str = "/to-the-end";
/// More than sockets hold, ended by the end of the connection.
const BIG_TO_THE_END: &str = "/big-to-the-end";

/// Lets it use what is long out of use, too.
const ANYTHING: &str = "ALL:NULL:@SECLEVEL=0";

fn start(options: &[&str]) -> Option<Peer> {
    let openssl = OPENSSL.find()?;
    Some(Peer::start("OpenSSL", |port, folder| {
        certificates::write(&sound(), folder);
        let numbers = site::contents(NUMBERS);
        let length = format!("Content-Length: {}", numbers.len());
        let write = |path: &str, field: &str, body: &[u8]| {
            let head = format!("HTTP/1.1 200 OK\r\n{field}\r\n\r\n");
            fs::write(folder.join(&path[1..]), [head.as_bytes(), body].concat()).unwrap();
        };
        write(WITH_LENGTH, &length, &numbers);
        write(TO_THE_END, "Connection: close", &numbers);
        if options.contains(&"-HTTP") {
            write(BIG_TO_THE_END, "Connection: close", &site::contents(BIG));
        }
        let mut command = Command::new(&openssl);
        command.args(["s_server", "-accept", &format!("127.0.0.1:{port}")]);
        command.args(["-cert", "chain.pem", "-key", "key.pem", "-CAfile", "authority.pem"]).args(options);
        command
    }))
}

fn client(peer: &Peer, tls: Tls) -> HttpsConnection {
    builder(peer.port(), tls).build().unwrap()
}

/// Asks for both files, and gives the version and the cipher that were agreed on.
#[track_caller]
fn served(peer: &Peer, tls: Tls) -> (TlsVersion, String) {
    let mut conn = client(peer, tls);
    for (path, framing) in [(WITH_LENGTH, None), (TO_THE_END, Some(Framing::UntilClose))] {
        conn.request("GET", path, (), &[]).unwrap();
        let mut response = conn.get_response().unwrap();
        assert_eq!(response.status(), 200);
        assert!(framing.is_none_or(|framing| response.framing() == framing));
        assert!(response.read_all().unwrap() == site::contents(NUMBERS));
        drop(response);
        conn.close();
    }
    conn.connect().unwrap();
    let session = conn.tls_session().unwrap();
    (session.version(), session.cipher().to_owned())
}

/// Nothing is agreed on; OpenSSL's own client shows that the server does serve.
#[track_caller]
fn refused(options: &[&str], tls: Tls) {
    let Some(peer) = start(&[&["-HTTP"], options].concat()) else { return };
    let mut conn = client(&peer, tls);
    for _ in 0..2 {
        let err = conn.request("GET", WITH_LENGTH, (), &[]).unwrap_err();
        assert_eq!((err.kind(), err.phase()), (ErrorKind::Tls, Some(Phase::Tls)), "{err}");
        assert!(!conn.is_connected());
    }
    let mut own = Command::new(OPENSSL.find().unwrap());
    own.args(["s_client", "-connect", &format!("127.0.0.1:{}", peer.port()), "-cipher", ANYTHING]);
    own.args(options.iter().filter(|option| option.starts_with("-tls")));
    let told = own.stdin(Stdio::null()).output().unwrap();
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.contains("New, "), "{told}");
    assert!(!told.contains("(NONE)"), "{told}");
}

#[test]
fn versions_are_agreed_on() {
    for (option, version) in [("-tls1_2", TlsVersion::V1_2), ("-tls1_3", TlsVersion::V1_3)] {
        let Some(peer) = start(&["-HTTP", option]) else { return };
        assert_eq!(served(&peer, tls()).0, version);
        let at_least = trusting().min_version(version).build().unwrap();
        assert_eq!(served(&peer, at_least).0, version);
    }
}

#[test]
fn ciphers_are_agreed_on() {
    for (version, option, name, told) in [
        ("-tls1_3", "-ciphersuites", "TLS_AES_128_GCM_SHA256", "TLS13_AES_128_GCM_SHA256"),
        ("-tls1_3", "-ciphersuites", "TLS_AES_256_GCM_SHA384", "TLS13_AES_256_GCM_SHA384"),
        ("-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256", "TLS13_CHACHA20_POLY1305_SHA256"),
        ("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
        ("-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
    ] {
        let Some(peer) = start(&["-HTTP", version, option, name]) else { return };
        assert_eq!(served(&peer, tls()).1, told);
    }
}

/// The first key that the client offers is of another group.
#[test]
fn a_server_that_asks_for_another_group_is_answered() {
    for group in ["P-256", "P-384", "X25519"] {
        let Some(peer) = start(&["-HTTP", "-tls1_3", "-groups", group]) else { return };
        served(&peer, tls());
    }
}

#[test]
fn records_may_be_small() {
    for options in [["-max_send_frag", "512"], ["-split_send_frag", "600"]] {
        for version in ["-tls1_2", "-tls1_3"] {
            let Some(peer) = start(&["-HTTP", version, options[0], options[1]]) else { return };
            served(&peer, tls());
        }
    }
}

#[test]
fn what_is_long_out_of_use_is_refused() {
    refused(&["-tls1", "-cipher", ANYTHING], tls());
    refused(&["-tls1_1", "-cipher", ANYTHING], tls());
}

#[test]
fn ciphers_that_hide_nothing_or_not_enough_are_refused() {
    for cipher in ["ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0", "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"] {
        refused(&["-tls1_2", "-cipher", cipher], tls());
    }
}

#[test]
fn a_version_below_the_least_is_refused() {
    refused(&["-tls1_2"], trusting().min_version(TlsVersion::V1_3).build().unwrap());
}

/// Nothing but the alert says that the body is whole: without it the rest may be missing.
#[test]
fn a_body_that_a_crash_ends_is_an_error() {
    for version in ["-tls1_2", "-tls1_3"] {
        let Some(mut peer) = start(&["-HTTP", version]) else { return };
        let mut conn = client(&peer, tls());
        conn.request("GET", BIG_TO_THE_END, (), &[]).unwrap();
        let mut response = conn.get_response().unwrap();
        assert_eq!(response.framing(), Framing::UntilClose);
        let whole = site::contents(BIG);
        let begin = response.read_up_to(100_000).unwrap();
        assert!(whole.starts_with(&begin));
        peer.stop();
        let err = response.read_all().unwrap_err();
        assert_eq!(err.kind(), ErrorKind::IncompleteRead, "{err}");
        let rest = &whole[begin.len()..];
        assert!(err.partial().len() < rest.len() && rest.starts_with(err.partial()));
        drop(response);
        assert!(!conn.is_connected());
        // It is as good as new for the next one.
        peer.start_again();
        conn.request("GET", WITH_LENGTH, (), &[]).unwrap();
        assert!(conn.get_response().unwrap().read_all().unwrap() == site::contents(NUMBERS));
    }
}

/// It talks with somebody else, and so does not shake hands with us.
#[test]
fn a_handshake_that_goes_no_further_times_out() {
    let Some(peer) = start(&["-HTTP"]) else { return };
    let mut other = client(&peer, tls());
    other.connect().unwrap();
    let builder = builder(peer.port(), tls()).timeout(Duration::from_millis(200));
    let mut conn = builder.build().unwrap();
    let err = conn.request("GET", WITH_LENGTH, (), &[]).unwrap_err();
    assert_eq!((err.kind(), err.phase()), (ErrorKind::Timeout, Some(Phase::Tls)), "{err}");
    other.close();
    served(&peer, tls());
}

/// New keys, for both directions, in the middle of a body. What is written to its input goes to the client,
/// but for a line that tells it to change its keys.
#[cfg(unix)]
#[test]
fn keys_may_change_on_the_way() {
    const KEYS_SENT: &str = ">>> TLS 1.3, Handshake [length 0005], KeyUpdate";
    const KEYS_RECEIVED: &str = "<<< TLS 1.3, Handshake [length 0005], KeyUpdate";
    let Some(openssl) = OPENSSL.find() else { return };
    let peer = Peer::start("OpenSSL", |port, folder| {
        certificates::write(&sound(), folder);
        let mut command = Command::new("sh");
        command.args(["-c", "mkfifo -m 600 input && exec \"$0\" \"$@\" <>input"]).arg(&openssl);
        command.args(["s_server", "-tls1_3", "-msg", "-accept", &format!("127.0.0.1:{port}")]);
        command.args(["-cert", "chain.pem", "-key", "key.pem"]);
        command
    });
    let mut input = OpenOptions::new().write(true).open(peer.folder().join("input")).unwrap();
    let wait_for = |count: usize, what: &str| {
        let begun = Instant::now();
        while peer.log().matches(what).count() < count {
            assert!(begun.elapsed() < PATIENCE, "no {what}");
            thread::yield_now();
        }
    };
    let mut conn = client(&peer, tls());
    for number in 1..=5 {
        conn.request("GET", "/the-next-one", (), &[]).unwrap();
        wait_for(number, "GET /the-next-one HTTP/1.1");
        assert_eq!(peer.log().matches(KEYS_RECEIVED).count(), number - 1);
        input.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\nbefore,").unwrap();
        let mut response = conn.get_response().unwrap();
        assert_eq!(response.read_up_to(7).unwrap(), b"before,");
        // Its own keys; those of both.
        for (twice, line) in [(1, "k\n"), (0, "K\n")] {
            input.write_all(line.as_bytes()).unwrap();
            wait_for(2 * number - twice, KEYS_SENT);
        }
        input.write_all(b" after\n").unwrap();
        assert_eq!(response.read_all().unwrap(), b" after\n");
        assert_eq!(response.close_reason(), None);
    }
}

/// By the page that it shows, too.
#[test]
fn sessions_are_taken_up_again() {
    for options in [&["-tls1_3"][..], &["-tls1_3", "-no_ticket"], &["-tls1_2"], &["-tls1_2", "-no_ticket"]] {
        let Some(peer) = start(&[&["-www"], options].concat()) else { return };
        let mut conn = client(&peer, trusting().build().unwrap());
        for number in 0..5 {
            conn.request("GET", "/", (), &[]).unwrap();
            let mut response = conn.get_response().unwrap();
            let page = String::from_utf8(response.read_all().unwrap()).unwrap();
            drop(response);
            let told = if number == 0 { "New, TLSv1." } else { "Reused, TLSv1." };
            assert!(page.contains(told), "{options:?} {number}: {page}");
        }
    }
}

#[test]
fn without_tickets_each_session_is_new() {
    let Some(peer) = start(&["-www", "-tls1_3", "-num_tickets", "0"]) else { return };
    let mut conn = client(&peer, trusting().build().unwrap());
    for _ in 0..3 {
        conn.connect().unwrap();
        assert!(!conn.tls_session().unwrap().is_resumed());
        conn.request("GET", "/", (), &[]).unwrap();
        conn.get_response().unwrap().read_all().unwrap();
        conn.close();
    }
}

/// In TLS 1.3 the client is done before the server has looked at its certificate, and hears of it only when
/// it reads.
#[test]
fn a_client_without_the_certificate_asked_for_is_told() {
    let wrong = origin::certificates::Authority::new().leaf(&["client.test"]).for_clients().issue();
    let wrong = trusting().client_certificate_pem(wrong.chain_pem().as_bytes(), wrong.key_pem().as_bytes());
    for tls in [tls(), wrong.build().unwrap()] {
        for version in ["-tls1_2", "-tls1_3"] {
            let Some(peer) = start(&["-HTTP", version, "-Verify", "3", "-verify_return_error"]) else {
                return;
            };
            let mut conn = client(&peer, tls.clone());
            for _ in 0..2 {
                let sent = conn.request("GET", WITH_LENGTH, (), &[]);
                let err = sent.and_then(|()| conn.get_response().map(drop)).unwrap_err();
                assert_eq!(err.kind(), ErrorKind::Tls, "{version}: {err}");
                assert!(!conn.is_connected());
            }
        }
    }
}

#[test]
fn a_client_with_the_certificate_asked_for_is_served() {
    let identity = AUTHORITY.leaf(&["client.test"]).for_clients().issue();
    let (chain, key) = (identity.chain_pem(), identity.key_pem());
    for version in ["-tls1_2", "-tls1_3"] {
        let Some(peer) = start(&["-HTTP", version, "-Verify", "3", "-verify_return_error"]) else { return };
        let tls = trusting().client_certificate_pem(chain.as_bytes(), key.as_bytes()).build().unwrap();
        served(&peer, tls);
    }
}

#[test]
fn a_server_without_tls_is_told_from_one_with() {
    let Some(peer) = crate::nginx::start() else { return };
    let mut conn = client(&peer, tls());
    let err = conn.request("GET", site::HELLO, (), &[]).unwrap_err();
    assert_eq!((err.kind(), err.phase()), (ErrorKind::Tls, Some(Phase::Tls)), "{err}");

    let Some(peer) = start(&["-HTTP"]) else { return };
    let mut conn = straightwire::HttpConnection::builder(NAME).port(peer.port()).build().unwrap();
    let sent = conn.request("GET", WITH_LENGTH, (), &[]);
    let err = sent.and_then(|()| conn.get_response().map(drop)).unwrap_err();
    assert!(err.is_bad_status_line() || err.is_connection_error() || err.is_io(), "{err:?}");
}
