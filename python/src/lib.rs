//! The Rust half of the Python package `straightwire`: what costs in an HTTP exchange, for the classes in
//! `straightwire/client.py`.
//!
//! Every function here knows only what is well formed. It answers `None` to anything else, and takes
//! nothing away; the caller then does what `http.client` would, step by step.

mod chunk;
mod direct;
mod encode;
mod exchange;
mod growing;
mod guard;
mod head;
mod kind;
mod memory;
mod reader;
mod scan;
mod socket;
mod turn;

use pyo3::prelude::*;

/// Request heads, response heads, chunks and a socket's reader, in Rust.
#[pymodule(gil_used = false)]
mod _engine {
    #[pymodule_export]
    use crate::encode::{field_line, join_head};
    #[pymodule_export]
    use crate::exchange::{begin, read_into, read_rest, send_all};
    #[pymodule_export]
    use crate::guard::Guard;
    #[pymodule_export]
    use crate::head::{Head, parse_head};
    #[pymodule_export]
    use crate::reader::{Reader, open_reader, read_chunks, read_up_to, readinto_chunks, take_head};
}

/// Bytes of the wire as `str`, read as ISO-8859-1.
fn latin1<'py>(py: Python<'py>, bytes: &[u8]) -> Bound<'py, pyo3::types::PyString> {
    match std::str::from_utf8(bytes) {
        Ok(text) if bytes.is_ascii() => pyo3::types::PyString::new(py, text),
        _ => pyo3::types::PyString::new(py, &bytes.iter().map(|&byte| char::from(byte)).collect::<String>()),
    }
}
