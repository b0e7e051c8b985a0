//! Bodies whose length is known, or that end with the stream.

use pyo3::buffer::PyBuffer;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMemoryView, PySlice};

use super::buffer::Buffered;
use crate::socket::{RECEIVE, Socket};

/// Room made at once for a body that is yet to come: what a peer promises beyond must arrive first.
pub(crate) const BLOCK: usize = 1024 * 1024;

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
    let room = amount.min(BLOCK.max(2 * here.len()));
    PyBytes::new_with_writer(py, room, |writer| {
        writer.write_bytes(buffered.bytes(py))?;
        buffered.clear();
        while writer.len() < amount {
            let data = socket.receive(py, RECEIVE.min(amount - writer.len()))?;
            if data.as_bytes().is_empty() {
                break;
            }
            writer.write_bytes(data.as_bytes())?;
        }
        Ok(())
    })
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
        let view = PyMemoryView::from(buffer)?.call_method1(intern!(py, "cast"), (intern!(py, "B"),))?;
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

    /// Receives once, straight into the buffer.
    pub(crate) fn receive(&mut self, socket: &Socket) -> PyResult<usize> {
        let rest = if self.len == 0 { self.view.clone() } else { self.slice(self.len, self.room)? };
        let len = socket.receive_into(&rest)?;
        self.len += len.min(self.room - self.len);
        Ok(len)
    }

    /// Adds a piece that there is room for.
    pub(crate) fn push(&mut self, piece: &[u8]) -> PyResult<()> {
        if piece.len() >= LARGE {
            self.flush()?;
            return self.write(piece);
        }
        self.pending.extend_from_slice(piece);
        if self.pending.len() >= LARGE { self.flush() } else { Ok(()) }
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
