# SPDX-License-Identifier: MIT
"""Pages of section 3 of the manual, in the language man(7)."""
import datetime
import os
import re
import subprocess
import textwrap

import repository


def escape(text):
    """Text as roff takes it, also at the begin of a line."""
    text = (
        text.replace("\\", "\\e")
        .replace("-", "\\-")
        .replace("'", "\\(aq")
        .replace("`", "\\(ga")
        .replace("^", "\\(ha")
        .replace("~", "\\(ti")
    )
    return "\n".join(
        "\\&" + line if line.startswith((".", "'")) else line for line in text.split("\n")
    )


class Writer:
    def __init__(self, model, linker):
        self.model = model
        self.linker = linker

    def sentence(self, text, page):
        found = []
        for span in self.linker.spans(text, page):
            if span[0] == "text":
                found.append(escape(span[1]))
            elif span[0] == "manual":
                found.append(f"\\fB{escape(span[1])}\\fP({span[2]})")
            elif span[0] == "code" and not re.search(r"\W", span[1]) and span[1].isupper():
                found.append(escape(span[1]))
            else:
                found.append(f"\\fB{escape(span[1])}\\fP")
        lines = textwrap.wrap("".join(found), 100, break_long_words=False, break_on_hyphens=False)
        return "\n".join("\\&" + line if line.startswith((".", "'")) else line for line in lines)

    def blocks(self, blocks, page):
        found = []
        for number, block in enumerate(blocks):
            kind, value = block[:2]
            if kind == "text":
                found.append((".PP\n" if number else "") + self.sentence(value, page))
            elif kind == "subject":
                found.append(f".PP\n.B {quoted(value)}" if number else f".B {quoted(value)}")
                found.append(".br")
            elif kind == "code":
                found.append(example(value))
            elif kind == "synopsis":
                found.append(example(f"#include <{value}>\n\n" + "\n".join(block[2])))
            elif kind == "list":
                found += [f".IP \\(bu 2\n{self.sentence(each, page)}" for each in value] + [".PP"]
            elif kind == "terms":
                found += [
                    f".TP\n.B {quoted(term)}\n{self._said(text, page)}" for term, text in value
                ] + [".PP"]
            elif kind == "table":
                found += [self._row(value, row, page) for row in block[2]] + [".PP"]
            elif kind == "members":
                found += [self._member(each, page) for each in value] + [".PP"]
            elif kind == "functions":
                found += [
                    f".TP\n.BR {each.man_name} (3)\n{self._said(each.summary, each)}"
                    for each in value
                ]
                found.append(".PP")
            elif kind == "example":
                note, shown = block[2], block[1]
                found += [self.sentence(note, page)] if note else []
                found += [
                    example(shown.text),
                    ".PP",
                    self.sentence(f"From {shown.path}, lines {shown.first} to {shown.last}.", page),
                ]
            else:
                found.append(self._see_also(block))
        while found and found[-1] in (".PP", ".br"):
            found.pop()
        text = "\n".join(found)
        text = re.sub(r"(?:\.PP\n)+(?=\.PP|\.IP|\.TP)", "", text)
        return re.sub(r"^\.PP\n", "", text)

    def _said(self, text, page):
        """What is behind a tag: not nothing, which would take the next paragraph."""
        return self.sentence(text, page) or "\\&"

    def _member(self, entry, page):
        text = re.sub(r"\s+", " ", entry["text"]).rstrip(";")
        said = " ".join(line.strip() for line in entry["comment"] + entry["behind"])
        return f".TP\n.B {quoted(text)}\n{self._said(said, page)}"

    def _row(self, heads, row, page):
        rest = "; ".join(f"{head}: {cell}" for head, cell in zip(heads[1:], row[1:]) if cell)
        return f".TP\n.B {quoted(row[0])}\n{self.sentence(rest.replace('`', ''), page)}"

    def _see_also(self, block):
        keys, manuals, page = block[1:]
        names = [(self.model.by_name[key].man_name, "3") for key in keys] + [
            (name, section) for name, section in manuals
        ]
        names = [each for each in dict.fromkeys(names) if each[0] != page.man_name]
        lines = [
            f".BR {escape(name)} ({section})" + ("," if number < len(names) - 1 else "")
            for number, (name, section) in enumerate(names)
        ]
        return "\n".join(lines) or self.sentence(f"<{page.include}>", page)


def quoted(text):
    return '"' + escape(text.replace("`", "")).replace('"', "\\(dq") + '"'


def example(text):
    lines = [line if line.strip() else "" for line in text.split("\n")]
    return ".PP\n.in +4n\n.EX\n" + escape("\n".join(lines)) + "\n.EE\n.in"


def date():
    """That of the last commit, so that two runs make the same pages."""
    if "SOURCE_DATE_EPOCH" in os.environ:
        arguments = ["date", "--utc", "--date=@" + os.environ["SOURCE_DATE_EPOCH"], "+%Y-%m-%d"]
    else:
        arguments = ["git", "-C", str(repository.ROOT), "log", "-1", "--format=%cs"]
    made = subprocess.run(arguments, check=False, capture_output=True, text=True)
    if made.returncode == 0:
        return made.stdout.strip()
    changed = (repository.ROOT / "CHANGELOG.md").stat().st_mtime  # a copy without a history
    return datetime.datetime.fromtimestamp(changed, datetime.timezone.utc).date().isoformat()


def write(model, linker, sections, folder):
    writer = Writer(model, linker)
    folder.mkdir(parents=True, exist_ok=True)
    day = date()
    for page in model.pages:
        summary = writer.sentence(re.sub(r"\.$", "", page.summary) or page.kind, page).replace(
            "\n", " "
        )
        text = [
            '.\\" SPDX-License-Identifier: MIT',
            f'.TH {page.man_name} 3 {day} "sysfd {repository.version()}" "sysfd"',
            f".SH NAME\n{escape(page.title)} \\- {summary}",
        ]
        for title, blocks in sections.of(page):
            text.append(f".SH {title.upper()}\n{writer.blocks(blocks, page)}")
        (folder / f"{page.man_name}.3").write_text("\n".join(text) + "\n", "utf-8")
