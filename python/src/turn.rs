//! Letting the interpreter go for a system call, and taking it again.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use pyo3::prelude::*;

/// Some thread has come back from `away` a moment ago, and not gone there again: it is likely to have the interpreter,
/// and to give it away in a moment. A hint, no more: whoever was wrong about it has waited in vain for `LIMIT`.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// What it costs to fall asleep and be woken on another processor; most threads are away again long before.
const LIMIT: Duration = Duration::from_micros(30);

/// How often to look between two looks at the clock.
const LOOKS: usize = 8;

/// Does `work` without the interpreter.
///
/// Threads that come back to find it taken fall asleep, each is woken when it is free, and finds it taken again by one
/// that was awake: with eight of them, that takes longer than all else in an exchange. So they wait awake at first.
pub(crate) fn away<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> T {
    if cfg!(Py_GIL_DISABLED) {
        return py.detach(work);
    }
    py.detach(|| {
        TAKEN.store(false, Ordering::Relaxed);
        let done = work();
        if !take() {
            wait();
        }
        done
    })
}

fn take() -> bool {
    !TAKEN.load(Ordering::Relaxed) && !TAKEN.swap(true, Ordering::Relaxed)
}

#[cold]
fn wait() {
    let start = Instant::now();
    while start.elapsed() < LIMIT {
        for _ in 0..LOOKS {
            spin_loop();
            if take() {
                return;
            }
        }
    }
    // Whoever that was does something else: nobody else need wait for it.
    TAKEN.store(false, Ordering::Relaxed);
}
