//! Bodies that come in pieces, onto the wire.

use std::fs::File;
use std::time::Duration;

use super::HttpConnection;
use crate::body::{Pieces, Sink};
use crate::error::{Error, ErrorKind, Phase, Result};
use crate::proto::CloseReason;
use crate::throttle::Ends;

impl HttpConnection {
    /// Sends all pieces of a body whose head is out.
    pub(super) fn send_pieces(&mut self, pieces: &mut dyn Pieces) -> Result<()> {
        if let (Some(len), Some(due)) = (pieces.len(), self.exchange.body_due())
            && len > due
        {
            let message = format!("{len} bytes given where Content-Length leaves {due}");
            return Err(self.refused(Error::new(ErrorKind::InvalidBody, message)));
        }
        let mut wire = Wire { conn: self, has_failed: false, is_over: false };
        let sent = loop {
            match pieces.send_next(&mut wire) {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(err) => break Err(err),
            }
        };
        wire.is_over = true;
        match sent {
            Err(err) if !wire.has_failed => Err(wire.conn.fail(err)),
            sent => sent,
        }
    }

    /// Lets this time pass, unless the deadline or the canceller ends it.
    fn pause(&mut self, time: Duration) -> Result<()> {
        self.ends().pause(time, Phase::Send).map_err(|err| self.fail(err))
    }

    /// What ends a wait of ours.
    pub(crate) fn ends(&self) -> Ends {
        Ends { until: self.until, canceller: self.config.canceller.clone() }
    }
}

/// The connection as what takes the pieces. A producer that panics leaves the connection closed, not in the
/// middle of a body that could still be ended.
struct Wire<'a> {
    conn: &'a mut HttpConnection,
    /// The last error came from here, and the connection knows of it.
    has_failed: bool,
    is_over: bool,
}

impl Wire<'_> {
    fn noting<T>(&mut self, sent: Result<T>) -> Result<T> {
        self.has_failed |= sent.is_err();
        sent
    }
}

impl Sink for Wire<'_> {
    fn blocksize(&self) -> usize {
        self.conn.config.blocksize
    }

    fn send(&mut self, piece: &[u8]) -> Result<()> {
        let sent = self.conn.send_piece(piece);
        self.noting(sent)
    }

    fn takes_files(&self) -> bool {
        self.conn.exchange.body_due().is_some()
    }

    fn send_file(&mut self, file: &File, len: u64) -> Result<u64> {
        let sent = self.conn.send_file(file, len);
        self.noting(sent)
    }

    fn pause(&mut self, time: Duration) -> Result<()> {
        let passed = self.conn.pause(time);
        self.noting(passed)
    }
}

impl Drop for Wire<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.conn.close_for(Some(CloseReason::RequestUnfinished));
        }
    }
}
