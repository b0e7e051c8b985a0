//! Steps, one after the other or side by side, until one fails.

use std::env;
use std::ffi::OsStr;
use std::io::{self, Read, Write, stdout};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::{Result, project};

/// The steps of a chore that are done.
#[derive(Default)]
pub(crate) struct Steps {
    done: Vec<(String, Outcome)>,
    /// What steps print that are done beside others, for when they are at their end.
    kept: Option<String>,
}

/// Steps that can be done beside others.
pub(crate) type Job<'a> = Box<dyn FnOnce(&mut Steps) -> Result + Send + 'a>;

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
        self.say(&format!("\n== {name}\n"));
        let begun = Instant::now();
        self.end(name, begun, work())
    }

    /// A step that is a command.
    pub(crate) fn command(&mut self, name: &str, command: &mut Command) -> Result {
        if self.kept.is_none() {
            return self.step(name, || run(command));
        }
        let mut output = String::new();
        let result = self.step(name, || run_keeping(command, &mut output));
        self.say(&output);
        result
    }

    /// A step that wants something from outside. Where that is not to be had the step is left out, and `None`
    /// given; with `STRAIGHTWIRE_REQUIRE_PEERS` it fails.
    pub(crate) fn fetch<T>(&mut self, name: &str, work: impl FnOnce() -> Result<T>) -> Result<Option<T>> {
        let begun = Instant::now();
        match work() {
            Err(why) if !project::is_set("STRAIGHTWIRE_REQUIRE_PEERS") => {
                self.skip(name, &why);
                Ok(None)
            }
            result => {
                self.say(&format!("\n== {name}\n"));
                self.end(name, begun, result).map(Some)
            }
        }
    }

    /// Says that a step is left out, and why.
    pub(crate) fn skip(&mut self, name: &str, why: &str) {
        self.say(&format!("\n== {name}\nskipped: {name} ({why})\n"));
        let why = why.lines().next().unwrap_or_default();
        self.done.push((name.to_owned(), Outcome::Skipped(why.to_owned())));
    }

    /// Does as many jobs at a time as there are processors, each one's steps in their order. What a job
    /// prints appears when it is at its end. None is begun after one has failed.
    pub(crate) fn side_by_side(&mut self, jobs: Vec<Job<'_>>) -> Result {
        let at_once = thread::available_parallelism().map_or(1, usize::from).min(jobs.len());
        if at_once <= 1 {
            return jobs.into_iter().try_for_each(|job| job(self));
        }
        let ended: Vec<_> = jobs.iter().map(|_| Mutex::new(None)).collect();
        let waiting = Mutex::new(jobs.into_iter().zip(&ended));
        let take = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
        let work = || {
            while let Some((job, end)) = take() {
                let mut steps = Steps { kept: Some(String::new()), ..Steps::default() };
                let result = job(&mut steps);
                print!("{}", steps.kept.take().unwrap_or_default());
                if result.is_err() {
                    while take().is_some() {}
                }
                *end.lock().unwrap_or_else(PoisonError::into_inner) = Some((steps, result));
            }
        };
        thread::scope(|scope| (0..at_once).for_each(|_| drop(scope.spawn(work))));
        drop(waiting);
        let mut first = Ok(());
        for (steps, result) in ended.into_iter().filter_map(|end| end.into_inner().ok().flatten()) {
            self.done.extend(steps.done);
            first = first.and(result);
        }
        first
    }

    fn end<T>(&mut self, name: &str, begun: Instant, result: Result<T>) -> Result<T> {
        let outcome = if result.is_ok() { Outcome::Passed } else { Outcome::Failed };
        self.done.push((name.to_owned(), outcome(begun.elapsed())));
        result.map_err(|message| format!("{name}: {message}"))
    }

    fn say(&mut self, text: &str) {
        match &mut self.kept {
            Some(kept) => kept.push_str(text),
            None => print!("{text}"),
        }
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

/// The same, with what the command prints added to `kept`.
fn run_keeping(command: &mut Command, kept: &mut String) -> Result {
    let mut printed = Vec::new();
    let result = print_into(command, &mut printed);
    kept.push_str(&String::from_utf8_lossy(&printed));
    let status = result.map_err(|err| format!("{}: {err}", shown(command)))?;
    if status.success() { Ok(()) } else { Err(format!("{status}: {}", shown(command))) }
}

/// Output and errors go into one pipe, so that they stay in order.
fn print_into(command: &mut Command, printed: &mut Vec<u8>) -> io::Result<ExitStatus> {
    let (mut reader, writer) = io::pipe()?;
    let child = command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer).spawn();
    // The ends that are still open here: the pipe would never be at its end.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    reader.read_to_end(printed)?;
    child?.wait()
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
