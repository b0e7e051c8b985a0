//! Answers as they come from servers that are not well, and over lines that are cut.

use crate::call::Call;
use crate::fault::Outcome;
use crate::form;
use crate::grammar::decimal;

/// What is wrong in `/bad-headers`, each line between sound ones.
const BAD_LINES: [&[u8]; 6] = [
    b"a line without a colon",
    b"Bad Name: a blank in the name",
    "Größe: letters that no name may hold".as_bytes(),
    b": no name at all",
    b"X-Null: a\0b",
    b"X-Blank : before the colon",
];

/// `/bad-headers`: every other line is no field line, and the last one tells where the body ends.
pub(super) fn bad_headers(call: &mut Call<'_>, _: &str) -> Outcome<()> {
    const BODY: &[u8] = b"All of the body.\n";
    call.answer.start(200)?;
    for (number, line) in BAD_LINES.into_iter().enumerate() {
        call.answer.line(line)?;
        call.answer.field("X-Sound", number + 1)?;
    }
    call.answer.field("X-Text", "na\u{ef}ve")?;
    Ok(call.answer.finish_whole(crate::answer::TEXT, BODY)?)
}

/// `/truncated/N/SENT?chunked=1`: N bytes are promised, or one chunk of them, and SENT come.
pub(super) fn truncated(call: &mut Call<'_>, sizes: &str) -> Outcome<()> {
    let sizes = sizes.split_once('/').and_then(|(promised, sent)| {
        let promised = decimal(promised.as_bytes())?;
        Some((promised, decimal(sent.as_bytes()).filter(|sent| *sent <= promised)?))
    });
    let Some((promised, sent)) = sizes else { return call.not_found() };
    let answer = &mut call.answer;
    answer.start(200)?;
    answer.field("Content-Type", "application/octet-stream")?;
    if form::number(call.head.query(), "chunked", 0) == Some(1) {
        answer.chunked()?;
        answer.open_chunk(promised, "")?;
    } else {
        answer.sized(promised)?;
    }
    // Whoever sends half an answer has not said that it would.
    answer.close_after();
    Ok(answer.pattern(0, sent, |_| ())?)
}
