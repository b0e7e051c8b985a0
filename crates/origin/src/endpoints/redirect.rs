//! Redirects.

use crate::answer::TEXT;
use crate::call::Call;
use crate::fault::Outcome;
use crate::form;
use crate::grammar::{decimal, is_field_value};

/// `/redirect/N`: N times 302, the last one to `/index.html`.
pub(super) fn chain(call: &mut Call<'_>, count: &str) -> Outcome<()> {
    match decimal(count.as_bytes()) {
        None => call.not_found(),
        Some(0) => super::pages::index(call, ""),
        Some(1) => redirect(call, 302, b"/index.html"),
        Some(count) => redirect(call, 302, format!("/redirect/{}", count - 1).as_bytes()),
    }
}

/// `/redirect-to?url=…&status=…`.
pub(super) fn to(call: &mut Call<'_>, _: &str) -> Outcome<()> {
    let url = form::value(call.head.query(), "url").filter(|url| is_field_value(url));
    match (url, form::number(call.head.query(), "status", 302)) {
        (Some(url), Some(status @ 300..=399)) => redirect(call, status as u16, &url),
        _ => Ok(call.answer.text(400, "A url without control characters and a status from 300 to 399.\n")?),
    }
}

fn redirect(call: &mut Call<'_>, status: u16, location: &[u8]) -> Outcome<()> {
    call.answer.start(status)?;
    call.answer.raw_field(b"Location", location)?;
    if status == 304 {
        return Ok(call.answer.bodiless()?);
    }
    Ok(call.answer.finish_whole(TEXT, b"It is elsewhere.\n")?)
}
