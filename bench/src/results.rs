//! What was counted, as it is kept in a file.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::scenario::Scenario;

/// The results of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// The command that counted them.
    pub command: String,
    /// straightwire's version.
    pub version: String,
    /// Of the processor.
    pub architecture: String,
    /// How many of them there are.
    pub cores: usize,
    /// How often processor time was measured.
    pub rounds: usize,
    /// Scenario by scenario.
    pub rows: Vec<Row>,
}

/// What one client costs in one scenario, per unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// What was done.
    pub scenario: Scenario,
    /// Who did it. A name, so that results of clients that aren't built in can be read.
    pub client: String,
    /// User-space instructions; `None` without valgrind.
    pub instructions: Option<f64>,
    /// System calls; `None` without strace.
    pub system_calls: Option<f64>,
    /// Allocations and reallocations.
    pub allocations: f64,
    /// Bytes asked for.
    pub heap_bytes: f64,
    /// Processor time as a ratio to the bare socket's.
    pub cpu_ratio: f64,
    /// Processor time in nanoseconds: an order of size, for this machine.
    pub cpu_nanos: f64,
}

impl Results {
    /// Those in a file.
    ///
    /// # Errors
    /// When it can't be read or holds something else.
    pub fn load(path: &Path) -> Result<Results> {
        let text = fs::read(path).map_err(|err| format!("{}: {err}", path.display()))?;
        Ok(serde_json::from_slice(&text).map_err(|err| format!("{}: {err}", path.display()))?)
    }

    /// Keeps them in a file.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(fs::write(path, text).map_err(|err| format!("{}: {err}", path.display()))?)
    }

    /// The rows of one scenario.
    pub fn of(&self, scenario: Scenario) -> Vec<&Row> {
        self.rows.iter().filter(|row| row.scenario == scenario).collect()
    }
}
