//! The functions that take any file, and do the quick thing with a [`Reader`].

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyType};

use super::{Reader, count};
use crate::growing::Growing;
use crate::head::{Head, parse_head};
use crate::kind::Kind;
use crate::socket::BLOCK;

/// What `sock` is read through: a [`Reader`] on exactly the interpreter's own sockets, TLS included;
/// whatever `makefile` gives on all others, which may do as they like there.
#[pyfunction]
pub(crate) fn open_reader<'py>(sock: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    match open_stock(sock)? {
        Some(reader) => Ok(reader.into_any()),
        None => sock.call_method1(intern!(sock.py(), "makefile"), (intern!(sock.py(), "rb"),)),
    }
}

/// A [`Reader`], if `sock` is one of the interpreter's own sockets, and waits.
pub(crate) fn open_stock<'py>(sock: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, Reader>>> {
    let py = sock.py();
    let kind = Kind::of(sock)?;
    if kind == Kind::Other {
        return Ok(None);
    }
    // A socket that never waits reads by halves: io's own files know how.
    let timeout = sock.getattr(intern!(py, "timeout"))?;
    if !timeout.is_none() && timeout.extract::<f64>()? == 0.0 {
        return Ok(None);
    }
    Ok(Some(Bound::new(py, Reader::over(sock, kind)?)?))
}

/// The response head that `fp` has next, if `fp` is a [`Reader`], or a reader of io's that has all of it in its
/// buffer, and the head is well formed, not 100, and of no more than `limit` fields; else nothing is taken.
#[pyfunction]
pub(crate) fn take_head(fp: &Bound<'_, PyAny>, limit: usize) -> PyResult<Option<Head>> {
    static BUFFERED: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let py = fp.py();
    if let Ok(reader) = fp.cast_exact::<Reader>() {
        return reader.get().read_head(py, limit);
    }
    if !fp.get_type().is(BUFFERED.import(py, "io", "BufferedReader")?) {
        return Ok(None);
    }
    let here = fp.call_method0(intern!(py, "peek"))?.cast_into::<PyBytes>()?;
    let Some((head, len)) = parse_head(&here, limit, 0).filter(|(head, _)| head.is_plain()) else {
        return Ok(None);
    };
    fp.call_method1(intern!(py, "read"), (len,))?;
    Ok(Some(head))
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
    let mut whole = Growing::new(py, left)?;
    while left > 0 {
        let data = fp.call_method1(read, (left.min(BLOCK),))?;
        if data.is_none() {
            // A file that doesn't wait: nothing at all is told as such.
            if whole.len() == 0 {
                return Ok(data);
            }
            break;
        }
        let data = data.cast::<PyBytes>()?.as_bytes();
        if data.is_empty() {
            break;
        }
        whole.push(data)?;
        left -= data.len().min(left);
    }
    Ok(whole.finish()?.into_any())
}
