"""What the catalogue names is there: the APIs, the arguments, and the files of the installed frameworks."""

import contextlib
import importlib
import importlib.util
import inspect
import re
from pathlib import Path

import pytest

from parity.divergences import catalogue
from parity.judging.worker import Worker

LIBRARIES = {"torch": "torch", "keras": "keras", "tf": "tensorflow", "numpy": "numpy"}  # by the root of an API
BY_OBJECTS = {"tf.Tensor.numpy", "tf.Variable.numpy"}  # which eager tensors have, and their class does not
OTHERS = {"random", "sklearn", "torchvision"}  # roots of what is named beside the frameworks


def found(api):
    """What an API's name stands for; an AttributeError or ImportError where there is nothing."""
    root, *parts = api.split(".")
    path, here = LIBRARIES[root], importlib.import_module(LIBRARIES[root])
    for part in parts:
        path = f"{path}.{part}"
        here = getattr(here, part) if hasattr(here, part) else importlib.import_module(path)
    return here


def without(apis):
    """Of these names, in a process of their own: those that stand for nothing, with the reason."""
    wrong = {}
    for api in apis:
        try:
            found(api)
        except (AttributeError, ImportError) as error:
            wrong[api] = str(error)
    return wrong


def taken(api):
    """What this takes, in a process of its own: its classes above, its call, and by name what stands beside it.

    What stands beside it is called instead of given, as `keras.layers.Masking` is.
    """
    here, beside = found(api), found(api.rpartition(".")[0])
    parts = [here]
    if inspect.isclass(here):
        parts = [part for kind in here.__mro__ for part in (kind, getattr(kind, "call", None)) if part]
    names = {name for name in dir(beside) if name[0].isupper()} | {api.rpartition(".")[2]}
    for part in parts:
        with contextlib.suppress(ValueError, TypeError):  # what is written in C has no signature
            names |= {*inspect.signature(part).parameters}
    return names


@pytest.fixture(scope="module")
def ask():
    """Call a function in a process that has one library."""
    workers = {}

    def call(library, function, *args):
        if importlib.util.find_spec(LIBRARIES[library]) is None:
            pytest.skip(f"{LIBRARIES[library]} is not installed, and its names cannot be looked up")
        return workers.setdefault(library, Worker()).call(function, *args, timeout=120)

    yield call
    for worker in workers.values():
        worker.close()


@pytest.mark.parametrize("library", LIBRARIES)
def test_every_api_is_there(library, ask):
    apis = {api for entry in catalogue().values() for api in entry.apis if api.partition(".")[0] == library}
    assert ask(library, without, sorted(apis - BY_OBJECTS)) == {}


def test_every_api_is_of_a_library_that_is_known():
    roots = {api.partition(".")[0] for entry in catalogue().values() for api in entry.apis}
    assert roots <= {*LIBRARIES, *OTHERS}


@pytest.mark.parametrize("divergence", [name for name, entry in catalogue().items() if entry.arguments])
def test_an_argument_is_one_that_its_apis_take(divergence, ask):
    entry = catalogue()[divergence]
    names = [ask(api.partition(".")[0], taken, api) for api in entry.apis if api.partition(".")[0] not in OTHERS]
    assert {*entry.arguments} <= set().union(*names)


def test_a_file_that_a_source_names_is_in_the_installed_package():
    """Python files alone: what is compiled is not installed as it was written."""
    specs = {name: importlib.util.find_spec(name) for name in LIBRARIES.values()}
    for entry in catalogue().values():
        for name in re.findall(r"[\w/]+\.py\b", entry.source):
            root, _, rest = name.partition("/")
            assert root in specs, f"{entry.name}: {name} does not begin with its package"
            if specs[root] is not None:
                assert (Path(specs[root].origin).parent / rest).exists(), f"{entry.name}: {name} is not there"
