//! The command `straightwire`: a lens on the library of the same name.

mod args;
mod demo;
mod exchange;
mod exit;
mod output;
mod request;
mod serve;
mod wire;

use std::process::ExitCode;

use args::{Cli, Command};
use clap::Parser;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let ended = match (cli.command, cli.request) {
        (Some(Command::Demo), _) => demo::run(),
        (Some(Command::Serve(args)), _) => serve::run(&args),
        (None, Some(args)) => exchange::run(&args),
        (None, None) => Err(exit::Failure::new(exit::Code::Usage, "no URL given; see --help")),
    };
    ended.map_or_else(exit::Failure::end, |()| ExitCode::SUCCESS)
}
