// SPDX-License-Identifier: MIT
//! Of command-fds.

use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, AsRawFd};
use std::thread;

use sysfd::fd;
use sysfd::listen::ListenErrorKind;
use sysfd::spawn::Step;
use sysfd::{Command, FdType, Stdio};

use crate::listening::{activate, take};
use crate::support::*;

/// Which file each of these numbers is in the child.
fn files(command: &mut Command<'_>, numbers: &[i32]) -> Vec<String> {
    let links = numbers.iter().map(|number| format!("/proc/self/fd/{number}"));
    let output = command.arg("--").args(links).output().unwrap();
    let name =
        |link: &str| link.trim_start_matches("/memfd:").split(' ').next().unwrap().to_owned();
    String::from_utf8_lossy(output.stdout()).lines().map(name).collect()
}

fn memfd(name: &str) -> File {
    fd::memfd(name, 0).unwrap().into()
}

// Row: two calls may collide (documented): the later mapping wins silently.
#[test]
fn a_number_that_is_given_twice_is_refused() {
    alone(|| {
        let (one, two) = (memfd("one"), memfd("two"));
        let error = Command::new("true").pass(&one, 5).pass(&two, 5).spawn().unwrap_err();
        assert_eq!(
            (error.step(), error.errno(), error.index()),
            (Step::DESCRIPTOR, EINVAL, Some(1))
        );
    });
}

// Row: parent copies live until the command drops -> pipe EOF hang (#22).
#[test]
fn the_reader_sees_the_end_while_the_command_lives() {
    alone(|| {
        let (reader, writer) = fd::pipe(0).unwrap();
        let mut command = Command::new("/bin/sh");
        let mut child = command.args(["-c", "echo x >&7"]).pass_owned(writer, 7).spawn().unwrap();
        assert_eq!(read_all(reader), "x\n"); // would wait for ever
        assert!(child.wait().unwrap().success());
        drop(command);
    });
}

// Row: error-socket clobber: the pipe by which the child tells its error can be a target.
#[test]
fn an_error_is_told_whatever_numbers_are_given() {
    alone(|| {
        let file = memfd("file");
        let mut command = Command::new("/no/such");
        for number in 3..=20 {
            command.pass(&file, number);
        }
        let error = command.spawn().unwrap_err();
        assert_eq!((error.step(), error.errno()), (Step::EXEC, 2));
    });
}

// Row: scratch number may exceed RLIMIT_NOFILE: max(all) + 1.
#[test]
fn the_highest_numbers_are_swapped() {
    alone_and_changing(|| {
        extern "C" {
            fn setrlimit(resource: i32, limit: *const [u64; 2]) -> i32;
        }
        const RLIMIT_NOFILE: i32 = 7;
        let (one, two) = (memfd("one"), memfd("two"));
        place(one, 62);
        place(two, 63);
        // SAFETY: this process is the test's.
        assert_eq!(unsafe { setrlimit(RLIMIT_NOFILE, &[64; 2]) }, 0);
        let (one, two) = (own(62), own(63));
        let mut command = Command::new("readlink");
        command.pass(&one, 63).pass(&two, 62);
        assert_eq!(files(&mut command, &[62, 63]), ["two", "one"]);
        let error = Command::new("true").pass(&one, 64).spawn().unwrap_err();
        assert_eq!((error.step(), error.errno()), (Step::DESCRIPTOR, EBADF));
    });
}

// Row: disables vfork, and the child has copies of all descriptors until exec.
#[test]
fn a_child_with_descriptors_gets_a_table_of_its_own() {
    alone(|| {
        let file = memfd("file");
        let mut child = Command::new("true").pass(&file, 9).spawn().unwrap();
        assert!(child.report().isolated_table);
        assert!(child.wait().unwrap().success());
    });
}

// Row: #22: OwnedFd chosen since BorrowedFd cannot be tied to Command. See tests/must_not_compile.
#[test]
fn borrowed_descriptors_are_given_to_many_children() {
    alone(|| {
        let file = memfd("file");
        let mut command = Command::new("readlink");
        command.arg("/proc/self/fd/5").pass(&file, 5);
        for _ in 0..3 {
            assert!(command.output().unwrap().success());
        }
        assert!(file.metadata().is_ok());
    });
}

// Tests to mirror: none, one, 1:1, swap, cycles, one source as two numbers.
#[test]
fn all_permutations_are_right() {
    alone(|| {
        assert_eq!(files(&mut Command::new("readlink"), &[3, 4, 5, 6, 7]), Vec::<String>::new());
        for (number, name) in [(3, "a"), (4, "b"), (5, "c")] {
            place(memfd(name), number);
        }
        let (a, b, c) = (own(3), own(4), own(5));
        let mut same = Command::new("readlink");
        assert_eq!(files(same.pass(&a, 3), &[3]), ["a"]);
        let mut swap = Command::new("readlink");
        assert_eq!(files(swap.pass(&a, 4).pass(&b, 3), &[3, 4]), ["b", "a"]);
        let mut cycle = Command::new("readlink");
        cycle.pass(&a, 4).pass(&b, 5).pass(&c, 3);
        assert_eq!(files(&mut cycle, &[3, 4, 5]), ["c", "a", "b"]);
        let mut twice = Command::new("readlink");
        assert_eq!(files(twice.pass(&a, 8).pass(&a, 9), &[8, 9]), ["a", "a"]);
    });
}

// Test to mirror: map stdin.
#[test]
fn stdin_can_be_a_number() {
    alone(|| {
        let (reader, writer) = fd::pipe(0).unwrap();
        File::from(writer).write_all(b"by number").unwrap();
        let mut command = Command::new("cat");
        command.pass_owned(reader, 0).stdout(Stdio::Pipe);
        let mut child = command.spawn().unwrap();
        assert_eq!(read_all(child.take_stdout().unwrap()), "by number");
        assert!(child.wait().unwrap().success());
    });
}

// Test to mirror: preserved; and what is not passed is not there, also without close-on-exec.
#[test]
fn only_what_is_passed_is_there() {
    alone(|| {
        let (kept, other) = (memfd("kept"), memfd("other"));
        fd::set_close_on_exec(&other, false).unwrap();
        let (number, leaked) = (kept.as_raw_fd(), other.as_raw_fd());
        let mut command = Command::new("readlink");
        assert_eq!(files(command.pass(&kept, number), &[number, leaked]), ["kept"]);
    });
}

// Tests to mirror, of the receiving side: ok, not inherited, init twice, double, retake, cloexec.
#[test]
fn inherited_descriptors_are_owned_once() {
    alone(|| {
        assert_eq!(take().unwrap_err().kind(), ListenErrorKind::NotActivated);
        activate(&["one", "two"]);
        let mut fds = take().unwrap();
        activate(&[]); // sets the variables again
        std::env::set_var("LISTEN_FDS", "2");
        std::env::remove_var("LISTEN_FDNAMES");
        assert_eq!(take().unwrap_err().kind(), ListenErrorKind::AlreadyTaken);
        let one = fds.take_one("one", &FdType::any()).unwrap();
        assert!(fd::is_close_on_exec(one.as_fd()).unwrap());
        let again = fds.take_one("one", &FdType::any()).unwrap_err();
        assert_eq!(again.kind(), ListenErrorKind::NotFound);
    });
}

// No row, but what it would be used for: threads that start children with different descriptors.
#[test]
fn threads_do_not_get_each_others_descriptors() {
    alone(|| {
        thread::scope(|scope| {
            for i in 0..4 {
                scope.spawn(move || {
                    let name = format!("of-{i}");
                    let file = memfd(&name);
                    for _ in 0..10 {
                        let mut command = Command::new("readlink");
                        let found = files(command.pass(&file, 5), &[3, 4, 5, 6]);
                        assert_eq!(found, [name.as_str()]);
                    }
                });
            }
        });
    });
}
