// SPDX-License-Identifier: MIT
//! The tests of the safe interface. Most run in a process of their own: see `support::alone`.

mod borrows;
mod containing;
mod crates;
mod descriptors;
mod handles;
mod listening;
mod pidfds;
mod raw;
mod runtime;
mod sharing;
mod spawning;
mod support;
