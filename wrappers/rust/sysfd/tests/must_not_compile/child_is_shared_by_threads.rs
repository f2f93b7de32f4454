// SPDX-License-Identifier: MIT
//! E0277: two threads use a child.

pub fn program(child: sysfd::Child) {
    std::thread::scope(|scope| {
        #[cfg(wrong)]
        scope.spawn(|| child.pid());
        #[cfg(not(wrong))]
        scope.spawn(move || child.pid());
    });
}
