# SPDX-License-Identifier: MIT
"""Runs the benchmark programs and writes the report. See scripts/bench, which calls it."""
import argparse
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import dashboard
import environment
import markdown
import plots
import results as reading

MODULES = ["ownedfd", "sharing", "handle", "pidfd", "listen"]
PLOTS = [("memory", "Starting a program from a parent with much memory", "memory.svg"),
         ("descriptors", "Starting a program from a parent with many open descriptors", "descriptors.svg")]
LONGEST = 900  # seconds that one program may take


@dataclass
class Step:
    name: str  # for --only
    title: str
    command: list
    output: str = ""  # where its standard output goes, else to the screen once it has ended
    judges: bool = False  # whether the run has failed if it fails; otherwise there is a gap


def plan(programs, out, cases, quick):
    more = ["--quick"] if quick else []
    # Before anything has made the machine warm.
    steps = [Step("counts", "counts of instructions and calls", [programs / "counts" / "counts", "--json", (out / "counts.json").resolve()], "counts.txt", judges=True)]
    for case in cases:
        if quick and not case.quick:
            continue
        command = [programs / "spawn_bench", "--case", case.id, "--out", out / f"spawn-{case.id}.json"] + more
        if case.dimension == "bars":
            command += ["--ratios", out / "ratios.json"]
        steps.append(Step(f"spawn-{case.id}", f"spawn: {case.dimension}, {case.label}", command, judges=case.dimension == "bars"))
    for module in MODULES:
        steps.append(Step(module, f"{module}: beside raw calls",
                          [programs / f"{module}_bench", "--out", out / f"{module}.json"] + more, f"{module}.txt"))
    return steps


def run(step, out):
    """Why it failed, or nothing."""
    with open(out / (step.output or "output.txt"), "w", encoding="utf-8") as output:
        try:
            done = subprocess.run(step.command, stdout=output, stderr=subprocess.PIPE, text=True, timeout=LONGEST, check=False)
        except subprocess.TimeoutExpired:
            return f"took longer than {LONGEST} seconds"
        except OSError as error:
            return str(error)
    return "" if done.returncode == 0 else f"it ended with {done.returncode}: {done.stderr.strip()[-300:]}"


def run_all(steps, out):
    """Runs them one after the other. What went wrong in each, by its name."""
    problems = {}
    begin = time.monotonic()
    for index, step in enumerate(steps, 1):
        print(f"[{index:2}/{len(steps)}] {step.title:52}", end="", flush=True)
        started = time.monotonic()
        problem = run(step, out)
        if problem:
            problems[step.name] = problem
        now = time.monotonic()
        print(f" {now - started:6.1f} s, {now - begin:5.0f} s so far, {len(steps) - index} left"
              + (f"\n        {problem}" if problem else ""), flush=True)
        if not step.output:
            print((out / "output.txt").read_text(encoding="utf-8"), end="")
    (out / "output.txt").unlink(missing_ok=True)
    return problems


def measure(options, steps):
    """Runs it all, and notes what cannot be told later."""
    for old in [*options.out.glob("*.json"), *options.out.glob("*.svg"), *options.out.glob("*.txt")]:
        old.unlink()
    with open(options.out / "peers.json", "w", encoding="utf-8") as output:
        subprocess.run([options.programs / "spawn_bench", "--peers"], stdout=output, check=True)
    problems = run_all(steps, options.out)
    run_of = {"environment": environment.describe(options.revision, "quick" if options.quick else "full"), "problems": problems}
    (options.out / "run.json").write_text(json.dumps(run_of, indent=1) + "\n", encoding="utf-8")


def write_report(results, out):
    for dimension, title, name in PLOTS:
        if any(case.dimension == dimension for case in results.cases):
            problem = plots.draw(results, dimension, title, out / name)
            if problem:
                results.problems[name] = problem
    (out / "report.md").write_text(markdown.report(results), encoding="utf-8")
    (out / "customSmallerIsBetter.json").write_text(json.dumps(dashboard.entries(results), indent=1) + "\n", encoding="utf-8")


def publish(out, directory):
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "README.md").write_text((out / "report.md").read_text(encoding="utf-8"), encoding="utf-8")
    for _, _, name in PLOTS:
        if (out / name).exists():
            (directory / name).write_bytes((out / name).read_bytes())


def parse_arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--programs", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--revision", default="unknown", help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="fewer cases and repetitions, but all peers and all bars")
    parser.add_argument("--only", action="append", default=[], metavar="NAME",
                        help="only what has this in its name: spawn, spawn-bars, pidfd, ...; may be given again")
    parser.add_argument("--list", action="store_true", help="names what there is")
    parser.add_argument("--report-only", action="store_true", help="measures nothing, and writes the report of what is there anew")
    parser.add_argument("--publish", type=Path, nargs="?", const=Path("docs/benchmarks"), metavar="DIRECTORY",
                        help="copies the report and the plots to docs/benchmarks")
    return parser.parse_args()


def main():
    options = parse_arguments()
    options.out.mkdir(parents=True, exist_ok=True)
    spawn = options.programs / "spawn_bench"
    cases = reading.parse_cases(subprocess.run([spawn, "--list"], capture_output=True, text=True, check=True).stdout)
    steps = plan(options.programs, options.out, cases, options.quick)
    if options.only:
        steps = [step for step in steps if any(word in step.name for word in options.only)]
    if options.list:
        print("\n".join(f"{step.name:24} {step.title}" for step in steps))
        return 0
    if not steps:
        print(f"scripts/bench: nothing has one of {options.only} in its name", file=sys.stderr)
        return 2
    if not options.report_only:
        measure(options, steps)
    results = reading.load(options.out, cases, MODULES)
    write_report(results, options.out)
    print(f"\nthe report: {options.out}/report.md")
    missing = [peer for peer in results.peers if peer["missing"]]
    for peer in missing:
        print(f"  missing: {peer['name']}: {peer['missing']}")
    if options.publish:
        publish(options.out, options.publish)
        print(f"published: {options.publish}")
    failed = [step.name for step in steps if step.judges and step.name in results.problems]
    if failed:
        print(f"scripts/bench: beyond its limit, or failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


sys.exit(main())
