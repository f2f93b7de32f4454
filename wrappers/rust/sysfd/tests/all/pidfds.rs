// SPDX-License-Identifier: MIT

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use sysfd::fd;
use sysfd::pidfd::{
    describe_status, wait_any, EventKind, ProcessId, SignalScope, WaitFor, NAMESPACE_CGROUP,
    NAMESPACE_IPC, NAMESPACE_MOUNT, NAMESPACE_NET, NAMESPACE_PID, NAMESPACE_TIME, NAMESPACE_USER,
    NAMESPACE_UTS, NONBLOCKING, THREAD,
};
use sysfd::spawn::{Child, DropPolicy, Session};
use sysfd::{Command, PidFd, Stdio};

use crate::support::*;

/// A child that runs until its stdin is closed.
fn cat() -> Child {
    Command::new("cat").stdin(Stdio::Pipe).spawn().unwrap()
}

#[test]
fn the_calling_process_has_a_pidfd() {
    alone(|| {
        let this = PidFd::current().unwrap();
        // SAFETY: only asks.
        let pid = unsafe { getpid() };
        assert_eq!(this.pid().unwrap(), pid);
        let other = PidFd::open(pid, NONBLOCKING).unwrap();
        assert!(this.same_process(&other).unwrap());
        assert!(fd::is_nonblocking(&other).unwrap());
        if let Ok(thread) = PidFd::open(pid, THREAD) {
            thread.send_signal_to(0, SignalScope::Thread).unwrap(); // Linux 6.9
            this.send_signal_to(0, SignalScope::ThreadGroup).unwrap();
        }
        if let Ok(id) = this.id() {
            assert_eq!(id.to_string().parse::<ProcessId>().unwrap(), id); // Linux 6.9
            if let Ok(again) = PidFd::from_id(id) {
                assert!(this.same_process(&again).unwrap());
            }
        }
        assert!("no number".parse::<ProcessId>().is_err());
        assert_eq!(errno(PidFd::open(-1, 0)), EINVAL);
    });
}

#[test]
fn the_peer_of_a_socket_has_one() {
    alone(|| {
        let (left, _right) = UnixStream::pair().unwrap();
        match PidFd::of_peer(&left) {
            Ok(peer) => assert!(peer.same_process(&PidFd::current().unwrap()).unwrap()),
            Err(error) => assert_eq!(error.raw_os_error(), Some(92)), // ENOPROTOOPT before 6.5
        }
    });
}

#[test]
fn children_are_signaled_and_waited_for() {
    alone(|| {
        let mut child = cat();
        let _pipe = child.take_stdin();
        let pidfd = child.detach();
        assert_eq!(pidfd.try_wait().unwrap(), None);
        assert_eq!(pidfd.wait_timeout(Duration::ZERO).unwrap(), None);
        pidfd.send_signal(SIGKILL).unwrap();
        let status = pidfd.wait().unwrap();
        assert_eq!(status.signal(), Some(SIGKILL));
        assert_eq!(describe_status(status).unwrap(), "killed by signal 9 (Killed)");
        assert_eq!(errno(pidfd.send_signal(SIGKILL)), ESRCH);
    });
}

#[test]
fn a_signal_has_a_value() {
    alone(|| {
        let pidfd = cat().detach();
        pidfd.send_signal_value(SIGTERM, 7, SignalScope::Process).unwrap();
        assert_eq!(pidfd.wait_timeout(None).unwrap().unwrap().signal(), Some(SIGTERM));
    });
}

#[test]
fn a_group_is_signaled() {
    alone(|| {
        let mut command = Command::new("cat");
        command
            .stdin(Stdio::Pipe)
            .session(&Session { process_group: Some(0), ..Session::default() });
        let mut child = command.spawn().unwrap();
        child.send_signal_to_group(SIGTERM).unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(SIGTERM));
        let mut child = command.spawn().unwrap();
        match child.pidfd().send_signal_to(SIGTERM, SignalScope::ProcessGroup) {
            Ok(()) => assert_eq!(child.wait().unwrap().signal(), Some(SIGTERM)), // Linux 6.9
            Err(error) => {
                assert_eq!(error.raw_os_error(), Some(EINVAL));
                child.terminate(None).unwrap();
            }
        }
    });
}

#[test]
fn events_of_children_are_told() {
    alone(|| {
        let child = cat();
        let all = WaitFor { stopped: true, continued: true, ..WaitFor::default() };
        assert!(child.pidfd().try_wait_event(all).unwrap().is_none());
        child.pidfd().send_signal(SIGSTOP).unwrap();
        let event = child.pidfd().wait_event(all).unwrap();
        assert_eq!(event.kind, EventKind::Stopped(SIGSTOP));
        assert_eq!(event.pid, child.pid());
        child.pidfd().send_signal(SIGCONT).unwrap();
        assert_eq!(child.pidfd().wait_event(all).unwrap().kind, EventKind::Continued(SIGCONT));
        child.pidfd().send_signal(SIGKILL).unwrap();
        let keep = WaitFor { ended: true, keep: true, ..WaitFor::default() };
        let event = child.pidfd().wait_event_timeout(keep, None).unwrap().unwrap();
        assert!(matches!(event.kind, EventKind::Ended(status) if status.signal() == Some(SIGKILL)));
        assert!(event.max_resident_kilobytes > 0);
        let again = child.pidfd().try_wait_event(WaitFor::default()).unwrap().unwrap();
        assert_eq!(again.kind, event.kind);
    });
}

#[test]
fn the_first_of_several_is_found() {
    alone(|| {
        let (first, mut second) = (cat(), cat());
        let both = [first.as_fd(), second.as_fd()];
        assert_eq!(wait_any(&both, Duration::ZERO).unwrap(), None);
        second.pidfd().send_signal(SIGKILL).unwrap();
        assert_eq!(wait_any(&[first.as_fd(), second.as_fd()], None).unwrap(), Some(1));
        second.wait().unwrap();
    });
}

#[test]
fn processes_tell_about_themselves() {
    alone(|| {
        let this = PidFd::current().unwrap();
        // SAFETY: only asks.
        let (pid, user) = unsafe { (getpid(), geteuid()) };
        if let Ok(info) = this.info() {
            assert_eq!(info.process, Some(pid)); // Linux 6.13
            assert_eq!(info.credentials.unwrap().effective.0, user);
            assert_eq!(info.exit_status, None);
        }
        let directory = this.proc_directory().unwrap();
        let stat = read_all(fd::open(&directory, "stat", 0, 0).unwrap());
        assert!(stat.starts_with(&format!("{pid} ")));
    });
}

#[test]
fn namespaces_are_found() {
    alone(|| {
        let this = PidFd::current().unwrap();
        for kind in [
            NAMESPACE_CGROUP,
            NAMESPACE_IPC,
            NAMESPACE_MOUNT,
            NAMESPACE_NET,
            NAMESPACE_PID,
            NAMESPACE_TIME,
            NAMESPACE_USER,
            NAMESPACE_UTS,
        ] {
            drop(this.namespace_fd(kind).unwrap());
        }
        drop(this.namespace_for_children(NAMESPACE_PID).unwrap());
        assert!(this.namespace_fd(0).is_err());
        assert!(this.enter_namespaces(0).is_err());
        if is_root() {
            this.enter_namespaces(NAMESPACE_UTS).unwrap();
        }
    });
}

#[test]
fn descriptors_and_memory_of_a_process_are_reached() {
    alone(|| {
        let file = File::from(fd::memfd("theirs", 0).unwrap());
        let mut child = Command::new("cat").stdin(Stdio::Pipe).pass(&file, 9).spawn().unwrap();
        match child.pidfd().get_fd(9) {
            Ok(copy) => assert!(fd::same_description(copy, &file).unwrap()),
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied),
        }
        // SAFETY: it is another process.
        let advised = unsafe { child.pidfd().advise_memory(&[(0x1000, 0x1000)], 20) };
        assert!(advised.is_err()); // nothing is there
        assert_eq!(errno(child.pidfd().release_memory()), EINVAL); // it is not being killed
        child.on_drop(DropPolicy::Kill);
        drop(child);
    });
}

#[test]
fn only_pidfds_become_pidfds() {
    alone(|| {
        let other = fd::memfd("other", 0).unwrap();
        let number = other.as_raw_fd();
        assert_eq!(errno(PidFd::try_from(other)), EBADF);
        assert!(!fd::is_open(number).unwrap());
        let fd = OwnedFd::from(PidFd::current().unwrap());
        assert!(PidFd::try_from(fd).unwrap().pid().is_ok());
    });
}
