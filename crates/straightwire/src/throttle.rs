//! Keeping a transfer to a rate.

use std::io::{self, Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use crate::canceller::Canceller;
use crate::error::{Error, ErrorKind, Phase, Result};
use crate::response::HttpResponse;
use crate::transport::deadline_passed;

/// What may pass before its time has come: so much as the rate lets pass in this time. Small enough for an
/// even flow, and long enough for sleeps that end a little late to be made good.
const BURST: Duration = Duration::from_millis(100);

/// How often a pause looks at the canceller.
const LOOK: Duration = Duration::from_millis(20);

/// Reads from, or writes to, what it wraps no faster than so many bytes per second.
///
/// For downloads [`HttpResponse::throttle`] makes one: a server that is read slowly sends slowly. For uploads see
/// [`Body::throttle`](crate::Body::throttle). Around anything else it is [`new`](Self::new). A tenth of a second's worth may pass at once; over time the
/// rate is kept, as far as the other side keeps up. Time in which nothing was asked for can't be used up
/// later.
///
/// It waits after each read and write, for a tenth of a second at most (below 10 bytes per second: for one
/// byte), and no longer than [until](Self::until) a moment that it was told. After that moment nothing passes any
/// more: reads and writes fail with [`TimedOut`](io::ErrorKind::TimedOut), inside which is this crate's [`Error`] of
/// kind [`Timeout`](ErrorKind::Timeout). What had been read or written before is not lost.
///
/// ```
/// # use straightwire::HttpConnection;
/// # let origin = origin::Origin::start()?;
/// # let mut conn = HttpConnection::new(&origin.host_port())?;
/// conn.request("GET", "/bytes/60000", (), &[])?;
/// let begun = std::time::Instant::now();
/// let mut slow = conn.get_response()?.throttle(200_000);
/// assert_eq!(std::io::copy(&mut slow, &mut std::io::sink())?, 60_000);
/// assert!(begun.elapsed().as_millis() >= 200);                // a tenth of a second is lent
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Throttle<T> {
    stream: T,
    pace: Pace,
    ends: Ends,
}

impl<'conn> HttpResponse<'conn> {
    /// Reads the body no faster than this, in bytes per second (0 counts as 1). The
    /// [deadline](crate::ConnectionBuilder::deadline) and the [`Canceller`] of the connection end the waits that
    /// this takes.
    pub fn throttle(self, bytes_per_second: u64) -> Throttle<HttpResponse<'conn>> {
        let ends = self.ends();
        Throttle { stream: self, pace: Pace::new(bytes_per_second), ends }
    }
}

impl<T> Throttle<T> {
    /// Keeps `stream` to this rate; 0 counts as 1.
    pub fn new(stream: T, bytes_per_second: u64) -> Throttle<T> {
        Throttle { stream, pace: Pace::new(bytes_per_second), ends: Ends::default() }
    }

    /// Ends all waits at this moment, and lets nothing pass after it.
    pub fn until(mut self, deadline: Instant) -> Throttle<T> {
        self.ends.until = Some(deadline);
        self
    }

    /// What was wrapped.
    pub fn into_inner(self) -> T {
        self.stream
    }

    fn most(&self, len: usize) -> usize {
        self.pace.burst().min(len as u64) as usize
    }

    /// What has passed is the caller's, whatever ends the wait: the next call tells of that.
    fn wait(&mut self, len: usize, phase: Phase) -> usize {
        let _ = self.ends.pause(self.pace.owed(len as u64), phase);
        len
    }
}

/// What ends a pause before its time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ends {
    pub(crate) until: Option<Instant>,
    pub(crate) canceller: Option<Canceller>,
}

impl Ends {
    /// Lets this time pass.
    pub(crate) fn pause(&self, time: Duration, phase: Phase) -> Result<()> {
        let wake = Instant::now().checked_add(time);
        loop {
            if self.canceller.as_ref().is_some_and(Canceller::is_cancelled) {
                let message = "the connection's canceller was used";
                return Err(Error::new(ErrorKind::Cancelled, message).in_phase(phase));
            }
            let now = Instant::now();
            if self.until.is_some_and(|until| until <= now) {
                return Err(Error::io(phase, "keeping to the rate of the body", deadline_passed()));
            }
            let left = wake.map_or(Duration::MAX, |wake| wake.saturating_duration_since(now));
            if left.is_zero() {
                return Ok(());
            }
            let allowed = self.until.map_or(Duration::MAX, |until| until - now);
            let unseen = if self.canceller.is_some() { LOOK } else { Duration::MAX };
            thread::sleep(left.min(allowed).min(unseen));
        }
    }
}

impl<T: Read> Read for Throttle<T> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.ends.pause(Duration::ZERO, Phase::Body)?;
        let most = self.most(buf.len());
        let len = self.stream.read(&mut buf[..most])?;
        Ok(self.wait(len, Phase::Body))
    }
}

impl<T: Write> Write for Throttle<T> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.ends.pause(Duration::ZERO, Phase::SaveBody)?;
        let len = self.stream.write(&buf[..self.most(buf.len())])?;
        Ok(self.wait(len, Phase::SaveBody))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// A token bucket, told as the moment at which it will be full.
#[derive(Debug)]
pub(crate) struct Pace {
    bytes_per_second: u64,
    /// When all that has passed would have passed at the rate.
    even: Option<Instant>,
}

impl Pace {
    pub(crate) fn new(bytes_per_second: u64) -> Pace {
        Pace { bytes_per_second: bytes_per_second.max(1), even: None }
    }

    /// How much may pass at a time; at least 1.
    pub(crate) fn burst(&self) -> u64 {
        (self.bytes_per_second / (1000 / BURST.as_millis() as u64)).max(1)
    }

    /// So much has passed: how long to wait now.
    pub(crate) fn owed(&mut self, len: u64) -> Duration {
        self.owed_at(Instant::now(), len)
    }

    fn owed_at(&mut self, now: Instant, len: u64) -> Duration {
        let nanos = (u128::from(len) * 1_000_000_000).div_ceil(u128::from(self.bytes_per_second));
        let time = Duration::from_nanos(nanos.min(u64::MAX.into()) as u64);
        let even = self.even.map_or(now, |even| even.max(now)).checked_add(time);
        // Beyond all clocks it is the same as never.
        self.even = even.or(self.even);
        even.map_or(Duration::MAX, |even| even - now).saturating_sub(BURST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// How long it takes to pass so many pieces, when each sleep ends so much late.
    fn time_for(rate: u64, pieces: u32, len: u64, late: Duration) -> Duration {
        let (mut pace, begun) = (Pace::new(rate), Instant::now());
        let end = (0..pieces).fold(begun, |now, _| match pace.owed_at(now, len) {
            Duration::ZERO => now,
            wait => now + wait + late,
        });
        end - begun
    }

    #[test]
    fn the_rate_is_kept_but_for_a_burst() {
        assert_eq!(time_for(1000, 100, 100, Duration::ZERO), SECOND * 10 - BURST);
        assert_eq!(time_for(1000, 100_000, 1, Duration::ZERO), SECOND * 100 - BURST);
        assert_eq!(time_for(3, 300, 1, Duration::ZERO).as_secs(), 99);
        assert_eq!(time_for(u64::MAX, 1000, 1 << 40, Duration::ZERO), Duration::ZERO);
    }

    #[test]
    fn late_sleeps_are_made_good() {
        let late = Duration::from_millis(30);
        let time = time_for(1000, 100, 100, late);
        assert!(time >= SECOND * 10 - BURST && time <= SECOND * 10, "{time:?}");
    }

    #[test]
    fn idle_time_is_not_saved_up() {
        let (mut pace, begun) = (Pace::new(1000), Instant::now());
        assert_eq!(pace.owed_at(begun, 100), Duration::ZERO);
        let later = begun + SECOND * 60;
        assert_eq!(pace.owed_at(later, 100), Duration::ZERO);
        assert_eq!(pace.owed_at(later, 100), BURST);
    }

    /// At this rate each wait would take a day.
    #[test]
    fn a_deadline_ends_a_wait_and_nothing_passes_after_it() {
        let day = Instant::now() + SECOND * 86_400;
        let slow = |until: Instant| {
            let mut throttle = Throttle::new(io::Cursor::new(b"spam".to_vec()), 10).until(until);
            throttle.pace.even = Some(day);
            throttle
        };
        let check = |err: io::Error, phase| {
            assert_eq!(err.kind(), io::ErrorKind::TimedOut);
            let err = err.downcast::<Error>().unwrap();
            assert_eq!((err.kind(), err.phase()), (ErrorKind::Timeout, Some(phase)), "{err}");
            assert!(err.to_string().contains("the deadline passed while keeping to the rate"), "{err}");
        };
        let until = Instant::now() + SECOND / 10;
        let mut reader = slow(until);
        let mut buf = [0; 4];
        assert_eq!(reader.read(&mut buf).unwrap(), 1);
        assert!(Instant::now() >= until && Instant::now() < day);
        check(reader.read(&mut buf).unwrap_err(), Phase::Body);
        assert_eq!(reader.into_inner().position(), 1);

        let mut writer = slow(Instant::now() + SECOND / 10);
        assert_eq!(writer.write(b"eggs").unwrap(), 1);
        check(writer.write(b"eggs").unwrap_err(), Phase::SaveBody);
        assert_eq!(writer.into_inner().into_inner(), b"epam");
    }

    #[test]
    fn no_rate_is_too_small_or_too_large() {
        assert_eq!(Pace::new(0).burst(), 1);
        assert_eq!(Pace::new(9).burst(), 1);
        assert_eq!(Pace::new(u64::MAX).burst(), u64::MAX / 10);
        assert!(Pace::new(0).owed(u64::MAX) > SECOND);
    }
}
