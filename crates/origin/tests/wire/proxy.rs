//! The proxy: tunnels, refusals, and what it remembers.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv6Addr, Shutdown, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use origin::certificates::Authority;
use origin::{Closed, HostForm, Origin, Proxy, Script, Scripted, TlsSetup, pattern};

use crate::certificates::Folder;
use crate::client::{Client, NEVER, pairs};
use crate::foreign::run;
use crate::tls::NAMES;

const HERE: [u8; 4] = [127, 0, 0, 1];

/// "user:secret".
const RIGHT: &str = "Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n";

fn connect(client: &mut Client, target: &str, fields: &str) -> u16 {
    client.send(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{fields}\r\n"));
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.extend(client.exactly(1));
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.split("Content-Length: ").nth(1).map(|rest| rest.lines().next().unwrap());
    let body = client.exactly(length.map_or(0, |length| length.parse().unwrap()));
    let status = head[9..12].parse().unwrap();
    assert_eq!(body.is_empty(), status == 200, "{head}");
    assert_eq!(head.contains("Proxy-Authenticate: Basic realm="), status == 407, "{head}");
    status
}

#[test]
fn connect_makes_a_tunnel_and_remembers_it() {
    let origin = Origin::start().unwrap();
    let proxy = Proxy::http().name("Origin.test", HERE).start().unwrap();
    let target = format!("oRigin.test:{}", origin.port());
    let mut client = Client::connect(proxy.addr());
    assert_eq!(connect(&mut client, &target, "x-A: \u{e9}\r\nX-a: 2\r\n"), 200);
    for _ in 0..3 {
        assert_eq!(client.ask("GET", "/bytes/100000").body, pattern::bytes(100_000));
    }
    let asked = proxy.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!((asked[0].host.as_str(), asked[0].port), ("oRigin.test", origin.port()));
    assert_eq!((asked[0].form, asked[0].answer, &asked[0].credentials), (HostForm::Name, 200, &None));
    let headers = [("Host", target.as_str()), ("x-A", "\u{c3}\u{a9}"), ("X-a", "2")];
    assert_eq!(asked[0].headers, pairs(headers));
    assert_eq!((proxy.connections(), origin.connections()), (1, 1));
}

#[test]
fn hosts_are_kept_as_they_were_sent() {
    let origin = Origin::start().unwrap();
    let proxy = Proxy::http().start().unwrap();
    let port = origin.port();
    for (host, form) in [("localhost", HostForm::Name), ("127.0.0.1", HostForm::Ipv4)] {
        assert_eq!(connect(&mut Client::connect(proxy.addr()), &format!("{host}:{port}"), ""), 200);
        assert_eq!(
            (proxy.asked().last().unwrap().host.as_str(), proxy.asked().last().unwrap().form),
            (host, form)
        );
    }
    match Origin::bind((Ipv6Addr::LOCALHOST, 0)) {
        Ok(origin) => {
            let mut client = Client::connect(proxy.addr());
            assert_eq!(connect(&mut client, &format!("[::1]:{}", origin.port()), ""), 200);
            assert_eq!(client.ask("GET", "/bytes/9").body, pattern::bytes(9));
            let asked = proxy.asked().pop().unwrap();
            assert_eq!((asked.host.as_str(), asked.form), ("[::1]", HostForm::Ipv6));
        }
        Err(error) => println!("no IPv6 here: {error}"),
    }
}

#[test]
fn refusals_leave_the_connection_for_another_try() {
    let origin = Origin::start().unwrap();
    let proxy = Proxy::http().credentials("user", "secret").name("far.test", [192, 0, 2, 1]).start().unwrap();
    let nobody = Closed::new().unwrap();
    let (here, closed) = (origin.host_port(), nobody.addr().to_string());
    let mut client = Client::connect(proxy.addr());
    assert_eq!(connect(&mut client, &here, ""), 407);
    assert_eq!(connect(&mut client, &here, "Proxy-Authorization: Basic dXNlcjp3cm9uZw==\r\n"), 407);
    assert_eq!(connect(&mut client, &here, "Proxy-Authorization: Bearer dXNlcjpzZWNyZXQ=\r\n"), 407);
    assert_eq!(connect(&mut client, &closed, RIGHT), 502);
    assert_eq!(connect(&mut client, "unknown.test:80", RIGHT), 502);
    assert_eq!(connect(&mut client, "far.test:80", RIGHT), 403);
    assert_eq!(connect(&mut client, "192.0.2.1:80", RIGHT), 403);
    assert_eq!(connect(&mut client, &here, RIGHT), 200);
    assert_eq!(client.ask("GET", "/bytes/9").body, pattern::bytes(9));
    assert_eq!((proxy.connections(), origin.connections()), (1, 1));
    let answers: Vec<_> = proxy.asked().iter().map(|asked| asked.answer).collect();
    assert_eq!(answers, [407, 407, 407, 502, 502, 403, 403, 200]);
    let pair = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
    assert_eq!(proxy.asked()[1].credentials, pair("user", "wrong"));
    assert_eq!(proxy.asked()[7].credentials, pair("user", "secret"));
}

#[test]
fn what_is_no_connect_is_refused_and_ends_the_connection() {
    let proxy = Proxy::http().start().unwrap();
    for (wire, status) in [
        ("GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
        ("CONNECT localhost:x HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("CONNECT localhost:65536 HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("CONNECT ::1:80 HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("CONNECT [localhost]:80 HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("CONNECT :80 HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("CONNECT h:80 HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx", 400),
        ("CONNECT h:80 HTTP/1.1\r\n\r\n", 400),
    ] {
        let mut client = Client::connect(proxy.addr());
        client.send(wire);
        let answer = client.answer();
        assert_eq!((answer.status, answer.header("Connection")), (status, Some("close")), "{wire:?}");
        assert!(client.is_at_end());
    }
    assert_eq!(proxy.asked(), []);
}

#[test]
fn bytes_sent_ahead_reach_the_target_and_ends_are_passed_on() {
    let script = Script::new().read_bytes(5).send("answer").wait_for_orderly_close().send("more").close();
    let server = Scripted::start(vec![script]).unwrap();
    let proxy = Proxy::http().start().unwrap();
    let mut client = Client::connect(proxy.addr());
    let target = server.addr();
    client.send(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\nahead"));
    let head = "HTTP/1.1 200 Connection Established\r\nProxy-Agent: straightwire-origin\r\n\r\n";
    assert_eq!(client.exactly(head.len()), head.as_bytes());
    assert_eq!(client.exactly(6), b"answer");
    client.stream().shutdown(Shutdown::Write).unwrap();
    assert_eq!(client.rest(), b"more");
    server.join().unwrap();
    assert_eq!(server.received(0), b"ahead");
}

#[test]
fn dropping_ends_tunnels_whatever_they_wait_for() {
    let scripts = vec![Script::new().stop_reading().hold(), Script::new().flood("x".repeat(1000), u64::MAX)];
    let server = Scripted::start(scripts).unwrap();
    let proxy = Proxy::http().start().unwrap();
    let target = server.addr().to_string();
    let mut stuck = Client::connect(proxy.addr());
    assert_eq!(connect(&mut stuck, &target, ""), 200);
    let mut writer = stuck.stream().try_clone().unwrap();
    writer.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    let mut sent = 0;
    while writer.write_all(&[0; 65_536]).is_ok() {
        sent += 1;
        assert!(sent < 1024, "nothing stops the client");
    }
    let mut flooded = Client::connect(proxy.addr());
    assert_eq!(connect(&mut flooded, &target, ""), 200);
    let idle = Client::connect(proxy.addr());
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || {
        drop(proxy);
        done.send(()).unwrap();
    });
    is_done.recv_timeout(NEVER).expect("the drop hangs");
    drop((idle, flooded));
}

fn socks(proxy: &Proxy, wire: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(proxy.addr()).unwrap();
    stream.set_read_timeout(Some(NEVER)).unwrap();
    stream.write_all(wire).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    answer
}

#[test]
fn socks_replies_tell_what_went_wrong() {
    let origin = Origin::start().unwrap();
    let proxy = Proxy::socks5().name("far.test", [192, 0, 2, 1]).start().unwrap();
    let request = |command: u8, address: &[u8], port: u16| {
        let wire = [&[5, 1, 0, 5, command, 0], address, &port.to_be_bytes()].concat();
        let answer = socks(&proxy, &wire);
        assert_eq!(
            (&answer[..2], answer[2], &answer[4..12]),
            (&[5, 0][..], 5, &[0, 1, 0, 0, 0, 0, 0, 0][..])
        );
        answer[3]
    };
    let name = |name: &str| [&[3, u8::try_from(name.len()).unwrap()], name.as_bytes()].concat();
    let here = [1, 127, 0, 0, 1];
    assert_eq!(request(1, &here, origin.port()), 0);
    assert_eq!(request(1, &name("localhost"), origin.port()), 0);
    assert_eq!(request(1, &name("far.test"), 80), 2);
    assert_eq!(request(1, &[1, 192, 0, 2, 1], 80), 2);
    assert_eq!(request(1, &name("unknown.test"), 80), 4);
    let closed = Closed::new().unwrap();
    assert_eq!(request(1, &here, closed.addr().port()), 5);
    assert_eq!(request(2, &here, origin.port()), 7);
    let mut told: Vec<_> =
        proxy.asked().into_iter().map(|asked| (asked.host, asked.form, asked.answer)).collect();
    assert_eq!(told.remove(0), ("127.0.0.1".to_owned(), HostForm::Ipv4, 0));
    assert_eq!(told.remove(0), ("localhost".to_owned(), HostForm::Name, 0));
    assert_eq!(told.pop().unwrap().2, 7);
    assert_eq!(socks(&proxy, &[5, 1, 0, 5, 1, 0, 2])[3], 8);
    assert_eq!(socks(&proxy, &[5, 1, 2]), [5, 0xff]);
    assert_eq!(socks(&proxy, b"GET / HTTP/1.1\r\n\r\n"), b"");
}

#[test]
fn socks_clients_have_to_give_the_credentials_that_are_wanted() {
    let proxy = Proxy::socks5().credentials("user", "secret").start().unwrap();
    assert_eq!(socks(&proxy, &[5, 1, 0]), [5, 0xff]);
    assert_eq!(socks(&proxy, b"\x05\x02\x00\x02\x01\x04user\x05wrong"), [5, 2, 1, 1]);
    assert_eq!(proxy.asked(), []);
    let wire =
        b"\x05\x02\x00\x02\x01\x04user\x06secret\x05\x01\x00\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x02\0\x50";
    assert_eq!(socks(&proxy, wire)[..6], [5, 2, 1, 0, 5, 2]);
    let asked = proxy.asked().pop().unwrap();
    assert_eq!((asked.host.as_str(), asked.port, asked.form), ("::2", 80, HostForm::Ipv6));
    assert_eq!(asked.credentials, Some(("user".to_owned(), "secret".to_owned())));
}

#[test]
fn curl_goes_through_every_kind_of_proxy() {
    let authority = Authority::new();
    let identity = authority.issue(&[&NAMES[..], &["origin.test"]].concat());
    let setup = TlsSetup::new(&identity);
    let (plain, secure) = (Origin::start().unwrap(), Origin::start_tls(&setup).unwrap());
    let here = IpAddr::from(HERE);
    let proxies = [Proxy::http(), Proxy::https(&setup), Proxy::socks5()]
        .map(|proxy| proxy.credentials("user", "secret").name("origin.test", here).start().unwrap());
    let folder = Folder::new();
    let root = folder.file("root", authority.root_pem());
    for proxy in &proxies {
        let url = proxy.url().replace("socks5:", "socks5h:");
        for (scheme, port) in [("http", plain.port()), ("https", secure.port())] {
            let target = format!("{scheme}://origin.test:{port}/bytes/3000000");
            let args = ["--silent", "--show-error", "--fail", "--max-time", "20", "--noproxy", ""];
            let more = ["--cacert", &root, "--proxy-cacert", &root, "--proxytunnel", "--proxy", &url];
            let last = ["--proxy-user", "user:secret", &target];
            let Some(output) = run("curl", &[&args[..], &more, &last].concat(), b"") else { return };
            assert!(output.stdout == pattern::bytes(3_000_000), "{url} {target}");
        }
        let asked = proxy.asked();
        assert!(
            asked.iter().all(|asked| (asked.host.as_str(), asked.form) == ("origin.test", HostForm::Name))
        );
    }
    assert_eq!(proxies[1].handshakes().len(), 2);
    assert_eq!((plain.connections(), secure.connections()), (3, 3));
}

#[test]
fn both_directions_flow_at_once_through_tls() {
    let authority = Authority::new();
    let origin = Origin::start().unwrap();
    let proxy = Proxy::https(&TlsSetup::new(&authority.issue(&NAMES))).start().unwrap();
    // More than all buffers on the way hold, and read only while it is sent.
    let script = r#"
import select
secure = open()
secure.sendall(f"CONNECT localhost:{sys.argv[3]} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
assert secure.recv(65536).startswith(b"HTTP/1.1 200")
total = 40_000_000
secure.sendall(f"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: {total}\r\nConnection: close\r\n\r\n".encode())
secure.setblocking(False)
sent, got, is_open = 0, 0, True
while is_open:
    try:
        while piece := secure.recv(65536):
            got += len(piece)
        is_open = False
    except ssl.SSLWantReadError:
        pass
    try:
        if sent < total:
            sent += secure.send(b"x" * 16_000)
    except ssl.SSLWantWriteError:
        pass
    wanted = [secure] if sent < total else []
    ready = select.select([secure], wanted, [], 20)
    assert ready[0] or ready[1], (sent, got)
assert got > total, got
"#;
    crate::tls::python(&authority, proxy.port(), script, &[&origin.port().to_string()]);
}
