//! Keeping a transfer to a rate.

use std::io::{self, Read, Write};
use std::thread;
use std::time::{Duration, Instant};

/// What may pass before its time has come: so much as the rate lets pass in this time. Small enough for an
/// even flow, and long enough for sleeps that end a little late to be made good.
const BURST: Duration = Duration::from_millis(100);

/// Reads from, or writes to, what it wraps no faster than so many bytes per second.
///
/// For downloads it wraps the response: a server that is read slowly sends slowly. For uploads see
/// [`Body::throttle`](crate::Body::throttle). A tenth of a second's worth may pass at once; over time the
/// rate is kept, as far as the other side keeps up. Time in which nothing was asked for can't be used up
/// later.
///
/// It waits after each read and write, for a tenth of a second at most (below 10 bytes per second: for one
/// byte). It knows of no connection, so a deadline or a canceller is heard of when the wait is over.
///
/// ```
/// # use straightwire::{HttpConnection, Throttle};
/// # let origin = origin::Origin::start()?;
/// # let mut conn = HttpConnection::new(&origin.host_port())?;
/// conn.request("GET", "/bytes/60000", (), &[])?;
/// let begun = std::time::Instant::now();
/// let mut slow = Throttle::new(conn.get_response()?, 200_000);
/// assert_eq!(std::io::copy(&mut slow, &mut std::io::sink())?, 60_000);
/// assert!(begun.elapsed().as_millis() >= 200);                // a tenth of a second is lent
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Throttle<T> {
    stream: T,
    pace: Pace,
}

impl<T> Throttle<T> {
    /// Keeps `stream` to this rate; 0 counts as 1.
    pub fn new(stream: T, bytes_per_second: u64) -> Throttle<T> {
        Throttle { stream, pace: Pace::new(bytes_per_second) }
    }

    /// What was wrapped.
    pub fn into_inner(self) -> T {
        self.stream
    }

    fn most(&self, len: usize) -> usize {
        self.pace.burst().min(len as u64) as usize
    }

    fn wait(&mut self, len: usize) -> usize {
        thread::sleep(self.pace.owed(len as u64));
        len
    }
}

impl<T: Read> Read for Throttle<T> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let most = self.most(buf.len());
        let len = self.stream.read(&mut buf[..most])?;
        Ok(self.wait(len))
    }
}

impl<T: Write> Write for Throttle<T> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let len = self.stream.write(&buf[..self.most(buf.len())])?;
        Ok(self.wait(len))
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

    #[test]
    fn no_rate_is_too_small_or_too_large() {
        assert_eq!(Pace::new(0).burst(), 1);
        assert_eq!(Pace::new(9).burst(), 1);
        assert_eq!(Pace::new(u64::MAX).burst(), u64::MAX / 10);
        assert!(Pace::new(0).owed(u64::MAX) > SECOND);
    }
}
