// SPDX-License-Identifier: MIT

use std::ffi::c_int;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::ptr::null;

use crate::cgroup::{Cgroup, CgroupLimits};
use crate::raw::{check, sys};

/// How much of a tree has to be in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Everything, in a new pid namespace, or the start fails.
    #[default]
    WholeTree,
    /// The strongest kind that is possible here.
    BestEffort,
    /// What a subreaper reaches: pid and user namespaces stay the caller's, or the start fails.
    SameNamespaces,
}

/// The child and all that it starts are one tree, which ends together.
#[derive(Clone, Debug)]
pub struct Containment<'a> {
    /// How much of it.
    pub reach: Reach,
    /// The tree is killed when the caller's process ends.
    pub dies_with_owner: bool,
    /// `/proc` shows the tree only.
    pub own_proc: bool,
    /// Of the whole tree.
    pub limits: CgroupLimits,
    /// A cgroup of its own also without limits.
    pub own_cgroup: bool,
    /// Where its cgroup is created. `None`: in that of the calling thread.
    pub parent: Option<&'a Cgroup>,
}

impl Default for Containment<'_> {
    fn default() -> Self {
        Self {
            reach: Reach::WholeTree,
            dies_with_owner: true,
            own_proc: true,
            limits: CgroupLimits::default(),
            own_cgroup: false,
            parent: None,
        }
    }
}

impl Containment<'_> {
    /// Calls `call` with what the C interface needs.
    pub(super) fn with<T>(&self, call: impl FnOnce(*const sys::sysfd_containment) -> T) -> T {
        let flag = |on: bool, flag: u32| if on { flag } else { 0 };
        self.limits.with(|limits| {
            call(&sys::sysfd_containment {
                flags: flag(!self.dies_with_owner, sys::SYSFD_CONTAIN_OUTLIVES_OWNER)
                    | flag(!self.own_proc, sys::SYSFD_CONTAIN_CALLERS_PROC)
                    | flag(self.own_cgroup, sys::SYSFD_CONTAIN_OWN_CGROUP),
                reach: match self.reach {
                    Reach::WholeTree => sys::SYSFD_REACH_WHOLE_TREE,
                    Reach::BestEffort => sys::SYSFD_REACH_BEST_EFFORT,
                    Reach::SameNamespaces => sys::SYSFD_REACH_SAME_NAMESPACES,
                },
                limits,
                parent: self.parent.map_or(null(), |parent| parent.get().cast_const()),
                ..sys::sysfd_containment::INIT
            })
        })
    }
}

/// How a tree is kept together, from the strongest to the weakest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ContainmentKind {
    /// In a new pid namespace.
    PidNamespace,
    /// The same, in a new user namespace.
    UserAndPidNamespace,
    /// By a subreaper.
    Subreaper,
    /// Only the child itself is ended.
    None,
}

impl ContainmentKind {
    pub(super) fn from_raw(raw: c_int) -> Self {
        match raw {
            sys::SYSFD_CONTAINED_BY_PID_NAMESPACE => Self::PidNamespace,
            sys::SYSFD_CONTAINED_BY_USER_AND_PID_NAMESPACE => Self::UserAndPidNamespace,
            sys::SYSFD_CONTAINED_BY_SUBREAPER => Self::Subreaper,
            _ => Self::None,
        }
    }
}

/// Why a child has ended. Only what is certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// Its status is not known.
    NotKnown,
    /// By itself, with any code.
    Exited,
    /// By a signal.
    Signal,
    /// By a signal, and it has dumped core.
    CoreDump,
    /// At the timeout, or when that was canceled.
    Timeout,
    /// The OOM killer killed it, for the limit of its own cgroup.
    OutOfMemory,
}

/// How a child has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Why.
    pub reason: EndReason,
    /// Its status, if that is known.
    pub status: Option<ExitStatus>,
    /// Of a tree with a cgroup of its own: how many of its processes the OOM killer has killed.
    pub oom_kills: Option<u64>,
    /// And how many forks were refused.
    pub refused_forks: Option<u64>,
}

impl Ending {
    /// What `write` writes to the struct of C.
    pub(super) fn read(write: impl FnOnce(*mut sys::sysfd_ending) -> c_int) -> io::Result<Self> {
        let mut raw = sys::sysfd_ending::INIT;
        check(write(&mut raw))?;
        let has = |flag: u32| raw.set & flag != 0;
        Ok(Self {
            reason: match raw.reason {
                sys::SYSFD_END_EXITED => EndReason::Exited,
                sys::SYSFD_END_SIGNAL => EndReason::Signal,
                sys::SYSFD_END_CORE_DUMP => EndReason::CoreDump,
                sys::SYSFD_END_TIMEOUT => EndReason::Timeout,
                sys::SYSFD_END_OUT_OF_MEMORY => EndReason::OutOfMemory,
                _ => EndReason::NotKnown,
            },
            status: has(sys::SYSFD_ENDING_STATUS).then(|| ExitStatus::from_raw(raw.status)),
            oom_kills: has(sys::SYSFD_ENDING_OOM_KILLS).then_some(raw.oom_kills),
            refused_forks: has(sys::SYSFD_ENDING_REFUSED_FORKS).then_some(raw.refused_forks),
        })
    }
}
