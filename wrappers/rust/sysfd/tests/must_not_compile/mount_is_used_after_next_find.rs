// SPDX-License-Identifier: MIT
//! E0499: a mount is used that a later call may have closed.

use std::os::fd::AsRawFd;
use sysfd::handle::{MountCache, MountId};

pub fn program(cache: &mut MountCache, one: MountId, two: MountId) {
    let first = cache.find(one).unwrap();
    #[cfg(wrong)]
    let _ = cache.find(two);
    let _ = (first.as_raw_fd(), two);
}
