# SPDX-License-Identifier: MIT
"""Python: subprocess.Popen and wait(). Descriptors (pass_fds) keep their numbers in the child. Arguments and output: see peer.hpp."""
import json
import mmap
import os
import subprocess
import sys
import threading
import time


def main():
    program = sys.argv[1]
    starts, memory, descriptors, passed, threads, arguments = map(int, sys.argv[2:])
    ballast = None
    if memory > 0:
        ballast = mmap.mmap(-1, memory, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE)
    held = [os.open("/dev/null", os.O_RDONLY) for _ in range(descriptors)]
    fds = [os.open("/dev/null", os.O_RDONLY) for _ in range(passed)]  # the highest numbers of all
    command = [program] + [f"argument-{i}" for i in range(arguments)]

    def start_and_wait():
        if subprocess.Popen(command, pass_fds=fds).wait() != 0:
            raise SystemExit("the child failed")

    for _ in range(4):
        start_and_wait()
    nanoseconds = []
    if threads == 1:
        for _ in range(starts):
            begin = time.perf_counter_ns()
            start_and_wait()
            nanoseconds.append(time.perf_counter_ns() - begin)
    else:
        each = starts // threads
        workers = [threading.Thread(target=lambda: [start_and_wait() for _ in range(each)]) for _ in range(threads)]
        begin = time.perf_counter_ns()
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        nanoseconds.append((time.perf_counter_ns() - begin) // (each * threads))
    print(json.dumps({"nanoseconds": nanoseconds}))
    for fd in held + fds:
        os.close(fd)


main()
