"""Which entries speak of the APIs that somebody uses: named, or read from a file that is not run."""

import ast
from collections.abc import Iterable
from pathlib import Path

from parity.divergences import Divergence, catalogue
from parity.task import UsageError

ROOTS = ("torch", "keras", "tensorflow", "numpy")
SAME = {"tensorflow.keras": "keras"}  # one library under two names


def entries_for(apis: Iterable[str]) -> list[type[Divergence]]:
    """The entries about these APIs, by the size of their gap, the largest first.

    Args:
        apis: in full, as "torch.nn.BatchNorm2d", or by their last part in any case, as "batchnorm2d".
    """
    asked = {api.lower() for api in apis}
    found = [
        entry
        for entry in catalogue().values()
        if not entry.equal
        and any(api.lower() in asked or api.rpartition(".")[2].lower() in asked for api in entry.apis)
    ]
    return sorted(found, key=lambda entry: -entry.gap)


def apis_of(path: Path) -> set[str]:
    """The full names of what a file takes from the frameworks: "torch.nn.Conv2d"; it is read, and nothing is run.

    Raises:
        UsageError: it cannot be read, or is no Python.
    """
    try:
        tree = ast.parse(path.read_text())
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except (SyntaxError, ValueError) as error:
        raise UsageError(f"{path} is no Python: {error}") from error
    imported: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                imported[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            imported |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    names = {_full(node, imported) for node in ast.walk(tree) if isinstance(node, ast.Attribute | ast.Name)}
    return {_one_name(name) for name in names if name.partition(".")[0] in ROOTS}


def _full(node: ast.expr, imported: dict[str, str]) -> str:
    """`nn.Conv2d` as "torch.nn.Conv2d"; empty for what is no imported name."""
    if isinstance(node, ast.Attribute):
        base = _full(node.value, imported)
        return f"{base}.{node.attr}" if base else ""
    return imported.get(node.id, "") if isinstance(node, ast.Name) else ""


def _one_name(name: str) -> str:
    for other, usual in SAME.items():
        if name == other or name.startswith(f"{other}."):
            return usual + name.removeprefix(other)
    return name
