# SPDX-License-Identifier: MIT
"""Socket activation, and messages to the service manager: the module listen."""
from __future__ import annotations

import ctypes
import enum
import errno
import os
from typing import Any, Dict, List, Optional, Sequence, Union

from . import _declarations as c
from ._fds import OwnedFd
from ._library import (
    FileDescriptorLike,
    Handle,
    Text,
    check,
    encode,
    integers,
    interruptible,
    lib,
    made,
    number_of,
    strings,
    text_of,
    timeout_of,
)

ANY_PORT = c.SYSFD_ANY_PORT


class FdKind(enum.IntEnum):
    ANY = c.SYSFD_FD_ANY
    SOCKET = c.SYSFD_FD_SOCKET
    STREAM_LISTENER = c.SYSFD_FD_STREAM_LISTENER
    STREAM = c.SYSFD_FD_STREAM
    SEQPACKET_LISTENER = c.SYSFD_FD_SEQPACKET_LISTENER
    SEQPACKET = c.SYSFD_FD_SEQPACKET
    DATAGRAM = c.SYSFD_FD_DATAGRAM
    FIFO = c.SYSFD_FD_FIFO
    SPECIAL_FILE = c.SYSFD_FD_SPECIAL_FILE
    MESSAGE_QUEUE = c.SYSFD_FD_MESSAGE_QUEUE


class FdType:
    """A condition on a descriptor."""

    def __init__(
        self,
        kind: int = FdKind.ANY,
        *,
        inet: Optional[int] = None,
        inet6: Optional[int] = None,
        ip: Optional[int] = None,
        unix_path: Optional[Text] = None,
        unix_abstract: Optional[bytes] = None,
        at: Optional[Text] = None,
    ) -> None:
        """`inet`, `inet6` and `ip` are ports, or ANY_PORT. `at` is the path of a file."""
        self._pointer = made(lib.sysfd_fd_type_new, kind)
        for function, port in (
            (lib.sysfd_fd_type_inet, inet),
            (lib.sysfd_fd_type_inet6, inet6),
            (lib.sysfd_fd_type_ip, ip),
        ):
            if port is not None:
                check(function(self._pointer, port))
        if unix_path is not None:
            check(lib.sysfd_fd_type_unix_path(self._pointer, encode(unix_path)))
        if unix_abstract is not None:
            function = lib.sysfd_fd_type_unix_abstract
            check(function(self._pointer, unix_abstract, len(unix_abstract)))
        if at is not None:
            check(lib.sysfd_fd_type_at(self._pointer, encode(at)))

    def matches(self, fd: FileDescriptorLike) -> bool:
        return bool(check(lib.sysfd_fd_type_matches(self._pointer, number_of(fd))))

    def __str__(self) -> str:
        return text_of(lib.sysfd_fd_type_describe, self._pointer)

    def __del__(self, _free: Any = lib.sysfd_fd_type_free) -> None:
        if hasattr(self, "_pointer"):
            _free(self._pointer)


def is_socket(fd: FileDescriptorLike) -> bool:
    return bool(check(lib.sysfd_is_socket(number_of(fd))))


def is_listening_stream(fd: FileDescriptorLike) -> bool:
    return bool(check(lib.sysfd_is_listening_stream(number_of(fd))))


def is_datagram(fd: FileDescriptorLike) -> bool:
    return bool(check(lib.sysfd_is_datagram(number_of(fd))))


def is_fifo(fd: FileDescriptorLike) -> bool:
    return bool(check(lib.sysfd_is_fifo(number_of(fd))))


def is_special_file(fd: FileDescriptorLike) -> bool:
    return bool(check(lib.sysfd_is_special_file(number_of(fd))))


def is_message_queue(fd: FileDescriptorLike) -> bool:
    return bool(check(lib.sysfd_is_message_queue(number_of(fd))))


class ListenError(OSError):
    """Why the descriptors of the service manager cannot be used.

    `kind` is one of "not_activated", "other_process", "malformed", "already_taken", "unavailable",
    "not_found", "ambiguous" and "wrong_type".
    """

    kind = ""


_KINDS = {
    c.SYSFD_LISTEN_NOT_ACTIVATED: "not_activated",
    c.SYSFD_LISTEN_OTHER_PROCESS: "other_process",
    c.SYSFD_LISTEN_MALFORMED: "malformed",
    c.SYSFD_LISTEN_ALREADY_TAKEN: "already_taken",
    c.SYSFD_LISTEN_UNAVAILABLE: "unavailable",
    c.SYSFD_LISTEN_NOT_FOUND: "not_found",
    c.SYSFD_LISTEN_AMBIGUOUS: "ambiguous",
    c.SYSFD_LISTEN_WRONG_TYPE: "wrong_type",
}


def _listen_check(result: int, error: c.sysfd_error) -> int:
    if result >= 0:
        return result
    made_error = ListenError(-result, error.text.decode() or os.strerror(-result))
    made_error.kind = _KINDS.get(error.kind, "")
    raise made_error


def _condition(type: Optional[FdType]) -> Optional[ctypes.c_void_p]:
    return None if type is None else type._pointer


class ListenFds(Handle):
    """The descriptors that a service manager has opened for this process: sd_listen_fds(3).

    `len(fds)` counts them. Those that are not taken out are closed with this object. The variables
    LISTEN_... are removed from the environment, and from os.environ, also after an error, unless
    they are to be kept.
    """

    _FREE = "sysfd_listen_fds_free"

    def __init__(
        self, variables: Optional[Dict[str, str]] = None, *, keep_environment: bool = False
    ) -> None:
        """From the environment, or from these variables. ListenError: there are none."""
        error, pointer = c.sysfd_error(), ctypes.c_void_p()
        if variables is None:
            flags = c.SYSFD_LISTEN_KEEP_ENVIRONMENT if keep_environment else 0
            result = lib.sysfd_listen_fds_take(flags, ctypes.byref(pointer), ctypes.byref(error))
        else:
            entries = strings(f"{name}={value}" for name, value in variables.items())
            function = lib.sysfd_listen_fds_take_from
            result = function(entries, ctypes.byref(pointer), ctypes.byref(error))
        if variables is None and not keep_environment:
            # os.environ is a copy of the environment, which the library has changed, also if it
            # has failed.
            for name in ("LISTEN_PID", "LISTEN_PIDFDID", "LISTEN_FDS", "LISTEN_FDNAMES"):
                os.environ.pop(name, None)
        _listen_check(result, error)
        super().__init__(pointer)

    def __len__(self) -> int:
        return check(self._call(lib.sysfd_listen_fds_count))

    def name(self, index: int) -> str:
        return text_of(lambda *rest: self._call(lib.sysfd_listen_fds_name, *rest), index)

    @property
    def names(self) -> List[str]:
        return [self.name(index) for index in range(len(self))]

    def has(self, index: int) -> bool:
        """Whether it was not taken out yet."""
        return bool(check(self._call(lib.sysfd_listen_fds_has, index)))

    def indices_of(self, name: str) -> List[int]:
        room = len(self)
        found = (ctypes.c_size_t * max(room, 1))()
        count = check(self._call(lib.sysfd_listen_fds_indices_of, encode(name), room, found))
        return list(found[:count])

    def borrow(self, key: Union[int, str], type: Optional[FdType] = None) -> int:
        """The number of the descriptor with this index or name. It is still owned here."""
        if isinstance(key, int):
            return check(self._call(lib.sysfd_listen_fds_borrow, key))
        error = c.sysfd_error()
        function = lib.sysfd_listen_fds_borrow_one
        result = self._call(function, encode(key), _condition(type), ctypes.byref(error))
        return _listen_check(result, error)

    def take(self, key: Union[int, str], type: Optional[FdType] = None) -> OwnedFd:
        """Takes out the descriptor with this index or name, if it is of this type."""
        error = c.sysfd_error()
        if isinstance(key, int):
            function = lib.sysfd_listen_fds_release
            result = self._call(function, key, _condition(type), ctypes.byref(error))
        else:
            function = lib.sysfd_listen_fds_release_one
            result = self._call(function, encode(key), _condition(type), ctypes.byref(error))
        return OwnedFd(_listen_check(result, error))

    def take_all(self, name: str, type: Optional[FdType] = None) -> List[OwnedFd]:
        """Takes out all with this name."""
        error, room = c.sysfd_error(), len(self)
        taken = (ctypes.c_int * max(room, 1))()
        result = self._call(
            lib.sysfd_listen_fds_release_all,
            encode(name),
            _condition(type),
            room,
            taken,
            ctypes.byref(error),
        )
        return [OwnedFd(number) for number in taken[: _listen_check(result, error)]]


# ---- Messages to the service manager ----


def _notification(
    *,
    ready: bool = False,
    reloading: bool = False,
    stopping: bool = False,
    watchdog: bool = False,
    watchdog_trigger: bool = False,
    status: Optional[str] = None,
    error: Optional[int] = None,
    exit_status: Optional[int] = None,
    main_process: Optional[FileDescriptorLike] = None,
    sender: Optional[FileDescriptorLike] = None,
    watchdog_interval: Optional[float] = None,
    extend_timeout: Optional[float] = None,
    store: Sequence[FileDescriptorLike] = (),
    store_name: Optional[str] = None,
    store_no_poll: bool = False,
    remove_stored: Optional[str] = None,
    more: Optional[str] = None,
    timeout: Optional[float] = 5.0,
) -> c.sysfd_notification:
    made_struct = c.sysfd_notification()
    for is_set, bit in (
        (ready, c.SYSFD_NOTIFY_READY),
        (reloading, c.SYSFD_NOTIFY_RELOADING),
        (stopping, c.SYSFD_NOTIFY_STOPPING),
        (watchdog, c.SYSFD_NOTIFY_WATCHDOG),
        (watchdog_trigger, c.SYSFD_NOTIFY_WATCHDOG_TRIGGER),
        (store_no_poll, c.SYSFD_NOTIFY_STORE_NO_POLL),
        (error is not None, c.SYSFD_NOTIFY_ERROR),
        (exit_status is not None, c.SYSFD_NOTIFY_EXIT_STATUS),
        (watchdog_interval is not None, c.SYSFD_NOTIFY_WATCHDOG_INTERVAL),
        (extend_timeout is not None, c.SYSFD_NOTIFY_EXTEND_TIMEOUT),
    ):
        made_struct.flags |= bit if is_set else 0
    made_struct.error = error or 0
    made_struct.exit_status = exit_status or 0
    made_struct.watchdog_interval_microseconds = int((watchdog_interval or 0) * 1e6)
    made_struct.extend_timeout_microseconds = int((extend_timeout or 0) * 1e6)
    if main_process is not None:
        made_struct.main_process = number_of(main_process)
    if sender is not None:
        made_struct.sender = number_of(sender)
    for name, text in (
        ("status", status),
        ("store_name", store_name),
        ("remove_stored", remove_stored),
        ("more", more),
    ):
        if text is not None:
            setattr(made_struct, name, encode(text))
    numbers = [number_of(fd) for fd in store]
    if numbers:
        made_struct.store = integers(numbers)
        made_struct.store_count = len(numbers)
    made_struct.timeout = ctypes.pointer(timeout_of(timeout))
    return made_struct


class Notifier(Handle):
    """A connection to a manager."""

    _FREE = "sysfd_notifier_free"

    def __init__(self, address: Optional[Text] = None, *, unset_environment: bool = False) -> None:
        """To this address, or to the one in the environment."""
        if address is None:
            flags = c.SYSFD_NOTIFIER_UNSET_ENVIRONMENT if unset_environment else 0
            pointer = made(lib.sysfd_notifier_from_environment, flags)
            if unset_environment:
                for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"):
                    os.environ.pop(name, None)
        else:
            pointer = made(lib.sysfd_notifier_connect, encode(address))
        super().__init__(pointer)

    @property
    def has_manager(self) -> bool:
        return bool(check(self._call(lib.sysfd_notifier_has_manager)))

    def notify(self, **notification: Any) -> bool:
        """sendmsg(2): sd_notify(3). False: there is no manager.

            notifier.notify(ready=True, status="serving", main_process=pidfd)

        The members: ready, reloading, stopping, watchdog, watchdog_trigger, status, error,
        exit_status, main_process, sender, watchdog_interval, extend_timeout (seconds), store,
        store_name, store_no_poll, remove_stored, more, timeout (five seconds).
        """
        made_struct, error = _notification(**notification), c.sysfd_error()
        function = lib.sysfd_notifier_notify
        result = self._call(function, ctypes.byref(made_struct), ctypes.byref(error))
        if result < 0:
            raise OSError(-result, error.text.decode() or os.strerror(-result))
        return bool(result)

    def barrier(self, timeout: Optional[float] = 5.0) -> bool:
        """Waits until the manager has read all earlier messages. False: there is no manager."""
        function = lib.sysfd_notifier_barrier
        return bool(
            interruptible(lambda limit: check(self._call(function, ctypes.byref(limit))), timeout)
        )

    @property
    def watchdog_interval(self) -> Optional[float]:
        """WATCHDOG_USEC, in seconds. None: there is no watchdog for this process."""
        found = ctypes.c_uint64()
        result = self._call(lib.sysfd_notifier_watchdog_interval, ctypes.byref(found))
        return None if result == -errno.ENODATA else check(result) or found.value / 1e6


def notify(*, address: Optional[Text] = None, **notification: Any) -> bool:
    """Notifier.notify(), to this address or to the one in the environment."""
    with Notifier(address) as notifier:
        return notifier.notify(**notification)


def notify_barrier(timeout: Optional[float] = 5.0, *, address: Optional[Text] = None) -> bool:
    """Notifier.barrier(), likewise."""
    with Notifier(address) as notifier:
        return notifier.barrier(timeout)


def watchdog_interval() -> Optional[float]:
    """Notifier.watchdog_interval, of the environment."""
    with Notifier() as notifier:
        return notifier.watchdog_interval
