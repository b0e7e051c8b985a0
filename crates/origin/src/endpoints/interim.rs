//! What may come before the final answer, or instead of waiting for the body.

use crate::call::Call;
use crate::fault::Outcome;
use crate::form;
use crate::grammar::decimal;

/// More interim responses than this are a flood, and a script is the better way to make one.
const MOST: u64 = 1_000_000;

/// 103 (RFC 8297), and then 200 in a write of its own.
pub(super) fn early_hints(call: &mut Call<'_>, _: &str) -> Outcome<()> {
    call.answer.interim(103, &[("Link", "</style.css>; rel=preload; as=style")])?;
    call.answer.start(200)?;
    call.answer.field("Link", "</style.css>; rel=preload; as=style")?;
    Ok(call.answer.finish_whole(crate::answer::TEXT, b"The hint came first.\n")?)
}

/// `/processing/N`: N times 102 (RFC 2518), and then 200.
pub(super) fn processing(call: &mut Call<'_>, count: &str) -> Outcome<()> {
    let Some(count) = decimal(count.as_bytes()).filter(|count| *count <= MOST) else {
        return call.not_found();
    };
    for _ in 0..count {
        call.answer.interim(102, &[])?;
    }
    Ok(call.answer.text(200, "Done at last.\n")?)
}

/// `/refuse?status=CODE`: the final answer as soon as the head is read, whatever the client still wants to
/// send.
pub(super) fn refuse(call: &mut Call<'_>, _: &str) -> Outcome<()> {
    let status = match form::number(call.head.query(), "status", 417) {
        Some(status @ 400..=599) => status as u16,
        _ => {
            call.drain()?;
            return Ok(call.answer.text(400, "A status from 400 to 599.\n")?);
        }
    };
    call.answer.close_after();
    Ok(call.answer.text(status, "The body was not wanted.\n")?)
}
