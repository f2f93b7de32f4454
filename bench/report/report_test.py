# SPDX-License-Identifier: MIT
"""Tests of the report, on small made-up measurements."""
import json
import tempfile
import unittest
from pathlib import Path

import dashboard
import markdown
import plots
import results as reading

PEERS = {"peers": [
    {"name": "sysfd", "missing": "", "version": "1", "starts_by": "clone3", "other_descriptors": "closed", "passes": "any", "waits_by": "pidfd",
     "in_tables": True},
    {"name": "it's slow", "missing": "", "version": "2", "starts_by": "fork", "other_descriptors": "stay", "passes": "none", "waits_by": "pid",
     "in_tables": True},
    {"name": "absent", "missing": "not here", "version": "", "starts_by": "", "other_descriptors": "", "passes": "", "waits_by": "",
     "in_tables": True},
    {"name": "special", "missing": "", "version": "1", "starts_by": "", "other_descriptors": "", "passes": "", "waits_by": "",
     "in_tables": False},
]}
LISTED = "base\tbase\tnothing special\t0\tquick\nmemory-1G\tmemory\t1 GiB\t1024\tquick\nstall\tstall\tothers\t0\tquick\n"


def median(name, nanoseconds):
    return {"name": f"{name}/iterations:20/repeats:10/manual_time_median", "run_name": f"{name}/iterations:20/repeats:10/manual_time",
            "aggregate_name": "median", "real_time": nanoseconds / 1000, "start_median": nanoseconds, "start_p10": nanoseconds / 2,
            "start_p90": nanoseconds * 2, "starts": 300.0}


def failed(name, why):
    return {"name": f"{name}/iterations:1/repeats:1", "run_name": f"{name}/iterations:1/repeats:1", "error_occurred": True, "error_message": why}


def one_side(name, nanoseconds):
    return {"name": f"{name}/min_time:0.020/repeats:5/real_time_median", "run_name": f"{name}/min_time:0.020/repeats:5/real_time",
            "aggregate_name": "median", "real_time": nanoseconds}


FILES = {
    "peers.json": PEERS,
    "run.json": {"environment": {"kernel": "Linux"}, "problems": {"spawn-busy": "it ended with 1"}},
    "ratios.json": {"ratios": [
        {"name": "a / b", "value": 0.81, "bar": 0.78, "limit": 0.97, "starts": 300, "verdict": "over the bar"},
        {"name": "c / d", "value": 0, "bar": 1, "limit": 2, "starts": 0, "verdict": "not measured"}]},
    "spawn-base.json": {"benchmarks": [median("sysfd", 90000), median("it's slow", 450000), failed("absent", "missing: not here")]},
    "spawn-memory-1G.json": {"benchmarks": [median("sysfd", 95000), median("it's slow", 45e6), failed("absent", "missing: not here")]},
    "spawn-stall.json": {"benchmarks": [
        {"name": "sysfd/iterations:1", "run_name": "sysfd/iterations:1/repeats:1/manual_time", "unit_median": 1000.0, "unit_p999": 6000.0,
         "unit_longest": 9000.0, "starts": 100.0}]},
    "pidfd.json": {"benchmarks": [one_side("open, close/raw", 1000), one_side("open, close/sysfd", 1100),
                                  failed("rare/raw", "Invalid argument"), failed("rare/sysfd", "Invalid argument")]},
}


class ReportTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        for name, content in FILES.items():
            (self.directory / name).write_text(json.dumps(content), encoding="utf-8")
        self.results = reading.load(self.directory, reading.parse_cases(LISTED), ["pidfd", "listen"])

    def line_of(self, start):
        found = [line for line in markdown.report(self.results).splitlines() if line.startswith(start)]
        self.assertTrue(found, start)
        return found

    def test_names_lose_what_google_benchmark_adds(self):
        self.assertEqual(reading.name_of(median("sysfd, prepared", 1)), "sysfd, prepared")
        self.assertEqual(reading.name_of(one_side("open, close/raw", 1)), "open, close/raw")

    def test_a_missing_peer_has_a_row_in_every_table_of_peers(self):
        self.assertEqual(self.line_of("| absent |"),
                         ["| absent | *missing: not here* | 〃 |", "| absent | *missing: not here* |  |  |  |  |"])

    def test_a_table_begins_with_the_case_of_nothing_special_and_the_fastest_peer(self):
        rows = markdown.dimension(self.results, "memory", "Memory", None).splitlines()
        self.assertEqual(rows[2], "| microseconds | 0 | 1 GiB |")
        self.assertEqual(rows[4:6], ["| sysfd | 90.0 | 95.0 |", "| it's slow | 450 | 45,000 |"])

    def test_a_peer_for_one_case_is_in_no_table_of_all(self):
        self.assertNotIn("special", markdown.dimension(self.results, "memory", "Memory", None))

    def test_ratios_are_shown_with_bar_and_verdict(self):
        self.assertEqual(self.line_of("| a / b"), ["| a / b | 0.810 | 0.78 | 0.97 | 300 | over the bar |"])
        self.assertEqual(self.line_of("| c / d"), ["| c / d |  | 1.00 | 2.00 | 0 | not measured |"])

    def test_what_has_not_run_is_said(self):
        self.assertIn("spawn-busy: it ended with 1", markdown.report(self.results))
        self.assertEqual(self.line_of("| rare"), ["| rare | *not here: Invalid argument* |  |  |"])

    def test_a_file_that_is_cut_short_is_as_one_that_is_not_there(self):
        (self.directory / "spawn-memory-1G.json").write_text('{"benchmarks": [', encoding="utf-8")
        results = reading.load(self.directory, reading.parse_cases(LISTED), [])
        self.assertEqual([case.id for case in results.cases], ["base"])
        self.assertIn("Nothing special", markdown.report(results))

    def test_dashboards_get_numbers_only_of_what_was_measured(self):
        entries = {each["name"]: each for each in dashboard.entries(self.results)}
        self.assertEqual(entries["spawn, memory, 1 GiB: sysfd"]["value"], 95)
        self.assertEqual(entries["spawn, memory, 1 GiB: sysfd"]["range"], "47.5 to 190.0")
        self.assertEqual(entries["ratio: a / b"]["value"], 0.81)
        self.assertEqual(entries["pidfd, open, close"], {"name": "pidfd, open, close", "unit": "ns", "value": 1100, "range": "",
                                                         "extra": "raw calls: 1000 ns"})
        self.assertFalse([name for name in entries if "absent" in name or "rare" in name or "c / d" in name])

    def test_a_plot_has_all_peers_that_were_measured_and_zero_on_its_axis(self):
        script = plots.script(self.results, "memory", "Memory", "memory.svg")
        self.assertIn("'it''s slow'", script)
        self.assertIn("set xtics ('0' 32, '1 GiB' 1024)", script)
        self.assertIn("32 90.000\n1024 95.000", script)
        self.assertNotIn("absent", script)


if __name__ == "__main__":
    unittest.main()
