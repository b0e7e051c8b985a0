//! `cargo xtask python`.

use std::collections::HashSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::steps::{Steps, run, run_quietly};
use crate::{Result, project};

pub(crate) const HELP: &str = "\
cargo xtask python [--peers]

For every Python that is found, in a virtual environment in the target folder:

1. Builds the package's wheel and installs it, as `pip install ./python` does.
2. Runs the package's own tests.
3. Runs the tests of the standard library that use http.client, as they are, stock and with STRAIGHTWIRE=1, and
   compares them test by test: none may do worse. A Python that comes without them is told.
4. With --peers, does the same with the suites of urllib3, requests and botocore, from their source packages.

Pythons are looked for in STRAIGHTWIRE_PYTHONS (a list like PATH, of programs), and if that isn't set, by the name
python3.N on the PATH and among pyenv's versions.
";

/// The versions of Python 3 that the package is for.
const MINORS: std::ops::RangeInclusive<u32> = 10..=30;

/// What runs the tests, for Python's package manager.
const PYTEST: &str = "pytest==9.0.3";

/// An interpreter.
struct Python {
    program: PathBuf,
    version: String,
    /// A name for its folder, one for each interpreter.
    slug: String,
}

pub(crate) fn chore(arguments: &[String]) -> Result {
    let peers = match arguments {
        [] => false,
        [option] if option == "--peers" => true,
        _ => return Err("see cargo xtask help python".to_owned()),
    };
    Steps::all(|steps| test(steps, peers))
}

fn test(steps: &mut Steps, peers: bool) -> Result {
    let pythons = all();
    if pythons.is_empty() {
        let why = format!("no Python 3.{} or later", MINORS.start());
        if project::is_set("STRAIGHTWIRE_REQUIRE_PEERS") {
            return Err(why);
        }
        steps.skip("the Python package", &why);
    }
    for python in pythons {
        let Python { version, program, .. } = &python;
        let called = format!("Python {version} ({})", program.display());
        let (venv, wheel) = steps.step(&format!("package for {called}"), || python.install())?;
        steps.step(&format!("tests with {called}"), || python.own_tests(&venv, &wheel))?;
        steps.step(&format!("standard library's tests with {called}"), || {
            suite(&venv, &wheel, "cpython.py")
        })?;
        if peers {
            steps.step(&format!("peers' tests with {called}"), || suite(&venv, &wheel, "peers.py"))?;
        }
    }
    Ok(())
}

impl Python {
    /// Asks a program for its name and version; `None` if it isn't a Python that the package is for.
    fn at(program: &Path) -> Option<Python> {
        let question =
            "import sys, os; print(*sys.version_info[:3], os.path.realpath(sys.executable), sep='\\n')";
        let answer = run_quietly(Command::new(program).args(["-I", "-c", question])).ok()?;
        let [major, minor, micro, program] = answer.lines().collect::<Vec<_>>().try_into().ok()?;
        if major != "3" || !MINORS.contains(&minor.parse().ok()?) {
            return None;
        }
        let version = format!("{major}.{minor}.{micro}");
        // Two of the same version differ in where they are.
        let place: String =
            program.chars().map(|char| if char.is_alphanumeric() { char } else { '-' }).collect();
        Some(Python { program: program.into(), slug: format!("{version}{place}"), version })
    }

    fn folder(&self) -> Result<PathBuf> {
        Ok(project::target()?.join("python").join(&self.slug))
    }

    /// Makes a virtual environment with the package in it; gives its folder, and the wheel.
    fn install(&self) -> Result<(PathBuf, PathBuf)> {
        let folder = self.folder()?;
        let (venv, wheels) = (folder.join("venv"), folder.join("wheel"));
        if !program(&venv, "pytest").is_file() {
            run_quietly(Command::new(&self.program).args(["-m", "venv", "--clear"]).arg(&venv))?;
            pip(&venv, |pip| pip.args(["install", PYTEST]))?;
        }
        // The only wheel there is will be the one that is built now.
        if wheels.exists() {
            fs::remove_dir_all(&wheels).map_err(|err| format!("{}: {err}", wheels.display()))?;
        }
        pip(&venv, |pip| {
            pip.args(["wheel", "--no-deps", "--wheel-dir"]).arg(&wheels).arg(project::root().join("python"));
            // Each interpreter's build would otherwise throw away the last one's.
            pip.env("CARGO_TARGET_DIR", folder.join("build"))
        })?;
        let built = fs::read_dir(&wheels).map_err(|err| format!("{}: {err}", wheels.display()))?;
        let wheel = built.flatten().map(|entry| entry.path()).next().ok_or("pip has built no wheel")?;
        pip(&venv, |pip| pip.args(["install", "--no-deps", "--force-reinstall"]).arg(&wheel))?;
        println!("{}", wheel.file_name().unwrap_or_default().display());
        Ok((venv, wheel))
    }

    /// Not with `python -m pytest`, nor in the package's folder: what is tested is what was installed.
    fn own_tests(&self, venv: &Path, wheel: &Path) -> Result {
        let tests = project::root().join("python/tests");
        let mut pytest = Command::new(program(venv, "pytest"));
        pytest.args(["-q", "-p", "no:cacheprovider", "--rootdir"]).arg(&tests).arg(&tests);
        run(pytest.env("STRAIGHTWIRE_WHEEL", wheel).current_dir(self.folder()?))
    }
}

/// Compares a suite, stock and swapped.
fn suite(venv: &Path, wheel: &Path, script: &str) -> Result {
    let script = project::root().join("python/tests/suites").join(script);
    run(Command::new(program(venv, "python")).arg("-B").arg(script).env("STRAIGHTWIRE_WHEEL", wheel))
}

/// Pip in a virtual environment.
fn pip(venv: &Path, arguments: impl FnOnce(&mut Command) -> &mut Command) -> Result<String> {
    let mut pip = Command::new(program(venv, "python"));
    pip.args(["-m", "pip", "--quiet", "--disable-pip-version-check"]);
    run_quietly(arguments(&mut pip))
}

fn program(venv: &Path, name: &str) -> PathBuf {
    let folder = if cfg!(windows) { "Scripts" } else { "bin" };
    venv.join(folder).join(name).with_extension(env::consts::EXE_EXTENSION)
}

/// All that are found, each once.
fn all() -> Vec<Python> {
    let programs: Vec<PathBuf> = match env::var_os("STRAIGHTWIRE_PYTHONS") {
        Some(list) => env::split_paths(&list).collect(),
        None => on_path().into_iter().chain(of_pyenv()).collect(),
    };
    let mut known = HashSet::new();
    let mut pythons: Vec<Python> = programs.iter().filter_map(|program| Python::at(program)).collect();
    pythons.retain(|python| known.insert(python.program.clone()));
    pythons.sort_by_key(|python| {
        python.version.split('.').map(str::parse::<u32>).map(Result::ok).collect::<Vec<_>>()
    });
    pythons
}

/// In every folder of the PATH: two of a name may be two Pythons.
fn on_path() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path);
    let candidates =
        folders.flat_map(|folder| MINORS.map(move |minor| folder.join(format!("python3.{minor}"))));
    candidates.filter(|program| program.is_file()).collect()
}

fn of_pyenv() -> Vec<PathBuf> {
    let told = || run_quietly(Command::new("pyenv").arg("root")).ok().map(|root| PathBuf::from(root.trim()));
    let usual = || env::home_dir().map(|home| home.join(".pyenv"));
    let root = env::var_os("PYENV_ROOT").map(PathBuf::from).or_else(told).or_else(usual);
    let versions = root.and_then(|root| fs::read_dir(root.join("versions")).ok());
    versions.into_iter().flatten().flatten().map(|version| version.path().join("bin/python")).collect()
}
