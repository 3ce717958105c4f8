"""The three implementations are one design: the same files, functions, order and signatures."""

import ast
from pathlib import Path

import pytest

from parity import load
from parity.frameworks.runtime import PACKAGES
from parity.tasks import names

ROOT = Path(__file__).parents[2]


def public_functions(path):
    functions = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]
    return {f.name: ast.unparse(f.args) for f in functions if not f.name.startswith("_")}


@pytest.mark.parametrize("package", PACKAGES.values())
def test_every_task_has_its_file_and_no_file_is_left_over(package):
    assert sorted(path.stem for path in (ROOT / package).glob("[!_]*.py")) == sorted(names())


@pytest.mark.parametrize("package", PACKAGES.values())
def test_functions_follow_the_specification_in_its_order(package, task_name):
    found = public_functions(ROOT / package / f"{task_name}.py")
    task = load(task_name)
    assert list(found) == ["build", *task.stages]
    assert found["build"] == ", ".join(["params", *task.config])
    assert {found[stage] for stage in task.stages} == {"model, batch"}


def test_runtimes_have_the_same_functions_in_the_same_order():
    numpy, torch, tf = (public_functions(ROOT / package / "__init__.py") for package in PACKAGES.values())
    assert list(numpy.items()) == list(torch.items()) == list(tf.items())


@pytest.mark.parametrize("package", PACKAGES.values())
def test_implementations_import_neither_parity_nor_each_other(package):
    for path in (ROOT / package).rglob("*.py"):
        imported = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(node.module.split(".")[0])
        assert not imported & ({"parity", "benchmarks", *PACKAGES.values()} - {package}), path
