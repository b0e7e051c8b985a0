//! Which codings there are, and what a list of them asks for.

use std::sync::LazyLock;

use super::DecodeLimits;
use super::stage::Decode;
use crate::error::{Error, ErrorKind, Excerpt, Result};
use crate::proto::list_elements;

/// The codings that were compiled in, the ones worth most first.
const CODINGS: &[&str] = &[
    #[cfg(feature = "zstd")]
    "zstd",
    #[cfg(feature = "brotli")]
    "br",
    #[cfg(feature = "gzip")]
    "gzip",
    #[cfg(feature = "deflate")]
    "deflate",
];

/// What `Accept-Encoding` may say so that [`Decoded`](crate::Decoded) reads the answer: the codings whose
/// features are on, and `identity` where none is.
///
/// ```
/// let accepted = straightwire::accept_encoding();   // such as "zstd, br, gzip, deflate"
/// # assert!(!accepted.is_empty());
/// ```
pub fn accept_encoding() -> &'static str {
    static LIST: LazyLock<String> = LazyLock::new(|| match CODINGS {
        [] => "identity".to_owned(),
        codings => codings.join(", "),
    });
    &LIST
}

/// What undoes the codings of this list, in the order in which that has to be done: the last one was applied
/// last.
pub(super) fn decoders(list: &str, limits: &DecodeLimits) -> Result<Vec<Box<dyn Decode>>> {
    let mut decoders = Vec::new();
    for name in names(list) {
        if decoders.len() == limits.codings {
            let most = limits.codings;
            let message = format!("more than {most} codings, one on top of the other: {}", excerpt(list));
            return Err(Error::new(ErrorKind::UnknownContentEncoding, message));
        }
        decoders.push(decoder(name).ok_or_else(|| unknown(name))?);
    }
    decoders.reverse();
    Ok(decoders)
}

/// Whether this list has nothing in it to be undone.
pub(super) fn is_identity(list: &str) -> bool {
    names(list).next().is_none()
}

fn names(list: &str) -> impl Iterator<Item = &[u8]> {
    list_elements(list.as_bytes()).filter(|name| !name.eq_ignore_ascii_case(b"identity"))
}

fn decoder(name: &[u8]) -> Option<Box<dyn Decode>> {
    let is = |known: &[&str]| known.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()));
    match () {
        // RFC 9110 8.4.1.3: x-gzip is the same.
        #[cfg(feature = "gzip")]
        () if is(&["gzip", "x-gzip"]) => Some(Box::<super::gzip::Gzip>::default()),
        #[cfg(feature = "deflate")]
        () if is(&["deflate"]) => Some(Box::<super::zlib::Zlib>::default()),
        #[cfg(feature = "brotli")]
        () if is(&["br"]) => Some(Box::<super::brotli::Brotli>::default()),
        #[cfg(feature = "zstd")]
        () if is(&["zstd"]) => super::zstd::Zstd::new().map(|zstd| Box::new(zstd) as Box<dyn Decode>),
        () => {
            // Of use to none where no feature is on.
            let _ = is(&[]);
            None
        }
    }
}

#[cold]
fn unknown(name: &[u8]) -> Error {
    let message = format!("the content is encoded by {}; read here: {}", Excerpt(name), accept_encoding());
    Error::new(ErrorKind::UnknownContentEncoding, message)
}

fn excerpt(list: &str) -> Excerpt<'_> {
    Excerpt(list.as_bytes())
}
