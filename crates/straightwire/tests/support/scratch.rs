//! Files of a test's own.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::fs::{self, File};
use std::path::PathBuf;
use std::{env, process};

/// A file that is removed at the end.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str, contents: &[u8]) -> Scratch {
        let scratch = Scratch(env::temp_dir().join(format!("straightwire-{name}-{}", process::id())));
        fs::write(&scratch.0, contents).unwrap();
        scratch
    }

    /// So long, without taking up room.
    pub(crate) fn sparse(name: &str, len: u64) -> Scratch {
        let scratch = Scratch::new(name, b"");
        scratch.for_writing().set_len(len).unwrap();
        scratch
    }

    pub(crate) fn open(&self) -> File {
        File::open(&self.0).unwrap()
    }

    pub(crate) fn for_writing(&self) -> File {
        File::options().read(true).write(true).open(&self.0).unwrap()
    }

    pub(crate) fn for_writing_alone(&self) -> File {
        File::options().write(true).open(&self.0).unwrap()
    }

    pub(crate) fn contents(&self) -> Vec<u8> {
        fs::read(&self.0).unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
