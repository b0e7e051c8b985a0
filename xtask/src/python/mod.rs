//! `cargo xtask python`, and the same as a part of `cargo xtask test`.

mod find;
mod package;

use std::env;
use std::process::Command;

use crate::steps::{Job, Steps, cargo};
use crate::{Result, project, test as tests};

pub(crate) use find::{Python, usual};
use package::Package;

/// What http.client made of the responses, in the folder of the corpora.
const RECORDED: &str = "http_client_3.13.jsonl";

pub(crate) const HELP: &str = "\
cargo xtask python [--peers]

For every Python that is found, in a virtual environment in the target folder, several at a time:

1. Builds the package's wheel and installs it, as `pip install ./python` does.
2. Runs the package's own tests, those of live use with the packages of python/tests/requirements.txt.
3. Runs the tests of the standard library that use http.client, as they are, stock and with STRAIGHTWIRE=1, and
   compares them test by test: none may do worse. One that does is run again, both ways, with its file alone, three
   times, and does worse if it does so each time: some of them fail by chance, and are told. A Python that comes
   without them is told.
4. With the newest, plays made-up exchanges to the package and to the interpreter's own http.client, and reads the
   responses of the corpora folder (see cargo xtask help test) if what http.client made of them is recorded there.
5. With --peers, does as in 3. with the suites of urllib3, requests and botocore, from their source packages.

The tests in Rust of the package are run with the newest that has a shared library.

Pythons are looked for in STRAIGHTWIRE_PYTHONS (a list like PATH, of programs), and if that isn't set, by the names
python3.N and python3.Nt on the PATH and among pyenv's versions. A step that can't fetch what it needs is left out,
and says so; with STRAIGHTWIRE_REQUIRE_PEERS=1 that is a failure.
";

pub(crate) fn chore(arguments: &[String]) -> Result {
    let peers = match arguments {
        [] => false,
        [option] if option == "--peers" => true,
        _ => return Err("see cargo xtask help python".to_owned()),
    };
    Steps::all(|steps| test(steps, find::all(), peers))
}

/// With the Python that people mean by `python3`; with all if they are listed, or if all has to be there.
pub(crate) fn test_usual(steps: &mut Steps) -> Result {
    let all = project::is_set("STRAIGHTWIRE_REQUIRE_PEERS") || env::var_os("STRAIGHTWIRE_PYTHONS").is_some();
    let pythons = if all { find::all() } else { usual().into_iter().collect() };
    test(steps, pythons, false)
}

fn test(steps: &mut Steps, pythons: Vec<Python>, peers: bool) -> Result {
    let Some(newest) = pythons.last().cloned() else { return lacking(steps, "the Python package") };
    if project::is_set("STRAIGHTWIRE_REQUIRE_PEERS") && !pythons.iter().any(|python| python.has_tests) {
        return Err("no Python here comes with the standard library's tests".to_owned());
    }
    let linked = pythons.iter().rfind(|python| python.libpython.is_some()).cloned();
    let mut jobs: Vec<Job<'_>> = vec![Box::new(move |steps| test_rust(steps, linked.as_ref()))];
    // The newest has the most to do: the last to end should not be the last to begin.
    for python in pythons.into_iter().rev() {
        let compared = python.program == newest.program;
        jobs.push(Box::new(move |steps| test_one(steps, &python, compared, peers)));
    }
    steps.side_by_side(jobs)
}

fn test_one(steps: &mut Steps, python: &Python, compared: bool, peers: bool) -> Result {
    let named = |what: &str| format!("Python {} ({}): {what}", python.version, python.program.display());
    let Some(venv) = steps.fetch(&named("tools"), || package::tools(python))? else { return Ok(()) };
    let package = steps.step(&named("package"), || Package::build(python, venv))?;
    if let Some(list) = package::requirements() {
        steps.fetch(&named("what live tests need"), || package.install(&list))?;
    }
    steps.command(&named("the package's tests"), &mut package.own_tests())?;
    let suites = named("the standard library's tests");
    if python.has_tests {
        steps.command(&suites, &mut package.suite("cpython.py"))?;
    } else {
        steps.skip(&suites, "it comes without them");
    }
    if compared {
        steps.command(&named("differential"), &mut package.differential())?;
        let name = named("recorded responses");
        match tests::corpora()?.filter(|folder| folder.join(RECORDED).is_file()) {
            Some(folder) => steps.command(&name, &mut package.recorded(&folder.join(tests::RESPONSES)))?,
            None => steps.skip(&name, &format!("no corpora folder with {RECORDED}")),
        }
    }
    if peers {
        steps.command(&named("peers' tests"), &mut package.suite("peers.py"))?;
    }
    Ok(())
}

/// Programs of these tests are linked with Python, and find it where it is.
fn test_rust(steps: &mut Steps, python: Option<&Python>) -> Result {
    let name = "the Python package's tests in Rust";
    let Some((python, libpython)) = python.and_then(|python| Some((python, python.libpython.as_ref()?)))
    else {
        steps.skip(name, "no Python has a shared library");
        return Ok(());
    };
    let mut test = workspace(["test", "--locked"], python)?;
    steps.command(name, test.env("LD_LIBRARY_PATH", libpython))
}

/// Cargo, for the package's workspace.
pub(crate) fn workspace<'a>(
    arguments: impl IntoIterator<Item = &'a str>,
    python: &Python,
) -> Result<Command> {
    let mut cargo = cargo(arguments);
    cargo.current_dir(project::root().join("python")).env("PYO3_PYTHON", &python.program);
    cargo.env("CARGO_TARGET_DIR", package::build_folder()?);
    Ok(cargo)
}

/// Leaves out what wants a Python, or fails if everything has to be there.
pub(crate) fn lacking(steps: &mut Steps, name: &str) -> Result {
    let why = format!("no Python 3.{} or later", find::MINORS.start());
    steps.fetch(name, || Err::<(), _>(why)).map(drop)
}
