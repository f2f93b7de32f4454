# SPDX-License-Identifier: MIT
"""Writes the whole site: pages of the interface, headers, Markdown, sources, and lists of them."""
import json
import re
import shutil

import pages
import render
import repository

KINDS = {
    "function": "function",
    "constructor": "constructor",
    "destructor": "destructor",
    "constant": "constant",
    "macro": "macro",
}


class Site:
    def __init__(self, model, linker, sections):
        self.model = model
        self.linker = linker
        self.sections = sections
        self.output = repository.OUTPUT
        self.files = pages.Files(self.output)
        self.renderer = render.Renderer(model, linker, self.files.source)
        self.written = []

    def write(self, path, text):
        file = self.output / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        self.written.append(path)

    def link(self, current):
        """A function for code that has no page: which page a name has."""

        def find(name, is_called=False):
            target = self.linker.lookup(name, "", "", name.startswith("sysfd_"))
            if (
                target is None
                or target.is_function
                and not (is_called and "::" in name or re.search(r"\(\)|^sysfd_|^\w+::\w+$", name))
            ):
                return None
            return render.relative(target.output, current)

        return find

    def make(self):
        shutil.rmtree(self.output, ignore_errors=True)
        for page in self.model.pages:
            page.summary = self.sections.summary(page)
        for page in self.model.pages:
            self._write_page(page)
        for path in self.model.file_comments:
            self._write_header(path)
        for path, address in self.files.guides.items():
            self._write_guide(path, address)
        self._write_lists()
        self._write_sources()
        for name in ("style.css", "search.js"):
            shutil.copyfile(repository.ROOT / "docs/site" / name, self.output / name)

    def _write_sources(self):
        done = set()
        while left := sorted(set(self.files.wanted) - done):  # a folder adds its files
            for path in left:
                address = self.files.wanted[path]
                if (repository.ROOT / path).is_dir():
                    text = pages.folder(path, self.files)
                else:
                    text = pages.source(path, self.link)
                self.write(address, render.document(path, text, address))
            done |= set(left)

    def _write_page(self, page):
        current = page.output
        kind = KINDS.get(page.kind, page.kind)
        where = "C interface" if page.is_c else f"module {page.module}"
        module = (
            "index.html"
            if not (repository.ROOT / page.module / "README.md").exists()
            else pages.guide_output(f"{page.module}/README.md")
        )
        lead = f'<p class="lead">{kind} of <a href="{render.relative(module, current)}">{where}</a></p>'
        body = [f"<h1><code>{render.escape(page.title)}</code></h1>", lead]
        for title, blocks in self.sections.of(page):
            anchor = title.lower().replace(" ", "-")
            body.append(
                f'<section aria-labelledby="{anchor}"><h2 id="{anchor}">{title}</h2>\n'
                + self.renderer.blocks(blocks, page, current)
                + "</section>"
            )
        self.write(current, render.document(f"{page.title} - sysfd", "\n".join(body), current))

    def _write_header(self, path):
        current = render.header_output(path)
        name = repository.include_name(path)
        inside = [page for page in self.model.pages if page.path == path and page.parent is None]
        known = self.model.file_comments[path]
        blocks = [block for part in known.values() for block in part]
        body = (
            f"<h1><code>&lt;{name}&gt;</code></h1>\n"
            + self.renderer.blocks(blocks, None, current)
            + "<h2>What it declares</h2>\n"
            + self.renderer.blocks([("functions", inside)], None, current)
            + f'<p class="source"><a href="{render.relative(self.files.source(path), current)}">The header</a></p>'
        )
        self.write(current, render.document(f"<{name}> - sysfd", body, current))

    def _write_guide(self, path, address):
        body = pages.guide(path, self.files, self.link)
        module = path.removesuffix("/README.md")
        inside = [
            page
            for page in self.model.pages
            if page.module == module and page.parent is None and not page.is_c
        ]
        if inside:
            body += "<h2>Types and functions</h2>" + self.renderer.blocks(
                [("functions", inside)], None, address
            )
        title = pages.title_of(path)
        self.write(
            address,
            render.document(title if title == "sysfd" else f"{title} - sysfd", body, address),
        )

    def _write_lists(self):
        body = [
            "<h1>C++</h1><p>Everything is in the namespace <code>sysfd</code>, by module and header.</p>"
        ]
        for module in repository.MODULES:
            address = pages.guide_output(f"{module}/README.md")
            body.append(f'<h2 id="{module}"><a href="{address}">{module}</a></h2>')
            for path in self.model.file_comments:
                inside = [
                    page
                    for page in self.model.pages
                    if page.path == path and page.parent is None and not page.is_c
                ]
                if inside and repository.module_of(path) == module:
                    header = render.header_output(path)
                    body.append(
                        f'<h3><a href="{header}"><code>&lt;{repository.include_name(path)}&gt;</code></a></h3>'
                    )
                    body.append(self.renderer.blocks([("functions", inside)], None, "cxx.html"))
        self.write("cxx.html", render.document("C++ - sysfd", "\n".join(body), "cxx.html"))

        body = [
            '<h1>C</h1><p>The rules for all functions are at the top of <a href="headers/sysfd.h.html">'
            "<code>&lt;sysfd/sysfd.h&gt;</code></a>.</p>"
        ]
        for module in ["capi", *repository.MODULES]:
            inside = [page for page in self.model.pages if page.is_c and page.module == module]
            if inside:
                body.append(
                    f'<h2 id="{module}">{"All modules" if module == "capi" else module}</h2>'
                )
                body.append(self.renderer.blocks([("functions", inside)], None, "c.html"))
        self.write("c.html", render.document("C - sysfd", "\n".join(body), "c.html"))

        listed = [(page.title, page.output, page.summary) for page in self.model.pages]
        for page in self.model.pages:
            listed += [
                (
                    f"{page.title}::{each['name']}"
                    if not page.is_c or page.kind == "struct"
                    else each["name"],
                    f"{page.output}#{each['name']}",
                    f"in {page.title}",
                )
                for each in page.members
                if each["name"] and each["kind"] != "function"
            ]
        listed += [
            (name, owner.output, f"in {owner.title}")
            for (_, name), owner in self.model.aliases.items()
        ]
        listed.sort(key=lambda each: each[0].removeprefix("sysfd::").lower())
        items = "".join(
            f'<li><a href="{address}"><code>{breakable(name)}</code></a></li>'
            for name, address, _ in listed
        )
        body = (
            f"<h1>All names</h1><p>{len(listed)} names, in the order of the alphabet.</p>"
            f'<ul class="columns">{items}</ul>'
        )
        self.write("names.html", render.document("All names - sysfd", body, "names.html"))
        guides = [
            (pages.title_of(path), address, path) for path, address in self.files.guides.items()
        ]
        found = [[name, address, said] for name, address, said in listed] + [
            [title, address, path] for title, address, path in guides
        ]
        self.write(
            "names.js",
            "window.sysfdNames = "
            + json.dumps(found, ensure_ascii=False, separators=(",", ":"))
            + ";\n",
        )

        items = "".join(
            f'<dt><a href="{address}">{render.escape(title)}</a></dt><dd><code>{path}</code></dd>'
            for title, address, path in guides
        )
        self.write(
            "guides.html",
            render.document(
                "Guides - sysfd", f'<h1>Guides</h1><dl class="names">{items}</dl>', "guides.html"
            ),
        )


def breakable(name):
    """A long name may go on in the next line behind `::` or `_`."""
    return render.escape(name).replace("::", "::<wbr>").replace("_", "_<wbr>")
