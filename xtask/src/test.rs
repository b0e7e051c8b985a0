//! `cargo xtask test`.

use std::env;
use std::path::PathBuf;

use crate::steps::{Steps, cargo};
use crate::{Result, peers, project};

pub(crate) const HELP: &str = "\
cargo xtask test

1. Finds the servers that the tests talk to: python3 and nginx on the PATH (nginx by apt-get if it is
   missing and you are root), Caddy on the PATH or by pip, into the target folder.
2. Runs the tests of all packages.
3. Runs the demonstration, in release.
4. Counts what a kept-alive GET costs, in release: allocations, and system calls and instructions where
   strace and valgrind are found. No times.
5. Runs the conformance cases, in release, under the strict and the lenient policy, if there is a folder
   with responses.jsonl: STRAIGHTWIRE_CORPORA, else ../shared/corpora beside the project.

STRAIGHTWIRE_PYTHON, STRAIGHTWIRE_NGINX and STRAIGHTWIRE_CADDY are taken as the paths of the programs. A
program that is not to be had is told, and its tests are skipped; with STRAIGHTWIRE_REQUIRE_PEERS=1 that
is a failure.
";

/// The response cases, in the folder of the corpora.
const RESPONSES: &str = "responses.jsonl";

pub(crate) fn run() -> Result {
    let corpus = corpus()?;
    Steps::all(|steps| {
        let variables = steps.step("peers", peers::prepare)?;
        steps.command("tests", cargo(["test", "--workspace"]).envs(variables))?;
        let demo = ["run", "--release", "--package", "straightwire-cli", "--", "demo"];
        steps.command("demonstration", &mut cargo(demo))?;
        steps.command("costs", &mut cargo(["run", "--release", "--package", "bench", "--", "guard"]))?;
        let name = format!("conformance/{RESPONSES}");
        let Some(file) = corpus else {
            steps.skip(&name, "no corpora folder");
            return Ok(());
        };
        for policy in ["strict", "lenient"] {
            let mut run = cargo(["run", "--release", "--package", "conformance", "--", "--policy", policy]);
            steps.command(&format!("{name}, {policy}"), run.arg(&file))?;
        }
        Ok(())
    })
}

/// The response cases, `None` where there are none. A folder that was named must have them.
fn corpus() -> Result<Option<PathBuf>> {
    if let Some(folder) = env::var_os("STRAIGHTWIRE_CORPORA") {
        let file = PathBuf::from(folder).join(RESPONSES);
        return if file.is_file() { Ok(Some(file)) } else { Err(format!("there is no {}", file.display())) };
    }
    let beside = project::root().parent().map(|folder| folder.join("shared/corpora").join(RESPONSES));
    Ok(beside.filter(|file| file.is_file()))
}
