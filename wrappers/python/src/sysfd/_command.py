# SPDX-License-Identifier: MIT
"""Starts programs: the module spawn."""
from __future__ import annotations

import contextlib
import ctypes
import enum
import os
from typing import (
    Any,
    Generator,
    Iterable,
    List,
    Mapping,
    NoReturn,
    Optional,
    Sequence,
    Tuple,
    Union,
)

from . import _declarations as c
from ._cgroup import Containment
from ._errors import SpawnError, spawn_error
from ._library import (
    Buffer,
    FileDescriptorLike,
    Handle,
    Text,
    array_of,
    check,
    encode,
    integers,
    interruptible,
    lib,
    made,
    number_of,
    strings,
    timeout_of,
    wait_ready_async,
)
from ._listen import ListenFds
from ._pidfd import ExitStatus
from ._process import DropPolicy, EachLine, Output, Process, Sink, Until, collect
from ._sharing import UNLIMITED

# The same numbers as those of the module subprocess.
PIPE = -1
STDOUT = -2
DEVNULL = -3
TERMINAL = -4  # a new pseudo-terminal

# Variables for the caller, which its children do not get.
_LISTEN_NAMES = (b"LISTEN_PID", b"LISTEN_PIDFDID", b"LISTEN_FDS", b"LISTEN_FDNAMES")

Stream = Union[None, FileDescriptorLike]
PassFds = Union[Mapping[int, FileDescriptorLike], Iterable[FileDescriptorLike]]


class Search(enum.IntEnum):
    """Where to look for a program whose name has no slash."""

    CHILD_PATH = c.SYSFD_SEARCH_CHILD_PATH
    CALLER_PATH = c.SYSFD_SEARCH_CALLER_PATH
    NOWHERE = c.SYSFD_SEARCH_NOWHERE


def started(function: Any, *arguments: Any, filename: Optional[Text] = None) -> ctypes.c_void_p:
    """Calls a function that starts a program, and raises its SpawnError."""
    pointer, error = ctypes.c_void_p(), c.sysfd_spawn_error()
    result = function(*arguments, ctypes.byref(pointer), ctypes.byref(error))
    if result < 0:
        raise spawn_error(result, error, filename)
    return pointer


def _user(user: Union[int, str]) -> int:
    if isinstance(user, int):
        return user
    import pwd

    return pwd.getpwnam(user).pw_uid


def _group(group: Union[int, str]) -> int:
    if isinstance(group, int):
        return group
    import grp

    return grp.getgrnam(group).gr_gid


class Command(Handle):
    """A program to start, and what it is given. It may be started many times.

    args: the program and its arguments. The program is a path if it has a slash, else a name to
      look for: see `search`.
    executable: another program than args[0], or a descriptor of one.
    stdin, stdout, stderr: a file or a descriptor, PIPE, DEVNULL, TERMINAL, or None for the
      caller's; stderr also STDOUT.
    pass_fds: the other descriptors that the child gets: {number in the child: file}, or those that
      keep their numbers. It gets no others.
    inherit_fds: it gets all that are not close-on-exec. A list of numbers: all but these.
    listen_fds: socket activation: [(name, file)], or a ListenFds.
    cwd, root: a path, or a descriptor of a directory.
    env: the whole environment. Without it, os.environ as it is now, without LISTEN_....
    extra_env: changes of it. None removes a variable.
    user, group, groups, keep_groups, capabilities, iab, securebits, no_capabilities,
      no_new_privileges, seccomp (its instructions as (code, jt, jf, k)): the identity.
    umask, nice, limits ({RLIMIT_...: (soft, hard)}), processors, scheduler (policy, priority),
      io_priority (class, level), oom_score_adjust, timer_slack (nanoseconds): resources.
    new_session, process_group (0: its own), controlling_terminal, foreground_of, terminal (rows,
      columns): the session.
    blocked_signals, default_signals, ignored_signals, unchanged_signals, inherit_mask,
      all_default: the signals. By default none is blocked.
    new_namespaces, user_map, group_map (of (inside, outside, count)), join (of (fd, kinds)),
      host_name, shared_mounts: the namespaces.
    cgroup: a descriptor of the cgroup to create it in.
    landlock: a Ruleset that restricts it, or a descriptor of landlock_create_ruleset(2).
    contain: a Containment, or True for its defaults: all that it starts ends with it.
    on_drop, grace: what close() of the Process does, and how long SIGTERM has.
    kill_with_parent, parent_death_signal, leave_no_zombie, retry_busy.

    Files must stay open while the command is used. See <sysfd/command.hpp> for all the rest.
    """

    _FREE = "sysfd_command_free"

    def __init__(
        self,
        args: Union[Text, Sequence[Text]],
        *,
        executable: Union[None, Text, FileDescriptorLike] = None,
        shell: bool = False,
        search: Union[int, Sequence[Text]] = Search.CHILD_PATH,
        shell_fallback: bool = False,
        stdin: Stream = None,
        stdout: Stream = None,
        stderr: Stream = None,
        pass_fds: PassFds = (),
        inherit_fds: Union[bool, Sequence[int]] = False,
        listen_fds: Union[None, ListenFds, Sequence[Tuple[str, FileDescriptorLike]]] = None,
        cwd: Union[None, Text, FileDescriptorLike] = None,
        cwd_after_identity: bool = False,
        root: Union[None, Text, FileDescriptorLike] = None,
        env: Optional[Mapping[str, str]] = None,
        extra_env: Optional[Mapping[str, Optional[str]]] = None,
        user: Union[None, int, str] = None,
        group: Union[None, int, str] = None,
        groups: Optional[Iterable[Union[int, str]]] = None,
        keep_groups: bool = False,
        capabilities: Optional[str] = None,
        iab: Optional[str] = None,
        securebits: Optional[int] = None,
        no_capabilities: bool = False,
        no_new_privileges: bool = False,
        seccomp: Sequence[Tuple[int, int, int, int]] = (),
        umask: Optional[int] = None,
        nice: Optional[int] = None,
        limits: Optional[Mapping[int, Tuple[int, int]]] = None,
        processors: Sequence[int] = (),
        scheduler: Optional[Tuple[int, int]] = None,
        io_priority: Optional[Tuple[int, int]] = None,
        oom_score_adjust: Optional[int] = None,
        timer_slack: Optional[int] = None,
        new_session: bool = False,
        process_group: Optional[int] = None,
        controlling_terminal: Optional[FileDescriptorLike] = None,
        foreground_of: Optional[FileDescriptorLike] = None,
        terminal: Optional[Tuple[int, int]] = None,
        blocked_signals: Sequence[int] = (),
        default_signals: Sequence[int] = (),
        ignored_signals: Sequence[int] = (),
        unchanged_signals: Sequence[int] = (),
        inherit_mask: bool = False,
        all_default: bool = False,
        new_namespaces: int = 0,
        user_map: Sequence[Tuple[int, int, int]] = (),
        group_map: Sequence[Tuple[int, int, int]] = (),
        join: Sequence[Tuple[FileDescriptorLike, int]] = (),
        host_name: Optional[str] = None,
        shared_mounts: bool = False,
        cgroup: Optional[FileDescriptorLike] = None,
        landlock: Optional[FileDescriptorLike] = None,
        contain: Union[bool, Containment] = False,
        on_drop: int = DropPolicy.KILL,
        grace: float = 5.0,
        kill_with_parent: bool = False,
        parent_death_signal: int = 0,
        leave_no_zombie: bool = False,
        retry_busy: int = 0,
    ) -> None:
        words = [args] if isinstance(args, (str, bytes, os.PathLike)) else list(args)
        if not words:
            raise ValueError("args is empty: it begins with the program")
        if not isinstance(pass_fds, Mapping):
            pass_fds = list(pass_fds)
        self._words = words
        self._cwd = cwd
        # What is borrowed: kept alive with the command.
        self._borrowed: List[Any] = [stdin, stdout, stderr, pass_fds, listen_fds, cwd, root]
        self._borrowed += [executable, controlling_terminal, foreground_of, join, cgroup, landlock]
        self._borrowed.append(contain)
        super().__init__(self._new(words, executable, shell))
        try:
            for value in words[1:]:
                self._set("arg", encode(value))
            if not isinstance(search, int):
                self._set("search_directories", strings(search))
            elif search != Search.CHILD_PATH:
                self._set("search", search)
            if shell_fallback:
                self._set("shell_fallback")
            self._set_descriptors(
                stdin, stdout, stderr, pass_fds, inherit_fds, listen_fds, terminal
            )
            self._set_places(cwd, cwd_after_identity, root, cgroup, env, extra_env)
            self._set_identity(
                user, group, groups, keep_groups, capabilities, iab, securebits,
                no_capabilities, no_new_privileges, seccomp,
            )  # fmt: skip
            self._set_resources(
                umask, nice, limits, processors, scheduler, io_priority, oom_score_adjust,
                timer_slack,
            )  # fmt: skip
            self._set_session(new_session, process_group, controlling_terminal, foreground_of)
            self._set_signals(
                blocked_signals, default_signals, ignored_signals, unchanged_signals,
                inherit_mask, all_default,
            )  # fmt: skip
            self._set_namespaces(
                new_namespaces, user_map, group_map, join, host_name, shared_mounts
            )
            if landlock is not None:
                self._set("landlock_borrow", number_of(landlock))
            if contain:
                containment = Containment() if contain is True else contain
                with self._use() as pointer:
                    containment._set(lib.sysfd_command_contain, pointer)
            if on_drop != DropPolicy.KILL:
                self._set("on_drop", on_drop, ctypes.byref(timeout_of(grace)))
            if kill_with_parent:
                self._set("kill_with_parent")
            if parent_death_signal:
                self._set("parent_death_signal", parent_death_signal)
            if leave_no_zombie:
                self._set("leave_no_zombie")
            if retry_busy:
                self._set("retry_busy", retry_busy)
        except BaseException:
            self.close()
            raise

    def _warning(self) -> None:
        """Needs no close(): it owns nothing but memory."""

    @staticmethod
    def _new(words: List[Text], executable: Any, shell: bool) -> ctypes.c_void_p:
        if shell:
            if executable is not None:
                raise ValueError("`shell` and `executable` exclude each other")
            return made(lib.sysfd_command_new_shell, encode(words[0]))
        if executable is None:
            return made(lib.sysfd_command_new, encode(words[0]))
        if not isinstance(executable, (str, bytes, os.PathLike)):
            function = lib.sysfd_command_new_borrow
            return made(function, number_of(executable), encode(words[0]))
        pointer = made(lib.sysfd_command_new, encode(executable))
        check(lib.sysfd_command_argument0(pointer, encode(words[0])))
        return pointer

    def _set(self, name: str, *arguments: Any) -> None:
        # What is invalid is an error of the start, which knows more about it.
        self._call(getattr(lib, f"sysfd_command_{name}"), *arguments)

    def _set_descriptors(
        self,
        stdin: Stream,
        stdout: Stream,
        stderr: Stream,
        pass_fds: PassFds,
        inherit_fds: Union[bool, Sequence[int]],
        listen_fds: Any,
        terminal: Optional[Tuple[int, int]],
    ) -> None:
        if terminal is not None:
            self._set("terminal", *terminal)
        words = {
            PIPE: c.SYSFD_STDIO_PIPE,
            STDOUT: c.SYSFD_STDIO_LIKE_STDOUT,
            DEVNULL: c.SYSFD_STDIO_NULL,
            TERMINAL: c.SYSFD_STDIO_TERMINAL,
        }
        for name, stream in (("stdin_from", stdin), ("stdout_to", stdout), ("stderr_to", stderr)):
            if stream is None:
                continue
            if stream == STDOUT and name != "stderr_to":
                raise ValueError("STDOUT can be used for stderr only")
            if isinstance(stream, int) and stream in words:
                self._set(name, words[stream])
            else:
                self._set(f"{name}_borrow", number_of(stream))
        if isinstance(pass_fds, Mapping):
            for number, fd in pass_fds.items():
                self._set("pass_borrow", number_of(fd), number)
        else:
            for fd in pass_fds:
                self._set("pass_borrow", number_of(fd), number_of(fd))
        if inherit_fds is not False:
            numbers = [] if inherit_fds is True else list(inherit_fds)
            self._set("inherit_descriptors", integers(numbers), len(numbers))
        if isinstance(listen_fds, ListenFds):
            with listen_fds._use() as given:
                self._set("listen_fds_given_borrow", given)
        elif listen_fds is not None:
            for name, fd in listen_fds:
                self._set("listen_fds_borrow", encode(name), number_of(fd))

    def _set_places(
        self,
        cwd: Any,
        cwd_after_identity: bool,
        root: Any,
        cgroup: Optional[FileDescriptorLike],
        env: Optional[Mapping[str, str]],
        extra_env: Optional[Mapping[str, Optional[str]]],
    ) -> None:
        change = c.SYSFD_AFTER_IDENTITY if cwd_after_identity else c.SYSFD_BEFORE_IDENTITY
        if isinstance(cwd, (str, bytes, os.PathLike)):
            self._set("working_directory", encode(cwd), change)
        elif cwd is not None:
            self._set("working_directory_borrow", number_of(cwd), change)
        if isinstance(root, (str, bytes, os.PathLike)):
            self._set("root_directory", encode(root))
        elif root is not None:
            self._set("root_directory_borrow", number_of(root))
        if cgroup is not None:
            self._set("cgroup_borrow", number_of(cgroup))
        # Not left to the start: another thread of Python could change the environment meanwhile.
        if env is None:
            entries = [
                name + b"=" + value
                for name, value in os.environb.items()
                if name not in _LISTEN_NAMES
            ]
            self._set("environment", strings(entries))
        else:
            self._set("clear_env")
            for key, text in env.items():
                self._set("env", encode(key), encode(text))
        for name, changed in (extra_env or {}).items():
            if changed is None:
                self._set("remove_env", encode(name))
            else:
                self._set("env", encode(name), encode(changed))

    def _set_identity(
        self,
        user: Union[None, int, str],
        group: Union[None, int, str],
        groups: Optional[Iterable[Union[int, str]]],
        keep_groups: bool,
        capabilities: Optional[str],
        iab: Optional[str],
        securebits: Optional[int],
        no_capabilities: bool,
        no_new_privileges: bool,
        seccomp: Sequence[Tuple[int, int, int, int]],
    ) -> None:
        identity = c.sysfd_identity()
        flags = 0
        if user is not None:
            identity.user = _user(user)
            flags |= c.SYSFD_IDENTITY_USER
        if group is not None:
            identity.group = _group(group)
            flags |= c.SYSFD_IDENTITY_GROUP
        if groups is not None:
            numbers = [_group(each) for each in groups]
            identity.groups = integers(numbers, ctypes.c_uint32)
            identity.group_count = len(numbers)
            flags |= c.SYSFD_IDENTITY_GROUPS
        if securebits is not None:
            identity.securebits = securebits
            flags |= c.SYSFD_IDENTITY_SECUREBITS
        if capabilities is not None:
            identity.capabilities = encode(capabilities)
        if iab is not None:
            identity.iab = encode(iab)
        if seccomp:
            identity.seccomp = array_of(c.sysfd_bpf_instruction, seccomp)
            identity.seccomp_count = len(seccomp)
        flags |= c.SYSFD_IDENTITY_KEEP_GROUPS if keep_groups else 0
        flags |= c.SYSFD_IDENTITY_NO_CAPABILITIES if no_capabilities else 0
        flags |= c.SYSFD_IDENTITY_NO_NEW_PRIVILEGES if no_new_privileges else 0
        if flags or seccomp or capabilities is not None or iab is not None:
            identity.flags = flags
            self._set("identity", ctypes.byref(identity))

    def _set_resources(
        self,
        umask: Optional[int],
        nice: Optional[int],
        limits: Optional[Mapping[int, Tuple[int, int]]],
        processors: Sequence[int],
        scheduler: Optional[Tuple[int, int]],
        io_priority: Optional[Tuple[int, int]],
        oom_score_adjust: Optional[int],
        timer_slack: Optional[int],
    ) -> None:
        resources = c.sysfd_resources()
        flags = 0
        if umask is not None:
            resources.umask = umask
            flags |= c.SYSFD_RESOURCES_UMASK
        if nice is not None:
            resources.nice = nice
            flags |= c.SYSFD_RESOURCES_NICE
        if scheduler is not None:
            resources.scheduler_policy, resources.scheduler_priority = scheduler
            flags |= c.SYSFD_RESOURCES_SCHEDULER
        if io_priority is not None:
            resources.io_class, resources.io_level = io_priority
            flags |= c.SYSFD_RESOURCES_IO_PRIORITY
        if oom_score_adjust is not None:
            resources.oom_score_adjust = oom_score_adjust
            flags |= c.SYSFD_RESOURCES_OOM_SCORE_ADJUST
        if timer_slack is not None:
            resources.timer_slack_nanoseconds = timer_slack
            flags |= c.SYSFD_RESOURCES_TIMER_SLACK
        if limits:
            # RLIM_INFINITY of the module resource is -1.
            entries = [
                (resource, 0, soft % 2**64, hard % 2**64)
                for resource, (soft, hard) in limits.items()
            ]
            resources.limits = array_of(c.sysfd_resource_limit, entries)
            resources.limit_count = len(entries)
        if processors:
            resources.processors = integers(processors)
            resources.processor_count = len(processors)
        if flags or limits or processors:
            resources.flags = flags
            self._set("resources", ctypes.byref(resources))

    def _set_session(
        self,
        new_session: bool,
        process_group: Optional[int],
        controlling_terminal: Optional[FileDescriptorLike],
        foreground_of: Optional[FileDescriptorLike],
    ) -> None:
        session = c.sysfd_session()
        if new_session:
            session.flags |= c.SYSFD_SESSION_NEW
        if process_group is not None:
            session.flags |= c.SYSFD_SESSION_PROCESS_GROUP
            session.process_group = process_group
        if controlling_terminal is not None:
            session.controlling_terminal = number_of(controlling_terminal)
        if foreground_of is not None:
            session.foreground_of = number_of(foreground_of)
        if session.flags or controlling_terminal is not None or foreground_of is not None:
            self._set("session", ctypes.byref(session))

    def _set_signals(
        self,
        blocked: Sequence[int],
        default: Sequence[int],
        ignored: Sequence[int],
        unchanged: Sequence[int],
        inherit_mask: bool,
        all_default: bool,
    ) -> None:
        signals = c.sysfd_signals()
        signals.flags |= c.SYSFD_SIGNALS_INHERIT_MASK if inherit_mask else 0
        signals.flags |= c.SYSFD_SIGNALS_ALL_TO_DEFAULT if all_default else 0
        for name, numbers in (
            ("blocked", blocked),
            ("to_default", default),
            ("ignored", ignored),
            ("unchanged", unchanged),
        ):
            setattr(signals, name, integers([*numbers]))
            setattr(signals, f"{name}_count", len(numbers))
        if signals.flags or blocked or default or ignored or unchanged:
            self._set("signals", ctypes.byref(signals))

    def _set_namespaces(
        self,
        create: int,
        user_map: Sequence[Tuple[int, int, int]],
        group_map: Sequence[Tuple[int, int, int]],
        join: Sequence[Tuple[FileDescriptorLike, int]],
        host_name: Optional[str],
        shared_mounts: bool,
    ) -> None:
        if not (create or user_map or group_map or join or host_name is not None):
            return
        namespaces = c.sysfd_namespaces(create=create)
        namespaces.flags = c.SYSFD_NAMESPACES_SHARED_MOUNTS if shared_mounts else 0
        namespaces.user_map = array_of(c.sysfd_id_range, user_map)
        namespaces.user_map_count = len(user_map)
        namespaces.group_map = array_of(c.sysfd_id_range, group_map)
        namespaces.group_map_count = len(group_map)
        joined = [(number_of(fd), kinds) for fd, kinds in join]
        namespaces.join = array_of(c.sysfd_namespace_join, joined)
        namespaces.join_count = len(joined)
        if host_name is not None:
            namespaces.host_name = encode(host_name)
        self._set("namespaces", ctypes.byref(namespaces))

    # ---- Starts ----

    def _start(self, function: Any, *arguments: Any) -> ctypes.c_void_p:
        with self._use() as pointer:
            try:
                return started(function, pointer, *arguments)
            except SpawnError as error:
                raise self._with_filename(error)

    def _with_filename(self, error: SpawnError) -> SpawnError:
        if error.step in ("program", "exec"):
            error.filename = self._words[0]
        elif error.step == "working_directory":
            error.filename = self._cwd
        return error

    def spawn(self) -> Process:
        """clone3(2) and execve(2): returns when the program executes. SpawnError: it does not."""
        return Process(self._start(lib.sysfd_command_spawn))

    def output(
        self,
        input: Optional[Buffer] = None,
        timeout: Optional[float] = None,
        *,
        max_size: int = UNLIMITED,
        until: int = Until.CHILD_ENDS,
        grace: float = 0.0,
        sink: Union[Sink, EachLine, None] = None,
    ) -> Output:
        """Runs the program to its end, and collects what it writes.

        At the timeout it is killed; with `grace` (seconds), SIGTERM asks it to end before. A `sink`
        is called with each piece, or with each line (EachLine), while it runs.
        """
        return collect(
            lambda options: self._start(lib.sysfd_command_output, options),
            input,
            max_size,
            timeout,
            until,
            grace,
            sink,
        )

    def status(self) -> ExitStatus:
        """Runs the program to its end, and returns how it ended."""
        with self.spawn() as process:
            return process.wait()

    def exec(self) -> NoReturn:
        """execve(2): replaces this process by the program. Returns only by a SpawnError."""
        error = c.sysfd_spawn_error()
        result = self._call(lib.sysfd_command_exec, ctypes.byref(error))
        raise self._with_filename(spawn_error(result, error))

    def spawn_async(self) -> PendingProcess:
        """Starts the program, and returns at once: `await` it. Empties the command."""
        function = lib.sysfd_command_spawn_async
        return PendingProcess(self._start(function, c.SYSFD_CONFIRM_BY_DESCRIPTOR))

    def prepare(self) -> PreparedCommand:
        """Prepares the start of many children. Empties the command."""
        return PreparedCommand(self._start(lib.sysfd_command_prepare), self._borrowed)


class PendingProcess(Handle):
    """A child that is being started. `await pending` returns the Process."""

    _FREE = "sysfd_pending_child_free"

    @property
    def pid(self) -> int:
        return check(self._call(lib.sysfd_pending_child_pid))

    def fileno(self) -> int:
        """Readable when the start has succeeded or failed."""
        return check(self._call(lib.sysfd_pending_child_fd_borrow))

    def _finished(self, function: Any, *arguments: Any) -> ctypes.c_void_p:
        with self._use() as pointer:
            return started(function, pointer, *arguments)

    def finish(self, timeout: Optional[float] = None) -> Process:
        """Waits for the end of the start. TimeoutError: it goes on."""
        function = lib.sysfd_pending_child_finish_for
        process = Process(
            interruptible(
                lambda limit: self._finished(function, ctypes.byref(limit)),
                timeout,
                lib.sysfd_child_free,
            )
        )
        self.close()
        return process

    def try_finish(self) -> Optional[Process]:
        """The Process. None: the start goes on."""
        try:
            process = Process(self._finished(lib.sysfd_pending_child_try_finish))
        except BlockingIOError as error:
            if isinstance(error, SpawnError) and error.step == "confirmation":
                return None
            raise
        self.close()
        return process

    async def finish_async(self) -> Process:
        while True:
            process = self.try_finish()
            if process is not None:
                return process
            await wait_ready_async(self)

    def __await__(self) -> Generator[Any, None, Process]:
        return self.finish_async().__await__()

    def cancel(self) -> None:
        """Kills and reaps the child."""
        check(self._call(lib.sysfd_pending_child_cancel))
        self.close()


class PreparedCommand(Handle):
    """A command whose start was prepared. Starts in several threads at once are possible.

    What may differ: `arguments` are appended; `descriptors` replace those of `pass_fds`, in their
    order; `placed` is {number in the child: file, or None for none}; `env` changes variables (None
    removes one); `cwd`.
    """

    _FREE = "sysfd_prepared_command_free"

    def __init__(self, pointer: ctypes.c_void_p, borrowed: List[Any]) -> None:
        super().__init__(pointer)
        self._borrowed = borrowed

    def _warning(self) -> None:
        """Needs no close(): it owns nothing but memory."""

    def _start(self, function: Any, *arguments: Any) -> ctypes.c_void_p:
        # Thread-safe: no lock. Nobody closes it during the call.
        if self._pointer is None:
            raise ValueError("this PreparedCommand is closed")
        return started(function, self._pointer, *arguments)

    def spawn(self, **changes: Any) -> Process:
        function = lib.sysfd_prepared_command_spawn
        return Process(self._start(function, ctypes.byref(_changes(**changes))))

    def output(
        self,
        input: Optional[Buffer] = None,
        timeout: Optional[float] = None,
        *,
        max_size: int = UNLIMITED,
        until: int = Until.CHILD_ENDS,
        grace: float = 0.0,
        sink: Union[Sink, EachLine, None] = None,
        **changes: Any,
    ) -> Output:
        made_changes = _changes(**changes)
        function = lib.sysfd_prepared_command_output
        return collect(
            lambda options: self._start(function, options, ctypes.byref(made_changes)),
            input,
            max_size,
            timeout,
            until,
            grace,
            sink,
        )

    def status(self, **changes: Any) -> ExitStatus:
        with self.spawn(**changes) as process:
            return process.wait()

    def spawn_async(self, **changes: Any) -> PendingProcess:
        function, how = lib.sysfd_prepared_command_spawn_async, c.SYSFD_CONFIRM_BY_DESCRIPTOR
        return PendingProcess(self._start(function, ctypes.byref(_changes(**changes)), how))

    def spawn_all(self, changes: Sequence[Mapping[str, Any]]) -> List[Union[Process, OSError]]:
        """One child for each of the changes."""
        structs = [_changes(**each) for each in changes]
        kind = ctypes.POINTER(c.sysfd_spawn_changes)
        array = (kind * len(structs))(*[ctypes.pointer(each) for each in structs])
        function = lib.sysfd_prepared_command_spawn_all
        return _all(len(structs), lambda *rest: self._call(function, array, len(structs), *rest))


def _changes(
    *,
    arguments: Sequence[Text] = (),
    descriptors: Sequence[FileDescriptorLike] = (),
    placed: Optional[Mapping[int, Optional[FileDescriptorLike]]] = None,
    env: Optional[Mapping[str, Optional[str]]] = None,
    cwd: Optional[Text] = None,
) -> c.sysfd_spawn_changes:
    changes = c.sysfd_spawn_changes()
    if arguments:
        changes.arguments = strings(arguments)
    if descriptors:
        changes.descriptors = integers([number_of(fd) for fd in descriptors])
        changes.descriptor_count = len(descriptors)
    if placed:
        pairs = [(-1 if fd is None else number_of(fd), number) for number, fd in placed.items()]
        changes.placed = array_of(c.sysfd_placed_fd, pairs)
        changes.placed_count = len(pairs)
    if env:
        entries = [name if value is None else f"{name}={value}" for name, value in env.items()]
        changes.environment = strings(entries)
    if cwd is not None:
        changes.working_directory = encode(cwd)
    return changes


def _all(count: int, call: Any) -> List[Union[Process, OSError]]:
    children = (ctypes.c_void_p * count)()
    errors = [c.sysfd_spawn_error() for _ in range(count)]
    pointers = [ctypes.pointer(error) for error in errors]
    check(call(children, array_of(ctypes.POINTER(c.sysfd_spawn_error), pointers)))
    return [
        Process(ctypes.c_void_p(child)) if child else spawn_error(-error.code, error)
        for child, error in zip(children, errors)
    ]


def spawn_all(commands: Sequence[Command]) -> List[Union[Process, OSError]]:
    """Starts all of these. An error is in the place of a process that could not be started."""
    with contextlib.ExitStack() as used:
        array = array_of(ctypes.c_void_p, [used.enter_context(each._use()) for each in commands])
        count, function = len(commands), lib.sysfd_spawn_all
        results = _all(count, lambda *rest: function(array, count, *rest))
    return [
        command._with_filename(each) if isinstance(each, SpawnError) else each
        for command, each in zip(commands, results)
    ]


class Pipeline(Handle):
    """Programs, each of which reads what the one before writes. Empties the commands.

    contain: a Containment, or True for its defaults: all stages, and all that they start, are one
    tree, which ends when the last Process is closed. No Command may have one of its own then.
    """

    _FREE = "sysfd_pipeline_free"

    def __init__(
        self, commands: Sequence[Command], *, contain: Union[bool, Containment] = False
    ) -> None:
        if len(commands) < 2:
            raise ValueError("a pipeline has at least two commands")
        self._count = len(commands)
        self._borrowed = [contain, *(command._borrowed for command in commands)]
        first, second, *others = commands
        function = lib.sysfd_pipeline_new
        with first._use() as one, second._use() as other:
            super().__init__(started(function, one, other))
        for command in others:
            with command._use() as next_one:
                self._start(lib.sysfd_pipeline_append, next_one)
        if contain:
            containment = Containment() if contain is True else contain
            with self._use() as pointer:
                check(containment._set(lib.sysfd_pipeline_contain, pointer))

    def _warning(self) -> None:
        """Needs no close(): it owns nothing but memory."""

    def spawn(self) -> List[Process]:
        """A Process for each stage."""
        children = (ctypes.c_void_p * self._count)()
        count = self._start(lib.sysfd_pipeline_spawn, self._count, children)
        return [Process(ctypes.c_void_p(child)) for child in children[:count]]

    def _start(self, function: Any, *arguments: Any) -> int:
        """Calls a function of this object, and raises its SpawnError."""
        error = c.sysfd_spawn_error()
        result = self._call(function, *arguments, ctypes.byref(error))
        if result < 0:
            raise spawn_error(result, error)
        return result

    def output(
        self,
        input: Optional[Buffer] = None,
        timeout: Optional[float] = None,
        *,
        max_size: int = UNLIMITED,
        until: int = Until.CHILD_ENDS,
        grace: float = 0.0,
        sink: Union[Sink, EachLine, None] = None,
    ) -> Output:
        function = lib.sysfd_pipeline_output
        return collect(
            lambda options: started(lambda *rest: self._call(function, *rest), options),
            input,
            max_size,
            timeout,
            until,
            grace,
            sink,
        )


# ---- Shortcuts ----


def spawn(args: Union[Text, Sequence[Text]], **options: Any) -> Process:
    """Starts a program. The options are those of Command."""
    with Command(args, **options) as command:
        return command.spawn()


def output(
    args: Union[Text, Sequence[Text]],
    *,
    input: Optional[Buffer] = None,
    timeout: Optional[float] = None,
    max_size: int = UNLIMITED,
    until: int = Until.CHILD_ENDS,
    grace: float = 0.0,
    sink: Union[Sink, EachLine, None] = None,
    **options: Any,
) -> Output:
    """Runs a program to its end, and collects what it writes."""
    with Command(args, **options) as command:
        return command.output(
            input, timeout, max_size=max_size, until=until, grace=grace, sink=sink
        )


def status(args: Union[Text, Sequence[Text]], **options: Any) -> ExitStatus:
    """Runs a program to its end, and returns how it ended."""
    with Command(args, **options) as command:
        return command.status()


def reserve_spawn_slots(count: int) -> int:
    """Reserves low descriptor numbers for starts. Returns how many are reserved."""
    return check(lib.sysfd_reserve_spawn_slots(count))


def set_window_size(terminal: FileDescriptorLike, rows: int, columns: int) -> None:
    """ioctl(TIOCSWINSZ)."""
    check(lib.sysfd_set_window_size(number_of(terminal), rows, columns))
