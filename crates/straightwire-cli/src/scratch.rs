//! Files for a while.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::path::PathBuf;

/// A new file in the temporary folder, whatever another run has left there.
pub(crate) fn create(name: &str, extension: &str) -> io::Result<(File, PathBuf)> {
    let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
    for number in 0..100 {
        let name = format!("straightwire-{name}-{}-{number}.{extension}", std::process::id());
        let path = std::env::temp_dir().join(name);
        match File::options().read(true).write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((file, path)),
            Err(err) if err.kind() == io::ErrorKind::AlreadyExists => last = err,
            Err(err) => return Err(err),
        }
    }
    Err(last)
}

/// A file that is gone with its owner.
pub(crate) struct Scratch {
    pub(crate) file: File,
    // Only where the system can't take the name away from an open file. Elsewhere the name may be another's by now.
    #[cfg(not(unix))]
    path: PathBuf,
}

impl Scratch {
    pub(crate) fn new(content: &[u8]) -> io::Result<Scratch> {
        let (file, path) = create("demo", "txt")?;
        // An interrupted run leaves nothing behind.
        #[cfg(unix)]
        std::fs::remove_file(&path)?;
        let mut scratch = Scratch {
            file,
            #[cfg(not(unix))]
            path,
        };
        scratch.file.write_all(content)?;
        scratch.file.rewind()?;
        Ok(scratch)
    }
}

#[cfg(not(unix))]
impl Drop for Scratch {
    fn drop(&mut self) {
        // A file left behind in the temporary folder is no reason to fail.
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn each_owner_has_a_file_of_its_own_however_many_come_and_go() {
        std::thread::scope(|scope| {
            for owner in 0..4 {
                scope.spawn(move || {
                    for round in 0..200 {
                        let notes = format!("{owner}: {round}");
                        let mut scratch = Scratch::new(notes.as_bytes()).unwrap();
                        let mut content = String::new();
                        scratch.file.read_to_string(&mut content).unwrap();
                        assert_eq!(content, notes);
                    }
                });
            }
        });
    }

    #[test]
    #[cfg(unix)]
    fn nothing_is_left_behind_even_by_who_is_interrupted() {
        use std::os::unix::fs::MetadataExt;

        let scratch = Scratch::new(b"notes").unwrap();
        assert_eq!(scratch.file.metadata().unwrap().nlink(), 0);
    }
}
