//! What was sent, told back.

use crate::call::Call;
use crate::fault::Outcome;
use crate::json::Object;
use crate::request::Framing;

/// A body up to this length is read whole before it is answered, so that a client that sends everything
/// before it reads anything finishes; a longer one would have to be kept somewhere.
const WHOLE: u64 = 16 * 1024 * 1024;
const ANYTHING: u64 = 1024 * 1024;

pub(super) fn echo(call: &mut Call<'_>, _: &str) -> Outcome<()> {
    match call.head.framing() {
        Framing::None => {
            begin(call)?;
            Ok(call.answer.sized(0)?)
        }
        Framing::Length(length) if length <= WHOLE => {
            let body = call.collect(length)?;
            begin(call)?;
            call.answer.sized(length)?;
            Ok(call.answer.data(&body)?)
        }
        Framing::Length(length) => {
            call.invite()?;
            begin(call)?;
            call.answer.sized(length)?;
            pass_on(call)
        }
        Framing::Chunked => {
            call.invite()?;
            begin(call)?;
            call.answer.chunked()?;
            pass_on(call)?;
            Ok(call.answer.last_chunk("", call.body.trailers())?)
        }
    }
}

pub(super) fn anything(call: &mut Call<'_>, _: &str) -> Outcome<()> {
    let body = call.collect(ANYTHING)?;
    let json = Object::new()
        .string("method", call.head.method())
        .string("target", call.head.target())
        .string("version", call.head.version())
        .pairs("headers", &call.head.fields.to_pairs())
        .string("body", &String::from_utf8_lossy(&body))
        .pairs("trailers", &call.body.trailers().to_pairs())
        .end();
    Ok(call.answer.json(&json)?)
}

fn begin(call: &mut Call<'_>) -> Outcome<()> {
    call.answer.start(200)?;
    if let Some(content_type) = call.head.fields.only("Content-Type") {
        call.answer.raw_field(b"Content-Type", content_type)?;
    }
    Ok(())
}

/// Sends what came before it waits for more: a client that wants its first piece back before it sends the
/// second gets it.
fn pass_on(call: &mut Call<'_>) -> Outcome<()> {
    loop {
        match call.body.next_buffered()? {
            Some([]) => return Ok(()),
            Some(piece) => call.answer.data(piece)?,
            None => {
                call.answer.flush()?;
                call.body.wait()?;
            }
        }
    }
}
