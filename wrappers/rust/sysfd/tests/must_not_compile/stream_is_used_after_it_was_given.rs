// SPDX-License-Identifier: MIT
//! E0382: a stream is used that has become a command's.

use std::fs::File;

pub fn program(file: File) {
    let mut command = sysfd::Command::new("true");
    command.stdout(file);
    #[cfg(wrong)]
    let _ = file.sync_all();
}
