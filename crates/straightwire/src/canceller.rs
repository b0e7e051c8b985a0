//! Stopping a call from another thread.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::transport::{Interrupt, Transport};

/// Stops what connections are doing, from any thread.
///
/// Connections that hold it end whatever call is under way, with
/// [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled), and refuse later ones. Cancelling can't be taken
/// back: for a new start give the connection a new canceller.
///
/// ```
/// use straightwire::{Canceller, ErrorKind, HttpConnection};
/// # let origin = origin::Origin::start()?;
/// # let address = origin.host_port();
///
/// let stop = Canceller::new();
/// let mut conn = HttpConnection::builder(&address).canceller(&stop).build()?;
/// let waiter = std::thread::spawn(move || {
///     conn.request("GET", "/drip?bytes=1&delay_ms=30000", (), &[])?;
///     conn.get_response()?.read_all()
/// });
/// stop.cancel();
/// assert_eq!(waiter.join().unwrap().unwrap_err().kind(), ErrorKind::Cancelled);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct Canceller(Arc<Shared>);

#[derive(Default)]
struct Shared {
    cancelled: AtomicBool,
    /// What may have to be woken.
    streams: Mutex<Vec<Weak<dyn Interrupt>>>,
}

impl Canceller {
    /// One that has not been used.
    pub fn new() -> Canceller {
        Canceller::default()
    }

    /// Stops the connections that hold this, or a clone of it.
    pub fn cancel(&self) {
        let streams = self.streams();
        self.0.cancelled.store(true, Ordering::SeqCst);
        for stream in streams.iter().filter_map(Weak::upgrade) {
            stream.interrupt();
        }
    }

    /// Whether [`cancel`](Self::cancel) was called.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::SeqCst)
    }

    /// Has this stream woken too, as long as what this gives is kept.
    pub(crate) fn watch(&self, stream: &dyn Transport) -> Option<Arc<dyn Interrupt>> {
        let interrupter = stream.interrupter()?;
        let mut streams = self.streams();
        if self.is_cancelled() {
            interrupter.interrupt();
        }
        streams.retain(|stream| stream.strong_count() > 0);
        streams.push(Arc::downgrade(&interrupter));
        Some(interrupter)
    }

    /// Leaves this stream alone from now on.
    pub(crate) fn forget(&self, interrupter: &Arc<dyn Interrupt>) {
        let gone = Arc::downgrade(interrupter);
        self.streams().retain(|stream| !stream.ptr_eq(&gone));
    }

    fn streams(&self) -> MutexGuard<'_, Vec<Weak<dyn Interrupt>>> {
        self.0.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Canceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Canceller").field(&self.is_cancelled()).finish()
    }
}
