//! A connection that ends though nothing said so, as when a server has grown tired of it.

use crate::call::Call;
use crate::fault::Outcome;
use crate::form;

/// `/hang-up`: closes right after the answer. With `?when=asked` it does so when the next request comes in,
/// which gets no answer: the race that every kept connection can lose (RFC 9112 section 9.5).
pub(super) fn hang_up(call: &mut Call<'_>, _: &str) -> Outcome<()> {
    let waits = match form::value(call.head.query(), "when") {
        None => false,
        Some(when) if when == b"asked" => true,
        Some(_) => return Ok(call.answer.text(400, "When is `asked`, or left out.\n")?),
    };
    call.answer.hang_up_after();
    call.answer.text(200, "This connection ends here, and nothing says so.\n")?;
    if waits {
        call.answer.flush()?;
        call.body.wait_for_another()?;
    }
    Ok(())
}
