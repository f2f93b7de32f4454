# SPDX-License-Identifier: MIT
"""How long operations take, beside the raw system calls that they stand for."""
import statistics
import subprocess

from measure import undisturbed


def parse_times(text):
    """What `counts --times` prints: the blocks of the raw calls and of ours, by operation."""
    found = {}
    for line in text.splitlines():
        name, side, times = line.split("\t")
        sides = found.setdefault(name, {"raw": [], "ours": []})
        sides[side].append([int(time) for time in times.split()])
    return found


def compare(blocks):
    """Medians in nanoseconds, and the median of the ratios of blocks that took turns."""
    nothing = statistics.median(map(undisturbed, blocks.pop("nothing")["raw"]))
    found = {}
    for name, sides in blocks.items():
        raw, ours = ([max(undisturbed(block) - nothing, 1) for block in sides[side]]
                     for side in ("raw", "ours"))
        found[name.split(": ", 1)[1]] = {
            "raw": statistics.median(raw), "ours": statistics.median(ours),
            "ratio": statistics.median(a / b for a, b in zip(ours, raw))}
    return found


def measure(program, text, rounds):
    """Those that have this text in their name."""
    done = subprocess.run([program, "--times", str(rounds), text], capture_output=True, text=True,
                          check=True)
    return compare(parse_times(done.stdout))
