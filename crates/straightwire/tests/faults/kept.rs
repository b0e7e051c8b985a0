//! Connections that are kept, by one caller or for many, and what becomes of their file descriptors.

use std::fs::{self, File};
use std::io;
use std::thread;
use std::time::{Duration, Instant};

use origin::Origin;
use straightwire::{ErrorKind, HttpConnection, Pool, PoolBuilder, Repeat};

use crate::support::*;

fn pool() -> PoolBuilder {
    Pool::builder().wait(Duration::ZERO).connect(|origin| {
        let builder = HttpConnection::builder(origin.host).port(origin.port).timeout(PATIENCE);
        builder.repeat(Repeat::Idempotent).build()
    })
}

#[test]
fn without_file_descriptors_a_pool_fails_and_works_again_later() {
    alone("kept::without_file_descriptors_a_pool_fails_and_works_again_later", "ulimit -n 60", || {
        let origin = Origin::start().unwrap();
        let pool = pool().per_host(1).build();
        let mut hoard: Vec<File> = Vec::new();
        while let Ok(file) = File::open("/dev/null") {
            hoard.push(file);
        }
        for _ in 0..3 {
            let mut lease = pool.get(&origin.url("")).unwrap();
            let err = lease.request("GET", "/", (), &[]).unwrap_err();
            assert_eq!(err.kind(), ErrorKind::Io);
            const EMFILE: i32 = 24;
            assert_eq!(err.io_error().and_then(io::Error::raw_os_error), Some(EMFILE), "{err}");
        }
        drop(hoard);
        for _ in 0..3 {
            let mut lease = pool.get(&origin.url("")).unwrap();
            lease.request("GET", "/", (), &[]).unwrap();
            assert_eq!(lease.get_response().unwrap().status(), 200);
        }
        assert_eq!((pool.idle(), pool.leased(), origin.connections()), (1, 0, 1));
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_thousand_connections_given_back_or_repeated_on_leave_no_file_descriptor_behind() {
    alone(
        "kept::a_thousand_connections_given_back_or_repeated_on_leave_no_file_descriptor_behind",
        "true",
        || {
            let open = || fs::read_dir("/proc/self/fd").unwrap().count();
            // Each connection answers once and swallows the next request.
            let server = serve([answer(OK).read_head().close()]);
            let url = format!("http://{}", server.addr());
            let before = open();
            let pool = pool().per_host(4).max_idle(2).build();
            for round in 0..250 {
                let mut leases = [(); 4].map(|()| pool.get(&url).unwrap());
                for (number, lease) in leases.iter_mut().enumerate() {
                    lease.request("GET", "/", (), &[]).unwrap();
                    let response = lease.get_response().unwrap();
                    // Those that were kept had been used before.
                    assert_eq!(response.was_repeated(), round > 0 && number < 2);
                    drop(response);
                    if number == 3 {
                        lease.put_request("GET", "/never/sent").unwrap();
                    }
                }
            }
            assert_eq!((pool.idle(), pool.leased()), (2, 0));
            drop(pool);
            // The server lets go of its own in threads of its own.
            let begun = Instant::now();
            while open() > before && begun.elapsed() < PATIENCE {
                thread::sleep(Duration::from_millis(5));
            }
            assert_eq!(open(), before);
        },
    );
}

/// The answer to a request is never that of another, whichever way the one before it ended.
#[test]
fn whatever_was_left_on_a_connection_the_next_holder_gets_its_own_answer() {
    let body = EVIL.repeat(3000);
    let large = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    for wire in [format!("{OK}{EVIL}"), large] {
        for taken in [0, 1, 1000] {
            let server = serve([answer(&*wire).read_request().send(OK), answer_all()]);
            let (pool, url) = (pool().build(), format!("http://{}", server.addr()));
            let mut lease = pool.get(&url).unwrap();
            lease.request("GET", "/", (), &[]).unwrap();
            lease.get_response().unwrap().read_up_to(taken).unwrap();
            drop(lease);
            let mut lease = pool.get(&url).unwrap();
            lease.request("GET", "/next", (), &[]).unwrap();
            assert_eq!(lease.get_response().unwrap().read_all().unwrap(), b"ok");
        }
    }
}
