// SPDX-License-Identifier: MIT
//! E0505: a descriptor is closed that can cancel a wait.

pub fn program(child: &mut sysfd::Child, event: std::os::fd::OwnedFd) {
    let timeout = sysfd::Timeout::FOREVER.canceled_by(&event);
    #[cfg(wrong)]
    drop(event);
    let _ = child.wait_timeout(timeout);
}
