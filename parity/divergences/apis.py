"""Which entries speak of the APIs that somebody uses: named, or read from a file that is not run."""

import ast
import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from parity.divergences import Divergence, catalogue
from parity.task import UsageError

ROOTS = ("torch", "keras", "tensorflow", "numpy")
SAME = {"tensorflow.keras": "keras", "tensorflow": "tf"}  # one library under two names; the longer name first
NAMED = ("optimizer", "loss", "metrics", "activation")  # what Keras takes by a name: compile(optimizer="adam")


def entries_for(apis: Iterable[str]) -> list[type[Divergence]]:
    """The entries about these APIs: first those that show in numbers, the largest gap first, and errors last.

    Args:
        apis: in full, as "torch.nn.BatchNorm2d", or by their last part, as "batchnorm2d".  A function stands for its
            class and the other way round: `layer_norm` is `LayerNorm`, `cross_entropy` is `CrossEntropyLoss`.
    """
    asked = {_key(api) for api in apis}
    found = [
        entry for entry in catalogue().values()
        if not entry.equal and any(key in asked for api in entry.apis for key in (_key(api), _key(_last(api))))
    ]  # fmt: skip
    return sorted(found, key=lambda entry: (bool(entry.raises), math.isinf(entry.gap), -entry.gap))


def apis_of(path: Path) -> set[str]:
    """The full names of what a file takes from the frameworks: "torch.nn.Conv2d"; it is read, and nothing is run.

    Raises:
        UsageError: it cannot be read, or is no Python.
    """
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is no file that can be read twice: save it first")
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
    found = {_one_name(name) for name in names if name.partition(".")[0] in ROOTS}
    return found | (
        {f"keras.{name}" for name in _by_name(tree)} if any(name.startswith("keras") for name in found) else set()
    )


def _by_name(tree: ast.AST) -> Iterator[str]:
    """The names of what Keras is given as a text: `compile(optimizer="adam")`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in NAMED:
            yield from (
                n.value for n in ast.walk(node.value) if isinstance(n, ast.Constant) and isinstance(n.value, str)
            )


def _key(api: str) -> str:
    """An API's library and the bare word of its last part: no case, no underscores, no "Loss" and no dimension."""
    library = api.lower().partition(".")[0] if "." in api else ""
    word = re.sub(r"(loss|[123]d)$", "", _last(api).lower().replace("_", ""))
    return f"{library}.{word}" if library else word


def _last(api: str) -> str:
    return api.rpartition(".")[2]


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
