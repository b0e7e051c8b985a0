//! What a scripted connection does, step by step.

use std::time::Duration;

/// The steps of one connection, for [`Scripted`](crate::Scripted). They are played in order; after the last
/// one the connection [closes](Script::close).
///
/// ```
/// use std::time::Duration;
/// use origin::Script;
///
/// let truncated = Script::new()
///     .read_request()
///     .send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
///     .pause(Duration::from_millis(5))
///     .send(b"half")
///     .reset();
/// # let _ = truncated;
/// ```
#[derive(Debug, Clone, Default)]
pub struct Script {
    pub(crate) steps: Vec<Step>,
    pub(crate) is_once: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum Step {
    ReadHead,
    ReadRequest,
    ReadBytes(u64),
    Send(Vec<u8>),
    SendInPieces { bytes: Vec<u8>, piece: usize, pause: Duration },
    Flood { piece: Vec<u8>, most: u64 },
    Pause(Duration),
    HalfClose,
    StopReading,
    Hold,
    WaitForClose,
    Reset,
    Close,
}

impl Script {
    /// A script without steps: it closes the connection at once.
    pub fn new() -> Script {
        Script::default()
    }

    /// Reads until a blank line, CRLF twice, has come. What came after it waits for the next step that reads.
    ///
    /// Error: the client closes first.
    pub fn read_head(self) -> Script {
        self.then(Step::ReadHead)
    }

    /// Reads a head and the body that its framing promises.
    ///
    /// Error: the client closes first, or the request breaks the grammar.
    pub fn read_request(self) -> Script {
        self.then(Step::ReadRequest)
    }

    /// Reads exactly `count` bytes.
    ///
    /// Error: the client closes first.
    pub fn read_bytes(self, count: u64) -> Script {
        self.then(Step::ReadBytes(count))
    }

    /// Sends these bytes in one write.
    ///
    /// Error: the client has closed.
    pub fn send(self, bytes: impl Into<Vec<u8>>) -> Script {
        self.then(Step::Send(bytes.into()))
    }

    /// Sends these bytes in writes of `piece` bytes (at least 1) with a pause after each but the last.
    ///
    /// Error: the client closes before all are out.
    pub fn send_in_pieces(self, bytes: impl Into<Vec<u8>>, piece: usize, pause: Duration) -> Script {
        self.then(Step::SendInPieces { bytes: bytes.into(), piece: piece.max(1), pause })
    }

    /// Sends `piece` over and over until the client closes or `most` bytes are out, reading nothing.
    pub fn flood(self, piece: impl Into<Vec<u8>>, most: u64) -> Script {
        self.then(Step::Flood { piece: piece.into(), most })
    }

    /// Does nothing for a while.
    pub fn pause(self, time: Duration) -> Script {
        self.then(Step::Pause(time))
    }

    /// Ends the sending side: the client reads to an end, and can still send.
    pub fn half_close(self) -> Script {
        self.then(Step::HalfClose)
    }

    /// Leaves unread whatever comes from here on, until a step that reads; [`hold`](Script::hold) then only
    /// waits, and [`close`](Script::close) takes nothing in. The receive buffers of the whole server are as
    /// small as the system allows when a script has this step, so a client is soon unable to send more (a
    /// zero window).
    pub fn stop_reading(self) -> Script {
        self.then(Step::StopReading)
    }

    /// Keeps the connection open, reading and recording, until the client closes it; for at most 30 seconds.
    pub fn hold(self) -> Script {
        self.then(Step::Hold)
    }

    /// Reads and records until the client closes.
    ///
    /// Error: it does not within 10 seconds.
    pub fn wait_for_close(self) -> Script {
        self.then(Step::WaitForClose)
    }

    /// Ends the connection by a reset (RST) and the script with it.
    pub fn reset(self) -> Script {
        self.then(Step::Reset)
    }

    /// Closes the connection and ends the script. What has come by now is taken in first, because the system
    /// would send a reset for unread bytes.
    pub fn close(self) -> Script {
        self.then(Step::Close)
    }

    /// When this is the last script, no connection is accepted after it: later ones are refused by the
    /// system. Otherwise the last script is played for all later connections.
    pub fn once(mut self) -> Script {
        self.is_once = true;
        self
    }

    fn then(mut self, step: Step) -> Script {
        self.steps.push(step);
        self
    }
}
