//! What a client made of a response.

use straightwire::Error;

/// Name and value, as bytes.
pub(crate) type Field = (Vec<u8>, Vec<u8>);

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    /// With a response, read whole.
    Ok,
    /// With an error.
    Error,
    /// Not at all: the client waited for bytes that don't come.
    #[serde(skip)]
    Hang,
    /// In a panic of the client.
    #[serde(skip)]
    Panic,
}

/// A result, whatever face of the project it was got through.
#[derive(Clone, Debug)]
pub(crate) struct Observation {
    pub(crate) outcome: Outcome,
    /// What kind of error.
    pub(crate) kind: Option<String>,
    /// The error in words, for the reader of the report alone.
    pub(crate) message: String,
    /// `None` where the head was not whole or not right.
    pub(crate) head: Option<Head>,
    /// After an error: what was decoded before it.
    pub(crate) body: Vec<u8>,
    /// Of a chunked body that was read whole.
    pub(crate) trailers: Option<Vec<Field>>,
    /// Whether the connection may be used again; of a response that was read whole.
    pub(crate) keep_alive: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) reason: Vec<u8>,
    pub(crate) headers: Vec<Field>,
}

impl Observation {
    /// A response that was read whole.
    pub(crate) fn whole(
        head: Head,
        body: Vec<u8>,
        trailers: Option<Vec<Field>>,
        keep_alive: bool,
    ) -> Observation {
        Observation {
            outcome: Outcome::Ok,
            kind: None,
            message: String::new(),
            head: Some(head),
            body,
            trailers,
            keep_alive: Some(keep_alive),
        }
    }

    /// An error, after `head` and so much of the body. A client that timed out would have waited for ever.
    pub(crate) fn failed(err: &Error, head: Option<Head>, body: Vec<u8>) -> Observation {
        if err.is_timeout() {
            return Observation::hung(head, body);
        }
        Observation {
            outcome: Outcome::Error,
            kind: Some(format!("{:?}", err.kind())),
            message: err.to_string(),
            head,
            body,
            trailers: None,
            keep_alive: None,
        }
    }

    /// A panic; what it says goes to standard error.
    pub(crate) fn panicked() -> Observation {
        Observation { outcome: Outcome::Panic, ..Observation::hung(None, Vec::new()) }
    }

    /// A wait for more than there is, after `head` and so much of the body.
    pub(crate) fn hung(head: Option<Head>, body: Vec<u8>) -> Observation {
        Observation {
            outcome: Outcome::Hang,
            kind: None,
            message: String::new(),
            head,
            body,
            trailers: None,
            keep_alive: None,
        }
    }
}
