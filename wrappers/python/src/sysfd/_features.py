# SPDX-License-Identifier: MIT
"""What the kernel allows, and the version of the library."""
from __future__ import annotations

import enum
from typing import FrozenSet

from . import _declarations as c
from ._library import lib, text_of, version_text


class Feature(enum.IntEnum):
    """str() of one is its system call or flag."""

    FILE_HANDLES = c.SYSFD_FEATURE_FILE_HANDLES
    PIDFD_SEND_SIGNAL = c.SYSFD_FEATURE_PIDFD_SEND_SIGNAL
    PIDFD_OPEN = c.SYSFD_FEATURE_PIDFD_OPEN
    WAIT_BY_PIDFD = c.SYSFD_FEATURE_WAIT_BY_PIDFD
    CLONE3 = c.SYSFD_FEATURE_CLONE3
    PIDFD_GETFD = c.SYSFD_FEATURE_PIDFD_GETFD
    CLONE_INTO_CGROUP = c.SYSFD_FEATURE_CLONE_INTO_CGROUP
    OPENAT2 = c.SYSFD_FEATURE_OPENAT2
    CLOSE_RANGE = c.SYSFD_FEATURE_CLOSE_RANGE
    PROCESS_MADVISE = c.SYSFD_FEATURE_PROCESS_MADVISE
    PROCESS_MRELEASE = c.SYSFD_FEATURE_PROCESS_MRELEASE
    NOEXEC_SEAL = c.SYSFD_FEATURE_NOEXEC_SEAL
    PEER_PIDFD = c.SYSFD_FEATURE_PEER_PIDFD
    PASS_PIDFD = c.SYSFD_FEATURE_PASS_PIDFD
    HANDLE_FID = c.SYSFD_FEATURE_HANDLE_FID
    STATMOUNT = c.SYSFD_FEATURE_STATMOUNT
    UNIQUE_MOUNT_IDS = c.SYSFD_FEATURE_UNIQUE_MOUNT_IDS
    PIDFS = c.SYSFD_FEATURE_PIDFS
    PIDFD_THREAD = c.SYSFD_FEATURE_PIDFD_THREAD
    SIGNAL_SCOPES = c.SYSFD_FEATURE_SIGNAL_SCOPES
    WRITE_NOAPPEND = c.SYSFD_FEATURE_WRITE_NOAPPEND
    DUPFD_QUERY = c.SYSFD_FEATURE_DUPFD_QUERY
    KCMP = c.SYSFD_FEATURE_KCMP
    PIDFD_NAMESPACES = c.SYSFD_FEATURE_PIDFD_NAMESPACES
    HANDLE_UNIQUE_MOUNT = c.SYSFD_FEATURE_HANDLE_UNIQUE_MOUNT
    PIDFD_INFO = c.SYSFD_FEATURE_PIDFD_INFO
    HANDLE_CONNECTABLE = c.SYSFD_FEATURE_HANDLE_CONNECTABLE
    PIDFD_HANDLES = c.SYSFD_FEATURE_PIDFD_HANDLES
    PASS_RIGHTS = c.SYSFD_FEATURE_PASS_RIGHTS
    PIDFS_ROOT = c.SYSFD_FEATURE_PIDFS_ROOT
    NSFS_ROOT = c.SYSFD_FEATURE_NSFS_ROOT
    AUTOREAP = c.SYSFD_FEATURE_AUTOREAP
    AUTOKILL = c.SYSFD_FEATURE_AUTOKILL
    LANDLOCK = c.SYSFD_FEATURE_LANDLOCK

    def __str__(self) -> str:
        return text_of(lib.sysfd_feature_name, int(self))


def features() -> FrozenSet[Feature]:
    """What the kernel and the seccomp filter of the thread allow. Tried anew by each call."""
    found = lib.sysfd_features()
    return frozenset(each for each in Feature if found >> each & 1)


def features_text() -> str:
    """A line for each feature: "yes  pidfd_open (Linux 5.3)"."""
    return text_of(lib.sysfd_features_text, lib.sysfd_features())


def version() -> str:
    """The version of the library."""
    return version_text(lib.sysfd_version())
