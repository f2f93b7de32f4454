# SPDX-License-Identifier: MIT
"""Cgroups, rulesets of Landlock, and children of which nothing survives."""
from __future__ import annotations

import errno
import os
import secrets
import select
import signal
import threading
import unittest
from typing import List, Optional, Tuple

import sysfd
from support import Case

FileRight, Rights, EndReason = sysfd.FileRight, sysfd.Rights, sysfd.EndReason


def kills(name: str) -> List[str]:
    return ["sh", "-c", f"kill -{name} $$"]


class Rulesets(Case):
    def setUp(self) -> None:
        super().setUp()
        try:
            sysfd.landlock_support()
        except sysfd.LandlockError as error:
            self.skipTest(str(error))

    def test_restrict_a_child(self) -> None:
        directory = self.directory()
        with sysfd.Ruleset(Rights(files=FileRight.READ_DIR)) as ruleset:
            ruleset.allow("/usr", FileRight.READ_DIR)
            with sysfd.open(directory, os.O_PATH) as fd:
                ruleset.allow(fd, FileRight.READ_DIR)
            self.assertFalse(ruleset.missing)
            self.assertEqual(ruleset.handled.files, FileRight.READ_DIR)
            for path, succeeds in (("/usr", True), (directory, True), ("/", False)):
                run = sysfd.output(["ls", path], landlock=ruleset)
                self.assertEqual(run.success, succeeds, path)

    def test_restrict_a_thread(self) -> None:
        with sysfd.Ruleset(Rights(files=FileRight.READ_DIR)) as ruleset:
            pid = os.fork()
            if pid == 0:
                try:
                    ruleset.restrict_self(log_after_exec=False)
                    os.listdir("/")
                except PermissionError:
                    os._exit(7)
                finally:
                    os._exit(1)
            self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 7)

    def test_tell_what_is_missing(self) -> None:
        abi, known = sysfd.landlock_support()
        self.assertGreaterEqual(abi, 1)
        self.assertTrue(known.files & FileRight.EXECUTE)
        unknown = 1 << 60
        with self.assertRaises(sysfd.LandlockError) as caught:
            sysfd.Ruleset(Rights(files=FileRight.READ_FILE | unknown))
        self.assertEqual(caught.exception.step, "create")
        self.assertEqual(caught.exception.missing, Rights(files=unknown))
        with sysfd.Ruleset(wanted=Rights(files=FileRight.READ_FILE | unknown)) as ruleset:
            self.assertEqual(ruleset.missing, Rights(files=unknown))
            with self.assertRaises(sysfd.LandlockError) as caught:
                ruleset.allow("/no/such", FileRight.READ_FILE)
            self.assertEqual((caught.exception.step, caught.exception.errno), ("open", 2))

    def test_explain_what_they_decide(self) -> None:
        with sysfd.Ruleset.for_program("/bin/sh") as ruleset:
            allowed, text = ruleset.explain("/bin/sh", FileRight.RUN)
            self.assertEqual(allowed, FileRight.RUN)
            self.assertIn("/bin/sh", text)
            self.assertEqual(ruleset.explain("/etc/passwd", FileRight.RUN)[0], 0)

    def test_isolate_signals(self) -> None:
        _, known = sysfd.landlock_support()
        if not known.scopes & sysfd.Scope.SIGNAL:
            self.skipTest("Landlock has no scopes in this kernel")
        with sysfd.Ruleset(Rights(scopes=sysfd.Scope.SIGNAL)) as ruleset:
            self.assertEqual(ruleset.handled.scopes, sysfd.Scope.SIGNAL)

    def test_rule_over_ports(self) -> None:
        abi, known = sysfd.landlock_support()
        if not known.ports & sysfd.PortRight.BIND_TCP:
            self.skipTest(f"Landlock has no ports in ABI {abi}")
        ports = Rights(ports=sysfd.PortRight.BIND_TCP)
        with sysfd.Ruleset(ports) as ruleset:
            ruleset.allow_port(80, sysfd.PortRight.BIND_TCP)
            self.assertEqual(ruleset.handled, ports)


class Cgroups(Case):
    def setUp(self) -> None:
        super().setUp()
        self.name = f"sysfd-python-{secrets.token_hex(8)}"
        try:
            self.own = sysfd.Cgroup.own()
            self.addCleanup(self.own.close)
            self.own.create(self.name).close()
        except sysfd.CgroupError as error:
            self.skipTest(str(error))

    def test_hold_processes(self) -> None:
        with self.own.create(self.name) as group:
            with sysfd.spawn(["sleep", "1000"], cgroup=group) as process:
                (found,) = group.processes()
                with found:
                    self.assertEqual(found.pid, process.pid)
                self.assertTrue(group.events().populated)
                group.freeze()
                self.assertTrue(group.events().frozen)
                group.thaw()
                with self.assertRaises(sysfd.CgroupError) as caught:
                    group.wait_empty(0)
                self.assertEqual(caught.exception.step, "wait")
                self.assertEqual(caught.exception.errno, errno.ETIMEDOUT)
                with group.open_events() as events:
                    sysfd.Cgroup.rearm(events)
                    group.kill()
                    poll = select.poll()
                    poll.register(events, select.POLLPRI)
                    self.assertTrue(poll.poll(20000))
                group.wait_empty()
                self.assertEqual(process.wait().signal, signal.SIGKILL)
            self.assertIsNotNone(group.usage().cpu_user)
            group.remove()
            with self.assertRaises(sysfd.CgroupError) as caught:
                group.remove()
            self.assertEqual(caught.exception.step, "remove")

    def test_that_are_closed_are_killed_and_removed(self) -> None:
        group = self.own.create(self.name)
        with sysfd.spawn(["sleep", "1000"], cgroup=group) as process:
            group.close()
            self.assertEqual(process.wait().signal, signal.SIGKILL)
        self.own.create(self.name).close()

    def test_that_are_kept_stay(self) -> None:
        with self.own.create(self.name) as group:
            group.keep()
        with self.assertRaises(sysfd.CgroupError) as caught:
            self.own.create(self.name)
        self.assertEqual((caught.exception.step, caught.exception.errno), ("create", errno.EEXIST))
        directory = f"/proc/self/fd/{self.own.fileno()}/{self.name}"
        with sysfd.Cgroup.open(directory) as opened:
            self.assertFalse(opened.events().populated)
        os.rmdir(directory)

    def test_have_limits_or_tell_why_not(self) -> None:
        found = self.own.abilities()
        self.assertIsNone(found.create_obstacle)
        self.assertFalse(found.available & found.in_version_1)
        limits = sysfd.CgroupLimits(pids_max=7)
        if found.available & sysfd.Controller.PIDS:
            self.own.enable(sysfd.Controller.PIDS)
            with self.own.create(self.name, limits) as group:
                group.set(sysfd.CgroupLimits(pids_max=sysfd.UNLIMITED))
                self.assertEqual(group.usage().pids, 0)
        else:
            with self.assertRaises(sysfd.CgroupError) as caught:
                self.own.create(self.name, limits)
            self.assertEqual(caught.exception.step, "enable")
            self.assertIn("pids", str(caught.exception))

    def test_move_processes_into_a_leaf(self) -> None:
        with self.own.create(self.name) as group:
            with sysfd.spawn(["sleep", "1000"], cgroup=group):
                with group.make_leaf_and_enable("leaf", 0) as leaf:
                    (found,) = leaf.processes()
                    found.close()
                try:
                    group.open_memory_events().close()
                except sysfd.CgroupError as error:
                    self.assertEqual(error.errno, errno.ENOENT)

    def test_limit_a_tree(self) -> None:
        contain = sysfd.Containment(best_effort=True, own_cgroup=True, parent=self.own)
        with sysfd.spawn(["sh", "-c", "exit 3"], contain=contain) as process:
            process.wait()
            self.assertIsNotNone(process.usage().cpu_user)
            self.assertEqual(process.ending().reason, EndReason.EXITED)
        self.assertGreaterEqual(self.own.sweep_trees(), 0)

    def test_find_mistakes(self) -> None:
        io = sysfd.IoLimit(8, 0, read_bytes=-1)
        with self.assertRaises(OverflowError):
            self.own.create(self.name, sysfd.CgroupLimits(io_max=[io]))
        with self.assertRaises(sysfd.CgroupError):
            self.own.create(self.name, sysfd.CgroupLimits(cpu_weight=0))


class Contained(Case):
    def setUp(self) -> None:
        super().setUp()
        try:
            sysfd.output(["true"], contain=True)
        except sysfd.SpawnError as error:
            self.assertEqual(error.step, "containment")
            self.skipTest(str(error))

    def test_nothing_survives(self) -> None:
        read, write = sysfd.pipe()
        with read:
            with write:
                words = ["sh", "-c", "setsid sleep 1000 & exec sleep 1000"]
                process = sysfd.spawn(words, contain=True, pass_fds={9: write})
            self.assertLess(process.containment, sysfd.ContainmentKind.SUBREAPER)
            with self.assertRaises(BlockingIOError):
                process.ending()
            with self.assertRaises(OSError) as caught:
                process.usage()
            self.assertEqual(caught.exception.errno, errno.EOPNOTSUPP)
            process.close()
            poll = select.poll()
            poll.register(read, select.POLLIN)
            self.assertTrue(poll.poll(20000), "something of the tree holds the pipe")

    def test_a_tree_may_stay_in_the_namespaces_of_the_caller(self) -> None:
        contain = sysfd.Containment(same_namespaces=True)
        with sysfd.spawn(["true"], contain=contain) as process:
            self.assertEqual(process.containment, sysfd.ContainmentKind.SUBREAPER)
            self.assertEqual(process.wait().code, 0)
        both = sysfd.Containment(best_effort=True, same_namespaces=True)
        with self.assertRaises(ValueError):
            sysfd.output(["true"], contain=both)

    def test_what_would_break_the_tree_is_refused(self) -> None:
        with self.assertRaises(sysfd.SpawnError) as caught:
            sysfd.spawn(["true"], contain=True, leave_no_zombie=True)
        self.assertEqual((caught.exception.step, caught.exception.errno), ("containment", 22))

    def test_a_pipeline_is_one_tree(self) -> None:
        read, write = sysfd.pipe()
        with read:
            with write:
                words = ["sh", "-c", "setsid sleep 1000 >/dev/null & echo text"]
                first = sysfd.Command(words, pass_fds={9: write})
                second = sysfd.Command(["sh", "-c", "cat; exit 3"])
                line = sysfd.Pipeline([first, second], contain=True)
            with line:
                output = line.output()
            self.assertEqual(output.stdout, b"text\n")
            poll = select.poll()
            poll.register(read, select.POLLIN)
            self.assertTrue(poll.poll(0), "something of the tree holds the pipe")

    def test_a_stage_of_a_tree_has_none_of_its_own(self) -> None:
        commands = [sysfd.Command(["true"]), sysfd.Command(["true"], contain=True)]
        with sysfd.Pipeline(commands, contain=sysfd.Containment(best_effort=True)) as line:
            with self.assertRaises(sysfd.SpawnError) as caught:
                line.spawn()
        self.assertEqual((caught.exception.step, caught.exception.errno), ("containment", 22))
        self.assertEqual(caught.exception.stage, 1)


class Endings(Case):
    def test_tell_why(self) -> None:
        for words, reason in ((["true"], EndReason.EXITED), (kills("TERM"), EndReason.SIGNAL)):
            with sysfd.spawn(words) as process:
                status = process.wait()
                self.assertEqual(process.containment, sysfd.ContainmentKind.NONE)
                self.assertEqual(process.ending().reason, reason)
                self.assertEqual(process.ending().status, status)
                self.assertIsNone(process.ending().oom_kills)

    def test_output_ends_with_the_child_or_with_its_pipes(self) -> None:
        read, write = sysfd.pipe()
        with read, write:
            waits = ["sh", "-c", "(read line <&9) & echo early"]
            run = sysfd.output(waits, pass_fds={9: read})
            self.assertEqual(run.stdout, b"early\n")
        later = ["sh", "-c", "(sleep 0.01; echo late) & echo early"]
        run = sysfd.output(later, until=sysfd.Until.PIPES_CLOSE)
        self.assertEqual(run.stdout, b"early\nlate\n")
        assert run.ending
        self.assertEqual(run.ending.reason, EndReason.EXITED)

    def test_a_timeout_asks_first(self) -> None:
        script = "trap 'echo asked; exit 7' TERM; while :; do sleep 0.01; done"
        timeout = 0.02
        while timeout < 30:
            run = sysfd.output(["sh", "-c", script], timeout=timeout, grace=20)
            assert run.ending
            self.assertEqual(run.ending.reason, EndReason.TIMEOUT)
            if run.stdout == b"asked\n":
                return
            timeout *= 2
        self.fail("it was not asked")

    def test_a_sink_gets_what_is_written(self) -> None:
        calls: List[Tuple[sysfd.Stream, Optional[bytes]]] = []
        run = sysfd.output(
            ["printf", "one\\n\\nlonger"],
            sink=sysfd.EachLine(lambda stream, line: calls.append((stream, line)), 4),
            max_size=2,
        )
        self.assertEqual(run.stdout, b"on")
        out = [piece for stream, piece in calls if stream == sysfd.Stream.STDOUT]
        self.assertEqual(out, [b"one", b"", b"long", b"er", None])
        self.assertIn((sysfd.Stream.STDERR, None), calls)
        pieces: List[Optional[bytes]] = []
        with sysfd.Command(["cat"], stdin=sysfd.PIPE, stdout=sysfd.PIPE).spawn() as process:
            process.communicate(b"text", sink=lambda stream, piece: pieces.append(piece))
        self.assertEqual(pieces, [b"text", None])

    def test_an_exception_of_a_sink_ends_the_child(self) -> None:
        def refuse(stream: sysfd.Stream, piece: Optional[bytes]) -> None:
            raise KeyError(piece)

        sink: sysfd.Sink = refuse
        with self.assertRaises(KeyError):
            sysfd.output(["sh", "-c", "echo text; exec sleep 1000"], sink=sink)
        errors: List[BaseException] = []

        def run_in_thread() -> None:
            try:
                sysfd.output(["sh", "-c", "echo text; exec sleep 1000"], sink=sink)
            except KeyError as error:
                errors.append(error)

        thread = threading.Thread(target=run_in_thread)
        thread.start()
        thread.join()
        self.assertEqual(len(errors), 1)

    def test_a_terminal_is_collected(self) -> None:
        run = sysfd.output(["echo", "text"], terminal=(24, 80), stdin=sysfd.DEVNULL)
        self.assertEqual((run.terminal, run.terminal_cut), (b"text\r\n", False))

    def test_of_a_pipeline_there_is_none(self) -> None:
        with sysfd.Pipeline([sysfd.Command(["true"]), sysfd.Command(["true"])]) as line:
            self.assertIsNone(line.output().ending)


if __name__ == "__main__":
    unittest.main()
