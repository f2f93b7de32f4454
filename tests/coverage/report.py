#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""report.py COVERAGE.json UNTAKEN.txt: per module, the lines that were run, and the branches that
were taken. Then the branches that were not, and that UNTAKEN.txt does not list. Fails if a module
has some of these, and less than 97 % of its branches are taken.

COVERAGE.json is of `llvm-cov export`. What several programs or instantiations have is added up. A
line of UNTAKEN.txt is "FILE: never true|false|reached: CONDITION", and a line below it, which is
indented, is the reason; one reason is for all the branches above it. Lines have no numbers there:
these would change with every commit.
"""
from __future__ import annotations

import collections
import itertools
import json
import os
import sys


ENOUGH = 0.97


def untaken_branches(
    file: dict[str, list[list[int]]], text: list[str], name: str
) -> tuple[list[tuple[str, int]], int]:
    """What was not taken and in which line, and how many branches there are: two for each
    condition."""
    # What the compiler writes for `= default` has a branch for each member.
    taken = [each for each in file["branches"] if not text[each[0] - 1][: each[3] - 1].endswith("= default")]
    sides: dict[tuple[int, ...], list[int]] = collections.defaultdict(lambda: [0, 0])
    for branch in taken:
        both = sides[tuple(branch[:4])]
        both[0] += branch[4]
        both[1] += branch[5]
    found = []
    for (line, column, last_line, last_column), (true, false) in sorted(sides.items()):
        if true and false:
            continue
        is_one_line = line == last_line
        condition = text[line - 1][column - 1 : last_column - 1 if is_one_line else None].strip()
        side = "true" if false else "false" if true else "reached"
        missing = f"{name}: never {side}: {condition}{'' if is_one_line else ' ...'}".rstrip()
        found.append((missing, line))
    return found, 2 * len(sides)


def listed(path: str) -> collections.Counter[str]:
    """The branches in UNTAKEN.txt, each as often as it is there. Each must have a reason."""
    branches: collections.Counter[str] = collections.Counter()
    waiting: list[str] = []
    with open(path, encoding="utf-8") as file:
        for line in map(str.rstrip, file):
            if not line or line.startswith("#"):
                continue
            if line.startswith(" "):
                waiting.clear()
            else:
                waiting.append(line)
                branches[line] += 1
    if waiting:
        sys.exit(f"{path}: no reason for: {waiting[0]}")
    return branches


def main(coverage: str, untaken: str) -> int:
    with open(coverage, encoding="utf-8") as file:
        files = json.load(file)["data"][0]["files"]
    known = listed(untaken)
    totals: dict[str, list[int]] = {}
    new: dict[str, list[str]] = collections.defaultdict(list)
    for each in files:
        name = os.path.relpath(each["filename"])
        with open(each["filename"], encoding="utf-8") as file:
            text = file.read().split("\n")
        missing, branches = untaken_branches(each, text, name)
        lines = each["summary"]["lines"]
        module = name.split("/")[0]
        row = totals.setdefault(module, [0, 0, 0, 0, 0])
        is_known = 0
        for branch, line in missing:
            if known[branch] > 0:
                known[branch] -= 1
                is_known += 1
            else:
                new[module].append(f"{line}: {branch}")
        untaken_sides = sum(2 if ": never reached: " in branch else 1 for branch, _ in missing)
        added = [lines["covered"], lines["count"], branches - untaken_sides, branches, is_known]
        totals[module] = [a + b for a, b in zip(row, added)]
    failed = False
    print("module     lines run          branches taken     listed with a reason")
    for module, (run, lines_all, taken, branches_all, is_known) in sorted(totals.items()):
        lines_text = f"{run}/{lines_all} {100 * run / max(1, lines_all):.1f} %"
        branches_text = f"{taken}/{branches_all} {100 * taken / max(1, branches_all):.1f} %"
        print(f"{module:10} {lines_text:18} {branches_text:18} {is_known}")
        failed |= bool(new[module]) and taken < ENOUGH * branches_all
    for branch in known.elements():
        if branch.split("/")[0] in totals:
            print(f"listed, but taken or gone: {branch}")
    for branch in itertools.chain(*new.values()):
        print(f"not taken, and not listed: line {branch}")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
