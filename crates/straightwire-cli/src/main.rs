//! The command `straightwire`: a lens on the library of the same name.

mod args;
mod demo;
mod exchange;
mod exit;
mod output;
mod request;
mod resume;
mod route;
mod scratch;
mod serve;
mod timing;
mod wire;

use std::process::ExitCode;

use args::{Cli, Command};
use clap::Parser;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(told) => return exit::told(&told),
    };
    let ended = match cli.command {
        Some(Command::Demo) => demo::run(),
        Some(Command::Serve(args)) => serve::run(&args),
        None => exchange::run(&cli.request),
    };
    ended.map_or_else(exit::Failure::end, |()| ExitCode::SUCCESS)
}
