// SPDX-License-Identifier: MIT
//
// Rust: std::process::Command::spawn() and Child::wait(). std passes nothing but the standard
// streams. See peer.hpp.
//
// peer: Rust std
// package: rustc
// starts by: posix_spawn
// not passed: stay open unless close-on-exec
// passes: none without unsafe code
// cannot pass: has no way to pass them
// waits by: waitpid, or waitid by pidfd
// build: rustc --edition 2021 -O -o {out} {file}
// run: {out}
// version: rustc --version
use std::collections::HashMap;
use std::fs::File;
use std::process::Command;
use std::time::Instant;

fn start_and_wait(command: &mut Command) -> u128 {
    let begin = Instant::now();
    let status = command.spawn().expect("spawn").wait().expect("wait");
    assert!(status.success());
    begin.elapsed().as_nanos()
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let task: HashMap<&str, &str> = words.iter().filter_map(|word| word.split_once('=')).collect();
    let number = |key: &str| task[key].parse::<usize>().expect("a number");
    let threads = number("threads");

    let mut memory = vec![0u8; number("memory")];
    for offset in (0..memory.len()).step_by(4096) {
        memory[offset] = 1;
    }
    let open = |_| File::open("/dev/null").expect("open");
    let files: Vec<File> = (0..number("descriptors")).map(open).collect();

    let arguments: Vec<String> = (0..number("arguments")).map(|i| format!("argument-{i}")).collect();
    let command = || {
        let mut command = Command::new(task["program"]);
        command.args(&arguments);
        command
    };
    let repeat = |starts: usize| -> Vec<u128> {
        let mut own = command();
        (0..starts).map(|_| start_and_wait(&mut own)).collect()
    };
    let at_once = |starts: usize| -> Vec<u128> {
        let each = starts.div_ceil(threads);
        let begin = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| repeat(each));
            }
        });
        vec![begin.elapsed().as_nanos() / (each * threads) as u128]
    };

    repeat(4);
    for line in std::io::stdin().lines() {
        let starts = line.expect("a line").parse::<usize>().expect("a number");
        let times = if threads == 1 { repeat(starts) } else { at_once(starts) };
        println!("{}", times.iter().map(u128::to_string).collect::<Vec<_>>().join(" "));
    }
    drop((files, memory));
}
