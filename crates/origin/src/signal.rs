//! A word from a test to a script.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use crate::sync::{lock, wait_until};

/// Something that has happened, told by the test to a script that [waits for it](crate::Script::wait_for).
/// Clones are the same signal; once given it stays given.
///
/// ```
/// use std::io::Read;
/// use origin::{Script, Scripted, Signal};
///
/// let signal = Signal::new();
/// let server = Scripted::start(vec![Script::new().wait_for(&signal).send("told")])?;
/// let mut stream = std::net::TcpStream::connect(server.addr())?;
/// signal.give();
/// let mut told = String::new();
/// stream.read_to_string(&mut told)?;
/// assert_eq!(told, "told");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Signal(Arc<(Mutex<bool>, Condvar)>);

impl Signal {
    /// One that has not been given.
    pub fn new() -> Signal {
        Signal::default()
    }

    /// Gives it.
    pub fn give(&self) {
        *lock(&self.0.0) = true;
        self.0.1.notify_all();
    }

    /// Whether it is given, after waiting for it for so long at most.
    pub(crate) fn is_given_within(&self, limit: Duration) -> bool {
        *wait_until(&self.0.0, &self.0.1, limit, |given| *given)
    }
}
