# SPDX-License-Identifier: MIT
"""What the text of a declaration tells by itself: who owns what, and how it is shown."""
import re


def capital(sentence):
    """Behind "Blocks:" a sentence goes on in small letters. A name stays as it is."""
    return (
        sentence
        if re.match(r"\w*[_(]|`|(?:read|write)[;,.]", sentence)
        else sentence[:1].upper() + sentence[1:]
    )


def pages_key(page):
    return (page.is_c, page.name)


def short(text):
    """A declaration in one line, to tell overloads apart."""
    text = re.sub(r"\s+", " ", text).replace("( ", "(")
    text = re.sub(
        r"\[\[nodiscard[^\]]*\]\] |template <.*?> (?:requires .*?(?=[A-Z]\w+&? ))?|\bstatic |\binline |\bconstexpr ",
        "",
        text,
    )
    return text.removesuffix(";")


def calls(cell):
    ours, _, child = cell.partition(",")
    return f"{ours}, and {child} of the child" if child else ours


def lines_of(entry, group):
    """The comment of a declaration, or of its group; that of an enumeration is behind its brace."""
    return (
        entry["comment"]
        or (group["comment"] if group else [])
        or (entry["behind"] if entry["kind"] == "enum" else [])
    )


def makes_object(page):
    return any(
        re.fullmatch(r"(struct )?sysfd_\w+ \*\*", each["type"]) for each in page.first["parameters"]
    )


def type_text(page):
    """A class without what is private and without bodies."""
    head = re.match(r"[^{;]*", page.first["text"])[0].rstrip()
    lines = [head + " {"]
    entries = [
        entry for child in page.children for entry in child.declarations if child.is_function
    ]
    nested = [child for child in page.children if not child.is_function]
    if page.kind.startswith("class"):
        lines.append(" public:")
    for child in nested:
        lines.append(
            f"  {'enum class' if child.kind == 'enumeration' else child.kind.split()[0]} {child.last_name};"
        )
    for entry in sorted(page.members + entries, key=lambda each: each["line"]):
        lines += ["  " + line for line in entry["text"].split("\n")]
    return "\n".join(lines) + "\n};"


OWNING = re.compile(
    r"\b(OwnedFd|PidFd|UniqueDescription|Pipe|SocketPair|StopFd|DescriptionLock|FlockLock|PositionedFile"
    r"|SealedMemory|SharedMemory|ReceivedMessage|FanotifyEvent|MountCache|Cgroup|Ruleset|PartialRuleset|Child"
    r"|PendingChild|PreparedCommand|ListenFds|Notifier)\b"
)


def ownership_of_parameter(entry, name, kind):
    if re.fullmatch(r"(OwnedFd|PidFd|UniqueDescription)( &&)?", kind):
        return f"Takes `{name}`: the caller no longer owns it."
    if kind == "BorrowedFd" and name in entry["captured"]:
        return f"Borrows `{name}` for as long as the object uses it: the caller keeps it open."
    if re.search(r"\b(BorrowedFd|LentFd|PidFd|OwnedFd)\b", kind) and "&&" not in kind:
        return f"Borrows `{name}`, which stays the caller's."
    if kind == "Stdio":
        return f"`{name}` borrows a descriptor, or owns one that was moved into it: see Stdio."
    return None


def cxx_ownership(page):
    found = []
    callable_ones = [entry for entry in page.declarations if not entry["deleted"]]
    for entry in callable_ones:
        for each in entry["parameters"]:
            kind = re.sub(r"\b(sysfd|v0)::", "", each["type"])
            found.append(ownership_of_parameter(entry, each["name"], kind))
        result = re.sub(r"\b(sysfd|v0)::", "", entry["result"])
        if re.search(r"\b(BorrowedFd|LentFd)\b", result):
            found.append("The result is a borrow: its owner, if it has one, must outlive it.")
        elif OWNING.search(result):
            is_reference = "&" in result
            found.append(
                "The object owns the result." if is_reference else "The caller owns the result."
            )
    if page.last_name == "operator=":
        found = ["Takes over what the other object owns."]
    elif all(entry["consumes"] for entry in callable_ones):
        found.append(
            "It consumes the object, which can only be destroyed or assigned to afterwards."
        )
    said = list(dict.fromkeys(filter(None, found))) or [
        "No parameter is a descriptor, and neither is the result."
    ]
    return [("text", each) for each in said]


def c_ownership(page):
    if page.name.endswith("_free"):
        return [("text", "Takes the object. It must not be used afterwards.")]
    found = []
    if page.name.endswith("_take") or "_take_" in page.name:
        found.append("Takes the descriptors that it is given, and closes them if it fails.")
    if page.name.endswith("_borrow") or "_borrow_" in page.name:
        found.append(
            "Borrowed: the descriptor still belongs to its owner, who keeps it open as long as it is used."
        )
    if page.name.endswith("_release") or "_release_" in page.name:
        found.append("The caller owns the result, and closes it.")
    if makes_object(page):
        found.append("The caller owns the new object, and frees it.")
    return [("text", each) for each in found] or [
        (
            "text",
            "It uses descriptors and objects for the call only. A new descriptor belongs to the caller.",
        )
    ]


def time_limits(page):
    """The parameters that limit a wait, of functions that can report that it was too long."""
    return list(
        dict.fromkeys(
            f"`{each['name']}`"
            for entry in page.declarations
            for each in entry["parameters"]
            if "Result<" in entry["result"] and re.search(r"\b(Timeout|time_point)\b", each["type"])
        )
    )
