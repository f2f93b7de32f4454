// SPDX-License-Identifier: MIT
//! Cgroups, rulesets of Landlock, and children of which nothing survives.

use std::fs;
use std::io::ErrorKind;
use std::mem::take;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::process::ExitStatusExt;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use sysfd::cgroup::{controller, CgroupError, CgroupLimits, CgroupStep, IoLimit};
use sysfd::landlock::{file, landlock_support, port, LandlockStep, Rights};
use sysfd::spawn::{
    Containment, ContainmentKind, EndReason, OutputOptions, Pipeline, Reach, Sink, Step, Stream,
    Until,
};
use sysfd::{fd, Cgroup, Command, Ruleset, Stdio};

use crate::support::{alone, read_all, EINVAL, SIGKILL};

fn files(rights: u64) -> Rights {
    Rights { files: rights, ..Rights::default() }
}

#[test]
fn a_ruleset_restricts_a_child_and_a_thread() {
    alone(|| {
        if landlock_support().is_err() {
            return;
        }
        let (mut rules, missing) = Ruleset::new(files(file::READ_DIR), Rights::default()).unwrap();
        assert!(missing.is_empty());
        assert_eq!(rules.handled(), files(file::READ_DIR));
        rules.allow_path("/usr", file::READ_DIR).unwrap();
        rules.allow(fs::File::open("/etc").unwrap(), file::READ_DIR).unwrap();
        let list = |path: &str| {
            let mut ls = Command::new("ls");
            ls.arg(path).stdout(Stdio::Null).stderr(Stdio::Null).landlock(&rules);
            ls.status().unwrap().success()
        };
        assert!(list("/usr") && list("/etc") && !list("/"));
        let thread = thread::spawn(move || {
            rules.restrict_self(0).unwrap();
            assert_eq!(fs::read_dir("/").unwrap_err().kind(), ErrorKind::PermissionDenied);
            assert!(fs::read_dir("/usr").is_ok());
        });
        thread.join().unwrap();
        assert!(fs::read_dir("/").is_ok());
    });
}

#[test]
fn a_ruleset_tells_what_is_missing_and_what_it_decides() {
    alone(|| {
        let Ok((abi, known)) = landlock_support() else { return };
        assert!(abi >= 1 && known.files & file::EXECUTE != 0);
        let unknown = 1 << 60;
        let wanted = files(file::READ_FILE | unknown);
        let error = Ruleset::new(wanted, Rights::default()).unwrap_err();
        assert_eq!((error.step(), error.missing()), (LandlockStep::Create, files(unknown)));
        let (mut rules, missing) = Ruleset::new(Rights::default(), wanted).unwrap();
        assert_eq!(missing, files(unknown));
        let error = rules.allow_path("/no/such", file::READ_FILE).unwrap_err();
        assert_eq!((error.step(), error.errno()), (LandlockStep::Open, 2));
        let error = rules.allow_path("a\0b", file::READ_FILE).unwrap_err();
        assert_eq!((error.step(), error.errno()), (LandlockStep::Open, EINVAL));
        rules.allow_port(80, port::BIND_TCP).unwrap();
        let (rules, _) = Ruleset::for_program("/bin/sh", Rights::default()).unwrap();
        let (allowed, text) = rules.explain("/bin/sh", file::RUN).unwrap();
        assert!(allowed == file::RUN && text.contains("/bin/sh"), "{text}");
        assert_eq!(rules.explain("/etc/passwd", file::RUN).unwrap().0, 0);
    });
}

/// The cgroup of this process, if others can be created there, and a name for one.
fn own() -> Option<(Cgroup, String)> {
    let own = Cgroup::own().ok()?;
    let name = format!("sysfd-rust-{}", own.as_fd().as_raw_fd() as u32 + std::process::id() * 64);
    drop(own.create(&name, &CgroupLimits::default()).ok()?);
    Some((own, name))
}

fn sleeping(cgroup: &Cgroup) -> sysfd::Child {
    Command::new("sleep").arg("1000").cgroup(cgroup).spawn().unwrap()
}

#[test]
fn a_cgroup_holds_processes() {
    alone(|| {
        let Some((own, name)) = own() else { return };
        let mut cgroup = own.create(&name, &CgroupLimits::default()).unwrap();
        let mut child = sleeping(&cgroup);
        let found = cgroup.processes().unwrap();
        assert_eq!(found.len(), 1);
        assert!(found[0].same_process(child.pidfd()).unwrap());
        assert!(cgroup.events().unwrap().populated);
        cgroup.freeze(Duration::from_secs(20)).unwrap();
        assert!(cgroup.events().unwrap().frozen);
        cgroup.thaw().unwrap();
        let error = cgroup.wait_empty(Duration::ZERO).unwrap_err();
        assert_eq!(error.step(), CgroupStep::WAIT);
        let events = cgroup.open_events().unwrap();
        Cgroup::rearm(&events).unwrap();
        if let Err(error) = cgroup.open_memory_events() {
            assert_eq!(error.errno(), 2, "{error}");
        }
        cgroup.kill().unwrap();
        cgroup.wait_empty(None).unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(SIGKILL));
        assert!(cgroup.usage().unwrap().cpu_user.is_some());
        cgroup.remove().unwrap();
        assert_eq!(cgroup.remove().unwrap_err().step(), CgroupStep::REMOVE);
    });
}

#[test]
fn a_cgroup_that_is_dropped_is_removed_unless_it_is_kept() {
    alone(|| {
        let Some((own, name)) = own() else { return };
        let cgroup = own.create(&name, &CgroupLimits::default()).unwrap();
        let mut child = sleeping(&cgroup);
        let leaf = cgroup.make_leaf_and_enable("leaf", 0).unwrap();
        assert_eq!(leaf.processes().unwrap().len(), 1);
        drop(leaf);
        drop(cgroup);
        assert_eq!(child.wait().unwrap().signal(), Some(SIGKILL));
        let mut cgroup = own.create(&name, &CgroupLimits::default()).unwrap();
        cgroup.keep();
        drop(cgroup);
        let error = own.create(&name, &CgroupLimits::default()).unwrap_err();
        assert_eq!((error.step(), error.errno()), (CgroupStep::CREATE, 17)); // EEXIST
        let path = format!("/proc/self/fd/{}/{name}", own.as_fd().as_raw_fd());
        assert!(!Cgroup::open(&path).unwrap().events().unwrap().populated);
        fs::remove_dir(path).unwrap();
        assert_eq!(Cgroup::open("/").unwrap_err().step(), CgroupStep::OPEN);
    });
}

#[test]
fn a_cgroup_has_limits_or_tells_why_not() {
    alone(|| {
        let Some((own, name)) = own() else { return };
        let found = own.abilities().unwrap();
        assert!(found.create_obstacle.is_none());
        assert_eq!(found.available & found.in_version_1, 0);
        let limits = CgroupLimits { pids_max: Some(7), ..CgroupLimits::default() };
        let is_named = |error: &CgroupError| error.to_string().contains("pids");
        if found.available & controller::PIDS == 0 {
            let error = own.create(&name, &limits).unwrap_err();
            assert!(error.step() == CgroupStep::ENABLE && is_named(&error), "{error}");
        } else {
            own.enable(controller::PIDS).unwrap();
            let cgroup = own.create(&name, &limits).unwrap();
            cgroup.set(&CgroupLimits { pids_max: Some(u64::MAX), ..limits }).unwrap();
            assert_eq!(cgroup.usage().unwrap().pids, Some(0));
        }
        let io = IoLimit { major: 8, read_bytes: Some(1), ..IoLimit::default() };
        let limits = CgroupLimits {
            cpu_weight: Some(0),
            io_max: vec![io],
            cpu_max: Some((1, 1)),
            ..CgroupLimits::default()
        };
        assert!(own.create(&name, &limits).is_err());
    });
}

#[test]
fn nothing_of_a_contained_child_survives() {
    alone(|| {
        let (read, write) = fd::pipe(0).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "setsid sleep 1000 & exec sleep 1000"]);
        command.pass_owned(write, 9).contain(&Containment::default());
        let child = match command.spawn() {
            Err(error) if error.step() == Step::CONTAINMENT && error.errno() != EINVAL => return,
            started => started.unwrap(),
        };
        drop(command);
        assert!(child.containment() < ContainmentKind::Subreaper);
        assert_eq!(child.ending().unwrap_err().kind(), ErrorKind::WouldBlock);
        assert_eq!(child.usage().unwrap_err().raw_os_error(), Some(95)); // EOPNOTSUPP
        drop(child);
        assert_eq!(read_all(read), "");
        let mut command = Command::new("true");
        let error = command.contain(&Containment::default()).leave_no_zombie().spawn().unwrap_err();
        assert_eq!((error.step(), error.errno()), (Step::CONTAINMENT, EINVAL));
    });
}

#[test]
fn a_contained_pipeline_is_one_tree() {
    alone(|| {
        let (read, write) = fd::pipe(0).unwrap();
        let mut first = Command::new("sh");
        first.args(["-c", "setsid sleep 1000 >/dev/null & echo text"]).pass_owned(write, 9);
        let mut second = Command::new("sh");
        second.args(["-c", "cat; exit 3"]);
        let mut line = Pipeline::new(first, second).unwrap();
        let containment = Containment { reach: Reach::BestEffort, ..Containment::default() };
        let output = line.contain(&containment).unwrap().output(&OutputOptions::default()).unwrap();
        assert_eq!(output.stdout(), b"text\n");
        drop(line);
        assert_eq!(read_all(read), "");
        let mut contained = Command::new("true");
        contained.contain(&containment);
        let mut line = Pipeline::new(Command::new("true"), contained).unwrap();
        let error = line.contain(&containment).unwrap().spawn().unwrap_err();
        assert_eq!((error.step(), error.errno()), (Step::CONTAINMENT, EINVAL));
        assert_eq!(error.stage(), Some(1));
    });
}

#[test]
fn a_tree_may_stay_in_the_namespaces_of_the_caller() {
    alone(|| {
        let containment = Containment { reach: Reach::SameNamespaces, ..Containment::default() };
        let mut command = Command::new("true");
        let mut child = command.contain(&containment).spawn().unwrap();
        assert_eq!(child.containment(), ContainmentKind::Subreaper);
        assert!(child.wait().unwrap().success());
    });
}

#[test]
fn a_contained_child_has_a_cgroup() {
    alone(|| {
        let Some((own, _)) = own() else { return };
        let containment = Containment {
            reach: Reach::BestEffort,
            own_cgroup: true,
            parent: Some(&own),
            ..Containment::default()
        };
        let mut command = Command::new("sh");
        let mut child = command.args(["-c", "exit 3"]).contain(&containment).spawn().unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(3));
        assert!(child.usage().unwrap().cpu_user.is_some());
        assert_eq!(child.ending().unwrap().reason, EndReason::Exited);
        drop(child);
        assert_eq!(own.sweep_trees().unwrap(), 0);
    });
}

#[test]
fn a_sink_gets_what_is_written() {
    alone(|| {
        let calls = Mutex::new(Vec::new());
        let note = |stream, line: Option<&[u8]>| {
            if stream == Stream::Out {
                calls.lock().unwrap().push(line.map(<[u8]>::to_vec));
            }
        };
        let options =
            OutputOptions { sink: Some(Sink::lines(&note, 4)), max_size: 2, ..Default::default() };
        let mut prints = Command::new("printf");
        let output = prints.arg("one\n\nlonger").output_with(&options).unwrap();
        assert_eq!(output.stdout(), b"on");
        let lines = ["one", "", "long", "er"].map(|line| Some(line.as_bytes().to_vec()));
        assert_eq!(take(&mut *calls.lock().unwrap()), [&lines[..], &[None]].concat());

        let options = OutputOptions { sink: Some(Sink::pieces(&note)), ..Default::default() };
        assert!(Command::new("echo").arg("text").output_with(&options).unwrap().success());
        assert_eq!(take(&mut *calls.lock().unwrap()), [Some(b"text\n".to_vec()), None]);

        let refuse = |_, _: Option<&[u8]>| panic!("refused");
        let options = OutputOptions { sink: Some(Sink::pieces(&refuse)), ..Default::default() };
        let result = catch_unwind(AssertUnwindSafe(|| Command::new("true").output_with(&options)));
        assert_eq!(result.unwrap_err().downcast_ref(), Some(&"refused"));
    });
}

#[test]
fn an_output_ends_with_the_child_or_with_its_pipes() {
    alone(|| {
        let shell = |line: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", line]);
            command
        };
        let (read, _write) = fd::pipe(0).unwrap();
        let mut waits = shell("(read line <&9) & echo early");
        let output = waits.pass_owned(read, 9).output().unwrap();
        assert_eq!(output.stdout(), b"early\n");
        assert_eq!(output.ending().unwrap().reason, EndReason::Exited);
        let options = OutputOptions { until: Until::PipesClose, ..OutputOptions::default() };
        let output = shell("(sleep 0.01; echo late) & echo early").output_with(&options).unwrap();
        assert_eq!(output.stdout(), b"early\nlate\n");

        let mut timeout = Duration::from_millis(20);
        loop {
            assert!(timeout < Duration::from_secs(30), "it was not asked");
            let options = OutputOptions {
                timeout: timeout.into(),
                grace: Duration::from_secs(20),
                ..OutputOptions::default()
            };
            let line = "trap 'echo asked; exit 7' TERM; while :; do sleep 0.01; done";
            let output = shell(line).output_with(&options).unwrap();
            assert_eq!(output.ending().unwrap().reason, EndReason::Timeout);
            if output.stdout() == b"asked\n" {
                break;
            }
            timeout *= 2;
        }

        let mut echo = Command::new("echo");
        echo.arg("text").terminal(24, 80).stdin(Stdio::Null);
        let output = echo.output().unwrap();
        assert!(output.terminal() == b"text\r\n" && !output.terminal_cut());
        let mut line = Pipeline::new(Command::new("true"), Command::new("true")).unwrap();
        assert!(line.output(&OutputOptions::default()).unwrap().ending().is_none());
    });
}
