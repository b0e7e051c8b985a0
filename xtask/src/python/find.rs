//! The Pythons on this machine.

use std::collections::HashSet;
use std::env;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::steps::run_quietly;
use crate::{Result, project};

/// The versions of Python 3 that the package is for: up to the newest that PyO3 knows.
pub(crate) const MINORS: RangeInclusive<u32> = 10..=15;

/// The first of them whose free-threaded build PyO3 takes.
const FREE_THREADED: u32 = 14;

/// What a program is asked about itself; a line each.
const QUESTIONS: &str = "\
import os, sys
from importlib.util import find_spec
from sysconfig import get_config_var

print(*sys.version_info[:3], sep='\\n')
print('t' if get_config_var('Py_GIL_DISABLED') else '')
print(os.path.realpath(sys.executable))
print(bool(find_spec('test') and find_spec('test.test_httplib')))
library = os.path.join(get_config_var('LIBDIR') or '', get_config_var('LDLIBRARY') or '')
print(os.path.dirname(library) if get_config_var('Py_ENABLE_SHARED') and os.path.isfile(library) else '')
";

/// An interpreter.
#[derive(Clone)]
pub(crate) struct Python {
    pub(crate) program: PathBuf,
    /// Three numbers, and a t if it is free-threaded.
    pub(crate) version: String,
    minor: u32,
    /// Whether the standard library's tests came with it.
    pub(crate) has_tests: bool,
    /// Where its shared library is, which programs in Rust that start it are linked with.
    pub(crate) libpython: Option<PathBuf>,
}

impl Python {
    /// Asks a program for its name and version; `None` if it isn't a Python that the package is for.
    fn at(program: &Path) -> Option<Python> {
        let answer = run_quietly(Command::new(program).args(["-I", "-c", QUESTIONS])).ok()?;
        let [major, minor, micro, threads, program, has_tests, libpython] =
            answer.split_terminator('\n').collect::<Vec<_>>().try_into().ok()?;
        let version = format!("{major}.{minor}.{micro}{threads}");
        let minor = minor.parse().ok()?;
        let oldest = if threads.is_empty() { *MINORS.start() } else { FREE_THREADED };
        let python = Python {
            program: program.into(),
            version,
            minor,
            has_tests: has_tests == "True",
            libpython: (!libpython.is_empty()).then(|| libpython.into()),
        };
        (major == "3" && (oldest..=*MINORS.end()).contains(&minor)).then_some(python)
    }

    /// A folder of its own in the target folder: two of the same version differ in where they are.
    pub(crate) fn folder(&self) -> Result<PathBuf> {
        let place = self.program.to_string_lossy();
        let place: String =
            place.chars().map(|char| if char.is_alphanumeric() { char } else { '-' }).collect();
        Ok(project::target()?.join("python").join(format!("{}{place}", self.version)))
    }
}

/// The one that people mean by `python3`.
pub(crate) fn usual() -> Option<Python> {
    let named = env::var_os("STRAIGHTWIRE_PYTHON").map(PathBuf::from);
    Python::at(&named.or_else(|| project::program("python3"))?)
}

/// All that are found, each once, from the oldest to the newest.
pub(crate) fn all() -> Vec<Python> {
    let programs: Vec<PathBuf> = match env::var_os("STRAIGHTWIRE_PYTHONS") {
        Some(list) => env::split_paths(&list).collect(),
        None => on_path().into_iter().chain(of_pyenv()).collect(),
    };
    let mut known = HashSet::new();
    let mut pythons: Vec<Python> = programs.iter().filter_map(|program| Python::at(program)).collect();
    pythons.retain(|python| known.insert(python.program.clone()));
    pythons.sort_by_key(|python| python.minor);
    pythons
}

/// In every folder of the PATH: two of a name may be two Pythons.
fn on_path() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let names = || MINORS.flat_map(|minor| ["", "t"].map(|threads| format!("python3.{minor}{threads}")));
    let candidates = env::split_paths(&path).flat_map(|folder| names().map(move |name| folder.join(name)));
    candidates.filter(|program| program.is_file()).collect()
}

fn of_pyenv() -> Vec<PathBuf> {
    let told = || run_quietly(Command::new("pyenv").arg("root")).ok().map(|root| PathBuf::from(root.trim()));
    let usual = || env::home_dir().map(|home| home.join(".pyenv"));
    let root = env::var_os("PYENV_ROOT").map(PathBuf::from).or_else(told).or_else(usual);
    let versions = root.and_then(|root| fs::read_dir(root.join("versions")).ok());
    versions.into_iter().flatten().flatten().map(|version| version.path().join("bin/python")).collect()
}
