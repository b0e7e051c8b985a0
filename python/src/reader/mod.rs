//! `response.fp` on a real socket: what `socket.makefile("rb")` gives, and whole heads and bodies besides.

mod body;
mod buffer;
mod chunks;
mod open;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::{MutexExt, PyOnceLock};
use pyo3::types::{PyBytes, PyType};
use pyo3::{PyTraverseError, PyVisit, intern};

use crate::head::Head;
use crate::kind::Kind;
use crate::scan::Scan;
use crate::socket::{Socket, count, count_file};
use buffer::{Buffered, Framing};

pub(crate) use body::Filling;
pub(crate) use chunks::{read_chunks, readinto_chunks};
pub(crate) use open::{open_reader, open_stock, read_up_to, take_head};

/// Reads from a socket as `socket.makefile("rb")` does, and counts among its files as that does.
#[pyclass(frozen, weakref, module = "straightwire._engine")]
pub(crate) struct Reader {
    socket: Socket,
    state: Mutex<Buffered>,
    closed: AtomicBool,
    /// What others have found under `raw`.
    raw: OnceLock<Py<PyAny>>,
    /// The thread that holds the lock, so that a signal handler that reads again is told so.
    owner: AtomicUsize,
}

struct Guard<'a> {
    buffered: MutexGuard<'a, Buffered>,
    owner: &'a AtomicUsize,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.owner.store(0, Ordering::Relaxed);
    }
}

/// Something that is another one in every thread, and never 0.
fn this_thread() -> usize {
    thread_local!(static HERE: u8 = const { 0 });
    HERE.with(|here| std::ptr::from_ref(here).addr())
}

impl Reader {
    fn lock(&self, py: Python<'_>, what: &str) -> PyResult<Guard<'_>> {
        let me = this_thread();
        if self.owner.load(Ordering::Relaxed) == me {
            return Err(PyRuntimeError::new_err("reentrant call inside a straightwire reader"));
        }
        let buffered = match self.state.try_lock() {
            Ok(buffered) => buffered,
            Err(_) => self.state.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner),
        };
        self.owner.store(me, Ordering::Relaxed);
        let guard = Guard { buffered, owner: &self.owner };
        if self.closed.load(Ordering::Relaxed) {
            return Err(PyValueError::new_err(format!("{what} of closed file")));
        }
        Ok(guard)
    }

    fn shut(&self, py: Python<'_>) -> PyResult<()> {
        if self.closed.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        match self.raw.get() {
            Some(raw) => raw.bind(py).call_method0(intern!(py, "close")).map(drop),
            None => self.socket.release(py),
        }
    }
}

#[pymethods]
impl Reader {
    /// On a `socket.socket`, which is read by its `recv` and `recv_into`.
    #[new]
    fn new(sock: &Bound<'_, PyAny>) -> PyResult<Reader> {
        Reader::over(sock, Kind::Plain)
    }

    /// The next response head, read in one go. `None` if it is out of the ordinary, has more than
    /// `max_headers` lines, a length that only `int` can judge, ends with the stream or says 100; then nothing
    /// has been taken, and `readline` tells what there is.
    #[pyo3(signature = (max_headers = 100))]
    pub(crate) fn read_head(&self, py: Python<'_>, max_headers: usize) -> PyResult<Option<Head>> {
        let mut guard = self.lock(py, "read")?;
        let mut scan = Scan::head(max_headers);
        let Some(len) = guard.buffered.find_head(py, &self.socket, &mut scan)? else { return Ok(None) };
        let head = Head::new(&guard.buffered.bytes(py)[..len], scan);
        if !head.is_plain() {
            return Ok(None);
        }
        guard.buffered.consume(py, len);
        Ok(Some(head))
    }

    /// Whether a head is here up to its blank line, or nothing more of it comes: receives what has come, on a socket
    /// that doesn't wait, and raises what that raises where there is no more.
    fn has_head(&self, py: Python<'_>) -> PyResult<bool> {
        let mut guard = self.lock(py, "peek")?;
        guard.buffered.gather_head(py, &self.socket)
    }

    /// Up to and with the next line feed, at most `limit` bytes.
    #[pyo3(signature = (limit = None, /))]
    fn readline<'py>(
        &self,
        py: Python<'py>,
        limit: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let limit = count(limit)?;
        let mut guard = self.lock(py, "readline")?;
        let len = guard.buffered.find_line(py, &self.socket, limit)?;
        let line = PyBytes::new(py, &guard.buffered.bytes(py)[..len]);
        guard.buffered.framing = guard.buffered.framing.after(line.as_bytes());
        guard.buffered.consume(py, len);
        Ok(line)
    }

    /// Exactly `amount` bytes, fewer only at the end of the stream; all of it without an amount.
    #[pyo3(signature = (amount = None, /))]
    pub(crate) fn read<'py>(
        &self,
        py: Python<'py>,
        amount: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let amount = count(amount)?;
        let mut guard = self.lock(py, "read")?;
        guard.buffered.framing = Framing::Before;
        body::read(py, &self.socket, &mut guard.buffered, amount)
    }

    /// At most `amount` bytes: what is here, or what one receive gives.
    #[pyo3(signature = (amount = None, /))]
    fn read1<'py>(
        &self,
        py: Python<'py>,
        amount: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let amount = count(amount)?;
        let mut guard = self.lock(py, "read")?;
        let buffered = &mut guard.buffered;
        if buffered.is_empty(py) && amount != Some(0) {
            buffered.fill(py, &self.socket)?;
        }
        let len = amount.unwrap_or(usize::MAX).min(buffered.bytes(py).len());
        let bytes = PyBytes::new(py, &buffered.bytes(py)[..len]);
        buffered.consume(py, len);
        Ok(bytes)
    }

    /// Fills `buffer`; gives how much of it, which is less than all only at the end of the stream.
    #[pyo3(signature = (buffer, /))]
    fn readinto(&self, buffer: &Bound<'_, PyAny>) -> PyResult<usize> {
        self.fill(Filling::new(buffer)?)
    }

    /// The same with what is here, or what one receive gives.
    #[pyo3(signature = (buffer, /))]
    fn readinto1(&self, py: Python<'_>, buffer: &Bound<'_, PyAny>) -> PyResult<usize> {
        let mut guard = self.lock(py, "readinto")?;
        let mut filling = Filling::new(buffer)?;
        filling.take(&mut guard.buffered)?;
        if filling.len() == 0 && !filling.is_full() {
            filling.receive_rest(&self.socket)?;
        }
        Ok(filling.len())
    }

    /// What is here, or what one receive gives, without taking it.
    #[pyo3(signature = (amount = None, /))]
    fn peek<'py>(
        &self,
        py: Python<'py>,
        amount: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        count(amount)?;
        let mut guard = self.lock(py, "peek")?;
        if guard.buffered.is_empty(py) {
            guard.buffered.fill(py, &self.socket)?;
        }
        Ok(PyBytes::new(py, guard.buffered.bytes(py)))
    }

    /// Lets go of the socket, which closes if it was waiting for that.
    pub(crate) fn close(&self, py: Python<'_>) -> PyResult<()> {
        if self.closed.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut guard = match self.lock(py, "close") {
            Ok(guard) => guard,
            Err(_) if self.closed.load(Ordering::Relaxed) => return Ok(()),
            Err(err) => return Err(err),
        };
        guard.buffered.clear();
        drop(guard);
        self.shut(py)
    }

    #[getter(closed)]
    fn is_closed(&self, py: Python<'_>) -> PyResult<bool> {
        match self.raw.get() {
            Some(raw) if !self.closed() => raw.getattr(py, intern!(py, "closed"))?.extract(py),
            _ => Ok(self.closed()),
        }
    }

    /// Whether the last lines that were read were a body's last chunk, its trailers and the empty line.
    #[getter]
    fn chunks_ended(&self, py: Python<'_>) -> bool {
        self.lock(py, "read").is_ok_and(|guard| guard.buffered.framing == Framing::Ended)
    }

    /// The file without a buffer that is under one of `makefile`'s. Whoever has it may keep things on it, and
    /// may close it: from when it is made on, it is the one that counts among the socket's files.
    #[getter]
    fn raw<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        static KIND: PyOnceLock<Py<PyType>> = PyOnceLock::new();
        if let Some(raw) = self.raw.get() {
            return Ok(raw.bind(py).clone());
        }
        self.check_open()?;
        let socket = self.socket.object().bind(py);
        let raw = KIND.import(py, "socket", "SocketIO")?.call1((socket, intern!(py, "rb")))?;
        if self.raw.set(raw.clone().unbind()).is_err() {
            // Another thread was faster: this one takes back, when it goes, what it has never counted.
            count_file(socket)?;
            return self.raw(py);
        }
        Ok(raw)
    }

    fn fileno(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.check_open()?;
        self.socket.object().call_method0(py, intern!(py, "fileno"))
    }

    fn readable(&self) -> PyResult<bool> {
        self.check_open().map(|()| true)
    }

    fn writable(&self) -> PyResult<bool> {
        self.check_open().map(|()| false)
    }

    fn seekable(&self) -> PyResult<bool> {
        self.check_open().map(|()| false)
    }

    fn isatty(&self) -> PyResult<bool> {
        self.check_open().map(|()| false)
    }

    fn flush(&self) -> PyResult<()> {
        self.check_open()
    }

    fn __enter__(slf: Bound<'_, Self>) -> PyResult<Bound<'_, Self>> {
        slf.get().check_open()?;
        Ok(slf)
    }

    #[pyo3(signature = (*_args))]
    fn __exit__(&self, py: Python<'_>, _args: &Bound<'_, PyAny>) -> PyResult<()> {
        self.close(py)
    }

    fn __iter__(slf: Bound<'_, Self>) -> PyResult<Bound<'_, Self>> {
        slf.get().check_open()?;
        Ok(slf)
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let line = self.readline(py, None)?;
        Ok((!line.as_bytes().is_empty()).then_some(line))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.raw.get().map_or(Ok(()), |raw| visit.call(raw))?;
        self.socket.traverse(&visit)
    }
}

impl Reader {
    fn over(sock: &Bound<'_, PyAny>, kind: Kind) -> PyResult<Reader> {
        Ok(Reader {
            socket: Socket::hold(sock, kind)?,
            state: Mutex::default(),
            closed: AtomicBool::new(false),
            raw: OnceLock::new(),
            owner: AtomicUsize::new(0),
        })
    }

    /// Fills it, less only at the end of the stream; gives how much.
    pub(crate) fn fill(&self, mut filling: Filling<'_>) -> PyResult<usize> {
        let mut guard = self.lock(filling.py(), "readinto")?;
        filling.take(&mut guard.buffered)?;
        while !filling.is_full() && filling.receive_rest(&self.socket)? > 0 {}
        Ok(filling.len())
    }

    fn closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    fn check_open(&self) -> PyResult<()> {
        if self.closed() {
            return Err(PyValueError::new_err("I/O operation on closed file."));
        }
        Ok(())
    }
}

impl Drop for Reader {
    /// A file that is dropped lets go of its socket too.
    fn drop(&mut self) {
        if !*self.closed.get_mut() {
            Python::try_attach(|py| {
                if let Err(err) = self.shut(py) {
                    err.write_unraisable(py, None);
                }
            });
        }
    }
}
