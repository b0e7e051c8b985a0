//! Steps, one after the other, until one fails.

use std::env;
use std::ffi::OsStr;
use std::io::{Write, stdout};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::{Result, project};

/// The steps of a chore that are done.
#[derive(Default)]
pub(crate) struct Steps {
    done: Vec<(String, Outcome)>,
}

enum Outcome {
    Passed(Duration),
    Failed(Duration),
    Skipped(String),
}

impl Steps {
    /// Does the steps of a chore and sums up what was done, to the step that failed if one did.
    pub(crate) fn all(work: impl FnOnce(&mut Steps) -> Result) -> Result {
        let mut steps = Steps::default();
        let result = work(&mut steps);
        steps.summarize();
        result
    }

    /// Does a step under a heading.
    pub(crate) fn step<T>(&mut self, name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        println!("\n== {name}");
        let begun = Instant::now();
        let result = work();
        let outcome = if result.is_ok() { Outcome::Passed } else { Outcome::Failed };
        self.done.push((name.to_owned(), outcome(begun.elapsed())));
        result.map_err(|message| format!("{name}: {message}"))
    }

    /// A step that is a command.
    pub(crate) fn command(&mut self, name: &str, command: &mut Command) -> Result {
        self.step(name, || run(command))
    }

    /// Says that a step is left out, and why.
    pub(crate) fn skip(&mut self, name: &str, why: &str) {
        println!("\n== {name}\nskipped: {name} ({why})");
        self.done.push((name.to_owned(), Outcome::Skipped(why.to_owned())));
    }

    fn summarize(&self) {
        println!("\n== summary");
        for (name, outcome) in &self.done {
            match outcome {
                Outcome::Passed(time) => println!("{:7.1} s  {name}", time.as_secs_f64()),
                Outcome::Failed(time) => println!("{:7.1} s  {name}: failed", time.as_secs_f64()),
                Outcome::Skipped(why) => println!("  skipped  {name} ({why})"),
            }
        }
    }
}

/// `cargo` with these arguments, at the root of the workspace.
pub(crate) fn cargo<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    command.args(arguments).current_dir(project::root());
    command
}

/// Runs a command, whose output is for all to see; an error if it doesn't exit with 0.
pub(crate) fn run(command: &mut Command) -> Result {
    // What was printed up to here comes before what the command prints.
    stdout().flush().map_err(|err| format!("standard output: {err}"))?;
    let status = command.status().map_err(|err| format!("{}: {err}", shown(command)))?;
    if status.success() { Ok(()) } else { Err(format!("{status}: {}", shown(command))) }
}

/// Runs a command quietly; its output is told if it fails.
pub(crate) fn run_quietly(command: &mut Command) -> Result<String> {
    let output = command.output().map_err(|err| format!("{}: {err}", shown(command)))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let told = [output.stdout, output.stderr].concat();
    Err(format!("{}: {}\n{}", output.status, shown(command), String::from_utf8_lossy(&told).trim_end()))
}

/// A command as it would be typed.
fn shown(command: &Command) -> String {
    let variables = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
    let variables = variables.map(|(name, value)| format!("{}={}", name.display(), quoted(value)));
    let words = [command.get_program()].into_iter().chain(command.get_args()).map(quoted);
    variables.chain(words).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    if word.contains([' ', '*', '"']) || word.is_empty() { format!("'{word}'") } else { word.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_shown_as_typed() {
        let mut command = Command::new("cargo");
        command.args(["doc", "--no-deps", "a b"]).env("RUSTDOCFLAGS", "-D warnings").env_remove("HOME");
        assert_eq!(shown(&command), "RUSTDOCFLAGS='-D warnings' cargo doc --no-deps 'a b'");
    }

    #[test]
    fn failures_are_told_with_their_command() {
        let failing = || cargo(["no-such-command-as-this"]);
        assert!(run_quietly(&mut failing()).unwrap_err().contains("cargo no-such-command-as-this\nerror"));
        let mut steps = Steps::default();
        let err = steps.step("work", || run_quietly(&mut failing())).unwrap_err();
        assert!(err.starts_with("work: exit status: 101"), "{err}");
        assert!(run(&mut Command::new("no-such-program-as-this")).unwrap_err().starts_with("no-such"));
        assert!(run_quietly(&mut cargo(["--version"])).unwrap().starts_with("cargo "));
    }
}
