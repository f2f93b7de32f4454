# SPDX-License-Identifier: MIT
"""What is measured of starting programs: the cases, which are columns of tables, and the ratios."""
from dataclasses import dataclass, field, replace

MEBIBYTE = 2**20
GIBIBYTE = 2**30


@dataclass(frozen=True)
class Task:
    """What is started, and in which state of the parent. Most are words for the peer's program."""

    memory: int = 0  # bytes that are resident, in pages of the usual size
    descriptors: int = 0  # open ones, close-on-exec
    passed: int = 0  # descriptors for the child
    sources: str = "low"  # which these are: see spawn/worker.cpp
    arguments: int = 0
    threads: int = 1  # that start at once
    batch: int = 1  # so many are started before any is waited for
    until: str = "end"  # or "return": until the caller goes on
    namespaces: str = ""
    variables: int = 10  # in the environment
    program: str = ""  # else the minimal one
    pinned: bool = True  # parent and child run on one processor

    def words(self, program):
        keys = ("memory", "descriptors", "passed", "sources", "arguments", "threads", "batch",
                "until", "namespaces")
        return [f"program={self.program or program}"] + [f"{k}={getattr(self, k)}" for k in keys]

    def environment(self):
        found = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
        return found | {f"BENCH_VARIABLE_{i}": "a value of usual length"
                        for i in range(1, self.variables)}


@dataclass(frozen=True)
class Case:
    id: str  # for --only and --list
    dimension: str  # what is varied; the cases of one dimension are the columns of one table
    label: str
    task: Task = Task()
    amount: float = 0  # on the axis of a plot
    quick: bool = False  # measured with --quick, too


def at_once(threads):
    return Task(threads=threads, pinned=False)


FIVE_SWAPPED = Task(passed=5, sources="swapped")
MANY_OPEN = Task(descriptors=15000)
THREE_FRESH = Task(passed=3, sources="fresh")
BATCH = Task(batch=64, pinned=False)
UNTIL_RETURN = Task(until="return")
KINDS = "user,mount,pid,ipc,uts"

CASES = [
    Case("base", "base", "nothing special", quick=True),
    Case("memory-256M", "memory", "256 MiB", Task(memory=256 * MEBIBYTE), 256, quick=True),
    Case("memory-1G", "memory", "1 GiB", Task(memory=GIBIBYTE), 1024),
    Case("memory-4G", "memory", "4 GiB", Task(memory=4 * GIBIBYTE), 4096),
    Case("descriptors-100", "descriptors", "100", Task(descriptors=100), 100),
    Case("descriptors-1000", "descriptors", "1000", Task(descriptors=1000), 1000),
    Case("descriptors-15000", "descriptors", "15,000", MANY_OPEN, 15000, quick=True),
    Case("passed-3", "passed", "3", Task(passed=3), 3),
    Case("passed-5", "passed", "5, two swapped", FIVE_SWAPPED, 5, quick=True),
    Case("passed-16", "passed", "16", Task(passed=16), 16),
    Case("passed-fresh", "passed", "3 fresh of 15,000", replace(THREE_FRESH, descriptors=15000)),
    Case("arguments-10", "arguments", "10 arguments", Task(arguments=10)),
    Case("arguments-1000", "arguments", "1000 arguments", Task(arguments=1000)),
    Case("variables-1000", "arguments", "1000 variables", Task(variables=1000)),
    Case("program-true", "program", "/bin/true", Task(program="/bin/true")),
    Case("threads-1", "threads", "1", Task(pinned=False)),
    Case("threads-2", "threads", "2", at_once(2), quick=True),
    Case("threads-8", "threads", "8", at_once(8)),
    Case("batch-64", "batch", "64 at once", BATCH, quick=True),
    Case("return", "return", "until the caller goes on", UNTIL_RETURN, quick=True),
    Case("namespaces", "namespaces", KINDS.replace(",", ", "),
         Task(namespaces=KINDS, pinned=False), quick=True),
    Case("namespaces-net", "namespaces", "the same and net",
         Task(namespaces=KINDS + ",net", pinned=False), quick=True),
]

# Who delays the other threads of the parent, and whose child holds a program open for writing.
STALLING = ["sysfd", "vfork+execve", "posix_spawn", "fork+execve", "GLib", "libuv", "Qt QProcess"]
BUSY = ["fork+execve", "vfork+execve", "posix_spawn", "sysfd", "sysfd, retry_busy"]


@dataclass(frozen=True)
class Target:
    """What a ratio is to be at most (the bar), and what is too much to be noise (the limit)."""

    bar: float
    limit: float


@dataclass(frozen=True)
class Ratio:
    """The time of `ours` divided by that of `peer`, which may do another task.

    `target`: with a glibc before 2.38, whose posix_spawn resets each signal by a call. `newest`:
    with others; the same if nothing is said. Without a target it is not measured there.
    `by_hand`: who makes the same system calls as `ours`, with everything prepared.
    """

    name: str
    ours: str
    peer: str
    target: Target | None
    newest: Target | None = None
    task: Task = field(default=Task())
    other_task: Task | None = None
    by_hand: str = ""

    def target_for(self, glibc):
        return self.newest or self.target if glibc >= (2, 38) else self.target

    def members(self):
        """Who takes part, each as a peer and a task."""
        members = [(self.ours, self.task), (self.peer, self.other_task or self.task)]
        return members + [(self.by_hand, self.task)] if self.by_hand else members


CALLS, CALLS_OF_STATUS = "calls of sysfd, by hand", "calls of sysfd status, by hand"


def of_defaults():
    found = []

    def add(what, ours, by_hand, **targets):
        """`targets`: for each peer those of Ratio."""
        for peer, (target, newest) in targets.items():
            name = f"{what} / {'bare vfork+execve' if peer == 'vfork' else peer}"
            found.append(Ratio(name, ours, "vfork+execve" if peer == "vfork" else peer, target,
                               newest, by_hand=by_hand))

    def posix_spawn(newest_bar):
        return Target(0.77, 1.00), Target(newest_bar, 1.20)

    def vfork(bar):
        return Target(bar, 1.50), None

    pidfd_spawn = None, Target(0.90, 1.20)
    add("a new Command: spawn, wait", "sysfd", CALLS,
        posix_spawn=posix_spawn(0.97), pidfd_spawn=pidfd_spawn, vfork=vfork(1.13))
    add("a new Command: status", "sysfd, status", CALLS_OF_STATUS,
        posix_spawn=posix_spawn(0.90), pidfd_spawn=pidfd_spawn, vfork=vfork(1.09))
    add("the same Command: spawn, wait", "sysfd, same Command", CALLS,
        posix_spawn=posix_spawn(0.97), vfork=vfork(1.08))
    add("the same Command: status", "sysfd, same Command, status", CALLS_OF_STATUS,
        posix_spawn=posix_spawn(0.90), vfork=vfork(1.08))
    add("prepared: spawn, wait", "sysfd, prepared", CALLS,
        posix_spawn=posix_spawn(0.97), vfork=vfork(1.08))
    add("prepared: status", "sysfd, prepared, status", CALLS_OF_STATUS,
        posix_spawn=posix_spawn(0.90), vfork=vfork(1.08))
    return found


def of_passed():
    found = []
    for what, ours, bar, by_hand in [
            ("a new Command: spawn, wait", "sysfd", 0.77, CALLS),
            ("a new Command: status", "sysfd, status", 0.77, CALLS_OF_STATUS),
            ("the same Command: spawn, wait", "sysfd, same Command", 0.70, CALLS),
            ("the same Command: status", "sysfd, same Command, status", 0.70, CALLS_OF_STATUS),
            ("prepared: status", "sysfd, prepared, status", 0.70, CALLS_OF_STATUS)]:
        found.append(Ratio(f"5 passed with a swap, all else closed, {what} / posix_spawn", ours,
                           "posix_spawn, mask and closefrom", Target(bar, 1.00),
                           Target(0.92, 1.20), FIVE_SWAPPED, by_hand=by_hand))
    until_return = replace(found[0], name=found[0].name.replace("spawn, wait", "spawn returns"),
                           task=replace(FIVE_SWAPPED, until="return"))
    return found, [until_return]


def of_conditions():
    fresh = replace(THREE_FRESH, descriptors=15000)
    return [
        Ratio("15,000 open: spawn, wait / posix_spawn", "sysfd", "posix_spawn",
              Target(0.10, 0.15), task=MANY_OPEN),
        Ratio("15,000 open: spawn, wait / the same with none", "sysfd", "sysfd",
              Target(1.15, 1.60), task=MANY_OPEN, other_task=Task()),
        Ratio("15,000 open, 3 fresh ones passed: spawn, wait / posix_spawn", "sysfd",
              "posix_spawn, mask and closefrom", Target(0.12, 0.18), task=fresh),
        Ratio("15,000 open, 3 fresh ones passed: spawn, wait / the same with none", "sysfd",
              "sysfd", Target(1.25, 1.75), task=fresh, other_task=THREE_FRESH),
        Ratio("until it returns: spawn_async / posix_spawn", "sysfd, spawn_async", "posix_spawn",
              Target(0.25, 0.38), Target(0.35, 0.55), UNTIL_RETURN),
        Ratio("64 at once: spawn_all, wait / posix_spawn", "sysfd, spawn_all", "posix_spawn",
              Target(0.60, 0.90), Target(0.80, 1.10), BATCH),
        Ratio("4 GiB resident: spawn, wait / the same with none", "sysfd", "sysfd",
              Target(1.10, 1.75), task=Task(memory=4 * GIBIBYTE), other_task=Task())]


# Those of one list are measured together: all their members take turns.
RATIOS = [of_defaults(), *of_passed(), *([each] for each in of_conditions())]
