# SPDX-License-Identifier: MIT
"""What other files know about the functions: the budgets of their costs, and which kernels have
their calls.

docs/site/facts.toml tells what no rule finds. A name in it that has no page, or that is not needed,
is an error.
"""
import re
import tomllib

import repository

BUDGETS = "bench/counts/budgets.txt"
KERNELS = "docs/kernel-support.md"
FACTS = "docs/site/facts.toml"
BUDGET = re.compile(r"(\w+): (\S.*?)\s+(\d+(?:,\d+)?)\s+(-?\d+)\s+(\d+)$")


class Facts:
    def __init__(self, model):
        self.model = model
        self.file = tomllib.loads(repository.read(FACTS))
        self.used = set()
        self.described = set()
        self.costs = (
            {}
        )  # page name and language: rows (operation, calls, instructions, allocations)
        self.kernels = {}  # the same: rows of the table of kernels
        self.errors = []
        self._read_budgets()
        self.kernel_columns = self._read_kernels()
        self.nodes = version_nodes()
        self._join_languages()
        self._unused()
        if self.errors:
            raise repository.SiteError("\n".join(self.errors))

    def _named(self, section, key):
        """What facts.toml has for this name: None, or a list of pages."""
        names = self.file[section].get(key)
        if names is None:
            return None
        self.used.add((section, key))
        pages = [self.model.find(name, name.startswith("sysfd_")) for name in names]
        for name, page in zip(names, pages):
            if page is None:
                self.errors.append(f"{FACTS}: {section}: {name} has no page")
        return [page for page in pages if page]

    def _read_budgets(self):
        for line in repository.read(BUDGETS).splitlines():
            found = BUDGET.match(line)
            if line.startswith("#") or not line:
                continue
            if not found:
                self.errors.append(f"{BUDGETS}: not a budget: {line}")
                continue
            module, operation, *numbers = found.groups()
            pages = self._named("budgets", f"{module}: {operation}")
            if pages is None:
                pages = self._of_operation(module, operation)
            if not pages:
                self.errors.append(
                    f"{BUDGETS}: no page for {module}: {operation}; name it in {FACTS}"
                )
            for page in pages:
                self.costs.setdefault((page.is_c, page.name), []).append((operation, *numbers))

    def _of_operation(self, module, operation):
        name = re.match(r"~?\w+(?:::~?\w+)*", operation)
        if not name:
            return []
        if module == "capi":
            page = self.model.find(name[0], True)
            return [page] if page else []
        page = self.model.find(name[0])
        if page is not None and page.is_function:
            return [page]
        found = [
            page
            for page in self.model.pages
            if not page.is_c
            and page.is_function
            and page.module == module
            and page.last_name == name[0]
        ]
        return found if len(found) == 1 else []

    def _read_kernels(self):
        columns = None
        for line in repository.read(KERNELS).splitlines():
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if line.startswith("| call |"):
                columns = cells
                if cells[-2:] != ["used by", "without it"]:
                    self.errors.append(f"{KERNELS}: the table has other columns")
            elif columns and not line.startswith("|"):
                break
            elif columns and not line.startswith("|--"):
                self._add_kernel_row(cells)
        return columns[:-2]

    def _add_kernel_row(self, cells):
        owner = ""
        pages = []
        for name in re.findall(r"`([^`]+)`", cells[-2]):
            name = name.removesuffix("()")
            named = self._named("kernels", name)
            if named is not None:
                pages += named
                continue
            owner, found = self._of_user(name, owner)
            if not found:
                self.errors.append(f"{KERNELS}: {name} has no page; name it in {FACTS}")
            pages += found
        for page in dict.fromkeys((page.is_c, page.name) for page in pages):
            self.kernels.setdefault(page, []).append(cells)

    def _of_user(self, name, owner):
        """The pages of a name in "used by", and the class that the next names may belong to."""
        is_prefix = name.endswith("*")
        name = name.rstrip("*")
        candidates = [name] if "::" in name else [f"{owner}::{name}", name]
        for candidate in candidates:
            if is_prefix:
                scope, _, begin = candidate.rpartition("::")
                found = [
                    page
                    for page in self.model.pages
                    if not page.is_c
                    and page.is_function
                    and page.name.rpartition("::")[0] == scope
                    and page.last_name.startswith(begin)
                ]
            else:
                page = self.model.find(candidate)
                member = self.model.find(candidate.rpartition("::")[0])
                has = member and any(
                    each["name"] == candidate.rpartition("::")[2] for each in member.members
                )
                found = [page] if page else [member] if has else []
            if found:
                return candidate.rpartition("::")[0] or owner, found
        if is_prefix and "::" not in name:
            found = [
                page
                for page in self.model.pages
                if not page.is_c
                and page.is_function
                and page.last_name.startswith(name)
                and page.module == "pidfd"
            ]
            return owner, found
        return owner, []

    def _join_languages(self):
        """Which function of C++ a function of C calls: the one with its name."""
        by_key = {}
        for page in self.model.pages:
            if not page.is_c and (page.is_function or page.is_type):
                by_key.setdefault(snake(page), []).append(page)
        for page in self.model.pages:
            if not page.is_c or not (page.is_function or page.is_type):
                continue
            found = self._named("counterparts", page.name)
            if found is None:
                key = page.name.removeprefix("sysfd_")
                short = re.sub(r"_(take|borrow|release)$", "", key)
                found = [
                    each
                    for each in by_key.get(key) or by_key.get(short) or []
                    if each.is_type == page.is_type
                ]
            page.counterparts = found
            for other in found:
                other.counterparts.append(page)

    def _unused(self):
        for section in ("budgets", "kernels", "counterparts"):
            for key in self.file[section]:
                if (section, key) not in self.used:
                    self.errors.append(f"{FACTS}: {section}: nothing has the name {key}")

    def description(self, page):
        known = self.file["descriptions"].get(page.name)
        if known:
            self.described.add(page.name)
        return known

    def check_descriptions(self):
        """To be called when all pages were made."""
        unused = set(self.file["descriptions"]) - self.described
        if unused:
            raise repository.SiteError(
                f"{FACTS}: descriptions: not needed, or no page: {', '.join(sorted(unused))}"
            )

    def rows_of_kernels(self, page):
        rows = list(self.kernels.get((page.is_c, page.name), []))
        if page.is_c:
            for other in page.counterparts:
                rows += [
                    row for row in self.kernels.get((False, other.name), []) if row not in rows
                ]
        return rows

    def rows_of_costs(self, page):
        return self.costs.get((page.is_c, page.name), [])


def version_nodes():
    """The node of the version map that each function of C is in."""
    nodes, node = {}, ""
    for line in repository.read("capi/sysfd.map").splitlines():
        begin = re.match(r"(SYSFD_[\d.]+) \{", line)
        node = begin[1] if begin else node
        function = re.match(r"\s+(sysfd_\w+);", line)
        if function:
            nodes[function[1]] = node
    return nodes


def snake(page):
    """PidFd::send_signal is pidfd_send_signal in C."""
    words = page.name.split("::")
    words = [re.sub(r"(?<=[a-z])(?=[A-Z])", "_", word).lower() for word in words]
    return re.sub(r"^pid_fd\b", "pidfd", "_".join(words)).replace("pid_fd_", "pidfd_")
