// SPDX-License-Identifier: MIT
//! E0505: a file is closed that a command has borrowed.

pub fn program() {
    let file = std::fs::File::open("/dev/null").unwrap();
    let mut command = sysfd::Command::new("true");
    command.stdin(&file);
    #[cfg(wrong)]
    drop(file);
    let _ = command.status();
}
