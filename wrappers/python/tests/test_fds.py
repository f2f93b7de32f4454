# SPDX-License-Identifier: MIT
"""Descriptors, and what is shared by them."""
from __future__ import annotations

import errno
import fcntl
import os
import socket
import subprocess
import sys
import warnings

import sysfd
from support import PYTHON, Case


class OwnedFd(Case):
    def test_closes_at_the_end_of_the_block(self) -> None:
        with sysfd.memfd("x") as fd:
            number = fd.fileno()
            self.assertGreater(number, 2)
            self.assertTrue(fd.close_on_exec)
            os.write(fd.fileno(), b"text")
        self.assertTrue(fd.closed)
        self.assertFalse(sysfd.is_open(number))
        with self.assertRaisesRegex(ValueError, "OwnedFd is closed"):
            fd.fileno()
        fd.close()

    def test_warns_and_closes_if_it_is_dropped(self) -> None:
        fd = sysfd.memfd("x")
        number = fd.fileno()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            del fd
        self.assertEqual([each.category for each in caught], [ResourceWarning])
        self.assertFalse(sysfd.is_open(number))

    def test_becomes_a_file_or_a_socket(self) -> None:
        path = self.path(b"line\n")
        with open(sysfd.open(path).release(), "rb") as file:
            self.assertEqual(file.read(), b"line\n")
        with sysfd.open(path).file("r", encoding="ascii") as text:
            self.assertEqual(text.read(), "line\n")
        left, right = sysfd.socket_pair(socket.SOCK_STREAM)
        with socket.socket(fileno=left.release()) as a, socket.socket(fileno=right.detach()) as b:
            a.sendall(b"x")
            self.assertEqual(b.recv(9), b"x")
        self.assertTrue(left.closed)

    def test_refuses_what_is_no_descriptor(self) -> None:
        with self.assertErrno(errno.EBADF):
            sysfd.OwnedFd(12345)
        with self.assertRaisesRegex(TypeError, "not the number of a descriptor: 'x'"):
            sysfd.OwnedFd("x")  # type: ignore[arg-type]
        with self.assertRaisesRegex(TypeError, "has no fileno"):
            sysfd.duplicate(None)  # type: ignore[arg-type]
        with self.assertRaises(OverflowError):
            sysfd.duplicate(2**40)

    def test_sets_flags(self) -> None:
        with sysfd.pipe()[0] as fd:
            self.assertFalse(fd.nonblocking)
            fd.nonblocking = True
            self.assertTrue(sysfd.is_nonblocking(fd))
            self.assertTrue(fcntl.fcntl(fd.fileno(), fcntl.F_GETFL) & os.O_NONBLOCK)
            sysfd.set_nonblocking(fd, False)
            self.assertFalse(fd.nonblocking)
            fd.close_on_exec = False
            self.assertTrue(os.get_inheritable(fd.fileno()))

    def setUp(self) -> None:
        super().setUp()
        # The other ends of pipes, which a test does not need.
        warnings.simplefilter("ignore", ResourceWarning)
        self.addCleanup(warnings.simplefilter, "error", ResourceWarning)


class Makers(Case):
    def test_open_reports_the_file_name(self) -> None:
        with self.assertErrno(errno.ENOENT) as caught:
            sysfd.open("/no/such")
        self.assertIsInstance(caught.error, FileNotFoundError)
        self.assertEqual(caught.error.filename, "/no/such")
        with self.assertRaisesRegex(ValueError, "null byte"):
            sysfd.open("a\0b")

    def test_open_is_relative_to_a_directory(self) -> None:
        path = self.path(b"x")
        with sysfd.open(os.path.dirname(path), os.O_PATH) as directory:
            with sysfd.open("file", dir_fd=directory) as file:
                self.assertEqual(os.read(file.fileno(), 9), b"x")
            self.need(sysfd.Feature.OPENAT2)
            with self.assertErrno(errno.EXDEV):
                sysfd.open("../x", dir_fd=directory, resolve=sysfd.Resolve.BENEATH)

    def test_pipes(self) -> None:
        reader, writer = self.owned(*sysfd.pipe(os.O_NONBLOCK))
        self.assertTrue(reader.nonblocking)
        os.write(writer.fileno(), b"x")
        self.assertEqual(os.read(reader.fileno(), 9), b"x")

    def test_event_fds(self) -> None:
        with sysfd.event_fd(3) as fd:
            self.assertEqual(int.from_bytes(os.read(fd.fileno(), 8), sys.byteorder), 3)

    def test_duplicates_share_a_description(self) -> None:
        with sysfd.open(self.path(b"abc")) as fd, sysfd.duplicate(fd) as other:
            with fd.duplicate() as third, sysfd.reopen(fd) as own:
                self.assertEqual(os.read(third.fileno(), 1), b"a")
                self.assertEqual(os.read(other.fileno(), 1), b"b")
                self.assertEqual(os.read(own.fileno(), 1), b"a")
                self.assertTrue(sysfd.same_description(fd, other))
                self.assertFalse(sysfd.same_description(fd, own))
                sysfd.replace(own, other)
                self.assertTrue(sysfd.same_description(fd, own))

    def test_opens_missing_standard_streams(self) -> None:
        program = (
            "import os, sysfd; os.close(0); sysfd.open_missing_standard_streams();"
            "print(os.readlink('/proc/self/fd/0'))"
        )
        found = subprocess.run([PYTHON, "-c", program], stdout=subprocess.PIPE, check=True)
        self.assertEqual(found.stdout, b"/dev/null\n")
