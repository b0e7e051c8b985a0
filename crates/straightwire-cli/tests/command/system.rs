//! What the system and the shell do to the command: signals, pipes that nobody reads, full disks, no memory.

#![cfg(unix)]

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use origin::{Origin, Script, Scripted};

use crate::program::{Run, command, fresh_path, run, wait};

/// Stands for "did not hang".
const PATIENCE: Duration = Duration::from_secs(20);

#[track_caller]
fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// The command, to be started and interrupted. Whoever starts tests in the background may have them ignore
/// interrupts, and what they start ignores them too, unless it is told not to.
fn interruptible() -> Command {
    let heeding = || {
        let mut env = Command::new("env");
        env.arg("--default-signal=INT");
        env
    };
    // Not every system has an `env` that can.
    if !heeding().arg("true").output().is_ok_and(|done| done.status.success()) {
        return command();
    }
    let mut env = heeding();
    env.arg(command().get_program()).env("NO_COLOR", "1");
    env
}

/// The signal ends it, and not a word is said of that.
#[track_caller]
fn interrupt(mut child: Child, name: &str, number: i32) {
    let told = Command::new("sh").args(["-c", &format!("kill -{name} {}", child.id())]).status().unwrap();
    assert!(told.success());
    assert_eq!(wait(&mut child), None, "{name}");
    assert_eq!(child.wait().unwrap().signal(), Some(number));
    assert_eq!(std::io::read_to_string(child.stderr.take().unwrap()).unwrap(), "");
}

const SIGNALS: [(&str, i32); 2] = [("INT", 2), ("TERM", 15)];

#[test]
fn an_interrupted_download_leaves_what_had_come() {
    for (name, number) in SIGNALS {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";
        let script = Script::new().read_request().send(head).send("half").hold();
        let server = Scripted::start(vec![script]).unwrap();
        let path = fresh_path(&format!("interrupted-{name}"));
        let child = interruptible()
            .args(["-o".as_ref(), path.as_os_str()])
            .arg(format!("http://{}/", server.addr()))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        wait_until("half of it arrives", || fs::read(&path).is_ok_and(|content| content == b"half"));
        interrupt(child, name, number);
        assert_eq!(fs::read(&path).unwrap(), b"half");
        fs::remove_file(&path).unwrap();
        server.join().unwrap();
    }
}

#[test]
fn an_interrupted_wait_leaves_no_file() {
    for (name, number) in SIGNALS {
        let server = Scripted::start(vec![Script::new().read_request().hold()]).unwrap();
        let path = fresh_path(&format!("awaited-{name}"));
        let child = interruptible()
            .args(["-o".as_ref(), path.as_os_str()])
            .arg(format!("http://{}/", server.addr()))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        wait_until("it asks", || server.received(0).ends_with(b"\r\n\r\n"));
        interrupt(child, name, number);
        assert!(!path.exists());
        server.join().unwrap();
    }
}

#[test]
fn an_interrupted_upload_ends_at_once() {
    let script = Script::new().read_head().stop_reading().hold();
    let server = Scripted::start(vec![script]).unwrap();
    let path = fresh_path("uploaded");
    fs::write(&path, vec![0; 20_000_000]).unwrap();
    let child = interruptible()
        .args(["--data-binary", &format!("@{}", path.display())])
        .arg(format!("http://{}/", server.addr()))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_until("it sends", || !server.received(0).is_empty());
    interrupt(child, "INT", 2);
    fs::remove_file(&path).unwrap();
}

/// Runs a line of the shell's, in which `$0` is the command.
fn shell(line: &str, args: &[&str]) -> Run {
    run(Command::new("sh").args(["-c", line, env!("CARGO_BIN_EXE_straightwire")]).args(args), b"")
}

/// What goes first through the pipe is shown; that it is closed then is no news, and no success either.
#[test]
fn the_first_line_is_enough_for_head() {
    let origin = Origin::start().unwrap();
    let url = origin.url("/bytes/10000000");
    for (args, first) in [
        (&["-i", &url][..], "HTTP/1.1 200 OK"),
        (&["--help"], "Send one HTTP/1.1 request and show the answer"),
        (&["demo"], ""),
    ] {
        let run = shell("{ \"$0\" \"$@\"; echo $? >&2; } | head -n 1", args);
        assert!(run.text().starts_with(first), "{args:?}: {run:?}");
        assert_eq!(run.stderr.lines().count(), 1, "{args:?}: {run:?}");
    }
    let run = shell("{ \"$0\" \"$1\"; echo $? >&2; } | head -c 1", &[&url]);
    assert_eq!((run.bytes().len(), &*run.stderr), (1, "23\n"));
    // Nor is a body spoilt because nobody looks at the wire.
    let run = shell("{ \"$0\" -v \"$1\" 2>&1 >&3 | head -c 1 >&2; } 3>&1", &[&url]);
    assert_eq!((run.bytes().len(), &*run.stderr), (10_000_000, "*"));
}

#[test]
fn on_a_full_disk_nothing_is_a_success() {
    let origin = Origin::start().unwrap();
    let url = origin.url("/bytes/5");
    for args in [&[&*url][..], &["-i", &url], &["--help"], &["--version"], &["demo"], &["serve", "-p0"]] {
        let run = shell("exec \"$0\" \"$@\" >/dev/full", args);
        assert_eq!(run.code, Some(23), "{args:?}: {run:?}");
        let told = "straightwire: (23) while writing to standard output: ";
        assert!(run.stderr.starts_with(told) && run.stderr.lines().count() == 1, "{args:?}: {run:?}");
    }
}

/// A body on its way to the disk passes through; one that has to be held does not abort.
#[test]
fn with_little_memory() {
    let origin = Origin::start().unwrap();
    let run = shell("ulimit -v 200000; \"$0\" \"$1\" | wc -c", &[&origin.url("/bytes/500000000")]);
    assert_eq!(run.text().trim(), "500000000");

    let path = fresh_path("large");
    fs::File::create(&path).unwrap().set_len(1 << 30).unwrap();
    let run = shell(
        "ulimit -v 200000; exec \"$0\" --data-binary @\"$1\" \"$2\"",
        &[Path::new(&path).to_str().unwrap(), &origin.url("/upload")],
    );
    fs::remove_file(&path).unwrap();
    assert_eq!(run.code, Some(26), "{run:?}");
    assert!(run.stderr.starts_with("straightwire: (26) ") && run.stderr.contains("memory"), "{run:?}");
}
