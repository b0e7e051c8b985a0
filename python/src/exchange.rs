//! Several steps of an exchange at once, for connections and responses on which each step is the original.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyInt, PyType};

use crate::guard::Guard;
use crate::head::is_head;
use crate::reader::{Filling, Reader, open_stock};
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
    let Some(body) = Body::of(guard, response)? else { return Ok(None) };
    let data = body.reader.get().read(response.py(), Some(&body.length))?;
    let missing = body.amount - data.as_bytes().len();
    if missing == 0 {
        body.end()?;
    }
    Ok(Some((data, missing)))
}

/// The same for as much of it as `buffer` has room for, which gives the number of bytes that came; only if none are
/// missing are they taken from the response's length. `None` also if the buffer is not of single bytes.
#[pyfunction]
pub(crate) fn read_into(
    guard: &Bound<'_, Guard>,
    response: &Bound<'_, PyAny>,
    buffer: &Bound<'_, PyAny>,
) -> PyResult<Option<(usize, usize)>> {
    let Some(body) = Body::of(guard, response)? else { return Ok(None) };
    let Some(filling) = Filling::bytes(buffer, body.amount)? else { return Ok(None) };
    let room = filling.room();
    let len = body.reader.get().fill(filling)?;
    if len == body.amount {
        body.end()?;
    } else if len == room {
        body.own.set_item(intern!(response.py(), "length"), body.amount - len)?;
    }
    Ok(Some((len, room - len)))
}

/// What is left of a body whose length is known.
struct Body<'py> {
    own: Bound<'py, PyDict>,
    reader: Bound<'py, Reader>,
    length: Bound<'py, PyAny>,
    amount: usize,
}

impl<'py> Body<'py> {
    fn of(guard: &Bound<'py, Guard>, response: &Bound<'py, PyAny>) -> PyResult<Option<Body<'py>>> {
        let py = response.py();
        let own = response.getattr(intern!(py, "__dict__"))?.cast_into::<PyDict>()?;
        let Some(fp) = own.get_item(intern!(py, "fp"))? else { return Ok(None) };
        let Ok(reader) = fp.cast_into_exact::<Reader>() else { return Ok(None) };
        let chunked =
            own.get_item(intern!(py, "chunked"))?.is_some_and(|chunked| chunked.is(PyBool::new(py, false)));
        let Some(length) = own.get_item(intern!(py, "length"))?.filter(|_| chunked) else { return Ok(None) };
        let amount = length.cast_exact::<PyInt>().ok().and_then(|length| length.extract::<isize>().ok());
        let Some(Ok(amount)) = amount.map(usize::try_from) else { return Ok(None) };
        // An answer to HEAD has no body, whatever somebody has set.
        let method = own.get_item(intern!(py, "_method"))?;
        if amount > 0 && method.is_some_and(|method| method.eq(intern!(py, "HEAD")).unwrap_or(false)) {
            return Ok(None);
        }
        let passes = guard.get().passes_with(response, &own)?;
        Ok(passes.then_some(Body { own, reader, length, amount }))
    }

    /// All of it has come.
    fn end(&self) -> PyResult<()> {
        let py = self.own.py();
        self.own.set_item(intern!(py, "fp"), py.None())?;
        self.own.set_item(intern!(py, "length"), 0)?;
        self.reader.get().close(py)
    }
}
