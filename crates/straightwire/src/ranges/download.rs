//! A download that goes on where it ended.

use std::io::{BufRead, Write};

use super::{ByteRanges, ContentRange, Validator};
use crate::connection::HttpConnection;
use crate::error::{Error, ErrorKind, Phase, Result};
use crate::proto::{Headers, ResponseHead, decimal};
use crate::saving::{not_saved, write_all};
use crate::status;

/// A download by GET that can go on after a cut: within one run, or in another one that knows how much there
/// is and of what.
///
/// It remembers how many bytes have come and the [strong validator](Validator) they came with. To go on it asks
/// for the rest under `If-Range` (RFC 9110 13.1.5), so that bytes of two states of a resource are never joined:
/// if it has changed, the server sends all of it. Without a strong validator there is no going on, only
/// starting over.
///
/// ```
/// use straightwire::{Download, HttpConnection, Outcome};
/// # let origin = origin::Origin::start()?;
/// # let address = origin.host_port();
///
/// let mut conn = HttpConnection::new(&address)?;
/// let mut file = Vec::new();                                  // or a File
/// let mut download = Download::new("/flaky/100000?cut=40000").retries(5);
/// assert_eq!(download.run(&mut conn, &mut file)?, Outcome::Complete);
/// assert_eq!(file.len(), 100_000);
/// # assert!(file == origin::pattern::bytes(100_000));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// In another run: `Download::new(target).resume(len_of_the_file, validator)`, with the validator that
/// [`validator`](Self::validator) gave, kept beside the file.
///
/// # Step by step
/// Whoever sends the request, sends [`request_headers`](Self::request_headers) with it, shows the head of the
/// answer to [`judge`](Self::judge), and tells [`advance`](Self::advance) of the bytes of its body before they
/// are stored.
///
/// # Encoded content
/// Ranges count the bytes of the representation as it is sent, after `Content-Encoding`. The download stores
/// just these, and asks for `identity`, as requests do by themselves.
#[derive(Clone, Debug)]
pub struct Download {
    target: String,
    headers: Vec<(String, String)>,
    validator: Option<Validator>,
    is_unverified: bool,
    received: u64,
    complete_len: Option<u64>,
    /// Where the part that is coming ends.
    end: Option<u64>,
    retries: u32,
}

/// What the head of an answer means for a [`Download`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Continuation {
    /// All of it comes, from the first byte on. What was there before is void: the resource has changed, or the
    /// server knows no ranges.
    Whole,
    /// The rest comes.
    Rest,
    /// There is no more: all of it had come already.
    Complete,
    /// The resource has changed and nothing comes. The next request begins anew.
    Changed,
    /// Another status: this answer is not the resource.
    Refused,
}

/// How a [`Download`] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All of it is there.
    Complete,
    /// The resource is another one now, or it can't be told, or only all of it is to be had. Nothing more was
    /// written, and what was written before is void: empty it and run again, from the first byte on.
    Changed,
    /// The answer has this status and nothing of it was written.
    Refused(u16),
}

impl Download {
    /// A download of what is at `target`, a path with its query (or an absolute URI, for a proxy).
    pub fn new(target: impl Into<String>) -> Download {
        Download {
            target: target.into(),
            headers: Vec::new(),
            validator: None,
            is_unverified: false,
            received: 0,
            complete_len: None,
            end: None,
            retries: 0,
        }
    }

    /// Sends this header with every request, too.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Download {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Goes on after so many bytes, which came with this validator. Without one they can't be matched with
    /// what is there now: then all of it is asked for.
    pub fn resume(self, received: u64, validator: impl Into<Option<Validator>>) -> Download {
        Download { received, validator: validator.into(), ..self }
    }

    /// Goes on after so many bytes without a validator. That the resource is still the same is for the
    /// caller to know; all that is checked is that the rest begins where they end.
    pub fn resume_unverified(self, received: u64) -> Download {
        Download { received, is_unverified: true, ..self }
    }

    /// How often [`run`](Self::run) asks again, at once, after the connection was cut. 0 unless told.
    pub fn retries(self, retries: u32) -> Download {
        Download { retries, ..self }
    }

    /// Bytes that have come.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// What the bytes that have come can be matched by later, if by anything.
    pub fn validator(&self) -> Option<&Validator> {
        self.validator.as_ref()
    }

    /// How many bytes there are in all, once that is known.
    pub fn complete_len(&self) -> Option<u64> {
        self.complete_len
    }

    /// Fetches what is missing, writes it to `out`, behind what is there, and flushes that.
    ///
    /// # Errors
    /// Those of the request and the response, and `Io` in [`Phase::SaveBody`] from `out`, as when the disk is
    /// full: run it again to go on. What `out` has taken is counted, and nothing else. `BadRange` for an
    /// answer that doesn't fit what was asked for.
    pub fn run(&mut self, conn: &mut HttpConnection, out: &mut impl Write) -> Result<Outcome> {
        let mut retries = self.retries;
        loop {
            let fetched = if self.is_complete() { Ok(Outcome::Complete) } else { self.fetch(conn, out) };
            match fetched {
                Ok(Outcome::Complete) => {
                    out.flush().map_err(|err| not_saved(err, self.received))?;
                    return Ok(Outcome::Complete);
                }
                Ok(outcome) => return Ok(outcome),
                Err(Stop::Writing(err)) => return Err(err),
                Err(Stop::Receiving(err)) => {
                    let is_cut = err.kind() == ErrorKind::IncompleteRead || err.is_connection_error();
                    if retries == 0 || !is_cut || !self.can_go_on() {
                        return Err(err);
                    }
                    retries -= 1;
                }
            }
        }
    }

    fn fetch(&mut self, conn: &mut HttpConnection, out: &mut impl Write) -> Result<Outcome, Stop> {
        let had = self.received;
        let own = self.request_headers();
        let all =
            self.headers.iter().chain(&own).map(|(name, value)| (&**name, &**value)).collect::<Vec<_>>();
        conn.request("GET", &self.target, (), &all).map_err(Stop::Receiving)?;
        let mut response = conn.get_response().map_err(Stop::Receiving)?;
        match self.judge(response.head()).map_err(Stop::Receiving)? {
            Continuation::Whole if had > 0 => return Ok(Outcome::Changed),
            Continuation::Whole | Continuation::Rest => {}
            Continuation::Complete => return Ok(Outcome::Complete),
            Continuation::Changed => return Ok(Outcome::Changed),
            Continuation::Refused => return Ok(Outcome::Refused(response.status())),
        }
        loop {
            let receiving = |err| Stop::Receiving(Error::io(Phase::Body, "reading the body", err));
            let piece = response.fill_buf().map_err(receiving)?;
            if piece.is_empty() {
                break;
            }
            // What fits comes first, and only then what doesn't: however they were cut.
            let most = self.end().map_or(u64::MAX, |end| end.saturating_sub(self.received)).max(1);
            let piece = &piece[..piece.len().min(usize::try_from(most).unwrap_or(usize::MAX))];
            self.after(piece.len() as u64).map_err(Stop::Receiving)?;
            let (written, outcome) = write_all(out, piece);
            self.received += written as u64;
            outcome.map_err(|err| Stop::Writing(not_saved(err, self.received)))?;
            response.consume(written);
        }
        let missing = self.complete_len.or(self.end).map_or(0, |end| end.saturating_sub(self.received));
        if missing > 0 {
            let message = "the part that came is shorter than what was missing";
            return Err(Stop::Receiving(Error::incomplete(message, Some(missing))));
        }
        Ok(Outcome::Complete)
    }

    /// The headers that ask for the rest: `Range` and `If-Range`, or nothing where all of it is to come.
    pub fn request_headers(&self) -> Vec<(String, String)> {
        if !self.asks_for_rest() {
            return Vec::new();
        }
        // From a byte on there is always something to ask for.
        let range = ByteRanges::new(self.received..).map(|range| range.to_string()).unwrap_or_default();
        let mut headers = vec![("Range".to_owned(), range)];
        headers
            .extend(self.validator.as_ref().map(|validator| ("If-Range".to_owned(), validator.to_string())));
        headers
    }

    /// What this answer to [`request_headers`](Self::request_headers) means.
    ///
    /// # Errors
    /// `BadRange` for a part that nobody asked for, that begins elsewhere, that is longer than it says, or that is
    /// of something else. The download stays as it was.
    pub fn judge(&mut self, head: &ResponseHead) -> Result<Continuation> {
        let headers = head.headers();
        match head.status() {
            status::OK => {
                self.start_over();
                self.validator = Validator::of(headers);
                self.complete_len = content_length(headers);
                Ok(Continuation::Whole)
            }
            status::PARTIAL_CONTENT => self.judge_part(headers).map(|()| Continuation::Rest),
            status::RANGE_NOT_SATISFIABLE if self.asks_for_rest() => {
                let is_same = !self.is_contradicted(headers);
                let complete_len =
                    ContentRange::of(headers).ok().flatten().and_then(|told| told.complete_len());
                if is_same && complete_len == Some(self.received) {
                    self.complete_len = complete_len;
                    return Ok(Continuation::Complete);
                }
                self.start_over();
                Ok(Continuation::Changed)
            }
            _ => Ok(Continuation::Refused),
        }
    }

    fn judge_part(&mut self, headers: &Headers) -> Result<()> {
        let bad = |message: String| Err(Error::new(ErrorKind::BadRange, message));
        if !self.asks_for_rest() {
            return bad("a part came where all was asked for".to_owned());
        }
        let told = ContentRange::of(headers)?;
        let Some((told, range)) = told.and_then(|told| Some((told, told.range()?))) else {
            return bad("the part has no Content-Range".to_owned());
        };
        if range.start != self.received {
            return bad(format!("asked for the bytes from {} on, got {told}", self.received));
        }
        let has_other_len = self
            .complete_len
            .is_some_and(|known| range.end > known || told.complete_len().is_some_and(|told| known != told));
        if has_other_len || self.is_contradicted(headers) {
            return bad(format!("the part is of something else than the {} bytes before it", self.received));
        }
        if content_length(headers).is_some_and(|len| len > range.end - range.start) {
            return Err(too_much(range.end));
        }
        self.complete_len = self.complete_len.or(told.complete_len());
        self.end = Some(range.end);
        if self.validator.is_none() {
            self.validator = Validator::of(headers);
        }
        Ok(())
    }

    /// So many bytes of the body have come, and are about to be stored.
    ///
    /// # Errors
    /// `BadRange` for more than the part has. They are not counted.
    pub fn advance(&mut self, len: u64) -> Result<()> {
        self.received = self.after(len)?;
        Ok(())
    }

    /// How many bytes there are once so many more have come.
    fn after(&self, len: u64) -> Result<u64> {
        let received = self.received.saturating_add(len);
        match self.end() {
            Some(end) if received > end => Err(too_much(end)),
            _ => Ok(received),
        }
    }

    /// Where what is coming ends, as far as that was told.
    fn end(&self) -> Option<u64> {
        self.end.or(self.complete_len)
    }

    /// Whether all of it is known to be there.
    pub fn is_complete(&self) -> bool {
        self.complete_len == Some(self.received)
    }

    fn start_over(&mut self) {
        (self.received, self.complete_len, self.end) = (0, None, None);
        (self.validator, self.is_unverified) = (None, false);
    }

    fn asks_for_rest(&self) -> bool {
        self.received > 0 && self.can_go_on()
    }

    fn can_go_on(&self) -> bool {
        self.received == 0 || self.validator.is_some() || self.is_unverified
    }

    fn is_contradicted(&self, headers: &Headers) -> bool {
        self.validator.as_ref().is_some_and(|validator| validator.contradicts(headers))
    }
}

/// Which side failed.
enum Stop {
    Receiving(Error),
    Writing(Error),
}

#[cold]
fn too_much(end: u64) -> Error {
    Error::new(ErrorKind::BadRange, format!("more came than the part up to byte {end} has"))
}

/// The length of a body that says so and comes in no other framing (RFC 9112 6.3).
fn content_length(headers: &Headers) -> Option<u64> {
    if headers.contains("Transfer-Encoding") {
        return None;
    }
    headers.get_bytes("Content-Length").and_then(decimal)
}
