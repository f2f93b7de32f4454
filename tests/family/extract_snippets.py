#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""extract_snippets.py [--names HEADER] OUTPUT FILE...: makes a test of each piece of code in Markdown files and in comments
of headers. With --names, whose header declares other names than family/snippets.hpp does, the code is compiled only.

- In Markdown: the blocks that begin with ```cpp, and, in tables whose last column is "sysfd", the code in that column.
- In a header: the lines of a comment that begin with `//     ` and follow an empty `//`.

The body of each test is the code itself, with the names of snippets.hpp in scope. It is compiled like every other test, and run
there: see run_snippet(). Code of a table is compiled only; so is code that defines a function, as that of a member function in
the namespace `definitions`.
"""
import pathlib
import re
import sys


def blocks_of_markdown(lines):
    begin = None
    for number, line in enumerate(lines, 1):
        if begin is None and line.startswith('```cpp'):
            begin = number
        elif begin is not None and line.startswith('```'):
            yield begin + 1, lines[begin:number - 1]
            begin = None


def blocks_of_header(lines):
    code = re.compile(r'\s*//     ')
    empty = re.compile(r'\s*//$')
    number = 0
    while number < len(lines):
        if not (number and empty.match(lines[number - 1]) and code.match(lines[number])):
            number += 1
            continue
        begin = number
        while number < len(lines) and (code.match(lines[number]) or empty.match(lines[number])):
            number += 1
        yield begin + 1, [re.sub(r'^\s*//( {5}|$)', '', line) for line in lines[begin:number]]


def statements_of_tables(lines):
    """What begins like a statement and leaves nothing out: `.pass(fd, 7)` is said of a Command."""
    is_ours = False
    for number, line in enumerate(lines, 1):
        if not line.startswith('|'):
            is_ours = False
        elif line.rstrip().endswith('| sysfd |'):
            is_ours = True
        elif is_ours:
            cell = re.split(r'(?<!\\)\|', line.rstrip().removesuffix('|'))[-1].replace('\\|', '|')
            for code in re.findall(r'`([^`]+)`', cell):
                is_name = re.fullmatch(r'\.?\w+\(\)', code)
                if is_name or '...' in code or not re.match(r'\.|\(?Command|child->|auto |std::move|status->', code):
                    continue
                code = re.sub(r'^auto \w+ = |;$', '', code)
                yield number, f'(void)({"command" if code.startswith(".") else ""}{code})'


def function(path, number, body):
    """Its name, and the lines of its definition."""
    name = re.sub(r'\W', '_', path) + f'_{number}'
    return name, [f'[[maybe_unused]] Anything {name}([[maybe_unused]] Given& has) {{', '  SYSFD_NAMES_OF_SNIPPETS',
                  *body, 'return {};', '}']


def main():
    names = sys.argv[2] if sys.argv[1] == '--names' else None
    output, *paths = sys.argv[3 if names else 1:]
    definitions = []
    includes, code = [f'#include "{names or "family/snippets.hpp"}"'], []
    for path in paths:
        lines = pathlib.Path(path).read_text().split('\n')
        is_header = path.endswith('.hpp')
        if is_header:
            includes.append(f'#include <{path.split("/include/")[1]}>')
        for number, block in (blocks_of_header if is_header else blocks_of_markdown)(lines):
            includes += [line for line in block if line.startswith('#include')]
            body = [f'#line {number} "{path}"', *('' if line.startswith('#include') else line for line in block)]
            if re.match(r'[\w:]+(<.*>)? \w+\([^\[]*\) \{$', block[0]) and block[-1] == '}':
                definitions += ['namespace definitions {', f'struct Example{number} {{', *body, '};', '}']
                continue
            name, definition = function(path, number, body)
            code += definition
            if not names:
                code.append(f'TEST(Snippet, {name}) {{ run_snippet({name}); }}')
        body = [line for number, statement in statements_of_tables(lines)
                for line in (f'#line {number} "{path}"', f'  {{ {statement}; }}')]
        if body:
            code += function(path, 'tables', ['  SYSFD_NAMES_OF_TABLES', *body])[1]
    head = ['// Made by extract_snippets.py.', *dict.fromkeys(includes)]
    text = '\n'.join([*head, 'namespace sysfd_snippets {', 'namespace {', *code, '}', *definitions, '}', ''])
    pathlib.Path(output).write_text(text)


if __name__ == '__main__':
    main()
