// SPDX-License-Identifier: MIT
//! Links libsysfd: from the directory SYSFD_LIB_DIR, or from where pkg-config finds it.

use std::env;
use std::process::Command;

fn main() {
    for name in ["SYSFD_LIB_DIR", "PKG_CONFIG", "PKG_CONFIG_PATH"] {
        println!("cargo:rerun-if-env-changed={name}");
    }
    if let Ok(directory) = env::var("SYSFD_LIB_DIR") {
        println!("cargo:rustc-link-search=native={directory}");
        println!("cargo:rustc-link-lib=dylib=sysfd");
        return;
    }
    for flag in libs().split_whitespace() {
        if let Some(directory) = flag.strip_prefix("-L") {
            println!("cargo:rustc-link-search=native={directory}");
        } else if let Some(library) = flag.strip_prefix("-l") {
            println!("cargo:rustc-link-lib=dylib={library}");
        }
    }
}

/// What pkg-config says is needed to link libsysfd.
fn libs() -> String {
    const HELP: &str = "Install libsysfd, and set PKG_CONFIG_PATH or SYSFD_LIB_DIR";
    let program = env::var("PKG_CONFIG").unwrap_or_else(|_| "pkg-config".into());
    let output = Command::new(&program)
        .args(["--libs", "sysfd"])
        .output()
        .unwrap_or_else(|error| panic!("Cannot run {program}: {error}. {HELP}"));
    if !output.status.success() {
        panic!("{}{HELP}", String::from_utf8_lossy(&output.stderr));
    }
    String::from_utf8(output.stdout).expect("pkg-config writes UTF-8")
}
