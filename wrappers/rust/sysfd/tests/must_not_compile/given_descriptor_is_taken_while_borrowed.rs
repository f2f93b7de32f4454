// SPDX-License-Identifier: MIT
//! E0502: a descriptor is taken out while another is borrowed.

use std::os::fd::AsRawFd;
use sysfd::{FdType, ListenFds};

pub fn program(fds: &mut ListenFds) {
    let first = fds.get(0).unwrap();
    #[cfg(wrong)]
    let _ = fds.take_at(0, &FdType::any());
    let _ = first.as_raw_fd();
    let _ = fds.take_at(0, &FdType::any());
}
