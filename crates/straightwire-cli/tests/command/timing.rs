//! `--timing`: where the time went, on standard error.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use origin::{Closed, Origin};

use crate::program::{Run, command, straightwire, wait};

/// What was drawn: of each line its first word and its time in milliseconds.
fn drawn(run: &Run) -> Vec<(&str, f64)> {
    let line = |line: &'_ str| line.len() < 200 && line.chars().count() <= 80 && line.contains(" ms  ");
    assert!(run.stderr.lines().filter(|line| !line.starts_with("straightwire:")).all(line), "{run:?}");
    let words = |line| str::split_ascii_whitespace(line);
    let lines = run.stderr.lines().filter(|line| !line.starts_with("straightwire:")).map(words);
    lines.map(|mut words| (words.next().unwrap(), words.next().unwrap().parse().unwrap())).collect()
}

/// How long the server waits, before it answers and in the middle of the answer.
const PAUSE: Duration = Duration::from_millis(60);

/// Answers one request, a part of it when the first is known to have arrived.
fn serve(listener: &TcpListener, has_begun: &mpsc::Receiver<()>) {
    let mut stream = listener.accept().unwrap().0;
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    while !lines.next().unwrap().unwrap().is_empty() {}
    thread::sleep(PAUSE);
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell").unwrap();
    has_begun.recv().unwrap();
    thread::sleep(PAUSE);
    stream.write_all(b"o").unwrap();
}

#[test]
fn it_draws_the_phases_of_the_exchange() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (begun, has_begun) = mpsc::channel();
    let server = thread::spawn(move || serve(&listener, &has_begun));
    let mut child =
        command().args(["--timing", &url]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut stdout, mut body) = (child.stdout.take().unwrap(), vec![0; 5]);
    stdout.read_exact(&mut body[..4]).unwrap();
    begun.send(()).unwrap();
    stdout.read_exact(&mut body[4..]).unwrap();
    let stderr = std::io::read_to_string(child.stderr.take().unwrap()).unwrap();
    let run = Run { code: wait(&mut child), stdout: body, stderr };
    server.join().unwrap();
    assert_eq!(run.text(), "hello");
    let drawn = drawn(&run);
    let [("connect", connect), ("send", send), ("wait", wait), ("receive", receive), ("total", total)] =
        drawn[..]
    else {
        panic!("{run:?}")
    };
    // The first pause may begin as soon as the request is on its way, the second one only when its answer is.
    assert!(send + wait >= 59.99 && receive >= 60.0, "{run:?}");
    // Each was rounded.
    assert!((connect + send + wait + receive - total).abs() < 0.01, "{run:?}");
    assert!(run.stderr.lines().take(4).all(|line| line.ends_with('\u{2501}')), "{run:?}");
    let sums = run.stderr.lines().last().unwrap();
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
