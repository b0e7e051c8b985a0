//! Bodies that are read and told about.

use crate::answer::TEXT;
use crate::call::Call;
use crate::fault::Outcome;
use crate::form;
use crate::json::Object;
use crate::pattern::Fnv1a;
use crate::request::Framing;

const LONGEST_FORM: u64 = 1024 * 1024;

/// `/upload`: any size, and nothing is kept. `?hash=no` is for measurements, which the hash would slow down.
pub(super) fn upload(call: &mut Call<'_>, _: &str) -> Outcome<()> {
    if !call.allows(&["PUT", "POST"])? {
        return Ok(());
    }
    let hashes = form::value(call.head.query(), "hash").is_none_or(|value| value != b"no");
    let framing = match call.head.framing() {
        Framing::None => "none",
        Framing::Length(_) => "length",
        Framing::Chunked => "chunked",
    };
    call.invite()?;
    let mut hash = Fnv1a::new();
    let mut total = 0;
    loop {
        let piece = call.body.next()?;
        if piece.is_empty() {
            break;
        }
        total += piece.len() as u64;
        if hashes {
            hash.update(piece);
        }
    }
    let mut json = Object::new().number("bytes", total);
    if hashes {
        json = json.string("fnv1a", &hash.to_string());
    }
    let json = json.string("framing", framing).pairs("trailers", &call.body.trailers().to_pairs()).end();
    Ok(call.answer.json(&json)?)
}

/// `/cgi-bin/query`: a line for each pair of the form.
pub(super) fn form(call: &mut Call<'_>, _: &str) -> Outcome<()> {
    if !call.allows(&["POST"])? {
        return Ok(());
    }
    let body = call.collect(LONGEST_FORM)?;
    let mut lines = Vec::with_capacity(body.len() + 64);
    for (name, value) in form::pairs(&body) {
        for part in [&name[..], b" = ", &value, b"\n"] {
            lines.extend_from_slice(part);
        }
    }
    Ok(call.answer.whole(200, TEXT, &lines)?)
}
