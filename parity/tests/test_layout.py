"""The layout: imports follow the order of the modules, and the wheel ships every package that it imports."""

import ast
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
# From the bottom up: a module or package may import from itself and from earlier ones.
PARITY = (
    "parity.interruption", "parity.task", "parity.faults", "parity.files", "parity.tables", "parity.aligned",
    "parity.tasks", "parity.frameworks", "parity.judging", "parity.divergences", "parity.timing", "parity.models",
    "parity.compare", "parity.site", "parity.show", "parity.cli",
)  # fmt: skip
BENCHMARKS = (
    "benchmarks.command", "benchmarks.digest", "benchmarks.neighbour", "benchmarks.revisions",
    "benchmarks.history", "benchmarks.ab", "benchmarks.overhead",
)  # fmt: skip
ORDER = (*PARITY, *BENCHMARKS, "benchmarks.loops")
ENTRANCES = (
    "parity/__init__.py",
    "parity/__main__.py",
    "benchmarks/__init__.py",
)  # entry points, which may import everything


def sources():
    """The Python files of parity and of benchmarks, without the tests."""
    files = [*(ROOT / "parity").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")]
    return [path for path in files if "tests" not in path.relative_to(ROOT).parts]


def imported(path):
    """Every module that a file imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def place_of(module):
    """The place of a module in the order; None for other libraries and for entry points."""
    found = [place for place, name in enumerate(ORDER) if module == name or module.startswith(f"{name}.")]
    return max(found, default=None)


def test_imports_follow_the_order():
    upward = []
    for path in sources():
        name = path.relative_to(ROOT).as_posix()
        if name not in ENTRANCES:
            here = place_of(name.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
            assert here is not None, f"{name} has no place in the order: add it"
            upward += [f"{name}: {module}" for module in imported(path) if (place_of(module) or 0) > here]
    assert upward == []


def test_the_wheel_ships_every_package_and_no_test():
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    shipped = ("parity", "impl_numpy", "impl_torch", "impl_tf")
    found = {path.parent.relative_to(ROOT) for name in shipped for path in (ROOT / name).rglob("*.py")}
    assert set(listed) == {".".join(path.parts) for path in found if "tests" not in path.parts}


def test_shipped_modules_import_nothing_else_of_the_checkout():
    for path in sources():
        if path.is_relative_to(ROOT / "parity"):
            assert not [module for module in imported(path) if module.split(".")[0] in ("benchmarks", "conftest")], path


def test_only_the_known_names_stand_at_the_top():
    folders = {path.name for path in ROOT.iterdir() if (path / "__init__.py").exists()}
    assert folders == {"parity", "impl_numpy", "impl_torch", "impl_tf", "benchmarks"}
