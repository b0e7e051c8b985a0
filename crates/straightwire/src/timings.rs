//! Where the time of an exchange went.

use std::fmt;
use std::mem;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::error::Phase;
use crate::tap::Event;
use crate::turns::Turns;

/// How long each phase of an exchange took: see [`HttpConnection::timings`].
///
/// The phases are in the order in which they happen, and each begins where the one before it ends. One that did
/// not happen is `None`: only the first exchange on a connection looks up, connects and agrees on TLS. A
/// connection that was opened by [`connect`] is opened for the request that follows; the time between does
/// not count.
///
/// The phase that is under way counts as far as it has gone.
///
/// In a [pipeline](crate::Pipeline) the phases of several exchanges overlap: each has its own times, from the
/// first byte of its request on.
///
/// [`HttpConnection::timings`]: crate::HttpConnection::timings
/// [`connect`]: crate::HttpConnection::connect
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timings {
    /// Looking up the host's addresses (or the proxy's). `None` where the host is an address, and where the
    /// addresses were given.
    pub resolve: Option<Duration>,
    /// Connecting to one of them, attempts that failed included.
    pub connect: Option<Duration>,
    /// Having a proxy pass the connection on: SOCKS, or a tunnel.
    pub proxy: Option<Duration>,
    /// Agreeing on TLS: with a proxy, with the server, or with one after the other.
    pub tls: Option<Duration>,
    /// Sending the request, from its first byte to its last; what a reader of yours takes to give its data,
    /// or what is between your calls of `send`, included.
    pub send: Option<Duration>,
    /// From the last byte of the request to the first of the response. Interim responses are part of the
    /// wait, and so is the time until the response is asked for.
    pub wait: Option<Duration>,
    /// From the first byte of the response to the last of its body; what you do between your reads included.
    pub receive: Option<Duration>,
    /// Bytes of the request that were sent, head and framing included, TLS not.
    pub sent: u64,
    /// Bytes that were received for it, head, interim responses and framing included, TLS not.
    pub received: u64,
    /// The address that was connected to, where the connection was opened for this exchange.
    pub peer: Option<SocketAddr>,
    /// How many addresses were tried for that.
    pub tried: usize,
    /// How many attempts came before, on other connections: see [`Event::Repeating`]. What is told above is
    /// that of the last attempt alone.
    pub repeats: usize,
    /// How long those took from beginning to end.
    pub earlier: Option<Duration>,
}

impl Timings {
    /// All phases together, those of attempts that were in vain included.
    pub fn total(&self) -> Duration {
        self.phases().map(|(_, time)| time).sum()
    }

    /// Those that happened, with their names, in order: what a picture of it is drawn from. Attempts that were
    /// in vain are the first one, `earlier`.
    ///
    /// ```
    /// # fn draw(timings: &straightwire::Timings) {
    /// let mut begins = std::time::Duration::ZERO;
    /// for (phase, time) in timings.phases() {
    ///     println!("{phase:8} from {begins:?} for {time:?}");
    ///     begins += time;
    /// }
    /// # }
    /// ```
    pub fn phases(&self) -> impl Iterator<Item = (&'static str, Duration)> + use<> {
        let phases = [
            ("earlier", self.earlier),
            ("resolve", self.resolve),
            ("connect", self.connect),
            ("proxy", self.proxy),
            ("tls", self.tls),
            ("send", self.send),
            ("wait", self.wait),
            ("receive", self.receive),
        ];
        phases.into_iter().filter_map(|(name, time)| Some((name, time?)))
    }
}

/// One line: `connect 0.125 ms, send 0.021 ms, wait 12.300 ms, receive 0.040 ms, total 12.486 ms, sent 71
/// bytes, received 1256 bytes`. If attempts came before, `earlier 0.310 ms` is the first of it.
impl fmt::Display for Timings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, time) in self.phases().chain([("total", self.total())]) {
            write!(f, "{name} {:.3} ms, ", time.as_secs_f64() * 1e3)?;
        }
        write!(f, "sent {} bytes, received {} bytes", self.sent, self.received)
    }
}

/// Keeps the time of one exchange after another.
#[derive(Default)]
pub(crate) struct Stopwatch {
    timings: Timings,
    /// What is being timed, and since when.
    running: Option<(Lap, Instant)>,
    /// The request that is timed has been seen: what comes before it is the way to the server.
    asked: bool,
    /// The next request is the one that is timed, sent once more.
    is_repeating: bool,
    over: bool,
}

/// A part of the time, each as in [`Timings`].
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lap {
    Earlier,
    Resolve,
    Connect,
    Proxy,
    Tls,
    Send,
    Wait,
    Receive,
}

impl Lap {
    fn of(phase: Phase) -> Lap {
        match phase {
            Phase::Resolve => Lap::Resolve,
            Phase::Connect => Lap::Connect,
            Phase::Proxy => Lap::Proxy,
            Phase::Tls => Lap::Tls,
            Phase::TakeBody | Phase::Send => Lap::Send,
            Phase::Head => Lap::Wait,
            Phase::Body | Phase::SaveBody => Lap::Receive,
        }
    }

    /// Counts in `timings` what has gone by.
    fn count(self, time: Duration, timings: &mut Timings) {
        let counted = match self {
            Lap::Earlier => &mut timings.earlier,
            Lap::Resolve => &mut timings.resolve,
            Lap::Connect => &mut timings.connect,
            Lap::Proxy => &mut timings.proxy,
            Lap::Tls => &mut timings.tls,
            Lap::Send => &mut timings.send,
            Lap::Wait => &mut timings.wait,
            Lap::Receive => &mut timings.receive,
        };
        *counted.get_or_insert_default() += time;
    }
}

impl Turns<Stopwatch> {
    pub(crate) fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Request(head) if head.index() > 0 => self.begin(head.index(), Stopwatch::default()),
            // It may have been begun, by opening the connection.
            Event::Request(_) => {
                let now = mem::take(&mut self.now);
                self.begin(0, now);
            }
            Event::Turn(index) => self.turn_to(index, |before| !before.over),
            Event::Closed(_) => self.forget_others(),
            _ => {}
        }
        self.now.event(event);
    }
}

impl Stopwatch {
    pub(crate) fn timings(&self) -> Option<Timings> {
        let mut timings = self.timings;
        if let Some((lap, since)) = self.running {
            lap.count(since.elapsed(), &mut timings);
        }
        (timings != Timings::default()).then_some(timings)
    }

    pub(crate) fn event(&mut self, event: Event<'_>) {
        let lap = self.running.map(|(lap, _)| lap);
        match event {
            Event::Request(_) => {
                if self.over || self.asked && !self.is_repeating {
                    *self = Stopwatch::default();
                }
                (self.asked, self.is_repeating) = (true, false);
            }
            Event::Repeating { .. } => self.begin_again(),
            // Opened for one to come.
            Event::Connecting { .. } if self.over || !self.asked => *self = Stopwatch::default(),
            // For the request that was seen.
            Event::Connecting { .. } => self.is_repeating = false,
            Event::Phase(phase) => self.turn_to(Some(Lap::of(phase))),
            Event::Trying(_) => self.timings.tried += 1,
            Event::Connected { peer, .. } => self.timings.peer = peer,
            Event::SentFile(len) => self.timings.sent += len,
            Event::Sent(bytes) if lap != Some(Lap::Proxy) => self.timings.sent += bytes.len() as u64,
            Event::Received(bytes) if lap != Some(Lap::Proxy) => {
                self.timings.received += bytes.len() as u64;
                if lap == Some(Lap::Wait) {
                    self.turn_to(Some(Lap::Receive));
                }
            }
            Event::Interim(_) if lap == Some(Lap::Receive) => self.turn_to(Some(Lap::Wait)),
            Event::Head(_) if lap == Some(Lap::Wait) => self.turn_to(Some(Lap::Receive)),
            Event::Opened => self.turn_to(None),
            Event::Done | Event::Failed(_) => self.end(),
            // A kept connection that turned out to be dead is closed before anything is timed, and that of an
            // attempt which was in vain after it.
            Event::Closed(_) if lap.is_some_and(|lap| lap != Lap::Earlier) => self.end(),
            _ => {}
        }
    }

    /// Whatever it took until the next attempt begins was in vain.
    fn begin_again(&mut self) {
        self.turn_to(Some(Lap::Earlier));
        let Timings { repeats, .. } = self.timings;
        let earlier = Some(self.timings.total());
        self.timings = Timings { repeats: repeats + 1, earlier, ..Timings::default() };
        self.is_repeating = true;
    }

    fn end(&mut self) {
        self.turn_to(None);
        self.over = true;
    }

    fn turn_to(&mut self, next: Option<Lap>) {
        let now = Instant::now();
        if let Some((lap, since)) = self.running.take() {
            lap.count(now - since, &mut self.timings);
        }
        self.running = next.map(|lap| (lap, now));
    }
}
