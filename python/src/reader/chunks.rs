//! The chunked coding as `http.client` reads it, from a [`Reader`] or any other file.

use pyo3::exceptions::PyOverflowError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyInt};
use pyo3::{IntoPyObjectExt, intern};

use super::body::{Filling, Sink};
use super::buffer::Buffered;
use super::{Reader, count};
use crate::chunk::{SizeLine, size_line};
use crate::growing::Growing;
use crate::socket::{BLOCK, RECEIVE, Socket};

/// What went wrong, if anything: see [`read_chunks`].
pub(crate) enum Fault {
    /// The last chunk's size line was read.
    Last,
    /// As much as was asked for is there.
    Enough,
    BadSize,
    LongLine,
    /// The stream ended: these bytes came, and so many did not.
    Cut(Vec<u8>, u64),
    /// The file failed.
    Raised(PyErr),
}

impl<'py> IntoPyObject<'py> for Fault {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Fault::Last => Ok(py.None().into_bound(py)),
            Fault::Enough => intern!(py, "enough").into_bound_py_any(py),
            Fault::BadSize => intern!(py, "size").into_bound_py_any(py),
            Fault::LongLine => intern!(py, "line").into_bound_py_any(py),
            Fault::Cut(had, missing) => (PyBytes::new(py, &had), missing).into_bound_py_any(py),
            Fault::Raised(err) => Ok(err.into_value(py).into_bound(py).into_any()),
        }
    }
}

/// Whatever chunks come from.
trait Source {
    /// Skips the two bytes that follow a chunk; gives what there is if the stream ends before both.
    fn line_end(&mut self) -> PyResult<Option<Vec<u8>>>;
    /// The size that the next line tells.
    fn size(&mut self, max_line: usize) -> PyResult<Result<u64, Fault>>;
    /// Some bytes, at most `most`, to `sink`; 0 at the end of the stream.
    fn piece(&mut self, most: usize, sink: &mut impl Sink) -> PyResult<usize>;
}

/// A reader's own buffer: most lines are seen without a copy.
struct Direct<'a, 'py> {
    py: Python<'py>,
    socket: &'a Socket,
    buffered: &'a mut Buffered,
}

impl Direct<'_, '_> {
    fn fill(&mut self) -> PyResult<usize> {
        // As in a line that is read: what came of it is gone when the socket fails.
        self.buffered.fill(self.py, self.socket).inspect_err(|_| self.buffered.clear())
    }

    fn here(&self) -> &[u8] {
        self.buffered.bytes(self.py)
    }
}

impl Source for Direct<'_, '_> {
    fn line_end(&mut self) -> PyResult<Option<Vec<u8>>> {
        while self.here().len() < 2 && self.fill()? > 0 {}
        let found = (self.here().len() < 2).then(|| self.here().to_vec());
        self.buffered.consume(self.py, 2);
        Ok(found)
    }

    fn size(&mut self, max_line: usize) -> PyResult<Result<u64, Fault>> {
        loop {
            match size_line(self.here()) {
                SizeLine::Whole { size, len } if len <= max_line => {
                    self.buffered.consume(self.py, len);
                    return Ok(Ok(size));
                }
                SizeLine::More if self.fill()? > 0 => {}
                _ => break,
            }
        }
        let len = self.buffered.find_line(self.py, self.socket, Some(max_line + 1))?;
        let size = judge(self.py, &self.here()[..len], max_line)?;
        self.buffered.consume(self.py, len);
        Ok(size)
    }

    fn piece(&mut self, most: usize, sink: &mut impl Sink) -> PyResult<usize> {
        if self.here().is_empty() {
            if most >= RECEIVE {
                return sink.receive(self.socket, most);
            }
            self.fill()?;
        }
        let len = most.min(self.here().len());
        sink.push(&self.here()[..len])?;
        self.buffered.consume(self.py, len);
        Ok(len)
    }
}

/// Any file of Python's; never asked for more than is sure to be wanted.
struct File<'a, 'py> {
    file: &'a Bound<'py, PyAny>,
    /// It gave less than was asked for.
    ended: bool,
}

impl Source for File<'_, '_> {
    fn line_end(&mut self) -> PyResult<Option<Vec<u8>>> {
        let found = self.file.call_method1(intern!(self.file.py(), "read"), (2,))?;
        let found = found.cast::<PyBytes>()?.as_bytes();
        Ok((found.len() < 2).then(|| found.to_vec()))
    }

    fn size(&mut self, max_line: usize) -> PyResult<Result<u64, Fault>> {
        let py = self.file.py();
        let line = self.file.call_method1(intern!(py, "readline"), (max_line + 1,))?;
        let line = line.cast::<PyBytes>()?.as_bytes();
        match size_line(line) {
            SizeLine::Whole { size, len } if len <= max_line => Ok(Ok(size)),
            _ => judge(py, line, max_line),
        }
    }

    fn piece(&mut self, most: usize, sink: &mut impl Sink) -> PyResult<usize> {
        if self.ended {
            return Ok(0);
        }
        let most = most.min(BLOCK);
        let data = self.file.call_method1(intern!(self.file.py(), "read"), (most,))?;
        if data.is_none() {
            return Err(data.len().expect_err("None has no length"));
        }
        let data = data.cast::<PyBytes>()?.as_bytes();
        sink.push(data)?;
        self.ended = data.len() < most;
        Ok(data.len())
    }
}

/// A size line as Python's `int` reads it, up to a semicolon.
#[cold]
fn judge(py: Python<'_>, line: &[u8], max_line: usize) -> PyResult<Result<u64, Fault>> {
    if line.len() > max_line {
        return Ok(Err(Fault::LongLine));
    }
    let digits = line.split(|&byte| byte == b';').next().unwrap_or_default();
    let Ok(size) = py.get_type::<PyInt>().call1((PyBytes::new(py, digits), 16)) else {
        return Ok(Err(Fault::BadSize));
    };
    if size.lt(0)? {
        return Ok(Err(Fault::BadSize));
    }
    // More than 64 bits can hold is more than can come.
    Ok(Ok(size.extract().unwrap_or(u64::MAX)))
}

/// Gives up to `amount` bytes to `sink`. `place` is what remains of the chunk under way, as in
/// `HTTPResponse.chunk_left`; comes back with the fault and how many of the bytes given belong to a chunk
/// that was cut short.
fn decode(
    source: &mut impl Source,
    place: &mut Option<u64>,
    max_line: usize,
    mut amount: usize,
    sink: &mut impl Sink,
) -> PyResult<(Option<u64>, Fault, usize)> {
    loop {
        let left = *place;
        if left == Some(0) {
            // `http.client` skips two bytes here, whatever they are.
            if let Some(found) = source.line_end()? {
                let missing = 2 - found.len() as u64;
                return Ok((left, Fault::Cut(found, missing), 0));
            }
        }
        let mut missing = match left {
            Some(missing @ 1..) => missing,
            _ => match source.size(max_line)? {
                Ok(0) => return Ok((Some(0), Fault::Last, 0)),
                Ok(size) => size,
                Err(fault) => return Ok((None, fault, 0)),
            },
        };
        // Where `http.client` is, too, if the file fails in the middle of the chunk.
        *place = Some(missing);
        let mut taken = 0;
        while missing > 0 && amount > 0 {
            let most = usize::try_from(missing).unwrap_or(usize::MAX).min(amount);
            let len = source.piece(most, sink)?;
            if len == 0 {
                return Ok((Some(missing), Fault::Cut(Vec::new(), missing), taken));
            }
            let len = len.min(most);
            missing -= len as u64;
            amount -= len;
            taken += len;
        }
        *place = Some(missing);
        if amount == 0 {
            return Ok((*place, Fault::Enough, 0));
        }
    }
}

fn decode_from(
    fp: &Bound<'_, PyAny>,
    mut left: Option<u64>,
    max_line: usize,
    amount: usize,
    sink: &mut impl Sink,
) -> PyResult<(Option<u64>, Fault, usize)> {
    let stopped = if let Ok(reader) = fp.cast_exact::<Reader>() {
        let (py, reader) = (fp.py(), reader.get());
        let mut guard = reader.lock(py, "read")?;
        let mut source = Direct { py, socket: &reader.socket, buffered: &mut guard.buffered };
        decode(&mut source, &mut left, max_line, amount, sink)
    } else {
        decode(&mut File { file: fp, ended: false }, &mut left, max_line, amount, sink)
    };
    stopped.or_else(|err| Ok((left, Fault::Raised(err), 0)))
}

type Chunks<'py, T> = (T, Option<u64>, Fault);

/// The data of chunks: of all to the last, whose size line is read and whose trailers are not, or of
/// `amount` bytes.
///
/// `left` is what remains of the chunk under way (0: its line end; None: no chunk yet). The answer is the
/// data of whole chunks, the new `left`, and what stopped it: None for the last chunk, "enough" for
/// `amount`, "size" for an unreadable size, "line" for a size line that is too long, or, for a chunk cut
/// short, the bytes it had and how many were missing.
#[pyfunction]
#[pyo3(signature = (fp, left, max_line, amount = None))]
pub(crate) fn read_chunks<'py>(
    fp: &Bound<'py, PyAny>,
    left: Option<u64>,
    max_line: usize,
    amount: Option<&Bound<'py, PyAny>>,
) -> PyResult<Chunks<'py, Bound<'py, PyBytes>>> {
    let py = fp.py();
    let amount = match count(amount) {
        // More than there can be.
        Err(err) if err.is_instance_of::<PyOverflowError>(py) => usize::MAX,
        amount => amount?.unwrap_or(usize::MAX),
    };
    let mut data = Growing::new(py, amount)?;
    let stopped = decode_from(fp, left, max_line, amount, &mut data)?;
    let data = data.finish()?;
    Ok(match stopped {
        (left, Fault::Cut(had, missing), broken) if broken > 0 || had.is_empty() => {
            let (whole, had) = data.as_bytes().split_at(data.as_bytes().len() - broken);
            (PyBytes::new(py, whole), left, Fault::Cut(had.to_vec(), missing))
        }
        (left, fault, _) => (data, left, fault),
    })
}

/// The same into `buffer`, whose length is the amount; gives how many bytes of whole chunks it holds, or of
/// a part that was asked for.
#[pyfunction]
#[pyo3(signature = (fp, left, max_line, buffer))]
pub(crate) fn readinto_chunks<'py>(
    fp: &Bound<'py, PyAny>,
    left: Option<u64>,
    max_line: usize,
    buffer: &Bound<'py, PyAny>,
) -> PyResult<Chunks<'py, usize>> {
    let mut filling = Filling::new(buffer)?;
    let room = filling.room();
    let (left, fault, broken) = decode_from(fp, left, max_line, room, &mut filling)?;
    let fault = match fault {
        Fault::Cut(had, missing) if had.is_empty() => Fault::Cut(filling.tail(broken), missing),
        fault => fault,
    };
    Ok((filling.len() - broken, left, fault))
}
