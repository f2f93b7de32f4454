// SPDX-License-Identifier: MIT
//! E0277: two threads use a lock.

pub fn program(lock: sysfd::locks::DescriptionLock) {
    std::thread::scope(|scope| {
        #[cfg(wrong)]
        scope.spawn(|| lock.mode());
        #[cfg(not(wrong))]
        scope.spawn(move || lock.mode());
    });
}
