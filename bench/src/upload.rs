//! The files that are uploaded.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use crate::Result;
use crate::messages::{MEBIBYTE, pattern};

/// A file of so many MiB, beside the program. It is made if it isn't there, and kept for the next run.
///
/// # Errors
/// When it can't be written.
pub fn file(mebibytes: u64) -> Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(format!("bench-upload-{mebibytes}-mib"));
    let len = mebibytes * MEBIBYTE as u64;
    if fs::metadata(&path).is_ok_and(|found| found.len() == len) {
        return Ok(path);
    }
    let block: Vec<u8> = pattern(MEBIBYTE).collect();
    // Under another name until it is whole, so that no other run takes up half of it.
    let unfinished = path.with_extension(std::process::id().to_string());
    let mut out = BufWriter::new(File::create(&unfinished)?);
    for _ in 0..mebibytes {
        out.write_all(&block)?;
    }
    out.into_inner().map_err(io::IntoInnerError::into_error)?;
    fs::rename(&unfinished, &path)?;
    Ok(path)
}
