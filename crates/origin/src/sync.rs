//! What the threads of a server share: locks that outlive a panic, and the order to stop.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Locks. A thread that panicked leaves data that is still whole: every change here is a single step.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until `done` holds or `limit` has passed; the guard comes back either way.
pub(crate) fn wait_until<'m, T>(
    mutex: &'m Mutex<T>,
    changed: &Condvar,
    limit: Duration,
    mut done: impl FnMut(&T) -> bool,
) -> MutexGuard<'m, T> {
    let waited = changed.wait_timeout_while(lock(mutex), limit, |state| !done(state));
    waited.unwrap_or_else(PoisonError::into_inner).0
}

/// The order to stop, and the only way to sleep: a pause ends at once when the order comes.
#[derive(Default)]
pub(crate) struct Stop {
    asked: Mutex<bool>,
    told: Condvar,
}

impl Stop {
    pub(crate) fn ask(&self) {
        *lock(&self.asked) = true;
        self.told.notify_all();
    }

    pub(crate) fn asked(&self) -> bool {
        *lock(&self.asked)
    }

    /// Sleeps for `time`; true when told to stop.
    pub(crate) fn pause(&self, time: Duration) -> bool {
        *wait_until(&self.asked, &self.told, time, |asked| *asked)
    }
}

/// What is left until `deadline`, or `None` when it has passed. Socket timeouts take no zero.
pub(crate) fn left(deadline: Instant) -> Option<Duration> {
    deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
}
