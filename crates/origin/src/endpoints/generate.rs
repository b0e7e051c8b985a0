//! Bodies made of the pattern, in every framing.

use std::time::Duration;

use super::parts;
use crate::call::Call;
use crate::fault::Outcome;
use crate::fields::Fields;
use crate::form;
use crate::grammar::decimal;
use crate::pattern::Fnv1a;

pub(super) const BINARY: &str = "application/octet-stream";
/// No single pause of `/drip` lasts longer, in milliseconds.
const LONGEST_PAUSE: u64 = 60_000;

/// `/bytes/N`.
pub(super) fn bytes(call: &mut Call<'_>, size: &str) -> Outcome<()> {
    let Some(total) = decimal(size.as_bytes()) else { return call.not_found() };
    parts::serve(call, total, u64::MAX)
}

/// `/chunked/N/SIZE`.
pub(super) fn chunked(call: &mut Call<'_>, sizes: &str) -> Outcome<()> {
    let sizes = sizes.split_once('/').and_then(|(total, size)| {
        Some((decimal(total.as_bytes())?, decimal(size.as_bytes()).filter(|size| *size > 0)?))
    });
    let Some((total, size)) = sizes else { return call.not_found() };
    let has_trailers = form::number(call.head.query(), "trailers", 0) == Some(1);
    let has_extensions = form::number(call.head.query(), "ext", 0) == Some(1);
    let extensions = if has_extensions { ";kind=pattern;note=\"a; \\\"b\\\"\"" } else { "" };

    let answer = &mut call.answer;
    answer.start(200)?;
    answer.field("Content-Type", BINARY)?;
    if has_trailers {
        answer.field("Trailer", "Checksum, Byte-Count")?;
    }
    answer.chunked()?;
    let mut hash = Fnv1a::new();
    let mut done = 0;
    while done < total && !answer.is_head() {
        let count = size.min(total - done);
        answer.open_chunk(count, extensions)?;
        answer.pattern(done, count, |piece| {
            if has_trailers {
                hash.update(piece);
            }
        })?;
        answer.close_chunk()?;
        done += count;
    }
    let mut trailers = Fields::default();
    if has_trailers {
        trailers.push(format!("Checksum: fnv1a={hash}").as_bytes())?;
        trailers.push(format!("Byte-Count: {total}").as_bytes())?;
    }
    Ok(answer.last_chunk(extensions, &trailers)?)
}

/// `/close-delimited/N`.
pub(super) fn close_delimited(call: &mut Call<'_>, size: &str) -> Outcome<()> {
    let Some(total) = decimal(size.as_bytes()) else { return call.not_found() };
    call.answer.start(200)?;
    call.answer.field("Content-Type", BINARY)?;
    call.answer.until_close()?;
    Ok(call.answer.pattern(0, total, |_| ())?)
}

/// `/drip?bytes=N&piece=K&pause_ms=M&delay_ms=D`: each piece is a write of its own, the first one with the
/// head.
pub(super) fn drip(call: &mut Call<'_>, _: &str) -> Outcome<()> {
    let number = |name, default| form::number(call.head.query(), name, default);
    let (Some(total), Some(piece), Some(pause), Some(delay)) =
        (number("bytes", 10), number("piece", 1), number("pause_ms", 100), number("delay_ms", 0))
    else {
        return Ok(call.answer.text(400, "bytes, piece, pause_ms and delay_ms are decimal numbers.\n")?);
    };
    let time = |pause: u64| Duration::from_millis(pause.min(LONGEST_PAUSE));
    call.pause(time(delay))?;
    call.answer.start(200)?;
    call.answer.field("Content-Type", BINARY)?;
    call.answer.sized(total)?;
    let mut done = 0;
    while done < total && !call.answer.is_head() {
        if done > 0 {
            call.answer.flush()?;
            call.pause(time(pause))?;
        }
        let count = piece.max(1).min(total - done);
        call.answer.pattern(done, count, |_| ())?;
        done += count;
    }
    Ok(())
}
