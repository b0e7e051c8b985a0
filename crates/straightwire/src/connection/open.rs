//! Opening and closing, and telling who watches.

use std::time::Duration;

use super::config::Config;
use super::{HttpConnection, dial};
use crate::error::{Error, ErrorKind, Result};
use crate::proto::CloseReason;
use crate::tap::{Event, Tap, print_debug};
use crate::transport::{Readiness, Transport};

/// A connection is looked at before it carries another request, by one system call, unless it was seen to
/// have nothing more to read this short a time ago. What arrives within it can't be told from an answer
/// anyway.
const IDLE_LOOK: Duration = Duration::from_micros(100);

impl HttpConnection {
    /// Opens the connection anew.
    pub(super) fn open(&mut self) -> Result<()> {
        self.drop_stream(None);
        self.emit(|conn| Event::Connecting { host: &conn.host, port: conn.port });
        let stream = dial::dial(&self.config)?;
        if self.is_watched() {
            let (local, peer) = stream.addresses().unzip();
            self.emit(|_| Event::Connected { local, peer });
        }
        self.stream = Some(Box::new(stream));
        Ok(())
    }

    /// Closes what the exchange before left in doubt, if nobody has yet: it could not be sent whole, or its
    /// response was leaked.
    pub(super) fn settle(&mut self) {
        if self.stream.is_none() || !self.exchange.may_begin() {
            return;
        }
        if self.exchange.is_under_way() {
            self.close_for(Some(CloseReason::RequestUnfinished));
        } else if let Some(reason) = self.exchange.close_reason() {
            self.close_for(Some(reason));
        } else if !self.input.is_empty() {
            self.close_for(Some(CloseReason::Unsolicited));
        }
    }

    /// Open, and fit for a request that has not begun on it.
    pub(super) fn ensure_connected(&mut self) -> Result<()> {
        let quiet = self.quiet_since.take().is_some_and(|since| since.elapsed() < IDLE_LOOK);
        if let Some(stream) = self.stream.as_mut().filter(|_| !quiet) {
            match stream.readiness() {
                Readiness::Quiet => {}
                Readiness::Data => self.drop_stream(Some(CloseReason::Unsolicited)),
                Readiness::Ended => self.drop_stream(Some(CloseReason::PeerClosed)),
            }
        }
        if self.stream.is_some() {
            return Ok(());
        }
        if !self.config.auto_open {
            let message = format!("not connected to {}:{}", self.config.host, self.config.port);
            return Err(Error::new(ErrorKind::NotConnected, message));
        }
        self.open()
    }

    pub(super) fn close_for(&mut self, reason: Option<CloseReason>) {
        self.drop_stream(reason);
        self.exchange.reset();
    }

    pub(super) fn drop_stream(&mut self, reason: Option<CloseReason>) {
        self.input.clear();
        self.ready = 0;
        self.late_error = None;
        self.quiet_since = None;
        if self.stream.take().is_some() {
            self.close_reason = reason;
            self.emit(|_| Event::Closed(reason));
        }
    }

    /// Closes because of `err`, which it gives back.
    #[cold]
    pub(super) fn fail(&mut self, err: Error) -> Error {
        self.close_for(Some(CloseReason::Failed));
        err
    }

    /// Whether anybody wants to know what happens.
    pub(super) fn is_watched(&self) -> bool {
        self.tap.is_some() || self.config.debug_level > 0
    }

    pub(super) fn emit<'a>(&'a mut self, event: impl FnOnce(&'a Config) -> Event<'a>) {
        if self.is_watched() {
            let event = event(&self.config);
            tell(&mut self.tap, self.config.debug_level, event);
        }
    }
}

#[cold]
pub(super) fn tell(tap: &mut Option<Box<dyn Tap>>, debug_level: u32, event: Event<'_>) {
    if debug_level > 0 {
        print_debug(event);
    }
    if let Some(tap) = tap {
        tap.event(event);
    }
}
