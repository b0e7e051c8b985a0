//! Putting a head together in one go.

use super::HttpConnection;
use crate::body::{Body, OwnFraming};
use crate::error::Result;

// Each of these is a part of every plain request, and has one other caller that is rare.
impl HttpConnection {
    /// Puts a whole head together; whether the body is to be made chunks.
    #[inline(always)]
    pub(super) fn put_head(
        &mut self,
        method: &str,
        url: &str,
        body: &Body<'_>,
        headers: &[(&str, &str)],
        encode_chunked: bool,
    ) -> Result<bool> {
        self.settle();
        let encode = self.put_lines(method, url, body, headers, encode_chunked)?;
        self.start_clock()?;
        Ok(encode)
    }

    /// The same, whatever else goes on on the connection.
    #[inline(always)]
    pub(super) fn put_lines(
        &mut self,
        method: &str,
        url: &str,
        body: &Body<'_>,
        headers: &[(&str, &str)],
        encode_chunked: bool,
    ) -> Result<bool> {
        let has = |wanted: &str| headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted));
        let framed = has("transfer-encoding") || has("content-length");
        self.begin_head(method, url, has("host"), has("accept-encoding"))?;
        let mut encode = encode_chunked;
        match body.own_framing() {
            _ if framed => {}
            OwnFraming::Length(len) => self.put_header("Content-Length", len)?,
            OwnFraming::Chunked => {
                encode = true;
                self.put_header("Transfer-Encoding", "chunked")?;
            }
            // These methods have a body, if an empty one (RFC 9110 8.6).
            OwnFraming::NoBody
                if ["POST", "PUT", "PATCH"].iter().any(|has| has.eq_ignore_ascii_case(method)) =>
            {
                self.put_header("Content-Length", 0u64)?;
            }
            OwnFraming::NoBody => {}
        }
        for &(name, value) in headers {
            self.put_header(name, value)?;
        }
        Ok(encode)
    }
}
