//! Connections that threads share.
//!
//! This is built on the public interface of the crate alone, as anybody's own pool would be: a test compiles
//! this file as a stranger to it.

mod builder;
mod lease;
mod origin;

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{error, fmt};

pub use builder::PoolBuilder;
pub use lease::Lease;
use origin::without_credentials;
pub use origin::{Origin, Scheme};

use crate::{Error, HttpConnection};

/// Connections kept for whoever needs one next, on whatever thread.
///
/// A [`Lease`] is an [`HttpConnection`] that comes back when it is dropped, if another request can go out on
/// it. No more than [`per_host`](PoolBuilder::per_host) connections to a server are open at a time; who
/// wants one beyond that waits. The one used last is handed out first, once it was
/// [looked at](HttpConnection::is_reusable), so that those that are not needed grow old and are closed.
///
/// Clones are the same pool. Nothing happens in the background: what has been idle for too long is closed by
/// the next [`get`](Self::get) for its server, or by [`prune`](Self::prune).
///
/// ```
/// use std::thread;
/// use straightwire::Pool;
/// # let origin = origin::Origin::start()?;
/// # let url = origin.url("");
///
/// let pool = Pool::new();
/// thread::scope(|scope| {
///     let get = || -> Result<u16, Box<dyn std::error::Error + Send + Sync>> {
///         let mut conn = pool.get(&url)?;                     // such as "https://api.example:8443"
///         conn.request("GET", "/index.html", (), &[])?;
///         Ok(conn.get_response()?.status())
///     };
///     let threads: Vec<_> = (0..4).map(|_| scope.spawn(get)).collect();
///     assert!(threads.into_iter().all(|thread| thread.join().unwrap().unwrap() == 200));
/// });
/// assert!((1..=4).contains(&pool.idle()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Pool(Arc<Inner>);

struct Inner {
    settings: PoolBuilder,
    state: Mutex<State>,
}

/// Where the connections are. Nothing that waits, or calls anybody, is done under its lock; so connections
/// are neither opened nor looked at nor dropped there.
#[derive(Default)]
struct State {
    /// The servers that connections are leased or kept for, which are no more than those.
    places: Vec<Place>,
    idle: usize,
    leased: usize,
}

/// One server's connections.
struct Place {
    server: Arc<Server>,
    leased: usize,
    waiting: usize,
    /// The one used last at the end.
    idle: Vec<Idle>,
}

struct Server {
    scheme: Scheme,
    host: String,
    port: u16,
    /// One lease less, and somebody waits for that.
    returned: Condvar,
}

struct Idle {
    conn: HttpConnection,
    since: Instant,
}

impl Pool {
    /// One with the usual settings: see [`PoolBuilder`].
    pub fn new() -> Pool {
        Pool::builder().build()
    }

    /// Begins one with others.
    pub fn builder() -> PoolBuilder {
        PoolBuilder::new()
    }

    fn with(settings: PoolBuilder) -> Pool {
        Pool(Arc::new(Inner { settings, state: Mutex::default() }))
    }

    /// A connection to the server of this URL: `http` or `https`, host, and port unless it is the usual one;
    /// path and query are not looked at.
    ///
    /// It may be a new one, which its first request opens: that it can't be is told then.
    ///
    /// # Errors
    /// `BadUrl`; `Busy` when all are in use and stay so for [as long as was told](PoolBuilder::wait);
    /// `Connection` if there is no making one, as with a host that can't be one.
    pub fn get(&self, url: &str) -> Result<Lease, PoolError> {
        let Origin { scheme, host, port } =
            Origin::of(url).ok_or_else(|| PoolError::BadUrl(without_credentials(url)))?;
        self.connection(scheme, host, port)
    }

    /// The same by host and port.
    ///
    /// # Errors
    /// As for [`get`](Self::get).
    pub fn connection(&self, scheme: Scheme, host: &str, port: u16) -> Result<Lease, PoolError> {
        let origin = Origin { scheme, host, port };
        let server = self.enter(origin)?;
        // From here on, whatever happens, dropping it makes room for another.
        let place = Lease::new(server, self);
        while let Some(mut conn) = self.take_idle(place.server()) {
            if conn.is_reusable() {
                return Ok(place.with(conn));
            }
        }
        Ok(place.with((self.0.settings.connect)(origin)?))
    }

    /// Closes the connections that have been idle for too long.
    pub fn prune(&self) {
        let mut expired = Vec::new();
        let mut state = self.lock();
        for place in &mut state.places {
            self.take_expired(place, &mut expired);
        }
        state.idle -= expired.len();
        state.places.retain(|place| !place.is_empty());
        drop(state);
    }

    /// How many connections are kept for the next to come.
    pub fn idle(&self) -> usize {
        self.lock().idle
    }

    /// How many are on loan.
    pub fn leased(&self) -> usize {
        self.lock().leased
    }

    /// Counts one more lease for the server, waiting for another to end where there are as many as may be.
    fn enter(&self, origin: Origin<'_>) -> Result<Arc<Server>, PoolError> {
        let PoolBuilder { per_host: limit, wait, .. } = self.0.settings;
        let until = wait.and_then(|wait| Instant::now().checked_add(wait));
        let mut state = self.lock();
        loop {
            let place = state.place_for(origin);
            let server = Arc::clone(&place.server);
            if place.leased < limit {
                place.leased += 1;
                state.leased += 1;
                return Ok(server);
            }
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if let (Some(Duration::ZERO), Some(waited)) = (left, wait) {
                return Err(PoolError::Busy { limit, waited });
            }
            // While somebody waits the place stays.
            place.waiting += 1;
            state = match left {
                None => server.returned.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(left) => {
                    let woken = server.returned.wait_timeout(state, left);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
            };
            state.place_for(origin).waiting -= 1;
        }
    }

    /// The idle connection to the server that was used last.
    fn take_idle(&self, server: &Arc<Server>) -> Option<HttpConnection> {
        let mut expired = Vec::new();
        let mut state = self.lock();
        let place = state.place_of(server)?;
        self.take_expired(place, &mut expired);
        let last = place.idle.pop();
        state.idle -= expired.len() + usize::from(last.is_some());
        drop(state);
        Some(last?.conn)
    }

    /// A lease has ended.
    fn give_back(&self, server: &Arc<Server>, conn: Option<HttpConnection>) {
        let conn = conn.and_then(|mut conn| conn.is_reusable().then_some(conn));
        let mut state = self.lock();
        state.leased -= 1;
        let is_kept = conn.is_some();
        let Some(place) = state.place_of(server) else { return };
        place.leased -= 1;
        place.idle.extend(conn.map(|conn| Idle { conn, since: Instant::now() }));
        if place.waiting > 0 {
            server.returned.notify_one();
        }
        state.idle += usize::from(is_kept);
        let surplus = if state.idle > self.0.settings.max_idle { state.take_oldest() } else { None };
        state.places.retain(|place| !place.is_empty());
        drop(state);
        drop(surplus);
    }

    /// The oldest stand first.
    fn take_expired(&self, place: &mut Place, expired: &mut Vec<Idle>) {
        if let Some(timeout) = self.0.settings.idle_timeout {
            let count = place.idle.partition_point(|idle| idle.since.elapsed() >= timeout);
            expired.extend(place.idle.drain(..count));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn place_for(&mut self, origin: Origin<'_>) -> &mut Place {
        let found = self.places.iter().position(|place| place.server.is(origin));
        let at = found.unwrap_or_else(|| {
            let server = Server {
                scheme: origin.scheme,
                host: origin.host.to_owned(),
                port: origin.port,
                returned: Condvar::new(),
            };
            let place = Place { server: Arc::new(server), leased: 0, waiting: 0, idle: Vec::new() };
            self.places.push(place);
            self.places.len() - 1
        });
        &mut self.places[at]
    }

    fn place_of(&mut self, server: &Arc<Server>) -> Option<&mut Place> {
        self.places.iter_mut().find(|place| Arc::ptr_eq(&place.server, server))
    }

    fn take_oldest(&mut self) -> Option<Idle> {
        let places = self.places.iter_mut().filter(|place| !place.idle.is_empty());
        let oldest = places.min_by_key(|place| place.idle[0].since)?;
        self.idle -= 1;
        Some(oldest.idle.remove(0))
    }
}

impl Place {
    fn is_empty(&self) -> bool {
        self.leased == 0 && self.waiting == 0 && self.idle.is_empty()
    }
}

impl Server {
    fn is(&self, origin: Origin<'_>) -> bool {
        (self.scheme, self.port) == (origin.scheme, origin.port)
            && self.host.eq_ignore_ascii_case(origin.host)
    }
}

/// Why a [`Pool`] has no connection to give.
#[derive(Debug)]
#[non_exhaustive]
pub enum PoolError {
    /// All connections to the server stayed in use for as long as was to be waited.
    Busy {
        /// How many they are.
        limit: usize,
        /// How long was waited.
        waited: Duration,
    },
    /// No URL of a server: `http` or `https`, `://`, a host, and perhaps a port. What may be a user and a
    /// password is left out: those belong in a header of the request.
    BadUrl(String),
    /// There is no making a connection.
    Connection(Error),
}

impl From<Error> for PoolError {
    fn from(err: Error) -> PoolError {
        PoolError::Connection(err)
    }
}

impl fmt::Display for PoolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PoolError::Busy { limit, waited } => {
                write!(f, "all {limit} connections to the server stayed in use for {waited:?}")
            }
            PoolError::BadUrl(url) => write!(f, "no http or https URL of a server: {url:?}"),
            PoolError::Connection(err) => err.fmt(f),
        }
    }
}

impl error::Error for PoolError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            PoolError::Connection(err) => err.source(),
            _ => None,
        }
    }
}

impl Default for Pool {
    fn default() -> Pool {
        Pool::new()
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("idle", &self.idle()).field("leased", &self.leased()).finish()
    }
}
