//! Bodies that tell how far they are, or keep to a rate.

use std::fs::File;
use std::time::Duration;

use super::pieces::{Pieces, Sink};
use super::{Body, Source};
use crate::error::Result;
use crate::throttle::Pace;

impl<'a> Body<'a> {
    /// Tells how many bytes of the body have been sent, after each piece, and how many there are in all,
    /// where that is known. For what is received see [`Progress`](crate::Progress).
    ///
    /// Where the headers leave the framing to the body, it stays as it was. A body
    /// [with trailers](Self::with_trailers) is not told of: wrap its reader in a
    /// [`Progress`](crate::Progress).
    ///
    /// ```
    /// # use straightwire::{Body, HttpConnection};
    /// # let origin = origin::Origin::start()?;
    /// # let mut conn = HttpConnection::new(&origin.host_port())?;
    /// let mut last = (0, None);
    /// let body = Body::from(vec![b'x'; 1_000_000]).progress(|sent, total| last = (sent, total));
    /// conn.request("POST", "/upload", body, &[])?;
    /// assert_eq!(last, (1_000_000, Some(1_000_000)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn progress(self, tell: impl FnMut(u64, Option<u64>) + 'a) -> Body<'a> {
        self.watched(|total| Counted { sent: 0, total, tell })
    }

    /// Sends the body no faster than this, in bytes per second (0 counts as 1). For what is received see
    /// [`Throttle`](crate::Throttle), which tells how the rate is kept.
    ///
    /// Waiting ends at the connection's deadline, and when it is cancelled. Pieces larger than a tenth of a
    /// second's worth are divided. A body [with trailers](Self::with_trailers) is not slowed down: wrap its
    /// reader in a [`Throttle`](crate::Throttle).
    ///
    /// ```
    /// # use straightwire::{Body, HttpConnection};
    /// # let origin = origin::Origin::start()?;
    /// # let mut conn = HttpConnection::new(&origin.host_port())?;
    /// let begun = std::time::Instant::now();
    /// conn.request("POST", "/upload", Body::from(vec![b'x'; 60_000]).throttle(200_000), &[])?;
    /// assert!(begun.elapsed().as_millis() >= 200);                // a tenth of a second is lent
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn throttle(self, bytes_per_second: u64) -> Body<'a> {
        self.watched(|_| Pace::new(bytes_per_second))
    }

    fn watched<W: Watch + 'a>(self, watch: impl FnOnce(Option<u64>) -> W) -> Body<'a> {
        match self.0.into_pieces() {
            Ok(pieces) => {
                let watch = watch(pieces.len());
                Body(Source::Pieces(Box::new(Watched { pieces, watch })))
            }
            Err(source) => Body(source),
        }
    }
}

/// Somebody beside the way to the wire.
trait Watch {
    /// How much may pass at a time.
    fn most(&self) -> u64 {
        u64::MAX
    }

    /// So much has passed.
    fn passed(&mut self, len: u64, sink: &mut dyn Sink) -> Result<()>;
}

struct Counted<F> {
    sent: u64,
    total: Option<u64>,
    tell: F,
}

impl<F: FnMut(u64, Option<u64>)> Watch for Counted<F> {
    fn passed(&mut self, len: u64, _: &mut dyn Sink) -> Result<()> {
        self.sent += len;
        (self.tell)(self.sent, self.total);
        Ok(())
    }
}

impl Watch for Pace {
    fn most(&self) -> u64 {
        self.burst()
    }

    fn passed(&mut self, len: u64, sink: &mut dyn Sink) -> Result<()> {
        match self.owed(len) {
            Duration::ZERO => Ok(()),
            time => sink.pause(time),
        }
    }
}

struct Watched<'a, W> {
    pieces: Box<dyn Pieces + 'a>,
    watch: W,
}

impl<W: Watch> Pieces for Watched<'_, W> {
    fn len(&self) -> Option<u64> {
        self.pieces.len()
    }

    fn send_next(&mut self, sink: &mut dyn Sink) -> Result<bool> {
        self.pieces.send_next(&mut Past { watch: &mut self.watch, sink })
    }
}

/// A sink, past somebody who watches.
struct Past<'a, W> {
    watch: &'a mut W,
    sink: &'a mut dyn Sink,
}

impl<W: Watch> Sink for Past<'_, W> {
    fn blocksize(&self) -> usize {
        // At least 1, as both are.
        (self.sink.blocksize() as u64).min(self.watch.most()) as usize
    }

    fn send(&mut self, piece: &[u8]) -> Result<()> {
        let most = usize::try_from(self.watch.most()).unwrap_or(usize::MAX);
        for part in piece.chunks(most) {
            self.sink.send(part)?;
            self.watch.passed(part.len() as u64, self.sink)?;
        }
        Ok(())
    }

    fn takes_files(&self) -> bool {
        self.sink.takes_files()
    }

    fn send_file(&mut self, file: &File, len: u64) -> Result<u64> {
        let sent = self.sink.send_file(file, len.min(self.watch.most()))?;
        self.watch.passed(sent, self.sink)?;
        Ok(sent)
    }

    fn pause(&mut self, time: Duration) -> Result<()> {
        self.sink.pause(time)
    }
}
