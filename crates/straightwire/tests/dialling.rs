//! From a host to a connection: who is asked for addresses, which of them is taken, and from where.

mod support;

#[path = "support/black_hole.rs"]
mod black_hole;

use std::fs;
use std::io::{self, ErrorKind as Io};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use black_hole::BlackHole;
use origin::Origin;
use straightwire::{ConnectionBuilder, Error, ErrorKind, HttpConnection, Phase};
use support::refusing::refusing;
use support::*;

/// Not a name of anybody: only a resolver of ours knows it.
const NAME: &str = "several.test";

/// A connection to a host that has these addresses.
fn to(addresses: &[SocketAddr]) -> ConnectionBuilder<HttpConnection> {
    let addresses = addresses.to_vec();
    HttpConnection::builder(NAME).resolver(move |_: &str, _: u16| Ok(addresses.clone()))
}

#[track_caller]
fn no_connection(conn: &mut HttpConnection, kind: ErrorKind, phase: Phase) -> Error {
    let begun = Instant::now();
    let err = conn.connect().unwrap_err();
    assert!(begun.elapsed() < PATIENCE);
    assert_eq!((err.kind(), err.phase()), (kind, Some(phase)), "{err}");
    assert!(!conn.is_connected());
    err
}

/// The loopback address of IPv6, where the machine has one.
fn ipv6_listener() -> Option<TcpListener> {
    let listener = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).ok();
    if listener.is_none() {
        eprintln!("skipped: there is no ::1 here");
    }
    listener
}

/// What waits for nobody stands for is bounded by far more than it takes, and printed.
#[test]
fn a_silent_first_address_does_not_hold_up_the_second() {
    let (hole, server) = (BlackHole::new(), serve([answer_all()]));
    for timeout in [None, Some(PATIENCE * 10)] {
        let mut conn = to(&[hole.addr(), server.addr()]).timeout(timeout).build().unwrap();
        let begun = Instant::now();
        conn.connect().unwrap();
        let took = begun.elapsed();
        println!("connected after {took:?}, timeout {timeout:?}");
        assert!(took < PATIENCE);
        assert_eq!(conn.addresses().unwrap().1, server.addr());
        conn.request("GET", "/", (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    }
}

#[test]
fn several_silent_addresses_do_not_hold_up_the_last() {
    let (holes, server) = (BlackHole::several(3), serve([answer_all()]));
    let mut addresses: Vec<_> = holes.iter().map(BlackHole::addr).collect();
    addresses.push(server.addr());
    let mut conn = to(&addresses).build().unwrap();
    let begun = Instant::now();
    conn.connect().unwrap();
    println!("connected after {:?}", begun.elapsed());
    assert!(begun.elapsed() < PATIENCE);
    assert_eq!(conn.addresses().unwrap().1, server.addr());
}

/// The first one is not given up when the second has begun.
#[test]
fn a_slow_first_address_still_wins_against_one_that_is_silent() {
    let (mut slow, silent) = (BlackHole::new(), BlackHole::new());
    let addr = slow.addr();
    let mut conn = to(&[addr, silent.addr()]).timeout(PATIENCE).build().unwrap();
    let opening = thread::spawn(move || {
        thread::sleep(Duration::from_millis(400));
        slow.open_up();
        slow
    });
    conn.connect().unwrap();
    assert_eq!(conn.addresses().unwrap().1, addr);
    drop(opening.join().unwrap());
}

#[test]
fn after_one_that_refuses_the_next_is_tried_at_once() {
    let server = serve([answer_all()]);
    for timeout in [None, Some(PATIENCE * 10)] {
        let mut conn = to(&[refusing(), refusing(), server.addr()]).timeout(timeout).build().unwrap();
        let begun = Instant::now();
        conn.connect().unwrap();
        println!("connected after {:?}", begun.elapsed());
        assert!(begun.elapsed() < PATIENCE);
        assert_eq!(conn.addresses().unwrap().1, server.addr());
    }
}

/// One that refuses while another is still silent does not end it either.
#[test]
fn a_refusal_beside_a_silent_address_brings_the_next() {
    let (hole, server) = (BlackHole::new(), serve([answer_all()]));
    let mut conn = to(&[hole.addr(), refusing(), server.addr()]).build().unwrap();
    let begun = Instant::now();
    conn.connect().unwrap();
    assert!(begun.elapsed() < PATIENCE);
    assert_eq!(conn.addresses().unwrap().1, server.addr());
}

#[test]
fn when_all_fail_the_error_names_all() {
    let addresses = [refusing(), refusing(), refusing()];
    for timeout in [None, Some(PATIENCE)] {
        let mut conn = to(&addresses).timeout(timeout).build().unwrap();
        let err = no_connection(&mut conn, ErrorKind::Io, Phase::Connect);
        assert_eq!(err.io_error().unwrap().kind(), Io::ConnectionRefused);
        assert!(err.is_connection_error() && err.is_io());
        let message = err.to_string();
        assert!(addresses.iter().all(|address| message.contains(&address.to_string())), "{message}");
        assert!(message.contains(NAME), "{message}");
    }
}

#[test]
fn silent_and_refusing_addresses_are_all_named_when_time_is_up() {
    let hole = BlackHole::new();
    let addresses = [hole.addr(), refusing()];
    let mut conn = to(&addresses).connect_timeout(SHORT * 10).build().unwrap();
    let message = no_connection(&mut conn, ErrorKind::Timeout, Phase::Connect).to_string();
    assert!(addresses.iter().all(|address| message.contains(&address.to_string())), "{message}");
}

/// Ten silent addresses have the time of one.
#[test]
fn the_connect_timeout_is_for_all_addresses_together() {
    let holes = BlackHole::several(10);
    let addresses: Vec<_> = holes.iter().map(BlackHole::addr).collect();
    for builder in [
        to(&addresses).connect_timeout(SHORT * 2),
        to(&addresses).timeout(SHORT * 2),
        to(&addresses).deadline(SHORT * 2),
        to(&addresses).timeout(PATIENCE * 10).connect_timeout(SHORT * 2),
        to(&addresses).connect_timeout(PATIENCE * 10).deadline(SHORT * 2),
    ] {
        let begun = Instant::now();
        let err = no_connection(&mut builder.build().unwrap(), ErrorKind::Timeout, Phase::Connect);
        println!("gave up after {:?}: {err}", begun.elapsed());
        assert!(err.is_timeout());
    }
}

/// Refused in the order in which they were tried: the families take turns.
#[test]
fn the_families_take_turns() {
    let Some(listener) = ipv6_listener() else { return };
    let sixth = listener.local_addr().unwrap();
    drop(listener);
    let v4: Vec<_> = (0..3).map(|_| refusing()).collect();
    let mut conn = to(&[v4[0], v4[1], v4[0], v4[2], sixth]).build().unwrap();
    let message = no_connection(&mut conn, ErrorKind::Io, Phase::Connect).to_string();
    let at = |address: SocketAddr| message.find(&address.to_string()).unwrap();
    // The last one's error is the error; the others follow in order.
    assert!(at(v4[2]) < at(v4[0]) && at(v4[0]) < at(sixth) && at(sixth) < at(v4[1]), "{message}");
    assert_eq!(message.matches(&v4[0].to_string()).count(), 1, "{message}");
}

#[test]
fn the_other_family_is_tried_before_the_second_of_the_first() {
    let Some(listener) = ipv6_listener() else { return };
    let sixth = listener.local_addr().unwrap();
    let holes = BlackHole::several(3);
    let mut addresses: Vec<_> = holes.iter().map(BlackHole::addr).collect();
    addresses.push(sixth);
    let mut conn = to(&addresses).build().unwrap();
    conn.connect().unwrap();
    assert_eq!(conn.addresses().unwrap().1, sixth);
}

#[test]
fn over_ipv6() {
    if ipv6_listener().is_none() {
        return;
    }
    let origin = Origin::bind("[::1]:0").unwrap();
    let mut conn = HttpConnection::new(&format!("[::1]:{}", origin.port())).unwrap();
    conn.request("GET", "/index.html", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().status(), 200);
    let (local, peer) = conn.addresses().unwrap();
    assert_eq!((local.ip(), peer), (Ipv6Addr::LOCALHOST.into(), origin.addr()));
    let host = origin.requests()[0].header("Host").map(ToOwned::to_owned);
    assert_eq!(host, Some(format!("[::1]:{}", origin.port())));
}

/// The losers are closed: all that is left of a race is the winner, and of a lost one nothing.
#[cfg(target_os = "linux")]
#[test]
fn a_race_leaves_no_file_descriptor_behind() {
    alone("a_race_leaves_no_file_descriptor_behind", "true", || {
        let open = || fs::read_dir("/proc/self/fd").unwrap().count();
        let holes = BlackHole::several(2);
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let addresses = [holes[0].addr(), holes[1].addr(), server.local_addr().unwrap()];
        let before = open();
        for _ in 0..3 {
            let mut conn = to(&addresses).build().unwrap();
            conn.connect().unwrap();
            assert_eq!(open(), before + 1);
            drop(conn);
            assert_eq!(open(), before);
            let mut conn = to(&addresses[..2]).connect_timeout(SHORT * 2).build().unwrap();
            conn.connect().unwrap_err();
            assert_eq!(open(), before);
        }
    });
}

/// Who waits for the resolver waits no longer than for anything else.
#[test]
fn a_resolver_that_hangs_is_given_up() {
    let server = serve([answer_all()]);
    let addr = server.addr();
    let (asked, questions) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let (asked, released) = (Mutex::new(asked), Mutex::new(released));
    let resolver = Arc::new(move |_: &str, _: u16| {
        asked.lock().unwrap().send(()).unwrap();
        // Ends with the sender.
        let _ = released.lock().unwrap().recv();
        Ok(vec![addr])
    });
    let hanging = || {
        let resolver = Arc::clone(&resolver);
        HttpConnection::builder(NAME).resolver(move |host: &str, port: u16| resolver(host, port))
    };
    for builder in [hanging().connect_timeout(SHORT), hanging().timeout(SHORT), hanging().deadline(SHORT)] {
        let mut conn = builder.build().unwrap();
        let err = no_connection(&mut conn, ErrorKind::Timeout, Phase::Resolve);
        assert!(err.to_string().contains(NAME), "{err}");
    }
    questions.recv_timeout(PATIENCE).unwrap();
    drop(release);
    // An answer that comes too late opens nothing.
    thread::sleep(SHORT);
    assert_eq!(server.connections(), 0);
}

#[test]
fn the_resolver_is_asked_at_each_opening_and_for_names_only() {
    let server = serve([answer_all()]);
    let addr = server.addr();
    let questions = Arc::new(Mutex::new(Vec::new()));
    let asked = || {
        let questions = Arc::clone(&questions);
        move |host: &str, port: u16| {
            questions.lock().unwrap().push(format!("{host} {port}"));
            Ok(vec![addr])
        }
    };
    for timeout in [None, Some(PATIENCE)] {
        let builder = HttpConnection::builder("Some.Name:81").timeout(timeout).resolver(asked());
        let mut conn = builder.build().unwrap();
        conn.connect().unwrap();
        conn.connect().unwrap();
        assert_eq!(questions.lock().unwrap().drain(..).collect::<Vec<_>>(), ["Some.Name 81"; 2]);
    }
    let mut conn = builder(addr).resolver(asked()).build().unwrap();
    conn.connect().unwrap();
    assert!(questions.lock().unwrap().is_empty());
}

#[test]
fn the_resolver_s_own_error_is_told() {
    for timeout in [None, Some(PATIENCE)] {
        let failing = |_: &str, _: u16| Err(io::Error::new(Io::NotFound, "nobody of that name"));
        let mut conn = HttpConnection::builder(NAME).resolver(failing).timeout(timeout).build().unwrap();
        let err = no_connection(&mut conn, ErrorKind::Io, Phase::Resolve);
        assert!(err.to_string().contains("nobody of that name") && err.to_string().contains(NAME), "{err}");
        assert_eq!(err.io_error().unwrap().kind(), Io::NotFound);

        let mut conn = to(&[]).timeout(timeout).build().unwrap();
        no_connection(&mut conn, ErrorKind::Io, Phase::Resolve);
    }
    let panics = |_: &str, _: u16| -> io::Result<Vec<SocketAddr>> { panic!("on purpose") };
    let mut conn = HttpConnection::builder(NAME).resolver(panics).timeout(PATIENCE).build().unwrap();
    no_connection(&mut conn, ErrorKind::Io, Phase::Resolve);
}

/// `.invalid` is nobody's, for ever (RFC 6761).
#[test]
fn a_name_that_the_system_does_not_know() {
    let mut conn = HttpConnection::builder("nobody.invalid").timeout(PATIENCE).build().unwrap();
    let err = conn.connect().unwrap_err();
    assert_eq!(err.phase(), Some(Phase::Resolve), "{err}");
    assert!(err.is_io() && err.to_string().contains("nobody.invalid"));
}

#[test]
fn addresses_that_were_given_are_not_asked_for() {
    let server = serve([answer_all()]);
    let port = server.addr().port();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let here: IpAddr = Ipv4Addr::LOCALHOST.into();
    let elsewhere: IpAddr = Ipv4Addr::new(192, 0, 2, 1).into();
    let given = move |host: &str, port: u16| {
        let count = Arc::clone(&count);
        HttpConnection::builder(host)
            .port(port)
            .resolver(move |_: &str, _: u16| {
                count.fetch_add(1, Ordering::SeqCst);
                Err(io::Error::from(Io::NotFound))
            })
            .timeout(PATIENCE)
            .resolve_to(NAME, port, &[elsewhere])
            .resolve_to("other.test", port, &[elsewhere])
            .resolve_to(NAME, 1, &[elsewhere])
            .resolve_to(NAME, port, &[here])
    };
    for host in [NAME, "SEVERAL.Test"] {
        let mut conn = given(host, port).build().unwrap();
        conn.request("GET", "/", (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    // The name and the port have to be the ones.
    let mut conn = given("third.test", port).build().unwrap();
    no_connection(&mut conn, ErrorKind::Io, Phase::Resolve);
    let mut conn = HttpConnection::builder(NAME)
        .port(port)
        .resolver(|_: &str, _: u16| Err(io::Error::from(Io::NotFound)))
        .resolve_to(NAME, port - 1, &[here])
        .build()
        .unwrap();
    no_connection(&mut conn, ErrorKind::Io, Phase::Resolve);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

/// It is the host that is meant, however it is written.
#[cfg(feature = "idna")]
#[test]
fn addresses_can_be_given_for_international_names() {
    let server = serve([answer_all()]);
    let port = server.addr().port();
    let mut conn = HttpConnection::builder("b\u{fc}cher.test")
        .port(port)
        .resolve_to("b\u{fc}cher.test", port, &[Ipv4Addr::LOCALHOST.into()])
        .timeout(PATIENCE)
        .build()
        .unwrap();
    conn.connect().unwrap();
}

/// The address, and the port, that connections come from.
#[test]
fn from_a_local_address_of_the_caller_s_choice() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    for timeout in [None, Some(PATIENCE)] {
        let mut sources: Vec<SocketAddr> = vec!["127.0.0.1:0".parse().unwrap()];
        if cfg!(target_os = "linux") {
            sources.extend(["127.0.0.2:0".parse().unwrap(), refusing()]);
        }
        for source in &sources {
            let mut conn = HttpConnection::builder("127.0.0.1")
                .port(addr.port())
                .timeout(timeout)
                .source_address(*source)
                .build()
                .unwrap();
            assert_eq!(conn.source_address(), Some(*source));
            conn.connect().unwrap();
            let (_accepted, peer) = listener.accept().unwrap();
            assert_eq!(peer.ip(), source.ip());
            assert!(source.port() == 0 || peer.port() == source.port());
            assert_eq!(conn.addresses().unwrap().0, peer);
        }
    }
}

#[test]
fn from_a_local_address_only_its_own_family_is_tried() {
    let Some(sixth) = ipv6_listener() else { return };
    let fourth = TcpListener::bind("127.0.0.1:0").unwrap();
    let (v4, v6) = (fourth.local_addr().unwrap(), sixth.local_addr().unwrap());
    for (source, winner) in [("127.0.0.1:0", v4), ("[::1]:0", v6)] {
        for addresses in [[v4, v6], [v6, v4]] {
            let mut conn = to(&addresses).source_address(source.parse().unwrap()).build().unwrap();
            conn.connect().unwrap();
            assert_eq!(conn.addresses().unwrap().1, winner);
        }
    }
    let mut conn = to(&[v6]).source_address("127.0.0.1:0".parse().unwrap()).build().unwrap();
    let err = no_connection(&mut conn, ErrorKind::Io, Phase::Connect);
    assert!(err.to_string().contains("127.0.0.1:0"), "{err}");
}

#[test]
fn from_an_address_that_is_not_ours() {
    let server = serve([answer_all()]);
    // Set aside for examples (RFC 5737).
    let foreign = "192.0.2.1:0".parse().unwrap();
    let mut conn = builder(server.addr()).source_address(foreign).build().unwrap();
    let err = no_connection(&mut conn, ErrorKind::Io, Phase::Connect);
    assert_eq!(err.io_error().unwrap().kind(), Io::AddrNotAvailable);
    assert_eq!(server.connections(), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn through_an_interface() {
    let server = serve([answer_all()]);
    for timeout in [None, Some(PATIENCE)] {
        let mut conn = builder(server.addr()).timeout(timeout).interface("lo").build().unwrap();
        if let Err(err) = conn.connect() {
            assert_eq!(err.io_error().unwrap().kind(), Io::PermissionDenied, "{err}");
            eprintln!("skipped: binding to an interface is not allowed here");
            return;
        }
        conn.request("GET", "/", (), &[]).unwrap();
        assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");

        let mut conn = builder(server.addr()).timeout(timeout).interface("nosuchinterface").build().unwrap();
        no_connection(&mut conn, ErrorKind::Io, Phase::Connect);
    }
}

/// The error is the first of this connection, not its end.
#[test]
fn after_a_failure_the_next_attempt_starts_anew() {
    let addresses = Arc::new(Mutex::new(vec![refusing()]));
    let shared = Arc::clone(&addresses);
    let mut conn = HttpConnection::builder(NAME)
        .resolver(move |_: &str, _: u16| Ok(shared.lock().unwrap().clone()))
        .timeout(PATIENCE)
        .build()
        .unwrap();
    for _ in 0..2 {
        conn.request("GET", "/", (), &[]).unwrap_err();
    }
    let server = serve([answer_all()]);
    *addresses.lock().unwrap() = vec![server.addr()];
    conn.request("GET", "/", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
}

/// Every attempt comes from it, the second beside the first.
#[cfg(target_os = "linux")]
#[test]
fn a_port_of_the_caller_s_choice_is_no_hindrance_to_a_second_attempt() {
    let (hole, server) = (BlackHole::new(), serve([answer_all()]));
    let source = refusing();
    let mut conn =
        to(&[hole.addr(), server.addr()]).source_address(source).timeout(PATIENCE).build().unwrap();
    conn.connect().unwrap();
    assert_eq!(conn.addresses(), Some((source, server.addr())));
}
