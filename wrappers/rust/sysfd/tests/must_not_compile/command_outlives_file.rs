// SPDX-License-Identifier: MIT
//! E0597: a command outlives a file that it has borrowed.

pub fn program() {
    let mut command = sysfd::Command::new("true");
    {
        let file = std::fs::File::open("/dev/null").unwrap();
        command.pass(&file, 3);
        let _ = command.status();
    }
    #[cfg(wrong)]
    let _ = command.status();
}
