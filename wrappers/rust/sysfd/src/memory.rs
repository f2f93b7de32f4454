// SPDX-License-Identifier: MIT
//! Memory that is passed as a descriptor, and sealed.

use std::ffi::{c_int, OsStr};
use std::io;
use std::ops::Deref;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::ptr::{null, null_mut};
use std::slice;

use crate::raw::{c_string, check, check_fd, detailed_error, error_text, sys, Object};

/// `memfd_create(2)`: with this content, which nobody can change.
pub fn sealed_memfd(name: impl AsRef<OsStr>, content: &[u8]) -> io::Result<OwnedFd> {
    let name = c_string(name)?;
    let (data, size) = (content.as_ptr().cast(), content.len());
    // SAFETY: the content has this size.
    check_fd(unsafe { sys::sysfd_sealed_memfd(name.as_ptr(), data, size) })
}

/// `memfd_create(2)`: of this size, which nobody can change.
pub fn fixed_memfd(name: impl AsRef<OsStr>, size: u64) -> io::Result<OwnedFd> {
    let name = c_string(name)?;
    // SAFETY: the name is used for the call only.
    check_fd(unsafe { sys::sysfd_fixed_memfd(name.as_ptr(), size) })
}

/// What a file lacks that must be sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingSeal {
    /// Others may make it smaller.
    MayShrink,
    /// Others may change its content.
    MayChange,
}

/// Why memory could not be mapped.
#[derive(Clone, Debug)]
pub struct MapError {
    errno: c_int,
    text: String,
    missing_seal: Option<MissingSeal>,
}
detailed_error!(MapError);

impl MapError {
    /// The seal that is missing, if that is the reason.
    pub fn missing_seal(&self) -> Option<MissingSeal> {
        self.missing_seal
    }
}

fn map<T>(
    free: unsafe extern "C" fn(*mut T),
    call: impl FnOnce(*mut *mut T, *mut sys::sysfd_error) -> c_int,
) -> Result<Object<T>, MapError> {
    let mut error = sys::sysfd_error::INIT;
    let mut pointer = null_mut();
    let code = call(&mut pointer, &mut error);
    if code < 0 {
        return Err(MapError {
            errno: -code,
            text: error_text(&error.text, -code),
            missing_seal: match error.kind {
                sys::SYSFD_SEAL_MAY_SHRINK => Some(MissingSeal::MayShrink),
                sys::SYSFD_SEAL_MAY_CHANGE => Some(MissingSeal::MayChange),
                _ => None,
            },
        });
    }
    // SAFETY: it was written, since that succeeded.
    Ok(unsafe { Object::adopt(pointer, free) })
}

/// The content of a file that nobody can change: bytes.
#[derive(Debug)]
pub struct SealedMemory {
    _object: Object<sys::sysfd_sealed_memory>,
    data: *const u8,
    size: usize,
}

// SAFETY: the object belongs to no thread.
unsafe impl Send for SealedMemory {}
// SAFETY: what `&self` reads is memory that never changes, and not the object.
unsafe impl Sync for SealedMemory {}

impl SealedMemory {
    /// `mmap(2)` of a file that is sealed, if it has at most `max_size` bytes.
    pub fn map(fd: impl AsFd, max_size: u64) -> Result<Self, MapError> {
        let fd = fd.as_fd().as_raw_fd();
        // SAFETY: borrowed for the call.
        let object = map(sys::sysfd_sealed_memory_free, |out, error| unsafe {
            sys::sysfd_sealed_memory_map(fd, max_size, out, error)
        })?;
        Ok(Self::of(object))
    }

    /// A copy of a file that need not be sealed.
    pub fn copy(fd: impl AsFd, max_size: u64) -> io::Result<Self> {
        let fd = fd.as_fd().as_raw_fd();
        // SAFETY: borrowed for the call.
        let object = Object::make(sys::sysfd_sealed_memory_free, |out| unsafe {
            sys::sysfd_sealed_memory_copy(fd, max_size, out)
        })?;
        Ok(Self::of(object))
    }

    fn of(object: Object<sys::sysfd_sealed_memory>) -> Self {
        let (mut data, mut size) = (null(), 0);
        // SAFETY: writes both.
        let code = unsafe { sys::sysfd_sealed_memory_bytes(object.get(), &mut data, &mut size) };
        check(code).expect("the arguments are valid");
        Self { _object: object, data: data.cast(), size }
    }
}

impl Deref for SealedMemory {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        if self.size == 0 {
            return &[];
        }
        // SAFETY: the object keeps them mapped.
        unsafe { slice::from_raw_parts(self.data, self.size) }
    }
}

/// The content of a file that others may change at any time, but not make smaller: an address.
#[derive(Debug)]
pub struct SharedMemory {
    _object: Object<sys::sysfd_shared_memory>,
    data: *mut u8,
    size: usize,
}

// SAFETY: the object belongs to no thread.
unsafe impl Send for SharedMemory {}
// SAFETY: `&self` tells an address and a size, which never change.
unsafe impl Sync for SharedMemory {}

impl SharedMemory {
    /// `mmap(2)` of a file whose size is sealed, if it has at most `max_size` bytes.
    pub fn map(fd: impl AsFd, max_size: u64) -> Result<Self, MapError> {
        let fd = fd.as_fd().as_raw_fd();
        // SAFETY: borrowed for the call.
        let object = map(sys::sysfd_shared_memory_free, |out, error| unsafe {
            sys::sysfd_shared_memory_map(fd, max_size, out, error)
        })?;
        let (mut data, mut size) = (null_mut(), 0);
        // SAFETY: writes both.
        let code = unsafe { sys::sysfd_shared_memory_bytes(object.get(), &mut data, &mut size) };
        check(code).expect("the arguments are valid");
        Ok(Self { _object: object, data: data.cast(), size })
    }

    /// Where the bytes are, as long as this lives. Others may change them: use atomics, or volatile
    /// accesses.
    pub fn as_ptr(&self) -> *mut u8 {
        self.data
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.size
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.size == 0
    }
}
