//! The costs that must not grow. None of them is a time: they hold on a busy machine too.

use std::path::Path;

use crate::child::Job;
use crate::client::Client;
use crate::scenario::{Group, Scenario};
use crate::server::Server;
use crate::{Result, instructions, system_calls};

/// The most instructions that a kept-alive GET with few headers may cost in a release build.
pub const MOST_INSTRUCTIONS: f64 = 3_000.0;

/// A kept-alive GET is one write and one read, over TLS too. The share above is for a read that finds half an answer,
/// and for the look at a connection that lay idle because the machine was busy.
pub const MOST_SYSTEM_CALLS: f64 = 2.1;

/// The most often that memory may be asked for in a kept-alive GET, after the first. rustls does so for the
/// record that it sends and for the one that it takes in.
pub fn most_allocations(scenario: Scenario) -> u64 {
    if scenario.group() == Group::Tls { 2 } else { 0 }
}

/// Checks all of it with the given `bench` program, which must be a release build; prints each result.
/// Gives whether all hold.
///
/// # Errors
/// When the client fails.
pub fn check(program: &Path) -> Result<bool> {
    let server = Server::start(program)?;
    let mut all_hold = true;
    let mut say = |holds: bool, what: String| {
        println!("{} {what}", if holds { "ok    " } else { "BROKEN" });
        all_hold &= holds;
    };
    for scenario in [Scenario::GetFew, Scenario::GetH25, Scenario::TlsGet] {
        let job = Job {
            program: program.to_owned(),
            client: Client::Straightwire,
            scenario,
            server: server.peer(scenario),
        };
        let name = scenario.name();
        let (allocations, most) = (job.usage(1_000)?.allocations, 1_000 * most_allocations(scenario));
        say(
            allocations <= most,
            format!("{name}: {allocations} allocations in 1,000 requests after the first (at most {most})"),
        );
        if system_calls::is_available() {
            let calls = system_calls::per_unit(&job)?;
            say(
                calls <= MOST_SYSTEM_CALLS,
                format!("{name}: {calls:.2} system calls a request (at most {MOST_SYSTEM_CALLS})"),
            );
        } else {
            println!("left out: {name}: system calls (strace not found)");
        }
        if scenario != Scenario::GetFew {
            continue;
        }
        if instructions::is_available() {
            let count = instructions::per_unit(&job)?;
            say(
                count <= MOST_INSTRUCTIONS,
                format!("{name}: {count:.0} instructions a request (at most {MOST_INSTRUCTIONS})"),
            );
        } else {
            println!("left out: {name}: instructions (valgrind not found)");
        }
    }
    Ok(all_hold)
}
