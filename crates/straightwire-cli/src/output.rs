//! Where the answer goes.

use std::fs::File;
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};

use crate::exit::{Code, Failure};

/// Standard output or a file.
pub(crate) struct Output {
    name: PathBuf,
    to: Box<dyn Write>,
}

impl Output {
    /// Standard output for no path or `-`; else the file, emptied.
    pub(crate) fn open(path: Option<&Path>) -> Result<Output, Failure> {
        match path.filter(|path| *path != Path::new("-")) {
            None => Ok(Output { name: PathBuf::from("standard output"), to: Box::new(io::stdout().lock()) }),
            Some(path) => match File::create(path) {
                Ok(file) => Ok(Output { name: path.to_owned(), to: Box::new(file) }),
                Err(err) => {
                    Err(Failure::new(Code::Write, format!("{} can't be opened: {err}", path.display())))
                }
            },
        }
    }

    /// Writes all of `bytes` through to where they go: they may be all that comes for a while.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let written = self.to.write_all(bytes).and_then(|()| self.to.flush());
        written.map_err(|err| Failure::writing(&self.name.display().to_string(), &err))
    }

    /// The file, to be written behind what it has.
    pub(crate) fn behind(path: &Path) -> Result<Output, Failure> {
        match File::options().append(true).create(true).open(path) {
            Ok(file) => Ok(Output { name: path.to_owned(), to: Box::new(file) }),
            Err(err) => Err(Failure::new(Code::Write, format!("{} can't be opened: {err}", path.display()))),
        }
    }

    /// Writes the body as it comes, never holding more of it than the connection's buffer does.
    pub(crate) fn copy(&mut self, body: &mut impl BufRead) -> Result<(), Failure> {
        loop {
            let len = match body.fill_buf() {
                Ok([]) => return Ok(()),
                Ok(piece) => self.write(piece).map(|()| piece.len())?,
                Err(err) => return Err(Failure::receiving(err)),
            };
            body.consume(len);
        }
    }
}
