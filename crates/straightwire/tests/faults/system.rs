//! What the operating system can do to a client.

use std::fs::{self, File};
use std::io::{self, ErrorKind as Io, Read};
use std::net::{TcpListener, TcpStream};
use std::panic::{UnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use origin::{Origin, Script, pattern};
use straightwire::{Body, Canceller, ErrorKind, HttpConnection};

use crate::support::refusing::refusing;
use crate::support::*;

#[test]
fn a_storm_of_signals_is_not_noticed() {
    in_a_storm(|| {
        let origin = Origin::start().unwrap();
        let addresses = [[127, 9, 9, 9].into(), [127, 0, 0, 1].into()];
        let several = HttpConnection::builder("several.test").port(origin.port()).timeout(PATIENCE);
        for builder in [
            builder(origin.addr()),
            builder(origin.addr()).deadline(PATIENCE * 6).canceller(&Canceller::new()),
            several.resolve_to("several.test", origin.port(), &addresses).connect_timeout(PATIENCE),
        ] {
            exchanges(&mut builder.build().unwrap());
        }
    });
}

/// Does it under a signal for this thread every little while. That it does interrupt calls is seen on a
/// plain socket first.
pub(crate) fn in_a_storm(work: impl FnOnce() + UnwindSafe) {
    use nix::sys::pthread::{pthread_kill, pthread_self};
    use nix::sys::signal::Signal;

    signal_hook::flag::register(Signal::SIGUSR1 as i32, Arc::new(AtomicBool::new(false))).unwrap();
    let (client, calm) = (pthread_self(), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !calm.load(Ordering::Relaxed) {
                pthread_kill(client, Signal::SIGUSR1).unwrap();
                thread::sleep(Duration::from_micros(100));
            }
        });
        let weathered = catch_unwind(|| {
            interrupted();
            work();
        });
        calm.store(true, Ordering::Relaxed);
        weathered.unwrap();
    });
}

fn interrupted() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut plain = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    plain.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(plain.read(&mut [0]).unwrap_err().kind(), Io::Interrupted);
}

/// Connects, sends and receives, much and little at a time.
pub(crate) fn exchanges(conn: &mut HttpConnection) {
    let body = pattern::bytes(2_000_000);
    for round in 0..10 {
        if round % 3 == 0 {
            conn.close(); // so that connecting is interrupted too
        }
        let sent = if round % 2 == 0 { Body::from(&body) } else { Body::chunks(body.chunks(50_000)) };
        conn.request("PUT", "/upload", sent, &[]).unwrap();
        let report = String::from_utf8(conn.get_response().unwrap().read_all().unwrap()).unwrap();
        assert!(report.contains(&pattern::Fnv1a::of(&body).to_string()), "{report}");
        for url in ["/bytes/2000000", "/chunked/2000000/3000", "/drip?bytes=2000000&piece=100000&pause_ms=1"]
        {
            conn.request("GET", url, (), &[]).unwrap();
            assert!(conn.get_response().unwrap().read_all().unwrap() == body, "{url}");
        }
    }
}

#[test]
fn without_file_descriptors_connecting_fails_and_works_again_later() {
    alone("system::without_file_descriptors_connecting_fails_and_works_again_later", "ulimit -n 60", || {
        let server = serve([answer_all()]);
        let mut conn = client(&server);
        let mut hoard: Vec<File> = Vec::new();
        while let Ok(file) = File::open("/dev/null") {
            hoard.push(file);
        }
        for _ in 0..3 {
            let err = conn.request("GET", "/", (), &[]).unwrap_err();
            assert_eq!(err.kind(), ErrorKind::Io);
            const EMFILE: i32 = 24;
            assert_eq!(err.io_error().and_then(io::Error::raw_os_error), Some(EMFILE), "{err}");
        }
        drop(hoard);
        assert_clean(&server, &mut conn, 0);
    });
}

/// Reads a body that is larger than the memory there is, in pieces like this one.
fn check_no_memory(test: &str, head: &'static str, piece: &'static str) {
    alone(test, "ulimit -v 300000", || {
        let block = piece.repeat(65_536 / piece.len());
        let endless = Script::new().read_request().send(head).flood(block, 1 << 30);
        let server = serve([endless.clone(), endless, answer_all()]);
        let mut conn = client(&server);
        for deadline in [None, Some(PATIENCE * 10)] {
            conn.set_deadline(deadline).unwrap();
            conn.request("GET", "/", (), &[]).unwrap();
            let err = conn.get_response().unwrap().read_all().unwrap_err();
            assert_eq!(err.io_error().map(io::Error::kind), Some(Io::OutOfMemory), "{err}");
        }
        assert_clean(&server, &mut conn, 2);
    });
}

#[test]
fn without_memory_for_a_body_with_a_length_reading_fails() {
    check_no_memory(
        "system::without_memory_for_a_body_with_a_length_reading_fails",
        "HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n",
        "x",
    );
}

#[test]
fn without_memory_for_a_chunked_body_reading_fails() {
    check_no_memory(
        "system::without_memory_for_a_chunked_body_reading_fails",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        concat!("40\r\n", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "\r\n"),
    );
}

#[test]
fn without_memory_for_a_body_until_the_end_reading_fails() {
    check_no_memory(
        "system::without_memory_for_a_body_until_the_end_reading_fails",
        "HTTP/1.1 200 OK\r\n\r\n",
        "x",
    );
}

/// Text beyond ASCII is sent as other bytes than its own.
#[test]
fn without_memory_for_text_in_latin_1_sending_fails() {
    alone("system::without_memory_for_text_in_latin_1_sending_fails", "ulimit -v 400000", || {
        const LEN: usize = 50_000_000;
        let server = serve([answer_all()]);
        let mut conn = client(&server);
        let text = "\u{e9}".repeat(LEN);
        let mut hoard = Vec::new();
        loop {
            let mut block: Vec<u8> = Vec::new();
            if block.try_reserve_exact(LEN / 4).is_err() {
                break;
            }
            hoard.push(block);
        }
        let body = Body::from(&text);
        drop(hoard);
        let err = conn.request("PUT", "/", body, &[]).unwrap_err();
        assert_eq!(err.io_error().map(io::Error::kind), Some(Io::OutOfMemory), "{err}");
        assert!(!conn.is_connected());
        assert_clean(&server, &mut conn, 0);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_thousand_failures_leave_no_file_descriptor_behind() {
    alone("system::a_thousand_failures_leave_no_file_descriptor_behind", "true", || {
        let open = || fs::read_dir("/proc/self/fd").unwrap().count();
        let nobody = refusing();
        let endings = [
            answer("garbage\r\n\r\n"),
            answer("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"),
            answer("HTTP/1.1 200 OK\r\n").reset(),
            answer(format!("{OK}{EVIL}")),
        ];
        let servers = endings.map(|script| serve([script]));
        let before = open();
        let mut last: Vec<HttpConnection> = Vec::new();
        for round in 0..200 {
            let mut conn = builder(nobody).build().unwrap();
            conn.request("GET", "/", (), &[]).unwrap_err();
            for server in &servers {
                let mut conn = asked(server);
                let outcome = conn.get_response().and_then(|mut response| response.read_all());
                assert!(outcome.is_err() || !conn.is_connected());
                if round == 199 {
                    last.push(conn); // a failed connection holds nothing, dropped or not
                }
            }
        }
        // The servers let go of theirs in threads of their own.
        let begun = Instant::now();
        while open() > before && begun.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(open(), before);
    });
}

#[test]
fn a_connection_goes_from_thread_to_thread() {
    let server = serve([answer_all()]);
    let mut conn = client(&server);
    for _ in 0..3 {
        conn = thread::spawn(move || {
            conn.request("GET", "/", (), &[]).unwrap();
            let mut response = conn.get_response().unwrap();
            let body = thread::scope(|scope| scope.spawn(|| response.read_all().unwrap()).join().unwrap());
            assert_eq!(body, b"ok");
            drop(response);
            conn
        })
        .join()
        .unwrap();
    }
    assert_eq!(server.connections(), 1);
}
