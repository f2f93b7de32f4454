// SPDX-License-Identifier: MIT
//! Locks of open file descriptions: [`DescriptionLock`] of a range, [`FlockLock`] of a whole file.
//!
//! An object owns a duplicate of the descriptor, and unlocks when it is dropped.

use std::ffi::c_int;
use std::io;
use std::os::fd::{AsFd, AsRawFd, IntoRawFd, OwnedFd};

use crate::raw::{check, check_bool, check_fd, check_unit, if_now, sys, Object};
use crate::Timeout;

/// How a file is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockMode {
    /// With others that are shared.
    Shared,
    /// With no others.
    Exclusive,
}

impl LockMode {
    fn raw(self) -> c_int {
        match self {
            Self::Shared => sys::SYSFD_LOCK_SHARED,
            Self::Exclusive => sys::SYSFD_LOCK_EXCLUSIVE,
        }
    }
}

/// A range of bytes. The default is the whole file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LockRange {
    /// The first byte.
    pub start: u64,
    /// How many bytes; 0: to the end of the file.
    pub length: u64,
}

impl LockRange {
    fn raw(self) -> sys::sysfd_lock_range {
        sys::sysfd_lock_range {
            start: self.start,
            length: self.length,
            ..sys::sysfd_lock_range::INIT
        }
    }
}

/// `fcntl(F_OFD_SETLK)`: a lock of an open file description.
#[derive(Debug)]
pub struct DescriptionLock(Object<sys::sysfd_description_lock>);

/// `flock(2)`: the same for the whole file, as `flock(1)` locks it.
#[derive(Debug)]
pub struct FlockLock(Object<sys::sysfd_flock_lock>);

impl DescriptionLock {
    /// Waits until the range can be locked.
    pub fn acquire(fd: impl AsFd, mode: LockMode, range: LockRange) -> io::Result<Self> {
        let (fd, mode, range) = (fd.as_fd().as_raw_fd(), mode.raw(), range.raw());
        // SAFETY: all are used for the call only.
        Self::make(|out| unsafe { sys::sysfd_description_lock_acquire(fd, mode, &range, out) })
    }

    /// Returns `None` if another lock is in the way.
    pub fn try_acquire(
        fd: impl AsFd,
        mode: LockMode,
        range: LockRange,
    ) -> io::Result<Option<Self>> {
        let (fd, mode, range) = (fd.as_fd().as_raw_fd(), mode.raw(), range.raw());
        // SAFETY: all are used for the call only.
        if_now(Self::make(|out| unsafe {
            sys::sysfd_description_lock_try_acquire(fd, mode, &range, out)
        }))
    }

    /// Returns `None` at the timeout.
    pub fn acquire_timeout<'a>(
        fd: impl AsFd,
        mode: LockMode,
        range: LockRange,
        timeout: impl Into<Timeout<'a>>,
    ) -> io::Result<Option<Self>> {
        let (fd, mode, range) = (fd.as_fd().as_raw_fd(), mode.raw(), range.raw());
        let timeout = timeout.into().raw();
        // SAFETY: all are used for the call only.
        if_now(Self::make(|out| unsafe {
            sys::sysfd_description_lock_try_acquire_for(fd, mode, &range, &timeout, out)
        }))
    }

    /// Takes a descriptor whose description holds this lock already.
    pub fn adopt(fd: OwnedFd, mode: LockMode, range: LockRange) -> io::Result<Self> {
        let (fd, mode, range) = (fd.into_raw_fd(), mode.raw(), range.raw());
        // SAFETY: the descriptor is given away.
        Self::make(|out| unsafe { sys::sysfd_description_lock_adopt_take(fd, mode, &range, out) })
    }

    /// The range.
    pub fn range(&self) -> io::Result<LockRange> {
        let mut range = sys::sysfd_lock_range::INIT;
        // SAFETY: writes to the struct.
        check(unsafe { sys::sysfd_description_lock_range(self.0.get(), &mut range) })?;
        Ok(LockRange { start: range.start, length: range.length })
    }
}

impl FlockLock {
    /// Waits until the file can be locked.
    pub fn acquire(fd: impl AsFd, mode: LockMode) -> io::Result<Self> {
        let (fd, mode) = (fd.as_fd().as_raw_fd(), mode.raw());
        // SAFETY: borrowed for the call.
        Self::make(|out| unsafe { sys::sysfd_flock_lock_acquire(fd, mode, out) })
    }

    /// Returns `None` if another lock is in the way.
    pub fn try_acquire(fd: impl AsFd, mode: LockMode) -> io::Result<Option<Self>> {
        let (fd, mode) = (fd.as_fd().as_raw_fd(), mode.raw());
        // SAFETY: borrowed for the call.
        if_now(Self::make(|out| unsafe { sys::sysfd_flock_lock_try_acquire(fd, mode, out) }))
    }

    /// Returns `None` at the timeout.
    pub fn acquire_timeout<'a>(
        fd: impl AsFd,
        mode: LockMode,
        timeout: impl Into<Timeout<'a>>,
    ) -> io::Result<Option<Self>> {
        let (fd, mode, timeout) = (fd.as_fd().as_raw_fd(), mode.raw(), timeout.into().raw());
        // SAFETY: all are used for the call only.
        if_now(Self::make(|out| unsafe {
            sys::sysfd_flock_lock_try_acquire_for(fd, mode, &timeout, out)
        }))
    }

    /// Takes a descriptor whose description holds this lock already.
    pub fn adopt(fd: OwnedFd, mode: LockMode) -> io::Result<Self> {
        let (fd, mode) = (fd.into_raw_fd(), mode.raw());
        // SAFETY: the descriptor is given away.
        Self::make(|out| unsafe { sys::sysfd_flock_lock_adopt_take(fd, mode, out) })
    }

    /// Whether the kernel still has the lock: a change of its mode that failed may have lost it.
    pub fn is_locked(&self) -> io::Result<bool> {
        // SAFETY: only asks.
        check_bool(unsafe { sys::sysfd_flock_lock_is_locked(self.0.get()) })
    }
}

/// What both kinds of locks have.
macro_rules! lock {
    ($name:ident, $raw:ident, $free:ident, $upgrade:ident, $try_upgrade:ident, $upgrade_for:ident,
     $downgrade:ident, $mode:ident, $unlock:ident, $release:ident) => {
        // SAFETY: the object belongs to no thread.
        unsafe impl Send for $name {}

        impl $name {
            fn make(make: impl FnOnce(*mut *mut sys::$raw) -> c_int) -> io::Result<Self> {
                Object::make(sys::$free, make).map(Self)
            }

            /// Makes it exclusive, and waits until that is possible.
            pub fn upgrade(&mut self) -> io::Result<()> {
                // SAFETY: nobody else uses the object.
                check_unit(unsafe { sys::$upgrade(self.0.get()) })
            }

            /// Makes it exclusive, or returns false if another lock is in the way.
            pub fn try_upgrade(&mut self) -> io::Result<bool> {
                // SAFETY: nobody else uses the object.
                if_now(check(unsafe { sys::$try_upgrade(self.0.get()) })).map(|it| it.is_some())
            }

            /// Makes it exclusive, or returns false at the timeout.
            pub fn upgrade_timeout<'a>(
                &mut self,
                timeout: impl Into<Timeout<'a>>,
            ) -> io::Result<bool> {
                let timeout = timeout.into().raw();
                // SAFETY: nobody else uses the object.
                if_now(check(unsafe { sys::$upgrade_for(self.0.get(), &timeout) }))
                    .map(|it| it.is_some())
            }

            /// Makes it shared.
            pub fn downgrade(&mut self) -> io::Result<()> {
                // SAFETY: nobody else uses the object.
                check_unit(unsafe { sys::$downgrade(self.0.get()) })
            }

            /// The mode.
            pub fn mode(&self) -> LockMode {
                // SAFETY: only asks.
                match unsafe { sys::$mode(self.0.get()) } {
                    sys::SYSFD_LOCK_SHARED => LockMode::Shared,
                    _ => LockMode::Exclusive,
                }
            }

            /// Unlocks, and reports errors.
            pub fn unlock(self) -> io::Result<()> {
                // SAFETY: nobody else uses the object.
                check_unit(unsafe { sys::$unlock(self.0.get()) })
            }

            /// Returns the descriptor without unlocking.
            pub fn release(self) -> io::Result<OwnedFd> {
                // SAFETY: the caller gets the descriptor.
                check_fd(unsafe { sys::$release(self.0.get()) })
            }
        }
    };
}
lock!(
    DescriptionLock,
    sysfd_description_lock,
    sysfd_description_lock_free,
    sysfd_description_lock_upgrade,
    sysfd_description_lock_try_upgrade,
    sysfd_description_lock_try_upgrade_for,
    sysfd_description_lock_downgrade,
    sysfd_description_lock_mode,
    sysfd_description_lock_unlock,
    sysfd_description_lock_release
);
lock!(
    FlockLock,
    sysfd_flock_lock,
    sysfd_flock_lock_free,
    sysfd_flock_lock_upgrade,
    sysfd_flock_lock_try_upgrade,
    sysfd_flock_lock_try_upgrade_for,
    sysfd_flock_lock_downgrade,
    sysfd_flock_lock_mode,
    sysfd_flock_lock_unlock,
    sysfd_flock_lock_release
);
