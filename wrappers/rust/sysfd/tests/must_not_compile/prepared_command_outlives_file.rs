// SPDX-License-Identifier: MIT
//! E0597: a prepared command outlives a file that it has borrowed.

pub fn program() {
    let prepared;
    {
        let file = std::fs::File::open("/dev/null").unwrap();
        let mut command = sysfd::Command::new("true");
        #[cfg(wrong)]
        command.pass(&file, 3);
        #[cfg(not(wrong))]
        command.pass_owned(file, 3);
        prepared = command.prepare().unwrap();
    }
    let _ = prepared.spawn(&Default::default());
}
