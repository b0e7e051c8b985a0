//! Content codings undone on request (RFC 9110 8.4): gzip, deflate, br, zstd.

#[cfg(feature = "brotli")]
mod brotli;
mod coding;
#[cfg(feature = "gzip")]
mod gzip;
#[cfg(any(feature = "deflate", feature = "gzip"))]
mod inflate;
mod stage;
#[cfg(feature = "deflate")]
mod zlib;
#[cfg(feature = "zstd")]
mod zstd;

use std::fmt;
use std::io::{self, BufRead, Read};

pub use coding::accept_encoding;

use crate::error::{Error, ErrorKind, Phase, Result};
use crate::response::HttpResponse;
use stage::Layer;

/// How much decoded content may be made of what came.
///
/// A few bytes can stand for gigabytes. Content is decoded as it is read, in some hundred KiB of memory
/// (up to 8 MiB more for zstd's window and 16 MiB for brotli's), so these caps bound the time that a peer
/// can cost, and what is kept by who reads it all. Content that came without a coding is none of theirs: it is as
/// much as came.
///
/// ```
/// use straightwire::DecodeLimits;
///
/// let small = DecodeLimits { len: 1024 * 1024, ..DecodeLimits::default() };
/// # drop(small);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeLimits {
    /// Bytes of decoded content. `u64::MAX`: as with bodies that are not decoded, who reads decides.
    pub len: u64,
    /// Decoded bytes for each byte that came, after [`free`](Self::free). 1,000: deflate reaches 1,032 on
    /// zeros alone, real content stays below a hundred.
    pub ratio: u64,
    /// Decoded bytes for which no ratio holds. 4 MiB.
    pub free: u64,
    /// Codings applied one after the other. 4: more than one is rare, more than two unheard of.
    pub codings: usize,
}

impl Default for DecodeLimits {
    fn default() -> Self {
        DecodeLimits { len: u64::MAX, ratio: 1_000, free: 4 * 1024 * 1024, codings: 4 }
    }
}

/// Content with its codings undone, as it is read from a response or anything else.
///
/// Made by [`HttpResponse::decoded`]. Nothing is decoded unless asked for: a request says
/// `Accept-Encoding: identity` by itself, and a body is handed over as it came. To get encoded content send
/// what [`accept_encoding`] gives, which is what the features `gzip`, `deflate`, `brotli` and `zstd` (or
/// `decode`, all of them) have compiled in.
///
/// ```
/// # #[cfg(feature = "gzip")] {
/// use straightwire::{HttpConnection, accept_encoding};
/// # let origin = origin::Origin::start()?;
/// # let address = origin.host_port();
///
/// let mut conn = HttpConnection::new(&address)?;
/// conn.request("GET", "/encoded/gzip/100000", (), &[("Accept-Encoding", accept_encoding())])?;
/// let mut response = conn.get_response()?;
/// assert_eq!(response.header("Content-Encoding").as_deref(), Some("gzip"));
/// let content = response.decoded()?.read_all()?;              // or use Read and BufRead
/// assert_eq!(content.len(), 100_000);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # What is read
/// * `gzip` and `x-gzip`, of any number of members; `deflate`, which is zlib (RFC 1950) but is sent as bare
///   deflate by some servers: both are read; `br`; `zstd`, of any number of frames. `identity` is nothing.
/// * Several codings are undone in reverse order.
/// * No body at all, as after HEAD or with 304, is no content, whatever `Content-Encoding` says.
///
/// # Errors
/// Through [`Read`] and [`BufRead`] they are [`io::Error`]s with an [`Error`] inside. `BadContentEncoding` for
/// damaged content, content cut short within a body that is whole, and bytes after its end;
/// `DecodedTooLarge`, by [`DecodeLimits`]. Those of the body come through as they are: a connection that
/// ends too early is `IncompleteRead`. What was decoded before an error is handed over first.
pub struct Decoded<R> {
    content: Layer<R>,
}

impl<R: BufRead> Decoded<R> {
    /// The content of `body`, whose codings are listed in `content_encoding` as that field has them, empty
    /// for none.
    ///
    /// ```
    /// use straightwire::{DecodeLimits, Decoded};
    ///
    /// let mut content = Decoded::new(&b"as it is"[..], "identity", DecodeLimits::default())?;
    /// assert_eq!(content.read_all()?, b"as it is");
    /// # Ok::<(), straightwire::Error>(())
    /// ```
    ///
    /// # Errors
    /// `UnknownContentEncoding`, naming the coding, for one that isn't known or whose feature is off, and for
    /// more than [`DecodeLimits::codings`]. Nothing has been read then.
    pub fn new(body: R, content_encoding: &str, limits: DecodeLimits) -> Result<Decoded<R>> {
        let decoders = coding::decoders(content_encoding, &limits)?;
        let content =
            decoders.into_iter().fold(Layer::body(body), |from, decoder| from.coded(decoder, limits));
        Ok(Decoded { content })
    }

    /// Reads the rest of the content.
    ///
    /// # Errors
    /// As told [above](Self#errors); what had been decoded is in [`Error::partial`].
    pub fn read_all(&mut self) -> Result<Vec<u8>> {
        let mut content = Vec::new();
        match self.content.read_to_end(&mut content) {
            Ok(_) => Ok(content),
            Err(err) => Err(Error::io(Phase::Body, "reading the content", err).with_received(content)),
        }
    }

    /// How many bytes of the body have been taken, as they came.
    pub fn bytes_in(&self) -> u64 {
        self.content.taken()
    }

    /// The body, of which some may have been read ahead.
    pub fn get_ref(&self) -> &R {
        self.content.get_ref()
    }
}

impl<'conn> HttpResponse<'conn> {
    /// The body with the codings of its `Content-Encoding` undone, within the usual [`DecodeLimits`].
    ///
    /// # Errors
    /// `UnknownContentEncoding` for a coding that can't be undone, `BadContentEncoding` for a part (206) of
    /// encoded content, which can't be decoded without the rest. The body is still there to be read as it
    /// is.
    pub fn decoded(&mut self) -> Result<Decoded<&mut HttpResponse<'conn>>> {
        self.decoded_within(DecodeLimits::default())
    }

    /// The same within these limits.
    ///
    /// # Errors
    /// As for [`decoded`](Self::decoded).
    pub fn decoded_within(&mut self, limits: DecodeLimits) -> Result<Decoded<&mut HttpResponse<'conn>>> {
        let encoding = self.header_or("Content-Encoding", "").into_owned();
        if self.status() == crate::status::PARTIAL_CONTENT && !coding::is_identity(&encoding) {
            let message = format!("a part of content encoded by {encoding} can't be decoded by itself");
            return Err(Error::new(ErrorKind::BadContentEncoding, message));
        }
        Decoded::new(self, &encoding, limits)
    }
}

impl<R: BufRead> Read for Decoded<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.content.read(buf)
    }
}

impl<R: BufRead> BufRead for Decoded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.content.fill_buf()
    }

    fn consume(&mut self, len: usize) {
        self.content.consume(len);
    }
}

impl<R: fmt::Debug> fmt::Debug for Decoded<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoded").field("body", self.content.get_ref()).finish_non_exhaustive()
    }
}
