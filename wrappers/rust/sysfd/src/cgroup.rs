// SPDX-License-Identifier: MIT
//! Control groups (`cgroups(7)`, version 2).

use std::ffi::{c_char, c_int, OsStr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr::null_mut;
use std::time::Duration;

use crate::raw::{c_string, check, detailed_error, error_text, sys, Object, EINVAL};
use crate::{PidFd, Timeout};

/// Controllers: `SYSFD_CONTROLLER_...`.
pub mod controller {
    pub use sysfd_sys::{
        SYSFD_CONTROLLER_CPU as CPU, SYSFD_CONTROLLER_CPUSET as CPUSET,
        SYSFD_CONTROLLER_HUGETLB as HUGETLB, SYSFD_CONTROLLER_IO as IO,
        SYSFD_CONTROLLER_MEMORY as MEMORY, SYSFD_CONTROLLER_PIDS as PIDS,
    };
}

/// What failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CgroupStep(c_int);

macro_rules! steps {
    ($($name:ident = $value:ident,)*) => {
        impl CgroupStep {
            $(#[doc = concat!("`", stringify!($value), "` of the header.")]
            pub const $name: Self = Self(sys::$value);)*
        }
    };
}
steps! {
    FIND = SYSFD_CGROUP_FIND,
    OPEN = SYSFD_CGROUP_OPEN,
    CREATE = SYSFD_CGROUP_CREATE,
    ENABLE = SYSFD_CGROUP_ENABLE,
    LIMIT = SYSFD_CGROUP_LIMIT,
    MOVE = SYSFD_CGROUP_MOVE,
    KILL = SYSFD_CGROUP_KILL,
    FREEZE = SYSFD_CGROUP_FREEZE,
    READ = SYSFD_CGROUP_READ,
    WAIT = SYSFD_CGROUP_WAIT,
    REMOVE = SYSFD_CGROUP_REMOVE,
    START = SYSFD_CGROUP_START,
}

/// Why something cannot be done. Its text is a sentence, with what would help, if that is known.
#[derive(Clone, Debug)]
pub struct CgroupError {
    errno: c_int,
    text: String,
    step: CgroupStep,
}
detailed_error!(CgroupError);

impl CgroupError {
    /// What failed.
    pub fn step(&self) -> CgroupStep {
        self.step
    }
}

fn call(function: impl FnOnce(*mut sys::sysfd_error) -> c_int) -> Result<c_int, CgroupError> {
    let mut raw = sys::sysfd_error::INIT;
    let code = function(&mut raw);
    if code >= 0 {
        return Ok(code);
    }
    let text = error_text(&raw.text, -code);
    Err(CgroupError { errno: -code, text, step: CgroupStep(raw.kind) })
}

/// For one block device, in a second. `None` stays as it is; `u64::MAX` is no limit.
#[derive(Clone, Copy, Debug, Default)]
pub struct IoLimit {
    /// The numbers of the device.
    pub major: u32,
    /// The numbers of the device.
    pub minor: u32,
    /// Bytes.
    pub read_bytes: Option<u64>,
    /// Bytes.
    pub write_bytes: Option<u64>,
    /// Operations.
    pub read_operations: Option<u64>,
    /// Operations.
    pub write_operations: Option<u64>,
}

/// What the processes of a cgroup may use. `None` stays as it is; `u64::MAX` is no limit.
#[derive(Clone, Debug, Default)]
pub struct CgroupLimits {
    /// Bytes. Above it, the OOM killer kills.
    pub memory_max: Option<u64>,
    /// Bytes. Above it, processes are slowed down.
    pub memory_high: Option<u64>,
    /// Bytes.
    pub swap_max: Option<u64>,
    /// Whether the OOM killer kills the whole cgroup.
    pub kills_all: Option<bool>,
    /// Processes and threads.
    pub pids_max: Option<u64>,
    /// Microseconds of processor time in each period of so many microseconds.
    pub cpu_max: Option<(u64, u64)>,
    /// 1 to 10000; 100 is usual.
    pub cpu_weight: Option<u32>,
    /// Of block devices.
    pub io_max: Vec<IoLimit>,
}

/// Stores a value that may be missing, and its flag.
fn put<T: Copy>(from: Option<T>, to: &mut T, flags: &mut u32, flag: u32) {
    if let Some(value) = from {
        *to = value;
        *flags |= flag;
    }
}

impl IoLimit {
    fn raw(&self) -> sys::sysfd_io_limit {
        let mut raw = sys::sysfd_io_limit {
            major: self.major,
            minor: self.minor,
            flags: 0,
            reserved: 0,
            read_bytes: 0,
            write_bytes: 0,
            read_operations: 0,
            write_operations: 0,
        };
        let flags = &mut raw.flags;
        put(self.read_bytes, &mut raw.read_bytes, flags, sys::SYSFD_IO_LIMIT_READ_BYTES);
        put(self.write_bytes, &mut raw.write_bytes, flags, sys::SYSFD_IO_LIMIT_WRITE_BYTES);
        let (from, flag) = (self.read_operations, sys::SYSFD_IO_LIMIT_READ_OPERATIONS);
        put(from, &mut raw.read_operations, flags, flag);
        let (from, flag) = (self.write_operations, sys::SYSFD_IO_LIMIT_WRITE_OPERATIONS);
        put(from, &mut raw.write_operations, flags, flag);
        raw
    }
}

impl CgroupLimits {
    /// Calls `call` with what the C interface needs.
    pub(crate) fn with<T>(&self, call: impl FnOnce(*const sys::sysfd_cgroup_limits) -> T) -> T {
        let io: Vec<_> = self.io_max.iter().map(IoLimit::raw).collect();
        let mut raw = sys::sysfd_cgroup_limits {
            io_max: io.as_ptr(),
            io_max_count: io.len(),
            ..sys::sysfd_cgroup_limits::INIT
        };
        let flags = &mut raw.flags;
        put(self.memory_max, &mut raw.memory_max, flags, sys::SYSFD_LIMIT_MEMORY_MAX);
        put(self.memory_high, &mut raw.memory_high, flags, sys::SYSFD_LIMIT_MEMORY_HIGH);
        put(self.swap_max, &mut raw.swap_max, flags, sys::SYSFD_LIMIT_SWAP_MAX);
        put(self.pids_max, &mut raw.pids_max, flags, sys::SYSFD_LIMIT_PIDS_MAX);
        put(self.cpu_weight, &mut raw.cpu_weight, flags, sys::SYSFD_LIMIT_CPU_WEIGHT);
        let kills_all = self.kills_all.map(u32::from);
        put(kills_all, &mut raw.kills_all, flags, sys::SYSFD_LIMIT_KILLS_ALL);
        if let Some((quota, period)) = self.cpu_max {
            *flags |= sys::SYSFD_LIMIT_CPU_MAX;
            raw.cpu_quota_microseconds = quota;
            raw.cpu_period_microseconds = period;
        }
        call(&raw)
    }
}

/// What has been used. `None`: the kernel, or the cgroup, does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CgroupUsage {
    /// Bytes.
    pub memory: Option<u64>,
    /// Bytes.
    pub memory_peak: Option<u64>,
    /// Bytes.
    pub swap: Option<u64>,
    /// Processor time of the programs.
    pub cpu_user: Option<Duration>,
    /// Processor time of the kernel.
    pub cpu_system: Option<Duration>,
    /// Processes and threads, also zombies.
    pub pids: Option<u64>,
    /// The most that there were.
    pub pids_peak: Option<u64>,
}

impl CgroupUsage {
    pub(crate) fn from_raw(raw: &sys::sysfd_cgroup_usage) -> Self {
        let get = |value: u64, flag: u32| (raw.set & flag != 0).then_some(value);
        let time = |value, flag| get(value, flag).map(Duration::from_micros);
        Self {
            memory: get(raw.memory, sys::SYSFD_USAGE_MEMORY),
            memory_peak: get(raw.memory_peak, sys::SYSFD_USAGE_MEMORY_PEAK),
            swap: get(raw.swap, sys::SYSFD_USAGE_SWAP),
            cpu_user: time(raw.cpu_user_microseconds, sys::SYSFD_USAGE_CPU_USER),
            cpu_system: time(raw.cpu_system_microseconds, sys::SYSFD_USAGE_CPU_SYSTEM),
            pids: get(raw.pids, sys::SYSFD_USAGE_PIDS),
            pids_peak: get(raw.pids_peak, sys::SYSFD_USAGE_PIDS_PEAK),
        }
    }
}

/// What has happened in a cgroup and below. `None`: the kernel, or the cgroup, does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CgroupEvents {
    /// There are processes that have not ended.
    pub populated: bool,
    /// They are frozen.
    pub frozen: bool,
    /// How often the limit of memory was reached, and nothing helped.
    pub oom: Option<u64>,
    /// How many processes the OOM killer has killed.
    pub oom_kill: Option<u64>,
    /// How often it has killed all.
    pub oom_group_kill: Option<u64>,
    /// How many forks were refused.
    pub pids_max: Option<u64>,
}

/// What can be done below a cgroup. An obstacle is a sentence with what would help.
#[derive(Clone, Debug)]
pub struct CgroupAbilities {
    /// Why no cgroup can be created.
    pub create_obstacle: Option<String>,
    /// Why no child can be started there.
    pub start_obstacle: Option<String>,
    /// There is `cgroup.kill`.
    pub has_kill: bool,
    /// See [`Cgroup::make_leaf_and_enable`].
    pub needs_leaf: bool,
    /// A set of [`controller`].
    pub available: u32,
    /// For the cgroups below.
    pub enabled: u32,
    /// Used by cgroups of version 1, so not available.
    pub in_version_1: u32,
}

/// A control group. One that was created, and not opened, kills what is left in it when it is
/// dropped, waits up to five seconds, and is removed. For
/// [`Command::cgroup`](crate::Command::cgroup).
#[derive(Debug)]
#[must_use = "a Cgroup that is dropped kills what is in it"]
pub struct Cgroup {
    object: Object<sys::sysfd_cgroup>,
}

// SAFETY: the object belongs to no thread.
unsafe impl Send for Cgroup {}

impl Cgroup {
    /// That of the calling thread.
    pub fn own() -> Result<Self, CgroupError> {
        // SAFETY: writes an object.
        Self::make(|out, error| unsafe { sys::sysfd_cgroup_own(out, error) })
    }

    /// One that exists.
    pub fn open(path: impl AsRef<OsStr>) -> Result<Self, CgroupError> {
        let path = name_of(path, CgroupStep::OPEN)?;
        // SAFETY: writes an object.
        Self::make(|out, error| unsafe { sys::sysfd_cgroup_open(path.as_ptr(), out, error) })
    }

    /// `mkdir(2)`: a new one below, with limits.
    pub fn create(
        &self,
        name: impl AsRef<OsStr>,
        limits: &CgroupLimits,
    ) -> Result<Self, CgroupError> {
        let name = name_of(name, CgroupStep::CREATE)?;
        limits.with(|limits| {
            // SAFETY: writes an object.
            Self::make(|out, error| unsafe {
                sys::sysfd_cgroup_create(self.get(), name.as_ptr(), limits, out, error)
            })
        })
    }

    /// Moves all its processes into a new one below, and then enables the controllers.
    pub fn make_leaf_and_enable(
        &self,
        name: impl AsRef<OsStr>,
        controllers: u32,
    ) -> Result<Self, CgroupError> {
        let name = name_of(name, CgroupStep::CREATE)?;
        let name = name.as_ptr();
        // SAFETY: writes an object.
        Self::make(|out, error| unsafe {
            sys::sysfd_cgroup_make_leaf_and_enable(self.get(), name, controllers, out, error)
        })
    }

    fn make(
        function: impl FnOnce(*mut *mut sys::sysfd_cgroup, *mut sys::sysfd_error) -> c_int,
    ) -> Result<Self, CgroupError> {
        let mut pointer = null_mut();
        call(|error| function(&mut pointer, error))?;
        // SAFETY: it was written, since that succeeded.
        Ok(Self { object: unsafe { Object::adopt(pointer, sys::sysfd_cgroup_free) } })
    }

    pub(crate) fn get(&self) -> *mut sys::sysfd_cgroup {
        self.object.get()
    }

    /// What can be done below it. Creates a cgroup for a moment.
    pub fn abilities(&self) -> Result<CgroupAbilities, CgroupError> {
        let mut raw = sys::sysfd_cgroup_abilities::INIT;
        // SAFETY: writes to the struct.
        call(|error| unsafe { sys::sysfd_cgroup_get_abilities(self.get(), &mut raw, error) })?;
        let obstacle = |text: &[c_char], code: i32| (code != 0).then(|| error_text(text, code));
        Ok(CgroupAbilities {
            create_obstacle: obstacle(&raw.create_text, raw.create_code),
            start_obstacle: obstacle(&raw.start_text, raw.start_code),
            has_kill: raw.flags & sys::SYSFD_ABILITY_KILL != 0,
            needs_leaf: raw.flags & sys::SYSFD_ABILITY_NEEDS_LEAF != 0,
            available: raw.available,
            enabled: raw.enabled,
            in_version_1: raw.in_version_1,
        })
    }

    /// `cgroup.subtree_control`: enables a set of [`controller`] for the cgroups below.
    pub fn enable(&self, controllers: u32) -> Result<(), CgroupError> {
        // SAFETY: only numbers.
        call(|error| unsafe { sys::sysfd_cgroup_enable(self.get(), controllers, error) })?;
        Ok(())
    }

    /// Changes the limits that are given.
    pub fn set(&self, limits: &CgroupLimits) -> Result<(), CgroupError> {
        // SAFETY: the struct is read.
        limits.with(|limits| {
            call(|error| unsafe { sys::sysfd_cgroup_set(self.get(), limits, error) })
        })?;
        Ok(())
    }

    /// `cgroup.kill`: `SIGKILL` for all processes in it and below. Does not wait for their end.
    pub fn kill(&self) -> Result<(), CgroupError> {
        // SAFETY: only numbers.
        call(|error| unsafe { sys::sysfd_cgroup_kill(self.get(), error) })?;
        Ok(())
    }

    /// Stops all processes, and waits until they are.
    pub fn freeze<'a>(&self, timeout: impl Into<Timeout<'a>>) -> Result<(), CgroupError> {
        let timeout = timeout.into().raw();
        // SAFETY: the struct is read.
        call(|error| unsafe { sys::sysfd_cgroup_freeze(self.get(), &timeout, error) })?;
        Ok(())
    }

    /// Lets them go on.
    pub fn thaw(&self) -> Result<(), CgroupError> {
        // SAFETY: only numbers.
        call(|error| unsafe { sys::sysfd_cgroup_thaw(self.get(), error) })?;
        Ok(())
    }

    /// Waits until no process is left but zombies.
    pub fn wait_empty<'a>(&self, timeout: impl Into<Timeout<'a>>) -> Result<(), CgroupError> {
        let timeout = timeout.into().raw();
        // SAFETY: the struct is read.
        call(|error| unsafe { sys::sysfd_cgroup_wait_empty(self.get(), &timeout, error) })?;
        Ok(())
    }

    /// Pidfds of the processes in it and below.
    pub fn processes(&self) -> Result<Vec<PidFd>, CgroupError> {
        const ERANGE: c_int = 34;
        let mut numbers = vec![-1; 64];
        loop {
            let (to, capacity) = (numbers.as_mut_ptr(), numbers.len());
            // SAFETY: there is room for so many.
            match call(|error| unsafe {
                sys::sysfd_cgroup_processes(self.get(), capacity, to, error)
            }) {
                Err(error) if error.errno == ERANGE => numbers.resize(4 * capacity, -1),
                Err(error) => return Err(error),
                Ok(count) => {
                    numbers.truncate(count as usize);
                    // SAFETY: they are the caller's.
                    let adopt = |fd| PidFd::of(unsafe { OwnedFd::from_raw_fd(fd) });
                    return Ok(numbers.into_iter().map(adopt).collect());
                }
            }
        }
    }

    /// What has been used.
    pub fn usage(&self) -> Result<CgroupUsage, CgroupError> {
        let mut raw = sys::sysfd_cgroup_usage::INIT;
        // SAFETY: writes to the struct.
        call(|error| unsafe { sys::sysfd_cgroup_get_usage(self.get(), &mut raw, error) })?;
        Ok(CgroupUsage::from_raw(&raw))
    }

    /// What has happened.
    pub fn events(&self) -> Result<CgroupEvents, CgroupError> {
        let mut raw = sys::sysfd_cgroup_events::INIT;
        // SAFETY: writes to the struct.
        call(|error| unsafe { sys::sysfd_cgroup_get_events(self.get(), &mut raw, error) })?;
        let get = |value: u64, flag: u32| (raw.set & flag != 0).then_some(value);
        Ok(CgroupEvents {
            populated: raw.populated != 0,
            frozen: raw.frozen != 0,
            oom: get(raw.oom, sys::SYSFD_EVENTS_OOM),
            oom_kill: get(raw.oom_kill, sys::SYSFD_EVENTS_OOM_KILL),
            oom_group_kill: get(raw.oom_group_kill, sys::SYSFD_EVENTS_OOM_GROUP_KILL),
            pids_max: get(raw.pids_max, sys::SYSFD_EVENTS_PIDS_MAX),
        })
    }

    /// `cgroup.events`: `poll(2)` reports `POLLPRI` when it has changed.
    pub fn open_events(&self) -> Result<OwnedFd, CgroupError> {
        // SAFETY: only numbers.
        let fd = call(|error| unsafe { sys::sysfd_cgroup_open_events(self.get(), error) })?;
        // SAFETY: it is the caller's.
        Ok(unsafe { OwnedFd::from_raw_fd(fd) })
    }

    /// `memory.events`: the same.
    pub fn open_memory_events(&self) -> Result<OwnedFd, CgroupError> {
        // SAFETY: only numbers.
        let fd = call(|error| unsafe { sys::sysfd_cgroup_open_memory_events(self.get(), error) })?;
        // SAFETY: it is the caller's.
        Ok(unsafe { OwnedFd::from_raw_fd(fd) })
    }

    /// `poll(2)` of such a descriptor reports what changes from now on. Call
    /// [`events`](Self::events) afterwards.
    pub fn rearm(events: impl AsFd) -> Result<(), CgroupError> {
        let fd = events.as_fd().as_raw_fd();
        // SAFETY: borrowed for the call.
        call(|error| unsafe { sys::sysfd_cgroup_rearm(fd, error) })?;
        Ok(())
    }

    /// `rmdir(2)`: removes it and those below. There must be no processes.
    pub fn remove(&mut self) -> Result<(), CgroupError> {
        // SAFETY: nobody else uses the object.
        call(|error| unsafe { sys::sysfd_cgroup_remove(self.get(), error) })?;
        Ok(())
    }

    /// Leaves it and its processes alone when this is dropped.
    pub fn keep(&mut self) {
        // SAFETY: nobody else uses the object.
        check(unsafe { sys::sysfd_cgroup_keep(self.get()) }).expect("the object is valid");
    }

    /// Kills and removes what is left below of contained children whose owners were killed. Returns
    /// how many.
    pub fn sweep_trees(&self) -> Result<usize, CgroupError> {
        // SAFETY: only numbers.
        let count = call(|error| unsafe { sys::sysfd_sweep_trees(self.get(), error) })?;
        Ok(count as usize)
    }
}

/// The directory.
impl AsFd for Cgroup {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: the object keeps it open.
        unsafe { BorrowedFd::borrow_raw(sys::sysfd_cgroup_fd_borrow(self.get())) }
    }
}

fn name_of(name: impl AsRef<OsStr>, step: CgroupStep) -> Result<std::ffi::CString, CgroupError> {
    c_string(name).map_err(|error| CgroupError { errno: EINVAL, text: error.to_string(), step })
}
