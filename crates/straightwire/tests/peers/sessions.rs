//! What a server makes of a TLS session: nginx tells it in fields of its answers.

use std::net::{IpAddr, Ipv4Addr};

use straightwire::{HttpConnection, HttpsConnection, Tls, TlsVersion};

use crate::certificates::{AUTHORITY, NAME, builder, sound, tls, trusting};
use crate::nginx;
use crate::peer::{PATIENCE, Peer};
use crate::site::HELLO;

/// Asks for a small file, and gives these fields of the answer.
fn fields<const COUNT: usize>(conn: &mut HttpConnection, names: [&str; COUNT]) -> [String; COUNT] {
    conn.request("GET", HELLO, (), &[]).unwrap();
    let mut response = conn.get_response().unwrap();
    assert_eq!(response.status(), 200);
    response.read_all().unwrap();
    names.map(|name| response.header_or(name, "").into_owned())
}

fn connected(peer: &Peer, tls: Tls) -> HttpsConnection {
    builder(peer.port(), tls).build().unwrap()
}

#[test]
fn both_ends_tell_the_same_version() {
    for (line, version, told) in [
        ("ssl_protocols TLSv1.2;", TlsVersion::V1_2, "TLSv1.2"),
        ("ssl_protocols TLSv1.3;", TlsVersion::V1_3, "TLSv1.3"),
        ("ssl_protocols TLSv1.2 TLSv1.3;", TlsVersion::V1_3, "TLSv1.3"),
    ] {
        let Some(peer) = nginx::start_as_identity(&sound(), line) else { return };
        let mut conn = connected(&peer, tls());
        assert_eq!(fields(&mut conn, ["Peer-Protocol"]), [told]);
        let session = conn.tls_session().unwrap();
        assert_eq!(session.version(), version);
        assert_eq!(session.peer_certificates().len(), 1);
    }
}

/// Whether the server keeps them or gives them out as tickets.
#[test]
fn sessions_are_taken_up_again() {
    for version in ["TLSv1.2", "TLSv1.3"] {
        for tickets in ["on", "off"] {
            let lines = format!("ssl_protocols {version}; ssl_session_tickets {tickets};");
            let Some(peer) = nginx::start_as_identity(&sound(), &lines) else { return };
            let mut conn = connected(&peer, trusting().build().unwrap());
            for number in 0..5 {
                let seen = fields(&mut conn, ["Peer-Session"]);
                let session = conn.tls_session().unwrap();
                assert_eq!(session.is_resumed(), number > 0, "{lines} {number}");
                assert_eq!(seen, [if number > 0 { "r" } else { "." }], "{lines} {number}");
                assert_eq!(session.peer_certificates().len(), 1);
                conn.close();
                assert!(conn.tls_session().is_none());
            }
        }
    }
}

/// They belong to a `Tls`: connections that share one share them, others don't.
#[test]
fn sessions_are_shared_with_whoever_has_the_same_settings() {
    let Some(peer) = nginx::start_with_tls() else { return };
    let shared = trusting().build().unwrap();
    for (tls, told) in [(&shared, "."), (&shared.clone(), "r"), (&trusting().build().unwrap(), ".")] {
        assert_eq!(fields(&mut connected(&peer, tls.clone()), ["Peer-Session"]), [told]);
    }
}

/// A session that one name was given is not taken up for another.
#[test]
fn sessions_are_kept_apart_by_name() {
    let Some(peer) = nginx::start_as_identity(&AUTHORITY.issue(&["a.test", "b.test"]), "") else { return };
    let tls = trusting().build().unwrap();
    for (name, told) in [("a.test", "."), ("b.test", "."), ("a.test", "r"), ("b.test", "r")] {
        let mut conn = builder(peer.port(), tls.clone()).server_name(name).build().unwrap();
        assert_eq!(fields(&mut conn, ["Peer-Server-Name", "Peer-Session"]), [name, told]);
    }
}

#[test]
fn the_server_is_told_the_name() {
    let Some(peer) = nginx::start_with_tls() else { return };
    assert_eq!(fields(&mut connected(&peer, tls()), ["Peer-Server-Name"]), [NAME]);
    let silent = trusting().send_sni(false).build().unwrap();
    assert_eq!(fields(&mut connected(&peer, silent), ["Peer-Server-Name"]), [""]);
}

/// Dialled as an address, called by a name.
#[test]
fn a_name_apart_from_the_address_is_sent_and_verified() {
    let Some(peer) = nginx::start_as_identity(&AUTHORITY.issue(&["elsewhere.test"]), "") else { return };
    let builder = HttpsConnection::builder("127.0.0.1").port(peer.port()).tls(tls()).timeout(PATIENCE);
    let mut conn = builder.server_name("elsewhere.test").build().unwrap();
    assert_eq!(fields(&mut conn, ["Peer-Server-Name"]), ["elsewhere.test"]);
}

/// The name in the certificate differs from the one that is sent.
#[test]
fn a_verified_name_apart_from_the_one_sent_is_looked_for() {
    let Some(peer) = nginx::start_as_identity(&AUTHORITY.issue(&["elsewhere.test"]), "") else { return };
    let tls = trusting().verified_name("elsewhere.test").build().unwrap();
    assert_eq!(fields(&mut connected(&peer, tls), ["Peer-Server-Name"]), [NAME]);
}

#[test]
fn the_address_a_name_stands_for_can_be_given() {
    let name = "nowhere.test";
    let Some(peer) = nginx::start_as_identity(&AUTHORITY.issue(&[name]), "") else { return };
    let builder = HttpsConnection::builder(name).port(peer.port()).tls(tls()).timeout(PATIENCE);
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let mut conn = builder.resolve_to(name, peer.port(), &[address]).build().unwrap();
    assert_eq!(fields(&mut conn, ["Peer-Server-Name"]), [name]);
}

#[test]
fn protocols_are_offered_as_told() {
    let Some(peer) = nginx::start_with_tls() else { return };
    let nothing = trusting().alpn::<&str>(&[]).build().unwrap();
    let several = trusting().alpn(&["no-such-protocol", "http/1.1"]).build().unwrap();
    for (tls, chosen) in [(tls(), Some("http/1.1")), (nothing, None), (several, Some("http/1.1"))] {
        let mut conn = connected(&peer, tls);
        fields(&mut conn, []);
        assert_eq!(conn.tls_session().unwrap().alpn(), chosen.map(str::as_bytes));
    }
}

#[test]
fn clients_are_known_by_their_certificates() {
    let lines = "ssl_verify_client on; ssl_client_certificate authority.pem;";
    let Some(peer) = nginx::start_as_identity(&sound(), lines) else { return };
    let identity = AUTHORITY.leaf(&["client.test"]).for_clients().issue();
    let (chain, key) = (identity.chain_pem(), identity.key_pem());
    let known = trusting().client_certificate_pem(chain.as_bytes(), key.as_bytes()).build().unwrap();
    let mut conn = connected(&peer, known);
    // In the first session, and in those taken up.
    for _ in 0..3 {
        let seen = fields(&mut conn, ["Peer-Client", "Peer-Client-Verified"]);
        assert_eq!(seen, ["CN=client.test", "SUCCESS"]);
        conn.close();
    }

    let stranger = origin::certificates::Authority::new().leaf(&["client.test"]).for_clients().issue();
    let (chain, key) = (stranger.chain_pem(), stranger.key_pem());
    let unknown = trusting().client_certificate_pem(chain.as_bytes(), key.as_bytes()).build().unwrap();
    for (tls, why) in [(tls(), "No required SSL certificate"), (unknown, "The SSL certificate error")] {
        let mut conn = connected(&peer, tls);
        conn.request("GET", HELLO, (), &[]).unwrap();
        let mut response = conn.get_response().unwrap();
        assert_eq!(response.status(), 400);
        let page = String::from_utf8(response.read_all().unwrap()).unwrap();
        assert!(page.contains(why), "{page}");
    }
}

#[test]
fn a_certificate_of_the_client_comes_from_files_too() {
    let lines = "ssl_verify_client on; ssl_client_certificate authority.pem;";
    let Some(peer) = nginx::start_as_identity(&sound(), lines) else { return };
    let identity = AUTHORITY.intermediate().leaf(&["client.test"]).for_clients().issue();
    let (cert, key) = (peer.folder().join("client.pem"), peer.folder().join("client-key.pem"));
    std::fs::write(&cert, identity.chain_pem()).unwrap();
    std::fs::write(&key, identity.key_pem()).unwrap();
    let authority = peer.folder().join("authority.pem");
    let tls = Tls::builder().ca_file(authority).client_certificate_files(cert, key).build().unwrap();
    assert_eq!(fields(&mut connected(&peer, tls), ["Peer-Client"]), ["CN=client.test"]);
}
