# SPDX-License-Identifier: MIT
"""The report for people: Markdown tables."""
import cases

DIMENSIONS = [
    ("memory", "Resident memory of the parent", "memory.svg"),
    ("descriptors", "Open descriptors of the parent", "descriptors.svg"),
    ("passed", "Descriptors passed to the child", None),
    ("arguments", "Arguments and environment", None),
    ("program", "Other programs", None),
    ("threads", "Threads that start programs at once, on all processors: elapsed time / starts",
     None),
    ("return", "Until the call returns: the start alone", None),
    ("batch", "Many at once, on all processors, until all have ended: elapsed time / starts", None),
]
WITH_BASE = {"memory": "0", "descriptors": "0", "passed": "0", "arguments": "none, 10 variables",
             "program": "static, minimal", "return": "start and wait"}
OURS = ["sysfd", "sysfd, status"]  # what programs write stands first


def table(header, rows, of_words=False):
    """The first column is of words, the others of numbers unless something else is said."""
    rule = ["---"] + ["---" if of_words else "---:"] * (len(header) - 1)
    lines = ["| " + " | ".join(str(cell) for cell in row) + " |" for row in [header, rule, *rows]]
    return "\n".join(lines) + "\n"


def microseconds(nanoseconds):
    value = nanoseconds / 1000
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def shown(cell):
    if cell is None:
        return "*not measured*"
    return f"*{cell['gap']}*" if "gap" in cell else microseconds(cell["median"])


def said_once(cells):
    """Without what stands to the left of it already, as the reason of a gap does."""
    return ["〃" if i and cell == cells[i - 1] and cell.startswith("*") else cell
            for i, cell in enumerate(cells)]


def columns_of(results, dimension):
    """Heading, id and amount of each case of a dimension, that with nothing special first."""
    columns = [(case.label, case.id, case.amount) for case in cases.CASES
               if case.dimension == dimension and case.id in results["cells"]]
    if columns and dimension in WITH_BASE and "base" in results["cells"]:
        columns.insert(0, (WITH_BASE[dimension], "base", 0))
    return columns


def peers_in_order(results, case="base"):
    """What programs write first, then the fastest; those that are missing last."""
    cells = results["cells"].get(case, {})

    def key(peer):
        cell = cells.get(peer["name"], {})
        first = OURS.index(peer["name"]) if peer["name"] in OURS else len(OURS)
        return bool(peer["missing"]), first, cell.get("median", float("inf"))

    return sorted(results["peers"], key=key)


def rows_of(results, columns):
    """A row for each peer that took part, or was missing."""
    rows = []
    for peer in peers_in_order(results, columns[0][1]):
        cells = [results["cells"][id_].get(peer["name"]) for _, id_, _ in columns]
        if any(cells):
            rows.append([peer["name"]] + said_once([shown(cell) for cell in cells]))
    return rows


def dimension(results, name, title, plot):
    columns = columns_of(results, name)
    if not columns:
        return ""
    picture = f"![{title}]({plot})\n\n" if plot else ""
    header = ["microseconds"] + [label for label, _, _ in columns]
    return f"### {title}\n\n{picture}" + table(header, rows_of(results, columns))


def base_only(results):
    """Where nothing else was measured than the plain case."""
    rows = rows_of(results, [("", "base", 0)])
    return "### Nothing special\n\n" + table(["microseconds", "start and wait"], rows)


def namespaces(results):
    columns = columns_of(results, "namespaces")
    if not columns:
        return ""
    beyond = {peer["name"]: peer["makes namespaces"] for peer in results["peers"]}
    rows = [[*row, beyond[row[0]]] for row in rows_of(results, columns)]
    return ("### New namespaces for the child\n\n"
            "The last column says what a peer does beyond making the namespaces, mapping its user and\n"
            "group in them, and making mounts private.\n\n"
            + table(["microseconds"] + [label for label, _, _ in columns] + ["beyond"], rows))


def ratios_as_text(ratios):
    """For the screen."""
    width = max(len(each["name"]) for each in ratios)
    lines = [f"{'ratio':{width}} {'is':>6} {'by hand':>7} {'bar':>5} {'limit':>5} {'pairs':>5}"]
    for each in ratios:
        lines.append(f"{each['name']:{width}} {number(each, 'value', 3):>6} "
                     f"{number(each, 'by_hand', 2):>7} {each['bar']:5.2f} {each['limit']:5.2f} "
                     f"{each['pairs']:5}  {each['verdict']}")
    return "\n".join(lines)


def number(entry, key, digits):
    return f"{entry[key]:.{digits}f}" if key in entry else ""


def ratios(results, others):
    """One block of columns for each C library."""
    systems = [each for each in [results, *others] if each.get("ratios")]
    header = ["ratio"]
    for each in systems:
        header += [each["environment"]["C library"], "by hand", "bar", "limit"]
    known = [{entry["name"]: entry for entry in each["ratios"]} for each in systems]
    rows = []
    for ratio in (ratio for group in cases.RATIOS for ratio in group):
        entries = [each.get(ratio.name, {}) for each in known]
        if not any(entries):
            continue
        row = [ratio.name]
        for entry in entries:
            value = number(entry, "value", 3) or (f"*{entry['verdict']}*" if entry else "-")
            is_over = entry.get("verdict", "").startswith("over")
            row += [f"**{value}**" if is_over else value, number(entry, "by_hand", 2),
                    number(entry, "bar", 2), number(entry, "limit", 2)]
        rows.append(row)
    systems_lines = [f"- {each['environment']['C library']}: {each['environment']['system']}, "
                     f"{each['environment']['compiler']}\n" for each in systems]
    return ("## Target ratios\n\n"
            "The two sides of a ratio run alternately, in blocks of some starts. The ratio is the\n"
            "median of those of two blocks that ran one shortly after the other, so that it hardly\n"
            "depends on what else the machine does. *By hand* is the ratio of a program that makes\n"
            "the system calls of sysfd with all arguments prepared: sysfd cannot cost less. What is\n"
            "above the *bar* is bold. Above the *limit*, `scripts/bench` fails.\n\n"
            "posix_spawn and pidfd_spawn belong to the C library. Before glibc 2.38, they reset each\n"
            "of 61 signals by a system call. So there is a column for each C library:\n\n"
            + "".join(systems_lines) + "\n" + table(header, rows))


def stall(results):
    rows = []
    for name, numbers in results["stall"].items():
        if isinstance(numbers, str):
            rows.append([name, f"*{numbers}*", "", "", ""])
        else:
            rows.append([name] + [microseconds(each) for each in numbers[:3]] + [int(numbers[3])])
    return ("### Delay of another thread\n\n"
            "The thread repeatedly writes to 16 pages of 1 GiB, on a processor of its own. Meanwhile programs are\n"
            "started one after the other. The table shows the time of one such unit of work, in microseconds.\n\n"
            + table(["programs are started by", "median", "99.9 %", "longest", "starts"], rows))


def busy(results):
    rows = []
    for name, numbers in results["busy"].items():
        if isinstance(numbers, str):
            rows.append([name, f"*{numbers}*", "", ""])
        else:
            starts, failed = map(int, numbers)
            rows.append([name, starts, failed, f"{100 * failed / starts:.3f} %"])
    return ("### Programs that were just written\n\n"
            "16 threads each write a program, close it and start it. Executing it fails with ETXTBSY while a\n"
            "child that another thread is starting still has the descriptor open for writing.\n\n"
            + table(["", "starts", "failed", "rate"], rows))


def confinement(results):
    found = results["confinement"]
    plain = found["nothing"]
    rows = [[name, f"*{numbers}*", "", ""] if isinstance(numbers, str)
            else [name, microseconds(numbers[0]), microseconds(numbers[1]),
                  microseconds(numbers[0] - plain[0])]
            for name, numbers in found.items()]
    return ("### Children that are confined\n\n"
            "A static program is started and waited for by status(), confined by sysfd, or by a program\n"
            "that is started for it. Microseconds. All take turns. The last column compares the shortest\n"
            "times. timeout(1) ends one process group only.\n\n"
            + table(["confined by", "shortest", "median", "more than nothing"], rows))


def traits(results):
    keys = ["version", "starts by", "not passed", "passes", "waits by"]
    rows = [[peer["name"], f"*missing: {peer['missing']}*", "", "", "", ""] if peer["missing"]
            else [peer["name"]] + [peer[key] for key in keys]
            for peer in peers_in_order(results)]
    header = ["peer", "version", "starts by", "descriptors that were not passed", "passes",
              "waits by"]
    return ("## What each peer does\n\n"
            "A peer's time includes everything that it does in a start, such as closing descriptors.\n"
            "`sysfd` and `sysfd, status` make a new Command for each start, as programs do.\n\n"
            + table(header, rows, of_words=True))


def modules(results):
    text = ("## The other modules, compared with the raw system calls\n\n"
            "Nanoseconds of one call. The two sides take turns, as for the ratios above.\n\n")
    for name, operations in results["modules"].items():
        rows = [[each, f"{times['raw']:,.0f}", f"{times['ours']:,.0f}", f"{times['ratio']:.2f}"]
                for each, times in operations.items()]
        text += f"### {name}\n\n" + table(["", "raw", "sysfd", "ratio"], rows) + "\n"
    return text


def report(results, others=()):
    parts = ["# Benchmarks\n\n"
             "`scripts/bench` writes this page. The times are of one machine: compare them within a table.\n\n"
             "Unless a table says otherwise, one operation starts a static program that does nothing and waits for\n"
             "its end. Parent and child run on one processor, except where threads start programs at once. The\n"
             "parent's memory is in pages of the default size. RLIMIT_NOFILE is 20,000, since some peers check\n"
             "every number below it. Each peer is a process of its own; the peers take turns.\n"]
    if results["problems"]:
        parts.append("**Not complete:** " + "; ".join(
            f"{name}: {why}" for name, why in results["problems"].items()) + "\n")
    if results.get("ratios"):
        parts.append(ratios(results, others))
    if results["cells"]:
        parts.append("## Starting programs, all peers\n")
        found = [dimension(results, *each) for each in DIMENSIONS] + [namespaces(results)]
        parts += [each for each in found if each] or [base_only(results)]
    parts += [show(results) for key, show in (("stall", stall), ("busy", busy),
                                              ("confinement", confinement), ("peers", traits), ("modules", modules))
              if results.get(key)]
    if results.get("counts"):
        parts.append("## Counts, which are the same in each run\n\n```text\n"
                     + results["counts"]["table"].rstrip() + "\n```\n")
    parts.append("## Environment\n\n"
                 + table(["", ""], results["environment"].items(), of_words=True))
    return "\n".join(parts)
