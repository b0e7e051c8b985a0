//! Deflated data (RFC 1951), which gzip and zlib are made around.

use flate2::{Decompress, FlushDecompress, Status};

use super::stage::Step;

/// A step through deflated data, and whether it ended.
pub(super) fn inflate(data: &mut Decompress, input: &[u8], output: &mut [u8]) -> (Step, bool) {
    let (taken, given) = (data.total_in(), data.total_out());
    let result = data.decompress(input, output, FlushDecompress::None);
    let damage = match &result {
        Ok(_) => None,
        Err(err) if err.needs_dictionary().is_some() => Some("a dictionary that nobody has"),
        Err(_) => Some("damaged data"),
    };
    let taken = (data.total_in() - taken) as usize;
    let given = (data.total_out() - given) as usize;
    (Step { taken, given, damage }, matches!(result, Ok(Status::StreamEnd)))
}
