//! The files that the servers serve.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::LazyLock;

/// A small text.
pub(crate) const HELLO: &str = "/hello.txt";
/// Numbers, a line each: some 100 KiB in which every place looks different.
pub(crate) const NUMBERS: &str = "/numbers.txt";
/// 100 MiB.
pub(crate) const BIG: &str = "/big.bin";
/// The small text as gzip makes it.
pub(crate) const HELLO_GZ: &str = "/hello.txt.gz";
/// Where nothing is.
pub(crate) const MISSING: &str = "/missing.txt";

/// Once the file at [`BIG`] is this long it is whole.
pub(crate) const BIG_LEN: u64 = 100 * 1024 * 1024;

const HELLO_TEXT: &[u8] = b"hello, hello, hello, peer\n";
const HELLO_GZIPPED: &[u8] =
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\xd7\x51\xc8\x40\xa1\
    \x0a\x52\x53\x8b\xb8\x00\x91\xee\x5a\xc1\x1a\x00\x00\x00";

/// The folder that holds them, written by the first test that asks for it.
pub(crate) fn folder() -> &'static Path {
    static FOLDER: LazyLock<PathBuf> =
        LazyLock::new(|| make().expect("the files of the servers are written"));
    &FOLDER
}

/// Where the file at this path of a URL is.
pub(crate) fn file(path: &str) -> PathBuf {
    folder().join(&path[1..])
}

/// What the file at this path of a URL holds.
pub(crate) fn contents(path: &str) -> Vec<u8> {
    fs::read(file(path)).unwrap()
}

fn make() -> io::Result<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("site");
    fs::create_dir_all(folder.join("folder"))?;
    let write = |path: &str, write: &dyn Fn(&mut BufWriter<File>) -> io::Result<()>| {
        // Renamed when whole, for whoever serves these files at the same time.
        let partial = folder.join(format!("partial-{}", process::id()));
        let mut out = BufWriter::new(File::create(&partial)?);
        write(&mut out)?;
        out.flush()?;
        fs::rename(partial, folder.join(&path[1..]))
    };
    write(HELLO, &|out| out.write_all(HELLO_TEXT))?;
    write(HELLO_GZ, &|out| out.write_all(HELLO_GZIPPED))?;
    write(NUMBERS, &|out| (0..20_000).try_for_each(|number| writeln!(out, "{number}")))?;
    if !fs::metadata(folder.join(&BIG[1..])).is_ok_and(|meta| meta.len() == BIG_LEN) {
        write(BIG, &|out| write_big(out))?;
    }
    Ok(folder)
}

/// Blocks of noise, each a little different from the last, so that one lost, doubled or moved shows.
fn write_big(out: &mut impl Write) -> io::Result<()> {
    const BLOCK: usize = 64 * 1024;
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut block: Vec<u8> = (0..BLOCK)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as u8
        })
        .collect();
    for number in 0..BIG_LEN / BLOCK as u64 {
        block[..8].copy_from_slice(&number.to_le_bytes());
        block.rotate_left(1);
        out.write_all(&block)?;
    }
    Ok(())
}
