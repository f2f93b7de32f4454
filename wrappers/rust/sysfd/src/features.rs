// SPDX-License-Identifier: MIT
//! What the kernel allows.

use std::ffi::c_int;
use std::fmt;

use crate::raw::{sys, text};

/// The version of the library: major, minor, patch.
pub fn version() -> (u32, u32, u32) {
    // SAFETY: no arguments.
    let version = unsafe { sys::sysfd_version() };
    (version / 1_000_000, version / 1000 % 1000, version % 1000)
}

/// A feature of the kernel. Its text is its name: `pidfd_open`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Feature(c_int);

macro_rules! features {
    ($($name:ident = $value:ident,)*) => {
        impl Feature {
            $(#[doc = concat!("`", stringify!($value), "` of the header.")]
            pub const $name: Self = Self(sys::$value);)*
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}
features! {
    FILE_HANDLES = SYSFD_FEATURE_FILE_HANDLES,
    PIDFD_SEND_SIGNAL = SYSFD_FEATURE_PIDFD_SEND_SIGNAL,
    PIDFD_OPEN = SYSFD_FEATURE_PIDFD_OPEN,
    WAIT_BY_PIDFD = SYSFD_FEATURE_WAIT_BY_PIDFD,
    CLONE3 = SYSFD_FEATURE_CLONE3,
    PIDFD_GETFD = SYSFD_FEATURE_PIDFD_GETFD,
    CLONE_INTO_CGROUP = SYSFD_FEATURE_CLONE_INTO_CGROUP,
    OPENAT2 = SYSFD_FEATURE_OPENAT2,
    CLOSE_RANGE = SYSFD_FEATURE_CLOSE_RANGE,
    PROCESS_MADVISE = SYSFD_FEATURE_PROCESS_MADVISE,
    PROCESS_MRELEASE = SYSFD_FEATURE_PROCESS_MRELEASE,
    NOEXEC_SEAL = SYSFD_FEATURE_NOEXEC_SEAL,
    PEER_PIDFD = SYSFD_FEATURE_PEER_PIDFD,
    PASS_PIDFD = SYSFD_FEATURE_PASS_PIDFD,
    HANDLE_FID = SYSFD_FEATURE_HANDLE_FID,
    STATMOUNT = SYSFD_FEATURE_STATMOUNT,
    UNIQUE_MOUNT_IDS = SYSFD_FEATURE_UNIQUE_MOUNT_IDS,
    PIDFS = SYSFD_FEATURE_PIDFS,
    PIDFD_THREAD = SYSFD_FEATURE_PIDFD_THREAD,
    SIGNAL_SCOPES = SYSFD_FEATURE_SIGNAL_SCOPES,
    WRITE_NOAPPEND = SYSFD_FEATURE_WRITE_NOAPPEND,
    DUPFD_QUERY = SYSFD_FEATURE_DUPFD_QUERY,
    KCMP = SYSFD_FEATURE_KCMP,
    PIDFD_NAMESPACES = SYSFD_FEATURE_PIDFD_NAMESPACES,
    HANDLE_UNIQUE_MOUNT = SYSFD_FEATURE_HANDLE_UNIQUE_MOUNT,
    PIDFD_INFO = SYSFD_FEATURE_PIDFD_INFO,
    HANDLE_CONNECTABLE = SYSFD_FEATURE_HANDLE_CONNECTABLE,
    PIDFD_HANDLES = SYSFD_FEATURE_PIDFD_HANDLES,
    PASS_RIGHTS = SYSFD_FEATURE_PASS_RIGHTS,
    PIDFS_ROOT = SYSFD_FEATURE_PIDFS_ROOT,
    NSFS_ROOT = SYSFD_FEATURE_NSFS_ROOT,
    AUTOREAP = SYSFD_FEATURE_AUTOREAP,
    AUTOKILL = SYSFD_FEATURE_AUTOKILL,
    LANDLOCK = SYSFD_FEATURE_LANDLOCK,
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: the buffer has this size.
        let name = text(|buffer, size| unsafe { sys::sysfd_feature_name(self.0, buffer, size) });
        f.write_str(&name.map_err(|_| fmt::Error)?)
    }
}

/// What the kernel and the seccomp filter of the calling thread allow. Its text has a line for each
/// feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features(u64);

/// Finds them by harmless system calls, each time anew.
pub fn features() -> Features {
    // SAFETY: no arguments.
    Features(unsafe { sys::sysfd_features() })
}

impl Features {
    /// Whether this one is there.
    pub fn has(self, feature: Feature) -> bool {
        self.0 & (1 << feature.0) != 0
    }
}

impl fmt::Display for Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: the buffer has this size.
        let lines = text(|buffer, size| unsafe { sys::sysfd_features_text(self.0, buffer, size) });
        f.write_str(&lines.map_err(|_| fmt::Error)?)
    }
}
