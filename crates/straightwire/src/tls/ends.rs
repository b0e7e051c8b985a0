//! Ends that come too early, and what they are called.

use std::{fmt, io};

use crate::error::{Error, ErrorKind, Phase};

/// The stream ended without close_notify: whether all has come, nobody knows (RFC 8446 6.1, RFC 9112 9.8).
#[derive(Debug)]
pub(super) struct Truncated;

impl fmt::Display for Truncated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the TLS connection ended without close_notify")
    }
}

impl std::error::Error for Truncated {}

/// Whether the peer is no more, as far as an error of writing tells.
pub(super) fn has_gone(err: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected};
    matches!(err.kind(), BrokenPipe | ConnectionReset | ConnectionAborted | NotConnected)
}

pub(super) fn no_handshake(name: &str) -> Error {
    let message = format!("{name} closed the connection in the middle of the handshake");
    Error::new(ErrorKind::Tls, message).in_phase(Phase::Tls)
}
