//! Several steps of an exchange at once, for connections and responses on which each step is the original.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyInt, PyType};

use crate::guard::Guard;
use crate::head::is_head;
use crate::reader::{Reader, open_stock};
use crate::socket;

/// The answer to `method` that `sock` has next, as a response of the class `kind`, made by `new`, which is its
/// `__new__`.
///
/// A reader alone if the head is for Python to judge, which finds everything still there; `None`, nothing done, if
/// steps of the class have been replaced or the socket is not the interpreter's own.
#[pyfunction]
pub(crate) fn begin<'py>(
    guard: &Bound<'py, Guard>,
    kind: &Bound<'py, PyType>,
    new: &Bound<'py, PyAny>,
    sock: &Bound<'py, PyAny>,
    method: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = sock.py();
    let guard = guard.get();
    let limit = guard.name(intern!(py, "_MAXHEADERS"))?;
    let Some(Ok(limit)) = limit.map(|limit| limit.extract::<usize>()) else { return Ok(None) };
    if !guard.passes_module(py)? || !guard.passes_kind(kind)? {
        return Ok(None);
    }
    let Some(reader) = open_stock(sock)? else { return Ok(None) };
    let head = match reader.get().read_head(py, limit) {
        Ok(head) => head,
        Err(err) => {
            reader.get().close(py)?;
            return Err(err);
        }
    };
    let Some(head) = head else { return Ok(Some(reader.into_any())) };
    let response = new.call1((kind,))?;
    let own = response.getattr(intern!(py, "__dict__"))?.cast_into::<PyDict>()?;
    own.set_item(intern!(py, "fp"), reader)?;
    own.set_item(intern!(py, "_method"), method)?;
    head.tell(&own, is_head(method))?;
    own.set_item(intern!(py, "_head"), head)?;
    Ok(Some(response))
}

/// Sends all of `data`, as the method `sendall` of `sock` does.
#[pyfunction]
pub(crate) fn send_all(sock: &Bound<'_, PyAny>, data: &Bound<'_, PyBytes>) -> PyResult<()> {
    socket::send_all(sock, data)
}

/// All of the body of `response` that is left, if its length is known. Gives it with the number of bytes that are
/// missing; if none are, the response's file is closed, and the response is at its end. `None`, nothing done, if
/// steps of the response's class have been replaced, or its file is not a [`Reader`], or there are chunks.
#[pyfunction]
pub(crate) fn read_rest<'py>(
    guard: &Bound<'py, Guard>,
    response: &Bound<'py, PyAny>,
) -> PyResult<Option<(Bound<'py, PyBytes>, usize)>> {
    let py = response.py();
    let own = response.getattr(intern!(py, "__dict__"))?.cast_into::<PyDict>()?;
    let Some(fp) = own.get_item(intern!(py, "fp"))? else { return Ok(None) };
    let Ok(reader) = fp.cast_exact::<Reader>() else { return Ok(None) };
    let chunked =
        own.get_item(intern!(py, "chunked"))?.is_some_and(|chunked| chunked.is(PyBool::new(py, false)));
    let length = own.get_item(intern!(py, "length"))?;
    let amount =
        length.as_ref().and_then(|length| length.cast_exact::<PyInt>().ok()?.extract::<isize>().ok());
    let Some(Ok(amount)) = amount.filter(|_| chunked).map(usize::try_from) else { return Ok(None) };
    // An answer to HEAD has no body, whatever somebody has set.
    let method = own.get_item(intern!(py, "_method"))?;
    if amount > 0 && method.is_some_and(|method| method.eq(intern!(py, "HEAD")).unwrap_or(false)) {
        return Ok(None);
    }
    if !guard.get().passes_with(response, &own)? {
        return Ok(None);
    }
    let reader = reader.get();
    let data = reader.read(py, length.as_ref())?;
    let missing = amount - data.as_bytes().len();
    if missing == 0 {
        own.set_item(intern!(py, "fp"), py.None())?;
        own.set_item(intern!(py, "length"), 0)?;
        reader.close(py)?;
    }
    Ok(Some((data, missing)))
}
