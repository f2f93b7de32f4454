// SPDX-License-Identifier: MIT
//! Of pidfd-util.

use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::process::ExitStatusExt;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use sysfd::fd;
use sysfd::pidfd::{
    wait_any, NAMESPACE_CGROUP, NAMESPACE_IPC, NAMESPACE_MOUNT, NAMESPACE_NET, NAMESPACE_PID,
    NAMESPACE_TIME, NAMESPACE_USER, NAMESPACE_UTS, NONBLOCKING,
};
use sysfd::spawn::Child;
use sysfd::{Command, PidFd, Stdio};
use sysfd_sys::{sysfd_pidfd_info, sysfd_process_info};

use crate::runtime::interrupt_by;
use crate::support::*;

fn cat() -> Child {
    Command::new("cat").stdin(Stdio::Pipe).spawn().unwrap()
}

/// The pidfd of a child that was reaped.
fn reaped() -> PidFd {
    let pidfd = Command::new("true").spawn().unwrap().detach();
    pidfd.wait().unwrap();
    pidfd
}

// Row: From<OwnedFd> never checks that it is a pidfd.
#[test]
fn what_is_no_pidfd_is_refused() {
    alone(|| assert_eq!(errno(PidFd::try_from(fd::memfd("x", 0).unwrap())), EBADF));
}

// Row: kill: zombie Ok, reaped ESRCH.
#[test]
fn a_zombie_is_signaled_and_a_reaped_process_is_not() {
    alone(|| {
        let pidfd = Command::new("true").spawn().unwrap().detach();
        assert_eq!(wait_any(&[pidfd.as_fd()], None).unwrap(), Some(0));
        pidfd.send_signal(SIGKILL).unwrap();
        assert!(pidfd.wait().unwrap().success());
        assert_eq!(errno(pidfd.send_signal(SIGKILL)), ESRCH);
    });
}

// Row: wait: no EINTR retry.
#[test]
fn a_wait_is_not_interrupted() {
    alone_and_changing(|| {
        interrupt_by(SIGUSR1);
        let mut child = cat();
        let pipe = child.take_stdin();
        let pidfd = child.detach();
        let (send, receive) = mpsc::channel();
        let waiting = thread::spawn(move || {
            // SAFETY: only asks.
            send.send(unsafe { pthread_self() }).unwrap();
            pidfd.wait()
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

// Row: wait: NONBLOCK fd EAGAIN.
#[test]
fn a_nonblocking_pidfd_waits() {
    alone(|| {
        let mut child = cat();
        let pipe = child.take_stdin();
        let pidfd = PidFd::open(child.pid(), NONBLOCKING).unwrap();
        let waiting = thread::spawn(move || pidfd.wait());
        drop(pipe);
        assert!(waiting.join().unwrap().unwrap().success());
        drop(child);
    });
}

// Row: wait: second wait or non-child ECHILD. test_wait_twice expects success.
#[test]
fn a_second_wait_returns_the_status_again() {
    alone(|| {
        let mut child = Command::new("/bin/sh").args(["-c", "exit 9"]).spawn().unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(9));
        assert_eq!(child.wait().unwrap().code(), Some(9));
        // Row: status after reap.
        match child.pidfd().wait() {
            Ok(status) => assert_eq!(status.code(), Some(9)), // Linux 6.15
            Err(error) => assert_eq!(error.raw_os_error(), Some(ECHILD)),
        }
    });
}

// Row: try_wait: si_pid==0 -> None.
#[test]
fn a_process_that_runs_has_no_status() {
    alone(|| assert!(cat().pidfd().try_wait().unwrap().is_none()));
}

// Row: no Debug, try_clone, Eq, Hash.
#[test]
fn pidfds_are_compared_and_copied() {
    alone(|| {
        let this = PidFd::current().unwrap();
        let copy = PidFd::try_from(fd::duplicate(&this).unwrap()).unwrap();
        assert!(this.same_process(&copy).unwrap());
        assert!(!this.same_process(cat().pidfd()).unwrap());
        assert!(format!("{this:?}").contains("PidFd"));
    });
}

// Row: from_pid: EINVAL pid<=0; ESRCH.
#[test]
fn a_pid_must_be_one() {
    alone(|| {
        assert_eq!(errno(PidFd::open(0, 0)), EINVAL);
        assert_eq!(errno(PidFd::open(-7, 0)), EINVAL);
        let mut child = Command::new("true").spawn().unwrap();
        let pid = child.pid();
        child.wait().unwrap();
        // Numbers are given in turn: no other process has it yet.
        assert_eq!(errno(PidFd::open(pid, 0)), ESRCH);
    });
}

// Row: get_pid: dead: the fdinfo path returns Ok(-1).
#[test]
fn a_dead_process_has_no_number() {
    alone(|| assert_eq!(errno(reaped().pid()), ESRCH));
}

// Row: get_id: panics if the handle is not 8 bytes; a second way where st_ino is.
#[test]
fn an_identity_outlives_the_process() {
    alone(|| {
        let child = cat();
        if let Ok(id) = child.pidfd().id() {
            let other = cat();
            assert_ne!(other.pidfd().id().unwrap(), id); // Linux 6.9
            let mut child = child;
            child.wait().unwrap();
            assert_eq!(child.pidfd().id().unwrap(), id);
            let gone = errno(PidFd::from_id(id));
            assert!(gone == ESRCH || gone == 95); // EOPNOTSUPP before Linux 6.14
        }
    });
}

// Rows: get_ppid, get_creds, get_cgroupid: reply bits are not checked, or asserted.
#[test]
fn what_the_kernel_does_not_tell_is_none() {
    alone(|| {
        if let Ok(info) = PidFd::current().unwrap().info() {
            assert!(info.parent.is_some() && info.credentials.is_some()); // Linux 6.13
            assert!(info.exit_status.is_none() && info.core_dump_signal.is_none());
        }
        if let Ok(info) = reaped().info() {
            assert!(info.exit_status.unwrap().success()); // Linux 6.15
            assert!(info.parent.is_none() && info.credentials.is_none());
        }
    });
}

// Row: get_namespace: 10 ioctls; ESRCH when dead. test_namespace is an empty FIXME.
#[test]
fn namespaces_are_those_of_proc() {
    alone(|| {
        let this = PidFd::current().unwrap();
        for (kind, name) in [
            (NAMESPACE_CGROUP, "cgroup"),
            (NAMESPACE_IPC, "ipc"),
            (NAMESPACE_MOUNT, "mnt"),
            (NAMESPACE_NET, "net"),
            (NAMESPACE_PID, "pid"),
            (NAMESPACE_TIME, "time"),
            (NAMESPACE_USER, "user"),
            (NAMESPACE_UTS, "uts"),
        ] {
            let found = this.namespace_fd(kind).unwrap();
            let link = std::fs::read_link(format!("/proc/self/fd/{}", found.as_raw_fd())).unwrap();
            assert_eq!(link, std::fs::read_link(format!("/proc/self/ns/{name}")).unwrap());
        }
        for kind in [NAMESPACE_PID, NAMESPACE_TIME] {
            this.namespace_for_children(kind).unwrap();
        }
        assert_eq!(errno(reaped().namespace_fd(NAMESPACE_NET)), ESRCH);
    });
}

// Row: set_namespace: its test is an empty FIXME.
#[test]
fn a_namespace_is_entered() {
    alone(|| {
        if is_root() {
            let this = PidFd::current().unwrap();
            thread::spawn(move || this.enter_namespaces(NAMESPACE_UTS | NAMESPACE_IPC).unwrap())
                .join()
                .unwrap();
        }
        assert_eq!(errno(reaped().enter_namespaces(NAMESPACE_UTS)), ESRCH);
    });
}

// Row: access_proc: the function is not told the number, and a number is reused.
#[test]
fn a_directory_of_proc_is_pinned() {
    alone(|| {
        let mut child = cat();
        let directory = child.pidfd().proc_directory().unwrap();
        let stat = read_all(fd::open(&directory, "stat", 0, 0).unwrap());
        assert!(stat.starts_with(&format!("{} ", child.pid())));
        child.wait().unwrap();
        assert!(fd::open(&directory, "stat", 0, 0).is_err());
        assert_eq!(errno(child.pidfd().proc_directory()), ESRCH);
    });
}

// Row: send_signal: EINVAL bad signo.
#[test]
fn a_signal_must_be_one() {
    alone(|| assert_eq!(errno(cat().pidfd().send_signal(1000)), EINVAL));
}

// Row: get_remote_fd: its test is an empty FIXME.
#[test]
fn a_remote_descriptor_is_close_on_exec() {
    alone(|| {
        let file = fd::memfd("file", 0).unwrap();
        let this = PidFd::current().unwrap();
        match this.get_fd(file.as_raw_fd()) {
            Ok(copy) => {
                assert!(fd::is_close_on_exec(&copy).unwrap());
                assert!(fd::same_description(&copy, &file).unwrap());
            }
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied),
        }
    });
}

// Row: AsyncPidFd: readable, then wait.
#[test]
fn a_pidfd_is_polled() {
    alone(|| {
        let mut child = cat();
        assert_eq!(wait_any(&[child.as_fd()], Duration::ZERO).unwrap(), None);
        drop(child.take_stdin());
        assert_eq!(wait_any(&[child.as_fd()], None).unwrap(), Some(0));
        assert!(child.try_wait().unwrap().unwrap().success());
    });
}

// Row: detection: one GET_INFO on a non-pidfd (ENOTTY) disables it process-wide.
#[test]
fn one_wrong_descriptor_spoils_nothing() {
    alone(|| {
        let this = PidFd::current().unwrap();
        let before = this.info().is_ok();
        let other = fd::memfd("other", 0).unwrap();
        let mut info = sysfd_process_info::INIT;
        // SAFETY: writes to the struct.
        assert!(unsafe { sysfd_pidfd_info(other.as_raw_fd(), &mut info) } < 0);
        assert_eq!(this.info().is_ok(), before);
        assert_eq!(errno(PidFd::try_from(other)), EBADF);
        assert!(this.pid().is_ok());
    });
}

// No row: a child that another part of the program has reaped keeps its pidfd from meaning another.
#[test]
fn a_thief_does_no_harm() {
    alone(|| {
        let mut child = cat();
        drop(child.take_stdin());
        assert_eq!(wait_any(&[child.as_fd()], None).unwrap(), Some(0));
        // SAFETY: an own child, which has ended.
        assert_eq!(unsafe { waitpid(child.pid(), std::ptr::null_mut(), 0) }, child.pid());
        assert_eq!(errno(child.pidfd().send_signal(SIGKILL)), ESRCH);
        match child.wait() {
            Ok(status) => assert_eq!(status.signal(), None), // Linux 6.15
            Err(error) => assert_eq!(error.raw_os_error(), Some(ECHILD)),
        }
    });
}
