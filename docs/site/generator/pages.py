# SPDX-License-Identifier: MIT
"""Pages of Markdown and of sources, and the addresses of files of the repository in the site."""
import html
import posixpath
import re
import shutil

import markdown
from markdown.extensions.toc import TocExtension

import highlighting
import render
import repository

IMAGES = (".svg", ".png")


def slug(title, _separator):
    """What GitHub makes of a heading."""
    title = re.sub(r"<[^>]*>|[^\w\- ]", "", title.lower())
    return title.replace(" ", "-")


class Files:
    """Which files of the repository have a page."""

    def __init__(self, output):
        self.output = output
        self.wanted = {}  # path: address
        self.guides = {}
        for path in sorted(repository.ROOT.rglob("*.md")):
            name = str(path.relative_to(repository.ROOT))
            if not re.match(
                r"(build|wrappers/.*/(node_modules|target))/|\.", name
            ) and not re.match(r"wrappers/\w+/(?!README)", name):
                self.guides[name] = "index.html" if name == "README.md" else guide_output(name)

    def source(self, path, line=None):
        """The address of the page with the text of a file."""
        if path in self.guides:
            return self.guides[path]
        self.wanted[path] = f"source/{path}.html"
        return self.wanted[path] + (f"#L{line}" if line else "")

    def of_link(self, path):
        """The address of what a page links to, by its path in the repository; None if there is no such file."""
        file = repository.ROOT / path
        if file.is_dir():
            readme = posixpath.join(path, "README.md")
            if (repository.ROOT / readme).is_file():
                return self.of_link(readme)
            self.wanted[path] = f"source/{path}/index.html"
            return self.wanted[path]
        if not file.is_file():
            return None
        if path.endswith(IMAGES):
            target = self.output / "images" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
            return f"images/{path}"
        return self.source(path)


def guide_output(path):
    return "guide/" + path.removesuffix(".md").removesuffix("/README").replace("/", "-") + ".html"


def title_of(path):
    return re.search(r"^# (.*)$", repository.read(path), re.MULTILINE)[1]


def guide(path, files, link):
    """The HTML of a page of Markdown; links to other files lead to their pages."""
    current = files.guides[path]
    extensions = ["tables", "fenced_code", "sane_lists", TocExtension(slugify=slug)]
    text = re.sub(r"^(\s*)```(\w+)[^\n]*$", r"\1```\2", repository.read(path), flags=re.MULTILINE)
    body = markdown.markdown(text, extensions=extensions)

    def linked(found):
        target, mark, anchor = html.unescape(found[2]).partition("#")
        if re.match(r"\w+:", target) or not target:
            return found[0]
        there = files.of_link(posixpath.normpath(posixpath.join(posixpath.dirname(path), target)))
        if there is None:
            raise repository.SiteError(f"{path}: links to {found[2]}, which is not there")
        return f'{found[1]}="{render.relative(there + mark + anchor, current)}"'

    def shown(found):
        language = found[1] or ""
        words = html.unescape(found[2])
        if language in ("cpp", "c"):
            return f"<pre><code>{highlighting.highlight(words, link(current))}</code></pre>"
        if language in ("sh", "cmake"):
            return f"<pre><code>{highlighting.shell(words)}</code></pre>"
        return f"<pre><code>{html.escape(words, quote=False)}</code></pre>"

    def named(found):
        address = link(current)(html.unescape(found[1]))
        return f'<a href="{address}">{found[0]}</a>' if address else found[0]

    body = re.sub(r'(href|src)="([^"]*)"', linked, body)
    parts = re.split(r"(<pre>.*?</pre>|<a .*?</a>|<h\d.*?</h\d>)", body, flags=re.DOTALL)
    body = "".join(
        part if number % 2 else re.sub(r"<code>([\w:&;]+(?:\(\))?)</code>", named, part)
        for number, part in enumerate(parts)
    )
    body = re.sub(
        r'<pre><code(?: class="language-(\w+)")?>(.*?)</code></pre>', shown, body, flags=re.DOTALL
    )
    return re.sub(
        r"<table>.*?</table>",
        lambda found: f'<div class="table">{found[0]}</div>',
        body,
        flags=re.DOTALL,
    )


def source(path, link):
    """The text of a file, with a number for each line."""
    text = repository.read(path).rstrip("\n")
    current = f"source/{path}.html"
    shown = (
        highlighting.highlight(text, link(current))
        if path.endswith((".cpp", ".hpp", ".c", ".h"))
        else html.escape(text, quote=False)
    )
    lines = "\n".join(
        f'<span id="L{number}"><a class="number" href="#L{number}">{number}</a>{line}</span>'
        for number, line in enumerate(shown.split("\n"), 1)
    )
    return f'<h1>{html.escape(path)}</h1>\n<pre class="lines"><code>{lines}</code></pre>'


def folder(path, files):
    """A list of the files of a folder, all of which get a page."""
    current = files.wanted[path]
    items = []
    for file in sorted((repository.ROOT / path).iterdir()):
        if file.is_file() and not file.name.startswith("."):
            address = render.relative(files.of_link(f"{path}/{file.name}"), current)
            items.append(f'<li><a href="{address}">{html.escape(file.name)}</a></li>')
    return f"<h1>{html.escape(path)}/</h1>\n<ul>{''.join(items)}</ul>"
