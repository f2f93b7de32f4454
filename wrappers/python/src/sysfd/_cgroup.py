# SPDX-License-Identifier: MIT
"""Control groups, and children of which nothing survives: the module cgroup."""
from __future__ import annotations

import ctypes
import enum
import errno
import os
from dataclasses import dataclass
from typing import Any, List, Optional, Sequence, Tuple

from . import _declarations as c
from ._fds import OwnedFd
from ._library import (
    FileDescriptorLike,
    Handle,
    Text,
    array_of,
    check,
    encode,
    interruptible,
    lib,
    number_of,
)
from ._pidfd import ExitStatus, PidFd

UNLIMITED = c.SYSFD_UNLIMITED


class Controller(enum.IntFlag):
    CPU = c.SYSFD_CONTROLLER_CPU
    CPUSET = c.SYSFD_CONTROLLER_CPUSET
    IO = c.SYSFD_CONTROLLER_IO
    MEMORY = c.SYSFD_CONTROLLER_MEMORY
    PIDS = c.SYSFD_CONTROLLER_PIDS
    HUGETLB = c.SYSFD_CONTROLLER_HUGETLB


_STEPS = {
    c.SYSFD_CGROUP_FIND: "find",
    c.SYSFD_CGROUP_OPEN: "open",
    c.SYSFD_CGROUP_CREATE: "create",
    c.SYSFD_CGROUP_ENABLE: "enable",
    c.SYSFD_CGROUP_LIMIT: "limit",
    c.SYSFD_CGROUP_MOVE: "move",
    c.SYSFD_CGROUP_KILL: "kill",
    c.SYSFD_CGROUP_FREEZE: "freeze",
    c.SYSFD_CGROUP_READ: "read",
    c.SYSFD_CGROUP_WAIT: "wait",
    c.SYSFD_CGROUP_REMOVE: "remove",
    c.SYSFD_CGROUP_START: "start",
}


class CgroupError(OSError):
    """Something cannot be done with a cgroup. Its text tells what would help, if that is known.

    `step` is one of "find", "open", "create", "enable", "limit", "move", "kill", "freeze", "read",
    "wait", "remove" and "start".
    """

    step = ""


def _checked(function: Any, *arguments: Any) -> int:
    """Calls a function whose last parameter is its error."""
    error = c.sysfd_error()
    result: int = function(*arguments, ctypes.byref(error))
    if result >= 0:
        return result
    text = error.text.decode(errors="surrogateescape")
    made_error = CgroupError(-result, text or os.strerror(-result))
    if error.code:
        made_error.step = _STEPS.get(error.kind, "")
    raise made_error


@dataclass(frozen=True)
class IoLimit:
    """For one block device; in a second. None stays as it is. UNLIMITED: no limit."""

    major: int
    minor: int
    read_bytes: Optional[int] = None
    write_bytes: Optional[int] = None
    read_operations: Optional[int] = None
    write_operations: Optional[int] = None

    def _raw(self) -> c.sysfd_io_limit:
        raw = c.sysfd_io_limit(major=self.major, minor=self.minor)
        for name in ("read_bytes", "write_bytes", "read_operations", "write_operations"):
            value = getattr(self, name)
            if value is not None:
                raw.flags |= getattr(c, f"SYSFD_IO_LIMIT_{name.upper()}")
                setattr(raw, name, value)
        return raw


@dataclass(frozen=True)
class CgroupLimits:
    """What the processes of a cgroup may use. None stays as it is. UNLIMITED: no limit."""

    memory_max: Optional[int] = None  # bytes; above it, the OOM killer kills
    memory_high: Optional[int] = None  # bytes; above it, processes are slowed down
    swap_max: Optional[int] = None  # bytes
    kills_all: Optional[bool] = None  # the OOM killer kills the whole cgroup
    pids_max: Optional[int] = None  # processes and threads
    # Microseconds of processor time in each period of so many microseconds.
    cpu_max: Optional[Tuple[int, int]] = None
    cpu_weight: Optional[int] = None  # 1 to 10000; 100 is usual
    io_max: Sequence[IoLimit] = ()

    def _raw(self) -> c.sysfd_cgroup_limits:
        raw = c.sysfd_cgroup_limits()
        for name in (
            "memory_max", "memory_high", "swap_max", "kills_all", "pids_max", "cpu_weight",
        ):  # fmt: skip
            value = getattr(self, name)
            if value is not None:
                raw.flags |= getattr(c, f"SYSFD_LIMIT_{name.upper()}")
                setattr(raw, name, int(value))
        if self.cpu_max is not None:
            raw.flags |= c.SYSFD_LIMIT_CPU_MAX
            raw.cpu_quota_microseconds, raw.cpu_period_microseconds = self.cpu_max
        if self.io_max:
            raw.io_max = array_of(c.sysfd_io_limit, [each._raw() for each in self.io_max])
            raw.io_max_count = len(self.io_max)
        return raw


@dataclass(frozen=True)
class CgroupUsage:
    """What has been used. None: the kernel, or the cgroup, does not tell."""

    memory: Optional[int]  # bytes, as the next two
    memory_peak: Optional[int]
    swap: Optional[int]
    cpu_user: Optional[float]  # seconds
    cpu_system: Optional[float]
    pids: Optional[int]  # processes and threads, also zombies
    pids_peak: Optional[int]


def usage_of(raw: c.sysfd_cgroup_usage) -> CgroupUsage:
    def value(name: str, flag: int) -> Any:
        return getattr(raw, name) if raw.set & flag else None

    def seconds(name: str, flag: int) -> Optional[float]:
        found = value(f"{name}_microseconds", flag)
        return None if found is None else found / 1e6

    return CgroupUsage(
        memory=value("memory", c.SYSFD_USAGE_MEMORY),
        memory_peak=value("memory_peak", c.SYSFD_USAGE_MEMORY_PEAK),
        swap=value("swap", c.SYSFD_USAGE_SWAP),
        cpu_user=seconds("cpu_user", c.SYSFD_USAGE_CPU_USER),
        cpu_system=seconds("cpu_system", c.SYSFD_USAGE_CPU_SYSTEM),
        pids=value("pids", c.SYSFD_USAGE_PIDS),
        pids_peak=value("pids_peak", c.SYSFD_USAGE_PIDS_PEAK),
    )


@dataclass(frozen=True)
class CgroupEvents:
    """What has happened in a cgroup and below. None: the kernel, or the cgroup, does not tell."""

    populated: bool  # there are processes that have not ended
    frozen: bool
    oom: Optional[int]
    oom_kill: Optional[int]  # how many processes the OOM killer has killed
    oom_group_kill: Optional[int]
    pids_max: Optional[int]  # how many forks were refused


@dataclass(frozen=True)
class CgroupAbilities:
    """What can be done below a cgroup. An obstacle is a sentence with what would help."""

    create_obstacle: Optional[str]
    start_obstacle: Optional[str]
    has_kill: bool
    needs_leaf: bool
    available: Controller
    enabled: Controller
    in_version_1: Controller


class Cgroup(Handle):
    """A control group of version 2. close() of one that was created kills what is left in it, waits
    up to five seconds, and removes it; one that was opened is left alone."""

    _FREE = "sysfd_cgroup_free"

    @classmethod
    def _of(cls, function: Any, *arguments: Any) -> Cgroup:
        pointer = ctypes.c_void_p()
        _checked(function, *arguments, ctypes.byref(pointer))
        return cls(pointer)

    @classmethod
    def own(cls) -> Cgroup:
        """That of the calling thread."""
        return cls._of(lib.sysfd_cgroup_own)

    @classmethod
    def open(cls, path: Text) -> Cgroup:
        return cls._of(lib.sysfd_cgroup_open, encode(path))

    def create(self, name: Text, limits: CgroupLimits = CgroupLimits()) -> Cgroup:
        """mkdir(2): a new one below, with limits."""
        raw = ctypes.byref(limits._raw())
        with self._use() as parent:
            return self._of(lib.sysfd_cgroup_create, parent, encode(name), raw)

    def make_leaf_and_enable(self, name: Text, controllers: int) -> Cgroup:
        """Moves all its processes into a new one below, and then enables the controllers."""
        function = lib.sysfd_cgroup_make_leaf_and_enable
        with self._use() as pointer:
            return self._of(function, pointer, encode(name), int(controllers))

    def _checked(self, function: Any, *arguments: Any) -> int:
        with self._use() as pointer:
            return _checked(function, pointer, *arguments)

    def fileno(self) -> int:
        """The directory, for Command(cgroup=...)."""
        return check(self._call(lib.sysfd_cgroup_fd_borrow))

    def abilities(self) -> CgroupAbilities:
        raw = c.sysfd_cgroup_abilities()
        self._checked(lib.sysfd_cgroup_get_abilities, ctypes.byref(raw))
        return CgroupAbilities(
            create_obstacle=raw.create_text.decode() if raw.create_code else None,
            start_obstacle=raw.start_text.decode() if raw.start_code else None,
            has_kill=bool(raw.flags & c.SYSFD_ABILITY_KILL),
            needs_leaf=bool(raw.flags & c.SYSFD_ABILITY_NEEDS_LEAF),
            available=Controller(raw.available),
            enabled=Controller(raw.enabled),
            in_version_1=Controller(raw.in_version_1),
        )

    def enable(self, controllers: int) -> None:
        """cgroup.subtree_control: enables controllers for the cgroups below."""
        self._checked(lib.sysfd_cgroup_enable, int(controllers))

    def set(self, limits: CgroupLimits) -> None:
        self._checked(lib.sysfd_cgroup_set, ctypes.byref(limits._raw()))

    def kill(self) -> None:
        """cgroup.kill: SIGKILL for all processes in it and below. Does not wait."""
        self._checked(lib.sysfd_cgroup_kill)

    def freeze(self, timeout: Optional[float] = 5.0) -> None:
        """Stops all processes, and waits until they are. TimeoutError: they go on stopping."""
        self._wait(lib.sysfd_cgroup_freeze, timeout)

    def thaw(self) -> None:
        self._checked(lib.sysfd_cgroup_thaw)

    def wait_empty(self, timeout: Optional[float] = None) -> None:
        """Waits until no process is left but zombies. TimeoutError: there are some."""
        self._wait(lib.sysfd_cgroup_wait_empty, timeout)

    def _wait(self, function: Any, timeout: Optional[float]) -> None:
        interruptible(lambda limit: self._checked(function, ctypes.byref(limit)), timeout)

    def processes(self) -> List[PidFd]:
        """Pidfds of the processes in it and below."""
        capacity = 64
        while True:
            numbers = (ctypes.c_int * capacity)()
            try:
                count = self._checked(lib.sysfd_cgroup_processes, capacity, numbers)
            except CgroupError as error:
                if error.errno != errno.ERANGE:
                    raise
                capacity *= 4
                continue
            return [PidFd(number) for number in numbers[:count]]

    def usage(self) -> CgroupUsage:
        raw = c.sysfd_cgroup_usage()
        self._checked(lib.sysfd_cgroup_get_usage, ctypes.byref(raw))
        return usage_of(raw)

    def events(self) -> CgroupEvents:
        raw = c.sysfd_cgroup_events()
        self._checked(lib.sysfd_cgroup_get_events, ctypes.byref(raw))
        return CgroupEvents(
            populated=bool(raw.populated),
            frozen=bool(raw.frozen),
            oom=raw.oom if raw.set & c.SYSFD_EVENTS_OOM else None,
            oom_kill=raw.oom_kill if raw.set & c.SYSFD_EVENTS_OOM_KILL else None,
            oom_group_kill=(
                raw.oom_group_kill if raw.set & c.SYSFD_EVENTS_OOM_GROUP_KILL else None
            ),
            pids_max=raw.pids_max if raw.set & c.SYSFD_EVENTS_PIDS_MAX else None,
        )

    def open_events(self) -> OwnedFd:
        """cgroup.events: poll(2) reports POLLPRI when it has changed. See rearm()."""
        return OwnedFd(self._checked(lib.sysfd_cgroup_open_events))

    def open_memory_events(self) -> OwnedFd:
        """memory.events: the same."""
        return OwnedFd(self._checked(lib.sysfd_cgroup_open_memory_events))

    @staticmethod
    def rearm(events: FileDescriptorLike) -> None:
        """poll(2) reports what changes from now on. Call events() afterwards."""
        _checked(lib.sysfd_cgroup_rearm, number_of(events))

    def remove(self) -> None:
        """rmdir(2): removes it and those below. There must be no processes."""
        self._checked(lib.sysfd_cgroup_remove)

    def keep(self) -> None:
        """Leaves it and its processes alone when this is closed."""
        check(self._call(lib.sysfd_cgroup_keep))

    def sweep_trees(self) -> int:
        """Kills and removes what is left below of contained children whose owners were killed.
        Returns how many."""
        return self._checked(lib.sysfd_sweep_trees)


# ---- Children of which nothing survives ----


@dataclass(frozen=True)
class Containment:
    """The child and all that it starts are one tree, which ends together: Command(contain=...).

    For Pipeline(contain=...), that are all stages and all that they start.
    """

    # False: all of it in a new pid namespace, or the start fails. True: what is possible here.
    best_effort: bool = False
    # A subreaper: process numbers, users and /proc are the caller's. Not together with best_effort.
    same_namespaces: bool = False
    dies_with_owner: bool = True
    own_proc: bool = True  # /proc shows the tree only
    limits: CgroupLimits = CgroupLimits()  # of the whole tree
    own_cgroup: bool = False  # also without limits
    parent: Optional[Cgroup] = None  # where its cgroup is created; None: in the caller's

    def _set(self, function: Any, target: ctypes.c_void_p) -> int:
        if self.best_effort and self.same_namespaces:
            raise ValueError("Containment: best_effort and same_namespaces exclude each other")
        raw = c.sysfd_containment()
        raw.reach = c.SYSFD_REACH_BEST_EFFORT if self.best_effort else c.SYSFD_REACH_WHOLE_TREE
        raw.reach = c.SYSFD_REACH_SAME_NAMESPACES if self.same_namespaces else raw.reach
        raw.flags |= 0 if self.dies_with_owner else c.SYSFD_CONTAIN_OUTLIVES_OWNER
        raw.flags |= 0 if self.own_proc else c.SYSFD_CONTAIN_CALLERS_PROC
        raw.flags |= c.SYSFD_CONTAIN_OWN_CGROUP if self.own_cgroup else 0
        limits = self.limits._raw()
        raw.limits = ctypes.pointer(limits)
        if self.parent is not None:
            with self.parent._use() as parent:
                raw.parent = parent
        return int(function(target, ctypes.byref(raw)))


class ContainmentKind(enum.IntEnum):
    """How a tree is kept together, from the strongest to the weakest."""

    PID_NAMESPACE = c.SYSFD_CONTAINED_BY_PID_NAMESPACE
    USER_AND_PID_NAMESPACE = c.SYSFD_CONTAINED_BY_USER_AND_PID_NAMESPACE
    SUBREAPER = c.SYSFD_CONTAINED_BY_SUBREAPER
    NONE = c.SYSFD_NOT_CONTAINED


class EndReason(enum.IntEnum):
    """Why a child has ended. Only what is certain."""

    NOT_KNOWN = c.SYSFD_END_NOT_KNOWN
    EXITED = c.SYSFD_END_EXITED
    SIGNAL = c.SYSFD_END_SIGNAL
    CORE_DUMP = c.SYSFD_END_CORE_DUMP
    TIMEOUT = c.SYSFD_END_TIMEOUT
    OUT_OF_MEMORY = c.SYSFD_END_OUT_OF_MEMORY


@dataclass(frozen=True)
class Ending:
    reason: EndReason
    status: Optional[ExitStatus]
    oom_kills: Optional[int]  # of a tree with a cgroup of its own, as the next one
    refused_forks: Optional[int]


def ending_of(raw: c.sysfd_ending) -> Ending:
    return Ending(
        reason=EndReason(raw.reason),
        status=ExitStatus(raw.status) if raw.set & c.SYSFD_ENDING_STATUS else None,
        oom_kills=raw.oom_kills if raw.set & c.SYSFD_ENDING_OOM_KILLS else None,
        refused_forks=raw.refused_forks if raw.set & c.SYSFD_ENDING_REFUSED_FORKS else None,
    )
