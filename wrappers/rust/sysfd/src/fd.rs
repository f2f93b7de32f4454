// SPDX-License-Identifier: MIT
//! New descriptors, and what can be done with any.
//!
//! Flags are those of the system calls: `O_...`, `MFD_...`, `EFD_...`. Close-on-exec is always set.

use std::ffi::{c_int, OsStr};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd};
use std::path::Path;

use crate::raw::{c_string, check_bool, check_fd, check_unit, sys};

/// `AT_FDCWD`: the working directory, where a function takes a directory.
// SAFETY: it is not -1, is never closed, and means the same all the time.
pub const CWD: BorrowedFd<'static> = unsafe { BorrowedFd::borrow_raw(sys::SYSFD_CWD) };

/// For [`open_resolve`]: a path must not lead to another mount.
pub const RESOLVE_NO_MOUNT_POINTS: u64 = sys::SYSFD_RESOLVE_NO_MOUNT_POINTS;
/// A path must not lead through links of `/proc`.
pub const RESOLVE_NO_MAGIC_LINKS: u64 = sys::SYSFD_RESOLVE_NO_MAGIC_LINKS;
/// A path must not lead through symbolic links.
pub const RESOLVE_NO_SYMLINKS: u64 = sys::SYSFD_RESOLVE_NO_SYMLINKS;
/// A path must not lead out of the directory.
pub const RESOLVE_BENEATH: u64 = sys::SYSFD_RESOLVE_BENEATH;
/// The directory is the root directory of the path.
pub const RESOLVE_IN_ROOT: u64 = sys::SYSFD_RESOLVE_IN_ROOT;

/// `openat(2)`: opens a file. `mode` is used if the flags create one.
pub fn open(
    directory: impl AsFd,
    path: impl AsRef<Path>,
    flags: c_int,
    mode: u32,
) -> io::Result<OwnedFd> {
    let path = c_string(path.as_ref())?;
    // SAFETY: borrowed for the call.
    check_fd(unsafe { sys::sysfd_open(raw(&directory), path.as_ptr(), flags, mode) })
}

/// `openat2(2)`: the same, with `RESOLVE_...`.
pub fn open_resolve(
    directory: impl AsFd,
    path: impl AsRef<Path>,
    flags: c_int,
    mode: u32,
    resolve: u64,
) -> io::Result<OwnedFd> {
    let path = c_string(path.as_ref())?;
    let directory = raw(&directory);
    // SAFETY: borrowed for the call.
    check_fd(unsafe { sys::sysfd_open_resolve(directory, path.as_ptr(), flags, mode, resolve) })
}

/// Opens `/dev/null` as each of 0, 1 and 2 that is not open.
pub fn open_missing_standard_streams() -> io::Result<()> {
    // SAFETY: no arguments.
    check_unit(unsafe { sys::sysfd_open_missing_standard_streams() })
}

/// `pipe2(2)`: the end for reading, and the end for writing.
pub fn pipe(flags: c_int) -> io::Result<(OwnedFd, OwnedFd)> {
    // SAFETY: two numbers are written.
    pair(|fds| unsafe { sys::sysfd_pipe(flags, fds) })
}

/// `socketpair(2)` of `AF_UNIX`.
pub fn socket_pair(socket_type: c_int) -> io::Result<(OwnedFd, OwnedFd)> {
    // SAFETY: two numbers are written.
    pair(|fds| unsafe { sys::sysfd_socket_pair(socket_type, fds) })
}

/// `memfd_create(2)`.
pub fn memfd(name: impl AsRef<OsStr>, flags: u32) -> io::Result<OwnedFd> {
    let name = c_string(name)?;
    // SAFETY: the name is used for the call only.
    check_fd(unsafe { sys::sysfd_memfd(name.as_ptr(), flags) })
}

/// `eventfd(2)`.
pub fn event_fd(initial: u32, flags: c_int) -> io::Result<OwnedFd> {
    // SAFETY: only numbers.
    check_fd(unsafe { sys::sysfd_event_fd(initial, flags) })
}

/// `fcntl(F_DUPFD_CLOEXEC)`: a second descriptor of the same open file description.
pub fn duplicate(fd: impl AsFd) -> io::Result<OwnedFd> {
    // SAFETY: borrowed for the call.
    check_fd(unsafe { sys::sysfd_duplicate(raw(&fd)) })
}

/// `dup3(2)`: makes `fd` refer to what `source` refers to.
pub fn replace(fd: &mut OwnedFd, source: impl AsFd) -> io::Result<()> {
    // SAFETY: nobody has borrowed the first; the second is borrowed for the call.
    check_unit(unsafe { sys::sysfd_replace(fd.as_raw_fd(), raw(&source)) })
}

/// `close(2)`, once: reports lost data.
pub fn close(fd: OwnedFd) -> io::Result<()> {
    // SAFETY: it is given away.
    check_unit(unsafe { sys::sysfd_close_take(fd.into_raw_fd()) })
}

/// `fcntl(F_GETFD)`: whether the number is open.
pub fn is_open(number: c_int) -> io::Result<bool> {
    // SAFETY: only asks.
    check_bool(unsafe { sys::sysfd_is_open(number) })
}

/// `O_NONBLOCK` of the open file description.
pub fn set_nonblocking(fd: impl AsFd, nonblocking: bool) -> io::Result<()> {
    // SAFETY: borrowed for the call.
    check_unit(unsafe { sys::sysfd_set_nonblocking(raw(&fd), nonblocking.into()) })
}

/// Whether `O_NONBLOCK` is set.
pub fn is_nonblocking(fd: impl AsFd) -> io::Result<bool> {
    // SAFETY: borrowed for the call.
    check_bool(unsafe { sys::sysfd_is_nonblocking(raw(&fd)) })
}

/// `FD_CLOEXEC` of the descriptor.
pub fn set_close_on_exec(fd: impl AsFd, close_on_exec: bool) -> io::Result<()> {
    // SAFETY: borrowed for the call.
    check_unit(unsafe { sys::sysfd_set_close_on_exec(raw(&fd), close_on_exec.into()) })
}

/// Whether `FD_CLOEXEC` is set.
pub fn is_close_on_exec(fd: impl AsFd) -> io::Result<bool> {
    // SAFETY: borrowed for the call.
    check_bool(unsafe { sys::sysfd_is_close_on_exec(raw(&fd)) })
}

/// Whether both refer to the same open file description.
pub fn same_description(left: impl AsFd, right: impl AsFd) -> io::Result<bool> {
    // SAFETY: borrowed for the call.
    check_bool(unsafe { sys::sysfd_same_description(raw(&left), raw(&right)) })
}

/// Opens the same file again, with an offset, flags and locks of its own.
pub fn reopen(fd: impl AsFd, flags: c_int) -> io::Result<OwnedFd> {
    // SAFETY: borrowed for the call.
    check_fd(unsafe { sys::sysfd_reopen(raw(&fd), flags) })
}

/// `TIOCSWINSZ`: the size of a terminal.
pub fn set_window_size(terminal: impl AsFd, rows: u16, columns: u16) -> io::Result<()> {
    // SAFETY: borrowed for the call.
    check_unit(unsafe { sys::sysfd_set_window_size(raw(&terminal), rows, columns) })
}

fn raw(fd: &impl AsFd) -> c_int {
    fd.as_fd().as_raw_fd()
}

fn pair(make: impl FnOnce(*mut c_int) -> c_int) -> io::Result<(OwnedFd, OwnedFd)> {
    let mut fds = [-1; 2];
    check_unit(make(fds.as_mut_ptr()))?;
    // SAFETY: both belong to the caller.
    Ok(unsafe { (OwnedFd::from_raw_fd(fds[0]), OwnedFd::from_raw_fd(fds[1])) })
}
