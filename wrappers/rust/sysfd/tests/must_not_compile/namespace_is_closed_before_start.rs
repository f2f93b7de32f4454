// SPDX-License-Identifier: MIT
//! E0505: a namespace is closed that a command joins.

use std::os::fd::AsFd;
use sysfd::spawn::{NamespaceJoin, Namespaces};

pub fn program(namespace: std::os::fd::OwnedFd) {
    let mut command = sysfd::Command::new("true");
    let join = vec![NamespaceJoin { fd: namespace.as_fd(), kinds: 0 }];
    command.namespaces(&Namespaces { join, ..Namespaces::default() });
    #[cfg(wrong)]
    drop(namespace);
    let _ = command.status();
}
