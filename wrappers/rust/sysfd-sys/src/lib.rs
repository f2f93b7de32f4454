// SPDX-License-Identifier: MIT
//! The raw declarations of `<sysfd/sysfd.h>`: the C interface of sysfd.
//!
//! The names are those of the header, and so are the rules: see its comments. Each struct that
//! begins with its size has a constant `INIT`, which is the header's `SYSFD_..._INIT`. The crate
//! `sysfd` is the safe interface.
#![no_std]
#![allow(non_camel_case_types)]

use core::ffi::{c_char, c_int, c_void};
use core::mem::size_of;
use core::ptr::{null, null_mut};

// What a constant is for decides its type: flags and kinds are u32, steps and choices are c_int.

pub const SYSFD_C_VERSION: u32 = 1000;
pub const SYSFD_FEATURE_FILE_HANDLES: c_int = 0;
pub const SYSFD_FEATURE_PIDFD_SEND_SIGNAL: c_int = 1;
pub const SYSFD_FEATURE_PIDFD_OPEN: c_int = 2;
pub const SYSFD_FEATURE_WAIT_BY_PIDFD: c_int = 3;
pub const SYSFD_FEATURE_CLONE3: c_int = 4;
pub const SYSFD_FEATURE_PIDFD_GETFD: c_int = 5;
pub const SYSFD_FEATURE_CLONE_INTO_CGROUP: c_int = 6;
pub const SYSFD_FEATURE_OPENAT2: c_int = 7;
pub const SYSFD_FEATURE_CLOSE_RANGE: c_int = 8;
pub const SYSFD_FEATURE_PROCESS_MADVISE: c_int = 9;
pub const SYSFD_FEATURE_PROCESS_MRELEASE: c_int = 10;
pub const SYSFD_FEATURE_NOEXEC_SEAL: c_int = 11;
pub const SYSFD_FEATURE_PEER_PIDFD: c_int = 12;
pub const SYSFD_FEATURE_PASS_PIDFD: c_int = 13;
pub const SYSFD_FEATURE_HANDLE_FID: c_int = 14;
pub const SYSFD_FEATURE_STATMOUNT: c_int = 15;
pub const SYSFD_FEATURE_UNIQUE_MOUNT_IDS: c_int = 16;
pub const SYSFD_FEATURE_PIDFS: c_int = 17;
pub const SYSFD_FEATURE_PIDFD_THREAD: c_int = 18;
pub const SYSFD_FEATURE_SIGNAL_SCOPES: c_int = 19;
pub const SYSFD_FEATURE_WRITE_NOAPPEND: c_int = 20;
pub const SYSFD_FEATURE_DUPFD_QUERY: c_int = 21;
pub const SYSFD_FEATURE_KCMP: c_int = 22;
pub const SYSFD_FEATURE_PIDFD_NAMESPACES: c_int = 23;
pub const SYSFD_FEATURE_HANDLE_UNIQUE_MOUNT: c_int = 24;
pub const SYSFD_FEATURE_PIDFD_INFO: c_int = 25;
pub const SYSFD_FEATURE_HANDLE_CONNECTABLE: c_int = 26;
pub const SYSFD_FEATURE_PIDFD_HANDLES: c_int = 27;
pub const SYSFD_FEATURE_PASS_RIGHTS: c_int = 28;
pub const SYSFD_FEATURE_PIDFS_ROOT: c_int = 29;
pub const SYSFD_FEATURE_NSFS_ROOT: c_int = 30;
pub const SYSFD_FEATURE_AUTOREAP: c_int = 31;
pub const SYSFD_FEATURE_AUTOKILL: c_int = 32;
pub const SYSFD_FEATURE_LANDLOCK: c_int = 33;
pub const SYSFD_FEATURE_COUNT: c_int = 34;
pub const SYSFD_FOREVER: i64 = i64::MAX;
pub const SYSFD_CWD: c_int = -100;
pub const SYSFD_RESOLVE_NO_MOUNT_POINTS: u64 = 0x01;
pub const SYSFD_RESOLVE_NO_MAGIC_LINKS: u64 = 0x02;
pub const SYSFD_RESOLVE_NO_SYMLINKS: u64 = 0x04;
pub const SYSFD_RESOLVE_BENEATH: u64 = 0x08;
pub const SYSFD_RESOLVE_IN_ROOT: u64 = 0x10;
pub const SYSFD_READ_NOWAIT: u32 = 1;
pub const SYSFD_SYNC_DATA_ONLY: u32 = 1;
pub const SYSFD_SEEK_START: c_int = 0;
pub const SYSFD_SEEK_POSITION: c_int = 1;
pub const SYSFD_SEEK_END: c_int = 2;
pub const SYSFD_LOCK_SHARED: c_int = 0;
pub const SYSFD_LOCK_EXCLUSIVE: c_int = 1;
pub const SYSFD_UNLIMITED: u64 = u64::MAX;
pub const SYSFD_SEAL_MAY_SHRINK: c_int = 1;
pub const SYSFD_SEAL_MAY_CHANGE: c_int = 2;
pub const SYSFD_MAX_FDS_IN_MESSAGE: usize = 253;
pub const SYSFD_RECEIVE_NOWAIT: u32 = 1;
pub const SYSFD_RECEIVE_KEEP_UNWANTED: u32 = 2;
pub const SYSFD_HANDLE_FOLLOW: u32 = 1;
pub const SYSFD_HANDLE_FID: u32 = 2;
pub const SYSFD_HANDLE_CONNECTABLE: u32 = 4;
pub const SYSFD_HANDLE_UNIQUE_MOUNT: u32 = 8;
pub const SYSFD_PIDFS_ROOT: c_int = -10002;
pub const SYSFD_NSFS_ROOT: c_int = -10003;
pub const SYSFD_FANOTIFY_FID: u32 = 0;
pub const SYSFD_FANOTIFY_DFID: u32 = 1;
pub const SYSFD_FANOTIFY_DFID_NAME: u32 = 2;
pub const SYSFD_FANOTIFY_OLD_DFID_NAME: u32 = 3;
pub const SYSFD_FANOTIFY_NEW_DFID_NAME: u32 = 4;
pub const SYSFD_PIDFD_NONBLOCKING: u32 = 1;
pub const SYSFD_PIDFD_THREAD: u32 = 2;
pub const SYSFD_SIGNAL_PROCESS: u32 = 0;
pub const SYSFD_SIGNAL_THREAD: u32 = 1;
pub const SYSFD_SIGNAL_THREAD_GROUP: u32 = 2;
pub const SYSFD_SIGNAL_PROCESS_GROUP: u32 = 4;
pub const SYSFD_NAMESPACE_TIME: u32 = 0x80;
pub const SYSFD_NAMESPACE_MOUNT: u32 = 0x20000;
pub const SYSFD_NAMESPACE_CGROUP: u32 = 0x2000000;
pub const SYSFD_NAMESPACE_UTS: u32 = 0x4000000;
pub const SYSFD_NAMESPACE_IPC: u32 = 0x8000000;
pub const SYSFD_NAMESPACE_USER: u32 = 0x10000000;
pub const SYSFD_NAMESPACE_PID: u32 = 0x20000000;
pub const SYSFD_NAMESPACE_NET: u32 = 0x40000000;
pub const SYSFD_WAIT_ENDED: u32 = 1;
pub const SYSFD_WAIT_STOPPED: u32 = 2;
pub const SYSFD_WAIT_CONTINUED: u32 = 4;
pub const SYSFD_WAIT_KEEP: u32 = 8;
pub const SYSFD_EVENT_ENDED: u32 = 0;
pub const SYSFD_EVENT_STOPPED: u32 = 1;
pub const SYSFD_EVENT_CONTINUED: u32 = 2;
pub const SYSFD_EVENT_TRAPPED: u32 = 3;
pub const SYSFD_INFO_PID: u32 = 0x1;
pub const SYSFD_INFO_PROCESS: u32 = 0x2;
pub const SYSFD_INFO_PARENT: u32 = 0x4;
pub const SYSFD_INFO_CREDENTIALS: u32 = 0x8;
pub const SYSFD_INFO_CGROUP: u32 = 0x10;
pub const SYSFD_INFO_EXIT: u32 = 0x20;
pub const SYSFD_INFO_CORE_DUMP: u32 = 0x40;
pub const SYSFD_INFO_CORE_DUMP_SIGNAL: u32 = 0x80;
pub const SYSFD_INFO_CORE_DUMP_CODE: u32 = 0x100;
pub const SYSFD_CORE_DUMPED: u32 = 1;
pub const SYSFD_CORE_DUMP_SKIPPED: u32 = 2;
pub const SYSFD_CORE_DUMP_AS_USER: u32 = 4;
pub const SYSFD_CORE_DUMP_AS_ROOT: u32 = 8;
pub const SYSFD_CONTROLLER_CPU: u32 = 0x1;
pub const SYSFD_CONTROLLER_CPUSET: u32 = 0x2;
pub const SYSFD_CONTROLLER_IO: u32 = 0x4;
pub const SYSFD_CONTROLLER_MEMORY: u32 = 0x8;
pub const SYSFD_CONTROLLER_PIDS: u32 = 0x10;
pub const SYSFD_CONTROLLER_HUGETLB: u32 = 0x20;
pub const SYSFD_CGROUP_FIND: c_int = 0;
pub const SYSFD_CGROUP_OPEN: c_int = 1;
pub const SYSFD_CGROUP_CREATE: c_int = 2;
pub const SYSFD_CGROUP_ENABLE: c_int = 3;
pub const SYSFD_CGROUP_LIMIT: c_int = 4;
pub const SYSFD_CGROUP_MOVE: c_int = 5;
pub const SYSFD_CGROUP_KILL: c_int = 6;
pub const SYSFD_CGROUP_FREEZE: c_int = 7;
pub const SYSFD_CGROUP_READ: c_int = 8;
pub const SYSFD_CGROUP_WAIT: c_int = 9;
pub const SYSFD_CGROUP_REMOVE: c_int = 10;
pub const SYSFD_CGROUP_START: c_int = 11;
pub const SYSFD_IO_LIMIT_READ_BYTES: u32 = 0x1;
pub const SYSFD_IO_LIMIT_WRITE_BYTES: u32 = 0x2;
pub const SYSFD_IO_LIMIT_READ_OPERATIONS: u32 = 0x4;
pub const SYSFD_IO_LIMIT_WRITE_OPERATIONS: u32 = 0x8;
pub const SYSFD_LIMIT_MEMORY_MAX: u32 = 0x1;
pub const SYSFD_LIMIT_MEMORY_HIGH: u32 = 0x2;
pub const SYSFD_LIMIT_SWAP_MAX: u32 = 0x4;
pub const SYSFD_LIMIT_KILLS_ALL: u32 = 0x8;
pub const SYSFD_LIMIT_PIDS_MAX: u32 = 0x10;
pub const SYSFD_LIMIT_CPU_MAX: u32 = 0x20;
pub const SYSFD_LIMIT_CPU_WEIGHT: u32 = 0x40;
pub const SYSFD_ABILITY_KILL: u32 = 1;
pub const SYSFD_ABILITY_NEEDS_LEAF: u32 = 2;
pub const SYSFD_ABILITY_CREATE: u32 = 4;
pub const SYSFD_ABILITY_START: u32 = 8;
pub const SYSFD_USAGE_MEMORY: u32 = 0x1;
pub const SYSFD_USAGE_MEMORY_PEAK: u32 = 0x2;
pub const SYSFD_USAGE_SWAP: u32 = 0x4;
pub const SYSFD_USAGE_CPU_USER: u32 = 0x8;
pub const SYSFD_USAGE_CPU_SYSTEM: u32 = 0x10;
pub const SYSFD_USAGE_PIDS: u32 = 0x20;
pub const SYSFD_USAGE_PIDS_PEAK: u32 = 0x40;
pub const SYSFD_EVENTS_OOM: u32 = 0x1;
pub const SYSFD_EVENTS_OOM_KILL: u32 = 0x2;
pub const SYSFD_EVENTS_OOM_GROUP_KILL: u32 = 0x4;
pub const SYSFD_EVENTS_PIDS_MAX: u32 = 0x8;
pub const SYSFD_FILE_EXECUTE: u64 = 0x1;
pub const SYSFD_FILE_WRITE_FILE: u64 = 0x2;
pub const SYSFD_FILE_READ_FILE: u64 = 0x4;
pub const SYSFD_FILE_READ_DIR: u64 = 0x8;
pub const SYSFD_FILE_REMOVE_DIR: u64 = 0x10;
pub const SYSFD_FILE_REMOVE_FILE: u64 = 0x20;
pub const SYSFD_FILE_MAKE_CHAR: u64 = 0x40;
pub const SYSFD_FILE_MAKE_DIR: u64 = 0x80;
pub const SYSFD_FILE_MAKE_REG: u64 = 0x100;
pub const SYSFD_FILE_MAKE_SOCK: u64 = 0x200;
pub const SYSFD_FILE_MAKE_FIFO: u64 = 0x400;
pub const SYSFD_FILE_MAKE_BLOCK: u64 = 0x800;
pub const SYSFD_FILE_MAKE_SYM: u64 = 0x1000;
pub const SYSFD_FILE_REFER: u64 = 0x2000;
pub const SYSFD_FILE_TRUNCATE: u64 = 0x4000;
pub const SYSFD_FILE_IOCTL_DEV: u64 = 0x8000;
pub const SYSFD_FILE_RESOLVE_UNIX: u64 = 0x10000;
pub const SYSFD_FILE_RUN: u64 = 0x5;
pub const SYSFD_FILE_READ: u64 = 0xc;
pub const SYSFD_FILE_READ_WRITE: u64 = 0x77be;
pub const SYSFD_PORT_BIND_TCP: u64 = 0x1;
pub const SYSFD_PORT_CONNECT_TCP: u64 = 0x2;
pub const SYSFD_PORT_BIND_UDP: u64 = 0x4;
pub const SYSFD_PORT_CONNECT_SEND_UDP: u64 = 0x8;
pub const SYSFD_SCOPE_ABSTRACT_UNIX_SOCKET: u64 = 0x1;
pub const SYSFD_SCOPE_SIGNAL: u64 = 0x2;
pub const SYSFD_LANDLOCK_SUPPORT: c_int = 0;
pub const SYSFD_LANDLOCK_CREATE: c_int = 1;
pub const SYSFD_LANDLOCK_OPEN: c_int = 2;
pub const SYSFD_LANDLOCK_RULE: c_int = 3;
pub const SYSFD_LANDLOCK_RESTRICT: c_int = 4;
pub const SYSFD_LANDLOCK_PROGRAM: c_int = 5;
pub const SYSFD_RESTRICT_KEEP_PRIVILEGES: u32 = 1;
pub const SYSFD_RESTRICT_LOG_AFTER_EXEC: u32 = 2;
pub const SYSFD_FD_ANY: c_int = 0;
pub const SYSFD_FD_SOCKET: c_int = 1;
pub const SYSFD_FD_STREAM_LISTENER: c_int = 2;
pub const SYSFD_FD_STREAM: c_int = 3;
pub const SYSFD_FD_SEQPACKET_LISTENER: c_int = 4;
pub const SYSFD_FD_SEQPACKET: c_int = 5;
pub const SYSFD_FD_DATAGRAM: c_int = 6;
pub const SYSFD_FD_FIFO: c_int = 7;
pub const SYSFD_FD_SPECIAL_FILE: c_int = 8;
pub const SYSFD_FD_MESSAGE_QUEUE: c_int = 9;
pub const SYSFD_ANY_PORT: c_int = -1;
pub const SYSFD_LISTEN_NOT_ACTIVATED: c_int = 0;
pub const SYSFD_LISTEN_OTHER_PROCESS: c_int = 1;
pub const SYSFD_LISTEN_MALFORMED: c_int = 2;
pub const SYSFD_LISTEN_ALREADY_TAKEN: c_int = 3;
pub const SYSFD_LISTEN_UNAVAILABLE: c_int = 4;
pub const SYSFD_LISTEN_NOT_FOUND: c_int = 5;
pub const SYSFD_LISTEN_AMBIGUOUS: c_int = 6;
pub const SYSFD_LISTEN_WRONG_TYPE: c_int = 7;
pub const SYSFD_LISTEN_KEEP_ENVIRONMENT: u32 = 1;
pub const SYSFD_NOTIFY_READY: u32 = 0x1;
pub const SYSFD_NOTIFY_RELOADING: u32 = 0x2;
pub const SYSFD_NOTIFY_STOPPING: u32 = 0x4;
pub const SYSFD_NOTIFY_WATCHDOG: u32 = 0x8;
pub const SYSFD_NOTIFY_WATCHDOG_TRIGGER: u32 = 0x10;
pub const SYSFD_NOTIFY_STORE_NO_POLL: u32 = 0x20;
pub const SYSFD_NOTIFY_ERROR: u32 = 0x100;
pub const SYSFD_NOTIFY_EXIT_STATUS: u32 = 0x200;
pub const SYSFD_NOTIFY_WATCHDOG_INTERVAL: u32 = 0x400;
pub const SYSFD_NOTIFY_EXTEND_TIMEOUT: u32 = 0x800;
pub const SYSFD_NOTIFIER_UNSET_ENVIRONMENT: u32 = 1;
pub const SYSFD_STEP_PROGRAM: c_int = 0;
pub const SYSFD_STEP_ARGUMENT: c_int = 1;
pub const SYSFD_STEP_ENVIRONMENT: c_int = 2;
pub const SYSFD_STEP_STANDARD_STREAM: c_int = 3;
pub const SYSFD_STEP_DESCRIPTOR: c_int = 4;
pub const SYSFD_STEP_LISTEN_FDS: c_int = 5;
pub const SYSFD_STEP_TERMINAL: c_int = 6;
pub const SYSFD_STEP_CGROUP: c_int = 7;
pub const SYSFD_STEP_NAMESPACES: c_int = 8;
pub const SYSFD_STEP_CLONE: c_int = 9;
pub const SYSFD_STEP_START: c_int = 10;
pub const SYSFD_STEP_TABLE: c_int = 11;
pub const SYSFD_STEP_SIGNALS: c_int = 12;
pub const SYSFD_STEP_SESSION: c_int = 13;
pub const SYSFD_STEP_PROCESS_GROUP: c_int = 14;
pub const SYSFD_STEP_CONTROLLING_TERMINAL: c_int = 15;
pub const SYSFD_STEP_FOREGROUND_GROUP: c_int = 16;
pub const SYSFD_STEP_USER_MAP: c_int = 17;
pub const SYSFD_STEP_GROUP_MAP: c_int = 18;
pub const SYSFD_STEP_DUMPABLE: c_int = 19;
pub const SYSFD_STEP_JOIN_NAMESPACE: c_int = 20;
pub const SYSFD_STEP_MOUNTS: c_int = 21;
pub const SYSFD_STEP_HOST_NAME: c_int = 22;
pub const SYSFD_STEP_LIMIT: c_int = 23;
pub const SYSFD_STEP_UMASK: c_int = 24;
pub const SYSFD_STEP_NICE: c_int = 25;
pub const SYSFD_STEP_SCHEDULER: c_int = 26;
pub const SYSFD_STEP_PROCESSORS: c_int = 27;
pub const SYSFD_STEP_IO_PRIORITY: c_int = 28;
pub const SYSFD_STEP_OOM_SCORE_ADJUST: c_int = 29;
pub const SYSFD_STEP_TIMER_SLACK: c_int = 30;
pub const SYSFD_STEP_ROOT_DIRECTORY: c_int = 31;
pub const SYSFD_STEP_WORKING_DIRECTORY: c_int = 32;
pub const SYSFD_STEP_BOUNDING_SET: c_int = 33;
pub const SYSFD_STEP_GROUPS: c_int = 34;
pub const SYSFD_STEP_GROUP: c_int = 35;
pub const SYSFD_STEP_USER: c_int = 36;
pub const SYSFD_STEP_CAPABILITIES: c_int = 37;
pub const SYSFD_STEP_AMBIENT_SET: c_int = 38;
pub const SYSFD_STEP_SECUREBITS: c_int = 39;
pub const SYSFD_STEP_PARENT_DEATH: c_int = 40;
pub const SYSFD_STEP_NO_NEW_PRIVILEGES: c_int = 41;
pub const SYSFD_STEP_SECCOMP: c_int = 42;
pub const SYSFD_STEP_EXEC: c_int = 43;
pub const SYSFD_STEP_WAIT: c_int = 44;
pub const SYSFD_STEP_CONFIRMATION: c_int = 45;
pub const SYSFD_STEP_LANDLOCK: c_int = 46;
pub const SYSFD_STEP_CONTAINMENT: c_int = 47;
pub const SYSFD_SEARCH_CHILD_PATH: c_int = 0;
pub const SYSFD_SEARCH_CALLER_PATH: c_int = 1;
pub const SYSFD_SEARCH_NOWHERE: c_int = 2;
pub const SYSFD_BEFORE_IDENTITY: c_int = 0;
pub const SYSFD_AFTER_IDENTITY: c_int = 1;
pub const SYSFD_STDIO_INHERIT: c_int = 0;
pub const SYSFD_STDIO_NULL: c_int = 1;
pub const SYSFD_STDIO_PIPE: c_int = 2;
pub const SYSFD_STDIO_TERMINAL: c_int = 3;
pub const SYSFD_STDIO_LIKE_STDOUT: c_int = 4;
pub const SYSFD_DROP_KILL: c_int = 0;
pub const SYSFD_DROP_TERMINATE: c_int = 1;
pub const SYSFD_DROP_WAIT: c_int = 2;
pub const SYSFD_DROP_DETACH: c_int = 3;
pub const SYSFD_REACH_WHOLE_TREE: c_int = 0;
pub const SYSFD_REACH_BEST_EFFORT: c_int = 1;
pub const SYSFD_REACH_SAME_NAMESPACES: c_int = 2;
pub const SYSFD_CONTAIN_OUTLIVES_OWNER: u32 = 0x1;
pub const SYSFD_CONTAIN_CALLERS_PROC: u32 = 0x2;
pub const SYSFD_CONTAIN_OWN_CGROUP: u32 = 0x4;
pub const SYSFD_IDENTITY_KEEP_GROUPS: u32 = 0x1;
pub const SYSFD_IDENTITY_NO_CAPABILITIES: u32 = 0x2;
pub const SYSFD_IDENTITY_NO_NEW_PRIVILEGES: u32 = 0x4;
pub const SYSFD_IDENTITY_USER: u32 = 0x100;
pub const SYSFD_IDENTITY_GROUP: u32 = 0x200;
pub const SYSFD_IDENTITY_GROUPS: u32 = 0x400;
pub const SYSFD_IDENTITY_SECUREBITS: u32 = 0x800;
pub const SYSFD_RESOURCES_ALL_PROCESSORS: u32 = 0x1;
pub const SYSFD_RESOURCES_SCHEDULER_RESET_ON_FORK: u32 = 0x2;
pub const SYSFD_RESOURCES_UMASK: u32 = 0x100;
pub const SYSFD_RESOURCES_NICE: u32 = 0x200;
pub const SYSFD_RESOURCES_SCHEDULER: u32 = 0x400;
pub const SYSFD_RESOURCES_IO_PRIORITY: u32 = 0x800;
pub const SYSFD_RESOURCES_OOM_SCORE_ADJUST: u32 = 0x1000;
pub const SYSFD_RESOURCES_TIMER_SLACK: u32 = 0x2000;
pub const SYSFD_IO_REAL_TIME: c_int = 1;
pub const SYSFD_IO_BEST_EFFORT: c_int = 2;
pub const SYSFD_IO_IDLE: c_int = 3;
pub const SYSFD_SESSION_NEW: u32 = 0x1;
pub const SYSFD_SESSION_PROCESS_GROUP: u32 = 0x100;
pub const SYSFD_SIGNALS_INHERIT_MASK: u32 = 1;
pub const SYSFD_SIGNALS_ALL_TO_DEFAULT: u32 = 2;
pub const SYSFD_NAMESPACES_SHARED_MOUNTS: u32 = 1;
pub const SYSFD_UNTIL_CHILD_ENDS: c_int = 0;
pub const SYSFD_UNTIL_PIPES_CLOSE: c_int = 1;
pub const SYSFD_STREAM_OUT: c_int = 0;
pub const SYSFD_STREAM_ERR: c_int = 1;
pub const SYSFD_STREAM_TERMINAL: c_int = 2;
pub const SYSFD_CONFIRM_BY_FINISH: c_int = 0;
pub const SYSFD_CONFIRM_BY_DESCRIPTOR: c_int = 1;
pub const SYSFD_OUTPUT_SUCCESS: u32 = 0x1;
pub const SYSFD_OUTPUT_OUT_CUT: u32 = 0x2;
pub const SYSFD_OUTPUT_ERR_CUT: u32 = 0x4;
pub const SYSFD_OUTPUT_TIMED_OUT: u32 = 0x8;
pub const SYSFD_OUTPUT_CANCELED: u32 = 0x10;
pub const SYSFD_OUTPUT_TERMINAL_CUT: u32 = 0x20;
pub const SYSFD_END_NOT_KNOWN: c_int = 0;
pub const SYSFD_END_EXITED: c_int = 1;
pub const SYSFD_END_SIGNAL: c_int = 2;
pub const SYSFD_END_CORE_DUMP: c_int = 3;
pub const SYSFD_END_TIMEOUT: c_int = 4;
pub const SYSFD_END_OUT_OF_MEMORY: c_int = 5;
pub const SYSFD_ENDING_STATUS: u32 = 0x1;
pub const SYSFD_ENDING_OOM_KILLS: u32 = 0x2;
pub const SYSFD_ENDING_REFUSED_FORKS: u32 = 0x4;
pub const SYSFD_REPORT_BY_CLONE3: u32 = 1;
pub const SYSFD_REPORT_ISOLATED_TABLE: u32 = 2;
pub const SYSFD_REPORT_REAPS_ITSELF: u32 = 4;
pub const SYSFD_REPORT_KILLED_WITH_PARENT: u32 = 8;
pub const SYSFD_REPORT_COPIED_MEMORY: u32 = 16;
pub const SYSFD_CONTAINED_BY_PID_NAMESPACE: c_int = 0;
pub const SYSFD_CONTAINED_BY_USER_AND_PID_NAMESPACE: c_int = 1;
pub const SYSFD_CONTAINED_BY_SUBREAPER: c_int = 2;
pub const SYSFD_NOT_CONTAINED: c_int = 3;

#[repr(C)]
pub struct sysfd_positioned_file {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct sysfd_description_lock {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct sysfd_flock_lock {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct sysfd_sealed_memory {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct sysfd_shared_memory {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct sysfd_message {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct sysfd_file_handle {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct sysfd_mount_cache {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct sysfd_fanotify_events {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct sysfd_cgroup {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct sysfd_ruleset {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct sysfd_fd_type {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct sysfd_listen_fds {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct sysfd_notifier {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct sysfd_command {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct sysfd_child {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct sysfd_output {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct sysfd_prepared_command {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct sysfd_pending_child {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct sysfd_pipeline {
    _opaque: [u8; 0],
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sysfd_timeout {
    pub size: u32,
    pub cancel_fd: i32,
    pub nanoseconds: i64,
}

impl sysfd_timeout {
    pub const INIT: Self =
        Self { size: size_of::<Self>() as u32, cancel_fd: -1, nanoseconds: SYSFD_FOREVER };
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sysfd_error {
    pub size: u32,
    pub code: i32,
    pub kind: i32,
    pub text: [c_char; 500],
}

impl sysfd_error {
    pub const INIT: Self =
        Self { size: size_of::<Self>() as u32, code: 0, kind: 0, text: [0; 500] };
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sysfd_bytes {
    pub data: *mut c_void,
    pub size: usize,
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sysfd_lock_range {
    pub size: u32,
    pub reserved: u32,
    pub start: u64,
    pub length: u64,
}

impl sysfd_lock_range {
    pub const INIT: Self =
        Self { size: size_of::<Self>() as u32, reserved: 0, start: 0, length: 0 };
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sysfd_receive_options {
    pub size: u32,
    pub flags: u32,
    pub max_fds: u32,
    pub reserved: u32,
    pub timeout: *const sysfd_timeout,
}

impl sysfd_receive_options {
    pub const INIT: Self = Self {
        size: size_of::<Self>() as u32,
        flags: 0,
        max_fds: SYSFD_MAX_FDS_IN_MESSAGE as u32,
        reserved: 0,
        timeout: null(),
    };
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sysfd_mount_id {
    pub id: u64,
    pub is_unique: u32,
    pub reserved: u32,
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sysfd_fanotify_event {
    pub size: u32,
    pub pid: i32,
    pub mask: u64,
    pub file: i32,
    pub process: i32,
}

impl sysfd_fanotify_event {
    pub const INIT: Self =
        Self { size: size_of::<Self>() as u32, pid: 0, mask: 0, file: -1, process: -1 };
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sysfd_fanotify_fid {
    pub size: u32,
    pub kind: u32,
    pub file_system: [i32; 2],
    pub handle: *const sysfd_file_handle,
    pub name: *const c_char,
    pub name_size: usize,
}

impl sysfd_fanotify_fid {
    pub const INIT: Self = Self {
        size: size_of::<Self>() as u32,
        kind: 0,
        file_system: [0; 2],
        handle: null(),
        name: null(),
        name_size: 0,
    };
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sysfd_wait_event {
    pub size: u32,
    pub kind: u32,
    pub status: i32,
    pub signo: i32,
    pub pid: i32,
    pub user: u32,
    pub user_microseconds: i64,
    pub system_microseconds: i64,
    pub max_resident_kilobytes: i64,
    pub minor_faults: i64,
    pub major_faults: i64,
    pub blocks_in: i64,
    pub blocks_out: i64,
    pub voluntary_switches: i64,
    pub involuntary_switches: i64,
}

impl sysfd_wait_event {
    pub const INIT: Self = Self {
        size: size_of::<Self>() as u32,
        kind: 0,
        status: 0,
        signo: 0,
        pid: 0,
        user: 0,
        user_microseconds: 0,
        system_microseconds: 0,
        max_resident_kilobytes: 0,
        minor_faults: 0,
        major_faults: 0,
        blocks_in: 0,
        blocks_out: 0,
        voluntary_switches: 0,
        involuntary_switches: 0,
    };
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sysfd_process_info {
    pub size: u32,
    pub set: u32,
    pub pid: i32,
    pub process: i32,
    pub parent: i32,
    pub exit_status: i32,
    pub cgroup_id: u64,
    pub user: u32,
    pub group: u32,
    pub effective_user: u32,
    pub effective_group: u32,
    pub saved_user: u32,
    pub saved_group: u32,
    pub file_system_user: u32,
    pub file_system_group: u32,
    pub core_dump: u32,
    pub core_dump_signal: i32,
    pub core_dump_code: i32,
    pub reserved: u32,
}

impl sysfd_process_info {
    pub const INIT: Self = Self {
        size: size_of::<Self>() as u32,
        set: 0,
        pid: 0,
        process: 0,
        parent: 0,
        exit_status: 0,
        cgroup_id: 0,
        user: 0,
        group: 0,
        effective_user: 0,
        effective_group: 0,
        saved_user: 0,
        saved_group: 0,
        file_system_user: 0,
        file_system_group: 0,
        core_dump: 0,
        core_dump_signal: 0,
        core_dump_code: 0,
        reserved: 0,
    };
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sysfd_notification {
    pub size: u32,
    pub flags: u32,
    pub status: *const c_char,
    pub error: i32,
    pub exit_status: i32,
    pub main_process: i32,
    pub sender: i32,
    pub watchdog_interval_microseconds: u64,
    pub extend_timeout_microseconds: u64,
    pub store: *const c_int,
    pub store_count: usize,
    pub store_name: *const c_char,
    pub remove_stored: *const c_char,
    pub more: *const c_char,
    pub timeout: *const sysfd_timeout,
}

impl sysfd_notification {
    pub const INIT: Self = Self {
        size: size_of::<Self>() as u32,
        flags: 0,
        status: null(),
        error: 0,
        exit_status: 0,
        main_process: -1,
        sender: -1,
        watchdog_interval_microseconds: 0,
        extend_timeout_microseconds: 0,
        store: null(),
        store_count: 0,
        store_name: null(),
        remove_stored: null(),
        more: null(),
        timeout: null(),
    };
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sysfd_io_limit {
    pub major: u32,
    pub minor: u32,
    pub flags: u32,
    pub reserved: u32,
    pub read_bytes: u64,
    pub write_bytes: u64,
    pub read_operations: u64,
    pub write_operations: u64,
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sysfd_cgroup_limits {
    pub size: u32,
    pub flags: u32,
    pub memory_max: u64,
    pub memory_high: u64,
    pub swap_max: u64,
    pub pids_max: u64,
    pub cpu_quota_microseconds: u64,
    pub cpu_period_microseconds: u64,
    pub cpu_weight: u32,
    pub kills_all: u32,
    pub io_max: *const sysfd_io_limit,
    pub io_max_count: usize,
}

impl sysfd_cgroup_limits {
    pub const INIT: Self = Self {
        size: size_of::<Self>() as u32,
        flags: 0,
        memory_max: 0,
        memory_high: 0,
        swap_max: 0,
        pids_max: 0,
        cpu_quota_microseconds: 0,
        cpu_period_microseconds: 100000,
        cpu_weight: 100,
        kills_all: 0,
        io_max: null(),
        io_max_count: 0,
    };
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sysfd_cgroup_abilities {
    pub size: u32,
    pub flags: u32,
    pub available: u32,
    pub enabled: u32,
    pub in_version_1: u32,
    pub create_code: i32,
    pub start_code: i32,
    pub reserved: u32,
    pub create_text: [c_char; 500],
    pub start_text: [c_char; 500],
}

impl sysfd_cgroup_abilities {
    pub const INIT: Self = Self {
        size: size_of::<Self>() as u32,
        flags: 0,
        available: 0,
        enabled: 0,
        in_version_1: 0,
        create_code: 0,
        start_code: 0,
        reserved: 0,
        create_text: [0; 500],
        start_text: [0; 500],
    };
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sysfd_cgroup_usage {
    pub size: u32,
    pub set: u32,
    pub memory: u64,
    pub memory_peak: u64,
    pub swap: u64,
    pub cpu_user_microseconds: u64,
    pub cpu_system_microseconds: u64,
    pub pids: u64,
    pub pids_peak: u64,
}

impl sysfd_cgroup_usage {
    pub const INIT: Self = Self {
        size: size_of::<Self>() as u32,
        set: 0,
        memory: 0,
        memory_peak: 0,
        swap: 0,
        cpu_user_microseconds: 0,
        cpu_system_microseconds: 0,
        pids: 0,
        pids_peak: 0,
    };
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sysfd_cgroup_events {
    pub size: u32,
    pub set: u32,
    pub populated: u32,
    pub frozen: u32,
    pub oom: u64,
    pub oom_kill: u64,
    pub oom_group_kill: u64,
    pub pids_max: u64,
}

impl sysfd_cgroup_events {
    pub const INIT: Self = Self {
        size: size_of::<Self>() as u32,
        set: 0,
        populated: 0,
        frozen: 0,
        oom: 0,
        oom_kill: 0,
        oom_group_kill: 0,
        pids_max: 0,
    };
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sysfd_rights {
    pub size: u32,
    pub reserved: u32,
    pub files: u64,
    pub ports: u64,
    pub scopes: u64,
}

impl sysfd_rights {
    pub const INIT: Self =
        Self { size: size_of::<Self>() as u32, reserved: 0, files: 0, ports: 0, scopes: 0 };
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sysfd_landlock_error {
    pub size: u32,
    pub step: i32,
    pub code: i32,
    pub reserved: u32,
    pub missing_files: u64,
    pub missing_ports: u64,
    pub missing_scopes: u64,
    pub text: [c_char; 1000],
}

impl sysfd_landlock_error {
    pub const INIT: Self = Self {
        size: size_of::<Self>() as u32,
        step: 0,
        code: 0,
        reserved: 0,
        missing_files: 0,
        missing_ports: 0,
        missing_scopes: 0,
        text: [0; 1000],
    };
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sysfd_containment {
    pub size: u32,
    pub flags: u32,
    pub reach: i32,
    pub reserved: u32,
    pub limits: *const sysfd_cgroup_limits,
    pub parent: *const sysfd_cgroup,
}

impl sysfd_containment {
    pub const INIT: Self = Self {
        size: size_of::<Self>() as u32,
        flags: 0,
        reach: 0,
        reserved: 0,
        limits: null(),
        parent: null(),
    };
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sysfd_ending {
    pub size: u32,
    pub set: u32,
    pub reason: i32,
    pub status: i32,
    pub oom_kills: u64,
    pub refused_forks: u64,
}

impl sysfd_ending {
    pub const INIT: Self = Self {
        size: size_of::<Self>() as u32,
        set: 0,
        reason: 0,
        status: 0,
        oom_kills: 0,
        refused_forks: 0,
    };
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sysfd_spawn_error {
    pub size: u32,
    pub step: i32,
    pub code: i32,
    pub index: i32,
    pub stage: i32,
    pub text: [c_char; 1004],
}

impl sysfd_spawn_error {
    pub const INIT: Self = Self {
        size: size_of::<Self>() as u32,
        step: 0,
        code: 0,
        index: -1,
        stage: -1,
        text: [0; 1004],
    };
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sysfd_bpf_instruction {
    pub code: u16,
    pub jump_true: u8,
    pub jump_false: u8,
    pub value: u32,
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sysfd_identity {
    pub size: u32,
    pub flags: u32,
    pub user: u32,
    pub group: u32,
    pub securebits: u32,
    pub reserved: u32,
    pub groups: *const u32,
    pub group_count: usize,
    pub capabilities: *const c_char,
    pub iab: *const c_char,
    pub seccomp: *const sysfd_bpf_instruction,
    pub seccomp_count: usize,
}

impl sysfd_identity {
    pub const INIT: Self = Self {
        size: size_of::<Self>() as u32,
        flags: 0,
        user: 0,
        group: 0,
        securebits: 0,
        reserved: 0,
        groups: null(),
        group_count: 0,
        capabilities: null(),
        iab: null(),
        seccomp: null(),
        seccomp_count: 0,
    };
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sysfd_resource_limit {
    pub resource: i32,
    pub reserved: u32,
    pub soft: u64,
    pub hard: u64,
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sysfd_resources {
    pub size: u32,
    pub flags: u32,
    pub limits: *const sysfd_resource_limit,
    pub limit_count: usize,
    pub processors: *const c_int,
    pub processor_count: usize,
    pub umask: u32,
    pub nice: i32,
    pub scheduler_policy: i32,
    pub scheduler_priority: u32,
    pub scheduler_runtime_nanoseconds: i64,
    pub scheduler_deadline_nanoseconds: i64,
    pub scheduler_period_nanoseconds: i64,
    pub io_class: i32,
    pub io_level: i32,
    pub oom_score_adjust: i32,
    pub reserved: u32,
    pub timer_slack_nanoseconds: i64,
}

impl sysfd_resources {
    pub const INIT: Self = Self {
        size: size_of::<Self>() as u32,
        flags: 0,
        limits: null(),
        limit_count: 0,
        processors: null(),
        processor_count: 0,
        umask: 0,
        nice: 0,
        scheduler_policy: 0,
        scheduler_priority: 0,
        scheduler_runtime_nanoseconds: 0,
        scheduler_deadline_nanoseconds: 0,
        scheduler_period_nanoseconds: 0,
        io_class: 0,
        io_level: 0,
        oom_score_adjust: 0,
        reserved: 0,
        timer_slack_nanoseconds: 0,
    };
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sysfd_session {
    pub size: u32,
    pub flags: u32,
    pub process_group: i32,
    pub controlling_terminal: i32,
    pub foreground_of: i32,
    pub reserved: u32,
}

impl sysfd_session {
    pub const INIT: Self = Self {
        size: size_of::<Self>() as u32,
        flags: 0,
        process_group: 0,
        controlling_terminal: -1,
        foreground_of: -1,
        reserved: 0,
    };
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sysfd_signals {
    pub size: u32,
    pub flags: u32,
    pub blocked: *const c_int,
    pub blocked_count: usize,
    pub to_default: *const c_int,
    pub to_default_count: usize,
    pub ignored: *const c_int,
    pub ignored_count: usize,
    pub unchanged: *const c_int,
    pub unchanged_count: usize,
}

impl sysfd_signals {
    pub const INIT: Self = Self {
        size: size_of::<Self>() as u32,
        flags: 0,
        blocked: null(),
        blocked_count: 0,
        to_default: null(),
        to_default_count: 0,
        ignored: null(),
        ignored_count: 0,
        unchanged: null(),
        unchanged_count: 0,
    };
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sysfd_id_range {
    pub inside: u32,
    pub outside: u32,
    pub count: u32,
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sysfd_namespace_join {
    pub fd: i32,
    pub kinds: u32,
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sysfd_namespaces {
    pub size: u32,
    pub flags: u32,
    pub create: u32,
    pub reserved: u32,
    pub user_map: *const sysfd_id_range,
    pub user_map_count: usize,
    pub group_map: *const sysfd_id_range,
    pub group_map_count: usize,
    pub join: *const sysfd_namespace_join,
    pub join_count: usize,
    pub host_name: *const c_char,
}

impl sysfd_namespaces {
    pub const INIT: Self = Self {
        size: size_of::<Self>() as u32,
        flags: 0,
        create: 0,
        reserved: 0,
        user_map: null(),
        user_map_count: 0,
        group_map: null(),
        group_map_count: 0,
        join: null(),
        join_count: 0,
        host_name: null(),
    };
}

pub type sysfd_output_sink =
    unsafe extern "C" fn(data: *mut c_void, stream: c_int, bytes: *const c_char, size: usize);

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sysfd_output_options {
    pub size: u32,
    pub until: i32,
    pub input: *const c_void,
    pub input_size: usize,
    pub max_size: u64,
    pub timeout: *const sysfd_timeout,
    pub grace: *const sysfd_timeout,
    pub sink: Option<sysfd_output_sink>,
    pub sink_data: *mut c_void,
    pub longest_line: u64,
}

impl sysfd_output_options {
    pub const INIT: Self = Self {
        size: size_of::<Self>() as u32,
        until: 0,
        input: null(),
        input_size: 0,
        max_size: SYSFD_UNLIMITED,
        timeout: null(),
        grace: null(),
        sink: None,
        sink_data: null_mut(),
        longest_line: 0,
    };
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sysfd_placed_fd {
    pub fd: i32,
    pub number: i32,
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sysfd_spawn_changes {
    pub size: u32,
    pub reserved: u32,
    pub arguments: *const *const c_char,
    pub descriptors: *const c_int,
    pub descriptor_count: usize,
    pub placed: *const sysfd_placed_fd,
    pub placed_count: usize,
    pub environment: *const *const c_char,
    pub working_directory: *const c_char,
}

impl sysfd_spawn_changes {
    pub const INIT: Self = Self {
        size: size_of::<Self>() as u32,
        reserved: 0,
        arguments: null(),
        descriptors: null(),
        descriptor_count: 0,
        placed: null(),
        placed_count: 0,
        environment: null(),
        working_directory: null(),
    };
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sysfd_output_info {
    pub size: u32,
    pub flags: u32,
    pub status_code: i32,
    pub status: i32,
    pub kill_code: i32,
    pub stages: u32,
    pub out: *const c_char,
    pub out_size: usize,
    pub err: *const c_char,
    pub err_size: usize,
    pub input_taken: u64,
    pub terminal: *const c_char,
    pub terminal_size: usize,
}

impl sysfd_output_info {
    pub const INIT: Self = Self {
        size: size_of::<Self>() as u32,
        flags: 0,
        status_code: 0,
        status: 0,
        kill_code: 0,
        stages: 0,
        out: null(),
        out_size: 0,
        err: null(),
        err_size: 0,
        input_taken: 0,
        terminal: null(),
        terminal_size: 0,
    };
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sysfd_spawn_report {
    pub size: u32,
    pub flags: u32,
    pub busy_retries: i32,
    pub reserved: u32,
}

impl sysfd_spawn_report {
    pub const INIT: Self =
        Self { size: size_of::<Self>() as u32, flags: 0, busy_retries: 0, reserved: 0 };
}

extern "C" {
    pub fn sysfd_version() -> u32;
    pub fn sysfd_features() -> u64;
    pub fn sysfd_features_text(features: u64, buffer: *mut c_char, size: usize) -> c_int;
    pub fn sysfd_feature_name(feature: c_int, buffer: *mut c_char, size: usize) -> c_int;
    pub fn sysfd_open(directory: c_int, path: *const c_char, flags: c_int, mode: u32) -> c_int;
    pub fn sysfd_open_resolve(
        directory: c_int,
        path: *const c_char,
        flags: c_int,
        mode: u32,
        resolve: u64,
    ) -> c_int;
    pub fn sysfd_open_missing_standard_streams() -> c_int;
    pub fn sysfd_pipe(flags: c_int, fds: *mut c_int) -> c_int;
    pub fn sysfd_socket_pair(r#type: c_int, fds: *mut c_int) -> c_int;
    pub fn sysfd_memfd(name: *const c_char, flags: u32) -> c_int;
    pub fn sysfd_event_fd(initial: u32, flags: c_int) -> c_int;
    pub fn sysfd_duplicate(fd: c_int) -> c_int;
    pub fn sysfd_replace(number: c_int, source: c_int) -> c_int;
    pub fn sysfd_close_take(fd: c_int) -> c_int;
    pub fn sysfd_is_open(fd: c_int) -> c_int;
    pub fn sysfd_set_nonblocking(fd: c_int, nonblocking: c_int) -> c_int;
    pub fn sysfd_is_nonblocking(fd: c_int) -> c_int;
    pub fn sysfd_set_close_on_exec(fd: c_int, close_on_exec: c_int) -> c_int;
    pub fn sysfd_is_close_on_exec(fd: c_int) -> c_int;
    pub fn sysfd_same_description(left: c_int, right: c_int) -> c_int;
    pub fn sysfd_reopen(fd: c_int, flags: c_int) -> c_int;
    pub fn sysfd_positioned_file_take(
        fd: c_int,
        position: u64,
        file: *mut *mut sysfd_positioned_file,
    ) -> c_int;
    pub fn sysfd_positioned_file_open(
        directory: c_int,
        path: *const c_char,
        flags: c_int,
        mode: u32,
        file: *mut *mut sysfd_positioned_file,
    ) -> c_int;
    pub fn sysfd_positioned_file_memfd(
        name: *const c_char,
        flags: u32,
        file: *mut *mut sysfd_positioned_file,
    ) -> c_int;
    pub fn sysfd_positioned_file_reopen(
        fd: c_int,
        flags: c_int,
        file: *mut *mut sysfd_positioned_file,
    ) -> c_int;
    pub fn sysfd_positioned_file_free(file: *mut sysfd_positioned_file);
    pub fn sysfd_positioned_file_read(
        file: *mut sysfd_positioned_file,
        buffer: *mut c_void,
        size: usize,
        flags: u32,
    ) -> i64;
    pub fn sysfd_positioned_file_write(
        file: *mut sysfd_positioned_file,
        data: *const c_void,
        size: usize,
    ) -> i64;
    pub fn sysfd_positioned_file_append(
        file: *mut sysfd_positioned_file,
        data: *const c_void,
        size: usize,
    ) -> i64;
    pub fn sysfd_positioned_file_read_at(
        file: *const sysfd_positioned_file,
        buffer: *mut c_void,
        size: usize,
        offset: u64,
        flags: u32,
    ) -> i64;
    pub fn sysfd_positioned_file_write_at(
        file: *const sysfd_positioned_file,
        data: *const c_void,
        size: usize,
        offset: u64,
    ) -> i64;
    pub fn sysfd_positioned_file_readv_at(
        file: *const sysfd_positioned_file,
        buffers: *const sysfd_bytes,
        count: usize,
        offset: u64,
        flags: u32,
    ) -> i64;
    pub fn sysfd_positioned_file_writev_at(
        file: *const sysfd_positioned_file,
        data: *const sysfd_bytes,
        count: usize,
        offset: u64,
    ) -> i64;
    pub fn sysfd_positioned_file_read_exact(
        file: *mut sysfd_positioned_file,
        buffer: *mut c_void,
        size: usize,
    ) -> c_int;
    pub fn sysfd_positioned_file_write_all(
        file: *mut sysfd_positioned_file,
        data: *const c_void,
        size: usize,
    ) -> c_int;
    pub fn sysfd_positioned_file_read_exact_at(
        file: *const sysfd_positioned_file,
        buffer: *mut c_void,
        size: usize,
        offset: u64,
    ) -> c_int;
    pub fn sysfd_positioned_file_write_all_at(
        file: *const sysfd_positioned_file,
        data: *const c_void,
        size: usize,
        offset: u64,
    ) -> c_int;
    pub fn sysfd_positioned_file_seek(
        file: *mut sysfd_positioned_file,
        offset: i64,
        from: c_int,
    ) -> i64;
    pub fn sysfd_positioned_file_position(file: *const sysfd_positioned_file) -> i64;
    pub fn sysfd_positioned_file_size(file: *const sysfd_positioned_file) -> i64;
    pub fn sysfd_positioned_file_truncate(file: *const sysfd_positioned_file, size: u64) -> c_int;
    pub fn sysfd_positioned_file_sync(file: *const sysfd_positioned_file, flags: u32) -> c_int;
    pub fn sysfd_positioned_file_fd_borrow(file: *const sysfd_positioned_file) -> c_int;
    pub fn sysfd_positioned_file_fd_release(file: *mut sysfd_positioned_file) -> c_int;
    pub fn sysfd_description_lock_acquire(
        fd: c_int,
        mode: c_int,
        range: *const sysfd_lock_range,
        lock: *mut *mut sysfd_description_lock,
    ) -> c_int;
    pub fn sysfd_description_lock_try_acquire(
        fd: c_int,
        mode: c_int,
        range: *const sysfd_lock_range,
        lock: *mut *mut sysfd_description_lock,
    ) -> c_int;
    pub fn sysfd_description_lock_try_acquire_for(
        fd: c_int,
        mode: c_int,
        range: *const sysfd_lock_range,
        timeout: *const sysfd_timeout,
        lock: *mut *mut sysfd_description_lock,
    ) -> c_int;
    pub fn sysfd_description_lock_adopt_take(
        fd: c_int,
        mode: c_int,
        range: *const sysfd_lock_range,
        lock: *mut *mut sysfd_description_lock,
    ) -> c_int;
    pub fn sysfd_description_lock_upgrade(lock: *mut sysfd_description_lock) -> c_int;
    pub fn sysfd_description_lock_try_upgrade(lock: *mut sysfd_description_lock) -> c_int;
    pub fn sysfd_description_lock_try_upgrade_for(
        lock: *mut sysfd_description_lock,
        timeout: *const sysfd_timeout,
    ) -> c_int;
    pub fn sysfd_description_lock_downgrade(lock: *mut sysfd_description_lock) -> c_int;
    pub fn sysfd_description_lock_mode(lock: *const sysfd_description_lock) -> c_int;
    pub fn sysfd_description_lock_range(
        lock: *const sysfd_description_lock,
        range: *mut sysfd_lock_range,
    ) -> c_int;
    pub fn sysfd_description_lock_unlock(lock: *mut sysfd_description_lock) -> c_int;
    pub fn sysfd_description_lock_release(lock: *mut sysfd_description_lock) -> c_int;
    pub fn sysfd_description_lock_free(lock: *mut sysfd_description_lock);
    pub fn sysfd_flock_lock_acquire(
        fd: c_int,
        mode: c_int,
        lock: *mut *mut sysfd_flock_lock,
    ) -> c_int;
    pub fn sysfd_flock_lock_try_acquire(
        fd: c_int,
        mode: c_int,
        lock: *mut *mut sysfd_flock_lock,
    ) -> c_int;
    pub fn sysfd_flock_lock_try_acquire_for(
        fd: c_int,
        mode: c_int,
        timeout: *const sysfd_timeout,
        lock: *mut *mut sysfd_flock_lock,
    ) -> c_int;
    pub fn sysfd_flock_lock_adopt_take(
        fd: c_int,
        mode: c_int,
        lock: *mut *mut sysfd_flock_lock,
    ) -> c_int;
    pub fn sysfd_flock_lock_upgrade(lock: *mut sysfd_flock_lock) -> c_int;
    pub fn sysfd_flock_lock_try_upgrade(lock: *mut sysfd_flock_lock) -> c_int;
    pub fn sysfd_flock_lock_try_upgrade_for(
        lock: *mut sysfd_flock_lock,
        timeout: *const sysfd_timeout,
    ) -> c_int;
    pub fn sysfd_flock_lock_downgrade(lock: *mut sysfd_flock_lock) -> c_int;
    pub fn sysfd_flock_lock_is_locked(lock: *const sysfd_flock_lock) -> c_int;
    pub fn sysfd_flock_lock_mode(lock: *const sysfd_flock_lock) -> c_int;
    pub fn sysfd_flock_lock_unlock(lock: *mut sysfd_flock_lock) -> c_int;
    pub fn sysfd_flock_lock_release(lock: *mut sysfd_flock_lock) -> c_int;
    pub fn sysfd_flock_lock_free(lock: *mut sysfd_flock_lock);
    pub fn sysfd_sealed_memfd(name: *const c_char, content: *const c_void, size: usize) -> c_int;
    pub fn sysfd_fixed_memfd(name: *const c_char, size: u64) -> c_int;
    pub fn sysfd_sealed_memory_map(
        fd: c_int,
        max_size: u64,
        memory: *mut *mut sysfd_sealed_memory,
        error: *mut sysfd_error,
    ) -> c_int;
    pub fn sysfd_sealed_memory_copy(
        fd: c_int,
        max_size: u64,
        memory: *mut *mut sysfd_sealed_memory,
    ) -> c_int;
    pub fn sysfd_sealed_memory_bytes(
        memory: *const sysfd_sealed_memory,
        data: *mut *const c_void,
        size: *mut usize,
    ) -> c_int;
    pub fn sysfd_sealed_memory_free(memory: *mut sysfd_sealed_memory);
    pub fn sysfd_shared_memory_map(
        fd: c_int,
        max_size: u64,
        memory: *mut *mut sysfd_shared_memory,
        error: *mut sysfd_error,
    ) -> c_int;
    pub fn sysfd_shared_memory_bytes(
        memory: *const sysfd_shared_memory,
        data: *mut *mut c_void,
        size: *mut usize,
    ) -> c_int;
    pub fn sysfd_shared_memory_free(memory: *mut sysfd_shared_memory);
    pub fn sysfd_send_fds(
        socket: c_int,
        fds: *const c_int,
        count: usize,
        payload: *const c_void,
        size: usize,
    ) -> i64;
    pub fn sysfd_send_fds_for(
        socket: c_int,
        fds: *const c_int,
        count: usize,
        payload: *const c_void,
        size: usize,
        timeout: *const sysfd_timeout,
    ) -> i64;
    pub fn sysfd_receive_fds(
        socket: c_int,
        payload: *mut c_void,
        size: usize,
        options: *const sysfd_receive_options,
        message: *mut *mut sysfd_message,
    ) -> i64;
    pub fn sysfd_message_fd_count(message: *const sysfd_message) -> i64;
    pub fn sysfd_message_fd_borrow(message: *const sysfd_message, index: usize) -> c_int;
    pub fn sysfd_message_fd_release(message: *mut sysfd_message, index: usize) -> c_int;
    pub fn sysfd_message_fds_error(message: *const sysfd_message) -> c_int;
    pub fn sysfd_message_credentials(
        message: *const sysfd_message,
        pid: *mut i32,
        user: *mut u32,
        group: *mut u32,
    ) -> c_int;
    pub fn sysfd_message_pidfd_release(message: *mut sysfd_message) -> c_int;
    pub fn sysfd_message_free(message: *mut sysfd_message);
    pub fn sysfd_pass_credentials(socket: c_int, on: c_int) -> c_int;
    pub fn sysfd_pass_pidfd(socket: c_int, on: c_int) -> c_int;
    pub fn sysfd_pass_fds(socket: c_int, on: c_int) -> c_int;
    pub fn sysfd_name_to_handle(
        directory: c_int,
        path: *const c_char,
        flags: u32,
        handle: *mut *mut sysfd_file_handle,
        mount: *mut sysfd_mount_id,
    ) -> c_int;
    pub fn sysfd_name_to_handle_of(
        fd: c_int,
        flags: u32,
        handle: *mut *mut sysfd_file_handle,
        mount: *mut sysfd_mount_id,
    ) -> c_int;
    pub fn sysfd_open_by_handle(
        mount: c_int,
        handle: *const sysfd_file_handle,
        flags: c_int,
    ) -> c_int;
    pub fn sysfd_find_mount(mount: sysfd_mount_id) -> c_int;
    pub fn sysfd_file_handle_from_parts(
        r#type: i32,
        bytes: *const c_void,
        size: usize,
        handle: *mut *mut sysfd_file_handle,
    ) -> c_int;
    pub fn sysfd_file_handle_type(handle: *const sysfd_file_handle, r#type: *mut i32) -> c_int;
    pub fn sysfd_file_handle_bytes(
        handle: *const sysfd_file_handle,
        bytes: *mut *const c_void,
        size: *mut usize,
    ) -> c_int;
    pub fn sysfd_file_handle_is_fid(handle: *const sysfd_file_handle) -> c_int;
    pub fn sysfd_file_handle_is_connectable(handle: *const sysfd_file_handle) -> c_int;
    pub fn sysfd_file_handle_serialize(
        handle: *const sysfd_file_handle,
        buffer: *mut c_void,
        size: usize,
    ) -> c_int;
    pub fn sysfd_file_handle_deserialize(
        stored: *const c_void,
        size: usize,
        handle: *mut *mut sysfd_file_handle,
    ) -> c_int;
    pub fn sysfd_file_handle_equal(
        left: *const sysfd_file_handle,
        right: *const sysfd_file_handle,
    ) -> c_int;
    pub fn sysfd_file_handle_compare(
        left: *const sysfd_file_handle,
        right: *const sysfd_file_handle,
        order: *mut c_int,
    ) -> c_int;
    pub fn sysfd_file_handle_hash(handle: *const sysfd_file_handle, hash: *mut u64) -> c_int;
    pub fn sysfd_file_handle_copy(
        handle: *const sysfd_file_handle,
        copy: *mut *mut sysfd_file_handle,
    ) -> c_int;
    pub fn sysfd_file_handle_free(handle: *mut sysfd_file_handle);
    pub fn sysfd_mount_cache_new(cache: *mut *mut sysfd_mount_cache) -> c_int;
    pub fn sysfd_mount_cache_find_borrow(
        cache: *mut sysfd_mount_cache,
        mount: sysfd_mount_id,
    ) -> c_int;
    pub fn sysfd_mount_cache_open_by_handle(
        cache: *mut sysfd_mount_cache,
        handle: *const sysfd_file_handle,
        mount: sysfd_mount_id,
        flags: c_int,
    ) -> c_int;
    pub fn sysfd_mount_cache_clear(cache: *mut sysfd_mount_cache) -> c_int;
    pub fn sysfd_mount_cache_free(cache: *mut sysfd_mount_cache);
    pub fn sysfd_file_system_id(fd: c_int, id: *mut i32) -> c_int;
    pub fn sysfd_fanotify_events_take(
        bytes: *const c_void,
        size: usize,
        events: *mut *mut sysfd_fanotify_events,
    ) -> c_int;
    pub fn sysfd_fanotify_events_next(
        events: *mut sysfd_fanotify_events,
        event: *mut sysfd_fanotify_event,
    ) -> c_int;
    pub fn sysfd_fanotify_events_next_fid(
        events: *mut sysfd_fanotify_events,
        fid: *mut sysfd_fanotify_fid,
    ) -> c_int;
    pub fn sysfd_fanotify_events_file_release(events: *mut sysfd_fanotify_events) -> c_int;
    pub fn sysfd_fanotify_events_process_release(events: *mut sysfd_fanotify_events) -> c_int;
    pub fn sysfd_fanotify_events_free(events: *mut sysfd_fanotify_events);
    pub fn sysfd_pidfd_open(pid: i32, flags: u32) -> c_int;
    pub fn sysfd_pidfd_self() -> c_int;
    pub fn sysfd_pidfd_from_id(id: u64) -> c_int;
    pub fn sysfd_pidfd_of_peer(socket: c_int) -> c_int;
    pub fn sysfd_pidfd_adopt_take(fd: c_int) -> c_int;
    pub fn sysfd_pidfd_send_signal(pidfd: c_int, signo: c_int, scope: u32) -> c_int;
    pub fn sysfd_pidfd_send_signal_value(
        pidfd: c_int,
        signo: c_int,
        value: usize,
        scope: u32,
    ) -> c_int;
    pub fn sysfd_pidfd_get_fd(pidfd: c_int, number: c_int) -> c_int;
    pub fn sysfd_pidfd_wait(pidfd: c_int, status: *mut i32) -> c_int;
    pub fn sysfd_pidfd_try_wait(pidfd: c_int, status: *mut i32) -> c_int;
    pub fn sysfd_pidfd_wait_for(
        pidfd: c_int,
        timeout: *const sysfd_timeout,
        status: *mut i32,
    ) -> c_int;
    pub fn sysfd_pidfd_wait_any(
        pidfds: *const c_int,
        count: usize,
        timeout: *const sysfd_timeout,
    ) -> c_int;
    pub fn sysfd_pidfd_wait_event(pidfd: c_int, what: u32, event: *mut sysfd_wait_event) -> c_int;
    pub fn sysfd_pidfd_try_wait_event(
        pidfd: c_int,
        what: u32,
        event: *mut sysfd_wait_event,
    ) -> c_int;
    pub fn sysfd_pidfd_wait_event_for(
        pidfd: c_int,
        timeout: *const sysfd_timeout,
        what: u32,
        event: *mut sysfd_wait_event,
    ) -> c_int;
    pub fn sysfd_pidfd_pid(pidfd: c_int) -> i32;
    pub fn sysfd_pidfd_id(pidfd: c_int, id: *mut u64) -> c_int;
    pub fn sysfd_pidfd_info(pidfd: c_int, info: *mut sysfd_process_info) -> c_int;
    pub fn sysfd_pidfd_namespace_fd(pidfd: c_int, kind: u32) -> c_int;
    pub fn sysfd_pidfd_namespace_for_children(pidfd: c_int, kind: u32) -> c_int;
    pub fn sysfd_pidfd_enter_namespaces(pidfd: c_int, kinds: u32) -> c_int;
    pub fn sysfd_pidfd_proc_directory(pidfd: c_int) -> c_int;
    pub fn sysfd_pidfd_advise_memory(
        pidfd: c_int,
        ranges: *const sysfd_bytes,
        count: usize,
        advice: c_int,
    ) -> i64;
    pub fn sysfd_pidfd_release_memory(pidfd: c_int) -> c_int;
    pub fn sysfd_same_process(left: c_int, right: c_int) -> c_int;
    pub fn sysfd_process_id_parse(text: *const c_char, id: *mut u64) -> c_int;
    pub fn sysfd_process_id_text(id: u64, buffer: *mut c_char, size: usize) -> c_int;
    pub fn sysfd_exit_status_success(status: i32) -> c_int;
    pub fn sysfd_exit_status_code(status: i32) -> c_int;
    pub fn sysfd_exit_status_signal(status: i32) -> c_int;
    pub fn sysfd_exit_status_core_dumped(status: i32) -> c_int;
    pub fn sysfd_exit_status_text(status: i32, buffer: *mut c_char, size: usize) -> c_int;
    pub fn sysfd_cgroup_own(cgroup: *mut *mut sysfd_cgroup, error: *mut sysfd_error) -> c_int;
    pub fn sysfd_cgroup_open(
        path: *const c_char,
        cgroup: *mut *mut sysfd_cgroup,
        error: *mut sysfd_error,
    ) -> c_int;
    pub fn sysfd_cgroup_create(
        parent: *const sysfd_cgroup,
        name: *const c_char,
        limits: *const sysfd_cgroup_limits,
        cgroup: *mut *mut sysfd_cgroup,
        error: *mut sysfd_error,
    ) -> c_int;
    pub fn sysfd_cgroup_get_abilities(
        cgroup: *const sysfd_cgroup,
        abilities: *mut sysfd_cgroup_abilities,
        error: *mut sysfd_error,
    ) -> c_int;
    pub fn sysfd_cgroup_enable(
        cgroup: *const sysfd_cgroup,
        controllers: u32,
        error: *mut sysfd_error,
    ) -> c_int;
    pub fn sysfd_cgroup_make_leaf_and_enable(
        cgroup: *const sysfd_cgroup,
        name: *const c_char,
        controllers: u32,
        leaf: *mut *mut sysfd_cgroup,
        error: *mut sysfd_error,
    ) -> c_int;
    pub fn sysfd_cgroup_set(
        cgroup: *const sysfd_cgroup,
        limits: *const sysfd_cgroup_limits,
        error: *mut sysfd_error,
    ) -> c_int;
    pub fn sysfd_cgroup_kill(cgroup: *const sysfd_cgroup, error: *mut sysfd_error) -> c_int;
    pub fn sysfd_cgroup_freeze(
        cgroup: *const sysfd_cgroup,
        timeout: *const sysfd_timeout,
        error: *mut sysfd_error,
    ) -> c_int;
    pub fn sysfd_cgroup_thaw(cgroup: *const sysfd_cgroup, error: *mut sysfd_error) -> c_int;
    pub fn sysfd_cgroup_processes(
        cgroup: *const sysfd_cgroup,
        capacity: usize,
        pidfds: *mut c_int,
        error: *mut sysfd_error,
    ) -> c_int;
    pub fn sysfd_cgroup_get_usage(
        cgroup: *const sysfd_cgroup,
        usage: *mut sysfd_cgroup_usage,
        error: *mut sysfd_error,
    ) -> c_int;
    pub fn sysfd_cgroup_get_events(
        cgroup: *const sysfd_cgroup,
        events: *mut sysfd_cgroup_events,
        error: *mut sysfd_error,
    ) -> c_int;
    pub fn sysfd_cgroup_open_events(cgroup: *const sysfd_cgroup, error: *mut sysfd_error) -> c_int;
    pub fn sysfd_cgroup_open_memory_events(
        cgroup: *const sysfd_cgroup,
        error: *mut sysfd_error,
    ) -> c_int;
    pub fn sysfd_cgroup_rearm(events: c_int, error: *mut sysfd_error) -> c_int;
    pub fn sysfd_cgroup_wait_empty(
        cgroup: *const sysfd_cgroup,
        timeout: *const sysfd_timeout,
        error: *mut sysfd_error,
    ) -> c_int;
    pub fn sysfd_cgroup_remove(cgroup: *mut sysfd_cgroup, error: *mut sysfd_error) -> c_int;
    pub fn sysfd_cgroup_keep(cgroup: *mut sysfd_cgroup) -> c_int;
    pub fn sysfd_cgroup_fd_borrow(cgroup: *const sysfd_cgroup) -> c_int;
    pub fn sysfd_cgroup_free(cgroup: *mut sysfd_cgroup);
    pub fn sysfd_landlock_support(
        known: *mut sysfd_rights,
        error: *mut sysfd_landlock_error,
    ) -> c_int;
    pub fn sysfd_ruleset_new(
        required: *const sysfd_rights,
        wanted: *const sysfd_rights,
        ruleset: *mut *mut sysfd_ruleset,
        missing: *mut sysfd_rights,
        error: *mut sysfd_landlock_error,
    ) -> c_int;
    pub fn sysfd_ruleset_for_program(
        path: *const c_char,
        required: *const sysfd_rights,
        ruleset: *mut *mut sysfd_ruleset,
        missing: *mut sysfd_rights,
        error: *mut sysfd_landlock_error,
    ) -> c_int;
    pub fn sysfd_ruleset_allow(
        ruleset: *mut sysfd_ruleset,
        file: c_int,
        rights: u64,
        error: *mut sysfd_landlock_error,
    ) -> c_int;
    pub fn sysfd_ruleset_allow_path(
        ruleset: *mut sysfd_ruleset,
        path: *const c_char,
        rights: u64,
        error: *mut sysfd_landlock_error,
    ) -> c_int;
    pub fn sysfd_ruleset_allow_port(
        ruleset: *mut sysfd_ruleset,
        port: u16,
        rights: u64,
        error: *mut sysfd_landlock_error,
    ) -> c_int;
    pub fn sysfd_ruleset_restrict_self(
        ruleset: *const sysfd_ruleset,
        flags: u32,
        error: *mut sysfd_landlock_error,
    ) -> c_int;
    pub fn sysfd_ruleset_handled(
        ruleset: *const sysfd_ruleset,
        handled: *mut sysfd_rights,
    ) -> c_int;
    pub fn sysfd_ruleset_explain(
        ruleset: *const sysfd_ruleset,
        path: *const c_char,
        rights: u64,
        allowed: *mut u64,
        buffer: *mut c_char,
        size: usize,
        error: *mut sysfd_landlock_error,
    ) -> c_int;
    pub fn sysfd_ruleset_fd_borrow(ruleset: *const sysfd_ruleset) -> c_int;
    pub fn sysfd_ruleset_free(ruleset: *mut sysfd_ruleset);
    pub fn sysfd_fd_type_new(kind: c_int, r#type: *mut *mut sysfd_fd_type) -> c_int;
    pub fn sysfd_fd_type_inet(r#type: *mut sysfd_fd_type, port: i32) -> c_int;
    pub fn sysfd_fd_type_inet6(r#type: *mut sysfd_fd_type, port: i32) -> c_int;
    pub fn sysfd_fd_type_ip(r#type: *mut sysfd_fd_type, port: i32) -> c_int;
    pub fn sysfd_fd_type_unix_path(r#type: *mut sysfd_fd_type, path: *const c_char) -> c_int;
    pub fn sysfd_fd_type_unix_abstract(
        r#type: *mut sysfd_fd_type,
        name: *const c_void,
        size: usize,
    ) -> c_int;
    pub fn sysfd_fd_type_at(r#type: *mut sysfd_fd_type, path: *const c_char) -> c_int;
    pub fn sysfd_fd_type_matches(r#type: *const sysfd_fd_type, fd: c_int) -> c_int;
    pub fn sysfd_fd_type_describe(
        r#type: *const sysfd_fd_type,
        buffer: *mut c_char,
        size: usize,
    ) -> c_int;
    pub fn sysfd_fd_type_free(r#type: *mut sysfd_fd_type);
    pub fn sysfd_is_socket(fd: c_int) -> c_int;
    pub fn sysfd_is_listening_stream(fd: c_int) -> c_int;
    pub fn sysfd_is_datagram(fd: c_int) -> c_int;
    pub fn sysfd_is_fifo(fd: c_int) -> c_int;
    pub fn sysfd_is_special_file(fd: c_int) -> c_int;
    pub fn sysfd_is_message_queue(fd: c_int) -> c_int;
    pub fn sysfd_listen_fds_take(
        flags: u32,
        fds: *mut *mut sysfd_listen_fds,
        error: *mut sysfd_error,
    ) -> c_int;
    pub fn sysfd_listen_fds_take_from(
        variables: *const *const c_char,
        fds: *mut *mut sysfd_listen_fds,
        error: *mut sysfd_error,
    ) -> c_int;
    pub fn sysfd_listen_fds_count(fds: *const sysfd_listen_fds) -> i64;
    pub fn sysfd_listen_fds_name(
        fds: *const sysfd_listen_fds,
        index: usize,
        buffer: *mut c_char,
        size: usize,
    ) -> c_int;
    pub fn sysfd_listen_fds_has(fds: *const sysfd_listen_fds, index: usize) -> c_int;
    pub fn sysfd_listen_fds_borrow(fds: *const sysfd_listen_fds, index: usize) -> c_int;
    pub fn sysfd_listen_fds_release(
        fds: *mut sysfd_listen_fds,
        index: usize,
        r#type: *const sysfd_fd_type,
        error: *mut sysfd_error,
    ) -> c_int;
    pub fn sysfd_listen_fds_borrow_one(
        fds: *const sysfd_listen_fds,
        name: *const c_char,
        r#type: *const sysfd_fd_type,
        error: *mut sysfd_error,
    ) -> c_int;
    pub fn sysfd_listen_fds_release_one(
        fds: *mut sysfd_listen_fds,
        name: *const c_char,
        r#type: *const sysfd_fd_type,
        error: *mut sysfd_error,
    ) -> c_int;
    pub fn sysfd_listen_fds_release_all(
        fds: *mut sysfd_listen_fds,
        name: *const c_char,
        r#type: *const sysfd_fd_type,
        capacity: usize,
        released: *mut c_int,
        error: *mut sysfd_error,
    ) -> c_int;
    pub fn sysfd_listen_fds_indices_of(
        fds: *const sysfd_listen_fds,
        name: *const c_char,
        capacity: usize,
        indices: *mut usize,
    ) -> c_int;
    pub fn sysfd_listen_fds_free(fds: *mut sysfd_listen_fds);
    pub fn sysfd_notify(notification: *const sysfd_notification, error: *mut sysfd_error) -> c_int;
    pub fn sysfd_notify_to(
        address: *const c_char,
        notification: *const sysfd_notification,
        error: *mut sysfd_error,
    ) -> c_int;
    pub fn sysfd_notify_barrier(timeout: *const sysfd_timeout) -> c_int;
    pub fn sysfd_notify_barrier_to(address: *const c_char, timeout: *const sysfd_timeout) -> c_int;
    pub fn sysfd_watchdog_interval(microseconds: *mut u64) -> c_int;
    pub fn sysfd_notifier_connect(
        address: *const c_char,
        notifier: *mut *mut sysfd_notifier,
    ) -> c_int;
    pub fn sysfd_notifier_from_environment(flags: u32, notifier: *mut *mut sysfd_notifier)
        -> c_int;
    pub fn sysfd_notifier_has_manager(notifier: *const sysfd_notifier) -> c_int;
    pub fn sysfd_notifier_notify(
        notifier: *const sysfd_notifier,
        notification: *const sysfd_notification,
        error: *mut sysfd_error,
    ) -> c_int;
    pub fn sysfd_notifier_barrier(
        notifier: *const sysfd_notifier,
        timeout: *const sysfd_timeout,
    ) -> c_int;
    pub fn sysfd_notifier_watchdog_interval(
        notifier: *const sysfd_notifier,
        microseconds: *mut u64,
    ) -> c_int;
    pub fn sysfd_notifier_free(notifier: *mut sysfd_notifier);
    pub fn sysfd_spawn_step_name(step: c_int, buffer: *mut c_char, size: usize) -> c_int;
    pub fn sysfd_command_new(program: *const c_char, command: *mut *mut sysfd_command) -> c_int;
    pub fn sysfd_command_new_borrow(
        program: c_int,
        argument0: *const c_char,
        command: *mut *mut sysfd_command,
    ) -> c_int;
    pub fn sysfd_command_new_shell(line: *const c_char, command: *mut *mut sysfd_command) -> c_int;
    pub fn sysfd_command_free(command: *mut sysfd_command);
    pub fn sysfd_command_search(command: *mut sysfd_command, r#where: c_int) -> c_int;
    pub fn sysfd_command_search_directories(
        command: *mut sysfd_command,
        directories: *const *const c_char,
    ) -> c_int;
    pub fn sysfd_command_shell_fallback(command: *mut sysfd_command) -> c_int;
    pub fn sysfd_command_argument0(command: *mut sysfd_command, value: *const c_char) -> c_int;
    pub fn sysfd_command_arg(command: *mut sysfd_command, value: *const c_char) -> c_int;
    pub fn sysfd_command_args(command: *mut sysfd_command, values: *const *const c_char) -> c_int;
    pub fn sysfd_command_env(
        command: *mut sysfd_command,
        name: *const c_char,
        value: *const c_char,
    ) -> c_int;
    pub fn sysfd_command_remove_env(command: *mut sysfd_command, name: *const c_char) -> c_int;
    pub fn sysfd_command_clear_env(command: *mut sysfd_command) -> c_int;
    pub fn sysfd_command_environment(
        command: *mut sysfd_command,
        entries: *const *const c_char,
    ) -> c_int;
    pub fn sysfd_command_working_directory(
        command: *mut sysfd_command,
        path: *const c_char,
        change: c_int,
    ) -> c_int;
    pub fn sysfd_command_working_directory_borrow(
        command: *mut sysfd_command,
        directory: c_int,
        change: c_int,
    ) -> c_int;
    pub fn sysfd_command_root_directory(command: *mut sysfd_command, path: *const c_char) -> c_int;
    pub fn sysfd_command_root_directory_borrow(
        command: *mut sysfd_command,
        directory: c_int,
    ) -> c_int;
    pub fn sysfd_command_cgroup_borrow(command: *mut sysfd_command, directory: c_int) -> c_int;
    pub fn sysfd_command_landlock_borrow(command: *mut sysfd_command, ruleset: c_int) -> c_int;
    pub fn sysfd_command_stdin_from(command: *mut sysfd_command, stdio: c_int) -> c_int;
    pub fn sysfd_command_stdin_from_borrow(command: *mut sysfd_command, fd: c_int) -> c_int;
    pub fn sysfd_command_stdin_from_take(command: *mut sysfd_command, fd: c_int) -> c_int;
    pub fn sysfd_command_stdout_to(command: *mut sysfd_command, stdio: c_int) -> c_int;
    pub fn sysfd_command_stdout_to_borrow(command: *mut sysfd_command, fd: c_int) -> c_int;
    pub fn sysfd_command_stdout_to_take(command: *mut sysfd_command, fd: c_int) -> c_int;
    pub fn sysfd_command_stderr_to(command: *mut sysfd_command, stdio: c_int) -> c_int;
    pub fn sysfd_command_stderr_to_borrow(command: *mut sysfd_command, fd: c_int) -> c_int;
    pub fn sysfd_command_stderr_to_take(command: *mut sysfd_command, fd: c_int) -> c_int;
    pub fn sysfd_command_pass_borrow(
        command: *mut sysfd_command,
        fd: c_int,
        number: c_int,
    ) -> c_int;
    pub fn sysfd_command_pass_take(command: *mut sysfd_command, fd: c_int, number: c_int) -> c_int;
    pub fn sysfd_command_inherit_descriptors(
        command: *mut sysfd_command,
        except: *const c_int,
        count: usize,
    ) -> c_int;
    pub fn sysfd_command_forget_descriptor(command: *mut sysfd_command, number: c_int) -> c_int;
    pub fn sysfd_command_listen_fds_borrow(
        command: *mut sysfd_command,
        name: *const c_char,
        fd: c_int,
    ) -> c_int;
    pub fn sysfd_command_listen_fds_take(
        command: *mut sysfd_command,
        name: *const c_char,
        fd: c_int,
    ) -> c_int;
    pub fn sysfd_command_listen_fds_given_borrow(
        command: *mut sysfd_command,
        given: *const sysfd_listen_fds,
    ) -> c_int;
    pub fn sysfd_command_listen_fds_given_take(
        command: *mut sysfd_command,
        given: *mut sysfd_listen_fds,
    ) -> c_int;
    pub fn sysfd_command_terminal(command: *mut sysfd_command, rows: u16, columns: u16) -> c_int;
    pub fn sysfd_command_on_drop(
        command: *mut sysfd_command,
        policy: c_int,
        grace: *const sysfd_timeout,
    ) -> c_int;
    pub fn sysfd_command_parent_death_signal(command: *mut sysfd_command, signo: c_int) -> c_int;
    pub fn sysfd_command_kill_with_parent(command: *mut sysfd_command) -> c_int;
    pub fn sysfd_command_leave_no_zombie(command: *mut sysfd_command) -> c_int;
    pub fn sysfd_command_retry_busy(command: *mut sysfd_command, times: c_int) -> c_int;
    pub fn sysfd_command_contain(
        command: *mut sysfd_command,
        containment: *const sysfd_containment,
    ) -> c_int;
    pub fn sysfd_sweep_trees(parent: *const sysfd_cgroup, error: *mut sysfd_error) -> c_int;
    pub fn sysfd_command_identity(
        command: *mut sysfd_command,
        identity: *const sysfd_identity,
    ) -> c_int;
    pub fn sysfd_command_resources(
        command: *mut sysfd_command,
        resources: *const sysfd_resources,
    ) -> c_int;
    pub fn sysfd_command_session(
        command: *mut sysfd_command,
        session: *const sysfd_session,
    ) -> c_int;
    pub fn sysfd_set_window_size(terminal: c_int, rows: u16, columns: u16) -> c_int;
    pub fn sysfd_command_signals(
        command: *mut sysfd_command,
        signals: *const sysfd_signals,
    ) -> c_int;
    pub fn sysfd_command_namespaces(
        command: *mut sysfd_command,
        namespaces: *const sysfd_namespaces,
    ) -> c_int;
    pub fn sysfd_command_spawn(
        command: *mut sysfd_command,
        child: *mut *mut sysfd_child,
        error: *mut sysfd_spawn_error,
    ) -> c_int;
    pub fn sysfd_command_status(
        command: *mut sysfd_command,
        status: *mut i32,
        error: *mut sysfd_spawn_error,
    ) -> c_int;
    pub fn sysfd_command_output(
        command: *mut sysfd_command,
        options: *const sysfd_output_options,
        output: *mut *mut sysfd_output,
        error: *mut sysfd_spawn_error,
    ) -> c_int;
    pub fn sysfd_command_exec(command: *mut sysfd_command, error: *mut sysfd_spawn_error) -> c_int;
    pub fn sysfd_command_spawn_async(
        command: *mut sysfd_command,
        confirmation: c_int,
        pending: *mut *mut sysfd_pending_child,
        error: *mut sysfd_spawn_error,
    ) -> c_int;
    pub fn sysfd_command_prepare(
        command: *mut sysfd_command,
        prepared: *mut *mut sysfd_prepared_command,
        error: *mut sysfd_spawn_error,
    ) -> c_int;
    pub fn sysfd_prepared_command_spawn(
        prepared: *const sysfd_prepared_command,
        changes: *const sysfd_spawn_changes,
        child: *mut *mut sysfd_child,
        error: *mut sysfd_spawn_error,
    ) -> c_int;
    pub fn sysfd_prepared_command_status(
        prepared: *const sysfd_prepared_command,
        changes: *const sysfd_spawn_changes,
        status: *mut i32,
        error: *mut sysfd_spawn_error,
    ) -> c_int;
    pub fn sysfd_prepared_command_output(
        prepared: *const sysfd_prepared_command,
        options: *const sysfd_output_options,
        changes: *const sysfd_spawn_changes,
        output: *mut *mut sysfd_output,
        error: *mut sysfd_spawn_error,
    ) -> c_int;
    pub fn sysfd_prepared_command_spawn_async(
        prepared: *const sysfd_prepared_command,
        changes: *const sysfd_spawn_changes,
        confirmation: c_int,
        pending: *mut *mut sysfd_pending_child,
        error: *mut sysfd_spawn_error,
    ) -> c_int;
    pub fn sysfd_prepared_command_free(prepared: *mut sysfd_prepared_command);
    pub fn sysfd_spawn_all(
        commands: *const *mut sysfd_command,
        count: usize,
        children: *mut *mut sysfd_child,
        errors: *const *mut sysfd_spawn_error,
    ) -> c_int;
    pub fn sysfd_prepared_command_spawn_all(
        prepared: *const sysfd_prepared_command,
        changes: *const *const sysfd_spawn_changes,
        count: usize,
        children: *mut *mut sysfd_child,
        errors: *const *mut sysfd_spawn_error,
    ) -> c_int;
    pub fn sysfd_reserve_spawn_slots(count: usize) -> c_int;
    pub fn sysfd_pending_child_finish(
        pending: *mut sysfd_pending_child,
        child: *mut *mut sysfd_child,
        error: *mut sysfd_spawn_error,
    ) -> c_int;
    pub fn sysfd_pending_child_try_finish(
        pending: *mut sysfd_pending_child,
        child: *mut *mut sysfd_child,
        error: *mut sysfd_spawn_error,
    ) -> c_int;
    pub fn sysfd_pending_child_finish_for(
        pending: *mut sysfd_pending_child,
        timeout: *const sysfd_timeout,
        child: *mut *mut sysfd_child,
        error: *mut sysfd_spawn_error,
    ) -> c_int;
    pub fn sysfd_pending_child_cancel(pending: *mut sysfd_pending_child) -> c_int;
    pub fn sysfd_pending_child_pid(pending: *const sysfd_pending_child) -> i32;
    pub fn sysfd_pending_child_fd_borrow(pending: *const sysfd_pending_child) -> c_int;
    pub fn sysfd_pending_child_free(pending: *mut sysfd_pending_child);
    pub fn sysfd_pipeline_new(
        first: *mut sysfd_command,
        second: *mut sysfd_command,
        pipeline: *mut *mut sysfd_pipeline,
        error: *mut sysfd_spawn_error,
    ) -> c_int;
    pub fn sysfd_pipeline_append(
        pipeline: *mut sysfd_pipeline,
        next: *mut sysfd_command,
        error: *mut sysfd_spawn_error,
    ) -> c_int;
    pub fn sysfd_pipeline_contain(
        pipeline: *mut sysfd_pipeline,
        containment: *const sysfd_containment,
    ) -> c_int;
    pub fn sysfd_pipeline_spawn(
        pipeline: *mut sysfd_pipeline,
        capacity: usize,
        children: *mut *mut sysfd_child,
        error: *mut sysfd_spawn_error,
    ) -> c_int;
    pub fn sysfd_pipeline_output(
        pipeline: *mut sysfd_pipeline,
        options: *const sysfd_output_options,
        output: *mut *mut sysfd_output,
        error: *mut sysfd_spawn_error,
    ) -> c_int;
    pub fn sysfd_pipeline_free(pipeline: *mut sysfd_pipeline);
    pub fn sysfd_output_get(output: *const sysfd_output, info: *mut sysfd_output_info) -> c_int;
    pub fn sysfd_output_stage(output: *const sysfd_output, stage: usize, status: *mut i32)
        -> c_int;
    pub fn sysfd_output_describe(
        output: *const sysfd_output,
        buffer: *mut c_char,
        size: usize,
    ) -> c_int;
    pub fn sysfd_output_ending(output: *const sysfd_output, ending: *mut sysfd_ending) -> c_int;
    pub fn sysfd_output_free(output: *mut sysfd_output);
    pub fn sysfd_child_pidfd_borrow(child: *const sysfd_child) -> c_int;
    pub fn sysfd_child_pid(child: *const sysfd_child) -> i32;
    pub fn sysfd_child_stdin_pipe_borrow(child: *mut sysfd_child) -> c_int;
    pub fn sysfd_child_stdin_pipe_release(child: *mut sysfd_child) -> c_int;
    pub fn sysfd_child_stdout_pipe_borrow(child: *mut sysfd_child) -> c_int;
    pub fn sysfd_child_stdout_pipe_release(child: *mut sysfd_child) -> c_int;
    pub fn sysfd_child_stderr_pipe_borrow(child: *mut sysfd_child) -> c_int;
    pub fn sysfd_child_stderr_pipe_release(child: *mut sysfd_child) -> c_int;
    pub fn sysfd_child_terminal_borrow(child: *mut sysfd_child) -> c_int;
    pub fn sysfd_child_terminal_release(child: *mut sysfd_child) -> c_int;
    pub fn sysfd_child_report(child: *const sysfd_child, report: *mut sysfd_spawn_report) -> c_int;
    pub fn sysfd_child_containment(child: *const sysfd_child) -> c_int;
    pub fn sysfd_child_ending(child: *const sysfd_child, ending: *mut sysfd_ending) -> c_int;
    pub fn sysfd_child_usage(child: *const sysfd_child, usage: *mut sysfd_cgroup_usage) -> c_int;
    pub fn sysfd_child_wait(child: *mut sysfd_child, status: *mut i32) -> c_int;
    pub fn sysfd_child_try_wait(child: *mut sysfd_child, status: *mut i32) -> c_int;
    pub fn sysfd_child_wait_for(
        child: *mut sysfd_child,
        timeout: *const sysfd_timeout,
        status: *mut i32,
    ) -> c_int;
    pub fn sysfd_child_terminate(
        child: *mut sysfd_child,
        grace: *const sysfd_timeout,
        status: *mut i32,
    ) -> c_int;
    pub fn sysfd_child_on_drop(
        child: *mut sysfd_child,
        policy: c_int,
        grace: *const sysfd_timeout,
    ) -> c_int;
    pub fn sysfd_child_communicate(
        child: *mut sysfd_child,
        options: *const sysfd_output_options,
        output: *mut *mut sysfd_output,
    ) -> c_int;
    pub fn sysfd_child_send_signal_to_group(child: *mut sysfd_child, signo: c_int) -> c_int;
    pub fn sysfd_child_kill_cgroup(child: *mut sysfd_child) -> c_int;
    pub fn sysfd_child_close_descriptors(child: *mut sysfd_child) -> c_int;
    pub fn sysfd_child_detach_release(child: *mut sysfd_child) -> c_int;
    pub fn sysfd_child_free(child: *mut sysfd_child);
}
