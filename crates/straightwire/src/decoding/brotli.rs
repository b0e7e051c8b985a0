//! `br` (RFC 7932).

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

use super::stage::{Decode, MORE, Step};

type State = BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>;

pub(super) struct Brotli {
    state: Box<State>,
    is_whole: bool,
}

impl Default for Brotli {
    fn default() -> Brotli {
        let alloc = StandardAlloc::default;
        // Strict: windows of the RFC, up to 16 MiB. Larger ones are an extension that no browser takes.
        Brotli { state: Box::new(State::new_strict(alloc(), alloc(), alloc())), is_whole: false }
    }
}

impl Decode for Brotli {
    fn name(&self) -> &'static str {
        "br"
    }

    fn is_whole(&self) -> bool {
        self.is_whole
    }

    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Step {
        if self.is_whole {
            return Step { damage: (!input.is_empty()).then_some(MORE), ..Step::default() };
        }
        let (mut available_in, mut taken) = (input.len(), 0);
        let (mut available_out, mut given) = (output.len(), 0);
        let result = BrotliDecompressStream(
            &mut available_in,
            &mut taken,
            input,
            &mut available_out,
            &mut given,
            output,
            &mut 0,
            &mut self.state,
        );
        self.is_whole = matches!(result, BrotliResult::ResultSuccess);
        let damage = matches!(result, BrotliResult::ResultFailure).then_some("damaged data");
        Step { taken, given, damage }
    }
}
