//! One connection, for a while.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::{Pool, Server};
use crate::HttpConnection;

/// A connection on loan from a [`Pool`]; dropping it gives it back.
///
/// It is kept if it [can be used again](HttpConnection::is_reusable) and closed otherwise, as with a request
/// under way. Settings that were changed on it stay changed.
pub struct Lease {
    /// There until the lease ends.
    conn: Option<HttpConnection>,
    server: Arc<Server>,
    pool: Pool,
}

impl Lease {
    /// A counted one, whose connection is yet to be found.
    pub(super) fn new(server: Arc<Server>, pool: &Pool) -> Lease {
        Lease { conn: None, server, pool: pool.clone() }
    }

    pub(super) fn with(mut self, conn: HttpConnection) -> Lease {
        self.conn = Some(conn);
        self
    }

    pub(super) fn server(&self) -> &Arc<Server> {
        &self.server
    }

    /// The connection for good, such as one that will speak another protocol. The pool counts it no more.
    pub fn into_connection(mut self) -> HttpConnection {
        self.conn.take().expect(LEASED)
    }
}

const LEASED: &str = "a lease has its connection until it ends";

impl Deref for Lease {
    type Target = HttpConnection;

    fn deref(&self) -> &HttpConnection {
        self.conn.as_ref().expect(LEASED)
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut HttpConnection {
        self.conn.as_mut().expect(LEASED)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.pool.give_back(&self.server, self.conn.take());
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lease").field(&self.conn).finish()
    }
}
