// SPDX-License-Identifier: MIT
//! Files with a position of their own.

use std::ffi::{c_int, OsStr};
use std::io::{self, IoSlice, IoSliceMut, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, IntoRawFd, OwnedFd};
use std::path::Path;

use crate::raw::{c_string, check_fd, check_size, check_unit, sys, Object, EINVAL, ENODATA};

/// A file with a position of its own, which other descriptors of the same open file description do
/// not move. `Read`, `Write` and `Seek` use the position.
#[derive(Debug)]
pub struct PositionedFile(Object<sys::sysfd_positioned_file>);

// SAFETY: the object belongs to no thread.
unsafe impl Send for PositionedFile {}
// SAFETY: the `..._at` functions of the C interface may run in any number of threads. The others
// that take `&self` read the object, and all that change it take `&mut self`.
unsafe impl Sync for PositionedFile {}

impl PositionedFile {
    /// Takes a file, and starts at this position.
    pub fn new(file: impl Into<OwnedFd>, position: u64) -> io::Result<Self> {
        let fd = file.into().into_raw_fd();
        // SAFETY: the descriptor is given away.
        Self::make(|out| unsafe { sys::sysfd_positioned_file_take(fd, position, out) })
    }

    /// `openat(2)`, with a new open file description that is shared with nobody.
    pub fn open(
        directory: impl AsFd,
        path: impl AsRef<Path>,
        flags: c_int,
        mode: u32,
    ) -> io::Result<Self> {
        let path = c_string(path.as_ref())?;
        let directory = directory.as_fd().as_raw_fd();
        // SAFETY: all are used for the call only.
        Self::make(|out| unsafe {
            sys::sysfd_positioned_file_open(directory, path.as_ptr(), flags, mode, out)
        })
    }

    /// `memfd_create(2)`.
    pub fn memfd(name: impl AsRef<OsStr>, flags: u32) -> io::Result<Self> {
        let name = c_string(name)?;
        // SAFETY: the name is used for the call only.
        Self::make(|out| unsafe { sys::sysfd_positioned_file_memfd(name.as_ptr(), flags, out) })
    }

    /// Opens the same file again.
    pub fn reopen(fd: impl AsFd, flags: c_int) -> io::Result<Self> {
        let fd = fd.as_fd().as_raw_fd();
        // SAFETY: borrowed for the call.
        Self::make(|out| unsafe { sys::sysfd_positioned_file_reopen(fd, flags, out) })
    }

    fn make(make: impl FnOnce(*mut *mut sys::sysfd_positioned_file) -> c_int) -> io::Result<Self> {
        Object::make(sys::sysfd_positioned_file_free, make).map(Self)
    }

    /// `RWF_NOWAIT`: reads what can be read without waiting.
    pub fn read_nowait(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read_flags(buffer, sys::SYSFD_READ_NOWAIT)
    }

    fn read_flags(&mut self, buffer: &mut [u8], flags: u32) -> io::Result<usize> {
        let (data, size) = (buffer.as_mut_ptr().cast(), buffer.len());
        // SAFETY: the buffer has this size.
        check_size(unsafe { sys::sysfd_positioned_file_read(self.0.get(), data, size, flags) })
    }

    /// Writes at the end of the file, and sets the position there.
    pub fn append(&mut self, data: &[u8]) -> io::Result<usize> {
        let (data, size) = (data.as_ptr().cast(), data.len());
        // SAFETY: the data has this size.
        check_size(unsafe { sys::sysfd_positioned_file_append(self.0.get(), data, size) })
    }

    /// `pread(2)`.
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.read_at_flags(buffer, offset, 0)
    }

    /// `preadv2(2)` with `RWF_NOWAIT`.
    pub fn read_at_nowait(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.read_at_flags(buffer, offset, sys::SYSFD_READ_NOWAIT)
    }

    fn read_at_flags(&self, buffer: &mut [u8], offset: u64, flags: u32) -> io::Result<usize> {
        let (data, size) = (buffer.as_mut_ptr().cast(), buffer.len());
        // SAFETY: the buffer has this size.
        check_size(unsafe {
            sys::sysfd_positioned_file_read_at(self.0.get(), data, size, offset, flags)
        })
    }

    /// `pwrite(2)`.
    pub fn write_at(&self, data: &[u8], offset: u64) -> io::Result<usize> {
        let (data, size) = (data.as_ptr().cast(), data.len());
        // SAFETY: the data has this size.
        check_size(unsafe { sys::sysfd_positioned_file_write_at(self.0.get(), data, size, offset) })
    }

    /// `preadv(2)`.
    pub fn read_vectored_at(
        &self,
        buffers: &mut [IoSliceMut<'_>],
        offset: u64,
    ) -> io::Result<usize> {
        // IoSliceMut has the layout of iovec, and so has sysfd_bytes.
        let (vectors, count) = (buffers.as_ptr().cast(), buffers.len());
        // SAFETY: the buffers have their sizes.
        check_size(unsafe {
            sys::sysfd_positioned_file_readv_at(self.0.get(), vectors, count, offset, 0)
        })
    }

    /// `pwritev(2)`.
    pub fn write_vectored_at(&self, data: &[IoSlice<'_>], offset: u64) -> io::Result<usize> {
        let (vectors, count) = (data.as_ptr().cast(), data.len());
        // SAFETY: as above.
        check_size(unsafe {
            sys::sysfd_positioned_file_writev_at(self.0.get(), vectors, count, offset)
        })
    }

    /// Fills the buffer, or fails with `UnexpectedEof`.
    pub fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let (data, size) = (buffer.as_mut_ptr().cast(), buffer.len());
        // SAFETY: the buffer has this size.
        all_or_eof(unsafe {
            sys::sysfd_positioned_file_read_exact_at(self.0.get(), data, size, offset)
        })
    }

    /// Writes all data.
    pub fn write_all_at(&self, data: &[u8], offset: u64) -> io::Result<()> {
        let (data, size) = (data.as_ptr().cast(), data.len());
        // SAFETY: the data has this size.
        check_unit(unsafe {
            sys::sysfd_positioned_file_write_all_at(self.0.get(), data, size, offset)
        })
    }

    /// The position.
    pub fn position(&self) -> u64 {
        // SAFETY: only reads.
        let position = unsafe { sys::sysfd_positioned_file_position(self.0.get()) };
        position.try_into().expect("the object is not empty")
    }

    /// The size of the file.
    pub fn size(&self) -> io::Result<u64> {
        // SAFETY: only reads.
        check_size(unsafe { sys::sysfd_positioned_file_size(self.0.get()) }).map(|size| size as u64)
    }

    /// `ftruncate(2)`.
    pub fn truncate(&self, size: u64) -> io::Result<()> {
        // SAFETY: only numbers.
        check_unit(unsafe { sys::sysfd_positioned_file_truncate(self.0.get(), size) })
    }

    /// `fsync(2)`; `fdatasync(2)` if only the data is wanted.
    pub fn sync(&self, data_only: bool) -> io::Result<()> {
        let flags = if data_only { sys::SYSFD_SYNC_DATA_ONLY } else { 0 };
        // SAFETY: only numbers.
        check_unit(unsafe { sys::sysfd_positioned_file_sync(self.0.get(), flags) })
    }

    /// Gives up the position.
    pub fn into_fd(self) -> OwnedFd {
        // SAFETY: the caller gets the descriptor.
        let fd = check_fd(unsafe { sys::sysfd_positioned_file_fd_release(self.0.get()) });
        fd.expect("the object is not empty")
    }
}

/// -ENODATA: the file ends before.
fn all_or_eof(code: c_int) -> io::Result<()> {
    if code == -ENODATA {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    check_unit(code)
}

impl Read for PositionedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read_flags(buffer, 0)
    }

    fn read_exact(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        let (data, size) = (buffer.as_mut_ptr().cast(), buffer.len());
        // SAFETY: the buffer has this size.
        all_or_eof(unsafe { sys::sysfd_positioned_file_read_exact(self.0.get(), data, size) })
    }
}

impl Write for PositionedFile {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let (data, size) = (data.as_ptr().cast(), data.len());
        // SAFETY: the data has this size.
        check_size(unsafe { sys::sysfd_positioned_file_write(self.0.get(), data, size) })
    }

    fn write_all(&mut self, data: &[u8]) -> io::Result<()> {
        let (data, size) = (data.as_ptr().cast(), data.len());
        // SAFETY: the data has this size.
        check_unit(unsafe { sys::sysfd_positioned_file_write_all(self.0.get(), data, size) })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for PositionedFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (offset, from) = match to {
            SeekFrom::Start(offset) => {
                let offset = offset.try_into();
                let invalid = |_| io::Error::from_raw_os_error(EINVAL);
                (offset.map_err(invalid)?, sys::SYSFD_SEEK_START)
            }
            SeekFrom::Current(offset) => (offset, sys::SYSFD_SEEK_POSITION),
            SeekFrom::End(offset) => (offset, sys::SYSFD_SEEK_END),
        };
        // SAFETY: only numbers.
        check_size(unsafe { sys::sysfd_positioned_file_seek(self.0.get(), offset, from) })
            .map(|position| position as u64)
    }
}

impl AsFd for PositionedFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: the object keeps it open; it is not empty, so that the number is not negative.
        unsafe { BorrowedFd::borrow_raw(sys::sysfd_positioned_file_fd_borrow(self.0.get())) }
    }
}
