# SPDX-License-Identifier: MIT
"""Takes declarations and the comments of them out of the text of a header."""
import re
import textwrap

OURS = re.compile(
    r"\s*\bSYSFD_(?:API|LIFETIMEBOUND|CAPTURED_BY_THIS|OWNER|POINTER|TRACKED_INLINE)\b"
)
COMMENT = re.compile(r"^\s*//")


def end_of_declaration(text, start, is_function):
    """The offset behind a declaration that begins at `start`: without the body of a function."""
    depth = 0
    seen_parameters = False
    position = start
    while position < len(text):
        two, one = text[position : position + 2], text[position]
        if two == "//":
            position = text.index("\n", position)
            continue
        if one in "'\"" and not (one == "'" and text[position - 1].isdigit()):
            closing = position + 1
            while text[closing] != one:
                closing += 2 if text[closing] == "\\" else 1
            position = closing + 1
            continue
        if one in "([":
            depth += 1
        elif one in ")]":
            depth -= 1
            seen_parameters = seen_parameters or (depth == 0 and one == ")")
        elif depth == 0:
            if one == ";":
                return position
            if one == "{":
                if is_function and not is_requirement(text[start:position]):
                    return position
                position = closing_brace(text, position)
            elif one == ":" and two != "::" and text[position - 1] != ":":
                if is_function and seen_parameters:
                    return position
        elif one == "{":
            position = closing_brace(text, position)
        position += 1
    raise ValueError("no end")


def is_requirement(before):
    """Whether a brace after this text begins a requires-expression."""
    return re.search(r"\brequires\s*(?:\([^{}]*\))?\s*$", before) is not None


def closing_brace(text, position):
    depth = 0
    while True:
        if text[position : position + 2] == "//":
            position = text.index("\n", position)
        elif text[position] == "{":
            depth += 1
        elif text[position] == "}":
            depth -= 1
            if depth == 0:
                return position
        position += 1


class Source:
    """The text of one header, and where its lines are."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.lines = text.split("\n")
        self.offsets = [0]
        for line in self.lines:
            self.offsets.append(self.offsets[-1] + len(line) + 1)

    def first_line(self, line):
        """Where a declaration begins that clang finds at this line: attributes are in front."""
        while line > 1:
            before = re.sub(r"\s*//.*$", "", self.lines[line - 2]).strip()
            if (
                not before
                or before.startswith(("//", "#"))
                or before.endswith((";", "}", "{", ":", ",", "\\"))
            ):
                break
            line -= 1
        return line

    def declaration(self, line, is_function):
        """The text of the declaration that begins at a line, and its last line."""
        start = self.offsets[line - 1]
        end = end_of_declaration(self.text, start, is_function)
        text = (
            re.sub(r"[ \t]*//[^\n]*", "", self.text[start:end])
            if is_function
            else self.text[start:end]
        )
        text = textwrap.dedent(OURS.sub("", text)).strip()
        last = next(number for number, offset in enumerate(self.offsets) if offset > end)
        return text.rstrip() + ";", last

    def comment_above(self, line, is_macro=False):
        """The lines of the comment directly above a line, without the slashes."""
        found = []
        number = line - 1
        while is_macro and number >= 1 and self.lines[number - 1].startswith("#"):
            number -= 1
        while number >= 1 and COMMENT.match(self.lines[number - 1]):
            found.insert(0, re.sub(r"^\s*// ?", "", self.lines[number - 1]))
            number -= 1
        return without_tools(found)

    def comment_behind(self, line):
        """The comment at the end of a line, and of lines below that have nothing else."""
        found = re.search(r"//( ?)(.*)$", self.lines[line - 1])
        if not found or COMMENT.match(self.lines[line - 1]):
            return []
        lines = [found[2]]
        column = found.start()
        while line < len(self.lines) and re.match(rf"^\s{{{column}}}// ", self.lines[line]):
            lines.append(self.lines[line].strip()[3:])
            line += 1
        return without_tools([each for each in lines if each])

    def is_directly_below(self, line, last):
        return all(self.lines[number - 1].strip() for number in range(last + 1, line))

    def file_comment(self):
        """The comment at the top, without the line of the licence."""
        lines = []
        for line in self.lines[1:]:
            if not COMMENT.match(line):
                break
            lines.append(re.sub(r"^\s*// ?", "", line))
        return lines[1:] if lines and not lines[0] else lines


def without_tools(lines):
    """Without what is said to clang-tidy."""
    lines = [line for line in lines if not re.match(r"NOLINT|clang-format ", line)]
    return [re.sub(r"\s*NOLINT\w*\(.*", "", line) for line in lines]
