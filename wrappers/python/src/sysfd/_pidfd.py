# SPDX-License-Identifier: MIT
"""Processes, by descriptor: the module pidfd."""
from __future__ import annotations

import ctypes
import enum
import errno
import signal
import time
from dataclasses import dataclass
from typing import (
    Any,
    Callable,
    Generator,
    Iterable,
    NamedTuple,
    Optional,
    Sequence,
    TypeVar,
    Union,
)

from . import _declarations as c
from ._fds import OwnedFd
from ._library import (
    FileDescriptorLike,
    array_of,
    check,
    encode,
    integers,
    interruptible,
    lib,
    number_of,
    retried,
    text_of,
    wait_ready,
    wait_ready_async,
)

Self = TypeVar("Self", bound="PidFd")


@dataclass(frozen=True)
class ExitStatus:
    """How a process ended. `wait_status` is as wait(2) stores it."""

    wait_status: int

    @property
    def success(self) -> bool:
        return bool(check(lib.sysfd_exit_status_success(self.wait_status)))

    @property
    def code(self) -> Optional[int]:
        """The exit code. None: a signal killed it."""
        code: int = lib.sysfd_exit_status_code(self.wait_status)
        return code if code >= 0 else None

    @property
    def signal(self) -> Optional[int]:
        """The signal that killed it. None: it exited."""
        number: int = lib.sysfd_exit_status_signal(self.wait_status)
        if number < 0:
            return None
        try:
            return signal.Signals(number)
        except ValueError:
            return number  # a real-time signal

    @property
    def core_dumped(self) -> bool:
        return bool(check(lib.sysfd_exit_status_core_dumped(self.wait_status)))

    @property
    def returncode(self) -> int:
        """As subprocess.Popen.returncode: the exit code, or the negative number of the signal."""
        code, number = self.code, self.signal
        return code if code is not None else -(number or 0)

    def __str__(self) -> str:
        return text_of(lib.sysfd_exit_status_text, self.wait_status)


class SignalScope(enum.IntEnum):
    """Who gets a signal."""

    PROCESS = c.SYSFD_SIGNAL_PROCESS
    THREAD = c.SYSFD_SIGNAL_THREAD
    THREAD_GROUP = c.SYSFD_SIGNAL_THREAD_GROUP
    PROCESS_GROUP = c.SYSFD_SIGNAL_PROCESS_GROUP


class Namespace(enum.IntFlag):
    """CLONE_NEW...."""

    TIME = c.SYSFD_NAMESPACE_TIME
    MOUNT = c.SYSFD_NAMESPACE_MOUNT
    CGROUP = c.SYSFD_NAMESPACE_CGROUP
    UTS = c.SYSFD_NAMESPACE_UTS
    IPC = c.SYSFD_NAMESPACE_IPC
    USER = c.SYSFD_NAMESPACE_USER
    PID = c.SYSFD_NAMESPACE_PID
    NET = c.SYSFD_NAMESPACE_NET


class Wait(enum.IntFlag):
    """What to wait for."""

    ENDED = c.SYSFD_WAIT_ENDED
    STOPPED = c.SYSFD_WAIT_STOPPED
    CONTINUED = c.SYSFD_WAIT_CONTINUED
    KEEP = c.SYSFD_WAIT_KEEP


class EventKind(enum.IntEnum):
    ENDED = c.SYSFD_EVENT_ENDED
    STOPPED = c.SYSFD_EVENT_STOPPED
    CONTINUED = c.SYSFD_EVENT_CONTINUED
    TRAPPED = c.SYSFD_EVENT_TRAPPED


class WaitEvent(NamedTuple):
    """What has happened to a process, and the resources that it has used: getrusage(2)."""

    kind: EventKind
    status: Optional[ExitStatus]
    signal: int
    pid: int
    user: int
    user_microseconds: int
    system_microseconds: int
    max_resident_kilobytes: int
    minor_faults: int
    major_faults: int
    blocks_in: int
    blocks_out: int
    voluntary_switches: int
    involuntary_switches: int


@dataclass(frozen=True)
class ProcessInfo:
    """What the kernel tells about a process. None: it does not tell."""

    pid: Optional[int]
    process: Optional[int]
    parent: Optional[int]
    exit_status: Optional[ExitStatus]
    cgroup_id: Optional[int]
    user: Optional[int]
    group: Optional[int]
    effective_user: Optional[int]
    effective_group: Optional[int]
    saved_user: Optional[int]
    saved_group: Optional[int]
    file_system_user: Optional[int]
    file_system_group: Optional[int]
    core_dump: Optional[int]
    core_dump_signal: Optional[int]
    core_dump_code: Optional[int]


_INFO_BITS = {
    "pid": c.SYSFD_INFO_PID,
    "process": c.SYSFD_INFO_PROCESS,
    "parent": c.SYSFD_INFO_PARENT,
    "exit_status": c.SYSFD_INFO_EXIT,
    "cgroup_id": c.SYSFD_INFO_CGROUP,
    "core_dump": c.SYSFD_INFO_CORE_DUMP,
    "core_dump_signal": c.SYSFD_INFO_CORE_DUMP_SIGNAL,
    "core_dump_code": c.SYSFD_INFO_CORE_DUMP_CODE,
}


def _event_of(event: c.sysfd_wait_event) -> WaitEvent:
    kind = EventKind(event.kind)
    status = ExitStatus(event.status) if kind == EventKind.ENDED else None
    rest = [getattr(event, name) for name in WaitEvent._fields[3:]]
    return WaitEvent(kind, status, event.signo, *rest)


class ProcessReference:
    """What can be done with a pidfd. It never refers to another process."""

    def fileno(self) -> int:
        raise NotImplementedError

    def send_signal(
        self, signum: int, scope: int = SignalScope.PROCESS, *, value: Optional[int] = None
    ) -> None:
        """pidfd_send_signal(2), with a value as sigqueue(3) sends it."""
        if value is None:
            check(lib.sysfd_pidfd_send_signal(self.fileno(), signum, scope))
        else:
            check(lib.sysfd_pidfd_send_signal_value(self.fileno(), signum, value, scope))

    def kill(self) -> None:
        """Sends SIGKILL."""
        self.send_signal(signal.SIGKILL)

    @property
    def id(self) -> int:
        """The identity, which is not reused until the system is rebooted."""
        found = ctypes.c_uint64()
        check(lib.sysfd_pidfd_id(self.fileno(), ctypes.byref(found)))
        return found.value

    def info(self) -> ProcessInfo:
        """ioctl(PIDFD_GET_INFO)."""
        found = c.sysfd_process_info()
        check(lib.sysfd_pidfd_info(self.fileno(), ctypes.byref(found)))
        values = {}
        for name in ProcessInfo.__dataclass_fields__:
            is_set = found.set & _INFO_BITS.get(name, c.SYSFD_INFO_CREDENTIALS)
            values[name] = getattr(found, name) if is_set else None
        if values["exit_status"] is not None:
            values["exit_status"] = ExitStatus(values["exit_status"])
        return ProcessInfo(**values)

    def get_fd(self, number: int) -> OwnedFd:
        """pidfd_getfd(2): a duplicate of descriptor `number` of that process."""
        return OwnedFd(check(lib.sysfd_pidfd_get_fd(self.fileno(), number)))

    def namespace_fd(self, kind: int) -> OwnedFd:
        return OwnedFd(check(lib.sysfd_pidfd_namespace_fd(self.fileno(), kind)))

    def namespace_for_children(self, kind: int) -> OwnedFd:
        return OwnedFd(check(lib.sysfd_pidfd_namespace_for_children(self.fileno(), kind)))

    def enter_namespaces(self, kinds: int) -> None:
        """setns(2)."""
        check(lib.sysfd_pidfd_enter_namespaces(self.fileno(), kinds))

    def proc_directory(self) -> OwnedFd:
        """Opens the process's directory in /proc."""
        return OwnedFd(check(lib.sysfd_pidfd_proc_directory(self.fileno())))

    def advise_memory(self, ranges: "Sequence[tuple[int, int]]", advice: int) -> int:
        """process_madvise(2) of (address, size) in that process. Returns the number of bytes."""
        array = array_of(c.sysfd_bytes, ranges)
        return check(
            lib.sysfd_pidfd_advise_memory(self.fileno(), array, len(ranges), advice)
        )

    def release_memory(self) -> None:
        """process_mrelease(2), of a process that was killed."""
        check(lib.sysfd_pidfd_release_memory(self.fileno()))

    def same_process(self, other: FileDescriptorLike) -> bool:
        return bool(check(lib.sysfd_same_process(self.fileno(), number_of(other))))

    def wait_event(
        self, what: int = Wait.ENDED, timeout: Optional[float] = None
    ) -> Optional[WaitEvent]:
        """waitid(2), for the kinds of Wait. None: nothing has happened within the timeout."""

        def call(limit: c.sysfd_timeout) -> Optional[WaitEvent]:
            event = c.sysfd_wait_event()
            result = lib.sysfd_pidfd_wait_event_for(
                self.fileno(), ctypes.byref(limit), what, ctypes.byref(event)
            )
            return None if retried(result) is None else _event_of(event)

        return interruptible(call, timeout)

    def try_wait_event(self, what: int = Wait.ENDED) -> Optional[WaitEvent]:
        event = c.sysfd_wait_event()
        result = lib.sysfd_pidfd_try_wait_event(self.fileno(), what, ctypes.byref(event))
        return None if retried(result) is None else _event_of(event)


_TRACED = 0.01  # seconds until the next look at a process whose tracer has not seen its end


def wait_for_end(
    pidfd: FileDescriptorLike,
    try_wait: Callable[[], Optional[ExitStatus]],
    timeout: Optional[float],
) -> ExitStatus:
    end = None if timeout is None else time.monotonic() + timeout
    status = try_wait()
    while status is None:
        left = None if end is None else max(0.0, end - time.monotonic())
        if not wait_ready(pidfd, left):
            raise TimeoutError(errno.ETIMEDOUT, "the process has not ended")
        status = try_wait()
        if status is None:
            time.sleep(_TRACED)
    return status


async def wait_for_end_async(
    pidfd: FileDescriptorLike, try_wait: Callable[[], Optional[ExitStatus]]
) -> ExitStatus:
    import asyncio

    status = try_wait()
    while status is None:
        await wait_ready_async(pidfd)
        status = try_wait()
        if status is None:
            await asyncio.sleep(_TRACED)
    return status


class PidFd(OwnedFd, ProcessReference):
    """A pidfd. Readable when the process has ended: `await pidfd` waits in the event loop."""

    @classmethod
    def open(
        cls: "type[Self]", pid: int, *, nonblocking: bool = False, thread: bool = False
    ) -> Self:
        """pidfd_open(2)."""
        flags = c.SYSFD_PIDFD_NONBLOCKING if nonblocking else 0
        flags |= c.SYSFD_PIDFD_THREAD if thread else 0
        return cls(check(lib.sysfd_pidfd_open(pid, flags)))

    @classmethod
    def self(cls: "type[Self]") -> Self:
        """A pidfd of this process."""
        return cls(check(lib.sysfd_pidfd_self()))

    @classmethod
    def from_id(cls: "type[Self]", id: int) -> Self:
        """The process with this identity."""
        return cls(check(lib.sysfd_pidfd_from_id(id)))

    @classmethod
    def of_peer(cls: "type[Self]", socket: FileDescriptorLike) -> Self:
        """The process at the other end of a socket: SO_PEERPIDFD."""
        return cls(check(lib.sysfd_pidfd_of_peer(number_of(socket))))

    @classmethod
    def adopt(cls: "type[Self]", fd: Union[int, OwnedFd]) -> Self:
        """Becomes the owner of a pidfd. Closes `fd` if it is something else."""
        number = fd.release() if isinstance(fd, OwnedFd) else fd
        return cls(check(lib.sysfd_pidfd_adopt_take(number)))

    @property
    def pid(self) -> int:
        """The process number."""
        return check(lib.sysfd_pidfd_pid(self.fileno()))

    def try_wait(self) -> Optional[ExitStatus]:
        """The status of a child. None: it has not ended yet."""
        status = ctypes.c_int32()
        result = lib.sysfd_pidfd_try_wait(self.fileno(), ctypes.byref(status))
        return None if retried(result) is None else ExitStatus(status.value)

    def wait(self, timeout: Optional[float] = None) -> ExitStatus:
        """Waits for the end of a child, and reaps it. TimeoutError: it has not ended."""
        return wait_for_end(self, self.try_wait, timeout)

    async def wait_async(self) -> ExitStatus:
        """The same in the event loop."""
        return await wait_for_end_async(self, self.try_wait)

    def __await__(self) -> Generator[Any, None, ExitStatus]:
        return self.wait_async().__await__()


def wait_any(
    processes: Iterable[FileDescriptorLike], timeout: Optional[float] = None
) -> Optional[int]:
    """poll(2): the index of one that has ended. None: none has, within the timeout."""
    numbers = [number_of(process) for process in processes]
    array = integers(numbers)

    def call(limit: c.sysfd_timeout) -> Optional[int]:
        return retried(lib.sysfd_pidfd_wait_any(array, len(numbers), ctypes.byref(limit)))

    return interruptible(call, timeout)


def parse_process_id(text: str) -> int:
    """The identity of a process, from a text as process_id_text() returns it."""
    found = ctypes.c_uint64()
    check(lib.sysfd_process_id_parse(encode(text), ctypes.byref(found)))
    return found.value


def process_id_text(id: int) -> str:
    return text_of(lib.sysfd_process_id_text, id)
