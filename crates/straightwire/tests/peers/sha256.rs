//! SHA-256, reckoned by Python: nothing that this project wrote checks itself.

use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::LazyLock;

use crate::program::PYTHON;
use crate::site;

/// Prints the sum of the file it is given, or else of its input.
const SCRIPT: &str = r#"
import hashlib, sys
source = open(sys.argv[1], "rb") if len(sys.argv) > 1 else sys.stdin.buffer
digest = hashlib.sha256()
for block in iter(lambda: source.read(1 << 16), b""):
    digest.update(block)
print(digest.hexdigest(), end="")
"#;

/// The sum of what is written to it.
pub(crate) struct Sha256 {
    process: Child,
    input: ChildStdin,
}

impl Sha256 {
    /// `None` where there is no Python.
    pub(crate) fn new() -> Option<Sha256> {
        let mut process = reckoner()?.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = process.stdin.take().unwrap();
        Some(Sha256 { process, input })
    }

    /// The sum in hexadecimal digits.
    pub(crate) fn finish(self) -> String {
        let Sha256 { mut process, input } = self;
        drop(input);
        let mut sum = String::new();
        process.stdout.take().unwrap().read_to_string(&mut sum).unwrap();
        assert!(process.wait().unwrap().success());
        sum
    }
}

impl Write for Sha256 {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.input.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.input.flush()
    }
}

/// The sum of the large file, reckoned from the file itself.
pub(crate) fn of_big() -> &'static str {
    static SUM: LazyLock<String> = LazyLock::new(|| of_file(&site::file(site::BIG)));
    &SUM
}

/// The sum of this file.
pub(crate) fn of_file(path: &Path) -> String {
    let output = reckoner().expect("Python").arg(path).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn reckoner() -> Option<Command> {
    let mut command = Command::new(PYTHON.find()?);
    command.args(["-c", SCRIPT]);
    Some(command)
}
