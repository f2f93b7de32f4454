# SPDX-License-Identifier: MIT
"""Compares the pages with the names that are exported, as Doxygen and the version map of C have them.

The pages are made with libclang: what it does not find, these do.
"""
import re
import subprocess
import xml.etree.ElementTree as xml

import repository

PREDEFINED = [
    "SYSFD_API=",
    "SYSFD_LIFETIMEBOUND=",
    "SYSFD_CAPTURED_BY_THIS=",
    "SYSFD_OWNER=",
    "SYSFD_POINTER=",
    "SYSFD_TRACKED_INLINE=inline",
    "__cpp_exceptions=1",
]
GUARD = re.compile(r"SYSFD_\w+_HPP$|SYSFD_SYSFD_H$")


def of_doxygen():
    """Qualified names of what is public in the headers of C++, without sysfd::."""
    folder = repository.CACHE / "doxygen"
    headers = [path for path in repository.cxx_headers() if not path.endswith(".in")]
    settings = {
        "OUTPUT_DIRECTORY": folder,
        "INPUT": " ".join(str(repository.ROOT / path) for path in headers),
        "GENERATE_XML": "YES",
        "GENERATE_HTML": "NO",
        "GENERATE_LATEX": "NO",
        "EXTRACT_ALL": "YES",
        "QUIET": "YES",
        "MACRO_EXPANSION": "YES",
        "EXPAND_ONLY_PREDEF": "YES",
        "PREDEFINED": " ".join(f'"{each}"' for each in PREDEFINED),
        "XML_PROGRAMLISTING": "NO",
        "WARN_IF_DOC_ERROR": "NO",
        "HIDE_FRIEND_COMPOUNDS": "YES",
    }
    folder.mkdir(parents=True, exist_ok=True)
    text = "\n".join(f"{name} = {value}" for name, value in settings.items())
    made = subprocess.run(["doxygen", "-"], input=text, capture_output=True, text=True, check=False)
    # It does not know the namespace std, of which some templates are specialized.
    warnings = [
        line for line in made.stderr.splitlines() if line and not re.search(r"\bstd::[\w:]+<", line)
    ]
    if made.returncode or warnings:
        raise repository.SiteError("doxygen: " + "\n".join(warnings or [made.stderr]))
    found = set()
    for compound in xml.parse(folder / "xml/index.xml").getroot():
        if compound.get("kind") not in (
            "class",
            "struct",
            "namespace",
            "file",
        ) or "@" in compound.findtext("name"):
            continue
        root = xml.parse(folder / f"xml/{compound.get('refid')}.xml").getroot()[0]
        name = plain(root.findtext("compoundname"))
        if compound.get("kind") != "file" and (
            not name.startswith("sysfd")
            or "detail" in name
            or root.get("prot", "public") != "public"
        ):
            continue
        scope = (
            "" if compound.get("kind") == "file" else name.removeprefix("sysfd").removeprefix("::")
        )
        if compound.get("kind") in ("class", "struct") and "<" not in scope:
            found.add(scope)
        for member in root.iter("memberdef"):
            own = member.findtext("name")
            if member.get("prot") != "public" or (
                not scope and compound.get("kind") == "file" and member.get("kind") != "define"
            ):
                continue
            if (
                re.search(r"=\s*delete", member.findtext("argsstring") or "")
                or own == "explicit"
                or GUARD.search(own)
                or (member.get("kind") == "friend" and "detail" in own)
            ):
                continue
            own = (
                plain(re.sub(r"^(class|struct) ", "", own)).rpartition("::")[2]
                if "operator" not in own
                else own
            )
            found.add(f"{scope}::{own}" if scope else own)
    return found


def plain(name):
    return re.sub(r"\bv0::|::v0\b", "", name)


def squeezed(name):
    """Doxygen writes `operator std::error_code` and `operator==` with other spaces."""
    return re.sub(r"operator\s*(?:[\w:]*::)?", "operator", name).replace(" ", "")


def errors(model):
    pages = {squeezed(page.name) for page in model.pages if not page.is_c}
    known = pages | {
        squeezed(f"{page.name}::{each['name']}")
        for page in model.pages
        if not page.is_c
        for each in page.members
    }
    doxygen = {squeezed(name) for name in of_doxygen()}
    missing = sorted(doxygen - known)
    of_c = set(re.findall(r"^    (sysfd_\w+);", repository.read("capi/sysfd.map"), re.MULTILINE))
    pages_of_c = {page.name for page in model.pages if page.is_c}
    functions_of_c = {page.name for page in model.pages if page.is_c and page.is_function}
    print(
        f"site: C++: {len(doxygen)} exported names (Doxygen), {len(doxygen) - len(missing)} have a page "
        f"or a place in one; {len(pages)} pages"
    )
    print(
        f"site: C: {len(of_c)} exported functions (capi/sysfd.map), "
        f"{len(of_c & functions_of_c)} have a page; {len(pages_of_c)} pages"
    )
    found = [f"no page for {name}, which Doxygen finds" for name in missing]
    found += [f"no page for {name} of capi/sysfd.map" for name in sorted(of_c - functions_of_c)]
    found += [
        f"{name} has a page, but is not in capi/sysfd.map" for name in sorted(functions_of_c - of_c)
    ]
    if not doxygen or not of_c:
        found.append("no exported names were found")
    return found
