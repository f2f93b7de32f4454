# SPDX-License-Identifier: MIT
"""Code of C and C++ as HTML: comments, strings and keywords are marked, names with a page are links."""
import html
import re

KEYWORDS = """alignas auto bool break case catch char class concept const constexpr consteval continue
default delete do double else enum explicit extern false final float for friend if inline int long
mutable namespace new noexcept nullptr operator override private protected public requires return
short signed sizeof static static_assert struct switch template this throw true try typedef typename
union unsigned
using virtual void volatile while co_return""".split()
TOKEN = re.compile(
    r"(?P<comment>//[^\n]*|/\*.*?\*/)"
    r"|(?P<string>\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)+')"
    r"|(?P<directive>^[ \t]*\#\w+)"
    r"|(?P<name>[A-Za-z_]\w*(?:::~?[A-Za-z_]\w*)*)",
    re.DOTALL | re.MULTILINE,
)
SHELL_COMMENT = re.compile(r"(?:^|(?<=\s))#[^\n]*", re.MULTILINE)


def marked(kind, text):
    return f'<span class="{kind}">{html.escape(text, quote=False)}</span>'


def highlight(code, link=None):
    """`link` returns the address of the page of a name, or None."""
    found, last = [], 0
    for token in TOKEN.finditer(code):
        found.append(html.escape(code[last : token.start()], quote=False))
        last = token.end()
        text = token[0]
        kind = token.lastgroup
        if kind != "name":
            found.append(marked(kind, text))
        elif text in KEYWORDS:
            found.append(marked("keyword", text))
        else:
            address = link(text, code[last : last + 1] == "(") if link else None
            shown = html.escape(text, quote=False)
            found.append(f'<a href="{address}">{shown}</a>' if address else shown)
    found.append(html.escape(code[last:], quote=False))
    return "".join(found)


def shell(code):
    found, last = [], 0
    for comment in SHELL_COMMENT.finditer(code):
        found += [
            html.escape(code[last : comment.start()], quote=False),
            marked("comment", comment[0]),
        ]
        last = comment.end()
    return "".join(found) + html.escape(code[last:], quote=False)
