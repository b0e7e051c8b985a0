//! Files onto the wire, past this process where the stream can.

use std::fs::File;
use std::io::{self, Read};

use super::HttpConnection;
use super::duplex::closed_under_way;
use crate::body::too_short;
use crate::error::{Error, Phase, Result};
use crate::tap::Event;

/// How much of a file makes one piece.
const PIECE: u64 = 1024 * 1024;

/// From this size on a piece goes past this process; less is read and written as fast.
const WORTHWHILE: u64 = 64 * 1024;

impl HttpConnection {
    /// Sends the next piece of a file, at most `len` bytes, under a `Content-Length`; how many those were.
    pub(super) fn send_file(&mut self, file: &File, len: u64) -> Result<u64> {
        self.await_continue()?;
        let mut by_itself = len >= WORTHWHILE && !self.shows_bytes();
        let piece = len.min(if by_itself { PIECE } else { self.config.blocksize as u64 });
        self.out.clear();
        if let Err(err) = self.exchange.begin_data(&mut self.out, piece as usize) {
            return Err(self.refused(err));
        }
        self.enter(Phase::Send);
        let mut left = piece;
        while left > 0 {
            self.look_before_piece()?;
            let sent = if by_itself { self.send_unread(file, left)? } else { None };
            by_itself = sent.is_some();
            left -= match sent {
                Some(sent) => sent,
                None => self.copy_block(file, left)?,
            };
        }
        if self.is_watched() {
            self.tell_sent();
        }
        Ok(piece)
    }

    /// Has the stream send the file by itself; `None` where it can't.
    fn send_unread(&mut self, file: &File, len: u64) -> Result<Option<u64>> {
        let Some(stream) = &mut self.stream else { return Err(closed_under_way()) };
        match stream.send_file(file, len) {
            None => Ok(None),
            Some(Ok(0)) => Err(self.fail(too_short())),
            Some(Ok(sent)) => {
                self.watch.note_sent(sent as usize);
                self.emit(|_| Event::SentFile(sent));
                Ok(Some(sent))
            }
            Some(Err(err)) if err.kind() == io::ErrorKind::WouldBlock => {
                self.wait_to_write()?;
                Ok(Some(0))
            }
            Some(Err(err)) => Err(self.write_failed(err)),
        }
    }

    /// Reads a block of the file and writes it.
    fn copy_block(&mut self, mut file: &File, len: u64) -> Result<u64> {
        let mut block = std::mem::take(&mut self.block);
        block.resize(len.min(self.config.blocksize as u64) as usize, 0);
        let sent = match file.read(&mut block) {
            Ok(0) => Err(self.fail(too_short())),
            Ok(read) => {
                self.out.clear();
                self.write_hearing([&block[..read], &[]]).map(|()| read as u64)
            }
            Err(err) if err.kind() == io::ErrorKind::Interrupted => Ok(0),
            Err(err) => Err(self.fail(Error::io(Phase::TakeBody, "reading the file to be sent", err))),
        };
        self.block = block;
        sent
    }
}
