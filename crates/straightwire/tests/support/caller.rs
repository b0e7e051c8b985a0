//! The thread that makes a call, as seen by one that is to end that call.

use std::thread;
use std::time::Duration;

/// How long one that sleeps has to sleep on.
const MOMENT: Duration = Duration::from_millis(5);

/// A thread that is about to wait for something.
pub(crate) struct Caller {
    #[cfg(target_os = "linux")]
    status: std::path::PathBuf,
}

#[cfg(target_os = "linux")]
impl Caller {
    pub(crate) fn this_thread() -> Caller {
        let thread = std::fs::read_link("/proc/thread-self").unwrap();
        Caller { status: std::path::Path::new("/proc").join(thread).join("status") }
    }

    /// Returns once it sleeps, by the account of the system, and has slept for a moment without waking: it
    /// isn't on its way any more, then, however slow that may be.
    pub(crate) fn wait_asleep(&self) {
        loop {
            let before = self.sleeping();
            thread::sleep(MOMENT);
            if before.is_some() && before == self.sleeping() {
                return;
            }
        }
    }

    /// How often it has gone to sleep, if it does sleep.
    fn sleeping(&self) -> Option<u64> {
        let status = std::fs::read_to_string(&self.status).unwrap();
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let sleeps = field("State").unwrap().trim().starts_with('S');
        sleeps.then(|| field("voluntary_ctxt_switches").unwrap().trim().parse().unwrap())
    }
}

/// Elsewhere there is nothing to ask.
#[cfg(not(target_os = "linux"))]
impl Caller {
    pub(crate) fn this_thread() -> Caller {
        Caller {}
    }

    pub(crate) fn wait_asleep(&self) {
        thread::sleep(MOMENT * 40);
    }
}
