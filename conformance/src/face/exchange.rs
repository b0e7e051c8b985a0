//! The core without I/O, fed by hand.

use straightwire::proto::{BodyStep, Exchange, Received};
use straightwire::{Framing, Limits, Policy, Result};

use super::{copy_fields, copy_head};
use crate::case::Case;
use crate::observation::Observation;

/// What the core makes of a response that arrives in the pieces that end at `ends`.
pub(crate) fn observe(case: &Case, policy: Policy, ends: &[usize]) -> Observation {
    let mut exchange = Exchange::new(policy, Limits::default());
    if let Err(err) = send_request(&mut exchange, case) {
        return Observation::failed(&err, None, Vec::new());
    }
    let mut wire = Wire { bytes: &case.response, ends: ends.iter(), arrived: 0, taken: 0 };
    match receive_head(&mut exchange, &mut wire, case.close) {
        Ok(true) => {}
        Ok(false) => return Observation::hung(None, Vec::new()),
        Err(err) => return Observation::failed(&err, None, Vec::new()),
    }
    let head = copy_head(exchange.head());
    let mut body = Vec::new();
    match receive_body(&mut exchange, &mut wire, case.close, &mut body) {
        Ok(true) => {}
        Ok(false) => return Observation::hung(Some(head), body),
        Err(err) => return Observation::failed(&err, Some(head), body),
    }
    let chunked = exchange.framing() == Some(Framing::Chunked);
    let trailers = chunked.then(|| copy_fields(exchange.trailers()));
    Observation::whole(head, body, trailers, exchange.is_reusable() && wire.is_used_up())
}

fn send_request(exchange: &mut Exchange, case: &Case) -> Result<()> {
    let mut out = Vec::new();
    exchange.begin(&mut out, &case.request_method, case.request_target())?;
    exchange.put_header(&mut out, "Host", "origin.test")?;
    for (name, value) in &case.request_headers {
        exchange.put_header(&mut out, name, value.as_str())?;
    }
    exchange.end_head(&mut out, true)
}

/// Gives false where more bytes are wanted than ever come.
fn receive_head(exchange: &mut Exchange, wire: &mut Wire<'_>, close: bool) -> Result<bool> {
    loop {
        match exchange.receive_head(wire.waiting())? {
            Received::More if wire.arrive() => {}
            Received::More if close => return Err(exchange.end_in_head(wire.waiting())),
            Received::More => return Ok(false),
            Received::Interim { len } => wire.taken += len,
            Received::Head { len } => {
                wire.taken += len;
                return Ok(true);
            }
        }
    }
}

/// Gives false where more bytes are wanted than ever come.
fn receive_body(
    exchange: &mut Exchange,
    wire: &mut Wire<'_>,
    close: bool,
    body: &mut Vec<u8>,
) -> Result<bool> {
    while !exchange.is_body_done() {
        match exchange.receive_body(wire.waiting())? {
            BodyStep::Data(range) => {
                body.extend_from_slice(&wire.waiting()[range.clone()]);
                wire.taken += range.end;
            }
            BodyStep::More => {
                wire.taken = wire.arrived;
                if !wire.arrive() {
                    return if close { exchange.end_in_body().map(|()| true) } else { Ok(false) };
                }
            }
            BodyStep::End(len) => wire.taken += len,
        }
    }
    Ok(true)
}

/// The bytes of a response, on their way.
struct Wire<'a> {
    bytes: &'a [u8],
    /// Where the pieces end that are still to come.
    ends: std::slice::Iter<'a, usize>,
    arrived: usize,
    taken: usize,
}

impl Wire<'_> {
    /// What has arrived and is not taken yet.
    fn waiting(&self) -> &[u8] {
        &self.bytes[self.taken..self.arrived]
    }

    /// Lets the next piece arrive; false if there is none.
    fn arrive(&mut self) -> bool {
        let next = self.ends.next();
        self.arrived = next.copied().unwrap_or(self.arrived);
        next.is_some()
    }

    fn is_used_up(&self) -> bool {
        self.taken == self.bytes.len()
    }
}
