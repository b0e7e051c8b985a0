//! Bodies that are written rather than read.

use std::io::{self, Write};

use super::pieces::{Pieces, Sink};
use super::{Body, Source};
use crate::error::{Error, Phase, Result};

/// How much of what is written makes a piece: a record of TLS takes as much.
const PIECE: usize = 16 * 1024;

impl<'a> Body<'a> {
    /// What a function of yours writes, for what wants a [`Write`] to write to: `serde_json::to_writer`,
    /// `std::io::copy`, archives. To write between other calls see
    /// [`body_writer`](crate::HttpConnection::body_writer).
    ///
    /// Small writes are gathered into pieces of 16 KiB; `flush` sends what there is. When the function fails
    /// the connection is closed, since the request can't be made whole, and its error is the request's.
    ///
    /// ```
    /// # use straightwire::{Body, HttpConnection};
    /// # let origin = origin::Origin::start()?;
    /// # let mut conn = HttpConnection::new(&origin.host_port())?;
    /// let spam = serde_json::json!({ "spam": [1, 2, 3] });
    /// let body = Body::writer(|out| Ok(serde_json::to_writer(out, &spam)?));
    /// conn.request("POST", "/echo", body, &[("Content-Type", "application/json")])?;
    /// assert_eq!(conn.get_response()?.read_all()?, br#"{"spam":[1,2,3]}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn writer(write: impl FnOnce(&mut dyn Write) -> io::Result<()> + 'a) -> Body<'a> {
        Body(Source::Pieces(Box::new(Written(Some(write)))))
    }
}

struct Written<F>(Option<F>);

impl<F: FnOnce(&mut dyn Write) -> io::Result<()>> Pieces for Written<F> {
    fn send_next(&mut self, sink: &mut dyn Sink) -> Result<bool> {
        let Some(write) = self.0.take() else { return Ok(false) };
        let mut out = ToSink { gathered: Gathered::default(), sink, broken: None };
        let written = write(&mut out);
        let flushed = written.and_then(|()| out.flush());
        flushed.map(|()| false).map_err(|err| Error::io(Phase::TakeBody, "writing the body", err))
    }
}

/// The [`Write`] that the function gets.
struct ToSink<'a> {
    gathered: Gathered,
    sink: &'a mut dyn Sink,
    /// Why nothing more can be sent: a function that goes on regardless must not end well.
    broken: Option<io::ErrorKind>,
}

impl ToSink<'_> {
    fn unless_broken(
        &mut self,
        write: impl FnOnce(&mut Gathered, &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()>,
    ) -> io::Result<()> {
        if let Some(kind) = self.broken {
            return Err(kind.into());
        }
        write(&mut self.gathered, &mut |piece| self.sink.send(piece)).map_err(|err| {
            let err = io::Error::from(err);
            self.broken = Some(err.kind());
            err
        })
    }
}

impl Write for ToSink<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.unless_broken(|gathered, send| gathered.write(buf, send))?;
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.unless_broken(|gathered, send| gathered.flush(send))
    }
}

/// What was written, until it is enough for a piece.
#[derive(Debug, Default)]
pub(crate) struct Gathered(pub(crate) Vec<u8>);

impl Gathered {
    /// Takes all of `data`; sends pieces as they get full. What is left after an error is of no use.
    pub(crate) fn write(&mut self, data: &[u8], send: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let (first, rest) = data.split_at(data.len().min(PIECE.saturating_sub(self.0.len())));
        if !self.0.is_empty() || rest.is_empty() {
            self.0.extend_from_slice(first);
            if self.0.len() < PIECE {
                return Ok(());
            }
            self.flush(send)?;
            return if rest.len() < PIECE { self.write(rest, send) } else { send(rest) };
        }
        send(data)
    }

    /// Sends what there is.
    pub(crate) fn flush(&mut self, send: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let sent = send(&self.0);
        self.0.clear();
        sent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sizes of the pieces that writes of these sizes make, and what is left for a flush.
    fn pieces(writes: &[usize]) -> (Vec<usize>, usize) {
        let mut gathered = Gathered::default();
        let (mut sizes, mut sent, mut wrote) = (Vec::new(), Vec::new(), Vec::new());
        for &len in writes {
            let data: Vec<u8> = (wrote.len()..).map(|at| (at % 251) as u8).take(len).collect();
            wrote.extend_from_slice(&data);
            let mut send = |piece: &[u8]| {
                sizes.push(piece.len());
                sent.extend_from_slice(piece);
                Ok(())
            };
            gathered.write(&data, &mut send).unwrap();
        }
        sent.extend_from_slice(&gathered.0);
        assert!(sent == wrote);
        (sizes, gathered.0.len())
    }

    #[test]
    fn small_writes_are_gathered_and_large_ones_pass() {
        assert_eq!(pieces(&[]), (vec![], 0));
        assert_eq!(pieces(&[0, 10, 0]), (vec![], 10));
        assert_eq!(pieces(&[10; 2000]), (vec![PIECE], 20_000 - PIECE));
        assert_eq!(pieces(&[PIECE - 1]), (vec![], PIECE - 1));
        assert_eq!(pieces(&[PIECE]), (vec![PIECE], 0));
        assert_eq!(pieces(&[100_000]), (vec![100_000], 0));
        assert_eq!(pieces(&[10, 100_000]), (vec![PIECE, 100_010 - PIECE], 0));
        assert_eq!(pieces(&[10, PIECE]), (vec![PIECE], 10));
        assert_eq!(pieces(&[PIECE - 1, 1, 5]), (vec![PIECE], 5));
    }
}
