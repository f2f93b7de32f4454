# SPDX-License-Identifier: MIT
"""What all tests share: each leaves this process as it was."""
from __future__ import annotations

import gc
import os
import signal
import sys
import tempfile
import threading
import unittest
from typing import Any, Dict

import sysfd

PYTHON = sys.executable

# The C library sets a handler of its own with the first thread.
_first = threading.Thread(target=int)
_first.start()
_first.join()


def descriptors() -> Dict[int, str]:
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            found[int(name)] = os.readlink(f"/proc/self/fd/{name}")
        except FileNotFoundError:
            pass  # that of the directory itself
    return found


def has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def signals() -> Dict[str, str]:
    """Mask and dispositions, as the kernel tells them."""
    with open("/proc/thread-self/status", encoding="ascii") as file:
        fields = dict(line.rstrip("\n").split(":", 1) for line in file)
    return {name: fields[name].strip() for name in ("SigBlk", "SigIgn", "SigCgt")}


def state() -> Dict[str, Any]:
    gc.collect()
    umask = os.umask(0)
    os.umask(umask)
    return {
        "descriptors": descriptors(),
        "children": has_children(),
        "signals": signals(),
        "handlers": {number: signal.getsignal(number) for number in signal.valid_signals()},
        "environment": dict(os.environb),
        "directory": os.getcwd(),
        "umask": umask,
        "threads": threading.active_count(),
    }


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self) -> None:
        before = state()
        self.addCleanup(self._compare, before)

    def _compare(self, before: Dict[str, Any]) -> None:
        for name, value in state().items():
            with self.subTest(name):
                self.assertEqual(before[name], value)

    def directory(self) -> str:
        made = tempfile.TemporaryDirectory(prefix="sysfd-test-")
        self.addCleanup(made.cleanup)
        return made.name

    def path(self, content: bytes = b"") -> str:
        path = os.path.join(self.directory(), "file")
        with open(path, "wb") as file:
            file.write(content)
        return path

    def owned(self, *fds: Any) -> Any:
        """Closes these at the end of the test."""
        for fd in fds:
            self.addCleanup(fd.close)
        return fds[0] if len(fds) == 1 else fds

    def need(self, feature: sysfd.Feature) -> None:
        if feature not in sysfd.features():
            self.skipTest(f"needs {feature}")

    def assertErrno(self, number: int) -> Any:
        test = self

        class Context:
            def __enter__(self) -> Context:
                return self

            def __exit__(self, kind: Any, error: Any, traceback: Any) -> bool:
                test.assertIsInstance(error, OSError)
                test.assertEqual(error.errno, number)
                self.error = error.with_traceback(None)
                return True

        return Context()
