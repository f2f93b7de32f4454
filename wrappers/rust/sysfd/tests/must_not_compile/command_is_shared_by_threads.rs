// SPDX-License-Identifier: MIT
//! E0277: two threads use a command; a prepared one can be shared.

pub fn program(command: sysfd::Command<'static>) {
    #[cfg(not(wrong))]
    let command = command.prepare().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| format!("{command:?}"));
    });
}
