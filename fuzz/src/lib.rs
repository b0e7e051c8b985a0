//! What the targets share.

mod options;
mod pieces;
mod stream;

pub use options::Options;
pub use pieces::Pieces;
pub use stream::Script;

use std::io::{self, BufRead};

/// More steps than any input of some KiB takes: whoever takes them goes round in circles.
pub const MANY_STEPS: usize = 1_000_000;

/// All that comes from `from`, in steps of at most `step` bytes, through each of the ways that there are in turn;
/// and the error that ended it.
pub fn drain(from: &mut impl BufRead, step: usize) -> (Vec<u8>, Option<io::Error>) {
    let (mut all, mut buf) = (Vec::new(), vec![0; step]);
    for turn in 0..MANY_STEPS {
        let read = if turn % 2 == 0 {
            from.read(&mut buf).inspect(|&len| all.extend_from_slice(&buf[..len]))
        } else {
            from.fill_buf().map(|ready| ready.len().min(step)).inspect(|&len| {
                let ready = from.fill_buf().expect("what is ready stays so");
                all.extend_from_slice(&ready[..len]);
                from.consume(len);
            })
        };
        match read {
            Ok(0) => return (all, None),
            Ok(_) => {}
            Err(err) => return (all, Some(err)),
        }
    }
    panic!("no end");
}
