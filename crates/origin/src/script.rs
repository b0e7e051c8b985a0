//! What a scripted connection does, step by step.

use std::time::Duration;

use crate::signal::Signal;

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
///
/// On a server [with TLS](crate::Scripted::start_tls) a script begins when the handshake is done, and all it
/// sends and reads is inside TLS, unless it is [in the clear](Script::in_clear).
#[derive(Debug, Clone, Default)]
pub struct Script {
    pub(crate) steps: Vec<Step>,
    pub(crate) is_once: bool,
    pub(crate) is_clear: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum Step {
    ReadHead,
    ReadRequest,
    ReadBytes(u64),
    Send(Vec<u8>),
    SendInPieces { bytes: Vec<u8>, piece: usize, pause: Duration },
    SendInRecords { bytes: Vec<u8>, size: usize },
    Flood { piece: Vec<u8>, most: u64 },
    Pause(Duration),
    WaitFor(Signal),
    Handshake,
    PartOfHandshake(usize),
    HalfClose,
    CloseNotify,
    Cut,
    FatalAlert,
    StopReading,
    Hold,
    WaitForClose,
    WaitForOrderlyClose,
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

    /// Sends these bytes in writes of `piece` bytes (at least 1) with a pause after each but the last. Inside
    /// TLS each piece is a record of its own.
    ///
    /// Error: the client closes before all are out.
    pub fn send_in_pieces(self, bytes: impl Into<Vec<u8>>, piece: usize, pause: Duration) -> Script {
        self.then(Step::SendInPieces { bytes: bytes.into(), piece: piece.max(1), pause })
    }

    /// Sends these bytes inside TLS in records of `size` bytes (at least 1, and at most the 16 KiB that a
    /// record holds), all in one write.
    ///
    /// Error: there is no TLS, or the client has closed.
    pub fn send_in_records(self, bytes: impl Into<Vec<u8>>, size: usize) -> Script {
        self.then(Step::SendInRecords { bytes: bytes.into(), size: size.max(1) })
    }

    /// Sends `piece` over and over until the client closes or `most` bytes are out, reading nothing.
    pub fn flood(self, piece: impl Into<Vec<u8>>, most: u64) -> Script {
        self.then(Step::Flood { piece: piece.into(), most })
    }

    /// Does nothing for a while.
    pub fn pause(self, time: Duration) -> Script {
        self.then(Step::Pause(time))
    }

    /// Does nothing until the signal is given.
    ///
    /// Error: it is not within 30 seconds.
    pub fn wait_for(self, signal: &Signal) -> Script {
        self.then(Step::WaitFor(signal.clone()))
    }

    /// Ends the sending side: the client reads to an end, and can still send. Inside TLS the end is
    /// announced by a close_notify first.
    pub fn half_close(self) -> Script {
        self.then(Step::HalfClose)
    }

    /// Announces the end, inside TLS, and leaves the socket open all the same.
    ///
    /// Error: there is no TLS, or the client has closed.
    pub fn close_notify(self) -> Script {
        self.then(Step::CloseNotify)
    }

    /// Ends the sending side of the socket (FIN) and announces nothing: to a client inside TLS what it has
    /// read may have been cut short, RFC 8446 section 6.1. Without TLS the same as
    /// [`half_close`](Script::half_close).
    ///
    /// ```
    /// use origin::Script;
    ///
    /// let truncated = Script::new().read_request().send("HTTP/1.1 200 OK\r\n\r\nhal").cut().wait_for_close();
    /// # let _ = truncated;
    /// ```
    pub fn cut(self) -> Script {
        self.then(Step::Cut)
    }

    /// Ends the session by a fatal alert, `bad_record_mac`.
    ///
    /// Error: there is no TLS, or the client has closed.
    pub fn fatal_alert(self) -> Script {
        self.then(Step::FatalAlert)
    }

    /// On a server with TLS this script begins without it: its bytes are those of the socket, until a
    /// [`handshake`](Script::handshake). A proxy, then what is behind it:
    ///
    /// ```
    /// use origin::Script;
    ///
    /// let tunnel = Script::new()
    ///     .in_clear()
    ///     .read_head()
    ///     .send("HTTP/1.1 200 OK\r\n\r\n")
    ///     .handshake()
    ///     .read_request()
    ///     .send("HTTP/1.1 204 No Content\r\n\r\n");
    /// let silent = Script::new().in_clear().hold();
    /// let plain = Script::new().in_clear().send("HTTP/1.1 400 Bad Request\r\n\r\n");
    /// let ends_in_handshake = Script::new().in_clear().part_of_handshake(0);
    /// # let _ = (tunnel, silent, plain, ends_in_handshake);
    /// ```
    pub fn in_clear(mut self) -> Script {
        self.is_clear = true;
        self
    }

    /// Begins TLS: what follows is inside it. Only for scripts that are [in the clear](Script::in_clear).
    ///
    /// Error: the handshake fails, there is TLS already, or the server has no identity.
    pub fn handshake(self) -> Script {
        self.then(Step::Handshake)
    }

    /// Hears the client's first flight, sends so many bytes of the answer, and leaves it at that. Only for
    /// scripts that are [in the clear](Script::in_clear), and what follows still is.
    ///
    /// Error: what came is no handshake, or the server has no identity.
    pub fn part_of_handshake(self, bytes: usize) -> Script {
        self.then(Step::PartOfHandshake(bytes))
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

    /// As [`wait_for_close`](Script::wait_for_close), for a client that closes in good order: by a FIN, or
    /// inside TLS by a close_notify.
    ///
    /// Error: it does not within 10 seconds, or in another way.
    pub fn wait_for_orderly_close(self) -> Script {
        self.then(Step::WaitForOrderlyClose)
    }

    /// Ends the connection by a reset (RST) and the script with it.
    pub fn reset(self) -> Script {
        self.then(Step::Reset)
    }

    /// Closes the connection and ends the script. Inside TLS a close_notify comes first, if none did and the
    /// socket was not [`cut`](Script::cut). What has come by now is taken in first, because the system
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
