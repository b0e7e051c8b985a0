//! The package in a virtual environment, and what is run there.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use super::Python;
use crate::venv::Venv;
use crate::{Result, project};

/// What builds wheels, and what runs tests.
const TOOLS: [&str; 2] = ["maturin==1.16.0", "pytest==9.0.3"];

/// What the package is built in, for one Python after the other: they share all that doesn't depend on
/// PyO3, and whoever builds takes the result out before the next one begins.
static BUILDING: Mutex<()> = Mutex::new(());

/// The package, installed.
pub(super) struct Package {
    venv: Venv,
    wheel: PathBuf,
    /// Where its programs run: what is tested is what was installed, not what lies around.
    folder: PathBuf,
}

/// The environment that the package will be in, with what builds and tests it.
pub(super) fn tools(python: &Python) -> Result<Venv> {
    Venv::with(python.folder()?.join("venv"), &python.program, &TOOLS)
}

/// What the tests of live use need, if there are such tests.
pub(super) fn requirements() -> Option<PathBuf> {
    Some(project::root().join("python/tests/requirements.txt")).filter(|list| list.is_file())
}

pub(super) fn build_folder() -> Result<PathBuf> {
    Ok(project::target()?.join("python/build"))
}

impl Package {
    /// Builds the wheel and installs it.
    pub(super) fn build(python: &Python, venv: Venv) -> Result<Package> {
        let folder = python.folder()?;
        let wheels = folder.join("wheel");
        // The only wheel there is will be the one that is built now.
        if wheels.exists() {
            fs::remove_dir_all(&wheels).map_err(|err| format!("{}: {err}", wheels.display()))?;
        }
        let path = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths([venv.programs()].into_iter().chain(env::split_paths(&path)));
        let path = path.map_err(|err| format!("PATH: {err}"))?;
        let target = build_folder()?;
        let building = BUILDING.lock().unwrap_or_else(PoisonError::into_inner);
        venv.pip(|pip| {
            pip.args(["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir"]).arg(&wheels);
            pip.arg(project::root().join("python")).env("PATH", path);
            pip.env("CARGO_TARGET_DIR", target)
        })?;
        drop(building);
        let built = fs::read_dir(&wheels).map_err(|err| format!("{}: {err}", wheels.display()))?;
        let wheel = built.flatten().map(|entry| entry.path()).next().ok_or("pip has built no wheel")?;
        venv.pip(|pip| pip.args(["install", "--no-deps", "--force-reinstall"]).arg(&wheel))?;
        Ok(Package { venv, wheel, folder })
    }

    pub(super) fn install(&self, requirements: &Path) -> Result {
        self.venv.install(&["--requirement".as_ref(), requirements.as_os_str()])
    }

    pub(super) fn own_tests(&self) -> Command {
        let tests = project::root().join("python/tests");
        let mut pytest = Command::new(self.venv.program("pytest"));
        pytest.args(["-q", "-p", "no:cacheprovider", "--rootdir"]).arg(&tests).arg(&tests);
        pytest.env("STRAIGHTWIRE_WHEEL", &self.wheel).env("PYTHONDONTWRITEBYTECODE", "1");
        pytest.current_dir(&self.folder);
        pytest
    }

    /// Compares suites of others, stock and swapped.
    pub(super) fn suite(&self, script: &str) -> Command {
        let mut python = self.python();
        python.arg(project::root().join("python/tests/suites").join(script));
        python.env("STRAIGHTWIRE_WHEEL", &self.wheel);
        python
    }

    /// Plays exchanges to the package and to the interpreter's own module.
    pub(super) fn differential(&self) -> Command {
        let mut python = self.python();
        python.args(["-m", "differential"]).current_dir(project::root().join("conformance/python"));
        python
    }

    /// Reads responses and compares what comes out with what is recorded beside them.
    pub(super) fn recorded(&self, responses: &Path) -> Command {
        let mut python = self.python();
        python.args(["-m", "corpus"]).arg(responses);
        python.current_dir(project::root().join("conformance/python"));
        python
    }

    fn python(&self) -> Command {
        let mut python = Command::new(self.venv.program("python"));
        python.arg("-B");
        python
    }
}
