# SPDX-License-Identifier: MIT
"""The report for people: Markdown tables."""

DIMENSIONS = [
    ("memory", "Resident memory of the parent", "memory.svg"),
    ("descriptors", "Open descriptors of the parent", "descriptors.svg"),
    ("passed", "Descriptors passed to the child", None),
    ("arguments", "Arguments and environment", None),
    ("program", "Other programs", None),
    ("threads", "Threads that start programs at once, on all processors: elapsed time / starts", None),
    ("return", "Until the call returns: the start alone", None),
    ("batch", "Many at once, on all processors, until all have ended: elapsed time / starts", None),
]
WITH_BASE = {"memory": "0", "descriptors": "0", "passed": "0", "arguments": "none, 10 variables",
             "program": "static, minimal", "return": "start and wait"}


def table(header, rows, of_words=False):
    """The first column is of words, the others of numbers unless something else is said."""
    rule = ["---"] + ["---" if of_words else "---:"] * (len(header) - 1)
    lines = ["| " + " | ".join(header) + " |", "| " + " | ".join(rule) + " |"]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def microseconds(nanoseconds):
    value = nanoseconds / 1000
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def shown(cell):
    if cell is None:
        return "*not measured*"
    return f"*{cell.gap}*" if cell.gap else microseconds(cell.median)


def said_once(cells):
    """Without what stands to the left of it already, as the reason of a gap does."""
    return [cell if i == 0 or cell != cells[i - 1] or not cell.startswith("*") else "〃" for i, cell in enumerate(cells)]


def columns_of(results, dimension):
    """Heading and id of each case of a dimension, that with nothing special first."""
    columns = [(case.label, case.id) for case in results.cases if case.dimension == dimension]
    if columns and dimension in WITH_BASE and "base" in results.cells:
        columns.insert(0, (WITH_BASE[dimension], "base"))
    return columns


def peers_in_order(results):
    """Those that the tables show: the fastest first, those that are missing last."""
    base = results.cells.get("base", {})

    def key(peer):
        cell = base.get(peer["name"])
        return (bool(peer["missing"]), cell.median if cell and not cell.gap else float("inf"))

    return sorted((peer for peer in results.peers if peer["in_tables"]), key=key)


def ratios(results):
    rows = [(f"{r['name']}", f"{r['value']:.3f}" if r["starts"] else "", f"{r['bar']:.2f}", f"{r['limit']:.2f}",
             r["starts"], r["verdict"]) for r in results.ratios]
    return ("## Target ratios\n\n"
            "Each ratio is of two medians of single starts, measured in one run in random order. Above the *bar*:\n"
            "reported. Above the *limit*, which leaves room for noise: `scripts/bench` fails.\n\n"
            + table(["ratio", "measured", "bar", "limit", "starts", ""], rows))


def dimension(results, name, title, plot):
    columns = columns_of(results, name)
    if not columns:
        return ""
    rows = [[peer["name"]] + said_once([shown(results.cells[id_].get(peer["name"])) for _, id_ in columns])
            for peer in peers_in_order(results)]
    picture = f"![{title}]({plot})\n\n" if plot else ""
    return f"### {title}\n\n{picture}" + table(["microseconds"] + [label for label, _ in columns], rows)


def base_only(results):
    """Where nothing else was measured than the plain case."""
    rows = [[peer["name"], shown(results.cells["base"].get(peer["name"]))] for peer in peers_in_order(results)]
    return "### Nothing special\n\n" + table(["microseconds", "start and wait"], rows)


def stall(results):
    def row(name, run):
        if run.get("error_occurred"):
            return [name, f"*{run['error_message']}*", "", "", ""]
        return [name] + [microseconds(run[key]) for key in ("unit_median", "unit_p999", "unit_longest")] + [int(run["starts"])]

    rows = [row(name, run) for name, run in sorted(results.stall.items(), key=lambda item: item[1].get("unit_p999", 0))]
    return ("### Delay of another thread\n\n"
            "The thread repeatedly writes to 16 pages of 1 GiB, on a processor of its own. Meanwhile programs are\n"
            "started one after the other. The table shows the time of one such unit of work, in microseconds.\n\n"
            + table(["programs are started by", "median", "99.9 %", "longest", "starts"], rows))


def busy(results):
    rows = [[name, int(run["starts"]), int(run["busy"]), f"{100 * run['busy'] / run['starts']:.3f} %"]
            for name, run in results.busy.items()]
    return ("### Programs that were just written\n\n"
            "16 threads each write a program, close it and start it. Executing it fails with ETXTBSY while a\n"
            "child that another thread is starting still has the descriptor open for writing.\n\n"
            + table(["", "starts", "failed", "rate"], rows))


def traits(results):
    here = [peer for peer in peers_in_order(results) if not peer["missing"]]
    missing = [peer for peer in results.peers if peer["missing"]]
    rows = [[p["name"], p["version"], p["starts_by"], p["other_descriptors"], p["passes"], p["waits_by"]] for p in here]
    rows += [[p["name"], f"*missing: {p['missing']}*", "", "", "", ""] for p in missing]
    return ("## What each peer does\n\nA peer's time includes everything that it does in a start, such as closing descriptors.\n\n"
            + table(["peer", "version", "starts by", "descriptors that were not passed", "passes", "waits by"], rows, of_words=True))


def modules(results):
    text = "## The other modules, compared with the raw system calls\n\nMedians in nanoseconds, measured in one run in random order.\n\n"
    for name, pairs in results.modules.items():
        rows = []
        for pair in pairs:
            if pair.gap or not pair.raw:
                rows.append([pair.name, f"*not here: {pair.gap}*", "", ""])
            else:
                rows.append([pair.name, f"{pair.raw:,.0f}", f"{pair.ours:,.0f}", f"{pair.ours / pair.raw:.2f}"])
        text += f"### {name}\n\n" + table(["", "raw", "sysfd", "ratio"], sorted(rows)) + "\n"
    return text


def environment(results):
    return "## Environment\n\n" + table(["", ""], results.environment.items(), of_words=True)


def report(results):
    parts = ["# Benchmarks\n\n"
             "`scripts/bench` writes this page. The times are of one machine: compare them within a table.\n\n"
             "Unless a table says otherwise, one operation starts a static program that does nothing and waits for\n"
             "its end. Parent and child run on one processor, except where threads start programs at once. The\n"
             "parent's memory is in pages of the default size. RLIMIT_NOFILE is 20,000, since some peers check\n"
             "every number below it.\n"]
    if results.problems:
        parts.append("**Not complete:** " + "; ".join(f"{name}: {why}" for name, why in results.problems.items()) + "\n")
    if results.ratios:
        parts.append(ratios(results))
    if results.cells:
        parts.append("## Starting programs, all peers\n")
        found = [dimension(results, *each) for each in DIMENSIONS]
        parts += [each for each in found if each] or [base_only(results)]
    if results.stall:
        parts.append(stall(results))
    if results.busy:
        parts.append(busy(results))
    if results.peers:
        parts.append(traits(results))
    if results.modules:
        parts.append(modules(results))
    if results.counts:
        parts.append("## Counts, which are the same in each run\n\n```text\n" + results.counts.rstrip() + "\n```\n")
    parts.append(environment(results))
    return "\n".join(parts)
