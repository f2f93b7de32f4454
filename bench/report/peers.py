# SPDX-License-Identifier: MIT
"""The peers: what the comments in bench/peers say of them, and their programs."""
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

SOURCES = Path(__file__).parent.parent / "peers"
KEYS = ["peer", "package", "starts by", "not passed", "passes", "waits by", "cannot pass",
        "cannot swap", "runs to the end", "only in", "makes namespaces", "cmake", "link", "build",
        "run", "version"]


@dataclass
class Peer:
    name: str
    facts: dict  # from the comment
    command: list = field(default_factory=list)  # to which the words of a task are added
    version: str = ""
    missing: str = ""  # why it is not here

    @property
    def is_other_language(self):
        return "run" in self.facts

    def gap(self, task):
        """Why this is not measured here; nothing if it is."""
        if self.missing:
            return f"missing: {self.missing}"
        waits_alone = task.until == "end" and task.batch == 1
        if self.is_other_language and not waits_alone:
            return "not measured: a program of its own"
        if "runs to the end" in self.facts and not waits_alone:
            return "cannot: waits for the end"
        if task.passed and "cannot pass" in self.facts:
            return f"cannot: {self.facts['cannot pass']}"
        if task.sources == "swapped" and "cannot swap" in self.facts:
            return f"cannot: {self.facts['cannot swap']}"
        return ""

    def takes_part(self, case):
        """Whether it has a row in the tables of such cases."""
        only = self.facts.get("only in", case.dimension)
        return only == case.dimension and (not case.task.namespaces
                                           or "makes namespaces" in self.facts)


def sources():
    return [file for file in SOURCES.iterdir() if file.suffix != ".hpp"]


def parse_comment(text):
    """The facts of each peer in a file."""
    common, peers = {}, []
    comment = re.match(r"(?:(?://|#(?!include)).*\n)*", text)[0]
    for line in re.sub(r"\n(?://|#) {2,}", " ", comment).splitlines():
        found = re.fullmatch(r"(?://|#) ([a-z ]+): (.+)", line)
        if not found or found[1] not in KEYS:
            continue
        if found[1] == "peer":
            peers.append({"peer": found[2]})
        else:
            (peers[-1] if peers else common)[found[1]] = found[2]
    return [common | facts for facts in peers]


def first_line(command):
    """What a command says first; nothing if it does not run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.split("\n", 1)[0]


def version_of(facts):
    found = re.search(r"\d+\.[\d.]+", first_line(facts.get("version", "false").split()))
    return found[0] if found else ""


def of_program(file, programs):
    """The peers of a file in C++, as its program tells them."""
    program = programs / file.stem
    found = {facts["peer"]: Peer(facts["peer"], facts)
             for facts in parse_comment(file.read_text(encoding="utf-8"))}
    lines = []
    if program.exists():
        lines = subprocess.run([program, "--peers"], capture_output=True, text=True,
                               check=True).stdout.splitlines()
    for name, version, missing in (line.split("\t") for line in lines):
        peer = found[name]
        peer.command = [program.resolve(), name]
        peer.version = version or version_of(peer.facts)
        peer.missing = missing
    for peer in found.values():
        if not peer.command:
            peer.missing = f"its library is not installed ({peer.facts.get('package')})"
    return list(found.values())


def of_script(file, programs):
    """The peer of a file in another language. It is built here, where its source is newer."""
    facts = parse_comment(file.read_text(encoding="utf-8"))[0]
    peer = Peer(facts["peer"], facts, version=version_of(facts))
    out = programs / file.name.replace(".", "_")
    places = {"file": file, "out": out.resolve()}
    if "build" in facts and (not out.exists() or out.stat().st_mtime < file.stat().st_mtime):
        out.unlink(missing_ok=True)
        first_line(facts["build"].format(**places).split())
    program, *words = facts["run"].format(**places).split()
    # What is found may be a script that looks for Python.
    found = sys.executable if program == "python3" else shutil.which(program)
    peer.command = [found, *words]
    if not found:
        peer.missing = f"nothing runs or builds {file.name} ({facts['package']})"
    return peer


def load(programs):
    """All of them, in the order of the names of their files; those of sysfd first."""
    found = []
    for file in sorted(sources(), key=lambda file: (file.stem != "sysfd", file.name)):
        if not parse_comment(file.read_text(encoding="utf-8")):
            continue
        found += of_program(file, programs) if file.suffix == ".cpp" else [of_script(file, programs)]
    return found
