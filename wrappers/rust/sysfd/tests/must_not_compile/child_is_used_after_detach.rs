// SPDX-License-Identifier: MIT
//! E0382: a child is used that was given up.

pub fn program(child: sysfd::Child) {
    let pidfd = child.detach();
    #[cfg(wrong)]
    let _ = child.pid();
    let _ = pidfd.try_wait();
}
