"""`parity models`: the models, inputs, losses and optimizers that a file names."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from parity.files import WholeFile
from parity.models.imported import named, own_error
from parity.models.report import Report
from parity.task import UsageError


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
    pair = named(asked.first), named(asked.second)
    if asked.train:
        given["train"] = True
        for option, texts in (("loss", asked.losses), ("step", asked.steps)):
            if texts:
                if len(texts) != 2:
                    raise UsageError(f"--{option} is due twice: the first model's and the second's")
                given[option] = tuple(named(text) for text in texts)
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
        raise own_error(f"{asked.first} or {asked.second} fails", error) from error
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
    found = named(text)
    return found() if callable(found) else found


def _pairs(texts: Sequence[str]) -> dict[str, str] | None:
    for text in texts:
        if "=" not in text:
            raise UsageError(f"--names is {text!r}: FIRST=SECOND is due, such as --names head.fc=dense_2")
    return dict(text.split("=", 1) for text in texts) or None
