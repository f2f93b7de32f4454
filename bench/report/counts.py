#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares what operations cost with their budgets. counts.py --help tells the options."""
import argparse
import re
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parent.parent
BUDGETS = BENCH / "counts/budgets.txt"
COUNTS = ["system calls", "child system calls", "instructions", "allocations"]
LINE = re.compile(r"(\S.*?)\s+(\d+)(?:,(\d+))?\s+(-?\d+)\s+(\d+)")
WIDTHS = (44, 4, 6, 6, 6, 6, 6, 6)


def parse_counts(text):
    """What `counts` prints: the numbers of the raw calls and of ours, or None, by operation."""
    found = {}
    for line in text.splitlines():
        name, *cells = line.split("\t")
        sides = [None if "-" in side else dict(zip(COUNTS, map(int, side)))
                 for side in (cells[:4], cells[4:])]
        found[name] = {"raw": sides[0], "ours": sides[1]}
    return found


def parse_budgets(text):
    """The lines of budgets.txt, each with its operation and numbers; None in those of words."""
    lines = []
    for number, line in enumerate(text.splitlines(), 1):
        found = LINE.fullmatch(line)
        if not found and line and not line.startswith("#"):
            raise SystemExit(f"budgets.txt: line {number} is not as it must be: {line}")
        if not found or line.startswith("#"):
            lines.append((line, None, None))
            continue
        name, calls, child, instructions, allocations = found.groups(default="0")
        if name in (known for _, known, _ in lines):
            raise SystemExit(f"budgets.txt: line {number}: {name} is there before")
        numbers = map(int, (calls, child, instructions, allocations))
        lines.append((line, name, dict(zip(COUNTS, numbers))))
    return lines


def figures(counted):
    """What counts: of the instructions, those beyond the raw calls'."""
    raw, ours = counted["raw"], counted["ours"]
    more = ours["instructions"] - (raw["instructions"] if raw else 0)
    return ours | {"instructions": more}


def faults(counted, budget):
    """What is wrong with an operation."""
    if budget is None:
        return ["has no budget"]
    if not counted["ours"]:
        return []
    found = []
    if counted["raw"] and counted["raw"]["system calls"] != counted["ours"]["system calls"]:
        found.append("other system calls than the raw calls")
    return found + [f"too many {what}" for what, value in figures(counted).items()
                    if value > budget[what]]


def calls_of(numbers):
    if numbers is None:
        return "-"
    child = numbers["child system calls"]
    return f"{numbers['system calls']},{child}" if child else str(numbers["system calls"])


def padded(words):
    name, *cells = words
    return " ".join([f"{name:{WIDTHS[0]}}"] + [f"{c:>{w}}" for c, w in zip(cells, WIDTHS[1:])])


def compare(counted, budgets):
    """A table for people, and what is wrong."""
    if not counted:
        return "nothing is counted: there is no ptrace(2), or no x86-64\n", []
    budget_of = {name: numbers for _, name, numbers in budgets if name}
    wrong = [f"{name} is in budgets.txt, and nowhere else" for name in budget_of
             if name not in counted]
    table = [padded(["", "", "calls", "", "user", "instr.", "", "alloc-"]),
             padded(["", "raw", "ours", "raw", "ours", "more", "budget", "ations"])]
    for name, each in counted.items():
        budget = budget_of.get(name)
        found = faults(each, budget)
        wrong += [f"{name}: {', '.join(found)}"] if found else []
        if not each["ours"]:
            table.append(f"{name:{WIDTHS[0]}} cannot be done here")
            continue
        raw = each["raw"]
        table.append(padded([
            name, calls_of(raw), calls_of(each["ours"]), raw["instructions"] if raw else "-",
            each["ours"]["instructions"], figures(each)["instructions"] if raw else "-",
            budget["instructions"] if budget else "-", each["ours"]["allocations"]]))
    return "\n".join(table) + "\n", wrong


def written(budgets, counted):
    """budgets.txt anew, with what was counted now. Instructions are rounded up to tens."""
    def line_of(name, numbers):
        tens = -(-max(numbers["instructions"], 0) // 10) * 10
        return f"{name:44} {calls_of(numbers):>6} {tens:6} {numbers['allocations']:6}"

    lines = []
    for line, name, _ in budgets:
        if name in counted and counted[name]["ours"]:
            line = line_of(name, figures(counted[name]))
        lines.append(line)
    known = {name for _, name, _ in budgets}
    lines += [line_of(name, figures(each)) for name, each in counted.items()
              if name not in known and each["ours"]]
    return "\n".join(lines) + "\n"


def run(program, *texts):
    done = subprocess.run([program, *texts], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"counts: it ended with {done.returncode}: {done.stderr.strip()}")
    return parse_counts(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("texts", nargs="*", metavar="TEXT",
                        help="only operations that have one of these in their name")
    parser.add_argument("--program", default=BENCH.parent / "build/release/bench/counts/counts")
    parser.add_argument("--write", action="store_true",
                        help="writes the budgets anew, as the counts are now, for the review")
    options = parser.parse_args()
    counted = run(options.program, *options.texts)
    budgets = parse_budgets(BUDGETS.read_text(encoding="utf-8"))
    if options.write:
        BUDGETS.write_text(written(budgets, counted), encoding="utf-8")
        budgets = parse_budgets(BUDGETS.read_text(encoding="utf-8"))
    if options.texts:  # the others were not counted
        budgets = [each for each in budgets if each[1] in counted]
    table, wrong = compare(counted, budgets)
    print(table + "\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
