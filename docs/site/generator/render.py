# SPDX-License-Identifier: MIT
"""HTML of sentences, blocks and whole pages."""
import html
import posixpath
import re

import highlighting
import repository

MANUALS = "https://man7.org/linux/man-pages"


def escape(text):
    return html.escape(text, quote=False)


def relative(target, current):
    """The address of a file of the site in another one."""
    path, mark, anchor = target.partition("#")
    return posixpath.relpath(path, posixpath.dirname(current) or ".") + mark + anchor


class Renderer:
    def __init__(self, model, linker, sources):
        self.model = model
        self.linker = linker
        self.sources = sources  # adds a page for a file of the repository, and returns its address

    def sentence(self, text, page, current):
        found = []
        for span in self.linker.spans(text, page):
            if span[0] == "text":
                found.append(escape(span[1]))
            elif span[0] == "code":
                found.append(f"<code>{escape(span[1])}</code>")
            elif span[0] == "link":
                found.append(
                    f'<a href="{relative(span[2].output, current)}"><code>{escape(span[1])}</code></a>'
                )
            elif span[0] == "header":
                found.append(
                    f'<a href="{relative(header_output(span[2]), current)}"><code>{escape(span[1])}</code></a>'
                )
            else:
                found.append(manual(*span[1:]))
        return re.sub(r"\*(\w[^*<>]*)\*", r"<em>\1</em>", "".join(found))

    def code(self, text, page, current):
        scope = self.linker.scope(page)
        module = page.module if page else ""
        is_c = bool(page and page.is_c)

        def link(name, is_called):
            if page and page.is_type and is_called:
                member = self.model.find(f"{page.name}::{name}")
                if member and member.kind == "function":
                    return relative(member.output, current)
            target = self.linker.lookup(name, scope, module, is_c)
            if target is None and "::" in name:
                return None
            if (
                target is None
                or target is page
                or (target.is_function and "::" not in name and not name.startswith("sysfd_"))
            ):
                return None
            return relative(target.output, current)

        shown = highlighting.highlight(text, link)
        shown = re.sub(
            r"&lt;(sysfd/\w+\.hp?p?)&gt;", lambda found: self._include(found, current), shown
        )
        return f"<pre><code>{shown}</code></pre>"

    def _include(self, found, current):
        path = self.linker.headers.get(found[1])
        return (
            f'<a href="{relative(header_output(path), current)}">{found[0]}</a>'
            if path
            else found[0]
        )

    def blocks(self, blocks, page, current):
        return "\n".join(self._block(block, page, current) for block in blocks)

    def _block(self, block, page, current):
        kind, value = block[:2]
        if kind == "text":
            return f"<p>{self.sentence(value, page, current)}</p>"
        if kind == "code":
            return self.code(value, page, current)
        if kind == "subject":
            return f'<p class="subject"><code>{escape(value)}</code></p>'
        if kind == "list":
            return (
                "<ul>"
                + "".join(f"<li>{self.sentence(each, page, current)}</li>" for each in value)
                + "</ul>"
            )
        if kind == "terms":
            return (
                "<dl>"
                + "".join(
                    f"<dt>{self.sentence(term, page, current)}</dt><dd>{self.sentence(text, page, current)}</dd>"
                    for term, text in value
                )
                + "</dl>"
            )
        if kind == "synopsis":
            return self.code(f"#include <{value}>\n\n" + "\n".join(block[2]), page, current)
        if kind == "table":
            return table(
                value, [[self.sentence(cell, page, current) for cell in row] for row in block[2]]
            )
        if kind == "members":
            return self._members(value, page, current)
        if kind == "functions":
            return self._functions(value, current)
        if kind == "example":
            return self._example(block, page, current)
        return self._see_also(block, current)

    def _members(self, entries, page, current):
        rows = []
        for entry in entries:
            said = " ".join(
                line.strip() for line in entry["comment"] + entry["behind"] if line.strip()
            )
            text = re.sub(r"\s+", " ", entry["text"]).rstrip(";")
            rows.append(
                f'<dt id="{escape(entry["name"])}"><code>{escape(text)}</code></dt>'
                f"<dd>{self.sentence(said, page, current)}</dd>"
            )
        return '<dl class="members">' + "\n".join(rows) + "</dl>"

    def _functions(self, pages, current):
        rows = [
            f'<dt><a href="{relative(page.output, current)}"><code>{escape(page.last_name)}</code></a></dt>'
            f"<dd>{self.sentence(page.summary, page, current)}</dd>"
            for page in pages
        ]
        return '<dl class="names">' + "\n".join(rows) + "</dl>"

    def _example(self, block, page, current):
        example, note = block[1:]
        address = relative(self.sources(example.path, example.first), current)
        said = f"<p>{self.sentence(note, page, current)}</p>" if note else ""
        return (
            f"{said}{self.code(example.text, page, current)}"
            f'<p class="source">From <a href="{address}">{example.path}</a>, '
            f"lines {example.first} to {example.last}.</p>"
        )

    def _see_also(self, block, current):
        keys, manuals, page = block[1:]
        links = [
            f'<a href="{relative(header_output(page.path), current)}"><code>&lt;{page.include}&gt;</code></a>'
        ]
        for key in keys:
            other = self.model.by_name[key]
            links.append(
                f'<a href="{relative(other.output, current)}"><code>{escape(other.title)}</code></a>'
            )
        links += [manual(name, section) for name, section in manuals]
        return "<p>" + ", ".join(links) + "</p>"


def header_output(path):
    return (
        f"headers/{repository.include_name(path).removeprefix('sysfd/').removesuffix('.hpp')}.html"
    )


def manual(name, section):
    return f'<a href="{MANUALS}/man{section[0]}/{name}.{section}.html">{name}({section})</a>'


def table(heads, rows):
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="table"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def document(title, body, current, lead=""):
    """A whole page."""

    def to(path):
        return relative(path, current)

    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{to('style.css')}">
</head>
<body>
<header>
<nav aria-label="Site"><a class="home" href="{to('index.html')}">sysfd</a><a href="{to('guides.html')}">Guides</a>
<a href="{to('cxx.html')}">C++</a><a href="{to('c.html')}">C</a><a href="{to('names.html')}">All names</a></nav>
<form role="search" action="{to('names.html')}"><input type="search" name="q" placeholder="Search" aria-label="Search"
autocomplete="off" data-root="{to('.')}/"><ol id="found" hidden></ol></form>
</header>
<main>
{lead}{body}
</main>
<script src="{to('search.js')}" defer></script>
</body>
</html>
"""
