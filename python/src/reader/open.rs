//! The functions that take any file, and do the quick thing with a [`Reader`].

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyType};

use super::body::BLOCK;
use super::{Reader, count};
use crate::head::Head;

/// What `sock` is read through: a [`Reader`] on exactly the interpreter's own sockets, TLS included;
/// whatever `makefile` gives on all others, which may do as they like there.
#[pyfunction]
pub(crate) fn open_reader<'py>(sock: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = sock.py();
    let kind = sock.get_type();
    let stock = is_stock(&PLAIN, &kind, "socket", "socket")? || is_stock(&TLS, &kind, "ssl", "SSLSocket")?;
    // A socket that never waits reads by halves: io's own files know how.
    if stock && !sock.call_method0(intern!(py, "gettimeout"))?.eq(0)? {
        return Ok(Bound::new(py, Reader::new(sock)?)?.into_any());
    }
    sock.call_method1(intern!(py, "makefile"), (intern!(py, "rb"),))
}

static PLAIN: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static TLS: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// Whether `kind` is the class `name` that the module `module` of the standard library defines: not
/// one that somebody has put in its place, whose module is another.
fn is_stock(
    known: &PyOnceLock<Py<PyType>>,
    kind: &Bound<'_, PyType>,
    module: &str,
    name: &str,
) -> PyResult<bool> {
    let py = kind.py();
    if let Some(known) = known.get(py) {
        return Ok(known.is(kind));
    }
    if kind.qualname()? != name || kind.module()? != module {
        return Ok(false);
    }
    Ok(known.get_or_init(py, || kind.clone().unbind()).is(kind))
}

/// The response head that `fp` has next, if `fp` is a [`Reader`] and the head is well formed, not 100,
/// and of no more than `limit` fields; else nothing is taken.
#[pyfunction]
pub(crate) fn take_head(fp: &Bound<'_, PyAny>, limit: usize) -> PyResult<Option<Head>> {
    match fp.cast_exact::<Reader>() {
        Ok(reader) => reader.get().read_head(fp.py(), limit),
        Err(_) => Ok(None),
    }
}

/// `amount` bytes, or all there are. Memory grows with what arrives, not with what was promised.
#[pyfunction]
pub(crate) fn read_up_to<'py>(
    fp: &Bound<'py, PyAny>,
    amount: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = fp.py();
    if let Ok(reader) = fp.cast_exact::<Reader>() {
        return Ok(reader.get().read(py, Some(amount))?.into_any());
    }
    let read = intern!(py, "read");
    let mut left = match count(Some(amount))? {
        Some(left) if left > BLOCK => left,
        _ => return fp.call_method1(read, (amount,)),
    };
    let whole = PyBytes::new_with_writer(py, BLOCK, |writer| {
        while left > 0 {
            let data = fp.call_method1(read, (left.min(BLOCK),))?;
            let data = data.cast::<PyBytes>()?.as_bytes();
            if data.is_empty() {
                break;
            }
            writer.write_bytes(data)?;
            left -= data.len().min(left);
        }
        Ok(())
    })?;
    Ok(whole.into_any())
}
