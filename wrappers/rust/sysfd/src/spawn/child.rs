// SPDX-License-Identifier: MIT

use std::ffi::c_int;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::ExitStatus;
use std::ptr::{addr_of, null, null_mut};
use std::time::Duration;

use super::contain::{ContainmentKind, Ending};
use super::output::{Output, OutputOptions};
use crate::cgroup::CgroupUsage;
use crate::pidfd::status;
use crate::raw::{borrowed, check, check_fd, check_unit, if_now, released, sys, Object};
use crate::{PidFd, Timeout};

/// What happens to a process that runs when its [`Child`] is dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DropPolicy {
    /// It is killed and reaped.
    #[default]
    Kill,
    /// It gets `SIGTERM`, and is killed if it has not ended after this time.
    Terminate(Duration),
    /// It is waited for, without limit.
    Wait,
    /// It goes on.
    Detach,
}

impl DropPolicy {
    /// Calls `set` with what the C interface needs.
    pub(super) fn with(self, set: impl FnOnce(c_int, *const sys::sysfd_timeout) -> c_int) -> c_int {
        match self {
            Self::Kill => set(sys::SYSFD_DROP_KILL, null()),
            Self::Terminate(grace) => {
                let grace = Timeout::from(grace).raw();
                set(sys::SYSFD_DROP_TERMINATE, addr_of!(grace))
            }
            Self::Wait => set(sys::SYSFD_DROP_WAIT, null()),
            Self::Detach => set(sys::SYSFD_DROP_DETACH, null()),
        }
    }
}

/// How a child was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpawnReport {
    /// By `clone3(2)`, else by `clone(2)`.
    pub by_clone3: bool,
    /// It never held more descriptors than it was passed.
    pub isolated_table: bool,
    /// Nobody needs to wait for it.
    pub reaps_itself: bool,
    /// It is killed when the last pidfd that was made here is closed.
    pub killed_with_parent: bool,
    /// How often the program was busy.
    pub busy_retries: i32,
    /// It got a copy of the caller's memory, below a memory limit.
    pub copied_memory: bool,
}

/// A child process. If it is dropped while the process runs, it kills and reaps the process, or
/// does what its [`DropPolicy`] says.
#[derive(Debug)]
#[must_use = "a Child that is dropped kills its process"]
pub struct Child {
    object: Object<sys::sysfd_child>,
    pidfd: ManuallyDrop<PidFd>, // the object's
}

// SAFETY: the object belongs to no thread. (parent_death_signal() is about the thread that started
// it, not about the object.)
unsafe impl Send for Child {}

/// The ends of pipes and of the terminal.
macro_rules! streams {
    ($($what:literal: $name:ident = $borrow:ident, $take:ident = $release:ident,)*) => {
        $(#[doc = concat!($what, ". `None`: there is none, or no longer.")]
        pub fn $name(&self) -> Option<BorrowedFd<'_>> {
            // SAFETY: the object keeps it open, unless `&mut self` closes it.
            unsafe { borrowed(sys::$borrow(self.object.get())) }
        }

        #[doc = concat!($what, ". It becomes the caller's.")]
        pub fn $take(&mut self) -> Option<OwnedFd> {
            // SAFETY: the caller gets the descriptor.
            released(unsafe { sys::$release(self.object.get()) })
        })*
    };
}

impl Child {
    /// Adopts an object that the caller owns. It is not null.
    pub(super) unsafe fn adopt(pointer: *mut sys::sysfd_child) -> Self {
        // SAFETY: the caller knows.
        let object = unsafe { Object::adopt(pointer, sys::sysfd_child_free) };
        // SAFETY: only asks.
        let number = check(unsafe { sys::sysfd_child_pidfd_borrow(pointer) });
        let number = number.expect("a new child has a pidfd");
        // SAFETY: the object keeps it open until it is freed or detached, and then this is gone.
        let pidfd = unsafe { PidFd::lent(number) };
        Self { object, pidfd }
    }

    /// The pidfd. It never refers to another process, even after the process was reaped.
    pub fn pidfd(&self) -> &PidFd {
        &self.pidfd
    }

    /// The process number, for logs.
    pub fn pid(&self) -> i32 {
        // SAFETY: only asks.
        unsafe { sys::sysfd_child_pid(self.object.get()) }
    }

    streams! {
        "The pipe to its stdin": stdin = sysfd_child_stdin_pipe_borrow,
            take_stdin = sysfd_child_stdin_pipe_release,
        "The pipe from its stdout": stdout = sysfd_child_stdout_pipe_borrow,
            take_stdout = sysfd_child_stdout_pipe_release,
        "The pipe from its stderr": stderr = sysfd_child_stderr_pipe_borrow,
            take_stderr = sysfd_child_stderr_pipe_release,
        "The terminal": terminal = sysfd_child_terminal_borrow,
            take_terminal = sysfd_child_terminal_release,
    }

    /// How it was started.
    pub fn report(&self) -> SpawnReport {
        let mut report = sys::sysfd_spawn_report::INIT;
        // SAFETY: writes to the struct.
        check(unsafe { sys::sysfd_child_report(self.object.get(), &mut report) })
            .expect("the object is valid");
        SpawnReport {
            by_clone3: report.flags & sys::SYSFD_REPORT_BY_CLONE3 != 0,
            isolated_table: report.flags & sys::SYSFD_REPORT_ISOLATED_TABLE != 0,
            reaps_itself: report.flags & sys::SYSFD_REPORT_REAPS_ITSELF != 0,
            killed_with_parent: report.flags & sys::SYSFD_REPORT_KILLED_WITH_PARENT != 0,
            busy_retries: report.busy_retries,
            copied_memory: report.flags & sys::SYSFD_REPORT_COPIED_MEMORY != 0,
        }
    }

    /// How its tree is kept together.
    pub fn containment(&self) -> ContainmentKind {
        // SAFETY: only asks.
        ContainmentKind::from_raw(unsafe { sys::sysfd_child_containment(self.object.get()) })
    }

    /// Why it has ended. `WouldBlock`: it was not waited for yet.
    pub fn ending(&self) -> io::Result<Ending> {
        // SAFETY: writes to the struct.
        Ending::read(|out| unsafe { sys::sysfd_child_ending(self.object.get(), out) })
    }

    /// What a tree with a cgroup of its own uses or has used.
    pub fn usage(&self) -> io::Result<CgroupUsage> {
        let mut raw = sys::sysfd_cgroup_usage::INIT;
        // SAFETY: writes to the struct.
        check(unsafe { sys::sysfd_child_usage(self.object.get(), &mut raw) })?;
        Ok(CgroupUsage::from_raw(&raw))
    }

    /// Closes the pipe to stdin, and waits for the end. The status is kept: a second call returns
    /// it again.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        // SAFETY: writes the status.
        status(|out| unsafe { sys::sysfd_child_wait(self.object.get(), out) })
    }

    /// Does not wait: `None` if it runs.
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        // SAFETY: writes the status.
        if_now(status(|out| unsafe { sys::sysfd_child_try_wait(self.object.get(), out) }))
    }

    /// Closes the pipe to stdin, and waits: `None` at the timeout.
    pub fn wait_timeout<'a>(
        &mut self,
        timeout: impl Into<Timeout<'a>>,
    ) -> io::Result<Option<ExitStatus>> {
        let timeout = timeout.into().raw();
        // SAFETY: writes the status.
        if_now(status(|out| unsafe { sys::sysfd_child_wait_for(self.object.get(), &timeout, out) }))
    }

    /// Sends `SIGTERM`, and kills it if it has not ended after this time.
    pub fn terminate<'a>(&mut self, grace: impl Into<Timeout<'a>>) -> io::Result<ExitStatus> {
        let grace = grace.into().raw();
        // SAFETY: writes the status.
        status(|out| unsafe { sys::sysfd_child_terminate(self.object.get(), &grace, out) })
    }

    /// Replaces the policy of the command.
    pub fn on_drop(&mut self, policy: DropPolicy) {
        // SAFETY: nobody else uses the object.
        check(policy.with(|policy, grace| unsafe {
            sys::sysfd_child_on_drop(self.object.get(), policy, grace)
        }))
        .expect("the policy is valid");
    }

    /// Writes the input, reads stdout and stderr to their ends, and waits. At the timeout the child
    /// goes on, and what was read is returned.
    pub fn communicate(&mut self, options: &OutputOptions<'_>) -> io::Result<Output> {
        let mut pointer = null_mut();
        // SAFETY: writes an object.
        check(options.with(|options| unsafe {
            sys::sysfd_child_communicate(self.object.get(), options, &mut pointer)
        }))?;
        // SAFETY: it was written, since that succeeded.
        Ok(unsafe { Output::adopt(pointer) })
    }

    /// Sends a signal to the process group that it leads.
    pub fn send_signal_to_group(&mut self, signo: c_int) -> io::Result<()> {
        // SAFETY: only numbers.
        check_unit(unsafe { sys::sysfd_child_send_signal_to_group(self.object.get(), signo) })
    }

    /// `cgroup.kill`: kills all processes in the cgroup that it was started in.
    pub fn kill_cgroup(&mut self) -> io::Result<()> {
        // SAFETY: only numbers.
        check_unit(unsafe { sys::sysfd_child_kill_cgroup(self.object.get()) })
    }

    /// Gives up the process without ending it, and closes the pipes.
    pub fn detach(self) -> PidFd {
        // SAFETY: the caller gets the pidfd.
        let pidfd = check_fd(unsafe { sys::sysfd_child_detach_release(self.object.get()) });
        PidFd::of(pidfd.expect("the object is not empty"))
    }
}

/// The pidfd: readable when the process has ended.
impl AsFd for Child {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }
}
