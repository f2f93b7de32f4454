# SPDX-License-Identifier: MIT
"""Child processes."""
from __future__ import annotations

import ctypes
import enum
import errno
import os
import sys
from dataclasses import dataclass, field
from typing import IO, Any, Callable, Dict, Generator, List, Optional, Union

from . import _declarations as c
from ._cgroup import CgroupUsage, ContainmentKind, Ending, ending_of, usage_of
from ._library import (
    Buffer,
    Handle,
    check,
    interruptible,
    lib,
    made,
    os_error,
    retried,
    text_of,
    timeout_of,
)
from ._pidfd import ExitStatus, PidFd, ProcessReference, wait_for_end, wait_for_end_async
from ._sharing import UNLIMITED


class DropPolicy(enum.IntEnum):
    """What close() does to a child that runs."""

    KILL = c.SYSFD_DROP_KILL
    TERMINATE = c.SYSFD_DROP_TERMINATE
    WAIT = c.SYSFD_DROP_WAIT
    DETACH = c.SYSFD_DROP_DETACH


@dataclass(frozen=True)
class Output:
    """How a program ended, and what it wrote."""

    stdout: bytes = field(repr=False)
    stderr: bytes = field(repr=False)
    # Of a pipeline: of the first stage that failed. None: there is none, and `error` tells why.
    status: Optional[ExitStatus]
    error: Optional[OSError]
    # Of each stage of a pipeline; of one program, its own.
    stages: List[Union[ExitStatus, OSError]]
    success: bool  # it ended with exit code 0, and in time
    stdout_cut: bool
    stderr_cut: bool
    timed_out: bool
    kill_error: Optional[OSError]  # why it could not be killed
    input_taken: int
    text: str = field(repr=False)
    terminal: bytes = field(default=b"", repr=False)  # what was written to a new terminal
    terminal_cut: bool = False
    ending: Optional[Ending] = None  # why it has ended; None: of a pipeline

    def __str__(self) -> str:
        return self.text


def _output_of(pointer: ctypes.c_void_p) -> Output:
    """Copies what an output holds, and frees it."""
    try:
        info = c.sysfd_output_info()
        check(lib.sysfd_output_get(pointer, ctypes.byref(info)))
        stages: List[Union[ExitStatus, OSError]] = []
        for stage in range(info.stages):
            status = ctypes.c_int32()
            result = lib.sysfd_output_stage(pointer, stage, ctypes.byref(status))
            stages.append(ExitStatus(status.value) if result == 0 else os_error(-result))
        return Output(
            stdout=ctypes.string_at(info.out, info.out_size) if info.out_size else b"",
            stderr=ctypes.string_at(info.err, info.err_size) if info.err_size else b"",
            status=None if info.status_code else ExitStatus(info.status),
            error=os_error(info.status_code) if info.status_code else None,
            stages=stages,
            success=bool(info.flags & c.SYSFD_OUTPUT_SUCCESS),
            stdout_cut=bool(info.flags & c.SYSFD_OUTPUT_OUT_CUT),
            stderr_cut=bool(info.flags & c.SYSFD_OUTPUT_ERR_CUT),
            timed_out=bool(info.flags & c.SYSFD_OUTPUT_TIMED_OUT),
            kill_error=os_error(info.kill_code) if info.kill_code else None,
            input_taken=info.input_taken,
            text=text_of(lib.sysfd_output_describe, pointer),
            terminal=(
                ctypes.string_at(info.terminal, info.terminal_size) if info.terminal_size else b""
            ),
            terminal_cut=bool(info.flags & c.SYSFD_OUTPUT_TERMINAL_CUT),
            ending=_ending_of(pointer),
        )
    finally:
        lib.sysfd_output_free(pointer)


def _ending_of(output: ctypes.c_void_p) -> Optional[Ending]:
    raw = c.sysfd_ending()
    result = lib.sysfd_output_ending(output, ctypes.byref(raw))
    return None if result == -errno.ENODATA else ending_of(raw)


class Until(enum.IntEnum):
    """When output() and communicate() are over."""

    CHILD_ENDS = c.SYSFD_UNTIL_CHILD_ENDS
    PIPES_CLOSE = c.SYSFD_UNTIL_PIPES_CLOSE  # no process has its streams open any more


class Stream(enum.IntEnum):
    """What a child writes to."""

    STDOUT = c.SYSFD_STREAM_OUT
    STDERR = c.SYSFD_STREAM_ERR
    TERMINAL = c.SYSFD_STREAM_TERMINAL


# Gets what is collected, while the child runs: the stream and a piece as it is read; None at the
# end of the stream. It is called in a thread of its own if the collection was begun in the main
# thread. If it raises an exception, the collection is canceled, and raises that.
Sink = Callable[[Stream, Optional[bytes]], None]


class EachLine:
    """A sink that gets lines without their newlines, in parts of at most `longest` bytes."""

    def __init__(self, function: Sink, longest: int = 1 << 20) -> None:
        self.function = function
        self.longest = max(1, longest)


class _SinkCall:
    """A sink as a function of C."""

    def __init__(self, sink: Union[Sink, EachLine]) -> None:
        self._function = sink.function if isinstance(sink, EachLine) else sink
        self.longest_line = sink.longest if isinstance(sink, EachLine) else 0
        self.error: Optional[BaseException] = None
        self.cancel_fd = -1
        self.of_c = c.sysfd_output_sink(self._take)

    def _take(self, _data: int, stream: int, piece: Optional[int], size: int) -> None:
        if self.error is not None:
            return
        try:
            self._function(Stream(stream), None if piece is None else ctypes.string_at(piece, size))
        except BaseException as error:
            self.error = error
            os.write(self.cancel_fd, (1).to_bytes(8, sys.byteorder))


def collect(
    call: Any,
    input: Optional[Buffer] = None,
    max_size: int = UNLIMITED,
    timeout: Optional[float] = None,
    until: int = Until.CHILD_ENDS,
    grace: float = 0.0,
    sink: Union[Sink, EachLine, None] = None,
) -> Output:
    """Lets `call(options)` return the pointer to an output."""
    data = b"" if input is None else bytes(input)
    sink_call = None if sink is None else _SinkCall(sink)

    def run(limit: c.sysfd_timeout) -> ctypes.c_void_p:
        if sink_call is None:
            return run_with(limit, {})
        members = {"sink": sink_call.of_c, "longest_line": sink_call.longest_line}
        if limit.cancel_fd >= 0:
            sink_call.cancel_fd = limit.cancel_fd
            return run_with(limit, members)
        limit.cancel_fd = sink_call.cancel_fd = check(lib.sysfd_event_fd(0, 0))
        try:
            return run_with(limit, members)
        finally:
            os.close(limit.cancel_fd)

    def run_with(limit: c.sysfd_timeout, members: Dict[str, Any]) -> ctypes.c_void_p:
        options = c.sysfd_output_options(
            input=ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p),
            input_size=len(data),
            max_size=max_size,
            timeout=ctypes.pointer(limit),
            until=until,
            grace=ctypes.pointer(timeout_of(grace)),
            **members,
        )
        pointer: ctypes.c_void_p = call(ctypes.byref(options))
        return pointer

    output = _output_of(interruptible(run, timeout, lib.sysfd_output_free))
    if sink_call is not None and sink_call.error is not None:
        raise sink_call.error
    return output


@dataclass(frozen=True)
class SpawnReport:
    """How a child was started."""

    by_clone3: bool
    isolated_table: bool
    reaps_itself: bool
    killed_with_parent: bool
    busy_retries: int
    copied_memory: bool  # of the caller, below a memory limit


class Process(Handle, ProcessReference):
    """A child process. close(), or the end of a `with` block, does what its drop policy says: it
    kills and reaps a process that runs, unless another policy was set.

    `await process` waits in the event loop. Each method may be called by any thread.
    """

    _FREE = "sysfd_child_free"

    def __init__(self, pointer: ctypes.c_void_p) -> None:
        super().__init__(pointer)
        self._files: Dict[str, IO[bytes]] = {}
        self._status: Optional[ExitStatus] = None
        # The process number, for logs: another process can get it once this one is reaped.
        self.pid = check(self._call(lib.sysfd_child_pid))
        self._pidfd = check(self._call(lib.sysfd_child_pidfd_borrow))

    def __repr__(self) -> str:
        state = "running" if self._status is None else str(self._status)
        return f"<Process {self.pid}: {state}>"

    def fileno(self) -> int:
        """The pidfd, which belongs to this object. Readable when the process has ended."""
        if self._pidfd < 0:
            raise ValueError("the pidfd of this Process is closed")
        return self._pidfd

    @property
    def pidfd(self) -> int:
        return self.fileno()

    # ---- Pipes ----

    def _file(self, name: str, mode: str) -> Optional[IO[bytes]]:
        with self._lock:
            if name in self._files or self._pointer is None:
                return self._files.get(name)
            number = self._call(getattr(lib, f"sysfd_child_{name}_release"))
            if number == -errno.ENOENT:
                return None
            buffering = 0 if mode == "r+b" else -1
            self._files[name] = os.fdopen(check(number), mode, buffering)
            return self._files[name]

    @property
    def stdin(self) -> Optional[IO[bytes]]:
        """The caller's end of a pipe, as a file of this object. None: it has no pipe."""
        return self._file("stdin_pipe", "wb")

    @property
    def stdout(self) -> Optional[IO[bytes]]:
        return self._file("stdout_pipe", "rb")

    @property
    def stderr(self) -> Optional[IO[bytes]]:
        return self._file("stderr_pipe", "rb")

    @property
    def terminal(self) -> Optional[IO[bytes]]:
        """The caller's end of the pseudo-terminal. Reading fails with EIO at its end."""
        return self._file("terminal", "r+b")

    def _close_stdin(self) -> None:
        """Closes the pipe, for which the child may be waiting."""
        with self._lock:
            file = self._files.get("stdin_pipe")
            if file is None:
                number = self._call(lib.sysfd_child_stdin_pipe_release)
                if number >= 0:
                    os.close(number)
                return
        try:
            file.close()
        except BrokenPipeError:
            pass  # the child did not want the rest

    # ---- The end ----

    @property
    def status(self) -> Optional[ExitStatus]:
        """The status that a wait has found."""
        return self._status

    @property
    def returncode(self) -> Optional[int]:
        """As that of subprocess.Popen."""
        return None if self._status is None else self._status.returncode

    def poll(self) -> Optional[ExitStatus]:
        """The status. None: it has not ended yet, or another thread waits for it."""
        if self._lock.acquire(blocking=False):
            try:
                return self._poll()
            finally:
                self._lock.release()
        return self._status

    def _poll(self) -> Optional[ExitStatus]:
        if self._status is None:
            status = ctypes.c_int32()
            result = self._call(lib.sysfd_child_try_wait, ctypes.byref(status))
            if retried(result) is not None:
                self._status = ExitStatus(status.value)
        return self._status

    def wait(self, timeout: Optional[float] = None) -> ExitStatus:
        """Closes stdin, and waits for the end. TimeoutError: it has not ended.

        Reads no pipe: a child that writes more than a pipe holds does not end. See communicate().
        """
        if self._poll() is None:
            self._close_stdin()
        return self._status or wait_for_end(self, self._poll, timeout)

    async def wait_async(self) -> ExitStatus:
        """wait() in the event loop."""
        if self._poll() is None:
            self._close_stdin()
        return self._status or await wait_for_end_async(self, self._poll)

    def __await__(self) -> Generator[Any, None, ExitStatus]:
        return self.wait_async().__await__()

    def terminate(self, grace: Optional[float] = 5.0) -> ExitStatus:
        """Sends SIGTERM, waits, and sends SIGKILL after the grace period. Then returns the status.

        A process that leads a process group is ended with its group.
        """

        def call(limit: c.sysfd_timeout) -> ExitStatus:
            status = ctypes.c_int32()
            check(
                self._call(lib.sysfd_child_terminate, ctypes.byref(limit), ctypes.byref(status))
            )
            return ExitStatus(status.value)

        self._status = interruptible(call, grace)
        self._close_stdin()
        return self._status

    def communicate(
        self,
        input: Optional[Buffer] = None,
        timeout: Optional[float] = None,
        *,
        max_size: int = UNLIMITED,
        until: int = Until.CHILD_ENDS,
        sink: Union[Sink, EachLine, None] = None,
    ) -> Output:
        """Writes the input to stdin, reads stdout and stderr, and waits.

        At the timeout the child goes on, and what was read is returned. The pipes that the caller
        has used as files (`process.stdout`) are left out.
        """
        if "stdin_pipe" in self._files:
            if input is not None:
                raise ValueError("stdin was used as a file: write the input there")
            self._close_stdin()
        function = lib.sysfd_child_communicate

        def call(options: Any) -> ctypes.c_void_p:
            with self._use() as pointer:
                return made(function, pointer, options)

        output = collect(call, input, max_size, timeout, until, sink=sink)
        if output.status is not None:
            self._status = output.status
        return output

    # ---- Others ----

    def send_signal_to_group(self, signum: int) -> None:
        """Signals the process group that the child leads."""
        check(self._call(lib.sysfd_child_send_signal_to_group, signum))

    def kill_cgroup(self) -> None:
        """cgroup.kill: kills all processes in the cgroup that the child was started in."""
        check(self._call(lib.sysfd_child_kill_cgroup))

    def on_drop(self, policy: int, grace: float = 5.0) -> None:
        check(self._call(lib.sysfd_child_on_drop, policy, ctypes.byref(timeout_of(grace))))

    def report(self) -> SpawnReport:
        found = c.sysfd_spawn_report()
        check(self._call(lib.sysfd_child_report, ctypes.byref(found)))
        return SpawnReport(
            by_clone3=bool(found.flags & c.SYSFD_REPORT_BY_CLONE3),
            isolated_table=bool(found.flags & c.SYSFD_REPORT_ISOLATED_TABLE),
            reaps_itself=bool(found.flags & c.SYSFD_REPORT_REAPS_ITSELF),
            killed_with_parent=bool(found.flags & c.SYSFD_REPORT_KILLED_WITH_PARENT),
            busy_retries=found.busy_retries,
            copied_memory=bool(found.flags & c.SYSFD_REPORT_COPIED_MEMORY),
        )

    @property
    def containment(self) -> ContainmentKind:
        """How its tree is kept together."""
        return ContainmentKind(check(self._call(lib.sysfd_child_containment)))

    def ending(self) -> Ending:
        """Why it has ended. BlockingIOError: it was not waited for yet."""
        raw = c.sysfd_ending()
        check(self._call(lib.sysfd_child_ending, ctypes.byref(raw)))
        return ending_of(raw)

    def usage(self) -> CgroupUsage:
        """What a tree with a cgroup of its own uses or has used."""
        raw = c.sysfd_cgroup_usage()
        check(self._call(lib.sysfd_child_usage, ctypes.byref(raw)))
        return usage_of(raw)

    def close_descriptors(self) -> None:
        """Closes the descriptors of a child that was waited for."""
        self._close_files()
        check(self._call(lib.sysfd_child_close_descriptors))
        self._pidfd = -1

    def detach(self) -> PidFd:
        """Gives up the process without ending it, and closes the pipes."""
        number = check(self._call(lib.sysfd_child_detach_release))
        self.close()
        return PidFd(number)

    def _close_files(self) -> None:
        for file in self._files.values():
            try:
                file.close()
            except BrokenPipeError:
                pass  # the child did not want the rest

    def close(self) -> None:
        # First what the policy says: a child that would end by the end of its stdin is killed.
        self._pidfd = -1
        try:
            super().close()
        finally:
            self._close_files()

    def _warning(self) -> Optional[str]:
        return None if self._status is not None else f"{self!r} was not waited for"
