# SPDX-License-Identifier: MIT
"""Processes by descriptor."""
from __future__ import annotations

import asyncio
import errno
import mmap
import os
import select
import signal
import socket
import threading

import sysfd
from support import Case


class PidFd(Case):
    def child(self) -> int:
        """A child of fork(2) that waits for a signal. The test reaps it."""
        pid = os.fork()
        if pid == 0:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, signal.valid_signals())
            while True:
                signal.pause()
        return pid

    def test_signals_and_reaps_a_child(self) -> None:
        with sysfd.PidFd.open(self.child()) as process:
            self.assertIsNone(process.try_wait())
            with self.assertRaisesRegex(TimeoutError, "has not ended"):
                process.wait(0.01)
            process.send_signal(signal.SIGTERM)
            status = process.wait(10)
            self.assertEqual(status.signal, signal.SIGTERM)
            self.assertIsNone(status.code)
            self.assertEqual(status.returncode, -signal.SIGTERM)
            self.assertFalse(status.success)
            self.assertFalse(status.core_dumped)
            self.assertIn("signal 15", str(status))
            with self.assertErrno(errno.ESRCH):
                process.send_signal(0)

    def test_waits_for_stops(self) -> None:
        with sysfd.PidFd.open(self.child()) as process:
            self.assertIsNone(process.try_wait_event(sysfd.Wait.STOPPED))
            process.send_signal(signal.SIGSTOP)
            event = process.wait_event(sysfd.Wait.STOPPED, 10)
            assert event is not None
            self.assertEqual(event.kind, sysfd.EventKind.STOPPED)
            self.assertEqual(event.signal, signal.SIGSTOP)
            self.assertIsNone(event.status)
            process.kill()
            event = process.wait_event()
            assert event is not None and event.status is not None
            self.assertEqual(event.status.signal, signal.SIGKILL)
            self.assertEqual(event.user, os.getuid())

    def test_is_awaited(self) -> None:
        async def wait_twice() -> "list[sysfd.ExitStatus]":
            waits = [asyncio.ensure_future(process.wait_async()) for process in processes]
            first = asyncio.ensure_future(_await(processes[0]))
            await asyncio.sleep(0)
            for process in processes:
                process.kill()
            results = await asyncio.gather(*waits, first, return_exceptions=True)
            return [each for each in results if isinstance(each, sysfd.ExitStatus)]

        async def _await(process: sysfd.PidFd) -> sysfd.ExitStatus:
            return await process

        processes = [sysfd.PidFd.open(self.child()) for _ in range(2)]
        self.owned(*processes)
        # The first is waited for twice: one of both reaps it.
        self.assertGreaterEqual(len(asyncio.run(wait_twice())), 2)

    def test_one_of_several(self) -> None:
        processes = self.owned(*[sysfd.PidFd.open(self.child()) for _ in range(2)])
        self.assertIsNone(sysfd.wait_any(processes, 0))
        processes[1].kill()
        self.assertEqual(sysfd.wait_any(processes), 1)
        processes[0].kill()
        for process in processes:
            process.wait()

    def test_own_process(self) -> None:
        with sysfd.PidFd.self() as own, sysfd.PidFd.open(os.getpid()) as other:
            self.assertEqual(own.pid, os.getpid())
            self.assertTrue(own.same_process(other))
            with self.assertErrno(errno.ETIMEDOUT):
                own.wait(0)
            info = own.info()
            self.assertEqual(info.pid, os.getpid())
            self.assertEqual(info.effective_user, os.geteuid())
            self.assertIsNone(info.exit_status)
            with own.proc_directory() as directory:
                self.assertIn("status", os.listdir(directory.fileno()))
            with sysfd.PidFd.open(threading.get_native_id(), nonblocking=True) as third:
                self.assertTrue(third.nonblocking)

    def test_identity(self) -> None:
        self.need(sysfd.Feature.PIDFS)
        with sysfd.PidFd.self() as own:
            text = sysfd.process_id_text(own.id)
            self.assertEqual(sysfd.parse_process_id(text), own.id)
            self.need(sysfd.Feature.PIDFD_HANDLES)
            with sysfd.PidFd.from_id(own.id) as again:
                self.assertTrue(own.same_process(again))
        with self.assertErrno(errno.EINVAL):
            sysfd.parse_process_id("x")

    def test_threads(self) -> None:
        self.need(sysfd.Feature.PIDFD_THREAD)
        with sysfd.PidFd.open(threading.get_native_id(), thread=True) as thread:
            thread.send_signal(0, sysfd.SignalScope.THREAD)

    def test_peers_and_adoption(self) -> None:
        self.need(sysfd.Feature.PEER_PIDFD)
        left, right = self.owned(*socket.socketpair())
        with sysfd.PidFd.of_peer(left) as peer:
            self.assertEqual(peer.pid, os.getpid())
            with sysfd.PidFd.adopt(os.dup(peer.fileno())) as adopted:
                self.assertTrue(adopted.same_process(peer))
        with self.assertErrno(errno.EBADF):
            sysfd.PidFd.adopt(sysfd.memfd("x"))

    def test_takes_a_descriptor_of_another_process(self) -> None:
        with sysfd.memfd("x") as fd, sysfd.PidFd.self() as own:
            with own.get_fd(fd.fileno()) as copy:
                self.assertTrue(sysfd.same_description(fd, copy))

    def test_namespaces(self) -> None:
        with sysfd.PidFd.self() as own:
            with own.namespace_fd(sysfd.Namespace.PID) as one:
                with own.namespace_for_children(sysfd.Namespace.PID) as other:
                    self.assertEqual(os.fstat(one.fileno()), os.fstat(other.fileno()))
            with self.assertErrno(errno.EINVAL):
                own.enter_namespaces(0)

    def test_values_and_memory(self) -> None:
        got = []
        before = signal.signal(signal.SIGUSR1, lambda *rest: got.append(rest[0]))
        self.addCleanup(signal.signal, signal.SIGUSR1, before)
        with sysfd.PidFd.self() as own:
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
            self.addCleanup(signal.pthread_sigmask, signal.SIG_UNBLOCK, [signal.SIGUSR2])
            own.send_signal(signal.SIGUSR2, value=7)
            self.assertEqual(signal.sigwaitinfo([signal.SIGUSR2]).si_signo, signal.SIGUSR2)
            with self.assertErrno(errno.EINVAL):
                own.release_memory()
            with self.assertErrno(errno.EINVAL):
                own.advise_memory([(0, mmap.PAGESIZE)], 12345)

    def test_readable_when_it_has_ended(self) -> None:
        with sysfd.PidFd.open(self.child()) as process:
            poll = select.poll()
            poll.register(process, select.POLLIN)
            self.assertEqual(poll.poll(0), [])
            process.kill()
            self.assertEqual(len(poll.poll()), 1)
            process.wait()
