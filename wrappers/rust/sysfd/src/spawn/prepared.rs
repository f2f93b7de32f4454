// SPDX-License-Identifier: MIT

use std::ffi::{c_char, c_int, CString, OsStr};
use std::io;
use std::marker::PhantomData;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;
use std::ptr::{null, null_mut};

use super::child::Child;
use super::command::{all, Confirmation};
use super::error::{start, SpawnError, Step};
use super::output::{Output, OutputOptions};
use super::pending::PendingChild;
use crate::raw::{c_string, sys, Object};

/// A program that is started many times, from any thread.
#[derive(Debug)]
pub struct PreparedCommand<'fd> {
    object: Object<sys::sysfd_prepared_command>,
    borrowed: PhantomData<BorrowedFd<'fd>>,
}

// SAFETY: the object belongs to no thread.
unsafe impl Send for PreparedCommand<'_> {}
// SAFETY: the C interface says that it is thread-safe.
unsafe impl Sync for PreparedCommand<'_> {}

/// What is different for one child.
#[derive(Clone, Debug, Default)]
pub struct SpawnChanges<'a> {
    /// Arguments to append.
    pub arguments: Vec<&'a OsStr>,
    /// Replace the descriptors of [`pass`](super::Command::pass), in that order: as many, or none.
    pub descriptors: Vec<BorrowedFd<'a>>,
    /// Replace what was set for a number; `None`: nothing is passed as that number.
    pub placed: Vec<(Option<BorrowedFd<'a>>, RawFd)>,
    /// `NAME=value` sets a variable, `NAME` removes it.
    pub environment: Vec<&'a OsStr>,
    /// The working directory.
    pub current_dir: Option<&'a Path>,
}

/// A list of strings that ends with a null pointer.
struct List {
    _strings: Vec<CString>,
    pointers: Vec<*const c_char>,
}

impl List {
    fn new(step: Step, values: &[&OsStr]) -> Result<Self, SpawnError> {
        let mut strings = Vec::new();
        for (index, value) in values.iter().enumerate() {
            let string = c_string(value).map_err(|_| SpawnError::nul(step, Some(index), value))?;
            strings.push(string);
        }
        let mut pointers: Vec<_> = strings.iter().map(|string| string.as_ptr()).collect();
        pointers.push(null());
        Ok(Self { _strings: strings, pointers })
    }
}

/// Changes, with the arrays that they refer to.
struct RawChanges {
    raw: sys::sysfd_spawn_changes,
    _lists: (List, List),
    _placed: Vec<sys::sysfd_placed_fd>,
    _directory: Option<CString>,
}

impl SpawnChanges<'_> {
    fn raw(&self) -> Result<RawChanges, SpawnError> {
        let arguments = List::new(Step::ARGUMENT, &self.arguments)?;
        let environment = List::new(Step::ENVIRONMENT, &self.environment)?;
        let placed: Vec<_> = self
            .placed
            .iter()
            .map(|&(fd, number)| sys::sysfd_placed_fd {
                fd: fd.map_or(-1, |fd| fd.as_raw_fd()),
                number,
            })
            .collect();
        let directory =
            match self.current_dir {
                Some(path) => Some(c_string(path).map_err(|_| {
                    SpawnError::nul(Step::WORKING_DIRECTORY, None, path.as_os_str())
                })?),
                None => None,
            };
        Ok(RawChanges {
            raw: sys::sysfd_spawn_changes {
                arguments: arguments.pointers.as_ptr(),
                descriptors: self.descriptors.as_ptr().cast(), // as a BorrowedFd is an int
                descriptor_count: self.descriptors.len(),
                placed: placed.as_ptr(),
                placed_count: placed.len(),
                environment: environment.pointers.as_ptr(),
                working_directory: directory.as_ref().map_or(null(), |path| path.as_ptr()),
                ..sys::sysfd_spawn_changes::INIT
            },
            _lists: (arguments, environment),
            _placed: placed,
            _directory: directory,
        })
    }
}

impl<'fd> PreparedCommand<'fd> {
    /// Adopts an object that the caller owns, and that has borrowed descriptors for `'fd`. It is
    /// not null.
    pub(super) unsafe fn adopt(pointer: *mut sys::sysfd_prepared_command) -> Self {
        Self {
            // SAFETY: the caller knows.
            object: unsafe { Object::adopt(pointer, sys::sysfd_prepared_command_free) },
            borrowed: PhantomData,
        }
    }

    /// As [`Command::spawn`](super::Command::spawn).
    pub fn spawn(&self, changes: &SpawnChanges<'_>) -> Result<Child, SpawnError> {
        let changes = changes.raw()?;
        let mut child = null_mut();
        // SAFETY: writes an object.
        start(|error| unsafe {
            let prepared = self.object.get();
            sys::sysfd_prepared_command_spawn(prepared, &changes.raw, &mut child, error)
        })?;
        // SAFETY: it was written, since that succeeded.
        Ok(unsafe { Child::adopt(child) })
    }

    /// As [`Command::status`](super::Command::status).
    pub fn status(&self, changes: &SpawnChanges<'_>) -> Result<ExitStatus, SpawnError> {
        let changes = changes.raw()?;
        let mut status = 0;
        // SAFETY: writes the status.
        start(|error| unsafe {
            let prepared = self.object.get();
            sys::sysfd_prepared_command_status(prepared, &changes.raw, &mut status, error)
        })?;
        Ok(ExitStatus::from_raw(status))
    }

    /// As [`Command::output_with`](super::Command::output_with).
    pub fn output(
        &self,
        options: &OutputOptions<'_>,
        changes: &SpawnChanges<'_>,
    ) -> Result<Output, SpawnError> {
        let changes = changes.raw()?;
        let mut output = null_mut();
        start(|error| {
            let (prepared, changes) = (self.object.get(), &changes.raw);
            options.with(|options| {
                let output = &mut output;
                // SAFETY: writes an object.
                unsafe {
                    sys::sysfd_prepared_command_output(prepared, options, changes, output, error)
                }
            })
        })?;
        // SAFETY: it was written, since that succeeded.
        Ok(unsafe { Output::adopt(output) })
    }

    /// As [`Command::spawn_async`](super::Command::spawn_async).
    pub fn spawn_async(
        &self,
        changes: &SpawnChanges<'_>,
        confirmation: Confirmation,
    ) -> Result<PendingChild, SpawnError> {
        let changes = changes.raw()?;
        let mut pending = null_mut();
        start(|error| {
            let (prepared, changes, by) = (self.object.get(), &changes.raw, confirmation.raw());
            let pending = &mut pending;
            // SAFETY: writes an object.
            unsafe {
                sys::sysfd_prepared_command_spawn_async(prepared, changes, by, pending, error)
            }
        })?;
        // SAFETY: it was written, since that succeeded.
        Ok(unsafe { PendingChild::adopt(pending) })
    }

    /// As [`spawn_all`](super::spawn_all): one child for each of the changes.
    pub fn spawn_all(
        &self,
        changes: &[SpawnChanges<'_>],
    ) -> io::Result<Vec<Result<Child, SpawnError>>> {
        let made: Vec<RawChanges> =
            changes.iter().map(SpawnChanges::raw).collect::<Result<_, _>>()?;
        let pointers: Vec<*const _> = made.iter().map(|it| &it.raw as *const _).collect();
        all(pointers.len(), |children, errors| -> c_int {
            let (prepared, changes) = (self.object.get(), pointers.as_ptr());
            let count = pointers.len();
            // SAFETY: writes objects and errors.
            unsafe {
                sys::sysfd_prepared_command_spawn_all(prepared, changes, count, children, errors)
            }
        })
    }
}
