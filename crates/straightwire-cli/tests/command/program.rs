//! Runs programs, and ends those that hang.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Far longer than any run takes: whatever reaches it hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// What a program left behind.
#[derive(Debug)]
pub(crate) struct Run {
    /// The exit code; `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Run {
    /// Standard output as text, of a run that must have gone well.
    #[track_caller]
    pub(crate) fn text(&self) -> &str {
        str::from_utf8(self.bytes()).unwrap()
    }

    /// Standard output as it came, of a run that must have gone well.
    #[track_caller]
    pub(crate) fn bytes(&self) -> &[u8] {
        assert_eq!(self.code, Some(0), "{self:?}");
        &self.stdout
    }
}

/// Runs the command with nothing on its standard input.
pub(crate) fn straightwire<S: AsRef<OsStr>>(args: &[S]) -> Run {
    run(command().args(args), b"")
}

/// The command, to be started.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_straightwire"));
    command.env("NO_COLOR", "1");
    command
}

/// Runs a program with `input` on its standard input. Its outputs are collected where they are not set.
pub(crate) fn run(command: &mut Command, input: &[u8]) -> Run {
    run_telling(command, input, |_| {})
}

/// The same, telling each line of its standard error as it comes.
pub(crate) fn run_telling(command: &mut Command, input: &[u8], tell: impl FnMut(&str) + Send) -> Run {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let (mut stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    thread::scope(|scope| {
        // One that does not want its input closes it.
        scope.spawn(move || stdin.write_all(input).ok());
        let stdout = scope.spawn(move || slurp(&mut stdout));
        let stderr = scope.spawn(move || lines(stderr, tell));
        let code = wait(&mut child);
        let stdout = stdout.join().unwrap();
        let stderr = stderr.join().unwrap();
        Run { code, stdout, stderr }
    })
}

/// Waits for the end of a program; the exit code.
#[track_caller]
pub(crate) fn wait(child: &mut Child) -> Option<i32> {
    let end = Instant::now() + LIMIT;
    while Instant::now() < end {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    panic!("the program hangs");
}

fn slurp(from: &mut impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes).unwrap();
    bytes
}

fn lines(from: impl Read, mut tell: impl FnMut(&str)) -> String {
    let (mut from, mut text) = (BufReader::new(from), String::new());
    loop {
        let before = text.len();
        if from.read_line(&mut text).unwrap() == 0 {
            return text;
        }
        tell(&text[before..]);
    }
}

/// A path for a file of this test, where none is yet.
pub(crate) fn fresh_path(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{name}", std::process::id()));
    // Another process of this number may have been killed before it could tidy up.
    if path.is_dir() {
        std::fs::remove_dir_all(&path).unwrap();
    } else if path.exists() {
        std::fs::remove_file(&path).unwrap();
    }
    path
}
