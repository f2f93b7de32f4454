# SPDX-License-Identifier: MIT
"""Where things are in the repository."""
import hashlib
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[3]
OUTPUT = ROOT / "build/site"
CACHE = ROOT / "build/site.cache"
ORDER = ["ownedfd", "sharing", "handle", "pidfd", "cgroup", "landlock", "spawn", "listen", "adapters"]
MODULES = ORDER + sorted(
    {path.parts[-4] for path in ROOT.glob("*/include/sysfd/*.hpp")} - {*ORDER, "capi"}
)
VERSION_FILE = "cmake/SysfdModule.cmake"
C_HEADER = "capi/include/sysfd/sysfd.h"


class SiteError(Exception):
    """What is wrong in the sources of the site; the text names the file and the name."""


def read(path):
    return (ROOT / path).read_text("utf-8")


def version():
    found = re.search(r"^set\(SYSFD_VERSION ([\d.]+) ", read(VERSION_FILE), re.MULTILINE)
    if not found:
        raise SiteError(f"{VERSION_FILE}: there is no version")
    return found[1]


def cxx_headers():
    """The public headers of C++, relative to the root."""
    found = []
    for module in MODULES:
        folder = ROOT / module / "include/sysfd"
        found += sorted(folder.glob("*.hpp")) + sorted(folder.glob("*.hpp.in"))
        found += sorted(folder.glob("adapters/*.hpp"))
    return [str(path.relative_to(ROOT)) for path in found]


def configured(path):
    """The text of a header as it is installed: what CMake fills in is the version."""
    text = read(path)
    if path.endswith(".in"):
        numbers = dict(zip(("MAJOR", "MINOR", "PATCH"), version().split(".")))
        text = re.sub(r"@SYSFD_VERSION_(\w+)@", lambda found: numbers[found[1]], text)
        text = text.replace("@SYSFD_VERSION@", version())
    return text


def module_of(path):
    return path.split("/")[0]


def include_name(path):
    """What a program writes between < and >."""
    return path.split("/include/")[1].removesuffix(".in")


def fingerprint(*paths):
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.encode() + b"\0" + (ROOT / path).read_bytes() + b"\0")
    return digest.hexdigest()
