//! Bodies that end with trailers, made of what has gone past.

use std::io::Read;

use super::pieces::{Pieces, Sink, read_block};
use super::{Body, Source};
use crate::error::Result;

/// A reader that is sent as a body, and knows its trailers once it is at its end.
pub(crate) trait Trailed {
    /// What is sent.
    fn body(&mut self) -> &mut dyn Read;

    /// Names and values of the trailers.
    fn trailers(self: Box<Self>) -> Vec<(String, String)>;
}

struct With<R, F> {
    reader: R,
    trailers: F,
}

impl<R, F, T, N, V> Trailed for With<R, F>
where
    R: Read,
    F: FnOnce(R) -> T,
    T: IntoIterator<Item = (N, V)>,
    N: Into<String>,
    V: Into<String>,
{
    fn body(&mut self) -> &mut dyn Read {
        &mut self.reader
    }

    fn trailers(self: Box<Self>) -> Vec<(String, String)> {
        let With { reader, trailers } = *self;
        trailers(reader).into_iter().map(|(name, value)| (name.into(), value.into())).collect()
    }
}

/// The pieces of such a body, and at their end the trailers.
pub(crate) struct UpToTrailers<'a> {
    /// Until it is at its end.
    trailed: Option<Box<dyn Trailed + 'a>>,
    block: Vec<u8>,
    pub(crate) trailers: Vec<(String, String)>,
}

impl<'a> UpToTrailers<'a> {
    pub(crate) fn new(trailed: Box<dyn Trailed + 'a>) -> UpToTrailers<'a> {
        UpToTrailers { trailed: Some(trailed), block: Vec::new(), trailers: Vec::new() }
    }
}

impl Pieces for UpToTrailers<'_> {
    fn send_next(&mut self, sink: &mut dyn Sink) -> Result<bool> {
        let Some(trailed) = &mut self.trailed else { return Ok(false) };
        self.block.resize(sink.blocksize(), 0);
        let len = read_block(trailed.body(), &mut self.block)?;
        if len == 0 {
            self.trailers = self.trailed.take().map(|trailed| trailed.trailers()).unwrap_or_default();
        }
        sink.send(&self.block[..len]).map(|()| len > 0)
    }
}

impl<'a> Body<'a> {
    /// Whatever can be read, to its end, and then trailers (RFC 9110 6.5): `trailers` gets the reader back
    /// when all of it has been sent, and gives names and values, such as a digest of what was read.
    ///
    /// Only chunked bodies have trailers, so this is sent in chunks. With other framing among the headers the
    /// request is refused before anything is sent. Announce the names in a `Trailer` header.
    ///
    /// A name or value that can't be a trailer's (RFC 9110 6.5.1) is refused as `InvalidHeader`; the request
    /// can't be made whole then, and the connection is closed.
    ///
    /// ```
    /// use std::io::{self, Read};
    /// use straightwire::{Body, HttpConnection};
    /// # let origin = origin::Origin::start()?;
    /// # let address = origin.host_port();
    ///
    /// /// Counts what is read through it. A digest works the same way.
    /// struct Counted<R>(R, u64);
    ///
    /// impl<R: Read> Read for Counted<R> {
    ///     fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
    ///         let len = self.0.read(buf)?;
    ///         self.1 += len as u64;
    ///         Ok(len)
    ///     }
    /// }
    ///
    /// let data = Counted(io::repeat(b'x').take(100_000), 0);
    /// let body = Body::with_trailers(data, |data| [("Byte-Count", data.1.to_string())]);
    /// let mut conn = HttpConnection::new(&address)?;
    /// conn.request("PUT", "/upload", body, &[("Trailer", "Byte-Count")])?;
    /// assert_eq!(conn.get_response()?.status(), 200);
    /// # let request = &origin.requests()[0];
    /// # assert_eq!(request.trailers, [("Byte-Count".into(), "100000".into())]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_trailers<R, T, N, V>(reader: R, trailers: impl FnOnce(R) -> T + 'a) -> Body<'a>
    where
        R: Read + 'a,
        T: IntoIterator<Item = (N, V)> + 'a,
        N: Into<String> + 'a,
        V: Into<String> + 'a,
    {
        Body(Source::Trailed(Box::new(With { reader, trailers })))
    }
}
