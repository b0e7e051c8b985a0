//! The whole count: every scenario, every client.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::child::Job;
use crate::client::Client;
use crate::results::{Results, Row};
use crate::scenario::{Group, Scenario, Unit};
use crate::server::Server;
use crate::table::{markdown, number};
use crate::{Result, cpu, instructions, system_calls};

/// What is to be counted.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The `bench` program.
    pub program: PathBuf,
    /// The command, as it is told in the results.
    pub command: String,
    /// All if empty. The bare socket is always among them.
    pub clients: Vec<Client>,
    /// All if empty.
    pub scenarios: Vec<Scenario>,
    /// How often processor time is measured.
    pub rounds: usize,
}

/// Counts, and prints a table for each scenario as soon as it is there.
///
/// # Errors
/// When a client fails.
pub fn run(selection: &Selection) -> Result<Results> {
    let tools = Tools { valgrind: instructions::is_available(), strace: system_calls::is_available() };
    tools.say_what_is_missing();
    let server = Server::start(&selection.program)?;
    let mut results = Results {
        command: selection.command.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        architecture: std::env::consts::ARCH.to_owned(),
        cores: std::thread::available_parallelism()?.get(),
        rounds: selection.rounds,
        rows: Vec::new(),
    };
    for &scenario in Scenario::value_variants() {
        if !selection.scenarios.is_empty() && !selection.scenarios.contains(&scenario) {
            continue;
        }
        let jobs = jobs(&selection.program, &server, scenario, &selection.clients);
        results.rows.extend(count(&jobs, selection.rounds, tools)?);
        println!("{}\n\n{}", caption(scenario), table(&results, scenario));
    }
    Ok(results)
}

/// What those of `clients` that can do it are told to do, all if it is empty. The bare socket is always
/// the first.
pub fn jobs(program: &Path, server: &Server, scenario: Scenario, clients: &[Client]) -> Vec<Job> {
    let wanted = |client: Client| clients.is_empty() || client == Client::Raw || clients.contains(&client);
    Client::value_variants()
        .iter()
        .filter(|client| wanted(**client) && client.runs(scenario))
        .map(|&client| Job { program: program.to_owned(), client, scenario, server: server.peer(scenario) })
        .collect()
}

#[derive(Clone, Copy)]
struct Tools {
    valgrind: bool,
    strace: bool,
}

impl Tools {
    fn say_what_is_missing(self) {
        if !self.valgrind {
            println!("valgrind not found: instructions are left out");
        }
        if !self.strace {
            println!("strace not found: system calls are left out");
        }
    }
}

fn count(jobs: &[Job], rounds: usize, tools: Tools) -> Result<Vec<Row>> {
    let cpu = cpu::rounds(jobs, rounds)?;
    jobs.iter()
        .zip(cpu)
        .map(|(job, cpu)| {
            let units = job.scenario.units().cpu as f64;
            Ok(Row {
                scenario: job.scenario,
                client: job.client.name(),
                instructions: tools.valgrind.then(|| instructions::per_unit(job)).transpose()?,
                system_calls: tools.strace.then(|| system_calls::per_unit(job)).transpose()?,
                allocations: cpu.usage.allocations as f64 / units,
                heap_bytes: cpu.usage.heap_bytes as f64 / units,
                cpu_ratio: cpu.ratio,
                cpu_nanos: cpu.nanos,
            })
        })
        .collect()
}

/// What stands over a table.
pub fn caption(scenario: Scenario) -> String {
    format!("{}: {}. Per {}:", scenario.name(), scenario.description(), scenario.unit())
}

/// One scenario's results as a table; columns that nothing was counted for are left out.
pub fn table(results: &Results, scenario: Scenario) -> String {
    let rows = results.of(scenario);
    let has_instructions = rows.iter().any(|row| row.instructions.is_some());
    let core = scenario.group() == Group::Core;
    let has_system_calls = !core && rows.iter().any(|row| row.system_calls.is_some());

    let mut head = vec!["client"];
    if has_instructions {
        head.push("instructions");
    }
    if has_system_calls {
        head.push("system calls");
    }
    head.extend(["allocations", "heap bytes", "CPU, raw = 1"]);
    if core {
        head.push(if scenario.unit() == Unit::Request { "million a second" } else { "GiB/s" });
    }
    let optional = |counted: Option<f64>| counted.map_or_else(|| "–".to_owned(), number);
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let mut cells = vec![row.client.clone()];
            if has_instructions {
                cells.push(optional(row.instructions));
            }
            if has_system_calls {
                cells.push(optional(row.system_calls));
            }
            cells.extend([number(row.allocations), number(row.heap_bytes)]);
            cells.push(format!("{:.2}", row.cpu_ratio));
            if core {
                let rate = if scenario.unit() == Unit::Request { 1e3 } else { 1e9 / 1024.0 } / row.cpu_nanos;
                cells.push(format!("{rate:.2}"));
            }
            cells
        })
        .collect();
    markdown(&head, &cells)
}
