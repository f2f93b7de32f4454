// SPDX-License-Identifier: MIT

use std::ffi::c_int;
use std::os::fd::BorrowedFd;
use std::ptr::null_mut;

use super::child::Child;
use super::error::{start, SpawnError, Step};
use crate::raw::{borrowed, sys, Object};
use crate::Timeout;

/// A child that is being started. If it is dropped, the start is finished, and what the drop policy
/// says happens to the child.
#[derive(Debug)]
#[must_use = "a PendingChild that is dropped kills its process"]
pub struct PendingChild(Object<sys::sysfd_pending_child>);

// SAFETY: the object belongs to no thread.
unsafe impl Send for PendingChild {}

/// How far a start is.
#[derive(Debug)]
pub enum Progress {
    /// It goes on.
    Pending(PendingChild),
    /// The program executes.
    Started(Child),
}

impl PendingChild {
    /// Adopts an object that the caller owns. It is not null.
    pub(super) unsafe fn adopt(pointer: *mut sys::sysfd_pending_child) -> Self {
        // SAFETY: the caller knows.
        Self(unsafe { Object::adopt(pointer, sys::sysfd_pending_child_free) })
    }

    /// The process number, for logs.
    pub fn pid(&self) -> i32 {
        // SAFETY: only asks.
        unsafe { sys::sysfd_pending_child_pid(self.0.get()) }
    }

    /// Reports `POLLHUP` when the program executes, or could not be started. `None`: it was not
    /// started with [`Confirmation::ByDescriptor`](super::Confirmation::ByDescriptor).
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        // SAFETY: the object keeps it open.
        unsafe { borrowed(sys::sysfd_pending_child_fd_borrow(self.0.get())) }
    }

    /// Waits until the program executes, or could not be started.
    pub fn finish(self) -> Result<Child, SpawnError> {
        let mut child = null_mut();
        // SAFETY: writes an object.
        start(|error| unsafe { sys::sysfd_pending_child_finish(self.0.get(), &mut child, error) })?;
        // SAFETY: it was written, since that succeeded.
        Ok(unsafe { Child::adopt(child) })
    }

    /// The same without waiting.
    pub fn try_finish(self) -> Result<Progress, SpawnError> {
        self.progress(|pending, child, error| {
            // SAFETY: writes an object.
            unsafe { sys::sysfd_pending_child_try_finish(pending, child, error) }
        })
    }

    /// The same, up to the timeout.
    pub fn finish_timeout<'a>(
        self,
        timeout: impl Into<Timeout<'a>>,
    ) -> Result<Progress, SpawnError> {
        let timeout = timeout.into().raw();
        self.progress(|pending, child, error| {
            // SAFETY: writes an object.
            unsafe { sys::sysfd_pending_child_finish_for(pending, &timeout, child, error) }
        })
    }

    fn progress(
        self,
        call: impl FnOnce(
            *mut sys::sysfd_pending_child,
            *mut *mut sys::sysfd_child,
            *mut sys::sysfd_spawn_error,
        ) -> c_int,
    ) -> Result<Progress, SpawnError> {
        let mut child = null_mut();
        match start(|error| call(self.0.get(), &mut child, error)) {
            // SAFETY: it was written, since that succeeded.
            Ok(_) => Ok(Progress::Started(unsafe { Child::adopt(child) })),
            Err(error) if error.step() == Step::CONFIRMATION => Ok(Progress::Pending(self)),
            Err(error) => Err(error),
        }
    }

    /// Kills and reaps the child, even if the program executes already.
    pub fn cancel(self) {
        // SAFETY: nobody else uses the object.
        unsafe { sys::sysfd_pending_child_cancel(self.0.get()) };
    }
}
