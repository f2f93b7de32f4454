# SPDX-License-Identifier: MIT
"""Finds the code that shows a function in use. All of it is compiled: programs of examples/, the
code in headers and pages (tests/family compiles and runs it), and tests.
"""
import bisect
import dataclasses
import re

import compiled
import repository

LONGEST = 26  # lines
WORD = re.compile(r"(?<![\w.>])(?:[A-Z]\w+|sysfd_\w+)\b(?!\.)")
# The first line of a function has no indentation, or that of a member.
HEAD = re.compile(
    r"^(?:  )?(?! |//|\}|#|namespace|class|struct|public|private|protected|extern|"
    r"if\b|for\b|while\b|else|switch|do\b|try|return)[\w\[].*\{$|^[\w\[].*\($",
    re.MULTILINE,
)
CALL = re.compile(r"(?<![\w])(~?\w+)\s*(?:<[^<>()]*>)?\(")
# Names that classes of others have, too.
COMMON = set(
    """append any arg args at begin bytes clear close code contains copy count create data describe
empty end env error events fd find get get_one handled has id identity inherit join kill make map
matches missing mode name namespaces null open output own pass pid pipe position range read release
remove resources restrict_self rules seek self session set signal signals size socket spawn status
stream take take_one terminal text type unlimited usage value view wait write""".split()
)


@dataclasses.dataclass(frozen=True)
class Example:
    path: str
    first: int
    last: int
    text: str
    of: object  # the page that it shows


def is_special(source, offset):
    """Whether a test is about what goes wrong, or about a cost, so that it shows the use less well."""
    begin = source.text.rfind("\n", 0, offset) + 1
    line = source.text[begin : source.text.find("\n", offset)]
    return bool(re.search(r"EXPECT_DEATH|error_of\(|EXPECT_FALSE|\.error\(\)", line)) + bool(
        re.search(
            r"(cost|small_stack|exhaustion|contract|fork\w*|storm|soak|overlay)_test", source.path
        )
    )


class Examples:
    def __init__(self, model):
        self.model = model
        self.sources = sorted(compiled.sources(), key=lambda source: source.rank)
        self.calls = {}  # name: (source, offset)
        self.words = {}  # the same of the names of types, constants and macros
        self.starts = {}  # source: where its functions begin
        self.types = {
            page.last_name: page for page in model.pages if page.is_type and not page.is_c
        }
        self.results = {}  # last name of a function: names of the types that it returns
        self.methods = {}  # last name: how many classes have it
        self.known = {}
        for page in model.pages:
            if page.is_function and not page.is_c:
                self.results.setdefault(page.last_name, set()).update(self._results(page))
                self.results.setdefault(page.name, set()).update(self._results(page))
                self.methods.setdefault(page.last_name, set()).add(page.name)
        wanted = {page.last_name.removeprefix("~") for page in model.pages} | {
            each["name"] for page in model.pages for each in page.members
        }
        for source in self.sources:
            for call in CALL.finditer(source.text):
                if call[1] in wanted:
                    self.calls.setdefault(call[1], []).append((source, call.start()))
            for word in WORD.finditer(source.text):
                if word[0] in wanted:
                    self.words.setdefault(word[0], []).append((source, word.start()))

    def _results(self, page):
        found = set()
        for entry in page.declarations:
            result = (
                entry["result"] if page.kind != "constructor" else page.name.rpartition("::")[0]
            )
            inner = re.search(r"(?:Result|optional|vector)<(?:sysfd::)?(?:v0::)?([\w:]+)", result)
            name = (inner[1] if inner else re.sub(r"\bconst\b|[&*\s]", "", result)).rpartition(
                "::"
            )[2]
            if name in self.types:
                found.add(name)
        return found

    def of(self, page):
        """The best example: of the function; else of its class, of what has the type, of the header."""
        key = (page.is_c, page.name)
        if self.known.get(key) is None:
            if key in self.known:
                return None  # pages refer to each other
            self.known[key] = None
            self.known[key] = self._best(page) or next(
                filter(None, map(self.of, self._related(page))), None
            )
        return self.known[key] or self.known.pop(key)

    def _related(self, page):
        if page.parent is not None:
            yield page.parent
        yield from page.counterparts if page.is_function and page.is_c else ()
        if not page.is_function:
            names = {page.last_name} | ({page.last_name + "_"} if page.is_c else set())
            for other in self.model.pages:
                texts = " ".join(
                    each["text"] + each.get("behind_all", "") for each in other.declarations
                )
                if (
                    other is not page
                    and other.is_c == page.is_c
                    and any(re.search(rf"\b{name}\b", texts) for name in names)
                ):
                    yield other
        for other in self.model.pages:
            if (
                other.path == page.path
                and other is not page
                and other.is_function
                and other.module == page.module
            ):
                yield other

    def _best(self, page):
        best = None
        uses = self._uses_of_function(page) if page.is_function else self._uses_of_type(page)
        order = sorted(
            uses, key=lambda use: (self._rank(use[0], page), self._distance(use[0], page))
        )
        accepted = 0
        for source, offset in order[:400]:
            if (
                best
                and (self._rank(source, page), self._distance(source, page)) > best[0][:2]
                or accepted > 12
            ):
                break
            if page.is_function and not page.is_c and not self._is_use(page, source, offset):
                continue
            accepted += 1
            text, first, last = self._fragment(source, offset)
            key = (
                self._rank(source, page),
                self._distance(source, page),
                is_special(source, offset),
                abs(last - first - 8),
            )
            if best is None or key < best[0]:
                best = (key, Example(source.path, first, last, text, page))
        return best and best[1]

    @staticmethod
    def _rank(source, page):
        return source.rank + (
            source.rank == 1
            and source.is_block
            and repository.module_of(source.path) != page.module
        )

    @staticmethod
    def _distance(source, page):
        if source.path == page.path:
            return 0
        parts = source.path.split("/")
        return 1 if page.module in parts or (page.is_c and "capi" in parts) else 2

    def _uses_of_type(self, page):
        names = (
            [page.last_name]
            if page.kind != "enumeration" or not page.is_c
            else [each["name"] for each in page.members]
        )
        for source, offset in [use for name in names for use in self.words.get(name, [])]:
            if page.is_c != ("capi" in source.path or source.path.endswith(".c")):
                continue
            line = source.text[source.text.rfind("\n", 0, offset) + 1 : offset]
            if "//" not in line and "#include" not in line and '"' not in line:
                yield source, offset

    def _uses_of_function(self, page):
        name = page.last_name.removeprefix("~")
        if page.kind == "destructor" or name.startswith("operator"):
            return
        for source, offset in self.calls.get(name, []):
            is_c = source.path.startswith(("tests/capi", "capi/")) or source.path.endswith(".c")
            if page.is_c or not is_c:
                yield source, offset

    def _is_use(self, page, source, offset):
        """Whether a call of a function of this name calls this function, as far as the text tells."""
        text = source.text
        line = text[text.rfind("\n", 0, offset) + 1 : offset]
        if "//" in line or re.search(r"\bTEST(_F|_P)?\($", line):
            return False
        if len(re.findall(r'(?<!\\)"', line)) % 2 or text.startswith(
            "(std::errc", offset + len(page.last_name)
        ):
            return False  # in a string; make_error_code() of the standard library
        owner = page.name.rpartition("::")[0].rpartition("::")[2]
        before = text[max(0, offset - 80) : offset]
        qualified = re.search(r"(\w*)::$", before)
        if qualified:
            return qualified[1] == (owner or "sysfd")
        if page.kind == "constructor":
            return not re.search(r"(\.|->|\bclass |\bstruct |~)$", before)
        receiver = re.search(r"(?:(\w+)|(\)))(?:\.|->)\s*$", before) or re.search(
            r"(\))\s*(?:\.|->)\s*$", before
        )
        is_member = re.search(r"(\.|->)\s*$", before) is not None
        if not owner:
            return not is_member and not re.search(
                r"[\w>&*]\s+$", re.sub(r"\b(return|throw|co_return)\s+$", "", before)
            )
        if not is_member:
            return False
        if len(self.methods[page.last_name]) == 1 and page.last_name not in COMMON:
            return True
        body = text[self._start_of_function(source, offset) : offset]
        if receiver and receiver[1] and receiver[1] != ")":
            return owner in self._types_of_variable(receiver[1], body)
        statement = re.split(r"[;{}]\s*\n", body)[-1]
        return owner in self._types_of_expression(re.sub(r"\s*(?:\.|->)\s*$", "", statement))

    def _types_of_variable(self, name, body):
        found = set()
        declared = re.findall(
            rf"(?:Result<|optional<|\b)(?:sysfd::)?(\w+)(?:<[^<>]*>)?(?:, \w+)?>?\s*[&*]{{0,2}}\s*"
            rf"\b{name}\b\s*(?=[;({{=,)])",
            body,
        )
        found |= {each for each in declared if each in self.types}
        for initializer in re.findall(
            rf"\bauto\s*[&*]{{0,2}}\s*{name}\s*(?:=|\()\s*(.*?);", body, re.DOTALL
        ):
            found |= self._types_of_expression(initializer)
        return found

    def _types_of_expression(self, expression):
        """The types that a chain of calls may have, from left to right."""
        expression = re.sub(r"\bmust\(|\bstd::move\(|\*", " ", expression)
        calls = []
        for call in re.finditer(r"(\.|->|)(?:(\w+)::)?(\w+)(?:<[^<>]*>)?\(", expression):
            before = expression[: call.start()]
            calls.append((before.count("(") - before.count(")"), call))
        lowest = min((depth for depth, _ in calls), default=0)
        known = set()
        for member, owner, name in [call.groups() for depth, call in calls if depth == lowest]:
            if member and known:
                known = {each for kind in known for each in self.results.get(f"{kind}::{name}", ())}
            elif owner and f"{owner}::{name}" in self.results:
                known = self.results[f"{owner}::{name}"]
            else:
                known = {name} if name in self.types else self.results.get(name, set())
        return known

    def _start_of_function(self, source, offset):
        """Where the function begins that contains this offset."""
        if source not in self.starts:
            self.starts[source] = [0] + [head.start() for head in HEAD.finditer(source.text)]
        starts = self.starts[source]
        return starts[bisect.bisect_right(starts, offset) - 1]

    def _fragment(self, source, offset):
        """The lines to show around a use."""
        lines = source.text.split("\n")
        use = source.text.count("\n", 0, offset)
        begin, end = 0, len(lines) - 1
        if not source.is_block:
            begin = source.text.count("\n", 0, self._start_of_function(source, offset))
            indent = re.match(r" *", lines[begin])[0]
            end = next(
                (
                    number
                    for number in range(use, len(lines))
                    if lines[number].startswith((indent + "}", indent + ");"))
                ),
                end,
            )
        first, last = window(lines, begin, end, use)
        shown = lines[first : last + 1]
        margin = min((len(line) - len(line.lstrip()) for line in shown if line.strip()), default=0)
        return "\n".join(line[margin:] for line in shown), source.first + first, source.first + last


def window(lines, first, last, use):
    if last - first < LONGEST:
        return first, last
    first = max(first, use - 9)
    last = min(last, use + 8)
    while first < use and (
        not lines[first].strip() or lines[first].strip().startswith(("}", ")", "."))
    ):
        first += 1
    while last > use and not lines[last].strip():
        last -= 1
    return first, last
