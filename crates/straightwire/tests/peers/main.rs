//! The client against servers that others wrote: Python's `http.server`, nginx and Caddy.
//!
//! Each test starts its own server on a free port of 127.0.0.1, in a folder of its own, with a
//! configuration that it writes; the server is stopped at the end and its log shown when the test fails.
//! What is asked of several servers stands in [`checks`], what only one of them can do in its own file.
//!
//! A program is looked for as its variable says (`STRAIGHTWIRE_PYTHON`, `STRAIGHTWIRE_NGINX`,
//! `STRAIGHTWIRE_CADDY`), else on the PATH; where it isn't found its tests say so and pass, or fail if
//! `STRAIGHTWIRE_REQUIRE_PEERS` is 1. `cargo xtask test` fetches what is missing.

/// Makes a test of each of these checks, against a server that `$start` starts.
macro_rules! checks {
    ($start:expr => $($topic:ident::$check:ident),+ $(,)?) => {$(
        #[test]
        fn $check() {
            if let Some(peer) = $start() {
                crate::checks::$topic::$check(peer);
            }
        }
    )+};
}

mod caddy;
mod checks;
mod nginx;
mod peer;
mod program;
mod python;
mod python_http10;
mod sha256;
mod site;
