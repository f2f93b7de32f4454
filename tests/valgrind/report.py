#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""report.py FILE...: prints what valgrind reports of the library, once each, from its XML files,
and fails if that is anything. A report is of the library if one of its functions is nearer to the
place than any of the tests' own."""
from __future__ import annotations

import sys
import xml.etree.ElementTree as xml


def errors_of(path: str) -> list[xml.Element]:
    with open(path, encoding="utf-8", errors="replace") as file:
        text = file.read()
    # A process that was killed, or has executed another program, leaves an unfinished file.
    ends = ("</valgrindoutput>", "</error>")
    if not text.rstrip().endswith(ends[0]):
        end = text.rfind(ends[1])
        if end < 0:
            return []
        text = text[: end + len(ends[1])] + ends[0]
    return list(xml.fromstring(text).iter("error"))


def frames_of(error: xml.Element) -> list[str]:
    stack = error.find("stack")
    return [] if stack is None else [frame.findtext("fn", "?") for frame in stack.iter("frame")]


def is_of_library(frames: list[str]) -> bool:
    for frame in frames:
        if "sysfd_test::" in frame or "testing::" in frame:
            return False
        if "sysfd::" in frame or frame.startswith("sysfd_"):
            return True
    return False


def main(paths: list[str]) -> int:
    found: dict[tuple[str, ...], str] = {}
    for path in paths:
        for error in errors_of(path):
            frames = frames_of(error)
            if is_of_library(frames):
                what = error.findtext("what") or error.findtext("xwhat/text") or "?"
                found.setdefault((error.findtext("kind", "?"), *frames[:6]), what)
    for (kind, *frames), what in found.items():
        print(f"{kind}: {what}")
        for frame in frames:
            print(f"    {frame[:200]}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
