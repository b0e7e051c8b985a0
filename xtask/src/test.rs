//! `cargo xtask test`.

use std::env;
use std::path::PathBuf;

use crate::steps::{Steps, cargo};
use crate::{Result, peers, project, python};

pub(crate) const HELP: &str = "\
cargo xtask test

1. Finds the servers and proxies that the tests talk to: python3, openssl, nginx, squid, tinyproxy and
   microsocks on the PATH (all but Python by apt-get if they are missing and you are root), Caddy on the
   PATH or by pip, into the target folder.
2. Runs the tests of all packages, and with all features of the library those of its logs and its examples.
3. Runs the demonstration, in release.
4. Counts what a kept-alive GET costs, in release: allocations, and system calls and instructions where
   strace and valgrind are found. No times.
5. Runs the conformance cases, in release, under the strict and the lenient policy, and the chains of
   certificates, if there is a folder with responses.jsonl and limbo.json: STRAIGHTWIRE_CORPORA, else
   ../shared/corpora beside the project.
6. Tests the Python package, as cargo xtask python does, with the python3 of 1. if it is a version that the
   package is for; with STRAIGHTWIRE_REQUIRE_PEERS=1, or if STRAIGHTWIRE_PYTHONS is set, with every Python found.

STRAIGHTWIRE_PYTHON, STRAIGHTWIRE_NGINX and so on are taken as the paths of the programs. A program that is
not to be had is told, and its tests are skipped; with STRAIGHTWIRE_REQUIRE_PEERS=1 that is a failure.
";

/// The response cases and the chains of certificates, in the folder of the corpora.
pub(crate) const RESPONSES: &str = "responses.jsonl";
const CERTIFICATES: &str = "limbo.json";

pub(crate) fn run() -> Result {
    let corpora = corpora()?;
    Steps::all(|steps| {
        let variables = steps.step("peers", peers::prepare)?;
        steps.command("tests", cargo(["test", "--workspace"]).envs(variables))?;
        let all = ["--package", "straightwire", "--all-features"];
        steps.command("examples", cargo(["build", "--examples"]).args(all))?;
        let some = ["test", "--test", "examples", "--test", "logging", "--test", "tap", "--test", "timings"];
        steps.command("tests with all features", cargo(some).args(all))?;
        let demo = ["run", "--release", "--package", "straightwire-cli", "--", "demo"];
        steps.command("demonstration", &mut cargo(demo))?;
        steps.command("costs", &mut cargo(["run", "--release", "--package", "bench", "--", "guard"]))?;
        conformance(steps, corpora)?;
        python::test_usual(steps)
    })
}

fn conformance(steps: &mut Steps, corpora: Option<PathBuf>) -> Result {
    let [responses, certificates] =
        [RESPONSES, CERTIFICATES].map(|name| (format!("conformance/{name}"), name));
    let Some(folder) = corpora else {
        steps.skip(&responses.0, "no corpora folder");
        steps.skip(&certificates.0, "no corpora folder");
        return Ok(());
    };
    let conformance = ["run", "--release", "--package", "conformance", "--"];
    for policy in ["strict", "lenient"] {
        let mut run = cargo(conformance);
        run.args(["--policy", policy]).arg(folder.join(responses.1));
        steps.command(&format!("{}, {policy}", responses.0), &mut run)?;
    }
    let mut run = cargo(conformance);
    steps.command(&certificates.0, run.arg("--limbo").arg(folder.join(certificates.1)))
}

/// The folder of the corpora, `None` where there is none. One that was named must have them.
pub(crate) fn corpora() -> Result<Option<PathBuf>> {
    let holds = |folder: &PathBuf| [RESPONSES, CERTIFICATES].iter().all(|name| folder.join(name).is_file());
    if let Some(folder) = env::var_os("STRAIGHTWIRE_CORPORA").map(PathBuf::from) {
        let missing = format!("{} lacks {RESPONSES} or {CERTIFICATES}", folder.display());
        return if holds(&folder) { Ok(Some(folder)) } else { Err(missing) };
    }
    let beside = project::root().parent().map(|folder| folder.join("shared/corpora"));
    Ok(beside.filter(holds))
}
