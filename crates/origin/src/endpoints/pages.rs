//! Small fixed answers.

use std::sync::LazyLock;

use crate::answer::TEXT;
use crate::call::Call;
use crate::fault::Outcome;
use crate::json::Object;

static INDEX: LazyLock<String> = LazyLock::new(|| {
    let table = include_str!("table.md").replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "<!doctype html>\n<title>A loopback origin</title>\n<h1>A loopback origin</h1>\n<pre>\n{table}</pre>\n"
    )
});

pub(super) fn index(call: &mut Call<'_>, _: &str) -> Outcome<()> {
    Ok(call.answer.whole(200, "text/html; charset=utf-8", INDEX.as_bytes())?)
}

pub(super) fn headers(call: &mut Call<'_>, _: &str) -> Outcome<()> {
    let json = Object::new().pairs("headers", &call.head.fields.to_pairs()).end();
    Ok(call.answer.json(&json)?)
}

pub(super) fn cookies(call: &mut Call<'_>, _: &str) -> Outcome<()> {
    call.answer.start(200)?;
    for cookie in [
        "session=8f14e45f; Path=/; HttpOnly",
        "theme=dark; Max-Age=3600",
        "seen=; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    ] {
        call.answer.field("Set-Cookie", cookie)?;
    }
    Ok(call.answer.finish_whole(TEXT, b"Three cookies, one of them stale.\n")?)
}

pub(super) fn close(call: &mut Call<'_>, _: &str) -> Outcome<()> {
    call.answer.close_after();
    Ok(call.answer.text(200, "This connection ends here.\n")?)
}

/// `OPTIONS *`, RFC 9110 section 9.3.7.
pub(super) fn options(call: &mut Call<'_>, _: &str) -> Outcome<()> {
    call.answer.start(200)?;
    call.answer.field("Allow", "GET, HEAD, POST, PUT, DELETE, OPTIONS")?;
    Ok(call.answer.sized(0)?)
}
