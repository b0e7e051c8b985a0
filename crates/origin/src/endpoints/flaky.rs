//! A server that breaks off, for clients that go on.

use super::parts;
use crate::call::Call;
use crate::fault::Outcome;
use crate::form;
use crate::grammar::decimal;

/// `/flaky/N?cut=K`: as `/bytes/N`, as far as K bytes of the body, 1,000 unless told. Then the connection ends,
/// without a word about it before.
pub(super) fn flaky(call: &mut Call<'_>, size: &str) -> Outcome<()> {
    let Some(total) = decimal(size.as_bytes()) else { return call.not_found() };
    let Some(cut) = form::number(call.head.query(), "cut", 1_000) else {
        return Ok(call.answer.text(400, "cut is a decimal number.\n")?);
    };
    parts::serve(call, total, cut)
}
