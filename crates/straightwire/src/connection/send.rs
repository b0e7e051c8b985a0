//! Putting requests on the wire.

use std::io::{self, IoSlice};

use super::HttpConnection;
use super::open::tell;
use super::repeat::Repeat;
use crate::body::{Body, Source};
use crate::error::{Error, ErrorKind, Phase, Result};
use crate::tap::Event;
use crate::transport::Transport;
use crate::watchers::{Watchers, told};

impl HttpConnection {
    /// Ends the head and sends it; a body of bytes goes out in the same write. With `whole` the body is
    /// all there is.
    pub(super) fn send_request(&mut self, body: Body<'_>, encode: bool, whole: bool) -> Result<()> {
        self.exchange.end_head(&mut self.out, encode)?;
        self.tell_request();
        // Nothing has been sent yet: an error up to here leaves the connection as it was.
        let prepared = self.prepare(&body, whole);
        let tail = match prepared {
            Ok(tail) => tail,
            Err(err) => {
                self.exchange.reset();
                return Err(err);
            }
        };
        let Body(source) = body;
        if self.config.repeat != Repeat::Never {
            self.keep_request(&source, &tail);
        }
        match source {
            Source::Bytes(bytes) => self.write(&[&bytes, &tail]),
            Source::Reader(_) | Source::Pieces(_) | Source::Trailed(_) => {
                self.write(&[])?;
                self.send_body(Body(source))?;
                if whole || self.exchange.encodes_chunks() { self.send_finish(&[]) } else { Ok(()) }
            }
            Source::None | Source::BadText(_) => self.write(&[&tail]),
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
    pub(super) fn send_body(&mut self, body: Body<'_>) -> Result<()> {
        if let Err(err) = body.check() {
            return Err(self.refused(err));
        }
        match body.0 {
            Source::None | Source::BadText(_) => Ok(()),
            Source::Bytes(bytes) => self.send_piece(&bytes),
            Source::Reader(mut reader) => loop {
                let mut block = std::mem::take(&mut self.block);
                block.resize(self.config.blocksize, 0);
                let sent = match reader.read(&mut block) {
                    Ok(0) => Ok(false),
                    Ok(len) => self.send_piece(&block[..len]).map(|()| true),
                    Err(err) if err.kind() == io::ErrorKind::Interrupted => Ok(true),
                    Err(err) => {
                        Err(self.fail(Error::io(Phase::TakeBody, "reading the body to be sent", err)))
                    }
                };
                self.block = block;
                if !sent? {
                    return Ok(());
                }
            },
            Source::Trailed(trailed) => self.send_trailed(trailed),
            Source::Pieces(mut pieces) => loop {
                let mut sending = false;
                let sent = pieces.send_next(&mut |piece| {
                    sending = true;
                    self.send_piece(piece)
                });
                match sent {
                    Ok(true) => {}
                    Ok(false) => return Ok(()),
                    Err(err) if sending => return Err(err),
                    Err(err) => return Err(self.fail(err)),
                }
            },
        }
    }

    /// Sends one piece, as a chunk of its own where the body is chunked. Empty ones are left out: an
    /// empty chunk would end the body.
    fn send_piece(&mut self, piece: &[u8]) -> Result<()> {
        if piece.is_empty() {
            return Ok(());
        }
        self.out.clear();
        match self.exchange.begin_data(&mut self.out, piece.len()) {
            Ok(after) => self.write(&[piece, after]),
            Err(err) => Err(self.refused(err)),
        }
    }

    /// Ends the body.
    pub(super) fn send_finish(&mut self, trailers: &[(&str, &str)]) -> Result<()> {
        self.out.clear();
        match self.exchange.finish(&mut self.out, trailers) {
            Ok(()) if self.out.is_empty() => Ok(()),
            Ok(()) => self.write(&[]),
            Err(err) => Err(self.refused(err)),
        }
    }

    /// A piece was refused whose head is out. Unless it was just not the time for it, the request can't be
    /// made whole.
    #[cold]
    fn refused(&mut self, err: Error) -> Error {
        if err.is_improper_connection_state() { err } else { self.fail(err) }
    }

    /// Writes `out` and then `rest`, in as few system calls as it takes.
    pub(super) fn write(&mut self, rest: &[&[u8]]) -> Result<()> {
        let watched = self.is_watched();
        let Some(stream) = &mut self.stream else {
            return Err(Error::new(
                ErrorKind::NotConnected,
                "the connection was closed while a request was under way",
            ));
        };
        if rest.iter().all(|slice| slice.is_empty()) && !watched {
            return match stream.write_all(&self.out).and_then(|()| stream.flush()) {
                Ok(()) => Ok(()),
                Err(err) => self.write_failed(err),
            };
        }
        let mut slices = [IoSlice::new(&self.out), IoSlice::new(b""), IoSlice::new(b"")];
        for (slice, rest) in slices[1..].iter_mut().zip(rest) {
            *slice = IoSlice::new(rest);
        }
        if watched {
            told(&mut self.tap, Event::Phase(Phase::Send));
        }
        let watch = (&mut self.tap, self.config.debug_level);
        match write_all(&mut **stream, &mut slices, watch) {
            Ok(()) => {
                if watched {
                    self.tell_sent();
                }
                Ok(())
            }
            Err(err) => self.write_failed(err),
        }
    }

    /// A broken connection may still hold an answer; any other failure ends it.
    #[cold]
    fn write_failed(&mut self, err: io::Error) -> Result<()> {
        let err = Error::io(Phase::Send, "sending the request", err);
        if !err.is_connection_error() || self.check_cancelled().is_err() {
            return Err(self.fail(err));
        }
        self.exchange.send_failed();
        if self.will_repeat() { Ok(()) } else { Err(err) }
    }
}

fn write_all(
    stream: &mut dyn Transport,
    mut slices: &mut [IoSlice<'_>],
    (tap, debug_level): (&mut Option<Box<Watchers>>, u32),
) -> io::Result<()> {
    IoSlice::advance_slices(&mut slices, 0);
    while let [first, rest @ ..] = &*slices {
        let alone = rest.iter().all(|slice| slice.is_empty());
        let len = if alone { stream.write(first)? } else { stream.write_vectored(slices)? };
        if len == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        if tap.is_some() || debug_level > 0 {
            let mut left = len;
            for slice in &*slices {
                let sent = &slice[..left.min(slice.len())];
                left -= sent.len();
                if !sent.is_empty() {
                    tell(tap, debug_level, Event::Sent(sent));
                }
            }
        }
        IoSlice::advance_slices(&mut slices, len);
    }
    stream.flush()
}
