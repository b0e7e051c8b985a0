//! Runs conformance cases against the faces of straightwire: the README has the whole story.

mod case;
mod comparison;
mod difference;
mod face;
mod limbo;
mod observation;
mod pieces;
mod report;
mod run;

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use straightwire::Policy;

use face::{Face, Settings, python};

/// Runs conformance cases: each response delivered whole, byte by byte, at random splits and over a
/// loopback socket, and every result held against what the case expects.
///
/// Exits with 0 if all cases pass, 1 if any fails, 2 if they can't be run.
#[derive(Parser)]
struct Args {
    /// Through what the responses are read
    #[arg(long, value_enum, default_value_t = Face::Rust)]
    face: Face,

    /// How much of what the RFCs call wrong is put up with
    #[arg(long, value_enum, default_value_t = Leniency::Strict)]
    policy: Leniency,

    /// Another seed cuts the responses at other places, or generates other cases
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// Name the cases that conform without agreeing
    #[arg(long)]
    list_latitude: bool,

    /// Chains of certificates instead of responses, in the format of x509-limbo
    #[arg(long, value_name = "FILE.json", conflicts_with = "files")]
    limbo: Option<PathBuf>,

    /// What http.client was seen to make of the cases; beside them if not told [python]
    #[arg(long, value_name = "FILE.jsonl")]
    expected: Option<PathBuf>,

    /// Generated responses and calls instead of cases, on the Python package and on the interpreter's own http.client
    #[arg(long, conflicts_with_all = ["files", "limbo"])]
    differential: bool,

    /// How many are generated
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    cases: u64,

    /// The interpreter, which has the package installed
    #[arg(long, value_name = "PROGRAM", default_value = "python3")]
    python: PathBuf,

    /// Cases, one JSON object a line
    #[arg(required_unless_present_any = ["limbo", "differential"], value_name = "FILE.jsonl")]
    files: Vec<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Leniency {
    /// Nothing: `Policy::strict()`
    Strict,
    /// Whatever leaves no doubt where the message ends: `Policy::lenient()`
    Lenient,
}

fn main() -> ExitCode {
    match run_all(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("conformance: {message}");
            ExitCode::from(2)
        }
    }
}

/// Gives whether all cases passed.
fn run_all(args: &Args) -> Result<bool, String> {
    if let Some(file) = &args.limbo {
        return limbo::run(file, &mut io::stdout().lock());
    }
    if args.differential {
        return python::differential(&args.python, args.cases, args.seed);
    }
    if args.face == Face::Python {
        return python::corpus(&args.python, &args.files, args.expected.as_deref());
    }
    let mut cases = Vec::new();
    for file in &args.files {
        cases.append(&mut case::load(file)?);
    }
    if cases.is_empty() {
        return Err("no cases in these files".to_owned());
    }
    let (policy, policy_name) = match args.policy {
        Leniency::Strict => (Policy::strict(), "strict"),
        Leniency::Lenient => (Policy::lenient(), "lenient"),
    };
    let trials = run::run(&cases, Settings { policy, seed: args.seed })?;

    let mut out = BufWriter::new(io::stdout().lock());
    let settings = format!("policy {policy_name}, seed {}", args.seed);
    let mut print = || {
        for trial in trials.iter().filter(|trial| !trial.passes()) {
            report::write_failure(&mut out, trial, &settings)?;
        }
        let all_passed = report::write_summary(&mut out, &trials, args.list_latitude)?;
        out.flush().map(|()| all_passed)
    };
    print().map_err(|err| format!("standard output: {err}"))
}
