//! What clients have asked lately, for tests to look at.

use std::collections::VecDeque;
use std::sync::Mutex;

use crate::fields::Fields;
use crate::request::{Framing, Head};
use crate::sync::lock;

/// Of each body, so much is kept.
const MOST_BODY: usize = 64 * 1024;
/// So many requests are kept, the latest ones.
const MOST_REQUESTS: usize = 1024;
/// So many bytes are kept over all requests, the latest ones.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// The memory of an entry up to this size is used again.
const USUAL: usize = 4096;

/// A request as it came, see [`Origin::requests`](crate::Origin::requests).
///
/// Names and values are the bytes of the wire, each as the character with its number (ISO-8859-1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method, `GET`.
    pub method: String,
    /// The target in the form it had, `/path?query`.
    pub target: String,
    /// The version, `HTTP/1.1`.
    pub version: String,
    /// The fields in order, with their case and duplicates, without the blanks around values.
    pub headers: Vec<(String, String)>,
    /// The first 64 KiB of the body, without its chunks.
    pub body: Vec<u8>,
    /// The bytes of the body that were read so far, kept or not.
    pub body_length: u64,
    /// The fields after the last chunk.
    pub trailers: Vec<(String, String)>,
    /// Whether the body was read to its end.
    pub complete: bool,
}

impl Request {
    /// The value of the first field with this name, in any case.
    ///
    /// ```
    /// # use std::io::{Read, Write};
    /// # let origin = origin::Origin::start()?;
    /// # let mut stream = std::net::TcpStream::connect(origin.addr())?;
    /// # stream.write_all(b"GET / HTTP/1.0\r\nHost: h\r\n\r\n")?;
    /// # stream.read_to_end(&mut Vec::new())?;
    /// assert_eq!(origin.requests()[0].header("host"), Some("h"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// The bounded record. Once it is full, a new entry takes the memory of the oldest one.
#[derive(Default)]
pub(crate) struct Journal(Mutex<Pages>);

#[derive(Default)]
struct Pages {
    entries: VecDeque<Entry>,
    /// The number of the first entry that is left, counting from the first request.
    first: u64,
    bytes: usize,
}

#[derive(Default)]
struct Entry {
    head: Head,
    body: Vec<u8>,
    body_length: u64,
    trailers: Fields,
    complete: bool,
}

impl Journal {
    /// Notes a head; the number is for what comes after it.
    pub(crate) fn begin(&self, head: &Head) -> u64 {
        let mut pages = lock(&self.0);
        let mut entry =
            if pages.entries.len() == MOST_REQUESTS { pages.drop_first() } else { Entry::default() };
        entry.head.copy_from(head);
        entry.body.clear();
        entry.trailers.clear();
        entry.body_length = 0;
        entry.complete = matches!(head.framing(), Framing::None | Framing::Length(0));
        pages.entries.push_back(entry);
        pages.grow(head.size());
        pages.first + pages.entries.len() as u64 - 1
    }

    /// Notes more of a body. Nothing happens when the request is forgotten already.
    pub(crate) fn body(&self, number: u64, piece: &[u8]) {
        let mut pages = lock(&self.0);
        let Some(entry) = pages.entry(number) else { return };
        let kept = piece.len().min(MOST_BODY - entry.body.len());
        entry.body.extend_from_slice(&piece[..kept]);
        entry.body_length += piece.len() as u64;
        pages.grow(kept);
    }

    /// Notes the end of a body.
    pub(crate) fn end(&self, number: u64, trailers: &Fields) {
        let mut pages = lock(&self.0);
        let Some(entry) = pages.entry(number) else { return };
        entry.trailers.copy_from(trailers);
        entry.complete = true;
        pages.grow(trailers.size());
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        lock(&self.0).entries.iter().map(Entry::to_request).collect()
    }
}

impl Pages {
    fn entry(&mut self, number: u64) -> Option<&mut Entry> {
        let index = number.checked_sub(self.first)?;
        self.entries.get_mut(usize::try_from(index).ok()?)
    }

    /// Counts new bytes and forgets what no longer fits; an entry alone always does.
    fn grow(&mut self, bytes: usize) {
        self.bytes += bytes;
        while self.bytes > MOST_BYTES && self.entries.len() > 1 {
            self.drop_first();
        }
    }

    /// Forgets the oldest entry. What comes back is fit to be written over: a usual one as it is, for its
    /// memory, and an empty one in place of one that was large.
    fn drop_first(&mut self) -> Entry {
        let entry = self.entries.pop_front().unwrap_or_default();
        let size = entry.head.size() + entry.body.len() + entry.trailers.size();
        self.first += 1;
        self.bytes -= size;
        if size <= USUAL { entry } else { Entry::default() }
    }
}

impl Entry {
    fn to_request(&self) -> Request {
        Request {
            method: self.head.method().to_owned(),
            target: self.head.target().to_owned(),
            version: self.head.version().to_owned(),
            headers: self.head.fields.to_pairs(),
            body: self.body.clone(),
            body_length: self.body_length,
            trailers: self.trailers.to_pairs(),
            complete: self.complete,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbox::Inbox;

    fn head(target: &str) -> Head {
        let mut head = Head::default();
        let wire = format!("PUT {target} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
        assert!(head.read(&mut Inbox::new(std::io::Cursor::new(wire))).unwrap());
        head
    }

    #[test]
    fn the_latest_requests_stay_and_late_bodies_find_their_own() {
        let journal = Journal::default();
        let first = journal.begin(&head("/first"));
        for number in 1..=MOST_REQUESTS {
            journal.begin(&head(&format!("/{number}")));
        }
        journal.body(first, b"lost");
        journal.body(first + 1, b"kept");
        journal.end(first + 1, &Fields::default());

        let requests = journal.requests();
        assert_eq!(requests.len(), MOST_REQUESTS);
        assert_eq!((requests[0].target.as_str(), requests[0].body.as_slice()), ("/1", &b"kept"[..]));
        assert!(requests[0].complete && !requests[1].complete);
        assert!(requests.iter().skip(1).all(|request| request.body.is_empty()));
    }

    #[test]
    fn large_bodies_push_old_requests_out() {
        let journal = Journal::default();
        for number in 0..300 {
            let number = journal.begin(&head(&format!("/{number}")));
            journal.body(number, &vec![b'x'; MOST_BODY + 1]);
        }
        let requests = journal.requests();
        assert!(requests.len() < 256 && requests.len() > 200, "{}", requests.len());
        assert_eq!(requests.last().map(|last| last.target.as_str()), Some("/299"));
        assert_eq!(requests[0].body_length, MOST_BODY as u64 + 1);
        assert_eq!(requests[0].body.len(), MOST_BODY);
    }
}
