# SPDX-License-Identifier: MIT
"""Starts of programs."""
from __future__ import annotations

import asyncio
import ctypes
import errno
import os
import pickle
import resource
import signal
import socket
import threading
import warnings
from typing import Any, List

import sysfd
from support import PYTHON, Case


def lines(output: sysfd.Output) -> List[str]:
    return output.stdout.decode().split("\n")[:-1]


class Errors(Case):
    def test_is_the_right_kind_of_error(self) -> None:
        with self.assertRaises(FileNotFoundError) as caught:
            sysfd.spawn(["/no/such", "x"])
        error = caught.exception
        assert isinstance(error, sysfd.SpawnError)
        self.assertEqual(error.step, "exec")
        self.assertEqual(error.errno, errno.ENOENT)
        self.assertEqual(error.filename, "/no/such")
        self.assertEqual(error.text, 'exec of "/no/such": No such file or directory')
        self.assertIn(error.text, str(error))
        again = pickle.loads(pickle.dumps(error))
        self.assertIsInstance(again, FileNotFoundError)
        self.assertEqual((again.step, again.filename), ("exec", "/no/such"))

    def test_names_the_step(self) -> None:
        with self.assertRaises(PermissionError) as refused:
            sysfd.spawn([self.path(b"x")])
        self.assertEqual(getattr(refused.exception, "step"), "exec")
        with self.assertRaises(sysfd.SpawnError) as caught:
            sysfd.spawn(["true"], cwd="/no/such")
        self.assertEqual(caught.exception.step, "working_directory")
        self.assertEqual(caught.exception.filename, "/no/such")
        with self.assertRaises(sysfd.SpawnError) as caught:
            sysfd.spawn(["true"], pass_fds={3: 0, 4: 999})
        self.assertEqual((caught.exception.step, caught.exception.index), ("descriptor", 1))
        self.assertEqual(caught.exception.errno, errno.EBADF)
        with self.assertRaises(sysfd.SpawnError) as caught:
            sysfd.spawn(["true"], limits={12345: (0, 0)})
        self.assertEqual((caught.exception.step, caught.exception.index), ("limit", 0))

    def test_tells_what_is_wrong(self) -> None:
        with self.assertRaisesRegex(ValueError, "args is empty"):
            sysfd.spawn([])
        with self.assertRaisesRegex(ValueError, "null byte"):
            sysfd.spawn(["true", "a\0b"])
        with self.assertRaisesRegex(ValueError, "for stderr only"):
            sysfd.spawn(["true"], stdout=sysfd.STDOUT)
        with self.assertRaisesRegex(TypeError, "has no fileno"):
            sysfd.spawn(["true"], stdin="text")
        with self.assertRaisesRegex(OverflowError, "user cannot be"):
            sysfd.spawn(["true"], user=2**40)
        with self.assertRaisesRegex(TypeError, "no_such_option"):
            sysfd.spawn(["true"], no_such_option=1)
        with self.assertRaisesRegex(KeyError, "no-such-user"):
            sysfd.spawn(["true"], user="no-such-user")
        with self.assertRaisesRegex(ValueError, "exclude each other"):
            sysfd.spawn("true", shell=True, executable="x")

    def test_nothing_is_left(self) -> None:
        with self.owned(sysfd.memfd("x")) as fd:
            for _ in range(3):
                with self.assertRaises(FileNotFoundError):
                    sysfd.spawn(["/no/such"], stdin=sysfd.PIPE, pass_fds={7: fd})


class Descriptors(Case):
    def test_the_child_gets_what_is_passed(self) -> None:
        with sysfd.memfd("x") as fd, sysfd.open(self.path(b"input")) as source:
            os.set_inheritable(fd.fileno(), True)
            listing = "for n in /proc/self/fd/*; do echo ${n##*/}; done"
            found = sysfd.output(["sh", "-c", listing], pass_fds={7: fd, 5: fd})
            self.assertEqual(set(lines(found)) - {"3"}, {"0", "1", "2", "5", "7"})
            number = fd.fileno()
            found = sysfd.output(["readlink", f"/proc/self/fd/{number}"], pass_fds=[fd])
            self.assertIn("memfd:x", found.stdout.decode())
            found = sysfd.output(["readlink", f"/proc/self/fd/{number}"], inherit_fds=True)
            self.assertTrue(found.success)
            found = sysfd.output(["readlink", f"/proc/self/fd/{number}"], inherit_fds=[number])
            self.assertFalse(found.success)
            self.assertEqual(sysfd.output("cat", stdin=source).stdout, b"input")

    def test_streams(self) -> None:
        script = "echo out; echo err >&2"
        with sysfd.spawn(
            ["sh", "-c", script], stdout=sysfd.PIPE, stderr=sysfd.STDOUT, stdin=sysfd.DEVNULL
        ) as child:
            self.assertIsNone(child.stdin)
            self.assertIsNone(child.stderr)
            assert child.stdout is not None
            self.assertEqual(child.stdout.read(), b"out\nerr\n")
            self.assertTrue(child.wait(10).success)
        with sysfd.spawn(["cat"], stdin=sysfd.PIPE, stdout=sysfd.PIPE) as child:
            assert child.stdin is not None and child.stdout is not None
            child.stdin.write(b"text")
            # wait() closes stdin, for which the child waits.
            self.assertEqual(child.wait(10).code, 0)
            self.assertEqual(child.stdout.read(), b"text")

    def test_terminals(self) -> None:
        with sysfd.spawn(["stty", "size"], terminal=(11, 22)) as child:
            assert child.terminal is not None
            self.assertEqual(child.terminal.read(5), b"11 22")
            sysfd.set_window_size(child.terminal, 5, 6)
            child.wait(10)
        with sysfd.spawn(["cat"], stdin=sysfd.TERMINAL) as child:
            self.assertIsNotNone(child.terminal)

    def test_socket_activation(self) -> None:
        script = "echo $LISTEN_FDS $LISTEN_FDNAMES; [ $LISTEN_PID = $$ ] && echo me"
        left, right = self.owned(*socket.socketpair())
        os.environ["LISTEN_FDS"] = "9"
        self.addCleanup(os.environ.pop, "LISTEN_FDS")
        listen = [("web", left), ("api", right)]
        found = sysfd.output(["sh", "-c", script], listen_fds=listen)
        self.assertEqual(lines(found), ["2 web:api", "me"])
        self.assertEqual(sysfd.output(["sh", "-c", "echo $LISTEN_FDS"]).stdout, b"\n")


class Ends(Case):
    def test_communicates(self) -> None:
        with sysfd.spawn(
            ["sh", "-c", "cat; echo err >&2; exit 3"],
            stdin=sysfd.PIPE,
            stdout=sysfd.PIPE,
            stderr=sysfd.PIPE,
        ) as child:
            data = b"x" * 300000
            found = child.communicate(data, 60)
            self.assertEqual(found.stdout, data)
            self.assertEqual(found.stderr, b"err\n")
            assert found.status is not None
            self.assertEqual(found.status.code, 3)
            self.assertFalse(found.success)
            self.assertEqual(found.input_taken, len(data))
            self.assertEqual(child.returncode, 3)
            self.assertEqual(child.status, found.status)
            self.assertIn("3", str(found))

    def test_the_timeout_of_communicate_leaves_the_child(self) -> None:
        reader, writer = self.owned(*sysfd.pipe())
        words = ["sh", "-c", "echo x; read y <&5; echo $y"]
        with sysfd.spawn(words, pass_fds={5: reader}, stdout=sysfd.PIPE) as child:
            found = child.communicate(timeout=0)
            self.assertTrue(found.timed_out)
            self.assertIsNone(found.status)
            self.assertIsNone(child.poll())
            os.write(writer.fileno(), b"z\n")
            rest = child.communicate(timeout=60)
            self.assertEqual(found.stdout + rest.stdout, b"x\nz\n")

    def test_the_timeout_of_output_kills_the_child(self) -> None:
        found = sysfd.output(["sleep", "1000"], timeout=0.05)
        self.assertTrue(found.timed_out)
        self.assertFalse(found.success)
        self.assertIsNone(found.kill_error)

    def test_keeps_as_much_as_is_asked(self) -> None:
        found = sysfd.output(["echo", "abcdef"], max_size=3)
        self.assertEqual((found.stdout, found.stdout_cut, found.stderr_cut), (b"abc", True, False))

    def test_input(self) -> None:
        self.assertEqual(sysfd.output(["cat"], input=b"abc").stdout, b"abc")
        with sysfd.spawn(["cat"], stdin=sysfd.PIPE, stdout=sysfd.PIPE) as child:
            assert child.stdin is not None
            child.stdin.write(b"x")
            with self.assertRaisesRegex(ValueError, "write the input there"):
                child.communicate(b"y")
            self.assertEqual(child.communicate().stdout, b"x")

    def test_status(self) -> None:
        self.assertEqual(sysfd.status(["sh", "-c", "exit 7"]).code, 7)
        self.assertEqual(sysfd.status(["sh", "-c", "kill -9 $$"]).signal, signal.SIGKILL)
        real_time = sysfd.status(["sh", "-c", f"kill -{signal.SIGRTMIN + 5} $$"])
        self.assertEqual(real_time.returncode, -(signal.SIGRTMIN + 5))

    def test_drop_policies(self) -> None:
        child = sysfd.spawn(["sleep", "1000"])
        with sysfd.duplicate(child) as copy:
            pidfd = sysfd.PidFd.adopt(copy.duplicate())
        child.close()
        with self.assertErrno(errno.ESRCH):
            pidfd.send_signal(0)
        pidfd.close()
        with self.assertRaisesRegex(ValueError, "closed"):
            child.send_signal(0)
        with self.assertRaisesRegex(ValueError, "closed"):
            child.wait()
        with sysfd.spawn(["sleep", "1000"]) as child:
            child.on_drop(sysfd.DropPolicy.TERMINATE, grace=10)
        with sysfd.spawn(["cat"], stdin=sysfd.PIPE, on_drop=sysfd.DropPolicy.WAIT) as child:
            self.assertIsNone(child.poll())

    def test_warns_if_it_is_dropped(self) -> None:
        child = sysfd.spawn(["sleep", "1000"])
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            del child
        self.assertEqual([each.category for each in caught], [ResourceWarning])
        self.assertIn("was not waited for", str(caught[0].message))

    def test_terminates(self) -> None:
        with sysfd.spawn(["sleep", "1000"]) as child:
            self.assertEqual(child.terminate().signal, signal.SIGTERM)
        with sysfd.spawn(["sleep", "1000"], stdin=-1, ignored_signals=[signal.SIGTERM]) as child:
            assert child.stdin is not None
            child.stdin.write(b"never read")
            self.assertEqual(child.terminate(grace=0).signal, signal.SIGKILL)

    def test_detaches(self) -> None:
        with sysfd.spawn(["sleep", "1000"]).detach() as pidfd:
            pidfd.kill()
            self.assertEqual(pidfd.wait(10).signal, signal.SIGKILL)

    def test_groups_and_reports(self) -> None:
        with sysfd.spawn(["sleep", "1000"], process_group=0) as child:
            self.assertEqual(os.getpgid(child.pid), child.pid)
            child.send_signal_to_group(signal.SIGINT)
            self.assertEqual(child.wait(10).signal, signal.SIGINT)
            self.assertTrue(child.report().isolated_table)
            with self.assertErrno(errno.EOPNOTSUPP):
                child.kill_cgroup()
            child.close_descriptors()
            self.assertEqual(child.wait().signal, signal.SIGINT)
            with self.assertRaisesRegex(ValueError, "closed"):
                child.pidfd

    def test_is_a_pidfd(self) -> None:
        with sysfd.spawn(["sleep", "1000"]) as child:
            self.assertEqual(child.info().pid, child.pid)
            with child.get_fd(0) as fd:
                self.assertTrue(sysfd.is_open(fd.fileno()))
            self.assertRegex(repr(child), f"<Process {child.pid}: running>")
            with self.assertRaisesRegex(TimeoutError, "has not ended"):
                child.wait(0.01)
            child.kill()
            self.assertEqual(sysfd.wait_any([child.pidfd]), 0)
            child.wait()

    def test_is_awaited(self) -> None:
        async def run() -> "list[object]":
            with sysfd.spawn(["sh", "-c", "exit 5"]) as child:
                return [*await asyncio.gather(child, child.wait_async()), await child]

        for status in asyncio.run(run()):
            self.assertEqual(getattr(status, "code"), 5)

    def test_an_asynchronous_start_is_awaited(self) -> None:
        async def run() -> None:
            with sysfd.Command(["true"]).spawn_async() as pending:
                self.assertGreater(pending.pid, 0)
                with await pending as child:
                    self.assertTrue((await child).success)
            with self.assertRaises(FileNotFoundError):
                with sysfd.Command(["/no/such"]).spawn_async() as pending:
                    await pending

        asyncio.run(run())
        with sysfd.Command(["true"]).spawn_async() as pending:
            with pending.finish(60) as child:
                self.assertTrue(child.wait().success)
        with sysfd.Command(["sleep", "1000"]).spawn_async() as pending:
            pending.cancel()

    def test_another_thread_can_kill(self) -> None:
        with sysfd.spawn(["sleep", "1000"], stdout=sysfd.PIPE) as child:
            killer = threading.Thread(target=child.kill)
            killer.start()
            found = child.communicate()
            killer.join()
            assert found.status is not None
            self.assertEqual(found.status.signal, signal.SIGKILL)

    def test_a_handler_can_end_the_wait(self) -> None:
        class Ended(Exception):
            pass

        def handle(number: int, frame: object) -> None:
            raise Ended

        before = signal.signal(signal.SIGUSR1, handle)
        self.addCleanup(signal.signal, signal.SIGUSR1, before)
        reader, writer = self.owned(*sysfd.pipe())
        script = f"read line <&5; kill -USR1 {os.getpid()}; exec sleep 1000"
        for name in ("wait", "communicate", "terminate"):
            with sysfd.spawn(
                ["sh", "-c", script],
                pass_fds={5: reader},
                stdout=sysfd.PIPE,
                ignored_signals=[signal.SIGTERM],
            ) as child:
                with self.assertRaises(Ended):
                    os.write(writer.fileno(), b"\n")
                    getattr(child, name)()


class Attributes(Case):
    def shell(self, script: str, **options: Any) -> "list[str]":
        found = sysfd.output(["sh", "-c", script], **options)
        self.assertTrue(found.success, found.stderr)
        return lines(found)

    def test_environment_and_directory(self) -> None:
        os.environ["SYSFD_TEST"] = "a"
        self.addCleanup(os.environ.pop, "SYSFD_TEST")
        script = "echo $SYSFD_TEST $X; pwd"
        directory = os.path.realpath(self.directory())
        self.assertEqual(
            self.shell(script, extra_env={"X": "b"}, cwd=directory), ["a b", directory]
        )
        gone = {"SYSFD_TEST": None}
        self.assertEqual(self.shell("echo $SYSFD_TEST", extra_env=gone), [""])
        only = {"PATH": os.environ["PATH"], "X": "c"}
        with sysfd.open(directory) as fd:
            self.assertEqual(self.shell(script, env=only, cwd=fd), ["c", directory])

    def test_programs(self) -> None:
        self.assertEqual(lines(sysfd.output("echo $((1 + 2))", shell=True)), ["3"])
        self.assertEqual(lines(sysfd.output(["me", "-c", "echo $0"], executable="sh")), ["me"])
        with sysfd.open("/bin/sh", os.O_PATH) as program:
            self.assertTrue(sysfd.status(["sh", "-c", ":"], executable=program).success)
        with self.assertRaises(FileNotFoundError):
            sysfd.spawn(["sh"], search=sysfd.Search.NOWHERE)
        directory = self.directory()
        script = os.path.join(directory, "script")
        with open(script, "w", encoding="ascii") as file:
            file.write("echo found\n")
        os.chmod(script, 0o755)
        found = sysfd.output(["script"], search=[directory], shell_fallback=True, retry_busy=3)
        self.assertEqual(lines(found), ["found"])

    def test_resources(self) -> None:
        self.assertEqual(self.shell("umask", umask=0o77), ["0077"])
        limits = {resource.RLIMIT_CORE: (0, 0), resource.RLIMIT_NOFILE: (50, 60)}
        self.assertEqual(self.shell("ulimit -n; ulimit -c", limits=limits), ["50", "0"])
        usual = os.getpriority(os.PRIO_PROCESS, 0)
        self.assertEqual(self.shell("nice", nice=usual + 1), [str(usual + 1)])
        first = min(os.sched_getaffinity(0))
        self.assertEqual(self.shell("nproc", processors=[first]), ["1"])
        self.assertEqual(self.shell("cat /proc/self/timerslack_ns", timer_slack=12345), ["12345"])
        adjusted = self.shell("cat /proc/$$/oom_score_adj", oom_score_adjust=500)
        self.assertEqual(adjusted, ["500"])
        self.shell(":", scheduler=(os.SCHED_BATCH, 0), io_priority=(3, 0))

    def test_sessions(self) -> None:
        with sysfd.spawn(["sleep", "1000"], new_session=True) as child:
            self.assertEqual(os.getsid(child.pid), child.pid)
        main, other = os.openpty()
        try:
            script = "exec 3</dev/tty && echo yes"
            found = self.shell(script, new_session=True, controlling_terminal=other)
            self.assertEqual(found, ["yes"])
        finally:
            os.close(main)
            os.close(other)

    def test_signals(self) -> None:
        show = "grep -E 'Sig(Blk|Ign)' /proc/self/status"
        bit = 1 << (signal.SIGUSR1 - 1)
        # Without a shell, which may change its mask.
        words = ["grep", "SigBlk", "/proc/self/status"]
        blocked = sysfd.output(words, blocked_signals=[signal.SIGUSR1])
        self.assertEqual(int(blocked.stdout.split()[1], 16), bit)
        ignored = self.shell(show, ignored_signals=[signal.SIGUSR1])
        self.assertTrue(int(ignored[1].split()[1], 16) & bit)
        pipe = 1 << (signal.SIGPIPE - 1)  # which Python ignores
        self.assertFalse(int(self.shell(show)[1].split()[1], 16) & pipe)
        kept = self.shell(show, unchanged_signals=[signal.SIGPIPE])
        self.assertTrue(int(kept[1].split()[1], 16) & pipe)
        reset = self.shell(show, all_default=True, default_signals=[signal.SIGXFSZ])
        self.assertEqual(int(reset[1].split()[1], 16), 0)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
        self.addCleanup(signal.pthread_sigmask, signal.SIG_UNBLOCK, [signal.SIGUSR2])
        inherited = sysfd.output(words, inherit_mask=True)
        self.assertEqual(int(inherited.stdout.split()[1], 16), 1 << (signal.SIGUSR2 - 1))
        self.assertEqual(int(sysfd.output(words).stdout.split()[1], 16), 0)

    def test_identity(self) -> None:
        status = "grep -E '^(NoNewPrivs|CapEff)' /proc/self/status | cut -f2"
        found = self.shell(status, no_capabilities=True)
        self.assertEqual(found, ["0000000000000000", "1"])
        self.assertEqual(self.shell(status, no_new_privileges=True)[1], "1")
        self.assertEqual(
            self.shell("true", seccomp=[(6, 0, 0, 0x7FFF0000)], no_new_privileges=True), []
        )
        if os.geteuid() != 0:
            self.skipTest("needs root")
        script = "id -u; id -g; id -G"
        self.assertEqual(
            self.shell(script, user="nobody", group=7, groups=[8, 9]), ["65534", "7", "7 8 9"]
        )
        self.assertEqual(self.shell("id -u", user=12, keep_groups=True), ["12"])
        kept = self.shell(status, user=12, iab="^cap_net_raw")
        self.assertEqual(kept[0], "0000000000002000")
        self.shell(":", capabilities="", securebits=0)

    def test_namespaces(self) -> None:
        if os.geteuid() != 0:
            self.skipTest("needs root")
        found = self.shell(
            "echo $$; cat /proc/sys/kernel/hostname",
            new_namespaces=sysfd.Namespace.PID | sysfd.Namespace.UTS,
            host_name="other",
        )
        self.assertEqual(found, ["1", "other"])
        with sysfd.PidFd.self() as own, own.namespace_fd(sysfd.Namespace.UTS) as fd:
            self.shell(":", join=[(fd, 0)])
        mapped = self.shell(
            "id -u; id -g",
            new_namespaces=sysfd.Namespace.USER,
            user_map=[(5, 0, 1)],
            group_map=[(6, 0, 1)],
            user=5,
            group=6,
            keep_groups=True,
        )
        self.assertEqual(mapped, ["5", "6"])
        with sysfd.open("/") as root:
            self.assertEqual(self.shell("pwd", root=root), ["/"])

    def test_children_that_depend_on_their_parent(self) -> None:
        with sysfd.spawn(["sleep", "1000"], kill_with_parent=True) as child:
            self.assertIsNone(child.poll())
        with sysfd.spawn(["sleep", "1000"], parent_death_signal=signal.SIGTERM) as child:
            self.assertIsNone(child.poll())
        try:
            with sysfd.spawn(["sleep", "1000"], leave_no_zombie=True) as child:
                child.kill()
        except sysfd.SpawnError as error:
            self.assertEqual(error.errno, errno.EOPNOTSUPP)

    def test_a_cgroup_must_be_one(self) -> None:
        with sysfd.open("/") as directory:
            with self.assertRaises(sysfd.SpawnError) as caught:
                sysfd.spawn(["true"], cgroup=directory)
        self.assertEqual((caught.exception.step, caught.exception.errno), ("cgroup", errno.EBADF))


    def test_landlock_restricts_the_child(self) -> None:
        self.need(sysfd.Feature.LANDLOCK)
        handled = ctypes.c_uint64(1 << 1)  # LANDLOCK_ACCESS_FS_WRITE_FILE, which no rule allows
        create = 444  # SYS_landlock_create_ruleset
        ruleset = ctypes.CDLL(None).syscall(create, ctypes.byref(handled), ctypes.c_size_t(8), 0)
        path = self.path()
        script = f"echo x > {path}"
        with sysfd.OwnedFd(ruleset) as fd:
            words = ["sh", "-c", script]
            self.assertFalse(sysfd.output(words, landlock=fd, no_new_privileges=True).success)
        self.shell(script)


class Many(Case):
    def test_a_command_starts_many(self) -> None:
        with sysfd.Command(["echo", "x"]) as command:
            self.assertEqual(command.output().stdout, b"x\n")
            self.assertEqual(command.output().stdout, b"x\n")
            self.assertTrue(command.status().success)
        with self.assertRaisesRegex(ValueError, "Command is closed"):
            command.spawn()

    def test_a_prepared_command_takes_changes(self) -> None:
        fd = self.owned(sysfd.memfd("other"))
        script = 'echo "$@" $X; pwd; readlink /proc/self/fd/5 /proc/self/fd/6'
        with sysfd.Command(["sh", "-c", script, "sh"], pass_fds={5: 0}).prepare() as prepared:
            directory = os.path.realpath(self.directory())
            found = prepared.output(
                arguments=["a", "b"],
                env={"X": "c"},
                cwd=directory,
                descriptors=[fd],
                placed={6: fd},
            )
            self.assertEqual(lines(found)[:2], ["a b c", directory])
            self.assertEqual(len(lines(found)), 4)
        with sysfd.Command(["sh", "-c", "exit $1", "sh"]).prepare() as prepared:
            self.assertEqual(prepared.status(arguments=["4"]).code, 4)
            with prepared.spawn(arguments=["5"]) as child:
                self.assertEqual(child.wait().code, 5)
            with prepared.spawn_async(arguments=["6"]) as pending, pending.finish() as child:
                self.assertEqual(child.wait().code, 6)
            codes = []
            for process in prepared.spawn_all([{"arguments": [str(n)]} for n in range(3)]):
                assert isinstance(process, sysfd.Process)
                with process:
                    codes.append(process.wait().code)
            self.assertEqual(codes, [0, 1, 2])

    def test_several_at_once(self) -> None:
        commands = [sysfd.Command(["true"]), sysfd.Command(["/no/such"])]
        first, second = sysfd.spawn_all(commands)
        assert isinstance(first, sysfd.Process)
        with first:
            self.assertTrue(first.wait().success)
        assert isinstance(second, sysfd.SpawnError)
        self.assertIsInstance(second, FileNotFoundError)
        self.assertEqual((second.step, second.filename), ("exec", "/no/such"))
        commands[0].close()
        with self.assertRaisesRegex(ValueError, "Command is closed"):
            sysfd.spawn_all(commands)

    def test_pipelines(self) -> None:
        def commands() -> "list[sysfd.Command]":
            return [
                sysfd.Command(["cat"]),
                sysfd.Command(["tr", "a", "b"]),
                sysfd.Command(["sh", "-c", "cat; exit 3"]),
            ]

        with sysfd.Pipeline(commands()) as pipeline:
            found = pipeline.output(b"aaa")
            self.assertEqual(found.stdout, b"bbb")
            self.assertEqual(
                [each.code for each in found.stages if isinstance(each, sysfd.ExitStatus)],
                [0, 0, 3],
            )
        with sysfd.Pipeline([sysfd.Command(["true"]), sysfd.Command(["cat"])]) as pipeline:
            for process in pipeline.spawn():
                with process:
                    self.assertTrue(process.wait().success)
        with self.assertRaisesRegex(ValueError, "at least two"):
            sysfd.Pipeline([sysfd.Command(["true"])])

    def test_slots_are_reserved(self) -> None:
        program = "import sysfd; print(sysfd.reserve_spawn_slots(4))"
        self.assertEqual(lines(sysfd.output([PYTHON, "-c", program])), ["4"])

    def test_exec_replaces_the_process(self) -> None:
        program = (
            "import sysfd\n"
            "try: sysfd.Command(['/no/such']).exec()\n"
            "except FileNotFoundError as error: print(error.step, flush=True)\n"
        )
        self.assertEqual(lines(sysfd.output([PYTHON, "-c", program])), ["exec"])
        program = "import sysfd; sysfd.Command(['echo', 'replaced']).exec()"
        self.assertEqual(lines(sysfd.output([PYTHON, "-c", program])), ["replaced"])

    def test_threads_start_at_once(self) -> None:
        codes: "list[object]" = []

        def start(code: int) -> None:
            for _ in range(5):
                codes.append(sysfd.status(["sh", "-c", f"exit {code}"]).code == code)

        threads = [threading.Thread(target=start, args=(code,)) for code in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(codes, [True] * 40)
