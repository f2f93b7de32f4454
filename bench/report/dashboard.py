# SPDX-License-Identifier: MIT
"""The report for dashboards: a list of numbers, of which smaller is better."""


def entry(name, unit, value, spread="", extra=""):
    return {"name": name, "unit": unit, "value": round(value, 4), "range": spread, "extra": extra}


def entries(results):
    found = [entry(f"ratio: {r['name']}", "ratio", r["value"], extra=f"bar {r['bar']}, limit {r['limit']}, {r['starts']} starts")
             for r in results.ratios if r["starts"]]
    for case in results.cases:
        for peer, cell in results.cells[case.id].items():
            if not cell.gap:
                found.append(entry(f"spawn, {case.dimension}, {case.label}: {peer}", "us", cell.median / 1000,
                                   f"{cell.p10 / 1000:.1f} to {cell.p90 / 1000:.1f}", f"{cell.starts} measurements"))
    for peer, run in results.stall.items():
        if "unit_p999" in run:
            found.append(entry(f"stall of another thread, 99.9 %: {peer}", "us", run["unit_p999"] / 1000, extra=f"{int(run['starts'])} starts"))
    for peer, run in results.busy.items():
        if "busy" in run:
            found.append(entry(f"ETXTBSY: {peer}", "%", 100 * run["busy"] / run["starts"], extra=f"{int(run['starts'])} starts"))
    for module, pairs in results.modules.items():
        for pair in pairs:
            if pair.raw and not pair.gap:
                found.append(entry(f"{module}, {pair.name}", "ns", pair.ours, extra=f"raw calls: {pair.raw:.0f} ns"))
    return found + results.counted
