# SPDX-License-Identifier: MIT
"""The drop-in for the standard module. tools/cpython_suites runs CPython's own tests with it."""
from __future__ import annotations

import _posixsubprocess
import asyncio
import errno
import multiprocessing.util
import os
import signal
import subprocess as standard
import sys
import threading
import time
import warnings
from typing import Any, Callable, List

import sysfd
from sysfd import _library
from sysfd import subprocess
from support import PYTHON, Case

STATUS = ["grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"]


class DropIn(Case):
    def setUp(self) -> None:
        """Counts the starts by sysfd."""
        super().setUp()
        # In other directories of PATH may be what this user may not look at.
        self.addCleanup(os.environ.__setitem__, "PATH", os.environ["PATH"])
        os.environ["PATH"] = "/usr/bin:/bin"
        self.starts = 0
        spawn = _library.lib.sysfd_command_spawn

        def counted(*arguments: Any) -> int:
            result: int = spawn(*arguments)
            self.starts += result == 0
            return result

        setattr(_library.lib, "sysfd_command_spawn", counted)
        self.addCleanup(setattr, _library.lib, "sysfd_command_spawn", spawn)

    def outcome(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except Exception as error:
            details = getattr(error, "errno", 0), getattr(error, "filename", 0)
            return (type(error), *details, str(error))

    def assertSame(self, *words: Any, **options: Any) -> Any:
        """Both modules do the same."""
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        results = []
        for module in (standard, subprocess):
            before = self.starts
            found = self.outcome(lambda: module.run(*words, **options))
            if isinstance(found, standard.CompletedProcess):
                self.assertEqual(self.starts - before, module is subprocess)
                found = (found.returncode, found.stdout, found.stderr)
            results.append(found)
        self.assertEqual(results[0], results[1])
        return results[1]

    def test_has_what_the_standard_module_has(self) -> None:
        for name in standard.__all__:
            self.assertTrue(hasattr(subprocess, name), name)
        for name in ("CalledProcessError", "TimeoutExpired", "PIPE", "CompletedProcess"):
            self.assertIs(getattr(subprocess, name), getattr(standard, name))
        self.assertTrue(issubclass(subprocess.Popen, standard.Popen))
        self.assertIsNot(subprocess.Popen, standard.Popen)
        self.assertEqual(getattr(subprocess, "list2cmdline")(["a b"]), '"a b"')
        self.assertEqual(len(subprocess.PARAMETERS), 21 if sys.version_info < (3, 11) else 23)

    def test_all_functions_start_by_sysfd(self) -> None:
        self.assertEqual(subprocess.run(["true"], check=True).returncode, 0)
        self.assertEqual(subprocess.call(["false"]), 1)
        self.assertEqual(subprocess.check_call(["true"]), 0)
        self.assertEqual(subprocess.check_output(["echo", "x"], text=True), "x\n")
        self.assertEqual(subprocess.getoutput("echo x"), "x")
        self.assertEqual(subprocess.getstatusoutput("exit 3"), (3, ""))
        with subprocess.Popen(["cat"], stdin=-1, stdout=-1) as child:
            self.assertEqual(child.communicate(b"x", timeout=60), (b"x", None))
        self.assertEqual(self.starts, 7)
        with self.assertRaises(standard.CalledProcessError):
            subprocess.check_call(["false"])
        with self.assertRaises(standard.TimeoutExpired):
            subprocess.run(["sleep", "1000"], timeout=0.01)

    def test_reports_the_same_errors(self) -> None:
        script = self.path(b"not executable")
        directory = os.path.dirname(script)
        text = os.path.join(directory, "text")
        with open(text, "wb") as file:
            file.write(b"no program")
        os.chmod(text, 0o755)
        self.assertSame(["/no/such"])
        self.assertSame(["no-such-program"])
        self.assertSame([b"no-such-program"])
        self.assertSame([script])
        self.assertSame([text])
        self.assertSame([directory])
        self.assertSame([""])
        self.assertSame(["true"], cwd="/no/such")
        self.assertSame(["true"], cwd=script)
        self.assertSame(["true"], cwd="")
        self.assertSame(["x"], executable="/no/such")
        self.assertSame(["x"], executable="no-such-program")
        self.assertSame("exit 3", shell=True)
        self.assertSame("exit 3", shell=True, executable="/no/such")
        self.assertSame(["true", "a\0b"])
        self.assertSame(["true"], env={"A\0": "b"})
        self.assertSame(["true"], env={"A=": "b"})
        self.assertSame(["true", 5])
        self.assertSame([])
        self.assertSame(["true", "x" * 3000000])
        self.assertSame(["true"], pass_fds=[999])
        self.assertSame(["true"], process_group=2**30)
        with self.assertRaises(OverflowError):
            subprocess.run(["true"], user=2**70)
        self.assertSame(["true"], extra_groups=[2**70])

    def test_looks_for_the_program_in_the_same_way(self) -> None:
        first, second = self.directory(), self.directory()
        program = "sysfd-test-program"
        with open(os.path.join(second, program), "w", encoding="ascii") as file:
            file.write("#!/bin/sh\necho found\n")
        os.chmod(os.path.join(second, program), 0o755)
        with open(os.path.join(first, program), "w", encoding="ascii") as file:
            file.write("not executable")
        for mode in (0o644, 0o755):  # refused, then not a program
            os.chmod(os.path.join(first, program), mode)
            file_there = os.path.join(first, program)  # no directory
            for path in ([first, second], [second], [first], [first, file_there], ["", second]):
                self.assertSame([program], env={"PATH": ":".join(path)})
        self.assertSame([program], env={"PATH": "."}, cwd=second)
        self.assertSame([program], env={"PATH": ""}, cwd=second)
        self.assertSame([f"./{program}"], cwd=second)
        error = self.outcome(lambda: subprocess.run([program]))
        self.assertEqual(error[:3], (FileNotFoundError, errno.ENOENT, program))

    def test_the_cause_tells_more(self) -> None:
        try:
            subprocess.run(["true"], cwd="/no/such")
        except FileNotFoundError as error:
            cause = error.__cause__
        assert isinstance(cause, sysfd.SpawnError)
        self.assertEqual(cause.step, "working_directory")

    def test_gives_the_child_the_same(self) -> None:
        self.assertSame(["sh", "-c", "umask; echo $0 $#; pwd"], umask=0o27, cwd="/")
        self.assertSame(["env"], env={"B": "1", "A": "2"})
        self.assertSame(["env"], env={})
        os.environ["LISTEN_FDS"] = "1"
        self.addCleanup(os.environ.pop, "LISTEN_FDS")
        self.assertSame(["sh", "-c", "echo $LISTEN_FDS"])
        self.assertSame(STATUS)
        self.assertSame(STATUS, restore_signals=False)
        for number in (signal.SIGUSR1, signal.SIGINT, signal.SIGCHLD):
            old = signal.signal(number, signal.SIG_IGN)
            self.addCleanup(signal.signal, number, old)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
        self.addCleanup(signal.pthread_sigmask, signal.SIG_UNBLOCK, [signal.SIGUSR2])
        _, shown, _ = self.assertSame(STATUS)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self.assertEqual(int(shown.split()[1], 16), 1 << (signal.SIGUSR2 - 1))
        script = "set -- $(cat /proc/$$/stat); for n in $5 $6; do [ $n = $$ ] && echo mine; done"
        self.assertSame(["sh", "-c", script])
        _, shown, _ = self.assertSame(["sh", "-c", script], start_new_session=True)
        self.assertEqual(shown, b"mine\nmine\n")
        if sys.version_info >= (3, 11):
            self.assertSame(["sh", "-c", script], process_group=0)
        if os.geteuid() == 0:
            self.assertSame(["id"], user=12, group=13, extra_groups=[14, 15])
            self.assertSame(["id"], user=12)
            self.assertSame(["id"], extra_groups=[])

    def test_passes_the_same_descriptors(self) -> None:
        listing = ["sh", "-c", "for n in /proc/self/fd/*; do echo ${n##*/}; done"]
        fd = self.owned(sysfd.memfd("x"))
        copy = os.dup(fd.fileno())
        self.addCleanup(os.close, copy)
        self.assertSame(listing)
        self.assertSame(listing, pass_fds=[fd.fileno()])
        self.assertSame(listing, pass_fds=[0, 1, 2, copy])
        os.set_inheritable(copy, True)
        self.assertSame(listing)
        self.assertSame(listing, close_fds=False)
        self.assertSame(["cat"], input=b"x" * 200000)
        self.assertSame(["sh", "-c", "echo x >&2"], stderr=subprocess.STDOUT)

    def test_preexec_fn_takes_the_standard_way(self) -> None:
        self.assertEqual(subprocess.call(["true"], preexec_fn=lambda: None), 0)
        self.assertEqual(self.starts, 0)

    def test_is_installed_in_the_standard_module(self) -> None:
        subprocess.install()
        self.addCleanup(subprocess.uninstall)
        self.assertEqual(standard.run(["echo", "x"], stdout=-1).stdout, b"x\n")
        self.assertEqual(standard.call(["/bin/true"], close_fds=False), 0)
        self.assertEqual(self.starts, 2)

        async def run() -> "tuple[int, bytes]":
            child = await asyncio.create_subprocess_exec("cat", stdin=-1, stdout=-1)
            output, _ = await child.communicate(b"text")
            assert child.returncode is not None
            return child.returncode, output

        self.assertEqual(asyncio.run(run()), (0, b"text"))
        self.assertEqual(self.starts, 3)
        # As multiprocessing starts its children.
        spawnv = getattr(multiprocessing.util, "spawnv_passfds")
        pid = spawnv(b"/bin/sh", ["sh", "-c", "exit 7"], [])
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 7)
        self.assertEqual(self.starts, 4)
        subprocess.uninstall()
        self.assertEqual(standard.call(["true"]), 0)
        self.assertEqual(self.starts, 4)
        self.assertIs(_posixsubprocess.fork_exec, getattr(subprocess, "_standard_fork_exec"))

    def test_child_watchers_of_asyncio_work(self) -> None:
        subprocess.install()
        self.addCleanup(subprocess.uninstall)

        async def run() -> List[int]:
            children = [
                await asyncio.create_subprocess_exec("sh", "-c", f"exit {code}")
                for code in range(5)
            ]
            return [await child.wait() for child in children]

        names = ["PidfdChildWatcher", "ThreadedChildWatcher", "SafeChildWatcher"]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            for watcher in [getattr(asyncio, name)() for name in names if hasattr(asyncio, name)]:
                asyncio.set_child_watcher(watcher)
                try:
                    self.assertEqual(asyncio.run(run()), list(range(5)))
                finally:
                    asyncio.set_child_watcher(None)  # type: ignore[arg-type]
                    watcher.close()

    def test_threads_start_at_once(self) -> None:
        codes: List[bool] = []

        def start(code: int) -> None:
            for _ in range(5):
                words = ["sh", "-c", f"cat; exit {code}"]
                with subprocess.Popen(words, stdin=-1, stdout=-1) as child:
                    output, _ = child.communicate(b"x")
                    codes.append((child.returncode, output) == (code, b"x"))

        threads = [threading.Thread(target=start, args=(code,)) for code in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(codes, [True] * 40)

    def test_a_thread_may_change_the_environment(self) -> None:
        done = threading.Event()

        def change() -> None:
            while not done.is_set():
                os.environ["SYSFD_TEST"] = "x" * 500
                del os.environ["SYSFD_TEST"]
                time.sleep(0)

        thread = threading.Thread(target=change)
        thread.start()
        try:
            for _ in range(50):
                self.assertEqual(subprocess.call(["true"]), 0)
        finally:
            done.set()
            thread.join()

    def test_closed_standard_streams(self) -> None:
        program = (
            "import os, sys; from sysfd import subprocess\n"
            "os.close(0); os.close(1)\n"
            "words = ['sh', '-c', 'echo out; echo err >&2']\n"
            "found = subprocess.run(words, stdout=-1, stderr=-1)\n"
            "os.write(2, found.stdout + found.stderr)\n"
        )
        found = standard.run([PYTHON, "-c", program], stderr=standard.PIPE, check=True)
        self.assertEqual(found.stderr, b"out\nerr\n")
