// SPDX-License-Identifier: MIT

use std::collections::{BTreeSet, HashSet};
use std::ffi::{c_char, c_int, c_uint, CString};
use std::fs::{self, File};
use std::io::Read;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use sysfd::handle::{
    file_system_id, find_mount, name_to_handle, name_to_handle_of, open_by_handle, FanotifyEvents,
    FidKind, HandleFlags, MountCache, NSFS_ROOT, PIDFS_ROOT,
};
use sysfd::{fd, FileHandle, PidFd};

use crate::support::*;

extern "C" {
    fn fanotify_init(flags: c_uint, event_flags: c_uint) -> c_int;
    fn fanotify_mark(
        group: c_int,
        flags: c_uint,
        mask: u64,
        directory: c_int,
        path: *const c_char,
    ) -> c_int;
}

const FLAGS: HandleFlags =
    HandleFlags { follow: false, fid: false, connectable: false, unique_mount: false };

#[test]
fn a_file_is_opened_by_its_handle() {
    alone(|| {
        let scratch = Scratch::new();
        let path = scratch.file("file", "content");
        let (handle, mount) = name_to_handle(fd::CWD, &path, FLAGS).unwrap();
        let file = File::open(&path).unwrap();
        assert_eq!(name_to_handle_of(&file, FLAGS).unwrap().0, handle);
        fs::rename(&path, scratch.path().join("renamed")).unwrap();
        if !is_root() {
            return;
        }
        let opened = open_by_handle(&file, &handle, 0).unwrap();
        assert!(fd::is_close_on_exec(&opened).unwrap());
        assert_eq!(read_all(opened), "content");
        let root = find_mount(mount).unwrap();
        assert_eq!(read_all(open_by_handle(&root, &handle, 0).unwrap()), "content");

        let mut cache = MountCache::default();
        assert!(cache.find(mount).is_ok_and(|root| root.as_raw_fd() >= 3));
        assert_eq!(read_all(cache.open_by_handle(&handle, mount, 0).unwrap()), "content");
        cache.clear();
        drop(file);
        fs::remove_file(scratch.path().join("renamed")).unwrap();
        let stale = open_by_handle(&root, &handle, 0).unwrap_err();
        assert_eq!(stale.kind(), std::io::Error::from_raw_os_error(116).kind());
        // ESTALE
    });
}

#[test]
fn a_handle_is_a_value() {
    alone(|| {
        let scratch = Scratch::new();
        let one = name_to_handle(fd::CWD, scratch.file("1", ""), FLAGS).unwrap().0;
        let two = name_to_handle(fd::CWD, scratch.file("2", ""), FLAGS).unwrap().0;
        assert_ne!(one, two);
        assert_eq!(one.clone(), one);
        assert_eq!(FileHandle::deserialize(&one.serialize()).unwrap(), one);
        assert_eq!(FileHandle::from_parts(one.handle_type(), one.bytes()).unwrap(), one);
        assert!(FileHandle::deserialize(b"junk").is_err());
        assert!(!one.is_fid());
        assert!(!one.is_connectable());
        let twice = [&one, &two, &one];
        assert_eq!(twice.iter().collect::<HashSet<_>>().len(), 2);
        assert_eq!(twice.iter().collect::<BTreeSet<_>>().len(), 2);
    });
}

#[test]
fn kernels_have_more_kinds() {
    alone(|| {
        let scratch = Scratch::new();
        let path = scratch.file("file", "");
        let fid = HandleFlags { fid: true, ..FLAGS };
        if let Ok((handle, _)) = name_to_handle(fd::CWD, &path, fid) {
            assert!(handle.is_fid()); // Linux 6.5
        }
        let unique = HandleFlags { unique_mount: true, follow: true, ..FLAGS };
        if let Ok((_, mount)) = name_to_handle(fd::CWD, &path, unique) {
            assert!(mount.is_unique); // Linux 6.12
        }
        let connectable = HandleFlags { connectable: true, ..FLAGS };
        if let Ok((handle, _)) = name_to_handle(fd::CWD, &path, connectable) {
            assert!(handle.is_connectable()); // Linux 6.13
        }
    });
}

#[test]
fn a_pidfd_and_a_namespace_have_handles() {
    alone(|| {
        let this = PidFd::current().unwrap();
        if let Ok((handle, _)) = name_to_handle_of(&this, FLAGS) {
            if let Ok(opened) = open_by_handle(PIDFS_ROOT, &handle, 0) {
                let opened = PidFd::try_from(opened).unwrap(); // Linux 6.17
                assert!(opened.same_process(&this).unwrap());
            }
        }
        let namespace = File::open("/proc/self/ns/uts").unwrap();
        if let Ok((handle, _)) = name_to_handle_of(&namespace, FLAGS) {
            if let Ok(opened) = open_by_handle(NSFS_ROOT, &handle, 0) {
                assert_eq!(name_to_handle_of(&opened, FLAGS).unwrap().0, handle);
                // Linux 6.18
            }
        }
    });
}

#[test]
fn file_systems_have_ids() {
    alone(|| {
        let scratch = Scratch::new();
        let id = |path| file_system_id(File::open(path).unwrap()).unwrap();
        assert_eq!(id(scratch.path()), id(scratch.path()));
        assert_eq!(errno(file_system_id(fd::CWD)), EBADF);
    });
}

/// A group, or nothing where there is no fanotify.
fn group(flags: c_uint) -> Option<File> {
    const FAN_CLOEXEC_NONBLOCK: c_uint = 3;
    // SAFETY: a new descriptor.
    let group = unsafe { fanotify_init(FAN_CLOEXEC_NONBLOCK | flags, 0o2000000) };
    (group >= 0).then(|| unsafe { OwnedFd::from_raw_fd(group) }.into())
}

fn mark(group: &File, mask: u64, path: &std::path::Path) -> bool {
    const FAN_MARK_ADD: c_uint = 1;
    let path = CString::new(path.as_os_str().as_bytes()).unwrap();
    let cwd = fd::CWD.as_raw_fd();
    // SAFETY: the path is used for the call only.
    unsafe { fanotify_mark(group.as_raw_fd(), FAN_MARK_ADD, mask, cwd, path.as_ptr()) == 0 }
}

#[test]
fn events_have_handles() {
    alone(|| {
        const FAN_REPORT_DFID_NAME: c_uint = 0xc00;
        const FAN_CREATE: u64 = 0x100;
        let scratch = Scratch::new();
        let Some(mut group) = group(FAN_REPORT_DFID_NAME) else {
            return;
        };
        if !mark(&group, FAN_CREATE, scratch.path()) {
            return;
        }
        scratch.file("name", "");
        let mut buffer = [0; 4096];
        let size = group.read(&mut buffer).unwrap();
        // SAFETY: the group has written these bytes.
        let mut events = unsafe { FanotifyEvents::new(&buffer[..size]) }.unwrap();
        let mut event = events.next().unwrap().unwrap();
        assert_ne!(event.mask() & FAN_CREATE, 0);
        assert_eq!(event.pid(), std::process::id() as i32);
        assert!(event.file().is_none());
        assert!(event.process().is_none());
        let fid = event.next_fid().unwrap().unwrap();
        assert_eq!(fid.kind, FidKind::DirectoryAndName);
        assert_eq!(fid.name.unwrap(), "name");
        let directory = File::open(scratch.path()).unwrap();
        assert_eq!(fid.handle, name_to_handle_of(&directory, FLAGS).unwrap().0);
        assert_eq!(fid.file_system, file_system_id(&directory).unwrap());
        assert!(event.next_fid().unwrap().is_none());
        assert!(events.next().unwrap().is_none());
    });
}

#[test]
fn events_own_their_descriptors() {
    alone(|| {
        const FAN_OPEN: u64 = 0x20;
        let scratch = Scratch::new();
        let Some(mut group) = group(0) else { return };
        for name in ["a", "b", "c"] {
            let path = scratch.file(name, name);
            if !mark(&group, FAN_OPEN, &path) {
                return;
            }
            File::open(&path).unwrap();
        }
        let mut buffer = [0; 4096];
        let size = group.read(&mut buffer).unwrap();
        // SAFETY: the group has written these bytes.
        let mut events = unsafe { FanotifyEvents::new(&buffer[..size]) }.unwrap();
        let mut event = events.next().unwrap().unwrap();
        assert!(event.file().unwrap().as_fd().as_raw_fd() >= 3);
        assert_eq!(read_all(event.take_file().unwrap()), "a");
        assert!(event.take_file().is_none());
        assert!(event.take_process().is_none());
        assert!(events.next().unwrap().unwrap().file().is_some());
        // The others are closed here: see `alone`.
    });
}

#[test]
fn junk_is_no_event() {
    alone(|| {
        // SAFETY: it names no descriptor.
        let mut events = unsafe { FanotifyEvents::new(b"junk that is no event") }.unwrap();
        assert_eq!(errno(events.next().map(|event| event.is_some())), EBADMSG);
    });
}
