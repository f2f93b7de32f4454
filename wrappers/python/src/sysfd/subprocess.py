# SPDX-License-Identifier: MIT
"""The standard module subprocess, whose children are started by sysfd.

    from sysfd import subprocess
    subprocess.run(["sort"], input=b"b\\na\\n", check=True)

All is as in the standard module, whose classes and exceptions these are, except that

- a start does not take longer with more open descriptors or more memory in use,
- a standard stream that is closed in the caller is /dev/null in the child,
- an error of the child that is neither of the program nor of `cwd` (a user that is not allowed) has
  no file name, as since Python 3.13.

`preexec_fn` needs a fork: with it, the standard way is used. install() makes the standard module
itself, and so asyncio and multiprocessing, start children by sysfd.
"""
from __future__ import annotations

import ctypes
import errno
import os
import signal
import subprocess as _standard
import sys
import types
from typing import TYPE_CHECKING, Any, List, NamedTuple, Optional, Sequence

import _posixsubprocess

from . import _declarations as c
from ._command import started
from ._errors import SpawnError
from ._library import check, encode, integers, lib, made, strings

# ---- The arguments of _posixsubprocess.fork_exec(), by version of Python ----

_FIRST = (
    "args",
    "executable_list",
    "close_fds",
    "fds_to_keep",
    "cwd",
    "env_list",
    "p2cread",
    "p2cwrite",
    "c2pread",
    "c2pwrite",
    "errread",
    "errwrite",
    "errpipe_read",
    "errpipe_write",
    "restore_signals",
    "start_new_session",
)
_IDENTITY = ("gid", "gids", "uid", "umask", "preexec_fn")
_PARAMETERS = {
    (3, 9): (*_FIRST, *_IDENTITY),
    (3, 10): (*_FIRST, *_IDENTITY),
    (3, 11): (*_FIRST, "process_group", *_IDENTITY, "allow_vfork"),
    (3, 12): (*_FIRST, "process_group", *_IDENTITY, "allow_vfork"),
    (3, 13): (*_FIRST, "process_group", *_IDENTITY, "allow_vfork"),
}
try:
    PARAMETERS = _PARAMETERS[sys.version_info[:2]]
except KeyError:
    raise ImportError(
        "sysfd.subprocess works with Python 3.9 to 3.13, not with "
        f"{sys.version_info[0]}.{sys.version_info[1]}: use sysfd.spawn()"
    ) from None

_standard_fork_exec = _posixsubprocess.fork_exec
# The environment of the process: an array that ends with a null pointer.
_environ = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.pythonapi, "environ")
_RESTORED = [
    getattr(signal, name) for name in ("SIGPIPE", "SIGXFZ", "SIGXFSZ") if hasattr(signal, name)
]


class _Search(NamedTuple):
    program: bytes
    directories: Optional[List[bytes]] = None


def fork_exec(*arguments: Any) -> int:
    """What _posixsubprocess.fork_exec() does, by sysfd. Returns the process number.

    The errors that the standard child would write to its pipe are raised here.
    """
    call = types.SimpleNamespace(**dict(zip(PARAMETERS, arguments)))
    # It knows best what is wrong with a wrong number of arguments.
    if len(arguments) != len(PARAMETERS) or call.preexec_fn is not None:
        return _standard_fork_exec(*arguments)
    _check_fds_to_keep(call.fds_to_keep)
    candidates = [_bytes(each) for each in call.executable_list]
    try:
        return _start_first(call, candidates)
    except SpawnError as error:
        filename = _filename(call, candidates, error.step)
        details = () if filename is None else (filename,)
        assert error.errno is not None
        raise OSError(error.errno, os.strerror(error.errno), *details) from error


def _check_fds_to_keep(numbers: Sequence[Any]) -> None:
    before = -1
    for number in numbers:
        if not isinstance(number, int) or not before < number < 2**31:
            raise ValueError("bad value(s) in fds_to_keep")
        before = number


def _bytes(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError(f"expected bytes, {type(value).__name__} found")
    return encode(value)


def _start_first(call: Any, candidates: List[bytes]) -> int:
    """Starts the first of these programs that can be executed."""
    name = os.path.basename(candidates[0])
    if len(candidates) > 1 and name and all(os.path.basename(each) == name for each in candidates):
        try:
            directories = [os.path.dirname(each) or b"." for each in candidates]
            return _start(call, _Search(name, directories))
        except SpawnError as error:
            if error.step != "exec" or error.errno == errno.EACCES:
                raise
            if error.errno == errno.ENOENT:
                candidates = candidates[-1:]  # whose error it is, if none is there
    # One by one: the first error counts that is not about a missing file, or else the last.
    first: Optional[SpawnError] = None
    last: Optional[SpawnError] = None
    for candidate in candidates:
        try:
            return _start(call, _Search(candidate if b"/" in candidate else b"./" + candidate))
        except SpawnError as error:
            if error.step != "exec":
                raise
            last = error
            if first is None and error.errno not in (errno.ENOENT, errno.ENOTDIR):
                first = error
    chosen = first or last
    assert chosen is not None
    raise chosen


def _filename(call: Any, candidates: List[bytes], step: str) -> Any:
    """What the error is about: the program as the caller has named it, or the directory."""
    if step == "working_directory":
        return call.cwd
    if step not in ("program", "argument", "environment", "exec"):
        return None
    name = candidates[0] if len(candidates) == 1 else os.path.basename(candidates[0])
    given = os.fsencode(call.args[0]) if call.args else b""
    if given in (name, os.path.basename(candidates[0])):
        return call.args[0]
    return os.fsdecode(name)


def _start(call: Any, search: _Search) -> int:
    command = made(lib.sysfd_command_new, search.program)
    try:
        if search.directories is not None:
            lib.sysfd_command_search_directories(command, strings(search.directories))
        _set_arguments(command, call)
        _set_descriptors(command, call)
        _set_attributes(command, call)
        child = started(lib.sysfd_command_spawn, command)
    finally:
        lib.sysfd_command_free(command)
    # The caller waits for it by its number.
    pid = check(lib.sysfd_child_pid(child))
    os.close(check(lib.sysfd_child_detach_release(child)))
    lib.sysfd_child_free(child)
    return pid


def _set_arguments(command: ctypes.c_void_p, call: Any) -> None:
    words = list(call.args)
    if words:
        lib.sysfd_command_argument0(command, encode(words[0]))
        lib.sysfd_command_args(command, strings(words[1:]))
    if call.env_list is not None:
        lib.sysfd_command_environment(command, strings([_bytes(each) for each in call.env_list]))
    elif _environ:
        lib.sysfd_command_environment(command, _environ)
    else:
        lib.sysfd_command_clear_env(command)
    if call.cwd is not None:
        cwd = encode(call.cwd)
        lib.sysfd_command_working_directory(command, cwd, c.SYSFD_BEFORE_IDENTITY)


def _set_descriptors(command: ctypes.c_void_p, call: Any) -> None:
    setters = (
        lib.sysfd_command_stdin_from_borrow,
        lib.sysfd_command_stdout_to_borrow,
        lib.sysfd_command_stderr_to_borrow,
    )
    streams = [call.p2cread, call.c2pwrite, call.errwrite]
    kept = [number for number in call.fds_to_keep if number != call.errpipe_write]
    for number, (set_stream, fd) in enumerate(zip(setters, streams)):
        if fd != -1:
            set_stream(command, fd)
        elif number in kept:
            set_stream(command, number)  # also if it is close-on-exec
    if not call.close_fds:
        lib.sysfd_command_inherit_descriptors(command, integers([]), 0)
    for number in kept:
        if number > 2:
            lib.sysfd_command_pass_borrow(command, number, number)


def _set_attributes(command: ctypes.c_void_p, call: Any) -> None:
    # The standard child keeps the mask, and what is ignored.
    signals = c.sysfd_signals(flags=c.SYSFD_SIGNALS_INHERIT_MASK)
    unchanged = [signal.SIGCHLD] if call.restore_signals else [signal.SIGCHLD, *_RESTORED]
    signals.unchanged, signals.unchanged_count = integers(unchanged), len(unchanged)
    if call.restore_signals:
        signals.to_default, signals.to_default_count = integers(_RESTORED), len(_RESTORED)
    lib.sysfd_command_signals(command, ctypes.byref(signals))

    session = c.sysfd_session()
    if call.start_new_session:
        session.flags |= c.SYSFD_SESSION_NEW
    if getattr(call, "process_group", -1) >= 0:
        session.flags |= c.SYSFD_SESSION_PROCESS_GROUP
        session.process_group = call.process_group
    if session.flags:
        lib.sysfd_command_session(command, ctypes.byref(session))

    identity = c.sysfd_identity()
    if call.uid is not None:
        identity.user = call.uid
        identity.flags |= c.SYSFD_IDENTITY_USER
    if call.gid is not None:
        identity.group = call.gid
        identity.flags |= c.SYSFD_IDENTITY_GROUP
    if call.gids is not None:
        try:
            identity.groups = integers(call.gids, ctypes.c_uint32)
        except OverflowError:
            raise ValueError("invalid group id") from None
        identity.group_count = len(call.gids)
        identity.flags |= c.SYSFD_IDENTITY_GROUPS
    elif identity.flags:
        identity.flags |= c.SYSFD_IDENTITY_KEEP_GROUPS
    if identity.flags:
        lib.sysfd_command_identity(command, ctypes.byref(identity))

    if call.umask >= 0:
        resources = c.sysfd_resources(flags=c.SYSFD_RESOURCES_UMASK, umask=call.umask)
        lib.sysfd_command_resources(command, ctypes.byref(resources))


# ---- The module ----

__all__ = [*_standard.__all__, "install", "uninstall"]

if TYPE_CHECKING:
    from subprocess import *
else:
    # Copies of the functions of the standard module, which find this module's names.
    _names = {**vars(_standard), "_USE_POSIX_SPAWN": False, "_fork_exec": fork_exec}
    _names["_posixsubprocess"] = types.SimpleNamespace(fork_exec=fork_exec)

    def _copy(function):
        code, defaults, closure = function.__code__, function.__defaults__, function.__closure__
        made_function = types.FunctionType(code, _names, function.__name__, defaults, closure)
        made_function.__kwdefaults__ = function.__kwdefaults__
        made_function.__doc__ = function.__doc__
        made_function.__module__ = __name__
        return made_function

    class Popen(_standard.Popen):
        __doc__ = _standard.Popen.__doc__
        _execute_child = _copy(_standard.Popen._execute_child)

    _names["Popen"] = Popen
    for _name in ("run", "call", "check_call", "check_output", "getoutput", "getstatusoutput"):
        _names[_name] = globals()[_name] = _copy(getattr(_standard, _name))
    for _name in _standard.__all__:
        globals().setdefault(_name, getattr(_standard, _name))

    def __getattr__(name):
        return getattr(_standard, name)


_uses_posix_spawn = getattr(_standard, "_USE_POSIX_SPAWN", False)


def install() -> None:
    """Makes the standard module, asyncio and multiprocessing start children by sysfd."""
    _replace(fork_exec, False)


def uninstall() -> None:
    """Undoes install()."""
    _replace(_standard_fork_exec, _uses_posix_spawn)


def _replace(function: Any, uses_posix_spawn: bool) -> None:
    setattr(_posixsubprocess, "fork_exec", function)
    setattr(_standard, "_USE_POSIX_SPAWN", uses_posix_spawn)
    if hasattr(_standard, "_fork_exec"):
        setattr(_standard, "_fork_exec", function)
