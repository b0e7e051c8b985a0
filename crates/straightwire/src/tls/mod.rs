//! TLS: what is asked of it, and what came of it.

#[cfg(feature = "tls")]
mod ends;
#[cfg(feature = "tls")]
mod engine;
mod session;
#[cfg(feature = "tls")]
mod settings;
#[cfg(feature = "tls")]
mod stream;
#[cfg(feature = "tls")]
mod verify;

pub use session::{TlsSession, TlsVersion};
#[cfg(feature = "tls")]
pub use settings::{Tls, TlsBuilder};

use crate::error::Result;
use crate::transport::Transport;

/// Makes a stream secure.
pub(crate) trait Secure: Send + Sync {
    /// Agrees with the peer, who has to prove it is `server_name`.
    fn secure(&self, stream: Box<dyn Transport>, server_name: &str) -> Result<Box<dyn Transport>>;
}
