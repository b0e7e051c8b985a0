//! How far a connection has come.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::wire::Passed;

/// How far a connection has come, told by what passed: tells an error at a proxy from one behind it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress(Arc<[AtomicBool; 2]>);

impl Progress {
    pub(crate) fn take(&self, passed: Passed<'_>) {
        match passed {
            Passed::Connected { .. } => self.0[0].store(true, Ordering::Relaxed),
            Passed::Secured(_) => self.0[1].store(true, Ordering::Relaxed),
            _ => {}
        }
    }

    /// Whether there was a stream to somebody.
    pub(crate) fn is_connected(&self) -> bool {
        self.0[0].load(Ordering::Relaxed)
    }

    /// Whether TLS was agreed on with somebody.
    pub(crate) fn is_secured(&self) -> bool {
        self.0[1].load(Ordering::Relaxed)
    }
}
