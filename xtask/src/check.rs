//! `cargo xtask check`.

use std::process::Command;

use crate::steps::{Steps, cargo, run_quietly};
use crate::venv::Venv;
use crate::{Result, project, python, rules};

pub(crate) const HELP: &str = "\
cargo xtask check

1. The formatting is rustfmt's.
2. Clippy has nothing to say about anything, nor about the library without its features or with all of them.
3. The documentation builds without a warning, that of all the library's features too.
4. The protocol core, crates/straightwire/src/proto, names no I/O, no clock and no thread, and parses with
   nothing that takes more than the grammar does.
5. No file of the project names a path of somebody's machine.
6. The same as 1. to 3. for the Python package's half in Rust, which wants a Python that the package is for.
7. The same as 1. and 2. for what is in fuzz/, the second where the crates for it are to be had.
8. Ruff has nothing to say about any file in Python, nor Mypy about the package's types. Both are fetched by pip,
   into the target folder. Where they are not to be had this is left out, and told; with
   STRAIGHTWIRE_REQUIRE_PEERS=1 that is a failure.
";

/// What looks after Python, for its package manager.
const TOOLS: [&str; 2] = ["ruff==0.17.6", "mypy==2.4.1"];

pub(crate) fn run() -> Result {
    Steps::all(|steps| {
        steps.command("formatting", &mut cargo(["fmt", "--all", "--check"]))?;
        let clippy = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
        steps.command("lints", &mut cargo(clippy))?;
        let clippy = ["clippy", "-p", "straightwire", "--no-default-features", "--", "-D", "warnings"];
        steps.command("lints of the library without features", &mut cargo(clippy))?;
        let clippy =
            ["clippy", "-p", "straightwire", "--all-features", "--all-targets", "--", "-D", "warnings"];
        steps.command("lints of the library with all features", &mut cargo(clippy))?;
        let mut doc =
            cargo(["doc", "--workspace", "--no-deps", "--features", "straightwire/log,straightwire/tracing"]);
        steps.command("documentation", doc.env("RUSTDOCFLAGS", "-D warnings"))?;
        steps.step("protocol core", rules::core_is_pure)?;
        steps.step("machine paths", rules::no_machine_paths)?;
        fuzz_targets(steps)?;
        package(steps)
    })
}

/// They are a workspace of their own. Nothing is linked here, so libFuzzer itself need not be built.
fn fuzz_targets(steps: &mut Steps) -> Result {
    let cargo = |arguments: &[&str]| {
        let mut cargo = cargo(arguments.iter().copied());
        cargo.current_dir(project::root().join("fuzz")).env("CUSTOM_LIBFUZZER_PATH", "./none");
        cargo
    };
    steps.command("formatting of the fuzz targets", &mut cargo(&["fmt", "--check"]))?;
    if let Err(why) = run_quietly(&mut cargo(&["fetch", "--locked"])) {
        steps.skip("lints of the fuzz targets", &why);
        return Ok(());
    }
    let mut clippy = cargo(&["clippy", "--locked", "--target-dir"]);
    steps.command("lints of the fuzz targets", clippy.arg(project::target()?).args(["--", "-D", "warnings"]))
}

fn package(steps: &mut Steps) -> Result {
    let Some(python) = python::usual() else { return python::lacking(steps, "the Python package") };
    let cargo = |arguments: &[&str]| python::workspace(arguments.iter().copied(), &python);
    steps.command("formatting of the Python package's Rust", &mut cargo(&["fmt", "--check"])?)?;
    let clippy = ["clippy", "--locked", "--all-targets", "--", "-D", "warnings"];
    steps.command("lints of the Python package's Rust", &mut cargo(&clippy)?)?;
    let mut doc = cargo(&["doc", "--locked", "--no-deps"])?;
    steps.command("documentation of the Python package's Rust", doc.env("RUSTDOCFLAGS", "-D warnings"))?;

    let folder = project::target()?.join("python/lint");
    let Some(venv) = steps.fetch("Ruff and Mypy", || Venv::with(folder, &python.program, &TOOLS))? else {
        return Ok(());
    };
    let home = project::root().join("python");
    let files = project::files()?;
    let files =
        || files.iter().filter(|path| path.extension().is_some_and(|ext| ext == "py" || ext == "pyi"));
    let ruff = |verb: &[&str]| {
        let mut ruff = Command::new(venv.program("ruff"));
        ruff.args(verb).args(["--no-cache", "--config"]).arg(home.join("pyproject.toml"));
        ruff.args(files()).current_dir(project::root());
        ruff
    };
    steps.command("formatting in Python", &mut ruff(&["format", "--check"]))?;
    steps.command("lints in Python", &mut ruff(&["check"]))?;
    let mut mypy = Command::new(venv.program("mypy"));
    mypy.arg("--cache-dir").arg(project::target()?.join("python/mypy")).arg("straightwire");
    steps.command("types in Python", mypy.current_dir(&home))
}
