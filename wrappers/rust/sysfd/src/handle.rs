// SPDX-License-Identifier: MIT
//! File handles: names of files that outlive their paths; and the events of fanotify, which have
//! such names.

use std::cmp::Ordering;
use std::ffi::{c_int, OsStr};
use std::hash::{Hash, Hasher};
use std::io;
use std::marker::PhantomData;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr::null;
use std::slice;

use crate::raw::{borrowed, c_string, check, check_fd, released, sys, Object};

/// In place of a mount, for handles of pidfds.
// SAFETY: it is not -1, is never closed, and means the same all the time.
pub const PIDFS_ROOT: BorrowedFd<'static> =
    unsafe { BorrowedFd::borrow_raw(sys::SYSFD_PIDFS_ROOT) };
/// In place of a mount, for handles of namespaces.
// SAFETY: as above.
pub const NSFS_ROOT: BorrowedFd<'static> = unsafe { BorrowedFd::borrow_raw(sys::SYSFD_NSFS_ROOT) };

/// A name of a file that outlives its path. A value: equal, ordered and hashed by its type and
/// bytes.
#[derive(Debug)]
pub struct FileHandle(Object<sys::sysfd_file_handle>);

// SAFETY: the object belongs to no thread.
unsafe impl Send for FileHandle {}
// SAFETY: the C interface says that it is a value, which is never changed.
unsafe impl Sync for FileHandle {}

/// The number of a mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MountId {
    /// The number.
    pub id: u64,
    /// It is never reused until the system is rebooted.
    pub is_unique: bool,
}

impl MountId {
    fn raw(self) -> sys::sysfd_mount_id {
        sys::sysfd_mount_id { id: self.id, is_unique: self.is_unique.into(), reserved: 0 }
    }
}

/// How to name a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HandleFlags {
    /// `AT_SYMLINK_FOLLOW`.
    pub follow: bool,
    /// `AT_HANDLE_FID`: only to compare, not to open.
    pub fid: bool,
    /// `AT_HANDLE_CONNECTABLE`: a path is known when it is opened.
    pub connectable: bool,
    /// `AT_HANDLE_MNT_ID_UNIQUE`.
    pub unique_mount: bool,
}

impl HandleFlags {
    fn raw(self) -> u32 {
        [
            (self.follow, sys::SYSFD_HANDLE_FOLLOW),
            (self.fid, sys::SYSFD_HANDLE_FID),
            (self.connectable, sys::SYSFD_HANDLE_CONNECTABLE),
            (self.unique_mount, sys::SYSFD_HANDLE_UNIQUE_MOUNT),
        ]
        .iter()
        .filter(|(is_set, _)| *is_set)
        .map(|(_, flag)| flag)
        .sum()
    }
}

/// `name_to_handle_at(2)`: names the file at this path.
pub fn name_to_handle(
    directory: impl AsFd,
    path: impl AsRef<Path>,
    flags: HandleFlags,
) -> io::Result<(FileHandle, MountId)> {
    let path = c_string(path.as_ref())?;
    let directory = directory.as_fd().as_raw_fd();
    // SAFETY: all are used for the call only.
    name(|handle, mount| unsafe {
        sys::sysfd_name_to_handle(directory, path.as_ptr(), flags.raw(), handle, mount)
    })
}

/// The same of an open file.
pub fn name_to_handle_of(fd: impl AsFd, flags: HandleFlags) -> io::Result<(FileHandle, MountId)> {
    let fd = fd.as_fd().as_raw_fd();
    // SAFETY: borrowed for the call.
    name(|handle, mount| unsafe { sys::sysfd_name_to_handle_of(fd, flags.raw(), handle, mount) })
}

fn name(
    call: impl FnOnce(*mut *mut sys::sysfd_file_handle, *mut sys::sysfd_mount_id) -> c_int,
) -> io::Result<(FileHandle, MountId)> {
    let mut mount = sys::sysfd_mount_id { id: 0, is_unique: 0, reserved: 0 };
    let handle = FileHandle::make(|out| call(out, &mut mount))?;
    let mount = MountId { id: mount.id, is_unique: mount.is_unique != 0 };
    Ok((handle, mount))
}

/// `open_by_handle_at(2)`. `mount`: any file in the mount, or [`PIDFS_ROOT`], [`NSFS_ROOT`].
pub fn open_by_handle(mount: impl AsFd, handle: &FileHandle, flags: c_int) -> io::Result<OwnedFd> {
    let mount = mount.as_fd().as_raw_fd();
    // SAFETY: borrowed for the call.
    check_fd(unsafe { sys::sysfd_open_by_handle(mount, handle.0.get(), flags) })
}

/// Opens the root of a mount.
pub fn find_mount(mount: MountId) -> io::Result<OwnedFd> {
    // SAFETY: only numbers.
    check_fd(unsafe { sys::sysfd_find_mount(mount.raw()) })
}

/// `fstatfs(2)`: the ID of the file system that a file is in.
pub fn file_system_id(fd: impl AsFd) -> io::Result<[i32; 2]> {
    let mut id = [0; 2];
    // SAFETY: writes two numbers.
    check(unsafe { sys::sysfd_file_system_id(fd.as_fd().as_raw_fd(), id.as_mut_ptr()) })?;
    Ok(id)
}

impl FileHandle {
    fn make(make: impl FnOnce(*mut *mut sys::sysfd_file_handle) -> c_int) -> io::Result<Self> {
        Object::make(sys::sysfd_file_handle_free, make).map(Self)
    }

    /// Makes one of what another program has stored.
    pub fn from_parts(handle_type: i32, bytes: &[u8]) -> io::Result<Self> {
        let (data, size) = (bytes.as_ptr().cast(), bytes.len());
        // SAFETY: the bytes have this size.
        Self::make(|out| unsafe { sys::sysfd_file_handle_from_parts(handle_type, data, size, out) })
    }

    /// Reads what [`serialize`](Self::serialize) has written.
    pub fn deserialize(stored: &[u8]) -> io::Result<Self> {
        let (data, size) = (stored.as_ptr().cast(), stored.len());
        // SAFETY: the bytes have this size.
        Self::make(|out| unsafe { sys::sysfd_file_handle_deserialize(data, size, out) })
    }

    /// Bytes to store.
    pub fn serialize(&self) -> Vec<u8> {
        let mut bytes = vec![0; 160]; // enough, says the header
        let (data, size) = (bytes.as_mut_ptr().cast(), bytes.len());
        // SAFETY: the buffer has this size.
        let written = check(unsafe { sys::sysfd_file_handle_serialize(self.0.get(), data, size) });
        bytes.truncate(written.expect("the buffer is large enough") as usize);
        bytes
    }

    /// The type.
    pub fn handle_type(&self) -> i32 {
        let mut handle_type = 0;
        // SAFETY: writes a number.
        let code = unsafe { sys::sysfd_file_handle_type(self.0.get(), &mut handle_type) };
        check(code).expect("the arguments are valid");
        handle_type
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        let (mut data, mut size) = (null(), 0);
        // SAFETY: writes both.
        let code = unsafe { sys::sysfd_file_handle_bytes(self.0.get(), &mut data, &mut size) };
        check(code).expect("the arguments are valid");
        if size == 0 {
            return &[];
        }
        // SAFETY: they live as long as the object.
        unsafe { slice::from_raw_parts(data.cast(), size) }
    }

    /// Whether it is only to compare, not to open.
    pub fn is_fid(&self) -> bool {
        // SAFETY: only asks.
        unsafe { sys::sysfd_file_handle_is_fid(self.0.get()) == 1 }
    }

    /// Whether a path is known when it is opened.
    pub fn is_connectable(&self) -> bool {
        // SAFETY: only asks.
        unsafe { sys::sysfd_file_handle_is_connectable(self.0.get()) == 1 }
    }

    unsafe fn copy_of(handle: *const sys::sysfd_file_handle) -> Self {
        // SAFETY: the caller knows that it lives.
        Self(Object::must(sys::sysfd_file_handle_free, |out| unsafe {
            sys::sysfd_file_handle_copy(handle, out)
        }))
    }
}

impl Clone for FileHandle {
    fn clone(&self) -> Self {
        // SAFETY: it lives.
        unsafe { Self::copy_of(self.0.get()) }
    }
}

impl PartialEq for FileHandle {
    fn eq(&self, other: &Self) -> bool {
        // SAFETY: both live.
        unsafe { sys::sysfd_file_handle_equal(self.0.get(), other.0.get()) == 1 }
    }
}

impl Eq for FileHandle {}

impl Ord for FileHandle {
    fn cmp(&self, other: &Self) -> Ordering {
        let mut order = 0;
        // SAFETY: both live.
        let code =
            unsafe { sys::sysfd_file_handle_compare(self.0.get(), other.0.get(), &mut order) };
        check(code).expect("the arguments are valid");
        order.cmp(&0)
    }
}

impl PartialOrd for FileHandle {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for FileHandle {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let mut hash = 0;
        // SAFETY: writes a number.
        let code = unsafe { sys::sysfd_file_handle_hash(self.0.get(), &mut hash) };
        check(code).expect("the arguments are valid");
        state.write_u64(hash);
    }
}

/// Mounts that were found, kept open.
#[derive(Debug)]
pub struct MountCache(Object<sys::sysfd_mount_cache>);

// SAFETY: the object belongs to no thread.
unsafe impl Send for MountCache {}

impl MountCache {
    /// An empty one.
    pub fn new() -> Self {
        Self(Object::must(sys::sysfd_mount_cache_free, |out| {
            // SAFETY: writes an object.
            unsafe { sys::sysfd_mount_cache_new(out) }
        }))
    }

    /// The root of a mount.
    pub fn find(&mut self, mount: MountId) -> io::Result<BorrowedFd<'_>> {
        // SAFETY: nobody else uses the object.
        let fd = check(unsafe { sys::sysfd_mount_cache_find_borrow(self.0.get(), mount.raw()) })?;
        // SAFETY: it is open until the next call with this cache.
        Ok(unsafe { BorrowedFd::borrow_raw(fd) })
    }

    /// Finds the mount, and opens the file.
    pub fn open_by_handle(
        &mut self,
        handle: &FileHandle,
        mount: MountId,
        flags: c_int,
    ) -> io::Result<OwnedFd> {
        let (cache, handle) = (self.0.get(), handle.0.get());
        // SAFETY: nobody else uses the cache.
        check_fd(unsafe {
            sys::sysfd_mount_cache_open_by_handle(cache, handle, mount.raw(), flags)
        })
    }

    /// Closes all.
    pub fn clear(&mut self) {
        // SAFETY: nobody else uses the object.
        check(unsafe { sys::sysfd_mount_cache_clear(self.0.get()) })
            .expect("the arguments are valid");
    }
}

impl Default for MountCache {
    fn default() -> Self {
        Self::new()
    }
}

/// The events that `read(2)` of a fanotify group has stored in a buffer. Owns all descriptors
/// there.
#[derive(Debug)]
pub struct FanotifyEvents<'buffer> {
    object: Object<sys::sysfd_fanotify_events>,
    buffer: PhantomData<&'buffer [u8]>,
}

// SAFETY: the object belongs to no thread.
unsafe impl Send for FanotifyEvents<'_> {}

impl<'buffer> FanotifyEvents<'buffer> {
    /// Takes the events.
    ///
    /// # Safety
    ///
    /// `read(2)` of a fanotify group has stored these bytes, and nobody else owns the descriptors
    /// that they name.
    pub unsafe fn new(buffer: &'buffer [u8]) -> io::Result<Self> {
        let (data, size) = (buffer.as_ptr().cast(), buffer.len());
        // SAFETY: the bytes have this size, and live as long as this.
        let object = Object::make(sys::sysfd_fanotify_events_free, |out| unsafe {
            sys::sysfd_fanotify_events_take(data, size, out)
        })?;
        Ok(Self { object, buffer: PhantomData })
    }

    /// Goes on to the next event, and closes what is left of the one before.
    #[allow(clippy::should_implement_trait)] // the event borrows this
    pub fn next(&mut self) -> io::Result<Option<FanotifyEvent<'_, 'buffer>>> {
        let mut raw = sys::sysfd_fanotify_event::INIT;
        // SAFETY: writes to the struct.
        let code = unsafe { sys::sysfd_fanotify_events_next(self.object.get(), &mut raw) };
        Ok((check(code)? != 0).then_some(FanotifyEvent { events: self, raw }))
    }
}

/// One event of fanotify.
pub struct FanotifyEvent<'events, 'buffer> {
    events: &'events mut FanotifyEvents<'buffer>,
    raw: sys::sysfd_fanotify_event,
}

impl<'buffer> FanotifyEvent<'_, 'buffer> {
    /// `FAN_...`.
    pub fn mask(&self) -> u64 {
        self.raw.mask
    }

    /// The number of the process that has caused it.
    pub fn pid(&self) -> i32 {
        self.raw.pid
    }

    /// The file.
    pub fn file(&self) -> Option<BorrowedFd<'_>> {
        // SAFETY: it is open until this is used again.
        unsafe { borrowed(self.raw.file) }
    }

    /// A pidfd of the process.
    pub fn process(&self) -> Option<BorrowedFd<'_>> {
        // SAFETY: it is open until this is used again.
        unsafe { borrowed(self.raw.process) }
    }

    /// The file, which becomes the caller's.
    pub fn take_file(&mut self) -> Option<OwnedFd> {
        self.raw.file = -1;
        // SAFETY: the caller gets the descriptor.
        released(unsafe { sys::sysfd_fanotify_events_file_release(self.events.object.get()) })
    }

    /// The pidfd, which becomes the caller's.
    pub fn take_process(&mut self) -> Option<OwnedFd> {
        self.raw.process = -1;
        // SAFETY: the caller gets the descriptor.
        released(unsafe { sys::sysfd_fanotify_events_process_release(self.events.object.get()) })
    }

    /// The next handle of this event.
    pub fn next_fid(&mut self) -> io::Result<Option<FanotifyFid<'buffer>>> {
        let mut raw = sys::sysfd_fanotify_fid::INIT;
        // SAFETY: writes to the struct.
        let code =
            unsafe { sys::sysfd_fanotify_events_next_fid(self.events.object.get(), &mut raw) };
        if check(code)? == 0 {
            return Ok(None);
        }
        Ok(Some(FanotifyFid {
            kind: match raw.kind {
                sys::SYSFD_FANOTIFY_DFID => FidKind::Directory,
                sys::SYSFD_FANOTIFY_DFID_NAME => FidKind::DirectoryAndName,
                sys::SYSFD_FANOTIFY_OLD_DFID_NAME => FidKind::OldDirectoryAndName,
                sys::SYSFD_FANOTIFY_NEW_DFID_NAME => FidKind::NewDirectoryAndName,
                _ => FidKind::File,
            },
            file_system: raw.file_system,
            // SAFETY: it lives until the next call.
            handle: unsafe { FileHandle::copy_of(raw.handle) },
            // SAFETY: it is in the buffer.
            name: (!raw.name.is_null()).then(|| {
                OsStr::from_bytes(unsafe { slice::from_raw_parts(raw.name.cast(), raw.name_size) })
            }),
        }))
    }
}

/// What a handle of an event names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FidKind {
    /// `FAN_EVENT_INFO_TYPE_FID`.
    File,
    /// `FAN_EVENT_INFO_TYPE_DFID`.
    Directory,
    /// `FAN_EVENT_INFO_TYPE_DFID_NAME`.
    DirectoryAndName,
    /// `FAN_EVENT_INFO_TYPE_OLD_DFID_NAME`.
    OldDirectoryAndName,
    /// `FAN_EVENT_INFO_TYPE_NEW_DFID_NAME`.
    NewDirectoryAndName,
}

/// A handle of an event.
#[derive(Clone, Debug)]
pub struct FanotifyFid<'buffer> {
    /// What it names.
    pub kind: FidKind,
    /// See [`file_system_id`].
    pub file_system: [i32; 2],
    /// The handle.
    pub handle: FileHandle,
    /// The name in that directory.
    pub name: Option<&'buffer OsStr>,
}
