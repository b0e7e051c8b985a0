//! `--timing`: where the time went, drawn.

use std::io::Write;
use std::time::Duration;

use anstyle::Style;
use straightwire::Timings;

use crate::wire::{ANSWERED, ASKED};

/// Columns of the picture: with names and times before it, it fits a terminal of 80.
const WIDTH: usize = 50;

/// A line for each phase, with a bar that begins where the one before it ends; then the sums. Nothing can be
/// done about an error, so none is told.
pub(crate) fn show(timings: &Timings, out: &mut impl Write) {
    let total = timings.total();
    let mut begins = Duration::ZERO;
    for (phase, time) in timings.phases() {
        let ends = begins + time;
        let (from, to) = bar(begins, ends, total);
        let style = style(phase);
        let (before, line) = (" ".repeat(from), "\u{2501}".repeat(to - from));
        let _ = writeln!(out, "{phase:<7} {:>10.3} ms  {before}{style}{line}{style:#}", millis(time));
        begins = ends;
    }
    let (sent, received) = (timings.sent, timings.received);
    let _ =
        writeln!(out, "{:<7} {:>10.3} ms  {sent} bytes sent, {received} received", "total", millis(total));
}

/// The columns of a phase: as near as can be to where it belongs, and at least one.
fn bar(begins: Duration, ends: Duration, total: Duration) -> (usize, usize) {
    let column = |time: Duration| {
        let share = time.as_secs_f64() / total.as_secs_f64().max(f64::MIN_POSITIVE);
        (share * WIDTH as f64).round() as usize
    };
    let from = column(begins).min(WIDTH - 1);
    (from, column(ends).clamp(from + 1, WIDTH))
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn style(phase: &str) -> Style {
    match phase {
        "send" => ASKED,
        "wait" | "receive" => ANSWERED,
        _ => Style::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_where_they_belong_and_can_be_seen() {
        let bar = |begins, ends, total| {
            bar(Duration::from_micros(begins), Duration::from_micros(ends), Duration::from_micros(total))
        };
        assert_eq!(bar(0, 50, 100), (0, 25));
        assert_eq!(bar(50, 100, 100), (25, 50));
        assert_eq!(bar(0, 1, 1_000_000), (0, 1));
        assert_eq!(bar(999_999, 1_000_000, 1_000_000), (49, 50));
        assert_eq!(bar(1_000_000, 1_000_000, 1_000_000), (49, 50));
        assert_eq!(bar(0, 0, 0), (0, 1));
    }
}
