# SPDX-License-Identifier: MIT
"""Descriptors that have an owner: the module ownedfd."""
from __future__ import annotations

import contextlib
import ctypes
import enum
import errno
import os
import socket as _socket
import warnings
from types import TracebackType
from typing import IO, Any, Optional, Tuple, Type, TypeVar

from . import _declarations as c
from ._library import (
    FileDescriptorLike,
    Text,
    check,
    directory_of,
    encode,
    lib,
    number_of,
    os_error,
)

Self = TypeVar("Self", bound="OwnedFd")


# The flags with which open(2) uses a mode. (O_TMPFILE contains O_DIRECTORY.)
CREATES = os.O_CREAT | os.O_TMPFILE & ~os.O_DIRECTORY


class OwnedFd:
    """A descriptor that this object closes.

    It is close-on-exec. Use fileno() with the functions of `os`, and release() where another object
    becomes the owner: `open(fd.release(), "rb")`, `socket.socket(fileno=fd.release())`.
    """

    _number = -1

    def __init__(self, number: int) -> None:
        """Becomes the owner of an open descriptor."""
        if not isinstance(number, int):
            raise TypeError(f"not the number of a descriptor: {number!r}")
        if check(lib.sysfd_is_open(number)) == 0:
            raise os_error(errno.EBADF)
        self._number = number

    def fileno(self) -> int:
        """The number. ValueError: it is closed or released."""
        if self._number < 0:
            raise ValueError(f"this {type(self).__name__} is closed")
        return self._number

    @property
    def closed(self) -> bool:
        return self._number < 0

    def release(self) -> int:
        """Gives the descriptor to the caller, who closes it."""
        number = self.fileno()
        self._number = -1
        return number

    detach = release

    def close(self) -> None:
        """close(2), once. Reports lost data as an OSError. The number is free also then."""
        number, self._number = self._number, -1
        if number >= 0:
            check(lib.sysfd_close_take(number))

    def file(self, mode: str = "rb", **options: Any) -> IO[Any]:
        """A Python file that becomes the owner. The options are those of open()."""
        file: IO[Any] = os.fdopen(self.fileno(), mode, **options)
        self._number = -1
        return file

    def duplicate(self: Self) -> Self:
        """fcntl(F_DUPFD_CLOEXEC): the same open file description."""
        return type(self)(check(lib.sysfd_duplicate(self.fileno())))

    @property
    def nonblocking(self) -> bool:
        return is_nonblocking(self)

    @nonblocking.setter
    def nonblocking(self, on: bool) -> None:
        set_nonblocking(self, on)

    @property
    def close_on_exec(self) -> bool:
        return bool(check(lib.sysfd_is_close_on_exec(self.fileno())))

    @close_on_exec.setter
    def close_on_exec(self, on: bool) -> None:
        check(lib.sysfd_set_close_on_exec(self.fileno(), on))

    def __enter__(self: Self) -> Self:
        self.fileno()
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {'closed' if self._number < 0 else self._number}>"

    def __del__(self) -> None:
        if self._number >= 0:
            warnings.warn(f"unclosed {self!r}", ResourceWarning, source=self)
            with contextlib.suppress(OSError):
                self.close()


class Resolve(enum.IntFlag):
    """What a path may lead through: RESOLVE_... of openat2(2)."""

    NO_MOUNT_POINTS = c.SYSFD_RESOLVE_NO_MOUNT_POINTS
    NO_MAGIC_LINKS = c.SYSFD_RESOLVE_NO_MAGIC_LINKS
    NO_SYMLINKS = c.SYSFD_RESOLVE_NO_SYMLINKS
    BENEATH = c.SYSFD_RESOLVE_BENEATH
    IN_ROOT = c.SYSFD_RESOLVE_IN_ROOT


def open(
    path: Text,
    flags: int = os.O_RDONLY,
    mode: int = 0o666,
    *,
    dir_fd: Optional[FileDescriptorLike] = None,
    resolve: int = 0,
) -> OwnedFd:
    """openat(2), or openat2(2) if `resolve` is a set of Resolve."""
    directory, name = directory_of(dir_fd), encode(path)
    mode = mode if flags & CREATES else 0
    if resolve:
        return OwnedFd(check(lib.sysfd_open_resolve(directory, name, flags, mode, resolve), path))
    return OwnedFd(check(lib.sysfd_open(directory, name, flags, mode), path))


def _pair(function: Any, argument: int) -> Tuple[OwnedFd, OwnedFd]:
    fds = (ctypes.c_int * 2)()
    check(function(argument, fds))
    return OwnedFd(fds[0]), OwnedFd(fds[1])


def pipe(flags: int = 0) -> Tuple[OwnedFd, OwnedFd]:
    """pipe2(2): the end for reading, and the end for writing."""
    return _pair(lib.sysfd_pipe, flags)


def socket_pair(type: int = _socket.SOCK_STREAM) -> Tuple[OwnedFd, OwnedFd]:
    """socketpair(2) of AF_UNIX."""
    return _pair(lib.sysfd_socket_pair, type)


def memfd(name: Text, flags: int = 0) -> OwnedFd:
    """memfd_create(2)."""
    return OwnedFd(check(lib.sysfd_memfd(encode(name), flags)))


def event_fd(initial: int = 0, flags: int = 0) -> OwnedFd:
    """eventfd(2)."""
    return OwnedFd(check(lib.sysfd_event_fd(initial, flags)))


def duplicate(fd: FileDescriptorLike) -> OwnedFd:
    """fcntl(F_DUPFD_CLOEXEC): a second descriptor of the same open file description."""
    return OwnedFd(check(lib.sysfd_duplicate(number_of(fd))))


def replace(number: FileDescriptorLike, source: FileDescriptorLike) -> None:
    """dup3(2): makes `number`, which is open, refer to what `source` refers to."""
    check(lib.sysfd_replace(number_of(number), number_of(source)))


def is_open(number: int) -> bool:
    """fcntl(F_GETFD): whether the number is open."""
    return bool(check(lib.sysfd_is_open(number)))


def is_nonblocking(fd: FileDescriptorLike) -> bool:
    return bool(check(lib.sysfd_is_nonblocking(number_of(fd))))


def set_nonblocking(fd: FileDescriptorLike, on: bool = True) -> None:
    check(lib.sysfd_set_nonblocking(number_of(fd), on))


def open_missing_standard_streams() -> None:
    """Opens /dev/null as each of 0, 1 and 2 that is not open."""
    check(lib.sysfd_open_missing_standard_streams())


def same_description(left: FileDescriptorLike, right: FileDescriptorLike) -> bool:
    """Whether both refer to the same open file description."""
    return bool(check(lib.sysfd_same_description(number_of(left), number_of(right))))


def reopen(fd: FileDescriptorLike, flags: int = os.O_RDONLY) -> OwnedFd:
    """Opens the same file again, with an offset, flags and locks of its own."""
    return OwnedFd(check(lib.sysfd_reopen(number_of(fd), flags)))
