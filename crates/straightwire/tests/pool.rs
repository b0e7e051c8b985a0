//! Connections that threads share.

mod support;

#[cfg(feature = "tls")]
#[path = "support/secure.rs"]
mod secure;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use origin::{Origin, pattern};
use straightwire::{ErrorKind, HttpConnection, Lease, Pool, PoolBuilder, PoolError, Repeat, Scheme};
use support::*;

fn pool() -> PoolBuilder {
    Pool::builder()
        .wait(PATIENCE)
        .connect(|origin| HttpConnection::builder(origin.host).port(origin.port).timeout(PATIENCE).build())
}

fn get(conn: &mut HttpConnection, path: &str) -> Vec<u8> {
    conn.request("GET", path, (), &[]).unwrap();
    conn.get_response().unwrap().read_all().unwrap()
}

/// Which connection it is: by our port.
fn port(conn: &HttpConnection) -> u16 {
    conn.addresses().expect("open").0.port()
}

/// An open connection, by a first exchange.
fn used(pool: &Pool, url: &str) -> Lease {
    let mut lease = pool.get(url).unwrap();
    assert_eq!(get(&mut lease, "/bytes/10"), pattern::bytes(10));
    lease
}

#[test]
fn it_goes_wherever_threads_go() {
    fn is_shared<T: Clone + Send + Sync + 'static>(_: &T) {}
    fn is_sent<T: Send>() {}
    is_shared(&Pool::new());
    is_sent::<Lease>();
}

#[test]
fn many_threads_share_few_connections() {
    const THREADS: usize = 8;
    for limit in [1, 3] {
        let origin = Origin::start().unwrap();
        let pool = pool().per_host(limit).build();
        thread::scope(|scope| {
            for number in 0..THREADS {
                let (pool, url) = (pool.clone(), origin.url(""));
                scope.spawn(move || {
                    for round in 0..200 {
                        let size = number * 1000 + round;
                        let mut conn = pool.get(&url).unwrap();
                        assert!(get(&mut conn, &format!("/bytes/{size}")) == pattern::bytes(size));
                        drop(conn);
                        assert!(pool.leased() <= limit);
                    }
                });
            }
        });
        assert!((1..=limit).contains(&origin.connections()), "{}", origin.connections());
        assert_eq!((pool.idle(), pool.leased()), (origin.connections(), 0));
    }
}

#[test]
fn the_one_used_last_is_handed_out_first() {
    let origin = Origin::start().unwrap();
    let (pool, url) = (pool().build(), origin.url("/whatever?is=there"));
    let [first, second, third] = [(); 3].map(|()| used(&pool, &url));
    let (of_first, of_third) = (port(&first), port(&third));
    assert_eq!((pool.idle(), pool.leased()), (0, 3));
    drop((third, second, first));
    assert_eq!((pool.idle(), pool.leased()), (3, 0));
    let first = pool.get(&url).unwrap();
    assert_eq!(port(&first), of_first);
    let _second = pool.get(&url).unwrap();
    assert_eq!(port(&pool.get(&url).unwrap()), of_third);
    assert_eq!(origin.connections(), 3);
}

#[test]
fn beyond_the_limit_one_waits_until_a_connection_comes_back() {
    let origin = Origin::start().unwrap();
    let (pool, url) = (pool().per_host(2).build(), origin.url(""));
    let (first, second) = (used(&pool, &url), used(&pool, &url));
    let expected = port(&first);
    let (going, is_going) = mpsc::channel();
    thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            going.send(()).unwrap();
            let mut conn = pool.get(&url).unwrap();
            get(&mut conn, "/bytes/1");
            port(&conn)
        });
        is_going.recv().unwrap();
        thread::sleep(SHORT);
        assert!(!waiter.is_finished());
        drop(first);
        assert_eq!(waiter.join().unwrap(), expected);
    });
    drop(second);
    assert_eq!(origin.connections(), 2);
}

/// What came back could not be used, but its place can.
#[test]
fn a_closed_connection_makes_room_too() {
    let origin = Origin::start().unwrap();
    let (pool, url) = (pool().per_host(1).build(), origin.url(""));
    let mut held = used(&pool, &url);
    let (going, is_going) = mpsc::channel();
    thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            going.send(()).unwrap();
            get(&mut pool.get(&url).unwrap(), "/bytes/3")
        });
        is_going.recv().unwrap();
        held.close();
        drop(held);
        assert_eq!(waiter.join().unwrap(), pattern::bytes(3));
    });
    assert_eq!(origin.connections(), 2);
}

#[test]
fn waiting_ends_when_it_was_told_to() {
    let origin = Origin::start().unwrap();
    for wait in [Duration::ZERO, SHORT] {
        let (pool, url) = (pool().per_host(1).wait(wait).build(), origin.url(""));
        let held = used(&pool, &url);
        let err = pool.get(&url).unwrap_err();
        assert!(matches!(err, PoolError::Busy { limit: 1, waited } if waited == wait), "{err}");
        assert!(err.to_string().starts_with("all 1 connections"), "{err}");
        // It is a limit for each server.
        pool.get(&Origin::start().unwrap().url("")).unwrap();
        drop(held);
        used(&pool, &url);
        assert_eq!(pool.leased(), 0);
    }
}

#[test]
fn what_was_idle_for_too_long_is_closed() {
    let origin = Origin::start().unwrap();
    let (pool, url) = (pool().idle_timeout(SHORT).build(), origin.url(""));
    let before = port(&used(&pool, &url));
    thread::sleep(SHORT * 2);
    assert_eq!(pool.idle(), 1, "nothing happens by itself");
    assert_ne!(port(&used(&pool, &url)), before);
    assert_eq!((pool.idle(), origin.connections()), (1, 2));

    let server = serve([answer(OK).wait_for_close()]);
    let url = format!("http://{}", server.addr());
    get(&mut pool.get(&url).unwrap(), "/");
    assert_eq!(pool.idle(), 2);
    thread::sleep(SHORT * 2);
    pool.prune();
    assert_eq!(pool.idle(), 0);
    server.join().unwrap();
}

#[test]
fn what_has_not_been_idle_for_long_stays() {
    let origin = Origin::start().unwrap();
    for pool in [pool().build(), pool().idle_timeout(None).build()] {
        let before = port(&used(&pool, &origin.url("")));
        thread::sleep(SHORT);
        pool.prune();
        assert_eq!(port(&used(&pool, &origin.url(""))), before);
    }
}

#[test]
fn so_many_are_kept_in_all_and_the_oldest_goes_first() {
    let (one, other) = (Origin::start().unwrap(), Origin::start().unwrap());
    let pool = pool().max_idle(2).build();
    let leases = [used(&pool, &one.url("")), used(&pool, &other.url("")), used(&pool, &one.url(""))];
    let ports = leases.each_ref().map(|lease| port(lease));
    leases.into_iter().for_each(drop);
    assert_eq!(pool.idle(), 2);
    assert_eq!(port(&used(&pool, &one.url(""))), ports[2]);
    assert_eq!(port(&used(&pool, &other.url(""))), ports[1]);
    // One goes, and that was the other of the first.
    let _kept = used(&pool, &one.url(""));
    assert_ne!(port(&used(&pool, &one.url(""))), ports[0]);
}

#[test]
fn a_pool_may_keep_none_at_all() {
    let origin = Origin::start().unwrap();
    let pool = pool().max_idle(0).build();
    drop(used(&pool, &origin.url("")));
    assert_eq!((pool.idle(), pool.leased()), (0, 0));
}

/// What the server has closed meanwhile, or talked on, is not handed out.
#[test]
fn dead_connections_are_passed_over() {
    let good = || answer_all();
    for bad in
        [answer(OK).close(), answer(OK).reset(), answer(OK).pause(Duration::from_millis(5)).send(EVIL).hold()]
    {
        let server = serve([good(), bad, good()]);
        let (pool, url) = (pool().build(), format!("http://{}", server.addr()));
        let (mut first, mut second) = (pool.get(&url).unwrap(), pool.get(&url).unwrap());
        assert_eq!((get(&mut first, "/"), get(&mut second, "/")), (b"ok".to_vec(), b"ok".to_vec()));
        let expected = port(&first);
        drop(first);
        // Still good when it comes back, as far as anybody has looked, or not.
        let fd = second.fd().unwrap().try_clone_to_owned().unwrap();
        drop(second);
        let socket = std::net::TcpStream::from(fd);
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let _ = socket.peek(&mut [0]);
        thread::sleep(Duration::from_millis(1));
        let mut lease = pool.get(&url).unwrap();
        assert_eq!((port(&lease), pool.idle()), (expected, 0));
        assert_eq!(get(&mut lease, "/"), b"ok");
        assert_eq!(server.connections(), 2);
    }
}

#[test]
fn a_connection_with_something_left_on_it_does_not_come_back() {
    let origin = Origin::start().unwrap();
    let (pool, url) = (pool().build(), origin.url(""));
    type Leave = fn(&mut HttpConnection);
    let ways: [Leave; 5] = [
        |conn| conn.put_request("GET", "/").unwrap(),
        |conn| conn.request("GET", "/bytes/10", (), &[]).unwrap(),
        |conn| {
            conn.request("GET", "/drip?bytes=1000000&pause_ms=1", (), &[]).unwrap();
            conn.get_response().unwrap().read_up_to(1).unwrap();
        },
        |conn| {
            conn.request("GET", "/bytes/10", (), &[]).unwrap();
            std::mem::forget(conn.get_response().unwrap());
        },
        |conn| {
            conn.request("GET", "/close", (), &[]).unwrap();
            conn.get_response().unwrap().read_all().unwrap();
        },
    ];
    for leave in ways {
        leave(&mut used(&pool, &url));
        assert_eq!((pool.idle(), pool.leased()), (0, 0));
    }
    // The rest of this one is here already, and is skipped.
    let mut lease = used(&pool, &url);
    lease.request("GET", "/bytes/10", (), &[]).unwrap();
    drop(lease.get_response().unwrap());
    drop(lease);
    assert_eq!(pool.idle(), 1);
    // One that was never opened is of no use either.
    drop([pool.get(&url).unwrap(), pool.get(&url).unwrap()]);
    assert_eq!(pool.idle(), 1);
}

#[test]
fn a_panic_of_a_holder_harms_nobody() {
    let origin = Origin::start().unwrap();
    let (pool, url) = (pool().per_host(1).wait(PATIENCE).build(), origin.url(""));
    for path in ["/bytes/10", "/drip?bytes=1000000&pause_ms=1"] {
        let holder = || {
            let mut lease = pool.get(&url).unwrap();
            lease.request("GET", path, (), &[]).unwrap();
            let _response = lease.get_response().unwrap();
            panic!("a holder of a lease, as the test has it");
        };
        thread::scope(|scope| scope.spawn(holder).join().unwrap_err());
        assert_eq!(pool.leased(), 0);
        used(&pool, &url);
    }
}

/// Nor does one while a connection is made; nor an error.
#[test]
fn where_there_is_no_making_a_connection_its_place_is_free_again() {
    let origin = Origin::start().unwrap();
    let (port, url) = (origin.port(), origin.url(""));
    let pool = Pool::builder()
        .per_host(1)
        .wait(Duration::ZERO)
        .connect(move |origin| match origin.host {
            "panics" => panic!("a way to connect, as the test has it"),
            host => HttpConnection::with_port(host, origin.port),
        })
        .build();
    for _ in 0..3 {
        catch_unwind(AssertUnwindSafe(|| pool.get("http://panics/"))).unwrap_err();
        let err = pool.get(&format!("http://a b:{port}")).unwrap_err();
        assert!(matches!(&err, PoolError::Connection(err) if err.kind() == ErrorKind::InvalidUrl), "{err}");
    }
    assert_eq!(pool.leased(), 0);
    used(&pool, &url);
}

/// A way to connect may take its time, and use the pool itself.
#[test]
fn nobody_waits_for_a_connection_to_another_server() {
    let (origin, shared) = (Origin::start().unwrap(), std::sync::OnceLock::<Pool>::new());
    let shared = std::sync::Arc::new(shared);
    let url = origin.url("");
    let inner = (std::sync::Arc::clone(&shared), url.clone());
    let pool = Pool::builder()
        .wait(PATIENCE)
        .connect(move |origin| {
            if origin.host == "behind.test" {
                let (pool, url) = (inner.0.get().unwrap(), &inner.1);
                assert_eq!((pool.leased(), get(&mut pool.get(url).unwrap(), "/bytes/1").len()), (1, 1));
            }
            HttpConnection::with_port("127.0.0.1", origin.port)
        })
        .build();
    shared.set(pool.clone()).unwrap();
    let mut lease = pool.connection(Scheme::Http, "behind.test", origin.port()).unwrap();
    assert_eq!(get(&mut lease, "/bytes/2").len(), 2);
}

#[test]
fn a_server_is_scheme_host_and_port_however_written() {
    let origin = Origin::start().unwrap();
    let pool = Pool::builder().connect(move |_| HttpConnection::new(&origin.host_port())).build();
    let ports =
        ["http://Host.Test", "HTTP://host.test:80/a/b", "http://HOST.test:/?a:b@c", "http://host.test#a"]
            .map(|url| port(&used(&pool, url)));
    assert_eq!(ports, [ports[0]; 4]);
    assert_eq!(port(&pool.connection(Scheme::Http, "host.test", 80).unwrap()), ports[0]);
    for other in ["https://host.test:80", "http://host.test:81", "http://host.test.", "http://[::1]"] {
        assert_ne!(port(&used(&pool, other)), ports[0], "{other}");
    }
    assert_eq!(pool.idle(), 5);
    for bad in [
        "",
        "host.test",
        "//host.test",
        "ftp://host.test",
        "http://",
        "http:///a",
        "http://:80",
        "http://a:b",
        "http://a:+1",
        "http://a:65536",
        "http://[::1]x",
    ] {
        let err = pool.get(bad).unwrap_err();
        assert!(matches!(&err, PoolError::BadUrl(url) if url == bad), "{bad}: {err}");
    }
    // These are told without what is secret.
    for bad in ["http://me@host.test", "http://me:pw@host.test", "http://me:p@w/@host.test"] {
        let err = pool.get(bad).unwrap_err();
        assert!(matches!(&err, PoolError::BadUrl(url) if url == "http://***@host.test"), "{bad}: {err}");
    }
}

#[test]
fn a_lease_can_be_kept_for_good() {
    let origin = Origin::start().unwrap();
    let (pool, url) = (pool().per_host(1).wait(Duration::ZERO).build(), origin.url(""));
    let mut own = used(&pool, &url).into_connection();
    assert_eq!((pool.idle(), pool.leased()), (0, 0));
    used(&pool, &url);
    get(&mut own, "/bytes/10");
    assert_eq!(origin.connections(), 2);
}

/// The look can't see what a server will do in the next moment; repeating can mend it.
#[test]
fn with_repeating_the_race_against_a_server_that_closes_is_lost_by_nobody() {
    let origin = Origin::start().unwrap();
    let pool = Pool::builder()
        .per_host(2)
        .connect(|origin| {
            let builder = HttpConnection::builder(origin.host).port(origin.port).timeout(PATIENCE);
            builder.repeat(Repeat::Idempotent).build()
        })
        .build();
    let repeated: usize = thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut repeated = 0;
                    for path in
                        ["/hang-up", "/hang-up?when=asked", "/bytes/5", "/hang-up?when=asked"].repeat(10)
                    {
                        let mut lease = pool.get(&origin.url("")).unwrap();
                        lease.request("GET", path, (), &[]).unwrap();
                        let response = lease.get_response().unwrap();
                        assert_eq!(response.status(), 200);
                        repeated += usize::from(response.was_repeated());
                    }
                    repeated
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert!(repeated > 0);
    assert_eq!(origin.requests().len(), 160);
}

#[cfg(feature = "tls")]
#[test]
fn over_tls_and_without_side_by_side() {
    use secure::{NAME, https, origin_tls};
    let (plain, secure) = (Origin::start().unwrap(), origin_tls());
    let addr = secure.addr();
    let pool = Pool::builder()
        .per_host(2)
        .connect(move |origin| match origin.scheme {
            Scheme::Http => HttpConnection::with_port("127.0.0.1", origin.port),
            Scheme::Https => https(addr).build().map(Into::into),
        })
        .build();
    let urls = [format!("http://{NAME}:{}", plain.port()), format!("https://{NAME}:{}", addr.port())];
    thread::scope(|scope| {
        for number in 0..6 {
            let (pool, url) = (&pool, &urls[number % 2]);
            scope.spawn(move || {
                for _ in 0..20 {
                    let mut lease = pool.get(url).unwrap();
                    assert_eq!(get(&mut lease, "/bytes/100"), pattern::bytes(100));
                    assert_eq!(lease.tls_session().is_some(), number % 2 == 1);
                }
            });
        }
    });
    assert!(plain.connections() <= 2 && secure.connections() <= 2);
    assert_eq!(pool.idle(), plain.connections() + secure.connections());
}

/// Without a way of one's own, certificates are checked as ever.
#[cfg(feature = "tls")]
#[test]
fn the_usual_way_trusts_nobody_unknown() {
    let origin = secure::origin_tls();
    let mut lease = Pool::new().get(&origin.url("/")).unwrap();
    let err = lease.request("GET", "/", (), &[]).unwrap_err();
    assert!(err.is_tls() && !lease.is_connected(), "{err}");
    let plain = Origin::start().unwrap();
    let mut lease = Pool::default().get(&plain.url("/")).unwrap();
    assert_eq!(get(&mut lease, "/bytes/3"), pattern::bytes(3));
}
