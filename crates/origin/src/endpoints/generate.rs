//! Bodies made of the pattern, in every framing.

use std::fmt;
use std::time::Duration;

use super::range::{Wanted, wanted};
use crate::call::Call;
use crate::fault::Outcome;
use crate::fields::Fields;
use crate::form;
use crate::grammar::decimal;
use crate::pattern::Fnv1a;

const BINARY: &str = "application/octet-stream";
/// No single pause of `/drip` lasts longer, in milliseconds.
const LONGEST_PAUSE: u64 = 60_000;

/// The strong entity tag of `/bytes/N`.
struct Tag(u64);

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"pattern-{}\"", self.0)
    }
}

/// RFC 9110 sections 13.1.2 (If-None-Match) and 14 (ranges).
pub(super) fn bytes(call: &mut Call<'_>, size: &str) -> Outcome<()> {
    let Some(total) = decimal(size.as_bytes()) else { return call.not_found() };
    let fields = &call.head.fields;
    let answer = &mut call.answer;
    let is_known =
        |member: &[u8]| member == b"*" || member.strip_prefix(b"W/").unwrap_or(member) == tag(total);
    if matches!(call.head.method(), "GET" | "HEAD") && fields.list("If-None-Match").any(is_known) {
        answer.start(304)?;
        answer.field("ETag", Tag(total))?;
        return Ok(answer.bodiless()?);
    }
    // If-Range compares strongly, and a date never matches: nothing here has one.
    let is_fresh =
        !fields.has("If-Range") || fields.only("If-Range").is_some_and(|given| given == tag(total));
    let wanted = if call.head.method() == "GET" && is_fresh { wanted(fields, total) } else { Wanted::Whole };
    let (first, length) = match wanted {
        Wanted::Whole => {
            answer.start(200)?;
            (0, total)
        }
        Wanted::Part { first, last } => {
            answer.start(206)?;
            answer.field("Content-Range", format_args!("bytes {first}-{last}/{total}"))?;
            (first, last - first + 1)
        }
        Wanted::Nothing => {
            answer.start(416)?;
            answer.field("Content-Range", format_args!("bytes */{total}"))?;
            return Ok(answer.finish_whole(crate::answer::TEXT, b"No byte of that range exists.\n")?);
        }
    };
    answer.field("Content-Type", BINARY)?;
    answer.field("Accept-Ranges", "bytes")?;
    answer.field("ETag", Tag(total))?;
    answer.sized(length)?;
    Ok(answer.pattern(first, length, |_| ())?)
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

fn tag(total: u64) -> Vec<u8> {
    Tag(total).to_string().into_bytes()
}
