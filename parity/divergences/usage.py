"""Which APIs a file uses, and which arguments it gives: it is read, and not run."""

import ast
import builtins
from collections.abc import Collection, Iterator
from pathlib import Path

from parity.divergences.apis import ROOTS, one_name
from parity.task import UsageError

PLAIN = (str, bytes, list, dict, set, tuple)  # whose methods are not taken for a tensor's
NAMED = ("optimizer", "loss", "metrics", "activation")  # what Keras takes by a name: compile(optimizer="adam")


def apis_of(path: Path) -> set[str]:
    """The full names of what a file takes from the frameworks: "torch.nn.Conv2d"; it is read, and nothing is run.

    The class of an object is not known without running, so its methods have a star: `x.view(2)` is "torch.*.view".
    After `from torch.nn import *` every name that the file does not bind itself is taken for torch.nn's.

    Raises:
        UsageError: it cannot be read, or is no Python.
    """
    tree = _read(path)
    imported: dict[str, str] = {}
    stars: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                imported[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            stars += [node.module for alias in node.names if alias.name == "*"]
            imported |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    loose = _loose(tree, imported)
    names = {
        _full(node, known_as)
        for known_as in (imported, *({name: f"{star}.{name}" for name in loose} for star in stars))
        for node in ast.walk(tree) if isinstance(node, ast.Attribute | ast.Name)
    }  # fmt: skip
    used = {*names, *imported.values()}
    libraries = {one_name(name).partition(".")[0] for name in used if name.partition(".")[0] in ROOTS}
    found = {one_name(name) for name in names if name.partition(".")[0] in ROOTS}
    found |= {f"{library}.*.{method}" for library in libraries for method in _methods(tree, imported)}
    return found | ({f"keras.{name}" for name in _by_name(tree)} if "keras" in libraries else set())


def arguments_of(path: Path) -> set[str]:
    """The arguments that a file gives by name, but for those that it sets to False or None; and float64, if it does."""
    nodes = [*ast.walk(_read(path))]
    given = {
        node.arg for node in nodes
        if isinstance(node, ast.keyword) and node.arg
        and not (isinstance(node.value, ast.Constant) and node.value.value in (False, None))
    }  # fmt: skip
    double = {getattr(node, "attr", getattr(node, "value", None)) for node in nodes} & {"float64", "double"}
    return given | ({"float64"} if double else set())


def _read(path: Path) -> ast.Module:
    if path.is_dir():
        raise UsageError(f"{path} is a folder: name one Python file")
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is no file that can be read twice: save it first")
    try:
        return ast.parse(path.read_text())
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except SyntaxError as error:
        raise UsageError(f"{path} is no Python: line {error.lineno}: {error.msg}") from error
    except ValueError as error:
        raise UsageError(f"{path} is no Python: {error}") from error


def _loose(tree: ast.AST, imported: Collection[str]) -> set[str]:
    """The names that a file uses and does not bind: not by an import, an assignment, a definition or an argument."""
    nodes = [*ast.walk(tree)]
    bound = {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    bound |= {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}
    bound |= {node.arg for node in nodes if isinstance(node, ast.arg)} | {*imported, *dir(builtins)}
    return {node.id for node in nodes if isinstance(node, ast.Name)} - bound


def _methods(tree: ast.AST, imported: dict[str, str]) -> Iterator[str]:
    """What is called on objects: the `view` of `x.view(2)`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not _full(node.func, imported):
            base, method = node.func.value, node.func.attr
            own = isinstance(base, ast.Name) and base.id == "self"  # a layer that the file calls so: self.norm(x)
            if not own and not any(hasattr(plain, method) for plain in PLAIN):
                yield method


def _by_name(tree: ast.AST) -> Iterator[str]:
    """The names of what Keras is given as a text: `compile(optimizer="adam")`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in NAMED:
            yield from (
                n.value for n in ast.walk(node.value) if isinstance(n, ast.Constant) and isinstance(n.value, str)
            )


def _full(node: ast.expr, imported: dict[str, str]) -> str:
    """`nn.Conv2d` as "torch.nn.Conv2d"; empty for what is no imported name."""
    if isinstance(node, ast.Attribute):
        base = _full(node.value, imported)
        return f"{base}.{node.attr}" if base else ""
    return imported.get(node.id, "") if isinstance(node, ast.Name) else ""
