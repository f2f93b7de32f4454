// SPDX-License-Identifier: MIT
//! Functions that the safe interface does not need, since Rust has its own: of exit statuses, of
//! lists of arguments, of objects that stay when their descriptors are closed.

use std::ffi::CString;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::ptr::{null, null_mut};

use sysfd_sys::*;

use crate::support::*;

#[test]
fn exit_statuses_are_those_of_std() {
    for raw in [0, 0x100, 0xff00, 9, 11 | 0x80, 15] {
        let status = ExitStatus::from_raw(raw);
        let or_none = |value: i32| (value != -ENODATA).then_some(value);
        // SAFETY: only numbers.
        unsafe {
            assert_eq!(sysfd_exit_status_success(raw) == 1, status.success());
            assert_eq!(or_none(sysfd_exit_status_code(raw)), status.code());
            assert_eq!(or_none(sysfd_exit_status_signal(raw)), status.signal());
            assert_eq!(sysfd_exit_status_core_dumped(raw) == 1, status.core_dumped());
        }
    }
}

#[test]
fn descriptors_are_closed_while_the_child_stays() {
    alone(|| {
        let [sh, line, exit] = ["/bin/sh", "-c", "exit 7"].map(|it| CString::new(it).unwrap());
        let (mut command, mut child, mut status) = (null_mut(), null_mut(), 0);
        // SAFETY: the objects live until they are freed, and the strings longer.
        unsafe {
            assert_eq!(sysfd_command_new(sh.as_ptr(), &mut command), 0);
            let list = [line.as_ptr(), exit.as_ptr(), null()];
            assert_eq!(sysfd_command_args(command, list.as_ptr()), 0);
            assert_eq!(sysfd_command_spawn(command, &mut child, null_mut()), 0);
            assert_eq!(sysfd_child_wait(child, &mut status), 0);
            assert_eq!(sysfd_child_close_descriptors(child), 0);
            assert_eq!(sysfd_child_pidfd_borrow(child), -EBADF);
            assert_eq!(sysfd_child_wait(child, &mut status), 0);
            assert_eq!(ExitStatus::from_raw(status).code(), Some(7));
            sysfd_child_free(child);
            sysfd_command_free(command);
        }
    });
}

#[test]
fn descriptors_of_a_message_are_borrowed() {
    alone(|| {
        let (mut pair, mut message) = ([-1; 2], null_mut());
        // SAFETY: the object lives until it is freed, and the descriptors are this test's.
        unsafe {
            assert_eq!(sysfd_socket_pair(SOCK_STREAM, pair.as_mut_ptr()), 0);
            assert_eq!(sysfd_send_fds(pair[0], &pair[0], 1, b"x".as_ptr().cast(), 1), 1);
            let mut byte = 0u8;
            let into = std::ptr::addr_of_mut!(byte).cast();
            assert_eq!(sysfd_receive_fds(pair[1], into, 1, null(), &mut message), 1);
            assert!(sysfd_message_fd_borrow(message, 0) >= 3);
            assert_eq!(sysfd_message_fd_borrow(message, 1), -EINVAL);
            sysfd_message_free(message);
            drop((own(pair[0]), own(pair[1])));
        }
    });
}
