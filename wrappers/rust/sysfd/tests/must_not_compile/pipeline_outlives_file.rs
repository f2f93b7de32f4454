// SPDX-License-Identifier: MIT
//! E0505: a file is closed that a pipeline has borrowed.

use sysfd::Command;

pub fn program() {
    let file = std::fs::File::open("/dev/null").unwrap();
    let mut first = Command::new("cat");
    first.stdin(&file);
    let mut pipeline = sysfd::spawn::Pipeline::new(first, Command::new("cat")).unwrap();
    #[cfg(wrong)]
    drop(file);
    let _ = pipeline.spawn();
}
