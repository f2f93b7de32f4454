// SPDX-License-Identifier: MIT
//! What fails, or cannot be done, with the crates command-fds 0.3.3, listen-fds 0.1.0 and
//! pidfd-util 0.1.0, and works here. A comment tells what the crate does ("row"), or which test of it
//! is written again.

mod command_fds;
mod listen_fds;
mod pidfd_util;
