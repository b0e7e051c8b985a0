//! The faces of the project, and how each is shown a case.

mod exchange;
pub(crate) mod python;
mod socket;

use std::panic;

use straightwire::Policy;

use crate::case::Case;
use crate::observation::{Field, Head, Observation};
use crate::pieces::{self, Dice};

/// How many random ways of cutting a response the core is given.
const SPLITS: usize = 5;

/// The longest piece where the pieces are to be small.
const SMALL: usize = 8;

/// Through what the response reaches the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Face {
    /// The Rust library: its core without I/O, and its connection over a loopback socket
    Rust,
    /// The Python package, against what the interpreter's own http.client was seen to do
    Python,
}

/// A result, and in which way the bytes were delivered to get it.
pub(crate) struct Delivery {
    pub(crate) name: String,
    pub(crate) observation: Observation,
}

/// What all deliveries have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) policy: Policy,
    pub(crate) seed: u64,
}

/// What comes of a case's response that arrives in the pieces that end at the given places.
type Observe = fn(&Case, Policy, &[usize]) -> Result<Observation, String>;

/// Delivers the response of a case to the Rust library in every way there is.
///
/// # Errors
/// A sentence, where it could not be delivered at all.
pub(crate) fn deliver(case: &Case, Settings { policy, seed }: Settings) -> Result<Vec<Delivery>, String> {
    let core: Observe = |case, policy, ends| Ok(exchange::observe(case, policy, ends));
    let socket: Observe = socket::observe;
    let len = case.response.len();
    let mut dice = Dice::new(seed, &case.id);
    let mut ways = vec![
        ("whole".to_owned(), core, pieces::whole(len)),
        ("byte by byte".to_owned(), core, pieces::bytes(len)),
    ];
    for split in 1..=SPLITS {
        let longest = 2 << dice.below(10);
        ways.push((format!("split {split}"), core, pieces::random(len, longest, &mut dice)));
    }
    ways.push(("socket".to_owned(), socket, pieces::whole(len)));
    ways.push(("socket in pieces".to_owned(), socket, pieces::random(len, SMALL, &mut dice)));

    let deliver = |(name, observe, ends): (String, Observe, Vec<usize>)| {
        // A panic is a result like others: one case's should not hide what comes of the rest.
        let observed = panic::catch_unwind(|| observe(case, policy, &ends));
        Ok(Delivery { name, observation: observed.unwrap_or_else(|_| Ok(Observation::panicked()))? })
    };
    ways.into_iter().map(deliver).collect()
}

fn copy_head(head: &straightwire::ResponseHead) -> Head {
    // The reason is read as ISO-8859-1: every char is a byte.
    let reason = head.reason().chars().map(|char| char as u8).collect();
    Head { status: head.status(), reason, headers: copy_fields(head.headers()) }
}

fn copy_fields(headers: &straightwire::Headers) -> Vec<Field> {
    headers.iter_bytes().map(|(name, value)| (name.to_vec(), value.to_vec())).collect()
}
