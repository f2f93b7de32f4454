# SPDX-License-Identifier: MIT
"""Checks a site that was made: no name is missing, no link is broken, each page has its sections,
man pages are right.
"""
import html.parser
import posixpath
import re
import subprocess
import sys
import urllib.parse

import exported
import repository

SECTIONS = [
    "Synopsis",
    "Description",
    "Errors",
    "Since",
    "Ownership",
    "Blocking",
    "Allocation",
    "Cost",
    "Example",
    "Kernel support",
    "See also",
]
VOID = {"meta", "link", "br", "img", "input", "hr", "col", "wbr"}


class Reader(html.parser.HTMLParser):
    """Collects what a page refers to, and what is wrong with its tags."""

    def __init__(self, text):
        super().__init__()
        self.links, self.ids, self.errors, self.open, self.headings = [], set(), [], [], []
        self.feed(text)
        self.close()
        self.errors += [f"<{tag}> is not closed" for tag in self.open]

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag not in VOID:
            self.open.append(tag)
        if "id" in values:
            if values["id"] in self.ids:
                self.errors.append(f"two elements have the id {values['id']}")
            self.ids.add(values["id"])
        if tag == "img" and not values.get("alt"):
            self.errors.append("an image has no alternative text")
        for name in ("href", "src", "action"):
            if values.get(name):
                self.links.append(values[name])

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.errors.append(f"</{tag}> closes something else")

    def handle_data(self, data):
        if self.open and self.open[-1] in ("h2", "h1"):
            self.headings.append(data)


def errors_of_links(output):
    readers = {
        str(file.relative_to(output)): Reader(file.read_text("utf-8"))
        for file in sorted(output.rglob("*.html"))
    }
    count = 0
    for path, reader in readers.items():
        for error in reader.errors:
            yield f"{path}: {error}"
        for link in reader.links:
            if re.match(r"(https?|mailto|data):", link):
                continue
            count += 1
            target, _, anchor = link.partition("#")
            there = (
                posixpath.normpath(
                    posixpath.join(posixpath.dirname(path), urllib.parse.unquote(target))
                )
                if target
                else path
            )
            if not (output / there).is_file() and not (output / there / "index.html").is_file():
                yield f"{path}: no such file: {link}"
            elif (
                anchor
                and there in readers
                and urllib.parse.unquote(anchor) not in readers[there].ids
            ):
                yield f"{path}: no such place: {link}"
    print(f"site: {len(readers)} pages, {count} links between them")
    if not count:
        yield "no links"


def errors_of_sections(model, output):
    for page in model.pages:
        headings = Reader((output / page.output).read_text("utf-8")).headings
        wanted = SECTIONS if page.is_function else ["Synopsis", "Description", "Since", "See also"]
        missing = [title for title in wanted if title not in headings]
        if missing:
            yield f"{page.output}: no section {', '.join(missing)}"


def errors_of_manuals(folder):
    files = [str(file) for file in sorted(folder.glob("*.3"))]
    lint = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "warning", *files],
        capture_output=True,
        text=True,
        check=False,
    )
    yield from lint.stdout.splitlines()
    for first in range(0, len(files), 200):
        groff = subprocess.run(
            ["groff", "-mandoc", "-Tutf8", "-Kutf8", "-ww", *files[first : first + 200]],
            capture_output=True,
            text=True,
            check=False,
        )
        yield from groff.stderr.splitlines()
    for file in files[::50]:
        shown = subprocess.run(
            ["man", "--warnings", "-l", file], capture_output=True, text=True, check=False
        )
        yield from shown.stderr.splitlines()
        if "SYNOPSIS" not in re.sub(r".\x08", "", shown.stdout):
            yield f"{file}: man shows no synopsis"
    print(f"site: {len(files)} man pages")


def all_of(model, site):
    errors = [
        *exported.errors(model),
        *errors_of_sections(model, site.output),
        *errors_of_links(site.output),
        *errors_of_manuals(site.output / "man/man3"),
    ]
    for error in errors[:400]:
        print(f"site: {error}", file=sys.stderr)
    if errors:
        print(f"site: {len(errors)} errors", file=sys.stderr)
    return 1 if errors else 0
