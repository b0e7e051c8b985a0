//! Files as bodies.

use std::borrow::Borrow;
use std::fs::File;
use std::io::{self, Seek};

use super::pieces::{Pieces, Sink, read_block};
use super::{Body, Source};
use crate::error::{Error, ErrorKind, Phase, Result};

impl<'a> Body<'a> {
    /// A file from where it stands to its end, framed by its length: a `File`, `&File` or `Arc<File>`.
    ///
    /// Over plain TCP and Unix sockets the system sends it by itself on Linux (`sendfile`), unless a
    /// [`Tap`](crate::Tap) or the debug level wants to see the bytes, and unless the process has
    /// `SIGPIPE` end it, which Rust's own programs don't. Elsewhere it goes in blocks.
    ///
    /// As many bytes are sent as there are now, even if the file grows. If it shrinks, the request fails
    /// with [`InvalidBody`](ErrorKind::InvalidBody). What has no length, such as a pipe or a file of
    /// `/proc`, is sent in chunks. (`http.client` sends every file in chunks, and so does `File` given as
    /// it is.)
    ///
    /// ```
    /// # use straightwire::{Body, HttpConnection};
    /// # let origin = origin::Origin::start()?;
    /// # let mut conn = HttpConnection::new(&origin.host_port())?;
    /// # let path = std::env::temp_dir().join(format!("straightwire-doc-file-{}", std::process::id()));
    /// # std::fs::write(&path, "some text")?;
    /// let file = std::fs::File::open(&path)?;
    /// conn.request("PUT", "/files/notes.txt", Body::file(file)?, &[])?;
    /// assert_eq!(conn.get_response()?.status(), 201);
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the system doesn't tell the file's length or position.
    pub fn file(file: impl Borrow<File> + 'a) -> io::Result<Body<'a>> {
        let left = rest_of(file.borrow())?;
        Ok(Body(Source::Pieces(Box::new(Contents { len: left, left, ..Contents::new(file) }))))
    }
}

/// What is in a file from where it stands.
pub(super) struct Contents<F> {
    file: F,
    /// How much there was when it became a body.
    len: Option<u64>,
    /// How much is to be sent yet; else to the end.
    left: Option<u64>,
    block: Vec<u8>,
}

impl<F: Borrow<File>> Contents<F> {
    /// To its end, wherever that is when it is reached.
    pub(super) fn new(file: F) -> Contents<F> {
        Contents { file, len: None, left: None, block: Vec::new() }
    }
}

impl<F: Borrow<File>> Pieces for Contents<F> {
    fn len(&self) -> Option<u64> {
        self.len
    }

    fn send_next(&mut self, sink: &mut dyn Sink) -> Result<bool> {
        let mut file: &File = self.file.borrow();
        let whole = sink.takes_files();
        if self.left.is_none() && whole {
            self.left = rest_of(file)
                .map_err(|err| Error::io(Phase::TakeBody, "asking for the length of the file", err))?;
        }
        match &mut self.left {
            Some(0) => Ok(false),
            Some(left) if whole => {
                *left -= sink.send_file(file, *left)?;
                Ok(true)
            }
            left => {
                let most = left.unwrap_or(u64::MAX).min(sink.blocksize() as u64);
                self.block.resize(most as usize, 0);
                let len = read_block(&mut file, &mut self.block)?;
                match left {
                    Some(_) if len == 0 => return Err(too_short()),
                    Some(left) => *left -= len as u64,
                    None => {}
                }
                sink.send(&self.block[..len]).map(|()| len > 0)
            }
        }
    }
}

/// The error of a file that has ended before what was promised of it.
#[cold]
pub(crate) fn too_short() -> Error {
    Error::new(ErrorKind::InvalidBody, "the file has shrunk since its length was told")
}

/// How many bytes are between a file's position and its end, where both mean something.
fn rest_of(mut file: &File) -> io::Result<Option<u64>> {
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok(None);
    }
    let position = file.stream_position()?;
    let rest = metadata.len().saturating_sub(position);
    Ok((rest > 0 || is_at_end(file, position)?).then_some(rest))
}

/// Files of `/proc` and the like say that they are empty, and aren't.
#[cfg(unix)]
fn is_at_end(file: &File, position: u64) -> io::Result<bool> {
    Ok(std::os::unix::fs::FileExt::read_at(file, &mut [0], position)? == 0)
}

#[cfg(not(unix))]
fn is_at_end(_: &File, _: u64) -> io::Result<bool> {
    Ok(true)
}
