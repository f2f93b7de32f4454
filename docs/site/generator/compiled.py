# SPDX-License-Identifier: MIT
"""All code that shows how the library is used, and that is compiled."""
import dataclasses
import re

import repository


@dataclasses.dataclass(frozen=True)
class Source:
    path: str
    text: str  # of a block of code, or of the whole file
    first: int  # the line of the file where the text begins
    rank: int
    is_block: bool  # a block in a header or a page, which is shown as a whole


def blocks_of_header(path):
    lines = repository.read(path).split("\n")
    number = 0
    while number < len(lines):
        if not (
            number
            and re.match(r"\s*//$", lines[number - 1])
            and re.match(r"\s*//     ", lines[number])
        ):
            number += 1
            continue
        begin = number
        while number < len(lines) and re.match(r"\s*//     |\s*//$", lines[number]):
            number += 1
        text = "\n".join(re.sub(r"^\s*//( {5}|$)", "", line) for line in lines[begin:number])
        yield begin + 1, text.rstrip("\n")


def blocks_of_page(path, language):
    lines = repository.read(path).split("\n")
    begin = None
    for number, line in enumerate(lines):
        if begin is None and line == "```" + language:
            begin = number + 1
        elif begin is not None and line.startswith("```"):
            yield begin + 1, "\n".join(lines[begin:number])
            begin = None


def sources():
    found = []
    for path in repository.cxx_headers():
        found += [Source(path, text, first, 1, True) for first, text in blocks_of_header(path)]
    pages = [f"{module}/README.md" for module in repository.MODULES] + ["README.md"]
    pages += sorted(
        str(path.relative_to(repository.ROOT)) for path in (repository.ROOT / "docs").rglob("*.md")
    )
    for path in pages:
        found += [Source(path, text, first, 2, True) for first, text in blocks_of_page(path, "cpp")]
    found += [
        Source("capi/README.md", text, first, 1, True)
        for first, text in blocks_of_page("capi/README.md", "c")
    ]
    ranks = [
        ("examples/cookbook", 0),
        ("examples", 1),
        ("tests/consumers", 3),
        ("tests", 4),
        ("bench/counts", 5),
    ]
    taken = set()
    for folder, rank in ranks:
        for path in sorted((repository.ROOT / folder).rglob("*.c*")):
            name = str(path.relative_to(repository.ROOT))
            if (
                name in taken
                or path.suffix not in (".c", ".cpp")
                or re.search(r"tests/(compile_fail|fuzz|faults|support|model)/", name)
            ):
                continue
            taken.add(name)
            found.append(Source(name, path.read_text("utf-8"), 1, rank, False))
    return found
