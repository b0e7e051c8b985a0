//! Parts of a representation (RFC 9110 14): asking for them, reading them, going on where a download ended.

mod byte_ranges;
mod content_range;
mod download;
mod parts;
mod validator;

pub use byte_ranges::ByteRanges;
pub use content_range::ContentRange;
pub use download::{Continuation, Download, Outcome};
pub use parts::{RangePart, RangeParts};
pub use validator::Validator;
