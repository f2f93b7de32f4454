# SPDX-License-Identifier: MIT
"""Names of files that outlive their paths: the module handle."""
from __future__ import annotations

import ctypes
import enum
import os
from typing import Any, Iterator, List, NamedTuple, Optional, Tuple

from . import _declarations as c
from ._fds import OwnedFd
from ._library import (
    FileDescriptorLike,
    Handle,
    Text,
    check,
    directory_of,
    encode,
    lib,
    made,
    number_of,
)

PIDFS_ROOT = c.SYSFD_PIDFS_ROOT
NSFS_ROOT = c.SYSFD_NSFS_ROOT


class HandleFlags(enum.IntFlag):
    FOLLOW = c.SYSFD_HANDLE_FOLLOW
    FID = c.SYSFD_HANDLE_FID
    CONNECTABLE = c.SYSFD_HANDLE_CONNECTABLE
    UNIQUE_MOUNT = c.SYSFD_HANDLE_UNIQUE_MOUNT


class MountId(NamedTuple):
    id: int
    is_unique: bool

    def _struct(self) -> c.sysfd_mount_id:
        return c.sysfd_mount_id(self.id, self.is_unique, 0)


class FileHandle:
    """A name of a file. Two are equal if they name the same file. It is never changed."""

    def __init__(self, type: int, data: bytes) -> None:
        function = lib.sysfd_file_handle_from_parts
        self._pointer = made(function, type, data, len(data))

    @classmethod
    def _of(cls, pointer: ctypes.c_void_p) -> FileHandle:
        self = cls.__new__(cls)
        self._pointer = pointer
        return self

    @classmethod
    def deserialize(cls, stored: bytes) -> FileHandle:
        """From bytes that serialize() returned."""
        return cls._of(made(lib.sysfd_file_handle_deserialize, stored, len(stored)))

    def serialize(self) -> bytes:
        """Bytes to store."""
        buffer = ctypes.create_string_buffer(256)
        length = check(lib.sysfd_file_handle_serialize(self._pointer, buffer, len(buffer)))
        return buffer.raw[:length]

    @property
    def type(self) -> int:
        found = ctypes.c_int32()
        check(lib.sysfd_file_handle_type(self._pointer, ctypes.byref(found)))
        return found.value

    @property
    def bytes(self) -> bytes:
        data, size = ctypes.c_void_p(), ctypes.c_size_t()
        function = lib.sysfd_file_handle_bytes
        check(function(self._pointer, ctypes.byref(data), ctypes.byref(size)))
        return ctypes.string_at(data, size.value) if size.value else b""

    @property
    def is_fid(self) -> bool:
        return bool(check(lib.sysfd_file_handle_is_fid(self._pointer)))

    @property
    def is_connectable(self) -> bool:
        return bool(check(lib.sysfd_file_handle_is_connectable(self._pointer)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FileHandle):
            return NotImplemented
        return bool(check(lib.sysfd_file_handle_equal(self._pointer, other._pointer)))

    def __lt__(self, other: FileHandle) -> bool:
        """An order for sorting."""
        if not isinstance(other, FileHandle):
            return NotImplemented
        order = ctypes.c_int()
        function = lib.sysfd_file_handle_compare
        check(function(self._pointer, other._pointer, ctypes.byref(order)))
        return order.value < 0

    def __hash__(self) -> int:
        found = ctypes.c_uint64()
        check(lib.sysfd_file_handle_hash(self._pointer, ctypes.byref(found)))
        return found.value

    def __copy__(self) -> FileHandle:
        return self._of(made(lib.sysfd_file_handle_copy, self._pointer))

    def __reduce__(self) -> Tuple[Any, ...]:
        return FileHandle.deserialize, (self.serialize(),)

    def __repr__(self) -> str:
        return f"FileHandle({self.type}, {self.bytes!r})"

    def __del__(self, _free: Any = lib.sysfd_file_handle_free) -> None:
        if hasattr(self, "_pointer"):
            _free(self._pointer)


def name_to_handle(
    path: Text, flags: int = 0, *, dir_fd: Optional[FileDescriptorLike] = None
) -> Tuple[FileHandle, MountId]:
    """name_to_handle_at(2): a handle of the file, and the mount that it is in."""
    mount, pointer = c.sysfd_mount_id(), ctypes.c_void_p()
    result = lib.sysfd_name_to_handle(
        directory_of(dir_fd), encode(path), flags, ctypes.byref(pointer), ctypes.byref(mount)
    )
    check(result, path)
    return FileHandle._of(pointer), MountId(mount.id, bool(mount.is_unique))


def handle_of(fd: FileDescriptorLike, flags: int = 0) -> Tuple[FileHandle, MountId]:
    """The same of an open file."""
    mount, pointer = c.sysfd_mount_id(), ctypes.c_void_p()
    function = lib.sysfd_name_to_handle_of
    check(function(number_of(fd), flags, ctypes.byref(pointer), ctypes.byref(mount)))
    return FileHandle._of(pointer), MountId(mount.id, bool(mount.is_unique))


def open_by_handle(
    mount: FileDescriptorLike, handle: FileHandle, flags: int = os.O_RDONLY
) -> OwnedFd:
    """open_by_handle_at(2). `mount`: a descriptor of any file in the mount, or PIDFS_ROOT."""
    return OwnedFd(check(lib.sysfd_open_by_handle(number_of(mount), handle._pointer, flags)))


def find_mount(mount: MountId) -> OwnedFd:
    """Opens the root of the mount."""
    return OwnedFd(check(lib.sysfd_find_mount(mount._struct())))


class MountCache(Handle):
    """Keeps mounts open that were found."""

    _FREE = "sysfd_mount_cache_free"

    def __init__(self) -> None:
        super().__init__(made(lib.sysfd_mount_cache_new))

    def find(self, mount: MountId) -> int:
        """A descriptor of the mount, which is valid until the next call."""
        return check(self._call(lib.sysfd_mount_cache_find_borrow, mount._struct()))

    def open_by_handle(
        self, handle: FileHandle, mount: MountId, flags: int = os.O_RDONLY
    ) -> OwnedFd:
        function = lib.sysfd_mount_cache_open_by_handle
        return OwnedFd(check(self._call(function, handle._pointer, mount._struct(), flags)))

    def clear(self) -> None:
        check(self._call(lib.sysfd_mount_cache_clear))


def file_system_id(fd: FileDescriptorLike) -> Tuple[int, int]:
    """fstatfs(2): the ID of the file system that a file is in."""
    found = (ctypes.c_int32 * 2)()
    check(lib.sysfd_file_system_id(number_of(fd), found))
    return found[0], found[1]


class FidKind(enum.IntEnum):
    FID = c.SYSFD_FANOTIFY_FID
    DFID = c.SYSFD_FANOTIFY_DFID
    DFID_NAME = c.SYSFD_FANOTIFY_DFID_NAME
    OLD_DFID_NAME = c.SYSFD_FANOTIFY_OLD_DFID_NAME
    NEW_DFID_NAME = c.SYSFD_FANOTIFY_NEW_DFID_NAME


class Fid(NamedTuple):
    kind: FidKind
    file_system: Tuple[int, int]
    handle: FileHandle
    name: Optional[bytes]


class FanotifyEvent(NamedTuple):
    """An event. `file` and `process` belong to whoever takes them; close what you do not need."""

    mask: int
    pid: int
    file: Optional[OwnedFd]
    process: Optional[OwnedFd]
    fids: List[Fid]


class _Events(Handle):
    _FREE = "sysfd_fanotify_events_free"


def fanotify_events(data: bytes) -> Iterator[FanotifyEvent]:
    """The events in what read(2) of a fanotify group has returned. Owns all descriptors there."""
    with _Events(made(lib.sysfd_fanotify_events_take, data, len(data))) as events:
        event = c.sysfd_fanotify_event()
        while check(events._call(lib.sysfd_fanotify_events_next, ctypes.byref(event))):
            fids: List[Fid] = []
            fid = c.sysfd_fanotify_fid()
            while check(events._call(lib.sysfd_fanotify_events_next_fid, ctypes.byref(fid))):
                handle = FileHandle._of(made(lib.sysfd_file_handle_copy, fid.handle))
                name = ctypes.string_at(fid.name, fid.name_size) if fid.name else None
                where = fid.file_system[0], fid.file_system[1]
                fids.append(Fid(FidKind(fid.kind), where, handle, name))
            file = process = None
            if event.file >= 0:
                file = OwnedFd(check(events._call(lib.sysfd_fanotify_events_file_release)))
            if event.process >= 0:
                process = OwnedFd(check(events._call(lib.sysfd_fanotify_events_process_release)))
            yield FanotifyEvent(event.mask, event.pid, file, process, fids)
