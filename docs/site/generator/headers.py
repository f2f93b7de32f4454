# SPDX-License-Identifier: MIT
"""Reads the public declarations of the headers with libclang. A warning is an error."""
import json
import re
import subprocess
import sys

import clang.cindex as clang

import repository
from signatures import Source

# The bodies of functions are skipped: what they use looks unused.
WARNINGS = ["-Wall", "-Wextra", "-Wno-unused-private-field"]

KINDS = {
    "CLASS_DECL": "class",
    "STRUCT_DECL": "struct",
    "CLASS_TEMPLATE": "class template",
    "ENUM_DECL": "enum",
    "TYPE_ALIAS_DECL": "type",
    "TYPEDEF_DECL": "type",
    "TYPE_ALIAS_TEMPLATE_DECL": "type",
    "CONCEPT_DECL": "concept",
    "FUNCTION_DECL": "function",
    "FUNCTION_TEMPLATE": "function",
    "CXX_METHOD": "function",
    "CONSTRUCTOR": "constructor",
    "DESTRUCTOR": "destructor",
    "CONVERSION_FUNCTION": "function",
    "VAR_DECL": "constant",
    "FIELD_DECL": "field",
    "ENUM_CONSTANT_DECL": "enumerator",
    "MACRO_DEFINITION": "macro",
}
FUNCTIONS = {"function", "constructor", "destructor"}
TYPES = {"class", "struct", "class template", "enum"}


def parse(name, text, arguments):
    index = clang.Index.create()
    options = (
        clang.TranslationUnit.PARSE_DETAILED_PROCESSING_RECORD
        | clang.TranslationUnit.PARSE_SKIP_FUNCTION_BODIES
    )
    unit = index.parse(
        name, args=[*arguments, *WARNINGS], unsaved_files=[(name, text)], options=options
    )
    if unit.diagnostics:
        raise repository.SiteError("\n".join(str(each) for each in unit.diagnostics))
    return unit


class Reader:
    def __init__(self, sources):
        self.sources = sources  # by the path that clang knows
        self.found = []

    def add_children(self, parent, scope, is_c=False):
        for cursor in parent.get_children():
            file = cursor.location.file
            if file and file.name in self.sources:
                self.add(cursor, scope, is_c)

    def add(self, cursor, scope, is_c):
        kind = cursor.kind.name
        is_friend = kind == "FRIEND_DECL"
        if is_friend:
            functions = [
                each
                for each in cursor.get_children()
                if each.kind.name in ("FUNCTION_DECL", "FUNCTION_TEMPLATE")
            ]
            if functions:
                self.add_declaration(functions[0], scope, is_friend=True)
        elif kind == "NAMESPACE":
            self.add_namespace(cursor, scope)
        elif kind == "UNEXPOSED_DECL" or kind == "LINKAGE_SPEC":
            self.add_children(cursor, scope, is_c)
        elif kind in KINDS and cursor.access_specifier.name not in ("PRIVATE", "PROTECTED"):
            self.add_declaration(cursor, scope, is_c=is_c)

    def add_namespace(self, cursor, scope):
        if cursor.spelling == "detail" or (not scope and cursor.spelling != "sysfd"):
            return
        is_hidden = cursor.spelling in ("sysfd", "v0")
        inner = (
            scope
            if is_hidden and scope
            else (["sysfd"] if not scope else [*scope, cursor.spelling])
        )
        self.add_children(cursor, inner)

    def add_declaration(self, cursor, scope, is_friend=False, is_c=False):
        kind = KINDS[cursor.kind.name]
        source = self.sources[cursor.location.file.name]
        if not is_c and not scope and kind != "macro":
            return  # a specialization of std::hash, or the like
        name = (
            re.sub(r"<.*>$", "", cursor.spelling)
            if kind in ("constructor", "destructor")
            else cursor.spelling
        )
        if kind == "macro":
            if not name.startswith("SYSFD_") or re.search(r"_HPP$|_SYSFD_H$", name):
                return
        elif kind in TYPES and not cursor.is_definition() and not is_c:
            return
        elif re.search(r"\bdetail(::\w+)?\s*$", self.before_name(source, cursor)):
            return  # a friend, or a specialization, of something in detail
        line = source.first_line(cursor.extent.start.line)
        text, last = self.text_of(cursor, kind, source, line)
        named_by_clang = cursor.is_anonymous() or "unnamed" in name
        entry = {
            "name": "" if named_by_clang else name,
            "scope": scope,
            "kind": kind,
            "path": source.path,
            "line": line,
            "last": last,
            "text": text,
            "comment": source.comment_above(line, kind == "macro"),
            "behind": source.comment_behind(last),
            "friend": is_friend,
            "is_c": is_c,
        }
        if kind in FUNCTIONS:
            entry |= self.about_function(cursor, text)
            raw = "\n".join(source.lines[line - 1 : last])
            entry["captured"] = re.findall(r"(\w+) SYSFD_CAPTURED_BY_THIS", raw)
        if kind in ("field", "constant"):
            entry["type"] = cursor.type.spelling
        self.found.append(entry)
        if kind in TYPES and cursor.is_definition():
            self.add_children(cursor, [*scope, entry["name"]], is_c)

    @staticmethod
    def before_name(source, cursor):
        start = source.offsets[cursor.location.line - 1]
        return (
            source.text[start : start + cursor.location.column - 1].rstrip().removesuffix("::")
            if source.text[start : start + cursor.location.column - 1].rstrip().endswith("::")
            else ""
        )

    @staticmethod
    def text_of(cursor, kind, source, line):
        if kind == "enumerator":
            last = cursor.extent.end.line
            return (
                source.lines[cursor.extent.start.line - 1].split("//")[0].strip().rstrip(","),
                last,
            )
        if kind == "macro":
            last = cursor.extent.end.line
            return "\n".join(source.lines[line - 1 : last]).split("//")[0].rstrip(), last
        if kind in TYPES and cursor.is_definition():
            return source.declaration(line, False)[0], line
        return source.declaration(line, kind in FUNCTIONS)

    @staticmethod
    def about_function(cursor, text):
        parameters = [
            {"name": each.spelling, "type": each.type.spelling}
            for each in cursor.get_children()
            if each.kind.name == "PARM_DECL"
        ]
        tail = text[text.rfind(")") :]
        flat = re.sub(r"\s+", " ", text)
        return {
            "parameters": parameters,
            "result": cursor.result_type.spelling,
            "static": flat.startswith("static ") or " static " in flat,
            "deleted": re.search(r"= delete;$", flat) is not None,
            "defaulted": re.search(r"= default;$", flat) is not None,
            "noexcept": re.search(r"\bnoexcept\b(?!\()", flat) is not None,
            "consumes": re.search(r"\)\s*&&", flat) is not None and not tail.startswith(")&"),
            "const": " const" in tail,
        }


def flags_of_loops():
    """Where the headers of event loops are, which the adapters include."""
    command = ["pkg-config", "--cflags", "glib-2.0", "libuv", "liburing", "libsystemd"]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise repository.SiteError(made.stderr)
    return made.stdout.split()


def read_cxx():
    sources, includes = {}, []
    unsaved = []
    for path in repository.cxx_headers():
        real = str(repository.ROOT / path)
        text = repository.configured(path)
        if path.endswith(".in"):
            real = str(
                repository.CACHE
                / "include/sysfd"
                / repository.include_name(path).removeprefix("sysfd/")
            )
            repository.CACHE.joinpath("include/sysfd").mkdir(parents=True, exist_ok=True)
            with open(real, "w", encoding="utf-8") as file:
                file.write(text)
        sources[real] = Source(path, text)
        includes.append(f'#include "{real}"\n')
        unsaved.append(real)
    folders = [f"-I{repository.ROOT}/{module}/include" for module in repository.MODULES]
    reader = Reader(sources)
    unit = parse(
        "all.cpp",
        "".join(includes),
        ["-std=c++23", "-xc++", f"-I{repository.CACHE}/include", *folders, *flags_of_loops()],
    )
    reader.add_children(unit.cursor, [])
    return reader.found


def read_c():
    path = repository.C_HEADER
    real = str(repository.ROOT / path)
    reader = Reader({real: Source(path, repository.read(path))})
    unit = parse("all.c", f'#include "{real}"\n', ["-std=c99", "-xc"])
    reader.add_children(unit.cursor, [], is_c=True)
    return reader.found


def declarations():
    """All of them, as a list of dictionaries; those of C have is_c."""
    own = [
        str(path.relative_to(repository.ROOT))
        for path in sorted((repository.ROOT / "docs/site/generator").glob("*.py"))
        if path.name in ("headers.py", "signatures.py", "repository.py")
    ]
    key = repository.fingerprint(
        *repository.cxx_headers(), repository.C_HEADER, *own, repository.VERSION_FILE
    )
    stored = repository.CACHE / "declarations.json"
    if stored.exists():
        known = json.loads(stored.read_text("utf-8"))
        if known["key"] == key:
            return known["found"]
    print("site: reading the headers", file=sys.stderr)
    found = read_cxx() + read_c()
    repository.CACHE.mkdir(parents=True, exist_ok=True)
    stored.write_text(json.dumps({"key": key, "found": found}), "utf-8")
    return found
