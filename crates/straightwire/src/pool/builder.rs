//! What a pool is told before it is built.

use std::fmt;
use std::time::Duration;

use super::{Origin, Pool, PoolError, Scheme};
#[cfg(feature = "tls")]
use crate::HttpsConnection;
use crate::{Error, HttpConnection};

/// Builds a [`Pool`] with other than the usual settings.
///
/// ```
/// use std::time::Duration;
/// use straightwire::{HttpConnection, HttpsConnection, Pool, Repeat, Scheme};
///
/// let pool = Pool::builder()
///     .per_host(4)
///     .wait(Duration::from_secs(5))
///     .connect(|origin| match origin.scheme {
///         Scheme::Http => HttpConnection::builder(origin.host)
///             .port(origin.port)
///             .timeout(Duration::from_secs(10))
///             .repeat(Repeat::Idempotent)
///             .build(),
///         Scheme::Https => HttpsConnection::with_port(origin.host, origin.port).map(Into::into),
///     })
///     .build();
/// assert_eq!(pool.idle(), 0);
/// ```
#[must_use = "call build()"]
pub struct PoolBuilder {
    pub(super) per_host: usize,
    pub(super) max_idle: usize,
    pub(super) idle_timeout: Option<Duration>,
    pub(super) wait: Option<Duration>,
    pub(super) connect: Box<Connect>,
}

pub(super) type Connect = dyn Fn(Origin<'_>) -> Result<HttpConnection, PoolError> + Send + Sync;

impl PoolBuilder {
    pub(super) fn new() -> PoolBuilder {
        PoolBuilder {
            per_host: 8,
            max_idle: 64,
            idle_timeout: Some(Duration::from_secs(60)),
            wait: None,
            connect: Box::new(plain_or_tls),
        }
    }

    /// How many connections there may be to one server, in use or idle; 8 unless told, and at least 1.
    pub fn per_host(mut self, connections: usize) -> Self {
        self.per_host = connections.max(1);
        self
    }

    /// How many idle connections are kept in all; 64 unless told. Beyond it the oldest is closed.
    pub fn max_idle(mut self, connections: usize) -> Self {
        self.max_idle = connections;
        self
    }

    /// For how long a connection may be idle and be used again; a minute unless told, `None` for ever. Best
    /// less than what servers have for it, which is often 5 to 75 seconds.
    pub fn idle_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.idle_timeout = timeout.into();
        self
    }

    /// How long to wait where all connections to a server are in use; for ever unless told.
    pub fn wait(mut self, at_most: impl Into<Option<Duration>>) -> Self {
        self.wait = at_most.into();
        self
    }

    /// How connections are made; with the usual settings unless told, over TLS for `https`. Several threads
    /// may be at it at once. Its connections need not be open yet, and can go by whatever way.
    pub fn connect<C: Into<HttpConnection>>(
        mut self,
        connect: impl Fn(Origin<'_>) -> Result<C, Error> + Send + Sync + 'static,
    ) -> Self {
        self.connect = Box::new(move |origin| Ok(connect(origin)?.into()));
        self
    }

    /// The pool, without connections yet.
    pub fn build(self) -> Pool {
        Pool::with(self)
    }
}

fn plain_or_tls(origin: Origin<'_>) -> Result<HttpConnection, PoolError> {
    match origin.scheme {
        Scheme::Http => Ok(HttpConnection::with_port(origin.host, origin.port)?),
        #[cfg(feature = "tls")]
        Scheme::Https => Ok(HttpsConnection::with_port(origin.host, origin.port)?.into()),
        #[cfg(not(feature = "tls"))]
        Scheme::Https => Err(PoolError::BadUrl(format!("https://{}: takes the feature tls", origin.host))),
    }
}

impl fmt::Debug for PoolBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolBuilder").field("per_host", &self.per_host).finish_non_exhaustive()
    }
}
