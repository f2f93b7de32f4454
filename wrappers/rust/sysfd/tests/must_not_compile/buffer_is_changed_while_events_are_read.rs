// SPDX-License-Identifier: MIT
//! E0506: the buffer of events is changed while they are read.

use sysfd::handle::FanotifyEvents;

pub fn program(mut buffer: [u8; 64]) {
    // SAFETY: an example that is not run.
    let mut events = unsafe { FanotifyEvents::new(&buffer) }.unwrap();
    #[cfg(wrong)]
    {
        buffer[0] = 1;
    }
    let _ = events.next();
    buffer[0] = 2;
}
