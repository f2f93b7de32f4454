# SPDX-License-Identifier: MIT
"""The comments of a page, and its description, which there is without a comment, too."""
import re

import comments
from derived import capital, lines_of, short


class Descriptions:
    def __init__(self, model, facts):
        self.model = model
        self.facts = facts

    def summary(self, page):
        """The first sentence of the description."""
        if (
            page.is_c
            and not any(each["comment"] for each in page.declarations)
            and page.counterparts
        ):
            return self.summary(page.counterparts[0])
        known = self._known(page)
        if known:
            return first_sentence(known)
        for entry in page.declarations:
            for kind, value in self._parts_of(entry).get("", []):
                if kind == "text":
                    return first_sentence(value)
        blocks = self._without_comment(page)
        return first_sentence(blocks[0][1]) if blocks and blocks[0][0] == "text" else ""

    @staticmethod
    def _parts_of(entry):
        group = entry.get("group")
        lines = lines_of(entry, group)
        return comments.parts(lines)

    def _parts(self, page):
        """(which declarations, parts) for each comment; the first item is "" if there is only one."""
        found = []
        for entry in page.declarations:
            group = entry.get("group")
            lines = lines_of(entry, group)
            if lines and lines not in [each[1] for each in found]:
                found.append((entry, lines))
        several = len(found) > 1
        return [
            (short(entry["text"]) if several else "", comments.parts(lines))
            for entry, lines in found
        ]

    @staticmethod
    def _gather(parts, label):
        blocks = []
        for subject, part in parts:
            if part.get(label):
                blocks += ([("subject", subject)] if subject else []) + part[label]
        if label:
            blocks = [
                (kind, capital(value)) if kind == "text" else (kind, value)
                for kind, value in blocks
            ]
        return blocks

    def _known(self, page):
        """What facts.toml says where the header says nothing, or only something about others."""
        if any(each["comment"] and self._parts_of(each).get("") for each in page.declarations):
            return None
        return self.facts.description(page)

    def _description(self, page, parts):
        known = self._known(page)
        if known:
            return [("text", known)]
        blocks = [block for block in self._gather(parts, "")]
        for entry in page.declarations:
            group = entry.get("group")
            if group and group["name"] != entry["name"]:
                names = (
                    f"{entry['scope'][-1]}::{group['name']}"
                    if len(entry["scope"]) > 1
                    else group["name"]
                )
                blocks.insert(0, ("text", f"The header describes this together with `{names}`:"))
                break
        blocks = blocks or self._without_comment(page)
        if page.is_c and page.is_function and page.counterparts:
            for other in page.counterparts:
                blocks.append(("text", f"It calls {other.title}, whose page tells the rest:"))
                blocks += [
                    block
                    for block in self._description(other, self._parts(other))
                    if block[0] != "subject"
                ][:3]
        return blocks

    def _without_comment(self, page):
        """What is certain without a comment: from facts.toml, from the header, or from the declaration."""
        text = page.first["text"]
        owner = page.parent.last_name if page.parent else ""
        if page.kind == "destructor":
            return [("text", f"Destroys the object: see {owner}.")]
        if page.kind == "constructor" and re.search(r"&&", text):
            return [("text", "Moves the object.")]
        if page.kind == "constructor" and re.search(r"\(\)", text):
            return [("text", "Makes an object with the default value.")]
        if page.last_name == "operator=":
            return [("text", "Moves another object into this one, whose own value is dropped.")]
        if page.last_name in ("operator==", "operator<=>") and page.first.get("defaulted"):
            return [("text", "Compares all members.")]
        if page.last_name.startswith("operator ") and page.first["result"]:
            return [("text", f"Converts to `{page.last_name.removeprefix('operator ')}`.")]
        if page.is_function and page.is_c and page.name.endswith("_free"):
            return [("text", "Frees the object. A null pointer is ignored.")]
        if page.is_c and not page.is_function and page.kind != "macro":
            found = [f"What {each.title} is in C++." for each in page.counterparts]
            names = [other.name for other in self._that_name(page)]
            return [
                ("text", each)
                for each in found + (["For " + ", ".join(names) + "."] if names else [])
            ]
        if page.is_type and not page.is_c:
            about = self.model.file_comments[page.path].get("", [])
            words = " ".join(value for kind, value in about if kind == "text")
            users = [
                other.name
                for other in self.model.pages
                if other.is_function
                and not other.is_c
                and re.search(
                    rf"\b{page.last_name}\b", " ".join(each["text"] for each in other.declarations)
                )
            ]
            is_theme = re.search(
                rf"\b{page.last_name}\b", words
            ) or page.last_name.lower() in page.include.replace("_", "")
            if users and not is_theme:
                return [("text", "For " + ", ".join(users) + ".")]
            return [block for block in about if block[0] != "code"]
        return []

    def _that_name(self, page):
        """The functions and structs of C whose declarations or comments have these constants."""
        known = []
        if page.kind == "enumeration":
            known = [page.name + "_...", *(each["name"] for each in page.members)]
        for other in self.model.pages:
            if other.is_c and other is not page:
                entries = other.declarations + other.members
                words = " ".join(
                    " ".join([each["text"], *each["comment"], *each["behind"]]) for each in entries
                )
                if any(name in words for name in known) or re.search(rf"\b{page.name}\b", words):
                    yield other


def first_sentence(text):
    return capital(re.split(r"(?<=[\w)`\"])[.:](?= [A-Z\"`]|$)", text)[0].rstrip(".:") + ".")
