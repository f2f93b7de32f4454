// SPDX-License-Identifier: MIT
//! The runtime of Rust is left alone. See also `support::alone`, which checks that in all tests.

use std::os::unix::process::ExitStatusExt;
use std::process;
use std::sync::mpsc;
use std::thread;

use sysfd::{Command, Stdio};

use crate::support::*;

#[test]
fn children_of_std_are_not_disturbed() {
    alone(|| {
        thread::scope(|scope| {
            for i in 0..4 {
                scope.spawn(move || {
                    for j in 0..25 {
                        let code = format!("exit {}", (i * 25 + j) % 256);
                        let of_std = process::Command::new("/bin/sh").args(["-c", &code]).status();
                        let ours = Command::new("/bin/sh").args(["-c", &code]).status();
                        assert_eq!(of_std.unwrap(), ours.unwrap());
                    }
                });
            }
        });
    });
}

#[test]
fn a_wait_of_std_does_not_take_our_child() {
    alone(|| {
        let mut ours = Command::new("cat").stdin(Stdio::Pipe).spawn().unwrap();
        let theirs = process::Command::new("true").output().unwrap();
        assert!(theirs.status.success());
        assert_eq!(ours.try_wait().unwrap(), None);
        assert!(ours.wait().unwrap().success());
    });
}

#[test]
fn no_zombie_and_no_descriptor_is_left_by_errors() {
    alone(|| {
        let before = Runtime::now();
        for _ in 0..50 {
            let mut command = Command::new("/no/such");
            command.stdin(Stdio::Pipe).stdout(Stdio::Pipe).stderr(Stdio::Pipe);
            command.spawn().unwrap_err();
            command.output().unwrap_err();
        }
        before.check();
    });
}

#[test]
fn a_panic_drops_and_kills() {
    alone(|| {
        let result = thread::spawn(|| {
            let _child = Command::new("sleep").arg("1000").spawn().unwrap();
            panic!("on purpose");
        })
        .join();
        assert!(result.is_err());
    });
}

extern "C" fn ignore(_: i32) {}

/// A handler without SA_RESTART, so that system calls are interrupted.
pub fn interrupt_by(signo: i32) {
    #[repr(C)]
    struct Action {
        handler: extern "C" fn(i32),
        mask: [u64; 16],
        flags: i32,
        restorer: usize,
    }
    let action = Action { handler: ignore, mask: [0; 16], flags: 0, restorer: 0 };
    // SAFETY: the handler does nothing.
    let set = unsafe { sigaction(signo, std::ptr::addr_of!(action).cast(), std::ptr::null_mut()) };
    assert_eq!(set, 0);
}

#[test]
fn signals_do_not_end_a_wait() {
    alone_and_changing(|| {
        interrupt_by(SIGUSR1);
        let mut child = Command::new("cat").stdin(Stdio::Pipe).spawn().unwrap();
        let pipe = child.take_stdin();
        let (send, receive) = mpsc::channel();
        let waiting = thread::spawn(move || {
            // SAFETY: only asks.
            send.send(unsafe { pthread_self() }).unwrap();
            child.wait()
        });
        let id = receive.recv().unwrap();
        for _ in 0..200 {
            // SAFETY: the thread lives until the pipe is closed, and is joined below.
            assert_eq!(unsafe { pthread_kill(id, SIGUSR1) }, 0);
            thread::yield_now();
        }
        drop(pipe);
        assert!(waiting.join().unwrap().unwrap().success());
    });
}

#[test]
fn an_ignored_sigchld_is_no_problem() {
    alone_and_changing(|| {
        const SIG_IGN: usize = 1;
        // SAFETY: this process is the test's.
        unsafe { signal(SIGCHLD, SIG_IGN) };
        let error = Command::new("/no/such").spawn().unwrap_err();
        assert_eq!(error.errno(), 2);
        let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
        match child.terminate(None) {
            Ok(status) => assert_eq!(status.signal(), Some(SIGTERM)), // Linux 6.15
            Err(error) => assert_eq!(error.raw_os_error(), Some(ECHILD)),
        }
    });
}

#[test]
fn sigpipe_is_as_usual_in_a_child() {
    alone(|| {
        // The runtime ignores SIGPIPE. A child must not.
        let (reader, writer) = sysfd::fd::pipe(0).unwrap();
        drop(reader);
        let status = Command::new("echo").stdout(writer).stderr(Stdio::Null).spawn();
        let status = status.unwrap().wait().unwrap();
        assert_eq!(status.signal(), Some(13));
    });
}
