// SPDX-License-Identifier: MIT
//! E0382: a descriptor is used that has become a command's.

use std::os::fd::{AsRawFd, OwnedFd};

pub fn program(fd: OwnedFd) {
    let mut command = sysfd::Command::new("true");
    let _ = fd.as_raw_fd();
    command.pass_owned(fd, 3);
    #[cfg(wrong)]
    let _ = fd.as_raw_fd();
}
