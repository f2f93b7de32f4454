# SPDX-License-Identifier: MIT
"""Finds libsysfd.so.0, and what all modules need to call it."""
from __future__ import annotations

import _thread
import contextlib
import ctypes
import errno
import math
import os
import select
import sys
import threading
import time
import warnings
from types import TracebackType
from typing import (
    Any,
    Callable,
    Iterable,
    Iterator,
    Optional,
    Protocol,
    Sequence,
    Type,
    TypeVar,
    Union,
)

from . import _declarations as c

SONAME = "libsysfd.so.0"


class HasFileno(Protocol):
    def fileno(self) -> int: ...


# A descriptor: its number, or an object that has one (a file, a socket, OwnedFd).
FileDescriptorLike = Union[int, HasFileno]
Text = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]
Buffer = Union[bytes, bytearray, memoryview]
T = TypeVar("T")
Self = TypeVar("Self", bound="Handle")


# What fits in each kind of number. ctypes would cut what does not.
_RANGES = {
    kind: (-(2 ** (8 * ctypes.sizeof(kind) - 1)), 2 ** (8 * ctypes.sizeof(kind) - 1) - 1)
    if kind(-1).value < 0
    else (0, 2 ** (8 * ctypes.sizeof(kind)) - 1)
    for kind in (
        *(ctypes.c_int, ctypes.c_int32, ctypes.c_int64, ctypes.c_size_t),
        *(ctypes.c_uint8, ctypes.c_uint16, ctypes.c_uint32, ctypes.c_uint64),
    )
}


# Functions that use the environment. They keep the lock of the interpreter, so that no other thread
# of Python changes it meanwhile.
_LOCKED = {
    "sysfd_command_environment",
    "sysfd_listen_fds_take",
    "sysfd_notifier_from_environment",
}


class Library:
    """The functions of the library, each with its prototype, which is set at its first use."""

    def __init__(self) -> None:
        name = os.environ.get("SYSFD_LIBRARY") or SONAME
        try:
            self._cdll = ctypes.CDLL(name)
            self._pydll = ctypes.PyDLL(name)
            found = int(self.sysfd_version())
        except (OSError, AttributeError) as error:
            raise ImportError(
                f"sysfd needs the shared library {SONAME}. Install sysfd's C interface "
                "(component sysfd-capi), or set SYSFD_LIBRARY to the path of the library. "
                f"{error}"
            ) from None
        if not is_compatible(found):
            raise ImportError(
                f"{name} is version {version_text(found)}. This package needs "
                f"{version_text(c.SYSFD_C_VERSION)} or a later version with the same first number"
            )

    def __getattr__(self, name: str) -> Any:
        try:
            result, *parameters = c.FUNCTIONS[name]
        except KeyError:
            raise AttributeError(f"sysfd.h declares no {name}") from None
        function = getattr(self._pydll if name in _LOCKED else self._cdll, name)
        function.restype = result
        function.argtypes = parameters
        ranges = [(i, *_RANGES[kind]) for i, kind in enumerate(parameters) if kind in _RANGES]

        def checked(*arguments: Any) -> Any:
            for index, lowest, highest in ranges:
                if not isinstance(arguments[index], int):
                    raise TypeError(f"not a number: {arguments[index]!r}")
                if not lowest <= arguments[index] <= highest:
                    raise OverflowError(f"{arguments[index]} does not fit in a number of C")
            return function(*arguments)

        setattr(self, name, checked if ranges else function)
        return getattr(self, name)


def version_text(number: int) -> str:
    return f"{number // 1000000}.{number // 1000 % 1000}.{number % 1000}"


def is_compatible(found: int) -> bool:
    """Whether a library of this version has all that sysfd.h declared for this package."""
    return found // 1000000 == c.SYSFD_C_VERSION // 1000000 and found >= c.SYSFD_C_VERSION


lib = Library()


# ---- Values ----


def number_of(fd: FileDescriptorLike) -> int:
    """The number of a descriptor."""
    if isinstance(fd, int):
        return fd
    try:
        fileno = fd.fileno
    except AttributeError:
        raise TypeError(f"not a descriptor and has no fileno(): {fd!r}") from None
    return fileno()


def directory_of(dir_fd: Optional[FileDescriptorLike]) -> int:
    return c.SYSFD_CWD if dir_fd is None else number_of(dir_fd)


def encode(value: Text) -> bytes:
    """A string for the kernel. NUL would end it early."""
    encoded = os.fsencode(value)
    if b"\0" in encoded:
        raise ValueError("embedded null byte")
    return encoded


def strings(values: Iterable[Text]) -> ctypes.Array[ctypes.c_char_p]:
    """A list of strings that ends with a null pointer."""
    encoded = [encode(value) for value in values]
    return (ctypes.c_char_p * (len(encoded) + 1))(*encoded)


def array_of(kind: Any, values: Sequence[Any]) -> Any:
    return (kind * len(values))(*values)


def integers(values: Sequence[int], kind: Any = ctypes.c_int) -> Any:
    array = array_of(kind, values)
    for value, stored in zip(values, array):
        if value != stored:
            raise OverflowError(f"{value} does not fit in a number of C")
    return array


def timeout_of(seconds: Optional[float]) -> c.sysfd_timeout:
    if seconds is None:
        return c.sysfd_timeout()
    return c.sysfd_timeout(nanoseconds=min(max(0, int(seconds * 1e9)), c.SYSFD_FOREVER - 1))


def text_of(write: Callable[..., int], *arguments: Any) -> str:
    """The text that a function writes to a buffer."""
    size = 256
    while True:
        buffer = ctypes.create_string_buffer(size)
        length = check(write(*arguments, buffer, size))
        if length < size:
            return buffer.value.decode(errors="surrogateescape")
        size = length + 1


# ---- Errors ----


def check(result: int, filename: Optional[Text] = None) -> int:
    """Raises the OSError that a negative result stands for."""
    if result < 0:
        raise os_error(-result, filename)
    return result


def os_error(code: int, filename: Optional[Text] = None) -> OSError:
    if filename is None:
        return OSError(code, os.strerror(code))
    return OSError(code, os.strerror(code), filename)


def retried(result: int) -> Optional[int]:
    """None if the result stands for "not yet"."""
    return None if result in (-errno.EAGAIN, -errno.ETIMEDOUT) else check(result)


# ---- Waiting ----


# The handler of a signal that comes right before a thread blocks is run by Python only when the
# thread goes on. So no wait is longer than this, in seconds.
_LOOK_AGAIN = 1.0


def wait_ready(
    fd: FileDescriptorLike, timeout: Optional[float] = None, events: int = select.POLLIN
) -> bool:
    """Waits in poll(2), during which handlers of signals run. False: the time is over."""
    poll = select.poll()
    poll.register(number_of(fd), events)
    end = math.inf if timeout is None else time.monotonic() + timeout
    while True:
        left = max(0.0, end - time.monotonic())
        if poll.poll(min(left, _LOOK_AGAIN) * 1000):
            return True
        if left <= _LOOK_AGAIN:
            return False


async def wait_ready_async(fd: FileDescriptorLike) -> None:
    """Waits in the event loop until the descriptor is readable."""
    import asyncio

    loop = asyncio.get_running_loop()
    future = loop.create_future()

    def finish() -> None:
        if not future.done():
            future.set_result(None)

    # A loop has one reader for each number: this one is ours.
    own = check(lib.sysfd_duplicate(number_of(fd)))
    try:
        loop.add_reader(own, finish)
        try:
            await future
        finally:
            loop.remove_reader(own)
    finally:
        os.close(own)


def interruptible(
    call: Callable[[c.sysfd_timeout], T],
    timeout: Optional[float],
    discard: Optional[Callable[[T], None]] = None,
) -> T:
    """Calls a function of the library that blocks. `discard` gets a result that nobody wants.

    Python runs handlers of signals, that of Ctrl-C too, in the main thread, and not while that is
    in a function of C. So the main thread lets another one wait, and cancels that if a handler
    raises an exception.
    """
    limit = timeout_of(timeout)
    is_main = threading.get_ident() == threading.main_thread().ident
    if not is_main or (timeout is not None and timeout <= 0):
        return call(limit)
    results: "list[T]" = []
    errors: "list[BaseException]" = []
    finished = threading.Event()

    def run() -> None:
        try:
            results.append(call(limit))
        except BaseException as error:
            errors.append(error)
        finally:
            finished.set()

    limit.cancel_fd = check(lib.sysfd_event_fd(0, 0))
    try:
        try:
            _thread.start_new_thread(run, ())
        except RuntimeError:
            finished.set()  # there is no thread
            raise
        while not finished.wait(_LOOK_AGAIN):
            pass
    except BaseException:
        os.write(limit.cancel_fd, (1).to_bytes(8, sys.byteorder))
        while not finished.is_set():
            with contextlib.suppress(BaseException):
                finished.wait()
        if discard and results:
            discard(results[0])
        raise
    finally:
        os.close(limit.cancel_fd)
    if errors:
        raise errors[0]
    return results[0]


# ---- Objects ----


class Handle:
    """An object of the library. close() frees it, and so does the end of a `with` block.

    One thread at a time uses it: methods hold its lock.
    """

    _FREE = ""

    def __init__(self, pointer: ctypes.c_void_p) -> None:
        self._pointer: Optional[ctypes.c_void_p] = pointer
        self._lock = threading.RLock()
        self._free: Callable[[Optional[ctypes.c_void_p]], None] = getattr(lib, self._FREE)

    @property
    def closed(self) -> bool:
        return self._pointer is None

    def close(self) -> None:
        with self._lock:
            pointer, self._pointer = self._pointer, None
            if pointer is not None:
                self._free(pointer)

    @contextlib.contextmanager
    def _use(self) -> Iterator[ctypes.c_void_p]:
        """The pointer, for this thread alone."""
        with self._lock:
            if self._pointer is None:
                raise ValueError(f"this {type(self).__name__} is closed")
            yield self._pointer

    def _call(self, function: Any, *arguments: Any) -> int:
        """Calls a function with this object as the first argument."""
        with self._use() as pointer:
            result: int = function(pointer, *arguments)
            return result

    def __enter__(self: Self) -> Self:
        with self._use():
            return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    def _warning(self) -> Optional[str]:
        return f"unclosed {self!r}"

    def __del__(self) -> None:
        if getattr(self, "_pointer", None) is None:
            return
        text = self._warning()
        if text:
            warnings.warn(text, ResourceWarning, source=self)
        with contextlib.suppress(OSError):
            self.close()


def made(function: Any, *arguments: Any, filename: Optional[Text] = None) -> ctypes.c_void_p:
    """Calls a function whose last parameter is a new object."""
    pointer = ctypes.c_void_p()
    check(function(*arguments, ctypes.byref(pointer)), filename)
    return pointer
