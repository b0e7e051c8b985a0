//! Each exchange of a pipeline has times of its own, from the first byte of its request on.

mod support;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use origin::{Script, Scripted, Signal};
use straightwire::{Event, HttpConnection, Phase, Pipeline, Timings};
use support::*;

const PAUSE: Duration = Duration::from_millis(60);

/// Reads the next response to its end; its timings.
fn read(pipeline: &mut Pipeline<'_>) -> Timings {
    let mut response = pipeline.get_response().unwrap();
    assert_eq!(response.read_all().unwrap(), b"ok");
    response.timings().unwrap()
}

fn get(pipeline: &mut Pipeline<'_>, url: &str) {
    pipeline.request("GET", url, (), &[]).unwrap();
}

#[track_caller]
fn check(timings: &Timings, phases: &str, url: &str, server: &Scripted) {
    let names: Vec<&str> = timings.phases().map(|(name, _)| name).collect();
    assert_eq!(names.join(" "), phases);
    assert_eq!(timings.sent, head(server, &format!("GET {url}"), "").len() as u64);
}

/// The server pauses before the first answer, in it, and behind it: all of that is part of the wait for the
/// others, whose requests are out by then.
#[test]
fn phases_overlap_and_each_response_has_its_own() {
    let (out, receiving) = (Signal::new(), Signal::new());
    let (start, end) = OK.split_at(OK.len() - 2);
    let script =
        Script::new().read_request().read_request().read_request().wait_for(&out).pause(PAUSE).send(start);
    let script = script.wait_for(&receiving).pause(PAUSE).send(end).pause(PAUSE);
    let server = serve([script.send([OK, OK].concat()).read_request().send(OK)]);
    let tap = move |event: Event<'_>| {
        if let Event::Phase(Phase::Body) = event {
            receiving.give();
        }
    };
    let mut conn = builder(server.addr()).timings(true).tap(tap).build().unwrap();
    let mut pipeline = conn.pipeline().unwrap();
    let mut begun = Vec::new();
    for url in ["/first", "/second/", "/third/it/is"] {
        begun.push(Instant::now());
        get(&mut pipeline, url);
    }
    out.give();
    let [first, second, third] = [0, 1, 2].map(|number: usize| {
        let timings = read(&mut pipeline);
        assert!(timings.total() <= begun[number].elapsed(), "{timings:?}");
        timings
    });
    drop(pipeline);
    assert_eq!(conn.timings(), Some(third), "it is over");
    check(&first, "connect send wait receive", "/first", &server);
    check(&second, "send wait receive", "/second/", &server);
    check(&third, "send wait receive", "/third/it/is", &server);
    assert!(first.wait.unwrap() >= PAUSE && first.receive.unwrap() >= PAUSE, "{first:?}");
    assert!(second.wait.unwrap() >= 3 * PAUSE && third.wait.unwrap() >= 3 * PAUSE, "{second:?} {third:?}");
    assert_eq!(first.received + second.received + third.received, 3 * OK.len() as u64);

    // Others are as ever.
    conn.request("GET", "/", (), &[]).unwrap();
    conn.get_response().unwrap().read_all().unwrap();
    check(&conn.timings().unwrap(), "send wait receive", "/", &server);
    assert_eq!(conn.timings().unwrap().received, OK.len() as u64);
}

/// What is held back behind a POST has not begun.
#[test]
fn a_request_that_is_held_back_has_no_time() {
    let out = Signal::new();
    let script = Script::new().read_request().wait_for(&out).pause(PAUSE).send(OK);
    let server = serve([script.read_request().send(OK)]);
    let mut conn = builder(server.addr()).timings(true).build().unwrap();
    let mut pipeline = conn.pipeline().unwrap();
    pipeline.request("POST", "/", (), &[]).unwrap();
    get(&mut pipeline, "/held");
    out.give();
    assert!(read(&mut pipeline).wait.unwrap() >= PAUSE);
    let begun = Instant::now();
    let held = read(&mut pipeline);
    assert!(held.total() <= begun.elapsed(), "{held:?}");
    check(&held, "send wait receive", "/held", &server);
}

/// A second pipeline knows nothing of the first, though that was given up.
#[test]
fn a_pipeline_that_was_given_up_leaves_nothing_behind() {
    let server = serve([Script::new().read_request().read_request().send(OK).hold(), answer_all()]);
    let mut conn = builder(server.addr()).timings(true).build().unwrap();
    let mut pipeline = conn.pipeline().unwrap();
    get(&mut pipeline, "/a");
    get(&mut pipeline, "/b");
    read(&mut pipeline);
    drop(pipeline);
    let mut pipeline = conn.pipeline().unwrap();
    let begun = Instant::now();
    get(&mut pipeline, "/c");
    get(&mut pipeline, "/d");
    for (url, phases) in [("/c", "connect send wait receive"), ("/d", "send wait receive")] {
        let timings = read(&mut pipeline);
        check(&timings, phases, url, &server);
        assert!(timings.total() <= begun.elapsed(), "{timings:?}");
    }
}

#[test]
fn a_tap_is_told_which_one_it_is_about() {
    let server = serve([Script::new().read_request().read_request().send([OK, OK].concat()).hold()]);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&seen);
    let tap = move |event: Event<'_>| {
        let word = match event {
            Event::Request(head) => format!("{} {}", head.index(), head.target()),
            Event::Turn(index) => format!("turn {index}"),
            Event::Phase(phase) => format!("{phase:?}"),
            Event::Head(_) => "head".to_owned(),
            Event::Done => "done".to_owned(),
            _ => return,
        };
        notes.lock().unwrap().push(word);
    };
    let mut conn: HttpConnection = builder(server.addr()).tap(tap).build().unwrap();
    let mut pipeline = conn.pipeline().unwrap();
    get(&mut pipeline, "/a");
    get(&mut pipeline, "/b");
    for _ in 0..2 {
        pipeline.get_response().unwrap().read_all().unwrap();
    }
    let expected =
        "0 /a Connect Send Head 1 /b Send Head turn 0 Head head Body done turn 1 Head head Body done";
    assert_eq!(seen.lock().unwrap().join(" "), expected);
}
