# SPDX-License-Identifier: MIT
"""Has the programs of the peers start others, in small blocks, alternately."""
import ctypes
import os
import random
import resource
import statistics
import subprocess
import time
from contextlib import ExitStack

from cases import Task

BLOCK = 24  # starts of one block
LONGEST_BLOCK = 0.03  # seconds; a block has fewer starts where they take long
DESCRIPTOR_LIMIT = 20000  # RLIMIT_NOFILE; some peers look at each number below it


class Failed(Exception):
    """Why a peer could not be measured."""


class Gap(Failed):
    """The same, where that is to be expected here."""


def prepare():
    """What holds for this process and all that it starts."""
    pr_set_thp_disable = 41
    ctypes.CDLL(None).prctl(pr_set_thp_disable, 1, 0, 0, 0)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(DESCRIPTOR_LIMIT, hard), hard))


def available_memory():
    with open("/proc/meminfo", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("MemAvail")) * 1024


def not_here(task):
    """Why the conditions cannot be met on this machine; nothing if they can."""
    own_descriptors = 1000  # more than a program and its libraries need
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if task.descriptors + own_descriptors > limit:
        return f"not here: RLIMIT_NOFILE is {limit}"
    needed = task.memory * 3 // 2  # so that nobody else is pushed out
    if needed > available_memory():
        return f"not here: needs {-(-needed // 2**30)} GiB of free memory"
    return ""


def run(peer, task, program, *words):
    """Starts the program of a peer, with pipes. `words`: more to tell it."""
    def place():
        processors = sorted(os.sched_getaffinity(0))
        if task.pinned:
            os.sched_setaffinity(0, {processors[-1]})

    return subprocess.Popen([*peer.command, *task.words(program), *words], text=True,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            env=task.environment(), preexec_fn=place)


class Worker:
    """A running program of a peer, with one task."""

    def __init__(self, peer, task, program):
        if gap := peer.gap(task) or not_here(task):
            raise Gap(gap)
        self.process = run(peer, task, program)
        self.size = 1
        try:
            least = 10 * task.threads if task.threads > 1 else task.batch
            self.ask(least)  # the first ones take longer
            took = statistics.median(self.ask(least)) * 1e-9
            fitting = int(LONGEST_BLOCK / took) // task.batch * task.batch
            self.size = max(least, min(fitting, max(BLOCK, 4 * task.batch)))
        except Failed:
            self.close()
            raise

    def ask(self, starts):
        """Nanoseconds of each."""
        try:
            self.process.stdin.write(f"{starts}\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except OSError:
            answer = ""
        if not answer:
            raise Failed(self.process.stderr.read().strip()[-300:] or "it has ended")
        return [float(word) for word in answer.split()]

    def block(self):
        return self.ask(self.size)

    def close(self):
        try:
            self.process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()


def take_turns(workers, seconds, least_rounds):
    """The blocks of each, by key. They run in a random order, and then in the reverse of it."""
    blocks = {key: [] for key in workers}
    end = time.monotonic() + seconds
    order = list(workers)
    while len(blocks[order[0]]) < least_rounds or time.monotonic() < end:
        random.shuffle(order)
        for key in [*order, *reversed(order)]:
            blocks[key].append(workers[key].block())
    return blocks


def cell_of(blocks):
    """What the tables show of one peer, in nanoseconds."""
    times = [each for block in blocks for each in block]
    tenths = statistics.quantiles(times, n=10) if len(times) > 1 else times * 9
    return {"median": statistics.median(times), "p10": tenths[0], "p90": tenths[-1],
            "starts": len(times)}


def measure_case(case, peers, program, quick):
    """A cell for each peer. Where they hold memory, one after the other, else in turns."""
    seconds, rounds = (0.12, 4) if quick else (1.0, 10)
    cells, workers = {}, {}
    with ExitStack() as stack:
        for peer in random.sample(peers, len(peers)):
            if not peer.takes_part(case):
                continue
            try:
                workers[peer.name] = worker = Worker(peer, case.task, program)
                if case.task.memory:
                    del workers[peer.name]
                    cells[peer.name] = cell_of(take_turns({0: worker}, seconds, rounds)[0])
                    worker.close()
                else:
                    stack.callback(worker.close)
            except Failed as failure:
                cells[peer.name] = {"gap": str(failure)}
        if workers:
            blocks = take_turns(workers, seconds * len(workers), rounds)
            cells |= {name: cell_of(each) for name, each in blocks.items()}
    return cells


def undisturbed(block):
    """The time of a start that no other program interrupted: an early octile."""
    return sorted(block)[len(block) // 8]


def paired(ours, others):
    """The median of the ratios of blocks that ran one shortly after the other."""
    return statistics.median(undisturbed(a) / undisturbed(b) for a, b in zip(ours, others))


def judge(value, target):
    if value > target.limit:
        return "over the limit"
    return "over the bar" if value > target.bar else "within"


def measure_ratios(group, peers, program, glibc, quick):
    """What the ratios of a group are."""
    by_name = {peer.name: peer for peer in peers}
    group = [ratio for ratio in group if ratio.target_for(glibc)]
    workers, gaps, found = {}, {}, []
    with ExitStack() as stack:
        for name, task in dict.fromkeys(member for ratio in group for member in ratio.members()):
            try:
                workers[name, task] = worker = Worker(by_name[name], task, program)
                stack.callback(worker.close)
            except Gap as gap:
                gaps[name, task] = str(gap)
        blocks = take_turns(workers, 3 if quick else 12, 60) if workers else {}
    for ratio in group:
        target = ratio.target_for(glibc)
        entry = {"name": ratio.name, "bar": target.bar, "limit": target.limit, "pairs": 0}
        ours, other, *by_hand = [blocks.get(member) for member in ratio.members()]
        if ours and other:
            value = paired(ours, other)
            entry |= {"value": value, "pairs": len(ours), "verdict": judge(value, target)}
            if any(by_hand):
                entry["by_hand"] = paired(by_hand[0], other)
        else:
            entry["verdict"] = next(gaps[each] for each in ratio.members() if each in gaps)
        found.append(entry)
    return found


def measure_once(peer, program, word):
    """The numbers that a program prints for stall= or busy=."""
    process = run(peer, Task(pinned=False), program, word)
    out, err = process.communicate()
    if process.returncode != 0:
        raise Failed(err.strip()[-300:])
    return [float(number) for number in out.split()]


def confinement(measuring, program, rounds):
    """What bench/spawn/confinement.cpp measures: by name, nanoseconds or why there are none."""
    done = subprocess.run([measuring, program, str(rounds)], capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise Failed(done.stderr.strip()[-300:])
    found = {}
    for line in done.stdout.splitlines():
        name, *numbers = line.split("\t")
        found[name] = [float(each) for each in numbers] if len(numbers) == 2 else numbers[0]
    return found
