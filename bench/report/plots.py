# SPDX-License-Identifier: MIT
"""Pictures of time against one dimension, all peers, by gnuplot."""
import shutil
import subprocess

from markdown import columns_of, peers_in_order

# The colours of Okabe and Ito, which people with any kind of colour vision can tell apart. Kinds of
# line and point repeat less often.
COLOURS = ["#E69F00", "#56B4E9", "#009E73", "#CC79A7", "#D55E00", "#777777", "#000000"]
POINTS = [4, 6, 8, 10, 12, 1, 2, 3]
# One colour, lines with ever more gaps.
OURS = ["sysfd", "sysfd, status", "sysfd, same Command", "sysfd, same Command, status", "sysfd, prepared",
        "sysfd, prepared, status"]
OUR_COLOUR = "#0072B2"

PLOTS = [("memory", "Starting a program from a parent with much memory", "memory.svg"),
         ("descriptors", "Starting a program from a parent with many open descriptors",
          "descriptors.svg")]

# For each: the label of the axis, and where on it, which is logarithmic, zero stands.
AXES = {"memory": ("resident memory of the parent", 32), "descriptors": ("open descriptors of the parent", 10)}


def series_of(results, dimension):
    """Name and points (amount, median, label) of each peer that has more than one, the slowest at the end first."""
    zero = AXES[dimension][1]
    found = []
    for peer in peers_in_order(results):
        points = []
        for label, id_, amount in columns_of(results, dimension):
            cell = results["cells"][id_].get(peer["name"])
            if cell and "gap" not in cell:
                points.append((amount or zero, cell["median"] / 1000, label))
        if len(points) > 1:
            found.append((peer["name"], points))
    return sorted(found, key=lambda each: -each[1][-1][1])


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def style_of(name, index):
    if name in OURS:
        return f"lc rgb '{OUR_COLOUR}' lw 4 pt 7 ps 0.9 dt {1 + OURS.index(name)}"
    return f"lc rgb '{COLOURS[index % len(COLOURS)]}' lw 1.6 pt {POINTS[index % len(POINTS)]} ps 0.8 dt {1 + index // len(COLOURS) % 3}"


def script(results, dimension, title, file):
    """What gnuplot is told."""
    series = series_of(results, dimension)
    ticks = sorted({(amount, label) for _, points in series for amount, _, label in points})
    lines = [
        "set encoding utf8",
        "set terminal svg size 1000,600 font 'DejaVu Sans,Verdana,sans-serif,14' background '#ffffff' enhanced dynamic",
        f"set output {quoted(str(file))}",
        f"set title {quoted(title)}",
        "set logscale xy",
        f"set xlabel {quoted(AXES[dimension][0])}",
        "set ylabel 'start and wait'",
        "set ytics ('10 μs' 10, '100 μs' 100, '1 ms' 1e3, '10 ms' 1e4, '100 ms' 1e5, '1 s' 1e6)",
        "set xtics (" + ", ".join(f"{quoted(label)} {amount:g}" for amount, label in ticks) + ")",
        f"set xrange [{ticks[0][0] / 1.2:g}:{ticks[-1][0] * 1.2:g}]",
        f"set yrange [{min(median for _, points in series for _, median, _ in points) / 1.5:g}:*]",
        "set grid ytics lc rgb '#dddddd' lw 1",
        "set border 3 lc rgb '#333333'",
        "set tics nomirror",
        "set key outside right center Left reverse samplen 2 spacing 1.25 noenhanced",
    ]
    for index, (_, points) in enumerate(series):
        lines += [f"$data{index} << EOD"] + [f"{amount:g} {median:.3f}" for amount, median, _ in points] + ["EOD"]
    lines.append("plot " + ", ".join(f"$data{index} using 1:2 with linespoints {style_of(name, index)} title {quoted(name)}"
                                     for index, (name, _) in enumerate(series)))
    return "\n".join(lines) + "\n"


def draw(results, dimension, title, file):
    """Writes an SVG. Why not, or nothing."""
    if not series_of(results, dimension):
        return ""  # nobody was measured at more than one place
    if not shutil.which("gnuplot"):
        return "there is no gnuplot"
    done = subprocess.run(["gnuplot"], input=script(results, dimension, title, file), text=True, capture_output=True, check=False)
    return done.stderr.strip() if done.returncode != 0 else ""
