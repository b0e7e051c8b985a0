//! `--timing`: where the time went, on standard error.

use std::time::Duration;

use origin::{Closed, Origin, Script, Scripted, Signal};

use crate::program::{Run, command, run_telling, straightwire};

/// The lines of the picture: errors, and what `-v` tells, are none.
fn picture(run: &Run) -> Vec<&str> {
    let is_other =
        |line: &str| line.starts_with(['*', '>', '<', '}', '{']) || line.starts_with("straightwire:");
    run.stderr.lines().filter(|line| !is_other(line)).collect()
}

/// What was drawn: of each line its first word and its time in milliseconds.
fn drawn(run: &Run) -> Vec<(&str, f64)> {
    let line = |line: &&str| line.len() < 200 && line.chars().count() <= 80 && line.contains(" ms  ");
    assert!(picture(run).iter().all(line), "{run:?}");
    let lines = picture(run).into_iter().map(str::split_ascii_whitespace);
    lines.map(|mut words| (words.next().unwrap(), words.next().unwrap().parse().unwrap())).collect()
}

/// The server pauses when `-v` has told that the phase has begun, so that all of the pause is in it.
#[test]
fn it_draws_the_phases_of_the_exchange() {
    let (hinted, answered) = (Signal::new(), Signal::new());
    let script = Script::new().read_request().send("HTTP/1.1 103 Early Hints\r\n\r\n");
    let script = script.wait_for(&hinted).pause(Duration::from_millis(80));
    let script = script.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    let script = script.wait_for(&answered).pause(Duration::from_millis(60)).send("spam!");
    let server = Scripted::start(vec![script]).unwrap();
    let url = format!("http://{}/", server.addr());
    let run = run_telling(command().args(["-v", "--timing", &url]), b"", |line| {
        if line.starts_with("< HTTP/1.1 103") {
            hinted.give();
        } else if line.starts_with("< HTTP/1.1 200") {
            answered.give();
        }
    });
    assert_eq!(run.bytes(), b"spam!");
    let drawn = drawn(&run);
    let [("connect", connect), ("send", send), ("wait", wait), ("receive", receive), ("total", total)] =
        drawn[..]
    else {
        panic!("{run:?}")
    };
    assert!(total >= 140.0 && wait >= 80.0 && receive >= 60.0, "{run:?}");
    // Each was rounded.
    assert!((connect + send + wait + receive - total).abs() < 0.01, "{run:?}");
    let picture = picture(&run);
    assert!(picture[..4].iter().all(|line| line.ends_with('\u{2501}')), "{run:?}");
    let sums = picture[4];
    assert!(sums.contains(" bytes sent, ") && sums.ends_with(" received"), "{run:?}");
}

#[test]
fn what_failed_is_drawn_as_far_as_it_got() {
    let closed = Closed::new().unwrap();
    let run = straightwire(&["--timing", &format!("http://{}/", closed.addr())]);
    assert_eq!(run.code, Some(7), "{run:?}");
    assert_eq!(drawn(&run).iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["connect", "total"]);
}

#[test]
fn nothing_is_drawn_unasked() {
    let origin = Origin::start().unwrap();
    assert_eq!(straightwire(&[origin.url("/")]).stderr, "");
}
