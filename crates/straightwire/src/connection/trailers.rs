//! Sending a body whose trailers are made at its end.

use super::HttpConnection;
use crate::body::{Trailed, UpToTrailers};
use crate::error::{Error, ErrorKind, Result};

impl HttpConnection {
    /// An error unless the head that is ready says that the body goes out in chunks, made here.
    pub(super) fn check_takes_trailers(&self) -> Result<()> {
        if self.exchange.encodes_chunks() && self.exchange.may_send() {
            return Ok(());
        }
        let message = "only a body that is made chunks here can have trailers";
        Err(Error::new(ErrorKind::InvalidBody, message))
    }

    /// Sends the body and then its trailers, which end it.
    pub(super) fn send_trailed(&mut self, trailed: Box<dyn Trailed + '_>) -> Result<()> {
        if let Err(err) = self.check_takes_trailers() {
            return Err(self.fail(err));
        }
        let mut body = UpToTrailers::new(trailed);
        self.send_pieces(&mut body)?;
        let trailers: Vec<(&str, &str)> =
            body.trailers.iter().map(|(name, value)| (&**name, &**value)).collect();
        self.send_finish(&trailers)
    }
}
