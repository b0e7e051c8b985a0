//! The caps that keep a peer from costing more than its answer is worth.

/// How much of everything a response may have before it is refused.
///
/// Every cap bounds what a hostile peer can make a client store or read without getting anywhere. The
/// body itself has no cap here: it is handed over as it arrives, and the caller decides how much to take.
///
/// ```
/// use straightwire::{HttpConnection, Limits};
///
/// let limits = Limits { header_lines: 500, ..Limits::default() };
/// let conn = HttpConnection::builder("localhost").limits(limits).build()?;
/// # Ok::<(), straightwire::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes in one line of a head, a chunk-size line or a trailer line, its line end included.
    /// 65,536 as in `http.client` (`_MAXLINE`).
    pub line: usize,
    /// Bytes in one head, from the status line to the blank line. 262,144: four of the longest lines,
    /// between curl (300 KiB) and hyper (about 400 KiB). Trailer sections have the same cap.
    pub head: usize,
    /// Header lines in one head; each line of a folded field counts. 100, as in `http.client` and hyper.
    pub header_lines: usize,
    /// Interim (1xx) responses before the final one. 100, as in `http.client` 3.15.
    pub interim_responses: usize,
    /// Trailer lines after a chunked body. 100, as in `http.client` 3.15.
    pub trailer_lines: usize,
    /// Bytes of chunk extensions in one body, all chunks together; digits of a size beyond the sixteenth
    /// count as such. 65,536: extensions are all but unused, yet a sender can make them outweigh its data a
    /// thousandfold.
    pub chunk_extensions: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            line: 65_536,
            head: 262_144,
            header_lines: 100,
            interim_responses: 100,
            trailer_lines: 100,
            chunk_extensions: 65_536,
        }
    }
}

impl Limits {
    /// `self` with the head cap kept within what field offsets (32 bits) can address.
    pub(crate) fn clamped(self) -> Limits {
        Limits { head: self.head.min(u32::MAX as usize / 2), ..self }
    }
}
