"""The catalogue names what the tasks align, no more and no less; each name in a comment can be looked up."""

import inspect
import re
from pathlib import Path

from parity import load
from parity.divergences import catalogue
from parity.tasks import names

ROOT = Path(__file__).parents[2]
PACKAGES = ("impl_numpy", "impl_torch", "impl_tf")
KINDS = "|".join(sorted({name.partition("-")[0] for name in catalogue() if "-" in name}))
NAME = re.compile(rf"\b(?:(?:{KINDS})-[A-Z0-9-]*[A-Z0-9]|DEVICE)\b")


def aligned():
    return {divergence for name in names() for divergence in load(name).aligns}


def test_every_entry_is_aligned_by_a_task_and_the_other_way_round():
    assert aligned() == set(catalogue())


def test_every_name_in_a_comment_is_in_the_catalogue():
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            assert set(NAME.findall(path.read_text())) <= set(catalogue()), path


def test_an_implementation_names_only_what_its_task_aligns():
    for name in names():
        for package in PACKAGES:
            found = set(NAME.findall((ROOT / package / f"{name}.py").read_text()))
            assert found <= set(load(name).aligns), f"{package}/{name}.py"


def test_what_a_task_aligns_is_named_on_the_line_that_does_it():
    """In one of its implementations, in NumPy's operations, or where the specification makes the inputs."""
    shared = "".join(path.read_text() for path in (ROOT / "impl_numpy" / "ops").glob("*.py"))
    for name in names():
        task = load(name)
        lines = shared + inspect.getsource(task.make)
        lines += "".join((ROOT / package / f"{name}.py").read_text() for package in PACKAGES)
        assert set(task.aligns) <= set(NAME.findall(lines)), name


def test_entries_say_something():
    for entry in catalogue().values():
        assert all((entry.what, entry.torch, entry.keras, entry.align)), entry.name
