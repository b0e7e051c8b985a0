//! Costs that must not grow, without the clock: nothing here depends on how fast the machine is.

use std::path::{Path, PathBuf};

use bench::child::Job;
use bench::client::Client;
use bench::guard::{MOST_SYSTEM_CALLS, most_allocations};
use bench::scenario::Scenario;
use bench::server::Server;
use bench::system_calls;

fn start() -> (PathBuf, Server) {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_bench"));
    let server = Server::start(&program).unwrap();
    (program, server)
}

fn straightwire(program: &Path, server: &Server, scenario: Scenario) -> Job {
    Job { program: program.to_owned(), client: Client::Straightwire, scenario, server: server.peer(scenario) }
}

#[test]
fn a_kept_connection_allocates_nothing_after_the_first_request() {
    let (program, server) = start();
    for scenario in [Scenario::GetFew, Scenario::GetH25] {
        let job = straightwire(&program, &server, scenario);
        let usage = job.usage(500).unwrap();
        assert_eq!((usage.allocations, usage.heap_bytes), (0, 0), "{}", scenario.name());
    }
}

#[test]
fn over_tls_only_records_are_allocated() {
    let (program, server) = start();
    let job = straightwire(&program, &server, Scenario::TlsGet);
    let usage = job.usage(500).unwrap();
    assert!(usage.allocations <= 500 * most_allocations(Scenario::TlsGet), "{usage:?}");
}

/// Each run of these begins with an exchange of its own: only what it takes is allocated, however many
/// requests follow.
#[test]
fn the_core_allocates_nothing_after_the_first_request() {
    let (program, server) = start();
    for scenario in [Scenario::CoreFew, Scenario::CoreH25] {
        let job = straightwire(&program, &server, scenario);
        let allocated =
            |requests| job.usage(requests).map(|usage| (usage.allocations, usage.heap_bytes)).unwrap();
        assert_eq!(allocated(500), allocated(2), "{}", scenario.name());
    }
}

#[test]
fn allocations_are_seen_where_there_are_any() {
    let (program, server) = start();
    let scenario = Scenario::GetFew;
    let job = Job { program, client: Client::Ureq, scenario, server: server.peer(scenario) };
    let usage = job.usage(100).unwrap();
    assert!(usage.allocations > 100 && usage.heap_bytes > usage.allocations, "{usage:?}");
}

#[test]
fn a_request_over_a_kept_connection_is_two_system_calls() {
    if !system_calls::is_available() {
        println!("skipped: strace not found");
        return;
    }
    let (program, server) = start();
    for scenario in [Scenario::GetFew, Scenario::GetH25, Scenario::TlsGet] {
        let job = straightwire(&program, &server, scenario);
        let calls = system_calls::per_unit(&job).unwrap();
        assert!((1.9..=MOST_SYSTEM_CALLS).contains(&calls), "{}: {calls}", scenario.name());
    }
}
