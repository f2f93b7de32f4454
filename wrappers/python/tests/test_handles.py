# SPDX-License-Identifier: MIT
"""File handles, mounts, fanotify."""
from __future__ import annotations

import copy
import ctypes
import errno
import os
import pickle

import sysfd
from support import Case

FAN_CLASS_NOTIF, FAN_REPORT_DFID_NAME, FAN_CLOEXEC = 0, 0xC00, 1
FAN_MARK_ADD, FAN_CREATE, FAN_CLOSE_WRITE, FAN_ONDIR = 1, 0x100, 0x8, 0x40000000


class Handles(Case):
    def setUp(self) -> None:
        super().setUp()
        self.need(sysfd.Feature.FILE_HANDLES)
        self.file = self.path(b"content")
        try:
            self.handle, self.mount = sysfd.name_to_handle(self.file)
        except OSError as error:
            self.skipTest(f"this file system has no handles: {error}")

    def test_a_handle_is_a_value(self) -> None:
        with sysfd.open(self.file) as fd:
            self.assertEqual(sysfd.handle_of(fd), (self.handle, self.mount))
        again = sysfd.FileHandle.deserialize(self.handle.serialize())
        for equal in (again, copy.copy(self.handle), pickle.loads(pickle.dumps(self.handle))):
            self.assertEqual(equal, self.handle)
            self.assertEqual(hash(equal), hash(self.handle))
        built = sysfd.FileHandle(self.handle.type, self.handle.bytes)
        self.assertEqual(built, self.handle)
        self.assertFalse(self.handle.is_fid)
        self.assertFalse(self.handle.is_connectable)
        self.assertNotEqual(self.handle, "x")
        with sysfd.open(os.path.dirname(self.file)) as fd:
            self.assertEqual(sysfd.name_to_handle("file", dir_fd=fd)[0], self.handle)
            directory = sysfd.handle_of(fd)[0]
        self.assertNotEqual(directory, self.handle)
        self.assertEqual(sorted([directory, self.handle]), sorted([self.handle, directory]))
        with self.assertErrno(errno.EBADMSG):
            sysfd.FileHandle.deserialize(b"x")

    def test_a_handle_opens_the_file(self) -> None:
        try:
            with sysfd.open(self.file) as mount:
                with sysfd.open_by_handle(mount, self.handle) as fd:
                    self.assertEqual(os.read(fd.fileno(), 99), b"content")
        except PermissionError:
            self.skipTest("needs CAP_DAC_READ_SEARCH")
        with sysfd.find_mount(self.mount) as found, sysfd.MountCache() as cache:
            self.assertTrue(sysfd.is_open(found.fileno()))
            self.assertTrue(sysfd.is_open(cache.find(self.mount)))
            with cache.open_by_handle(self.handle, self.mount) as fd:
                self.assertEqual(os.read(fd.fileno(), 99), b"content")
            cache.clear()

    def test_the_name_of_a_missing_file_is_reported(self) -> None:
        with self.assertErrno(errno.ENOENT) as caught:
            sysfd.name_to_handle("/no/such", sysfd.HandleFlags.FOLLOW)
        self.assertEqual(caught.error.filename, "/no/such")

    def test_a_pidfd_has_a_handle(self) -> None:
        self.need(sysfd.Feature.PIDFS_ROOT)
        with sysfd.PidFd.self() as own:
            handle = sysfd.handle_of(own)[0]
            with sysfd.open_by_handle(sysfd.PIDFS_ROOT, handle) as fd:
                self.assertTrue(own.same_process(fd))


    def test_a_namespace_has_a_handle(self) -> None:
        self.need(sysfd.Feature.NSFS_ROOT)
        with sysfd.PidFd.self() as own, own.namespace_fd(sysfd.Namespace.UTS) as fd:
            handle = sysfd.handle_of(fd)[0]
            with sysfd.open_by_handle(sysfd.NSFS_ROOT, handle) as again:
                self.assertTrue(os.path.sameopenfile(fd.fileno(), again.fileno()))


class Fanotify(Case):
    def test_events_have_handles_and_names(self) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        flags = FAN_CLASS_NOTIF | FAN_REPORT_DFID_NAME | FAN_CLOEXEC
        group = libc.fanotify_init(flags, os.O_RDONLY)
        if group < 0:
            self.skipTest(f"fanotify_init: {os.strerror(ctypes.get_errno())}")
        self.addCleanup(os.close, group)
        directory = self.directory()
        mask = ctypes.c_uint64(FAN_CREATE | FAN_CLOSE_WRITE)
        if libc.fanotify_mark(group, FAN_MARK_ADD, mask, -100, directory.encode()) < 0:
            self.skipTest(f"fanotify_mark: {os.strerror(ctypes.get_errno())}")
        with open(os.path.join(directory, "new"), "wb"):
            pass
        events = list(sysfd.fanotify_events(os.read(group, 4096)))
        self.assertTrue(events)
        fids = [fid for event in events for fid in event.fids]
        self.assertEqual({fid.name for fid in fids}, {b"new"})
        self.assertEqual({fid.kind for fid in fids}, {sysfd.FidKind.DFID_NAME})
        self.assertEqual({event.pid for event in events}, {os.getpid()})
        with sysfd.open(directory) as fd:
            self.assertEqual(fids[0].handle, sysfd.handle_of(fd)[0])
            self.assertEqual(fids[0].file_system, sysfd.file_system_id(fd))

    def test_events_have_descriptors(self) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        group = libc.fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC, os.O_RDONLY)
        if group < 0:
            self.skipTest(f"fanotify_init: {os.strerror(ctypes.get_errno())}")
        self.addCleanup(os.close, group)
        path = self.path()
        mask = ctypes.c_uint64(FAN_CLOSE_WRITE)
        if libc.fanotify_mark(group, FAN_MARK_ADD, mask, -100, path.encode()) < 0:
            self.skipTest(f"fanotify_mark: {os.strerror(ctypes.get_errno())}")
        with open(path, "wb") as file:
            file.write(b"text")
        for event in sysfd.fanotify_events(os.read(group, 4096)):
            assert event.file is not None
            with event.file as fd:
                self.assertEqual(os.read(fd.fileno(), 9), b"text")
            self.assertIsNone(event.process)
