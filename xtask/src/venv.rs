//! Python's virtual environments in the target folder.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::steps::run_quietly;

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
        venv.pip(|pip| pip.args(["install", "--retries", "2"]).args(packages))?;
        fs::write(&list, wanted).map_err(|err| format!("{}: {err}", list.display()))?;
        Ok(venv)
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
