"""Several sources side by side: cut at their functions, a row for each name."""

import ast
from collections.abc import Mapping, Sequence


def aligned(sources: Mapping[str, str], first: Sequence[str]) -> list[tuple[str, dict[str, str]]]:
    """A row for each function or class: its name, and its source in each file that has it.

    What stands before all of them comes first, under ""; then the names in `first`; then the helpers, in the order of
    the files.  A comment right above a function is part of it.
    """
    parts = {who: _parts(source) for who, source in sources.items()}
    every = dict.fromkeys(["", *first, *(name for part in parts.values() for name in part)])
    rows = [(name, {who: part[name] for who, part in parts.items() if part.get(name)}) for name in every]
    return [(name, row) for name, row in rows if row]


def _parts(source: str) -> dict[str, str]:
    lines = source.splitlines()
    parts: dict[str, list[str]] = {}
    name, start = "", 0
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            begin = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)]) - 1
            while begin > start and lines[begin - 1].startswith("#"):
                begin -= 1
            parts.setdefault(name, []).extend(lines[start:begin])
            name, start = node.name, begin
    parts.setdefault(name, []).extend(lines[start:])
    return {name: "\n".join(part).strip("\n") for name, part in parts.items()}
