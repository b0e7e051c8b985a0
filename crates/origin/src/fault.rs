//! Why a request could not be carried to its end.

use std::borrow::Cow;
use std::io;

pub(crate) type Outcome<T> = Result<T, Fault>;

/// The two ways to fail: there is nobody left to answer, or the answer is a refusal.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The socket failed, or the server is stopping.
    Io(io::Error),
    /// Answered with this status and the reason as text; the connection ends, its framing can't be trusted.
    Refused { status: u16, reason: Cow<'static, str> },
}

impl Fault {
    /// The request is malformed: 400.
    pub(crate) fn bad(reason: impl Into<Cow<'static, str>>) -> Fault {
        Fault::refused(400, reason)
    }

    pub(crate) fn refused(status: u16, reason: impl Into<Cow<'static, str>>) -> Fault {
        Fault::Refused { status, reason: reason.into() }
    }

    /// The connection ended inside this part of a message.
    pub(crate) fn ended_inside(part: &str) -> Fault {
        Fault::bad(format!("the connection ended inside the {part}"))
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Fault {
        Fault::Io(error)
    }
}
