"""Which entries speak of the APIs that somebody uses: named, or read from a file that is not run."""

import ast
import builtins
import math
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from parity.divergences import Divergence, catalogue
from parity.task import UsageError, nearest

ROOTS = ("torch", "keras", "tensorflow", "numpy")
SAME = {
    "tensorflow.keras": "keras",
    "tf.keras": "keras",
    "tensorflow": "tf",
}  # one library, several names; the longer first
PLAIN = (str, bytes, list, dict, set, tuple)  # whose methods are not taken for a tensor's
NAMED = ("optimizer", "loss", "metrics", "activation")  # what Keras takes by a name: compile(optimizer="adam")


def in_full(name: str) -> str:
    """An API as it is typed, under its library's usual name; `nn.GRU`, which names no library, is `GRU`."""
    name = _one_name(name)
    return name if name.partition(".")[0] in (*ROOTS, "tf") else _last(name)


def known(apis: Iterable[str]) -> list[str]:
    """These APIs, of which there is an entry each; a UsageError names those of which there is none, and the nearest."""
    apis = [*apis]
    unknown = [api for api in apis if not _about([in_full(api)])]
    if unknown:
        near = nearest(unknown[0], (api for entry in catalogue().values() for api in entry.apis))
        hint = f"did you mean {' or '.join(near)}?" if near else "parity divergences WORD searches them all"
        raise UsageError(f"no divergence is known of {', '.join(unknown)}; {hint}")
    return [in_full(api) for api in apis]


def entries_for(apis: Iterable[str], arguments: Collection[str] = ()) -> list[type[Divergence]]:
    """The differences about these APIs by their noise units, most first; then what has none, as a shape; then errors.

    After them are those that are `unseen` with these `arguments`.  Last, unless "float64" is, are
    those that were measured in it: their units count float64's noise, and the gap is below float32's.

    Args:
        apis: in full, as "torch.nn.BatchNorm2d", or by their last part, as "batchnorm2d".  A function stands for its
            class and the other way round: `layer_norm` is `LayerNorm`, `cross_entropy` is `CrossEntropyLoss`.
    """
    apis = [*apis]

    def order(entry: type[Divergence]) -> tuple[bool, bool, bool, bool, float]:
        double = entry.dtype == "float64" and "float64" not in arguments
        return double, unseen(entry, apis, arguments), bool(entry.raises), math.isinf(entry.units), -entry.units

    return sorted((entry for entry in _about(apis) if not entry.equal), key=order)


def unseen(entry: type[Divergence], apis: Iterable[str], arguments: Collection[str]) -> bool:
    """Whether the difference does not show where these are called and given: it needs another, or a default."""
    given = {*arguments, *map(_last, apis)}
    return bool(given.intersection(entry.defaults) or (only_with(entry) and not given.intersection(only_with(entry))))


def only_with(entry: type[Divergence]) -> tuple[str, ...]:
    """What must be given or called, by name, for the difference to show; empty where it shows by itself."""
    return entry.arguments or (("float64",) if entry.dtype == "float64" else ())


def equal_for(apis: Iterable[str]) -> list[type[Divergence]]:
    """What is believed to differ about these APIs, and does not."""
    return [entry for entry in _about(apis) if entry.equal]


def _about(apis: Iterable[str]) -> list[type[Divergence]]:
    asked = {_key(api) for api in apis}
    return [
        entry for entry in catalogue().values()
        if any(key in asked for api in entry.apis for key in (_key(api), _key(_last(api))))
    ]  # fmt: skip


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
    libraries = {_one_name(name).partition(".")[0] for name in used if name.partition(".")[0] in ROOTS}
    found = {_one_name(name) for name in names if name.partition(".")[0] in ROOTS}
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
