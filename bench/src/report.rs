//! The results as pages of the documentation.

use std::fs;
use std::path::Path;

use clap::ValueEnum;

use crate::results::Results;
use crate::scenario::{Group, Scenario};
use crate::{Result, chart, count};

/// The chart's file, beside the pages.
const CHART: &str = "instructions.svg";

/// The page that tells the method, in `docs`. Its tables stand between comments that name the scenario.
pub const METHOD: &str = "benchmarks.md";

const TABLE_END: &str = "<!-- end of table -->";

fn table_start(scenario: Scenario) -> String {
    format!("<!-- table: {} -->", scenario.name())
}

/// Writes the pages into `docs/benchmarks`, and the tables of `docs/benchmarks.md` anew.
///
/// # Errors
/// When a file can't be read or written.
pub fn write(results: &Results, docs: &Path) -> Result<()> {
    let folder = docs.join("benchmarks");
    fs::create_dir_all(&folder)?;
    for (name, text) in pages(results) {
        fs::write(folder.join(name), text)?;
    }
    let method = docs.join(METHOD);
    let text = fs::read_to_string(&method).map_err(|err| format!("{}: {err}", method.display()))?;
    Ok(fs::write(&method, with_tables(&text, results)?)?)
}

/// The generated files: names and contents. A page that nothing was counted for is left out.
pub fn pages(results: &Results) -> Vec<(&'static str, String)> {
    let chart = chart::instructions(results);
    let picture =
        chart.as_ref().map(|_| format!("![Instructions of one GET, client by client]({CHART})\n\n"));
    let mut pages: Vec<_> = [
        ("requests.md", Group::Requests, "Small requests", picture.as_deref().unwrap_or("")),
        ("bodies.md", Group::Bodies, "Large bodies", ""),
        ("tls.md", Group::Tls, "TLS", ""),
        ("core.md", Group::Core, "The protocol from memory", ""),
    ]
    .into_iter()
    .filter(|(_, group, ..)| results.rows.iter().any(|row| row.scenario.group() == *group))
    .map(|(name, group, title, picture)| (name, page(results, group, title, picture)))
    .collect();
    pages.extend(chart.map(|chart| (CHART, chart)));
    pages
}

fn page(results: &Results, group: Group, title: &str, picture: &str) -> String {
    let Results { command, version, architecture, cores, rounds, .. } = results;
    let mut out = format!(
        "# {title}\n\n\
         straightwire {version}, counted on {cores} cores ({architecture}) by `{command}`; processor time is \
         the median of {rounds} rounds. What the columns mean is in [benchmarks.md](../benchmarks.md).\n\n\
         {picture}"
    );
    let in_group = Scenario::value_variants().iter().filter(|scenario| scenario.group() == group);
    for scenario in in_group.filter(|scenario| !results.of(**scenario).is_empty()) {
        out += &format!(
            "## {}\n\n{}. Per {}:\n\n{}\n",
            scenario.name(),
            scenario.description(),
            scenario.unit(),
            count::table(results, *scenario)
        );
    }
    out.truncate(out.trim_end().len());
    out + "\n"
}

/// The text of the page on the method with its tables made anew.
///
/// # Errors
/// When a table has no end, or nothing was counted for it.
pub fn with_tables(text: &str, results: &Results) -> Result<String> {
    let mut out = text.to_owned();
    for &scenario in Scenario::value_variants() {
        let start = table_start(scenario);
        let Some(at) = out.find(&start).map(|at| at + start.len()) else { continue };
        let len = out[at..].find(TABLE_END).ok_or_else(|| format!("{start} has no {TABLE_END}"))?;
        if results.of(scenario).is_empty() {
            return Err(format!("the results have nothing for {start}").into());
        }
        out.replace_range(at..at + len, &format!("\n{}", count::table(results, scenario)));
    }
    Ok(out)
}
