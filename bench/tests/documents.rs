//! The pages of the documentation are what the results say, and nothing was edited by hand.

use std::fs;
use std::path::Path;

use bench::report::{METHOD, pages, with_tables};
use bench::results::Results;

#[test]
fn the_pages_are_made_from_the_results() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let results = Results::load(&docs.join("benchmarks/results.json")).unwrap();
    let again = "run: cargo run --release -p bench -- report";
    for (name, text) in pages(&results) {
        let kept = fs::read_to_string(docs.join("benchmarks").join(name)).unwrap_or_default();
        assert!(kept == text, "{name} is not what the results say; {again}");
    }
    let method = fs::read_to_string(docs.join(METHOD)).unwrap();
    assert!(with_tables(&method, &results).unwrap() == method, "{METHOD} is not up to date; {again}");
}
