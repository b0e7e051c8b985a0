//! Other ways to a server, and how long they may take.

use origin::{Origin, pattern};

use crate::program::{fresh_path, straightwire};
use crate::world::World;

#[test]
fn addresses_can_be_given_by_hand() {
    let world = World::new("resolve");
    for line in [
        "--resolve Some.test:{plain-port}:127.0.0.1 http://some.test:{plain-port}/",
        "--resolve some.test:{plain-port}:127.0.0.1 http://Some.Test:{plain-port}/",
        "--resolve *:{plain-port}:127.0.0.1 http://some.test:{plain-port}/",
        // Nobody is at the first.
        "--resolve some.test:{plain-port}:127.9.9.9,127.0.0.1 http://some.test:{plain-port}/",
        // A host's own counts more than any host's, and the later one more.
        "--resolve some.test:{plain-port}:127.0.0.1 --resolve *:{plain-port}:127.9.9.9 \
         http://some.test:{plain-port}/",
        "--resolve some.test:{plain-port}:127.9.9.9 --resolve some.test:{plain-port}:127.0.0.1 \
         http://some.test:{plain-port}/",
    ] {
        let run = straightwire(&world.words(line));
        assert!(run.text().starts_with("<!doctype html>"), "{line}: {run:?}");
    }
    let host = format!("some.test:{}", world.plain.port());
    let requests = world.plain.requests();
    assert_eq!(requests.len(), 6);
    assert!(requests.iter().all(|request| request.header("host") == Some(&*host)));
}

#[test]
fn international_names_are_told_as_dns_has_them() {
    let world = World::new("idna");
    let line = "--resolve b\u{fc}cher.test:{plain-port}:127.0.0.1 http://B\u{dc}CHER.test:{plain-port}/";
    straightwire(&world.words(line)).text();
    let host = format!("xn--bcher-kva.test:{}", world.plain.port());
    assert_eq!(world.plain.requests()[0].header("host"), Some(&*host));
}

#[test]
fn an_address_to_connect_from_is_used() {
    let origin = Origin::start().unwrap();
    let run = straightwire(&["-v", "--interface", "127.0.0.3", &origin.url("/")]);
    if !run.stderr.contains(" from 127.0.0.3:") {
        // Only Linux has all of 127.0.0.0/8 for its own.
        assert!(cfg!(not(target_os = "linux")) && run.code == Some(45), "{run:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_interface_is_used_and_has_to_exist() {
    let origin = Origin::start().unwrap();
    let run = straightwire(&["--interface", "lo", &origin.url("/bytes/5")]);
    assert_eq!(run.bytes(), pattern::bytes(5));
    let run = straightwire(&["--interface", "nosuch", &origin.url("/")]);
    assert_eq!(run.code, Some(45), "{run:?}");
}

#[cfg(unix)]
#[test]
fn a_unix_socket_takes_the_place_of_the_host() {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixListener;

    let path = fresh_path("sock");
    let listener = UnixListener::bind(&path).unwrap();
    let served = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.extend(byte);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").unwrap();
        String::from_utf8(head).unwrap()
    });
    let run = straightwire(&["-v", "--unix-socket", path.to_str().unwrap(), "http://some.test/x"]);
    assert_eq!(run.text(), "hi");
    let by = format!("* Connecting to some.test:80 by {}\n* Connected\n", path.display());
    assert!(run.stderr.starts_with(&by), "{run:?}");
    assert!(served.join().unwrap().starts_with("GET /x HTTP/1.1\r\nHost: some.test\r\n"));
    std::fs::remove_file(path).unwrap();
}

#[test]
fn the_whole_exchange_has_its_time_however_often_something_comes() {
    let origin = Origin::start().unwrap();
    let url = origin.url("/drip?bytes=2000&piece=1&pause_ms=50");
    for args in [&["-m"][..], &["--timeout", "5", "--max-time"]] {
        // Where the machine is slow nothing may have come when the time is up, nor even the connection been made.
        let mut limits = [0.4, 4.0, 40.0].iter().map(f64::to_string);
        let run = loop {
            let limit = limits.next().expect("something comes");
            let run = straightwire(&[args, &[&limit, &url]].concat());
            assert_eq!(run.code, Some(28), "{run:?}");
            if !run.stdout.is_empty() {
                break run;
            }
        };
        assert!(run.stderr.contains("the deadline passed"), "{run:?}");
        assert!(pattern::bytes(2000).starts_with(&run.stdout), "{run:?}");
    }
    // Each wait is short enough for this.
    let run = straightwire(&["--timeout", "10", &origin.url("/drip?bytes=4&piece=1&pause_ms=50")]);
    assert_eq!(run.bytes(), pattern::bytes(4));
}
