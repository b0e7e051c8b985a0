//! `deflate`: deflated data (RFC 1951) in the zlib format (RFC 1950), or bare.

use flate2::Decompress;

use super::inflate::inflate;
use super::stage::{Decode, MORE, Step};

/// RFC 9110 8.4.1.2 means zlib and knows that servers send bare deflate.
#[derive(Default)]
pub(super) struct Zlib {
    /// Once the first byte has told which of the two it is.
    data: Option<Decompress>,
    is_whole: bool,
}

impl Decode for Zlib {
    fn name(&self) -> &'static str {
        "deflate"
    }

    fn is_whole(&self) -> bool {
        self.is_whole
    }

    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Step {
        let Some(first) = input.first().or(self.data.is_some().then_some(&0)) else { return Step::default() };
        if self.is_whole {
            return Step { damage: (!input.is_empty()).then_some(MORE), ..Step::default() };
        }
        let data = self.data.get_or_insert_with(|| Decompress::new(is_zlib(*first)));
        let (step, is_end) = inflate(data, input, output);
        self.is_whole = is_end;
        step
    }
}

/// The low four bits are 8 for deflate (RFC 1950 2.2). Bare data that begins so is a stored block with one of
/// its unused bits set, which no encoder does.
fn is_zlib(first: u8) -> bool {
    first & 0x0f == 8
}
