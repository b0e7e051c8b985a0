//! Bodies whose length is known, or that end with the stream.

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyMemoryView, PySlice};

use super::buffer::Buffered;
use crate::growing::Growing;
use crate::memory::Memory;
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
    object: &'py Bound<'py, PyAny>,
    buffer: PyBuffer<u8>,
    room: usize,
    len: usize,
}

impl<'py> Filling<'py> {
    /// From any object with a contiguous writable buffer, seen as bytes.
    pub(crate) fn new(object: &'py Bound<'py, PyAny>) -> PyResult<Filling<'py>> {
        let buffer = match PyBuffer::get(object) {
            Ok(buffer) if buffer.dimensions() == 1 && buffer.is_c_contiguous() => buffer,
            _ => PyBuffer::get(&as_bytes(object)?)?,
        };
        if buffer.readonly() {
            let class = object.get_type().name()?;
            let refusal = format!("readinto() argument must be read-write bytes-like object, not {class}");
            return Err(PyTypeError::new_err(refusal));
        }
        let room = buffer.len_bytes();
        Ok(Filling { object, buffer, room, len: 0 })
    }

    /// The first `most` bytes of a buffer that is written and seen as bytes by itself, `None` if it isn't.
    pub(crate) fn bytes(object: &'py Bound<'py, PyAny>, most: usize) -> PyResult<Option<Filling<'py>>> {
        if !object.is_exact_instance_of::<PyByteArray>() && !object.is_exact_instance_of::<PyMemoryView>() {
            return Ok(None);
        }
        let Ok(buffer) = PyBuffer::get(object) else { return Ok(None) };
        let plain = buffer.dimensions() == 1 && buffer.is_c_contiguous() && !buffer.readonly();
        let room = buffer.len_bytes().min(most);
        Ok(plain.then_some(Filling { object, buffer, room, len: 0 }))
    }

    pub(crate) fn py(&self) -> Python<'py> {
        self.object.py()
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
        let py = self.object.py();
        let here = buffered.bytes(py);
        let len = (self.room - self.len).min(here.len());
        self.push(&here[..len])?;
        buffered.consume(py, len);
        Ok(())
    }

    /// Receives once, as much as there is room for.
    pub(crate) fn receive_rest(&mut self, socket: &Socket) -> PyResult<usize> {
        self.receive(socket, self.room - self.len)
    }

    /// The last `len` bytes that were filled.
    pub(crate) fn tail(&self, len: usize) -> Vec<u8> {
        self.part(self.len - len, self.len).copied(self.object.py())
    }

    fn part(&self, from: usize, to: usize) -> Memory<'_> {
        Memory::of(&self.buffer).expect("it can be written").part(from, to)
    }
}

impl Sink for Filling<'_> {
    fn push(&mut self, piece: &[u8]) -> PyResult<()> {
        let end = self.len + piece.len();
        self.part(self.len, end).write(self.object.py(), piece);
        self.len = end;
        Ok(())
    }

    fn receive(&mut self, socket: &Socket, most: usize) -> PyResult<usize> {
        let py = self.object.py();
        let end = self.len + most.min(self.room - self.len);
        let len = match socket.write_to(py, self.part(self.len, end))? {
            Some(len) => len,
            None => {
                let range = PySlice::new(py, self.len as isize, end as isize, 1);
                socket.receive_into(&as_bytes(self.object)?.get_item(range)?)?
            }
        };
        let len = len.min(end - self.len);
        self.len += len;
        Ok(len)
    }
}

/// A view of an object's buffer as single bytes.
fn as_bytes<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    PyMemoryView::from(object)?.call_method1(intern!(object.py(), "cast"), (intern!(object.py(), "B"),))
}
