// SPDX-License-Identifier: MIT

use std::ffi::{c_int, CString, OsStr};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::null;
use std::time::Duration;

use super::error::{SpawnError, Step};
use super::{BpfInstruction, IdRange};
use crate::raw::{c_string, sys};

fn optional(step: Step, value: Option<&str>) -> Result<Option<CString>, SpawnError> {
    let nul = |value| SpawnError::nul(step, None, OsStr::new(value));
    value.map(|value| c_string(value).map_err(|_| nul(value))).transpose()
}

fn pointer(value: &Option<CString>) -> *const std::ffi::c_char {
    value.as_ref().map_or(null(), |value| value.as_ptr())
}

fn flags(flags: &[(bool, u32)]) -> u32 {
    flags.iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| flag).sum()
}

fn fd_or_none(fd: Option<BorrowedFd<'_>>) -> c_int {
    fd.map_or(-1, |fd| fd.as_raw_fd())
}

/// The user and the privileges of a child. What is not set is the caller's.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    /// The user.
    pub user: Option<u32>,
    /// The group.
    pub group: Option<u32>,
    /// The supplementary groups.
    pub groups: Option<Vec<u32>>,
    /// Keeps the supplementary groups when the user changes.
    pub keep_groups: bool,
    /// Capabilities, as `cap_from_text(3)` reads them.
    pub capabilities: Option<String>,
    /// Capability sets, as `cap_iab_from_text(3)` reads them.
    pub iab: Option<String>,
    /// Gives up all capabilities.
    pub no_capabilities: bool,
    /// `PR_SET_NO_NEW_PRIVS`.
    pub no_new_privileges: bool,
    /// `SECBIT_...`.
    pub securebits: Option<u32>,
    /// A program of instructions that filters system calls.
    pub seccomp: Vec<BpfInstruction>,
}

impl Identity {
    pub(super) fn with(
        &self,
        set: impl FnOnce(*const sys::sysfd_identity) -> c_int,
    ) -> Result<c_int, SpawnError> {
        let capabilities = optional(Step::CAPABILITIES, self.capabilities.as_deref())?;
        let iab = optional(Step::AMBIENT_SET, self.iab.as_deref())?;
        let groups = self.groups.as_deref().unwrap_or_default();
        Ok(set(&sys::sysfd_identity {
            flags: flags(&[
                (self.keep_groups, sys::SYSFD_IDENTITY_KEEP_GROUPS),
                (self.no_capabilities, sys::SYSFD_IDENTITY_NO_CAPABILITIES),
                (self.no_new_privileges, sys::SYSFD_IDENTITY_NO_NEW_PRIVILEGES),
                (self.user.is_some(), sys::SYSFD_IDENTITY_USER),
                (self.group.is_some(), sys::SYSFD_IDENTITY_GROUP),
                (self.groups.is_some(), sys::SYSFD_IDENTITY_GROUPS),
                (self.securebits.is_some(), sys::SYSFD_IDENTITY_SECUREBITS),
            ]),
            user: self.user.unwrap_or(0),
            group: self.group.unwrap_or(0),
            securebits: self.securebits.unwrap_or(0),
            groups: groups.as_ptr(),
            group_count: groups.len(),
            capabilities: pointer(&capabilities),
            iab: pointer(&iab),
            seccomp: self.seccomp.as_ptr(),
            seccomp_count: self.seccomp.len(),
            ..sys::sysfd_identity::INIT
        }))
    }
}

/// `setrlimit(2)`. `None`: no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResourceLimit {
    /// `RLIMIT_...`.
    pub resource: c_int,
    /// The soft limit.
    pub soft: Option<u64>,
    /// The hard limit.
    pub hard: Option<u64>,
}

/// `sched_setattr(2)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scheduler {
    /// `SCHED_...`.
    pub policy: c_int,
    /// Of `SCHED_FIFO` and `SCHED_RR`.
    pub priority: u32,
    /// Of `SCHED_DEADLINE`.
    pub runtime: Duration,
    /// Of `SCHED_DEADLINE`.
    pub deadline: Duration,
    /// Of `SCHED_DEADLINE`.
    pub period: Duration,
    /// `SCHED_FLAG_RESET_ON_FORK`.
    pub reset_on_fork: bool,
}

/// `ioprio_set(2)`, with a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IoPriority {
    /// `IOPRIO_CLASS_RT`.
    RealTime(i32),
    /// `IOPRIO_CLASS_BE`.
    BestEffort(i32),
    /// `IOPRIO_CLASS_IDLE`.
    Idle,
}

/// What a child may use. What is not set is the caller's.
#[derive(Clone, Debug, Default)]
pub struct Resources {
    /// Limits.
    pub limits: Vec<ResourceLimit>,
    /// The processors that it may run on.
    pub processors: Vec<c_int>,
    /// It may run on all processors.
    pub all_processors: bool,
    /// `umask(2)`.
    pub umask: Option<u32>,
    /// `setpriority(2)`.
    pub nice: Option<i32>,
    /// The scheduler.
    pub scheduler: Option<Scheduler>,
    /// The priority of its input and output.
    pub io_priority: Option<IoPriority>,
    /// `/proc/PID/oom_score_adj`.
    pub oom_score_adjust: Option<i32>,
    /// `PR_SET_TIMERSLACK`.
    pub timer_slack: Option<Duration>,
}

impl Resources {
    pub(super) fn with(&self, set: impl FnOnce(*const sys::sysfd_resources) -> c_int) -> c_int {
        let limits: Vec<_> = self
            .limits
            .iter()
            .map(|limit| sys::sysfd_resource_limit {
                resource: limit.resource,
                reserved: 0,
                soft: limit.soft.unwrap_or(sys::SYSFD_UNLIMITED),
                hard: limit.hard.unwrap_or(sys::SYSFD_UNLIMITED),
            })
            .collect();
        let scheduler = self.scheduler.unwrap_or_default();
        let (io_class, io_level) = match self.io_priority {
            Some(IoPriority::RealTime(level)) => (sys::SYSFD_IO_REAL_TIME, level),
            Some(IoPriority::BestEffort(level)) => (sys::SYSFD_IO_BEST_EFFORT, level),
            Some(IoPriority::Idle) => (sys::SYSFD_IO_IDLE, 0),
            None => (0, 0),
        };
        let nanoseconds = |it: Duration| it.as_nanos().try_into().unwrap_or(i64::MAX);
        set(&sys::sysfd_resources {
            flags: flags(&[
                (self.all_processors, sys::SYSFD_RESOURCES_ALL_PROCESSORS),
                (scheduler.reset_on_fork, sys::SYSFD_RESOURCES_SCHEDULER_RESET_ON_FORK),
                (self.umask.is_some(), sys::SYSFD_RESOURCES_UMASK),
                (self.nice.is_some(), sys::SYSFD_RESOURCES_NICE),
                (self.scheduler.is_some(), sys::SYSFD_RESOURCES_SCHEDULER),
                (self.io_priority.is_some(), sys::SYSFD_RESOURCES_IO_PRIORITY),
                (self.oom_score_adjust.is_some(), sys::SYSFD_RESOURCES_OOM_SCORE_ADJUST),
                (self.timer_slack.is_some(), sys::SYSFD_RESOURCES_TIMER_SLACK),
            ]),
            limits: limits.as_ptr(),
            limit_count: limits.len(),
            processors: self.processors.as_ptr(),
            processor_count: self.processors.len(),
            umask: self.umask.unwrap_or(0),
            nice: self.nice.unwrap_or(0),
            scheduler_policy: scheduler.policy,
            scheduler_priority: scheduler.priority,
            scheduler_runtime_nanoseconds: nanoseconds(scheduler.runtime),
            scheduler_deadline_nanoseconds: nanoseconds(scheduler.deadline),
            scheduler_period_nanoseconds: nanoseconds(scheduler.period),
            io_class,
            io_level,
            oom_score_adjust: self.oom_score_adjust.unwrap_or(0),
            timer_slack_nanoseconds: self.timer_slack.map_or(0, nanoseconds),
            ..sys::sysfd_resources::INIT
        })
    }
}

/// The session of a child.
#[derive(Clone, Copy, Debug, Default)]
pub struct Session<'fd> {
    /// `setsid(2)`.
    pub new_session: bool,
    /// `setpgid(2)`; 0: a group of its own.
    pub process_group: Option<i32>,
    /// `TIOCSCTTY`.
    pub controlling_terminal: Option<BorrowedFd<'fd>>,
    /// `TIOCSPGRP`: its group is the foreground group of this terminal.
    pub foreground_of: Option<BorrowedFd<'fd>>,
}

impl Session<'_> {
    pub(super) fn with(&self, set: impl FnOnce(*const sys::sysfd_session) -> c_int) -> c_int {
        set(&sys::sysfd_session {
            flags: flags(&[
                (self.new_session, sys::SYSFD_SESSION_NEW),
                (self.process_group.is_some(), sys::SYSFD_SESSION_PROCESS_GROUP),
            ]),
            process_group: self.process_group.unwrap_or(0),
            controlling_terminal: fd_or_none(self.controlling_terminal),
            foreground_of: fd_or_none(self.foreground_of),
            ..sys::sysfd_session::INIT
        })
    }
}

/// The signals of a child. By default none is blocked, and all that the caller handles have their
/// default action.
#[derive(Clone, Debug, Default)]
pub struct Signals {
    /// The caller's mask.
    pub inherit_mask: bool,
    /// All signals have their default action.
    pub all_to_default: bool,
    /// Blocked.
    pub blocked: Vec<c_int>,
    /// With their default action.
    pub to_default: Vec<c_int>,
    /// Ignored.
    pub ignored: Vec<c_int>,
    /// As in the caller.
    pub unchanged: Vec<c_int>,
}

impl Signals {
    pub(super) fn with(&self, set: impl FnOnce(*const sys::sysfd_signals) -> c_int) -> c_int {
        set(&sys::sysfd_signals {
            flags: flags(&[
                (self.inherit_mask, sys::SYSFD_SIGNALS_INHERIT_MASK),
                (self.all_to_default, sys::SYSFD_SIGNALS_ALL_TO_DEFAULT),
            ]),
            blocked: self.blocked.as_ptr(),
            blocked_count: self.blocked.len(),
            to_default: self.to_default.as_ptr(),
            to_default_count: self.to_default.len(),
            ignored: self.ignored.as_ptr(),
            ignored_count: self.ignored.len(),
            unchanged: self.unchanged.as_ptr(),
            unchanged_count: self.unchanged.len(),
            ..sys::sysfd_signals::INIT
        })
    }
}

/// A namespace to join.
#[derive(Clone, Copy, Debug)]
pub struct NamespaceJoin<'fd> {
    /// A namespace or a pidfd.
    pub fd: BorrowedFd<'fd>,
    /// Of a pidfd: `NAMESPACE_...` of [`crate::pidfd`]; 0: the namespace that `fd` refers to.
    pub kinds: u32,
}

/// The namespaces of a child.
#[derive(Clone, Debug, Default)]
pub struct Namespaces<'fd> {
    /// New ones: `NAMESPACE_...` of [`crate::pidfd`].
    pub create: u32,
    /// Leaves the mounts' propagation as it is.
    pub shared_mounts: bool,
    /// Users of a new user namespace.
    pub user_map: Vec<IdRange>,
    /// Groups of a new user namespace.
    pub group_map: Vec<IdRange>,
    /// Those to join.
    pub join: Vec<NamespaceJoin<'fd>>,
    /// `sethostname(2)`.
    pub host_name: Option<String>,
}

impl Namespaces<'_> {
    pub(super) fn with(
        &self,
        set: impl FnOnce(*const sys::sysfd_namespaces) -> c_int,
    ) -> Result<c_int, SpawnError> {
        let host_name = optional(Step::HOST_NAME, self.host_name.as_deref())?;
        let join: Vec<_> = self
            .join
            .iter()
            .map(|join| sys::sysfd_namespace_join { fd: join.fd.as_raw_fd(), kinds: join.kinds })
            .collect();
        Ok(set(&sys::sysfd_namespaces {
            flags: flags(&[(self.shared_mounts, sys::SYSFD_NAMESPACES_SHARED_MOUNTS)]),
            create: self.create,
            user_map: self.user_map.as_ptr(),
            user_map_count: self.user_map.len(),
            group_map: self.group_map.as_ptr(),
            group_map_count: self.group_map.len(),
            join: join.as_ptr(),
            join_count: join.len(),
            host_name: pointer(&host_name),
            ..sys::sysfd_namespaces::INIT
        }))
    }
}
