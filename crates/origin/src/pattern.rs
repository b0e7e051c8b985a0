//! The bytes that generating endpoints send: computed from their offset, so that any part of a body of any
//! size can be made, and checked, without the rest.
//!
//! ```
//! use origin::pattern::{self, Fnv1a};
//!
//! let whole = pattern::bytes(1000);
//! let mut part = [0; 10];
//! pattern::fill(500, &mut part);
//! assert_eq!(part, whole[500..510]);
//!
//! let mut hash = Fnv1a::new();
//! hash.update(&whole[..400]);
//! hash.update(&whole[400..]);
//! assert_eq!(hash, Fnv1a::of(&whole));
//! ```

use std::fmt;

/// Writes the bytes from `offset` on into `out`. Each aligned run of eight bytes is found at one offset only,
/// so bytes that are lost, doubled or misplaced don't go unseen.
///
/// ```
/// let mut out = [0; 4];
/// origin::pattern::fill(u64::MAX - 4, &mut out);
/// ```
pub fn fill(offset: u64, out: &mut [u8]) {
    let skip = (offset % 8) as usize;
    let lead = if skip == 0 { 0 } else { out.len().min(8 - skip) };
    let (first, rest) = out.split_at_mut(lead);
    first.copy_from_slice(&word(offset / 8)[skip..skip + lead]);

    let mut index = offset / 8 + u64::from(lead > 0);
    let mut words = rest.chunks_exact_mut(8);
    for eight in &mut words {
        eight.copy_from_slice(&word(index));
        index += 1;
    }
    let last = words.into_remainder();
    last.copy_from_slice(&word(index)[..last.len()]);
}

/// The first `len` bytes.
///
/// ```
/// assert_eq!(origin::pattern::bytes(3), origin::pattern::bytes(9)[..3]);
/// ```
pub fn bytes(len: usize) -> Vec<u8> {
    let mut out = vec![0; len];
    fill(0, &mut out);
    out
}

/// The first `len` bytes of the numbers from 0 on, a line each: text that can be compressed and in which every
/// place looks different all the same.
///
/// ```
/// assert_eq!(origin::pattern::numbers(7), b"0\n1\n2\n3");
/// ```
pub fn numbers(len: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(len + 20);
    let mut lines = (0_u64..).map(|number| format!("{number}\n"));
    while out.len() < len
        && let Some(line) = lines.next()
    {
        out.extend_from_slice(line.as_bytes());
    }
    out.truncate(len);
    out
}

/// The 64-bit FNV-1a hash, fed piece by piece; `{}` shows it as 16 hex digits, the way endpoints send it.
///
/// It finds accidents, not attacks.
///
/// ```
/// let hash = origin::pattern::Fnv1a::of(b"a");
/// assert_eq!(hash.to_string(), "af63dc4c8601ec8c");
/// assert_eq!(hash.finish(), 0xaf63_dc4c_8601_ec8c);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fnv1a(u64);

impl Fnv1a {
    /// The hash of nothing.
    pub const fn new() -> Fnv1a {
        Fnv1a(0xcbf2_9ce4_8422_2325)
    }

    /// The hash of these bytes.
    pub fn of(bytes: &[u8]) -> Fnv1a {
        let mut hash = Fnv1a::new();
        hash.update(bytes);
        hash
    }

    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0 =
            bytes.iter().fold(self.0, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    }

    /// The number.
    pub const fn finish(&self) -> u64 {
        self.0
    }
}

impl Default for Fnv1a {
    fn default() -> Fnv1a {
        Fnv1a::new()
    }
}

impl fmt::Display for Fnv1a {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Eight bytes at a time. Multiplying by an odd number and folding the upper bits down can both be undone, so
/// no two counters give the same word; and both are cheap enough to leave the time to the sockets.
fn word(index: u64) -> [u8; 8] {
    let spread = index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (spread ^ (spread >> 29)).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_a_part_of_the_whole() {
        let whole = bytes(64);
        for start in 0..40 {
            for len in 0..24 {
                let mut part = vec![0; len];
                fill(start as u64, &mut part);
                assert_eq!(part, whole[start..start + len], "{len} bytes from {start}");
            }
        }
    }

    #[test]
    fn words_are_all_different() {
        let whole = bytes(1 << 17);
        let words: std::collections::HashSet<&[u8]> = whole.chunks(8).collect();
        assert_eq!(words.len(), whole.len() / 8);
        // Any run of eight bytes is at home in one place only, wherever it starts.
        let runs: std::collections::HashSet<&[u8]> = whole.windows(8).collect();
        assert_eq!(runs.len(), whole.len() - 7);
    }
}
