"""The house: imports point down the wings, no name stands for two things, and a wheel ships what it imports."""

import ast
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
# From the bottom up; a wing may import from itself and from those before it.
PARITY = (
    "parity.task", "parity.faults", "parity.files", "parity.tables", "parity.tasks", "parity.frameworks",
    "parity.judging", "parity.divergences", "parity.timing", "parity.compare", "parity.show", "parity.cli",
)  # fmt: skip
BENCHMARKS = ("benchmarks.digest", "benchmarks.revisions", "benchmarks.history", "benchmarks.ab", "benchmarks.overhead")
ORDER = (*PARITY, *BENCHMARKS, "benchmarks.loops")
ENTRANCES = ("parity/__init__.py", "parity/__main__.py", "benchmarks/__init__.py")  # they name what they open


def sources():
    """The Python files of both houses, without the tests."""
    files = [*(ROOT / "parity").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")]
    return [path for path in files if "tests" not in path.relative_to(ROOT).parts]


def imported(path):
    """Every module of ours that a file imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def wing(module):
    """The place of a module's wing in the order; None for what is not ours, or is an entrance."""
    found = [place for place, name in enumerate(ORDER) if module == name or module.startswith(f"{name}.")]
    return max(found, default=None)


def test_imports_point_down_the_wings():
    upward = []
    for path in sources():
        name = path.relative_to(ROOT).as_posix()
        if name not in ENTRANCES:
            here = wing(name.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
            assert here is not None, f"{name} is in no wing: give it its place in the order"
            upward += [f"{name}: {module}" for module in imported(path) if (wing(module) or 0) > here]
    assert upward == []


def test_the_wheel_ships_every_package_and_no_test():
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    shipped = ("parity", "impl_numpy", "impl_torch", "impl_tf")
    found = {path.parent.relative_to(ROOT) for name in shipped for path in (ROOT / name).rglob("*.py")}
    assert set(listed) == {".".join(path.parts) for path in found if "tests" not in path.parts}


def test_what_the_wheel_ships_imports_nothing_else_of_the_checkout():
    for path in sources():
        if path.is_relative_to(ROOT / "parity"):
            assert not [module for module in imported(path) if module.split(".")[0] in ("benchmarks", "conftest")], path


def test_only_the_known_names_stand_at_the_top():
    folders = {path.name for path in ROOT.iterdir() if (path / "__init__.py").exists()}
    assert folders == {"parity", "impl_numpy", "impl_torch", "impl_tf", "benchmarks"}
