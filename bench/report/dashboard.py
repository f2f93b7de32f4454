# SPDX-License-Identifier: MIT
"""The report for dashboards: a list of numbers, of which smaller is better."""
import cases
from counts import COUNTS


def entry(name, unit, value, spread="", extra=""):
    return {"name": name, "unit": unit, "value": round(value, 4), "range": spread, "extra": extra}


def of_ratios(ratios, system=""):
    return [entry(f"ratio{system}: {each['name']}", "ratio", each["value"],
                  extra=f"bar {each['bar']}, limit {each['limit']}, {each['pairs']} pairs")
            for each in ratios if each["pairs"]]


def entries(results, others=()):
    found = of_ratios(results.get("ratios", []))
    for other in others:
        found += of_ratios(other.get("ratios", []), f", {other['environment']['C library']}")
    for case in cases.CASES:
        for peer, cell in results["cells"].get(case.id, {}).items():
            if "gap" not in cell:
                found.append(entry(f"spawn, {case.dimension}, {case.label}: {peer}", "us",
                                   cell["median"] / 1000,
                                   f"{cell['p10'] / 1000:.1f} to {cell['p90'] / 1000:.1f}",
                                   f"{cell['starts']} measurements"))
    for peer, numbers in results.get("stall", {}).items():
        if not isinstance(numbers, str):
            found.append(entry(f"stall of another thread, 99.9 %: {peer}", "us",
                               numbers[1] / 1000, extra=f"{numbers[3]:.0f} starts"))
    for peer, numbers in results.get("busy", {}).items():
        if not isinstance(numbers, str):
            starts, failed = numbers
            found.append(entry(f"ETXTBSY: {peer}", "%", 100 * failed / starts,
                               extra=f"{starts:.0f} starts"))
    for module, operations in results.get("modules", {}).items():
        for name, times in operations.items():
            found.append(entry(f"{module}, {name}", "ns", times["ours"],
                               extra=f"raw calls: {times['raw']:.0f} ns"))
    for name, counted in results.get("counts", {}).get("counted", {}).items():
        found += [entry(f"{name}: {what}", what, counted["ours"][what]) for what in COUNTS
                  if counted["ours"]]
    return found
