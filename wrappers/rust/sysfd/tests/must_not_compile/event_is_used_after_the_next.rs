// SPDX-License-Identifier: MIT
//! E0499: an event is used after the next one was read.

use sysfd::handle::FanotifyEvents;

pub fn program(events: &mut FanotifyEvents<'_>) {
    let first = events.next().unwrap().unwrap();
    #[cfg(wrong)]
    let _ = events.next();
    let _ = first.mask();
}
