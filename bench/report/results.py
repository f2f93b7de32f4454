# SPDX-License-Identifier: MIT
"""Reads what the benchmark programs have written: the JSON of Google Benchmark, and small files of their own."""
import json
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Cell:
    """One measurement of a peer, in nanoseconds; or why there is none."""

    median: float = 0.0
    p10: float = 0.0
    p90: float = 0.0
    starts: int = 0
    gap: str = ""


@dataclass
class Case:
    """A case of the benchmark of spawn, as `spawn_bench --list` tells it."""

    id: str
    dimension: str
    label: str
    amount: float
    quick: bool


@dataclass
class Pair:
    """An operation by raw calls and by sysfd, in nanoseconds; or why it was not measured."""

    name: str
    raw: float = 0.0
    ours: float = 0.0
    gap: str = ""


@dataclass
class Results:
    environment: dict = field(default_factory=dict)
    peers: list = field(default_factory=list)  # dicts, as `spawn_bench --peers` writes them
    cases: list = field(default_factory=list)  # those that were measured
    cells: dict = field(default_factory=dict)  # id of a case -> name of a peer -> Cell
    ratios: list = field(default_factory=list)
    stall: dict = field(default_factory=dict)  # name of a peer -> counters of Google Benchmark
    busy: dict = field(default_factory=dict)
    modules: dict = field(default_factory=dict)  # name of a module -> list of Pair
    counts: str = ""  # a table for people
    counted: list = field(default_factory=list)  # the same, as entries for dashboards
    problems: dict = field(default_factory=dict)  # what has not run to its end -> why


def name_of(run):
    """The name that a benchmark was registered with, without what Google Benchmark adds."""
    name = run.get("run_name", run["name"])
    for added in ("/iterations:", "/min_time:", "/repeats:", "/manual_time", "/real_time"):
        name = name.split(added)[0]
    return name


def parse_cases(text):
    cases = []
    for line in text.splitlines():
        id_, dimension, label, amount, which = line.split("\t")
        cases.append(Case(id_, dimension, label, float(amount), which == "quick"))
    return cases


def cells_of(document):
    """The peers of one case."""
    cells = {}
    for run in document["benchmarks"]:
        if run.get("error_occurred"):
            cells[name_of(run)] = Cell(gap=run["error_message"])
        elif run.get("aggregate_name") == "median" and "start_median" in run:
            cells[name_of(run)] = Cell(run["start_median"], run["start_p10"], run["start_p90"], int(run["starts"]))
    return cells


def counters_of(document):
    """For those that measure something else than times: what Google Benchmark has of each."""
    return {name_of(run): run for run in document["benchmarks"]}


def pairs_of(document):
    pairs = {}
    for run in document["benchmarks"]:
        name, side = name_of(run).rsplit("/", 1)
        pair = pairs.setdefault(name, Pair(name))
        if run.get("error_occurred"):
            pair.gap = run["error_message"]
        elif run.get("aggregate_name") == "median":
            if side == "raw":
                pair.raw = run["real_time"]
            else:
                pair.ours = run["real_time"]
    return list(pairs.values())


def load_json(path):
    """What a file holds; nothing where the program that was to write it has failed."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def load(directory, cases, modules):
    """All that is there of these cases and modules."""
    directory = Path(directory)
    results = Results()
    results.peers = (load_json(directory / "peers.json") or {"peers": []})["peers"]
    results.ratios = (load_json(directory / "ratios.json") or {"ratios": []})["ratios"]
    run_of = load_json(directory / "run.json") or {"environment": {}, "problems": {}}
    results.environment, results.problems = run_of["environment"], run_of["problems"]
    for case in cases:
        document = load_json(directory / f"spawn-{case.id}.json")
        if document is None:
            continue
        if case.dimension == "stall":
            results.stall = counters_of(document)
        elif case.dimension == "busy":
            results.busy = counters_of(document)
        elif case.dimension != "bars":
            results.cases.append(case)
            results.cells[case.id] = cells_of(document)
    for module in modules:
        document = load_json(directory / f"{module}.json")
        if document is not None:
            results.modules[module] = pairs_of(document)
    counts = directory / "counts.txt"
    results.counts = counts.read_text(encoding="utf-8") if counts.exists() else ""
    results.counted = load_json(directory / "counts.json") or []
    return results
