// SPDX-License-Identifier: MIT
//! E0502: a descriptor is taken out that a command has borrowed.

use sysfd::{Command, FdType, ListenFds};

pub fn program(mut fds: ListenFds) {
    let mut command = Command::new("true");
    command.listen_fds(&fds);
    #[cfg(wrong)]
    let _ = fds.take_at(0, &FdType::any());
    let _ = command.status();
    let _ = fds.take_at(0, &FdType::any());
}
