//! Where things are.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;

/// The folder of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace is around this package")
}

/// Cargo's target folder, whichever was chosen: this program lies in a folder of it.
pub(crate) fn target() -> Result<PathBuf> {
    let program = env::current_exe().map_err(|err| format!("can't tell where this program is: {err}"))?;
    let folder = program.ancestors().nth(2).ok_or("this program isn't in a target folder")?;
    Ok(folder.to_owned())
}

/// A program on the PATH, or where system administrators have theirs, which is not on everyone's PATH.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let on_path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&on_path).chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
    let name = Path::new(name).with_extension(env::consts::EXE_EXTENSION);
    folders.map(|folder| folder.join(&name)).find(|path| path.is_file())
}

/// The files of the project, as Git lists them: tracked, or new and not ignored.
pub(crate) fn files() -> Result<Vec<PathBuf>> {
    let mut list = Command::new("git");
    list.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(root());
    let output = list.output().map_err(|err| format!("git: {err}"))?;
    if !output.status.success() {
        return Err(format!("git ls-files: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    let names = String::from_utf8(output.stdout).map_err(|err| format!("git ls-files: {err}"))?;
    Ok(names.split_terminator('\0').map(PathBuf::from).filter(|path| root().join(path).is_file()).collect())
}

/// Whether this environment variable is set to 1.
pub(crate) fn is_set(variable: &str) -> bool {
    env::var_os(variable).as_deref() == Some(OsStr::new("1"))
}
