# SPDX-License-Identifier: MIT
"""Socket activation, and messages to the service manager."""
from __future__ import annotations

import errno
import os
import socket

import sysfd
from support import PYTHON, Case


class Types(Case):
    def test_kinds(self) -> None:
        listener = self.owned(socket.create_server(("127.0.0.1", 0)))
        port = listener.getsockname()[1]
        datagram = self.owned(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        reader, writer = self.owned(*sysfd.pipe())
        self.assertTrue(sysfd.is_socket(listener))
        self.assertTrue(sysfd.is_listening_stream(listener))
        self.assertFalse(sysfd.is_listening_stream(datagram))
        self.assertTrue(sysfd.is_datagram(datagram))
        self.assertTrue(sysfd.is_fifo(reader))
        self.assertFalse(sysfd.is_fifo(listener))
        self.assertFalse(sysfd.is_message_queue(writer))
        with sysfd.open("/dev/null") as null:
            self.assertTrue(sysfd.is_special_file(null))
            self.assertTrue(sysfd.FdType(sysfd.FdKind.SPECIAL_FILE, at="/dev/null").matches(null))
        kind = sysfd.FdKind.STREAM_LISTENER
        self.assertTrue(sysfd.FdType(kind, inet=port).matches(listener))
        self.assertTrue(sysfd.FdType(kind, ip=sysfd.ANY_PORT).matches(listener))
        self.assertFalse(sysfd.FdType(kind, inet6=port).matches(listener))
        self.assertTrue(sysfd.FdType().matches(reader))
        self.assertIn(str(port), str(sysfd.FdType(kind, inet=port)))
        path = os.path.join(self.directory(), "socket")
        datagram.bind(path)
        self.assertTrue(sysfd.FdType(sysfd.FdKind.DATAGRAM, unix_path=path).matches(datagram))
        self.assertFalse(sysfd.FdType(sysfd.FdKind.DATAGRAM, unix_abstract=b"x").matches(datagram))
        with self.assertErrno(errno.EINVAL):
            sysfd.FdType(99)


class ListenFds(Case):
    # Runs in a child, since the descriptors are 3, 4, ... of the process.
    PROGRAM = """
import os, sysfd
with sysfd.ListenFds() as fds:
    assert not [name for name in os.environ if name.startswith("LISTEN_")], os.environ
    assert len(fds) == 4 and fds.names == ["a", "b", "b", "c"], fds.names
    assert fds.indices_of("b") == [1, 2] and fds.name(0) == "a"
    assert fds.borrow("a") == fds.borrow(0) == 3
    pipe = sysfd.FdType(sysfd.FdKind.FIFO)
    try: fds.take("a", sysfd.FdType(sysfd.FdKind.SOCKET))
    except sysfd.ListenError as error: assert error.kind == "wrong_type", error.kind
    with fds.take("a", pipe) as fd: assert fd.fileno() == 3
    assert not fds.has(0) and fds.has(3)
    try: fds.take("x")
    except sysfd.ListenError as error: assert error.kind == "not_found", error.kind
    try: fds.borrow("b")
    except sysfd.ListenError as error: assert error.kind == "ambiguous", error.kind
    for fd in fds.take_all("b", pipe): fd.close()
    with fds.take(3) as fd: assert fd.fileno() == 6
    print("right")
"""

    def test_takes_what_the_manager_passes(self) -> None:
        reader, writer = self.owned(*sysfd.pipe())
        listen = [("a", reader), ("b", reader), ("b", writer), ("c", writer)]
        found = sysfd.output([PYTHON, "-W", "error", "-c", self.PROGRAM], listen_fds=listen)
        self.assertEqual(found.stdout, b"right\n", found.stderr.decode())

    def test_passes_on_what_it_was_given(self) -> None:
        program = (
            "import sysfd\n"
            "with sysfd.ListenFds(keep_environment=True) as fds:\n"
            "    words = ['sh', '-c', 'echo $LISTEN_FDNAMES']\n"
            "    print(sysfd.output(words, listen_fds=fds).stdout.decode())\n"
        )
        found = sysfd.output([PYTHON, "-c", program], listen_fds=[("x", 0), ("y", 0)])
        self.assertEqual(found.stdout, b"x:y\n\n", found.stderr.decode())

    def test_tells_why_there_are_none(self) -> None:
        with self.assertRaises(sysfd.ListenError) as caught:
            sysfd.ListenFds()
        self.assertEqual(caught.exception.kind, "not_activated")
        self.assertEqual(caught.exception.errno, errno.ENODATA)
        os.environ["LISTEN_FDS"] = "no number"
        with self.assertRaises(sysfd.ListenError):
            sysfd.ListenFds(keep_environment=True)
        self.assertIn("LISTEN_FDS", os.environ)
        with self.assertRaises(sysfd.ListenError):
            sysfd.ListenFds()
        self.assertNotIn("LISTEN_FDS", os.environ)
        with self.assertRaises(sysfd.ListenError) as caught:
            sysfd.ListenFds({"LISTEN_PID": "1", "LISTEN_FDS": "1"})
        self.assertEqual(caught.exception.kind, "other_process")


class Notify(Case):
    def setUp(self) -> None:
        super().setUp()
        self.manager = self.owned(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        self.address = os.path.join(self.directory(), "notify")
        self.manager.bind(self.address)

    def test_sends_messages(self) -> None:
        with sysfd.PidFd.self() as own:
            sysfd.notify(
                address=self.address,
                ready=True,
                status="serving",
                error=2,
                exit_status=3,
                watchdog_interval=1.5,
                extend_timeout=2,
                main_process=own,
                more="X=1",
            )
        with sysfd.receive_fds(self.manager, timeout=10) as message:
            got = message.payload.decode().split("\n")
        for line in (
            *("READY=1", "STATUS=serving", "ERRNO=2", "EXIT_STATUS=3", "WATCHDOG_USEC=1500000"),
            *("EXTEND_TIMEOUT_USEC=2000000", f"MAINPID={os.getpid()}", "X=1"),
        ):
            self.assertIn(line, got)

    def test_stores_descriptors(self) -> None:
        with sysfd.memfd("x") as fd, sysfd.Notifier(self.address) as notifier:
            self.assertTrue(notifier.has_manager)
            self.assertIsNone(notifier.watchdog_interval)
            self.assertTrue(notifier.notify(store=[fd], store_name="kept", store_no_poll=True))
            with sysfd.receive_fds(self.manager, timeout=10) as message:
                self.assertIn(b"FDNAME=kept", message.payload)
                self.assertTrue(sysfd.same_description(fd, message.fds[0]))
            with self.assertErrno(errno.ETIMEDOUT):
                notifier.barrier(0.01)

    def test_waits_until_the_manager_has_read(self) -> None:
        with self.assertErrno(errno.ETIMEDOUT):
            sysfd.notify_barrier(0.01, address=self.address)
        with sysfd.receive_fds(self.manager, timeout=10) as message:
            self.assertEqual(len(message.fds), 1)

    def test_there_may_be_no_manager(self) -> None:
        self.assertNotIn("NOTIFY_SOCKET", os.environ)
        self.assertFalse(sysfd.notify(ready=True))
        self.assertFalse(sysfd.notify_barrier())
        self.assertIsNone(sysfd.watchdog_interval())
        with sysfd.Notifier() as notifier:
            self.assertFalse(notifier.has_manager)

    def test_reads_the_environment(self) -> None:
        program = (
            "import os, sysfd; print(sysfd.watchdog_interval());"
            "n = sysfd.Notifier(unset_environment=True); print(n.notify(stopping=True));"
            "n.close(); print('NOTIFY_SOCKET' in os.environ)"
        )
        added = {"NOTIFY_SOCKET": self.address, "WATCHDOG_USEC": "2500000"}
        found = sysfd.output([PYTHON, "-c", program], extra_env=added)
        self.assertEqual(found.stdout, b"2.5\nTrue\nFalse\n", found.stderr.decode())
        self.assertEqual(self.manager.recv(99), b"STOPPING=1\n")

    def test_refuses_what_cannot_be_sent(self) -> None:
        with self.assertErrno(errno.EINVAL) as caught:
            sysfd.notify(address=self.address, status="a\nb")
        self.assertGreater(len(str(caught.error)), len("[Errno 22] "))
        with self.assertRaisesRegex(TypeError, "no_such"):
            sysfd.notify(address=self.address, no_such=1)
