// SPDX-License-Identifier: MIT

use std::fs::File;
use std::io::{Seek, Write};
use std::os::fd::AsFd;
use std::time::Duration;

use sysfd::fd;
use sysfd::locks::{DescriptionLock, FlockLock, LockMode, LockRange};
use sysfd::memory::{fixed_memfd, sealed_memfd, MissingSeal, SealedMemory, SharedMemory};
use sysfd::passing::{
    pass_credentials, pass_fds, pass_pidfd, send_fds_timeout, Credentials, ReceiveOptions,
    MAX_FDS_IN_MESSAGE,
};
use sysfd::{receive_fds, send_fds, Timeout};

use crate::support::*;

const NOW: Duration = Duration::ZERO;

/// Two descriptions of one file.
fn two(scratch: &Scratch) -> (File, File) {
    let path = scratch.file("locked", "0123456789");
    let open = || File::options().read(true).write(true).open(&path).unwrap();
    (open(), open())
}

#[test]
fn ranges_are_locked() {
    alone(|| {
        let scratch = Scratch::new();
        let (mine, theirs) = two(&scratch);
        let head = LockRange { start: 0, length: 4 };
        let mut lock = DescriptionLock::acquire(&mine, LockMode::Exclusive, head).unwrap();
        assert_eq!(lock.range().unwrap(), head);
        assert_eq!(lock.mode(), LockMode::Exclusive);
        let taken = DescriptionLock::try_acquire(&theirs, LockMode::Shared, LockRange::default());
        assert!(taken.unwrap().is_none());
        let tail = LockRange { start: 4, length: 0 };
        let other = DescriptionLock::try_acquire(&theirs, LockMode::Shared, tail).unwrap().unwrap();
        assert_eq!(other.mode(), LockMode::Shared);
        other.unlock().unwrap();
        lock.downgrade().unwrap();
        assert_eq!(lock.mode(), LockMode::Shared);
        let shared = DescriptionLock::acquire_timeout(&theirs, LockMode::Shared, head, NOW)
            .unwrap()
            .unwrap();
        assert!(!lock.try_upgrade().unwrap());
        assert!(!lock.upgrade_timeout(NOW).unwrap());
        let late = DescriptionLock::acquire_timeout(&theirs, LockMode::Exclusive, head, NOW);
        assert!(late.unwrap().is_none());
        drop(shared);
        assert!(lock.try_upgrade().unwrap());
        lock.upgrade().unwrap();
        let fd = lock.release().unwrap();
        let taken = DescriptionLock::try_acquire(&theirs, LockMode::Shared, head).unwrap();
        assert!(taken.is_none());
        drop(DescriptionLock::adopt(fd, LockMode::Exclusive, head).unwrap());
        DescriptionLock::try_acquire(&theirs, LockMode::Exclusive, head).unwrap().unwrap();
    });
}

#[test]
fn files_are_locked() {
    alone(|| {
        let scratch = Scratch::new();
        let (mine, theirs) = two(&scratch);
        let mut lock = FlockLock::acquire(&mine, LockMode::Exclusive).unwrap();
        assert!(lock.is_locked().unwrap());
        assert!(FlockLock::try_acquire(&theirs, LockMode::Shared).unwrap().is_none());
        assert!(FlockLock::acquire_timeout(&theirs, LockMode::Shared, NOW).unwrap().is_none());
        lock.downgrade().unwrap();
        assert_eq!(lock.mode(), LockMode::Shared);
        assert!(lock.try_upgrade().unwrap());
        assert!(lock.upgrade_timeout(NOW).unwrap());
        lock.upgrade().unwrap();
        let fd = lock.release().unwrap();
        assert!(FlockLock::try_acquire(&theirs, LockMode::Shared).unwrap().is_none());
        FlockLock::adopt(fd, LockMode::Exclusive).unwrap().unlock().unwrap();
        FlockLock::try_acquire(&theirs, LockMode::Exclusive).unwrap().unwrap();
    });
}

#[test]
fn a_wait_is_canceled() {
    alone(|| {
        let scratch = Scratch::new();
        let (mine, theirs) = two(&scratch);
        let _lock = FlockLock::acquire(&mine, LockMode::Exclusive).unwrap();
        let event = fd::event_fd(1, 0).unwrap();
        let timeout = Timeout::FOREVER.canceled_by(&event);
        let canceled = FlockLock::acquire_timeout(&theirs, LockMode::Shared, timeout);
        assert_eq!(errno(canceled), ECANCELED);
    });
}

#[test]
fn sealed_memory_is_mapped() {
    alone(|| {
        let fd = sealed_memfd("sealed", b"for ever").unwrap();
        let memory = SealedMemory::map(&fd, 100).unwrap();
        assert_eq!(&memory[..], b"for ever");
        assert_eq!(&SealedMemory::map(sealed_memfd("empty", b"").unwrap(), 0).unwrap()[..], b"");
        assert!(SealedMemory::map(&fd, 2).is_err());

        let mut open = File::from(fd::memfd("open", 2 /* MFD_ALLOW_SEALING */).unwrap());
        open.write_all(b"copied").unwrap();
        open.rewind().unwrap();
        let error = SealedMemory::map(&open, 100).unwrap_err();
        assert_eq!(error.missing_seal(), Some(MissingSeal::MayShrink));
        assert_eq!(
            std::io::Error::from(error.clone()).kind(),
            std::io::ErrorKind::PermissionDenied
        );
        assert_eq!(error.errno(), 1);
        assert!(!error.to_string().is_empty());
        assert_eq!(&SealedMemory::copy(&open, 100).unwrap()[..], b"copied");
    });
}

#[test]
fn shared_memory_is_mapped() {
    alone(|| {
        let fd = fixed_memfd("fixed", 4096).unwrap();
        let change = SealedMemory::map(&fd, 4096).unwrap_err();
        assert_eq!(change.missing_seal(), Some(MissingSeal::MayChange));
        let (one, other) =
            (SharedMemory::map(&fd, 4096).unwrap(), SharedMemory::map(&fd, 4096).unwrap());
        assert_eq!(one.len(), 4096);
        assert!(!one.is_empty());
        // SAFETY: both map the file, and nobody else does.
        unsafe {
            one.as_ptr().write_volatile(7);
            assert_eq!(other.as_ptr().read_volatile(), 7);
        }
    });
}

#[test]
fn descriptors_are_passed() {
    alone(|| {
        let (left, right) = fd::socket_pair(SOCK_STREAM).unwrap();
        let file = fd::memfd("file", 0).unwrap();
        let fds = [file.as_fd(), left.as_fd()];
        assert_eq!(send_fds(&left, &fds, b"two").unwrap(), 3);
        let mut payload = [0; 16];
        let message = receive_fds(&right, &mut payload, &ReceiveOptions::default()).unwrap();
        assert_eq!((message.size, &payload[..3]), (3, &b"two"[..]));
        assert_eq!(message.fds.len(), 2);
        assert!(fd::same_description(&message.fds[0], &file).unwrap());
        assert!(fd::is_close_on_exec(&message.fds[0]).unwrap());
        assert!(message.fds_error.is_none());
        assert_eq!(message.credentials, None);
        assert_eq!(errno(message.pidfd), ENODATA);

        assert_eq!(send_fds_timeout(&left, &fds, b"more", NOW).unwrap(), 4);
        let few = ReceiveOptions {
            nowait: true,
            keep_unwanted: true,
            max_fds: 1,
            timeout: Some(NOW.into()),
        };
        let message = receive_fds(&right, &mut payload, &few).unwrap();
        assert!(message.fds.is_empty());
        assert!(message.fds_error.is_some());
        assert!(receive_fds(&right, &mut payload, &few).is_err());

        let many = vec![file.as_fd(); MAX_FDS_IN_MESSAGE + 1];
        assert_eq!(errno(send_fds(&left, &many, b"x")), 7); // E2BIG
    });
}

#[test]
fn messages_tell_their_sender() {
    alone(|| {
        let (left, right) = fd::socket_pair(SOCK_STREAM).unwrap();
        pass_credentials(&right, true).unwrap();
        let pidfds = pass_pidfd(&right, true).is_ok(); // Linux 6.5
        send_fds(&left, &[], b"hello").unwrap();
        let message = receive_fds(&right, &mut [0; 8], &ReceiveOptions::default()).unwrap();
        // SAFETY: only asks.
        let (pid, user) = unsafe { (getpid(), geteuid()) };
        assert!(matches!(message.credentials, Some(Credentials { pid: p, user: u, .. })
            if p == pid && u == user));
        assert_eq!(message.pidfd.is_ok(), pidfds);
        if pidfds {
            assert_eq!(message.pidfd.unwrap().pid().unwrap(), pid);
        }
        if pass_fds(&right, false).is_ok() {
            assert!(send_fds(&left, &[left.as_fd()], b"x").is_err()); // Linux 6.16
        }
    });
}
