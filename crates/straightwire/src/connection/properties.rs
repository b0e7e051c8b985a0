//! What can be asked of a connection, and changed while it lives.

use std::net::SocketAddr;
use std::time::Duration;

use super::HttpConnection;
use super::config::check_time;
use super::open::from_now;
use crate::Canceller;
use crate::error::Result;
use crate::proto::{CloseReason, ConnectionState};
use crate::tls::TlsSession;

impl HttpConnection {
    /// The host's name or address, without brackets.
    pub fn host(&self) -> &str {
        &self.config.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.config.port
    }

    /// The timeout: see [`ConnectionBuilder::timeout`](crate::ConnectionBuilder::timeout).
    pub fn timeout(&self) -> Option<Duration> {
        self.config.timeout
    }

    /// Changes the timeout, of an open connection too.
    ///
    /// # Errors
    /// `InvalidSetting` for a timeout of zero; `Io` if the system refuses it.
    pub fn set_timeout(&mut self, timeout: impl Into<Option<Duration>>) -> Result<()> {
        let timeout = timeout.into();
        check_time(timeout)?;
        self.config.timeout = timeout;
        self.set_timeouts()
    }

    /// Changes the [deadline](crate::ConnectionBuilder::deadline) of exchanges; one that is under way has as
    /// long from now on.
    ///
    /// # Errors
    /// `InvalidSetting` for a deadline of zero; `Io` if the system refuses it.
    pub fn set_deadline(&mut self, deadline: impl Into<Option<Duration>>) -> Result<()> {
        let deadline = deadline.into();
        check_time(deadline)?;
        self.config.deadline = deadline;
        self.until = deadline.and_then(from_now);
        self.set_timeouts()
    }

    /// Changes who may stop the connection's calls from another thread.
    pub fn set_canceller(&mut self, canceller: Option<&Canceller>) {
        if let (Some(before), Some(interrupter)) = (&self.config.canceller, self.interrupter.take()) {
            before.forget(&interrupter);
        }
        if let (Some(canceller), Some(stream)) = (canceller, &self.stream) {
            self.interrupter = canceller.watch(&**stream);
        }
        self.config.canceller = canceller.cloned();
    }

    /// The local address to connect from, where one was given.
    pub fn source_address(&self) -> Option<SocketAddr> {
        self.config.source_address
    }

    /// How many bytes of a reader are sent at a time.
    pub fn blocksize(&self) -> usize {
        self.config.blocksize
    }

    /// Where the connection stands between requests.
    pub fn state(&self) -> ConnectionState {
        self.exchange.state()
    }

    /// Whether the connection is open, as far as is known without asking.
    pub fn is_connected(&self) -> bool {
        self.stream.is_some()
    }

    /// Why the connection was last closed, where it was not by [`close`](Self::close).
    pub fn close_reason(&self) -> Option<CloseReason> {
        self.close_reason
    }

    /// Our end and the other end of the open connection.
    pub fn addresses(&self) -> Option<(SocketAddr, SocketAddr)> {
        self.stream.as_ref()?.addresses()
    }

    /// What TLS has agreed on with the server, while the connection is open.
    pub fn tls_session(&self) -> Option<&TlsSession> {
        self.stream.as_ref()?.tls_session()
    }

    /// The file descriptor of the open connection.
    #[cfg(unix)]
    #[doc(alias = "fileno")]
    pub fn fd(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        self.stream.as_ref()?.fd()
    }
}
