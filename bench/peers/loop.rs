// SPDX-License-Identifier: MIT
//
// Rust: std::process::Command::spawn() and Child::wait(). std passes nothing but the standard
// streams. Arguments and output: see peer.hpp.
use std::fs::File;
use std::process::Command;
use std::time::Instant;

fn start_and_wait(command: &mut Command) {
    let status = command.spawn().expect("spawn").wait().expect("wait");
    assert!(status.success());
}

fn main() {
    let given: Vec<String> = std::env::args().collect();
    let number = |index: usize| given[index].parse::<usize>().expect("a number");
    let (program, starts, threads) = (given[1].clone(), number(2), number(6));

    let mut memory = vec![0u8; number(3)];
    for offset in (0..memory.len()).step_by(4096) {
        memory[offset] = 1;
    }
    let files: Vec<File> = (0..number(4)).map(|_| File::open("/dev/null").expect("open")).collect();

    let arguments: Vec<String> = (0..number(7)).map(|i| format!("argument-{i}")).collect();
    let command = || {
        let mut command = Command::new(&program);
        command.args(&arguments);
        command
    };
    let mut first = command();
    for _ in 0..4 {
        start_and_wait(&mut first);
    }

    let mut nanoseconds = Vec::new();
    if threads == 1 {
        for _ in 0..starts {
            let begin = Instant::now();
            start_and_wait(&mut first);
            nanoseconds.push(begin.elapsed().as_nanos());
        }
    } else {
        let begin = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    let mut own = command();
                    for _ in 0..starts / threads {
                        start_and_wait(&mut own);
                    }
                });
            }
        });
        nanoseconds.push(begin.elapsed().as_nanos() / (starts / threads * threads) as u128);
    }
    println!("{{\"nanoseconds\": {nanoseconds:?}}}");
    drop((files, memory));
}
