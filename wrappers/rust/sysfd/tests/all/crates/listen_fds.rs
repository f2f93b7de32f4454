// SPDX-License-Identifier: MIT
//! Of listen-fds.

use std::env;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use sysfd::fd;
use sysfd::listen::{Environment, ListenErrorKind};
use sysfd::{Command, ListenFds, PidFd};

use crate::listening::{activate, take};
use crate::support::*;

// Row (1): more than one descriptor always fails, out of range.
#[test]
fn more_than_one_descriptor_is_taken() {
    alone(|| {
        activate(&["a", "b", "c"]);
        assert_eq!(take().unwrap().len(), 3);
    });
}

// Row (2): a missing LISTEN_PID is accepted.
#[test]
fn a_missing_pid_is_refused() {
    alone_and_changing(|| {
        activate(&["a"]);
        env::remove_var("LISTEN_PID");
        assert_eq!(take().unwrap_err().kind(), ListenErrorKind::NotActivated);
        assert!(fd::is_open(3).unwrap());
    });
}

// Row (3): descriptors are owned unchecked, and closed numbers are undefined behaviour.
#[test]
fn a_closed_number_is_refused_and_nothing_is_owned() {
    alone_and_changing(|| {
        activate(&["a", "b"]);
        drop(own(4));
        let error = take().unwrap_err();
        assert_eq!(error.kind(), ListenErrorKind::Malformed, "{error}");
        assert!(fd::is_open(3).unwrap());
        assert!(!fd::is_close_on_exec(own(3)).unwrap());
    });
}

// Row (4): a wrong number of names closes every descriptor.
#[test]
fn a_wrong_number_of_names_closes_nothing() {
    alone_and_changing(|| {
        activate(&["a", "b"]);
        env::set_var("LISTEN_FDNAMES", "only-one");
        assert_eq!(take().unwrap_err().kind(), ListenErrorKind::Malformed);
        assert!(fd::is_open(3).unwrap() && fd::is_open(4).unwrap());
    });
}

// Row (5): a variable that is not UTF-8 is treated as unset.
#[test]
fn a_variable_that_is_not_utf_8_is_not_unset() {
    alone_and_changing(|| {
        activate(&["a"]);
        env::set_var("LISTEN_FDS", OsStr::from_bytes(b"\xff"));
        assert_eq!(take().unwrap_err().kind(), ListenErrorKind::Malformed);
    });
}

// Row (6): FDS=0 with empty FDNAMES fails as if the names were wrong; and other numbers.
#[test]
fn numbers_are_checked() {
    alone_and_changing(|| {
        activate(&["a"]);
        let pid = env::var("LISTEN_PID").unwrap();
        for count in ["0", "-1", "2147483645", "3 ", ""] {
            let variables = [
                format!("LISTEN_PID={pid}"),
                format!("LISTEN_FDS={count}"),
                "LISTEN_FDNAMES=".into(),
            ];
            // SAFETY: `activate` has made the descriptor.
            let error = unsafe { ListenFds::take_from(&variables) }.unwrap_err();
            assert_eq!(error.kind(), ListenErrorKind::Malformed, "{count}: {error}");
        }
        // SAFETY: as above. An attempt that failed does not count.
        assert_eq!(unsafe { ListenFds::take(Environment::Unset) }.unwrap().len(), 1);
    });
}

// Row (7): no tests. PidMissmatch and BadListenPidfdId are the errors that it has.
#[test]
fn another_process_is_told_apart() {
    alone_and_changing(|| {
        activate(&["a"]);
        env::set_var("LISTEN_PID", "1");
        assert_eq!(take().unwrap_err().kind(), ListenErrorKind::OtherProcess);
        if PidFd::current().unwrap().id().is_ok() {
            activate(&["a"]); // Linux 6.9
            env::set_var("LISTEN_PIDFDID", "1");
            assert_eq!(take().unwrap_err().kind(), ListenErrorKind::OtherProcess);
        }
    });
}

// "Must offer" row: both receive and send; and variables of the user's beside it (cap-std-ext
// loses).
#[test]
fn a_sender_is_there_too() {
    alone(|| {
        let file = fd::memfd("file", 0).unwrap();
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "test $LISTEN_PID = $$ && echo $LISTEN_FDS $LISTEN_FDNAMES $A"]);
        command.listen_fd("a", &file).listen_fd("b", &file).env("A", "kept");
        assert_eq!(command.output().unwrap().stdout(), b"2 a:b kept\n");
    });
}
