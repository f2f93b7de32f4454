# SPDX-License-Identifier: MIT
"""The package as a whole: its declarations, how it finds the library, what it leaves alone."""
from __future__ import annotations

import ctypes
import glob
import importlib.metadata
import os
import re
import shutil
import subprocess

import sysfd
from sysfd import _declarations as c
from sysfd import _library
from support import PYTHON, Case

HEADER = os.path.join(os.environ["SYSFD_PREFIX"], "include", "sysfd", "sysfd.h")


def run(program: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [PYTHON, "-c", program],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )


class Declarations(Case):
    def structs(self) -> "list[type[ctypes.Structure]]":
        return [
            each
            for name, each in vars(c).items()
            if name.startswith("sysfd_") and issubclass(each, ctypes.Structure)
        ]

    def constants(self) -> "dict[str, int]":
        return {name: value for name, value in vars(c).items() if name.startswith("SYSFD_")}

    def test_are_those_of_the_compiler(self) -> None:
        """Compiles a program that prints sizes, offsets and values, and compares all."""
        compiler = shutil.which("gcc") or shutil.which("cc")
        assert compiler, "needs a C compiler"
        lines, expected = [], []
        for struct in self.structs():
            name = struct.__name__
            lines.append(f"p(sizeof({name}));")
            expected.append((name, ctypes.sizeof(struct)))
            for member, *_ in struct._fields_:
                field = getattr(struct, member)
                lines.append(f"p(offsetof({name}, {member})); p(sizeof((({name}*)0)->{member}));")
                expected += [(f"{name}.{member}", field.offset), (member, field.size)]
            if issubclass(struct, c.SizedStructure):
                init = f"SYSFD_{name[len('sysfd_'):].upper()}_INIT"
                lines.append(f"{{ {name} s = {init}; bytes(&s, sizeof s); }}")
                expected.append((init, int.from_bytes(bytes(struct()), "little")))
        for name, value in self.constants().items():
            lines.append(f"p({name});")
            expected.append((name, value))
        source = (
            "#include <stdio.h>\n#include <sysfd/sysfd.h>\n"
            '#define p(x) printf("%lld\\n", (long long)(x))\n'
            "static void bytes(const void* s, size_t n) {\n"
            '  while (n--) printf("%02x", ((const unsigned char*)s)[n]);\n  puts(" hex");\n}\n'
            "int main(void) {\n" + "\n".join(lines) + "\nreturn 0; }\n"
        )
        directory = self.directory()
        path = os.path.join(directory, "print.c")
        with open(path, "w", encoding="ascii") as file:
            file.write(source)
        include = "-I" + os.path.dirname(os.path.dirname(HEADER))
        program = os.path.join(directory, "print")
        subprocess.run([compiler, "-std=c99", include, path, "-o", program], check=True)
        printed = subprocess.run([program], stdout=subprocess.PIPE, check=True).stdout.decode()
        values = [
            int(line[:-4], 16) if line.endswith(" hex") else int(line)
            for line in printed.splitlines()
        ]
        self.assertEqual(len(values), len(expected))
        for (name, ours), theirs in zip(expected, values):
            if not name.endswith("_INIT"):
                ours, theirs = ours % 2**64, theirs % 2**64  # printed as signed
            with self.subTest(name):
                self.assertEqual(ours, theirs)

    def test_name_every_function_of_the_header(self) -> None:
        with open(HEADER, encoding="utf-8") as file:
            text = re.sub(r"//[^\n]*", "", file.read())
        declared = set(re.findall(r"\b(sysfd_\w+)\(", text))
        self.assertEqual(declared, set(c.FUNCTIONS))
        for name in c.FUNCTIONS:
            self.assertTrue(callable(getattr(_library.lib, name)))

    def test_refuse_numbers_that_do_not_fit(self) -> None:
        with self.assertRaisesRegex(OverflowError, "does not fit"):
            _library.lib.sysfd_duplicate(2**31)
        with self.assertRaisesRegex(TypeError, "not a number: 'rb'"):
            sysfd.memfd("x", "rb")  # type: ignore[arg-type]
        with self.assertRaisesRegex(OverflowError, "group cannot be -1"):
            c.sysfd_identity(group=-1)
        with self.assertRaisesRegex(AttributeError, "declares no sysfd_nothing"):
            _library.lib.sysfd_nothing


class Library(Case):
    def test_has_the_version_of_the_header(self) -> None:
        try:
            version = importlib.metadata.version("sysfd")
        except importlib.metadata.PackageNotFoundError:
            self.skipTest("needs an installed package")
        self.assertEqual(version, _library.version_text(c.SYSFD_C_VERSION))

    def test_versions(self) -> None:
        self.assertRegex(sysfd.version(), r"^\d+\.\d+\.\d+$")
        self.assertTrue(_library.is_compatible(c.SYSFD_C_VERSION + 1))
        self.assertFalse(_library.is_compatible(c.SYSFD_C_VERSION - 1))
        self.assertFalse(_library.is_compatible(c.SYSFD_C_VERSION + 1000000))

    def test_features(self) -> None:
        self.assertIn(sysfd.Feature.PIDFD_OPEN, sysfd.features())
        self.assertEqual(str(sysfd.Feature.PIDFD_OPEN), "pidfd_open")
        self.assertEqual(len(sysfd.Feature), c.SYSFD_FEATURE_COUNT)
        self.assertEqual(len(sysfd.features_text().splitlines()), len(sysfd.Feature))

    def test_tells_what_to_install(self) -> None:
        found = run("import sysfd", SYSFD_LIBRARY="/no/such/library")
        self.assertEqual(found.returncode, 1)
        self.assertRegex(found.stdout, "ImportError: sysfd needs the shared library libsysfd.so.0")
        self.assertIn("/no/such/library", found.stdout)
        other = run("import sysfd", SYSFD_LIBRARY="libc.so.6")
        self.assertIn("ImportError: sysfd needs the shared library", other.stdout)

    def test_is_found_by_its_path(self) -> None:
        program = "import sysfd._library as l; print(l.lib._cdll._name)"
        pattern = os.path.join(os.environ["SYSFD_PREFIX"], "**", "libsysfd.so.0")
        paths = glob.glob(pattern, recursive=True)
        self.assertEqual(run(program, SYSFD_LIBRARY=paths[0]).stdout, paths[0] + "\n")

    def test_the_import_changes_nothing(self) -> None:
        program = (
            "import os, signal, threading, warnings\n"
            "def state():\n"
            "    status = open('/proc/self/status').read().split('\\n')\n"
            "    names = 'SigBlk', 'SigIgn', 'SigCgt', 'Threads'\n"
            "    return ([line for line in status if line.startswith(names)],\n"
            "            sorted(os.listdir('/proc/self/fd')), dict(os.environ),\n"
            "            signal.getsignal(signal.SIGCHLD), threading.active_count())\n"
            "state(); before = state(); import sysfd.subprocess; sysfd.features()\n"
            "assert before == state(), (before, state())\n"
            "import subprocess, _posixsubprocess\n"
            "assert subprocess._USE_POSIX_SPAWN in (True, False)\n"
            "assert _posixsubprocess.fork_exec is sysfd.subprocess._standard_fork_exec\n"
        )
        found = run(program)
        self.assertEqual((found.returncode, found.stdout), (0, ""))

    def test_all_that_is_exported_is_tested(self) -> None:
        directory = os.path.dirname(os.path.abspath(__file__))
        used = set()
        for path in glob.glob(os.path.join(directory, "test_*.py")):
            with open(path, encoding="utf-8") as file:
                used |= set(re.findall(r"\bsysfd\.(\w+)", file.read()))
        # Classes of results, which no test has to name.
        results = {
            *("Credentials", "FanotifyEvent", "Fid", "Message", "MountId", "PendingProcess"),
            *("PreparedCommand", "ProcessInfo", "SpawnReport", "WaitEvent"),
            *("CgroupAbilities", "CgroupEvents", "CgroupUsage", "Ending"),
        }
        self.assertEqual(set(sysfd.__all__) - results - used, set())

    def test_other_versions_of_python_are_refused(self) -> None:
        found = run("import sys; sys.version_info = (3, 99); import sysfd.subprocess")
        self.assertIn("sysfd.subprocess works with Python 3.9 to 3.13, not with 3.99", found.stdout)

    def test_standard_streams_are_not_written_to(self) -> None:
        found = run("import sys, sysfd; assert sysfd.output('true').success; sys.exit(7)")
        self.assertEqual((found.returncode, found.stdout), (7, ""))
