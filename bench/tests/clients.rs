//! Every client does all of its work right: a child fails when it gets another status or length.

use std::path::PathBuf;

use bench::child::Job;
use bench::client::Client;
use bench::scenario::Scenario;
use bench::server::Server;
use clap::ValueEnum;

#[test]
fn every_client_gets_what_was_sent_in_every_scenario() {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_bench"));
    let server = Server::start(&program).unwrap();
    for &client in Client::value_variants() {
        for &scenario in Scenario::value_variants() {
            let job = Job { program: program.clone(), client, scenario, server: server.address() };
            match job.usage(2) {
                Ok(_) => assert!(client.runs(scenario)),
                Err(err) => assert!(!client.runs(scenario), "{err}"),
            }
        }
    }
}
