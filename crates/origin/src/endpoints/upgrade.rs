//! A change of protocol (RFC 9110 section 7.8).

use crate::call::Call;
use crate::fault::Outcome;
use crate::form;

/// The protocol, to which this endpoint changes: every byte comes back.
const ECHO: &str = "echo";

/// `/upgrade?ahead=TEXT`: 101 and then an echo, whose first bytes are TEXT, in one write with the head.
pub(super) fn upgrade(call: &mut Call<'_>, _: &str) -> Outcome<()> {
    if !call.allows(&["GET"])? {
        return Ok(());
    }
    let fields = &call.head.fields;
    // HTTP/1.0 has no such thing.
    let is_asked =
        !call.head.is_old() && fields.lists("Upgrade", ECHO) && fields.lists("Connection", "upgrade");
    if !is_asked {
        call.answer.start(426)?;
        call.answer.field("Upgrade", ECHO)?;
        return Ok(call.answer.finish_whole(crate::answer::TEXT, b"Ask for Upgrade: echo.\n")?);
    }
    call.answer.start(101)?;
    call.answer.field("Connection", "Upgrade")?;
    call.answer.field("Upgrade", ECHO)?;
    call.answer.line(b"")?;
    let ahead = form::value(call.head.query(), "ahead").unwrap_or_default();
    call.echo(&ahead)
}
