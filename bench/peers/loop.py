# SPDX-License-Identifier: MIT
#
# Python: subprocess.Popen and wait(). See peer.hpp.
#
# peer: Python subprocess
# package: python3
# starts by: vfork
# not passed: closed, all at once
# passes: under their own numbers only
# cannot swap: passes them under their own numbers only
# waits by: waitpid
# run: python3 {file}
# version: python3 --version
import mmap
import os
import subprocess
import sys
import threading
import time

task = dict(word.split("=", 1) for word in sys.argv[1:])
memory, descriptors, passed, threads, arguments = (
    int(task[key]) for key in ("memory", "descriptors", "passed", "threads", "arguments"))
flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE
ballast = mmap.mmap(-1, memory, flags=flags) if memory else None
held = [os.open("/dev/null", os.O_RDONLY) for _ in range(descriptors)]
fds = [os.open("/dev/null", os.O_RDONLY) for _ in range(passed)]  # the highest numbers of all
command = [task["program"]] + [f"argument-{i}" for i in range(arguments)]


def start_and_wait():
    begin = time.perf_counter_ns()
    if subprocess.Popen(command, pass_fds=fds).wait() != 0:
        raise SystemExit("the child failed")
    return time.perf_counter_ns() - begin


def repeat(starts):
    return [start_and_wait() for _ in range(starts)]


def with_threads(starts):
    each = max(starts // threads, 1)
    workers = [threading.Thread(target=repeat, args=[each]) for _ in range(threads)]
    begin = time.perf_counter_ns()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return [(time.perf_counter_ns() - begin) // (each * threads)]


repeat(4)
for line in sys.stdin:
    print(*(repeat if threads == 1 else with_threads)(int(line)), flush=True)
