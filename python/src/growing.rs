//! A `bytes` object that is filled while it grows, so that a body is written once, where it stays.

use std::ffi::c_int;
use std::sync::atomic::{AtomicIsize, AtomicPtr, Ordering};

use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMemoryView};

use crate::memory::Memory;
use crate::socket::{BLOCK, RECEIVE, Socket};

/// From this size on the pages are asked for in large ones, which saves half the cost of a body that fills them.
const LARGE: usize = 8 * 1024 * 1024;

#[allow(unsafe_code)]
unsafe extern "C" {
    // Public in C, but not among pyo3's declarations.
    fn _PyBytes_Resize(bytes: *mut *mut ffi::PyObject, size: ffi::Py_ssize_t) -> c_int;
}

/// Bytes of Python's that nobody else has seen yet.
pub(crate) struct Growing<'py> {
    py: Python<'py>,
    /// An owned reference to a `bytes` of the size `room`; null only after a failure to grow.
    object: *mut ffi::PyObject,
    room: usize,
    len: usize,
    /// It will never be longer.
    most: usize,
}

#[allow(unsafe_code)]
impl<'py> Growing<'py> {
    /// Empty, to hold `most` bytes at the most, `usize::MAX` if nobody knows.
    pub(crate) fn new(py: Python<'py>, most: usize) -> PyResult<Growing<'py>> {
        let room = if most == usize::MAX { RECEIVE } else { most.min(BLOCK) };
        // SAFETY: a null pointer asks for bytes that are not written yet; no length here is near `isize`'s end.
        let object = unsafe { ffi::PyBytes_FromStringAndSize(std::ptr::null(), room as isize) };
        if object.is_null() {
            return Err(PyErr::fetch(py));
        }
        Ok(Growing { py, object, room, len: 0, most })
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Adds what is here already.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> PyResult<()> {
        self.reserve(bytes.len())?;
        // SAFETY: `reserve` has made the room, and nobody else has a reference to the bytes.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.end(), bytes.len()) };
        self.len += bytes.len();
        Ok(())
    }

    /// Receives once, at most `most` bytes, straight into its place; gives how many they were.
    pub(crate) fn receive(&mut self, socket: &Socket, most: usize) -> PyResult<usize> {
        self.reserve(1)?;
        let most = most.min(self.room - self.len);
        // SAFETY: there is room for so many, and nobody else has a reference to the bytes.
        let memory = unsafe { Memory::at(self.end(), most) };
        if let Some(received) = socket.write_to(self.py, memory)? {
            self.len += received.min(most);
            return Ok(received);
        }
        let room = Room { from: AtomicPtr::new(self.end()), len: most, views: AtomicIsize::new(0) };
        let room = Bound::new(self.py, room)?;
        let view = PyMemoryView::from(&room)?;
        let received = socket.receive_into(&view);
        let released = view.call_method0(pyo3::intern!(self.py, "release")).map(drop);
        if let Err(held) = released.and_then(|()| room.get().shut()) {
            // Somebody holds on to the memory: it must never be given back.
            self.object = std::ptr::null_mut();
            return Err(held);
        }
        let received = received?.min(most);
        self.len += received;
        Ok(received)
    }

    /// The bytes, as long as they have become.
    pub(crate) fn finish(mut self) -> PyResult<Bound<'py, PyBytes>> {
        if self.len < self.room {
            self.resize(self.len)?;
        }
        let object = std::mem::replace(&mut self.object, std::ptr::null_mut());
        // SAFETY: an owned reference to a `bytes` object, given away here.
        Ok(unsafe { Bound::from_owned_ptr(self.py, object).cast_into_unchecked() })
    }

    /// Where the next byte goes.
    fn end(&self) -> *mut u8 {
        // SAFETY: `object` is a live `bytes` of `room` bytes, and `len` is no more than that.
        unsafe { ffi::PyBytes_AsString(self.object).cast::<u8>().add(self.len) }
    }

    /// Room for `more` bytes: twice what was needed before, so that the cost stays linear.
    fn reserve(&mut self, more: usize) -> PyResult<()> {
        let needed = self.len + more;
        if needed <= self.room {
            return Ok(());
        }
        self.resize(needed.max((2 * self.room).min(self.most)).max(512))
    }

    fn resize(&mut self, room: usize) -> PyResult<()> {
        // SAFETY: the reference is the only one; on failure the pointer becomes null and an exception is set.
        if unsafe { _PyBytes_Resize(&raw mut self.object, room as isize) } != 0 {
            return Err(PyErr::fetch(self.py));
        }
        if room > self.room && room >= LARGE {
            self.ask_for_large_pages(room);
        }
        self.room = room;
        Ok(())
    }

    #[cfg(target_os = "linux")]
    fn ask_for_large_pages(&self, room: usize) {
        const PAGE: usize = 4096;
        // SAFETY: `object` is alive.
        let from = unsafe { ffi::PyBytes_AsString(self.object) } as usize;
        // All of its pages, also those that it begins and ends in: a mapping with two kinds of pages could not be
        // moved when it grows on.
        let (from, to) = (from / PAGE * PAGE, (from + room).next_multiple_of(PAGE));
        // SAFETY: each page has a part of the object, and this changes how they are kept, not what they hold. Where
        // the system has no such pages it refuses, and nothing is lost.
        unsafe { libc::madvise(from as *mut libc::c_void, to - from, libc::MADV_HUGEPAGE) };
    }

    #[cfg(not(target_os = "linux"))]
    fn ask_for_large_pages(&self, _room: usize) {}
}

/// Memory to receive into, as Python sees it: it knows whether somebody still can, by a view of a view or in
/// whatever way, when its time is over.
#[pyclass(frozen, module = "straightwire._engine")]
struct Room {
    from: AtomicPtr<u8>,
    len: usize,
    /// How many look at it; below 0 nobody may any more.
    views: AtomicIsize,
}

#[pymethods]
impl Room {
    #[allow(unsafe_code)]
    unsafe fn __getbuffer__(slf: Bound<'_, Self>, view: *mut ffi::Py_buffer, flags: c_int) -> PyResult<()> {
        let room = slf.get();
        let more = |views: isize| (views >= 0).then_some(views + 1);
        if room.views.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).is_err() {
            // SAFETY: where the interpreter has given a view to fill, its owner may be written.
            unsafe { (*view).obj = std::ptr::null_mut() };
            return Err(PyBufferError::new_err("what was received has been handed on"));
        }
        let from = room.from.load(Ordering::Relaxed).cast();
        // SAFETY: `Growing` keeps the memory in its place until no view is left, or for ever.
        if unsafe { ffi::PyBuffer_FillInfo(view, slf.as_ptr(), from, room.len as isize, 0, flags) } != 0 {
            room.views.fetch_sub(1, Ordering::AcqRel);
            return Err(PyErr::fetch(slf.py()));
        }
        Ok(())
    }

    #[allow(unsafe_code)]
    unsafe fn __releasebuffer__(&self, _view: *mut ffi::Py_buffer) {
        self.views.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Room {
    /// Nobody may look at it from now on; an error if somebody does.
    fn shut(&self) -> PyResult<()> {
        match self.views.compare_exchange(0, -1, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => Ok(()),
            Err(_) => Err(PyBufferError::new_err("a view of what was being received has been kept")),
        }
    }
}

#[allow(unsafe_code)]
impl Drop for Growing<'_> {
    fn drop(&mut self) {
        // SAFETY: null, or the only reference to the bytes.
        unsafe { ffi::Py_XDECREF(self.object) };
    }
}
