//! Who answers what. `table.md` says the same for readers; a test holds the two together.

mod broken;
mod echo;
mod encoded;
mod files;
mod flaky;
mod generate;
mod hang_up;
mod interim;
mod pages;
mod parts;
mod range;
mod redirect;
mod status;
mod upgrade;
mod upload;

pub(crate) use files::Files;

use crate::call::Call;
use crate::fault::{Fault, Outcome};

/// Answers; the second argument is what follows the path of a route that ends in a slash.
type Endpoint = fn(&mut Call<'_>, &str) -> Outcome<()>;

/// Endpoints that read the body themselves, or leave it unread on purpose.
const READERS: &[(&str, Endpoint)] = &[
    ("/echo", echo::echo),
    ("/anything", echo::anything),
    ("/upload", upload::upload),
    ("/cgi-bin/query", upload::form),
    ("/files/", files::file),
    ("/refuse", interim::refuse),
];

/// Endpoints that don't look at the body: it is read to its end before they answer.
const OTHERS: &[(&str, Endpoint)] = &[
    ("/", pages::index),
    ("/index.html", pages::index),
    ("/headers", pages::headers),
    ("/bytes/", generate::bytes),
    ("/flaky/", flaky::flaky),
    ("/chunked/", generate::chunked),
    ("/close-delimited/", generate::close_delimited),
    ("/drip", generate::drip),
    ("/encoded/", encoded::encoded),
    ("/status/", status::status),
    ("/response-headers", status::response_headers),
    ("/redirect/", redirect::chain),
    ("/redirect-to", redirect::to),
    ("/early-hints", interim::early_hints),
    ("/processing/", interim::processing),
    ("/cookies", pages::cookies),
    ("/close", pages::close),
    ("/upgrade", upgrade::upgrade),
    ("/truncated/", broken::truncated),
    ("/bad-headers", broken::bad_headers),
    ("/hang-up", hang_up::hang_up),
    ("*", pages::options),
];

/// Answers the request.
pub(crate) fn serve(call: &mut Call<'_>) -> Outcome<()> {
    if call.head.method() == "CONNECT" {
        return Err(Fault::refused(501, "this origin is no proxy"));
    }
    let path = call.head.path();
    if let Some((endpoint, rest)) = find(READERS, path) {
        return endpoint(call, rest);
    }
    call.drain()?;
    match find(OTHERS, path) {
        Some((endpoint, rest)) => endpoint(call, rest),
        None => call.not_found(),
    }
}

fn find<'p>(routes: &[(&str, Endpoint)], path: &'p str) -> Option<(Endpoint, &'p str)> {
    routes.iter().find_map(|&(route, endpoint)| {
        let takes_rest = route.len() > 1 && route.ends_with('/');
        let rest = path.strip_prefix(route).filter(|rest| takes_rest || rest.is_empty())?;
        Some((endpoint, rest))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_and_the_routes_name_the_same_paths() {
        let table = include_str!("table.md");
        let mut told: Vec<&str> = Vec::new();
        for row in table.lines().skip(2) {
            let paths = row.split('|').nth(1).unwrap_or_default();
            told.extend(paths.split('`').skip(1).step_by(2));
        }
        // `/bytes/N` is told and `/bytes/` is the route.
        let routed = |told: &str| find(READERS, told).or(find(OTHERS, told)).is_some();
        for path in &told {
            assert!(routed(path.split('?').next().unwrap_or_default()), "{path} is told and not served");
        }
        for (route, _) in READERS.iter().chain(OTHERS).filter(|(route, _)| *route != "*") {
            assert!(told.iter().any(|path| path.starts_with(route)), "{route} is served and not told");
        }
    }
}
