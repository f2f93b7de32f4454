// SPDX-License-Identifier: MIT
//! Programs that the compiler must refuse: each file of tests/must_not_compile, compiled with
//! `--cfg wrong`. Its second line tells the only error. Without `wrong` it compiles.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs, thread};

/// The newest library that Cargo has built for this test.
fn library(directory: &Path) -> PathBuf {
    let is_library = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with("libsysfd-") && name.ends_with(".rlib")
    };
    let paths = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    paths
        .filter(is_library)
        .max_by_key(|path| fs::metadata(path).unwrap().modified().unwrap())
        .expect("Cargo has built libsysfd-*.rlib beside this program")
}

fn compile(source: &Path, is_wrong: bool) -> Output {
    let program = env::current_exe().unwrap();
    let directory = program.parent().unwrap();
    let name = source.file_stem().unwrap().to_str().unwrap();
    let metadata = format!("{name}-{is_wrong}.rmeta");
    let mut command = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    command
        .args(["--edition=2021", "--crate-type=lib", "--emit=metadata"])
        .args(["--cap-lints=allow", "--color=never", "--extern"])
        .arg(format!("sysfd={}", library(directory).display()))
        .arg(format!("-Ldependency={}", directory.display()))
        .arg("-o")
        .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join(metadata))
        .arg(source);
    if is_wrong {
        command.args(["--cfg", "wrong"]);
    }
    command.output().unwrap()
}

/// The codes of the errors.
fn errors(output: &Output) -> Vec<String> {
    let text = String::from_utf8_lossy(&output.stderr);
    let code = |line: &str| Some(line.strip_prefix("error[")?.split(']').next()?.to_owned());
    text.lines().filter_map(code).collect()
}

fn check(source: &Path) {
    let text = fs::read_to_string(source).unwrap();
    let told = text.lines().nth(1).unwrap();
    let expected = told.strip_prefix("//! ").unwrap().split(':').next().unwrap();
    let name = source.display();
    let control = compile(source, false);
    let errors_of_control = String::from_utf8_lossy(&control.stderr);
    assert!(control.status.success(), "{name} must compile: {errors_of_control}");
    let wrong = compile(source, true);
    assert!(!wrong.status.success(), "{name} must not compile");
    let found = errors(&wrong);
    assert_eq!(found, [expected], "{name}: {}", String::from_utf8_lossy(&wrong.stderr));
}

#[test]
fn the_compiler_refuses_what_must_not_be() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/must_not_compile");
    let mut sources: Vec<_> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    sources.sort();
    assert!(sources.len() >= 23);
    thread::scope(|scope| {
        for half in sources.chunks(sources.len().div_ceil(2)) {
            scope.spawn(move || half.iter().for_each(|source| check(source)));
        }
    });
    println!("{} programs are refused, and their controls compile", sources.len());
}
