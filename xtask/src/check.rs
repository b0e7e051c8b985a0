//! `cargo xtask check`.

use crate::Result;
use crate::rules;
use crate::steps::{Steps, cargo};

pub(crate) const HELP: &str = "\
cargo xtask check

1. The formatting is rustfmt's.
2. Clippy has nothing to say about anything, nor about the library without its features.
3. The documentation builds without a warning.
4. The protocol core, crates/straightwire/src/proto, names no I/O, no clock and no thread, and parses with
   nothing that takes more than the grammar does.
5. No file of the project names a path of somebody's machine.
";

pub(crate) fn run() -> Result {
    Steps::all(|steps| {
        steps.command("formatting", &mut cargo(["fmt", "--all", "--check"]))?;
        let clippy = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
        steps.command("lints", &mut cargo(clippy))?;
        let clippy = ["clippy", "-p", "straightwire", "--no-default-features", "--", "-D", "warnings"];
        steps.command("lints of the library without features", &mut cargo(clippy))?;
        let mut doc = cargo(["doc", "--workspace", "--no-deps"]);
        steps.command("documentation", doc.env("RUSTDOCFLAGS", "-D warnings"))?;
        steps.step("protocol core", rules::core_is_pure)?;
        steps.step("machine paths", rules::no_machine_paths)
    })
}
