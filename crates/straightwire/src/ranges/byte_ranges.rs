//! What `Range` asks for.

use std::fmt;
use std::ops::{Bound, RangeBounds};

use crate::error::{Error, ErrorKind, Result};

/// The value of a `Range` header: which bytes are wanted (RFC 9110 14.1.2 and 14.2).
///
/// ```
/// use straightwire::ByteRanges;
///
/// let wanted = ByteRanges::new(0..100)?.and(200..)?.and_last(500)?;
/// assert_eq!(wanted.to_string(), "bytes=0-99,200-,-500");
/// # Ok::<(), straightwire::Error>(())
/// ```
///
/// A server may give them in another order, joined to fewer, or give everything (200): see
/// [`RangeParts`](crate::RangeParts).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByteRanges(String);

impl ByteRanges {
    /// These bytes, the first one being 0; up to the end where there is no upper bound.
    ///
    /// # Errors
    /// `InvalidSetting` for a range without bytes.
    pub fn new(range: impl RangeBounds<u64>) -> Result<ByteRanges> {
        ByteRanges("bytes=".to_owned()).add(range)
    }

    /// The last `len` bytes; all of them where there are fewer.
    ///
    /// # Errors
    /// `InvalidSetting` for 0.
    pub fn last(len: u64) -> Result<ByteRanges> {
        ByteRanges("bytes=".to_owned()).add_last(len)
    }

    /// These bytes too.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn and(mut self, range: impl RangeBounds<u64>) -> Result<ByteRanges> {
        self.0.push(',');
        self.add(range)
    }

    /// The last `len` bytes too.
    ///
    /// # Errors
    /// As for [`last`](Self::last).
    pub fn and_last(mut self, len: u64) -> Result<ByteRanges> {
        self.0.push(',');
        self.add_last(len)
    }

    fn add(self, range: impl RangeBounds<u64>) -> Result<ByteRanges> {
        let first = match range.start_bound() {
            Bound::Included(&first) => Some(first),
            Bound::Excluded(&before) => before.checked_add(1),
            Bound::Unbounded => Some(0),
        };
        let last = match range.end_bound() {
            Bound::Included(&last) => Some(Some(last)),
            Bound::Excluded(&after) => after.checked_sub(1).map(Some),
            Bound::Unbounded => Some(None),
        };
        match (first, last) {
            (Some(first), Some(None)) => Ok(ByteRanges(format!("{}{first}-", self.0))),
            (Some(first), Some(Some(last))) if first <= last => {
                Ok(ByteRanges(format!("{}{first}-{last}", self.0)))
            }
            _ => Err(empty()),
        }
    }

    fn add_last(self, len: u64) -> Result<ByteRanges> {
        if len == 0 { Err(empty()) } else { Ok(ByteRanges(format!("{}-{len}", self.0))) }
    }
}

#[cold]
fn empty() -> Error {
    Error::new(ErrorKind::InvalidSetting, "a range without bytes can't be asked for")
}

impl fmt::Display for ByteRanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_become_first_and_last_bytes() {
        let of = |range: Result<ByteRanges>| range.map(|range| range.to_string()).ok();
        assert_eq!(of(ByteRanges::new(..)).as_deref(), Some("bytes=0-"));
        assert_eq!(of(ByteRanges::new(7..)).as_deref(), Some("bytes=7-"));
        assert_eq!(of(ByteRanges::new(..7)).as_deref(), Some("bytes=0-6"));
        assert_eq!(of(ByteRanges::new(7..=7)).as_deref(), Some("bytes=7-7"));
        let after = (Bound::Excluded(6), Bound::Included(u64::MAX));
        assert_eq!(of(ByteRanges::new(after)).as_deref(), Some("bytes=7-18446744073709551615"));
        assert_eq!(of(ByteRanges::last(5)).as_deref(), Some("bytes=-5"));
        let beyond = (Bound::Excluded(u64::MAX), Bound::Unbounded);
        for none in
            [ByteRanges::new(..0), ByteRanges::new(7..7), ByteRanges::new(beyond), ByteRanges::last(0)]
        {
            assert_eq!(none.unwrap_err().kind(), ErrorKind::InvalidSetting);
        }
    }
}
