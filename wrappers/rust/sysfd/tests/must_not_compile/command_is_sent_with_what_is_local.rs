// SPDX-License-Identifier: MIT
//! E0597: a thread gets a command that has borrowed from this function.

pub fn program() {
    let file = std::fs::File::open("/dev/null").unwrap();
    let mut command = sysfd::Command::new("true");
    #[cfg(wrong)]
    command.pass(&file, 3);
    #[cfg(not(wrong))]
    command.pass_owned(file, 3);
    std::thread::spawn(move || command.status());
}
