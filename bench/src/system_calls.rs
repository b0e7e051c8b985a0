//! System calls, counted by strace.

use std::process::Stdio;

use crate::Result;
use crate::child::Job;
use crate::instructions::runs;

/// Whether strace is here and is allowed to trace.
pub fn is_available() -> bool {
    runs("strace")
        && std::process::Command::new("strace")
            .args(["-c", "true"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
}

/// System calls per unit: the slope between two runs.
///
/// # Errors
/// When a run fails.
pub fn per_unit(job: &Job) -> Result<f64> {
    let (low, high) = job.scenario.units().slope;
    let (fewer, more) = (total(job, low)?, total(job, high)?);
    Ok((more as f64 - fewer as f64) / (high - low) as f64)
}

fn total(job: &Job, units: u64) -> Result<u64> {
    let output = job.command(&["strace", "-f", "-c"], units)?.output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("strace: {said}").into());
    }
    calls_in(&said).ok_or_else(|| format!("strace's table has no total: {said}").into())
}

/// From the last line of the table: share, seconds, microseconds a call, calls, errors if any, `total`.
fn calls_in(table: &str) -> Option<u64> {
    let line = table.lines().rfind(|line| line.trim_end().ends_with("total"))?;
    line.split_whitespace().nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_found_with_and_without_errors() {
        let table = "% time     seconds  usecs/call     calls    errors syscall\n\
                     ------ ----------- ----------- --------- --------- ----------------\n\
                     60.00    0.000300           1       200           read\n\
                     ------ ----------- ----------- --------- --------- ----------------\n";
        assert_eq!(
            calls_in(&format!("{table}100.00    0.000500           1       405         2 total\n")),
            Some(405)
        );
        assert_eq!(
            calls_in(&format!("{table}100.00    0.000500           1       405           total\n")),
            Some(405)
        );
        assert_eq!(calls_in(table), None);
    }
}
