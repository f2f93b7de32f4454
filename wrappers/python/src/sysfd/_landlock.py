# SPDX-License-Identifier: MIT
"""Rulesets that take rights away: the module landlock."""
from __future__ import annotations

import ctypes
import enum
import os
from dataclasses import dataclass
from typing import Any, Optional, Tuple, Union

from . import _declarations as c
from ._library import FileDescriptorLike, Handle, Text, check, encode, lib, number_of


class FileRight(enum.IntFlag):
    """Rights to files and directories: LANDLOCK_ACCESS_FS_...."""

    EXECUTE = c.SYSFD_FILE_EXECUTE
    WRITE_FILE = c.SYSFD_FILE_WRITE_FILE
    READ_FILE = c.SYSFD_FILE_READ_FILE
    READ_DIR = c.SYSFD_FILE_READ_DIR
    REMOVE_DIR = c.SYSFD_FILE_REMOVE_DIR
    REMOVE_FILE = c.SYSFD_FILE_REMOVE_FILE
    MAKE_CHAR = c.SYSFD_FILE_MAKE_CHAR
    MAKE_DIR = c.SYSFD_FILE_MAKE_DIR
    MAKE_REG = c.SYSFD_FILE_MAKE_REG
    MAKE_SOCK = c.SYSFD_FILE_MAKE_SOCK
    MAKE_FIFO = c.SYSFD_FILE_MAKE_FIFO
    MAKE_BLOCK = c.SYSFD_FILE_MAKE_BLOCK
    MAKE_SYM = c.SYSFD_FILE_MAKE_SYM
    REFER = c.SYSFD_FILE_REFER
    TRUNCATE = c.SYSFD_FILE_TRUNCATE
    IOCTL_DEV = c.SYSFD_FILE_IOCTL_DEV
    RESOLVE_UNIX = c.SYSFD_FILE_RESOLVE_UNIX
    # Sets: to execute a program; to read; to change files and directories.
    RUN = c.SYSFD_FILE_RUN
    READ = c.SYSFD_FILE_READ
    READ_WRITE = c.SYSFD_FILE_READ_WRITE


class PortRight(enum.IntFlag):
    BIND_TCP = c.SYSFD_PORT_BIND_TCP
    CONNECT_TCP = c.SYSFD_PORT_CONNECT_TCP
    BIND_UDP = c.SYSFD_PORT_BIND_UDP
    CONNECT_SEND_UDP = c.SYSFD_PORT_CONNECT_SEND_UDP


class Scope(enum.IntFlag):
    """What a restricted process cannot reach outside."""

    ABSTRACT_UNIX_SOCKET = c.SYSFD_SCOPE_ABSTRACT_UNIX_SOCKET
    SIGNAL = c.SYSFD_SCOPE_SIGNAL


@dataclass(frozen=True)
class Rights:
    files: int = 0  # FileRight
    ports: int = 0  # PortRight
    scopes: int = 0  # Scope

    def __bool__(self) -> bool:
        return bool(self.files or self.ports or self.scopes)


_STEPS = {
    c.SYSFD_LANDLOCK_SUPPORT: "support",
    c.SYSFD_LANDLOCK_CREATE: "create",
    c.SYSFD_LANDLOCK_OPEN: "open",
    c.SYSFD_LANDLOCK_RULE: "rule",
    c.SYSFD_LANDLOCK_RESTRICT: "restrict",
    c.SYSFD_LANDLOCK_PROGRAM: "program",
}


class LandlockError(OSError):
    """Something cannot be restricted.

    `step` is one of "support", "create", "open", "rule", "restrict" and "program". `missing`: the
    required rights that this kernel does not know.
    """

    step = ""
    missing = Rights()


def _checked(function: Any, *arguments: Any) -> int:
    """Calls a function whose last parameter is its error."""
    error = c.sysfd_landlock_error()
    result: int = function(*arguments, ctypes.byref(error))
    if result >= 0:
        return result
    text = error.text.decode(errors="surrogateescape")
    made_error = LandlockError(-result, text or os.strerror(-result))
    if error.code:
        made_error.step = _STEPS.get(error.step, "")
        made_error.missing = Rights(
            error.missing_files, error.missing_ports, error.missing_scopes
        )
    raise made_error


def _raw(rights: Rights) -> Any:
    return ctypes.byref(
        c.sysfd_rights(files=rights.files, ports=rights.ports, scopes=rights.scopes)
    )


def _rights_of(raw: c.sysfd_rights) -> Rights:
    return Rights(raw.files, raw.ports, raw.scopes)


def landlock_support() -> Tuple[int, Rights]:
    """The ABI of Landlock in this kernel, and the rights that it knows."""
    known = c.sysfd_rights()
    abi = _checked(lib.sysfd_landlock_support, ctypes.byref(known))
    return abi, _rights_of(known)


class Ruleset(Handle):
    """Takes rights away for ever: forbids what it handles, except what its rules allow.

    required, wanted: the rights that it handles. A required right that this kernel does not know
      is an error; a wanted one stays allowed, and is in `missing`: look there.
    """

    _FREE = "sysfd_ruleset_free"

    missing: Rights

    def __init__(self, required: Rights = Rights(), wanted: Rights = Rights()) -> None:
        self._make(lib.sysfd_ruleset_new, _raw(required), _raw(wanted))

    @classmethod
    def for_program(cls, path: Text, required: Rights = Rights()) -> Ruleset:
        """With rules for what one program needs in order to start."""
        self = cls.__new__(cls)
        self._make(lib.sysfd_ruleset_for_program, encode(path), _raw(required))
        return self

    def _make(self, function: Any, *arguments: Any) -> None:
        pointer, missing = ctypes.c_void_p(), c.sysfd_rights()
        _checked(function, *arguments, ctypes.byref(pointer), ctypes.byref(missing))
        super().__init__(pointer)
        self.missing = _rights_of(missing)

    def fileno(self) -> int:
        """The descriptor, for Command(landlock=...)."""
        return check(self._call(lib.sysfd_ruleset_fd_borrow))

    @property
    def handled(self) -> Rights:
        handled = c.sysfd_rights()
        check(self._call(lib.sysfd_ruleset_handled, ctypes.byref(handled)))
        return _rights_of(handled)

    def allow(self, file: Union[Text, FileDescriptorLike], rights: int) -> None:
        """A rule for a file or a directory and all below it: a path, or a descriptor."""
        with self._use() as pointer:
            if isinstance(file, (str, bytes, os.PathLike)):
                _checked(lib.sysfd_ruleset_allow_path, pointer, encode(file), int(rights))
            else:
                _checked(lib.sysfd_ruleset_allow, pointer, number_of(file), int(rights))

    def allow_port(self, port: int, rights: int) -> None:
        with self._use() as pointer:
            _checked(lib.sysfd_ruleset_allow_port, pointer, port, int(rights))

    def restrict_self(
        self, *, keep_privileges: bool = False, log_after_exec: bool = False
    ) -> None:
        """landlock_restrict_self(2): restricts the calling thread, and what it starts."""
        flags = c.SYSFD_RESTRICT_KEEP_PRIVILEGES if keep_privileges else 0
        flags |= c.SYSFD_RESTRICT_LOG_AFTER_EXEC if log_after_exec else 0
        with self._use() as pointer:
            _checked(lib.sysfd_ruleset_restrict_self, pointer, flags)

    def explain(self, path: Text, rights: int) -> Tuple[int, str]:
        """Those of the rights that it allows, and which rules decide that, as a text."""
        allowed, buffer = ctypes.c_uint64(), ctypes.create_string_buffer(16384)
        with self._use() as pointer:
            _checked(
                lib.sysfd_ruleset_explain, pointer, encode(path), int(rights),
                ctypes.byref(allowed), buffer, len(buffer),
            )  # fmt: skip
        return allowed.value, buffer.value.decode(errors="surrogateescape")

    def _warning(self) -> Optional[str]:
        return f"unclosed {self!r}"
