// SPDX-License-Identifier: MIT
//! E0716: a command borrows a file that lives for one statement.

pub fn program() {
    let file = std::fs::File::open("/dev/null").unwrap();
    let mut command = sysfd::Command::new("true");
    command.pass(&file, 3);
    #[cfg(wrong)]
    command.pass(&file.try_clone().unwrap(), 4);
    let _ = command.status();
}
