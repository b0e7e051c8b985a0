//! Handing over a connection that no longer speaks HTTP.

use super::HttpConnection;
use crate::error::{Error, ErrorKind, Phase, Result};
use crate::proto::{CloseReason, Framing};
use crate::tap::Event;
use crate::transport::Leftover;
use crate::upgraded::Upgraded;

impl HttpConnection {
    /// Gives away the stream, with what was read of it beyond the head of the response.
    pub(crate) fn hand_over(&mut self) -> Result<Upgraded> {
        if self.exchange.framing() != Some(Framing::Switched) {
            let head = self.exchange.head();
            let line = format!("{} {}", head.status(), head.reason());
            let message = format!("no other protocol begins after \"{}\"", line.trim_end());
            return Err(Error::new(ErrorKind::NotUpgraded, message));
        }
        if !self.exchange.is_request_sent() {
            let message = "the server changed the protocol before it had the whole request";
            return Err(Error::new(ErrorKind::NotUpgraded, message));
        }
        let Some(mut stream) = self.stream.take() else {
            return Err(Error::new(ErrorKind::NotConnected, "the connection was closed"));
        };
        let leftover = self.input.data().to_vec();
        let interrupter = self.interrupter.take();
        // The deadline was one for the exchange.
        let armed = stream.set_timeouts(self.config.timeout, None);
        self.drop_stream(None);
        self.exchange.reset();
        self.close_reason = Some(CloseReason::Switched);
        self.emit(|_| Event::Closed(Some(CloseReason::Switched)));
        armed.map_err(|err| Error::io(Phase::Head, "setting the timeout", err))?;
        let canceller = self.config.canceller.clone().zip(interrupter);
        Ok(Upgraded::new(Leftover::new(stream, leftover), canceller, self.config.timeout))
    }
}
