//! HTTP over TLS, as `http.client.HTTPSConnection` has it.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::config::ConnectionBuilder;
use super::{HttpConnection, own_lines};
use crate::error::Result;
use crate::status::HTTPS_PORT;
use crate::tls::Tls;

/// One connection to one server, over TLS: an [`HttpConnection`], whose calls are all here too.
///
/// The server has to prove that it is the host (or the far end of the [tunnel](HttpConnection::set_tunnel)),
/// by a certificate that one of the platform's roots vouches for. [`Tls`] has it otherwise.
///
/// ```no_run
/// use straightwire::HttpsConnection;
///
/// let mut conn = HttpsConnection::new("www.python.org")?;
/// conn.request("GET", "/", (), &[])?;
/// let response = conn.get_response()?;
/// println!("{} {}", response.status(), response.reason());
/// # Ok::<(), straightwire::Error>(())
/// ```
#[doc(alias = "HTTPSConnection")]
pub struct HttpsConnection(HttpConnection);

impl HttpsConnection {
    /// A connection to `host`, `host:port`, `[v6]` or `[v6]:port`; port 443 where none is named. It is
    /// opened by the first request.
    ///
    /// # Errors
    /// `InvalidUrl` for what can't be a host or a port.
    pub fn new(host: &str) -> Result<HttpsConnection> {
        HttpsConnection::builder(host).build()
    }

    /// The same with the port apart: `host` is then taken as it is.
    ///
    /// # Errors
    /// `InvalidUrl` for what can't be a host.
    pub fn with_port(host: &str, port: u16) -> Result<HttpsConnection> {
        HttpsConnection::builder(host).port(port).build()
    }

    /// Begins a connection with other than the usual settings.
    pub fn builder(host: &str) -> ConnectionBuilder<HttpsConnection> {
        ConnectionBuilder::new(host, HTTPS_PORT)
    }

    /// The connection, for where plain ones and these are kept together.
    pub fn into_inner(self) -> HttpConnection {
        self.0
    }
}

impl From<HttpConnection> for HttpsConnection {
    /// Has the connection speak TLS from the next time it is opened, with the usual settings if it had none.
    /// The port stays.
    fn from(mut conn: HttpConnection) -> HttpsConnection {
        conn.config.tls.get_or_insert_with(|| Arc::new(Tls::default()));
        conn.config.default_port = HTTPS_PORT;
        conn.own_lines = own_lines(&conn.config);
        HttpsConnection(conn)
    }
}

impl From<HttpsConnection> for HttpConnection {
    fn from(conn: HttpsConnection) -> HttpConnection {
        conn.0
    }
}

impl Deref for HttpsConnection {
    type Target = HttpConnection;

    fn deref(&self) -> &HttpConnection {
        &self.0
    }
}

impl DerefMut for HttpsConnection {
    fn deref_mut(&mut self) -> &mut HttpConnection {
        &mut self.0
    }
}

impl fmt::Debug for HttpsConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HttpsConnection").field(&self.0).finish()
    }
}

impl<C: From<HttpConnection>> ConnectionBuilder<C> {
    /// Speaks TLS to the host, which is then a proxy: the [tunnel](Self::tunnel) begins inside.
    pub fn tls_to_proxy(mut self, tls: Tls) -> Self {
        self.config().proxy_tls = Some(Arc::new(tls));
        self
    }
}

impl ConnectionBuilder<HttpsConnection> {
    /// How TLS is spoken to the server.
    #[doc(alias = "context")]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.config().tls = Some(Arc::new(tls));
        self
    }

    /// Who the server has to prove it is, and is told we look for (SNI), where that is not the host that is
    /// dialled; a name or an IP address.
    #[doc(alias = "server_hostname")]
    pub fn server_name(mut self, name: &str) -> Self {
        self.config().server_name = Some(name.to_owned());
        self
    }
}
