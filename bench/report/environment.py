# SPDX-License-Identifier: MIT
"""What a report must say of the machine that it was measured on; nothing that names it."""
import os
import platform
import re
import subprocess
from pathlib import Path


def first_match(path, pattern):
    try:
        found = re.search(pattern, Path(path).read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        return "unknown"
    return found.group(1).strip() if found else "unknown"


def first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return "unknown"


def describe(programs, revision, quick):
    kibibytes = first_match("/proc/meminfo", r"^MemTotal:\s+(\d+)")
    compiler = first_match(programs.parent / "CMakeCache.txt", r"^CMAKE_CXX_COMPILER:\w+=(.*)$")
    processor = first_match("/proc/cpuinfo", r"^model name.*: (.*)$")
    return {
        "sysfd": revision,
        "run": "quick" if quick else "full",
        "kernel": f"{platform.system()} {platform.release().split('-')[0]} {platform.machine()}",
        "C library": " ".join(platform.libc_ver()),
        "compiler": first_line(compiler, "--version"),
        "processor": f"{processor}, {os.cpu_count()} of them",
        "memory": f"{int(kibibytes) // 2**20} GiB" if kibibytes.isdigit() else "unknown",
        "system": first_match("/etc/os-release", r'^PRETTY_NAME="(.*)"$'),
    }
