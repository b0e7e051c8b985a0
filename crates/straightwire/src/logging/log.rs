//! To the `log` crate's logger.

use log::Level;

use super::{Detail, Sink, Story, TARGET};
use crate::tap::{Event, Tap};

/// Logs every event, as far as the logger wants to know.
#[derive(Default)]
pub(crate) struct LogTap(Story);

impl Tap for LogTap {
    fn event(&mut self, event: Event<'_>) {
        self.0.tell(event, &Logger);
    }
}

struct Logger;

impl Sink for Logger {
    fn wants(&self, detail: Detail) -> bool {
        log::log_enabled!(target: TARGET, level(detail))
    }

    fn line(&self, detail: Detail, line: &str) {
        log::log!(target: TARGET, level(detail), "{line}");
    }
}

fn level(detail: Detail) -> Level {
    match detail {
        Detail::Debug => Level::Debug,
        Detail::Trace => Level::Trace,
    }
}
