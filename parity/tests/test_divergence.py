"""The catalogue names what the tasks align, no more and no less; each name in a comment can be looked up."""

import re
from pathlib import Path

from parity import load
from parity.divergence import catalogue
from parity.task import names

ROOT = Path(__file__).parents[2]
NAME = re.compile(
    r"\b(?:INIT|BN|DROP|OPT|LR|LSTM|MHA|CONV|POOL|CE|BCE|MSE|DT|ACT|AG|RED|FIT|MET|SUM)-[A-Z0-9-]*[A-Z0-9]\b"
)


def aligned():
    return {divergence for name in names() for divergence in load(name).aligns}


def test_every_entry_is_aligned_by_a_task_and_the_other_way_round():
    assert aligned() == set(catalogue())


def test_every_name_in_a_comment_is_in_the_catalogue():
    for package in ("impl_numpy", "impl_torch", "impl_tf"):
        for path in (ROOT / package).rglob("*.py"):
            assert set(NAME.findall(path.read_text())) <= set(catalogue()), path


def test_an_implementation_names_only_what_its_task_aligns():
    for name in names():
        for package in ("impl_torch", "impl_tf"):
            found = set(NAME.findall((ROOT / package / f"{name}.py").read_text()))
            assert found <= set(load(name).aligns), f"{package}/{name}.py"


def test_entries_say_something():
    for entry in catalogue().values():
        assert all((entry.what, entry.torch, entry.keras, entry.align)), entry.name
