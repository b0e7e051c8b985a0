//! What is known of a socket: only the interpreter's own, with all its methods as they were, is what it seems.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyType};

use crate::guard::Guard;

/// What a socket is.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    /// Exactly a `socket.socket`, whose methods are the original ones.
    Plain,
    /// The same of an `SSLSocket`.
    Tls,
    /// Anything else, which may do as it likes.
    Other,
}

impl Kind {
    /// The kind of `sock`.
    pub(crate) fn of(sock: &Bound<'_, PyAny>) -> PyResult<Kind> {
        let class = sock.get_type();
        Ok(if is_stock(&PLAIN, &class, "socket", "socket")? {
            Kind::Plain
        } else if is_stock(&TLS, &class, "ssl", "SSLSocket")? {
            Kind::Tls
        } else {
            Kind::Other
        })
    }
}

/// A class of sockets, with what it did when it was first seen.
struct Stock {
    kind: Py<PyType>,
    guard: Guard,
}

static PLAIN: PyOnceLock<Option<Stock>> = PyOnceLock::new();
static TLS: PyOnceLock<Option<Stock>> = PyOnceLock::new();

/// Whether `kind` is the class `name` that the module `module` of the standard library defines, with its methods
/// as they are there: not one that somebody has put in its place, whose module is another.
fn is_stock(
    known: &PyOnceLock<Option<Stock>>,
    kind: &Bound<'_, PyType>,
    module: &str,
    name: &str,
) -> PyResult<bool> {
    let py = kind.py();
    let stock = match known.get(py) {
        Some(stock) => stock,
        None if kind.qualname()? == name && kind.module()? == module => {
            known.get_or_try_init(py, || Stock::new(kind))?
        }
        None => return Ok(false),
    };
    match stock {
        Some(stock) if stock.kind.is(kind) => stock.guard.passes_kind(kind),
        _ => Ok(false),
    }
}

impl Stock {
    /// `None` if a method has been replaced already.
    fn new(kind: &Bound<'_, PyType>) -> PyResult<Option<Stock>> {
        let steps = PyDict::new(kind.py());
        // Plain sockets have no `read`.
        for name in
            ["recv", "recv_into", "sendall", "send", "fileno", "read", "makefile", "_decref_socketios"]
        {
            let Some(step) = kind.getattr_opt(name)? else { continue };
            // A method in C knows its class only.
            let owner = step.getattr("__objclass__").unwrap_or_else(|_| step.clone());
            let module = owner.getattr("__module__")?;
            if !["_socket", "socket", "ssl"].iter().any(|own| module.eq(own).unwrap_or(false)) {
                return Ok(None);
            }
            steps.set_item(PyString::intern(kind.py(), name), step)?;
        }
        Ok(Some(Stock { kind: kind.clone().unbind(), guard: Guard::new(&steps, None, None, Vec::new())? }))
    }
}
