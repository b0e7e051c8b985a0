//! Sending and receiving by a Python socket: at once where it is the interpreter's own, else by its methods.

use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::exceptions::{PyOSError, PyTimeoutError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyInt};
use pyo3::{PyTraverseError, PyVisit, intern};

use crate::direct::Direct;
use crate::kind::Kind;
use crate::memory::Memory;

/// What one receive may give: large enough that a body costs 16 calls a MiB.
pub(crate) const RECEIVE: usize = 64 * 1024;

/// Room made for what a peer has only promised.
pub(crate) const BLOCK: usize = 1024 * 1024;

/// The socket under a reader.
pub(crate) struct Socket {
    object: Py<PyAny>,
    /// An `SSLSocket` whose methods are the original ones: what they come down to is called at once.
    tls: bool,
    /// After a time-out the stream may have lost its place: it refuses to go on, as `SocketIO` does.
    timed_out: AtomicBool,
}

impl Socket {
    /// Counts as one of the files of a `socket.socket`, which stays open for as long as it has any.
    pub(crate) fn hold(socket: &Bound<'_, PyAny>, kind: Kind) -> PyResult<Socket> {
        count_file(socket)?;
        let object = socket.clone().unbind();
        Ok(Socket { object, tls: kind == Kind::Tls, timed_out: AtomicBool::new(false) })
    }

    /// Counts no longer; what the last file of a socket does that waits for it is close it.
    pub(crate) fn release(&self, py: Python<'_>) -> PyResult<()> {
        let socket = self.object.bind(py);
        let refs = intern!(py, "_io_refs");
        let files: i64 = socket.getattr(refs)?.extract()?;
        if files > 0 {
            socket.setattr(refs, files - 1)?;
        }
        if socket.getattr(intern!(py, "_closed"))?.is_truthy()? {
            socket.call_method0(intern!(py, "close"))?;
        }
        Ok(())
    }

    pub(crate) fn object(&self) -> &Py<PyAny> {
        &self.object
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.object)
    }

    /// At most `most` bytes behind those that `bytes` has; gives how many. `None` if the socket's methods have to be
    /// asked.
    pub(crate) fn append(&self, py: Python<'_>, bytes: &mut Vec<u8>, most: usize) -> PyResult<Option<usize>> {
        self.directly(py, |direct| direct.append(py, bytes, most))
    }

    /// The same into memory.
    pub(crate) fn write_to(&self, py: Python<'_>, memory: Memory<'_>) -> PyResult<Option<usize>> {
        self.directly(py, |direct| direct.receive(py, memory))
    }

    fn directly(
        &self,
        py: Python<'_>,
        receive: impl FnOnce(Direct) -> PyResult<Option<usize>>,
    ) -> PyResult<Option<usize>> {
        self.check_usable()?;
        if self.tls {
            return Ok(None);
        }
        let Some(direct) = Direct::new(self.object.bind(py))? else { return Ok(None) };
        self.note_timeout(py, receive(direct))
    }

    /// At most `most` bytes; none at the end of the stream.
    pub(crate) fn receive<'py>(&self, py: Python<'py>, most: usize) -> PyResult<Bound<'py, PyBytes>> {
        self.check_usable()?;
        let socket = self.object.bind(py);
        let data = match tls_object(socket, self.tls)? {
            Some(tls) => match tls.call_method1(intern!(py, "read"), (most,)) {
                Err(err) if is_ragged_end(socket, &err)? => Ok(PyBytes::new(py, b"").into_any()),
                data => data,
            },
            None => socket.call_method1(intern!(py, "recv"), (most,)),
        };
        Ok(self.note_timeout(py, data)?.cast_into()?)
    }

    /// The same into a writable buffer of Python's; gives how many there were.
    pub(crate) fn receive_into(&self, view: &Bound<'_, PyAny>) -> PyResult<usize> {
        let py = view.py();
        self.check_usable()?;
        let len = self.object.bind(py).call_method1(intern!(py, "recv_into"), (view,));
        self.note_timeout(py, len)?.extract()
    }

    fn check_usable(&self) -> PyResult<()> {
        if self.timed_out.load(Ordering::Relaxed) {
            return Err(PyOSError::new_err("cannot read from timed out object"));
        }
        Ok(())
    }

    fn note_timeout<T>(&self, py: Python<'_>, result: PyResult<T>) -> PyResult<T> {
        if let Err(err) = &result
            && err.is_instance_of::<PyTimeoutError>(py)
        {
            self.timed_out.store(true, Ordering::Relaxed);
        }
        result
    }
}

/// Sends all of `data`, as the method `sendall` of a socket does.
pub(crate) fn send_all(socket: &Bound<'_, PyAny>, data: &Bound<'_, PyBytes>) -> PyResult<()> {
    let py = socket.py();
    let bytes = data.as_bytes();
    let sent = if let Some(direct) = Direct::new(socket)? {
        direct.send(py, bytes)?
    } else if let Some(tls) = tls_object(socket, Kind::of(socket)? == Kind::Tls)? {
        tls.call_method1(intern!(py, "write"), (data,))?.extract()?
    } else {
        return socket.call_method1(intern!(py, "sendall"), (data,)).map(drop);
    };
    match bytes.get(sent..) {
        None | Some([]) => Ok(()),
        Some(rest) => socket.call_method1(intern!(py, "sendall"), (PyBytes::new(py, rest),)).map(drop),
    }
}

/// What does the work of an `SSLSocket` whose handshake is done.
fn tls_object<'py>(socket: &Bound<'py, PyAny>, tls: bool) -> PyResult<Option<Bound<'py, PyAny>>> {
    if !tls {
        return Ok(None);
    }
    let object = socket.getattr(intern!(socket.py(), "_sslobj"))?;
    Ok((!object.is_none()).then_some(object))
}

/// Whether the stream ended without saying so, and the socket is to take that for an end.
#[cold]
fn is_ragged_end(socket: &Bound<'_, PyAny>, err: &PyErr) -> PyResult<bool> {
    /// `ssl.SSL_ERROR_EOF`.
    const EOF: i64 = 8;
    let py = socket.py();
    let kind = py.import("ssl")?.getattr("SSLError")?;
    if !err.matches(py, kind)? {
        return Ok(false);
    }
    let said = err.value(py).getattr("args")?.get_item(0);
    let eof = said.is_ok_and(|said| said.extract::<i64>().is_ok_and(|said| said == EOF));
    Ok(eof && socket.getattr("suppress_ragged_eofs")?.is_truthy()?)
}

/// Has a `socket.socket` stay open until one more file of it is closed.
pub(crate) fn count_file(socket: &Bound<'_, PyAny>) -> PyResult<()> {
    let refs = intern!(socket.py(), "_io_refs");
    let files: i64 = socket.getattr(refs)?.extract()?;
    socket.setattr(refs, files + 1)
}

/// A count from Python where `None` and anything negative mean "all".
pub(crate) fn count(amount: Option<&Bound<'_, PyAny>>) -> PyResult<Option<usize>> {
    let Some(amount) = amount.filter(|amount| !amount.is_none()) else { return Ok(None) };
    let amount: isize = match amount.cast_exact::<PyInt>() {
        Ok(amount) => amount.extract()?,
        Err(_) => match amount.getattr(intern!(amount.py(), "__index__")) {
            Ok(index) => index.call0()?.extract()?,
            Err(_) => {
                let class = amount.get_type().name()?;
                let refusal = format!("argument should be integer or None, not '{class}'");
                return Err(PyTypeError::new_err(refusal));
            }
        },
    };
    Ok(usize::try_from(amount).ok())
}
