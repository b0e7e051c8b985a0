//! The pattern, whole or in parts: RFC 9110 sections 13.1.2 (If-None-Match), 13.1.5 (If-Range) and 14 (ranges).

use std::fmt;
use std::io;

use super::generate::BINARY;
use super::range::{Wanted, wanted};
use crate::answer::{Answer, TEXT};
use crate::call::Call;
use crate::fault::{Fault, Outcome};

/// The pattern has it nowhere: it is no more than 24 bytes of ASCII in a row by accident.
const BOUNDARY: &str = "this-is-no-part-of-the-pattern";

/// The strong entity tag of so many bytes of the pattern.
struct Tag(u64);

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"pattern-{}\"", self.0)
    }
}

/// Answers with `total` bytes of the pattern, or the parts that are asked for. The connection breaks off after
/// `cut` bytes of them.
pub(super) fn serve(call: &mut Call<'_>, total: u64, cut: u64) -> Outcome<()> {
    let fields = &call.head.fields;
    let answer = &mut call.answer;
    let tag = Tag(total).to_string().into_bytes();
    let is_known = |member: &[u8]| member == b"*" || member.strip_prefix(b"W/").unwrap_or(member) == tag;
    if matches!(call.head.method(), "GET" | "HEAD") && fields.list("If-None-Match").any(is_known) {
        answer.start(304)?;
        answer.field("ETag", Tag(total))?;
        return Ok(answer.bodiless()?);
    }
    // If-Range compares strongly, and a date never matches: nothing here has one.
    let is_fresh = !fields.has("If-Range") || fields.only("If-Range").is_some_and(|given| given == tag);
    let wanted = if call.head.method() == "GET" && is_fresh { wanted(fields, total) } else { Wanted::Whole };
    match wanted {
        Wanted::Whole => {
            answer.start(200)?;
            part_of(answer, 0, total, total, cut)
        }
        Wanted::Part { first, last } => {
            answer.start(206)?;
            answer.field("Content-Range", format_args!("bytes {first}-{last}/{total}"))?;
            part_of(answer, first, last - first + 1, total, cut)
        }
        Wanted::Parts(parts) => {
            answer.start(206)?;
            multipart(answer, &parts, total, cut)
        }
        Wanted::Nothing => {
            answer.start(416)?;
            answer.field("Content-Range", format_args!("bytes */{total}"))?;
            Ok(answer.finish_whole(TEXT, b"No byte of that range exists.\n")?)
        }
    }
}

fn part_of(answer: &mut Answer<'_>, first: u64, length: u64, total: u64, cut: u64) -> Outcome<()> {
    answer.field("Content-Type", BINARY)?;
    answer.field("Accept-Ranges", "bytes")?;
    answer.field("ETag", Tag(total))?;
    answer.sized(length)?;
    answer.pattern(first, length.min(cut), |_| ())?;
    if length > cut { break_off(answer) } else { Ok(()) }
}

/// RFC 9110 section 14.6.
fn multipart(answer: &mut Answer<'_>, parts: &[(u64, u64)], total: u64, cut: u64) -> Outcome<()> {
    let head = |&(first, last): &(u64, u64)| {
        format!(
            "\r\n--{BOUNDARY}\r\nContent-Type: {BINARY}\r\nContent-Range: bytes {first}-{last}/{total}\r\n\r\n"
        )
    };
    let end = format!("\r\n--{BOUNDARY}--\r\n");
    let length = parts.iter().try_fold(end.len() as u64, |length, part| {
        length.checked_add(head(part).len() as u64)?.checked_add(part.1 - part.0 + 1)
    });
    let Some(length) = length else { return Err(Fault::refused(501, "parts of more than 64 bits")) };
    answer.field("Content-Type", format_args!("multipart/byteranges; boundary={BOUNDARY}"))?;
    answer.field("Accept-Ranges", "bytes")?;
    answer.field("ETag", Tag(total))?;
    answer.sized(length)?;
    let mut left = cut;
    for part in parts {
        answer.data(head(part).as_bytes())?;
        let length = part.1 - part.0 + 1;
        answer.pattern(part.0, length.min(left), |_| ())?;
        if length > left {
            return break_off(answer);
        }
        left -= length;
    }
    Ok(answer.data(end.as_bytes())?)
}

/// What was written arrives, and nothing after it. To HEAD nothing is missing.
fn break_off(answer: &mut Answer<'_>) -> Outcome<()> {
    if answer.is_head() {
        return Ok(());
    }
    answer.flush()?;
    Err(Fault::Io(io::Error::other("broken off as told")))
}
