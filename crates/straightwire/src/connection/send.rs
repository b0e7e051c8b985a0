//! Putting requests on the wire.

use std::io::{self, IoSlice};

use super::HttpConnection;
use super::duplex::{Watch, closed_under_way};
use super::open::tell;
use super::repeat::Repeat;
use crate::body::{Blocks, Body, Source};
use crate::error::{Error, Phase, Result};
use crate::tap::Event;
use crate::transport::Transport;
use crate::watchers::{Watchers, told};

/// A request up to this size is written in the plain way: what has room in any socket's buffer goes at once.
pub(super) const AT_ONCE: usize = 16 * 1024;

impl HttpConnection {
    /// Ends the head and sends it; a body of bytes goes out in the same write. With `whole` the body is
    /// all there is.
    pub(super) fn send_request(&mut self, body: &mut Body<'_>, encode: bool, whole: bool) -> Result<()> {
        self.exchange.end_head(&mut self.out, encode)?;
        let head_len = self.out.len();
        self.tell_request();
        // Nothing has been sent yet: an error up to here leaves the connection as it was.
        let prepared = self.prepare(body, whole);
        let tail = match prepared {
            Ok(tail) => tail,
            Err(err) => {
                self.exchange.reset();
                return Err(err);
            }
        };
        if self.config.repeat != Repeat::Never {
            self.keep_request(head_len, &body.0, &tail);
        }
        let sent = match &body.0 {
            Source::Bytes(bytes) if !bytes.is_empty() && self.exchange.expects() => {
                self.send_in_two(head_len, bytes, &tail)
            }
            Source::Bytes(bytes) if self.out.len() + bytes.len() > AT_ONCE => {
                self.watch = Watch::default();
                self.write_hearing([bytes, &tail])
            }
            Source::Bytes(bytes) => self.write([bytes, &tail]),
            Source::None | Source::Unfit(_) if !self.exchange.may_send() => self.write([&tail, &[]]),
            source => {
                let has_body = matches!(source, Source::Reader(_) | Source::Pieces(_) | Source::Trailed(_));
                self.write([&[], &[]])?;
                self.watch = Watch::over_body();
                if !has_body {
                    return Ok(());
                }
                self.send_body(body)?;
                if whole || self.exchange.encodes_chunks() { self.send_finish(&[]) } else { Ok(()) }
            }
        };
        match sent {
            // Whoever asks for the response finds out whether there is one, or the request has to be sent again.
            Err(err) if self.will_repeat() && err.is_connection_error() && !err.is_answered_early() => Ok(()),
            sent => sent,
        }
    }

    /// Checks the body against what the head says, appends what goes before it, gives what goes after.
    fn prepare(&mut self, body: &Body<'_>, whole: bool) -> Result<Vec<u8>> {
        body.check()?;
        let mut tail = Vec::new();
        match &body.0 {
            Source::Bytes(bytes) => {
                if !bytes.is_empty() {
                    let after = self.exchange.begin_data(&mut self.out, bytes.len())?;
                    tail.extend_from_slice(after);
                }
                if whole || self.exchange.encodes_chunks() {
                    self.exchange.finish(&mut tail, &[])?;
                }
            }
            Source::None if whole => self.exchange.finish(&mut tail, &[])?,
            Source::Trailed(_) => self.check_takes_trailers()?,
            _ => {}
        }
        self.ensure_connected()?;
        Ok(tail)
    }

    /// Sends pieces of a body whose head is out.
    pub(super) fn send_body(&mut self, body: &mut Body<'_>) -> Result<()> {
        if let Err(err) = body.check() {
            return Err(self.refused(err));
        }
        // Before a reader is read.
        self.await_continue()?;
        if let Source::Trailed(_) = body.0
            && let Source::Trailed(trailed) = std::mem::take(&mut body.0)
        {
            return self.send_trailed(trailed);
        }
        match &mut body.0 {
            Source::None | Source::Unfit(_) | Source::Trailed(_) => Ok(()),
            Source::Bytes(bytes) => self.send_piece(bytes),
            Source::Reader(reader) => {
                let mut blocks = Blocks { reader, block: std::mem::take(&mut self.block) };
                let sent = self.send_pieces(&mut blocks);
                self.block = blocks.block;
                sent
            }
            Source::Pieces(pieces) => self.send_pieces(&mut **pieces),
        }
    }

    /// Sends one piece, as a chunk of its own where the body is chunked. Empty ones are left out: an
    /// empty chunk would end the body.
    pub(super) fn send_piece(&mut self, piece: &[u8]) -> Result<()> {
        if piece.is_empty() {
            return Ok(());
        }
        self.await_continue()?;
        self.look_before_piece()?;
        self.out.clear();
        match self.exchange.begin_data(&mut self.out, piece.len()) {
            Ok(after) => self.write_hearing([piece, after]),
            Err(err) => Err(self.refused(err)),
        }
    }

    /// Ends the body.
    pub(super) fn send_finish(&mut self, trailers: &[(&str, &str)]) -> Result<()> {
        self.await_continue()?;
        self.out.clear();
        match self.exchange.finish(&mut self.out, trailers) {
            Ok(()) if self.out.is_empty() => Ok(()),
            Ok(()) => self.write_hearing([&[], &[]]),
            Err(err) => Err(self.refused(err)),
        }
    }

    /// A piece was refused whose head is out. Unless it was just not the time for it, the request can't be
    /// made whole.
    #[cold]
    pub(super) fn refused(&mut self, err: Error) -> Error {
        if err.is_improper_connection_state() { err } else { self.fail(err) }
    }

    /// Writes `out` and then `rest`, in as few system calls as it takes.
    pub(super) fn write(&mut self, rest: [&[u8]; 2]) -> Result<()> {
        let watched = self.is_watched();
        let Some(stream) = &mut self.stream else { return Err(closed_under_way()) };
        if rest.iter().all(|slice| slice.is_empty()) && !watched {
            return match stream.write_all(&self.out).and_then(|()| stream.flush()) {
                Ok(()) => Ok(()),
                Err(err) => Err(self.head_failed(err)),
            };
        }
        let mut slices = [IoSlice::new(&self.out), IoSlice::new(b""), IoSlice::new(b"")];
        for (slice, rest) in slices[1..].iter_mut().zip(rest) {
            *slice = IoSlice::new(rest);
        }
        if watched {
            told(&mut self.tap, Event::Phase(Phase::Send));
        }
        let watchers = (&mut self.tap, self.config.debug_level);
        match write_all(&mut **stream, &mut slices, watchers) {
            Ok(()) => {
                if watched {
                    self.tell_sent();
                }
                Ok(())
            }
            Err(err) => Err(self.head_failed(err)),
        }
    }
}

/// Who is told what goes out.
type Telling<'a> = (&'a mut Option<Box<Watchers>>, u32);

/// So much of these has gone.
pub(super) fn tell_written(slices: &[IoSlice<'_>], len: usize, (tap, debug_level): Telling<'_>) {
    if tap.is_none() && debug_level == 0 {
        return;
    }
    let mut left = len;
    for slice in slices {
        let sent = &slice[..left.min(slice.len())];
        left -= sent.len();
        if !sent.is_empty() {
            tell(tap, debug_level, Event::Sent(sent));
        }
    }
}

pub(super) fn write_all(
    stream: &mut dyn Transport,
    mut slices: &mut [IoSlice<'_>],
    (tap, debug_level): Telling<'_>,
) -> io::Result<()> {
    IoSlice::advance_slices(&mut slices, 0);
    while let [first, rest @ ..] = &*slices {
        let alone = rest.iter().all(|slice| slice.is_empty());
        let len = if alone { stream.write(first)? } else { stream.write_vectored(slices)? };
        if len == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        tell_written(slices, len, (&mut *tap, debug_level));
        IoSlice::advance_slices(&mut slices, len);
    }
    stream.flush()
}
