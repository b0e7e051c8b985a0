//! `cargo xtask fuzz`.

use std::fs;
use std::process::Command;

use crate::{Result, project, steps};

pub(crate) const HELP: &str = "\
cargo xtask fuzz [TARGET] [LIBFUZZER OPTIONS]

Fuzzes a target of fuzz/fuzz_targets (response unless told), beginning with its inputs in fuzz/seeds, until it is
stopped, or for as long as -max_total_time=SECONDS says. Wants a nightly toolchain and cargo-fuzz.

  response   the protocol core: any bytes as a response
  request    any method, target and headers
  client     the whole client: any bytes as the answers to a few requests
  decoding   content codings
  parts      multipart/byteranges
  download   any answers to a download; Content-Range and validators
";

/// The most that may be allocated in one piece, in MiB: a window of brotli's is 16, and 1 is made room for before
/// any of a body has come.
const LARGEST_PIECE: [(&str, u32); 4] = [("client", 4), ("decoding", 33), ("download", 4), ("parts", 4)];

pub(crate) fn run(arguments: &[String]) -> Result {
    let (target, options) = match arguments.split_first() {
        Some((target, options)) if !target.starts_with('-') => (target.as_str(), options),
        _ => ("response", arguments),
    };
    let home = project::root().join("fuzz");
    let corpus = home.join("corpus").join(target);
    fs::create_dir_all(&corpus).map_err(|err| format!("{}: {err}", corpus.display()))?;
    // Not the `cargo` that runs this: that one is tied to its own toolchain.
    let mut fuzz = Command::new("cargo");
    fuzz.env_remove("CARGO").env_remove("RUSTUP_TOOLCHAIN").current_dir(project::root());
    // What is found is added to the first folder.
    fuzz.args(["+nightly", "fuzz", "run", target]).arg(corpus);
    let seeds = home.join("seeds").join(target);
    if seeds.is_dir() {
        fuzz.arg(seeds);
    }
    fuzz.arg("--").arg(format!("-dict={}", home.join("http.dict").display()));
    let largest = LARGEST_PIECE.iter().find(|(name, _)| *name == target);
    fuzz.args(largest.map(|(_, size)| format!("-malloc_limit_mb={size}"))).args(options);
    steps::run(&mut fuzz)
}
