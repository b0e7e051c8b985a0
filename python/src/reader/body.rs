//! Bodies whose length is known, or that end with the stream.

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMemoryView, PySlice};

use super::buffer::Buffered;
use crate::growing::Growing;
use crate::socket::Socket;

/// Exactly `amount` bytes, fewer if the stream ends before; all that comes without one.
pub(crate) fn read<'py>(
    py: Python<'py>,
    socket: &Socket,
    buffered: &mut Buffered,
    amount: Option<usize>,
) -> PyResult<Bound<'py, PyBytes>> {
    let amount = amount.unwrap_or(usize::MAX);
    let here = buffered.bytes(py);
    if amount <= here.len() {
        let bytes = PyBytes::new(py, &here[..amount]);
        buffered.consume(py, amount);
        return Ok(bytes);
    }
    let mut whole = Growing::new(py, amount)?;
    whole.push(here)?;
    buffered.clear();
    while whole.len() < amount && whole.receive(socket, amount - whole.len())? > 0 {}
    whole.finish()
}

/// What the bytes of a body are written into.
pub(crate) trait Sink {
    /// Adds a piece that there is room for.
    fn push(&mut self, piece: &[u8]) -> PyResult<()>;
    /// Receives once, at most `most` bytes, straight into its place; gives how many they were.
    fn receive(&mut self, socket: &Socket, most: usize) -> PyResult<usize>;
}

impl Sink for Growing<'_> {
    fn push(&mut self, piece: &[u8]) -> PyResult<()> {
        self.push(piece)
    }

    fn receive(&mut self, socket: &Socket, most: usize) -> PyResult<usize> {
        self.receive(socket, most)
    }
}

/// A writable buffer of Python's that is being filled.
pub(crate) struct Filling<'py> {
    view: Bound<'py, PyAny>,
    room: usize,
    len: usize,
    /// Small pieces on their way into the buffer: each way there costs two objects.
    pending: Vec<u8>,
}

/// Pieces from this size on are worth a copy of their own.
const LARGE: usize = 8 * 1024;

impl<'py> Filling<'py> {
    /// From any object with a contiguous writable buffer, seen as bytes.
    pub(crate) fn new(buffer: &Bound<'py, PyAny>) -> PyResult<Filling<'py>> {
        let py = buffer.py();
        let view = PyMemoryView::from(buffer)?;
        if view.getattr(intern!(py, "readonly"))?.is_truthy()? {
            let class = buffer.get_type().name()?;
            let refusal = format!("readinto() argument must be read-write bytes-like object, not {class}");
            return Err(PyTypeError::new_err(refusal));
        }
        let view = view.call_method1(intern!(py, "cast"), (intern!(py, "B"),))?;
        let room = view.len()?;
        Ok(Filling { view, room, len: 0, pending: Vec::new() })
    }

    pub(crate) fn room(&self) -> usize {
        self.room
    }

    /// How much has been filled.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_full(&self) -> bool {
        self.len == self.room
    }

    /// Takes what is buffered, as far as there is room.
    pub(crate) fn take(&mut self, buffered: &mut Buffered) -> PyResult<()> {
        let py = self.view.py();
        let here = buffered.bytes(py);
        let len = self.room.min(here.len());
        self.write(&here[..len])?;
        buffered.consume(py, len);
        Ok(())
    }

    /// Receives once, as much as there is room for.
    pub(crate) fn receive_rest(&mut self, socket: &Socket) -> PyResult<usize> {
        self.receive(socket, self.room - self.len)
    }

    /// The last `len` bytes that were filled.
    pub(crate) fn tail(&self, len: usize) -> PyResult<Vec<u8>> {
        PyBuffer::get(&self.slice(self.len - len, self.len)?)?.to_vec(self.view.py())
    }

    pub(crate) fn flush(&mut self) -> PyResult<()> {
        let pending = std::mem::take(&mut self.pending);
        self.write(&pending)?;
        self.pending = pending;
        self.pending.clear();
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> PyResult<()> {
        if !bytes.is_empty() {
            let end = self.len + bytes.len();
            PyBuffer::get(&self.slice(self.len, end)?)?.copy_from_slice(self.view.py(), bytes)?;
            self.len = end;
        }
        Ok(())
    }

    fn slice(&self, from: usize, to: usize) -> PyResult<Bound<'py, PyAny>> {
        self.view.get_item(PySlice::new(self.view.py(), from as isize, to as isize, 1))
    }
}

impl Sink for Filling<'_> {
    fn push(&mut self, piece: &[u8]) -> PyResult<()> {
        if piece.len() >= LARGE {
            self.flush()?;
            return self.write(piece);
        }
        self.pending.extend_from_slice(piece);
        if self.pending.len() >= LARGE { self.flush() } else { Ok(()) }
    }

    fn receive(&mut self, socket: &Socket, most: usize) -> PyResult<usize> {
        self.flush()?;
        let most = most.min(self.room - self.len);
        let whole = self.len == 0 && most == self.room;
        let rest = if whole { self.view.clone() } else { self.slice(self.len, self.len + most)? };
        let len = socket.receive_into(&rest)?.min(most);
        self.len += len;
        Ok(len)
    }
}
