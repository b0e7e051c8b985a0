//! A request that is sent once more is one exchange: its time is that of all attempts, told apart.

mod support;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use origin::{Script, Signal};
use straightwire::{ErrorKind, Event, HttpConnection, Phase, Repeat, Timings};
use support::*;

const PAUSE: Duration = Duration::from_millis(60);

const FAILED: &str = "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n";

/// Gives these signals one after the other, whenever a wait for an answer begins.
fn waits<const N: usize>() -> ([Signal; N], impl FnMut(Event<'_>) + Send + 'static) {
    let signals = [(); N].map(|()| Signal::new());
    let mut due = signals.clone().into_iter();
    let tap = move |event: Event<'_>| {
        if let Event::Phase(Phase::Head) = event
            && let Some(signal) = due.next()
        {
            signal.give();
        }
    };
    (signals, tap)
}

#[track_caller]
fn check(timings: &Timings, phases: &str, repeats: usize) {
    let names: Vec<&str> = timings.phases().map(|(name, _)| name).collect();
    assert_eq!((&*names.join(" "), timings.repeats), (phases, repeats), "{timings:?}");
}

#[test]
fn the_time_of_a_repeated_request_is_that_of_both_attempts() {
    let ([first, lost, found], tap) = waits();
    let server = serve([
        answer(OK).wait_for(&first).read_request().wait_for(&lost).pause(PAUSE).close(),
        Script::new().read_request().wait_for(&found).pause(PAUSE).send(OK).read_request().send(OK),
    ]);
    let builder = builder(server.addr()).repeat(Repeat::Idempotent).timings(true).tap(tap);
    let mut conn = builder.build().unwrap();
    get(&mut conn);
    check(&conn.timings().unwrap(), "connect send wait receive", 0);

    let begun = Instant::now();
    conn.request("GET", "/", (), &[]).unwrap();
    let mut response = conn.get_response().unwrap();
    assert!(response.was_repeated());
    response.read_all().unwrap();
    let (timings, elapsed) = (response.timings().unwrap(), begun.elapsed());
    drop(response);
    check(&timings, "earlier connect send wait receive", 1);
    assert!(timings.earlier.unwrap() >= PAUSE && timings.wait.unwrap() >= PAUSE, "{timings:?}");
    assert!(timings.total() <= elapsed, "{timings:?} in {elapsed:?}");
    // Those of the attempt that was answered.
    assert_eq!(timings.received, OK.len() as u64);
    assert_eq!(timings.sent, server.received(1).len() as u64);
    assert_eq!((timings.peer, timings.tried), (Some(server.addr()), 1));
    assert!(timings.to_string().starts_with("earlier "), "{timings}");
    assert_eq!(conn.timings(), Some(timings), "it is over: no time goes by");

    // The next one is another.
    get(&mut conn);
    check(&conn.timings().unwrap(), "send wait receive", 0);
}

#[test]
fn so_is_that_of_one_sent_again_without_its_expectation() {
    let ([refused, found], tap) = waits();
    let server = serve([
        Script::new().read_head().wait_for(&refused).pause(PAUSE).send(FAILED).wait_for_close(),
        Script::new().read_request().wait_for(&found).pause(PAUSE).send(OK).read_request().send(OK),
    ]);
    let mut conn = builder(server.addr())
        .expect_timeout(PATIENCE)
        .retry_without_expect(true)
        .timings(true)
        .tap(tap)
        .build()
        .unwrap();
    conn.request("PUT", "/", "body", &[("Expect", "100-continue")]).unwrap();
    conn.get_response().unwrap().read_all().unwrap();
    let timings = conn.timings().unwrap();
    check(&timings, "earlier connect send wait receive", 1);
    assert!(timings.earlier.unwrap() >= PAUSE && timings.wait.unwrap() >= PAUSE, "{timings:?}");
    assert_eq!(timings.sent, server.received(1).len() as u64);
    get(&mut conn);
    check(&conn.timings().unwrap(), "send wait receive", 0);
}

/// One may be lost, the next refused for its expectation, and the third one answered.
#[test]
fn three_attempts_are_one_exchange_too() {
    let server = serve([
        answer(OK).read_head().close(),
        Script::new().read_head().send(FAILED).wait_for_close(),
        answer_all(),
    ]);
    let attempts = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&attempts);
    let mut conn = builder(server.addr())
        .repeat(Repeat::Any)
        .expect_timeout(PATIENCE)
        .retry_without_expect(true)
        .timings(true)
        .tap(move |event: Event<'_>| {
            if let Event::Repeating { attempt, .. } = event {
                notes.lock().unwrap().push(attempt);
            }
        })
        .build()
        .unwrap();
    get(&mut conn);
    conn.request("PUT", "/", "body", &[("Expect", "100-continue")]).unwrap();
    conn.get_response().unwrap().read_all().unwrap();
    check(&conn.timings().unwrap(), "earlier connect send wait receive", 2);
    assert_eq!(*attempts.lock().unwrap(), [2, 3]);
    get(&mut conn);
    check(&conn.timings().unwrap(), "send wait receive", 0);
}

/// What could not be repeated took all that time for nothing.
#[test]
fn when_all_attempts_are_in_vain_they_are_all_timed() {
    let ([first, lost], tap) = waits();
    let server =
        serve([answer(OK).wait_for(&first).read_request().wait_for(&lost).pause(PAUSE).close(), closing()]);
    let builder = builder(server.addr()).repeat(Repeat::Idempotent).timings(true).tap(tap);
    let mut conn = builder.build().unwrap();
    get(&mut conn);
    conn.request("GET", "/", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap_err().kind(), ErrorKind::RemoteDisconnected);
    let timings = conn.timings().unwrap();
    check(&timings, "earlier connect send wait", 1);
    assert!(timings.earlier.unwrap() >= PAUSE, "{timings:?}");
    assert_eq!(conn.timings(), Some(timings));
    conn.request("GET", "/", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap_err().kind(), ErrorKind::RemoteDisconnected);
    check(&conn.timings().unwrap(), "connect send wait", 0);
}

/// One that was to be had is told of as in vain, and only the last one's end is the exchange's.
#[test]
fn a_tap_is_told_of_one_exchange() {
    let closed = answer(OK).read_request().close();
    let refused = Script::new().read_head().send(FAILED).wait_for_close();
    let events = |script: Script, method: &str, headers: &[(&str, &str)], kept: bool| {
        let server = serve([script, answer_all()]);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&seen);
        let mut conn = builder(server.addr())
            .repeat(Repeat::Idempotent)
            .expect_timeout(PATIENCE)
            .retry_without_expect(true)
            .tap(move |event: Event<'_>| {
                let word = match event {
                    Event::Request(head) => head.method().to_owned(),
                    Event::Repeating { attempt, .. } => format!("attempt {attempt}"),
                    Event::Failed(err) => format!("failed {:?}", err.kind()),
                    Event::Closed(_) => "closed".to_owned(),
                    Event::Head(head) => head.status().to_string(),
                    Event::Done => "done".to_owned(),
                    _ => return,
                };
                notes.lock().unwrap().push(word);
            })
            .build()
            .unwrap();
        if kept {
            get(&mut conn);
            seen.lock().unwrap().clear();
        }
        conn.request(method, "/", "body", headers).unwrap();
        conn.get_response().unwrap().read_all().unwrap();
        seen.lock().unwrap().join(" ")
    };
    assert_eq!(events(closed, "PUT", &[], true), "PUT attempt 2 closed 200 done");
    let expect = [("Expect", "100-continue")];
    assert_eq!(events(refused, "POST", &expect, false), "POST 417 attempt 2 closed POST 200 done");
}

fn closing() -> Script {
    Script::new().read_request().close()
}

fn get(conn: &mut HttpConnection) {
    conn.request("GET", "/", (), &[]).unwrap();
    assert_eq!(conn.get_response().unwrap().read_all().unwrap(), b"ok");
}
