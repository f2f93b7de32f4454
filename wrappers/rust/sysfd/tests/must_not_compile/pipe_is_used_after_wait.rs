// SPDX-License-Identifier: MIT
//! E0502: a pipe is used that a wait has closed.

use std::os::fd::AsRawFd;

pub fn program(child: &mut sysfd::Child) {
    let pipe = child.stdin();
    #[cfg(wrong)]
    let _ = child.wait();
    let _ = pipe.map(|pipe| pipe.as_raw_fd());
}
