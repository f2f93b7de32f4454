// SPDX-License-Identifier: MIT
//! Linux descriptor system calls, safe to hold: child processes with a pidfd from the start,
//! pidfds, file handles, locks, sealed memory, passing of descriptors, and socket activation.
//!
//! ```
//! use std::fs::File;
//! use sysfd::{Command, Stdio};
//!
//! let words = File::open("/dev/null")?;
//! let mut child = Command::new("sort")
//!     .arg("-u")
//!     .stdin(&words) // borrowed: stays ours
//!     .stdout(Stdio::Pipe)
//!     .spawn()?;
//! assert!(child.wait()?.success());
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Descriptors are [`OwnedFd`](std::os::fd::OwnedFd) where they change their owner, and anything
//! that is [`AsFd`](std::os::fd::AsFd) where they are borrowed. New ones are close-on-exec. A
//! [`Command`] has the lifetime of the descriptors that it borrows.
//!
//! This is thin: each function calls the function of `libsysfd.so.0` with the same name. The
//! comments of its header, `<sysfd/sysfd.h>`, and of the C++ headers tell errors, kernel versions
//! and costs.
//!
//! # Environment
//!
//! Starts of programs, [`ListenFds`] and [`notify`](mod@notify) read the environment as `getenv(3)`
//! does, without the lock of `std::env`: no other thread may change it meanwhile, as the
//! documentation of [`std::env::set_var`] demands.
//!
//! # Threads
//!
//! All objects can be sent to other threads. The C interface lets one thread at a time use an
//! object: so they are not `Sync`, except those that say why.
#![deny(missing_docs)]
#![deny(unsafe_op_in_unsafe_fn)]

pub mod cgroup;
pub mod fd;
pub mod features;
pub mod handle;
pub mod landlock;
pub mod listen;
pub mod locks;
pub mod memory;
pub mod notify;
pub mod passing;
pub mod pidfd;
pub mod positioned_file;
mod raw;
pub mod spawn;
mod timeout;

pub use cgroup::Cgroup;
pub use handle::FileHandle;
pub use landlock::Ruleset;
pub use listen::{FdType, ListenFds};
pub use notify::{notify, Notification};
pub use passing::{receive_fds, send_fds};
pub use pidfd::PidFd;
pub use spawn::{Child, Command, SpawnError, Stdio};
pub use timeout::Timeout;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
