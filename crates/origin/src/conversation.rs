//! All requests of one connection, one after the other.

use std::io::{Read, Write};

use crate::call::{Call, House};
use crate::endpoints;
use crate::fault::{Fault, Outcome};
use crate::inbox::Inbox;
use crate::outbox::Outbox;
use crate::reasons::reason;
use crate::request::Head;

/// Who ends the connection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The client did, or it is lost: nobody listens any more.
    Gone,
    /// The last answer ends it, and the client has yet to read that.
    Ours,
}

/// Answers requests until one side ends the connection. Requests sent ahead wait in the buffer for their
/// turn, so answers keep the order of requests (RFC 9112 section 9.3.2).
pub(crate) fn converse(reader: impl Read + 'static, writer: impl Write + 'static, house: &House) -> Ending {
    let mut inbox = Inbox::new(reader);
    let mut outbox = Outbox::new(writer);
    let mut head = Head::default();
    loop {
        match exchange(&mut head, &mut inbox, &mut outbox, house) {
            Ok(Some(true)) => {}
            Ok(Some(false)) => return Ending::Ours,
            Ok(None) | Err(Fault::Io(_)) => return Ending::Gone,
            Err(Fault::Refused { status, reason }) => {
                // An answer that is partly out breaks off; the client sees that it is not whole.
                let _ = if outbox.take_back() { refuse(&mut outbox, &head, status, &reason) } else { Ok(()) };
                return Ending::Ours;
            }
        }
    }
}

/// One request and its answer: whether another may follow, or `None` at the end of the connection.
fn exchange(head: &mut Head, inbox: &mut Inbox, outbox: &mut Outbox, house: &House) -> Outcome<Option<bool>> {
    outbox.begin();
    if !head.read(inbox)? {
        return Ok(None);
    }
    let mut call = Call::new(head, inbox, outbox, house);
    endpoints::serve(&mut call)?;
    call.finish().map(Some)
}

/// Written by hand: of a head that could not be read, nothing is certain but the wish to hear why.
fn refuse(outbox: &mut Outbox, head: &Head, status: u16, text: &str) -> std::io::Result<()> {
    let length = text.len() + 1;
    write!(outbox, "HTTP/1.1 {status} {}\r\nContent-Type: {}\r\n", reason(status), crate::answer::TEXT)?;
    write!(outbox, "Content-Length: {length}\r\nConnection: close\r\n\r\n")?;
    if head.method() != "HEAD" {
        writeln!(outbox, "{text}")?;
    }
    outbox.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;
    use std::io;
    use std::sync::{Arc, Mutex};

    use crate::sync::lock;

    /// Gives one piece for each read, and keeps count of reads and writes.
    #[derive(Clone, Default)]
    struct Line(Arc<Mutex<Traffic>>);

    #[derive(Default)]
    struct Traffic {
        coming: VecDeque<Vec<u8>>,
        reads: usize,
        writes: Vec<Vec<u8>>,
    }

    impl Line {
        fn of(pieces: &[&[u8]]) -> Line {
            let line = Line::default();
            lock(&line.0).coming = pieces.iter().map(|piece| piece.to_vec()).collect();
            line
        }

        fn run(&self) -> Ending {
            let (journal, files, stop) = Default::default();
            converse(self.clone(), self.clone(), &House { journal, files, stop })
        }

        fn reads(&self) -> usize {
            lock(&self.0).reads
        }

        fn writes(&self) -> Vec<Vec<u8>> {
            lock(&self.0).writes.clone()
        }
    }

    impl Read for Line {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let mut line = lock(&self.0);
            line.reads += 1;
            let piece = line.coming.pop_front().unwrap_or_default();
            out[..piece.len()].copy_from_slice(&piece);
            Ok(piece.len())
        }
    }

    impl Write for Line {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            lock(&self.0).writes.push(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_small_get_costs_one_read_and_one_write() {
        let get: &[u8] = b"GET /bytes/1024 HTTP/1.1\r\nHost: h\r\n\r\n";
        let line = Line::of(&[get, get, get]);
        assert_eq!(line.run(), Ending::Gone);
        assert_eq!(line.reads(), 3 + 1, "the last read is the end of the connection");
        assert_eq!(line.writes().len(), 3);
        assert!(line.writes().iter().all(|answer| answer.ends_with(&crate::pattern::bytes(1024))));
    }

    #[test]
    fn requests_sent_ahead_are_read_once_and_answered_in_order() {
        let ahead = b"GET /status/201 HTTP/1.1\r\nHost: h\r\n\r\nPUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc\
            GET /close HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\n";
        let line = Line::of(&[ahead]);
        assert_eq!(line.run(), Ending::Ours);
        assert_eq!(line.reads(), 1);
        let writes = line.writes();
        assert_eq!(writes.len(), 3);
        assert!(writes[0].starts_with(b"HTTP/1.1 201 "));
        assert!(writes[1].ends_with(b"\r\n\r\nabc"));
        assert!(writes[2].windows(19).any(|window| window == b"Connection: close\r\n"));
    }

    #[test]
    fn large_bodies_leave_in_pieces_of_the_buffer() {
        let line = Line::of(&[b"GET /bytes/1000000 HTTP/1.1\r\nHost: h\r\n\r\n"]);
        line.run();
        let writes = line.writes();
        assert_eq!(writes.len(), 1_000_000 / crate::inbox::PIECE + 1);
        assert!(writes.iter().rev().skip(1).all(|write| write.len() == crate::inbox::PIECE));
        assert!(writes.concat().ends_with(&crate::pattern::bytes(1_000_000)));
    }
}
