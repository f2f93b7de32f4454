# SPDX-License-Identifier: MIT
"""What a page says, section by section. Nothing here is about HTML or man pages.

A section is (title, blocks). The blocks are those of comments.py, and
("synopsis", include, declarations), ("table", heads, rows), ("members", declarations),
("functions", pages), ("example", Example, note), ("subject", declaration) before what only concerns
that one, and ("pages", keys of pages, man pages, page).
"""
import re

import comments
import derived
import repository
from descriptions import Descriptions

REFERS_BACK = re.compile(r"^(also\b|as above|those above|as for|The same\b)", re.IGNORECASE)


class Sections(Descriptions):
    def __init__(self, model, facts, examples):
        super().__init__(model, facts)
        self.examples = examples

    def of(self, page):
        parts = self._parts(page)
        found = [
            ("Synopsis", self._synopsis(page)),
            ("Description", self._description(page, parts)),
        ]
        members = [
            each for each in page.members if each["kind"] in ("field", "enumerator", "constant")
        ]
        if members:
            found.append(("Members", [("members", members)]))
        if page.children:
            found.append(("Functions and types", [("functions", page.children)]))
        if page.is_function:
            found.append(("Errors", self._errors(page, parts)))
        found.append(("Since", self._since(page, parts)))
        if page.is_function:
            found += [
                ("Ownership", self._ownership(page, parts)),
                ("Blocking", self._blocking(page, parts)),
                ("Allocation", self._allocation(page, parts)),
                ("Cost", self._cost(page, parts)),
            ]
        elif self.facts.rows_of_costs(page):
            found.append(("Cost", self._cost(page, parts)))
        found += [
            ("Example", self._example(page)),
            ("Kernel support", self._kernels(page)),
            ("See also", self._see_also(page)),
        ]
        return [(title, blocks) for title, blocks in found if blocks]

    def _of_header(self, page, label):
        part = self.model.file_comments[page.path].get(label)
        return (
            [("text", f"Of all functions of <{page.include}>:"), *part]
            if part and not page.is_c
            else []
        )

    # What each section says.

    def _synopsis(self, page):
        if (
            page.is_type
            and not page.is_c
            and page.kind not in ("type", "enumeration")
            and page.children
        ):
            return [("synopsis", page.include, [derived.type_text(page)])]
        return [("synopsis", page.include, [each["text"] for each in page.declarations])]

    def _errors(self, page, parts):
        blocks = self._gather(parts, "Errors")
        first = parts[0][1].get("Errors", []) if parts else []
        if any(
            kind in ("text", "terms")
            and REFERS_BACK.match(value if kind == "text" else value[0][0])
            for kind, value in first
        ):
            before = self._before(page)
            if before:
                blocks.append(("text", f"The header describes {before.title} before it."))
        blocks += self._of_header(page, "Errors")
        if page.is_c:
            for other in page.counterparts if page.first["result"] != "void" else ():
                if other.is_function:
                    blocks.append(("text", f"Those of {other.title}, as negative errno values:"))
                    blocks += self._errors(other, self._parts(other))
            blocks.append(
                (
                    "text",
                    "For null pointers, closed objects, and options that are not right: "
                    "the rules for all functions in <sysfd/sysfd.h>.",
                )
            )
            return (
                blocks
                if page.first["result"] != "void"
                else [("text", "None: it returns nothing.")]
            )
        if blocks:
            return blocks
        if any(
            "Result<" in each["result"] or "SpawnError" in each["result"]
            for each in page.declarations
        ):
            calls = self._calls(page)
            return [
                (
                    "text",
                    "The header names none but those of "
                    + (", ".join(calls) if calls else "what it calls")
                    + ".",
                )
            ]
        if page.parent and re.match(r"(sysfd::)?(v0::)?Command &?", page.first["result"]):
            return [("text", "None here: Command::spawn() reports invalid arguments.")]
        return [("text", "It returns no Result, so it reports no error.")]

    def _before(self, page):
        found = None
        for other in self.model.pages:
            if (
                other.is_function
                and other.path == page.path
                and other.parent is page.parent
                and other.first["line"] < page.first["line"]
                and any(
                    comments.parts(each["comment"]).get("Errors") for each in other.declarations
                )
            ):
                if found is None or other.first["line"] > found.first["line"]:
                    found = other
        return found

    def _calls(self, page):
        """The man pages that the comment begins with."""
        lines = " ".join(line for each in page.declarations for line in each["comment"][:2])
        return list(dict.fromkeys(re.findall(r"\b[a-z_]\w*\([1-8]\)", lines.split(": ")[0])))

    def _since(self, page, parts):
        blocks = self._gather(parts, "Since") or self._of_header(page, "Since")
        for other in page.counterparts if page.is_c and not blocks else ():
            blocks = self._gather(self._parts(other), "Since")
        if not blocks:
            more = (
                " Newer calls that it uses: see Kernel support."
                if any("no" in row for row in self.facts.rows_of_kernels(page))
                else ""
            )
            blocks = [("text", "Linux 5.10, as all of sysfd." + more)]
        if page.name in self.facts.nodes:
            node = self.facts.nodes[page.name]
            number = node.removeprefix("SYSFD_")
            return [*blocks, ("text", f"sysfd {number}: version node {node} of libsysfd.so.0.")]
        return [*blocks, ("text", f"This is the page of sysfd {repository.version()}.")]

    def _ownership(self, page, parts):
        blocks = self._gather(parts, "Ownership")
        if page.is_c:
            return blocks + derived.c_ownership(page)
        return blocks or derived.cxx_ownership(page)

    def _blocking(self, page, parts):
        blocks = self._gather(parts, "Blocks")
        if blocks:
            return blocks
        if page.is_c:
            for other in page.counterparts:
                if other.is_function:
                    return self._blocking(other, self._parts(other))
        limits = derived.time_limits(page)
        if limits:
            return [("text", f"At most as long as {' or '.join(limits)} tells.")]
        return [("text", "The header names nothing that it waits for.")]

    def _allocation(self, page, parts):
        blocks = self._gather(parts, "Allocates") or self._of_header(page, "Allocates")
        rows = self.facts.rows_of_costs(page)
        if not blocks and rows and not page.is_c:
            most = max(int(row[-1]) for row in rows)
            blocks = [
                (
                    "text",
                    "Nothing: counted, see below."
                    if most == 0
                    else f"At most {most} allocations: counted, see below.",
                )
            ]
        if not blocks and page.is_c:
            blocks = [("text", "The object that it makes.")] if derived.makes_object(page) else []
            blocks += [
                ("text", f"As {other.title}.") for other in page.counterparts if other.is_function
            ]
        if (
            not blocks
            and page.parent
            and re.search(r"\b(Command|Pipeline) ?&", page.first["result"])
        ):
            blocks = [("text", "What the object keeps: it copies its arguments.")]
        return blocks or [("text", "The header names no allocation.")]

    def _cost(self, page, parts):
        blocks = self._gather(parts, "Cost") or self._of_header(page, "Cost")
        rows = self.facts.rows_of_costs(page)
        if rows:
            heads = ["operation", "system calls", "instructions", "allocations"]
            blocks.append(
                ("table", heads, [[row[0], derived.calls(row[1]), row[2], row[3]] for row in rows])
            )
            blocks.append(
                (
                    "text",
                    "At most, as `scripts/bench` counts it on x86-64 with g++ 12 and -O2. "
                    "Instructions are those in user space "
                    + (
                        "beyond the function of C++."
                        if page.is_c
                        else "beyond the system calls made by hand, where there is such a twin."
                    ),
                )
            )
        elif page.is_c and page.counterparts:
            blocks += [
                ("text", f"The system calls of {other.title}.")
                for other in page.counterparts
                if other.is_function
            ]
        return blocks or [("text", "No operation of `scripts/bench` counts it alone.")]

    def _example(self, page):
        example = self.examples.of(page)
        if example is None:
            return []
        return [("example", example, "" if example.of is page else f"It shows {example.of.title}.")]

    def _kernels(self, page):
        rows = self.facts.rows_of_kernels(page)
        if not rows:
            return (
                [
                    (
                        "text",
                        "It uses no call that only some of the supported kernels have: "
                        "docs/kernel-support.md has no row for it.",
                    )
                ]
                if page.is_function
                else []
            )
        columns = self.facts.kernel_columns
        return [
            (
                "table",
                [*columns, "without it"],
                [[*row[: len(columns)], row[-1] or "all of these have it"] for row in rows],
            )
        ]

    def _see_also(self, page):
        pages = ([page.parent] if page.parent else []) + page.counterparts
        text = " ".join(each["text"] for each in page.declarations)
        for other in self.model.pages:
            if (
                other.is_type
                and other.is_c == page.is_c
                and other not in pages
                and other is not page
                and page.is_function
                and re.search(rf"\b{other.last_name}\b", text)
            ):
                pages.append(other)
        siblings = page.parent.children if page.parent else []
        words = set(page.last_name.split("_"))
        pages += [
            each
            for each in siblings
            if each is not page
            and each.is_function
            and words & set(each.last_name.split("_"))
            and each not in pages
        ][:6]
        manuals = re.findall(
            r"\b([a-z_][\w.-]*)\(([1-8])\)",
            " ".join(line for each in page.declarations for line in each["comment"]),
        )
        return [
            (
                "pages",
                list(dict.fromkeys(derived.pages_key(page) for page in pages)),
                list(dict.fromkeys(manuals)),
                page,
            )
        ]
