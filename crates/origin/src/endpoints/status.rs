//! Any status, any fields.

use crate::answer::TEXT;
use crate::call::Call;
use crate::fault::Outcome;
use crate::form;
use crate::grammar::{decimal, is_field_value, is_token, latin1};
use crate::json::Object;
use crate::reasons::reason;

/// Fields that would break the framing of the answer.
const NEVER: [&str; 4] = ["Content-Length", "Transfer-Encoding", "Connection", "Trailer"];

/// `/status/CODE`, with the field that RFC 9110 wants beside the code.
pub(super) fn status(call: &mut Call<'_>, code: &str) -> Outcome<()> {
    let code = match decimal(code.as_bytes()) {
        Some(number @ 200..=599) if code.len() == 3 => number as u16,
        _ => return call.not_found(),
    };
    let answer = &mut call.answer;
    answer.start(code)?;
    match code {
        301 | 302 | 303 | 307 | 308 => answer.field("Location", "/index.html")?,
        401 => answer.field("WWW-Authenticate", "Basic realm=\"origin\"")?,
        405 => answer.field("Allow", "OPTIONS")?,
        407 => answer.field("Proxy-Authenticate", "Basic realm=\"origin\"")?,
        426 => answer.field("Upgrade", "HTTP/2.0")?,
        _ => {}
    }
    match code {
        204 | 304 => answer.bodiless()?,
        205 => answer.sized(0)?,
        _ => answer.finish_whole(TEXT, format!("{code} {}\n", reason(code)).as_bytes())?,
    }
    Ok(())
}

/// `/response-headers?Name=value&…`: the fields, and the same as JSON.
pub(super) fn response_headers(call: &mut Call<'_>, _: &str) -> Outcome<()> {
    let pairs: Vec<_> = form::pairs(call.head.query().as_bytes()).collect();
    let is = |name: &[u8], other: &str| name.eq_ignore_ascii_case(other.as_bytes());
    for (name, value) in &pairs {
        if !is_token(name) || !is_field_value(value) {
            return Ok(call
                .answer
                .text(400, "A name that is no token, or a control character in a value.\n")?);
        }
        if NEVER.iter().any(|never| is(name, never)) {
            return Ok(call.answer.text(400, "Fields that frame the answer are not for the query.\n")?);
        }
    }
    call.answer.start(200)?;
    for (name, value) in &pairs {
        call.answer.raw_field(name, value)?;
    }
    let texts: Vec<_> = pairs.iter().map(|(name, value)| (latin1(name), latin1(value))).collect();
    let json = Object::new().pairs("headers", &texts).end();
    if !pairs.iter().any(|(name, _)| is(name, "Content-Type")) {
        call.answer.field("Content-Type", "application/json")?;
    }
    call.answer.sized(json.len() as u64)?;
    Ok(call.answer.data(json.as_bytes())?)
}
