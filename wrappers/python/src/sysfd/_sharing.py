# SPDX-License-Identifier: MIT
"""Files with a position, locks, memory, and messages with descriptors: the module sharing."""
from __future__ import annotations

import ctypes
import enum
import errno
import os
import select
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Iterable, List, Optional, Sequence, Tuple, Type, Union

from . import _declarations as c
from ._fds import CREATES, OwnedFd, is_nonblocking
from ._library import (
    Buffer,
    FileDescriptorLike,
    Handle,
    Text,
    check,
    directory_of,
    encode,
    integers,
    interruptible,
    lib,
    made,
    number_of,
    os_error,
    retried,
    timeout_of,
    wait_ready,
)

UNLIMITED = c.SYSFD_UNLIMITED


def _given(fd: Union[int, OwnedFd]) -> int:
    """The number of a descriptor that its owner gives away."""
    return fd.release() if isinstance(fd, OwnedFd) else fd


def _address(buffer: Any) -> "ctypes.Array[ctypes.c_char]":
    """The memory of a writable buffer."""
    view = memoryview(buffer).cast("B")
    return (ctypes.c_char * len(view)).from_buffer(view)


def _parts(buffers: Sequence[Any], writable: bool) -> "tuple[Any, List[Any]]":
    """An array of sysfd_bytes, and what keeps their memory alive."""
    kept: List[Any] = [_address(each) if writable else bytes(each) for each in buffers]
    array = (c.sysfd_bytes * len(kept))()
    for part, each in zip(array, kept):
        part.data = ctypes.cast(each, ctypes.c_void_p)
        part.size = len(each)
    return array, kept


# ---- Positioned files ----


class PositionedFile(Handle):
    """A file with a position of its own. The ..._at() methods leave the position alone."""

    _FREE = "sysfd_positioned_file_free"

    def __init__(self, fd: Union[int, OwnedFd], position: int = 0) -> None:
        """Becomes the owner of the descriptor."""
        super().__init__(made(lib.sysfd_positioned_file_take, _given(fd), position))

    @classmethod
    def _of(cls, function: Any, *arguments: Any, filename: Optional[Text] = None) -> PositionedFile:
        self = cls.__new__(cls)
        Handle.__init__(self, made(function, *arguments, filename=filename))
        return self

    @classmethod
    def open(
        cls,
        path: Text,
        flags: int = os.O_RDONLY,
        mode: int = 0o666,
        *,
        dir_fd: Optional[FileDescriptorLike] = None,
    ) -> PositionedFile:
        directory = directory_of(dir_fd)
        function = lib.sysfd_positioned_file_open
        mode = mode if flags & CREATES else 0
        return cls._of(function, directory, encode(path), flags, mode, filename=path)

    @classmethod
    def memfd(cls, name: Text, flags: int = 0) -> PositionedFile:
        return cls._of(lib.sysfd_positioned_file_memfd, encode(name), flags)

    @classmethod
    def reopen(cls, fd: FileDescriptorLike, flags: int = os.O_RDONLY) -> PositionedFile:
        return cls._of(lib.sysfd_positioned_file_reopen, number_of(fd), flags)

    def fileno(self) -> int:
        return check(self._call(lib.sysfd_positioned_file_fd_borrow))

    def release(self) -> int:
        """Gives the descriptor to the caller, who closes it."""
        number = check(self._call(lib.sysfd_positioned_file_fd_release))
        self.close()
        return number

    def read(self, size: int, *, nowait: bool = False) -> bytes:
        return self._read(lib.sysfd_positioned_file_read, size, _nowait(nowait))

    def read_at(self, size: int, offset: int, *, nowait: bool = False) -> bytes:
        return self._read(lib.sysfd_positioned_file_read_at, size, offset, _nowait(nowait))

    def _read(self, function: Any, size: int, *arguments: int) -> bytes:
        buffer = ctypes.create_string_buffer(size)
        count = check(self._call(function, buffer, size, *arguments))
        return buffer.raw[:count]

    def read_exact(self, size: int) -> bytes:
        """As many bytes as that, or OSError(ENODATA)."""
        buffer = ctypes.create_string_buffer(size)
        check(self._call(lib.sysfd_positioned_file_read_exact, buffer, size))
        return buffer.raw

    def read_exact_at(self, size: int, offset: int) -> bytes:
        buffer = ctypes.create_string_buffer(size)
        check(self._call(lib.sysfd_positioned_file_read_exact_at, buffer, size, offset))
        return buffer.raw

    def readv_at(self, buffers: Sequence[Any], offset: int, *, nowait: bool = False) -> int:
        """Reads into writable buffers, and returns the number of bytes."""
        array, kept = _parts(buffers, True)
        function = lib.sysfd_positioned_file_readv_at
        return check(self._call(function, array, len(kept), offset, _nowait(nowait)))

    def write(self, data: Buffer) -> int:
        return check(self._call(lib.sysfd_positioned_file_write, bytes(data), len(data)))

    def write_at(self, data: Buffer, offset: int) -> int:
        function = lib.sysfd_positioned_file_write_at
        return check(self._call(function, bytes(data), len(data), offset))

    def writev_at(self, buffers: Sequence[Buffer], offset: int) -> int:
        array, kept = _parts(buffers, False)
        return check(self._call(lib.sysfd_positioned_file_writev_at, array, len(kept), offset))

    def write_all(self, data: Buffer) -> None:
        check(self._call(lib.sysfd_positioned_file_write_all, bytes(data), len(data)))

    def write_all_at(self, data: Buffer, offset: int) -> None:
        function = lib.sysfd_positioned_file_write_all_at
        check(self._call(function, bytes(data), len(data), offset))

    def append(self, data: Buffer) -> int:
        return check(self._call(lib.sysfd_positioned_file_append, bytes(data), len(data)))

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Returns the new position."""
        return check(self._call(lib.sysfd_positioned_file_seek, offset, whence))

    @property
    def position(self) -> int:
        return check(self._call(lib.sysfd_positioned_file_position))

    @property
    def size(self) -> int:
        return check(self._call(lib.sysfd_positioned_file_size))

    def truncate(self, size: int) -> None:
        check(self._call(lib.sysfd_positioned_file_truncate, size))

    def sync(self, *, data_only: bool = False) -> None:
        """fsync(2), fdatasync(2)."""
        flags = c.SYSFD_SYNC_DATA_ONLY if data_only else 0
        check(self._call(lib.sysfd_positioned_file_sync, flags))


def _nowait(on: bool) -> int:
    return c.SYSFD_READ_NOWAIT if on else 0


# ---- Locks ----


class LockMode(enum.IntEnum):
    SHARED = c.SYSFD_LOCK_SHARED
    EXCLUSIVE = c.SYSFD_LOCK_EXCLUSIVE


class _Lock(Handle):
    """A lock that is held until close(), unlock() or the end of a `with` block.

    With timeout=0 the functions try once. BlockingIOError or TimeoutError: others hold it.
    """

    _PREFIX = ""

    def _function(self, name: str) -> Any:
        return getattr(lib, f"{self._PREFIX}_{name}")

    def _acquire(self, fd: FileDescriptorLike, timeout: Optional[float], *arguments: Any) -> None:
        number = number_of(fd)

        def call(limit: c.sysfd_timeout) -> ctypes.c_void_p:
            function = self._function("try_acquire_for")
            return made(function, number, *arguments, ctypes.byref(limit))

        if timeout is not None and timeout <= 0:
            pointer = made(self._function("try_acquire"), number, *arguments)
        else:
            pointer = interruptible(call, timeout, self._function("free"))
        super().__init__(pointer)

    def upgrade(self, timeout: Optional[float] = None) -> None:
        """Makes a shared lock exclusive."""
        if timeout is not None and timeout <= 0:
            check(self._call(self._function("try_upgrade")))
            return
        function = self._function("try_upgrade_for")
        interruptible(lambda limit: check(self._call(function, ctypes.byref(limit))), timeout)

    def downgrade(self) -> None:
        check(self._call(self._function("downgrade")))

    @property
    def mode(self) -> LockMode:
        return LockMode(check(self._call(self._function("mode"))))

    def unlock(self) -> None:
        """Unlocks, and reports errors."""
        check(self._call(self._function("unlock")))
        self.close()

    def release(self) -> OwnedFd:
        """Gives the descriptor, which holds the lock on, to the caller."""
        fd = OwnedFd(check(self._call(self._function("release"))))
        self.close()
        return fd


class DescriptionLock(_Lock):
    """fcntl(F_OFD_SETLK): a lock of an open file description, on a range of bytes."""

    _FREE = "sysfd_description_lock_free"
    _PREFIX = "sysfd_description_lock"

    def __init__(
        self,
        fd: FileDescriptorLike,
        mode: int = LockMode.EXCLUSIVE,
        *,
        start: int = 0,
        length: int = 0,
        timeout: Optional[float] = None,
    ) -> None:
        """Acquires the lock. A length of 0 means: to the end of the file."""
        range_ = c.sysfd_lock_range(start=start, length=length)
        self._acquire(fd, timeout, mode, ctypes.byref(range_))

    @classmethod
    def adopt(
        cls, fd: Union[int, OwnedFd], mode: int, *, start: int = 0, length: int = 0
    ) -> DescriptionLock:
        """Becomes the owner of a descriptor that holds the lock already."""
        self = cls.__new__(cls)
        range_ = c.sysfd_lock_range(start=start, length=length)
        function = lib.sysfd_description_lock_adopt_take
        Handle.__init__(self, made(function, _given(fd), mode, ctypes.byref(range_)))
        return self

    @property
    def range(self) -> Tuple[int, int]:
        """The start and the length."""
        found = c.sysfd_lock_range()
        check(self._call(lib.sysfd_description_lock_range, ctypes.byref(found)))
        return found.start, found.length


class FlockLock(_Lock):
    """flock(2): a lock of the whole file, as flock(1) locks it."""

    _FREE = "sysfd_flock_lock_free"
    _PREFIX = "sysfd_flock_lock"

    def __init__(
        self,
        fd: FileDescriptorLike,
        mode: int = LockMode.EXCLUSIVE,
        *,
        timeout: Optional[float] = None,
    ) -> None:
        """Acquires the lock."""
        self._acquire(fd, timeout, mode)

    @classmethod
    def adopt(cls, fd: Union[int, OwnedFd], mode: int) -> FlockLock:
        """Becomes the owner of a descriptor that holds the lock already."""
        self = cls.__new__(cls)
        Handle.__init__(self, made(lib.sysfd_flock_lock_adopt_take, _given(fd), mode))
        return self

    @property
    def is_locked(self) -> bool:
        return bool(check(self._call(lib.sysfd_flock_lock_is_locked)))


# ---- Memory ----


class SealError(PermissionError):
    """A file is not sealed as it must be. `kind`: "may_shrink" or "may_change"."""

    kind = ""


def _seal_error(result: int, error: c.sysfd_error) -> OSError:
    kinds = {
        c.SYSFD_SEAL_MAY_SHRINK: "may_shrink",
        c.SYSFD_SEAL_MAY_CHANGE: "may_change",
    }
    if error.kind not in kinds:
        return OSError(-result, error.text.decode() or os.strerror(-result))
    made_error = SealError(-result, error.text.decode())
    made_error.kind = kinds[error.kind]
    return made_error


class _Memory(Handle):
    def _warning(self) -> None:
        """Needs no close(): the last view frees it."""

    def _view(self, bytes_of: Any) -> memoryview:
        data, size = ctypes.c_void_p(), ctypes.c_size_t()
        check(self._call(bytes_of, ctypes.byref(data), ctypes.byref(size)))
        if not size.value:
            return memoryview(b"")
        # The array, which each view keeps alive, keeps this object alive.
        kind: Any = type("Mapping", (ctypes.c_char * size.value,), {})
        array = kind.from_address(data.value)
        array.memory = self
        return memoryview(array).cast("B")


class _SealedMemory(_Memory):
    _FREE = "sysfd_sealed_memory_free"


class _SharedMemory(_Memory):
    _FREE = "sysfd_shared_memory_free"


def sealed_memfd(name: Text, content: Buffer) -> OwnedFd:
    """memfd_create(2): with this content, which nobody can change."""
    return OwnedFd(check(lib.sysfd_sealed_memfd(encode(name), bytes(content), len(content))))


def fixed_memfd(name: Text, size: int) -> OwnedFd:
    """memfd_create(2): of this size, which nobody can change."""
    return OwnedFd(check(lib.sysfd_fixed_memfd(encode(name), size)))


def map_sealed(fd: FileDescriptorLike, max_size: int = UNLIMITED) -> memoryview:
    """mmap(2): the content of a sealed file. Mapped until the last view of it is gone."""
    pointer, error = ctypes.c_void_p(), c.sysfd_error()
    result = lib.sysfd_sealed_memory_map(
        number_of(fd), max_size, ctypes.byref(pointer), ctypes.byref(error)
    )
    if result < 0:
        raise _seal_error(result, error)
    return _SealedMemory(pointer)._view(lib.sysfd_sealed_memory_bytes).toreadonly()


def read_sealed(fd: FileDescriptorLike, max_size: int = UNLIMITED) -> bytes:
    """A copy of the content of a memory file."""
    memory = _SealedMemory(made(lib.sysfd_sealed_memory_copy, number_of(fd), max_size))
    return bytes(memory._view(lib.sysfd_sealed_memory_bytes))


def map_shared(fd: FileDescriptorLike, max_size: int = UNLIMITED) -> memoryview:
    """mmap(2): writable memory that is shared with others, of a file that cannot shrink."""
    pointer, error = ctypes.c_void_p(), c.sysfd_error()
    result = lib.sysfd_shared_memory_map(
        number_of(fd), max_size, ctypes.byref(pointer), ctypes.byref(error)
    )
    if result < 0:
        raise _seal_error(result, error)
    return _SharedMemory(pointer)._view(lib.sysfd_shared_memory_bytes)


# ---- Messages ----

MAX_FDS_IN_MESSAGE = c.SYSFD_MAX_FDS_IN_MESSAGE


@dataclass(frozen=True)
class Credentials:
    pid: int
    user: int
    group: int


class Message:
    """A received message. It owns its descriptors: take them out of `fds`, or close() it."""

    def __init__(self, payload: bytes, pointer: ctypes.c_void_p) -> None:
        self.payload = payload
        try:
            count = check(lib.sysfd_message_fd_count(pointer))
            self.fds: List[OwnedFd] = [
                OwnedFd(check(lib.sysfd_message_fd_release(pointer, index)))
                for index in range(count)
            ]
            # Why descriptors that were sent are not delivered, or None.
            code = lib.sysfd_message_fds_error(pointer)
            self.fds_error: Optional[OSError] = os_error(-code) if code < 0 else None
            pid, user, group = ctypes.c_int32(), ctypes.c_uint32(), ctypes.c_uint32()
            found = lib.sysfd_message_credentials(
                pointer, ctypes.byref(pid), ctypes.byref(user), ctypes.byref(group)
            )
            self.credentials: Optional[Credentials] = (
                Credentials(pid.value, user.value, group.value) if found == 0 else None
            )
            number = lib.sysfd_message_pidfd_release(pointer)
            self.pidfd: Optional[OwnedFd] = OwnedFd(number) if number >= 0 else None
        finally:
            lib.sysfd_message_free(pointer)

    def close(self) -> None:
        for fd in [*self.fds, self.pidfd]:
            if fd is not None:
                fd.close()

    def __enter__(self) -> Message:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()


def _when_ready(
    socket: FileDescriptorLike, events: int, timeout: Optional[float], call: Any
) -> Any:
    """Calls a function that returns -EAGAIN until the socket is ready."""
    once = timeout is None and is_nonblocking(socket)
    end = None if timeout is None else time.monotonic() + timeout
    while True:
        result = call()
        if retried(result) is not None:
            return result
        if once:
            raise os_error(errno.EAGAIN)
        left = None if end is None else max(0.0, end - time.monotonic())
        if not wait_ready(socket, left, events):
            raise os_error(errno.ETIMEDOUT)


def send_fds(
    socket: FileDescriptorLike,
    fds: Iterable[FileDescriptorLike],
    payload: Buffer = b"\0",
    *,
    timeout: Optional[float] = None,
) -> int:
    """sendmsg(2) with SCM_RIGHTS: sends duplicates of the descriptors with the payload.

    Returns the number of bytes that were sent. Without a timeout it waits as the socket does.
    """
    numbers = [number_of(fd) for fd in fds]
    array, data, now = integers(numbers), bytes(payload), timeout_of(0)
    sent: int = _when_ready(
        socket,
        select.POLLOUT,
        timeout,
        lambda: lib.sysfd_send_fds_for(
            number_of(socket), array, len(numbers), data, len(data), ctypes.byref(now)
        ),
    )
    return sent


def receive_fds(
    socket: FileDescriptorLike,
    size: int = 65536,
    *,
    max_fds: int = MAX_FDS_IN_MESSAGE,
    timeout: Optional[float] = None,
) -> Message:
    """recvmsg(2). Without a timeout it waits as the socket does. TimeoutError: nothing came."""
    buffer, pointer = ctypes.create_string_buffer(max(size, 1)), ctypes.c_void_p()
    options = c.sysfd_receive_options(flags=c.SYSFD_RECEIVE_NOWAIT, max_fds=max_fds)
    received: int = _when_ready(
        socket,
        select.POLLIN,
        timeout,
        lambda: lib.sysfd_receive_fds(
            number_of(socket), buffer, size, ctypes.byref(options), ctypes.byref(pointer)
        ),
    )
    return Message(buffer.raw[:received], pointer)


def pass_credentials(socket: FileDescriptorLike, on: bool = True) -> None:
    """SO_PASSCRED."""
    check(lib.sysfd_pass_credentials(number_of(socket), on))


def pass_pidfd(socket: FileDescriptorLike, on: bool = True) -> None:
    """SO_PASSPIDFD."""
    check(lib.sysfd_pass_pidfd(number_of(socket), on))


def pass_fds(socket: FileDescriptorLike, on: bool = True) -> None:
    """SO_PASSRIGHTS."""
    check(lib.sysfd_pass_fds(number_of(socket), on))
