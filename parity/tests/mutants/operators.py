"""The small faults: an operator looks at one node of a syntax tree and says what could stand there instead."""

import ast
import copy
import hashlib
import itertools
from collections.abc import Container, Iterator
from dataclasses import dataclass

SWAPPED = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult, ast.Mod: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.And: ast.Or, ast.Or: ast.And,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
PAIRS = (
    ("min", "max"), ("minimum", "maximum"), ("any", "all"), ("mean", "sum"), ("reduce_mean", "reduce_sum"),
    ("zeros_like", "ones_like"), ("zeros", "ones"), ("argmax", "argmin"), ("floor", "ceil"),
)  # fmt: skip
TWIN = {one: other for pair in PAIRS for one, other in (pair, pair[::-1])}
IMPORTS = (ast.Import, ast.ImportFrom)
LEFT_OUT = ("annotation", "returns", "decorator_list")
STORED = (ast.Attribute, ast.Subscript)
DROPPED = (ast.Expr, ast.AugAssign, ast.Raise, ast.Delete)  # statements whose absence leaves every name bound
Node = ast.AST


@dataclass(frozen=True)
class Mutant:
    """One fault in one file."""

    file: str  # from the repository's root
    function: str  # "Class.method"; "" outside of functions
    operator: str
    change: str  # the statement before -> after
    number: int  # from 0, among those of the same words
    digest: str  # of the function's text
    place: int  # among all of the file

    @property
    def key(self) -> str:
        """What names the mutant for as long as its function stays as it is."""
        return "|".join((self.file, self.function, self.operator, self.change, str(self.number), self.digest))

    def __str__(self) -> str:
        again = f" (number {self.number + 1})" if self.number else ""
        return f"{self.file} {self.function}: {self.change}{again}  [{self.operator}]"


@dataclass(frozen=True)
class Site:
    """A place in the tree: a field of the parent, or an element of a field that is a list."""

    parent: Node
    field: str
    place: int | None
    statement: ast.stmt
    function: str  # the enclosing function or class

    @property
    def node(self) -> Node:
        value = getattr(self.parent, self.field)
        return value if self.place is None else value[self.place]

    def put(self, node: Node) -> None:
        if self.place is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.place] = node


def mutants_of(file: str, source: str) -> list[Mutant]:
    """Every mutant of a file, in the order of its lines."""
    tree = ast.parse(source)
    digests = {part: hashlib.sha256(ast.unparse(part).encode()).hexdigest()[:12] for part in tree.body}
    found: list[Mutant] = []
    numbers: dict[tuple[str, ...], int] = {}
    for place, (part, site, operator, other) in enumerate(_faults(tree)):
        node, before = site.node, _header(site.statement)
        site.put(other)
        after = _header(other) if node is site.statement else _header(site.statement)
        site.put(node)
        words = (file, site.function, operator, f"{before} -> {after}")
        numbers[words] = numbers.get(words, -1) + 1
        found.append(Mutant(*words, numbers[words], digests[part], place))
    return found


def planted(mutant: Mutant, source: str) -> str:
    """The text of the file with the fault."""
    tree = ast.parse(source)
    _, site, _, other = next(itertools.islice(_faults(tree), mutant.place, None))
    site.put(other)
    return ast.unparse(ast.fix_missing_locations(tree))


def _faults(tree: ast.Module) -> Iterator[tuple[ast.stmt, Site, str, Node]]:
    """Each statement at the top, a site in it, the operator, and what it puts there."""
    imported = {name.asname or name.name for node in ast.walk(tree) if isinstance(node, IMPORTS) for name in node.names}
    for place, part in enumerate(tree.body):
        for site in _sites(tree, "body", place, part, part, ()):
            for operator, other in alternatives(site, imported):
                yield part, site, operator, other


def alternatives(site: Site, imported: Container[str] = ()) -> Iterator[tuple[str, Node]]:
    """The operators that apply at a site, each with what it puts there."""
    node = site.node
    if isinstance(node, ast.BinOp | ast.AugAssign | ast.BoolOp) and type(node.op) in SWAPPED:
        yield "another operation", _with(node, op=SWAPPED[type(node.op)]())
    if isinstance(node, ast.Compare):
        for place, op in enumerate(node.ops):
            yield "another comparison", _with(node, ops=_instead(node.ops, place, SWAPPED[type(op)]()))
    if isinstance(node, ast.UnaryOp):
        yield f"no {'not' if isinstance(node.op, ast.Not) else 'sign'}", node.operand
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        yield "the other branch", _with(node, test=ast.UnaryOp(ast.Not(), node.test))
    if isinstance(node, ast.Constant):
        is_bare = not isinstance(site.parent, ast.Subscript | ast.Slice | ast.UnaryOp)  # no index, and without a sign
        yield from _constants(node.value, is_bare=is_bare)
    if isinstance(node, ast.Name | ast.Attribute):
        name = "id" if isinstance(node, ast.Name) else "attr"
        if getattr(node, name) in TWIN:
            yield "its twin", _with(node, **{name: TWIN[getattr(node, name)]})
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield "not transposed", node.value
    if isinstance(node, ast.Call):
        yield from _calls(node, site, imported)
    if isinstance(node, DROPPED) or (isinstance(node, ast.Assign) and isinstance(node.targets[0], STORED)):
        yield "no statement", ast.Pass()
    if isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        yield "returns nothing", ast.Return()
    if isinstance(node, ast.With):
        yield "no context", ast.If(ast.Constant(True), node.body, [])
    for place in range(len(getattr(node, "decorator_list", ()))):
        yield "no decorator", _with(node, decorator_list=_instead(node.decorator_list, place))


def _constants(value: object, *, is_bare: bool) -> Iterator[tuple[str, Node]]:
    if isinstance(value, bool):
        yield "the other boolean", ast.Constant(not value)
    elif isinstance(value, int | float):
        yield "constant + 1", ast.Constant(value + 1)
        if value and is_bare:
            yield "constant 0", ast.Constant(type(value)(0))
            yield "another sign", ast.UnaryOp(ast.USub(), ast.Constant(value))


def _calls(node: ast.Call, site: Site, imported: Container[str]) -> Iterator[tuple[str, Node]]:
    """Of a call: without its last argument, or one that is named; its first two swapped; and what it was given."""
    if any(isinstance(argument, ast.Starred) for argument in node.args):
        return
    if len(node.args) > 1:
        yield "no argument", _with(node, args=node.args[:-1])
    if len(node.args) > 1 and ast.unparse(node.args[0]) != ast.unparse(node.args[1]):
        yield "swapped arguments", _with(node, args=[*node.args[1::-1], *node.args[2:]])
    for place in range(len(node.keywords)):
        yield "no argument", _with(node, keywords=_instead(node.keywords, place))
    if isinstance(site.parent, ast.Expr):  # that would be no statement
        return
    if len(node.args) == 1 and not isinstance(node.args[0], ast.GeneratorExp):
        yield "no call", node.args[0]
    root = node.func
    while isinstance(root, ast.Attribute):
        root = root.value
    if isinstance(node.func, ast.Attribute) and not (isinstance(root, ast.Name) and root.id in imported):
        yield "no call", node.func.value


def _sites(
    parent: Node, field: str, place: int | None, node: Node, statement: ast.stmt, outer: tuple[str, ...]
) -> Iterator[Site]:
    """The node and the places below it, without documentation, imports, annotations and the names of functions."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        outer = (*outer, node.name)
    yield Site(parent, field, place, statement, ".".join(outer))
    for name, value in ast.iter_fields(node):
        if name not in LEFT_OUT and not isinstance(node, IMPORTS):
            for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if isinstance(child, ast.AST):
                    here = child if isinstance(child, ast.stmt) else statement
                    yield from _sites(node, name, index, child, here, outer)


def _with(node: Node, **fields: object) -> Node:
    """The node with some fields replaced."""
    other = copy.copy(node)
    for name, value in fields.items():
        setattr(other, name, value)
    return other


def _instead(values: list, place: int, *others: object) -> list:
    return [*values[:place], *others, *values[place + 1 :]]


def _header(statement: Node) -> str:
    """The statement on one line; of a compound one what stands before its body."""
    blocks = ("body", "orelse", "handlers", "finalbody")
    if not isinstance(statement, ast.stmt):
        return ast.unparse(statement)
    bare = _with(statement, **{name: [] for name in blocks if isinstance(getattr(statement, name, None), list)})
    return " ".join(ast.unparse(ast.fix_missing_locations(bare)).split())


def _is_none(node: Node) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
