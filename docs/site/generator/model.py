# SPDX-License-Identifier: MIT
"""The pages of the interface: one for each type, each set of functions of one name, each constant."""
import dataclasses
import os
import re

import comments
import repository
from headers import FUNCTIONS, TYPES
from signatures import Source

KIND_OF_TYPE = {
    "class": "class",
    "struct": "struct",
    "class template": "class template",
    "enum": "enumeration",
    "type": "type",
}
OPERATORS = {
    "==": "eq",
    "<=>": "compare",
    "<": "lt",
    "<<": "print",
    "*": "star",
    "->": "arrow",
    "=": "assign",
    "|": "or",
    "&": "and",
    "-": "minus",
    "|=": "or-assign",
    "&=": "and-assign",
    "+": "plus",
    "++": "next",
    "!=": "ne",
    "[]": "at",
    "()": "call",
    "bool": "bool",
}
SECTION_OF_C = re.compile(r"^// ---- (\w+): (.*?)(?:; .*)? ----$")


@dataclasses.dataclass
class Page:
    name: str  # without sysfd::
    kind: str  # "function", "constructor", "destructor", one of KIND_OF_TYPE, "constant", "macro", "concept"
    is_c: bool
    path: str  # of the header
    declarations: list = dataclasses.field(default_factory=list)
    members: list = dataclasses.field(
        default_factory=list
    )  # fields, enumerators, constants of a type
    children: list = dataclasses.field(default_factory=list)  # pages of its functions and types
    parent: "Page | None" = None
    module: str = ""
    cxx_headers: tuple = ()  # C: where the functions of C++ are that it calls
    counterparts: list = dataclasses.field(
        default_factory=list
    )  # the same thing in the other language

    @property
    def is_function(self):
        return self.kind in FUNCTIONS

    @property
    def is_type(self):
        return self.kind in KIND_OF_TYPE.values()

    @property
    def last_name(self):
        return self.name.rsplit("::", 1)[-1]

    @property
    def title(self):
        return self.name if self.is_c or self.kind == "macro" else f"sysfd::{self.name}"

    @property
    def file_name(self):
        """Without its suffix. Letters, digits, and what every file system takes."""
        name = re.sub(
            r"operator\s*(\S.*)$",
            lambda found: "operator-"
            + (OPERATORS.get(found[1]) or re.sub(r"\W+", "-", found[1]).strip("-")),
            self.name,
        )
        name = name.replace("~", "destroy-").replace("::", ".")
        if not re.fullmatch(r"[\w.-]*[\w]", name):
            raise repository.SiteError(f"{self.path}: no name for a file of {self.name}")
        return name

    @property
    def folder(self):
        if self.is_c:
            return (
                "c"
                if self.is_function
                else "c-types"
                if self.kind in ("struct", "type")
                else "c-constants"
            )
        if self.kind == "macro":
            return "macros"
        return (
            "types"
            if self.is_type or self.kind == "concept"
            else "functions"
            if self.is_function
            else "constants"
        )

    @property
    def output(self):
        return f"{self.folder}/{self.file_name}.html"

    @property
    def man_name(self):
        """The rule: `sysfd::Child::wait` is sysfd-Child-wait; names of C and macros stay as they are."""
        return (
            self.file_name
            if self.is_c or self.kind == "macro"
            else "sysfd-" + self.file_name.replace(".", "-")
        )

    @property
    def include(self):
        return repository.include_name(self.path)

    @property
    def first(self):
        return self.declarations[0]


def is_of_another_scope(entry):
    """Whether it is a friend from another namespace, or the definition of a member behind its class."""
    return re.search(rf"\w::{re.escape(entry['name'])}\s*\(", entry["text"]) is not None


def is_plain(entry):
    """Not a constructor, a destructor or an operator: what is said of one of these is not said of the next."""
    return entry["kind"] == "function" and not entry["name"].startswith("operator")


class Model:
    def __init__(self, found):
        self.pages = []
        self.aliases = {}  # as by_name, of names that are on the page of something else
        self.by_name = {}  # (is_c, name)
        self.file_comments = {}
        self.sources = {}
        for path in [*repository.cxx_headers(), repository.C_HEADER]:
            source = Source(path, repository.configured(path))
            self.sources[path] = source
            self.file_comments[path] = comments.parts(source.file_comment())
        self._add_comments_of_groups(found)
        for entry in sorted(
            found, key=lambda each: each["kind"] == "macro"
        ):  # initializers behind their structs
            if not (entry["kind"] in FUNCTIONS and is_of_another_scope(entry)):
                self._add(entry)
        for page in list(self.pages):
            if page.is_function and all(each["deleted"] for each in page.declarations):
                self._remove(page)
        self._sections_of_c()
        self._check_files()

    def find(self, name, is_c=False):
        return self.by_name.get((is_c, name))

    def _add_comments_of_groups(self, found):
        """A declaration without a comment that follows another one directly belongs to it, in C++."""
        last = {}
        for entry in found:
            if entry["kind"] not in FUNCTIONS or entry["is_c"]:
                continue
            before = last.get(entry["path"])
            last[entry["path"]] = entry
            entry["group"] = None
            if entry["comment"] or before is None or before["scope"] != entry["scope"]:
                continue
            if before["name"] != entry["name"] and not (is_plain(before) and is_plain(entry)):
                continue
            source = self.sources[entry["path"]]
            if source.is_directly_below(entry["line"], before["last"]):
                leader = before["group"] or before
                if leader["comment"]:
                    entry["group"] = leader

    def _add(self, entry):
        kind, is_c = entry["kind"], entry["is_c"]
        scope = "::".join(entry["scope"][1:] if not is_c else entry["scope"])
        if kind in ("field", "enumerator") or (kind == "constant" and self.find(scope, is_c)):
            owner = self.find(scope, is_c)
            if owner is None:
                raise repository.SiteError(
                    f"{entry['path']}:{entry['line']}: {entry['name']} belongs to nothing"
                )
            owner.members.append(entry)
            return
        name = entry["name"]
        if kind == "function" and not name.startswith("operator"):
            name = re.sub(r"<.*>$", "", name)
            if name == scope.rpartition("::")[2]:
                kind = "constructor"  # a template
        if is_c and kind == "enum" and not name:
            name = f"(enumeration at {entry['line']})"
            entry["text"] = entry["text"]
            entry["scope_name"] = name
        if is_c and kind == "macro" and name.endswith("_INIT"):
            owner = self.find(name.removesuffix("_INIT").lower(), True)
            if owner:
                owner.declarations.append(entry)
                self.aliases[True, name] = owner
                return
        if is_c:
            scope = ""
        name = f"{scope}::{name}" if scope else name
        page = self.find(name, is_c)
        if page is None:
            page = Page(
                name,
                KIND_OF_TYPE.get(kind, kind),
                is_c,
                entry["path"],
                module=repository.module_of(entry["path"]),
            )
            self.pages.append(page)
            self.by_name[is_c, name] = page
            page.parent = self.find(scope, is_c) if scope else None
            if page.parent:
                page.parent.children.append(page)
        elif is_c and kind in TYPES | {"type"}:
            self._join_types(page, entry)
            return
        page.declarations.append(entry)
        if is_c and kind == "enum" and not entry["name"]:
            self.by_name[True, ""] = page  # its enumerators come next

    @staticmethod
    def _join_types(page, entry):
        """In C, `typedef struct x x;` and `typedef struct x {...} x;` are two declarations of one type."""
        if "{" in entry["text"] and "{" not in page.first["text"]:
            page.declarations[0] = entry

    def _remove(self, page):
        self.pages.remove(page)
        del self.by_name[page.is_c, page.name]
        if page.parent:
            page.parent.children.remove(page)
            page.parent.members += page.declarations

    def _sections_of_c(self):
        """Names the enumerations of C, and finds which headers of C++ each declaration is about."""
        sections = [(0, "capi", ())]
        for number, line in enumerate(self.sources[repository.C_HEADER].lines, 1):
            found = SECTION_OF_C.match(line)
            if found:
                sections.append(
                    (number, found[1], tuple(re.findall(r"<(sysfd/\w+\.hpp)>", found[2])))
                )
        for page in self.pages:
            if not page.is_c:
                continue
            section = [each for each in sections if each[0] < page.first["line"]][-1]
            page.module, page.cxx_headers = section[1:]
            if page.name.startswith("("):
                names = [each["name"] for each in page.members]
                common = os.path.commonprefix(names)
                page.name = (
                    names[0]
                    if len(names) == 1
                    else common.rstrip("_")
                    if len(common) > 6
                    else names[0]
                )
                while self.find(page.name, True) not in (None, page):
                    page.name = names[0]
                    names = names[1:]
        self.by_name = self.aliases | {(page.is_c, page.name): page for page in self.pages}

    def _check_files(self):
        taken = {}
        for page in self.pages:
            key = page.output.lower()
            if key in taken:
                raise repository.SiteError(f"{page.name} and {taken[key]} would be one file")
            taken[key] = page.name
