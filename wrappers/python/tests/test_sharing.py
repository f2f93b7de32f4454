# SPDX-License-Identifier: MIT
"""Files with a position, locks, memory, messages."""
from __future__ import annotations

import errno
import os
import signal
import socket
import threading

import sysfd
from support import Case


class PositionedFile(Case):
    def test_reads_and_writes_at_its_own_position(self) -> None:
        with sysfd.PositionedFile.open(self.path(), os.O_RDWR) as file:
            self.assertEqual(file.write(b"hello "), 6)
            file.write_all(b"world")
            self.assertEqual(file.position, 11)
            self.assertEqual(file.seek(0), 0)
            self.assertEqual(file.read(5), b"hello")
            self.assertEqual(file.read_exact(6), b" world")
            with self.assertErrno(errno.ENODATA):
                file.read_exact(1)
            self.assertEqual(file.seek(-5, os.SEEK_END), 6)
            self.assertEqual(file.size, 11)

    def test_reads_and_writes_elsewhere(self) -> None:
        with sysfd.PositionedFile.memfd("x") as file:
            self.assertEqual(file.write_at(b"bc", 1), 2)
            file.write_all_at(b"a", 0)
            self.assertEqual(file.append(b"d"), 1)
            self.assertEqual(file.writev_at([b"e", bytearray(b"f")], 4), 2)
            self.assertEqual(file.read_at(9, 1), b"bcdef")
            self.assertEqual(file.read_exact_at(2, 4), b"ef")
            first, second = bytearray(2), bytearray(3)
            self.assertEqual(file.readv_at([first, second], 0), 5)
            self.assertEqual((first, second), (b"ab", b"cde"))
            file.truncate(1)
            file.sync()
            file.sync(data_only=True)
            self.assertEqual(file.read_at(9, 0), b"a")

    def test_takes_and_releases_a_descriptor(self) -> None:
        fd = sysfd.open(self.path(b"abc"))
        file = sysfd.PositionedFile(fd, 1)
        self.assertTrue(fd.closed)
        with sysfd.PositionedFile.reopen(file) as other:
            self.assertEqual(other.read(1), b"a")
        self.assertEqual(file.read(9), b"bc")
        os.close(file.release())
        with self.assertRaisesRegex(ValueError, "PositionedFile is closed"):
            file.read(1)
        with self.assertErrno(errno.ENOENT) as caught:
            sysfd.PositionedFile.open("/no/such")
        self.assertEqual(caught.error.filename, "/no/such")


class Locks(Case):
    def test_description_locks_exclude_each_other(self) -> None:
        path = self.path(b"0123456789")
        with sysfd.open(path, os.O_RDWR) as first, sysfd.open(path, os.O_RDWR) as second:
            with sysfd.DescriptionLock(first, start=2, length=4) as lock:
                self.assertEqual(lock.range, (2, 4))
                self.assertEqual(lock.mode, sysfd.LockMode.EXCLUSIVE)
                with self.assertErrno(errno.EAGAIN):
                    sysfd.DescriptionLock(second, timeout=0)
                with self.assertErrno(errno.ETIMEDOUT):
                    sysfd.DescriptionLock(second, timeout=0.01)
                sysfd.DescriptionLock(second, start=6, timeout=0).unlock()
                lock.downgrade()
                with sysfd.DescriptionLock(second, sysfd.LockMode.SHARED) as other:
                    with self.assertErrno(errno.EAGAIN):
                        other.upgrade(timeout=0)
                lock.upgrade()
                self.assertEqual(lock.mode, sysfd.LockMode.EXCLUSIVE)
                holder = lock.release()
            with holder.duplicate() as copy:
                kept = sysfd.DescriptionLock.adopt(
                    holder, sysfd.LockMode.EXCLUSIVE, start=2, length=4
                )
                with self.assertErrno(errno.EAGAIN):
                    sysfd.DescriptionLock(second, timeout=0)
                kept.close()
                self.assertFalse(copy.closed)
            sysfd.DescriptionLock(second, timeout=0).close()

    def test_flocks_exclude_each_other(self) -> None:
        path = self.path()
        with sysfd.open(path) as first, sysfd.open(path) as second:
            with sysfd.FlockLock(first) as lock:
                self.assertTrue(lock.is_locked)
                with self.assertErrno(errno.EAGAIN):
                    sysfd.FlockLock(second, timeout=0)
                holder = lock.release()
            sysfd.FlockLock.adopt(holder, sysfd.LockMode.EXCLUSIVE).unlock()
            sysfd.FlockLock(second, sysfd.LockMode.SHARED, timeout=0).close()

    def test_a_handler_can_end_the_wait(self) -> None:
        class Ended(Exception):
            pass

        def handle(number: int, frame: object) -> None:
            raise Ended

        before = signal.signal(signal.SIGUSR1, handle)
        self.addCleanup(signal.signal, signal.SIGUSR1, before)
        path = self.path()
        with sysfd.open(path) as first, sysfd.open(path) as second, sysfd.FlockLock(first):
            main = threading.main_thread().ident
            assert main is not None
            sender = threading.Thread(target=signal.pthread_kill, args=(main, signal.SIGUSR1))
            with self.assertRaises(Ended):
                sender.start()
                sysfd.FlockLock(second)
            sender.join()


class Memory(Case):
    def test_sealed_memory_is_read_only(self) -> None:
        with sysfd.sealed_memfd("x", b"content") as fd:
            view = sysfd.map_sealed(fd)
            self.assertEqual(sysfd.read_sealed(fd), b"content")
            with self.assertErrno(errno.EPERM):
                os.write(fd.fileno(), b"x")
        self.assertEqual(view, b"content")
        self.assertTrue(view.readonly)
        part = view[3:]
        del view
        self.assertEqual(bytes(part), b"tent")
        self.assertIn("memfd:x", self.maps())
        del part
        self.assertNotIn("memfd:x", self.maps())

    def maps(self) -> str:
        with open("/proc/self/maps", encoding="utf-8") as file:
            return file.read()

    def test_shared_memory_is_shared(self) -> None:
        with sysfd.fixed_memfd("x", 10) as fd:
            one, other = sysfd.map_shared(fd), sysfd.map_shared(fd)
            one[2:4] = b"ab"
            self.assertEqual(other[:5], b"\0\0ab\0")

    def test_what_is_not_sealed_is_refused(self) -> None:
        with sysfd.memfd("x") as fd:
            with self.assertRaises(sysfd.SealError) as caught:
                sysfd.map_sealed(fd)
            self.assertEqual(caught.exception.errno, errno.EPERM)
            self.assertEqual(caught.exception.kind, "may_shrink")
            self.assertIn("shrink", str(caught.exception))


class Messages(Case):
    def setUp(self) -> None:
        super().setUp()
        self.left, self.right = socket.socketpair()
        self.addCleanup(self.left.close)
        self.addCleanup(self.right.close)

    def test_descriptors_arrive(self) -> None:
        with sysfd.memfd("x") as fd:
            self.assertEqual(sysfd.send_fds(self.left, [fd, 1], b"text", timeout=1), 4)
            with sysfd.receive_fds(self.right, max_fds=2, timeout=5) as message:
                self.assertEqual(message.payload, b"text")
                self.assertEqual(len(message.fds), 2)
                self.assertIsNone(message.fds_error)
                self.assertIsNone(message.credentials)
                self.assertTrue(sysfd.same_description(fd, message.fds[0]))
        self.assertTrue(message.fds[0].closed)

    def test_too_many_are_closed(self) -> None:
        sysfd.send_fds(self.left, [0, 1])
        with sysfd.receive_fds(self.right, max_fds=1) as message:
            self.assertEqual(message.fds, [])
            self.assertIsInstance(message.fds_error, OSError)
        with self.assertErrno(errno.E2BIG):
            sysfd.send_fds(self.left, [0] * (sysfd.MAX_FDS_IN_MESSAGE + 1))

    def test_nothing_comes(self) -> None:
        with self.assertErrno(errno.ETIMEDOUT):
            sysfd.receive_fds(self.right, timeout=0.01)
        self.right.setblocking(False)
        with self.assertErrno(errno.EAGAIN):
            sysfd.receive_fds(self.right)

    def test_credentials_and_pidfd(self) -> None:
        sysfd.pass_credentials(self.right)
        if sysfd.Feature.PASS_PIDFD in sysfd.features():
            sysfd.pass_pidfd(self.right)
        sysfd.send_fds(self.left, [0])
        with sysfd.receive_fds(self.right) as message:
            assert message.credentials is not None
            self.assertEqual(message.credentials.pid, os.getpid())
            self.assertEqual(message.credentials.user, os.getuid())
            if sysfd.Feature.PASS_PIDFD in sysfd.features():
                assert message.pidfd is not None
                self.assertTrue(sysfd.is_open(message.pidfd.fileno()))

    def test_a_socket_can_refuse_descriptors(self) -> None:
        self.need(sysfd.Feature.PASS_RIGHTS)
        sysfd.pass_fds(self.right, False)
        with self.assertErrno(errno.EPERM):
            sysfd.send_fds(self.left, [0])
