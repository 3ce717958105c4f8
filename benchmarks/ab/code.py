"""The code that a function runs: every definition of a tree that its names lead to, read and never imported.

A definition is a function, a class or a module's constant, with its decorators and without its docstring.  Names are
followed as Python resolves them: through imports, also those of a package's `__init__`, to the definitions that they
name there.  What is too much is harmless (a local variable with the name of a constant), what is missing is not, so
what names do not tell counts as the whole tree.
"""

import ast
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

ANYTHING = "anything"  # the definition that stands for every file of the tree
AT_IMPORT = "<import>"  # a module's statements that define nothing; they run whenever it is imported
DYNAMIC = frozenset({"eval", "exec", "globals", "locals", "vars", "__import__"})
DYNAMIC_IMPORT = "import_module"
READERS = frozenset({"open", "read_text", "read_bytes", "load", "loadtxt", "genfromtxt", "fromfile", "memmap"})
LOADERS = frozenset({"load_file", "load_model"})  # of weights
PREFIX_OF_READERS = "read_"  # of pandas


@dataclass
class Module:
    """The statements of a file by the name that they define, and what its imports stand for."""

    statements: dict[str, list[ast.stmt]] = field(default_factory=dict)
    imports: dict[str, str] = field(default_factory=dict)
    unclear: bool = False  # a star import, or one alias for two things
    broken: bool = False  # Python cannot read it, so nothing that imports it runs

    @classmethod
    def of(cls, text: str, package: str) -> "Module":
        """
        Args:
            package: the name of the package that the file is in, for its relative imports.
        """
        module, tree = cls(), _WithoutDocstrings().visit(ast.parse(text))
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                module._add_import(node, package)
        for statement in tree.body:
            if not isinstance(statement, ast.Import | ast.ImportFrom):
                for name in _defined(statement):
                    module.statements.setdefault(name, []).append(statement)
        return module

    def _add_import(self, node: ast.Import | ast.ImportFrom, package: str) -> None:
        for alias in node.names:
            if isinstance(node, ast.Import):
                first = alias.name.partition(".")[0]
                self._bind(alias.asname or first, f"{alias.name if alias.asname else first}:")
            elif alias.name == "*":
                self.unclear = True
            else:
                above = package.split(".")[: package.count(".") + 2 - node.level] if node.level else []
                origin = ".".join([*above, *filter(None, [node.module])])
                self._bind(alias.asname or alias.name, f"{origin}:{alias.name}")

    def _bind(self, alias: str, target: str) -> None:
        self.unclear |= self.imports.setdefault(alias, target) != target

    def resolved(self, name: str, inside: str) -> str | None:
        """What a (dotted) name stands for in this module, as `module:name`; None for a local variable or a builtin."""
        first, _, rest = name.partition(".")
        if first in self.statements:
            return f"{inside}:{first}"
        return _joined(self.imports[first], rest) if first in self.imports else None


class Code:
    """A tree of Python files: the revision's folder."""

    def __init__(self, tree: Path, *, trusted: tuple[str, ...] = (), left_out: tuple[str, ...] = ()) -> None:
        """
        Args:
            trusted: packages whose dynamic look-ups and files are known, and are no reason to give up.
            left_out: definitions (as `module:name`) that do not count, nor what they alone lead to.
        """
        self._tree, self._trusted, self._left_out = tree, trusted, left_out
        self._modules: dict[str, Module | None] = {}
        self._found: dict[str, tuple[str, set[str]]] = {}

    def behind(self, roots: list[str]) -> dict[str, str]:
        """All definitions that some (as `module:name`) lead to, as text that formatting and comments do not change."""
        found: dict[str, str] = {}
        left = list(roots)
        while left:
            name = left.pop()
            if name not in found:
                found[name], further = self._definition(name)
                left += further
        return {name: text for name, text in found.items() if text}

    def _definition(self, name: str) -> tuple[str, set[str]]:
        if name not in self._found:
            self._found[name] = self._read(name)
        return self._found[name]

    def _read(self, name: str) -> tuple[str, set[str]]:
        """The text of a definition, and what it uses."""
        if name == ANYTHING:
            return self.everything, set()
        inside, _, attributes = name.partition(":")
        if name in self._left_out or not self._exists(inside.partition(".")[0]):
            return "", set()  # of another library the version counts, not the code
        if (module := self._module(inside)) is None:
            return "", {ANYTHING}
        first, _, rest = attributes.partition(".")
        if not first:
            return "", self._whole(module, inside)
        if first == AT_IMPORT:
            return self._at_import(module, inside)
        if first in module.statements:
            return self._statements(module, inside, first)
        if first in module.imports:
            target = _joined(module.imports[first], rest)
            return target, {target, f"{inside}:{AT_IMPORT}", *([ANYTHING] if module.unclear else [])}
        if self._exists(f"{inside}.{first}"):
            return "", {f"{inside}.{first}:{rest}"}
        return "", {ANYTHING}

    def _at_import(self, module: Module, inside: str) -> tuple[str, set[str]]:
        """What runs when a module is imported: its statements, those of its packages, and of what it imports."""
        text, uses = self._statements(module, inside, AT_IMPORT) if AT_IMPORT in module.statements else ("", set())
        for target in (inside, *module.imports.values()):
            parts = target.replace(":", ".").strip(".").split(".")
            above = (".".join(parts[:end]) for end in range(1, len(parts) + 1))  # packages are imported on the way
            uses |= {f"{one}:{AT_IMPORT}" for one in above if self._file(one).exists()}
        return text, uses | ({ANYTHING} if module.broken else set())

    def _whole(self, module: Module, inside: str) -> set[str]:
        """Everything in a module or package: it is passed on, and any of its names may be used."""
        names = {f"{inside}:{name}" for name in module.statements} | set(module.imports.values())
        below = {f"{inside}.{path.stem}:" for path in self._path(inside).glob("*.py")} - {f"{inside}.__init__:"}
        return names | below | ({ANYTHING} if module.unclear else set())

    def _statements(self, module: Module, inside: str, name: str) -> tuple[str, set[str]]:
        """The text of a name's statements and of what their names stand for, and all that."""
        statements, uses = module.statements[name], {f"{inside}:{AT_IMPORT}"}
        if module.unclear:
            uses.add(ANYTHING)
        for used in {name, *(used for statement in statements for used in _names(statement))}:
            full = module.imports.get(name) if used == name else module.resolved(used, inside)
            if self._is_dynamic(full or used) and not inside.startswith(self._trusted):
                uses.add(ANYTHING)
            elif full is not None:
                uses.add(full)
        return "\n".join([*map(ast.dump, statements), *sorted(uses)]), uses

    @staticmethod
    def _is_dynamic(name: str) -> bool:
        last = name.replace(":", ".").rpartition(".")[2]
        return (
            name in DYNAMIC or last in READERS | LOADERS or last.startswith(PREFIX_OF_READERS) or last == DYNAMIC_IMPORT
        )

    def _module(self, name: str) -> Module | None:
        if name not in self._modules:
            path = self._file(name)
            package = name.removesuffix(".__init__") if path.name == "__init__.py" else name.rpartition(".")[0]
            self._modules[name] = _parsed(path.read_text(), package) if path.exists() else None
        return self._modules[name]

    def _exists(self, name: str) -> bool:
        return self._path(name).is_dir() or self._file(name).exists()

    def _file(self, name: str) -> Path:
        path = self._path(name)
        return path / "__init__.py" if path.is_dir() else path.with_name(f"{path.name}.py")

    def _path(self, name: str) -> Path:
        return self._tree.joinpath(*name.split("."))

    @cached_property
    def everything(self) -> str:
        """A digest of all files, without hidden ones and what Python compiled."""
        sha = hashlib.sha256()
        for path in sorted(self._tree.rglob("*")):
            inside = path.relative_to(self._tree)
            if path.is_file() and not any(part.startswith((".", "__pycache__")) for part in inside.parts):
                sha.update(inside.as_posix().encode() + path.read_bytes())
        return sha.hexdigest()


def _parsed(text: str, package: str) -> Module:
    """The module; the loops of one that Python cannot read fail by name when they are measured."""
    try:
        return Module.of(text, package)
    except SyntaxError:
        return Module(unclear=True, broken=True)


class _WithoutDocstrings(ast.NodeTransformer):
    def _strip(self, node: ast.AST) -> ast.AST:
        self.generic_visit(node)
        match node.body:
            case [ast.Expr(value=ast.Constant(value=str())), *rest]:
                node.body = rest
        return node

    visit_Module = visit_ClassDef = visit_FunctionDef = visit_AsyncFunctionDef = _strip


def _defined(statement: ast.stmt) -> list[str]:
    """The names that a statement of a module binds or changes; `AT_IMPORT` if it does, or may do, something else.

    To set an attribute or an item changes another module's things, and so may a call in what is assigned.  Decorators
    and base classes are taken to do nothing else.
    """
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [statement.name]
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            nodes = [node for target in targets for node in ast.walk(target)]
            does_more = any(isinstance(node, ast.Attribute | ast.Subscript) for node in nodes)
            calls = statement.value is not None and any(
                isinstance(node, ast.Call) for node in ast.walk(statement.value)
            )
            names = [node.id for node in nodes if isinstance(node, ast.Name)]
            return [*names, AT_IMPORT] if does_more or calls else names
    bound = {
        node.id if isinstance(node, ast.Name) else node.name
        for node in ast.walk(statement)
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        or (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    }
    return [AT_IMPORT, *bound]


def _names(node: ast.AST) -> Iterator[str]:
    """The names that a statement uses, with their attributes (`ops.conv2d`), annotations left out."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.Attribute | ast.Name) and (dotted := _dotted(child)):
                yield dotted
            elif isinstance(child, ast.Attribute):
                yield f".{child.attr}"
                yield from _names(child)
            elif isinstance(child, ast.AST):
                yield from _names(child)


def _joined(name: str, rest: str) -> str:
    """`module:name` and an attribute's name."""
    return f"{name}{'' if name.endswith(':') or not rest else '.'}{rest}"


def _dotted(node: ast.AST) -> str:
    """`a.b.c` of a chain of attributes of a name; "" of any other expression."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := _dotted(node.value)):
        return f"{before}.{node.attr}"
    return ""
