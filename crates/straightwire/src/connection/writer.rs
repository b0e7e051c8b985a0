//! A body that is written to, between other calls.

use std::fmt;
use std::io::{self, Write};

use super::HttpConnection;
use crate::body::Gathered;
use crate::error::Result;
use crate::proto::CloseReason;

impl HttpConnection {
    /// The body of a request whose head is out, as a [`Write`]. End it with [`BodyWriter::finish`].
    ///
    /// ```
    /// # use straightwire::HttpConnection;
    /// use std::io::Write;
    /// # let origin = origin::Origin::start()?;
    /// # let mut conn = HttpConnection::new(&origin.host_port())?;
    ///
    /// conn.put_request("POST", "/echo")?;
    /// conn.put_header("Transfer-Encoding", "chunked")?;
    /// conn.end_headers()?;
    /// let mut body = conn.body_writer()?;
    /// for number in 1..=3 {
    ///     writeln!(body, "row {number}")?;
    /// }
    /// body.finish()?;
    /// assert_eq!(conn.get_response()?.read_all()?, b"row 1\nrow 2\nrow 3\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `CannotSendHeader` before [`end_headers`](Self::end_headers), and once the response was asked for.
    pub fn body_writer(&mut self) -> Result<BodyWriter<'_>> {
        self.exchange.check_in_body()?;
        let mut gathered = Gathered(std::mem::take(&mut self.block));
        gathered.0.clear();
        Ok(BodyWriter { conn: self, gathered, is_finished: false })
    }
}

/// Writes a body: see [`HttpConnection::body_writer`].
///
/// Small writes are gathered into pieces of 16 KiB, framed as [`send`](HttpConnection::send) frames them;
/// `flush` sends what there is. The error inside an [`io::Error`] is a [`crate::Error`]: see
/// [`io::Error::downcast`].
///
/// Dropped before it is finished, it closes the connection, unless the body has reached its declared length:
/// half a body must not look whole. When the server breaks the connection while the body is written, it may
/// have answered: [`get_response`](HttpConnection::get_response) then still gives that answer.
#[must_use = "call finish(): dropping it closes the connection"]
pub struct BodyWriter<'conn> {
    conn: &'conn mut HttpConnection,
    gathered: Gathered,
    is_finished: bool,
}

impl BodyWriter<'_> {
    /// Sends what is left, and ends the body.
    ///
    /// # Errors
    /// `InvalidBody` if less, or more, was written than `Content-Length` declared; `Io`, `Timeout`.
    pub fn finish(self) -> Result<()> {
        self.finish_with_trailers(&[])
    }

    /// The same with trailers, for a chunked body. Announce their names in a `Trailer` header.
    ///
    /// # Errors
    /// As for [`finish`](Self::finish); `InvalidHeader` for a trailer that can't be one, `InvalidBody` if
    /// the body isn't chunked.
    pub fn finish_with_trailers(mut self, trailers: &[(&str, &str)]) -> Result<()> {
        self.gathered.flush(&mut |piece| self.conn.send_piece(piece))?;
        self.conn.finish_with_trailers(trailers)?;
        self.is_finished = true;
        Ok(())
    }
}

impl Write for BodyWriter<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.conn.exchange.check_in_body()?;
        self.gathered.write(buf, &mut |piece| self.conn.send_piece(piece))?;
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(self.gathered.flush(&mut |piece| self.conn.send_piece(piece))?)
    }
}

impl Drop for BodyWriter<'_> {
    fn drop(&mut self) {
        if !self.is_finished && self.conn.exchange.may_send() {
            self.conn.close_for(Some(CloseReason::RequestUnfinished));
        }
        self.conn.block = std::mem::take(&mut self.gathered.0);
    }
}

impl fmt::Debug for BodyWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyWriter")
            .field("conn", &self.conn)
            .field("waiting", &self.gathered.0.len())
            .finish()
    }
}
