//! Every client does all of its work right: a child fails when it gets another status or length.

use std::path::PathBuf;

use bench::child::Job;
use bench::client::Client;
use bench::count;
use bench::scenario::Scenario;
use bench::server::Server;
use bench::throughput::{self, Throughput};
use clap::ValueEnum;

#[test]
fn every_client_gets_what_was_sent_in_every_scenario() {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_bench"));
    let server = Server::start(&program).unwrap();
    for &client in Client::value_variants() {
        for &scenario in Scenario::value_variants() {
            let job = Job { program: program.clone(), client, scenario, server: server.peer(scenario) };
            match job.usage(2) {
                Ok(_) => assert!(client.runs(scenario)),
                Err(err) => assert!(!client.runs(scenario), "{err}"),
            }
        }
    }
}

/// What TLS costs includes telling who is at the other end, for every client.
#[test]
fn no_client_puts_up_with_a_server_that_its_root_does_not_vouch_for() {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_bench"));
    let (server, other) = (Server::start(&program).unwrap(), Server::start(&program).unwrap());
    let scenario = Scenario::TlsGet;
    let clients = Client::value_variants().iter().filter(|client| client.runs(scenario));
    for &client in clients {
        let mut job = Job { program: program.clone(), client, scenario, server: server.peer(scenario) };
        assert!(job.usage(1).is_ok(), "{}", client.name());
        job.server.root_pem = other.peer(scenario).root_pem;
        let refusal = job.usage(1).unwrap_err().to_string();
        assert!(refusal.to_lowercase().contains("certificate"), "{}: {refusal}", client.name());
    }
}

#[test]
fn a_throughput_is_told_of_every_client_that_was_asked_for() {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_bench"));
    let server = Server::start(&program).unwrap();
    let jobs = count::jobs(&program, &server, Scenario::TlsDownload, &[Client::Straightwire]);
    let throughputs = throughput::measure(&jobs, 2, 3).unwrap();
    let clients: Vec<&str> = throughputs.iter().map(|throughput| &*throughput.client).collect();
    assert_eq!(clients, ["raw", "straightwire"]);
    assert_eq!((throughputs[0].cpu.ratio, throughputs[0].wall.ratio), (1.0, 1.0));
    assert!(throughputs.iter().all(|Throughput { cpu, wall, .. }| cpu.bytes > 0.0 && wall.bytes > 0.0));
}
