//! What may be sent as a body.

mod file;
mod pieces;
mod trailed;
mod watched;
mod writer;

use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};

use crate::error::{Error, ErrorKind, Phase, Result};
pub(crate) use file::too_short;
pub(crate) use pieces::{Blocks, Pieces, Sink};
pub(crate) use trailed::{Trailed, UpToTrailers};
pub(crate) use writer::Gathered;

/// The body of a request: anything that converts into it may be given where a body is asked for.
///
/// | given | sent | framed, unless the headers say how |
/// |---|---|---|
/// | `()` | nothing | `Content-Length: 0` for POST, PUT and PATCH |
/// | `&[u8]`, `Vec<u8>` | as is | `Content-Length` |
/// | `&str`, `String` | as ISO-8859-1, for which text beyond ASCII is copied | `Content-Length` |
/// | [`File`], [`Body::reader`] | in blocks, to the end | chunked |
/// | [`Body::file`] | by the system itself where it can | `Content-Length` |
/// | [`Body::chunks`] | each piece as it comes | chunked |
/// | [`Body::with_trailers`] | in blocks, to the end, and then fields | chunked |
/// | [`Body::writer`] | as a function of yours writes it | chunked |
///
/// ```
/// use straightwire::Body;
///
/// let form = Body::from("spam=1&eggs=2");
/// let rows = Body::chunks(["a,b\n", "1,2\n"]);
/// # drop((form, rows));
/// ```
#[derive(Default)]
pub struct Body<'a>(pub(crate) Source<'a>);

#[derive(Default)]
pub(crate) enum Source<'a> {
    #[default]
    None,
    Bytes(Cow<'a, [u8]>),
    /// Text that can't be had in ISO-8859-1: told when it is to be sent.
    Unfit(Unfit),
    Reader(Box<dyn Read + 'a>),
    Pieces(Box<dyn Pieces + 'a>),
    Trailed(Box<dyn Trailed + 'a>),
}

/// Why text can't be had in ISO-8859-1.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unfit {
    /// It has no byte for this.
    Char(char),
    /// There is no memory for the bytes.
    NoRoom,
}

impl<'a> Body<'a> {
    /// Whatever can be read, from where it stands to its end.
    pub fn reader(reader: impl Read + 'a) -> Body<'a> {
        Body(Source::Reader(Box::new(reader)))
    }

    /// The pieces of an iterator, each sent as it comes; empty ones are left out.
    pub fn chunks<T: AsRef<[u8]> + 'a>(pieces: impl IntoIterator<Item = T, IntoIter: 'a>) -> Body<'a> {
        Body::try_chunks(pieces.into_iter().map(Ok))
    }

    /// The pieces of an iterator that may fail. When it does the connection is closed, since the request
    /// can't be made whole, and its error is the request's.
    pub fn try_chunks<T: AsRef<[u8]> + 'a>(
        pieces: impl IntoIterator<Item = io::Result<T>, IntoIter: 'a>,
    ) -> Body<'a> {
        Body(Source::Pieces(Box::new(pieces::Iter(pieces.into_iter()))))
    }

    /// How the body frames itself, where the headers don't say.
    pub(crate) fn own_framing(&self) -> OwnFraming {
        match &self.0 {
            Source::None => OwnFraming::NoBody,
            Source::Bytes(bytes) => OwnFraming::Length(bytes.len() as u64),
            Source::Unfit(_) => OwnFraming::Length(0),
            Source::Reader(_) | Source::Trailed(_) => OwnFraming::Chunked,
            Source::Pieces(pieces) => pieces.len().map_or(OwnFraming::Chunked, OwnFraming::Length),
        }
    }

    /// An error if this can't be sent whatever the connection.
    pub(crate) fn check(&self) -> Result<()> {
        match self.0 {
            Source::Unfit(Unfit::Char(char)) => {
                let message = format!(
                    "the text has {char:?}, which ISO-8859-1 lacks; send it as bytes: text.as_bytes()"
                );
                Err(Error::new(ErrorKind::InvalidBody, message))
            }
            Source::Unfit(Unfit::NoRoom) => {
                let doing = "making room for the text in ISO-8859-1";
                Err(Error::io(Phase::TakeBody, doing, io::ErrorKind::OutOfMemory.into()))
            }
            _ => Ok(()),
        }
    }
}

/// See [`Body::own_framing`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OwnFraming {
    NoBody,
    Length(u64),
    Chunked,
}

impl fmt::Debug for Body<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::None => f.write_str("Body(none)"),
            Source::Bytes(bytes) => write!(f, "Body({} bytes)", bytes.len()),
            Source::Unfit(why) => write!(f, "Body(text, {why:?})"),
            Source::Reader(_) => f.write_str("Body(reader)"),
            Source::Pieces(_) => f.write_str("Body(pieces)"),
            Source::Trailed(_) => f.write_str("Body(reader with trailers)"),
        }
    }
}

impl From<()> for Body<'_> {
    fn from((): ()) -> Self {
        Body(Source::None)
    }
}

impl<'a> From<&'a [u8]> for Body<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Body(Source::Bytes(Cow::Borrowed(bytes)))
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Body<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Body::from(bytes.as_slice())
    }
}

impl<'a> From<&'a Vec<u8>> for Body<'a> {
    fn from(bytes: &'a Vec<u8>) -> Self {
        Body::from(bytes.as_slice())
    }
}

impl From<Vec<u8>> for Body<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Body(Source::Bytes(Cow::Owned(bytes)))
    }
}

impl<'a> From<Cow<'a, [u8]>> for Body<'a> {
    fn from(bytes: Cow<'a, [u8]>) -> Self {
        Body(Source::Bytes(bytes))
    }
}

impl<'a> From<&'a str> for Body<'a> {
    fn from(text: &'a str) -> Self {
        if text.is_ascii() {
            return Body::from(text.as_bytes());
        }
        match latin1(text) {
            Ok(bytes) => Body::from(bytes),
            Err(why) => Body(Source::Unfit(why)),
        }
    }
}

/// Text as ISO-8859-1. A large one is no reason to abort where there is no room for a second.
fn latin1(text: &str) -> Result<Vec<u8>, Unfit> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(text.chars().count()).map_err(|_| Unfit::NoRoom)?;
    for char in text.chars() {
        bytes.push(u8::try_from(char).map_err(|_| Unfit::Char(char))?);
    }
    Ok(bytes)
}

impl<'a> From<&'a String> for Body<'a> {
    fn from(text: &'a String) -> Self {
        Body::from(text.as_str())
    }
}

impl From<String> for Body<'_> {
    fn from(text: String) -> Self {
        if text.is_ascii() { Body::from(text.into_bytes()) } else { Body(Body::from(&*text).0.into_owned()) }
    }
}

impl Source<'_> {
    /// For what was made from text, which is bytes or bad.
    fn into_owned<'b>(self) -> Source<'b> {
        match self {
            Source::Bytes(bytes) => Source::Bytes(Cow::Owned(bytes.into_owned())),
            Source::Unfit(why) => Source::Unfit(why),
            _ => Source::None,
        }
    }
}

impl<'a> From<File> for Body<'a> {
    fn from(file: File) -> Self {
        Body(Source::Pieces(Box::new(file::Contents::new(file))))
    }
}

impl<'a> From<&'a File> for Body<'a> {
    fn from(file: &'a File) -> Self {
        Body(Source::Pieces(Box::new(file::Contents::new(file))))
    }
}

impl<'a, T: Into<Body<'a>>> From<Option<T>> for Body<'a> {
    fn from(body: Option<T>) -> Self {
        body.map_or(Body(Source::None), Into::into)
    }
}
