// SPDX-License-Identifier: MIT

use std::error::Error;
use std::ffi::{c_long, OsStr};
use std::fs::File;
use std::io::{Read, Write};
use std::mem::size_of_val;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::time::Duration;
use std::{io, thread};

use sysfd::fd;
use sysfd::pidfd::{wait_any, NAMESPACE_PID, NAMESPACE_UTS};
use sysfd::spawn::{
    reserve_spawn_slots, spawn_all, BpfInstruction, Child, Confirmation, DirectoryChange,
    DropPolicy, IdRange, Identity, IoPriority, NamespaceJoin, Namespaces, OutputOptions,
    PendingChild, Pipeline, ProgramSearch, Progress, ResourceLimit, Resources, Scheduler, Session,
    Signals, SpawnChanges, Step,
};
use sysfd::{Command, PidFd, SpawnError, Stdio, Timeout};

use crate::support::*;

fn sh(line: &str) -> Command<'static> {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", line]);
    command
}

/// What the program writes to its stdout.
fn stdout(command: &mut Command<'_>) -> String {
    let output = command.output().unwrap();
    assert!(output.success(), "{output}: {}", String::from_utf8_lossy(output.stderr()));
    String::from_utf8(output.stdout().to_vec()).unwrap()
}

#[test]
fn a_program_runs() {
    alone(|| {
        assert_eq!(Command::new("true").status().unwrap().code(), Some(0));
        assert_eq!(sh("exit 3").status().unwrap().code(), Some(3));
        assert_eq!(sh("kill -9 $$").status().unwrap().signal(), Some(SIGKILL));
        assert_eq!(stdout(Command::shell("echo \"$1\"").arg("a b")), "a b\n");
        let program = File::open("/bin/sh").unwrap();
        let mut by_fd = Command::of_fd(&program, "named");
        assert_eq!(stdout(by_fd.args(["-c", "echo $0"])), "named\n");
        assert_eq!(stdout(sh("echo $0").arg0("other")), "other\n");
    });
}

#[test]
fn a_program_is_searched() {
    alone(|| {
        let scratch = Scratch::new();
        let script = scratch.file("script", "echo found\n");
        let mut permissions = std::fs::metadata(&script).unwrap().permissions();
        std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
        std::fs::set_permissions(&script, permissions).unwrap();
        let mut command = Command::new("script");
        command.search_directories([scratch.path()]);
        assert_eq!(command.status().unwrap_err().errno(), 8); // ENOEXEC
        assert_eq!(stdout(command.shell_fallback()), "found\n");
        let nowhere = Command::new("true").search(ProgramSearch::Nowhere).status().unwrap_err();
        assert_eq!(nowhere.step(), Step::EXEC);
        for place in [ProgramSearch::ChildPath, ProgramSearch::CallerPath] {
            assert!(Command::new("true").search(place).status().unwrap().success());
        }
    });
}

#[test]
fn environments_are_given() {
    alone(|| {
        let mut command = sh("echo $A$B");
        assert_eq!(stdout(command.env("A", "1").env("B", "2")), "12\n");
        assert_eq!(stdout(command.env_remove("A")), "2\n");
        assert_eq!(stdout(command.env_clear()), "\n");
        assert_eq!(stdout(Command::new("env").environment(["B=3", "A=4"])), "B=3\nA=4\n");
    });
}

#[test]
fn directories_are_given() {
    alone(|| {
        let scratch = Scratch::new();
        let path = format!("{}\n", scratch.path().canonicalize().unwrap().display());
        let directory = File::open(scratch.path()).unwrap();
        assert_eq!(stdout(Command::new("pwd").current_dir(scratch.path())), path);
        let after = DirectoryChange::AfterIdentity;
        assert_eq!(stdout(Command::new("pwd").current_dir_at(scratch.path(), after)), path);
        assert_eq!(stdout(Command::new("pwd").current_dir_fd(&directory, after)), path);
        assert!(Command::new("pwd").current_dir_fd(&fd::CWD, after).output().unwrap().success());
        if is_root() {
            let error = Command::new("/bin/true").root_dir(scratch.path()).status().unwrap_err();
            assert_eq!((error.step(), error.errno()), (Step::EXEC, 2));
            let error = Command::new("/bin/true").root_dir_fd(&directory).status().unwrap_err();
            assert_eq!((error.step(), error.errno()), (Step::EXEC, 2));
        }
    });
}

#[test]
fn streams_are_set() {
    alone(|| {
        let scratch = Scratch::new();
        let input = File::open(scratch.file("input", "from a file\n")).unwrap();
        let path = scratch.file("output", "");
        let output = File::options().write(true).open(&path).unwrap();
        let mut command = sh("cat; echo error >&2");
        command.stdin(&input).stdout(output).stderr(Stdio::LikeStdout);
        assert!(command.spawn().unwrap().wait().unwrap().success());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "from a file\nerror\n");

        let (reader, writer) = fd::pipe(0).unwrap();
        let mut command = sh("echo owned; echo lost >&2");
        command.stdin(Stdio::Null).stdout(writer).stderr(Stdio::Null);
        assert!(command.spawn().unwrap().wait().unwrap().success());
        assert_eq!(read_all(reader), "owned\n");

        let mut command = sh("exit 0");
        command.stdin(input.as_fd()).stdout(Stdio::Inherit).stderr(Stdio::Inherit);
        assert!(command.status().unwrap().success());
    });
}

#[test]
fn pipes_are_borrowed_and_taken() {
    alone(|| {
        let mut command = sh("cat; echo e >&2");
        command.stdin(Stdio::Pipe).stdout(Stdio::Pipe).stderr(Stdio::Pipe);
        let mut child = command.spawn().unwrap();
        assert!(child.stdin().is_some() && child.stdout().is_some() && child.stderr().is_some());
        assert!(child.terminal().is_none() && child.take_terminal().is_none());
        File::from(child.take_stdin().unwrap()).write_all(b"in").unwrap();
        assert!(child.stdin().is_none());
        assert_eq!(read_all(child.take_stdout().unwrap()), "in");
        assert_eq!(read_all(child.take_stderr().unwrap()), "e\n");
        assert!(child.wait().unwrap().success());
        assert!(child.wait().unwrap().success()); // again, without a system call
    });
}

#[test]
fn a_terminal_is_made() {
    alone(|| {
        let mut child = sh("stty size; test -t 2").terminal(7, 11).spawn().unwrap();
        fd::set_window_size(child.terminal().unwrap(), 7, 11).unwrap();
        let mut terminal = File::from(child.take_terminal().unwrap());
        let mut text = String::new();
        let _ = terminal.read_to_string(&mut text); // EIO at the end
        assert_eq!(text, "7 11\r\n");
        assert!(child.wait().unwrap().success());
    });
}

#[test]
fn numbers_are_chosen_and_forgotten() {
    alone(|| {
        let (one, two) = (fd::memfd("one", 0).unwrap(), fd::memfd("two", 0).unwrap());
        let mut command = sh("readlink /proc/self/fd/5");
        command.pass(&one, 5).pass(&two, 6);
        assert!(stdout(&mut command).contains("memfd:one"));
        command.forget_descriptor(5).pass(&two, 5);
        assert!(stdout(&mut command).contains("memfd:two"));
        let error = command.pass(&one, 6).status().unwrap_err();
        assert_eq!((error.step(), error.errno()), (Step::DESCRIPTOR, EINVAL));

        let number = two.as_raw_fd();
        let mut command = sh("readlink /proc/self/fd/5");
        assert!(stdout(command.pass_owned(two, 5)).contains("memfd:two"));
        assert!(!fd::is_open(number).unwrap());
    });
}

#[test]
fn open_descriptors_are_inherited_if_wanted() {
    alone(|| {
        let (one, two) = (fd::memfd("one", 0).unwrap(), fd::memfd("two", 0).unwrap());
        for it in [&one, &two] {
            fd::set_close_on_exec(it, false).unwrap();
        }
        let line = format!(
            "test -e /proc/self/fd/{} && ! test -e /proc/self/fd/{}",
            one.as_raw_fd(),
            two.as_raw_fd()
        );
        assert!(!sh(&line).status().unwrap().success());
        assert!(sh(&line).inherit_descriptors(&[two.as_raw_fd()]).status().unwrap().success());
    });
}

#[test]
fn output_is_collected() {
    alone(|| {
        let mut command = sh("cat; echo error >&2; exit 4");
        let options = OutputOptions { input: b"input", max_size: 3, ..OutputOptions::default() };
        let output = command.output_with(&options).unwrap();
        assert_eq!((output.stdout(), output.stderr()), (&b"inp"[..], &b"err"[..]));
        assert!(output.stdout_cut() && output.stderr_cut());
        assert_eq!(output.status().unwrap().code(), Some(4));
        assert!(!output.success() && !output.timed_out() && !output.canceled());
        assert_eq!(output.input_taken(), 5);
        assert_eq!((output.stages(), output.stage(0).unwrap().code()), (1, Some(4)));
        assert!(output.stage(1).is_err());
        assert!(output.kill_error().is_none());
        assert!(output.to_string().contains("exited with code 4"), "{output}");
    });
}

#[test]
fn output_has_an_end() {
    alone(|| {
        let timeout = Timeout::from(Duration::ZERO);
        let options = OutputOptions { timeout, ..OutputOptions::default() };
        let output = sh("echo started; exec sleep 1000").output_with(&options).unwrap();
        assert!(output.timed_out() && !output.success());
        assert_eq!(output.status().unwrap().signal(), Some(SIGKILL));
        let event = fd::event_fd(1, 0).unwrap();
        let timeout = Timeout::FOREVER.canceled_by(&event);
        let options = OutputOptions { timeout, ..OutputOptions::default() };
        assert!(Command::new("sleep").arg("1000").output_with(&options).unwrap().canceled());
    });
}

#[test]
fn a_child_is_talked_to() {
    alone(|| {
        let mut child = Command::new("cat").stdin(Stdio::Pipe).stdout(Stdio::Pipe).spawn().unwrap();
        let options = OutputOptions { input: b"hello", ..OutputOptions::default() };
        let output = child.communicate(&options).unwrap();
        assert_eq!(output.stdout(), b"hello");
        assert!(output.success());
    });
}

#[test]
fn a_child_is_waited_for() {
    alone(|| {
        let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
        assert_eq!(child.try_wait().unwrap(), None);
        assert_eq!(child.wait_timeout(Duration::ZERO).unwrap(), None);
        assert_eq!(child.terminate(Duration::from_secs(60)).unwrap().signal(), Some(SIGTERM));
        assert_eq!(child.try_wait().unwrap().unwrap().signal(), Some(SIGTERM));

        // A script that ignores SIGTERM is killed.
        let mut child = sh("trap '' TERM; echo; read x")
            .stdin(Stdio::Pipe)
            .stdout(Stdio::Pipe)
            .spawn()
            .unwrap();
        let mut started = [0; 1];
        File::from(child.take_stdout().unwrap()).read_exact(&mut started).unwrap();
        let _stdin = child.take_stdin();
        assert_eq!(child.terminate(Duration::ZERO).unwrap().signal(), Some(SIGKILL));
    });
}

#[test]
fn a_dropped_child_is_killed_unless_told_otherwise() {
    alone(|| {
        let sleeping = || Command::new("sleep").arg("1000").spawn().unwrap();
        let watch = |child: &Child| fd::duplicate(child).unwrap();
        let ended = |pidfd| wait_any(&[fd::duplicate(&pidfd).unwrap().as_fd()], Duration::ZERO);
        let child = sleeping();
        let pidfd = watch(&child);
        drop(child);
        assert_eq!(ended(pidfd).unwrap(), Some(0));

        let mut child = sleeping();
        child.on_drop(DropPolicy::Terminate(Duration::from_secs(60)));
        drop(child);
        let mut child = Command::new("true").on_drop(DropPolicy::Wait).spawn().unwrap();
        child.on_drop(DropPolicy::Wait);
        drop(child);

        let child = Command::new("sleep").arg("1000").on_drop(DropPolicy::Detach).spawn().unwrap();
        let pidfd = PidFd::try_from(watch(&child)).unwrap();
        drop(child);
        assert_eq!(pidfd.try_wait().unwrap(), None);
        pidfd.send_signal(SIGKILL).unwrap();
        pidfd.wait().unwrap();

        let detached = sleeping().detach();
        detached.send_signal(SIGKILL).unwrap();
        assert_eq!(detached.wait().unwrap().signal(), Some(SIGKILL));
    });
}

#[test]
fn children_end_with_their_parent() {
    alone(|| {
        let mut child = Command::new("sleep").arg("1000").kill_with_parent().spawn().unwrap();
        assert!(child.report().by_clone3 || !child.report().killed_with_parent);
        child.terminate(None).unwrap();

        // The thread that starts it is its parent.
        let mut child = thread::spawn(|| {
            Command::new("sleep").arg("1000").parent_death_signal(SIGTERM).spawn().unwrap()
        })
        .join()
        .unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(SIGTERM));
    });
}

#[test]
fn no_zombie_is_left() {
    alone(|| {
        let mut command = Command::new("echo");
        command.leave_no_zombie().stdout(Stdio::Pipe);
        let mut child = match command.spawn() {
            // A subreaper, or the first process of a namespace, cannot do this before Linux 7.1.
            Err(error) => return assert_eq!((error.step(), error.errno()), (Step::CLONE, 95)),
            Ok(child) => child,
        };
        assert_eq!(read_all(child.take_stdout().unwrap()), "\n");
        // SAFETY: WNOHANG, of own children.
        assert_eq!(unsafe { waitpid(-1, std::ptr::null_mut(), 1) }, -1);
    });
}

#[test]
fn an_error_tells_the_step() {
    alone(|| {
        let error = Command::new("true").current_dir("/no/such").spawn().unwrap_err();
        assert_eq!(error.step(), Step::WORKING_DIRECTORY);
        assert_eq!(error.step().to_string(), "working_directory");
        assert_eq!((error.errno(), error.index(), error.stage()), (2, None, None));
        assert!(error.to_string().contains("/no/such"), "{error}");
        let error: Box<dyn Error + Send + Sync> = error.into();
        let error = io::Error::from(*error.downcast::<SpawnError>().unwrap());
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        let inner = error.get_ref().unwrap().downcast_ref::<SpawnError>().unwrap();
        assert_eq!(inner.step(), Step::WORKING_DIRECTORY);

        let (one, _) = fd::pipe(0).unwrap();
        let error = Command::new("true").pass(&one, 3).pass(&one, -5).spawn().unwrap_err();
        assert_eq!(
            (error.step(), error.index(), error.errno()),
            (Step::DESCRIPTOR, Some(1), EBADF)
        );
        assert_eq!(Step::ALL.last(), Some(&Step::CONTAINMENT));
    });
}

#[test]
fn a_nul_is_an_error_of_the_start() {
    alone(|| {
        let steps = [
            Command::new("a\0b").spawn(),
            Command::shell("a\0b").spawn(),
            Command::new("true").args(["x", "a\0b"]).spawn(),
            Command::new("true").env("NAME", "a\0b").spawn(),
            Command::new("true").environment(["A=1", "B=a\0b"]).spawn(),
            Command::new("true").current_dir("a\0b").spawn(),
            Command::new("true").root_dir("a\0b").spawn(),
            Command::new("true").listen_fd_owned("a\0b", fd::memfd("x", 0).unwrap()).spawn(),
            Command::new("true")
                .identity(&Identity { iab: Some("a\0b".into()), ..Identity::default() })
                .spawn(),
            Command::new("true")
                .namespaces(&Namespaces { host_name: Some("a\0b".into()), ..Namespaces::default() })
                .spawn(),
        ]
        .map(|started| {
            let error = started.unwrap_err();
            assert_eq!(error.errno(), EINVAL);
            assert!(error.to_string().contains(r#"a\0b" contains a NUL byte"#), "{error}");
            (error.step().to_string(), error.index())
        });
        let steps: Vec<_> = steps.iter().map(|(step, index)| (step.as_str(), *index)).collect();
        assert_eq!(
            steps,
            [
                ("program", None),
                ("argument", None),
                ("argument", Some(1)),
                ("environment", None),
                ("environment", Some(1)),
                ("working_directory", None),
                ("root_directory", None),
                ("listen_fds", None),
                ("ambient_set", None),
                ("host_name", None),
            ]
        );
        let prepared = Command::new("true").prepare().unwrap();
        for changes in [
            SpawnChanges { arguments: vec![OsStr::new("a\0b")], ..SpawnChanges::default() },
            SpawnChanges { environment: vec![OsStr::new("a\0b")], ..SpawnChanges::default() },
            SpawnChanges { current_dir: Some(Path::new("a\0b")), ..SpawnChanges::default() },
        ] {
            assert_eq!(prepared.spawn(&changes).unwrap_err().errno(), EINVAL);
        }
    });
}

#[test]
fn a_busy_program_is_tried_again() {
    alone(|| {
        let scratch = Scratch::new();
        let program = scratch.path().join("program");
        std::fs::copy("/bin/true", &program).unwrap();
        let _writer = File::options().write(true).open(&program).unwrap();
        let error = Command::new(&program).retry_busy(1).spawn().unwrap_err();
        assert_eq!((error.step(), error.errno()), (Step::EXEC, 26)); // ETXTBSY
    });
}

#[test]
fn an_identity_is_given() {
    alone(|| {
        let mut command =
            sh("id -u; id -g; id -G; grep -E '^(NoNewPrivs|CapEff)' /proc/self/status");
        let mut identity = Identity { no_new_privileges: true, ..Identity::default() };
        if !is_root() {
            assert!(stdout(command.identity(&identity)).contains("NoNewPrivs:\t1"));
            return;
        }
        identity.user = Some(1234);
        identity.group = Some(1235);
        identity.groups = Some(vec![1236, 1237]);
        identity.no_capabilities = true;
        assert_eq!(
            stdout(command.identity(&identity)),
            "1234\n1235\n1235 1236 1237\nCapEff:\t0000000000000000\nNoNewPrivs:\t1\n"
        );
        let kept = Identity {
            user: Some(1234),
            keep_groups: true,
            capabilities: Some("cap_kill=eip".into()),
            iab: Some("^cap_kill".into()),
            securebits: Some(0),
            ..Identity::default()
        };
        match command.identity(&kept).output() {
            Ok(output) => assert!(output.stdout().starts_with(b"1234\n")),
            Err(error) => panic!("{error}"),
        }
    });
}

#[test]
fn system_calls_are_filtered() {
    alone(|| {
        // BPF_RET | BPF_K, SECCOMP_RET_ALLOW
        let allow = BpfInstruction { code: 6, jump_true: 0, jump_false: 0, value: 0x7fff_0000 };
        let mut identity =
            Identity { no_new_privileges: true, seccomp: vec![allow], ..Identity::default() };
        let mut command = Command::new("grep");
        command.args(["^Seccomp:", "/proc/self/status"]).identity(&identity);
        assert_eq!(stdout(&mut command), "Seccomp:\t2\n");
        identity.seccomp[0].code = 0xffff;
        let error = command.identity(&identity).status().unwrap_err();
        assert_eq!(error.step(), Step::SECCOMP);
    });
}

#[test]
fn resources_are_given() {
    alone(|| {
        let limit = |soft| ResourceLimit { resource: 7, soft: Some(soft), hard: Some(soft) };
        let resources = Resources {
            limits: vec![limit(50)],
            umask: Some(0o27),
            nice: Some(5),
            oom_score_adjust: Some(500),
            io_priority: Some(IoPriority::BestEffort(6)),
            timer_slack: Some(Duration::from_micros(70)),
            all_processors: true,
            ..Resources::default()
        };
        let line = "ulimit -n; umask; nice; cat /proc/self/oom_score_adj";
        assert_eq!(stdout(sh(line).resources(&resources)), "50\n0027\n5\n500\n");
        let one = Resources {
            processors: vec![0],
            io_priority: Some(IoPriority::Idle),
            scheduler: Some(Scheduler { policy: 3, reset_on_fork: true, ..Scheduler::default() }),
            limits: vec![ResourceLimit { resource: 4, soft: None, hard: None }],
            ..Resources::default()
        };
        match sh("nproc").resources(&one).output() {
            Ok(output) => assert_eq!(output.stdout(), b"1\n"),
            Err(error) => assert_eq!(error.step(), Step::LIMIT), // without CAP_SYS_RESOURCE
        }
        let wrong =
            Resources { io_priority: Some(IoPriority::RealTime(99)), ..Resources::default() };
        assert_eq!(sh("").resources(&wrong).status().unwrap_err().step(), Step::IO_PRIORITY);
    });
}

#[test]
fn a_session_and_signals_are_given() {
    alone(|| {
        let session = Session { new_session: true, ..Session::default() };
        let line = "test $(ps -o sid= -p $$) -eq $$ || test $(cut -d' ' -f6 /proc/$$/stat) -eq $$";
        assert!(sh(line).session(&session).stderr(Stdio::Null).status().unwrap().success());
        let none = File::open("/dev/null").unwrap();
        let session = Session {
            new_session: true,
            controlling_terminal: Some(none.as_fd()),
            ..Session::default()
        };
        let error = Command::new("true").session(&session).status().unwrap_err();
        assert_eq!(error.step(), Step::CONTROLLING_TERMINAL);
        let session = Session {
            process_group: Some(0),
            foreground_of: Some(none.as_fd()),
            ..Session::default()
        };
        let error = Command::new("true").session(&session).status().unwrap_err();
        assert_eq!(error.step(), Step::FOREGROUND_GROUP);

        let signals = Signals {
            blocked: vec![SIGUSR1],
            ignored: vec![SIGTERM],
            to_default: vec![SIGCHLD],
            unchanged: vec![SIGCONT],
            ..Signals::default()
        };
        let mut command = Command::new("cat");
        command.arg("/proc/self/status");
        let (blocked, ignored) = signal_sets(&stdout(command.signals(&signals)));
        assert_eq!(blocked, 1 << (SIGUSR1 - 1));
        assert_ne!(ignored & 1 << (SIGTERM - 1), 0);
        let mask = Signals { inherit_mask: true, all_to_default: true, ..Signals::default() };
        let (_, ignored) = signal_sets(&stdout(command.signals(&mask)));
        assert_eq!(ignored & 0x7fff_ffff, 0);
    });
}

/// The signals that are blocked and ignored, as `/proc` tells.
fn signal_sets(status: &str) -> (u64, u64) {
    let set = |name| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        u64::from_str_radix(line.trim(), 16).unwrap()
    };
    (set("SigBlk:"), set("SigIgn:"))
}

#[test]
fn namespaces_are_made_and_joined() {
    alone(|| {
        // SAFETY: only asks.
        let (user, group) = unsafe { (geteuid(), getegid()) };
        let map = |outside| vec![IdRange { inside: 0, outside, count: 1 }];
        let new = Namespaces {
            create: NAMESPACE_UTS | NAMESPACE_PID | 0x1000_0000,
            user_map: map(user),
            group_map: map(group),
            host_name: Some("elsewhere".into()),
            ..Namespaces::default()
        };
        let mut command = sh("uname -n; echo $$; read x");
        command.namespaces(&new).stdin(Stdio::Pipe).stdout(Stdio::Pipe);
        let mut child = match command.spawn() {
            Ok(child) => child,
            // It may be forbidden.
            Err(error) => return assert_eq!((error.step(), error.errno()), (Step::NAMESPACES, 1)),
        };
        let mut text = [0; 12];
        File::from(child.take_stdout().unwrap()).read_exact(&mut text).unwrap();
        assert_eq!(&text, b"elsewhere\n1\n");
        if is_root() {
            let kinds = NAMESPACE_UTS;
            let join = vec![NamespaceJoin { fd: child.as_fd(), kinds }];
            let joined = Namespaces { join, shared_mounts: true, ..Namespaces::default() };
            let mut inside = Command::new("uname");
            assert_eq!(stdout(inside.arg("-n").namespaces(&joined)), "elsewhere\n");
        }
    });
}

#[test]
fn a_cgroup_must_be_one() {
    alone(|| {
        let scratch = Scratch::new();
        let directory = File::open(scratch.path()).unwrap();
        let error = Command::new("true").cgroup(&directory).spawn().unwrap_err();
        assert_eq!(error.step(), Step::CGROUP);
        let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
        assert_eq!(errno(child.kill_cgroup()), 95); // EOPNOTSUPP: it has none
    });
}

/// A ruleset of Landlock that allows none of these rights, or nothing where there is no Landlock.
fn ruleset(handled: u64) -> Option<OwnedFd> {
    const LANDLOCK_CREATE_RULESET: c_long = 444;
    // SAFETY: a new descriptor. The first version of the struct has one member.
    let fd = unsafe { syscall(LANDLOCK_CREATE_RULESET, &handled, size_of_val(&handled), 0) };
    (fd >= 0).then(|| own(fd as i32))
}

#[test]
fn rights_are_taken_away() {
    alone(|| {
        const EXECUTE: u64 = 1;
        const MAKE_SOCKET: u64 = 1 << 9;
        let none = fd::memfd("no ruleset", 0).unwrap();
        let error = Command::new("true").landlock(&none).status().unwrap_err();
        assert_eq!(error.step(), Step::LANDLOCK);
        assert_eq!(error.step().to_string(), "landlock");
        let (Some(few), Some(most)) = (ruleset(MAKE_SOCKET), ruleset(EXECUTE)) else { return };
        assert!(Command::new("true").landlock(&few).status().unwrap().success());
        let error = Command::new("true").landlock(&most).status().unwrap_err();
        assert_eq!((error.step(), error.errno()), (Step::EXEC, 13)); // EACCES
    });
}

/// What waits for a start without `finish`.
fn finished(pending: PendingChild) -> Result<Child, SpawnError> {
    let pending = match pending.try_finish()? {
        Progress::Started(child) => return Ok(child),
        Progress::Pending(pending) => pending,
    };
    match pending.finish_timeout(None)? {
        Progress::Started(child) => Ok(child),
        Progress::Pending(_) => panic!("there was no timeout"),
    }
}

#[test]
fn a_start_need_not_be_waited_for() {
    alone(|| {
        let pending = Command::new("true").spawn_async(Confirmation::ByFinish).unwrap();
        assert!(pending.pid() > 0);
        assert!(pending.fd().is_none());
        assert!(finished(pending).unwrap().wait().unwrap().success());
        let pending = Command::new("true").spawn_async(Confirmation::ByDescriptor).unwrap();
        assert!(pending.fd().is_some());
        assert!(pending.finish().unwrap().wait().unwrap().success());
        let pending = Command::new("/no/such").spawn_async(Confirmation::ByFinish).unwrap();
        let error = finished(pending).unwrap_err();
        assert_eq!((error.step(), error.errno()), (Step::EXEC, 2));
        let mut sleeping = Command::new("sleep");
        sleeping.arg("1000");
        sleeping.spawn_async(Confirmation::ByFinish).unwrap().cancel();
        drop(Command::new("true").spawn_async(Confirmation::ByFinish).unwrap());
    });
}

#[test]
fn a_prepared_command_is_shared_by_threads() {
    alone(|| {
        let (one, two) = (fd::memfd("one", 0).unwrap(), fd::memfd("two", 0).unwrap());
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "echo $0$1$A; pwd; readlink /proc/self/fd/5"]).pass(&one, 5);
        let prepared = command.prepare().unwrap();
        let none = SpawnChanges::default();
        let options = OutputOptions::default();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let output = prepared.output(&options, &none).unwrap();
                    assert!(String::from_utf8_lossy(output.stdout()).contains("memfd:one"));
                });
            }
        });
        let scratch = Scratch::new();
        let changes = SpawnChanges {
            arguments: vec![OsStr::new("x"), OsStr::new("y")],
            descriptors: vec![two.as_fd()],
            environment: vec![OsStr::new("A=z")],
            current_dir: Some(scratch.path()),
            ..SpawnChanges::default()
        };
        let output = prepared.output(&options, &changes).unwrap();
        let text = String::from_utf8_lossy(output.stdout());
        let path = scratch.path().canonicalize().unwrap();
        assert!(text.starts_with(&format!("xyz\n{}\n/memfd:two", path.display())), "{text}");

        let null = File::options().write(true).open("/dev/null").unwrap();
        let quiet = SpawnChanges {
            placed: vec![(None, 5), (Some(null.as_fd()), 1)],
            ..SpawnChanges::default()
        };
        assert_eq!(prepared.status(&quiet).unwrap().code(), Some(1)); // readlink finds nothing
        let mut child = prepared.spawn(&quiet).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(1));
        let pending = prepared.spawn_async(&quiet, Confirmation::ByFinish).unwrap();
        assert_eq!(pending.finish().unwrap().wait().unwrap().code(), Some(1));
        for child in prepared.spawn_all(&[quiet.clone(), quiet]).unwrap() {
            assert_eq!(child.unwrap().wait().unwrap().code(), Some(1));
        }
        let few = SpawnChanges { descriptors: vec![two.as_fd(); 2], ..none };
        let error = prepared.spawn(&few).unwrap_err();
        assert_eq!((error.step(), error.errno()), (Step::DESCRIPTOR, EINVAL));
    });
}

#[test]
fn many_are_started_at_once() {
    alone(|| {
        let mut commands = [
            Command::new("true"),
            Command::new("/no/such"),
            Command::new("a\0b"),
            Command::new("false"),
        ];
        let started = spawn_all(&mut commands).unwrap();
        let codes: Vec<_> = started
            .into_iter()
            .map(|child| match child {
                Ok(mut child) => child.wait().unwrap().code().unwrap(),
                Err(error) => {
                    assert_ne!(error.to_string(), "");
                    -error.errno()
                }
            })
            .collect();
        assert_eq!(codes, [0, -2, -EINVAL, 1]);
    });
}

#[test]
fn a_pipeline_runs() {
    alone(|| {
        let print = |text| {
            let mut command = Command::new("printf");
            command.arg(text);
            command
        };
        let mut sort = Pipeline::new(print("b\\na\\nb\\n"), Command::new("sort")).unwrap();
        sort.append(Command::new("uniq")).unwrap();
        let output = sort.output(&OutputOptions::default()).unwrap();
        assert_eq!((output.stdout(), output.stages()), (&b"a\nb\n"[..], 3));
        assert!(output.success());

        let mut pipeline = Pipeline::new(sh("exit 3"), sh("cat")).unwrap();
        let children = pipeline.spawn().unwrap();
        let codes: Vec<_> =
            children.into_iter().map(|mut child| child.wait().unwrap().code()).collect();
        assert_eq!(codes, [Some(3), Some(0)]);
        let mut failing = Pipeline::new(sh(""), Command::new("/no/such")).unwrap();
        assert_eq!(failing.spawn().unwrap_err().stage(), Some(1));
        assert_eq!(Pipeline::new(Command::new("a\0b"), sh("")).unwrap_err().errno(), EINVAL);
        assert_eq!(pipeline.append(Command::new("a\0b")).unwrap_err().step(), Step::PROGRAM);
    });
}

#[test]
fn a_process_becomes_a_program() {
    alone_with(
        |command| {
            command.env("SYSFD_TEST_EXEC", "1");
        },
        || {
            // SAFETY: this process only reports the error.
            let error = unsafe { Command::new("/no/such").stdout(Stdio::Pipe).exec() };
            assert_eq!((error.step(), error.errno()), (Step::STANDARD_STREAM, EINVAL));
            // SAFETY: as above.
            let error = unsafe { sh("echo 'test result: 1 passed'").exec() };
            panic!("{error}");
        },
    );
}

#[test]
fn numbers_are_reserved() {
    alone_and_changing(|| {
        assert_eq!(reserve_spawn_slots(4).unwrap(), 4);
        assert!(Command::new("true").status().unwrap().success());
        assert_eq!(errno(reserve_spawn_slots(1000)), EINVAL);
    });
}
