//! Telling how far a body is, and keeping it to a rate.

mod support;

#[path = "support/caller.rs"]
mod caller;

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use caller::Caller;
use origin::{Origin, Script, pattern};
use straightwire::{Body, Canceller, Error, ErrorKind, HttpConnection, Phase, Progress, Throttle};
use support::*;

/// What a tenth of a second lets pass is lent.
fn least_time(bytes: u64, rate: u64) -> Duration {
    Duration::from_secs_f64(bytes as f64 / rate as f64) - Duration::from_millis(100)
}

fn to_origin(origin: &Origin) -> HttpConnection {
    builder(origin.addr()).build().unwrap()
}

#[test]
fn an_upload_is_told_of_piece_by_piece() {
    let origin = Origin::start().unwrap();
    let mut conn = to_origin(&origin);
    let bytes = pattern::bytes(200_000);
    let told = RefCell::new(Vec::new());
    let tell = |sent, total| told.borrow_mut().push((sent, total));

    for (body, framing, calls, total) in [
        (Body::from(&bytes).progress(tell), "length", 4, Some(200_000)),
        (Body::reader(&bytes[..]).progress(tell), "chunked", 25, None),
        (Body::chunks(bytes.chunks(100_000)).progress(tell), "chunked", 2, None),
        (Body::from(&bytes).progress(tell).throttle(u64::MAX), "length", 4, Some(200_000)),
        (Body::from(()).progress(tell), "length", 0, None),
    ] {
        told.borrow_mut().clear();
        conn.request("POST", "/upload", body, &[]).unwrap();
        let said = conn.get_response().unwrap().read_all().unwrap();
        let said = String::from_utf8(said).unwrap();
        assert!(said.contains(framing), "{said}");
        let told = told.borrow();
        assert_eq!(told.len(), calls);
        assert!(told.is_sorted() && told.iter().all(|(_, said)| *said == total));
        assert_eq!(told.last().map_or(200_000, |(sent, _)| *sent), 200_000);
    }
    assert_eq!(origin.connections(), 1);
}

/// What could not be sent is not told of.
#[test]
fn only_what_was_sent_is_told_of() {
    let server = serve([Script::new().stop_reading().hold()]);
    let mut conn = client(&server);
    open_then_bound(&mut conn, SHORT);
    let mut told = 0;
    let body = Body::from(vec![0; 30_000_000]).progress(|sent, _| told = sent);
    assert!(conn.request("PUT", "/", body, &[]).unwrap_err().is_timeout());
    assert!(told < 30_000_000);
}

#[test]
fn a_download_is_told_of() {
    let origin = Origin::start().unwrap();
    let mut conn = to_origin(&origin);
    let mut told = Vec::new();
    conn.request("GET", "/bytes/300000", (), &[]).unwrap();
    let response = conn.get_response().unwrap();
    let total = response.remaining();
    let mut watched = Progress::new(response, total, |so_far, total| told.push((so_far, total)));
    let mut body = Vec::new();
    watched.read_to_end(&mut body).unwrap();
    drop(watched);
    assert!(body == pattern::bytes(300_000));
    assert!(told.is_sorted_by(|one, next| one.0 < next.0));
    assert_eq!(told.last(), Some(&(300_000, Some(300_000))));

    conn.request("GET", "/chunked/300000/7000", (), &[]).unwrap();
    let mut last = (0, None);
    let mut out = Progress::new(Vec::new(), None, |so_far, total| last = (so_far, total));
    conn.get_response().unwrap().copy_to(&mut out).unwrap();
    assert!(out.into_inner() == body);
    assert_eq!(last, (300_000, None));
}

#[test]
fn an_upload_keeps_to_its_rate() {
    const RATE: u64 = 200_000;
    const LEN: usize = 100_000;
    let origin = Origin::start().unwrap();
    let mut conn = to_origin(&origin);
    let bytes = pattern::bytes(LEN);
    for (body, framing) in [
        (Body::from(&bytes), "length"),
        (Body::reader(&bytes[..]), "chunked"),
        (Body::chunks([&bytes]), "chunked"),
        (Body::writer(|out| out.write_all(&bytes)), "chunked"),
    ] {
        let begun = Instant::now();
        conn.request("POST", "/upload", body.throttle(RATE), &[]).unwrap();
        assert!(begun.elapsed() >= least_time(LEN as u64, RATE));
        let said = String::from_utf8(conn.get_response().unwrap().read_all().unwrap()).unwrap();
        let hash = pattern::Fnv1a::of(&bytes).to_string();
        assert!(said.contains(framing) && said.contains(&hash), "{said}");
    }
}

/// It flows evenly: nothing that is larger than what a tenth of a second lets pass goes out at once.
#[test]
fn large_pieces_are_divided() {
    let server = serve([Script::new().read_request().send(OK)]);
    let mut conn = client(&server);
    conn.request("PUT", "/", Body::chunks(["x".repeat(25)]).throttle(100), &[]).unwrap();
    conn.get_response().unwrap().read_all().unwrap();
    let (ten, five) = ("x".repeat(10), "x".repeat(5));
    let expected = format!("A\r\n{ten}\r\nA\r\n{ten}\r\n5\r\n{five}\r\n0\r\n\r\n");
    assert!(received(&server, 0).ends_with(&expected));
}

#[test]
fn a_download_keeps_to_its_rate() {
    const RATE: u64 = 200_000;
    let origin = Origin::start().unwrap();
    let mut conn = to_origin(&origin);
    conn.request("GET", "/bytes/100000", (), &[]).unwrap();
    let begun = Instant::now();
    let mut body = Vec::new();
    conn.get_response().unwrap().throttle(RATE).read_to_end(&mut body).unwrap();
    assert!(begun.elapsed() >= least_time(100_000, RATE));
    assert!(body == pattern::bytes(100_000));

    conn.request("GET", "/bytes/100000", (), &[]).unwrap();
    let begun = Instant::now();
    let mut out = Throttle::new(Vec::new(), RATE);
    conn.get_response().unwrap().copy_to(&mut out).unwrap();
    out.flush().unwrap();
    assert!(begun.elapsed() >= least_time(100_000, RATE));
    assert!(out.into_inner() == body);
    assert_eq!(io::copy(&mut Throttle::new(&[][..], 0), &mut io::sink()).unwrap(), 0);
}

/// At this rate it would take a day.
#[test]
fn waiting_for_the_rate_ends_at_the_deadline_and_when_cancelled() {
    let origin = Origin::start().unwrap();
    let day = || Body::from(vec![0; 86_400]).throttle(1);
    let begun = Instant::now();
    let mut conn = builder(origin.addr()).deadline(SHORT).build().unwrap();
    conn.connect().unwrap();
    let err = conn.request("PUT", "/upload", day(), &[]).unwrap_err();
    assert_eq!((err.kind(), err.phase()), (ErrorKind::Timeout, Some(Phase::Send)), "{err}");
    let message = "the deadline passed while keeping to the rate";
    assert!(err.to_string().contains(message) && !conn.is_connected(), "{err}");

    let stop = Canceller::new();
    let mut conn = builder(origin.addr()).timeout(None).canceller(&stop).build().unwrap();
    conn.connect().unwrap();
    let caller = Caller::this_thread();
    let err = thread::scope(|scope| {
        scope.spawn(|| {
            caller.wait_asleep();
            stop.cancel();
        });
        conn.request("PUT", "/upload", day(), &[]).unwrap_err()
    });
    assert_eq!((err.kind(), err.phase()), (ErrorKind::Cancelled, Some(Phase::Send)), "{err}");
    assert!(begun.elapsed() < PATIENCE && !conn.is_connected());
}

/// Downloads at a rate at which it would take a day, until something ends it.
fn drip(conn: &mut HttpConnection, meanwhile: impl FnOnce()) -> Result<(), Error> {
    conn.request("GET", "/bytes/86400", (), &[])?;
    let mut slow = conn.get_response()?.throttle(1);
    meanwhile();
    let mut body = Vec::new();
    let err = slow.read_to_end(&mut body).unwrap_err();
    assert!(body == pattern::bytes(body.len()));
    Err(err.downcast::<Error>().unwrap())
}

#[test]
fn a_throttled_download_ends_at_the_deadline() {
    let origin = Origin::start().unwrap();
    let mut deadline = SHORT;
    loop {
        let begun = Instant::now();
        let mut conn = builder(origin.addr()).deadline(deadline).build().unwrap();
        let err = drip(&mut conn, || ()).unwrap_err();
        assert!(err.kind() == ErrorKind::Timeout && begun.elapsed() >= deadline, "{err}");
        if err.phase() == Some(Phase::Body) {
            assert!(!conn.is_connected());
            break;
        }
        // It had passed before there was a response.
        deadline *= 2;
    }
}

#[test]
fn a_throttled_download_ends_when_it_is_cancelled() {
    let origin = Origin::start().unwrap();
    let stop = Canceller::new();
    let mut conn = builder(origin.addr()).canceller(&stop).build().unwrap();
    let err = thread::scope(|scope| {
        let stop_soon = || {
            scope.spawn(|| {
                thread::sleep(SHORT);
                stop.cancel();
            });
        };
        drip(&mut conn, stop_soon).unwrap_err()
    });
    assert_eq!((err.kind(), err.phase()), (ErrorKind::Cancelled, Some(Phase::Body)), "{err}");
    assert!(!conn.is_connected());
}
