//! Memory that is written from outside of Python: by the system, or by what has been received before.

#![allow(unsafe_code)]

use std::marker::PhantomData;

use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;

/// Where bytes may be written for as long as it lives.
pub(crate) struct Memory<'a> {
    from: *mut u8,
    len: usize,
    of: PhantomData<&'a ()>,
}

// SAFETY: it is an address, which no thread reads through unless it has the interpreter.
unsafe impl Send for Memory<'_> {}
// SAFETY: as above.
unsafe impl Sync for Memory<'_> {}

impl<'a> Memory<'a> {
    /// All of a buffer of Python's; `None` if it isn't in one piece, or can't be written.
    pub(crate) fn of(buffer: &'a PyBuffer<u8>) -> Option<Memory<'a>> {
        let from = buffer.as_slice_ptr().filter(|_| !buffer.readonly())?;
        Some(Memory { from: from.as_ptr().cast(), len: buffer.len_bytes(), of: PhantomData })
    }

    /// The room behind what `bytes` has.
    pub(crate) fn behind(bytes: &'a mut Vec<u8>) -> Memory<'a> {
        let room = bytes.spare_capacity_mut();
        Memory { from: room.as_mut_ptr().cast(), len: room.len(), of: PhantomData }
    }

    /// `len` bytes from `from` on.
    ///
    /// # Safety
    ///
    /// They can be written for as long as this lives, and nobody else looks at them.
    pub(crate) unsafe fn at(from: *mut u8, len: usize) -> Memory<'a> {
        Memory { from, len, of: PhantomData }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn as_ptr(&self) -> *mut u8 {
        self.from
    }

    /// A part of it.
    pub(crate) fn part(&self, from: usize, to: usize) -> Memory<'a> {
        assert!(from <= to && to <= self.len);
        // SAFETY: within what it has.
        Memory { from: unsafe { self.from.add(from) }, len: to - from, of: PhantomData }
    }

    /// Writes `bytes` to its beginning.
    pub(crate) fn write(&self, _py: Python<'_>, bytes: &[u8]) {
        assert!(bytes.len() <= self.len);
        // SAFETY: there is room for so many, and they may be a part of what is written to.
        unsafe { std::ptr::copy(bytes.as_ptr(), self.from, bytes.len()) };
    }

    /// A copy of what it holds, which has been written before.
    pub(crate) fn copied(&self, _py: Python<'_>) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.len);
        // SAFETY: both have so many bytes, and the vector is new.
        unsafe {
            std::ptr::copy_nonoverlapping(self.from, bytes.as_mut_ptr(), self.len);
            bytes.set_len(self.len);
        }
        bytes
    }
}
