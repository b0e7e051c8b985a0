//! Processor time, as a ratio to the bare socket. Single times are worth little on a shared machine; the
//! ratio of two runs right after each other is worth more, and the median of several such ratios holds.

use crate::Result;
use crate::child::{Job, Usage};
use crate::client::Client;

/// What several rounds showed of one client.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cpu {
    /// Median over the rounds of this client's time divided by the bare socket's.
    pub ratio: f64,
    /// Median over the rounds, per unit.
    pub nanos: f64,
    /// The heap, which is the same in all rounds.
    pub usage: Usage,
}

/// Runs every job once a round, in turn. The first must be the bare socket's.
///
/// # Errors
/// When a run fails.
pub fn rounds(jobs: &[Job], rounds: usize) -> Result<Vec<Cpu>> {
    let units = jobs.first().ok_or("nobody to run")?.scenario.units().cpu;
    let seen = interleaved(jobs, units, rounds)?;
    let nanos = |usages: &[Usage]| usages.iter().map(|usage| usage.cpu_nanos as f64).collect::<Vec<_>>();
    let raw = nanos(&seen[0]);
    Ok(seen
        .iter()
        .map(|usages| {
            let own = nanos(usages);
            Cpu {
                ratio: median(own.iter().zip(&raw).map(|(own, raw)| own / raw).collect()),
                nanos: median(own) / units as f64,
                usage: usages[0],
            }
        })
        .collect())
}

/// What every job used for so many units, round by round. The first must be the bare socket's.
///
/// # Errors
/// When a run fails.
pub fn interleaved(jobs: &[Job], units: u64, rounds: usize) -> Result<Vec<Vec<Usage>>> {
    assert!(jobs.first().is_some_and(|job| job.client == Client::Raw) && rounds > 0);
    let mut seen: Vec<Vec<Usage>> = vec![Vec::new(); jobs.len()];
    for round in 0..rounds {
        // Each has its turn at each place of a round: what runs before leaves traces in caches and ports.
        for place in 0..jobs.len() {
            let at = (round + place) % jobs.len();
            seen[at].push(jobs[at].usage(units)?);
        }
    }
    Ok(seen)
}

/// The number in the middle, or between the two in the middle.
pub(crate) fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    if numbers.len() % 2 == 1 { numbers[middle] } else { (numbers[middle - 1] + numbers[middle]) / 2.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_stands_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 9.0]), 3.0);
        assert_eq!(median(vec![4.0, 1.0, 9.0, 2.0]), 3.0);
    }
}
