# SPDX-License-Identifier: MIT
"""Cuts a comment of a header into its parts.

A part is a list of blocks: ("text", sentence), ("code", lines), ("list", [sentence]) or
("terms", [(words, sentence)]).
"""
import re

LABELS = ("Errors", "Since", "Ownership", "Blocks", "Allocates", "Cost")
LABEL = re.compile(rf"({'|'.join(LABELS)})( \([^)]*\)| of all)?:(?: (.*))?$")
TERM = re.compile(r"((?:[A-Z][A-Z0-9]{2,}\b(?: \([^)]*\))?(?:, )?)+)(?:: |\.$|$)")


def parts(lines):
    """What the comment says: the description is the part "", others have the names of LABELS."""
    found = {"": []}
    current = ""
    for line in lines:
        label = LABEL.match(line)
        if label:
            current = label[1]
            words = label[2].strip() + ": " if label[2] and label[2] != " of all" else ""
            found.setdefault(current, [])
            if label[3]:
                found[current].append(words + label[3])
            elif words:
                found[current].append(words)
        elif not line.strip() and current:
            current = ""
            found[""].append("")
        else:
            found[current].append(line)
    return {name: terms(text) if name == "Errors" else blocks(text) for name, text in found.items()}


def blocks(lines):
    """The blocks of a piece of text. Four spaces make code, as a dash makes an entry of a list."""
    found = []
    kind = None
    for line in lines:
        stripped = line.strip()
        if not stripped:
            if kind == "code":
                found[-1][1].append("")
            else:
                kind = None
        elif line.startswith("    ") and (kind == "code" or kind is None and found):
            if kind != "code":
                found.append(("code", []))
            kind = "code"
            found[-1][1].append(line[4:])
        elif re.match(r" *- ", line):
            if kind != "list":
                found.append(("list", []))
            kind = "list"
            found[-1][1].append(stripped[2:])
        elif re.match(r"  \S.* <sysfd/", line) or (kind == "table" and line.startswith("  ")):
            if kind != "table":
                found.append(("list", []))
            kind = "table"
            found[-1][1].append(re.sub(r"\s{2,}", " ", stripped))
        elif kind == "list" and line.startswith("  "):
            found[-1][1][-1] += " " + stripped
        elif kind == "text":
            found[-1] = ("text", found[-1][1] + " " + stripped)
        else:
            kind = "text"
            found.append(("text", stripped))
    return [
        (name, "\n".join(value).rstrip("\n")) if name == "code" else (name, value)
        for name, value in found
    ]


def terms(lines):
    """The blocks of "Errors:", where each line of two spaces begins with names of errors."""
    entries = []
    for line in lines:
        if re.match(r"  \S", line) and TERM.match(line.strip()):
            entries.append(line.strip())
        elif entries:
            entries[-1] += " " + line.strip()
        elif line.strip():
            entries.append(line.strip())
    found = []
    for entry in entries:
        term = TERM.match(entry)
        if term and (entry[term.end() :] or len(entries) > 1):
            pair = (term[1].rstrip(", "), entry[term.end() :])
            if found and found[-1][0] == "terms":
                found[-1][1].append(pair)
            else:
                found.append(("terms", [pair]))
        else:
            found.append(("text", entry))
    return found
