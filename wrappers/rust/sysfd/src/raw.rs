// SPDX-License-Identifier: MIT
//! What all modules need to call the C interface.

use std::alloc::{handle_alloc_error, Layout};
use std::ffi::{c_char, c_int, CString, OsStr};
use std::io;
use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::ptr::{null_mut, NonNull};

pub(crate) use sysfd_sys as sys;

pub(crate) const ENOENT: c_int = 2;
pub(crate) const EINVAL: c_int = 22;
pub(crate) const ENODATA: c_int = 61;

/// Owns an object of the C interface.
pub(crate) struct Object<T> {
    pointer: NonNull<T>,
    free: unsafe extern "C" fn(*mut T),
}

impl<T> Object<T> {
    /// Adopts an object that the caller owns, and that `free` frees. It is not null.
    pub(crate) unsafe fn adopt(pointer: *mut T, free: unsafe extern "C" fn(*mut T)) -> Self {
        let pointer = NonNull::new(pointer).expect("the C interface writes an object");
        Self { pointer, free }
    }

    /// Calls `make` with the address where it writes an object that the caller owns.
    pub(crate) fn make(
        free: unsafe extern "C" fn(*mut T),
        make: impl FnOnce(*mut *mut T) -> c_int,
    ) -> io::Result<Self> {
        let mut pointer = null_mut();
        check(make(&mut pointer))?;
        // SAFETY: it was written, since that succeeded.
        Ok(unsafe { Self::adopt(pointer, free) })
    }

    /// As `make`, which fails for lack of memory only.
    pub(crate) fn must(
        free: unsafe extern "C" fn(*mut T),
        make: impl FnOnce(*mut *mut T) -> c_int,
    ) -> Self {
        Self::make(free, make).unwrap_or_else(|_| handle_alloc_error(Layout::new::<usize>()))
    }

    pub(crate) fn get(&self) -> *mut T {
        self.pointer.as_ptr()
    }
}

impl<T> Drop for Object<T> {
    fn drop(&mut self) {
        // SAFETY: this owns the object, and `free` is its function.
        unsafe { (self.free)(self.pointer.as_ptr()) }
    }
}

impl<T> std::fmt::Debug for Object<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:p}", self.pointer)
    }
}

/// A result of the C interface: not negative, or -errno.
pub(crate) fn check(code: c_int) -> io::Result<c_int> {
    if code < 0 {
        Err(io::Error::from_raw_os_error(-code))
    } else {
        Ok(code)
    }
}

/// The same, of a size.
pub(crate) fn check_size(code: i64) -> io::Result<usize> {
    match usize::try_from(code) {
        Ok(size) => Ok(size),
        Err(_) => Err(io::Error::from_raw_os_error(-code as c_int)),
    }
}

/// The same, of an answer.
pub(crate) fn check_bool(code: c_int) -> io::Result<bool> {
    Ok(check(code)? != 0)
}

/// The same, of nothing.
pub(crate) fn check_unit(code: c_int) -> io::Result<()> {
    check(code).map(|_| ())
}

/// The same, of a new descriptor.
pub(crate) fn check_fd(code: c_int) -> io::Result<OwnedFd> {
    // SAFETY: it belongs to the caller.
    check(code).map(|fd| unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Turns "there is none" (-ENOENT) into `None`, of a descriptor that the caller gets.
pub(crate) fn released(code: c_int) -> Option<OwnedFd> {
    check_fd(code).ok()
}

/// The same of a descriptor that an object keeps for the lifetime `'a`.
pub(crate) unsafe fn borrowed<'a>(code: c_int) -> Option<BorrowedFd<'a>> {
    // SAFETY: the caller knows that it stays open.
    (code >= 0).then(|| unsafe { BorrowedFd::borrow_raw(code) })
}

/// Turns "not yet" into `None`.
pub(crate) fn if_now<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    use io::ErrorKind::{TimedOut, WouldBlock};
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.kind(), TimedOut | WouldBlock) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Turns "there is none" (ENODATA) into `None`.
pub(crate) fn if_any<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.raw_os_error() == Some(ENODATA) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What is wrong with a string that C cannot take.
pub(crate) fn has_nul(value: &OsStr) -> String {
    format!("{value:?} contains a NUL byte")
}

/// A string for C.
pub(crate) fn c_string(value: impl AsRef<OsStr>) -> io::Result<CString> {
    let value = value.as_ref();
    CString::new(value.as_bytes())
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, has_nul(value)))
}

/// Calls `write` with a buffer that is large enough for its text.
pub(crate) fn text(write: impl Fn(*mut c_char, usize) -> c_int) -> io::Result<String> {
    let mut buffer = vec![0u8; 128];
    loop {
        let length = check(write(buffer.as_mut_ptr().cast(), buffer.len()))? as usize;
        if length < buffer.len() {
            buffer.truncate(length);
            return Ok(String::from_utf8_lossy(&buffer).into_owned());
        }
        buffer.resize(length + 1, 0);
    }
}

/// The text of an error struct.
pub(crate) fn error_text(text: &[c_char], errno: c_int) -> String {
    let bytes: Vec<u8> = text.iter().map(|&byte| byte as u8).take_while(|&it| it != 0).collect();
    if bytes.is_empty() {
        return io::Error::from_raw_os_error(errno).to_string();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Makes what is common to errors that have an errno value and a text.
macro_rules! detailed_error {
    ($name:ident) => {
        impl $name {
            /// The errno value.
            pub fn errno(&self) -> i32 {
                self.errno
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.text)
            }
        }

        impl std::error::Error for $name {}

        /// Its kind is that of the errno value. `get_ref()` is the error itself.
        impl From<$name> for std::io::Error {
            fn from(error: $name) -> Self {
                Self::new(Self::from_raw_os_error(error.errno).kind(), error)
            }
        }
    };
}
pub(crate) use detailed_error;
