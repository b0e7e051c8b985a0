//! Files that the system sends by itself: `sendfile(2)`.

use std::fs::{self, File};
use std::io;
use std::net::TcpStream;
use std::sync::OnceLock;

use rustix::io::Errno;

/// Sends the next bytes of `file`, at most `len`, as far as they go without waiting; 0 at its end, `None`
/// where this can't be done. (In one call that waits, the system would do so many times, each time for as
/// long as the socket's timeout.)
pub(super) fn send_now(stream: &TcpStream, file: &File, len: u64) -> io::Result<Option<u64>> {
    if !ignores_broken_pipes() {
        return Ok(None);
    }
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    stream.set_nonblocking(true)?;
    let sent = rustix::io::retry_on_intr(|| rustix::fs::sendfile(stream, file, None, len));
    stream.set_nonblocking(false)?;
    match sent {
        Ok(sent) => Ok(Some(sent as u64)),
        // Not every file system and every socket can, and one that isn't open to be read is an error of
        // reading. The file has not moved then.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP | Errno::BADF) => Ok(None),
        Err(err) => Err(err.into()),
    }
}

/// Whether this process ignores `SIGPIPE`. `send` can be told not to raise it when the peer has gone,
/// `sendfile` can't: it would end a program which has not said that it isn't to, as Rust's do when they start.
fn ignores_broken_pipes() -> bool {
    static IGNORES: OnceLock<bool> = OnceLock::new();
    *IGNORES.get_or_init(|| fs::read_to_string("/proc/self/status").is_ok_and(|status| is_ignored(&status)))
}

/// Whether `SIGPIPE` is in the mask `SigIgn`, whose lowest bit is signal 1.
fn is_ignored(status: &str) -> bool {
    const SIGPIPE: usize = 13;
    let Some(mask) = status.lines().find_map(|line| line.strip_prefix("SigIgn:")) else { return false };
    let nibble = mask.trim_end().chars().rev().nth((SIGPIPE - 1) / 4).and_then(|digit| digit.to_digit(16));
    nibble.is_some_and(|nibble| nibble >> ((SIGPIPE - 1) % 4) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_tells() {
        for (mask, ignored) in [
            ("0000000000001000", true),
            ("fffffffffffff000", true),
            ("0000000000000000", false),
            ("ffffffffffffefff", false),
            ("1000", true),
            ("000", false),
            ("", false),
            ("zzzzzzzzzzzzzzzz", false),
        ] {
            let status = format!("Name:\ttest\nSigBlk:\tffffffffffffffff\nSigIgn:\t{mask}\nSigCgt:\t0\n");
            assert_eq!(is_ignored(&status), ignored, "{mask}");
        }
        assert!(!is_ignored("Name:\ttest\n"));
    }

    #[test]
    fn this_process_ignores_it() {
        assert!(ignores_broken_pipes());
    }
}
