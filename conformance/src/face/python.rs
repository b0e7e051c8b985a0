//! The Python package, driven by programs in Python: one process for all cases.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where the programs are.
const PROGRAMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python");

/// What puts the package in place of `http.client`, which is what it is to be compared with.
const IN_PLACE: &str = "STRAIGHTWIRE";

/// Reads the responses of cases, and holds what comes of them against what was recorded. Gives whether all was so.
///
/// # Errors
/// A sentence, where they could not be run.
pub(crate) fn corpus(python: &Path, files: &[PathBuf], expected: Option<&Path>) -> Result<bool, String> {
    let mut run = program(python, "corpus")?;
    for file in files {
        run.arg(absolute(file)?);
    }
    if let Some(file) = expected {
        run.arg("--expected").arg(absolute(file)?);
    }
    finish(&mut run)
}

/// Plays generated cases on the package and on the interpreter's own module. Gives whether they did the same.
///
/// # Errors
/// A sentence, where they could not be run.
pub(crate) fn differential(python: &Path, cases: u64, seed: u64) -> Result<bool, String> {
    let mut run = program(python, "differential")?;
    finish(run.args(["--cases", &cases.to_string(), "--seed", &seed.to_string()]))
}

/// One of the programs, ready to be given its arguments.
fn program(python: &Path, module: &str) -> Result<Command, String> {
    let mut question = command(python);
    let answer = question
        .args(["-c", "import straightwire.client"])
        .stdout(Stdio::null())
        .output()
        .map_err(|err| format!("{}: {err}", python.display()))?;
    if !answer.status.success() {
        let said = String::from_utf8_lossy(&answer.stderr);
        let why = said.lines().last().unwrap_or("import straightwire.client failed");
        let python = python.display();
        return Err(format!(
            "{python}: {why}\nThe package is installed by: {python} -m pip install ./python"
        ));
    }
    let mut run = command(python);
    run.args(["-m", module]);
    Ok(run)
}

fn command(python: &Path) -> Command {
    let mut command = Command::new(python);
    command.current_dir(PROGRAMS).env_remove(IN_PLACE).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// The programs run in their own folder.
fn absolute(file: &Path) -> Result<PathBuf, String> {
    std::path::absolute(file).map_err(|err| format!("{}: {err}", file.display()))
}

fn finish(run: &mut Command) -> Result<bool, String> {
    let status = run.status().map_err(|err| format!("{}: {err}", run.get_program().display()))?;
    match status.code() {
        Some(0) => Ok(true),
        Some(1) => Ok(false),
        _ => {
            let name = run.get_args().nth(1).map(OsStr::display);
            Err(format!("python -m {}: {status}", name.map_or_else(String::new, |name| name.to_string())))
        }
    }
}
