"""`parity models`: the models, inputs, losses and optimizers that a file names."""

import importlib.util
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from rich.console import Console

from parity.files import WholeFile
from parity.models.report import Report
from parity.models.state import one_line
from parity.task import UsageError, nearest


@dataclass(frozen=True)
class Asked:
    """What the command line asks for."""

    first: str  # "mine.py:torch_net"
    second: str
    inputs: Path | None
    shape: str
    seed: int
    names: tuple[str, ...]
    layout: str
    loaded: bool
    train: bool
    losses: tuple[str, ...]  # names in the first model's file, and in the second's
    targets: str
    steps: tuple[str, ...]
    allow: tuple[str, ...]


def run(asked: Asked, console: Console, file: WholeFile | None) -> int:
    """Compare, print and write the report; 0 if the models agree, 1 if not."""
    from parity.models.compare import compare_models

    given: dict[str, Any] = {}
    if asked.loaded:
        given["weights"] = "loaded"
    x = _inputs(asked)
    pair = _named(asked.first), _named(asked.second)
    if asked.train:
        given["train"] = True
        for option, texts in (("loss", asked.losses), ("step", asked.steps)):
            if texts:
                if len(texts) != 2:
                    raise UsageError(f"--{option} is due twice: the first model's and the second's")
                given[option] = tuple(_named(text) for text in texts)
        if asked.targets:
            given["targets"] = _array(asked.targets)
    elif asked.losses or asked.steps or asked.targets:
        raise UsageError("--loss, --targets and --step need --train")
    try:
        with progress(console) as step:
            report = compare_models(
                *pair,
                x,
                names=_pairs(asked.names),
                layout=asked.layout or None,
                allow=asked.allow,
                progress=step,
                **given,
            )
    except UsageError:
        raise
    except Exception as error:
        raise _own(f"{asked.first} or {asked.second} fails", error) from error
    return show(report, console, file)


def tensors(paths: Sequence[str], console: Console, file: WholeFile | None) -> int:
    """Compare two files of tensors."""
    from parity.models.tensors import compare_tensors

    return show(compare_tensors(*paths), console, file)


def show(report: Report, console: Console, file: WholeFile | None) -> int:
    """Print the report, write it as JSON if asked, and return the exit code."""
    if file is not None:
        file.write(report.to_json())
    report.print(console)
    return 0 if report.agrees else 1


@contextmanager
def progress(console: Console) -> Iterator[Callable[[str], None]]:
    """What is being done, on a terminal alone."""
    if not console.is_terminal:
        yield lambda text: None
        return
    with console.status("reading the models") as status:
        yield status.update


def _named(text: str) -> Any:
    """`mine.py:torch_net`, or `package.module:name`: what the module calls so."""
    place, _, name = text.rpartition(":")
    if not place or not name:
        raise UsageError(f"{text!r} names no object: write FILE.py:NAME or MODULE:NAME")
    module = _module(place)
    if not hasattr(module, name):
        near = nearest(name, [known for known in vars(module) if not known.startswith("_")])
        raise UsageError(f"{place} has no {name!r}" + (f"; there is {', '.join(near)}" if near else ""))
    return getattr(module, name)


def _module(place: str) -> ModuleType:
    """The module, imported once; its own errors are shown as its own."""
    if not place.endswith(".py"):
        try:
            return importlib.import_module(place)
        except ModuleNotFoundError as error:
            raise UsageError(f"{place} cannot be imported: {error}") from error
        except Exception as error:
            raise _own(f"{place} cannot be imported", error) from error
    path = Path(place).resolve()
    if not path.is_file():
        raise UsageError(f"there is no file {place}")
    name = path.stem
    loaded = sys.modules.get(name)
    if loaded is not None and getattr(loaded, "__file__", None) == str(path):
        return loaded
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))  # as python puts a script's own folder first
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{place} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[name]
        if not isinstance(error, Exception):
            raise
        raise _own(f"{place} cannot be imported", error) from error
    return module


def _own(what: str, error: Exception) -> UsageError:
    """The user's own error, shown as python shows it, and the one line that the command ends with."""
    frames = error.__traceback__
    while frames is not None and _is_ours(frames.tb_frame.f_code.co_filename):
        frames = frames.tb_next
    if frames is not None or isinstance(error, SyntaxError):
        error = error.with_traceback(frames)
    traceback.print_exception(error)
    return UsageError(f"{what}: {one_line(error)}")


def _is_ours(file: str) -> bool:
    """Whether a frame is of this package or of the import itself, before the user's own."""
    return Path(file).is_relative_to(Path(__file__).parents[1]) or "importlib" in file


def _inputs(asked: Asked) -> Any:
    """The arrays of --input, by name where they have names, or normal numbers of --shape."""
    if asked.inputs is not None and asked.shape:
        raise UsageError("--input and --shape are both given, and one is due: the arrays, or the shape to draw")
    if asked.inputs is None and not asked.shape:
        raise UsageError("give the input: --input FILE.npz, or --shape 4,3,32,32 with --seed")
    if asked.inputs is not None:
        from parity.models.tensors import read

        found = _read_npy(asked.inputs) if asked.inputs.suffix == ".npy" else read(asked.inputs)
        if isinstance(found, np.ndarray):
            return found
        return next(iter(found.values())) if len(found) == 1 else _positional(found)
    try:
        shape = tuple(int(n) for n in asked.shape.split(","))
    except ValueError as error:
        raise UsageError(f"--shape is {asked.shape!r}: numbers with commas are due, such as 4,3,32,32") from error
    if min(shape) < 1:
        raise UsageError(f"--shape is {asked.shape!r}: every axis has at least one element")
    return np.random.default_rng(asked.seed).normal(size=shape).astype("float32")


def _positional(found: dict[str, Any]) -> Any:
    """NumPy calls unnamed arrays arr_0, arr_1."""
    return tuple(found.values()) if all(name.startswith("arr_") for name in found) else found


def _read_npy(path: Path) -> Any:
    try:
        return np.load(path, allow_pickle=False)
    except ValueError as error:
        raise UsageError(f"{path} is no array of numbers as np.save writes it; pickled objects are not read") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error}") from error


def _array(text: str) -> Any:
    """Targets: a .npy file, or an array that a file names."""
    if text.endswith(".npy"):
        return _read_npy(Path(text))
    found = _named(text)
    return found() if callable(found) else found


def _pairs(texts: Sequence[str]) -> dict[str, str] | None:
    for text in texts:
        if "=" not in text:
            raise UsageError(f"--names is {text!r}: FIRST=SECOND is due, such as --names head.fc=dense_2")
    return dict(text.split("=", 1) for text in texts) or None
