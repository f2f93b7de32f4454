// SPDX-License-Identifier: MIT
//! E0505: a pidfd outlives the child that owns it.

use std::os::fd::{AsFd, AsRawFd};

pub fn program(child: sysfd::Child) {
    let pidfd = child.as_fd();
    #[cfg(wrong)]
    drop(child);
    let _ = pidfd.as_raw_fd();
}
