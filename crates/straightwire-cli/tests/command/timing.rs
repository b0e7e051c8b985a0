//! `--timing`: where the time went, on standard error.

use std::net::TcpListener;

use origin::Origin;

use crate::program::{Run, straightwire};

/// What was drawn: of each line its first word and its time in milliseconds.
fn drawn(run: &Run) -> Vec<(&str, f64)> {
    let line = |line: &'_ str| line.len() < 200 && line.chars().count() <= 80 && line.contains(" ms  ");
    assert!(run.stderr.lines().filter(|line| !line.starts_with("straightwire:")).all(line), "{run:?}");
    let words = |line| str::split_ascii_whitespace(line);
    let lines = run.stderr.lines().filter(|line| !line.starts_with("straightwire:")).map(words);
    lines.map(|mut words| (words.next().unwrap(), words.next().unwrap().parse().unwrap())).collect()
}

#[test]
fn it_draws_the_phases_of_the_exchange() {
    let origin = Origin::start().unwrap();
    let url = origin.url("/drip?bytes=5&piece=4&delay_ms=80&pause_ms=60");
    let run = straightwire(&["--timing", &url]);
    assert_eq!(run.bytes().len(), 5);
    let drawn = drawn(&run);
    let [("connect", connect), ("send", send), ("wait", wait), ("receive", receive), ("total", total)] =
        drawn[..]
    else {
        panic!("{run:?}")
    };
    // A pause of the server may begin a little before the phase that it falls into does.
    assert!(total >= 140.0 && wait >= 8.0 && receive >= 6.0, "{run:?}");
    // Each was rounded.
    assert!((connect + send + wait + receive - total).abs() < 0.01, "{run:?}");
    assert!(run.stderr.lines().take(4).all(|line| line.ends_with('\u{2501}')), "{run:?}");
    let sums = run.stderr.lines().last().unwrap();
    assert!(sums.contains(" bytes sent, ") && sums.ends_with(" received"), "{run:?}");
}

#[test]
fn what_failed_is_drawn_as_far_as_it_got() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let run = straightwire(&["--timing", &format!("http://127.0.0.1:{port}/")]);
    assert_eq!(run.code, Some(7), "{run:?}");
    assert_eq!(drawn(&run).iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["connect", "total"]);
}

#[test]
fn nothing_is_drawn_unasked() {
    let origin = Origin::start().unwrap();
    assert_eq!(straightwire(&[origin.url("/")]).stderr, "");
}
