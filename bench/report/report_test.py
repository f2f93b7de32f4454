# SPDX-License-Identifier: MIT
"""Tests of the report and of what it is made of, on small made-up measurements."""
import contextlib
import io
import unittest

import cases
import counts
import dashboard
import main
import markdown
import measure
import operations
import peers
import plots
from cases import Ratio, Target, Task


def peer(name, missing="", **facts):
    return {"name": name, "missing": missing, "version": "1", "starts by": "clone3",
            "not passed": "closed", "passes": "any", "waits by": "pidfd", "only in": "",
            "makes namespaces": "", **facts}


def cell(nanoseconds):
    return {"median": nanoseconds, "p10": nanoseconds / 2, "p90": nanoseconds * 2, "starts": 300}


MISSING = {"gap": "missing: not here"}
FIRST = cases.RATIOS[0][0].name
RESULTS = {
    "environment": {"kernel": "Linux", "C library": "glibc 2.36", "system": "Debian 12",
                    "compiler": "g++ 12"},
    "problems": {"spawn-busy": "it ended with 1"},
    "peers": [peer("it's slow"), peer("absent", missing="not here"), peer("sysfd"),
              peer("sandbox", **{"makes namespaces": "a new root"})],
    "ratios": [{"name": FIRST, "value": 0.81, "bar": 0.78, "limit": 0.97, "pairs": 30,
                "verdict": "over the bar", "by_hand": 0.74}],
    "cells": {
        "base": {"sysfd": cell(90000), "it's slow": cell(80000), "absent": MISSING},
        "memory-1G": {"sysfd": cell(95000), "it's slow": cell(45e6), "absent": MISSING},
        "namespaces": {"sandbox": cell(3e6)}},
    "stall": {"sysfd": [1000.0, 6000.0, 9000.0, 100.0], "Qt": "not here"},
    "busy": {"sysfd": [6400.0, 3.0]},
    "confinement": {"nothing": [7e4, 8e4], "contain()": [17e4, 19e4], "elsewhere": "not there"},
    "modules": {"pidfd": {"open": {"raw": 1000.0, "ours": 1100.0, "ratio": 1.09}}},
    "counts": {"table": "ownedfd: open\n", "counted": {}},
}
NEWEST = {"environment": {"C library": "glibc 2.43", "system": "Debian sid", "compiler": "g++ 16"},
          "ratios": [{"name": FIRST, "value": 0.9, "bar": 0.97, "limit": 1.2, "pairs": 30,
                      "verdict": "within"}]}


class ReportTest(unittest.TestCase):
    def lines_of(self, start, others=()):
        text = markdown.report(RESULTS, others)
        found = [line for line in text.splitlines() if line.startswith(start)]
        self.assertTrue(found, start)
        return found

    def test_a_missing_peer_has_a_row_in_every_table_of_peers(self):
        self.assertEqual(self.lines_of("| absent |"),
                         ["| absent | *missing: not here* | 〃 |",
                          "| absent | *missing: not here* |  |  |  |  |"])

    def test_a_table_begins_with_the_case_of_nothing_special_and_what_programs_write(self):
        rows = markdown.dimension(RESULTS, "memory", "Memory", None).splitlines()
        self.assertEqual(rows[2], "| microseconds | 0 | 1 GiB |")
        self.assertEqual(rows[4:6], ["| sysfd | 90.0 | 95.0 |", "| it's slow | 80.0 | 45,000 |"])

    def test_a_peer_for_one_dimension_is_in_no_other_table(self):
        self.assertNotIn("sandbox", markdown.dimension(RESULTS, "memory", "Memory", None))
        self.assertIn("| sandbox | 3,000 | a new root |", self.lines_of("| sandbox"))

    def test_ratios_have_columns_for_each_c_library(self):
        self.assertEqual(self.lines_of("| ratio |", [NEWEST])[0],
                         "| ratio | glibc 2.36 | by hand | bar | limit "
                         "| glibc 2.43 | by hand | bar | limit |")
        self.assertEqual(self.lines_of(f"| {FIRST}", [NEWEST]),
                         [f"| {FIRST} | **0.810** | 0.74 | 0.78 | 0.97 | 0.900 |  | 0.97 | 1.20 |"])

    def test_what_has_not_run_is_said(self):
        self.assertIn("spawn-busy: it ended with 1", markdown.report(RESULTS))
        self.assertEqual(self.lines_of("| Qt |"), ["| Qt | *not here* |  |  |  |"])

    def test_what_confines_a_child_is_compared_with_nothing(self):
        self.assertEqual(self.lines_of("| contain() |"), ["| contain() | 170 | 190 | 100 |"])
        self.assertEqual(self.lines_of("| elsewhere |"), ["| elsewhere | *not there* |  |  |"])

    def test_results_that_are_cut_short_are_as_none(self):
        results = main.load(peers.SOURCES / "peer.hpp")
        self.assertEqual(results["cells"], {})
        self.assertIn("# Benchmarks", markdown.report(results))

    def test_dashboards_get_numbers_only_of_what_was_measured(self):
        found = {each["name"]: each for each in dashboard.entries(RESULTS, [NEWEST])}
        self.assertEqual(found["spawn, memory, 1 GiB: sysfd"]["value"], 95)
        self.assertEqual(found["spawn, memory, 1 GiB: sysfd"]["range"], "47.5 to 190.0")
        self.assertEqual(found[f"ratio: {FIRST}"]["value"], 0.81)
        self.assertEqual(found[f"ratio, glibc 2.43: {FIRST}"]["value"], 0.9)
        self.assertEqual(found["pidfd, open"], {"name": "pidfd, open", "unit": "ns", "value": 1100,
                                                "range": "", "extra": "raw calls: 1000 ns"})
        self.assertFalse([name for name in found if "absent" in name or "Qt" in name])

    def test_a_plot_has_all_peers_that_were_measured_and_zero_on_its_axis(self):
        script = plots.script(RESULTS, "memory", "Memory", "memory.svg")
        self.assertIn("'it''s slow'", script)
        self.assertIn("set xtics ('0' 32, '1 GiB' 1024)", script)
        self.assertIn("32 90.000\n1024 95.000", script)
        self.assertNotIn("absent", script)


class RatioTest(unittest.TestCase):
    def test_is_the_median_of_the_ratios_of_blocks_beside_each_other(self):
        drifting = [[10.0], [20.0], [40.0]]
        self.assertEqual(measure.paired(drifting, [[5.0], [10.0], [20.0]]), 2)

    def test_does_not_depend_on_starts_that_were_interrupted(self):
        interrupted = [[90.0] * 12 + [4000.0] * 12] * 3
        self.assertEqual(measure.paired(interrupted, [[100.0] * 24] * 3), 0.9)

    def test_has_another_target_with_the_newest_c_library(self):
        ratio = Ratio("a / b", "a", "b", Target(1, 2), Target(3, 4))
        self.assertEqual(ratio.target_for((2, 36)).bar, 1)
        self.assertEqual(ratio.target_for((2, 43)).bar, 3)
        self.assertIsNone(Ratio("a / b", "a", "b", None, Target(3, 4)).target_for((2, 36)))

    def test_names_are_unique_and_those_of_peers(self):
        ratios = [ratio for group in cases.RATIOS for ratio in group]
        self.assertEqual(len({ratio.name for ratio in ratios}), len(ratios))
        names = {facts["peer"] for file in peers.sources()
                 for facts in peers.parse_comment(file.read_text(encoding="utf-8"))}
        used = {name for ratio in ratios for name, _ in ratio.members()}
        self.assertLessEqual(used | {*cases.STALLING, *cases.BUSY}, names)

    def test_takes_turns_in_an_order_and_its_reverse(self):
        order = []

        class Fake:
            def __init__(self, name):
                self.name = name

            def block(self):
                order.append(self.name)
                return [1.0]

        measure.take_turns({name: Fake(name) for name in "abc"}, 0, 2)
        self.assertEqual(order[:3], order[:2:-1])


class VerdictTest(unittest.TestCase):
    def steps(self, *found):
        def step(each):
            def run():
                if isinstance(each, Exception):
                    raise each
                return each
            return main.Step("spawn-bars", "", run, ("ratios",), True)
        results = {"problems": {}}
        with contextlib.redirect_stdout(io.StringIO()):
            failed = main.run_all(list(map(step, found)), results, lambda: None)
        return failed, results["problems"].get("spawn-bars", "")

    def test_what_is_over_its_bar_is_shown_only(self):
        self.assertEqual(self.steps(RESULTS["ratios"]), ([], ""))

    def test_what_is_over_its_limit_fails(self):
        over = RESULTS["ratios"][0] | {"verdict": "over the limit"}
        failed, problem = self.steps([over])
        self.assertEqual(failed, ["spawn-bars"])
        self.assertIn("over the limit of 0.97", problem)

    def test_what_ends_early_fails(self):
        self.assertEqual(self.steps(measure.Failed("start: EPERM")),
                         (["spawn-bars"], "start: EPERM"))


class PeersTest(unittest.TestCase):
    def test_a_comment_has_facts_of_the_file_and_of_each_peer(self):
        facts = peers.parse_comment("// What it is.\n//\n// package: p\n//\n// peer: one\n"
                                    "// passes: all\n//   of them\n// peer: two\n#include <x>\n// peer: three\n")
        self.assertEqual(facts, [{"package": "p", "peer": "one", "passes": "all of them"},
                                 {"package": "p", "peer": "two"}])

    def test_every_file_says_what_the_tables_need(self):
        for file in peers.sources():
            text = file.read_text(encoding="utf-8")
            for facts in peers.parse_comment(text):
                with self.subTest(file=file.name, peer=facts["peer"]):
                    self.assertLessEqual({"starts by", "not passed", "passes", "waits by"},
                                         set(facts))
                    if file.suffix == ".cpp":
                        self.assertIn(f'"{facts["peer"]}"', text)
                    else:
                        self.assertLessEqual({"run", "version", "package"}, set(facts))

    def test_a_gap_has_a_reason(self):
        one = peers.Peer("one", {"peer": "one", "cannot swap": "no way", "runs to the end": "yes"})
        self.assertEqual(one.gap(Task(passed=3)), "")
        self.assertEqual(one.gap(cases.FIVE_SWAPPED), "cannot: no way")
        self.assertEqual(one.gap(cases.BATCH), "cannot: waits for the end")
        self.assertEqual(peers.Peer("one", {}, missing="gone").gap(Task()), "missing: gone")


class CountsTest(unittest.TestCase):
    COUNTED = counts.parse_counts("a: one\t1\t0\t40\t0\t1\t0\t61\t0\n"
                                  "a: two\t-\t-\t-\t-\t3\t9\t549\t2\n")

    def test_what_is_within_its_budget_is_well(self):
        budgets = counts.parse_budgets("# words\na: one   1  30  0\na: two  3,9  550  2\n")
        table, wrong = counts.compare(self.COUNTED, budgets)
        self.assertEqual(wrong, [])
        self.assertIn("3,9", table)

    def test_what_is_beyond_its_budget_is_named(self):
        budgets = counts.parse_budgets("a: one  0  20  0\na: gone  1  1  1\n")
        self.assertEqual(counts.compare(self.COUNTED, budgets)[1],
                         ["a: gone is in budgets.txt, and nowhere else",
                          "a: one: too many system calls, too many instructions",
                          "a: two: has no budget"])

    def test_budgets_are_written_by_tens_and_keep_words_and_order(self):
        budgets = counts.parse_budgets("# words\na: two  3,9  550  2\n\na: one  1  20  0\n")
        lines = counts.written(budgets, self.COUNTED).splitlines()
        self.assertEqual([line.split() for line in lines],
                         [["#", "words"], ["a:", "two", "3,9", "550", "2"], [],
                          ["a:", "one", "1", "30", "0"]])

    def test_the_time_of_nothing_is_subtracted(self):
        blocks = operations.parse_times("nothing\traw\t20 20\nnothing\tours\t20 20\n"
                                        "a: one\traw\t120 120\na: one\tours\t130 130\n")
        self.assertEqual(operations.compare(blocks),
                         {"one": {"raw": 100, "ours": 110, "ratio": 1.1}})


if __name__ == "__main__":
    unittest.main()
