# SPDX-License-Identifier: MIT
"""Finds names in sentences: what has a page becomes a link.

A sentence becomes a list of spans: ("text", words), ("code", words), ("link", words, page),
("header", words, path) or ("manual", name, section).
"""
import functools
import re

TOKEN = re.compile(
    r"""
    `(?P<code>[^`]+)`
  | <(?P<header>sysfd/\w+\.hp?p?)>
  | (?P<manual>\b[A-Za-z_][\w.:-]*)\((?P<section>[1-8][a-z]*)\)
  | (?P<name>(?<![\w/.])(?:sysfd::)?~?\w+(?:::[~\w]+)+(?:\(\))?
      | (?<![\w/.:])\w+\(\)
      | \bsysfd_\w+ | \bSYSFD_\w+
      | (?<![\w/.:-])[A-Z][a-z]\w*(?![\w-]))
  | (?P<error>\bE(?:[A-Z0-9]{3,}|IO)\b)
""",
    re.VERBOSE,
)
PLAIN_WORDS = set(
    """Text Output Signals Session Resources Identity Scope Rights Resolve Pipe Bytes
Namespace Namespaces Notification Inheritance Scheduler Ending""".split()
)


class Linker:
    def __init__(self, model):
        self.model = model
        self.last_names = {}
        self.headers = {}
        for page in model.pages:
            self.last_names.setdefault((page.is_c, page.last_name), []).append(page)
            self.headers[page.include] = page.path

    @functools.lru_cache(maxsize=None)
    def lookup(self, name, scope, module, is_c=False):
        """The page of a name that a comment in `scope` (a class, or "") of `module` uses, or None."""
        name = name.removesuffix("()").removeprefix("sysfd::")
        if name.startswith(("sysfd_", "SYSFD_")):
            return (
                self.model.find(name, True) or self.model.find(name, False) or self._of_member(name)
            )
        while scope:
            page = self.model.find(f"{scope}::{name}")
            if page:
                return page
            scope = scope.rpartition("::")[0]
        page = self.model.find(name)
        if page:
            return page
        if "::" in name:
            owner = self.model.find(name.rpartition("::")[0])
            if owner and any(each["name"] == name.rpartition("::")[2] for each in owner.members):
                return owner
            return None
        candidates = self.last_names.get((False, name), [])
        if is_c:
            return None
        near = [page for page in candidates if page.module == module] or candidates
        return near[0] if len(near) == 1 and near[0].is_function else None

    @functools.lru_cache(maxsize=None)
    def _of_member(self, name):
        for page in self.model.pages:
            if page.is_c and any(each["name"] == name for each in page.members):
                return page
        return None

    def spans(self, sentence, page=None):
        scope = self.scope(page)
        module = page.module if page else ""
        found, last = [], 0
        for token in TOKEN.finditer(sentence):
            span = self._span(token, scope, module, page)
            if span is None:
                continue
            if token.start() > last:
                found.append(("text", sentence[last : token.start()]))
            found.append(span)
            last = token.end()
        if last < len(sentence):
            found.append(("text", sentence[last:]))
        return found

    @staticmethod
    def scope(page):
        if page is None or page.is_c:
            return ""
        return page.name if page.is_type else page.name.rpartition("::")[0]

    def _span(self, token, scope, module, page):
        if token["manual"]:
            return "manual", token["manual"], token["section"]
        if token["header"]:
            path = self.headers.get(token["header"])
            return (
                ("header", f"<{token['header']}>", path)
                if path
                else ("code", f"<{token['header']}>")
            )
        if token["error"]:
            return "code", token["error"]
        name = token["code"] or token["name"]
        target = None
        if re.fullmatch(r"(?:sysfd::)?~?\w+(?:::~?\w+)*(?:\(\))?", name):
            if not (token["name"] and self._is_plain_word(token, name)):
                target = self.lookup(name, scope, module, bool(page and page.is_c))
                if (
                    target is not None
                    and target.is_function
                    and not re.search(r"::|\(\)$|^sysfd_", name)
                ):
                    target = None  # the name of a parameter, or a word
        if target is not None and target is not page:
            return "link", name, target
        if token["code"]:
            return "code", name
        return ("code", name) if re.search(r"\(\)$|::", name) or target is page and target else None

    @staticmethod
    def _is_plain_word(token, name):
        """Whether a capital letter only begins a sentence, or the word is one of everyday."""
        if re.search(r"::|\(|_|[a-z][A-Z]", name):
            return False
        before = token.string[: token.start()].rstrip()
        return name in PLAIN_WORDS or not before or before.endswith((".", ":", "|"))
