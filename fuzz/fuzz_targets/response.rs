//! Any bytes, cut anywhere: no panic, the same result as whole, nothing beyond the limits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use straightwire::proto::{BodyStep, Exchange, Received};
use straightwire::{Limits, Policy};

fuzz_target!(|input: (bool, u8, &[u8])| {
    let (lenient, piece, wire) = input;
    let policy = if lenient { Policy::lenient() } else { Policy::strict() };
    let whole = receive(wire, wire.len().max(1), policy);
    assert_eq!(receive(wire, usize::from(piece).max(1), policy), whole);
});

/// What became of `wire`, handed over in pieces of `piece` bytes.
fn receive(wire: &[u8], piece: usize, policy: Policy) -> (String, Vec<u8>) {
    let limits = Limits { line: 200, head: 600, ..Limits::default() };
    let mut exchange = Exchange::new(policy, limits);
    exchange.begin(&mut Vec::new(), "GET", "/").unwrap();
    exchange.end_head(&mut Vec::new(), true).unwrap();
    let (mut used, mut arrived, mut body) = (0, 0, Vec::new());
    let mut seen = String::new();
    loop {
        match exchange.receive_head(&wire[used..arrived]) {
            Ok(Received::More) if arrived == wire.len() => {
                return (exchange.end_in_head(&wire[used..]).to_string(), body);
            }
            Ok(Received::More) => arrived = (arrived + piece).min(wire.len()),
            Ok(Received::Interim { len }) => used += len,
            Ok(Received::Head { len }) => {
                used += len;
                break;
            }
            Err(err) => return (err.to_string(), body),
        }
    }
    seen += &format!("{:?} {:?} ", exchange.head(), exchange.framing());
    while !exchange.is_body_done() {
        let input = &wire[used..arrived];
        match exchange.receive_body(input) {
            Ok(BodyStep::Data(range)) => {
                body.extend_from_slice(&input[range.clone()]);
                used += range.end;
            }
            Ok(BodyStep::End(len)) => used += len,
            Ok(BodyStep::More) if arrived == wire.len() => {
                seen += &format!("{:?}", exchange.end_in_body().map_err(|err| err.to_string()));
                break;
            }
            Ok(BodyStep::More) => {
                used = arrived;
                arrived = (arrived + piece).min(wire.len());
            }
            Err(err) => {
                seen += &err.to_string();
                break;
            }
        }
    }
    (seen + &format!("{:?}", exchange.trailers()), body)
}
