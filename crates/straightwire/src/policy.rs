//! Which departures from RFC 9110 and 9112 are put up with.

/// One flag for each departure from the RFCs that can be put up with; all are off by default.
///
/// [`Policy::strict`] reads what RFC 9112 lets a recipient read, including what it only says a recipient
/// *may* read: a single LF as a line end in the head, a missing space after the status code, folded field
/// lines (each fold becomes spaces), a repeated but equal Content-Length. Everything that the RFC calls an
/// error is one.
///
/// [`Policy::lenient`] turns on every flag but one: it reads what real servers get wrong, wherever that
/// needs no guess at where the message ends. What no flag makes readable stays an error under any policy:
/// a bad or contradictory `Content-Length`, an unclear `Transfer-Encoding`, a chunk size that isn't hex
/// digits, chunk data that doesn't end where its size says, a status code that isn't three digits, a
/// protocol that isn't HTTP/1, and a head cut short. A body cut short is one under both presets: who wants
/// it taken for whole asks for [`truncated_body`](Policy::truncated_body) by name.
///
/// ```
/// use straightwire::{HttpConnection, Policy};
///
/// let policy = Policy { skip_bad_header_lines: true, ..Policy::strict() };
/// let conn = HttpConnection::builder("device.local").policy(policy).build()?;
/// # Ok::<(), straightwire::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Blank lines before a status line are skipped (RFC 9112 2.2 grants that to servers only).
    pub skip_blank_lines: bool,
    /// The words of a status line may be parted by any run of SP, HTAB, VT, FF or bare CR
    /// (RFC 9112 4).
    pub loose_status_line: bool,
    /// Control bytes in a reason phrase are put up with; CR and NUL are read as spaces (RFC 9112 4).
    pub control_in_reason: bool,
    /// CR and NUL in a field value are read as spaces, other control bytes are kept
    /// (RFC 9110 5.5, RFC 9112 2.2).
    pub control_in_value: bool,
    /// A header or trailer line that is no field (no colon, no name, a name that is no token, white
    /// space before the first field) costs only itself: it is left out and told in
    /// [`Headers::defects`](crate::Headers::defects) (RFC 9112 2.2 and 5). If it may have told where the body ends,
    /// the connection is closed after it: [`CloseReason::LeftOut`](crate::CloseReason::LeftOut).
    pub skip_bad_header_lines: bool,
    /// White space between a field name and its colon is left out (RFC 9112 5.1).
    pub space_before_colon: bool,
    /// A single LF ends a chunk-size line and chunk data (RFC 9112 7.1).
    pub bare_lf_in_chunks: bool,
    /// Blanks after a chunk size are skipped though no extension follows (RFC 9112 7.1).
    pub space_after_chunk_size: bool,
    /// A chunk extension is skipped whatever it holds (RFC 9112 7.1.1).
    pub any_chunk_extension: bool,
    /// The connection may end after the last chunk, before the blank line that ends the message
    /// (RFC 9112 7.1 and 8).
    pub truncated_trailers: bool,
    /// A body that the connection ends too early ends as if it were whole, as `http.client` has it for
    /// `read(n)`, `readline` and iteration: short of its `Content-Length`, amid chunks, and inside TLS
    /// without close_notify where the body ends with the connection (RFC 9112 8 and 9.8). The response
    /// tells it: see [`HttpResponse::is_truncated`](crate::HttpResponse::is_truncated). A reset, a timeout
    /// and chunks that make no sense stay errors.
    ///
    /// In neither preset: what looks whole and isn't has to be asked for by name.
    pub truncated_body: bool,
    /// A request target need not have one of the four forms of RFC 9112 3.2; as in `http.client`, only
    /// blanks and control bytes are refused.
    pub any_request_target: bool,
}

impl Policy {
    /// RFC 9110 and 9112 as written. The default.
    pub const fn strict() -> Policy {
        Policy {
            skip_blank_lines: false,
            loose_status_line: false,
            control_in_reason: false,
            control_in_value: false,
            skip_bad_header_lines: false,
            space_before_colon: false,
            bare_lf_in_chunks: false,
            space_after_chunk_size: false,
            any_chunk_extension: false,
            truncated_trailers: false,
            truncated_body: false,
            any_request_target: false,
        }
    }

    /// Every leniency at once, but for [`truncated_body`](Policy::truncated_body).
    pub const fn lenient() -> Policy {
        Policy {
            skip_blank_lines: true,
            loose_status_line: true,
            control_in_reason: true,
            control_in_value: true,
            skip_bad_header_lines: true,
            space_before_colon: true,
            bare_lf_in_chunks: true,
            space_after_chunk_size: true,
            any_chunk_extension: true,
            truncated_trailers: true,
            truncated_body: false,
            any_request_target: true,
        }
    }
}
