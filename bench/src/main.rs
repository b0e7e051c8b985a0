//! `cargo run --release -p bench -- count`: see `docs/benchmarks.md`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use bench::child::{self, Job};
use bench::client::Client;
use bench::count::{self, Selection};
use bench::instructions::{self, By};
use bench::results::Results;
use bench::scenario::{Scenario, Unit};
use bench::server::{self, Peer, Server};
use bench::{Result, guard, report, table, throughput};
use clap::{Parser, Subcommand};

/// Counts what a request costs, side by side with other clients.
///
/// Instructions need valgrind, system calls strace; what is missing is left out.
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Count, and print a table for each scenario
    Count {
        /// Only this one, and the bare socket; may be given several times
        #[arg(long, value_enum)]
        client: Vec<Client>,
        /// Only this one; may be given several times
        #[arg(long, value_enum)]
        scenario: Vec<Scenario>,
        /// How often processor time is measured
        #[arg(long, default_value_t = 11, value_parser = clap::value_parser!(u16).range(1..))]
        rounds: u16,
        /// Keep the results in a file
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
    },
    /// Move a large body, and tell how fast by processor time and by the clock, beside the bare socket
    Throughput {
        /// Only this one, and the bare socket; may be given several times
        #[arg(long, value_enum)]
        client: Vec<Client>,
        /// How it is moved
        #[arg(long, value_enum, default_value_t = Scenario::TlsDownload)]
        scenario: Scenario,
        /// How much, in MiB
        #[arg(long, default_value_t = 1024, value_parser = clap::value_parser!(u64).range(1..))]
        mib: u64,
        /// How often
        #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..))]
        rounds: u16,
    },
    /// Send and save a large file, each way that the system has, beside straightwire's
    #[cfg(target_os = "linux")]
    Files {
        /// How much, in MiB
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
        mib: u64,
        /// How often
        #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..))]
        rounds: u16,
        /// Where the files are; may be given several times
        #[arg(long, value_name = "FOLDER", default_values = ["/dev/shm", "target"])]
        folder: Vec<PathBuf>,
    },
    /// Write the results into the documentation
    Report {
        /// What `count --json` kept
        #[arg(long, value_name = "FILE", default_value = "docs/benchmarks/results.json")]
        json: PathBuf,
        /// Where the documentation is
        #[arg(long, value_name = "FOLDER", default_value = "docs")]
        docs: PathBuf,
    },
    /// Show where the instructions of a request or a MiB go
    Spots {
        /// Whose
        #[arg(long, value_enum, default_value_t = Client::Straightwire)]
        client: Client,
        /// Doing what
        #[arg(long, value_enum, default_value_t = Scenario::GetFew)]
        scenario: Scenario,
        /// Booked on what
        #[arg(long, value_enum, default_value_t = By::Function)]
        by: By,
        /// How many to show
        #[arg(long, default_value_t = 30)]
        most: usize,
    },
    /// Fail if a cost that must not grow has grown
    Guard,
    /// The other side, until standard input ends
    #[command(hide = true)]
    Server,
    /// One client doing so many units of one scenario
    #[command(hide = true)]
    Child {
        #[arg(value_enum)]
        client: Client,
        #[arg(value_enum)]
        scenario: Scenario,
        server: SocketAddr,
        units: u64,
        /// For TLS
        #[arg(allow_hyphen_values = true)]
        root_pem: Option<String>,
    },
}

fn main() -> ExitCode {
    match run(Args::parse().command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(err) => {
            eprintln!("bench: {err}");
            ExitCode::from(2)
        }
    }
}

/// Gives whether all that was checked holds.
fn run(command: Command) -> Result<bool> {
    let program = std::env::current_exe()?;
    match command {
        Command::Count { client, scenario, rounds, json } => {
            warn_of_debug_build();
            let words: Vec<String> = std::env::args().skip(1).collect();
            let features = if cfg!(feature = "peers") { " --features peers" } else { "" };
            let results = count::run(&Selection {
                program,
                command: format!("cargo run --release -p bench{features} -- {}", words.join(" ")),
                clients: client,
                scenarios: scenario,
                rounds: rounds.into(),
            })?;
            if let Some(file) = json {
                results.save(&file)?;
            }
        }
        Command::Throughput { client, scenario, mib, rounds } => {
            warn_of_debug_build();
            if scenario.unit() != Unit::Mebibyte {
                return Err(format!("{} moves no large body", scenario.name()).into());
            }
            let server = Server::start(&program)?;
            let jobs = count::jobs(&program, &server, scenario, &client);
            println!("{}, {mib} MiB, median of {rounds} rounds:\n", scenario.name());
            print!("{}", throughput::table(&throughput::measure(&jobs, mib, rounds.into())?));
        }
        #[cfg(target_os = "linux")]
        Command::Files { mib, rounds, folder } => {
            warn_of_debug_build();
            for folder in folder {
                bench::files::run(&folder, mib, rounds.into())?;
            }
        }
        Command::Report { json, docs } => report::write(&Results::load(&json)?, &docs)?,
        Command::Spots { client, scenario, by, most } => {
            warn_of_debug_build();
            let server = Server::start(&program)?;
            let job = Job { program, client, scenario, server: server.peer(scenario) };
            let spots = instructions::spots(&job, by)?;
            let total: f64 = spots.iter().map(|(_, count)| count).sum();
            println!(
                "{:>12}  {} {}, per {}",
                table::number(total),
                client.name(),
                scenario.name(),
                scenario.unit()
            );
            for (place, count) in spots.iter().take(most) {
                println!("{:>12}  {place}", table::number(*count));
            }
        }
        Command::Guard => {
            if cfg!(debug_assertions) {
                return Err("the guard counts release builds: cargo run --release -p bench -- guard".into());
            }
            return guard::check(&program);
        }
        Command::Server => server::serve_until_input_ends()?,
        Command::Child { client, scenario, server, units, root_pem } => {
            let server = Peer { address: server, root_pem };
            println!("{}", serde_json::to_string(&child::run(client, scenario, &server, units)?)?);
        }
    }
    Ok(true)
}

fn warn_of_debug_build() {
    if cfg!(debug_assertions) {
        eprintln!("bench: this is a debug build, whose numbers mean nothing; use cargo run --release");
    }
}
