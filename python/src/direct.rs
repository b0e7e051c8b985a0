//! Sending and receiving by a socket's descriptor, as its methods do it, and by those where that is simpler.

#![allow(unsafe_code)]

use std::io::{Error, ErrorKind};
use std::time::{Duration, Instant};

use pyo3::exceptions::{PyOSError, PyTimeoutError};
use pyo3::intern;
use pyo3::prelude::*;

use crate::kind::Kind;
use crate::memory::Memory;
use crate::turn::away;

/// From so much room on some of what is to come is likely to be there: it is looked for before it is waited for.
const LARGE: usize = 64 * 1024;

/// A socket that was [`Kind::Plain`] when it was made into this, and waits.
pub(crate) struct Direct {
    descriptor: i32,
    patience: Option<Duration>,
}

impl Direct {
    /// `None` if it isn't, or never waits, or is closed: its methods know what that means.
    pub(crate) fn new(socket: &Bound<'_, PyAny>) -> PyResult<Option<Direct>> {
        let py = socket.py();
        if !cfg!(unix) || Kind::of(socket)? != Kind::Plain {
            return Ok(None);
        }
        let timeout = socket.getattr(intern!(py, "timeout"))?;
        let patience = match timeout.is_none() {
            true => None,
            false => match Duration::try_from_secs_f64(timeout.extract()?) {
                Ok(patience) if !patience.is_zero() => Some(patience),
                _ => return Ok(None),
            },
        };
        let descriptor: i32 = socket.call_method0(intern!(py, "fileno"))?.extract()?;
        Ok((descriptor >= 0).then_some(Direct { descriptor, patience }))
    }

    /// Sends all of `data` that goes without time running out; gives how much that is.
    pub(crate) fn send(&self, py: Python<'_>, data: &[u8]) -> PyResult<usize> {
        let mut sent = 0;
        loop {
            let rest = &data[sent..];
            match away(py, || self.send_once(rest)) {
                Ok(len) => sent += len,
                // A signal may have come before whoever waits now can hear of it.
                Err(fault) if fault.kind() == ErrorKind::WouldBlock => {
                    return py.check_signals().map(|()| sent);
                }
                Err(fault) if fault.kind() == ErrorKind::Interrupted => {}
                Err(fault) => return Err(told(py, &fault)),
            }
            if sent == data.len() {
                return Ok(sent);
            }
            py.check_signals()?;
        }
    }

    /// Receives once into `memory`; gives how much. `None` if the socket does not wait, though it says so.
    pub(crate) fn receive(&self, py: Python<'_>, memory: Memory<'_>) -> PyResult<Option<usize>> {
        let end = self.patience.and_then(|patience| Instant::now().checked_add(patience));
        if self.patience.is_some() != end.is_some() {
            return Ok(None);
        }
        let mut is_ready = end.is_none() || memory.len() >= LARGE;
        loop {
            let received = away(py, || {
                if let Some(end) = end
                    && !is_ready
                    && !self.wait(end)?
                {
                    return Ok(None);
                }
                self.receive_once(&memory).map(Some)
            });
            match received {
                Ok(Some(len)) => return Ok(Some(len)),
                Ok(None) => return Err(PyTimeoutError::new_err("timed out")),
                Err(fault) if fault.kind() == ErrorKind::WouldBlock && end.is_none() => return Ok(None),
                Err(fault) if fault.kind() == ErrorKind::WouldBlock => is_ready = false,
                Err(fault) if fault.kind() == ErrorKind::Interrupted => py.check_signals()?,
                Err(fault) => return Err(told(py, &fault)),
            }
        }
    }

    /// The same behind what `bytes` has, at most `most` bytes.
    pub(crate) fn append(&self, py: Python<'_>, bytes: &mut Vec<u8>, most: usize) -> PyResult<Option<usize>> {
        bytes.reserve(most);
        let memory = Memory::behind(bytes).part(0, most);
        let received = self.receive(py, memory)?;
        if let Some(len) = received {
            // SAFETY: so many bytes have been written behind those that were there.
            unsafe { bytes.set_len(bytes.len() + len) };
        }
        Ok(received)
    }
}

#[cfg(unix)]
impl Direct {
    /// A socket with a time-out has a descriptor that does not wait, unless somebody has changed it.
    fn flags(&self) -> i32 {
        if self.patience.is_some() { libc::MSG_DONTWAIT } else { 0 }
    }

    fn send_once(&self, data: &[u8]) -> Result<usize, Error> {
        // SAFETY: the bytes can be read; a descriptor that is none is refused.
        result(unsafe { libc::send(self.descriptor, data.as_ptr().cast(), data.len(), self.flags()) })
    }

    fn receive_once(&self, memory: &Memory<'_>) -> Result<usize, Error> {
        // SAFETY: the bytes can be written; a descriptor that is none is refused.
        result(unsafe { libc::recv(self.descriptor, memory.as_ptr().cast(), memory.len(), self.flags()) })
    }

    /// Waits until there is something, or an error; false if there is nothing in time.
    fn wait(&self, end: Instant) -> Result<bool, Error> {
        let left = end.saturating_duration_since(Instant::now());
        // Rounded up: it must not end early.
        let left = left.as_nanos().div_ceil(1_000_000).try_into().unwrap_or(i32::MAX);
        let mut asked = libc::pollfd { fd: self.descriptor, events: libc::POLLIN, revents: 0 };
        // SAFETY: one structure, which is written.
        result(unsafe { libc::poll(&raw mut asked, 1, left) } as isize).map(|found| found > 0)
    }
}

#[cfg(not(unix))]
impl Direct {
    fn send_once(&self, _data: &[u8]) -> Result<usize, Error> {
        Err(ErrorKind::WouldBlock.into())
    }

    fn receive_once(&self, _memory: &Memory<'_>) -> Result<usize, Error> {
        Err(ErrorKind::WouldBlock.into())
    }

    fn wait(&self, _end: Instant) -> Result<bool, Error> {
        Err(ErrorKind::WouldBlock.into())
    }
}

/// What a system call has said.
fn result(said: isize) -> Result<usize, Error> {
    usize::try_from(said).map_err(|_| Error::last_os_error())
}

/// As Python tells it.
#[cold]
fn told(py: Python<'_>, fault: &Error) -> PyErr {
    let code = fault.raw_os_error();
    let said = py.import("os").and_then(|os| os.call_method1("strerror", (code,)));
    said.map_or_else(|err| err, |said| PyOSError::new_err((code, said.unbind())))
}
