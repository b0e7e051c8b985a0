//! User-space instructions, counted by callgrind. The same program on the same input gives the same count
//! to within what the system's scheduling does to it, on a busy machine too.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use clap::ValueEnum;

use crate::Result;
use crate::child::Job;

/// Where instructions are booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum By {
    /// The function that they were compiled into
    Function,
    /// The source file that they were compiled from
    File,
    /// The source line that they were compiled from
    Line,
}

/// Whether valgrind is here.
pub fn is_available() -> bool {
    runs("valgrind")
}

/// Whether a program is here and runs.
pub(crate) fn runs(program: &str) -> bool {
    let run = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    run.is_ok_and(|status| status.success())
}

/// Instructions per unit: the slope between two runs.
///
/// # Errors
/// When a run fails.
pub fn per_unit(job: &Job) -> Result<f64> {
    Ok(spots(job, By::File)?.iter().map(|(_, count)| count).sum())
}

/// Instructions per unit, place by place, the hottest first.
///
/// # Errors
/// When a run fails.
pub fn spots(job: &Job, by: By) -> Result<Vec<(String, f64)>> {
    let (low, high) = job.scenario.units().slope;
    let fewer = profile(job, low, by)?;
    let more = profile(job, high, by)?;
    let mut spots: Vec<(String, f64)> = more
        .into_iter()
        .map(|(place, count)| {
            let before = fewer.get(&place).copied().unwrap_or(0);
            (place, (count as f64 - before as f64) / (high - low) as f64)
        })
        .filter(|(_, count)| *count != 0.0)
        .collect();
    spots.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Ok(spots)
}

/// Has the C library copy memory by vectors. Its other way, one instruction that repeats, would be counted
/// once for each byte, and a copy would seem to cost thirty times what it does.
const COPY_BY_VECTORS: (&str, &str) = ("GLIBC_TUNABLES", "glibc.cpu.hwcaps=-ERMS");

fn profile(job: &Job, units: u64, by: By) -> Result<HashMap<String, u64>> {
    let file = OutFile(job.program.with_file_name(format!("bench-callgrind-{}", std::process::id())));
    let option = format!("--callgrind-out-file={}", file.0.display());
    let wrapper =
        ["valgrind", "--tool=callgrind", "--compress-strings=no", "--compress-pos=no", option.as_str()];
    let output = job.command(&wrapper, units)?.env(COPY_BY_VECTORS.0, COPY_BY_VECTORS.1).output()?;
    if !output.status.success() {
        return Err(format!("valgrind: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(booked(&fs::read_to_string(&file.0)?, by))
}

/// Gone when it was read.
struct OutFile(PathBuf);

impl Drop for OutFile {
    fn drop(&mut self) {
        fs::remove_file(&self.0).ok();
    }
}

/// Sums up callgrind's output: lines `fl=`, `fi=`, `fe=` and `fn=` say where the lines `LINE COUNT` after
/// them belong. The line after `calls=` repeats what the callee cost, which is booked there.
fn booked(text: &str, by: By) -> HashMap<String, u64> {
    let mut counts = HashMap::new();
    let (mut file, mut function) = ("", "");
    let mut callee = false;
    for line in text.lines() {
        if let Some((key, name)) = line.split_once('=') {
            match key {
                "fl" | "fi" | "fe" => file = name,
                "fn" => function = name,
                "calls" => callee = true,
                _ => {}
            }
            continue;
        }
        let Some((source_line, count)) = line.split_once(' ') else { continue };
        let (Ok(source_line), Ok(count)) = (source_line.parse::<u64>(), count.trim().parse::<u64>()) else {
            continue;
        };
        if std::mem::take(&mut callee) {
            continue;
        }
        let place = match by {
            By::Function => function.to_owned(),
            By::File => short(file).to_owned(),
            By::Line => format!("{}:{source_line}", short(file)),
        };
        *counts.entry(place).or_insert(0) += count;
    }
    counts
}

/// The end of a path, which is what tells files apart.
fn short(path: &str) -> &str {
    path.rmatch_indices('/').nth(3).map_or(path, |(at, _)| &path[at + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "\
version: 1
events: Ir

fl=/a/b/c/d/e.rs
fn=one
10 5
11 7
cfn=two
calls=3 20
11 300
fi=/x/y.rs
4 2
fe=/a/b/c/d/e.rs
12 1

fn=two
20 300

totals: 315
";

    #[test]
    fn every_instruction_is_booked_once() {
        let by_function = booked(OUTPUT, By::Function);
        assert_eq!((by_function["one"], by_function["two"], by_function.len()), (15, 300, 2));
        let by_file = booked(OUTPUT, By::File);
        assert_eq!((by_file["b/c/d/e.rs"], by_file["/x/y.rs"]), (313, 2));
        assert_eq!(booked(OUTPUT, By::Line)["b/c/d/e.rs:11"], 7);
        for by in [By::Function, By::File, By::Line] {
            assert_eq!(booked(OUTPUT, by).values().sum::<u64>(), 315);
        }
    }
}
