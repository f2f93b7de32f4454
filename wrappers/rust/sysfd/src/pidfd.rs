// SPDX-License-Identifier: MIT
//! Processes, by descriptors that never refer to another process.

use std::ffi::c_int;
use std::fmt;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::str::FromStr;
use std::time::Duration;

use crate::raw::{
    c_string, check, check_bool, check_fd, check_size, check_unit, if_now, sys, text,
};
use crate::Timeout;

/// `PIDFD_NONBLOCK`: for event loops that need it. All functions work as without it.
pub const NONBLOCKING: u32 = sys::SYSFD_PIDFD_NONBLOCKING;
/// `PIDFD_THREAD`: of one thread.
pub const THREAD: u32 = sys::SYSFD_PIDFD_THREAD;

/// `CLONE_NEWTIME`.
pub const NAMESPACE_TIME: u32 = sys::SYSFD_NAMESPACE_TIME;
/// `CLONE_NEWNS`.
pub const NAMESPACE_MOUNT: u32 = sys::SYSFD_NAMESPACE_MOUNT;
/// `CLONE_NEWCGROUP`.
pub const NAMESPACE_CGROUP: u32 = sys::SYSFD_NAMESPACE_CGROUP;
/// `CLONE_NEWUTS`.
pub const NAMESPACE_UTS: u32 = sys::SYSFD_NAMESPACE_UTS;
/// `CLONE_NEWIPC`.
pub const NAMESPACE_IPC: u32 = sys::SYSFD_NAMESPACE_IPC;
/// `CLONE_NEWUSER`.
pub const NAMESPACE_USER: u32 = sys::SYSFD_NAMESPACE_USER;
/// `CLONE_NEWPID`.
pub const NAMESPACE_PID: u32 = sys::SYSFD_NAMESPACE_PID;
/// `CLONE_NEWNET`.
pub const NAMESPACE_NET: u32 = sys::SYSFD_NAMESPACE_NET;

/// Who gets a signal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignalScope {
    /// The process; the thread, if the pidfd is of one.
    #[default]
    Process,
    /// `PIDFD_SIGNAL_THREAD`.
    Thread,
    /// `PIDFD_SIGNAL_THREAD_GROUP`.
    ThreadGroup,
    /// `PIDFD_SIGNAL_PROCESS_GROUP`.
    ProcessGroup,
}

impl SignalScope {
    fn raw(self) -> u32 {
        match self {
            Self::Process => sys::SYSFD_SIGNAL_PROCESS,
            Self::Thread => sys::SYSFD_SIGNAL_THREAD,
            Self::ThreadGroup => sys::SYSFD_SIGNAL_THREAD_GROUP,
            Self::ProcessGroup => sys::SYSFD_SIGNAL_PROCESS_GROUP,
        }
    }
}

/// A pidfd. It is known to be one.
#[derive(Debug)]
#[repr(transparent)]
pub struct PidFd(OwnedFd);

impl PidFd {
    pub(crate) fn of(fd: OwnedFd) -> Self {
        Self(fd)
    }

    /// `number` stays the property of another object, which keeps it open as long as the result is
    /// used.
    pub(crate) unsafe fn lent(number: RawFd) -> ManuallyDrop<Self> {
        // SAFETY: it is never dropped.
        ManuallyDrop::new(Self(unsafe { OwnedFd::from_raw_fd(number) }))
    }

    fn raw(&self) -> c_int {
        self.0.as_raw_fd()
    }

    /// `pidfd_open(2)`: of the process that has this number now. `flags`: [`NONBLOCKING`],
    /// [`THREAD`].
    pub fn open(pid: i32, flags: u32) -> io::Result<Self> {
        // SAFETY: only numbers.
        check_fd(unsafe { sys::sysfd_pidfd_open(pid, flags) }).map(Self)
    }

    /// Of the calling process.
    pub fn current() -> io::Result<Self> {
        // SAFETY: no arguments.
        check_fd(unsafe { sys::sysfd_pidfd_self() }).map(Self)
    }

    /// Of the process that has this identity.
    pub fn from_id(id: ProcessId) -> io::Result<Self> {
        // SAFETY: only numbers.
        check_fd(unsafe { sys::sysfd_pidfd_from_id(id.0) }).map(Self)
    }

    /// `SO_PEERPIDFD`: of the peer of a socket.
    pub fn of_peer(socket: impl AsFd) -> io::Result<Self> {
        // SAFETY: borrowed for the call.
        check_fd(unsafe { sys::sysfd_pidfd_of_peer(socket.as_fd().as_raw_fd()) }).map(Self)
    }

    /// `pidfd_send_signal(2)`.
    pub fn send_signal(&self, signo: c_int) -> io::Result<()> {
        self.send_signal_to(signo, SignalScope::Process)
    }

    /// The same, to more or less than the process.
    pub fn send_signal_to(&self, signo: c_int, scope: SignalScope) -> io::Result<()> {
        // SAFETY: only numbers.
        check_unit(unsafe { sys::sysfd_pidfd_send_signal(self.raw(), signo, scope.raw()) })
    }

    /// The same, with a value, as `sigqueue(3)`.
    pub fn send_signal_value(
        &self,
        signo: c_int,
        value: usize,
        scope: SignalScope,
    ) -> io::Result<()> {
        let (pidfd, scope) = (self.raw(), scope.raw());
        // SAFETY: only numbers.
        check_unit(unsafe { sys::sysfd_pidfd_send_signal_value(pidfd, signo, value, scope) })
    }

    /// `pidfd_getfd(2)`: a duplicate of descriptor `number` of that process.
    pub fn get_fd(&self, number: RawFd) -> io::Result<OwnedFd> {
        // SAFETY: only numbers.
        check_fd(unsafe { sys::sysfd_pidfd_get_fd(self.raw(), number) })
    }

    /// `waitid(2)`: waits for the end of a child, and reaps it.
    pub fn wait(&self) -> io::Result<ExitStatus> {
        // SAFETY: writes the status.
        status(|out| unsafe { sys::sysfd_pidfd_wait(self.raw(), out) })
    }

    /// The same without waiting: `None` if it runs.
    pub fn try_wait(&self) -> io::Result<Option<ExitStatus>> {
        // SAFETY: writes the status.
        if_now(status(|out| unsafe { sys::sysfd_pidfd_try_wait(self.raw(), out) }))
    }

    /// The same: `None` at the timeout.
    pub fn wait_timeout<'a>(
        &self,
        timeout: impl Into<Timeout<'a>>,
    ) -> io::Result<Option<ExitStatus>> {
        let timeout = timeout.into().raw();
        // SAFETY: writes the status.
        if_now(status(|out| unsafe { sys::sysfd_pidfd_wait_for(self.raw(), &timeout, out) }))
    }

    /// Waits for what `what` tells of a child.
    pub fn wait_event(&self, what: WaitFor) -> io::Result<WaitEvent> {
        // SAFETY: writes the event.
        event(|out| unsafe { sys::sysfd_pidfd_wait_event(self.raw(), what.raw(), out) })
    }

    /// The same without waiting: `None` if there is no event.
    pub fn try_wait_event(&self, what: WaitFor) -> io::Result<Option<WaitEvent>> {
        // SAFETY: writes the event.
        if_now(event(|out| unsafe { sys::sysfd_pidfd_try_wait_event(self.raw(), what.raw(), out) }))
    }

    /// The same: `None` at the timeout.
    pub fn wait_event_timeout<'a>(
        &self,
        what: WaitFor,
        timeout: impl Into<Timeout<'a>>,
    ) -> io::Result<Option<WaitEvent>> {
        let (what, timeout) = (what.raw(), timeout.into().raw());
        // SAFETY: writes the event.
        if_now(event(|out| unsafe {
            sys::sysfd_pidfd_wait_event_for(self.raw(), &timeout, what, out)
        }))
    }

    /// The process number, for logs.
    pub fn pid(&self) -> io::Result<i32> {
        // SAFETY: only numbers.
        check(unsafe { sys::sysfd_pidfd_pid(self.raw()) })
    }

    /// The identity, which is not reused until the system is rebooted.
    pub fn id(&self) -> io::Result<ProcessId> {
        let mut id = 0;
        // SAFETY: writes a number.
        check(unsafe { sys::sysfd_pidfd_id(self.raw(), &mut id) })?;
        Ok(ProcessId(id))
    }

    /// `PIDFD_GET_INFO`.
    pub fn info(&self) -> io::Result<ProcessInfo> {
        let mut info = sys::sysfd_process_info::INIT;
        // SAFETY: writes to the struct.
        check(unsafe { sys::sysfd_pidfd_info(self.raw(), &mut info) })?;
        Ok(ProcessInfo::of(&info))
    }

    /// One of its namespaces: `NAMESPACE_...`.
    pub fn namespace_fd(&self, kind: u32) -> io::Result<OwnedFd> {
        // SAFETY: only numbers.
        check_fd(unsafe { sys::sysfd_pidfd_namespace_fd(self.raw(), kind) })
    }

    /// The namespace of its children.
    pub fn namespace_for_children(&self, kind: u32) -> io::Result<OwnedFd> {
        // SAFETY: only numbers.
        check_fd(unsafe { sys::sysfd_pidfd_namespace_for_children(self.raw(), kind) })
    }

    /// `setns(2)`: moves the calling thread into these namespaces of the process.
    pub fn enter_namespaces(&self, kinds: u32) -> io::Result<()> {
        // SAFETY: only numbers.
        check_unit(unsafe { sys::sysfd_pidfd_enter_namespaces(self.raw(), kinds) })
    }

    /// Its directory in `/proc`.
    pub fn proc_directory(&self) -> io::Result<OwnedFd> {
        // SAFETY: only numbers.
        check_fd(unsafe { sys::sysfd_pidfd_proc_directory(self.raw()) })
    }

    /// `process_madvise(2)`: returns the number of bytes. A range is an address of that process and
    /// a size.
    ///
    /// # Safety
    ///
    /// If it is the calling process: as for `madvise(2)`.
    pub unsafe fn advise_memory(
        &self,
        ranges: &[(usize, usize)],
        advice: c_int,
    ) -> io::Result<usize> {
        let ranges: Vec<_> = ranges
            .iter()
            .map(|&(address, size)| sys::sysfd_bytes { data: address as *mut _, size })
            .collect();
        let (pidfd, count) = (self.raw(), ranges.len());
        // SAFETY: the ranges are used for the call only.
        check_size(unsafe { sys::sysfd_pidfd_advise_memory(pidfd, ranges.as_ptr(), count, advice) })
    }

    /// `process_mrelease(2)`: releases the memory of a process that is being killed.
    pub fn release_memory(&self) -> io::Result<()> {
        // SAFETY: only numbers.
        check_unit(unsafe { sys::sysfd_pidfd_release_memory(self.raw()) })
    }

    /// Whether both refer to the same process.
    pub fn same_process(&self, other: &Self) -> io::Result<bool> {
        // SAFETY: only numbers.
        check_bool(unsafe { sys::sysfd_same_process(self.raw(), other.raw()) })
    }
}

impl AsFd for PidFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl From<PidFd> for OwnedFd {
    fn from(pidfd: PidFd) -> Self {
        pidfd.0
    }
}

/// Closes what is no pidfd, and fails with `EBADF`.
impl TryFrom<OwnedFd> for PidFd {
    type Error = io::Error;

    fn try_from(fd: OwnedFd) -> io::Result<Self> {
        // SAFETY: the descriptor is given away, and comes back.
        check_fd(unsafe { sys::sysfd_pidfd_adopt_take(fd.into_raw_fd()) }).map(Self)
    }
}

/// `ppoll(2)`: waits until one of these processes has ended, and returns its index. `None`: at the
/// timeout.
pub fn wait_any<'a>(
    pidfds: &[BorrowedFd<'_>],
    timeout: impl Into<Timeout<'a>>,
) -> io::Result<Option<usize>> {
    let (fds, count) = (pidfds.as_ptr().cast(), pidfds.len()); // as a BorrowedFd is an int
    let timeout = timeout.into().raw();
    // SAFETY: the descriptors are borrowed for the call.
    let index = if_now(check(unsafe { sys::sysfd_pidfd_wait_any(fds, count, &timeout) }))?;
    Ok(index.map(|index| index as usize))
}

pub(crate) fn status(wait: impl FnOnce(*mut i32) -> c_int) -> io::Result<ExitStatus> {
    let mut status = 0;
    check(wait(&mut status))?;
    Ok(ExitStatus::from_raw(status))
}

/// How a process ended, as the library writes it: `exited with code 0`.
pub fn describe_status(ended: ExitStatus) -> io::Result<String> {
    // SAFETY: the buffer has this size.
    text(|buffer, size| unsafe { sys::sysfd_exit_status_text(ended.into_raw(), buffer, size) })
}

/// What to wait for. The default is the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WaitFor {
    /// The end.
    pub ended: bool,
    /// A stop.
    pub stopped: bool,
    /// `SIGCONT`.
    pub continued: bool,
    /// `WNOWAIT`: the next wait returns the same event again.
    pub keep: bool,
}

impl WaitFor {
    fn raw(self) -> u32 {
        [
            (self.ended, sys::SYSFD_WAIT_ENDED),
            (self.stopped, sys::SYSFD_WAIT_STOPPED),
            (self.continued, sys::SYSFD_WAIT_CONTINUED),
            (self.keep, sys::SYSFD_WAIT_KEEP),
        ]
        .iter()
        .filter(|(is_set, _)| *is_set)
        .map(|(_, flag)| flag)
        .sum()
    }
}

/// What has happened to a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// It has ended.
    Ended(ExitStatus),
    /// This signal stopped it.
    Stopped(i32),
    /// This signal continued it.
    Continued(i32),
    /// This signal trapped it.
    Trapped(i32),
}

/// An event of a child.
#[derive(Clone, Copy, Debug)]
pub struct WaitEvent {
    /// What has happened.
    pub kind: EventKind,
    /// The process number.
    pub pid: i32,
    /// The user.
    pub user: u32,
    /// The time of the processor in the program.
    pub user_time: Duration,
    /// The time of the processor in the kernel.
    pub system_time: Duration,
    /// The most memory that was in use.
    pub max_resident_kilobytes: i64,
    /// Page faults without input.
    pub minor_faults: i64,
    /// Page faults with input.
    pub major_faults: i64,
    /// Blocks that were read.
    pub blocks_in: i64,
    /// Blocks that were written.
    pub blocks_out: i64,
    /// How often it waited.
    pub voluntary_switches: i64,
    /// How often it was suspended.
    pub involuntary_switches: i64,
}

fn event(wait: impl FnOnce(*mut sys::sysfd_wait_event) -> c_int) -> io::Result<WaitEvent> {
    let mut raw = sys::sysfd_wait_event::INIT;
    check(wait(&mut raw))?;
    let microseconds = |count: i64| Duration::from_micros(count.try_into().unwrap_or(0));
    Ok(WaitEvent {
        kind: match raw.kind {
            sys::SYSFD_EVENT_STOPPED => EventKind::Stopped(raw.signo),
            sys::SYSFD_EVENT_CONTINUED => EventKind::Continued(raw.signo),
            sys::SYSFD_EVENT_TRAPPED => EventKind::Trapped(raw.signo),
            _ => EventKind::Ended(ExitStatus::from_raw(raw.status)),
        },
        pid: raw.pid,
        user: raw.user,
        user_time: microseconds(raw.user_microseconds),
        system_time: microseconds(raw.system_microseconds),
        max_resident_kilobytes: raw.max_resident_kilobytes,
        minor_faults: raw.minor_faults,
        major_faults: raw.major_faults,
        blocks_in: raw.blocks_in,
        blocks_out: raw.blocks_out,
        voluntary_switches: raw.voluntary_switches,
        involuntary_switches: raw.involuntary_switches,
    })
}

/// The user and the group that a process acts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessCredentials {
    /// The real user and group.
    pub real: (u32, u32),
    /// The effective user and group.
    pub effective: (u32, u32),
    /// The saved user and group.
    pub saved: (u32, u32),
    /// The user and group for files.
    pub file_system: (u32, u32),
}

/// What the kernel tells about a process; `None`: it does not tell.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessInfo {
    /// The number of the thread.
    pub pid: Option<i32>,
    /// The number of the process.
    pub process: Option<i32>,
    /// The number of the parent.
    pub parent: Option<i32>,
    /// The users and groups.
    pub credentials: Option<ProcessCredentials>,
    /// The ID of the cgroup.
    pub cgroup_id: Option<u64>,
    /// How it ended, also after it was reaped.
    pub exit_status: Option<ExitStatus>,
    /// `SYSFD_CORE_DUMP...`.
    pub core_dump: Option<u32>,
    /// The signal that made it dump core.
    pub core_dump_signal: Option<i32>,
    /// The `si_code` of that signal.
    pub core_dump_code: Option<i32>,
}

impl ProcessInfo {
    fn of(raw: &sys::sysfd_process_info) -> Self {
        let has = |flag: u32| raw.set & flag != 0;
        Self {
            pid: has(sys::SYSFD_INFO_PID).then_some(raw.pid),
            process: has(sys::SYSFD_INFO_PROCESS).then_some(raw.process),
            parent: has(sys::SYSFD_INFO_PARENT).then_some(raw.parent),
            credentials: has(sys::SYSFD_INFO_CREDENTIALS).then_some(ProcessCredentials {
                real: (raw.user, raw.group),
                effective: (raw.effective_user, raw.effective_group),
                saved: (raw.saved_user, raw.saved_group),
                file_system: (raw.file_system_user, raw.file_system_group),
            }),
            cgroup_id: has(sys::SYSFD_INFO_CGROUP).then_some(raw.cgroup_id),
            exit_status: has(sys::SYSFD_INFO_EXIT).then(|| ExitStatus::from_raw(raw.exit_status)),
            core_dump: has(sys::SYSFD_INFO_CORE_DUMP).then_some(raw.core_dump),
            core_dump_signal: has(sys::SYSFD_INFO_CORE_DUMP_SIGNAL).then_some(raw.core_dump_signal),
            core_dump_code: has(sys::SYSFD_INFO_CORE_DUMP_CODE).then_some(raw.core_dump_code),
        }
    }
}

/// The identity of a process, which is not reused until the system is rebooted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessId(pub u64);

impl FromStr for ProcessId {
    type Err = io::Error;

    fn from_str(value: &str) -> io::Result<Self> {
        let value = c_string(value)?;
        let mut id = 0;
        // SAFETY: writes a number.
        check(unsafe { sys::sysfd_process_id_parse(value.as_ptr(), &mut id) })?;
        Ok(Self(id))
    }
}

impl fmt::Display for ProcessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: the buffer has this size.
        let value =
            text(|buffer, size| unsafe { sys::sysfd_process_id_text(self.0, buffer, size) });
        f.write_str(&value.map_err(|_| fmt::Error)?)
    }
}
