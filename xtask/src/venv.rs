//! Python's virtual environments in the target folder.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::steps::run_quietly;
use crate::{Result, project};

/// A virtual environment.
pub(crate) struct Venv {
    folder: PathBuf,
}

/// Lists what an environment was made with.
const PACKAGES: &str = "packages.txt";

impl Venv {
    /// With these packages, each with its version, and what they need. One that was made before is taken
    /// if nothing about it has changed.
    pub(crate) fn with(folder: PathBuf, python: &Path, packages: &[&str]) -> Result<Venv> {
        let list = folder.join(PACKAGES);
        let wanted = format!("{}\n{}\n", python.display(), packages.join("\n"));
        let venv = Venv { folder };
        if fs::read_to_string(&list).is_ok_and(|made| made == wanted) && venv.program("python").is_file() {
            return Ok(venv);
        }
        run_quietly(Command::new(python).args(["-m", "venv", "--clear"]).arg(&venv.folder))?;
        venv.install(packages)?;
        fs::write(&list, wanted).map_err(|err| format!("{}: {err}", list.display()))?;
        Ok(venv)
    }

    /// Fetches packages, or what a list of them names after `--requirement`. What has to be had is asked for more than
    /// once: networks have their moments.
    pub(crate) fn install(&self, packages: &[impl AsRef<OsStr>]) -> Result {
        let must = project::is_set("STRAIGHTWIRE_REQUIRE_PEERS");
        let (attempts, retries) = if must { (3, "5") } else { (1, "2") };
        let attempt =
            |_| self.pip(|pip| pip.args(["install", "--retries", retries]).args(packages)).map(drop);
        (1..attempts).map(attempt).find(Result::is_ok).unwrap_or_else(|| attempt(attempts))
    }

    pub(crate) fn pip(&self, arguments: impl FnOnce(&mut Command) -> &mut Command) -> Result<String> {
        let mut pip = Command::new(self.program("python"));
        pip.args(["-m", "pip", "--quiet", "--disable-pip-version-check"]);
        run_quietly(arguments(&mut pip))
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.programs().join(name).with_extension(env::consts::EXE_EXTENSION)
    }

    /// The folder of its programs.
    pub(crate) fn programs(&self) -> PathBuf {
        self.folder.join(if cfg!(windows) { "Scripts" } else { "bin" })
    }
}
