//! What a broken or hostile network does, injected live, and the right answer to it.
//!
//! The catalogue goes by layer. Where a fault is a case of something larger, it stands with that:
//!
//! | fault | tested in |
//! |---|---|
//! | connection refused, a body that raises or has the wrong length | `clean.rs` |
//! | stale keep-alive, surplus and unsolicited bytes, a response dropped midway | `leftovers.rs` |
//! | the connection ends or is reset before, in and after every part of a response | `truncation.rs` |
//! | SYN dropped, silence in head and body, a peer that stops reading, a timeout's exactly one error | `time.rs` |
//! | half-closed connections, dribble, pauses between pieces, bodies where there are none | [`network`] |
//! | floods of everything, lengths that promise too much | [`floods`] |
//! | numbers, line ends, control bytes and framings that break the grammar | [`grammar`] |
//! | early answers, resets and short writes while a body is sent | [`uploads`], `early_answers.rs` |
//! | `Expect: 100-continue` met with silence, or with a final answer | `expect.rs` |
//! | signals, no file descriptors, no memory, leaks, threads | [`system`]; of a pool: [`kept`] |
//! | a kept connection that is closed while a request is on its way | `repeat.rs` |
//! | what of this can happen inside TLS as well | [`in_tls`] |
//!
//! Every fault by its name, with what comes of it: `docs/faults.md`.

#[path = "../support/mod.rs"]
mod support;

#[cfg(feature = "tls")]
#[path = "../support/secure.rs"]
mod secure;

mod floods;
mod grammar;
#[cfg(feature = "tls")]
mod in_tls;
mod kept;
mod network;
mod system;
#[cfg(feature = "tls")]
mod tls_records;
mod uploads;
