// SPDX-License-Identifier: MIT
//! What tests share.

use std::any::type_name;
use std::env;
use std::ffi::{c_int, c_long, c_uint, c_void};
use std::fs;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process;

pub const O_WRONLY: c_int = 1;
pub const O_RDWR: c_int = 2;
pub const O_CREAT: c_int = 0o100;
pub const SOCK_STREAM: c_int = 1;
pub const SOCK_SEQPACKET: c_int = 5;

pub const ESRCH: i32 = 3;
pub const EBADF: i32 = 9;
pub const ECHILD: i32 = 10;
pub const EINVAL: i32 = 22;
pub const ENODATA: i32 = 61;
pub const EBADMSG: i32 = 74;
pub const ECANCELED: i32 = 125;

pub const SIGKILL: c_int = 9;
pub const SIGUSR1: c_int = 10;
pub const SIGTERM: c_int = 15;
pub const SIGCHLD: c_int = 17;
pub const SIGCONT: c_int = 18;
pub const SIGSTOP: c_int = 19;

extern "C" {
    pub fn dup2(from: c_int, to: c_int) -> c_int;
    pub fn fcntl(fd: c_int, command: c_int, ...) -> c_int;
    pub fn getegid() -> c_uint;
    pub fn geteuid() -> c_uint;
    pub fn getpid() -> c_int;
    pub fn pthread_kill(thread: usize, signo: c_int) -> c_int;
    pub fn pthread_self() -> usize;
    pub fn sigaction(signo: c_int, new: *const c_void, old: *mut c_void) -> c_int;
    pub fn signal(signo: c_int, handler: usize) -> usize;
    pub fn syscall(number: c_long, ...) -> c_long;
    pub fn waitpid(pid: c_int, status: *mut c_int, options: c_int) -> c_int;
}

/// What a library must leave alone: descriptors, signals, children, environment.
pub struct Runtime {
    pub descriptors: Vec<(i32, PathBuf)>,
    pub signals: Vec<String>,
    pub has_child: bool,
    pub environment: Vec<(std::ffi::OsString, std::ffi::OsString)>,
}

/// The open descriptors, without the one that reads their list.
pub fn open_descriptors() -> Vec<(i32, PathBuf)> {
    let list = fs::read_dir("/proc/self/fd").unwrap();
    let mut found: Vec<_> = list
        .filter_map(|entry| {
            let path = entry.unwrap().path();
            let number = path.file_name().unwrap().to_str().unwrap().parse().unwrap();
            Some((number, fs::read_link(&path).ok()?))
        })
        .filter(|(_, path)| !path.starts_with(format!("/proc/{}/fd", process::id())))
        .collect();
    found.sort();
    found
}

impl Runtime {
    pub fn now() -> Self {
        let status = fs::read_to_string("/proc/thread-self/status").unwrap();
        let kinds = ["SigPnd:", "ShdPnd:", "SigBlk:", "SigIgn:", "SigCgt:"];
        let about_signals = |line: &&str| kinds.iter().any(|kind| line.starts_with(kind));
        Self {
            descriptors: open_descriptors(),
            signals: status.lines().filter(about_signals).map(str::to_owned).collect(),
            // SAFETY: WNOHANG, of own children.
            has_child: unsafe { waitpid(-1, std::ptr::null_mut(), 1) } >= 0,
            environment: env::vars_os().collect(),
        }
    }

    /// Checks that nothing has changed since.
    pub fn check(&self) {
        let now = Self::now();
        assert_eq!(self.descriptors, now.descriptors);
        assert_eq!(self.signals, now.signals);
        assert_eq!(self.has_child, now.has_child);
        assert!(self.environment == now.environment, "the environment has changed");
    }
}

/// Runs `body` in a process of its own, in which there is no other test, and checks that it leaves
/// the runtime as it was. The process is this program again, with the name of the test.
pub fn alone<F: FnOnce()>(body: F) {
    run_alone(body, true, |_| {});
}

/// The same, for what changes the process on purpose.
pub fn alone_and_changing<F: FnOnce()>(body: F) {
    run_alone(body, false, |_| {});
}

/// The same; `prepare` changes how that process is started.
pub fn alone_with<F: FnOnce()>(prepare: impl FnOnce(&mut process::Command), body: F) {
    run_alone(body, false, prepare);
}

fn run_alone<F: FnOnce()>(
    body: F,
    leaves_runtime: bool,
    prepare: impl FnOnce(&mut process::Command),
) {
    const MARK: &str = "SYSFD_TEST_ALONE";
    // all::module::test::{{closure}}
    let name = type_name::<F>();
    let name = name.split_once("::").unwrap().1.split("::{{").next().unwrap();
    if env::var_os(MARK).is_some_and(|of| of == name) {
        let before = leaves_runtime.then(Runtime::now);
        body();
        if let Some(before) = before {
            before.check();
        }
        return;
    }
    let mut again = process::Command::new(env::current_exe().unwrap());
    again.args(["--exact", name, "--nocapture", "--test-threads=1"]).env(MARK, name);
    prepare(&mut again);
    let output = again.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{}: {text}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A directory that is removed.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new() -> Self {
        use std::sync::atomic::{AtomicU32, Ordering};
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

/// Reads to the end.
pub fn read_all(fd: impl Into<OwnedFd>) -> String {
    let mut text = String::new();
    fs::File::from(fd.into()).read_to_string(&mut text).unwrap();
    text
}

pub fn errno<T: std::fmt::Debug>(result: io::Result<T>) -> i32 {
    result.unwrap_err().raw_os_error().unwrap()
}

pub fn is_root() -> bool {
    // SAFETY: only asks.
    unsafe { geteuid() == 0 }
}

/// Makes `number` a copy of `fd` without close-on-exec, as a service manager passes one.
pub fn place(fd: impl Into<OwnedFd>, number: c_int) {
    const F_DUPFD: c_int = 0;
    let fd = fd.into();
    // SAFETY: new numbers, which nobody owns: this is done first in a process of its own.
    let high = own(unsafe { fcntl(fd.as_raw_fd(), F_DUPFD, 100) });
    drop(fd);
    // SAFETY: as above.
    assert_eq!(unsafe { dup2(high.as_raw_fd(), number) }, number);
}

/// Owns a number that nobody owns.
pub fn own(number: c_int) -> OwnedFd {
    // SAFETY: the test has made it.
    unsafe { OwnedFd::from_raw_fd(number) }
}
