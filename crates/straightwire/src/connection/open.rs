//! Opening and closing, and telling who watches.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::config::Config;
use super::{HttpConnection, dial};
use crate::error::{Error, ErrorKind, Phase, Result};
use crate::host::without_zone;
use crate::proto::CloseReason;
use crate::tap::{Event, RepeatReason, print_debug};
use crate::tls::Secure;
use crate::transport::socks::Destination;
use crate::transport::{Readiness, Transport};
use crate::watchers::{Watchers, told};

/// A connection is looked at before it carries another request, by one system call, unless it was seen to
/// have nothing more to read this short a time ago. What arrives within it can't be told from an answer
/// anyway.
const IDLE_LOOK: Duration = Duration::from_micros(100);

impl HttpConnection {
    /// Opens the connection anew.
    pub(super) fn open(&mut self) -> Result<()> {
        self.drop_stream(None);
        match self.make_way() {
            Ok(stream) => {
                self.stream = Some(stream);
                self.emit(|_| Event::Opened);
                self.note_new_connection();
                Ok(())
            }
            Err(err) => {
                self.interrupter = None;
                let err = self.or_cancelled(err);
                self.tell_failed(&err);
                Err(err)
            }
        }
    }

    /// The way to the server, layer by layer.
    fn make_way(&mut self) -> Result<Box<dyn Transport>> {
        self.check_cancelled()?;
        let until = self.opened_until();
        self.emit(|conn| Event::Connecting { host: &conn.host, port: conn.port });
        let mut stream = dial::dial(&mut self.config, &mut self.tap, until)?;
        if let Some(canceller) = &self.config.canceller {
            self.interrupter = canceller.watch(&*stream);
        }
        if self.is_watched() {
            let (local, peer) = stream.addresses().unzip();
            self.emit(|_| Event::Connected { local, peer });
        }
        let Config { socks, proxy_tls, tunnel, tls, timeout, .. } = &self.config;
        if socks.is_some() || proxy_tls.is_some() || tunnel.is_some() || tls.is_some() {
            set_timeouts(&mut *stream, *timeout, until)?;
        }
        if self.config.socks.is_some() {
            self.enter(Phase::Proxy);
        }
        if let Some(socks) = &self.config.socks {
            let Config { host, port, .. } = &self.config;
            let destination = match without_zone(host).parse() {
                Ok(ip) => Destination::Address(SocketAddr::new(ip, *port)),
                Err(_) if socks.resolve_locally => {
                    let found = dial::addresses(&self.config, &mut self.tap, host, *port, until)?[0];
                    told(&mut self.tap, Event::Phase(Phase::Proxy));
                    Destination::Address(found)
                }
                Err(_) => Destination::Name(host, *port),
            };
            socks.open(&mut *stream, &destination)?;
        }
        if let Some(tls) = self.config.proxy_tls.clone() {
            stream = self.secure(stream, &*tls, true)?;
        }
        if self.config.tunnel.is_some() {
            self.enter(Phase::Proxy);
        }
        stream = self.open_tunnel(stream, until)?;
        if let Some(tls) = self.config.tls.clone() {
            stream = self.secure(stream, &*tls, false)?;
        }
        set_timeouts(&mut *stream, self.config.timeout, self.until)?;
        Ok(stream)
    }

    fn secure(
        &mut self,
        stream: Box<dyn Transport>,
        tls: &dyn Secure,
        is_proxy: bool,
    ) -> Result<Box<dyn Transport>> {
        self.enter(Phase::Tls);
        let Config { host, server_name, .. } = &self.config;
        let name = match server_name {
            _ if is_proxy => host,
            Some(name) => name,
            None => self.config.origin().0,
        };
        let stream = tls.secure(stream, name)?;
        if let Some(session) = stream.tls_session().filter(|_| self.is_watched()) {
            tell(&mut self.tap, self.config.debug_level, Event::Secured(session));
        }
        Ok(stream)
    }

    /// When the connection must be open.
    fn opened_until(&self) -> Option<Instant> {
        let within = self.config.connect_timeout.or(self.config.timeout);
        let until = within.and_then(from_now);
        match (until, self.until) {
            (Some(until), Some(deadline)) => Some(until.min(deadline)),
            (until, deadline) => until.or(deadline),
        }
    }

    /// The time of the next exchange begins.
    pub(super) fn start_clock(&mut self) -> Result<()> {
        match self.config.deadline {
            None => Ok(()),
            Some(deadline) => {
                self.until = from_now(deadline);
                self.set_timeouts()
            }
        }
    }

    /// Has the open stream keep to the times that are set.
    #[cold]
    pub(super) fn set_timeouts(&mut self) -> Result<()> {
        match &mut self.stream {
            Some(stream) => set_timeouts(&mut **stream, self.config.timeout, self.until),
            None => Ok(()),
        }
    }

    pub(super) fn check_cancelled(&self) -> Result<()> {
        match &self.config.canceller {
            Some(canceller) if canceller.is_cancelled() => {
                Err(Error::new(ErrorKind::Cancelled, "the connection's canceller was used"))
            }
            _ => Ok(()),
        }
    }

    /// The error, unless cancelling is what is behind it.
    fn or_cancelled(&self, err: Error) -> Error {
        if err.kind() == ErrorKind::Cancelled || self.check_cancelled().is_ok() {
            return err;
        }
        let in_body = self.exchange.framing().is_some();
        let phase = err.phase().unwrap_or(if in_body { Phase::Body } else { Phase::Head });
        let message = format!("cancelled in the phase {phase:?}");
        Error::new(ErrorKind::Cancelled, message).in_phase(phase).with_received(err.into_partial())
    }

    /// Closes what the exchange before left in doubt, if nobody has yet: it could not be sent whole, or its
    /// response was leaked.
    pub(super) fn settle(&mut self) {
        if self.stream.is_none() || !self.exchange.may_begin() {
            return;
        }
        if self.answers_due {
            // Their pipeline was leaked.
            self.close_for(Some(CloseReason::ResponseUnfinished));
        } else if self.exchange.is_under_way() {
            self.close_for(Some(CloseReason::RequestUnfinished));
        } else if let Some(reason) = self.exchange.close_reason() {
            self.close_for(Some(reason));
        } else if !self.input.is_empty() {
            self.close_for(Some(CloseReason::Unsolicited));
        }
    }

    /// Open, and fit for a request that has not begun on it.
    #[inline(always)]
    pub(super) fn ensure_connected(&mut self) -> Result<()> {
        self.check_cancelled()?;
        let quiet = self.quiet_until.take().is_some_and(|until| Instant::now() < until);
        if quiet && self.stream.is_some() { Ok(()) } else { self.look_or_open() }
    }

    fn look_or_open(&mut self) -> Result<()> {
        if let Some(stream) = &mut self.stream {
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

    /// Whether the connection is open with nothing to be read, by a look where it takes one.
    pub(super) fn is_quiet(&mut self) -> bool {
        let Some(stream) = &mut self.stream else { return false };
        if self.quiet_until.is_none_or(|until| Instant::now() >= until) {
            self.quiet_until = (stream.readiness() == Readiness::Quiet).then(quiet_from_now);
        }
        self.quiet_until.is_some()
    }

    pub(super) fn close_for(&mut self, reason: Option<CloseReason>) {
        self.drop_stream(reason);
        self.exchange.reset();
    }

    pub(super) fn drop_stream(&mut self, reason: Option<CloseReason>) {
        self.input.clear();
        self.ready = 0;
        self.late_error = None;
        self.quiet_until = None;
        self.answers_due = false;
        self.interrupter = None;
        if let Some(mut stream) = self.stream.take() {
            stream.say_goodbye();
            self.close_reason = reason;
            self.emit(|_| Event::Closed(reason));
        }
    }

    /// Closes because of `err`, which it gives back.
    #[cold]
    pub(super) fn fail(&mut self, err: Error) -> Error {
        let err = self.or_cancelled(err);
        if self.will_repeat_after(&err) {
            let (attempt, reason) = (self.next_attempt(), RepeatReason::Closed(&err));
            told(&mut self.tap, Event::Repeating { attempt, reason });
        } else {
            self.tell_failed(&err);
        }
        self.close_for(Some(CloseReason::Failed));
        err
    }

    /// Whether anybody wants to know what happens.
    pub(super) fn is_watched(&self) -> bool {
        self.tap.is_some() || self.config.debug_level > 0
    }

    pub(super) fn emit_received(&mut self, bytes: &[u8]) {
        if self.tap.is_some() && !bytes.is_empty() {
            tell(&mut self.tap, self.config.debug_level, Event::Received(bytes));
        }
    }

    pub(super) fn emit<'a>(&'a mut self, event: impl FnOnce(&'a Config) -> Event<'a>) {
        if self.is_watched() {
            let event = event(&self.config);
            tell(&mut self.tap, self.config.debug_level, event);
        }
    }
}

/// Until when a connection is taken for quiet that was seen so just now.
pub(super) fn quiet_from_now() -> Instant {
    Instant::now() + IDLE_LOOK
}

/// That moment; none where it is beyond all clocks.
pub(super) fn from_now(time: Duration) -> Option<Instant> {
    Instant::now().checked_add(time)
}

fn set_timeouts(stream: &mut dyn Transport, each: Option<Duration>, until: Option<Instant>) -> Result<()> {
    stream.set_timeouts(each, until).map_err(|err| Error::io(Phase::Connect, "setting the timeout", err))
}

#[cold]
pub(super) fn tell(tap: &mut Option<Box<Watchers>>, debug_level: u32, event: Event<'_>) {
    if debug_level > 0 {
        print_debug(event);
    }
    if let Some(tap) = tap {
        tap.event(event);
    }
}
