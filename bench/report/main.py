# SPDX-License-Identifier: MIT
"""Measures sysfd beside others, and writes the report. scripts/bench calls it."""
import argparse
import json
import random
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import cases
import counts
import dashboard
import environment
import markdown
import measure
import operations
import peers
import plots

MODULES = ["ownedfd", "sharing", "handle", "pidfd", "listen"]
LONGEST = 900  # seconds that a step may take


@dataclass
class Step:
    name: str  # for --only
    title: str
    run: Callable  # answers what it has measured
    place: tuple  # where that stands in the results
    judges: bool = False  # whether the run has failed if this goes wrong


class Plan:
    """What there is to measure, and with what."""

    def __init__(self, programs, quick):
        self.quick = quick
        self.child = str((programs / "bench_child").resolve())
        self.counts = programs / "counts" / "counts"
        self.confinement = programs / "bench_confinement"
        self.peers = peers.load(programs / "peers")
        self.by_name = {peer.name: peer for peer in self.peers}
        version = self.by_name["posix_spawn"].version
        self.glibc = tuple(map(int, re.findall(r"\d+", version)[:2]))

    def steps(self):
        found = [Step("counts", "counts of instructions and calls", self.count, ("counts",), True)]
        for case in cases.CASES:
            if case.quick or not self.quick:
                found.append(Step(f"spawn-{case.id}", f"spawn: {case.dimension}, {case.label}",
                                  lambda case=case: self.measure_case(case), ("cells", case.id)))
        found += [Step("spawn-bars", "spawn: the ratios that are aimed at", self.measure_ratios,
                       ("ratios",), True),
                  Step("spawn-stall", "spawn: other threads of the parent", self.measure_stall,
                       ("stall",)),
                  Step("spawn-busy", "spawn: programs that were just written", self.count_busy,
                       ("busy",)),
                  Step("spawn-confinement", "spawn: children that are confined",
                       self.measure_confinement, ("confinement",))]
        return found + [Step(module, f"{module}: beside raw calls",
                             lambda module=module: self.time_operations(module),
                             ("modules", module)) for module in MODULES]

    def count(self):
        counted = counts.run(self.counts)
        budgets = counts.parse_budgets(counts.BUDGETS.read_text(encoding="utf-8"))
        table, wrong = counts.compare(counted, budgets)
        return {"table": table, "counted": counted, "wrong": wrong}

    def measure_case(self, case):
        return measure.measure_case(case, self.peers, self.child, self.quick)

    def measure_ratios(self):
        found = []
        for group in cases.RATIOS:
            found += measure.measure_ratios(group, self.peers, self.child, self.glibc, self.quick)
        return found

    def measure_stall(self):
        nobody = peers.Peer("nobody", {}, [self.by_name["sysfd"].command[0], "nobody"])
        word = f"stall={0.5 if self.quick else 3}"
        return self.once([nobody] + [self.by_name[name] for name in cases.STALLING], word)

    def count_busy(self):
        word = f"busy={40 if self.quick else 400}"
        return self.once([self.by_name[name] for name in cases.BUSY], word)

    def measure_confinement(self):
        return measure.confinement(self.confinement, self.child, 60 if self.quick else 500)

    def once(self, some, word):
        """The numbers that each of these prints for a word; or why there are none."""
        found = {}
        for peer in random.sample(some, len(some)):
            try:
                found[peer.name] = measure.measure_once(peer, self.child, word)
            except measure.Failed as failure:
                found[peer.name] = str(failure)
        return {peer.name: found[peer.name] for peer in some}

    def time_operations(self, module):
        return operations.measure(self.counts, f"{module}: ", 4 if self.quick else 20)


def say_what_is_wrong(step, found):
    """Of a step that judges: what is beyond its limit."""
    if step.name == "counts":
        return found["wrong"]
    return [f"{each['name']}: {each['value']:.3f}, which is over the limit of {each['limit']}"
            for each in found if each["verdict"] == "over the limit"]


def give_up(*_):
    raise measure.Failed(f"took longer than {LONGEST} seconds")


def run_all(steps, results, save):
    """Runs them one after the other. The names of those that judge, and found a fault."""
    failed = []
    signal.signal(signal.SIGALRM, give_up)
    begin = time.monotonic()
    for index, step in enumerate(steps, 1):
        print(f"[{index:2}/{len(steps)}] {step.title:54}", end="", flush=True)
        started = time.monotonic()
        results["problems"].pop(step.name, None)
        signal.alarm(LONGEST)
        try:
            found = step.run()
            problems = say_what_is_wrong(step, found) if step.judges else []
            place = results
            for key in step.place[:-1]:
                place = place.setdefault(key, {})
            place[step.place[-1]] = found
        except (OSError, ValueError, measure.Failed, subprocess.SubprocessError) as error:
            problems = [str(error)]
        signal.alarm(0)
        now = time.monotonic()
        print(f" {now - started:6.1f} s, {now - begin:5.0f} s so far", flush=True)
        for problem in problems:
            print(f"        {problem}", flush=True)
        if problems:
            results["problems"][step.name] = "; ".join(problems)
            failed += [step.name] if step.judges else []
        if step.name == "spawn-bars" and results.get("ratios"):
            print(markdown.ratios_as_text(results["ratios"]))
        save()
    return failed


def describe(plan):
    """What the report says of each peer."""
    return [{"name": peer.name, "missing": peer.missing, "version": peer.version,
             **{key: peer.facts.get(key, "") for key in (
                 "starts by", "not passed", "passes", "waits by", "only in", "makes namespaces")}}
            for peer in plan.peers]


def load(path):
    """The results in a file; empty ones where it is not there, or cut short."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {"environment": {}, "peers": [], "cells": {}, "problems": {}}


def write_report(results, others, out):
    """`others`: results of other systems, of which only the ratios are shown."""
    (out / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    for dimension, title, name in plots.PLOTS:
        problem = plots.draw(results, dimension, title, out / name)
        if problem:
            results["problems"][name] = problem
    (out / "report.md").write_text(markdown.report(results, others), encoding="utf-8")
    (out / "customSmallerIsBetter.json").write_text(
        json.dumps(dashboard.entries(results, others), indent=1) + "\n", encoding="utf-8")


def publish(out, directory):
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "README.md").write_bytes((out / "report.md").read_bytes())
    for _, _, name in plots.PLOTS:
        if (out / name).exists():
            (directory / name).write_bytes((out / name).read_bytes())


def parse_arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__,
                                     epilog="scripts/bench --distribution NAME ...: the ratios in "
                                     "another Debian, whose libraries are newer, as in \"sid\"")
    parser.add_argument("--programs", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--others", type=Path, nargs="*", default=[], help=argparse.SUPPRESS)
    parser.add_argument("--revision", default="unknown", help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true",
                        help="fewer cases and repetitions, but all peers and all bars")
    parser.add_argument("--only", action="append", default=[], metavar="NAME",
                        help="only what has this in its name: spawn, spawn-bars, pidfd, ...; may "
                        "be given again; the report keeps what was measured before of the others")
    parser.add_argument("--list", action="store_true", help="names what there is")
    parser.add_argument("--report-only", action="store_true",
                        help="measures nothing, and writes the report of what is there anew")
    parser.add_argument("--publish", type=Path, nargs="?", const=Path("docs/benchmarks"),
                        metavar="DIRECTORY", help="copies the report and the plots to "
                        "docs/benchmarks")
    return parser.parse_args()


def main():
    options = parse_arguments()
    options.out.mkdir(parents=True, exist_ok=True)
    measure.prepare()
    plan = Plan(options.programs, options.quick)
    steps = [step for step in plan.steps()
             if not options.only or any(word in step.name for word in options.only)]
    if options.list:
        print("\n".join(f"{step.name:24} {step.title}" for step in steps))
        return 0
    if not steps:
        print(f"scripts/bench: nothing has one of {options.only} in its name", file=sys.stderr)
        return 2
    keep = options.only or options.report_only
    results = load(options.out / "results.json" if keep else Path("/dev/null"))
    others = [load(other) for other in options.others if other.exists()]
    failed = []
    if not options.report_only:
        results["peers"] = describe(plan)
        results["environment"] = environment.describe(options.programs, options.revision,
                                                      options.quick)
        failed = run_all(steps, results, lambda: write_report(results, others, options.out))
    write_report(results, others, options.out)
    print(f"\nthe report: {options.out}/report.md")
    for peer in plan.peers:
        if peer.missing:
            print(f"  missing: {peer.name}: {peer.missing}")
    if options.publish:
        publish(options.out, options.publish)
        print(f"published: {options.publish}")
    if failed:
        print(f"scripts/bench: beyond its limit, or failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
