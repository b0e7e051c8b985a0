//! `zstd`: frames of blocks (RFC 8878).

use zstd_safe::{DCtx, DParameter, InBuffer, OutBuffer};

use super::stage::{Decode, Step};

/// 8 MiB: what RFC 9659 lets a sender use, and no more.
const WINDOW_LOG: u32 = 23;

pub(super) struct Zstd {
    context: DCtx<'static>,
    /// What the current block still takes.
    wanted: usize,
    is_whole: bool,
}

impl Zstd {
    /// `None` where there is no memory for it.
    pub(super) fn new() -> Option<Zstd> {
        let mut context = DCtx::try_create()?;
        context.set_parameter(DParameter::WindowLogMax(WINDOW_LOG)).ok()?;
        let wanted = context.init().ok()?;
        Some(Zstd { context, wanted, is_whole: false })
    }
}

impl Decode for Zstd {
    fn name(&self) -> &'static str {
        "zstd"
    }

    fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// A block at a time: blocks that the library gives together are lost together when the next is damaged.
    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Step {
        let mut from = InBuffer::around(&input[..input.len().min(self.wanted.max(1))]);
        let mut to = OutBuffer::around(output);
        let result = self.context.decompress_stream(&mut to, &mut from);
        let (taken, given) = (from.pos(), to.pos());
        if let Ok(wanted) = result
            && (taken > 0 || given > 0)
        {
            // Each frame ends with 0; the next begins by itself.
            self.is_whole = wanted == 0;
            self.wanted = wanted;
        }
        Step { taken, given, damage: result.err().map(zstd_safe::get_error_name) }
    }
}
