//! How fast bytes are moved: by a second of processor time, and by a second of the clock, where the server's
//! speed counts too. What holds are the ratios to the bare socket, from runs right after each other.

use std::slice::from_ref;

use crate::Result;
use crate::child::{Job, Usage};
use crate::cpu::{interleaved, median};
use crate::messages::MEBIBYTE;
use crate::table::markdown;

/// What several rounds showed of one client: medians.
#[derive(Clone, Debug, PartialEq)]
pub struct Throughput {
    /// Who.
    pub client: String,
    /// By processor time.
    pub cpu: Rate,
    /// By the clock.
    pub wall: Rate,
}

/// Bytes by one way to tell time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// In a second.
    pub bytes: f64,
    /// Divided by the bare socket's of the same round: above 1 is faster.
    pub ratio: f64,
}

/// Has every job move so many MiB once a round, in turn. The first must be the bare socket's.
///
/// # Errors
/// When a run fails.
pub fn measure(jobs: &[Job], mebibytes: u64, rounds: usize) -> Result<Vec<Throughput>> {
    let seen = interleaved(jobs, mebibytes, rounds)?;
    let rate = |own: &[Usage], nanos: fn(&Usage) -> u64| rate(own, &seen[0], mebibytes, nanos);
    Ok(jobs
        .iter()
        .zip(&seen)
        .map(|(job, own)| Throughput {
            client: job.client.name(),
            cpu: rate(own, |usage| usage.cpu_nanos),
            wall: rate(own, |usage| usage.wall_nanos),
        })
        .collect())
}

fn rate(own: &[Usage], raw: &[Usage], mebibytes: u64, nanos: fn(&Usage) -> u64) -> Rate {
    let bytes = mebibytes as f64 * MEBIBYTE as f64;
    let rates = |usages: &[Usage]| usages.iter().map(|usage| bytes * 1e9 / nanos(usage) as f64).collect();
    let (own, raw): (Vec<f64>, Vec<f64>) = (rates(own), rates(raw));
    let ratio = median(own.iter().zip(&raw).map(|(own, raw)| own / raw).collect());
    Rate { bytes: median(own), ratio }
}

/// All of it as a table.
pub fn table(throughputs: &[Throughput]) -> String {
    let head = ["client", "MiB per CPU second", "raw = 1", "MiB per second", "raw = 1"];
    let rows: Vec<Vec<String>> = throughputs
        .iter()
        .map(|Throughput { client, cpu, wall }| {
            let cells = [cpu, wall]
                .map(|rate| [format!("{:.0}", rate.bytes / MEBIBYTE as f64), format!("{:.3}", rate.ratio)]);
            [from_ref(client), &cells.concat()].concat()
        })
        .collect();
    markdown(&head, &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_told_by_the_median_and_ratios_round_by_round() {
        let usages = |nanos: [u64; 3]| {
            nanos.map(|cpu_nanos| Usage {
                cpu_nanos,
                wall_nanos: 2 * cpu_nanos,
                allocations: 0,
                heap_bytes: 0,
            })
        };
        // The machine was slower in the second round, alike for both.
        let (raw, own) = (usages([1_000_000, 4_000_000, 1_000_000]), usages([2_000_000, 8_000_000, 500_000]));
        let mebibyte = MEBIBYTE as f64;
        let cpu = rate(&own, &raw, 1, |usage| usage.cpu_nanos);
        assert_eq!(cpu, Rate { bytes: 500.0 * mebibyte, ratio: 0.5 });
        let wall = rate(&own, &raw, 1, |usage| usage.wall_nanos);
        assert_eq!(wall, Rate { bytes: 250.0 * mebibyte, ratio: 0.5 });
    }

    #[test]
    fn the_table_has_a_line_for_each_client() {
        let rate = |ratio| Rate { bytes: 1_500.4 * MEBIBYTE as f64, ratio };
        let table = table(&[Throughput { client: "raw".into(), cpu: rate(1.0), wall: rate(0.98765) }]);
        assert_eq!(
            table.lines().last(),
            Some("| raw    |               1500 |   1.000 |           1500 |   0.988 |")
        );
    }
}
