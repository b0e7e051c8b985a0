//! Bodies of responses, to where they go.

use std::io::{self, Write};

use crate::error::{Error, Phase, Result};
use crate::response::HttpResponse;

/// How much is read and written at a time. `splice(2)`, which spares the way through this process, was
/// measured to be no faster: see `docs/benchmarks.md`.
const BLOCK: usize = 1024 * 1024;

/// The least room that a block has, where little is to come.
const LEAST: usize = 8 * 1024;

impl HttpResponse<'_> {
    /// Writes the rest of the body to a file, or to any [`Write`], and flushes it; how many bytes it was.
    ///
    /// ```
    /// # let origin = origin::Origin::start()?;
    /// # let mut conn = straightwire::HttpConnection::new(&origin.host_port())?;
    /// # let path = std::env::temp_dir().join(format!("straightwire-doc-copy-{}", std::process::id()));
    /// conn.request("GET", "/bytes/100000", (), &[])?;
    /// let mut file = std::fs::File::create(&path)?;
    /// assert_eq!(conn.get_response()?.copy_to(&mut file)?, 100_000);
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`read_all`](Self::read_all). When `out` fails: `Io` in [`Phase::SaveBody`], and what was
    /// received but not written is in [`Error::partial`]. Either way [`Error::saved`] tells how many bytes
    /// were written: `out` has what had arrived.
    pub fn copy_to(&mut self, out: &mut (impl Write + ?Sized)) -> Result<u64> {
        let room = self.remaining().unwrap_or(u64::MAX).clamp(LEAST as u64, BLOCK as u64);
        let mut block = vec![0; room as usize];
        let mut saved = 0;
        loop {
            let len = self.read_some(&mut block).map_err(|err| err.with_saved(saved))?;
            if len == 0 {
                break;
            }
            let (written, outcome) = write_all(out, &block[..len]);
            saved += written as u64;
            outcome.map_err(|err| not_saved(err, saved).with_partial(&block[written..len]))?;
        }
        out.flush().map_err(|err| not_saved(err, saved))?;
        Ok(saved)
    }
}

/// As `Write::write_all`, telling how far it has got.
pub(crate) fn write_all(out: &mut (impl Write + ?Sized), data: &[u8]) -> (usize, io::Result<()>) {
    let mut written = 0;
    while written < data.len() {
        match out.write(&data[written..]) {
            Ok(0) => return (written, Err(io::ErrorKind::WriteZero.into())),
            Ok(len) => written += len,
            Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
            Err(err) => return (written, Err(err)),
        }
    }
    (written, Ok(()))
}

#[cold]
pub(crate) fn not_saved(err: io::Error, saved: u64) -> Error {
    Error::io(Phase::SaveBody, "writing the body to where it goes", err).with_saved(saved)
}
