// SPDX-License-Identifier: MIT
//! E0505: bytes outlive the memory that they are in.

pub fn program(memory: sysfd::memory::SealedMemory) {
    let first = memory.first();
    #[cfg(wrong)]
    drop(memory);
    let _ = first.copied();
}
