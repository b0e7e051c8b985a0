//! All who watch one connection.

use crate::error::Phase;
use crate::tap::{Event, Tap};
use crate::timings::{Stopwatch, Timings};
use crate::turns::Turns;

/// The stopwatches and the taps, in the order in which they are told.
#[derive(Default)]
pub(crate) struct Watchers {
    /// What is being done.
    phase: Option<Phase>,
    stopwatches: Option<Turns<Stopwatch>>,
    /// Which request of a pipeline it is about.
    turn: usize,
    taps: Vec<Box<dyn Tap>>,
    /// How many of the taps, the first ones, are those of every connection.
    of_all: usize,
}

impl Watchers {
    /// Those who watch every connection: the logs that this crate was built for.
    pub(crate) fn of_all() -> Watchers {
        #[allow(unused_mut, reason = "without these features nobody watches all")]
        let mut all = Watchers::default();
        #[cfg(feature = "log")]
        all.add(crate::logging::LogTap::default());
        #[cfg(feature = "tracing")]
        all.add(crate::logging::TracingTap::default());
        all.of_all = all.taps.len();
        all
    }

    /// Whether anybody looks at the bytes themselves. The logs don't.
    pub(crate) fn see_bytes(&self) -> bool {
        self.taps.len() > self.of_all
    }

    pub(crate) fn add(&mut self, tap: impl Tap + 'static) {
        self.taps.push(Box::new(tap));
    }

    pub(crate) fn keep_time(&mut self, on: bool) {
        self.stopwatches = on.then(|| Turns::new(Stopwatch::default()));
    }

    /// `None` where there is nobody, so that one test tells whether anybody has to be told.
    pub(crate) fn any(self) -> Option<Box<Watchers>> {
        (self.stopwatches.is_some() || !self.taps.is_empty()).then(|| Box::new(self))
    }

    pub(crate) fn timings(&self) -> Option<Timings> {
        self.stopwatches.as_ref()?.now.timings()
    }

    /// Tells everybody, unless it is nothing new: a phase that has begun already, a second end of one
    /// response, the turn of whose turn it is.
    pub(crate) fn event(&mut self, event: Event<'_>) {
        let turn = match event {
            Event::Turn(turn) if self.turn == turn => return,
            Event::Turn(turn) => turn,
            Event::Request(head) => head.index(),
            _ => self.turn,
        };
        if turn != self.turn {
            (self.turn, self.phase) = (turn, None);
        }
        match event {
            Event::Phase(phase) if self.phase == Some(phase) => return,
            Event::Phase(phase) => self.phase = Some(phase),
            Event::Done if self.phase.is_none() => return,
            Event::Opened | Event::Done | Event::Failed(_) | Event::Repeating { .. } | Event::Closed(_) => {
                self.phase = None;
            }
            _ => {}
        }
        if let Some(stopwatches) = &mut self.stopwatches {
            stopwatches.event(event);
        }
        for tap in &mut self.taps {
            tap.event(event);
        }
    }
}

/// Tells who watches, if anybody does.
#[cold]
pub(crate) fn told(watchers: &mut Option<Box<Watchers>>, event: Event<'_>) {
    if let Some(watchers) = watchers {
        watchers.event(event);
    }
}
